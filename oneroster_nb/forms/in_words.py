"""What was asked, in words, to stand above its answer."""

from collections.abc import Iterable

from oneroster_nb.query.query import Query

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
    """
    words = query.user_filter
    if query.group_filter and query.names is None:
        words += f" of all {query.group_filter}"
    elif query.group_filter:
        names = " or ".join(map(repr, query.names or ()))
        *others, last = fields
        compared = f"{', '.join(others)} or {last}" if others else last
        words += f" of {query.group_filter} whose {compared} {_MATCHES[query.match]} {names}"
    parts = [
        f"term {query.term!r}" if query.term else "",
        "with rows marked tobedeleted" if query.status == "all" else "",
        "one row for each" if query.unique else "",
        f"at most {query.max_users:,} people" if query.max_users else "",
    ]
    return ", ".join(part for part in (words, *parts) if part)
