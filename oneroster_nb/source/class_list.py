"""Classes as an answer: with the names of what they refer to, and of and how many people (pure)."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from oneroster_nb.people.names import full_names
from oneroster_nb.tables.field import Kind
from oneroster_nb.tables.table import TABLES, join_values
from oneroster_nb.tables.where import Where

WHO = ("sourcedId", "givenName", "familyName")
"""The columns of users that say who teaches a class."""

_PEOPLE_COLUMNS: Mapping[str, Kind] = {
    "teacherNames": Kind.VALUES,
    "studentCount": Kind.NUMBER,
    "teacherCount": Kind.NUMBER,
}
CLASS_LIST_COLUMNS: Mapping[str, Kind] = {
    **TABLES["classes"].columns,
    "courseTitle": Kind.TEXT,
    "schoolName": Kind.TEXT,
    "termTitles": Kind.VALUES,
    **_PEOPLE_COLUMNS,
}
"""The columns of classes with names, and what they hold."""


def split_conditions(where: Where | None) -> tuple[dict[str, object], dict[str, object]]:
    """Take the conditions on the people of classes apart from all others, which come first."""
    others = {name: asked for name, asked in (where or {}).items() if name not in _PEOPLE_COLUMNS}
    people = {name: asked for name, asked in (where or {}).items() if name in _PEOPLE_COLUMNS}
    return others, people


def without_people(classes: pd.DataFrame) -> pd.DataFrame:
    """Add the columns of people, of whom none is known yet."""
    return with_people(
        classes,
        students=np.array([], dtype=np.intp),
        teachers=pd.DataFrame(columns=["class_", *WHO], dtype="str"),
    )


def with_people(
    classes: pd.DataFrame, *, students: NDArray[np.intp], teachers: pd.DataFrame
) -> pd.DataFrame:
    """Add the names of teachers, and the numbers of students and teachers.

    Parameters
    ----------
    classes : pandas.DataFrame
        The classes, numbered from 0.
    students : numpy array of int
        The row of the class, once for each of its students.
    teachers : pandas.DataFrame
        A row for each teacher of each class: the row of the class, ``class_``, and :data:`WHO`.

    Examples
    --------
    >>> teachers = pd.DataFrame({"class_": [1, 1], "sourcedId": ["t", "u"],
    ...                          "givenName": ["Bo", "Al"], "familyName": ["Moe", "Lee"]})
    >>> classes = pd.DataFrame({"title": ["Art", "Math"]})
    >>> with_people(classes, students=np.array([0, 0]), teachers=teachers)
      title   teacherNames  studentCount  teacherCount
    0   Art            NaN             2             0
    1  Math  Al Lee,Bo Moe             0             2
    """
    # By name, so that the order is the same from every source.
    ordered = teachers.sort_values(["familyName", "givenName", "sourcedId"], kind="stable")
    names = full_names(ordered).dropna().groupby(ordered["class_"]).agg(join_values)
    many = len(classes)
    names = names.reindex(range(many)).astype("str")
    return classes.assign(
        teacherNames=names.set_axis(classes.index),
        studentCount=np.bincount(students, minlength=many),
        teacherCount=np.bincount(teachers["class_"].to_numpy(dtype=np.intp), minlength=many),
    )
