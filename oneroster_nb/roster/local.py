"""Answering questions from tables in memory, by row positions."""

from abc import abstractmethod
from collections.abc import Mapping, Sized
from dataclasses import replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from oneroster_nb.analysis.methods import RosterQuestions
from oneroster_nb.counts.footnotes import with_footnote, with_left_out, with_unknown_roles
from oneroster_nb.errors import PartialResultWarning, warn
from oneroster_nb.progress import ProgressOption
from oneroster_nb.query.membership import (
    Members,
    link_classes,
    link_courses,
    with_group,
    without_group,
)
from oneroster_nb.query.query import Query
from oneroster_nb.query.referring import references_of_answer
from oneroster_nb.query.terms import classes_in_term, in_term, sessions_of_term
from oneroster_nb.source.source import warn_not_shared
from oneroster_nb.source.table_calls import Choice
from oneroster_nb.tables.added_columns import MATCHED_TOO
from oneroster_nb.tables.lookup import codes
from oneroster_nb.tables.references import elements, not_there
from oneroster_nb.tables.roles_at_orgs import LINKED_ROLES, linked_people, roles_at_orgs, slices
from oneroster_nb.tables.status import active, is_active
from oneroster_nb.tables.table import empty_table, sensitive_columns, split_text, without_sensitive
from oneroster_nb.tables.unknown_roles import is_unknown


