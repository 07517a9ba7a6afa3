"""The words of the standard: what columns with a list of words can hold (pure)."""

import re
from collections.abc import Mapping

from oneroster_nb.tables import fields
from oneroster_nb.tables.field import STATUSES

ACTIVE, DELETED = STATUSES

ROLES: Mapping[str, str] = {f"{role}s": role for role in fields.ROLES}
"""User filter to OneRoster role."""

USER_ROLES = frozenset(fields.ROLES)
_EXTENSION = "ext:"  # what 1.2 lets one put before words of one's own
_SPACING = re.compile(r"[\s_-]+")

_OF_COLUMN: Mapping[tuple[str, str], frozenset[str]] = {
    (name, each.name): frozenset(each.words)
    for name, table in fields.FIELDS.items()
    for each in table.own
    if each.words
}
_STATUSES = frozenset(STATUSES)


def allowed_words(table: str, column: str) -> frozenset[str]:
    """Return the words that a column can hold in one version of the standard or the other.

    Empty where any text will do. Words that begin with ``ext:`` are allowed beside them.

    Examples
    --------
    >>> sorted(allowed_words("orgs", "status"))
    ['active', 'tobedeleted']
    """
    return _STATUSES if column == "status" else _OF_COLUMN.get((table, column), frozenset())


def has_words(table: str, column: str) -> bool:
    """Return True if a column holds words of a list."""
    return bool(allowed_words(table, column))


def is_allowed(word: str, allowed: frozenset[str]) -> bool:
    """Return True if a word is one of the standard's, or an extension that 1.2 permits."""
    return word in allowed or word.startswith(_EXTENSION)


def standard_word(table: str, column: str, text: str) -> str | None:
    """Write a word as the standard writes it: case, spaces, hyphens and underscores do not matter.

    Returns
    -------
    str or None
        The standard's word; a word that it does not have as it stands, without outer spaces;
        None for a blank text.

    Examples
    --------
    >>> standard_word("users", "status", " To-Be-Deleted ")
    'tobedeleted'
    >>> standard_word("users", "role", " Pupil ")
    'Pupil'
    """
    words = _SPELLINGS.get((table, column), _STATUS_SPELLINGS if column == "status" else {})
    stripped = text.strip()
    return words.get(_folded(stripped), stripped) or None


def _folded(text: str) -> str:
    return _SPACING.sub("", text).casefold()


def _spellings(words: frozenset[str]) -> dict[str, str]:
    return {_folded(word): word for word in words}


_STATUS_SPELLINGS = _spellings(_STATUSES) | {"inactive": DELETED}  # OneRoster 1.0
# Enrollments have fewer roles than users; another role of the standard is still that role.
_SPELLINGS = {
    (table, column): _spellings(words | USER_ROLES if column == "role" else words)
    for (table, column), words in _OF_COLUMN.items()
}
