"""Questions about enrollments: which point nowhere, who is twice in one course."""

import operator

import numpy as np
import pandas as pd

from oneroster_nb.analysis.conditions import Subject, conditions_of_question
from oneroster_nb.analysis.reading import CLASS_TABLES, SourceOrFrame, tables_for
from oneroster_nb.analysis.roster_tables import PERSON, RosterTables
from oneroster_nb.progress import ProgressOption
from oneroster_nb.query.moment import Day, moment_of
from oneroster_nb.query.terms import FAR_AHEAD, LONG_AGO, sessions_within
from oneroster_nb.tables.field import Kind
from oneroster_nb.tables.lookup import codes
from oneroster_nb.tables.table import join_values
from oneroster_nb.tables.where import Where

_TARGETS = (("userSourcedId", "users"), ("classSourcedId", "classes"), ("schoolSourcedId", "orgs"))
_IDS = ("enrollmentSourcedId", "userSourcedId", "classSourcedId", "schoolSourcedId")
_OF_ENROLLMENTS = dict.fromkeys((*_IDS, "role", "field", "reason"), Kind.TEXT)
_REPEATED = {
    "classCount": Kind.NUMBER,
    **dict.fromkeys(("classSourcedIds", "classTitles"), Kind.VALUES),
    "sameTerm": Kind.BOOLEAN,
}


def dangling_enrollments(
    source: SourceOrFrame,
    *,
    as_of: Day = None,
    term: str | None = None,
    include_end_date: bool = False,
    where: Where | None = None,
    progress: ProgressOption = None,
) -> pd.DataFrame:
    """Which enrollments point to a person, class or school that is not there?

    Parameters and errors are those of :func:`class_sizes`. A frame does not hold such enrollments,
    and raises QueryError.

    Returns
    -------
    pandas.DataFrame
        A row an active enrollment and field that points nowhere: ``enrollmentSourcedId
        userSourcedId classSourcedId schoolSourcedId role`` (str), ``field`` (str, the one of the
        three) and ``reason`` (str): ``missing`` if nothing has that id, ``tobedeleted`` if the row
        that has it is marked tobedeleted, ``blank`` if there is no id of a person or a class.

    Examples
    --------
    >>> from oneroster_nb import Roster
    >>> from oneroster_nb.demo.district.making import make_district
    >>> tables = make_district()
    >>> tables["classes"] = tables["classes"].query("sourcedId != '31763'")
    >>> found = Roster(tables).dangling_enrollments()
    >>> found[["classSourcedId", "field", "reason"]].drop_duplicates()
      classSourcedId           field   reason
    0          31763  classSourcedId  missing
    """
    tables = ("orgs", "classes", "users", "enrollments")
    conditions = conditions_of_question(
        source, where, _OF_ENROLLMENTS, Subject.ENROLLMENTS, reads_classes=True
    )
    roster = tables_for(
        source,
        "dangling_enrollments",
        tables,
        progress,
        moment=moment_of(as_of, term, include_end_date),
        conditions=conditions,
    )
    rows = roster.active("enrollments")
    lost = []
    for field, table in _TARGETS:
        there = codes(rows[field], roster.active(table)["sourcedId"]) >= 0
        known = codes(rows[field], roster.tables[table]["sourcedId"]) >= 0
        blank = rows[field].isna() | (rows[field] == "")
        reason = pd.Series(np.where(known, "tobedeleted", "missing"), index=rows.index)
        # Not every source says the school of an enrollment, which is that of its class.
        wrong = ~there & ~(blank & (field == "schoolSourcedId"))
        lost.append(rows.loc[wrong].assign(field=field, reason=reason.mask(blank, "blank")[wrong]))
    found = pd.concat(lost).sort_index(kind="stable").reset_index(drop=True)
    found = found.rename(columns={"sourcedId": "enrollmentSourcedId"})
    return roster.chosen(roster.at_moment(found[[*_OF_ENROLLMENTS]].astype("str")))


