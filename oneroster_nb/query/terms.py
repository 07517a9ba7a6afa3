"""Which academic sessions a term means, which classes meet in them, and when."""

import datetime
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from oneroster_nb.errors import QueryError
from oneroster_nb.query.groups import match_values
from oneroster_nb.spelling import nearest, shown
from oneroster_nb.tables.roles_at_orgs import slices
from oneroster_nb.tables.status import active
from oneroster_nb.tables.table import split_text
from oneroster_nb.today import local_date

LONG_AGO, FAR_AHEAD = pd.Timestamp("1700-01-01"), pd.Timestamp("2262-01-01")
"""What stands in for a date that is open, on either side."""


def sessions_of_term(
    sessions: pd.DataFrame, term: str, today: datetime.date | None = None
) -> frozenset[str]:
    """Return the sourcedIds of the sessions in which a class of this term may be.

    A title or an id also stands for the sessions below and above it. ``"current"`` means those that
    have begun and not ended, the last day included. QueryError, with the nearest titles, if no
    session has this title or id.
    """
    if is_current(term):
        day = pd.Timestamp(today or local_date())
        now = (sessions["startDate"] <= day) & (sessions["endDate"] >= day)
        return frozenset(sessions.loc[now, "sourcedId"])
    hits = sessions_named(sessions, term)
    parents = dict(zip(sessions["sourcedId"], sessions["parentSourcedId"], strict=True))
    chosen = frozenset(sessions.loc[hits, "sourcedId"])
    above = {a for key in chosen for a in _chain(key, parents)}
    below = {key for key in parents if not chosen.isdisjoint(_chain(key, parents))}
    return chosen | above | below


def in_term(
    enrollments: pd.DataFrame,
    sessions: pd.DataFrame,
    term: str,
    today: datetime.date | None = None,
    *,
    include_end_date: bool = False,
) -> NDArray[np.bool_]:
    """Return True for each enrollment whose own dates overlap a term.

    The term is one of :func:`sessions_of_term`; ``"current"`` means the day itself. A missing date
    is open, and the ``endDate`` of an enrollment is the first day that does not count, unless it is
    included.
    """
    if is_current(term):
        day = pd.Timestamp(today or local_date())
        spans = [(day, day)]
    else:
        spans = spans_of_term(sessions, term)
    begin, end = enrollments["beginDate"], enrollments["endDate"]
    fits = np.zeros(len(enrollments), dtype=bool)
    for first, last in spans:
        begun = begin.isna() | (begin <= last) | pd.isna(last)
        going_on = (end >= first) if include_end_date else (end > first)
        fits |= (begun & (end.isna() | going_on | pd.isna(first))).to_numpy(dtype=bool)
    return fits


def spans_of_term(sessions: pd.DataFrame, term: str) -> list[tuple[Any, Any]]:
    """Return the first and last day of each session of a title or id.

    One without dates has those of the nearest session above it, or two missing ones.
    """
    parents = dict(zip(sessions["sourcedId"], sessions["parentSourcedId"], strict=True))
    dates = sessions[["startDate", "endDate"]]
    known = dict(zip(sessions["sourcedId"], dates.itertuples(index=False, name=None), strict=True))
    spans = []
    for key in sessions.loc[sessions_named(sessions, term), "sourcedId"]:
        line = [known[k] for k in (key, *_chain(key, parents))]
        spans.append(next((s for s in line if not pd.isna(list(s)).all()), (pd.NaT, pd.NaT)))
    return spans


def is_current(term: str) -> bool:
    """Return True if a term is the one of today."""
    return term.strip().casefold() == "current"


def sessions_named(sessions: pd.DataFrame, term: str) -> NDArray[np.bool_]:
    """Find the sessions of that id or title."""
    hits = match_values(sessions["sourcedId"], term, "exact")
    hits |= match_values(sessions["title"], term, "exact")
    if not hits.any():
        titles = list(dict.fromkeys(sessions["title"].dropna()))
        raise QueryError(
            f"No term is called {shown(term)}.{nearest(term, titles)} The terms are:"
            f" {', '.join(titles[:20]) or 'none'}. 'current' means those of today."
        )
    return hits


