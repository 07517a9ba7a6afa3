"""Answering questions from tables in memory, by row positions."""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sized
from dataclasses import replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from oneroster_nb.analysis.methods import RosterQuestions
from oneroster_nb.counts.footnotes import (
    with_footnote,
    with_left_out,
    with_unknown_roles,
)
from oneroster_nb.errors import PartialResultWarning, warn
from oneroster_nb.people.names import full_names
from oneroster_nb.progress import ProgressOption
from oneroster_nb.query.group_classes import GroupClasses
from oneroster_nb.query.membership import (
    Members,
    link_classes,
    link_courses,
    with_group,
    without_group,
)
from oneroster_nb.query.moment import Moment, tables_at
from oneroster_nb.query.query import PEOPLE_GROUPS, Query
from oneroster_nb.query.referring import references_of_answer
from oneroster_nb.query.school import at_schools, schools_named
from oneroster_nb.source.at_moment import with_moment
from oneroster_nb.source.class_list import WHO, with_people
from oneroster_nb.source.source import warn_not_shared
from oneroster_nb.source.table_calls import Choice
from oneroster_nb.tables.added_columns import MATCHED_TOO, AddedColumns, added_columns
from oneroster_nb.tables.elements import distinct_elements
from oneroster_nb.tables.lookup import codes, take
from oneroster_nb.tables.references import not_there
from oneroster_nb.tables.roles_at_orgs import (
    ENROLLED_ROLES,
    LINKED_ROLES,
    linked_people,
    roles_at_orgs,
    slices,
)
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

    @property
    def added_columns(self) -> AddedColumns:
        """The columns of people that the provider of the tables adds to the standard's."""
        names = {str(column) for table in self._tables.values() for column in table.columns}
        return added_columns(names, map(str, self._tables["users"].columns))

    def headcounts(self, *, progress: ProgressOption = False) -> dict[str, int | None]:  # noqa: ARG002
        """Count the active ``students``, ``teachers`` and ``schools``."""
        people = {w: self._count(Query(w)) for w in ("students", "teachers")}
        schools = active(self._listed_groups("schools", False), "active")
        return {**people, "schools": len(schools)}

    def _sessions(self) -> pd.DataFrame:
        return self._tables["academicSessions"]

    def _count(self, query: Query) -> int:
        return int((self._chosen_users(query) & self._holds_role(query)).sum())

    def _rows(self, name: str, choice: Choice, progress: ProgressOption) -> pd.DataFrame:  # noqa: ARG002
        return self._tables[name]

    def _people_of(self, query: Query, groups: pd.DataFrame) -> dict[str, list[int | None]]:
        counts: dict[str, list[int | None]] = {}
        for column, who in (("studentCount", "students"), ("teacherCount", "teachers")):
            members = self._members_of(replace(query, user_filter=who), groups)
            pairs = pd.DataFrame({"group": members.group, "user": members.user}).drop_duplicates()
            counted = np.bincount(pairs["group"].to_numpy(dtype=np.intp), minlength=len(groups))
            counts[column] = [int(count) for count in counted]
        return counts

    def _with_people(
        self,
        query: Query,
        classes: pd.DataFrame,
        progress: ProgressOption,  # noqa: ARG002
    ) -> pd.DataFrame:
        return self.with_people(query, classes)

    def with_people(self, query: Query, classes: pd.DataFrame) -> pd.DataFrame:
        """Add the people of classes who count at the moment of a question."""
        students, teachers = (
            self._members_of(replace(query, user_filter=who), classes).distinct()
            for who in ("students", "teachers")
        )
        users = self._tables["users"]
        who = {name: take(users[name], teachers.user) for name in WHO}
        answer = with_people(
            classes,
            students=students.group,
            teachers=pd.DataFrame({"class_": teachers.group, **who}),
        )
        answer = self._with_moment(answer, query)
        answer = with_left_out(answer, self._not_there(query, classes))
        return with_unknown_roles(answer, self._of_unknown_role(query, classes))

    def _listed_groups(self, group_filter: str, progress: ProgressOption) -> pd.DataFrame:  # noqa: ARG002
        if group_filter == "classes":
            return self._classes
        orgs = self._tables["orgs"]
        if group_filter == "courses":
            return link_courses(self._tables["courses"], orgs)
        return orgs.loc[orgs["type"] == "school"].reset_index(drop=True)

    def _people_as_groups(self, query: Query, progress: ProgressOption) -> pd.DataFrame:  # noqa: ARG002
        return self.people_as_groups(query)

    def people_as_groups(self, query: Query) -> pd.DataFrame:
        """Return the people who are the groups of a question, with name and schools."""
        role = PEOPLE_GROUPS[query.group_filter or ""]
        here = (self._user_of_enrollment >= 0) & self._active("enrollments", query)
        here &= self._enrolled_as(role)
        ever = Query(status=query.status)  # whose role or class is over is still who is meant
        chosen = self._holders(ever, lambda held: held == role)
        chosen[self._user_of_enrollment[here]] = True
        users = without_sensitive("users", self._tables["users"])
        users = users.loc[chosen & self._active("users", query)]
        listed = without_group(Query(), users, self._tables["orgs"])
        return listed.assign(name=full_names(listed))

    def _answer(self, query: Query, progress: ProgressOption) -> pd.DataFrame:
        if query.group_filter is None:
            answer = self.without_group(query)
        else:
            listed = self._groups_of(query, progress)
            answer = self.members(query, self._matched_groups(query, listed))
        return with_footnote(answer, self._without_phones() if query.sensitive else [])

    def without_group(self, query: Query) -> pd.DataFrame:
        """Answer a question without a group, apart from its conditions."""
        users = self._shown_users(query)
        users = users.loc[self._chosen_users(query) & self._holds_role(query)]
        if users.empty and not query.timed:
            warn_not_shared(query.user_filter)
        answer = without_group(query, users, self._tables["orgs"])
        answer = self._with_moment(answer, query)
        answer = with_left_out(answer, self._not_there(query, None))
        return with_unknown_roles(answer, self._people_of_unknown_role(query))

    def _with_moment(self, answer: pd.DataFrame, query: Query) -> pd.DataFrame:
        """Say at which moment people are counted, if the question is about one."""
        moment = Moment.of(query)
        if moment is None:
            return answer
        classes = self._classes.loc[self._active("classes", query)]
        return with_moment(answer, moment, classes, self._tables["academicSessions"])

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
        answer = self._with_moment(answer, query)
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
        """Return who belongs to groups through classes: enrolled, or linked to a student there."""
        linked = not LINKED_ROLES.isdisjoint(query.roles or ())
        if linked and query.group_filter == "students":
            return self._linked(query, self._themselves(groups))
        enrolled = self._enrolled(query, groups)
        if not linked:
            return enrolled
        students = self._enrolled(replace(query, user_filter="students"), groups).distinct()
        members = enrolled.followed_by(self._linked(query, students))
        return members.take(np.lexsort((members.user, members.class_, members.group)))

    def _enrolled(self, query: Query, groups: pd.DataFrame) -> Members:
        """Return the people enrolled in the classes of groups in a role of the question."""
        of_groups = self._group_classes(query, groups)
        users, classes = self._user_of_enrollment, self._class_of_enrollment
        rows = self._enrollments_of(np.flatnonzero(of_groups.mask))
        role = self._rank(rows, query.roles or ())
        enrolled = (users[rows] >= 0) & (role >= 0) & self._counting(query)[rows]
        rows = rows[enrolled & self._active("users", query)[users[rows]]]
        position, group = of_groups.groups_of(classes[rows])
        rows = rows[position]
        members = Members(users[rows], group, classes[rows], rows)
        if query.group_filter in PEOPLE_GROUPS:  # no one is of their own group
            others = members.user != self._themselves(groups).user[members.group]
            members = members.take(np.flatnonzero(others))
        rank = self._rank(members.enrollment, query.roles or ())
        return members.take(np.lexsort((members.user, rank, members.class_, members.group)))

    def _group_classes(self, query: Query, groups: pd.DataFrame) -> GroupClasses:
        """Find the chosen classes of groups; of people, those in which they have a role."""
        chosen = self._chosen_classes(query)
        if query.group_filter not in PEOPLE_GROUPS:
            key = "sourcedId" if query.group_filter == "classes" else "courseSourcedId"
            return GroupClasses.by_key(self._classes[key], groups["sourcedId"], chosen)
        users, classes = self._user_of_enrollment, self._class_of_enrollment
        enrolled = (users >= 0) & (classes >= 0) & self._counting(query)
        enrolled &= self._enrolled_as(PEOPLE_GROUPS[query.group_filter or ""])
        rows = np.flatnonzero(enrolled)
        group = codes(self._tables["users"]["sourcedId"], groups["sourcedId"])[users[rows]]
        pairs = pd.DataFrame({"group": group, "class_": classes[rows]})
        mine = (group >= 0) & chosen[classes[rows]]
        return GroupClasses.of_pairs(pairs.loc[mine], len(chosen))

    def _enrolled_as(self, role: str) -> NDArray[np.bool_]:
        """Return True for each enrollment in a role."""
        return self._rank(np.arange(len(self._tables["enrollments"])), [role]) >= 0

    def _rank(self, rows: NDArray[np.intp], roles: Iterable[str]) -> NDArray[np.intp]:
        """Return for each of some enrollments the place of its role among some, or -1."""
        words, word_of_enrollment = self._roles_of_enrollments
        ranks = codes(words, pd.Series(list(roles), dtype="str"))
        ranks = np.append(ranks, -1)  # of an enrollment without a role
        return ranks[word_of_enrollment[rows]]

    def _enrollments_of(self, classes: NDArray[np.intp]) -> NDArray[np.intp]:
        """Return the enrollments in some classes, those of a class in the order of the table."""
        rows, ends = self._enrollments_by_class
        starts = np.append(0, ends[:-1])
        _, place = slices(starts[classes], (ends - starts)[classes])
        return rows[place]

    def _themselves(self, groups: pd.DataFrame) -> Members:
        """Return groups that are people as the only members of their groups, of no class."""
        user = codes(groups["sourcedId"], self._tables["users"]["sourcedId"])
        none = np.full(len(groups), -1)
        return Members(user, np.arange(len(groups)), none, none)

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
            nowhere = lost["enrollments"]
            nowhere = nowhere.loc[self._counting(query)[nowhere.index]]
            tables = {**tables, "enrollments": nowhere}
            if all(rows.empty for rows in lost.values()):
                return {}
        users = lost["users"]
        if len(users):
            chosen = self._chosen_users(query) & self._holds_role(query)
            users = users.loc[chosen[users.index]]
        classes = tables["classes"][["sourcedId", "courseSourcedId", "schoolSourcedId"]]
        if groups is not None and query.group_filter in PEOPLE_GROUPS:
            classes = classes.loc[self._group_classes(query, groups).mask]
        else:
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
        rows = rows[self._counting(query)[rows]]
        chosen = self._group_classes(query, groups).mask
        rows = rows[chosen[place[rows]] & self._active("users", query)[user[rows]]]
        there = pd.MultiIndex.from_arrays([members.user, members.class_])
        rows = rows[~pd.MultiIndex.from_arrays([user[rows], place[rows]]).isin(there)]
        return pd.DataFrame({"user": user[rows], "role": enrollments["role"].array[rows]})

    def _counted(self, held: pd.DataFrame, query: Query) -> "pd.Series[bool]":
        return held["active"] | (query.status == "all")

    def _of_schools(self, query: Query, groups: pd.DataFrame) -> Members:
        """Return the members of schools, by the roles that they hold there."""
        held = self._roles_at(query)
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
        """Return for each user whether the question includes that status, day and term.

        At a moment, students and teachers need an enrollment that counts; other people do not.
        """
        chosen = self._active("users", query)
        if not query.timed:
            return chosen
        here = (self._user_of_enrollment >= 0) & (self._class_of_enrollment >= 0)
        rows = np.flatnonzero(here & self._counting(query))
        rows = rows[self._active("classes", query)[self._class_of_enrollment[rows]]]
        enrolled = np.zeros(len(chosen), dtype=bool)
        enrolled[self._user_of_enrollment[rows]] = True
        if query.roles is None:
            others = self._holders(query, lambda role: ~role.isin(ENROLLED_ROLES))
            return chosen & (enrolled | others)
        return chosen & enrolled if ENROLLED_ROLES.issuperset(query.roles) else chosen

    def _holds_role(self, query: Query) -> NDArray[np.bool_]:
        """Return for each user whether the person holds a role of the question, at any org."""
        if query.roles is None:
            return np.ones(len(self._tables["users"]), dtype=bool)
        return self._holders(query, lambda role: role.isin(query.roles or ()))

    def _holders(
        self, query: Query, meant: "Callable[[pd.Series[str]], pd.Series[bool]]"
    ) -> NDArray[np.bool_]:
        """Return for each user whether the person holds a role that is meant, at any org."""
        held = self._roles_at(query)
        chosen = meant(held["role"])
        if query.status != "all":
            chosen &= held["active"]
        # The table of roles counts; people who are not in it have the role of their own row.
        holds = meant(self._tables["users"]["role"]).to_numpy(dtype=bool, copy=True)
        holds[held["user"]] = False
        holds[held.loc[chosen, "user"]] = True
        return holds

    def _roles_at(self, query: Query) -> pd.DataFrame:
        """Return who holds which role at which org; a role that is over is not active."""
        moment, roles = Moment.of(query), self._tables["roles"]
        if moment is None or roles[["beginDate", "endDate"]].isna().all(axis=None):
            return self._roles_held
        return roles_at_orgs(self._tables["users"], tables_at(moment, self._tables)["roles"])

    def _chosen_classes(self, query: Query) -> NDArray[np.bool_]:
        """Return for each class whether the question includes that status, school and term."""
        chosen = self._active("classes", query)
        if query.school is not None and query.by_classes:
            schools = schools_named(self._tables["orgs"], query.school, query.status)
            chosen = chosen & at_schools(self._classes, schools).to_numpy()
        if query.term is None:
            return chosen
        moment = Moment(term=query.term)
        return chosen & moment.meets(self._classes, self._tables["academicSessions"])

    def _counting(self, query: Query) -> NDArray[np.bool_]:
        """Return for each enrollment whether the question includes that status, day and term."""
        counting, moment = self._active("enrollments", query), Moment.of(query)
        if moment is None:
            return counting
        if moment not in self._enrolled_at:
            names = ("enrollments", "classes", "academicSessions")
            counted = moment.enrolled(*(self._tables[name] for name in names))
            self._enrolled_at.clear()  # one question asks several times, the next about other days
            self._enrolled_at[moment] = counted
        return counting & self._enrolled_at[moment]

    @cached_property
    def _enrolled_at(self) -> dict[Moment, NDArray[np.bool_]]:
        """Of the last moment asked about, which enrollments count."""
        return {}

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
    def _enrollments_by_class(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """The enrollments ordered by their class, and for each class where its own end."""
        class_ = self._class_of_enrollment
        rows = np.argsort(class_, kind="stable")
        sizes = np.bincount(class_ + 1, minlength=len(self._tables["classes"]) + 1)
        return rows[sizes[0] :], np.cumsum(sizes[1:])  # the first have no class that is there

    @cached_property
    def _roles_of_enrollments(self) -> "tuple[pd.Series[str], NDArray[np.intp]]":
        """The roles of all enrollments, each once, and for each enrollment which of them."""
        found, words = pd.factorize(self._tables["enrollments"]["role"])
        return pd.Series(words, dtype="str"), found

    @cached_property
    def _dead_ends(self) -> Mapping[str, pd.DataFrame]:
        """The rows that refer to a missing person, class, course or org."""
        users, classes, enrollments = (
            self._tables[name] for name in ("users", "classes", "enrollments")
        )
        orgs = self._tables["orgs"]["sourcedId"]
        at = distinct_elements(users["orgSourcedIds"])
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