def repeated_courses(
    source: SourceOrFrame,
    *,
    as_of: Day = None,
    term: str | None = None,
    include_end_date: bool = False,
    where: Where | None = None,
    progress: ProgressOption = None,
) -> pd.DataFrame:
    """Which students are in two sections of one course?

    Parameters, errors and warnings are those of :func:`class_sizes`. A frame holds students of
    classes, with ``sourcedId classSourcedId courseSourcedId``.

    Returns
    -------
    pandas.DataFrame
        A row a student and course with several classes: ``sourcedId givenName familyName role
        grades schoolNames courseSourcedId courseTitle`` (str), ``classCount`` (int64),
        ``classSourcedIds classTitles`` (str, joined with commas) and ``sameTerm`` (bool): whether
        two of the classes have a term in common, or one a term within that of the other. Where
        none have, as in two halves of a year, it is rarely a mistake. A frame does not hold which
        term is within which. With `term`, both enrollments must overlap in time: who changed
        sections is in one of them.

    Examples
    --------
    >>> import pandas as pd
    >>> from oneroster_nb import Roster
    >>> from oneroster_nb.demo.district.making import make_district
    >>> tables = make_district()
    >>> again = tables["classes"].query("sourcedId == '31710'").assign(sourcedId="x")
    >>> more = tables["enrollments"].query("sourcedId == '500002'")
    >>> more = more.assign(sourcedId="y", classSourcedId="x")
    >>> tables["classes"] = pd.concat([tables["classes"], again])
    >>> tables["enrollments"] = pd.concat([tables["enrollments"], more])
    >>> Roster(tables).repeated_courses()[["sourcedId", "courseTitle", "classCount", "sameTerm"]]
      sourcedId courseTitle  classCount  sameTerm
    0     18001   English 9           2      True
    """
    needed = ["classSourcedId", "courseSourcedId"]
    conditions = conditions_of_question(source, where, _REPEATED, reads_classes=True)
    roster = tables_for(
        source,
        "repeated_courses",
        CLASS_TABLES,
        progress,
        frame_columns=needed,
        roles=["student"],
        moment=moment_of(as_of, term, include_end_date),
        conditions=conditions,
    )
    classes = roster.classes
    members = roster.in_role("student")[["user", "class_"]]
    members = members.assign(course=classes["courseSourcedId"].loc[members["class_"]].to_numpy())
    keys = ["user", "course"]
    members = members.dropna().sort_values([*keys, "class_"])
    members = members.loc[members.duplicated(keys, keep=False)]
    if roster.moment is not None and roster.moment.as_of is None:
        members = _at_one_time(roster, members, last_day=include_end_date)
    members["key"] = classes["sourcedId"].loc[members["class_"]].to_numpy()
    members["title"] = classes["title"].fillna("").loc[members["class_"]].to_numpy()
    sessions = sessions_within(classes, roster.active("academicSessions"))
    members["term"] = sessions.loc[members["class_"]].to_numpy()
    terms = members.explode("term").dropna(subset=["term"])
    together = terms.loc[terms.duplicated([*keys, "term"], keep=False), keys]
    found = members.groupby(keys).agg(
        courseTitle=("class_", lambda rows: classes["courseTitle"].loc[rows.iloc[0]]),
        classCount=("class_", "size"),
        classSourcedIds=("key", join_values),
        classTitles=("title", join_values),
    )
    found["sameTerm"] = found.index.isin(pd.MultiIndex.from_frame(together))
    found = found.reset_index().rename(columns={"course": "courseSourcedId"})
    people = roster.people.loc[found["user"], PERSON].reset_index(drop=True)
    texts = ["courseSourcedId", "courseTitle", "classSourcedIds", "classTitles"]
    kinds = {**dict.fromkeys(texts, "str"), "classCount": "int64", "sameTerm": "bool"}
    return roster.answer(people.join(found.drop(columns="user").astype(kinds)))


def _at_one_time(roster: RosterTables, members: pd.DataFrame, *, last_day: bool) -> pd.DataFrame:
    """Keep the students' classes that overlap in time with another class of the same course.

    Who changed sections within a term is in one class on any day. A missing date is open.
    """
    rows = roster.active("enrollments")
    dates = pd.DataFrame(
        {
            "user": codes(rows["userSourcedId"], roster.users["sourcedId"]),
            "class_": codes(rows["classSourcedId"], roster.classes["sourcedId"]),
            "begin": rows["beginDate"].fillna(LONG_AGO),
            "end": rows["endDate"].fillna(FAR_AHEAD),
        }
    ).loc[rows["role"] == "student"]
    dated = members.merge(dates, on=["user", "class_"])
    pairs = dated.merge(dated, on=["user", "course"], suffixes=("", "Other"))
    before = operator.le if last_day else operator.lt
    pairs = pairs.loc[
        (pairs["class_"] != pairs["class_Other"])
        & before(pairs["begin"], pairs["endOther"])
        & before(pairs["beginOther"], pairs["end"])
    ]
    places = ["user", "class_"]
    kept = pd.MultiIndex.from_frame(members[places]).isin(pd.MultiIndex.from_frame(pairs[places]))
    return members.loc[kept].copy()
