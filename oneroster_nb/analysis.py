"""Counts and crosstabs of frames: distinct people, unless rows are asked for.

Rows with membership columns repeat people, so a person is counted once in each cell and once in
each total. Rows whose ``status`` is ``tobedeleted`` are left out, unless ``status`` is itself one
of the columns counted by.
"""

import difflib
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from oneroster_nb.errors import QueryError
from oneroster_nb.grades import grade_place
from oneroster_nb.privacy import check_threshold, hide, mark

__all__ = ["count", "crosstab"]

_TOTAL = "All"
_MISSING = "(missing)"
_MOST_CELLS = 5_000_000

_Ints = NDArray[np.int64]
_Unit = Literal["users", "rows"]


def count(
    df: pd.DataFrame,
    by: str | Sequence[str],
    *,
    unit: _Unit = "users",
    suppress_below: int | None = None,
) -> pd.DataFrame:
    """Count people, or rows, by one or several columns.

    Parameters
    ----------
    df : DataFrame
        Any frame; with ``unit="users"`` one with a column ``sourcedId``.
    by : str or sequence of str
        The columns to count by. Several values in one string (grades, say) count as they stand.
    unit : {"users", "rows"}
        Distinct ``sourcedId`` or rows.
    suppress_below : int, optional
        Show counts from 1 to this less one as ``"<10"`` (for 10), and as ``"*"`` what would, for
        one who knows how many there are in all, give them away. Not less than 3.

    Returns
    -------
    DataFrame
        The columns of ``by`` (str; a missing or empty value is ``(missing)``) and ``count``
        (int64; with ``suppress_below`` object, numbers and marks), a row for each combination that
        occurs, in order of the columns: text by text (``grades`` as in school, kindergarten
        first), numbers and dates by value, missing last.
        ``attrs["footnote"]`` says how many people stand in several rows, what was hidden, and
        what was left out; it is not there where there is nothing to say.

    Raises
    ------
    QueryError
        If a column is unknown, named twice or holds lists, if an option has no such value, or if
        people are to be counted and ``sourcedId`` is not there or has gaps.

    Examples
    --------
    >>> df = pd.DataFrame({"sourcedId": ["a", "a", "b", "c"], "role": ["student"] * 3 + [None]})
    >>> count(df, "role")
            role  count
    0    student      2
    1  (missing)      1
    """
    names = _names(df, "by", by)
    if "count" in names:
        raise QueryError("The counts go into a column named 'count'; rename that one of the frame")
    below = None if suppress_below is None else check_threshold(suppress_below)
    df, people, notes = _counted(df, names, unit)
    groups, labels = _groups(df, names)
    counts, several = _tally(groups, people, len(labels))
    notes += _overlap_note(several, below)
    result = labels.copy()
    result["count"] = counts
    if below is not None:
        # A list with its total is a table of one column, which is then also the column of totals.
        table = np.column_stack([counts, counts])
        hidden, _ = hide(np.vstack([table, table.sum(axis=0)]), below, additive=several == 0)
        result["count"] = pd.Series(mark(counts, counts, hidden[:-1, 0], below), dtype=object)
        notes += _hiding_note(counts, hidden[:-1, 0], below)
    return _with_footnote(result, notes)


