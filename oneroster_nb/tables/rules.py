"""What is found to be wrong with a roster: the rules, each with a stable code, and the findings."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import repeat
from typing import TypeAlias

import pandas as pd

Tables: TypeAlias = Mapping[str, pd.DataFrame]
"""Canonical tables by name, as rules read them."""

SEVERITIES = ("error", "warning", "info")


@dataclass(frozen=True)
class Rule:
    """A rule that a roster can break.

    Attributes
    ----------
    code : str
        Its stable name.
    severity : str
        ``"error"`` (against the standard, or people or classes are lost), ``"warning"`` (allowed,
        and rarely meant), ``"info"`` (good to know).
    sentence : str
        What is wrong where it is broken.
    """

    code: str
    severity: str
    sentence: str


@dataclass(frozen=True)
class Finding:
    """One place where a rule is broken.

    Attributes
    ----------
    code : str
        A key of :data:`RULES`.
    table : str
        The canonical table, or ``"manifest"``.
    message : str
        What is wrong here.
    sourcedId, field : str or None
        Where in the table.
    explains : int
        How many others have this one as their root.
    """

    code: str
    table: str
    message: str
    sourcedId: str | None = None
    field: str | None = None
    explains: int = 0


_TEXT = """
error manifest-file         The manifest and the files of the bundle do not agree.
warning manifest-missing    The bundle has no manifest, so every file was taken as a whole table.
error file-unreadable       A file cannot be read; its table was left out.
warning file-empty          A file holds not even a header; it was read as a table without rows.
warning manifest-format     The manifest is not written as the standard writes it.
info file-name              A file's name is written otherwise than the standard writes it.
info file-folder            The files are in a folder inside the bundle.
info file-unknown           A file is not one of the standard's.
info encoding-mark          A file begins with a byte order mark.
warning encoding-other      A file is not in UTF-8; it was read as Windows-1252 where it is not.
warning encoding-utf16      A file is in UTF-16, not in UTF-8.
warning separator-other     Values are not separated by commas.
info separator-line         A file begins with a line sep=, which tells spreadsheets the separator.
info line-ends              Lines end with a carriage return alone.
error quote-alone           A quote lacks its partner; the rows that it would hide were recovered.
info column-name            A column's name is written in other case than the standard's.
info column-old             A column is named as in OneRoster 1.0; it was taken as the one of today.
warning column-misspelt     A column's name is misspelt; it was taken as the one that is meant.
info column-unknown         A column is not one of the standard's; it was kept as metadata.
warning column-repeated     A column is there twice; the second was kept as metadata.
info column-empty           A column has no name.
warning row-ragged          Rows have more or fewer values than there are columns.
warning date-format         Dates are not written as the standard writes them.
info boolean-format         Booleans are not written as true and false.
info status-in-bulk         A bulk file says status or dateLastModified, which belong in a delta.
error value-unreadable      A value is not of the type that its column has.
info word-written-otherwise  A status, role or type is in other case or spacing than the standard's.
error id-number             Ids are written as a spreadsheet writes numbers, so rows do not fit.
error id-case               Ids are written in other case elsewhere, so rows do not fit.
error id-braces             Ids stand in braces or spaces elsewhere, so rows do not fit.
error id-composition        Ids compose their accents otherwise elsewhere, so rows do not fit.
error id-other              A column refers to rows by other ids than their sourcedIds.
warning record-per-school   One person or org has several records, under different sourcedIds.
warning value-number        Values are written as a spreadsheet writes numbers.
error required-missing      A field that the standard requires is empty.
warning field-missing       A field that the standard requires in CSV files is empty.
info field-never-sent       The source never sends fields that the standard requires.
info guardian-incomplete    Guardians lack fields that the standard requires.
error value-unknown         A value is not one that the standard allows here.
error key-missing           A row has no sourcedId.
error key-repeated          A sourcedId is there more than once.
warning id-signs            Ids hold signs that OneRoster 1.2 does not allow in its files.
warning role-of-other-version  A role is one that only the other version of the standard has.
error school-year-malformed  A school year is not written as a year.
warning subjects-unequal    There are more subjects than subject codes, or fewer.
info row-repeated           Rows are there more than once, word for word.
info rows-joined            Rows of one person were joined.
info row-superseded         A delta changes rows more than once; the latest change was taken.
warning version-mixed       Roles and orgs of people are written as in another version of OneRoster.
error reference-unknown     Rows refer to something that is not in the roster.
warning person-not-shared   People are referred to and not there; perhaps they are not shared.
warning table-not-shared    Rows refer to a table without rows; perhaps it is not shared.
error cycle                 Things are below one another in a circle.
error dates-reversed        Something ends before it begins.
error student-without-school   A student is at no school.
warning student-without-grade  A student has no grade.
info student-with-two-schools  A student is at more than one school.
warning student-without-class  A student is in no class.
warning class-without-teacher  A class has no teacher.
warning class-without-primary-teacher  A class has teachers, and none of them is the primary one.
warning class-with-two-primary-teachers  A class has two primary teachers at one time.
warning class-without-student  A class has no students.
warning class-not-in-school  A class belongs to an org that is not a school.
warning school-empty        A school has no classes, no students or no teachers.
info guardian-one-way       Only one of student and guardian names the other.
error class-without-term    A class is in no term.
warning person-twice        One person seems to be there under two ids.
warning email-shared        An email address is that of several people.
warning email-malformed     An email address is malformed.
error username-shared       A username is that of several people.
warning username-malformed  A username holds spaces or signs that nobody can type.
warning enrollment-outside-term  An enrollment lies outside the terms of its class.
info enrollment-role        A person is enrolled in a role that the person does not have.
warning enrollment-school   An enrollment is at another school than its class.
warning enrollment-twice    One enrollment is there under two ids.
warning enrollment-overlap  Enrollments of one person in one class overlap.
warning student-primary     A student is marked as primary, which is for teachers.
warning grade-unknown       A grade is not in the CEDS list.
"""

RULES: Mapping[str, Rule] = {
    code: Rule(code, severity, sentence.strip())
    for severity, code, sentence in (line.split(None, 2) for line in _TEXT.strip().splitlines())
}
"""The rules by their codes."""


def found(
    code: str,
    table: str,
    detail: str = "",
    *,
    key: object = None,
    field: str | None = None,
    explains: int = 0,
) -> Finding:
    """Make a finding, whose message is the sentence of the rule and what is so here."""
    sentence = RULES[code].sentence
    message = f"{sentence.removesuffix('.')}: {detail}" if detail else sentence
    sourced_id = key if isinstance(key, str) else None
    return Finding(code, table, message, sourced_id, field, explains)


def found_each(
    code: str,
    table: str,
    keys: Iterable[object],
    field: str | None = None,
    details: Iterable[str] | None = None,
) -> list[Finding]:
    """Make a finding of one rule for each of these rows; `details` has one text for each."""
    pairs = zip(keys, repeat("") if details is None else details, strict=details is not None)
    return [found(code, table, detail, key=key, field=field) for key, detail in pairs]


def frame_of(findings: Iterable[Finding]) -> pd.DataFrame:
    """Put findings into a frame, the gravest first, and those that explain others before them.

    Returns
    -------
    pandas.DataFrame
        ``severity code table sourcedId field message`` (str) and ``explains`` (int64).
    """
    rank = {severity: place for place, severity in enumerate(SEVERITIES)}
    order = {code: place for place, code in enumerate(RULES)}
    ranked = sorted(
        findings,
        key=lambda f: (rank[RULES[f.code].severity], -f.explains, order[f.code], f.table),
    )
    columns = {
        "severity": [RULES[f.code].severity for f in ranked],
        "code": [f.code for f in ranked],
        "table": [f.table for f in ranked],
        "sourcedId": [f.sourcedId for f in ranked],
        "field": [f.field for f in ranked],
        "message": [f.message for f in ranked],
    }
    frame = pd.DataFrame({name: pd.Series(v, dtype="str") for name, v in columns.items()})
    return frame.assign(explains=pd.Series([f.explains for f in ranked], dtype="int64"))