def titles_of_term(sessions: pd.DataFrame, term: str, today: datetime.date) -> list[str]:
    """Return the titles of what a title, an id or ``"current"`` means, in the order of their dates.

    The current ones are the terms and semesters of today; if none of these is running, the others.
    """
    if is_current(term):
        named = sessions["sourcedId"].isin(sessions_of_term(sessions, term, today))
        found = _terms(sessions.loc[named])
    else:
        found = sessions.loc[sessions_named(sessions, term)]
    found = found.sort_values("startDate", kind="stable")
    return list(dict.fromkeys(found["title"].fillna(found["sourcedId"])))


def classes_in_term(classes: pd.DataFrame, sessions: frozenset[str]) -> "pd.Series[bool]":
    """Return True for each class that has one of its terms among the sessions."""
    terms = classes["termSourcedIds"]
    meeting = {
        text for text in terms.dropna().unique() if not sessions.isdisjoint(split_text(text))
    }
    return terms.isin(meeting)


@dataclass(frozen=True)
class Spans:
    """The dates of the terms of classes.

    Attributes
    ----------
    class_ : numpy array of int
        The row of the class, for each of its terms that has dates.
    start, end : pandas.Series of datetime64
        The first and the last day of that term; missing if it is open.
    undated : numpy array of bool
        True for each class that has no term with dates.
    """

    class_: NDArray[np.intp]
    start: "pd.Series[pd.Timestamp]"
    end: "pd.Series[pd.Timestamp]"
    undated: NDArray[np.bool_]


def spans_of_classes(classes: pd.DataFrame, sessions: pd.DataFrame) -> Spans:
    """Find when the terms of classes begin and end.

    If a term has no dates, those of the nearest session above it count, in the end those of its
    school year.
    """
    parents = dict(zip(sessions["sourcedId"], sessions["parentSourcedId"], strict=True))
    known = sessions[["startDate", "endDate"]].notna().any(axis="columns").to_numpy()
    row_of = {key: row for row, key in enumerate(sessions["sourcedId"])}
    text_codes, texts = pd.factorize(classes["termSourcedIds"])
    dated: list[list[int]] = []
    for text in texts:
        lines = [[term, *_chain(term, parents)] for term in split_text(text) if term in row_of]
        rows = (next((row_of[k] for k in line if known[row_of[k]]), None) for line in lines)
        dated.append(list(dict.fromkeys(row for row in rows if row is not None)))
    lists = [*dated, []]  # code -1, no term at all, is the last one, which is empty
    lengths = np.array([len(rows) for rows in lists], dtype=np.intp)
    flat = np.array([row for rows in lists for row in rows], dtype=np.intp)
    class_, place = slices((np.cumsum(lengths) - lengths)[text_codes], lengths[text_codes])
    at = flat[place]
    return Spans(
        class_,
        sessions["startDate"].iloc[at].reset_index(drop=True),
        sessions["endDate"].iloc[at].reset_index(drop=True),
        lengths[text_codes] == 0,
    )


def terms_apart(classes: pd.DataFrame, sessions: pd.DataFrame) -> list[str]:
    """Return the titles of the terms of classes, if two of the classes never meet at one time.

    In the order in which they begin. If sessions of one title begin in several years, the years are
    named. Empty if all classes meet together, or if that is not known.
    """
    kinds = classes.drop_duplicates("termSourcedIds").dropna(subset=["termSourcedIds"])
    sessions = active(sessions).reset_index(drop=True)
    if len(kinds) < 2 or sessions.empty:
        return []
    spans = spans_of_classes(kinds, sessions)
    if not _apart(spans):
        return []
    named = {key for text in kinds["termSourcedIds"] for key in split_text(text)}
    found = sessions.loc[sessions["sourcedId"].isin(named)].sort_values("startDate", kind="stable")
    titles = found["title"].fillna(found["sourcedId"])
    years = found["startDate"].dt.year.astype("Int64").astype("str")
    several = years.groupby(titles).transform("nunique") > 1
    return list(dict.fromkeys(titles.where(~several | years.isna(), titles + " (" + years + ")")))


