"""One reading of a roster, for questions and rules: what is active, who is what, who is where.

The tables are those of a source, or rebuilt from a DataFrame.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from oneroster_nb.analysis.conditions import NO_DEMOGRAPHICS, Conditions
from oneroster_nb.counts.footnotes import (
    BY_DEMOGRAPHICS,
    with_footnote,
    with_terms_together,
)
from oneroster_nb.query.answer_columns import CLASS_COLUMNS
from oneroster_nb.query.membership import link_classes, without_group
from oneroster_nb.query.moment import Moment
from oneroster_nb.query.query import Query
from oneroster_nb.query.terms import terms_apart
from oneroster_nb.source.at_moment import with_moment
from oneroster_nb.tables.elements import distinct_elements
from oneroster_nb.tables.lookup import among, codes
from oneroster_nb.tables.references import left_out, not_there, warn_of_left_out
from oneroster_nb.tables.roles_at_orgs import ENROLLED_ROLES, roles_at_orgs
from oneroster_nb.tables.status import active, is_active
from oneroster_nb.tables.table import TABLES
from oneroster_nb.tables.unknown_roles import (
    counts_of_unknown_roles,
    is_unknown,
    note_of_unknown_roles,
    people_of_unknown_role,
    warn_of_unknown_roles,
)

PERSON = ["sourcedId", "givenName", "familyName", "role", "grades", "schoolNames"]
"""The columns that say who a person is."""

_CLASS = ("classSourcedId", "classTitle", "courseTitle", "schoolName", "termTitles")
"""The columns that say which class is which."""


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
    moment : Moment, optional
        The day or term that the question is about; `tables` are those of :func:`tables_at`.
    adds_up : bool
        Whether the question adds up classes, so that several terms may mislead.
    conditions : Conditions
        Those of the question; `tables` hold what they choose.
    notes : tuple of str
        What a reader of the answer must know about its conditions.
    """

    tables: Mapping[str, pd.DataFrame]
    roles: tuple[str, ...] = ()
    empty: frozenset[str] = frozenset()
    earlier: Mapping[str, int] | None = None
    earlier_roles: Mapping[str, int] = field(default_factory=dict)
    moment: Moment | None = None
    adds_up: bool = False
    conditions: Conditions = field(default_factory=Conditions)
    notes: tuple[str, ...] = ()
    _active: dict[str, pd.DataFrame] = field(default_factory=dict, init=False, repr=False)
    _rows: dict[tuple[str, str], NDArray[np.intp]] = field(
        default_factory=dict, init=False, repr=False
    )

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
        yield "orgs", distinct_elements(self.users["orgSourcedIds"])

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
        table = with_footnote(table, [*left_out({"": self.not_there}, below), *odd])
        return self.chosen(self.at_moment(table))

    def chosen(self, table: pd.DataFrame) -> pd.DataFrame:
        """Keep the rows of an answer that its conditions choose; note how people were chosen."""
        table = with_footnote(self.conditions.fitting_rows(table), self.notes)
        if self.conditions.by_demographics:
            table.attrs[BY_DEMOGRAPHICS] = True
        if self.conditions.needs_demographics and self.tables["demographics"].empty:
            return with_footnote(table, [NO_DEMOGRAPHICS])
        return table

    def at_moment(self, table: pd.DataFrame) -> pd.DataFrame:
        """Say below an answer on which day or in which terms people are counted."""
        if self.moment is None:
            if not self.adds_up:
                return table
            counted = self.classes.iloc[np.unique(self.members["class_"])]
            return with_terms_together(table, terms_apart(counted, self.tables["academicSessions"]))
        classes, sessions = self.active("classes"), self.tables["academicSessions"]
        return with_moment(table, self.moment, classes, sessions)

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
        """Return the same tables with other active rows; the deleted rows stay.

        If the active rows are the same objects, so is the roster, with all that is known of it.
        """
        if all(table is self.active(name) for name, table in tables.items()):
            return self
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
        return self._row(name, column) < 0

    def _row(self, name: str, column: str) -> NDArray[np.intp]:
        """Return for each active row of a table the row that it refers to, -1 if there is none.

        A row marked tobedeleted is there.
        """
        if (name, column) not in self._rows:
            target = TABLES[name].references[column]
            keys = self.tables[target]["sourcedId"]
            self._rows[name, column] = codes(self.active(name)[column], keys)
        return self._rows[name, column]

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
        return pd.DataFrame({name: self.classes[CLASS_COLUMNS[name]] for name in _CLASS})

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
        if self.moment is not None:
            return self._held_now(lambda role: role.isin(words))
        roles = self.active("roles")
        held = roles.loc[roles["role"].isin(words), "userSourcedId"]
        return self.users["role"].isin(words) | among(self.users["sourcedId"], held)

    def _held_now(self, meant: "Callable[[pd.Series[str]], pd.Series[bool]]") -> "pd.Series[bool]":
        """Return True for each user who holds a role that is meant and not over, at any org."""
        held = self._held
        holders = held.loc[held["active"] & meant(held["role"]), "user"]
        index = self.users.index
        return meant(self.users["role"]) & ~index.isin(held["user"]) | index.isin(holders)

    @cached_property
    def meets(self) -> NDArray[np.bool_]:
        """True for each class that meets on the day or in the term, if there is one."""
        if self.moment is None:
            return np.ones(len(self.classes), dtype=bool)
        return self.moment.meets(self.classes, self.tables["academicSessions"])

    @cached_property
    def here(self) -> "pd.Series[bool]":
        """True for each user who counts: at a moment, students and teachers who are in a class."""
        if self.moment is None:
            return pd.Series(True, index=self.users.index)
        return self._held_now(lambda role: ~role.isin(ENROLLED_ROLES)) | self._enrolled

    @property
    def _enrolled(self) -> "pd.Series[bool]":
        """True for each user who has an active enrollment in an active class."""
        user, class_ = (
            self._row("enrollments", column) for column in ("userSourcedId", "classSourcedId")
        )
        meets = np.append(is_active(self.tables["classes"]), False)  # -1 is the last
        enrolled = np.zeros(len(self.tables["users"]) + 1, dtype=bool)
        enrolled[user[meets[class_]]] = True
        known = is_active(self.tables["users"]).to_numpy()
        return pd.Series(enrolled[:-1][known], index=self.users.index, dtype=bool)

    def people_here(self) -> "RosterTables":
        """Return the same tables; the people who do not count at the moment are marked."""
        if self.moment is None:
            return self
        users = self.tables["users"]
        lost = self.users.loc[~self.here, "sourcedId"]
        gone = among(users["sourcedId"], lost)
        status = users["status"].mask(gone, "tobedeleted").astype("str")
        here = replace(self, tables={**self.tables, "users": users.assign(status=status)})
        # No id is another one, so what refers to people still refers to the same rows.
        here._rows.update({key: rows for key, rows in self._rows.items() if key[0] != "users"})
        stay = ~among(self.users["sourcedId"], lost).to_numpy()
        held = self._held.loc[stay[self._held["user"]]].reset_index(drop=True)
        number = np.cumsum(stay) - 1
        # Where a cached property keeps what it found.
        vars(here)["_held"] = held.assign(user=number[held["user"]])
        return here

    @cached_property
    def _held(self) -> pd.DataFrame:
        """Who holds which role at which org, be it over: see :func:`roles_at_orgs`."""
        return roles_at_orgs(self.users, self.tables["roles"])

    @cached_property
    def roles_at_orgs(self) -> pd.DataFrame:
        """Who holds which role at which org: ``user`` (row number), ``org``, ``role``."""
        held = self._held
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
