"""Rules about people and classes: which lack something, who is there twice."""

import pandas as pd

from oneroster_nb.analysis.roster_tables import RosterTables
from oneroster_nb.people.same_person import same_people
from oneroster_nb.tables.elements import elements
from oneroster_nb.tables.lookup import among
from oneroster_nb.tables.rules import Finding, found, found_each


def students(roster: RosterTables) -> list[Finding]:
    """Find students without school, grade or class, and those at several schools."""
    users = roster.users
    nowhere = roster.has_role("student") & roster.users_with_schools["schoolSourcedIds"].isna()
    # If a school or a class is missing, that is the root.
    places = elements(users.loc[nowhere, "orgSourcedIds"])
    nowhere &= ~users.index.isin(places.index[~among(places, roster.active("orgs")["sourcedId"])])
    enrolled = roster.active("enrollments")
    lost = enrolled.loc[roster.refers_to_nothing("enrollments", "classSourcedId"), "userSourcedId"]
    idle = roster.students_without_class & ~among(users["sourcedId"], lost)
    several = roster.school_counts("student") > 1
    ids, ungraded = users["sourcedId"], roster.students_without_grade
    return [
        *found_each("student-without-school", "users", ids[nowhere], "orgSourcedIds"),
        *found_each("student-without-grade", "users", ids[ungraded], "grades"),
        *found_each("student-with-two-schools", "users", ids[several], "orgSourcedIds"),
        *found_each("student-without-class", "users", ids[idle]),
    ]


def classes(roster: RosterTables) -> list[Finding]:
    """Find classes without teacher, primary teacher or student.

    If a person who is enrolled is missing, that is the root, and the class is not judged.
    """
    ids, enrolled = roster.classes["sourcedId"], roster.active("enrollments")
    enrolled = enrolled.loc[roster.refers_to_nothing("enrollments", "userSourcedId")]
    teachers = enrolled.loc[enrolled["role"] == "teacher"]
    leads = teachers["primary"].fillna(False).astype(bool)

    def without(role: str, lost: pd.DataFrame, *, primary: bool = False) -> "pd.Series[bool]":
        lacking = roster.classes_without(role, primary=primary)
        return lacking & ~among(ids, lost["classSourcedId"])

    untaught = without("teacher", teachers)
    unled = without("teacher", teachers.loc[leads], primary=True) & ~untaught
    unfilled = without("student", enrolled.loc[enrolled["role"] == "student"])
    return [
        *found_each("class-without-teacher", "classes", ids[untaught]),
        *found_each("class-without-primary-teacher", "classes", ids[unled]),
        *found_each("class-without-student", "classes", ids[unfilled]),
    ]


def twice(roster: RosterTables) -> list[Finding]:
    """Find people of one name and role who share a birth date or, if none is known, a school."""
    users = roster.users
    same = same_people(users, roster.active("demographics"), roster.active("orgs"))
    findings = []
    for _, rows in same.groupby("group"):
        keys = users.loc[rows.index, "sourcedId"].dropna().tolist()
        words = f"{', '.join(keys[:5])} have one name, role and birth date or place."
        findings.append(found("person-twice", "users", words, key=keys[0], explains=len(keys) - 1))
    return findings
