"""Records as JSON.

Each field is written for many rows at once, as one piece of text per record. This is several times
faster than building and serialising a dictionary for each row.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Final
from urllib.parse import quote

import numpy as np

from oneroster_nb.demo.server.fields import Field, Records
from oneroster_nb.demo.server.store import Column, Positions
from oneroster_nb.tables.field import Shape

_SINGULAR: Final = {
    "orgs": "org",
    "academicSessions": "academicSession",
    "courses": "course",
    "classes": "class",
    "users": "user",
    "resources": "resource",
    "categories": "category",
    "lineItems": "lineItem",
}


class Writer:
    """Writes records as JSON; each whole record is written once and kept.

    Parameters
    ----------
    records : Records
        The records of one version.
    homes : Mapping[str, str]
        Collection to the start of the addresses (``href``) of its records.
    """

    _CHUNK: Final = 2000

    def __init__(self, records: Records, homes: Mapping[str, str]) -> None:
        self._of = records
        self._store = records.store
        self._homes = homes
        self._kept: dict[str, list[bytes]] = {
            name: [b""] * len(table) for name, table in self._store.tables.items()
        }

    def records(self, table: str, rows: Positions) -> list[bytes]:
        """Return whole records, written in chunks and kept."""
        kept = self._kept[table]
        for chunk in np.unique(rows // self._CHUNK).tolist():
            start = chunk * self._CHUNK
            if not kept[start]:
                stop = min(start + self._CHUNK, len(kept))
                kept[start:stop] = self.selection(
                    table, np.arange(start, stop), self._of.fields(table)
                )
        return [kept[row] for row in rows.tolist()]

    def selection(self, table: str, rows: Positions, fields: Sequence[Field]) -> list[bytes]:
        """Write records with only some fields; missing values are left out."""
        return [record.encode() for record in self._texts(table, rows, fields)]

    def _texts(self, table: str, rows: Positions, fields: Sequence[Field]) -> Iterator[str]:
        """Write records one after the other."""
        metadata = [field for field in fields if field.metadata]
        plain = [field for field in fields if not field.metadata]
        pieces = [self._pieces(table, field, rows) for field in plain]
        if metadata:
            inner = zip(*(self._pieces(table, field, rows) for field in metadata), strict=True)
            joined = ("".join(record) for record in inner)
            pieces.append([f',"metadata":{{{text[1:]}}}' if text else "" for text in joined])
        if not pieces:
            return iter(["{}"] * len(rows))
        records = ("".join(record) for record in zip(*pieces, strict=True))
        return (f"{{{text[1:]}}}" for text in records)

    def _pieces(self, table: str, field: Field, rows: Positions) -> list[str]:
        """Write one field for many rows: ``,"name":value``, or "" if it is missing."""
        key = f",{json.dumps(field.name, ensure_ascii=False)}:"
        if field.owned:
            return [key + text if text else "" for text in self._owned(table, field, rows)]
        column = self._store.column(table, field.column)
        codes = column.codes[rows].tolist()
        write = self._value(field)
        written = {code: key + write(column, code) for code in set(codes) if code >= 0}
        written[-1] = ""
        return [written[code] for code in codes]

    def _owned(self, table: str, field: Field, rows: Positions) -> list[str]:
        """Write for each row the list of records that it owns, or "" if there are none."""
        owners = self._store.column(field.target, field.column)
        found = [owners.rows(one or "") for one in self._store.values(table, "sourcedId", rows)]
        owned = np.concatenate([np.empty(0, dtype=np.int64), *found])
        texts = self._texts(field.target, owned, self._of.fields(field.target))
        return [_list(islice(texts, len(own))) if len(own) else "" for own in found]

    def _value(self, field: Field) -> Callable[[Column, int], str]:
        """Return the function that writes a field's value."""
        kind = _SINGULAR.get(field.target, "")
        return {
            Shape.TEXT: lambda column, code: _text(column.texts[code]),
            Shape.NUMBER: lambda column, code: column.texts[code],
            Shape.VALUES: lambda column, code: _list(map(_text, column.elements[code])),
            Shape.REF: lambda column, code: self._reference(field.target, kind, column.texts[code]),
            Shape.REFS: lambda column, code: _list(
                self._reference(field.target, kind, element) for element in column.elements[code]
            ),
            Shape.IDS: lambda column, code: _list(map(_user_id, column.elements[code])),
        }[field.shape]

    def _reference(self, collection: str, kind: str, sourced_id: str) -> str:
        """Write a reference to a record."""
        href = self._homes[collection] + quote(sourced_id, safe="")
        return f'{{"href":"{href}","sourcedId":{_text(sourced_id)},"type":"{kind}"}}'


def _text(value: str) -> str:
    """Write a text."""
    return json.dumps(value, ensure_ascii=False)


def _list(values: Iterable[str]) -> str:
    """Write a list of values that are JSON already."""
    return f"[{','.join(values)}]"


def user_id_parts(element: str) -> tuple[str, str]:
    """Split ``{type:identifier}``; without braces and colon, the whole text is the identifier."""
    kind, colon, identifier = element.removeprefix("{").removesuffix("}").partition(":")
    return (kind, identifier) if colon else ("", kind)


def _user_id(element: str) -> str:
    """Write one of a user's ids."""
    kind, identifier = user_id_parts(element)
    return f'{{"type":{_text(kind)},"identifier":{_text(identifier)}}}'
