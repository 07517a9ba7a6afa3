"""Rules about schools, the classes in them, and school years."""

from oneroster_nb.analysis.roster_tables import RosterTables
from oneroster_nb.tables.lookup import among
from oneroster_nb.tables.rules import Finding, Tables, found_each

_YEAR = r"(19|20|21)\d\d"


def school_years(tables: Tables) -> list[Finding]:
    """Find school years that are no year: the standard writes that in which it ends, ``2027``."""
    rows = tables["academicSessions"].dropna(subset=["schoolYear"])
    wrong = rows.loc[~rows["schoolYear"].str.fullmatch(_YEAR)]
    details = (f"{year[:40]!r}." for year in wrong["schoolYear"])
    keys = wrong["sourcedId"]
    return found_each("school-year-malformed", "academicSessions", keys, "schoolYear", details)


def class_orgs(tables: Tables) -> list[Finding]:
    """Find classes that belong to an org that is no school."""
    orgs = tables["orgs"].drop_duplicates("sourcedId").set_index("sourcedId")
    rows = tables["classes"]
    kind = rows["schoolSourcedId"].map(orgs["type"]).astype("str")
    wrong = kind.notna() & (kind != "school") & ~kind.fillna("").str.startswith("ext:")
    keys, details = rows.loc[wrong, "sourcedId"], "in a " + kind[wrong] + "."
    return found_each("class-not-in-school", "classes", keys, "schoolSourcedId", details)


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
    details = (f"no {' and no '.join(lacks)}." for lacks in lacking.values())
    return found_each("school-empty", "orgs", lacking, details=details)
