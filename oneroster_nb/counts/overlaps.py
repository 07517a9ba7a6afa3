"""Numbers of several overlapping groups: which of them, taken from each other, tell too much.

Two large groups give a small one away where one is within the other: all users of a class and its
students give its teachers. So do three or more, such as a district and each of its schools but one.
Readers are assumed to know what the groups mean, and so which of them cannot overlap. Where a small
group is known to consist of as many others as it can have people, marks alone give them away:
nobody should ask so with a threshold of 3.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

_Bools = NDArray[np.bool_]
_NEARLY = 1e-9


def hide_groups(members: _Bools, below: int) -> tuple[_Bools, bool]:
    """Choose the groups whose numbers are hidden.

    `members` has a row a person and a column a group. Numbers from 1 to ``below - 1`` are small.
    They are hidden, and others, so that no small number (of a group, of those in one group only, in
    two together, in one and not in another, or in just the same groups) is a sum or a difference of
    numbers that are shown. Return the groups to hide, and whether how the groups overlap, and how
    many people there are in all, may be shown.

    Examples
    --------
    >>> users, students = np.ones(12, dtype=bool), np.arange(12) > 0
    >>> hidden, overlaps = hide_groups(np.column_stack([users, students]), 10)
    >>> hidden.tolist(), overlaps
    ([False, True], False)
    """
    people = members.sum(axis=0)
    hidden = np.asarray((people > 0) & (people < below))
    # People in the same groups cannot be told apart: each kind of them is one unknown.
    kinds, sizes = np.unique(members, axis=0, return_counts=True)
    small = np.array([t for t in _revealing(kinds) if 0 < sizes[t].sum() < below])
    while len(small) and (~hidden & (people > 0)).any():
        shown = np.flatnonzero(~hidden & (people > 0))
        used = _bound(kinds, shown, hidden)
        if not len(used):
            made = _made_of(kinds[:, shown], small)
            used = shown[made[made.any(axis=1)][:1].any(axis=0)]
        if not len(used):
            break
        hidden[used[people[used].argmin()]] = True
    # A number that others give away all the same need not be hidden.
    stars = np.flatnonzero(hidden & (people >= below))
    if len(stars) and not hidden.all():
        hidden[stars[_made_of(kinds[:, ~hidden], kinds[:, stars].T).any(axis=1)]] = False
    return hidden, not len(small)


def _bound(kinds: _Bools, shown: NDArray[np.intp], hidden: _Bools) -> NDArray[np.intp]:
    """Return the shown groups whose people are all in hidden ones: their marks bound them."""
    free = ~kinds[:, hidden].any(axis=1)
    return shown[~kinds[free][:, shown].any(axis=0)]


def _made_of(shown: _Bools, numbers: _Bools) -> _Bools:
    """Find the shown groups whose sums and differences give each number away.

    Both are arrays of the kinds of people that are counted: kinds by shown groups, numbers by
    kinds. Return numbers by groups: no True in the row of a number that they do not give away.
    """
    sums = shown.astype(np.float64)
    parts, *_ = np.linalg.lstsq(sums, numbers.T.astype(np.float64), rcond=None)
    given = np.abs(sums @ parts - numbers.T).max(axis=0) < _NEARLY
    return np.asarray((np.abs(parts) > _NEARLY).T & given[:, np.newaxis])


def _revealing(kinds: _Bools) -> Iterator[_Bools]:
    """Yield the numbers that would reveal something, as the kinds of people that each counts."""
    yield from np.eye(len(kinds), dtype=bool)
    yield from kinds.T
    alone = kinds.sum(axis=1) == 1
    for group in kinds.T:
        yield group & alone
        yield group & ~alone
        for other in kinds.T:
            # Groups without a person in common reveal no more together than each by itself.
            if (group & other).any():
                yield group & other
                yield group & ~other
