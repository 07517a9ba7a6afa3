"""One reading of a roster, for questions and rules: what is active, who is what, who is where.

The tables are those of a source, or rebuilt from a DataFrame.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from oneroster_nb.analysis.tables_of_frame import tables_of_frame
from oneroster_nb.counts.footnotes import earlier_counts, earlier_unknown_roles, with_footnote
from oneroster_nb.errors import (
    DanglingReferenceWarning,
    ForbiddenError,
    NotFoundError,
    NotSharedWarning,
    PartialResultWarning,
    QueryError,
    muted,
    warn,
)
from oneroster_nb.progress import ProgressOption
from oneroster_nb.query.membership import link_classes, without_group
from oneroster_nb.query.query import Query
from oneroster_nb.source.source import Source, WholeRoster
from oneroster_nb.tables.lookup import among, codes
from oneroster_nb.tables.references import elements, left_out, not_there, warn_of_left_out
from oneroster_nb.tables.roles_at_orgs import roles_at_orgs
from oneroster_nb.tables.status import active, is_active
from oneroster_nb.tables.table import TABLES, empty_table
from oneroster_nb.tables.unknown_roles import (
    counts_of_unknown_roles,
    is_unknown,
    note_of_unknown_roles,
    people_of_unknown_role,
    warn_of_unknown_roles,
)

SourceOrFrame: TypeAlias = Source | pd.DataFrame
"""A connection, a roster, or a frame that ``get_users`` gave."""

PERSON = ["sourcedId", "givenName", "familyName", "role", "grades", "schoolNames"]
"""The columns that say who a person is."""

CLASS_TABLES = ("orgs", "academicSessions", "courses", "classes", "users", "enrollments")
"""The tables that questions about classes read."""

_TOLD = ("users", "classes", "enrollments", "orgs")
"""The tables without which an answer would be wrong and would not show it."""

_CLASS: Mapping[str, str] = {
    "sourcedId": "classSourcedId",
    "title": "classTitle",
    "courseTitle": "courseTitle",
    "schoolName": "schoolName",
    "termTitles": "termTitles",
}


@dataclass(frozen=True)
class RosterTables:
    """The tables that a question or a rule reads, and what follows from them.

    Attributes
    ----------
    tables : mapping of str to pandas.DataFrame
        Canonical tables, rows marked tobedeleted included; those that were not asked for are empty.
    roles : tuple of str
        The roles that the question counts; empty if it counts all.
    empty : frozenset of str
        The tables without rows of which a warning was given already.
    earlier : mapping of str to int, optional
        Of a frame, what it left out when it was asked for.
    earlier_roles : mapping of str to int, optional
        Of a frame, how many people it left out because of which role.
    """

    tables: Mapping[str, pd.DataFrame]
    roles: tuple[str, ...] = ()
    empty: frozenset[str] = frozenset()
    earlier: Mapping[str, int] | None = None
    earlier_roles: Mapping[str, int] = field(default_factory=dict)
    _active: dict[str, pd.DataFrame] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def not_there(self) -> Mapping[str, int]:
        """Table to the number of its rows that the others refer to and that are not there."""
        return not_there(self.tables, self._references()) if self.earlier is None else self.earlier

    def _references(self) -> Iterator[tuple[str, "pd.Series[str]"]]:
        """Yield what the rows that count refer to."""
        enrolled, held = (self._counted(name) for name in ("enrollments", "roles"))
        deleted_users, deleted_classes = (self.deleted(name) for name in ("users", "classes"))
        meets = ~among(enrolled["classSourcedId"], deleted_classes)
        here = ~among(enrolled["userSourcedId"], deleted_users)
        yield "users", enrolled["userSourcedId"][meets]
        yield "users", held["userSourcedId"]
        yield "classes", enrolled["classSourcedId"][here]
        yield "orgs", self.active("classes")["schoolSourcedId"]
        yield "orgs", held["orgSourcedId"]
        yield "orgs", elements(self.users["orgSourcedIds"])

    def _counted(self, name: str) -> pd.DataFrame:
        """Return the enrollments or roles that count and refer to something that is not there."""
        rows = self.active(name)
        lost = [self.refers_to_nothing(name, column) for column in TABLES[name].references]
        rows = rows.loc[np.logical_or.reduce(lost)]
        return rows.loc[rows["role"].isin(self.roles)] if self.roles else rows

    def answer(
        self,
        table: pd.DataFrame,
        below: int | None = None,
        unknown: pd.DataFrame | None = None,
    ) -> pd.DataFrame:
        """Finish an answer: say in its footnote, and in a warning, whom and what it leaves out.

        `unknown` is who is left out because of an unknown role (``user role``), by default who is
        enrolled in one. What a frame left out was warned of when ``get_users`` returned it.
        """
        if self.earlier is None:
            news = {n: count for n, count in self.not_there.items() if n not in self.empty}
            warn_of_left_out(left_out({"": news}, below))
        counts = counts_of_unknown_roles(self.enrolled_in_unknown if unknown is None else unknown)
        warn_of_unknown_roles(note_of_unknown_roles({"": counts}, below))
        counts = {
            role: counts.get(role, 0) + self.earlier_roles.get(role, 0)
            for role in {**self.earlier_roles, **counts}
        }
        odd = note_of_unknown_roles({"": counts}, below)
        return with_footnote(table, [*left_out({"": self.not_there}, below), *odd])

    def of_unknown_role(self, role: str) -> pd.DataFrame:
        """Find who has an unknown role, does not hold `role`, and is in no class: ``user role``.

        Who is in a class counts as what the enrollment says.
        """
        odd = people_of_unknown_role(self.users, self.active("roles"))
        odd = odd.assign(user=codes(odd["user"], self.users["sourcedId"]))
        known = self.users.index[self.has_role(role)]
        return odd.loc[~odd["user"].isin(known) & ~odd["user"].isin(self.members["user"])]

    @property
    def enrolled_in_unknown(self) -> pd.DataFrame:
        """Who is enrolled in a class in an unknown role alone; nobody if all roles count."""
        if not self.roles:
            return pd.DataFrame(columns=["user", "role"])
        odd = self.members.loc[is_unknown(self.members["role"])]
        counted = self.members.loc[self.members["role"].isin(self.roles)]
        places = ["user", "class_"]
        both = pd.MultiIndex.from_frame(odd[places]).isin(pd.MultiIndex.from_frame(counted[places]))
        return odd.loc[~both]

    def active(self, name: str) -> pd.DataFrame:
        """Return the rows of a table that are not marked tobedeleted, numbered from 0."""
        if name not in self._active:
            self._active[name] = active(self.tables[name]).reset_index(drop=True)
        return self._active[name]

    def deleted(self, name: str) -> "pd.Series[str]":
        """Return the ids of the rows of a table that are marked tobedeleted."""
        table = self.tables[name]
        return table.loc[~is_active(table), "sourcedId"]

    def with_active(self, tables: Mapping[str, pd.DataFrame]) -> "RosterTables":
        """Return the same tables with other active rows; the deleted rows stay."""
        gone = {name: table.loc[~is_active(table)] for name, table in self.tables.items()}
        return RosterTables(
            {
                name: pd.concat([table, gone[name]]) if len(gone[name]) else table
                for name, table in tables.items()
            }
        )

    def refers_to_nothing(self, name: str, column: str) -> NDArray[np.bool_]:
        """Return True for each active row of a table whose reference no row has as its id.

        A row marked tobedeleted is there.
        """
        target = TABLES[name].references[column]
        return codes(self.active(name)[column], self.tables[target]["sourcedId"]) < 0

    @property
    def users(self) -> pd.DataFrame:
        """The active users."""
        return self.active("users")

    @cached_property
    def users_with_schools(self) -> pd.DataFrame:
        """The users with ``schoolSourcedIds`` and ``schoolNames``, a row a user."""
        return without_group(Query(), self.users, self.active("orgs"))

    @property
    def people(self) -> pd.DataFrame:
        """Who the users are: :data:`PERSON`, a row a user."""
        return self.users_with_schools[PERSON]

    @cached_property
    def classes(self) -> pd.DataFrame:
        """The active classes, with the names of what they refer to."""
        names = ("courses", "orgs", "academicSessions")
        courses, orgs, sessions = (self.tables[name] for name in names)
        return link_classes(self.active("classes"), courses, orgs, sessions)

    @cached_property
    def class_labels(self) -> pd.DataFrame:
        """Which class is which: ``classSourcedId classTitle courseTitle schoolName termTitles``."""
        return self.classes[list(_CLASS)].rename(columns=dict(_CLASS))

    @cached_property
    def members(self) -> pd.DataFrame:
        """Who is in which class: ``user``, ``class_`` (row numbers), ``role``, ``primary``.

        A row a user, class and role, of active enrollments, users and classes.
        """
        rows = self.active("enrollments")
        members = pd.DataFrame(
            {
                "user": codes(rows["userSourcedId"], self.users["sourcedId"]),
                "class_": codes(rows["classSourcedId"], self.classes["sourcedId"]),
                "role": rows["role"],
                "primary": rows["primary"].fillna(False).astype(bool),
            }
        )
        members = members.loc[(members["user"] >= 0) & (members["class_"] >= 0)]
        keys = ["user", "class_", "role"]
        return members.groupby(keys, sort=False, dropna=False)["primary"].any().reset_index()

    def in_role(self, role: str) -> pd.DataFrame:
        """Return the members who are enrolled in a role."""
        return self.members.loc[self.members["role"] == role]

    def has_role(self, *words: str) -> "pd.Series[bool]":
        """Return True for each user who holds one of some roles, be it a second role."""
        roles = self.active("roles")
        held = roles.loc[roles["role"].isin(words), "userSourcedId"]
        return self.users["role"].isin(words) | among(self.users["sourcedId"], held)

    @cached_property
    def roles_at_orgs(self) -> pd.DataFrame:
        """Who holds which role at which org: ``user`` (row number), ``org``, ``role``."""
        held = roles_at_orgs(self.users, self.tables["roles"])
        return held.loc[held["active"] & held["org"].notna(), ["user", "org", "role"]]

    @cached_property
    def roles_at_schools(self) -> pd.DataFrame:
        """The rows of :attr:`roles_at_orgs` whose org is an active school."""
        orgs = self.active("orgs")
        schools = orgs.loc[orgs["type"] == "school", "sourcedId"]
        return self.roles_at_orgs.loc[among(self.roles_at_orgs["org"], schools)]

    def school_counts(self, role: str) -> "pd.Series[int]":
        """Count the schools at which each user holds a role."""
        held = self.roles_at_schools
        counts = held.loc[held["role"] == role].groupby("user")["org"].nunique()
        return counts.reindex(self.users.index, fill_value=0).astype("int64")

    @property
    def students_without_class(self) -> "pd.Series[bool]":
        """Return True for each user who is a student and in no class."""
        return self.has_role("student") & ~self.users.index.isin(self.members["user"])

    @property
    def students_without_grade(self) -> "pd.Series[bool]":
        """Return True for each user who is a student and has no grade."""
        return self.has_role("student") & (self.users["grades"].fillna("") == "")

    def classes_without(self, role: str, *, primary: bool = False) -> "pd.Series[bool]":
        """Return True for each class without a member in a role, or without a primary one."""
        members = self.in_role(role)
        members = members.loc[members["primary"]] if primary else members
        return pd.Series(~self.classes.index.isin(members["class_"]), index=self.classes.index)

    def headcount_by_class(self, role: str) -> "pd.Series[int]":
        """Count the distinct people enrolled in a role, a number a class."""
        counts = np.bincount(self.in_role(role)["class_"], minlength=len(self.classes))
        return pd.Series(counts, index=self.classes.index, dtype="int64")


def tables_for(
    source: SourceOrFrame,
    question: str,
    tables: Sequence[str],
    progress: ProgressOption,
    *,
    frame_columns: Sequence[str] | None = None,
    roles: Sequence[str] = (),
) -> RosterTables:
    """Return the tables that a question reads.

    Parameters
    ----------
    source : Source or pandas.DataFrame
        A connection, whose tables are pulled, a roster, or a frame.
    question : str
        The name of the question, for error messages.
    tables : sequence of str
        The canonical tables that are needed. If a server does not show ``demographics``, they are
        empty.
    progress : None, bool or callable
        See :data:`oneroster_nb.progress.ProgressOption`.
    frame_columns : sequence of str, optional
        The columns that a frame must have for this question; None if no frame will do.
    roles : sequence of str
        The roles that the question counts, if not all. A frame of classes must have a person in
        each of them, unless it is empty.

    Raises
    ------
    QueryError
        If the source cannot answer this question.
    RosterError
        If the source does not return the tables.

    Warns
    -----
    NotSharedWarning
        If there are no users, no classes or no enrollments at all, and others of these.
    PartialResultWarning
        If the server does not show demographics.
    """
    empty: list[str] = []
    earlier = None
    earlier_roles: Mapping[str, int] = {}
    if isinstance(source, pd.DataFrame):
        if frame_columns is None:
            raise QueryError(
                f"{question}() looks at whole tables ({', '.join(tables)}), which a DataFrame does"
                " not hold. Pass the connection or the roster that it came from."
            )
        found = tables_of_frame(source, question, frame_columns)
        earlier, earlier_roles = earlier_counts(source), earlier_unknown_roles(source)
        if "classSourcedId" in frame_columns:
            _require_roles(question, found, roles)
    elif hasattr(source, "get_roster"):
        roster = roster_for(source, tables, progress)
        found = {name: roster.table(name) for name in tables}
        empty = _warn_of_gaps(question, {name: found[name] for name in _TOLD if name in found})
    else:
        raise QueryError(
            f"{question}() takes a connection, a roster or a DataFrame, not"
            f" {type(source).__name__}."
        )
    whole = {name: found[name] if name in found else empty_table(name) for name in TABLES}
    return RosterTables(whole, tuple(roles), frozenset(empty), earlier, earlier_roles)


def _require_roles(question: str, tables: Mapping[str, pd.DataFrame], roles: Sequence[str]) -> None:
    """Refuse a frame without people in a role that the question counts."""
    if tables["enrollments"].empty:
        return
    lacking = [role for role in roles if not (tables["enrollments"]["role"] == role).any()]
    if lacking:
        users = "students" if list(roles) == ["student"] else "users"
        raise QueryError(
            f"{question}() counts {'s and '.join(roles)}s in classes, and this frame has no"
            f" {lacking[0]}. Ask get_users({users!r}, 'classes'), or pass the connection or the"
            " roster itself."
        )


def roster_for(source: Source, tables: Sequence[str], progress: ProgressOption) -> WholeRoster:
    """Return a roster with the tables of a question, without ``demographics`` if not shown."""
    with muted(DanglingReferenceWarning):  # each question says itself what it leaves out
        try:
            return source.get_roster(tables=tables, progress=progress)
        except (ForbiddenError, NotFoundError) as error:
            if "demographics" not in tables:
                raise
            shown = [name for name in tables if name != "demographics"]
            roster = source.get_roster(tables=shown, progress=progress)
            warn(
                f"The server does not show demographics, so no birth dates are known: {error}",
                PartialResultWarning,
            )
            return roster


def _warn_of_gaps(question: str, tables: Mapping[str, pd.DataFrame]) -> list[str]:
    """Warn if some tables that the answer rests on are empty and others are not; return those."""
    empty = [name for name, table in tables.items() if table.empty]
    if empty and len(empty) < len(tables):
        warn(
            f"There are no {' and no '.join(empty)} in this roster, so what {question}() says of"
            " them may be wrong. Perhaps they are not shared with this application, or were left"
            " out of get_roster(tables=…).",
            NotSharedWarning,
        )
    return empty
