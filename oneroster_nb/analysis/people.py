"""Questions about people: without classes, at two schools, there twice, without an email."""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from oneroster_nb.analysis.conditions import conditions_of_question
from oneroster_nb.analysis.reading import SourceOrFrame, tables_for
from oneroster_nb.analysis.roster_tables import PERSON, RosterTables
from oneroster_nb.people.same_person import same_people
from oneroster_nb.progress import ProgressOption
from oneroster_nb.query.moment import Day, moment_of
from oneroster_nb.tables.field import Kind
from oneroster_nb.tables.grades import CEDS_GRADES
from oneroster_nb.tables.lookup import codes
from oneroster_nb.tables.table import TABLES, split_text
from oneroster_nb.tables.unknown_roles import is_unknown
from oneroster_nb.tables.vocabulary import USER_ROLES
from oneroster_nb.tables.where import Where


def without_classes(
    source: SourceOrFrame,
    *,
    as_of: Day = None,
    term: str | None = None,
    include_end_date: bool = False,
    where: Where | None = None,
    progress: ProgressOption = None,
) -> pd.DataFrame:
    """Which students are enrolled in no class?

    Parameters, errors and warnings are those of :func:`class_sizes`. A frame does not show such
    students, and raises QueryError.

    Returns
    -------
    pandas.DataFrame
        A row a student without any active enrollment in a class that is there and active:
        ``sourcedId givenName familyName role grades schoolNames`` (str).

    Examples
    --------
    >>> from oneroster_nb import Roster
    >>> from oneroster_nb.demo.district.making import make_district
    >>> tables = make_district()
    >>> tables["enrollments"] = tables["enrollments"].query("userSourcedId != '18001'")
    >>> Roster(tables).without_classes()[["sourcedId", "grades", "schoolNames"]]
      sourcedId grades   schoolNames
    0     18001     09  Classlink HS
    """
    tables = ("orgs", "classes", "users", "roles", "enrollments")
    conditions = conditions_of_question(source, where, {}, reads_classes=True)
    roster = tables_for(
        source,
        "without_classes",
        tables,
        progress,
        moment=moment_of(as_of, term, include_end_date),
        conditions=conditions,
    )
    result = roster.people.loc[roster.students_without_class].reset_index(drop=True)
    return roster.answer(result, unknown=roster.of_unknown_role("student"))


def multi_school(
    source: SourceOrFrame,
    *,
    as_of: Day = None,
    term: str | None = None,
    include_end_date: bool = False,
    where: Where | None = None,
    progress: ProgressOption = None,
) -> pd.DataFrame:
    """Which students are at two schools or more?

    Parameters, errors and warnings are those of :func:`class_sizes`. A frame holds students as
    ``get_users`` returns them without a group, with all their schools; if not, QueryError.
    It does not hold which role a person has at which school, so a student is one at each school.

    Returns
    -------
    pandas.DataFrame
        A row a student at several active orgs of type school: ``sourcedId givenName familyName
        role grades schoolNames`` (str) and ``schoolCount`` (int64, the schools at which the person
        is a student: a student who is a guardian at a second one is not at two).

    Examples
    --------
    >>> from oneroster_nb import Roster
    >>> from oneroster_nb.demo.district.making import make_district
    >>> tables = make_district()
    >>> users = tables["users"] = tables["users"].copy()
    >>> users.loc[users["sourcedId"] == "18001", "orgSourcedIds"] = "2,3"
    >>> Roster(tables).multi_school()[["sourcedId", "schoolNames", "schoolCount"]]
      sourcedId                           schoolNames  schoolCount
    0     18001  Classlink HS,North Elementary School            2
    """
    needed = ["schoolSourcedIds"]
    tables = ("orgs", "users", "roles")
    conditions = conditions_of_question(source, where, {"schoolCount": Kind.NUMBER})
    roster = tables_for(
        source,
        "multi_school",
        tables,
        progress,
        frame_columns=needed,
        roles=["student"],
        moment=moment_of(as_of, term, include_end_date),
        conditions=conditions,
    ).people_here()
    counts = roster.school_counts("student")
    result = roster.people.assign(schoolCount=counts)
    held = roster.roles_at_schools
    odd = held.loc[is_unknown(held["role"])]
    possible = pd.concat([held.loc[held["role"] == "student"], odd])
    perhaps = possible.groupby("user")["org"].nunique()
    odd = odd.loc[odd["user"].isin(perhaps.index[perhaps > 1])]
    odd = odd.loc[~odd["user"].isin(counts.index[counts > 1])]
    return roster.answer(result.loc[counts > 1].reset_index(drop=True), unknown=odd)


