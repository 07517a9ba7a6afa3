"""Which functions judge which rules, and the tables that each kind of them reads."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import pandas as pd

from oneroster_nb.analysis.roster_tables import RosterTables
from oneroster_nb.quality import (
    enrollments,
    fields,
    guardians,
    identifiers,
    links,
    people,
    required,
    root_causes,
    schools,
)
from oneroster_nb.tables.rules import Finding, Tables
from oneroster_nb.tables.table import TABLES

_OfTables: TypeAlias = tuple[tuple[Callable[[Tables], list[Finding]], str], ...]
_OfRoster: TypeAlias = tuple[tuple[Callable[[RosterTables], list[Finding]], str], ...]

_OF_ROWS: _OfTables = (
    (identifiers.keys, "key-missing key-repeated"),
    (identifiers.signs, "id-signs"),
    (
        required.required,
        "required-missing field-missing class-without-term field-never-sent guardian-incomplete",
    ),
    (fields.enumerations, "value-unknown"),
    (fields.other_version, "role-of-other-version"),
    (fields.grades, "grade-unknown"),
    (fields.subjects, "subjects-unequal"),
    (fields.dates, "dates-reversed"),
    (schools.school_years, "school-year-malformed"),
    (root_causes.spreadsheet_numbers, "value-number"),
)
"""Functions about single rows, which see the tables as they are, and the rules that they judge."""

_OF_LINKS: _OfTables = (
    (links.cycles, "cycle"),
    (enrollments.outside_terms, "enrollment-outside-term"),
    (enrollments.schools, "enrollment-school"),
    (enrollments.primary, "student-primary class-with-two-primary-teachers"),
    (enrollments.of_one_person, "enrollment-twice enrollment-overlap"),
    (schools.class_orgs, "class-not-in-school"),
)
"""Functions about rows that refer to others, which see the tables as if root causes were fixed."""

_OF_ROSTER: _OfRoster = (
    (enrollments.roles, "enrollment-role"),
    (schools.empty_schools, "school-empty"),
    (
        people.students,
        "student-without-school student-without-grade student-with-two-schools"
        " student-without-class",
    ),
    (
        people.classes,
        "class-without-teacher class-without-primary-teacher class-without-student",
    ),
)
"""Functions that read those tables as the questions do."""

_OF_PEOPLE: _OfRoster = (
    (people.twice, "person-twice"),
    (identifiers.addresses, "email-malformed username-malformed email-shared username-shared"),
    (guardians.one_way, "guardian-one-way"),
)
"""Functions about several records of one person, which see one record of each."""

_OF_CAUSES = "id-number id-case id-braces id-composition id-other record-per-school"
_OF_REFERENCES = "reference-unknown person-not-shared table-not-shared"


@dataclass(frozen=True)
class RosterToJudge:
    """A roster as the different kinds of rules see it.

    Attributes
    ----------
    roster : RosterTables
        Its tables; rows that are not to be judged are marked tobedeleted.
    unread : frozenset of str
        The tables that could not be read, which are empty.
    """

    roster: RosterTables
    unread: frozenset[str] = frozenset()

    @cached_property
    def active(self) -> dict[str, pd.DataFrame]:
        """The active rows of each table, as they are."""
        return {name: self.roster.active(name) for name in TABLES}

    @cached_property
    def _deleted(self) -> "dict[str, pd.Series[str]]":
        return {name: self.roster.deleted(name) for name in TABLES}

    @cached_property
    def _causes(self) -> root_causes.RootCauses:
        return root_causes.root_causes(self.active, self._deleted, self.unread)

    @property
    def tables(self) -> Mapping[str, pd.DataFrame]:
        """The active rows of each table, as if root causes were fixed."""
        return self._causes.tables

    @cached_property
    def fixed(self) -> RosterTables:
        """The roster as if root causes were fixed."""
        return self.roster.with_active(self.tables)

    @cached_property
    def _one_record_each(self) -> RosterTables:
        return self.roster.with_active(root_causes.one_record_each(self.tables))

    def findings(self, codes: Collection[str]) -> list[Finding]:
        """Find where some rules are broken; what a root cause explains is left out.

        Only the functions that judge one of these rules run.
        """

        def wanted(finds: str) -> bool:
            return not set(finds.split()).isdisjoint(codes)

        found = list(self._causes.findings) if wanted(_OF_CAUSES) else []
        if wanted(_OF_REFERENCES):
            unknown = links.references(self.tables, self._causes.unknown)
            found += links.people_together(self._unexplained(unknown))
        for of_rows, finds in _OF_ROWS:
            found += of_rows(self.active) if wanted(finds) else []
        for of_links, finds in _OF_LINKS:
            found += self._unexplained(of_links(self.tables)) if wanted(finds) else []
        for of_roster, finds in _OF_ROSTER:
            found += self._unexplained(of_roster(self.fixed)) if wanted(finds) else []
        for of_people, finds in _OF_PEOPLE:
            found += self._unexplained(of_people(self._one_record_each)) if wanted(finds) else []
        return [each for each in found if each.code in codes]

    def _unexplained(self, findings: list[Finding]) -> list[Finding]:
        return [each for each in findings if not self._causes.explain(each)]
