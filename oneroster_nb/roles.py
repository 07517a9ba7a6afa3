"""The roles of people: one column in OneRoster 1.1, a table of their own in 1.2, here both."""

import numpy as np
import pandas as pd
import pyarrow as pa

from oneroster_nb.conform import conform, to_frame
from oneroster_nb.membership import codes
from oneroster_nb.schema import join_values, split_values

__all__ = ["roles_of_users", "users_of_roles", "users_with_roles"]

_ADMINISTRATORS = frozenset(
    {"districtAdministrator", "siteAdministrator", "systemAdministrator", "administrator"}
)


def roles_of_users(users: pd.DataFrame, orgs: pd.DataFrame) -> pd.DataFrame:
    """Make the table of roles for users of OneRoster 1.1, which has none.

    Parameters
    ----------
    users, orgs : pandas.DataFrame
        Canonical tables.

    Returns
    -------
    pandas.DataFrame
        The canonical table ``roles``: a primary role for each user and org, ``sourcedId`` of both
        joined by ``:``. An administrator becomes a ``siteAdministrator`` at a school, else a
        ``districtAdministrator``.
    """
    org = split_values(users["orgSourcedIds"]).explode().dropna().astype("str")
    rows = users.loc[org.index].reset_index(drop=True)
    org = org.reset_index(drop=True)
    schools = set(orgs.loc[orgs["type"] == "school", "sourcedId"])
    administrator = np.where(org.isin(schools), "siteAdministrator", "districtAdministrator")
    columns = {
        "sourcedId": rows["sourcedId"] + ":" + org,
        "userSourcedId": rows["sourcedId"],
        "roleType": pd.Series(["primary"] * len(rows), dtype="str"),
        "role": rows["role"].where(rows["role"] != "administrator", administrator),
        "orgSourcedId": org,
    }
    return _table(rows, columns)


def users_with_roles(users: pd.DataFrame, roles: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Complete users of OneRoster 1.2, which have neither a role nor orgs, from their roles.

    Parameters
    ----------
    users : pandas.DataFrame
        The canonical users, without ``role`` and ``orgSourcedIds``.
    roles : pandas.DataFrame
        A row a role in the order of the users: ``userSourcedId roleType role orgSourcedId
        userProfileSourcedId beginDate endDate`` as text.

    Returns
    -------
    users : pandas.DataFrame
        ``role`` is that of the primary role, else of the first, in the words of 1.1, which has one
        word for every administrator; ``orgSourcedIds`` are the orgs of all roles.
    roles : pandas.DataFrame
        The canonical table.
    """
    key = roles["userSourcedId"] + ":" + roles["orgSourcedId"].fillna("")
    again = key.duplicated()
    key = key.where(~again, key + ":" + roles["role"].fillna(""))
    holder = users.iloc[codes(roles["userSourcedId"], users["sourcedId"])].reset_index(drop=True)
    columns = {"sourcedId": key, **{name: roles[name] for name in roles.columns}}
    table = _table(holder, columns)
    # A user who is marked tobedeleted still has what the roles say.
    return users_of_roles(users, table.drop(columns="status")), table


def users_of_roles(users: pd.DataFrame, roles: pd.DataFrame) -> pd.DataFrame:
    """Complete users by ``role`` and ``orgSourcedIds``, which follow from their roles.

    Parameters
    ----------
    users, roles : pandas.DataFrame
        Canonical tables; of roles that are to be deleted nothing follows.

    Returns
    -------
    pandas.DataFrame
        The users.
    """
    if "status" in roles:
        roles = roles.loc[roles["status"] != "tobedeleted"]
    ranked = roles.assign(_rank=(roles["roleType"] != "primary").to_numpy())
    first = ranked.sort_values("_rank", kind="stable").drop_duplicates("userSourcedId")
    word = first["role"].where(~first["role"].isin(_ADMINISTRATORS), "administrator")
    role = pd.Series(word.array, index=first["userSourcedId"])
    placed = roles.dropna(subset=["orgSourcedId"]).drop_duplicates(
        ["userSourcedId", "orgSourcedId"]
    )
    orgs = placed.groupby("userSourcedId", sort=False)["orgSourcedId"].agg(join_values)
    return users.assign(
        role=users["sourcedId"].map(role).astype("str"),
        orgSourcedIds=users["sourcedId"].map(orgs).astype("str"),
    )


def _table(users: pd.DataFrame, columns: dict[str, "pd.Series[str]"]) -> pd.DataFrame:
    """Build the table of roles; a role has the status of its user, and changed when they did."""
    texts = {
        name: pa.array(values, pa.string(), from_pandas=True) for name, values in columns.items()
    }
    frame = to_frame(conform("roles", texts))
    return frame.assign(
        status=users["status"].reset_index(drop=True),
        dateLastModified=users["dateLastModified"].reset_index(drop=True),
    )
