"""What was asked, in words, to stand above its answer."""

from collections.abc import Iterable

from oneroster_nb.query.query import Query
from oneroster_nb.query.terms import is_current

_MATCHES = {
    "exact": "is",
    "contains": "contains",
    "glob": "fits the pattern",
    "regex": "matches the expression",
}


def in_words(query: Query, fields: Iterable[str]) -> str:
    """Put a question into words.

    Parameters
    ----------
    query : Query
        The question.
    fields : iterable of str
        What the names of groups are compared with.

    Returns
    -------
    str
        Words without a full stop.

    Examples
    --------
    >>> in_words(Query("students", "classes", ["ela", "math"], match="contains"), ["title"])
    "students of classes whose title contains 'ela' or 'math'"
    >>> in_words(Query("teachers", term="current", max_users=50), [])
    "teachers, term 'current', at most 50 people"
    >>> in_words(Query("students", "classes", as_of="2026-10-01"), [])
    'students of all classes on 2026-10-01'
    """
    day, *rest = _moment(query)
    words = query.user_filter
    if query.group_filter and query.names is None:
        words += f" of all {query.group_filter}"
    elif query.group_filter:
        names = " or ".join(map(repr, query.names or ()))
        *others, last = fields
        compared = f"{', '.join(others)} or {last}" if others else last
        words += f" of {query.group_filter} whose {compared} {_MATCHES[query.match]} {names}"
    if day and query.names is None:  # behind a name, it would read like a part of it
        words, day = f"{words} {day}", ""
    parts = [
        "with demographics" if query.demographics else "",
        "with rows marked tobedeleted" if query.status == "all" else "",
        "one row for each" if query.unique else "",
        f"at most {query.max_users:,} people" if query.max_users else "",
    ]
    return _listed(words, day, *rest, *parts)


def moment_in_words(query: Query) -> str:
    """Put the day and the term of a question into words; empty if it has neither.

    Examples
    --------
    >>> moment_in_words(Query(as_of="2026-10-01", include_end_date=True, term="current"))
    "on 2026-10-01, last day counts, term 'current'"
    """
    return _listed(*_moment(query))


def groups_at_moment(query: Query) -> str:
    """Say which groups are counted before a question is asked: those that meet then, or all.

    Only classes meet; other groups are there at any time. Empty if all groups are meant.

    Examples
    --------
    >>> groups_at_moment(Query(group_filter="classes", as_of="today", term="current"))
    ' that meet today and in the current term'
    >>> groups_at_moment(Query(group_filter="courses", as_of="today"))
    ' at any time'
    """
    if not query.timed or query.group_filter == "schools":
        return ""
    if query.group_filter != "classes":
        return " at any time"
    day, _, term = _moment(query)
    current = query.term is not None and is_current(query.term)
    in_term = "in the current term" if current else f"in {term}" if term else ""
    return f" that meet {' and '.join(part for part in (day, in_term) if part)}"


def _moment(query: Query) -> tuple[str, str, str]:
    """Return the day, whether the last day counts, and the term, each empty if it is not set."""
    day = "today" if query.as_of == "today" else f"on {query.as_of}"
    return (
        day if query.as_of else "",
        "last day counts" if query.include_end_date else "",
        f"term {query.term!r}" if query.term else "",
    )


def _listed(*parts: str) -> str:
    return ", ".join(part for part in parts if part)
