"""Rules about people and classes: who is nowhere, what is empty, who is there twice."""

from collections.abc import Iterable, Mapping

import pandas as pd

from oneroster_nb.people.same_person import same_people
from oneroster_nb.tables.findings import Finding, found
from oneroster_nb.tables.lookup import among
from oneroster_nb.tables.roles_at_orgs import roles_at_orgs
from oneroster_nb.tables.schema import split_values

__all__ = ["classes", "students", "twice"]

Tables = Mapping[str, pd.DataFrame]


def students(tables: Tables) -> list[Finding]:
    """Find students without school, grade or class, and those at several schools."""
    users, orgs = tables["users"].reset_index(drop=True), tables["orgs"]
    pupils = users.loc[users["role"] == "student"]
    schools = orgs.loc[orgs["type"] == "school", "sourcedId"]
    places = split_values(pupils["orgSourcedIds"]).explode().dropna()
    # Of those whose school is missing, the missing school is the root.
    placed = places[places.isin(schools) | ~places.isin(orgs["sourcedId"])]
    without = pupils.loc[~pupils.index.isin(placed.index)]
    held = roles_at_orgs(users, tables["roles"])
    at = held.loc[(held["role"] == "student") & held["org"].isin(schools)]
    number = at.groupby("user")["org"].nunique()
    several = users.loc[number[number > 1].index]
    return [
        *_each("student-without-school", "users", without, "orgSourcedIds"),
        *_each("student-without-grade", "users", pupils.loc[pupils["grades"].isna()], "grades"),
        *_each("student-with-two-schools", "users", several, "orgSourcedIds"),
        *_each("student-without-class", "users", _idle(tables, pupils), None),
    ]


def _idle(tables: Tables, pupils: pd.DataFrame) -> pd.DataFrame:
    """Give the students who are in no class that is there; a missing class is a root of its own."""
    enrollments = tables["enrollments"]
    return pupils.loc[~among(pupils["sourcedId"], enrollments["userSourcedId"])]


def classes(tables: Tables) -> list[Finding]:
    """Find classes without teacher, primary teacher or student."""
    rows, enrollments = tables["classes"], tables["enrollments"]
    of = {role: enrollments.loc[enrollments["role"] == role] for role in ("teacher", "student")}
    primary = of["teacher"].loc[of["teacher"]["primary"].fillna(False).astype(bool)]
    taught = among(rows["sourcedId"], of["teacher"]["classSourcedId"])
    led = among(rows["sourcedId"], primary["classSourcedId"])
    filled = among(rows["sourcedId"], of["student"]["classSourcedId"])
    return [
        *_each("class-without-teacher", "classes", rows.loc[~taught], None),
        *_each("class-without-primary-teacher", "classes", rows.loc[taught & ~led], None),
        *_each("class-without-student", "classes", rows.loc[~filled], None),
    ]


def twice(tables: Tables) -> list[Finding]:
    """Find people of one name and role who share a birth date, or where none is known a place."""
    users = tables["users"]
    same = same_people(users, tables["demographics"], tables["orgs"])
    findings = []
    for _, rows in same.groupby("group"):
        keys = users.loc[rows.index, "sourcedId"].dropna().tolist()
        words = f"{', '.join(keys[:5])} have one name, role and birth date or place."
        findings.append(found("person-twice", "users", words, key=keys[0], explains=len(keys) - 1))
    return findings


def _each(code: str, table: str, rows: pd.DataFrame, field: str | None) -> Iterable[Finding]:
    return [found(code, table, key=key, field=field) for key in rows["sourcedId"]]
