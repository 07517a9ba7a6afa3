"""Rules about the fields of single rows: what they can be, and what belongs together."""

from collections.abc import Mapping

import numpy as np

from oneroster_nb.tables.elements import elements, elements_by_row
from oneroster_nb.tables.grades import CEDS_GRADES
from oneroster_nb.tables.rules import Finding, Tables, found, found_each
from oneroster_nb.tables.table import TABLES
from oneroster_nb.tables.vocabulary import allowed_words, is_allowed

_OTHER_VERSION: Mapping[tuple[str, str], frozenset[str]] = {
    ("users", "role"): frozenset(
        {"districtAdministrator", "siteAdministrator", "systemAdministrator"}
    ),
    ("roles", "role"): frozenset({"administrator"}),
    ("enrollments", "role"): frozenset({"aide"}),
}
"""Roles of the one version where the other's are due: users have those of 1.1, roles and
enrollments those of 1.2."""
_SPANS: Mapping[str, tuple[str, str]] = {
    "academicSessions": ("startDate", "endDate"),
    "enrollments": ("beginDate", "endDate"),
    "roles": ("beginDate", "endDate"),
    "lineItems": ("assignDate", "dueDate"),
}


def enumerations(tables: Tables) -> list[Finding]:
    """Find values that the standard does not have in its lists."""
    findings = []
    for name, table in tables.items():
        for column in TABLES[name].columns:
            if not (allowed := allowed_words(name, column)):
                continue
            unknown = [w for w in table[column].dropna().unique() if not is_allowed(w, allowed)]
            if not unknown:
                continue
            rows = table.loc[table[column].isin(unknown)]
            details = (f"{value[:40]!r} in {column}." for value in rows[column])
            findings += found_each("value-unknown", name, rows["sourcedId"], column, details)
    return findings


def other_version(tables: Tables) -> list[Finding]:
    """Find roles that only the other version of the standard has."""
    return [
        found("role-of-other-version", name, f"{word!r}.", key=key, field=column)
        for (name, column), words in _OTHER_VERSION.items()
        for rows in [tables[name].loc[tables[name][column].isin(words)]]
        for key, word in zip(rows["sourcedId"], rows[column], strict=True)
    ]


def subjects(tables: Tables) -> list[Finding]:
    """Find rows with another number of subject codes than of subjects, if they have both."""
    findings = []
    for name in ("classes", "courses"):
        rows = tables[name].dropna(subset=["subjects", "subjectCodes"])
        names, numbers = (
            np.bincount(elements_by_row(rows[column])[0], minlength=len(rows))
            for column in ("subjects", "subjectCodes")
        )
        unequal = names != numbers
        details = (
            f"{many:,} subjects and {coded:,} codes."
            for many, coded in zip(names[unequal], numbers[unequal], strict=True)
        )
        keys = rows.loc[unequal, "sourcedId"]
        findings += found_each("subjects-unequal", name, keys, "subjectCodes", details)
    return findings


def grades(tables: Tables) -> list[Finding]:
    """Find grades outside the CEDS list."""
    findings = []
    for name in ("users", "classes", "courses"):
        table = tables[name]
        values = elements(table["grades"])
        wrong = values[~values.isin(CEDS_GRADES)]
        keys, details = table.loc[wrong.index, "sourcedId"], (f"{v[:40]!r}." for v in wrong)
        findings += found_each("grade-unknown", name, keys, "grades", details)
    return findings


def dates(tables: Tables) -> list[Finding]:
    """Find what ends before it begins."""
    findings = []
    for name, (begin, end) in _SPANS.items():
        table = tables[name]
        reversed_ = table.loc[table[begin] > table[end]]
        details = (
            f"{begin} is {first:%Y-%m-%d}, {end} is {last:%Y-%m-%d}."
            for first, last in zip(reversed_[begin], reversed_[end], strict=True)
        )
        findings += found_each("dates-reversed", name, reversed_["sourcedId"], begin, details)
    return findings
