"""Which sections are really one class."""

from typing import Any

import numpy as np
import pandas as pd

from oneroster_nb.analysis.conditions import Subject, conditions_of_question
from oneroster_nb.analysis.reading import CLASS_TABLES, SourceOrFrame, tables_for
from oneroster_nb.analysis.roster_tables import RosterTables
from oneroster_nb.counts.footnotes import with_footnote
from oneroster_nb.counts.small_counts import hide_counts, is_small
from oneroster_nb.people.connected_components import connected_components
from oneroster_nb.people.same_person import fold_names
from oneroster_nb.progress import ProgressOption
from oneroster_nb.query.moment import Day, moment_of
from oneroster_nb.query.terms import sessions_within
from oneroster_nb.tables.field import Kind
from oneroster_nb.tables.table import join_values, split_values
from oneroster_nb.tables.where import Where

_OF_GROUPS = {
    **dict.fromkeys(("teacherSourcedIds", "teacherNames"), Kind.VALUES),
    **dict.fromkeys(("group", "students", "groupStudents"), Kind.NUMBER),
}


def cross_listed(
    source: SourceOrFrame,
    *,
    as_of: Day = None,
    term: str | None = None,
    include_end_date: bool = False,
    where: Where | None = None,
    suppress_below: int | None = None,
    progress: ProgressOption = None,
) -> pd.DataFrame:
    """Which sections are really one class: same teacher, same period, same room?

    Two classes belong together if they have school, location, a teacher, a period and a term in
    common (or one has a term within that of the other); a class that belongs together with each of
    two others joins them.

    Parameters, errors and warnings are those of :func:`class_sizes`. A frame does not hold periods
    and locations, and raises QueryError. `suppress_below` marks numbers of students, and the number
    of a group in which a class has so few.

    Returns
    -------
    pandas.DataFrame
        A row a class of each such group: ``group`` (int64, from 1), ``classSourcedId classTitle
        courseTitle schoolName termTitles periods location`` (str), ``teacherSourcedIds
        teacherNames`` (str, joined with commas; several if the class is co-taught),
        ``students`` (int64, of the class) and ``groupStudents`` (int64, distinct people in the
        whole group). With `suppress_below` these two are object where they hold marks, and
        ``attrs["footnote"]`` says what was hidden.

    Examples
    --------
    >>> from oneroster_nb import Roster
    >>> from oneroster_nb.demo.district.making import make_district
    >>> tables = make_district()
    >>> classes = tables["classes"] = tables["classes"].copy()
    >>> classes.loc[classes["sourcedId"] == "31711", "periods"] = "1"
    >>> Roster(tables).cross_listed()[["group", "classSourcedId", "students", "groupStudents"]]
       group classSourcedId  students  groupStudents
    0      1          31710        10             19
    1      1          31711         9             19
    """
    conditions = conditions_of_question(
        source, where, _OF_GROUPS, Subject.CLASSES, reads_classes=True
    )
    below = conditions.threshold(suppress_below)
    roles = ["teacher", "student"]
    roster = tables_for(
        source,
        "cross_listed",
        CLASS_TABLES,
        progress,
        roles=roles,
        moment=moment_of(as_of, term, include_end_date),
        conditions=conditions,
    )
    classes, teachers = roster.classes, roster.in_role("teacher")[["user", "class_"]]
    keys = pd.DataFrame(
        {
            "school": classes["schoolSourcedId"],
            "room": fold_names(classes["location"]).replace("", None),
            "period": split_values(classes["periods"]),
            "term": sessions_within(classes, roster.active("academicSessions")),
        }
    )
    keys = keys.loc[roster.meets]
    keys = keys.explode("period").explode("term")
    keys["period"] = fold_names(keys["period"]).replace("", None)
    keys = keys.dropna()
    keys = keys.rename_axis("class_").reset_index().merge(teachers, on="class_")
    shared = keys.groupby(["school", "room", "period", "term", "user"])["class_"]
    group = connected_components(
        len(classes), (classes_.unique().tolist() for _, classes_ in shared)
    )
    students = roster.in_role("student")[["user", "class_"]]
    in_group = students.assign(group=group[students["class_"]]).groupby("group")["user"].nunique()
    names = roster.people["givenName"].fillna("") + " " + roster.people["familyName"].fillna("")
    teachers = teachers.sort_values("user")
    named = teachers.assign(
        key=roster.users["sourcedId"].loc[teachers["user"]].to_numpy(),
        name=names.str.strip().loc[teachers["user"]].to_numpy(),
    )
    result = _grouped(roster, group, in_group, named)
    if below is None:
        return roster.answer(result)
    small = is_small(result["students"], below)
    hidden = {"students": small, "groupStudents": small.groupby(result["group"]).transform("any")}
    marked = hide_counts(result, hidden, below, asked=suppress_below is not None)
    return roster.answer(with_footnote(*marked), below)


def _grouped(
    roster: RosterTables, group: Any, in_group: "pd.Series[int]", teachers: pd.DataFrame
) -> pd.DataFrame:
    sizes = np.bincount(group, minlength=len(group))
    rows = np.flatnonzero(sizes[group] > 1)
    # The groups in the order of their first classes, the classes of a group together.
    rows = rows[np.argsort(group[rows], kind="stable")]
    of_class = teachers.groupby("class_")
    number, _ = pd.factorize(group[rows])
    classes = roster.classes.iloc[rows]
    result = roster.class_labels.iloc[rows].assign(
        periods=classes["periods"],
        location=classes["location"],
        teacherSourcedIds=of_class["key"].agg(join_values).reindex(rows).astype("str"),
        teacherNames=of_class["name"].agg(join_values).reindex(rows).astype("str"),
        students=roster.headcount_by_class("student").iloc[rows],
        groupStudents=in_group.reindex(group[rows]).fillna(0).astype("int64").to_numpy(),
    )
    result.insert(0, "group", number.astype(np.int64) + 1)
    return result.reset_index(drop=True)