def duplicate_people(
    source: SourceOrFrame,
    *,
    as_of: Day = None,
    term: str | None = None,
    include_end_date: bool = False,
    where: Where | None = None,
    progress: ProgressOption = None,
) -> pd.DataFrame:
    """Who is there twice: one person under two ids?

    People are taken for one where given name and family name (case and accents aside) and role are
    the same, and the birth date, or, of people without one, the grade and one of the schools
    (another org, of people at no school). It is a reason to look, not a proof.

    Parameters, errors and warnings are those of :func:`class_sizes`. A frame holds users, with
    ``sourcedId givenName familyName role``; birth dates are compared if it has a column
    ``birthDate``. PartialResultWarning if the server does not show birth dates.

    Returns
    -------
    pandas.DataFrame
        A row for each id of such a person: ``group`` (int64, from 1), ``sourcedId givenName
        familyName role grades schoolNames`` (str), ``birthDate`` (datetime64) and ``sameBy``
        (str, ``birthDate`` or ``school and grade``).

    Examples
    --------
    >>> import pandas as pd
    >>> from oneroster_nb import Roster
    >>> from oneroster_nb.demo.district.making import make_district
    >>> tables = make_district()
    >>> again = tables["users"].query("sourcedId == '18002'")
    >>> again = again.assign(sourcedId="90001", familyName="RAMIREZ")
    >>> birth = tables["demographics"].query("sourcedId == '18002'").assign(sourcedId="90001")
    >>> tables["users"] = pd.concat([tables["users"], again])
    >>> tables["demographics"] = pd.concat([tables["demographics"], birth])
    >>> Roster(tables).duplicate_people()[["group", "sourcedId", "familyName", "sameBy"]]
       group sourcedId familyName     sameBy
    0      1     18002    Ramírez  birthDate
    1      1     90001    RAMIREZ  birthDate
    """
    tables = ("orgs", "users", "demographics")
    needed = ["givenName", "familyName", "role"]
    conditions = conditions_of_question(source, where, {"group": Kind.NUMBER, "sameBy": Kind.TEXT})
    roster = tables_for(
        source,
        "duplicate_people",
        tables,
        progress,
        frame_columns=needed,
        moment=moment_of(as_of, term, include_end_date),
        conditions=conditions,
    ).people_here()
    same = same_people(roster.users, roster.active("demographics"), roster.active("orgs"))
    by = same["birthDate"].notna().map({True: "birthDate", False: "school and grade"})
    result = roster.people.loc[same.index].assign(
        birthDate=same["birthDate"], sameBy=by.astype("str")
    )
    result.insert(0, "group", pd.factorize(same["group"])[0] + 1)
    return roster.answer(result.astype({"group": "int64"}).reset_index(drop=True))


def email_problems(
    source: SourceOrFrame,
    *,
    as_of: Day = None,
    term: str | None = None,
    include_end_date: bool = False,
    where: Where | None = None,
    progress: ProgressOption = None,
) -> pd.DataFrame:
    """Who has no email address, or shares one?

    Parameters, errors and warnings are those of :func:`class_sizes`. A frame holds users, with
    ``sourcedId email``: students alone, say, because families often share one address.

    Returns
    -------
    pandas.DataFrame
        A row a person: ``sourcedId givenName familyName role grades schoolNames email`` (str),
        ``problem`` (str, ``missing`` or ``shared``) and ``people`` (int64, how many have this
        address, case aside). Those who share an address come together, after those without one.

    Examples
    --------
    >>> from oneroster_nb import Roster
    >>> from oneroster_nb.demo.district.making import make_district
    >>> tables = make_district()
    >>> users = tables["users"] = tables["users"].copy()
    >>> users.loc[users["sourcedId"] == "18001", "email"] = None
    >>> found = Roster(tables).email_problems()
    >>> found.loc[found["role"] == "student", ["sourcedId", "problem", "people"]]
      sourcedId  problem  people
    0     18001  missing       1
    """
    tables = ("orgs", "users")
    conditions = conditions_of_question(
        source, where, {"problem": Kind.TEXT, "people": Kind.NUMBER}
    )
    roster = tables_for(
        source,
        "email_problems",
        tables,
        progress,
        frame_columns=["email"],
        moment=moment_of(as_of, term, include_end_date),
        conditions=conditions,
    ).people_here()
    address = roster.users["email"].str.strip().str.casefold().replace("", None).astype("str")
    missing = address.isna()
    people = address.groupby(address).transform("size").reindex(address.index)
    shared = people.fillna(1) > 1
    first = pd.Series(pd.factorize(address)[0], index=address.index)
    found = roster.people.assign(
        email=roster.users["email"],
        problem=missing.map({True: "missing", False: "shared"}).astype("str"),
        people=people.fillna(1).astype("int64"),
    )
    order = first[missing | shared].sort_values(kind="stable").index
    return roster.answer(found.loc[order].reset_index(drop=True))