class LocalSource(RosterQuestions):
    """A source whose canonical tables are in memory and do not change.

    References between tables are looked up once and kept as row positions.
    """

    @property
    @abstractmethod
    def _tables(self) -> Mapping[str, pd.DataFrame]:
        """The canonical tables."""

    @property
    def default_match_on(self) -> tuple[str, ...]:
        """The default of the source of the tables, with the fields that its provider adds."""
        usual = super().default_match_on
        classes = self._tables["classes"]
        return (*usual, *(field for column, field in MATCHED_TOO.items() if column in classes))

    def headcounts(self, *, progress: ProgressOption = False) -> dict[str, int | None]:  # noqa: ARG002
        """Count the active ``students``, ``teachers`` and ``schools``."""
        people = {w: self._count(Query(w)) for w in ("students", "teachers")}
        schools = active(self._listed_groups("schools", False), "active")
        return {**people, "schools": len(schools)}

    def _count(self, query: Query) -> int:
        return int((self._chosen_users(query) & self._holds_role(query)).sum())

    def _rows(self, name: str, choice: Choice, progress: ProgressOption) -> pd.DataFrame:  # noqa: ARG002
        return self._tables[name]

    def _people_of(self, group_filter: str, groups: pd.DataFrame) -> dict[str, list[int | None]]:
        counts: dict[str, list[int | None]] = {}
        for column, who in (("studentCount", "students"), ("teacherCount", "teachers")):
            members = self._members_of(Query(who, group_filter), groups)
            pairs = pd.DataFrame({"group": members.group, "user": members.user}).drop_duplicates()
            counted = np.bincount(pairs["group"].to_numpy(dtype=np.intp), minlength=len(groups))
            counts[column] = [int(count) for count in counted]
        return counts

    def _listed_groups(self, group_filter: str, progress: ProgressOption) -> pd.DataFrame:  # noqa: ARG002
        if group_filter == "classes":
            return self._classes
        orgs = self._tables["orgs"]
        if group_filter == "courses":
            return link_courses(self._tables["courses"], orgs)
        return orgs.loc[orgs["type"] == "school"].reset_index(drop=True)

    def _answer(self, query: Query, progress: ProgressOption) -> pd.DataFrame:
        if query.group_filter is None:
            users = self._shown_users(query)
            users = users.loc[self._chosen_users(query) & self._holds_role(query)]
            if users.empty and query.term is None:
                warn_not_shared(query.user_filter)
            answer = without_group(query, users, self._tables["orgs"])
            answer = with_left_out(answer, self._not_there(query, None))
            answer = with_unknown_roles(answer, self._people_of_unknown_role(query))
        else:
            listed = self._listed_groups(query.group_filter, progress)
            answer = self.members(query, self._matched_groups(query, listed))
        return with_footnote(answer, self._without_phones() if query.sensitive else [])

    def _without_phones(self) -> list[str]:
        """Warn if the roster has users but no phone numbers; return the note."""
        users = self._tables["users"]
        if users.empty or sensitive_columns("users", users.columns):
            return []
        note = (
            "This roster was pulled without phone numbers (sms, phone). If you need them, pull it"
            " with get_roster(sensitive=True)."
        )
        warn(note, PartialResultWarning)
        return [note]

    def members(self, query: Query, groups: pd.DataFrame) -> pd.DataFrame:
        """Answer a question about these groups, which have a column ``matchedOn``."""
        members = self._members_of(query, groups)
        answer = with_group(
            query,
            members,
            users=self._shown_users(query),
            groups=groups,
            classes=self._classes,
            enrollments=self._tables["enrollments"],
        )
        answer = with_left_out(answer, self._not_there(query, groups))
        return with_unknown_roles(answer, self._of_unknown_role(query, groups, members))

    def _of_unknown_role(
        self, query: Query, groups: pd.DataFrame, members: Members | None = None
    ) -> pd.DataFrame:
        if query.group_filter == "schools":
            find = self._at_schools_in_unknown_role
            candidates: Sized = self._held_in_unknown_role
        else:
            find = self._enrolled_in_unknown_role
            candidates = self._enrollments_in_unknown_role
        if not len(candidates):
            return self._held_in_unknown_role.head(0)
        return find(query, groups, self._members_of(query, groups) if members is None else members)

    def _members_of(self, query: Query, groups: pd.DataFrame) -> Members:
        find = self._of_schools if query.group_filter == "schools" else self._of_classes
        return find(query, groups)

    def _of_classes(self, query: Query, groups: pd.DataFrame) -> Members:
        """Return the members of classes and courses: enrolled, or linked to a student there."""
        enrolled = self._enrolled(query, groups)
        if LINKED_ROLES.isdisjoint(query.roles or ()):
            return enrolled
        students = self._enrolled(replace(query, user_filter="students"), groups).distinct()
        members = enrolled.followed_by(self._linked(query, students))
        return members.take(np.lexsort((members.user, members.class_, members.group)))

    def _enrolled(self, query: Query, groups: pd.DataFrame) -> Members:
        """Return the people enrolled in classes and courses in a role of the question."""
        enrollments = self._tables["enrollments"]
        key = "sourcedId" if query.group_filter == "classes" else "courseSourcedId"
        group_of_class = codes(self._classes[key], groups["sourcedId"])
        group_of_class[~self._chosen_classes(query)] = -1
        users, classes = self._user_of_enrollment, self._class_of_enrollment
        role = codes(enrollments["role"], pd.Series(query.roles or (), dtype="str"))
        user_active = self._active("users", query)
        enrolled = (users >= 0) & (classes >= 0) & (role >= 0) & self._active("enrollments", query)
        rows = np.flatnonzero(enrolled)
        rows = rows[(group_of_class[classes[rows]] >= 0) & user_active[users[rows]]]
        members = Members(users[rows], group_of_class[classes[rows]], classes[rows], rows)
        if query.term is not None:
            # Of several enrollments in one class, the one in the term is shown.
            sessions = self._tables["academicSessions"]
            fits = in_term(enrollments.iloc[rows], sessions, query.term)
            members = members.take(np.lexsort((role[rows], ~fits))).distinct()
        rank = role[members.enrollment]
        return members.take(np.lexsort((members.user, rank, members.class_, members.group)))

    def _linked(self, query: Query, students: Members) -> Members:
        """Return the people of a role who are linked to students, in the students' classes."""
        student, person = self._links
        chosen = self._active("users", query) & self._holds_role(query)
        student, person = student[chosen[person]], person[chosen[person]]
        first, last = (np.searchsorted(student, students.user, side) for side in ("left", "right"))
        row, link = slices(first, last - first)
        none = np.full(len(row), -1)
        return Members(person[link], students.group[row], students.class_[row], none)

    def _not_there(self, query: Query, groups: pd.DataFrame | None) -> dict[str, int]:
        lost = self._dead_ends
        tables = self._tables
        if LINKED_ROLES.isdisjoint(query.roles or ()):
            tables = {**tables, "enrollments": lost["enrollments"]}
            if all(rows.empty for rows in lost.values()):
                return {}
        users = lost["users"]
        if len(users):
            chosen = self._chosen_users(query) & self._holds_role(query)
            users = users.loc[chosen[users.index]]
        classes = tables["classes"][["sourcedId", "courseSourcedId", "schoolSourcedId"]]
        classes = classes.loc[self._chosen_classes(query)]
        found = references_of_answer(query, tables, users=users, classes=classes, groups=groups)
        return not_there(tables, found)

    def _people_of_unknown_role(self, query: Query) -> pd.DataFrame:
        """Return the people left out because their role is unknown: ``user role``."""
        odd = self._held_in_unknown_role
        if query.roles is None or odd.empty:
            return odd.head(0)
        chosen = self._chosen_users(query) & ~self._holds_role(query)
        return odd.loc[chosen[odd["user"]] & self._counted(odd, query)]

    def _at_schools_in_unknown_role(
        self, query: Query, groups: pd.DataFrame, members: Members
    ) -> pd.DataFrame:
        """Return the people left out of schools because of an unknown role: ``user role``."""
        odd = self._held_in_unknown_role
        odd = odd.assign(group=codes(odd["org"], groups["sourcedId"]))
        odd = odd.loc[(odd["group"] >= 0) & self._counted(odd, query)]
        if odd.empty:
            return odd
        odd = odd.loc[self._chosen_users(query)[odd["user"]]]
        there = pd.MultiIndex.from_arrays([members.user, members.group])
        return odd.loc[~pd.MultiIndex.from_frame(odd[["user", "group"]]).isin(there)]

    def _enrolled_in_unknown_role(
        self, query: Query, groups: pd.DataFrame, members: Members
    ) -> pd.DataFrame:
        """Return the people left out of classes because of an unknown role: ``user role``."""
        enrollments = self._tables["enrollments"]
        user, place = self._user_of_enrollment, self._class_of_enrollment
        rows = self._enrollments_in_unknown_role
        rows = rows[self._active("enrollments", query)[rows]]
        key = "sourcedId" if query.group_filter == "classes" else "courseSourcedId"
        chosen = (codes(self._classes[key], groups["sourcedId"]) >= 0) & self._chosen_classes(query)
        rows = rows[chosen[place[rows]] & self._active("users", query)[user[rows]]]
        there = pd.MultiIndex.from_arrays([members.user, members.class_])
        rows = rows[~pd.MultiIndex.from_arrays([user[rows], place[rows]]).isin(there)]
        return pd.DataFrame({"user": user[rows], "role": enrollments["role"].array[rows]})

    def _counted(self, held: pd.DataFrame, query: Query) -> "pd.Series[bool]":
        return held["active"] | (query.status == "all")

    def _of_schools(self, query: Query, groups: pd.DataFrame) -> Members:
        """Return the members of schools, by the roles that they hold there."""
        held = self._roles_held
        user = held["user"].to_numpy()
        group = codes(held["org"], groups["sourcedId"])
        rank = codes(held["role"], pd.Series(query.roles or (), dtype="str"))
        chosen = (group >= 0) & (rank >= 0) & self._chosen_users(query)[user]
        if query.status != "all":
            chosen &= held["active"].to_numpy()
        rows = np.flatnonzero(chosen)
        rows = rows[np.lexsort((user[rows], rank[rows], group[rows]))]
        none = np.full(len(rows), -1)
        return Members(user[rows], group[rows], none, none)

    def _chosen_users(self, query: Query) -> NDArray[np.bool_]:
        """Return for each user whether the question includes that status and term."""
        chosen = self._active("users", query)
        if query.term is not None:
            here = (self._user_of_enrollment >= 0) & (self._class_of_enrollment >= 0)
            here &= self._active("enrollments", query)
            rows = np.flatnonzero(here)
            rows = rows[self._chosen_classes(query)[self._class_of_enrollment[rows]]]
            enrolled = np.zeros(len(chosen), dtype=bool)
            enrolled[self._user_of_enrollment[rows]] = True
            chosen = chosen & enrolled
        return chosen

    def _holds_role(self, query: Query) -> NDArray[np.bool_]:
        """Return for each user whether the person holds a role of the question, at any org."""
        users = self._tables["users"]
        if query.roles is None:
            return np.ones(len(users), dtype=bool)
        held = self._roles_held
        chosen = held["role"].isin(query.roles)
        if query.status != "all":
            chosen &= held["active"]
        # The table of roles counts; people who are not in it have the role of their own row.
        holds = users["role"].isin(query.roles).to_numpy(dtype=bool, copy=True)
        holds[held["user"]] = False
        holds[held.loc[chosen, "user"]] = True
        return holds

    def _chosen_classes(self, query: Query) -> NDArray[np.bool_]:
        chosen = self._active("classes", query)
        if query.term is not None:
            sessions = sessions_of_term(self._tables["academicSessions"], query.term)
            chosen = chosen & classes_in_term(self._classes, sessions).to_numpy(dtype=bool)
        return chosen

    def _active(self, name: str, query: Query) -> NDArray[np.bool_]:
        if query.status == "all":
            return np.ones(len(self._tables[name]), dtype=bool)
        return self._active_rows[name]

    def _shown_users(self, query: Query) -> pd.DataFrame:
        users = self._tables["users"]
        if not query.sensitive:
            return without_sensitive("users", users)
        asked = empty_table("users", sensitive=True)
        lacking = [str(column) for column in asked if column not in users]
        if not lacking:
            return users
        users = users.assign(**{c: asked[c].reindex(users.index) for c in lacking})
        return users[[*asked, *(column for column in users if column not in asked)]]

    @cached_property
    def _active_rows(self) -> Mapping[str, NDArray[np.bool_]]:
        names = ("users", "classes", "enrollments")
        return {name: is_active(self._tables[name]).to_numpy() for name in names}

    @cached_property
    def _classes(self) -> pd.DataFrame:
        names = ("classes", "courses", "orgs", "academicSessions")
        return link_classes(*(self._tables[name] for name in names))

    @cached_property
    def _roles_held(self) -> pd.DataFrame:
        return roles_at_orgs(self._tables["users"], self._tables["roles"])

    @cached_property
    def _held_in_unknown_role(self) -> pd.DataFrame:
        users = self._tables["users"]
        row = np.flatnonzero(is_unknown(users["role"]))
        own = {"user": row, "org": None, "role": users["role"].array[row], "active": True}
        held = self._roles_held
        odd = held.loc[is_unknown(held["role"])]
        return pd.concat([odd, pd.DataFrame(own).astype(held.dtypes)], ignore_index=True)

    @cached_property
    def _enrollments_in_unknown_role(self) -> NDArray[np.intp]:
        there = (self._user_of_enrollment >= 0) & (self._class_of_enrollment >= 0)
        return np.flatnonzero(is_unknown(self._tables["enrollments"]["role"]).to_numpy() & there)

    @cached_property
    def _links(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        return linked_people(self._tables["users"])

    @cached_property
    def _user_of_enrollment(self) -> NDArray[np.intp]:
        tables = self._tables
        return codes(tables["enrollments"]["userSourcedId"], tables["users"]["sourcedId"])

    @cached_property
    def _class_of_enrollment(self) -> NDArray[np.intp]:
        tables = self._tables
        return codes(tables["enrollments"]["classSourcedId"], tables["classes"]["sourcedId"])

    @cached_property
    def _dead_ends(self) -> Mapping[str, pd.DataFrame]:
        """The rows that refer to a missing person, class, course or org."""
        users, classes, enrollments = (
            self._tables[name] for name in ("users", "classes", "enrollments")
        )
        orgs = self._tables["orgs"]["sourcedId"]
        at = elements(users["orgSourcedIds"])
        unknown = frozenset(at[codes(at, orgs) < 0])
        texts = users["orgSourcedIds"].dropna().unique()
        lost = users["orgSourcedIds"].isin(
            [text for text in texts if not unknown.isdisjoint(split_text(text))]
        )
        courses = self._tables["courses"]["sourcedId"]
        alone = codes(classes["schoolSourcedId"], orgs) < 0
        alone |= codes(classes["courseSourcedId"], courses) < 0
        nowhere = (self._user_of_enrollment < 0) | (self._class_of_enrollment < 0)
        return {
            "users": users.loc[lost, ["sourcedId", "orgSourcedIds"]],
            "classes": classes.loc[alone],
            "enrollments": enrollments.loc[nowhere],
        }
