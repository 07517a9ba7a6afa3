"""Which academic sessions a term means, and which classes meet in them."""

import datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from oneroster_nb.errors import QueryError
from oneroster_nb.query.groups import match_values
from oneroster_nb.spelling import nearest
from oneroster_nb.tables.table import split_text


def sessions_of_term(
    sessions: pd.DataFrame, term: str, today: datetime.date | None = None
) -> frozenset[str]:
    """Return the sourcedIds of the sessions in which a class of this term may be.

    Parameters
    ----------
    sessions : pandas.DataFrame
        The canonical academicSessions.
    term : str
        A title or an id, which also stands for the sessions below and above it; or
        ``"current"``: those that have begun and not ended, the last day included.
    today : datetime.date, optional
        The day that is current; left out, today.

    Raises
    ------
    QueryError
        If no session has this title or id; the message names the nearest titles.
    """
    if _is_current(term):
        day = pd.Timestamp(today or datetime.date.today())
        now = (sessions["startDate"] <= day) & (sessions["endDate"] >= day)
        return frozenset(sessions.loc[now, "sourcedId"])
    hits = _named(sessions, term)
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
) -> NDArray[np.bool_]:
    """Return True for each enrollment whose own dates overlap a term.

    Parameters
    ----------
    enrollments, sessions : pandas.DataFrame
        Canonical tables.
    term, today
        As for :func:`sessions_of_term`; ``"current"`` means the day itself. A missing date is
        open, and the ``endDate`` of an enrollment is the first day that does not count.

    Raises
    ------
    QueryError
        As :func:`sessions_of_term`.
    """
    if _is_current(term):
        day = pd.Timestamp(today or datetime.date.today())
        spans = [(day, day)]
    else:
        dates = sessions.loc[_named(sessions, term), ["startDate", "endDate"]]
        spans = list(dates.itertuples(index=False, name=None))
    begin, end = enrollments["beginDate"], enrollments["endDate"]
    fits = np.zeros(len(enrollments), dtype=bool)
    for first, last in spans:
        begun = begin.isna() | (begin <= last) | pd.isna(last)
        fits |= (begun & (end.isna() | (end > first) | pd.isna(first))).to_numpy(dtype=bool)
    return fits


def _is_current(term: str) -> bool:
    return term.strip().casefold() == "current"


def _named(sessions: pd.DataFrame, term: str) -> NDArray[np.bool_]:
    """Find the sessions of that id or title."""
    hits = match_values(sessions["sourcedId"], term, "exact")
    hits |= match_values(sessions["title"], term, "exact")
    if not hits.any():
        titles = list(dict.fromkeys(sessions["title"].dropna()))
        raise QueryError(
            f"No term is called {term!r}.{nearest(term, titles)} The terms are:"
            f" {', '.join(titles[:20]) or 'none'}. 'current' means those of today."
        )
    return hits


def classes_in_term(classes: pd.DataFrame, sessions: frozenset[str]) -> "pd.Series[bool]":
    """Return True for each class that has one of its terms among the sessions."""
    terms = classes["termSourcedIds"]
    meeting = {
        text for text in terms.dropna().unique() if not sessions.isdisjoint(split_text(text))
    }
    return terms.isin(meeting)


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
