"""Rules about enrollments: roles, terms, schools, and several of one person in one class."""

import pandas as pd

from oneroster_nb.analysis.roster_tables import RosterTables
from oneroster_nb.query.terms import FAR_AHEAD, LONG_AGO
from oneroster_nb.tables.elements import elements
from oneroster_nb.tables.lookup import among, codes
from oneroster_nb.tables.roles_at_orgs import holds_role
from oneroster_nb.tables.rules import Finding, Tables, found_each


def roles(roster: RosterTables) -> list[Finding]:
    """Find people who are enrolled in a role that they do not hold at the school of the class."""
    users, classes = roster.users, roster.active("classes")
    enrollments = roster.active("enrollments")
    asked = enrollments.loc[enrollments["role"].isin(["student", "teacher"])]
    asked = asked.loc[among(asked["userSourcedId"], users["sourcedId"])]
    school_of = classes.drop_duplicates("sourcedId").set_index("sourcedId")["schoolSourcedId"]
    org = asked["classSourcedId"].map(school_of).astype("str")
    holder = codes(asked["userSourcedId"], users["sourcedId"])
    wrong = ~holds_role(users, roster.tables["roles"], holder, org, asked["role"])
    main = users["role"].fillna("nothing").array.take(holder[wrong])
    asked = asked.loc[wrong]
    details = (
        f"as a {role}, and is {'none at that school' if role == word else f'a {word}'}."
        for role, word in zip(asked["role"], main, strict=True)
    )
    return found_each("enrollment-role", "enrollments", asked["sourcedId"], "role", details)


def outside_terms(tables: Tables) -> list[Finding]:
    """Find enrollments that begin before the terms of their class, or end after them."""
    sessions = tables["academicSessions"].drop_duplicates("sourcedId").set_index("sourcedId")
    classes = tables["classes"].drop_duplicates("sourcedId")
    terms = elements(classes.set_index("sourcedId")["termSourcedIds"])
    if terms.empty or sessions.empty:
        return []
    spans = pd.DataFrame(
        {
            "begins": terms.map(sessions["startDate"]).astype("datetime64[us]"),
            "ends": terms.map(sessions["endDate"]).astype("datetime64[us]"),
        }
    )
    known = spans.notna().all(axis="columns").groupby(level=0).all()
    spans = spans.groupby(level=0).agg(begins=("begins", "min"), ends=("ends", "max"))
    spans = spans.loc[known[known].index]
    rows = tables["enrollments"].join(spans, on="classSourcedId")
    outside = rows.loc[(rows["beginDate"] < rows["begins"]) | (rows["endDate"] > rows["ends"])]
    details = (
        f"the terms are from {begins:%Y-%m-%d} to {ends:%Y-%m-%d}."
        for begins, ends in zip(outside["begins"], outside["ends"], strict=True)
    )
    keys = outside["sourcedId"]
    return found_each("enrollment-outside-term", "enrollments", keys, "beginDate", details)


def primary(tables: Tables) -> list[Finding]:
    """Find students who are primary, and classes with two primary teachers at one time."""
    rows = _with_spans(tables["enrollments"])
    rows = rows.loc[rows["primary"].fillna(False).astype(bool)]
    students = rows.loc[rows["role"] == "student", "sourcedId"]
    teachers = rows.loc[rows["role"] == "teacher", ["class", "user", "begins", "ends"]]
    several = teachers.groupby("class")["user"].transform("nunique") > 1
    pairs = teachers.loc[several].merge(teachers, on="class", suffixes=("", "_other"))
    together = (pairs["begins"] < pairs["ends_other"]) & (pairs["begins_other"] < pairs["ends"])
    pairs = pairs.loc[together & (pairs["user"] < pairs["user_other"])].drop_duplicates("class")
    both = pairs["user"] + " and " + pairs["user_other"] + "."
    return [
        *found_each("student-primary", "enrollments", students, "primary"),
        *found_each("class-with-two-primary-teachers", "classes", pairs["class"], None, both),
    ]


def schools(tables: Tables) -> list[Finding]:
    """Find enrollments whose school is another one than that of their class."""
    rows, classes = tables["enrollments"], tables["classes"].drop_duplicates("sourcedId")
    school = rows["classSourcedId"].map(classes.set_index("sourcedId")["schoolSourcedId"])
    named = rows["schoolSourcedId"].notna() & school.notna()
    other = named & (rows["schoolSourcedId"] != school.astype("str"))
    rows, school = rows.loc[other], school[other].astype("str")
    details = "at " + rows["schoolSourcedId"] + ", and the class is at " + school + "."
    keys = rows["sourcedId"]
    return found_each("enrollment-school", "enrollments", keys, "schoolSourcedId", details)


def of_one_person(tables: Tables) -> list[Finding]:
    """Find enrollments of one person in one class that are the same, or overlap."""
    rows = _with_spans(tables["enrollments"]).dropna(subset=["class", "user"])
    rows = rows.loc[rows.duplicated(["class", "user"], keep=False)]
    if rows.empty:
        return []
    same = rows.duplicated(["class", "user", "role", "begins", "ends"])
    twice = rows.loc[same]
    rest = rows.loc[~same].sort_values(["class", "user", "begins"], kind="stable")
    # Sorted by their first day, one overlaps if an earlier one of the person ends after it begins.
    ended = rest.groupby(["class", "user"])["ends"].cummax()
    before = ended.groupby([rest["class"], rest["user"]]).shift()
    overlapping = rest.loc[(before > rest["begins"]).fillna(False)]
    return [
        finding
        for code, found_rows in (("enrollment-twice", twice), ("enrollment-overlap", overlapping))
        for details in [found_rows["user"] + " in class " + found_rows["class"] + "."]
        for finding in found_each(
            code, "enrollments", found_rows["sourcedId"], "userSourcedId", details
        )
    ]


def _with_spans(rows: pd.DataFrame) -> pd.DataFrame:
    """Return enrollments with short names and without open dates; an ``endDate`` is excluded."""
    return pd.DataFrame(
        {
            "sourcedId": rows["sourcedId"],
            "class": rows["classSourcedId"],
            "user": rows["userSourcedId"],
            "role": rows["role"],
            "primary": rows["primary"],
            "begins": rows["beginDate"].fillna(LONG_AGO),
            "ends": rows["endDate"].fillna(FAR_AHEAD),
        }
    )
