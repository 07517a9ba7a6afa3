"""Counts and crosstabs of frames: distinct people, unless rows are asked for.

Rows with membership columns repeat people, so a person is counted once in each cell and once in
each total. Rows whose ``status`` is ``tobedeleted`` are left out, unless ``status`` is itself one
of the columns counted by.
"""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from oneroster_nb.counts.cells import TOTAL, groups_of, tally, with_totals
from oneroster_nb.counts.columns import (
    checked_columns,
    people_of,
    refuse_repeats,
    require_column,
)
from oneroster_nb.counts.footnotes import (
    chosen_by_demographics,
    earlier_note,
    hiding_note,
    label_note,
    overlap_note,
    totals_note,
    with_earlier_moment,
    with_footnote,
)
from oneroster_nb.counts.suppression import hide, hide_list, mark, threshold_for
from oneroster_nb.errors import QueryError
from oneroster_nb.people.demographics import DEMOGRAPHIC_COLUMNS
from oneroster_nb.tables.status import is_active

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
        one who knows how many there are in all, give them away, as far as marks can: not where all
        counts are as small as their marks allow, and not where people stand in several rows. Not
        less than 3, but 0 hides nothing. By demographics (``sex``, ``raceEthnicity``, …) it is 10
        unless it is given.

    Returns
    -------
    DataFrame
        The columns of ``by`` (str; a missing or empty value is ``(missing)``, and a value that
        reads ``All`` or ``(missing)`` is in quotes) and ``count``
        (int64; with ``suppress_below`` object, numbers and marks), a row for each combination that
        occurs, in order of the columns: text by text (``grades`` as in school, kindergarten
        first), numbers and dates by value, missing last.
        ``attrs["footnote"]`` says how many people stand in several rows, what was hidden, and
        what was left out; it is absent if there is nothing to say.

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
    names = checked_columns(df, "by", by)
    if "count" in names:
        raise QueryError("The counts go into a column named 'count'; rename that one of the frame")
    below = threshold_for(suppress_below, names, chosen_by_them=chosen_by_demographics(df))
    df, people, notes = _counted(df, names, unit)
    groups, labels = groups_of(df, names)
    counts, several = tally(groups, people, len(labels))
    notes += label_note(labels) + overlap_note(several, below)
    result = labels.copy()
    result["count"] = counts
    if below is not None:
        hidden, _ = hide_list(np.append(counts, counts.sum()), below, additive=several == 0)
        hidden = hidden[:-1] | _known_by_totals(df, names, people, below, groups, len(labels))
        result["count"] = pd.Series(mark(counts, counts, hidden, below), dtype=object)
        notes += hiding_note(counts[hidden], below, asked=suppress_below is not None)
    return with_earlier_moment(with_footnote(result, [*notes, *earlier_note(df, below)]), df)


