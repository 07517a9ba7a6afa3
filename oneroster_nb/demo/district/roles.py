"""Who holds which role where: told by OneRoster 1.2, and understood from what 1.1 tells."""

import numpy as np
import pandas as pd

from oneroster_nb.demo.district.frames import frame
from oneroster_nb.tables.schema import split_values

__all__ = ["make_roles", "shown_roles"]


def make_roles(users: pd.DataFrame, orgs: pd.DataFrame) -> pd.DataFrame:
    """Give each user one primary role at each org, as a user of OneRoster 1.1 is understood.

    An administrator becomes a ``siteAdministrator`` at a school, else a ``districtAdministrator``.
    Whoever has no org gets a role without one.
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
    """Give the roles that users are shown with, all of them as active.

    A role inside a user has no status of its own, so deleted ones are left out; those of deleted
    users stay, or nobody could tell who was deleted. Users without any row in `roles` get those
    that follow from their own record.
    """
    deleted = users.loc[users["status"] == "tobedeleted", "sourcedId"]
    shown = roles.loc[roles["status"].ne("tobedeleted") | roles["userSourcedId"].isin(deleted)]
    others = users.loc[~users["sourcedId"].isin(roles["userSourcedId"])]
    both = pd.concat([shown, make_roles(others, orgs)], ignore_index=True)
    return both.assign(status="active")