def crosstab(
    df: pd.DataFrame,
    rows: str | Sequence[str],
    columns: str | Sequence[str],
    *,
    unit: _Unit = "users",
    margins: bool = True,
    normalize: bool | Literal["all", "index", "columns"] = False,
    suppress_below: int | None = None,
) -> pd.DataFrame:
    """Count people, or rows, by what stands in the rows and the columns of a table.

    Parameters
    ----------
    df : DataFrame
        Any frame; with ``unit="users"`` one with a column ``sourcedId``.
    rows, columns : str or sequence of str
        The columns of the frame whose values become the rows and the columns of the table.
    unit : {"users", "rows"}
        Distinct ``sourcedId`` or rows.
    margins : bool
        Whether to add totals, labelled ``All`` (with several columns ``("All", "")``). They count
        distinct people too, so where people stand in several cells they are less than the sums.
    normalize : bool or {"all", "index", "columns"}
        Shares from 0 to 1 instead of counts: of everything (``True`` too), of the row, or of the
        column. As in pandas, shares of the row have no column of totals, and the other way round.
    suppress_below : int, optional
        Show counts from 1 to this less one as ``"<10"`` (for 10), and as ``"*"`` what would give
        them away. The same cells are hidden whatever ``margins`` and ``normalize`` are, so such
        tables can stand side by side; a share is also hidden where its total is. Where totals
        would help although hidden in part, all are left out. Not less than 3.

    Returns
    -------
    DataFrame
        int64 counts or float64 shares; with ``suppress_below`` object, numbers and marks. Labels
        are text and sorted as in :func:`count`, ``All`` last. Combinations of several columns are
        those that occur. ``attrs["footnote"]`` as in :func:`count`.

    Raises
    ------
    QueryError
        As :func:`count`, and if the table would have more than five million cells.

    Examples
    --------
    >>> df = pd.DataFrame(
    ...     {
    ...         "sourcedId": ["a", "a", "b", "c"],
    ...         "school": ["North", "South", "North", "North"],
    ...         "grade": ["06", "06", "06", "07"],
    ...     }
    ... )
    >>> table = crosstab(df, "school", "grade")
    >>> table  # doctest: +NORMALIZE_WHITESPACE
    grade   06  07  All
    school
    North    2   1    3
    South    1   0    1
    All      2   1    3
    >>> table.attrs["footnote"]
    '1 person stands in several of these counts, so they add up to more than there are people.'
    """
    row_names, column_names = _names(df, "rows", rows), _names(df, "columns", columns)
    _refuse_repeats(row_names + column_names)
    per = _denominator(normalize)
    below = None if suppress_below is None else check_threshold(suppress_below)
    df, people, notes = _counted(df, row_names + column_names, unit)
    row_of, row_labels = _groups(df, row_names)
    column_of, column_labels = _groups(df, column_names)
    height, width = len(row_labels), len(column_labels)
    if height * width > _MOST_CELLS:
        raise QueryError(
            f"A table of {height:,} rows by {width:,} columns is too large; "
            "choose columns with fewer values, or use count()"
        )
    counts, several = _with_totals(row_of, column_of, people, (height, width))
    notes += _overlap_note(several, below)
    values: NDArray[Any] = counts if per is None else counts / np.maximum(counts[per], 1)
    totals = margins
    if below is not None:
        hidden, safe = hide(counts, below, additive=several == 0)
        totals = margins and safe
        notes += _hiding_note(counts, hidden if totals else hidden[:-1, :-1], below)
        if margins and not safe:
            notes.append("Totals are left out, because they would help to find what is hidden.")
        if per is not None and hidden.any():
            hidden |= hidden[per] & (counts > 0)
            notes.append("A share is hidden also where its total is.")
        values = mark(values, counts, hidden, below)
    # A total of shares that are all 1 is left out, and so is the total of no rows.
    total_row = totals and normalize != "columns" and height > 0
    total_column = totals and normalize != "index"
    table = pd.DataFrame(
        values[: height + total_row, : width + total_column],
        index=_axis(row_labels, total=total_row),
        columns=_axis(column_labels, total=total_column),
    )
    return _with_footnote(table, notes)


def _names(df: pd.DataFrame, option: str, names: str | Sequence[str]) -> list[str]:
    """Give the columns asked for as a list, each of them one that the frame has and can count."""
    if not isinstance(df, pd.DataFrame):
        raise QueryError(f"Only a DataFrame can be counted, not a {type(df).__name__}")
    listed = [names] if isinstance(names, str) or not isinstance(names, Iterable) else list(names)
    if not listed:
        raise QueryError(f"{option} is empty; name one column or several")
    _refuse_repeats(listed)
    for name in listed:
        _require_column(df, name)
        if _holds_lists(df[name]):
            raise QueryError(
                f"Column {name!r} holds lists, which cannot be counted; "
                f"use df.explode({name!r}) first, or join each list to one string"
            )
    return listed


