"""Converting the bytes of a page to columns of strings.

There are two ways with the same result. In the fast way, Arrow parses the bytes into a declared
record type. If a page has an unknown field or a value of another type, it is read with :mod:`json`
instead, and its values are converted to the declared types. The types that this server sent are
remembered, so that its next page can take the fast way.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from threading import Lock
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json

from oneroster_nb.errors import AnswerError
from oneroster_nb.tables.field import Shape
from oneroster_nb.tables.table import join_values
from oneroster_nb.transport.json_shapes import (
    ARROW_TYPES,
    BETWEEN_PARTS,
    BETWEEN_ROLES,
    ROLE_PARTS,
    Field,
    extras,
    plain,
    text_of,
)
from oneroster_nb.transport.payload import (
    NO_COLLECTION,
    Integer,
    check_text,
    collection,
    parse,
    single,
)
from oneroster_nb.transport.per_process import PerProcess

_QUICK_TYPES: Mapping[type, Any] = {str: pa.string(), bool: pa.bool_(), Integer: pa.int64()}
_COLLECTION = re.compile(rb'\s*\{\s*"([^"\\]+)"\s*:\s*\[')


class Decoder:
    """Reads the pages of one kind of record, and remembers how this server writes them.

    Any field that is not among `fields`, and each field of ``metadata``, becomes a column
    ``metadata.<name>``. The list of records is expected under one of the keys `known`.
    """

    def __init__(self, fields: Sequence[Field], known: Collection[str] = ()) -> None:
        self._known = known
        self._fields = tuple(fields)
        self._shapes = {field.source: field.shape for field in fields}
        self._lock = PerProcess(Lock)
        # Arrow types of top-level scalars, and of the fields of `metadata`, as seen so far.
        self._seen: dict[str, Any] = {}
        self._seen_metadata: dict[str, Any] = {}

    def read(self, body: bytes) -> tuple[dict[str, Any], int | None]:
        """Read one page: JSON with one list in it, or raise AnswerError.

        Returns
        -------
        columns : dict of str to pyarrow.Array
            Strings by canonical or ``metadata.`` name; all have the same length.
        total : int or None
            The total in the body, if it has one.
        """
        check_text(body)
        found = _COLLECTION.match(body)
        if found and found[1].decode("ascii", "replace") not in NO_COLLECTION:
            try:
                return self._flatten(self._quick(body, found[1].decode())), None
            except pa.ArrowInvalid:
                # Other types than declared: the slow way shows whether it is a roster.
                pass
        payload = parse(body)
        records, total = collection(payload, self._known)
        return self._thorough(records), total

    def read_one(self, body: bytes) -> dict[str, Any]:
        """Read an answer with one object under one key, such as ``/classes/{id}``, as a page."""
        return self._thorough([single(parse(body))])

    def _quick(self, body: bytes, key: str) -> Any:
        table = pyarrow.json.read_json(
            pa.BufferReader(body),
            read_options=pyarrow.json.ReadOptions(block_size=len(body) + 1, use_threads=False),
            parse_options=pyarrow.json.ParseOptions(
                explicit_schema=pa.schema([(key, pa.list_(self._record()))]),
                unexpected_field_behavior="error",
            ),
        )
        if table.num_rows != 1:
            raise pa.ArrowInvalid("more than one object")
        return table.column(0).chunk(0).flatten()

    def _record(self) -> Any:
        with self._lock.get():
            types = {name: ARROW_TYPES[shape] for name, shape in self._shapes.items()} | self._seen
            if self._seen_metadata:
                types["metadata"] = pa.struct(list(self._seen_metadata.items()))
        return pa.struct(list(types.items()))

    def _flatten(self, records: Any) -> dict[str, Any]:
        """Split an array of structs into columns of strings."""
        names = [field.name for field in records.type]
        if records.null_count:
            raise pa.ArrowInvalid("a record that is null")
        arrays = dict(zip(names, records.flatten(), strict=True))
        columns = {
            field.column: _strings(arrays.pop(field.source), field.shape) for field in self._fields
        }
        metadata = arrays.pop("metadata", None)
        for name, array in arrays.items():
            columns[f"metadata.{name}"] = _text(array)
        if metadata is not None:
            for member, array in zip(metadata.type, metadata.flatten(), strict=True):
                name, texts = f"metadata.{member.name}", _text(array)
                columns[name] = pc.coalesce(texts, columns[name]) if name in columns else texts
        return columns

    def _thorough(self, records: Sequence[Any]) -> dict[str, Any]:
        columns: dict[str, list[str | None]] = {field.column: [] for field in self._fields}
        for number, record in enumerate(records):
            if not isinstance(record, dict):
                raise AnswerError(
                    "The list in the answer holds values that are not records. Check that the host"
                    " is the address of a OneRoster service."
                )
            for field in self._fields:
                columns[field.column].append(text_of(record.get(field.source), field.shape))
            for name, value in extras(record, self._shapes):
                column = columns.setdefault(name, [None] * number)
                column.append(plain(value))
            for column in columns.values():
                if len(column) == number:
                    column.append(None)
        self._learn(records)
        return {name: pa.array(values, pa.string()) for name, values in columns.items()}

    def _learn(self, records: Sequence[dict[str, Any]]) -> None:
        """Remember the types of fields that were undeclared, or declared with another type."""
        with self._lock.get():
            for record in records:
                for name, value in record.items():
                    if name == "metadata":
                        for member, inner in value.items() if isinstance(value, dict) else ():
                            _note(self._seen_metadata, member, inner)
                    elif self._shapes.get(name, Shape.TEXT) is Shape.TEXT:
                        _note(self._seen, name, value)


def _note(seen: dict[str, Any], name: str, value: Any) -> None:
    """Widen the type of a field; a field of mixed types is text, and stays slow."""
    if value is None:
        return
    kind = _QUICK_TYPES.get(type(value), pa.string())
    seen[name] = kind if seen.get(name, kind) == kind else pa.string()


def _strings(array: Any, shape: Shape) -> Any:
    """Convert an array of one shape to strings."""
    if shape is Shape.TEXT:
        return _text(array)
    if shape is Shape.REF:
        return pc.struct_field(array, "sourcedId")
    inner = array.flatten()
    if shape is Shape.ROLES:
        return pc.binary_join(_rewrapped(array, _roles(inner)), BETWEEN_ROLES)
    if shape is Shape.REFS:
        inner = pc.struct_field(inner, "sourcedId")
    elif shape is Shape.IDS:
        inner = _user_ids(pc.struct_field(inner, "type"), pc.struct_field(inner, "identifier"))
    if len(inner) and (inner.null_count or pc.any(pc.match_substring_regex(inner, '[,"]')).as_py()):
        lists = _rewrapped(array, inner).to_pylist()
        return pa.array(
            [None if v is None else join_values(t for t in v if t is not None) for v in lists],
            pa.string(),
        )
    return pc.binary_join(_rewrapped(array, inner), ",")


def _rewrapped(array: Any, inner: Any) -> Any:
    """Put the changed elements of a flattened list back into lists of the same lengths."""
    lengths = pc.fill_null(pc.list_value_length(array), 0).to_numpy(zero_copy_only=False)
    offsets = pa.array([0, *lengths.cumsum().tolist()], pa.int32())
    lists = pa.ListArray.from_arrays(offsets, inner)
    return pc.if_else(array.is_valid(), lists, pa.scalar(None, lists.type))


def _roles(roles: Any) -> Any:
    """Write each role as one text, as :func:`oneroster_nb.transport.json_shapes.text_of` does."""
    parts = dict(zip((member.name for member in roles.type), roles.flatten(), strict=True))
    parts["org"] = pc.struct_field(parts["org"], "sourcedId")
    texts = [pc.fill_null(parts[name], "") for name in ROLE_PARTS]
    return pc.binary_join_element_wise(*texts, BETWEEN_PARTS)


def _user_ids(kinds: Any, identifiers: Any) -> Any:
    """Write ``{type:identifier}`` as the CSV binding does (OneRoster 1.1 CSV Tables, 4.13)."""
    joined = pc.binary_join_element_wise(
        "{", pc.fill_null(kinds, ""), ":", pc.fill_null(identifiers, ""), "}", ""
    )
    there = pc.or_(kinds.is_valid(), identifiers.is_valid())
    return pc.if_else(there, joined, pa.scalar(None, pa.string()))


def _text(array: Any) -> Any:
    return array if array.type == pa.string() else array.cast(pa.string())
