"""Rules about schools, the classes in them, and school years."""

from collections.abc import Mapping

import pandas as pd

from oneroster_nb.analysis.roster_tables import RosterTables
from oneroster_nb.tables.lookup import among
from oneroster_nb.tables.rules import Finding, found

Tables = Mapping[str, pd.DataFrame]

_YEAR = r"(19|20|21)\d\d"


def school_years(tables: Tables) -> list[Finding]:
    """Find school years that are no year: the standard writes that in which it ends, ``2027``."""
    rows = tables["academicSessions"].dropna(subset=["schoolYear"])
    wrong = rows.loc[~rows["schoolYear"].str.fullmatch(_YEAR)]
    return [
        found("school-year-malformed", "academicSessions", f"{year[:40]!r}.", key=key, field=field)
        for field in ["schoolYear"]
        for key, year in zip(wrong["sourcedId"], wrong[field], strict=True)
    ]


def class_orgs(tables: Tables) -> list[Finding]:
    """Find classes that belong to an org that is no school."""
    orgs = tables["orgs"].drop_duplicates("sourcedId").set_index("sourcedId")
    rows = tables["classes"]
    kind = rows["schoolSourcedId"].map(orgs["type"]).astype("str")
    wrong = kind.notna() & (kind != "school") & ~kind.fillna("").str.startswith("ext:")
    return [
        found("class-not-in-school", "classes", f"in a {word}.", key=key, field="schoolSourcedId")
        for key, word in zip(rows.loc[wrong, "sourcedId"], kind[wrong], strict=True)
    ]


def empty_schools(roster: RosterTables) -> list[Finding]:
    """Find schools without classes, students or teachers, of which the roster has some."""
    orgs, held = roster.active("orgs"), roster.roles_at_orgs
    schools = orgs.loc[orgs["type"] == "school", "sourcedId"].dropna()
    places = {
        "classes": roster.active("classes")["schoolSourcedId"].dropna(),
        "students": held.loc[held["role"] == "student", "org"],
        "teachers": held.loc[held["role"] == "teacher", "org"],
    }
    lacking: dict[str, list[str]] = {}
    for what, orgs_of in places.items():
        if len(orgs_of):
            for key in schools[~among(schools, orgs_of)]:
                lacking.setdefault(key, []).append(what)
    return [
        found("school-empty", "orgs", f"no {' and no '.join(lacks)}.", key=key)
        for key, lacks in lacking.items()
    ]
