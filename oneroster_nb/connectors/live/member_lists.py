"""Lists of members as a server gives them: whom they hold, taken by role (pure)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from oneroster_nb.tables.lookup import codes
from oneroster_nb.tables.roles_at_orgs import holds_role, roles_at_orgs

__all__ = ["Listed", "difference", "in_classes", "in_schools", "school_people", "telling_school"]


@dataclass(frozen=True)
class Listed:
    """The people of some lists, and in which list each of them stands.

    Attributes
    ----------
    everybody : pandas.DataFrame
        The rows of all lists, those of another status than asked for too.
    users, roles : pandas.DataFrame
        Canonical tables of the status asked for, each person once.
    user, place, asked : numpy arrays of int
        An entry for each row of a list: the row of `users`, the class or school whose list it is,
        and the role after which the list is called, by its number among those asked for.
    """

    everybody: pd.DataFrame
    users: pd.DataFrame
    roles: pd.DataFrame
    user: NDArray[np.intp]
    place: NDArray[np.intp]
    asked: NDArray[np.intp]

    def take(self, rows: NDArray[np.intp], asked: NDArray[np.intp]) -> "Listed":
        """Keep some rows, for other roles than those of their lists."""
        return replace(self, user=self.user[rows], place=self.place[rows], asked=asked)


def in_classes(
    listed: Listed, schools: "pd.Series[str]", roles: Sequence[str]
) -> tuple[bool, Listed]:
    """Take the people of classes by their role at the school of the class.

    Parameters
    ----------
    listed : Listed
        Lists of classes.
    schools : pandas.Series of str
        The school of each class.
    roles : sequence of str
        The roles that are asked for.

    Returns
    -------
    tuple of bool and Listed
        False if a list holds people of another role than its own. Then who is enrolled as what is
        known from enrollments alone. And the rows of the lists, each person in a role that the
        person holds.
    """
    org = schools.take(listed.place)
    holds = [
        holds_role(
            listed.users, listed.roles, listed.user, org, pd.Series([role] * len(org), dtype="str")
        )
        for role in roles
    ]
    held = np.stack(holds, axis=1) if holds else np.zeros((len(org), 0), dtype=bool)
    as_listed = held[np.arange(len(org)), listed.asked]
    if as_listed.all():
        return True, listed
    rows = np.flatnonzero(held.any(axis=1))
    asked = np.where(as_listed[rows], listed.asked[rows], held[rows].argmax(axis=1))
    order = np.lexsort((rows, asked, listed.place[rows]))
    return False, listed.take(rows[order], asked[order])


def in_schools(listed: Listed, schools: "pd.Series[str]", roles: Sequence[str]) -> Listed:
    """Take the people of schools by the first of the roles that they hold there.

    Parameters
    ----------
    listed : Listed
        Lists of schools.
    schools : pandas.Series of str
        The schools.
    roles : sequence of str
        The roles that are asked for.
    """
    rows = pd.DataFrame({"user": listed.user, "place": listed.place})
    rows = rows.drop_duplicates().reset_index(names="row")
    held = roles_at_orgs(listed.users, listed.roles)
    held = pd.DataFrame(
        {
            "user": held["user"],
            "place": codes(held["org"], schools),
            "asked": codes(held["role"], pd.Series(list(roles), dtype="str")),
        }
    ).loc[held["active"].to_numpy()]
    held = held.loc[(held["place"] >= 0) & (held["asked"] >= 0)]
    found = rows.merge(held, on=["user", "place"]).sort_values(["place", "asked", "row"])
    found = found.drop_duplicates(["place", "user"])
    return listed.take(found["row"].to_numpy(), found["asked"].to_numpy())


def school_people(users: pd.DataFrame, roles: pd.DataFrame, wanted: Sequence[str]) -> pd.DataFrame:
    """Find who holds a wanted role at which org: ``user`` (row), ``sourcedId org role``."""
    held = roles_at_orgs(users, roles)
    there = held["active"] & held["role"].isin(wanted) & held["org"].notna()
    there &= (users["status"] != "tobedeleted").to_numpy()[held["user"]]
    held = held.loc[there, ["user", "org", "role"]].drop_duplicates()
    return held.assign(sourcedId=users["sourcedId"].array.take(held["user"].to_numpy()))


def telling_school(
    people: pd.DataFrame, users: pd.DataFrame, schools: "pd.Series[str]"
) -> str | None:
    """Find the school whose list tells most about a server.

    It is the one with most people whose primary org is another one, because some servers leave
    those out.

    Parameters
    ----------
    people : pandas.DataFrame
        As :func:`school_people` finds them.
    users : pandas.DataFrame
        The canonical table.
    schools : pandas.Series of str
        The schools that can be asked for.
    """
    primary = users["primaryOrgSourcedId"].array.take(people["user"].to_numpy())
    second = people.loc[(people["org"] != primary) & people["org"].isin(schools), "org"]
    return None if second.empty else str(second.value_counts().index[0])


def difference(
    listed: Listed, places: pd.DataFrame, roles: Sequence[str], people: pd.DataFrame
) -> pd.DataFrame:
    """Count the people of each school and role by the server's list, and by orgs and roles.

    Parameters
    ----------
    listed : Listed
        The lists of some schools.
    places : pandas.DataFrame
        These schools.
    roles : sequence of str
        The roles that are asked for.
    people : pandas.DataFrame
        As :func:`school_people` finds them.

    Returns
    -------
    pandas.DataFrame
        A row for each school and role with a difference: ``name``, ``role``, ``listed`` and
        ``defined`` (int).
    """
    # A person in the list of another role is taken by role, and does not count there.
    own = school_people(listed.users, listed.roles, roles)
    rows = pd.DataFrame(
        {
            "user": listed.user,
            "org": places["sourcedId"].array.take(listed.place),
            "role": pd.Series(list(roles), dtype="str").array.take(listed.asked),
        }
    )
    shown = rows.merge(own, on=["user", "org", "role"])[["sourcedId", "org", "role"]]
    asked = people.loc[people["org"].isin(places["sourcedId"]), ["sourcedId", "org", "role"]]
    both = shown.drop_duplicates().merge(asked, how="outer", indicator="side")
    both = both.assign(listed=both["side"] != "right_only", defined=both["side"] != "left_only")
    wrong = both.groupby(["org", "role"])["side"].transform(lambda side: (side != "both").any())
    counted = both.loc[wrong.astype(bool)].groupby(["org", "role"], as_index=False)
    counts = counted[["listed", "defined"]].sum()
    names = dict(zip(places["sourcedId"], places["name"], strict=True))
    return counts.assign(name=counts["org"].map(names))
