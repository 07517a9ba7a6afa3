"""Small-cell suppression: which counts of a table must be hidden so that none can be worked out.

A table stands here with its totals: the last row holds the sums of the columns, the last column the
sums of the rows, the last cell the sum of everything. Its readers are assumed to know the rules: a
small count is shown as ``<10`` (it is 1 to 9), and ``*`` stands for a count of 10 or more that was
hidden to protect another. Zero is shown, unless one asks that it is hidden among the small counts:
then ``<10`` is 0 to 9.

Each cell stands in one row and one column, so what a reader does not know moves like a flow: a
hidden cell can be one higher if the change can be passed on, cell by cell, around a closed circle
of hidden cells that each have room for it. A cell on such a circle has at least two possible whole
values, and a cell on none has exactly one. Hiding therefore means to close a circle through every
small count. That is exact; no search of value ranges is needed to check it.

What is guarded against is a reader who knows what the marks mean and how totals come about. One who
has this program, too, can ask which tables it would have shown like this, and so learn a little
more from what it chose to hide; only hiding by chance could prevent that.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from oneroster_nb.errors import QueryError
from oneroster_nb.people.demographics import DEMOGRAPHIC_COLUMNS

USUAL_THRESHOLD = 10
LEAST_THRESHOLD = 3
"""Below a lower one there would be one count at most, which its mark would tell."""

_Ints = NDArray[np.int64]
_Bools = NDArray[np.bool_]
_Floats = NDArray[np.float64]
_Circle = list[tuple[int, int]]

_MOST_TRIED = 5_000_000
"""For so many cells in all it is tried whether they can be shown again: some seconds."""


def check_threshold(below: int) -> int:
    """Return the threshold, or refuse it.

    QueryError if it is no whole number, or less than 3: ``<2`` could only mean 1.

    Examples
    --------
    >>> check_threshold(10)
    10
    """
    if isinstance(below, bool) or not isinstance(below, int | np.integer):
        raise QueryError(f"suppress_below must be a whole number such as 10, not {below!r}")
    if below < LEAST_THRESHOLD:
        raise QueryError(
            f"suppress_below={below} would hide nothing: below {LEAST_THRESHOLD} there is at most"
            f" one count to hide, and its mark would say which. Give {LEAST_THRESHOLD} or more; 10"
            " is usual."
        )
    return int(below)


def threshold_for(
    below: int | None, columns: Iterable[str] = (), *, chosen_by_them: bool = False
) -> int | None:
    """Return the threshold of counts by some columns; None if nothing is to be hidden.

    By demographics, and of people who were chosen by them, it is 10 unless it is given. Elsewhere
    nothing is hidden unless it is asked for. 0 hides nothing, whatever is counted.

    Examples
    --------
    >>> threshold_for(None, ["sex"]), threshold_for(0, ["sex"]), threshold_for(None, ["grades"])
    (10, None, None)
    """
    if below is None:
        by_them = chosen_by_them or not DEMOGRAPHIC_COLUMNS.keys().isdisjoint(columns)
        return USUAL_THRESHOLD if by_them else None
    if below == 0 and not isinstance(below, bool):
        return None
    return check_threshold(below)


def hide(counts: _Ints, below: int, *, additive: bool, zeros: bool = False) -> tuple[_Bools, bool]:
    """Choose the cells of a table to hide.

    `counts` has its totals as last row and last column. Counts from 1 to ``below - 1`` are hidden,
    and what would give them away; with `zeros`, zeros are hidden among the small counts (no total
    is zero: each counts people). `additive` is False if people stand in several cells, so that
    totals are not the sums of their cells.

    Return the cells to hide, and whether the totals that are not hidden may be shown. If not, none
    may be shown, not even as a mark. Then the total of everything is hidden, and each total that is
    over a hidden cell or is less than the sum of its cells, so that what is computed from it can be
    left out. If people stand in several cells, this is always so: a total beside its cells would
    tell how many they are.

    Examples
    --------
    >>> counts = np.array([[4, 20, 24], [30, 40, 70], [50, 60, 110], [84, 120, 204]])
    >>> hidden, totals = hide(counts, 10, additive=True)
    >>> hidden.astype(int).tolist()
    [[1, 1, 0], [1, 1, 0], [0, 0, 0], [0, 0, 0]]
    >>> totals
    True
    """
    hidden = _small(counts, below, zeros=zeros)
    if additive:
        if not hidden.any():
            return hidden, True
        closed = _close_circles(counts, hidden, below, least=0 if zeros else 1)
        if closed is not None:
            return closed, True
    # Distinct people do not add up: a total less than the sum of its cells tells how many people
    # stand in two of them, and a total over all cells but one bounds that one. A row of ones whose
    # total is below the threshold is given away by the marks themselves. Without totals, nothing
    # links a cell to another.
    cells, body = counts[:-1, :-1], hidden[:-1, :-1]
    hidden[:-1, -1] = body.any(axis=1) | (cells.sum(axis=1) != counts[:-1, -1])
    hidden[-1, :-1] = body.any(axis=0) | (cells.sum(axis=0) != counts[-1, :-1])
    hidden[-1, -1] = True
    return hidden, False


def hide_list(counts: _Ints, below: int, *, additive: bool) -> tuple[_Bools, bool]:
    """Choose what to hide of a list of counts that ends with its total.

    Return what to hide, the total included, and whether the total may be shown, be it as a mark;
    see :func:`hide`.

    Examples
    --------
    >>> hidden, total = hide_list(np.array([4, 20, 30, 54]), 10, additive=True)
    >>> hidden.tolist(), total
    ([True, True, False, False], True)
    """
    # Such a list is a table of one column, which is then also the column of totals.
    hidden, totals = hide(np.column_stack([counts, counts]), below, additive=additive)
    return hidden[:, 0], totals


def mark(values: NDArray[Any], counts: _Ints, hidden: _Bools, below: int) -> NDArray[np.object_]:
    """Put marks in place of hidden values.

    `values` are the counts themselves, or shares computed from them; `counts` decide between the
    two marks, ``"<10"`` (for a threshold of 10) and ``"*"``.

    Examples
    --------
    >>> counts = np.array([4, 20, 30])
    >>> mark(counts, counts, np.array([True, True, False]), 10).tolist()
    ['<10', '*', 30]
    """
    marked = values.astype(object)
    marked[hidden] = "*"
    marked[hidden & (counts < below)] = f"<{below}"
    return marked


def _small(counts: _Ints, below: int, *, zeros: bool) -> _Bools:
    small = (counts > 0) & (counts < below)
    if zeros:
        small[:-1, :-1] |= counts[:-1, :-1] == 0
    return np.asarray(small)


def _close_circles(counts: _Ints, small: _Bools, below: int, *, least: int) -> _Bools | None:
    """Hide cells until each small one is on a circle; None if a small one cannot be on any.

    A small count of the body is no less than ``least``, and a total no less than 1.
    """
    hidden = small.copy()
    lowest = np.ones(counts.shape, dtype=np.int64)
    lowest[:-1, :-1] = least
    rise = (counts >= below) | (small & (counts < below - 1))
    fall = (counts > below) | (small & (counts > lowest))
    # One more in a cell means one more in its totals: a change that raises a cell of the body
    # goes on from its row to its column, one that raises a total goes from column to row.
    total = np.zeros(counts.shape, dtype=bool)
    total[-1, :-1] = True
    total[:-1, -1] = True
    out = np.where(total, fall, rise)
    back = np.where(total, rise, fall)
    # Fewest cells first; among equals, those that take the smallest counts from the reader.
    price = np.where(hidden, 0.0, 1 + counts / (counts.sum() + 1))
    out_price = np.where(out, price, np.inf)
    back_price = np.where(back, price, np.inf)

    safe, closed = _on_rectangle(hidden & out, hidden & back), 0
    for row, column in np.argwhere(hidden & ~safe).tolist():
        if safe[row, column]:
            continue
        circle = _cheapest_circle(out_price, back_price, row, column)
        if circle is None:
            return None
        for cell in circle:
            hidden[cell] = safe[cell] = True
            out_price[cell] = 0.0 if out[cell] else np.inf
            back_price[cell] = 0.0 if back[cell] else np.inf
        closed += 1
        if closed.bit_count() == 1:  # after 1, 2, 4, 8, … circles: it takes a while
            # What circles hide closes shorter ones for others.
            safe |= _on_rectangle(hidden & out, hidden & back)
    return _without_needless(counts, hidden, small, out, back)


def _without_needless(
    counts: _Ints, hidden: _Bools, small: _Bools, out: _Bools, back: _Bools
) -> _Bools:
    """Show again, the largest first, what circles that were closed later made needless."""
    stars = np.argwhere(hidden & ~small)
    if len(stars) * counts.size > _MOST_TRIED:
        return hidden
    for row, column in stars[np.argsort(-counts[tuple(stars.T)], kind="stable")].tolist():
        hidden[row, column] = False
        if not _all_closed(hidden, out, back):
            hidden[row, column] = True
    return hidden


def _all_closed(hidden: _Bools, out: _Bools, back: _Bools) -> bool:
    """Return True for each hidden cell that is on a circle of hidden cells."""
    safe = _on_rectangle(hidden & out, hidden & back)
    out_price = np.where(hidden & out, 0.0, np.inf)
    back_price = np.where(hidden & back, 0.0, np.inf)
    for row, column in np.argwhere(hidden & ~safe).tolist():
        if not safe[row, column]:
            circle = _cheapest_circle(out_price, back_price, row, column)
            if circle is None:
                return False
            for cell in circle:
                safe[cell] = True
    return True


def _on_rectangle(out: _Bools, back: _Bools) -> _Bools:
    """Find the cells on a circle of four hidden cells, all at once: most circles are that short."""
    return np.asarray(_starts_rectangle(out, back) | _starts_rectangle(back, out))


def _starts_rectangle(out: _Bools, back: _Bools) -> _Bools:
    if len(out) < out.shape[1]:
        # The same circles, read the other way round; the product below is the smaller one then.
        return _starts_rectangle(out.T, back.T).T
    there, again = out.astype(np.float64), back.astype(np.float64)
    both = there * again
    ways = again @ (there.T @ again)
    # Taken off: ways that pass the starting cell's own row or column a second time.
    ways -= again * (both.sum(axis=1, keepdims=True) + both.sum(axis=0, keepdims=True) - both)
    return np.asarray(out & (ways > 0.5))


def _cheapest_circle(out: _Floats, back: _Floats, row: int, column: int) -> _Circle | None:
    """Find the circle through a cell that hides least, whichever way round it goes."""
    found = []
    if np.isfinite(out[row, column]):
        found.append(_way_back(out, back, row, column))
    if np.isfinite(back[row, column]) and not (found and found[0][0] == 0):
        price, cells = _way_back(back.T, out.T, column, row)
        found.append((price, [(line, place) for place, line in cells]))
    price, cells = min(found, default=(np.inf, []))
    return [*cells, (row, column)] if np.isfinite(price) else None


def _way_back(out: _Floats, back: _Floats, row: int, column: int) -> tuple[float, _Circle]:
    """Find the cheapest way from a column to a row that does not pass the cell they share.

    ``out`` has the price of going from a row to a column by their cell, ``back`` that of going
    from a column to a row. Prices are improved, all rows and then all columns, until none changes.
    """
    to_row, to_column = np.full(len(out), np.inf), np.full(out.shape[1], np.inf)
    row_from, column_from = np.zeros(len(out), int), np.zeros(out.shape[1], int)
    to_column[column] = 0.0
    rows, columns = np.arange(len(out)), np.arange(out.shape[1])
    changed = True
    # A way that hides nothing more cannot be beaten.
    while changed and to_row[row] > 0:
        ways = to_column[np.newaxis, :] + back
        ways[row, column] = np.inf
        best = ways.argmin(axis=1)
        better = ways[rows, best] < to_row
        row_from[better] = best[better]
        to_row[better] = ways[rows, best][better]
        ways = to_row[:, np.newaxis] + out
        ways[row, column] = np.inf
        best = ways.argmin(axis=0)
        better = ways[best, columns] < to_column
        column_from[better] = best[better]
        to_column[better] = ways[best, columns][better]
        changed = bool(better.any())
    if not np.isfinite(to_row[row]):
        return np.inf, []
    cells, line = [], row
    while True:
        place = int(row_from[line])
        cells.append((line, place))
        if place == column:
            return float(to_row[row]), cells
        line = int(column_from[place])
        cells.append((line, place))
