"""Columns that only the service has, computed from other tables."""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

import pandas as pd

from oneroster_nb.tables.field import Kind
from oneroster_nb.tables.table import join_values

Tables: TypeAlias = Mapping[str, pd.DataFrame]


def _other_end(table: str, source: str, key: str, value: str) -> Callable[[Tables], Any]:
    """For each record of `table`, join a value of the live rows of `source` that point at it."""

    def derive(tables: Tables) -> Any:
        rows = tables[source]
        live = rows.loc[rows["status"].ne("tobedeleted") & rows[key].notna() & rows[value].notna()]
        values: dict[str, list[str]] = {}
        for one, other in zip(live[key], live[value], strict=True):
            values.setdefault(one, []).append(other)
        joined = {one: join_values(others) for one, others in values.items()}
        return tables[table]["sourcedId"].map(joined).astype("str")

    return derive


def _school_of_item(tables: Tables) -> Any:
    """Return the school of each line item: its own, or else the school of its class."""
    items, classes = tables["lineItems"], tables["classes"]
    schools = classes.drop_duplicates("sourcedId").set_index("sourcedId")["schoolSourcedId"]
    return items["schoolSourcedId"].fillna(items["classSourcedId"].map(schools)).astype("str")


DERIVED: Final[Mapping[tuple[str, str], tuple[Kind, Callable[[Tables], Any]]]] = {
    ("orgs", "children"): (
        Kind.VALUES,
        _other_end("orgs", "orgs", "parentSourcedId", "sourcedId"),
    ),
    ("academicSessions", "children"): (
        Kind.VALUES,
        _other_end("academicSessions", "academicSessions", "parentSourcedId", "sourcedId"),
    ),
    ("classes", "resources"): (
        Kind.VALUES,
        _other_end("classes", "classResources", "classSourcedId", "resourceSourcedId"),
    ),
    ("courses", "resources"): (
        Kind.VALUES,
        _other_end("courses", "courseResources", "courseSourcedId", "resourceSourcedId"),
    ),
    ("users", "heldRoles"): (
        Kind.VALUES,
        _other_end("users", "roles", "userSourcedId", "role"),
    ),
    ("lineItems", "shownSchoolSourcedId"): (Kind.TEXT, _school_of_item),
}
"""By table and column: what it holds, and what makes it."""
