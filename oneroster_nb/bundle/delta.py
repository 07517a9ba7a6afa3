"""What a delta bundle changes in the tables of a roster."""

from collections.abc import Mapping

import pandas as pd

from oneroster_nb.bundle.reading import Bundle
from oneroster_nb.membership import with_primary_org
from oneroster_nb.merging import merged
from oneroster_nb.roles import roles_of_users, users_of_roles
from oneroster_nb.schema import empty_table

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
        tables[name] = news if mode == "bulk" else merged(name, tables[name], news, news)
    orgs = tables.get("orgs", empty_table("orgs"))
    if "users" not in bundle.modes and "roles" not in bundle.modes:
        return tables
    if bundle.version == "1.2":
        tables["users"] = with_primary_org(users_of_roles(tables["users"], tables["roles"]), orgs)
        return tables
    news = bundle.tables["users"]
    tables["roles"] = (
        bundle.tables["roles"]
        if bundle.modes["users"] == "bulk"
        else merged("roles", tables["roles"], roles_of_users(news, orgs), news)
    )
    users = tables["users"]
    tables["users"] = with_primary_org(
        users.assign(primaryOrgSourcedId=None).astype({"primaryOrgSourcedId": "str"}), orgs
    )
    return tables
