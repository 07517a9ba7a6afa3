"""The question object: who, grouped by what, which group, matched on which fields."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from oneroster_nb.errors import QueryError
from oneroster_nb.spelling import nearest
from oneroster_nb.tables.vocabulary import ROLES

GROUP_TABLES: Mapping[str, str] = {"classes": "classes", "courses": "courses", "schools": "orgs"}
"""Group kind to the canonical table that lists its groups."""

_ADMINISTRATORS = (
    "administrator",
    "districtAdministrator",
    "siteAdministrator",
    "systemAdministrator",
)
MATCHES = ("exact", "contains", "glob", "regex")
STATUSES = ("active", "all")

_EVERY = "*"
_SYNONYMS: Mapping[str, str] = {"sections": "classes"}
_USER_FILTERS = ("students", "teachers", "users", *list(ROLES)[2:])


@dataclass(frozen=True)
class Query:
    """A question to a roster, validated when it is made.

    Parameters
    ----------
    user_filter : str
        ``"students"``, ``"teachers"``, ``"users"`` or any OneRoster role in the plural
        (``"administrators"``, ``"guardians"``, …). With a group, ``"users"`` are its students and
        teachers, and guardians of a class or course those of its students.
    group_filter : str, optional
        ``"classes"`` (``"sections"`` says the same), ``"courses"`` or ``"schools"``.
    group_name : str or list of str, optional
        Names or ids of groups; left out or ``"*"``, every group of that kind.
    match_on : str or list of str, optional
        The fields of a group that `group_name` is compared with; left out, what the source
        compares by default.
    match : str
        ``"exact"`` (case and outer spaces ignored), ``"contains"``, ``"glob"`` (of the whole
        value) or ``"regex"`` (searched for); all ignore case.
    term : str, optional
        A title or an id of an academic session, or ``"current"``.
    status : str
        ``"active"`` leaves out rows marked tobedeleted, ``"all"`` keeps them.
    unique : bool
        One row for each user, membership columns joined with commas.
    max_users : int, optional
        At most so many distinct users; 0 is no bound.
    sensitive : bool
        Whether ``sms`` and ``phone`` are among the columns.

    Raises
    ------
    QueryError
        Where a part is unknown, empty or of the wrong type.

    Examples
    --------
    >>> Query("students", "courses", "Econ 101")
    Query(user_filter='students', group_filter='courses', group_name='Econ 101')
    >>> str(Query.parse("courses::Econ 101::students"))
    'courses::Econ 101::students'
    """

    user_filter: str = "users"
    group_filter: str | None = None
    group_name: str | Sequence[str] | None = None
    match_on: str | Sequence[str] | None = None
    match: str = "exact"
    term: str | None = None
    status: str = "active"
    unique: bool = False
    max_users: int | None = None
    sensitive: bool = False

    def __post_init__(self) -> None:
        """Validate, and bring lists and synonyms into one form."""
        self._set("user_filter", _choice("user_filter", self.user_filter, _USER_FILTERS))
        if self.group_filter is not None:
            self._set("group_filter", checked_group_filter(self.group_filter))
        self._set("group_name", _names(self.group_name))
        if self.group_name is not None and self.group_filter is None:
            raise QueryError(
                f"group_name {self.group_name!r} needs a group_filter. Say what kind"
                " of group it is: group_filter='classes', 'courses' or 'schools'."
            )
        if any(name.strip() == _EVERY for name in self.names or ()):
            self._set("group_name", None)
        self._set("match_on", _fields(self.match_on))
        if self.match_on is not None and self.group_filter is None:
            raise QueryError(
                f"match_on {self.match_on!r} is given without a group_filter, so there is"
                " no group whose fields could match. Leave it out, or name a group_filter."
            )
        _choice("match", self.match, MATCHES)
        if self.match == "regex":
            for name in self.names or ():
                _pattern(name)
        _choice("status", self.status, STATUSES)
        if self.term is not None and (not isinstance(self.term, str) or not self.term.strip()):
            raise QueryError(
                f"term must be a title, an id or 'current', not {self.term!r}. Leave it out to"
                " ask about every term."
            )
        self._set("max_users", _bound(self.max_users))
        for name in ("unique", "sensitive"):
            if not isinstance(getattr(self, name), bool):
                raise QueryError(f"{name} must be True or False, not {getattr(self, name)!r}.")

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    @property
    def names(self) -> tuple[str, ...] | None:
        """The group names as a tuple; None means every group."""
        return _tuple(self.group_name)

    @property
    def match_fields(self) -> tuple[str, ...] | None:
        """The fields to match on as a tuple; None means what the source compares by default."""
        return _tuple(self.match_on)

    @property
    def roles(self) -> tuple[str, ...] | None:
        """The roles that are asked for, in the order of the answer; None means any."""
        if self.user_filter == "users":
            return ("student", "teacher") if self.group_filter else None
        role = ROLES[self.user_filter]
        return _ADMINISTRATORS if role == "administrator" else (role,)

    @classmethod
    def parse(cls, text: str) -> "Query":
        """Read ``"group_filter::group_name::user_filter"``.

        Parameters
        ----------
        text : str
            Split at the first and the last ``::``, so that a name may hold some. ``"classes::A"``
            means users, ``"students"`` alone means no group, and a name ``*`` every group.

        Returns
        -------
        Query

        Raises
        ------
        QueryError
            Where a part is unknown or empty.

        Examples
        --------
        >>> Query.parse("schools::*::teachers")
        Query(user_filter='teachers', group_filter='schools')
        """
        if not isinstance(text, str) or not text.strip():
            raise QueryError(
                f"A query is a string such as 'courses::Econ 101::students', not {text!r}."
            )
        first, *rest = text.split("::", 1)
        if not rest:
            return cls(user_filter=first.strip())
        name, separator, users = rest[0].rpartition("::")
        if not separator:
            name, users = users, "users"
        return cls(
            user_filter=users.strip(),
            group_filter=first.strip(),
            group_name=name,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the parts that differ from their defaults, as plain JSON.

        Returns
        -------
        dict
            The arguments of ``get_users`` that ask this question.

        Examples
        --------
        >>> Query("teachers", max_users=5).to_dict()
        {'user_filter': 'teachers', 'max_users': 5}
        """
        parts = {f.name: getattr(self, f.name) for f in fields(self)}
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in parts.items()
            if name == "user_filter" or value != getattr(type(self), name)
        }

    def __repr__(self) -> str:
        parts = ", ".join(f"{name}={value!r}" for name, value in self.to_dict().items())
        return f"Query({parts})"

    def __str__(self) -> str:
        """Print the question as `parse` reads it; what has no place there is left out."""
        if self.group_filter is None:
            return self.user_filter
        name = " | ".join(self.names) if self.names else _EVERY
        return f"{self.group_filter}::{name}::{self.user_filter}"


