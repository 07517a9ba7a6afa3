"""Lists of members as a server gives them: whom they hold, taken by role (pure)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from oneroster_nb.tables.lookup import codes
from oneroster_nb.tables.roles_at_orgs import holds_role, roles_at_orgs
from oneroster_nb.tables.status import is_active


@dataclass(frozen=True)
class ListedPeople:
    """The people of some lists, and in which list each of them stands.

    Attributes
    ----------
    all_users : pandas.DataFrame
        The rows of all lists, those of another status than asked for too.
    users, roles : pandas.DataFrame
        Canonical tables of the status asked for, each person once.
    user, in_list, role_number : numpy arrays of int
        An entry for each row of a list: the row of `users`, the class or school whose list it is,
        and the role after which the list is called, by its number among those asked for.
    """

    all_users: pd.DataFrame
    users: pd.DataFrame
    roles: pd.DataFrame
    user: NDArray[np.intp]
    in_list: NDArray[np.intp]
    role_number: NDArray[np.intp]

    def take(self, rows: NDArray[np.intp], role_number: NDArray[np.intp]) -> "ListedPeople":
        """Keep some rows, for other roles than those of their lists."""
        user, in_list = self.user[rows], self.in_list[rows]
        return replace(self, user=user, in_list=in_list, role_number=role_number)


def in_classes(
    listed: ListedPeople, schools: "pd.Series[str]", roles: Sequence[str]
) -> tuple[bool, ListedPeople]:
    """Take the people of lists of classes by the roles that they hold at the school of the class.

    Return False with them if a list holds people of another role than its own. Then who is
    enrolled as what is known from enrollments alone.
    """
    org = schools.take(listed.in_list)
    holds = [
        holds_role(
            listed.users, listed.roles, listed.user, org, pd.Series([role] * len(org), dtype="str")
        )
        for role in roles
    ]
    held = np.stack(holds, axis=1) if holds else np.zeros((len(org), 0), dtype=bool)
    as_listed = held[np.arange(len(org)), listed.role_number]
    if as_listed.all():
        return True, listed
    rows = np.flatnonzero(held.any(axis=1))
    number = np.where(as_listed[rows], listed.role_number[rows], held[rows].argmax(axis=1))
    order = np.lexsort((rows, number, listed.in_list[rows]))
    return False, listed.take(rows[order], number[order])


def in_schools(
    listed: ListedPeople, schools: "pd.Series[str]", roles: Sequence[str]
) -> ListedPeople:
    """Take the people of lists of schools by the first of the roles that they hold there."""
    rows = pd.DataFrame({"user": listed.user, "in_list": listed.in_list})
    rows = rows.drop_duplicates().reset_index(names="row")
    held = roles_at_orgs(listed.users, listed.roles)
    held = pd.DataFrame(
        {
            "user": held["user"],
            "in_list": codes(held["org"], schools),
            "number": codes(held["role"], pd.Series(list(roles), dtype="str")),
        }
    ).loc[held["active"].to_numpy()]
    held = held.loc[(held["in_list"] >= 0) & (held["number"] >= 0)]
    found = rows.merge(held, on=["user", "in_list"]).sort_values(["in_list", "number", "row"])
    found = found.drop_duplicates(["in_list", "user"])
    return listed.take(found["row"].to_numpy(), found["number"].to_numpy())


def school_people(users: pd.DataFrame, roles: pd.DataFrame, wanted: Sequence[str]) -> pd.DataFrame:
    """Find who holds a wanted role at which org: ``user`` (row), ``sourcedId org role``."""
    held = roles_at_orgs(users, roles)
    there = held["active"] & held["role"].isin(wanted) & held["org"].notna()
    there &= is_active(users).to_numpy()[held["user"]]
    held = held.loc[there, ["user", "org", "role"]].drop_duplicates()
    return held.assign(sourcedId=users["sourcedId"].array.take(held["user"].to_numpy()))


def telling_school(
    people: pd.DataFrame, users: pd.DataFrame, schools: "pd.Series[str]"
) -> str | None:
    """Find the school whose list tells most about a server, among those that can be asked for.

    It is the one with most people (from :func:`school_people`) whose primary org is another one,
    because some servers leave those out.
    """
    primary = users["primaryOrgSourcedId"].array.take(people["user"].to_numpy())
    second = people.loc[(people["org"] != primary) & people["org"].isin(schools), "org"]
    return None if second.empty else str(second.value_counts().index[0])


def difference(
    listed: ListedPeople, schools: pd.DataFrame, roles: Sequence[str], people: pd.DataFrame
) -> pd.DataFrame:
    """Count the people of each school and role by the server's list, and by orgs and roles.

    The latter are in `people`, from :func:`school_people`. A row for each school and role with a
    difference says its ``name role listed defined``.
    """
    # A person in the list of another role is taken by role, and does not count there.
    own = school_people(listed.users, listed.roles, roles)
    rows = pd.DataFrame(
        {
            "user": listed.user,
            "org": schools["sourcedId"].array.take(listed.in_list),
            "role": pd.Series(list(roles), dtype="str").array.take(listed.role_number),
        }
    )
    shown = rows.merge(own, on=["user", "org", "role"])[["sourcedId", "org", "role"]]
    defined = people.loc[people["org"].isin(schools["sourcedId"]), ["sourcedId", "org", "role"]]
    both = shown.drop_duplicates().merge(defined, how="outer", indicator="side")
    both = both.assign(listed=both["side"] != "right_only", defined=both["side"] != "left_only")
    wrong = both.groupby(["org", "role"])["side"].transform(lambda side: (side != "both").any())
    counted = both.loc[wrong.astype(bool)].groupby(["org", "role"], as_index=False)
    counts = counted[["listed", "defined"]].sum()
    names = dict(zip(schools["sourcedId"], schools["name"], strict=True))
    return counts.assign(name=counts["org"].map(names))
