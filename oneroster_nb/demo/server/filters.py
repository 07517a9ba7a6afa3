"""Filter and sort as OneRoster defines them.

A filter is ``field op 'value'`` with ``= != > >= < <= ~``, or two of these with AND or OR. Case is
ignored. A quote in a value needs no escape: the value ends at a quote that ends the filter or comes
before ``AND field op '`` or ``OR field op '``. A list matches if one of its elements matches, and
``roles.role`` of OneRoster 1.2 matches if one of the user's roles does.
"""

import operator
import re
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from oneroster_nb.demo.server.answers import RefusalError
from oneroster_nb.demo.server.fields import Field, Records
from oneroster_nb.demo.server.store import Positions
from oneroster_nb.demo.server.wire import user_id_parts
from oneroster_nb.tables.field import Kind, Shape

_Key: TypeAlias = str | float

_FIELD: Final = r"[A-Za-z][\w.:-]*"
_OPERATOR: Final = r"!=|>=|<=|=|>|<|~"
_CLAUSE: Final = re.compile(
    rf"\s*({_FIELD})\s*({_OPERATOR})\s*'(.*?)'"
    rf"(?:\s*$|\s+(AND|OR)\s+(?={_FIELD}\s*(?:{_OPERATOR})\s*'))",
    re.DOTALL,
)
_COMPARE: Final[dict[str, Callable[[_Key, _Key], bool]]] = {
    "=": operator.eq,
    "!=": operator.eq,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "~": lambda have, want: str(want) in str(have),
}


class Clause(NamedTuple):
    """One comparison."""

    field: str
    operator: str
    value: str


def parse_filter(text: str) -> tuple[list[Clause], str]:
    """Parse a filter.

    Returns
    -------
    list of Clause, str
        One or two clauses, and ``"AND"`` (also for one) or ``"OR"``.

    Raises
    ------
    RefusalError
        400 ``invalid_filter_field`` if it is not a filter.

    Examples
    --------
    >>> parse_filter("familyName='O'Neil' AND role='student'")[0][0].value
    "O'Neil"
    """
    clauses: list[Clause] = []
    joins: list[str] = []
    position = 0
    while True:
        match = _CLAUSE.match(text, position)
        if match is None:
            raise RefusalError(400, "invalid_filter_field", "The filter is not: field op 'value'.")
        clauses.append(Clause(match[1], match[2], match[3]))
        if match[4] is None:
            break
        joins.append(match[4])
        position = match.end()
    if len(clauses) > 2:
        raise RefusalError(400, "invalid_filter_field", "A filter has two clauses at most.")
    return clauses, joins[0] if joins else "AND"


def select(records: Records, table: str, rows: Positions, text: str) -> Positions:
    """Return the rows, among some rows, that match a filter.

    Raises
    ------
    RefusalError
        400 ``invalid_filter_field`` if it is not a filter, names a field that the records do not
        have, or compares with a value of another kind.
    """
    clauses, join = parse_filter(text)
    masks = [_matching(records, table, clause)[rows] for clause in clauses]
    mask = np.logical_or.reduce(masks) if join == "OR" else np.logical_and.reduce(masks)
    return rows[mask]


def sort(
    records: Records, table: str, rows: Positions, name: str, *, descending: bool
) -> Positions:
    """Sort some rows by a field; missing values come last, and ties keep their order.

    Raises
    ------
    RefusalError
        400 ``invaliddata`` if the records have no such field.
    """
    found = _find(records, table, name)
    if found is None:
        raise RefusalError(400, "invaliddata", f"There is no field to sort by named {name!r}.")
    field, part = found
    column = records.store.column(table, field.column)
    key = _comparable(records.store.kind(table, field.column))
    keys = [[key(text) for text in _parts(elements, part)] for elements in column.elements]
    order = sorted(range(len(keys)), key=keys.__getitem__)
    ranks = np.zeros(len(keys) + 1, dtype=np.int64)
    last: list[_Key] | None = None
    rank = 0
    for code in order:  # equal keys share a rank, or ties would not keep their order
        rank += last is not None and keys[code] != last
        last = keys[code]
        ranks[code] = -rank if descending else rank
    ranks[-1] = len(keys) + 1
    return rows[np.argsort(ranks[column.codes[rows]], kind="stable")]


