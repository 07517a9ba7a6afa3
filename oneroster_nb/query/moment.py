"""The day or the term at which people are counted (pure)."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from oneroster_nb.query.query import Query
from oneroster_nb.query.terms import (
    classes_in_term,
    have_dates,
    in_term,
    is_current,
    is_running,
    sessions_of_term,
    spans_of_classes,
    spans_of_term,
    terms_around,
    titles_of_term,
)
from oneroster_nb.tables.lookup import codes
from oneroster_nb.tables.status import active
from oneroster_nb.today import local_date

Day: TypeAlias = str | datetime.date | None
"""A day such as ``"2026-10-01"``, a date, or ``"today"``; None for any."""

_NAMED = 6  # terms in a sentence


@dataclass(frozen=True)
class Moment:
    """A day, a term, or both.

    Attributes
    ----------
    as_of : datetime.date, optional
        The day on which an enrollment, a role and a class must count.
    term : str, optional
        A title or an id of an academic session, or ``"current"``.
    include_end_date : bool
        Whether an enrollment and a role still count on their ``endDate``.
    today : datetime.date
        The day that ``"current"`` means.
    """

    as_of: datetime.date | None = None
    term: str | None = None
    include_end_date: bool = False
    today: datetime.date = field(default_factory=local_date)

    @classmethod
    def of(cls, query: Query, today: datetime.date | None = None) -> "Moment | None":
        """Return the moment that a question is about; None if it counts everything active."""
        if not query.timed:
            return None
        today = today or local_date()
        day = None
        if query.as_of is not None:
            day = today if query.as_of == "today" else pd.Timestamp(query.as_of).date()
        return cls(day, query.term, query.include_end_date, today)

    @property
    def label(self) -> str:
        """The day or the term, as ``attrs["as_of"]`` holds it."""
        parts = [self.as_of.isoformat()] if self.as_of else []
        if self.term is not None:
            parts.append(self.today.isoformat() if is_current(self.term) else self.term.strip())
        return ", ".join(dict.fromkeys(parts))

    @property
    def _day(self) -> datetime.date | None:
        """The day that is meant, if it is one."""
        current = self.term is not None and is_current(self.term)
        return self.as_of or (self.today if current else None)

    def meets(self, classes: pd.DataFrame, sessions: pd.DataFrame) -> NDArray[np.bool_]:
        """Return True for each class that meets: on the day, one of its terms does.

        A class without dates meets on every day.
        """
        meeting = np.ones(len(classes), dtype=bool)
        if self.term is not None:
            meant = sessions_of_term(active(sessions), self.term, self.today)
            meeting &= classes_in_term(classes, meant).to_numpy(dtype=bool)
        if self.as_of is not None:
            meeting &= _on_day(classes, sessions, self.as_of).both
        return meeting

    def enrolled(
        self, enrollments: pd.DataFrame, classes: pd.DataFrame, sessions: pd.DataFrame
    ) -> NDArray[np.bool_]:
        """Return True for each enrollment that counts.

        On a day, ``beginDate <= day < endDate``; a missing date is that of the terms of the class.
        In a term, the class is in the term and the enrollment's own dates overlap it.
        """
        counts = np.ones(len(enrollments), dtype=bool)
        place = codes(enrollments["classSourcedId"], classes["sourcedId"])
        if self.term is not None:
            here = Moment(term=self.term, today=self.today).meets(classes, sessions)
            counts &= np.append(here, True)[place]
            counts &= self._in_term(enrollments, sessions, self.term)
        if self.as_of is not None:
            on_day = _on_day(classes, sessions, self.as_of)
            begin, end = enrollments["beginDate"].isna(), enrollments["endDate"].isna()
            counts &= self._within(enrollments, self.as_of)
            counts &= ~(begin & ~end) | np.append(on_day.begun, True)[place]
            counts &= ~(end & ~begin) | np.append(on_day.going_on, True)[place]
            counts &= ~(begin & end) | np.append(on_day.both, True)[place]
        return counts

    def held(self, roles: pd.DataFrame, sessions: pd.DataFrame) -> NDArray[np.bool_]:
        """Return True for each role whose own dates include the day, or overlap the term."""
        counts = np.ones(len(roles), dtype=bool)
        if self.term is not None:
            counts &= self._in_term(roles, sessions, self.term)
        return counts if self.as_of is None else counts & self._within(roles, self.as_of)

    def _in_term(self, rows: pd.DataFrame, sessions: pd.DataFrame, term: str) -> NDArray[np.bool_]:
        """Return True for each row whose own dates overlap the term."""
        return in_term(
            rows, active(sessions), term, self.today, include_end_date=self.include_end_date
        )

    def _within(self, rows: pd.DataFrame, as_of: datetime.date) -> NDArray[np.bool_]:
        """Return True for each row whose own dates include the day; a missing date is open."""
        day = pd.Timestamp(as_of)
        begun = rows["beginDate"].isna() | (rows["beginDate"] <= day)
        last = rows["endDate"] >= day if self.include_end_date else rows["endDate"] > day
        return (begun & (rows["endDate"].isna() | last)).to_numpy(dtype=bool)

    def no_term(self, sessions: pd.DataFrame) -> str:
        """Say that no term is running on the day, and name the last and the next one; else "".

        If no session has dates, only ``"current"`` asks for one that is running.
        """
        sessions, day = active(sessions), self._day
        if self.term is not None and is_current(self.term) and not have_dates(sessions):
            return "No academic session has dates, so no term is known to be the current one."
        if day is None or is_running(sessions, day):
            return ""
        before, after = terms_around(sessions, day)
        last = f" The last one, {before.title!r}, ended on {before.date}." if before else ""
        following = f" The next one, {after.title!r}, begins on {after.date}." if after else ""
        return f"No term is running on {day}.{last}{following}"

    def _in(self, sessions: pd.DataFrame) -> str:
        """Say in which terms people are counted, by their titles; "" if in any."""
        if self.term is None:
            return ""
        titles = titles_of_term(sessions, self.term, self.today)
        named = ", ".join(map(repr, titles[:_NAMED]))
        more = f" and {len(titles) - _NAMED:,} more" if len(titles) > _NAMED else ""
        current = "current " if is_current(self.term) else ""
        return f"in the {current}term{'s' if len(titles) > 1 else ''} {named}{more}".strip()

    def notes(self, classes: pd.DataFrame, sessions: pd.DataFrame) -> list[str]:
        """Say at which moment people are counted, and what about the dates may mislead."""
        sessions = active(sessions)
        days = f"on {self._day}" if self._day else ""
        notes = [f"Counted {' and '.join(part for part in (self._in(sessions), days) if part)}."]
        no_term = self.no_term(sessions)
        notes += [no_term] if no_term else []
        if self.term is not None and not is_current(self.term):
            spans = spans_of_term(sessions, self.term)
            if all(pd.isna(day) for span in spans for day in span):
                notes.append(
                    f"The term {self.term.strip()!r} has no dates, so the dates of enrollments are"
                    " not compared with it."
                )
        if self.as_of is not None:
            undated = int(spans_of_classes(classes, sessions).undated.sum())
            if undated:
                many = f"{undated:,} classes are" if undated > 1 else "1 class is"
                notes.append(f"{many} in no term with dates and counted on every day.")
        return notes


def moment_of(as_of: Day, term: str | None, include_end_date: bool) -> Moment | None:
    """Return the moment that the arguments of a call mean; QueryError if they mean none."""
    return Moment.of(Query(as_of=as_of, term=term, include_end_date=include_end_date))


def tables_at(moment: Moment, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return tables without the enrollments that do not count; the roles that do not are marked.

    They are marked ``tobedeleted``, because a role that is over still says that the person holds
    no other one at that org.
    """
    enrollments, roles = tables["enrollments"], tables["roles"]
    sessions = tables["academicSessions"]
    counted = enrollments.loc[moment.enrolled(enrollments, tables["classes"], sessions)]
    status = roles["status"].where(moment.held(roles, sessions), "tobedeleted")
    return {
        **tables,
        "enrollments": counted.reset_index(drop=True),
        "roles": roles.assign(status=status.astype("str")),
    }


@dataclass(frozen=True)
class _OnDay:
    """For each class, whether a term has begun, one is not over, and one is both."""

    begun: NDArray[np.bool_]
    going_on: NDArray[np.bool_]
    both: NDArray[np.bool_]


def _on_day(classes: pd.DataFrame, sessions: pd.DataFrame, day: datetime.date) -> _OnDay:
    spans = spans_of_classes(classes, active(sessions))
    begun = (spans.start.isna() | (spans.start <= pd.Timestamp(day))).to_numpy(dtype=bool)
    going_on = (spans.end.isna() | (spans.end >= pd.Timestamp(day))).to_numpy(dtype=bool)

    def of_class(fits: NDArray[np.bool_]) -> NDArray[np.bool_]:
        return spans.undated | np.isin(np.arange(len(classes)), spans.class_[fits])

    return _OnDay(of_class(begun), of_class(going_on), of_class(begun & going_on))
