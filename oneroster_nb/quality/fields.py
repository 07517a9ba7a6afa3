"""Rules about the fields of single rows: keys, what must be there, what it can be."""

from collections.abc import Mapping
from types import MappingProxyType

import pandas as pd

from oneroster_nb.findings import Finding, found
from oneroster_nb.grades import CEDS_GRADES
from oneroster_nb.schema import TABLES, split_values
from oneroster_nb.vocabulary import allowed_words, is_allowed

__all__ = ["dates", "enumerations", "grades", "keys", "required"]

Tables = Mapping[str, pd.DataFrame]

_REQUIRED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "orgs": ("name", "type"),
        "academicSessions": ("title", "type", "startDate", "endDate", "schoolYear"),
        "courses": ("title", "orgSourcedId"),
        "classes": ("title", "courseSourcedId", "classType", "schoolSourcedId"),
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

_SPANS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "academicSessions": ("startDate", "endDate"),
        "enrollments": ("beginDate", "endDate"),
        "roles": ("beginDate", "endDate"),
        "lineItems": ("assignDate", "dueDate"),
    }
)


def keys(tables: Tables) -> list[Finding]:
    """Find rows without a key, and keys that are there more than once."""
    findings = []
    for name, table in tables.items():
        key = table["sourcedId"]
        if key.isna().any():
            findings.append(found("key-missing", name, f"{int(key.isna().sum()):,} rows."))
        again = key[key.duplicated() & key.notna()].drop_duplicates()
        findings += [found("key-repeated", name, key=k, field="sourcedId") for k in again]
    return findings


def required(tables: Tables) -> list[Finding]:
    """Find fields that the standard requires and that are empty."""
    findings = []
    for name, columns in _REQUIRED.items():
        table = tables[name]
        for column in columns:
            empty = table[column].isna()
            if len(table) and empty.all():
                every = f"{column} is empty in all {len(table):,} rows."
                findings.append(
                    found("required-missing", name, every, field=column, explains=len(table))
                )
                continue
            findings += [
                found("required-missing", name, f"{column}.", key=key, field=column)
                for key in table.loc[empty, "sourcedId"]
            ]
    return findings


def enumerations(tables: Tables) -> list[Finding]:
    """Find values that the standard does not have in its lists."""
    findings = []
    for name, table in tables.items():
        for column in TABLES[name].columns:
            if not (allowed := allowed_words(name, column)):
                continue
            unknown = [w for w in table[column].dropna().unique() if not is_allowed(w, allowed)]
            rows = table.loc[table[column].isin(unknown)]
            findings += [
                found("value-unknown", name, f"{value[:40]!r} in {column}.", key=key, field=column)
                for key, value in zip(rows["sourcedId"], rows[column], strict=True)
            ]
    return findings


def grades(tables: Tables) -> list[Finding]:
    """Find grades outside the CEDS list."""
    findings = []
    for name in ("users", "classes", "courses"):
        table = tables[name]
        values = split_values(table["grades"]).explode().dropna()
        wrong = values[~values.isin(CEDS_GRADES)]
        findings += [
            found("grade-unknown", name, f"{value[:40]!r}.", key=key, field="grades")
            for key, value in zip(table.loc[wrong.index, "sourcedId"], wrong, strict=True)
        ]
    return findings


def dates(tables: Tables) -> list[Finding]:
    """Find what ends before it begins."""
    findings = []
    for name, (begin, end) in _SPANS.items():
        table = tables[name]
        reversed_ = table.loc[table[begin] > table[end]]
        findings += [
            found(
                "dates-reversed",
                name,
                f"{begin} is {first:%Y-%m-%d}, {end} is {last:%Y-%m-%d}.",
                key=key,
                field=begin,
            )
            for key, first, last in zip(
                reversed_["sourcedId"], reversed_[begin], reversed_[end], strict=True
            )
        ]
    return findings
