"""All about one person: who, in which roles and schools, in which classes, linked to whom."""

from dataclasses import dataclass

import pandas as pd

from oneroster_nb.analysis.cards import (
    Card,
    beside,
    checked_text,
    day_of,
    linked_classes,
    named,
    roster_of,
    rows_of,
    with_now,
)
from oneroster_nb.errors import QueryError
from oneroster_nb.people.names import full_names
from oneroster_nb.progress import ProgressOption
from oneroster_nb.query.membership import without_group
from oneroster_nb.query.moment import Day, Moment
from oneroster_nb.query.query import Query
from oneroster_nb.source.at_moment import with_moment
from oneroster_nb.source.source import Source, WholeRoster
from oneroster_nb.spelling import shown
from oneroster_nb.tables.elements import distinct_elements
from oneroster_nb.tables.lookup import among
from oneroster_nb.tables.roles_at_orgs import linked_people, roles_at_orgs
from oneroster_nb.tables.status import active, is_active

_FIELDS = ("sourcedId", "email", "username", "identifier")
"""The fields by which a person is looked for, before the name."""

_WHO = (
    *("sourcedId", "givenName", "middleName", "familyName", "role", "grades"),
    *("email", "username", "identifier", "enabledUser"),
)
_AGENT = ["sourcedId", "givenName", "familyName", "role", "grades", "email"]
_CLASS = {
    "classTitle": "title",
    "courseTitle": "courseTitle",
    "schoolName": "schoolName",
    "termTitles": "termTitles",
    "periods": "periods",
    "location": "location",
    "teacherNames": "teacherNames",
}
_SHOWN_AT_MOST = 5  # people of one name that a message describes


@dataclass(frozen=True, eq=False, repr=False)
class Person(Card):
    """A person, as :func:`person` returns it; see there for the frames."""

    who: pd.DataFrame
    roles: pd.DataFrame
    schools: pd.DataFrame
    classes: pd.DataFrame
    agents: pd.DataFrame


def person(
    source: Source, who: str, *, as_of: Day = "today", progress: ProgressOption = None
) -> Person:
    """Return a card of one person: roles, schools, classes, and who is linked to them.

    A connection pulls whole tables for each card; for several, ask ``get_roster()``.

    Parameters
    ----------
    source : Source
        A connection or a roster.
    who : str
        A sourcedId, email, username or identifier, or else a name as ``"Ada Moe"`` or ``"Moe,
        Ada"``. Case does not matter.
    as_of : str or datetime.date
        The day that ``now`` means.
    progress : None, bool or callable
        See :data:`oneroster_nb.progress.ProgressOption`.

    Returns
    -------
    Person
        With frames of active rows. ``who`` has one row: ``sourcedId givenName middleName familyName
        role grades email username identifier`` (str), ``enabledUser`` (boolean). ``roles``: ``role
        roleType orgSourcedId orgName orgType`` (str), ``beginDate endDate`` (datetime64), ``now``
        (bool). ``schools``: ``sourcedId name identifier`` (str), ``primary`` (bool). ``classes``:
        a row an enrollment, those of now first: ``classSourcedId classTitle courseTitle schoolName
        termTitles periods location teacherNames role`` (str), ``primary`` (boolean), ``beginDate
        endDate`` (datetime64), ``now`` (bool). ``agents`` are guardians of the person, or those
        whose guardian the person is: ``sourcedId givenName familyName role grades email`` (str).

    Raises
    ------
    QueryError
        If there is no such person, or if a name or an address is that of several.
    RosterError
        If the source does not return the tables.

    Warns
    -----
    NoMatchWarning
        If no term is running on the day.

    Examples
    --------
    >>> import oneroster_nb as onb
    >>> from oneroster_nb.demo.district.making import make_district
    >>> card = onb.Roster(make_district()).person("Joanna Kamara", as_of="2026-10-01")
    >>> card
    <Person on 2026-10-01: who 1, roles 1, schools 1, classes 4, agents 0>
    >>> card.classes[["classTitle", "periods", "now"]].head(2)
                     classTitle periods   now
    0    English 9 (9A English)       1  True
    1  English 10 (10A English)       2  True
    """
    text = checked_text("person", who)
    moment = day_of(as_of)
    roster = roster_of(source, "person", progress)
    users, orgs = roster.table("users"), roster.table("orgs")
    user = users.iloc[[_found(users, orgs, text)]].reset_index(drop=True)
    return Person(
        moment.label,
        who=user[list(_WHO)],
        roles=_roles(roster, user, moment),
        schools=_schools(orgs, user),
        classes=_classes(roster, user, moment),
        agents=_agents(users, user),
    )


