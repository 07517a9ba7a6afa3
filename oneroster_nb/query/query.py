"""The question object: who, grouped by what, which group, matched on which fields."""

import datetime
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
import pandas as pd

from oneroster_nb.errors import QueryError
from oneroster_nb.people.demographics import DEMOGRAPHIC_COLUMNS
from oneroster_nb.query.answer_columns import GROUP_COUNT
from oneroster_nb.query.conditions import checked_where
from oneroster_nb.query.query_string import EVERY, parts_of, text_of
from oneroster_nb.spelling import nearest, shown
from oneroster_nb.tables.table import sensitive_columns
from oneroster_nb.tables.vocabulary import ROLES
from oneroster_nb.tables.where import Where
from oneroster_nb.today import local_date

GROUP_TABLES: Mapping[str, str] = {"classes": "classes", "courses": "courses", "schools": "orgs"}
"""Group kind to the canonical table that lists its groups."""

PEOPLE_GROUPS: Mapping[str, str] = {"teachers": "teacher", "students": "student"}
"""The kinds of groups that are a person: those who share a class in which the person has a role."""

_ADMINISTRATORS = (
    "administrator",
    "districtAdministrator",
    "siteAdministrator",
    "systemAdministrator",
)
MATCHES = ("exact", "contains", "glob", "regex")
STATUSES = ("active", "all")

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
        ``"classes"`` (``"sections"`` says the same), ``"courses"`` or ``"schools"``; ``"teachers"``
        or ``"students"``, for the people who share a class with one.
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
    as_of : str or datetime.date, optional
        A day such as ``"2026-10-01"``, or ``"today"``. Only who is enrolled on that day counts:
        from the ``beginDate`` of the enrollment to the day before its ``endDate``.
    include_end_date : bool
        Whether an enrollment still counts on its ``endDate``.
    where : mapping, optional
        Conditions on columns of the answer, such as ``{"grades": ["06", "07"], "email": None}``.
    demographics : bool
        Whether sex, birth date, age, race and ethnicity stand beside people.
    school : str, optional
        The name or id of a school: only its groups, and classes at this school, count.

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
    as_of: str | datetime.date | None = None
    include_end_date: bool = False
    where: Where | None = field(default=None, hash=False)
    demographics: bool = False
    school: str | None = None

    def __post_init__(self) -> None:
        """Validate, and bring lists and synonyms into one form."""
        self._set("user_filter", _choice("user_filter", self.user_filter, _USER_FILTERS))
        if self.group_filter is not None:
            self._set("group_filter", checked_group_filter(self.group_filter))
        must_be = "group_name must be a name, an id or a list of them"
        names = _texts(self.group_name, must_be, "ask about every group")
        if not isinstance(self.group_name, str):
            self._set("group_name", names)
        if self.group_name is not None and self.group_filter is None:
            raise QueryError(
                f"group_name {shown(self.group_name)} needs a group_filter. Say what kind"
                " of group it is: group_filter='classes', 'courses' or 'schools'."
            )
        if any(name.strip() == EVERY for name in self.names or ()):
            self._set("group_name", None)
        must_be = "match_on must be a field or a list of fields"
        asked = _texts(self.match_on, must_be, "use the connector's match_groups_by")
        self._set("match_on", asked and tuple(dict.fromkeys(map(str.strip, asked))))
        if self.match_on is not None and self.group_filter is None:
            raise QueryError(
                f"match_on {shown(self.match_on)} is given without a group_filter, so there is"
                " no group whose fields could match. Leave it out, or name a group_filter."
            )
        _choice("match", self.match, MATCHES)
        if self.match == "regex":
            for name in self.names or ():
                _pattern(name)
        _choice("status", self.status, STATUSES)
        if self.term is not None and (not isinstance(self.term, str) or not self.term.strip()):
            raise QueryError(
                f"term must be a title, an id or 'current', not {shown(self.term)}. Leave it out to"
                " ask about every term."
            )
        if self.school is not None and (
            not isinstance(self.school, str) or not self.school.strip()
        ):
            raise QueryError(
                f"school must be the name or id of a school, not {shown(self.school)}."
            )
        if self.school is not None and self.group_filter is None:
            raise QueryError(
                f"school {shown(self.school)} chooses groups, and there is no group_filter. For the"
                " people of a school, write group_filter='schools' and its name as group_name."
            )
        self._set("max_users", _bound(self.max_users))
        self._set("as_of", checked_day(self.as_of))
        self._set("where", checked_where(self.where))
        if self.group_filter is None and GROUP_COUNT in (self.where or ()):
            raise QueryError(
                f"{GROUP_COUNT} counts the groups of a user, and there is no group_filter. Say what"
                " kind of group it is: group_filter='classes', 'courses' or 'schools'."
            )
        for name in ("unique", "sensitive", "include_end_date", "demographics"):
            if not isinstance(getattr(self, name), bool):
                raise QueryError(f"{name} must be True or False, not {shown(getattr(self, name))}.")
        phones = sensitive_columns("users", self.where or ())
        if phones and not self.sensitive:
            raise QueryError(
                f"{phones[0]} is in an answer only with sensitive=True. Pass that to put a"
                " condition on the column."
            )
        hidden = [c for c in self.where or () if c in DEMOGRAPHIC_COLUMNS and not self.demographics]
        if hidden:
            raise QueryError(
                f"{hidden[0]} is in an answer only with demographics=True. Pass that to put a"
                " condition on the column."
            )

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    @property
    def timed(self) -> bool:
        """Whether the question is about a day or a term."""
        return self.as_of is not None or self.term is not None

    @property
    def by_classes(self) -> bool:
        """Whether people belong to the groups through classes."""
        return self.group_filter not in (None, "schools")

    def on_a_date(self) -> "Query":
        """Return the question with the date of today, if it asks about ``"today"``."""
        if self.as_of != "today":
            return self
        return replace(self, as_of=local_date())

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
        """Read ``"group_filter::group_name::user_filter?conditions"``.

        Parameters
        ----------
        text : str
            Split at the first and the last ``::``, so that a name may hold some. ``"classes::A"``
            means users, ``"students"`` alone means no group, and a name ``*`` every group.
            Conditions are written as in a web address, behind the users, with ``&`` between them:
            ``as_of``, ``term``, ``include_end_date``, ``school``, ``status``, and columns of the
            answer (``grades=06,07``, ``email=`` for a missing one, ``courseTitle~art``).

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
        >>> Query.parse("classes::Art::students?as_of=2026-10-01").as_of
        '2026-10-01'
        """
        if not isinstance(text, str) or not text.strip():
            raise QueryError(
                f"A query is a string such as 'courses::Econ 101::students', not {shown(text)}."
            )
        return cls(**parts_of(text))

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
        return text_of(self.to_dict())


