"""The conditions of a question about a roster, sorted by what they choose (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

import pandas as pd

from oneroster_nb.counts.footnotes import chosen_by_demographics
from oneroster_nb.counts.suppression import threshold_for
from oneroster_nb.errors import QueryError
from oneroster_nb.people.demographics import DEMOGRAPHIC_COLUMNS
from oneroster_nb.query.answer_columns import CLASS_COLUMNS
from oneroster_nb.query.conditions import checked_where
from oneroster_nb.source.source import Source
from oneroster_nb.tables.added_columns import AddedColumns, added_columns
from oneroster_nb.tables.field import Kind
from oneroster_nb.tables.table import TABLES
from oneroster_nb.tables.where import Where, fitting

PEOPLE_COLUMNS: Mapping[str, Kind] = {
    **TABLES["users"].columns,
    **dict.fromkeys(("schoolSourcedIds", "schoolNames"), Kind.VALUES),
    **DEMOGRAPHIC_COLUMNS,
}
"""What conditions can choose people by, beside a provider's own columns."""

_LINKED = {"courseTitle": "courses", "schoolName": "orgs", "termTitles": "academicSessions"}
"""Column of classes to the table that its names come from."""

_OF_CLASSES: Mapping[str, Kind] = {
    **TABLES["classes"].columns,
    **dict.fromkeys((*_LINKED, "classSourcedId", "classTitle"), Kind.TEXT),
    "termTitles": Kind.VALUES,
}
COLUMNS_OF_CLASSES = {name: k for name, k in _OF_CLASSES.items() if name not in PEOPLE_COLUMNS}
"""What conditions can choose classes by."""


NO_DEMOGRAPHICS = "The source does not show demographics, so they are missing for everyone."


class Subject(Enum):
    """What a question is about, and so what its conditions leave out."""

    PEOPLE = auto()
    """People, so those who do not fit are left out."""
    CLASSES = auto()
    """Classes and their teachers, so students who do not fit are not counted."""
    ENROLLMENTS = auto()
    """Enrollments, so those of people and of classes that do not fit are left out."""


@dataclass(frozen=True)
class Conditions:
    """The conditions of a question, by what they choose.

    A column of the answer that `own` names chooses rows of the answer; another column of people
    chooses people; another one of classes chooses classes.

    Attributes
    ----------
    people, classes, rows : mapping
        Conditions, as :func:`checked_where` returns them.
    own : mapping of str to Kind
        The columns of the answer that are neither of the people nor of the classes that the
        question looks at, and what they hold.
    subject : Subject
        What the question is about.
    by_demographics : bool
        Whether people are chosen by demographics, or were when the frame was asked for.
    added : AddedColumns
        What the source can have beside the standard's columns of people.
    """

    people: Where = field(default_factory=dict)
    classes: Where = field(default_factory=dict)
    rows: Where = field(default_factory=dict)
    own: Mapping[str, Kind] = field(default_factory=dict)
    subject: Subject = Subject.PEOPLE
    by_demographics: bool = False
    added: AddedColumns = field(default_factory=AddedColumns)

    @property
    def needs_demographics(self) -> bool:
        """Whether people are chosen by demographics."""
        return not DEMOGRAPHIC_COLUMNS.keys().isdisjoint(self.people)

    @property
    def tables(self) -> list[str]:
        """The tables that say who and what fits."""
        tables = ["users", "orgs"] if self.people else []
        tables += ["demographics"] if self.needs_demographics else []
        tables += ["classes"] if self.classes else []
        return tables + [_LINKED[name] for name in self.classes if name in _LINKED]

    def threshold(self, suppress_below: int | None) -> int | None:
        """Return below what numbers are hidden, if any; QueryError for a condition on numbers."""
        below = threshold_for(suppress_below, chosen_by_them=self.by_demographics)
        numbers = [name for name in self.rows if self.own[name] is Kind.NUMBER]
        if numbers and below is not None:
            instead = "Pass suppress_below=0" if suppress_below is None else "Leave one of them out"
            raise QueryError(
                f"A condition on {numbers[0]} would tell numbers below {below}, which are hidden."
                f" {instead}."
            )
        return below

    def fitting_rows(self, answer: pd.DataFrame) -> pd.DataFrame:
        """Return the rows of an answer that fit."""
        if not self.rows:
            return answer
        return fitting(answer, self.own, self.rows).reset_index(drop=True)


def conditions_of_question(
    source: object,
    where: Where | None,
    own: Mapping[str, Kind],
    subject: Subject = Subject.PEOPLE,
    *,
    reads_classes: bool = False,
) -> Conditions:
    """Sort the conditions of a question; QueryError for a column that it does not know.

    A frame knows those of its columns that are of people, and if the question `reads_classes`, of
    classes, by their names in an answer.
    """
    by_class: Mapping[str, Kind] = COLUMNS_OF_CLASSES if reads_classes else {}
    by_person = PEOPLE_COLUMNS
    added = AddedColumns()
    if isinstance(source, Source):
        added = source.added_columns
    elif isinstance(source, pd.DataFrame):
        held = [str(name) for name in source.columns]
        by_person = {name: kind for name, kind in by_person.items() if name in held}
        by_class = {n: k for n, k in by_class.items() if n in held and n in CLASS_COLUMNS}
        added = added_columns(held, held)
    known = [*own, *by_person, *by_class]
    people: dict[str, Any] = {}
    classes: dict[str, Any] = {}
    rows: dict[str, Any] = {}
    for column, condition in (checked_where(where, known) or {}).items():
        of_class = column in by_class and column not in by_person
        chosen = rows if column in own else classes if of_class else people
        chosen[column] = condition
    by_them = chosen_by_demographics(source) or not DEMOGRAPHIC_COLUMNS.keys().isdisjoint(people)
    return Conditions(people, classes, rows, own, subject, by_them, added)