def grade_and_role_problems(
    source: SourceOrFrame,
    *,
    as_of: Day = None,
    term: str | None = None,
    include_end_date: bool = False,
    where: Where | None = None,
    progress: ProgressOption = None,
) -> pd.DataFrame:
    """Who has no grade or role, or one that the standard does not know?

    Parameters, errors and warnings are those of :func:`class_sizes`. A frame holds users, with
    ``sourcedId grades role``.

    Returns
    -------
    pandas.DataFrame
        A row a problem: ``sourcedId givenName familyName role grades schoolNames`` (str),
        ``field`` (``grades`` or ``role``), ``value`` (the bad value; missing if there is none)
        and ``problem`` (``missing`` or ``unknown``), all str. Grades are missed of students alone;
        second roles are looked at, too, which a frame does not hold.
        Known grades are those of CEDS (OneRoster 1.1, 4.13.3), known roles those of OneRoster 1.1
        and 1.2 (RoleEnum).

    Examples
    --------
    >>> from oneroster_nb import Roster
    >>> from oneroster_nb.demo.district.making import make_district
    >>> tables = make_district()
    >>> users = tables["users"] = tables["users"].copy()
    >>> users.loc[users["sourcedId"] == "18001", "grades"] = "09,Lions"
    >>> Roster(tables).grade_and_role_problems()[["sourcedId", "field", "value", "problem"]]
      sourcedId   field  value  problem
    0     18001  grades  Lions  unknown
    """
    needed = ["role", "grades"]
    tables = ("orgs", "users", "roles")
    conditions = conditions_of_question(
        source, where, dict.fromkeys(("field", "value", "problem"), Kind.TEXT)
    )
    roster = tables_for(
        source,
        "grade_and_role_problems",
        tables,
        progress,
        frame_columns=needed,
        moment=moment_of(as_of, term, include_end_date),
        conditions=conditions,
    ).people_here()
    users = roster.users
    grades = users["grades"].replace("", None)
    role = users["role"].replace("", None)
    found = [
        *_unknown("grades", grades, CEDS_GRADES),
        *((row, "grades", None, "missing") for row in users.index[roster.students_without_grade]),
        *dict.fromkeys(_unknown("role", pd.concat([role, _held(roster)]), USER_ROLES)),
        *((row, "role", None, "missing") for row in users.index[role.isna()]),
    ]
    found.sort(key=lambda problem: problem[0])
    problems = pd.DataFrame(found, columns=["row", "field", "value", "problem"])
    people = roster.people.loc[problems["row"]].reset_index(drop=True)
    return roster.answer(people[PERSON].join(problems.drop(columns="row").astype("str")))


def _held(roster: RosterTables) -> "pd.Series[str]":
    """Return every role that a person holds, indexed by the person's row."""
    roles = roster.active("roles")
    holder = codes(roles["userSourcedId"], roster.users["sourcedId"])
    held = roles["role"].replace("", None).set_axis(holder)
    return held.loc[holder >= 0]


def _unknown(
    field: str, values: "pd.Series[str]", known: Iterable[str]
) -> list[tuple[Any, str, str | None, str]]:
    """Return the row number and the value of each element that is unknown."""
    allowed = frozenset(known)
    several = TABLES["users"].columns[field] is Kind.VALUES
    bad = {
        text: [part for part in (split_text(text) if several else [text]) if part not in allowed]
        for text in values.dropna().unique()
    }
    wrong = values[values.map(lambda text: bool(bad.get(text)))]
    return [(row, field, part, "unknown") for row, text in wrong.items() for part in bad[text]]
