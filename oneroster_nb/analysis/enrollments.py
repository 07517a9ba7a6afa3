"""Questions about enrollments: which point nowhere, who is twice in one course."""

import numpy as np
import pandas as pd

from oneroster_nb.analysis.roster_tables import CLASS_TABLES, PERSON, SourceOrFrame, tables_for
from oneroster_nb.progress import ProgressOption
from oneroster_nb.query.terms import sessions_within
from oneroster_nb.tables.lookup import codes
from oneroster_nb.tables.table import join_values

_TARGETS = (("userSourcedId", "users"), ("classSourcedId", "classes"), ("schoolSourcedId", "orgs"))


def dangling_enrollments(source: SourceOrFrame, *, progress: ProgressOption = None) -> pd.DataFrame:
    """Which enrollments point to a person, class or school that is not there?

    Parameters
    ----------
    source : Source
        A connection or a roster.
    progress : None, bool or callable
        See :data:`oneroster_nb.progress.ProgressOption`.

    Returns
    -------
    pandas.DataFrame
        A row an active enrollment and field that points nowhere: ``enrollmentSourcedId
        userSourcedId classSourcedId schoolSourcedId role`` (str), ``field`` (str, the one of the
        three) and ``reason`` (str): ``missing`` if nothing has that id, ``tobedeleted`` if the row
        that has it is marked tobedeleted, ``blank`` if there is no id of a person or a class.

    Raises
    ------
    QueryError
        For a frame, which does not hold such enrollments.
    RosterError
        If the source does not return the tables.

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
    roster = tables_for(source, "dangling_enrollments", tables, progress)
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
    ids = ["enrollmentSourcedId", "userSourcedId", "classSourcedId", "schoolSourcedId"]
    return found[[*ids, "role", "field", "reason"]].astype("str")


def repeated_courses(source: SourceOrFrame, *, progress: ProgressOption = None) -> pd.DataFrame:
    """Which students are in two sections of one course?

    Parameters
    ----------
    source : Source or pandas.DataFrame
        A connection, a roster, or students of classes, as ``get_users`` returns them.
    progress : None, bool or callable
        See :data:`oneroster_nb.progress.ProgressOption`.

    Returns
    -------
    pandas.DataFrame
        A row a student and course with several classes: ``sourcedId givenName familyName role
        grades schoolNames courseSourcedId courseTitle`` (str), ``classCount`` (int64),
        ``classSourcedIds classTitles`` (str, joined with commas) and ``sameTerm`` (bool): whether
        two of the classes have a term in common, or one a term within that of the other. Where
        none have, as in two halves of a year, it is rarely a mistake. A frame does not hold which
        term is within which.

    Raises
    ------
    QueryError
        For a frame without ``sourcedId``, ``classSourcedId`` or ``courseSourcedId``, and one
        without students.
    RosterError
        If the source does not return the tables.

    Warns
    -----
    DanglingReferenceWarning
        If people, classes or orgs are referred to and not there. The footnote says it, too.
    UnknownRoleWarning
        If people are left out because OneRoster does not know their role. The footnote says it.

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
    roster = tables_for(
        source, "repeated_courses", CLASS_TABLES, progress, frame_columns=needed, roles=["student"]
    )
    classes = roster.classes
    members = roster.in_role("student")[["user", "class_"]]
    members = members.assign(course=classes["courseSourcedId"].loc[members["class_"]].to_numpy())
    keys = ["user", "course"]
    members = members.dropna().sort_values([*keys, "class_"])
    members = members.loc[members.duplicated(keys, keep=False)]
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