def _refuse_repeats(names: list[str]) -> None:
    for place, name in enumerate(names):
        if name in names[:place]:
            raise QueryError(f"Column {name!r} is named twice; name each column once")


def _require_column(df: pd.DataFrame, name: str) -> None:
    if not isinstance(name, str):
        raise QueryError(f"A column is named by its text, not by {name!r}")
    known = list(df.columns)
    if name not in known:
        names = [str(column) for column in known]
        near = difflib.get_close_matches(name, names, n=3)
        hint = f"did you mean {' or '.join(near)}?" if near else f"there are: {', '.join(names)}"
        raise QueryError(f"There is no column {name!r}; {hint}")
    if known.count(name) > 1:
        raise QueryError(f"The frame has several columns {name!r}; rename all but one")


def _holds_lists(values: pd.Series) -> bool:
    if isinstance(values.dtype, pd.ArrowDtype):
        return bool(pa.types.is_nested(values.dtype.pyarrow_dtype))
    kinds = (list, tuple, set, frozenset, dict, np.ndarray)
    return values.dtype == object and any(isinstance(value, kinds) for value in values)


def _denominator(normalize: object) -> tuple[slice, slice] | None:
    """Say where in a table with totals stands what a count is divided by."""
    every, last = slice(None), slice(-1, None)
    if normalize is False:
        return None
    if normalize is True or normalize == "all":
        return last, last
    if normalize == "index":
        return every, last
    if normalize == "columns":
        return last, every
    raise QueryError(
        f"normalize={normalize!r} is not known; use False, True, 'all', 'index' or 'columns'"
    )


def _counted(
    df: pd.DataFrame, names: list[str], unit: str
) -> tuple[pd.DataFrame, _Ints | None, list[str]]:
    """Take the rows to count, number the people in them (None for rows), and note what is left."""
    if unit not in ("users", "rows"):
        raise QueryError(f"unit={unit!r} is not known; use 'users' or 'rows'")
    notes = []
    if "status" in df.columns and "status" not in names:
        _require_column(df, "status")
        deleted = (df["status"] == "tobedeleted").fillna(False).to_numpy(dtype=bool)
        if deleted.any():
            df = df[~deleted]
            notes.append("Rows whose status is tobedeleted are left out.")
    if unit == "rows":
        return df, None, notes
    if "sourcedId" not in df.columns:
        raise QueryError(
            "People are counted by the column 'sourcedId', which is not there; "
            "keep it in the frame, or count rows with unit='rows'"
        )
    _require_column(df, "sourcedId")
    people, _ = pd.factorize(df["sourcedId"])
    gaps = int((people < 0).sum())
    if gaps:
        raise QueryError(
            f"{gaps} of {len(df)} rows have no sourcedId, so it is not known who they are; "
            "leave them out, or count rows with unit='rows'"
        )
    return df, people.astype(np.int64), notes


def _groups(df: pd.DataFrame, names: list[str]) -> tuple[_Ints, pd.DataFrame]:
    """Give each row the number of its combination, and the labels of those that occur, in order."""
    groups = np.zeros(len(df), dtype=np.int64)
    first = np.zeros(0, dtype=np.int64)
    found = {}
    for name in names:
        codes, labels = _categories(df[name])
        found[name] = codes, labels
        _, first, groups = np.unique(
            groups * max(len(labels), 1) + codes, return_index=True, return_inverse=True
        )
    return groups.astype(np.int64), pd.DataFrame(
        {
            name: pd.Series([labels[code] for code in codes[first]], dtype="str")
            for name, (codes, labels) in found.items()
        }
    )