def crosstab(
    df: pd.DataFrame,
    rows: str | Sequence[str],
    columns: str | Sequence[str],
    *,
    unit: _Unit = "users",
    margins: bool = True,
    normalize: bool | Literal["all", "index", "columns"] = False,
    suppress_below: int | None = None,
    suppress_zeros: bool = False,
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
        tables can stand side by side; a share is also hidden where its total is. If people stand
        in several cells, or if totals would help although hidden in part, all totals are left
        out. Not less than 3.
    suppress_zeros : bool
        Whether zeros are hidden among the small counts, so that ``"<10"`` is 0 to 9.

    Returns
    -------
    DataFrame
        int64 counts or float64 shares; with ``suppress_below`` object, numbers and marks. Labels
        are text, quoted and sorted as in :func:`count`, ``All`` last. Combinations of several
        columns are those that occur. ``attrs["footnote"]`` as in :func:`count`.

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
    row_names, column_names = (
        checked_columns(df, "rows", rows),
        checked_columns(df, "columns", columns),
    )
    refuse_repeats(row_names + column_names)
    if not isinstance(margins, bool):
        raise QueryError(f"margins must be True or False, not {margins!r}")
    per = _denominator(normalize)
    chosen = chosen_by_demographics(df)
    below = threshold_for(suppress_below, [*row_names, *column_names], chosen_by_them=chosen)
    _check_zeros(suppress_zeros, below)
    df, people, notes = _counted(df, row_names + column_names, unit)
    row_of, row_labels = groups_of(df, row_names)
    column_of, column_labels = groups_of(df, column_names)
    height, width = len(row_labels), len(column_labels)
    if height * width > _MOST_CELLS:
        raise QueryError(
            f"A table of {height:,} rows by {width:,} columns is too large; "
            "choose columns with fewer values, or use count()"
        )
    counts, several = with_totals(row_of, column_of, people, (height, width))
    notes += label_note(row_labels, column_labels) + overlap_note(several, below)
    values: NDArray[Any] = counts if per is None else counts / np.maximum(counts[per], 1)
    totals = margins
    if below is not None:
        hidden, safe = hide(counts, below, additive=several == 0, zeros=suppress_zeros)
        totals = margins and safe
        shown = slice(None) if totals else slice(-1)
        least = 0 if suppress_zeros else 1
        asked = suppress_below is not None
        found = counts[shown, shown][hidden[shown, shown]]
        notes += hiding_note(found, below, least=least, asked=asked)
        if margins and not safe:
            notes.append(totals_note(several))
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
    return with_earlier_moment(with_footnote(table, [*notes, *earlier_note(df, below)]), df)


def _check_zeros(zeros: object, below: int | None) -> None:
    if not isinstance(zeros, bool):
        raise QueryError(f"suppress_zeros must be True or False, not {zeros!r}")
    if below is None and zeros:
        raise QueryError("suppress_zeros=True hides zeros among small counts; give suppress_below")


def _known_by_totals(
    df: pd.DataFrame,
    names: Sequence[str],
    people: Any,
    below: int,
    groups: NDArray[np.intp],
    size: int,
) -> NDArray[np.bool_]:
    """Return True for each count that would give a small one away beside totals.

    If people are counted by demographics and by something else, as schools, the numbers of people
    by that alone are no secret, and are shown as they are.
    """
    own = [name for name in names if name in DEMOGRAPHIC_COLUMNS]
    others = [name for name in names if name not in DEMOGRAPHIC_COLUMNS]
    hidden = np.zeros(size, dtype=bool)
    if not own or not others or not size:
        return hidden
    row_of, rows = groups_of(df, others)
    column_of, columns = groups_of(df, own)
    if len(rows) * len(columns) > _MOST_CELLS:
        raise QueryError(
            f"A table of {len(rows):,} by {len(columns):,} values is too large to hide numbers in."
            " Choose columns with fewer values."
        )
    table, several = with_totals(row_of, column_of, people, (len(rows), len(columns)))
    cells, _ = hide(table, below, additive=several == 0)
    hidden[groups] = cells[row_of, column_of]
    return hidden


def _denominator(normalize: object) -> tuple[slice, slice] | None:
    """Return the position, in a table with totals, of what a count is divided by."""
    if normalize is False:
        return None
    every, last = slice(None), slice(-1, None)
    known = {True: (last, last), "all": (last, last)}
    known |= {"index": (every, last), "columns": (last, every)}
    if not isinstance(normalize, bool | str) or normalize not in known:
        raise QueryError(
            f"normalize={normalize!r} is not known; use False, True, 'all', 'index' or 'columns'"
        )
    return known[normalize]


def _counted(
    df: pd.DataFrame, names: list[str], unit: str
) -> tuple[pd.DataFrame, _Ints | None, list[str]]:
    """Take the rows to count, number the people in them (None for rows), and note what is left."""
    if unit not in ("users", "rows"):
        raise QueryError(f"unit={unit!r} is not known; use 'users' or 'rows'")
    notes = []
    if "status" in df.columns and "status" not in names:
        require_column(df, "status")
        counted = is_active(df)
        if not counted.all():
            df = df[counted]
            notes.append("Rows whose status is tobedeleted are left out.")
    if unit == "rows":
        return df, None, notes
    return df, people_of(df, ", or count rows with unit='rows'"), notes


def _axis(labels: pd.DataFrame, *, total: bool) -> pd.Index:
    names = list(labels.columns)
    levels = [labels[name].tolist() for name in names]
    if total:
        for depth, level in enumerate(levels):
            level.append("" if depth else TOTAL)
    if len(names) > 1:
        return pd.MultiIndex.from_arrays(
            [pd.Index(level, dtype="str") for level in levels], names=names
        )
    axis: pd.Index = pd.Index(levels[0], dtype="str", name=names[0])
    return axis
