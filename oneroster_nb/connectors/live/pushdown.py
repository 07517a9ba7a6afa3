"""What of a choice of rows a server can be asked for: a clause of a OneRoster filter."""

import datetime
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from oneroster_nb.errors import QueryError
from oneroster_nb.tables.field import Kind
from oneroster_nb.tables.where import Where, parsed

_DAY = pd.Timedelta(days=1)


@dataclass(frozen=True)
class Clause:
    """A clause of a filter, as section 3.4 of OneRoster 1.1 and 1.2 REST writes it.

    Examples
    --------
    >>> str(Clause("title", "=", "Art 101"))
    "title='Art 101'"
    """

    field: str
    sign: str
    value: str

    def __str__(self) -> str:
        return f"{self.field}{self.sign}'{self.value}'"


def stamp(moment: pd.Timestamp) -> str:
    """Write a moment the way OneRoster does.

    Examples
    --------
    >>> stamp(pd.Timestamp("2026-08-01", tz="UTC"))
    '2026-08-01T00:00:00.000Z'
    """
    return moment.tz_convert("UTC").strftime("%Y-%m-%dT%H:%M:%S.000Z")


def since_clause(moment: pd.Timestamp) -> Clause:
    """Ask for what changed since a moment, and a day before it.

    Servers differ in how they compare times; surplus rows are left out locally.
    """
    return Clause("dateLastModified", ">=", stamp(moment - _DAY))


def only_value(condition: Any) -> str | None:
    """Return the one text that a condition of ``where`` asks for; None if it asks otherwise.

    Half of a character (a lone surrogate) cannot stand in an address.
    """
    if isinstance(condition, Mapping) and list(condition) == ["="]:
        condition = condition["="]
    if isinstance(condition, list | tuple | set | frozenset) and len(condition) == 1:
        (condition,) = condition
    if not isinstance(condition, str) or not condition:
        return None
    return None if any("\ud800" <= sign <= "\udfff" for sign in condition) else condition


def pushdown_clause(
    where: Where | None,
    modified_since: str | datetime.date | None,
    plain: Collection[str],
) -> Clause | None:
    """Find the part of a choice that a server can be asked for; an invalid choice has none.

    It is one clause, because not every server joins two. All rows that are asked for are among
    those that fulfil it. The columns in `plain` are one text in the server's records, under the
    same name.

    Examples
    --------
    >>> print(pushdown_clause({"grades": "06", "title": "Art"}, None, {"title"}))
    title='Art'
    """
    conditions = dict(where) if isinstance(where, Mapping) else {}
    for column, condition in conditions.items():
        value = only_value(condition)
        # How a quote is written in a filter is not said anywhere, and servers differ.
        if column in plain and value is not None and "'" not in value:
            return Clause(column, "=", value)
    bounds: list[Any] = [modified_since]
    changed = conditions.get("dateLastModified")
    if isinstance(changed, Mapping):
        bounds += [changed.get(">"), changed.get(">=")]
    moments = [moment for moment in map(_moment, bounds) if moment is not None]
    return since_clause(max(moments)) if moments else None


def _moment(value: Any) -> pd.Timestamp | None:
    """Read a moment; None if it is none, which raises an error when rows are chosen locally."""
    try:
        moment: pd.Timestamp = parsed(value, Kind.TIMESTAMP, "dateLastModified")
    except QueryError:
        return None
    return moment
