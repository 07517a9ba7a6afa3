"""Rules about fields that must have a value."""

from collections.abc import Mapping
from types import MappingProxyType

import pandas as pd

from oneroster_nb.tables.findings import Finding, found
from oneroster_nb.tables.roles_at_orgs import LINKED_ROLES
from oneroster_nb.tables.schema import TABLES

__all__ = ["required"]

Tables = Mapping[str, pd.DataFrame]

_REQUIRED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "orgs": ("name", "type"),
        "academicSessions": ("title", "type", "startDate", "endDate", "schoolYear"),
        "courses": ("title", "orgSourcedId"),
        "classes": ("title", "courseSourcedId", "classType", "schoolSourcedId", "termSourcedIds"),
        "users": ("enabledUser", "username", "givenName", "familyName", "role"),
        "roles": ("userSourcedId", "roleType", "role", "orgSourcedId"),
        "enrollments": ("classSourcedId", "schoolSourcedId", "userSourcedId", "role"),
        "resources": ("vendorResourceId",),
        "classResources": ("classSourcedId", "resourceSourcedId"),
        "courseResources": ("courseSourcedId", "resourceSourcedId"),
        "categories": ("title",),
        "lineItems": ("title", "assignDate", "dueDate", "classSourcedId", "categorySourcedId"),
        "results": ("lineItemSourcedId", "studentSourcedId", "scoreStatus", "scoreDate"),
    }
)
"""The fields that both versions of the standard require (1.1 CSV Tables and 1.2 CSV Binding, 4)."""

_IN_FILES_ALONE = frozenset(
    {("users", "username"), ("classes", "classType"), ("courses", "orgSourcedId")}
)
"""Fields that CSV files require and the REST interface of 1.2 does not."""

_DECIDES = "role type"
"""Columns that say what a row is: without them it cannot be used."""

_CODES: Mapping[tuple[str, str], str] = MappingProxyType(
    {("classes", "termSourcedIds"): "class-without-term"}
)


def required(tables: Tables) -> list[Finding]:
    """Find fields that the standard requires and that are empty.

    What is empty in every row, or for everybody in a role, is what the source never sends: one
    finding names all of that. References, roles and types are never left out in that way.
    """
    findings: list[Finding] = []
    never: dict[str, int] = {}
    guardians: dict[str, int] = {}
    for name, columns in _REQUIRED.items():
        table = tables[name]
        kinds = _main_roles(tables) if name == "users" else pd.Series("", index=table.index)
        for column in columns:
            empty = table[column].isna()
            if not empty.any():
                continue
            absent = empty & ~empty  # nothing yet
            if not _indispensable(name, column):
                absent = empty & empty.groupby(kinds, dropna=False).transform("all")
                told = f"{name}.{column}"
                if absent.any():
                    words = "" if absent.all() else f" ({', '.join(kinds[absent].unique())})"
                    never[told + words] = int(absent.sum())
                contacts = empty & ~absent & kinds.isin(LINKED_ROLES)
                if contacts.any():
                    guardians[column] = int(contacts.sum())
                absent |= contacts
            findings += _each(name, column, table.loc[empty & ~absent, "sourcedId"], len(table))
    if never:
        first = next(iter(never)).partition(".")[0]
        total = sum(never.values())
        findings.append(found("field-never-sent", first, f"{', '.join(never)}.", explains=total))
    if guardians:
        listed = ", ".join(f"{count:,} lack {column}" for column, count in guardians.items())
        total = sum(guardians.values())
        findings.append(found("guardian-incomplete", "users", f"{listed}.", explains=total))
    return findings


def _indispensable(name: str, column: str) -> bool:
    """Return True if rows are of no use without a field, so that no source leaves it out."""
    if (name, column) in {("classes", "termSourcedIds"), *_IN_FILES_ALONE}:
        return False
    return column in TABLES[name].references or column in _DECIDES.split()


def _each(name: str, column: str, keys: "pd.Series[str]", rows: int) -> list[Finding]:
    code = "field-missing" if (name, column) in _IN_FILES_ALONE else "required-missing"
    code = _CODES.get((name, column), code)
    if len(keys) == rows and rows > 1:
        words = f"{column} is empty in all {rows:,} rows."
        return [found(code, name, words, field=column, explains=rows)]
    detail = "" if code == "class-without-term" else f"{column}."
    return [found(code, name, detail, key=key, field=column) for key in keys]


def _main_roles(tables: Tables) -> "pd.Series[str]":
    """Give the role of each user, in the words of 1.2 if the roles say it."""
    users, roles = tables["users"], tables["roles"]
    first = roles.dropna(subset=["userSourcedId"]).drop_duplicates("userSourcedId")
    words = users["sourcedId"].map(first.set_index("userSourcedId")["role"]).astype("str")
    return words.fillna(users["role"]).fillna("no role")
