"""The roles of people: one column in OneRoster 1.1, a table of their own in 1.2, here both."""

from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from oneroster_nb.tables.casting import cast_columns, to_frame
from oneroster_nb.tables.fields import FIELDS
from oneroster_nb.tables.lookup import among
from oneroster_nb.tables.notes import findings_of_notes, notes_of
from oneroster_nb.tables.repeated_keys import DistinctRows
from oneroster_nb.tables.rules import Finding, found
from oneroster_nb.tables.table import empty_table, join_values, split_text, split_values
from oneroster_nb.tables.vocabulary import DELETED

_ADMINISTRATORS = frozenset(
    {"districtAdministrator", "siteAdministrator", "systemAdministrator", "administrator"}
)
ROLES_COLUMN = "_roles"
"""The column of a page of users in which a text holds all their roles."""

_ADMINISTRATOR = "administrator"
_BETWEEN = "\x1f"
_SAYS = [each.name for each in FIELDS["roles"].own]


class People(NamedTuple):
    """Users, each once, the roles that they hold, and what was read otherwise than written."""

    users: pd.DataFrame
    roles: pd.DataFrame
    findings: list[Finding]


def people_of(
    rows: DistinctRows, held: pd.DataFrame, orgs: pd.DataFrame, version: str, *, told: bool = True
) -> People:
    """Complete users and roles, whichever of the two says what people are, and where.

    Parameters
    ----------
    rows : DistinctRows
        The canonical users, with ``role`` and ``orgSourcedIds`` if they were written there.
    held, orgs : pandas.DataFrame
        The canonical tables ``roles``, as far as it was written, and ``orgs``.
    version : str
        ``"1.1"``, whose users say what they are, or ``"1.2"``, which has a table for that.
    told : bool
        Whether it is a finding if users of 1.2 say what they are.

    Returns
    -------
    People
        See :func:`completed_roles` and :func:`users_of_roles`.
    """
    users, parts, findings = rows
    roles = completed_roles(parts, held, orgs)
    mixed = _of_versions(parts, held, len(roles), version, told=told)
    users = with_primary_org(users_of_roles(users, roles if len(held) else held), orgs)
    return People(users, roles, [*findings, *mixed])


def roles_of_users(users: pd.DataFrame, orgs: pd.DataFrame) -> pd.DataFrame:
    """Make the table of roles for users of OneRoster 1.1, which has none."""
    return completed_roles(users, empty_table("roles"), orgs)


def completed_roles(users: pd.DataFrame, held: pd.DataFrame, orgs: pd.DataFrame) -> pd.DataFrame:
    """Add to a table of roles what users say of themselves beyond it.

    Parameters
    ----------
    users, orgs : pandas.DataFrame
        Canonical tables. A user may have several rows.
    held : pandas.DataFrame
        The canonical table ``roles``, empty in OneRoster 1.1.

    Returns
    -------
    pandas.DataFrame
        The canonical table. A user of whom it said nothing has a primary role for each org,
        ``sourcedId`` of both joined by ``@``. An administrator of 1.1 becomes a
        ``siteAdministrator`` at a school, else a ``districtAdministrator``.
    """
    said = _said_roles(users, orgs)
    known = among(said["userSourcedId"], held["userSourcedId"])
    # Without an org there is no role to make; the word stays with the user.
    made = said.loc[~known].dropna(subset=["orgSourcedId"])
    if len(held):
        made = pd.concat([made, _beyond(said.loc[known], held)]).sort_index(kind="stable")
        if made.empty:
            return held
    roles, _ = roles_table(made, users.loc[made.index])
    return pd.concat([held, roles], ignore_index=True) if len(held) else roles


def roles_table(rows: pd.DataFrame, holders: pd.DataFrame) -> tuple[pd.DataFrame, list[Finding]]:
    """Build the canonical table of roles from roles without ids, and say what was odd in them.

    Parameters
    ----------
    rows : pandas.DataFrame
        ``userSourcedId roleType role orgSourcedId`` and more as text; repeated ones count once.
    holders : pandas.DataFrame
        The user of each row: a role has the status of its user, and changed when they did.
    """
    texts = {
        name: pa.array(rows[name], pa.string(), from_pandas=True) for name in _SAYS if name in rows
    }
    page = cast_columns("roles", texts)
    frame = to_frame(page).assign(
        status=holders["status"].array, dateLastModified=holders["dateLastModified"].array
    )
    frame = frame.loc[~frame.duplicated(_SAYS)].reset_index(drop=True)
    findings = list(findings_of_notes("roles", notes_of(page)))
    return frame.assign(sourcedId=_made_ids(frame)), findings


