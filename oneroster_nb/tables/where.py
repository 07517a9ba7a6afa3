"""Choosing rows and columns of a canonical table: ``where``, ``columns``, ``modified_since``."""

import datetime
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import pandas as pd

from oneroster_nb.errors import QueryError
from oneroster_nb.spelling import nearest
from oneroster_nb.tables.field import Kind
from oneroster_nb.tables.grades import grade_code
from oneroster_nb.tables.status import active
from oneroster_nb.tables.table import TABLES, split_text

Where: TypeAlias = Mapping[str, Any]
"""Column to a value, a list of values, or a mapping of operator to value."""

_ORDER: Mapping[str, Callable[[Any, Any], Any]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_OPERATORS = ("=", "!=", *_ORDER, "~")


def selected(
    frame: pd.DataFrame,
    table: str,
    where: Where | None,
    columns: Sequence[str] | None,
    modified_since: str | datetime.date | None,
    status: str,
) -> pd.DataFrame:
    """Choose rows and columns of a canonical table.

    Parameters
    ----------
    frame : pandas.DataFrame
        The whole table.
    table : str
        Its canonical name.
    where : mapping, optional
        ``{"title": "Art", "grades": ["06", "07"], "dateLastModified": {">": "2026-08-01"}}``.
        Values compare exactly (``~``, contains, ignores case); a multi-valued column matches when
        any of its elements does; ``!=`` keeps rows without a value.
    columns : sequence of str, optional
        Columns to keep; ``sourcedId`` is kept in any case.
    modified_since : str or date, optional
        Rows whose ``dateLastModified`` is that moment (UTC) or later.
    status : str
        ``"active"`` or ``"all"``.

    Raises
    ------
    QueryError
        For an unknown column or operator, or a value that a column cannot hold.
    """
    if status not in ("active", "all"):
        raise QueryError(f"Unknown status {status!r}. It can be 'active' or 'all'.")
    frame = active(frame, status)
    if where is not None and not isinstance(where, Mapping):
        raise QueryError(
            f"where must map columns to values, such as {{'title': 'Art'}}, not {where!r}."
        )
    for column, condition in (where or {}).items():
        _known(column, frame)
        kind = TABLES[table].columns.get(column, Kind.TEXT)
        conditions = condition if isinstance(condition, Mapping) else {"=": condition}
        for sign, value in conditions.items():
            frame = frame.loc[_compared(frame[column], kind, sign, value)]
    if modified_since is not None:
        since = _parsed(modified_since, Kind.TIMESTAMP, "modified_since")
        frame = frame.loc[frame["dateLastModified"] >= since]
    if where or modified_since is not None:
        # A server that chooses the rows itself shows only the additions that these rows have.
        own, asked = TABLES[table].columns, {*(where or {}), *_listed(columns)}
        added = [c for c in frame.columns if c not in own and c not in asked]
        frame = frame.drop(columns=[c for c in added if frame[c].isna().all()])
    if columns is not None:
        wanted = _listed(columns)
        for column in wanted:
            _known(column, frame)
        frame = frame[list(dict.fromkeys(["sourcedId", *wanted]))]
    return frame.reset_index(drop=True)


def _listed(columns: Sequence[str] | None) -> list[Any]:
    if columns is None:
        return []
    several = isinstance(columns, Iterable) and not isinstance(columns, str)
    return [*columns] if several else [columns]


def _known(column: str, frame: pd.DataFrame) -> None:
    if not isinstance(column, str) or column not in frame.columns:
        raise QueryError(
            f"There is no column {column!r}.{nearest(str(column), frame.columns)}"
            f" The columns are: {', '.join(frame.columns)}."
        )


def _compared(column: "pd.Series[Any]", kind: Kind, sign: str, value: Any) -> "pd.Series[bool]":
    if sign not in _OPERATORS:
        raise QueryError(
            f"Unknown operator {sign!r} for {column.name}. It can be {' '.join(_OPERATORS)}."
        )
    if sign in _ORDER:
        compare = _ORDER[sign]
        bound = _parsed(value, kind, str(column.name))
        return _each(column, kind, lambda cell: bool(compare(cell, bound)))
    if sign == "~":
        part = str(value).casefold()
        return _each(column, kind, lambda cell: part in str(cell).casefold())
    values = [value] if isinstance(value, str) or not isinstance(value, Iterable) else [*value]
    missing = any(item is None for item in values)
    wanted = {_parsed(item, kind, str(column.name)) for item in values if item is not None}
    if column.name == "grades":
        wanted = {grade_code(item) for item in wanted}
    equal = _each(column, kind, lambda cell: cell in wanted)
    if missing:
        equal |= column.isna()
    return equal if sign == "=" else ~equal


def _each(column: "pd.Series[Any]", kind: Kind, holds: Callable[[Any], bool]) -> "pd.Series[bool]":
    """Ask of each distinct value whether it fits; a missing one does not."""
    verdicts = {
        value: any(map(holds, split_text(value))) if kind is Kind.VALUES else holds(value)
        for value in column.dropna().unique()
    }
    return column.isin([value for value, fits in verdicts.items() if fits])


def _parsed(value: Any, kind: Kind, name: str) -> Any:
    """Bring a value to compare with to the type of the column."""
    try:
        if kind in (Kind.TIMESTAMP, Kind.DATE):
            moment = pd.Timestamp(value)
            if pd.isna(moment):
                raise ValueError("no moment at all")
            if kind is Kind.DATE:
                return moment.tz_localize(None).normalize()
            return moment.tz_localize("UTC") if moment.tz is None else moment.tz_convert("UTC")
        if kind is Kind.NUMBER:
            return float(value)
    except (TypeError, ValueError):
        raise QueryError(f"{name} is a {kind.value}, and {value!r} is none.") from None
    if value is None:
        raise QueryError(f"{name} cannot be compared with None; leave the condition out.")
    if kind is Kind.BOOLEAN:
        flag = {"true": True, "false": False}.get(str(value).casefold())
        if flag is None:
            raise QueryError(f"{name} is True or False, not {value!r}.")
        return flag
    return str(value)