def _categories(values: pd.Series) -> tuple[_Ints, list[str]]:
    """Give each row the number of its value, and the labels of the values in order."""
    unordered_category = isinstance(values.dtype, pd.CategoricalDtype) and not values.cat.ordered
    as_text = unordered_category or values.dtype == object or values.dtype == "str"
    codes, uniques = pd.factorize(values, sort=not as_text)
    texts = [_text(value) for value in uniques]
    key = grade_place if values.name == "grades" else str
    in_order = sorted(texts, key=key) if as_text else texts
    labels = [text for text in dict.fromkeys(in_order) if text not in ("", _MISSING)]
    if "" in texts or _MISSING in texts or (codes < 0).any():
        labels.append(_MISSING)
    place = {label: number for number, label in enumerate(labels)}
    # The code of a missing value is -1, which finds the last place.
    numbers = [place[text or _MISSING] for text in texts] + [place.get(_MISSING, -1)]
    return np.array(numbers, dtype=np.int64)[codes], labels


def _text(value: object) -> str:
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    if isinstance(value, pd.Timestamp) and value.tz is None and value == value.normalize():
        return value.date().isoformat()
    return str(value)


def _with_totals(
    row_of: _Ints, column_of: _Ints, people: _Ints | None, shape: tuple[int, int]
) -> tuple[_Ints, int]:
    """Count the cells of a table and its totals; say how many people stand in several cells."""
    height, width = shape
    body, several = _tally(row_of * width + column_of, people, height * width)
    counts = np.zeros((height + 1, width + 1), dtype=np.int64)
    counts[:-1, :-1] = body.reshape(shape)
    counts[:-1, -1], _ = _tally(row_of, people, height)
    counts[-1, :-1], _ = _tally(column_of, people, width)
    counts[-1, -1] = len(row_of) if people is None else len(np.unique(people))
    return counts, several


def _tally(groups: _Ints, people: _Ints | None, size: int) -> tuple[_Ints, int]:
    """Count what stands in each group; say how many people stand in several of them."""
    if people is None or not len(people):
        return np.bincount(groups, minlength=size).astype(np.int64), 0
    total = int(people.max()) + 1
    pairs = np.unique(groups * total + people)
    several = int((np.bincount(pairs % total) > 1).sum())
    return np.bincount(pairs // total, minlength=size).astype(np.int64), several


def _axis(labels: pd.DataFrame, *, total: bool) -> pd.Index:
    names = list(labels.columns)
    levels = [labels[name].tolist() for name in names]
    if total:
        for depth, level in enumerate(levels):
            level.append("" if depth else _TOTAL)
    if len(names) > 1:
        return pd.MultiIndex.from_arrays(
            [pd.Index(level, dtype="str") for level in levels], names=names
        )
    axis: pd.Index = pd.Index(levels[0], dtype="str", name=names[0])
    return axis


def _overlap_note(several: int, below: int | None) -> list[str]:
    if not several:
        return []
    # How many there are would tell something about what is hidden.
    who = "Some people stand" if below is not None else f"{several} people stand"
    who = "1 person stands" if several == 1 and below is None else who
    return [f"{who} in several of these counts, so they add up to more than there are people."]


def _hiding_note(counts: _Ints, hidden: NDArray[np.bool_], below: int) -> list[str]:
    shown = counts[tuple(slice(size) for size in hidden.shape)][hidden]
    if not len(shown):
        return []
    small, others = int((shown < below).sum()), int((shown >= below).sum())
    note = f"Hidden: {small} of 1 to {below - 1} (<{below})"
    return [note + (f", and {others} of {below} or more to protect them (*)." if others else ".")]


def _with_footnote(table: pd.DataFrame, notes: list[str]) -> pd.DataFrame:
    if notes:
        table.attrs["footnote"] = " ".join(notes)
    return table