def _matching(records: Records, table: str, clause: Clause) -> npt.NDArray[np.bool_]:
    """Return for each row of a table whether it matches; a missing value only matches ``!=``."""
    mask = _equal(records, table, clause)
    return ~mask if clause.operator == "!=" else mask


def _equal(records: Records, table: str, clause: Clause) -> npt.NDArray[np.bool_]:
    """Return for each row whether it matches, with ``!=`` treated as ``=``."""
    outer, _, inner = clause.field.partition(".")
    for field in records.fields(table):
        if field.owned and field.name == outer and inner:
            return _owning(records, table, field, clause._replace(field=inner))
    found = _find(records, table, clause.field)
    if found is None:
        raise RefusalError(
            400, "invalid_filter_field", f"There is no field named {clause.field!r}."
        )
    field, part = found
    column = records.store.column(table, field.column)
    kind = Kind.TEXT if clause.operator == "~" else records.store.kind(table, field.column)
    key = _comparable(kind)
    try:
        want = _wanted(kind, clause.value)
    except ValueError as error:
        raise RefusalError(
            400, "invalid_filter_field", f"That is not a value for {clause.field!r}."
        ) from error
    compare = _COMPARE[clause.operator]
    matches = np.zeros(len(column.texts) + 1, dtype=bool)  # the last one is for missing values
    for code, elements in enumerate(column.elements):
        matches[code] = any(compare(key(text), want) for text in _parts(elements, part))
    mask: npt.NDArray[np.bool_] = matches[column.codes]
    return mask


def _owning(records: Records, table: str, field: Field, clause: Clause) -> npt.NDArray[np.bool_]:
    """Return for each row whether a record that it owns matches."""
    store = records.store
    owned = np.flatnonzero(_equal(records, field.target, clause))
    owners = store.column(field.target, field.column).held(owned)
    mask = np.zeros(len(store.tables[table]), dtype=bool)
    mask[store.rows(table, "sourcedId", *owners)] = True
    return mask


def _find(records: Records, table: str, name: str) -> tuple[Field, int | None] | None:
    """Return the field with a name; for user ids, also the part of them."""
    for field in records.fields(table):
        part = None
        if field.shape in (Shape.REF, Shape.REFS):
            known = name == f"{field.name}.sourcedId"
        elif field.metadata:
            known = name == f"metadata.{field.name}"
        elif field.shape is Shape.IDS:
            known = name in ("userIds.type", "userIds.identifier")
            part = 0 if name == "userIds.type" else 1
        else:
            known = name == field.name and not field.owned
        if known:
            return field, part
    return None


def _parts(elements: Sequence[str], part: int | None) -> Sequence[str]:
    """Return the wanted part of each element."""
    return elements if part is None else [user_id_parts(element)[part] for element in elements]


def _comparable(kind: Kind) -> Callable[[str], _Key]:
    """Return a function that makes the texts of a column comparable."""
    if kind in (Kind.DATE, Kind.TIMESTAMP):
        return str
    return float if kind is Kind.NUMBER else str.casefold


def _wanted(kind: Kind, value: str) -> _Key:
    """Read the value of a clause; ValueError if it is not of that kind."""
    if kind is Kind.DATE:
        return pd.Timestamp(value).date().isoformat()
    if kind is Kind.TIMESTAMP:  # in UTC unless it says otherwise
        moment = pd.to_datetime(value, utc=True).tz_convert(None)
        return f"{moment.isoformat(timespec='milliseconds')}Z"
    return _comparable(kind)(value)
