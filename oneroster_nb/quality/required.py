"""Rules about fields that must have a value."""

from collections.abc import Mapping

import pandas as pd

from oneroster_nb.tables.fields import FIELDS
from oneroster_nb.tables.roles_at_orgs import LINKED_ROLES
from oneroster_nb.tables.rules import Finding, Tables, found, found_each
from oneroster_nb.tables.table import TABLES


def _required(name: str) -> tuple[str, ...]:
    """Return the columns that every version requires which has a file of the table."""
    versions = set(FIELDS[name].csv)
    required = {each.name for each in FIELDS[name].columns if versions <= set(each.required)}
    # A rule of its own finds missing keys. Every user has a role: 1.2 has it among the roles.
    required = required - {"sourcedId"} | ({"role"} if name == "users" else set())
    return tuple(column for column in TABLES[name].columns if column in required)


_REQUIRED = {name: columns for name in TABLES if (columns := _required(name))}

_IN_FILES_ALONE = frozenset(
    (name, each.name) for name in TABLES for each in FIELDS[name].rows if each.rest_optional
)
"""Fields that CSV files require and the REST interface of 1.2 does not."""

_DECIDES = "role type"
"""Columns that say what a row is: without them it cannot be used."""

_CODES: Mapping[tuple[str, str], str] = {("classes", "termSourcedIds"): "class-without-term"}


def required(tables: Tables) -> list[Finding]:
    """Find fields that the standard requires and that are empty.

    What is empty in every row, or for all people in a role, is what the source never sends: one
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
    return found_each(code, name, keys, column, [detail] * len(keys))


def _main_roles(tables: Tables) -> "pd.Series[str]":
    """Return the role of each user, in the words of 1.2 if the roles say it."""
    users, roles = tables["users"], tables["roles"]
    first = roles.dropna(subset=["userSourcedId"]).drop_duplicates("userSourcedId")
    words = users["sourcedId"].map(first.set_index("userSourcedId")["role"]).astype("str")
    return words.fillna(users["role"]).fillna("no role")