def _found(users: pd.DataFrame, orgs: pd.DataFrame, text: str) -> int:
    """Return the row of the person who is meant; QueryError if there is none, or several."""
    here = active(users)
    for field in (*_FIELDS, "name"):
        if field == "name":
            hits = named(full_names(here), text)
            turned = " ".join(part.strip() for part in reversed(text.split(",")))
            hits = hits if hits.any() or "," not in text else named(full_names(here), turned)
        else:
            hits = named(here[field], text)
        if hits.sum() > 1:
            raise QueryError(_several(here.loc[hits], orgs, field, text))
        if hits.any():
            return int(users.index.get_indexer(here.index[hits])[0])
    raise QueryError(
        f"No active person has the sourcedId, email, username, identifier or name {shown(text)}."
        " get_users() lists people; where= chooses among them."
    )


def _several(people: pd.DataFrame, orgs: pd.DataFrame, field: str, text: str) -> str:
    """Say what several people are, but not who, and how to choose one of them."""
    rows = without_group(Query(), people, active(orgs)).head(_SHOWN_AT_MOST)
    told = [
        f"a {row.role}"
        + (f" of grade {row.grades}" if isinstance(row.grades, str) else "")
        + (f" at {row.schoolNames}" if isinstance(row.schoolNames, str) else "")
        for row in rows.itertuples()
    ]
    more = f", and {len(people) - len(told):,} more" if len(people) > len(told) else ""
    by = "givenName and familyName" if field == "name" else field
    return (
        f"{text!r} is the {field} of {len(people):,} people: {'; '.join(told)}{more}. Pass the"
        f" sourcedId of one; get_users() with conditions on {by} in where= lists them."
    )


def _roles(roster: WholeRoster, user: pd.DataFrame, moment: Moment) -> pd.DataFrame:
    """Return the roles of a person, at which org and from when to when."""
    every = roster.table("roles")
    rows = every.loc[among(every["userSourcedId"], user["sourcedId"])].reset_index(drop=True)
    held = roles_at_orgs(user, rows)
    held = held.loc[held["active"], ["role", "org"]].drop_duplicates()
    names = ["roleType", "beginDate", "endDate"]
    own = active(rows).rename(columns={"orgSourcedId": "org"})[["role", "org", *names]]
    held = held.merge(own.drop_duplicates(["role", "org"]), on=["role", "org"], how="left")
    held = held.rename(columns={"org": "orgSourcedId"})
    named_orgs = {"orgName": "name", "orgType": "type"}
    held = beside(held, "orgSourcedId", roster.table("orgs"), named_orgs)
    held["now"] = moment.held(held, roster.table("academicSessions"))
    columns = ["role", "roleType", "orgSourcedId", "orgName", "orgType", *names[1:], "now"]
    return held.sort_values(["role", "orgSourcedId"], ignore_index=True)[columns]


def _schools(orgs: pd.DataFrame, user: pd.DataFrame) -> pd.DataFrame:
    """Return the schools of a person."""
    schools = active(orgs.loc[orgs["type"] == "school"])
    mine = schools.loc[among(schools["sourcedId"], distinct_elements(user["orgSourcedIds"]))]
    mine = mine[["sourcedId", "name", "identifier"]].sort_values("sourcedId", ignore_index=True)
    return mine.assign(primary=among(mine["sourcedId"], user["primaryOrgSourcedId"]))


def _classes(roster: WholeRoster, user: pd.DataFrame, moment: Moment) -> pd.DataFrame:
    """Return the classes that a person is enrolled in."""
    sessions, every = roster.table("academicSessions"), roster.table("classes")
    rows = rows_of(roster.table("enrollments"), "userSourcedId", user["sourcedId"])
    classes = linked_classes(roster, rows["classSourcedId"])
    gone = every.loc[~is_active(every), "sourcedId"]
    rows = rows.loc[~among(rows["classSourcedId"], gone)].reset_index(drop=True)
    rows = beside(with_now(rows, moment, classes, sessions), "classSourcedId", classes, _CLASS)
    rows = rows.assign(later=~rows["now"])
    order = ["later", "periods", "classTitle", "classSourcedId", "role"]
    dates = ["beginDate", "endDate", "now"]
    shown = rows.sort_values(order, kind="stable", ignore_index=True)
    shown = shown[["classSourcedId", *_CLASS, "role", "primary", *dates]]
    return with_moment(shown, moment, classes, sessions)


def _agents(users: pd.DataFrame, user: pd.DataFrame) -> pd.DataFrame:
    """Return who is linked to a person, whichever of the two the link is written at."""
    key = str(user["sourcedId"][0])
    near = users["agentSourcedIds"].str.contains(key, regex=False).fillna(False).astype(bool)
    near |= among(users["sourcedId"], distinct_elements(user["agentSourcedIds"]))
    near |= users["sourcedId"] == key
    near_by = users.loc[near].reset_index(drop=True)
    one, other = linked_people(near_by)
    mine = other[(near_by["sourcedId"] == key).to_numpy(dtype=bool)[one]]
    found = active(near_by.iloc[mine])[_AGENT]
    return found.sort_values(["familyName", "givenName", "sourcedId"], ignore_index=True)