def checked_day(value: object) -> str | None:
    """Return a day as text, ``"today"`` as it is; QueryError if it is none."""
    if value is None:
        return None
    if isinstance(value, np.datetime64):
        value = pd.Timestamp(value)
    if isinstance(value, datetime.date) and value == value:  # not NaT, which is unlike itself
        return datetime.date(value.year, value.month, value.day).isoformat()
    if isinstance(value, str):
        text = value.strip()
        if text.casefold() == "today":
            return "today"
        try:
            return datetime.date.fromisoformat(text).isoformat()
        except ValueError:
            pass
    raise QueryError(
        f"as_of must be a day such as '2026-10-01', a date or 'today', not {shown(value)}. Leave it"
        " out to count everything active."
    )


def checked_group_filter(group_filter: str) -> str:
    """Return the kind of group that is meant; raise QueryError if there is none of that name."""
    kind = _SYNONYMS.get(group_filter, group_filter) if isinstance(group_filter, str) else ""
    return _choice("group_filter", kind or group_filter, (*GROUP_TABLES, *PEOPLE_GROUPS))


def _choice(name: str, value: object, choices: tuple[str, ...]) -> str:
    if isinstance(value, str) and value in choices:
        return value
    hint = nearest(value, choices) if isinstance(value, str) else ""
    listed = ", ".join(repr(choice) for choice in choices)
    raise QueryError(f"Unknown {name} {shown(value)}.{hint} It can be {listed}.")


def _texts(value: object, must_be: str, left_out: str) -> tuple[str, ...] | None:
    """Return a text, or each text of a list, as a tuple; QueryError for anything else."""
    if value is None:
        return None
    names = (value,) if isinstance(value, str) else _listed(value)
    if not names or not all(isinstance(name, str) and name.strip() for name in names):
        raise QueryError(f"{must_be}, not {shown(value)}. Leave it out to {left_out}.")
    return tuple(dict.fromkeys(names))


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
            f"group_name {shown(name)} is no regular expression: {exc}. Escape special characters"
            " with a backslash, or use match='contains'."
        ) from None


def _bound(value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise QueryError(
            f"max_users must be a whole number, not {shown(value)}. 0 or None means no bound."
        )
    return value or None
