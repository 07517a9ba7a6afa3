"""Numbers of students of teachers who share classes: which ones give a small number away.

Who knows the timetable knows which teacher has which classes. If A teaches two classes and C
teaches one of them too, their numbers give the size of the other class, and so the number of B, who
teaches only that one.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from oneroster_nb.counts.overlaps import hide_groups
from oneroster_nb.people.connected_components import connected_components

_MOST_TOGETHER = 200
"""Of more teachers than this who share classes with one another, every number is hidden."""


def hide_loads(teaching: pd.DataFrame, sizes: "pd.Series[int]", below: int) -> "pd.Series[bool]":
    """Choose the teachers whose numbers are hidden.

    `teaching` has a row for each ``teacher`` and ``class_``, `sizes` the number of students of each
    class. Return True, by teacher, if the number is small (from 1 to ``below - 1``), or if it would
    give away, together with others that are shown, the number of a teacher or the size of a class
    that is small. Readers are assumed to know who teaches what, and that no student is in two.

    Examples
    --------
    >>> teaching = pd.DataFrame({"teacher": [*"AACB"], "class_": [1, 2, 1, 2]})
    >>> hide_loads(teaching, pd.Series({1: 12, 2: 3}), 10).to_dict()
    {'A': True, 'B': True, 'C': True}
    """
    students = teaching["class_"].map(sizes).fillna(0)
    people = students.groupby(teaching["teacher"]).sum()
    hidden = (people > 0) & (people < below)
    shared = teaching["class_"].duplicated(keep=False)
    together = teaching.loc[teaching["teacher"].isin(teaching.loc[shared, "teacher"])]
    if together.empty:
        return hidden
    class_codes, classes = pd.factorize(together["class_"])
    teacher_codes, teachers = pd.factorize(together["teacher"])
    lists = pd.Series(teacher_codes).groupby(class_codes).agg(list)
    group = connected_components(len(teachers), lists)
    counts = np.asarray(classes.to_series().map(sizes).fillna(0), dtype=np.int64)
    for label in np.unique(group):
        mine = np.flatnonzero(group == label)
        if len(mine) > _MOST_TOGETHER:
            hidden.loc[teachers[mine]] = True
            continue
        rows = np.isin(teacher_codes, mine)
        place = np.asarray(np.searchsorted(mine, teacher_codes[rows]), dtype=np.intp)
        members = _members(np.asarray(class_codes[rows], dtype=np.intp), place, counts)
        hidden.loc[teachers[mine]] |= hide_groups(members, below)[0]
    return hidden


def _members(
    class_: NDArray[np.intp], teacher: NDArray[np.intp], counts: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Return which teachers each student of these classes has, a row for each student."""
    codes, rows = np.unique(class_, return_inverse=True)
    taught = np.zeros((len(codes), int(teacher.max()) + 1), dtype=bool)
    taught[rows, teacher] = True
    return np.repeat(taught, counts[codes], axis=0)
