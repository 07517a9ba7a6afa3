"""Who holds which role at which org: one definition for every source and every question."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from oneroster_nb.tables.elements import elements_by_row
from oneroster_nb.tables.lookup import codes, combinations
from oneroster_nb.tables.status import is_active

LINKED_ROLES = frozenset({"guardian", "parent", "relative"})
"""The roles of people who belong to a class only through a student."""

ENROLLED_ROLES = frozenset({"student", "teacher"})
"""The roles of people who need an enrollment to count on a day or in a term."""


def roles_at_orgs(users: pd.DataFrame, roles: pd.DataFrame) -> pd.DataFrame:
    """Find the role of each person at each org.

    A role holds at its own org only. If `roles` says anything about a person at an org, that alone
    counts there. Else the person is at that org what ``users.role`` says. If that says nothing,
    either, the person holds no role there: who is a student at one of two schools and has no
    ``users.role`` is a student and nothing else, so on a day this person needs an enrollment.

    Returns
    -------
    pandas.DataFrame
        One row for each person, org and role: ``user`` (row of `users`), ``org`` and ``role``
        (str), and ``active`` (bool), False if the row of `roles` is marked tobedeleted. The org
        of a role that names none is missing.

    Examples
    --------
    >>> users = pd.DataFrame({"sourcedId": ["u"], "role": ["teacher"], "orgSourcedIds": ["s1,s2"]})
    >>> roles = pd.DataFrame({"userSourcedId": ["u"], "role": ["guardian"],
    ...                       "orgSourcedId": ["s2"], "status": ["active"]})
    >>> roles_at_orgs(users, roles)[["user", "org", "role"]]
       user org      role
    0     0  s2  guardian
    1     0  s1   teacher
    """
    holder = codes(roles["userSourcedId"], users["sourcedId"])
    said = pd.DataFrame(
        {
            "user": holder,
            "org": roles["orgSourcedId"].array,
            "role": roles["role"].array,
            "active": is_active(roles).to_numpy(),
        }
    ).loc[holder >= 0]
    user, org = elements_by_row(users["orgSourcedIds"])
    listed = pd.DataFrame(
        {"user": user, "org": org, "role": users["role"].array.take(user), "active": True}
    ).dropna(subset=["role"])
    org_codes, orgs = pd.factorize(pd.concat([said["org"], listed["org"]]))
    # The code of a missing org is -1.
    pairs = np.concatenate([said["user"], listed["user"]]) * (len(orgs) + 1) + org_codes
    # Of many numbers, pandas' hash table is faster than numpy's isin.
    unsaid = ~pd.Series(pairs[len(said) :]).isin(pairs[: len(said)]).to_numpy()
    return pd.concat([said, listed.loc[unsaid]], ignore_index=True)


def holds_role(
    users: pd.DataFrame,
    roles: pd.DataFrame,
    user: NDArray[np.intp],
    org: "pd.Series[str]",
    role: "pd.Series[str]",
) -> NDArray[np.bool_]:
    """Return True for each person, org and role if the person holds that role there.

    At an org where nothing is known of the person, any role that the person holds will do.

    Parameters
    ----------
    users, roles : pandas.DataFrame
        Canonical tables.
    user : numpy array of int
        Rows of `users`.
    org, role : pandas.Series of str
        As many orgs and roles.
    """
    held = roles_at_orgs(users, roles)
    held = held.loc[held["active"]]
    own = pd.DataFrame({"user": np.arange(len(users)), "role": users["role"].array})
    asked = pd.DataFrame({"user": user, "org": org.array, "role": role.array})
    return np.where(
        _among(asked, held, ["user", "org"]),
        _among(asked, held, ["user", "org", "role"]),
        _among(asked, pd.concat([own, held]), ["user", "role"]),
    )


def _among(rows: pd.DataFrame, others: pd.DataFrame, names: list[str]) -> NDArray[np.bool_]:
    """Return True for each row whose values in some columns stand together in another table."""
    number = combinations(pd.concat([others[name], rows[name]]) for name in names)
    own = number[len(others) :]
    # Of many numbers, pandas' hash table is faster than numpy's isin.
    return pd.Series(own).isin(number[: len(others)]).to_numpy() & (own >= 0)


def linked_people(users: pd.DataFrame) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Find who is linked to whom as an agent, whichever of the two the link is written at.

    Returns
    -------
    tuple of numpy arrays of int
        The two rows of `users` of each link, once in each direction, ordered by the first.
    """
    one, agents = elements_by_row(users["agentSourcedIds"])
    other = codes(agents, users["sourcedId"])
    known = (other >= 0) & (other != one)
    one, other = one[known], other[known]
    both = np.unique(np.stack([np.append(one, other), np.append(other, one)], axis=1), axis=0)
    return both[:, 0], both[:, 1]


def slices(
    starts: NDArray[np.intp], sizes: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Put slices of positions one behind the other.

    Returns
    -------
    tuple of numpy arrays of int
        The number of the slice and the position, for each position in a slice.

    Examples
    --------
    >>> row, position = slices(np.array([7, 2]), np.array([1, 3]))
    >>> row.tolist(), position.tolist()
    ([0, 1, 1, 1], [7, 2, 3, 4])
    """
    row = np.repeat(np.arange(len(sizes)), sizes)
    within = np.arange(len(row)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return row, np.repeat(starts, sizes) + within
