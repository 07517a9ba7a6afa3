"""How much each teacher teaches."""

import pandas as pd

from oneroster_nb.analysis.conditions import Subject, conditions_of_question
from oneroster_nb.analysis.reading import CLASS_TABLES, SourceOrFrame, tables_for
from oneroster_nb.counts.co_teaching import hide_loads
from oneroster_nb.counts.footnotes import with_footnote
from oneroster_nb.counts.small_counts import hide_counts, is_small
from oneroster_nb.progress import ProgressOption
from oneroster_nb.query.moment import Day, moment_of
from oneroster_nb.tables.field import Kind
from oneroster_nb.tables.where import Where

_OF_TEACHERS = {
    **dict.fromkeys(("sourcedId", "givenName", "familyName"), Kind.TEXT),
    "schoolNames": Kind.VALUES,
    **dict.fromkeys(("sections", "students", "contacts"), Kind.NUMBER),
}


def teacher_loads(
    source: SourceOrFrame,
    *,
    as_of: Day = None,
    term: str | None = None,
    include_end_date: bool = False,
    where: Where | None = None,
    suppress_below: int | None = None,
    progress: ProgressOption = None,
) -> pd.DataFrame:
    """How many sections and how many different students does each teacher have?

    Parameters, errors and warnings are those of :func:`class_sizes`. A frame holds teachers and
    their students in classes; QueryError if it lacks either. `suppress_below` marks numbers of
    students, and what a reader who knows the timetable could work such a number out from: as
    ``"*"``, the numbers of teachers who share classes, and contacts.

    Returns
    -------
    pandas.DataFrame
        A row for each person who is a teacher or teaches a class: ``sourcedId givenName familyName
        schoolNames`` (str), ``sections`` (distinct classes, those with a second teacher too),
        ``students`` (distinct people in them) and ``contacts`` (the students of each section
        added up, so that a student in two of them is two), all int64. With `suppress_below`,
        ``students`` and ``contacts`` are object where they hold marks, and ``attrs["footnote"]``
        says what was hidden; a ``*`` says nothing of the contacts that it stands for.

    Examples
    --------
    >>> from oneroster_nb import Roster
    >>> from oneroster_nb.demo.district.making import make_district
    >>> loads = Roster(make_district()).teacher_loads()
    >>> loads.loc[loads["sourcedId"] == "18140", ["sections", "students", "contacts"]]
       sections  students  contacts
    0         4        38        38
    """
    conditions = conditions_of_question(
        source, where, _OF_TEACHERS, Subject.CLASSES, reads_classes=True
    )
    below = conditions.threshold(suppress_below)
    needed, roles = ["classSourcedId"], ["teacher", "student"]
    tables = (*CLASS_TABLES, "roles")
    roster = tables_for(
        source,
        "teacher_loads",
        tables,
        progress,
        frame_columns=needed,
        roles=roles,
        adds_up=True,
        moment=moment_of(as_of, term, include_end_date),
        conditions=conditions,
    )
    teaching = roster.in_role("teacher")[["user", "class_"]]
    taught = teaching.merge(
        roster.in_role("student")[["user", "class_"]], on="class_", suffixes=("", "Student")
    )
    loads = pd.DataFrame(
        {
            "sections": teaching.groupby("user").size(),
            "students": taught.groupby("user")["userStudent"].nunique(),
            "contacts": taught.groupby("user").size(),
        }
    )
    who = roster.has_role("teacher") | roster.users.index.isin(teaching["user"])
    loads = loads.reindex(roster.users.index[who]).fillna(0).astype("int64")
    people = roster.people.loc[who, ["sourcedId", "givenName", "familyName", "schoolNames"]]
    result = people.join(loads).reset_index(drop=True)
    unknown = pd.concat([roster.enrolled_in_unknown, roster.of_unknown_role("teacher")])
    if below is None:
        return roster.answer(result, unknown=unknown)
    by_class = hide_loads(
        teaching.set_axis(["teacher", "class_"], axis="columns"),
        roster.headcount_by_class("student"),
        below,
    )
    hidden = by_class.reindex(loads.index, fill_value=False).astype(bool).reset_index(drop=True)
    hidden |= is_small(result["students"], below)
    asked = suppress_below is not None
    result, notes = hide_counts(result, {"students": hidden}, below, asked=asked)
    # More contacts than students bound the students from below, and a few more of them tell how
    # many students are in two of the sections.
    twice = is_small(loads["contacts"] - loads["students"], below).reset_index(drop=True)
    if (hidden | twice).any():
        result["contacts"] = result["contacts"].astype(object).mask(hidden | twice, "*")
        notes += [
            "Contacts are hidden (*) beside a hidden number, and where few students are in two"
            " sections. This protects against readers who know which teacher has which sections,"
            " not against those who also know how many students a section has."
        ]
    return roster.answer(with_footnote(result, notes), below, unknown)