def _apart(spans: Spans) -> bool:
    """Return True if two classes with dates have no day in common."""
    start = spans.start.fillna(LONG_AGO).to_numpy()
    end = spans.end.fillna(FAR_AHEAD).to_numpy()
    if not len(start) or start.max() <= end.min():
        return False
    dated = len(np.unique(spans.class_))
    for class_ in np.unique(spans.class_):
        mine = spans.class_ == class_
        met = np.zeros(len(start), dtype=bool)
        for first, last in zip(start[mine], end[mine], strict=True):
            met |= (start <= last) & (first <= end)
        if len(np.unique(spans.class_[met])) < dated:
            return True
    return False


def have_dates(sessions: pd.DataFrame) -> bool:
    """Return True if a session has dates."""
    return not _terms(sessions).empty


def is_running(sessions: pd.DataFrame, day: datetime.date) -> bool:
    """Return True if a term includes a day, or if no session has dates."""
    terms = _terms(sessions)
    if terms.empty:
        return True
    begun = terms["startDate"].isna() | (terms["startDate"] <= pd.Timestamp(day))
    return bool((begun & ~(terms["endDate"] < pd.Timestamp(day))).any())


@dataclass(frozen=True)
class TermDate:
    """A term, and the day on which it begins or ends."""

    title: str
    date: datetime.date


def terms_around(
    sessions: pd.DataFrame, day: datetime.date
) -> tuple[TermDate | None, TermDate | None]:
    """Return the last term that ended before a day, and the next one that begins after it."""
    terms = _terms(sessions)
    over = terms.loc[terms["endDate"] < pd.Timestamp(day)].sort_values("endDate").tail(1)
    coming = terms.loc[terms["startDate"] > pd.Timestamp(day)].sort_values("startDate").head(1)
    return _term_date(over, "endDate"), _term_date(coming, "startDate")


def _term_date(rows: pd.DataFrame, column: str) -> TermDate | None:
    if rows.empty:
        return None
    title = rows["title"].fillna(rows["sourcedId"]).iloc[0]
    return TermDate(str(title), rows[column].iloc[0].date())


def _terms(sessions: pd.DataFrame) -> pd.DataFrame:
    """Return the terms and semesters with dates; if there are none, the other sessions."""
    dated = sessions.loc[sessions[["startDate", "endDate"]].notna().any(axis="columns")]
    terms = dated.loc[dated["type"].isin(["term", "semester"])]
    return dated if terms.empty else terms


def sessions_within(classes: pd.DataFrame, sessions: pd.DataFrame) -> "pd.Series[Any]":
    """Return for each class a list of its sessions and all below them.

    Two classes meet at one time if these lists have a session in common: a class of the whole
    year and one of its first semester do, classes of two semesters do not.
    """
    parents = dict(zip(sessions["sourcedId"], sessions["parentSourcedId"], strict=True))
    within = {key: [key] for key in parents}
    for key in parents:
        for above in _chain(key, parents):
            within[above].append(key)
    lists = {
        text: list(dict.fromkeys(s for term in split_text(text) for s in within.get(term, [term])))
        for text in classes["termSourcedIds"].dropna().unique()
    }
    return pd.Series([lists.get(t, []) for t in classes["termSourcedIds"]], index=classes.index)


def _chain(key: str, parents: dict[str, str]) -> list[str]:
    """Return the sessions above one, nearest first; a circle among them ends the chain."""
    chain: list[str] = []
    parent = parents.get(key)
    while isinstance(parent, str) and parent in parents and parent not in chain:
        chain.append(parent)
        parent = parents.get(parent)
    return chain
