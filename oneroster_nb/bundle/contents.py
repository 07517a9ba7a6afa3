"""The contents of a bulk bundle: active rows, with the values that the version requires."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from oneroster_nb.bundle.layout import FILES
from oneroster_nb.tables.lookup import among
from oneroster_nb.tables.resources import resources_per_user
from oneroster_nb.tables.roles import completed_roles, roles_of_users
from oneroster_nb.tables.status import is_active
from oneroster_nb.tables.table import empty_table

FILLED = "metadata.filledOnExport"
"""The column that names filled values, so that reading the bundle restores the roster."""


@dataclass(frozen=True)
class Contents:
    """The contents of a bundle to write.

    Attributes
    ----------
    files : Mapping[str, pandas.DataFrame]
        The tables that have rows, in the order of the manifest.
    left_out : Mapping[str, int]
        Table to the number of its active rows that the version cannot hold.
    """

    files: Mapping[str, pd.DataFrame]
    left_out: Mapping[str, int]


def bundle_contents(tables: Mapping[str, pd.DataFrame], version: str) -> Contents:
    """Choose and complete the contents of a bundle.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        Canonical tables.
    version : str
        ``"1.1"`` or ``"1.2"``.

    Returns
    -------
    Contents
        If a line item has no academic session, it gets the grading period (in 1.1, the other way
        round). If it has no school, it gets the school of its class. Version 1.2 has separate
        files for roles and for the resources of users.
    """
    active = {
        name: table.loc[is_active(table)].reset_index(drop=True) for name, table in tables.items()
    }
    if "lineItems" in active:
        active["lineItems"] = _completed(active["lineItems"], active.get("classes"), version)
    if version == "1.2" and "users" in active:
        users, held = active["users"], active.get("roles", empty_table("roles"))
        roles = active["roles"] = completed_roles(users, held, active["orgs"])
        # roles.csv requires an org.
        alone = ~among(users["sourcedId"], roles["userSourcedId"])
        active["users"] = users.assign(**{"metadata.role": users["role"].where(alone)})
        if not len(active.get("userResources", ())):
            active["userResources"] = resources_per_user(active["users"])
    files = {name: active[name] for name in FILES[version] if len(active.get(name, ()))}
    left_out = {name: len(table) for name, table in active.items() if name not in FILES[version]}
    if version == "1.1" and "roles" in left_out:
        left_out["roles"] = _roles_lost(active)
    return Contents(files, {name: count for name, count in left_out.items() if count})


def _completed(items: pd.DataFrame, classes: pd.DataFrame | None, version: str) -> pd.DataFrame:
    """Fill values of line items that the CSV binding requires and that sources may not send."""
    session, period = items["academicSessionSourcedId"], items["gradingPeriodSourcedId"]
    found = {"gradingPeriodSourcedId": session}
    if version == "1.2":
        found = {"academicSessionSourcedId": period}
        if classes is not None:
            schools = classes.drop_duplicates("sourcedId").set_index("sourcedId")["schoolSourcedId"]
            found["schoolSourcedId"] = items["classSourcedId"].map(schools).astype("str")
    filled = pd.Series("", index=items.index, dtype="str")
    for column, values in found.items():
        new = items[column].isna() & values.notna()
        filled = filled.mask(new, filled + "," + column)
        items = items.assign(**{column: items[column].fillna(values)})
    filled = filled.str.removeprefix(",").replace("", None)
    return items.assign(**{FILLED: filled}) if filled.notna().any() else items


def _roles_lost(tables: Mapping[str, pd.DataFrame]) -> int:
    """Count the roles that version 1.1 cannot hold: second roles, and roles with dates."""
    columns = ["userSourcedId", "role", "orgSourcedId"]
    held = tables["roles"]
    held = held.loc[among(held["userSourcedId"], tables["users"]["sourcedId"])]
    said = roles_of_users(tables["users"], tables["orgs"])
    again = pd.MultiIndex.from_frame(held[columns]).isin(pd.MultiIndex.from_frame(said[columns]))
    dated = held[["beginDate", "endDate"]].notna().any(axis="columns")
    return int((~again | dated).sum())
