"""What a delta bundle changes in the tables of a roster."""

from collections.abc import Mapping

import pandas as pd

from oneroster_nb.bundle.reading import Bundle
from oneroster_nb.membership import with_primary_org
from oneroster_nb.merging import OWNERS, merged
from oneroster_nb.roles import roles_of_users, users_of_roles

__all__ = ["changed_tables"]


def changed_tables(old: Mapping[str, pd.DataFrame], bundle: Bundle) -> dict[str, pd.DataFrame]:
    """Give the tables as they are after a delta.

    Parameters
    ----------
    old : mapping of str to pandas.DataFrame
        The canonical tables as they were.
    bundle : Bundle
        Its bulk files replace a table; those of a delta change the rows whose sourcedId they
        name, add those that are new, and mark as ``tobedeleted`` those that they say so of.

    Returns
    -------
    dict of str to pandas.DataFrame
    """
    tables = dict(old)
    for name, mode in bundle.modes.items():
        news = bundle.tables[name]
        tables[name] = news if mode == "bulk" else _upserted(tables[name], news)
    if "users" not in bundle.modes and "roles" not in bundle.modes:
        return tables
    orgs = tables["orgs"]
    if bundle.version == "1.2":
        tables["users"] = users_of_roles(tables["users"], tables["roles"])
    elif bundle.modes.get("users") == "bulk":
        tables["roles"] = bundle.tables["roles"]
    else:
        told = bundle.tables["users"]["sourcedId"]
        changed = tables["users"].loc[tables["users"]["sourcedId"].isin(told)]
        roles = roles_of_users(changed.reset_index(drop=True), orgs)
        tables["roles"] = merged(tables["roles"], roles, told, OWNERS["roles"])
    tables["users"] = with_primary_org(tables["users"], orgs)
    return tables


def _upserted(old: pd.DataFrame, news: pd.DataFrame) -> pd.DataFrame:
    """Put changed rows in their places; of what is to be deleted, only that is taken."""
    gone = news.loc[news["status"] == "tobedeleted"].set_index("sourcedId")
    kept = old.loc[old["sourcedId"].isin(gone.index)]
    moments = gone["dateLastModified"].reindex(kept["sourcedId"]).array
    marked = kept.assign(status="tobedeleted", dateLastModified=moments)
    others = news.loc[~news["sourcedId"].isin(kept["sourcedId"])]
    changed = pd.concat([marked, others], ignore_index=True)
    return merged(old, changed, changed["sourcedId"])
