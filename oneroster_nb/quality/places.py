"""At which school and in which class the rows of a roster are, and how many rows there are."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from oneroster_nb.analysis.roster_tables import RosterTables
from oneroster_nb.tables.lookup import among, codes, take
from oneroster_nb.tables.table import TABLES, join_values

STUDENTS = "students"
"""The users who are students, whom some rules look at."""

_THROUGH: Mapping[str, tuple[str, ...]] = {
    "courses": ("orgSourcedId",),
    "classes": ("schoolSourcedId",),
    "roles": ("orgSourcedId",),
    "enrollments": ("classSourcedId", "schoolSourcedId"),
    "demographics": ("sourcedId",),
    "classResources": ("classSourcedId",),
    "courseResources": ("courseSourcedId",),
    "lineItems": ("classSourcedId", "schoolSourcedId"),
    "results": ("classSourcedId", "lineItemSourcedId", "studentSourcedId"),
}
"""The references that say where a row is; the first that leads to a school counts."""

_LOOKS_AT: Mapping[str, str] = {
    "students": "student-without-school student-without-grade student-with-two-schools"
    " student-without-class",
    "users": "guardian-incomplete guardian-one-way person-twice email-shared email-malformed"
    " username-shared username-malformed",
    "users orgs": "record-per-school",
    "classes": "class-without-term class-without-teacher class-without-primary-teacher"
    " class-with-two-primary-teachers class-without-student class-not-in-school",
    "classes courses": "subjects-unequal",
    "users classes courses": "grade-unknown",
    "enrollments": "enrollment-outside-term enrollment-role enrollment-school enrollment-twice"
    " enrollment-overlap student-primary",
    "academicSessions": "school-year-malformed",
    "orgs academicSessions": "cycle",
    "orgs": "school-empty",
    "academicSessions enrollments roles lineItems": "dates-reversed",
    "users roles enrollments": "role-of-other-version",
    " ".join(TABLES): "required-missing field-missing field-never-sent value-unknown"
    " value-unreadable value-number word-written-otherwise key-missing key-repeated id-signs"
    " row-repeated rows-joined row-superseded id-number id-case id-braces id-composition id-other",
}
"""Which rows each rule looks at; the others are about files, or about what is not there."""

_OF_RULE = {code: at.split() for at, listed in _LOOKS_AT.items() for code in listed.split()}


@dataclass(frozen=True)
class LookedAt:
    """How many rows the rules looked at.

    Attributes
    ----------
    rows : pandas.DataFrame
        ``population`` (a table, or ``students``), ``schoolName classTitle`` (str) and ``rows``
        (int64), the number of rows there.
    of_rule : mapping of str to tuple of str
        The populations that each rule looks at.
    """

    rows: pd.DataFrame
    of_rule: Mapping[str, tuple[str, ...]]

    def population(self, rules: Iterable[str]) -> set[str]:
        """Return the populations that some rules look at together, each row in one of them."""
        every = {name for code in rules for name in self.of_rule.get(code, ())}
        return every - {STUDENTS} if "users" in every else every


@dataclass(frozen=True)
class _Places:
    """For each row the number of its school's name and of its class, -1 if there is none."""

    school: NDArray[np.intp]
    class_: NDArray[np.intp]


@dataclass(frozen=True)
class Whereabouts:
    """Where the active rows of a roster are.

    A row is at the school of its class, or the one that it refers to itself. Users are at all of
    their schools, whose names are joined with commas.
    """

    roster: RosterTables
    _found: dict[str, _Places] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def _school_names(self) -> "tuple[NDArray[np.intp], pd.Series[str]]":
        """Return the numbers of the names of each org and then each user, and the names."""
        orgs = self.roster.active("orgs")
        names = orgs["name"].where(orgs["type"] == "school")
        names = names.map(lambda name: join_values([name]), na_action="ignore").astype("str")
        of_users = self.roster.users_with_schools["schoolNames"]
        numbers, known = pd.factorize(pd.concat([names, of_users], ignore_index=True))
        return numbers.astype(np.intp), pd.Series(known, dtype="str")

    def _places(self, name: str) -> _Places:
        if name not in self._found:
            self._found[name] = self._find(name)
        return self._found[name]

    def _find(self, name: str) -> _Places:
        table = self.roster.active(name)
        school = np.full(len(table), -1, dtype=np.intp)
        class_ = school.copy()
        if name == "classes":
            class_ = np.arange(len(table), dtype=np.intp)
        if name in ("orgs", "users"):
            numbers, orgs = self._school_names[0], len(self.roster.active("orgs"))
            return _Places(numbers[:orgs] if name == "orgs" else numbers[orgs:], class_)
        for column in _THROUGH.get(name, ()):
            target = TABLES[name].references[column]
            at = codes(table[column], self.roster.active(target)["sourcedId"])
            there = self._places(target)
            school = np.where(school < 0, np.append(there.school, -1)[at], school)
            class_ = np.where(class_ < 0, np.append(there.class_, -1)[at], class_)
        return _Places(school, class_)

    def _named(self, places: _Places) -> pd.DataFrame:
        titles = self.roster.active("classes")["title"]
        return pd.DataFrame(
            {
                "schoolName": take(self._school_names[1], places.school),
                "classTitle": take(titles, places.class_),
            }
        )

    def of_findings(self, found: pd.DataFrame) -> pd.DataFrame:
        """Return the ``schoolName`` and the ``classTitle`` (str) of the rows of findings."""
        named = pd.DataFrame(index=found.index, columns=["schoolName", "classTitle"], dtype="str")
        for name, rows in found.groupby("table"):
            if name not in TABLES:
                continue
            places = self._places(str(name))
            at = codes(rows["sourcedId"], self.roster.active(str(name))["sourcedId"])
            there = _Places(np.append(places.school, -1)[at], np.append(places.class_, -1)[at])
            named.loc[rows.index] = self._named(there).set_axis(rows.index)
        return named

    def looked_at(
        self,
        rules: Iterable[str],
        own: Mapping[str, tuple[str, ...]],
        idle: "pd.Series[str]",
    ) -> LookedAt:
        """Count the rows that some rules look at.

        `own` has the tables that functions of the caller look at, `idle` the ids of classes that
        are not judged.
        """
        of_rule = {code: tuple(_OF_RULE.get(code, ())) for code in rules} | dict(own)
        populations = sorted({name for at in of_rule.values() for name in at})
        counted = [self._counted(name, idle) for name in populations]
        school, class_, rows = np.hstack([np.empty((3, 0), dtype=np.int64), *counted])
        looked_at = self._named(_Places(school, class_)).assign(
            population=pd.Series(
                np.repeat(populations, [each.shape[1] for each in counted]), dtype="str"
            ),
            rows=rows,
        )
        return LookedAt(looked_at, of_rule)

    def _counted(self, population: str, idle: "pd.Series[str]") -> NDArray[np.int64]:
        """Count the rows of a table, or the students: school, class, number for each place."""
        places = self._places("users" if population == STUDENTS else population)
        school, class_ = places.school, places.class_
        if population == STUDENTS:
            students = self.roster.has_role("student").to_numpy(dtype=bool)
            school, class_ = school[students], class_[students]
        elif population == "classes":
            judged = ~among(self.roster.active("classes")["sourcedId"], idle).to_numpy(dtype=bool)
            school, class_ = school[judged], class_[judged]
        size = len(self.roster.active("classes")) + 1
        pairs, rows = np.unique((school + 1) * size + class_ + 1, return_counts=True)
        return np.stack([pairs // size - 1, pairs % size - 1, rows])