def users_of_roles(users: pd.DataFrame, roles: pd.DataFrame) -> pd.DataFrame:
    """Complete users by ``role`` and ``orgSourcedIds``, which follow from their roles.

    Parameters
    ----------
    users, roles : pandas.DataFrame
        Canonical tables. Of roles that are marked tobedeleted nothing follows, unless their user
        is, too. Users without any role in the table stay as they are.

    Returns
    -------
    pandas.DataFrame
        The users. ``role`` is that of the primary role, else of the first, in the words of 1.1,
        which has one word for every administrator; ``orgSourcedIds`` are the orgs of all roles.
    """
    words = _in_1p1(users["role"])
    known = among(users["sourcedId"], roles["userSourcedId"])
    if not known.any():
        return users.assign(role=words)
    gone = users.loc[users["status"] == DELETED, "sourcedId"]
    roles = roles.loc[(roles["status"] != DELETED) | among(roles["userSourcedId"], gone)]
    ranked = roles.assign(_rank=(roles["roleType"] != "primary").to_numpy())
    first = ranked.sort_values("_rank", kind="stable").drop_duplicates("userSourcedId")
    role = pd.Series(_in_1p1(first["role"]).array, index=first["userSourcedId"])
    placed = roles.dropna(subset=["orgSourcedId"]).drop_duplicates(
        ["userSourcedId", "orgSourcedId"]
    )
    orgs = placed.groupby("userSourcedId", sort=False)["orgSourcedId"].agg(join_values)
    return users.assign(
        role=words.mask(known, users["sourcedId"].map(role).astype("str")),
        orgSourcedIds=users["orgSourcedIds"].mask(
            known, users["sourcedId"].map(orgs).astype("str")
        ),
    )


def _said_roles(users: pd.DataFrame, orgs: pd.DataFrame) -> pd.DataFrame:
    """Return what users say of themselves: a row a role and org, by the position of the user."""
    org = split_values(users["orgSourcedIds"]).explode().astype("str")
    rows = users[["sourcedId", "role"]].loc[org.index]
    schools = set(orgs.loc[orgs["type"] == "school", "sourcedId"])
    administrator = np.where(org.isin(schools), "siteAdministrator", "districtAdministrator")
    said = pd.DataFrame(
        {
            "userSourcedId": rows["sourcedId"],
            "role": rows["role"].where(rows["role"] != _ADMINISTRATOR, administrator),
            "orgSourcedId": org,
        }
    )
    said = said.loc[
        said["userSourcedId"].notna() & said[["role", "orgSourcedId"]].notna().any(axis="columns")
    ]
    said = said.loc[~said.duplicated()]
    second = said.duplicated(["userSourcedId", "orgSourcedId"])
    kind = np.where(second, "secondary", "primary")
    return said.assign(roleType=pd.Series(kind, index=said.index, dtype="str"))


def _beyond(said: pd.DataFrame, held: pd.DataFrame) -> pd.DataFrame:
    """Return what people say of themselves that their roles do not say: another role or org."""
    holder = held["userSourcedId"]
    has_role = among(
        said["userSourcedId"] + _BETWEEN + _in_1p1(said["role"]),
        holder + _BETWEEN + _in_1p1(held["role"]),
    )
    has_org = among(
        said["userSourcedId"] + _BETWEEN + said["orgSourcedId"],
        holder + _BETWEEN + held["orgSourcedId"],
    )
    covered = (has_role | said["role"].isna()) & (has_org | said["orgSourcedId"].isna())
    beyond = said.loc[~covered]
    main = held.drop_duplicates("userSourcedId").set_index("userSourcedId")["role"]
    role = beyond["role"].fillna(beyond["userSourcedId"].map(main).astype("str"))
    return beyond.assign(role=role, roleType="secondary")


def _made_ids(roles: pd.DataFrame) -> "pd.Series[str]":
    """Make ids of user and org, if there are several roles also of the role, else a number."""
    key = roles["userSourcedId"] + "@" + roles["orgSourcedId"].fillna("")
    key = key.where(~key.duplicated(), key + "@" + roles["role"].fillna(""))
    number = key.groupby(key, sort=False).cumcount()
    return key.where(number == 0, key + "@" + (number + 1).astype("str"))


def _in_1p1(roles: "pd.Series[str]") -> "pd.Series[str]":
    """Write roles in the words of 1.1, which has one for every administrator."""
    return roles.mask(roles.isin(_ADMINISTRATORS), _ADMINISTRATOR)


def _of_versions(
    users: pd.DataFrame, held: pd.DataFrame, number: int, version: str, *, told: bool
) -> list[Finding]:
    """Find what was read from where, if that is not where the version has it."""
    details = []
    if version == "1.2" and told:
        says = users["role"].notna() | users["orgSourcedIds"].notna()
        alone = users.loc[says & ~among(users["sourcedId"], held["userSourcedId"]), "sourcedId"]
        if len(alone):
            details.append(f"role and orgs of {alone.nunique():,} people were read from users")
    if version == "1.1" and len(held):
        people = held["userSourcedId"].nunique()
        details.append(f"roles of {people:,} people were read as 1.2 has them")
    if len(held) and number > len(held):
        details.append(f"{number - len(held):,} roles were read from users beside those")
    return [found("version-mixed", "users", f"{detail}.") for detail in details]


def with_primary_org(users: pd.DataFrame, orgs: pd.DataFrame) -> pd.DataFrame:
    """Fill ``primaryOrgSourcedId``, which OneRoster 1.1 lacks, with a user's first school."""
    if users["primaryOrgSourcedId"].notna().all():
        return users
    schools = set(orgs.loc[orgs["type"] == "school", "sourcedId"])
    first = {
        text: next((org for org in split_text(text) if org in schools), None)
        for text in users["orgSourcedIds"].dropna().unique()
    }
    found = users["orgSourcedIds"].map(first).astype("str")
    return users.assign(primaryOrgSourcedId=users["primaryOrgSourcedId"].fillna(found))
