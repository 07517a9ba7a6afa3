"""Choosing rows and columns of a canonical table: ``where``, ``columns``, ``modified_since``."""

import datetime
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from oneroster_nb.errors import QueryError
from oneroster_nb.spelling import nearest, shown
from oneroster_nb.tables.field import Kind
from oneroster_nb.tables.grades import CEDS_GRADES, grade_code
from oneroster_nb.tables.status import active
from oneroster_nb.tables.table import split_text
from oneroster_nb.today import local_date

Where: TypeAlias = Mapping[str, Any]
"""Column to a value, a list of values, or a mapping of operator to value."""

_ORDER: Mapping[str, Callable[[Any, Any], Any]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_EXAMPLES = {
    Kind.DATE: " Write it as 2026-10-01.",
    Kind.TIMESTAMP: " Write it as 2026-10-01 or 2026-10-01T12:00:00Z.",
}
OPERATORS = ("=", "!=", *_ORDER, "~")
"""How a condition compares: equal, not equal, in order, and contains."""


def selected(
    frame: pd.DataFrame,
    kinds: Mapping[str, Kind],
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
    kinds : mapping of str to Kind
        Its own columns, and what they hold.
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
        raise QueryError(f"Unknown status {shown(status)}. It can be 'active' or 'all'.")
    frame = fitting(active(frame, status), kinds, where)
    if modified_since is not None:
        since = parsed(modified_since, Kind.TIMESTAMP, "modified_since")
        frame = frame.loc[frame["dateLastModified"] >= since]
    if where or modified_since is not None:
        # A server that chooses the rows itself shows only the additions that these rows have.
        asked = {*(where or {}), *_listed(columns)}
        added = [c for c in frame.columns if c not in kinds and c not in asked]
        frame = frame.drop(columns=[c for c in added if frame[c].isna().all()])
    return with_columns(frame, columns).reset_index(drop=True)


def with_columns(frame: pd.DataFrame, columns: Sequence[str] | None) -> pd.DataFrame:
    """Keep ``sourcedId`` and some columns, or all if none are named; QueryError if unknown."""
    if columns is None:
        return frame
    wanted = _listed(columns)
    for column in wanted:
        _known(column, frame)
    return frame[list(dict.fromkeys(["sourcedId", *wanted]))]


def fitting(frame: pd.DataFrame, kinds: Mapping[str, Kind], where: Where | None) -> pd.DataFrame:
    """Return the rows of a table that fit each condition.

    `kinds` says what the columns hold; a column that is not there holds text. QueryError for an
    unknown column or operator, or a value that a column cannot hold.
    """
    for column, conditions in conditions_of(where or {}).items():
        _known(column, frame)
        kind = kinds.get(column, Kind.TEXT)
        for sign, value in conditions.items():
            frame = frame.loc[_compared(frame[column], kind, sign, value)]
    return frame


def conditions_of(where: Where) -> dict[str, dict[str, Any]]:
    """Write each condition as a mapping of operator to value; QueryError for anything else."""
    if not isinstance(where, Mapping):
        raise QueryError(
            f"where must map columns to values, such as {{'title': 'Art'}}, not {shown(where)}."
        )
    found = {
        column: dict(condition) if isinstance(condition, Mapping) else {"=": condition}
        for column, condition in where.items()
    }
    for column, conditions in found.items():
        for sign in conditions:
            if sign not in OPERATORS:
                raise QueryError(
                    f"Unknown operator {shown(sign)} for {column}. It can be {' '.join(OPERATORS)}."
                )
    return found


def _listed(columns: Sequence[str] | None) -> list[Any]:
    if columns is None:
        return []
    several = isinstance(columns, Iterable) and not isinstance(columns, str)
    return [*columns] if several else [columns]


def _known(column: str, frame: pd.DataFrame) -> None:
    if not isinstance(column, str) or column not in frame.columns:
        raise QueryError(
            f"There is no column {shown(column)}.{nearest(str(column), frame.columns)}"
            f" The columns are: {', '.join(frame.columns)}."
        )


def _compared(column: "pd.Series[Any]", kind: Kind, sign: str, value: Any) -> "pd.Series[bool]":
    several = isinstance(value, Iterable) and not isinstance(value, str)
    if sign in _ORDER and several:
        raise QueryError(f"{column.name} {sign} takes one value, not {shown(value)}.")
    if sign in _ORDER:
        compare = _ORDER[sign]
        if column.name == "grades":
            return _each(column, kind, partial(_in_order, compare, value))
        bound = parsed(value, kind, str(column.name))
        return _each(column, kind, lambda cell: bool(compare(cell, bound)))
    if sign == "~":
        asked = [*value] if several else [value]
        if any(item is None or item == "" for item in asked):
            raise QueryError(f"{column.name} ~ takes a text to look for, not {shown(value)}.")
        parts = [str(item).casefold() for item in asked]
        return _each(column, kind, lambda cell: any(p in str(cell).casefold() for p in parts))
    values = [*value] if several else [value]
    missing = any(item is None for item in values)
    wanted = {parsed(item, kind, str(column.name)) for item in values if item is not None}
    if column.name == "grades":
        wanted = {grade_code(item) for item in wanted}
    equal = _each(column, kind, lambda cell: cell in wanted)
    if missing:
        equal |= column.isna()
    return equal if sign == "=" else ~equal


def _in_order(compare: Callable[[Any, Any], Any], bound: Any, grade: str) -> bool:
    """Compare grades in the order of schooling; QueryError if the bound is no grade."""
    of_bound = grade_code(str(bound))
    if of_bound not in CEDS_GRADES:
        raise QueryError(f"grades are in the order of schooling, and {shown(bound)} is no grade.")
    known = grade in CEDS_GRADES
    return known and bool(compare(CEDS_GRADES.index(grade), CEDS_GRADES.index(of_bound)))


def _each(column: "pd.Series[Any]", kind: Kind, holds: Callable[[Any], bool]) -> "pd.Series[bool]":
    """Ask of each distinct value whether it fits; a missing one does not."""
    verdicts = {
        value: any(map(holds, split_text(value))) if kind is Kind.VALUES else holds(value)
        for value in column.dropna().unique()
    }
    return column.isin([value for value, fits in verdicts.items() if fits])


def _moment(value: object) -> pd.Timestamp:
    """Return a date or a timestamp; ValueError for anything else.

    pandas would read "06" as a day of this month, and "now" by the clock.
    """
    if isinstance(value, str):
        text = value.strip()
        today = text.casefold() == "today"
        value = local_date() if today else datetime.datetime.fromisoformat(text)
    if not isinstance(value, datetime.date | np.datetime64):
        raise ValueError("a number is no date")
    return pd.Timestamp(value)


def parsed(value: Any, kind: Kind, name: str) -> Any:
    """Bring a value to compare with to the type of the column."""
    try:
        if kind in (Kind.TIMESTAMP, Kind.DATE):
            moment = _moment(value)
            if pd.isna(moment):
                raise ValueError("no moment at all")
            if kind is Kind.DATE:
                return moment.tz_localize(None).normalize()
            return moment.tz_localize("UTC") if moment.tz is None else moment.tz_convert("UTC")
        if kind is Kind.NUMBER:
            return float(value)
    except (TypeError, ValueError, OverflowError):
        example = _EXAMPLES.get(kind, "")
        raise QueryError(
            f"{name} is a {kind.value}, and {shown(value)} is none.{example}"
        ) from None
    if value is None:
        raise QueryError(f"{name} cannot be compared with None; leave the condition out.")
    if kind is Kind.BOOLEAN:
        flag = {"true": True, "false": False}.get(str(value).casefold())
        if flag is None:
            raise QueryError(f"{name} is True or False, not {shown(value)}.")
        return flag
    return str(value)
