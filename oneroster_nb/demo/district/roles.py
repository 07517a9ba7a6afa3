"""The roles of users at orgs: from OneRoster 1.2, or worked out from 1.1."""

import numpy as np
import pandas as pd

from oneroster_nb.demo.district.frames import frame
from oneroster_nb.tables.table import split_values


def make_roles(users: pd.DataFrame, orgs: pd.DataFrame) -> pd.DataFrame:
    """Return one primary role for each user and org, from users of OneRoster 1.1.

    An administrator becomes a ``siteAdministrator`` at a school, else a ``districtAdministrator``.
    A user without an org gets a role without one.
    """
    users = users.loc[users["role"].notna()].reset_index(drop=True)
    org = split_values(users["orgSourcedIds"]).explode().astype("str")
    rows = users.loc[org.index].reset_index(drop=True)
    org = org.reset_index(drop=True)
    schools = orgs.loc[orgs["type"] == "school", "sourcedId"]
    administrators = np.where(org.isin(schools), "siteAdministrator", "districtAdministrator")
    return frame(
        "roles",
        {
            "sourcedId": rows["sourcedId"] + "@" + org.fillna(""),
            "status": rows["status"],
            "dateLastModified": rows["dateLastModified"],
            "userSourcedId": rows["sourcedId"],
            "roleType": np.full(len(rows), "primary", dtype=object),
            "role": rows["role"].where(rows["role"] != "administrator", administrators),
            "orgSourcedId": org,
        },
    )


def shown_roles(users: pd.DataFrame, roles: pd.DataFrame, orgs: pd.DataFrame) -> pd.DataFrame:
    """Return the roles to show inside users, all of them as active.

    A role inside a user has no status of its own, so deleted roles are left out. Roles of deleted
    users stay, to show who was deleted. Users without a row in `roles` get the roles of their own
    record.
    """
    deleted = users.loc[users["status"] == "tobedeleted", "sourcedId"]
    shown = roles.loc[roles["status"].ne("tobedeleted") | roles["userSourcedId"].isin(deleted)]
    others = users.loc[~users["sourcedId"].isin(roles["userSourcedId"])]
    both = pd.concat([shown, make_roles(others, orgs)], ignore_index=True)
    return both.assign(status="active")
