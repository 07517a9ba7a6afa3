"""Applying a delta bundle to the tables of a roster."""

from collections.abc import Mapping

import pandas as pd

from oneroster_nb.bundle.reading import Bundle
from oneroster_nb.errors import BundleError, IncompleteError
from oneroster_nb.tables.lookup import among
from oneroster_nb.tables.roles import (
    completed_roles,
    roles_of_users,
    users_of_roles,
    with_primary_org,
)
from oneroster_nb.tables.upsert import OWNERS, shrunken_tables, upsert
from oneroster_nb.tables.vocabulary import DELETED

_Tables = dict[str, pd.DataFrame]


def changed_tables(
    old: Mapping[str, pd.DataFrame], bundle: Bundle, *, allow_shrink: bool = False
) -> _Tables:
    """Return the tables after a delta bundle.

    Parameters
    ----------
    old : mapping of str to pandas.DataFrame
        The canonical tables before.
    bundle : Bundle
        A bulk file replaces its table. A delta file changes the rows with its sourcedIds, adds new
        rows, and marks rows as ``tobedeleted``.
    allow_shrink : bool
        Whether a table may shrink to less than half its size.

    Returns
    -------
    dict of str to pandas.DataFrame

    Raises
    ------
    BundleError
        If the manifest does not say whether a file is bulk or delta.
    IncompleteError
        If a table shrinks to less than half its size.
    """
    if bundle.unstated:
        files = ", ".join(f"{name}.csv" for name in sorted(bundle.unstated))
        raise BundleError(
            f"The manifest does not say whether {files} holds changes or a whole table, so nothing"
            " was applied. Write a line for each file into manifest.csv, such as file.users,delta"
            " or file.users,bulk. If the bundle is a whole roster, read it with"
            " CsvConnector(path).get_roster()."
        )
    tables = dict(old)
    for name, mode in bundle.modes.items():
        news = bundle.tables[name]
        if mode == "delta":
            news = _upserted(tables[name], _with_former_role(tables, news, name))
        tables[name] = news
    if bundle.modes.get("users") == "bulk" and bundle.modes.get("roles") != "delta":
        tables["roles"] = bundle.tables["roles"]
    elif "users" in bundle.modes or "roles" in bundle.modes:
        tables["roles"] = _roles_after(tables, bundle)
        users = users_of_roles(tables["users"], tables["roles"])
        nowhere = users["orgSourcedIds"].isna()
        users = users.assign(primaryOrgSourcedId=users["primaryOrgSourcedId"].mask(nowhere))
        tables["users"] = with_primary_org(users, tables["orgs"])
    if not allow_shrink and (shrunk := shrunken_tables(old, tables)):
        raise IncompleteError(
            f"The bundle makes tables much smaller than before: {'; '.join(shrunk)}. That may be"
            " a mistake, so the roster was not changed. If the bundle is right, pass"
            " allow_shrink=True."
        )
    return tables


def _roles_after(tables: _Tables, bundle: Bundle) -> pd.DataFrame:
    """Return the roles after a change of users; a row of users may hold a role itself."""
    roles = tables["roles"]
    if "users" not in bundle.modes:
        return roles
    news = bundle.tables["users"]
    spoken_of = (
        bundle.tables["roles"]["userSourcedId"]
        if "roles" in bundle.modes
        else news["sourcedId"].head(0)
    )
    gone = news["status"] == DELETED
    says = (news["role"].notna() | news["orgSourcedIds"].notna()) & ~gone
    alone = ~among(news["sourcedId"], spoken_of)
    if (gone & alone).any():
        moments = news.loc[gone & alone].set_index("sourcedId")["dateLastModified"]
        marked = roles["userSourcedId"].isin(moments.index)
        changed = roles["userSourcedId"].map(moments)
        roles = roles.assign(
            status=roles["status"].mask(marked, DELETED),
            dateLastModified=roles["dateLastModified"].mask(marked, changed),
        )
    if (says & alone).any():
        own = news.loc[says & alone].reset_index(drop=True)
        made = roles_of_users(own, tables["orgs"])
        roles = upsert(roles, made, own["sourcedId"], OWNERS["roles"])
    if (says & ~alone).any():
        own = news.loc[says & ~alone].reset_index(drop=True)
        roles = completed_roles(own, roles, tables["orgs"])
    return roles


def _with_former_role(tables: _Tables, news: pd.DataFrame, name: str) -> pd.DataFrame:
    """Keep the former role of changed users if the change names no role."""
    if name != "users":
        return news
    silent = news["role"].isna() & news["orgSourcedIds"].isna()
    old = tables["users"].dropna(subset=["sourcedId"]).set_index("sourcedId")
    former = {
        column: news["sourcedId"].map(old[column]).astype("str")
        for column in ("role", "orgSourcedIds")
    }
    return news.assign(**{c: news[c].mask(silent, values) for c, values in former.items()})


def _upserted(old: pd.DataFrame, news: pd.DataFrame) -> pd.DataFrame:
    """Replace changed rows; from rows marked tobedeleted, take only the mark and its time."""
    gone = news.loc[news["status"] == DELETED].set_index("sourcedId")
    kept = old.loc[old["sourcedId"].isin(gone.index)]
    moments = gone["dateLastModified"].reindex(kept["sourcedId"]).array
    marked = kept.assign(status=DELETED, dateLastModified=moments)
    others = news.loc[~among(news["sourcedId"], kept["sourcedId"])]
    changed = pd.concat([marked, others], ignore_index=True)
    return upsert(old, changed, changed["sourcedId"])
