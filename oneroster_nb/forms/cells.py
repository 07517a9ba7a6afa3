"""How a value of a frame reads in a table: the text of its cell (pure)."""

import re
from collections.abc import Callable
from typing import Literal

import numpy as np
import pandas as pd

CellKind = Literal["text", "number", "date", "boolean"]

_MARK = re.compile(r"<\d+|\*")

# Beyond this a float's digits are not exact, so it is not shown as a whole number.
_WHOLE_NUMBERS_END = 2.0**53


def column_name(name: object) -> str:
    """Return a column's label as text; the parts of a label of several levels joined by `` / ``."""
    return " / ".join(map(str, name)) if isinstance(name, tuple) else str(name)


def cell_kind(values: pd.Series) -> CellKind:
    """Return what a column holds, as far as alignment and sorting are concerned."""
    if pd.api.types.is_bool_dtype(values.dtype):
        return "boolean"
    if pd.api.types.is_numeric_dtype(values.dtype) or _are_counts(values):
        return "number"
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return "date"
    return "text"


def cell_texts(column: pd.Series) -> Callable[[pd.Series], list[str]]:
    """Look at a whole column once and return the function that writes out any rows of it.

    Parameters
    ----------
    column : pandas.Series
        The whole column: whether dates need a time, and numbers decimals, is the same for all of
        its rows.

    Returns
    -------
    callable
        Takes a part of the column and returns one text a row. Missing values are empty, booleans
        ``true`` and ``false``; dates have a time only if the column holds one other than
        midnight, and times with a zone are given in UTC; floats that are all whole numbers have no
        decimals.

    Examples
    --------
    >>> ages = pd.Series([11.0, None, 12.0])
    >>> cell_texts(ages)(ages.iloc[:2])
    ['11', '']
    """
    match cell_kind(column):
        case "number" if _only_whole_numbers(column):
            return lambda values: _each(values, _whole)
        case "date":
            midnight = _only_midnights(column)
            return lambda values: _moments(values, dates_only=midnight)
        case _ if isinstance(column.dtype, pd.StringDtype):
            return lambda values: values.fillna("").to_list()
        case _:
            return lambda values: _each(values, _text)


def as_numbers(values: pd.Series) -> pd.Series:
    """Return counts to sort by: of ``<10`` half a person, which is before any other count.

    A ``*`` is missing, because it may be any number.

    Examples
    --------
    >>> as_numbers(pd.Series([12, "<10", 0, "*"], dtype=object)).tolist()
    [12.0, 0.5, 0.0, nan]
    """
    small = values.map(lambda value: 0.5 if str(value).startswith("<") else value)
    return pd.to_numeric(small, errors="coerce").astype("float64")


def _are_counts(values: pd.Series) -> bool:
    """Return True if a column holds numbers, some or all of which are hidden behind marks."""
    if values.dtype != object and not isinstance(values.dtype, pd.StringDtype):
        return False
    present = values.dropna()
    return len(present) > 0 and all(map(_is_count, present))


def _is_count(value: object) -> bool:
    if isinstance(value, str):
        return _MARK.fullmatch(value) is not None
    return isinstance(value, int | float | np.number) and not isinstance(value, bool)


def _each(values: pd.Series, write: Callable[[object], str]) -> list[str]:
    present = values.notna().to_list()
    return [write(value) if there else "" for value, there in zip(values, present, strict=True)]


def _whole(value: object) -> str:
    return str(int(value))  # type: ignore[call-overload]  # a number, as the dtype says


def _text(value: object) -> str:
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    return str(value)


def _only_whole_numbers(column: pd.Series) -> bool:
    if not pd.api.types.is_float_dtype(column.dtype):
        return False
    numbers = column.dropna().to_numpy(dtype="float64")
    return bool(np.all((np.abs(numbers) < _WHOLE_NUMBERS_END) & (numbers == np.trunc(numbers))))


def _only_midnights(column: pd.Series) -> bool:
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return False
    present = column.dropna()
    return bool((present.dt.normalize() == present).all())


def _moments(values: pd.Series, *, dates_only: bool) -> list[str]:
    zone = ""
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        values = values.dt.tz_convert("UTC").dt.tz_localize(None)
        zone = " UTC"
    moments = values.to_numpy(dtype="datetime64[s]")
    written = np.datetime_as_string(moments, unit="D" if dates_only else "s").tolist()
    return ["" if text == "NaT" else f"{text.replace('T', ' ')}{zone}" for text in written]