def checked_group_filter(group_filter: str) -> str:
    """Return the kind of group that is meant; raise QueryError if there is none of that name."""
    kind = _SYNONYMS.get(group_filter, group_filter) if isinstance(group_filter, str) else ""
    return _choice("group_filter", kind or group_filter, tuple(GROUP_TABLES))


def _choice(name: str, value: object, choices: tuple[str, ...]) -> str:
    if isinstance(value, str) and value in choices:
        return value
    hint = nearest(value, choices) if isinstance(value, str) else ""
    listed = ", ".join(repr(choice) for choice in choices)
    raise QueryError(f"Unknown {name} {value!r}.{hint} It can be {listed}.")


def _names(value: object) -> str | tuple[str, ...] | None:
    if value is None:
        return None
    names = (value,) if isinstance(value, str) else _listed(value)
    if not names or not all(isinstance(name, str) and name.strip() for name in names):
        raise QueryError(
            f"group_name must be a name, an id or a list of them, not {value!r}. Leave it out to"
            " ask about every group."
        )
    return value if isinstance(value, str) else tuple(dict.fromkeys(names))


def _fields(value: object) -> tuple[str, ...] | None:
    if value is None:
        return None
    names = (value,) if isinstance(value, str) else _listed(value)
    if not names or not all(isinstance(name, str) and name.strip() for name in names):
        raise QueryError(
            f"match_on must be a field or a list of fields, not {value!r}. Leave it out to use"
            " the connector's match_groups_by."
        )
    return tuple(dict.fromkeys(name.strip() for name in names))


def _tuple(value: str | Sequence[str] | None) -> tuple[str, ...] | None:
    if value is None:
        return None
    return (value,) if isinstance(value, str) else tuple(value)


def _listed(value: object) -> tuple[Any, ...]:
    """Return the items of a list, a tuple, a set or a Series; nothing else has items here."""
    if isinstance(value, Mapping) or not isinstance(value, Iterable):
        return ()
    return tuple(value)


def _pattern(name: str) -> None:
    try:
        re.compile(name, re.IGNORECASE)
    except (re.error, OverflowError, RecursionError) as exc:
        raise QueryError(
            f"group_name {name!r} is no regular expression: {exc}. Escape special characters"
            " with a backslash, or use match='contains'."
        ) from None


def _bound(value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise QueryError(
            f"max_users must be a whole number, not {value!r}. 0 or None means no bound."
        )
    return value or None
