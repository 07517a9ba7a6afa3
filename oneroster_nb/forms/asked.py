"""What a form asked, and what it says of the answer."""

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import ipywidgets as widgets
import pandas as pd

from oneroster_nb.counts.footnotes import AS_OF
from oneroster_nb.errors import QueryError
from oneroster_nb.forms.calls import Extra
from oneroster_nb.forms.common_questions import Answer
from oneroster_nb.forms.for_display import footnote_in_form
from oneroster_nb.forms.history import Entry
from oneroster_nb.forms.result import Result, of_people
from oneroster_nb.forms.runner import Report
from oneroster_nb.query.groups import name_column
from oneroster_nb.query.query import Query
from oneroster_nb.source.source import Source


@dataclass(frozen=True)
class Asked:
    """What was asked: as it was set then, how that reads now, and which button asks it.

    ``traits`` are those of the form's state that made it; of a common question, so are its title
    ``common`` and what was ``typed`` for it. ``answer`` asks the source, ``result`` is what to show
    of the answer, with ``words`` above it; ``nothing`` is said of an empty one. ``when`` is the
    chosen moment in words, empty if the question is about none, and ``at`` when it was asked.
    """

    then: object
    now: Callable[[], object]
    button: widgets.Button
    traits: Mapping[str, Any]
    answer: Callable[[Report], Answer]
    result: Callable[[Answer], Result]
    words: str
    nothing: str
    when: str
    common: str = ""
    typed: Extra = field(default_factory=Extra)
    at: datetime.datetime = field(default_factory=lambda: datetime.datetime.now(datetime.UTC))

    @property
    def is_set(self) -> bool:
        """Whether the same is set still."""
        try:
            return self.now() == self.then
        except QueryError:  # what is set now cannot be asked
            return False


class Answered(NamedTuple):
    """A question, its answer, and what the form says of it."""

    asked: Asked
    result: Result
    said: str

    def entry(self, held: int) -> Entry["Answered"]:
        """Return it as an entry of the history, if so many bytes are held beside the answer."""
        asked, frame = self.asked, self.result.frame
        moment = frame.attrs.get(AS_OF) or asked.when
        return Entry(
            question=asked.words[:1].upper() + asked.words[1:],
            same=(self.result.asked, moment),
            rows=len(frame),
            people=number_of_people(frame),
            moment=moment,
            asked=asked.at,
            size=held + int(frame.memory_usage().sum()),
            answer=self,
        )


def explicit(query: Query, source: Source) -> Query:
    """Write into a question what the source would add to it."""
    if query.group_filter and query.match_on is None:
        fields = tuple(source.match_groups_by)
        usual = fields == source.default_match_on
        query = replace(query, match_on=None if usual else fields)
    return replace(query, max_users=source.max_users) if query.max_users is None else query


def compared_fields(query: Query, source: Source) -> tuple[str, ...]:
    """Return the fields that a source compares for a question, as far as its groups have them."""
    if query.match_fields:
        return query.match_fields
    called = name_column(query.group_filter or "")
    usual = source.default_match_on
    return tuple(field for field in usual if field == called or field not in ("name", "title"))


def number_of_people(frame: pd.DataFrame) -> int | None:
    """Count the people of an answer; None if it is not about people."""
    return int(frame["sourcedId"].nunique()) if of_people(frame) else None


def how_many(rows: int, people: int | None) -> str:
    """Write how many rows and people an answer has.

    Examples
    --------
    >>> how_many(1_204, 1), how_many(1, None)
    ('1,204 rows, 1 person', '1 row')
    """
    words = f"{rows:,} {'row' if rows == 1 else 'rows'}"
    if people is not None:
        words += f", {people:,} {'person' if people == 1 else 'people'}"
    return words


def summary_line(frame: pd.DataFrame) -> str:
    """Write how many rows and people an answer has, and what else to know about it."""
    people = number_of_people(frame)
    words = f"{how_many(len(frame), people)}."
    if people is None:
        return f"{words} {footnote_in_form(frame, terms=False)}".strip()
    return f"{words} As of {frame.attrs[AS_OF]}." if AS_OF in frame.attrs else words
