"""How a live source answers a question: from lists of members, or from whole tables."""

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from oneroster_nb.analysis.footnotes import with_left_out
from oneroster_nb.connectors.live import (
    LINKED,
    LISTS_AT_MOST,
    linked_classes,
    whole_tables,
)
from oneroster_nb.connectors.rosters import RosterSource
from oneroster_nb.errors import (
    NotFoundError,
    QueryError,
    RosterError,
)
from oneroster_nb.matching import field_named
from oneroster_nb.membership import Members, codes, with_group, without_group
from oneroster_nb.progress import ProgressOption, Reporter
from oneroster_nb.query import Query, nearest
from oneroster_nb.references import not_there
from oneroster_nb.referring import references_of_answer
from oneroster_nb.roster import Roster
from oneroster_nb.schema import empty_table
from oneroster_nb.terms import classes_in_term, sessions_of_term
from oneroster_nb.where import active

__all__ = ["Connector"]

_NESTED_ROLES = frozenset({"student", "teacher"})


class Connector(RosterSource):
    """A live source that answers questions; a subclass adds the ways of a provider.

    Where a few groups are asked for, their members are listed one group beside the other; where
    all are, or the provider has no such lists, whole tables are pulled and asked as a roster is.
    """

    def _answer(self, query: Query, progress: ProgressOption) -> pd.DataFrame:
        if query.group_filter is None:
            with Reporter(progress, query.user_filter) as reporter:
                return self._without_group(query, reporter)
        groups = self._matched_groups(query, progress)
        with Reporter(progress, f"{query.user_filter} of {query.group_filter}") as reporter:
            places = self._places(query, groups, reporter)
            frame = None if places is None else self._from_lists(query, groups, places, reporter)
            return self._from_tables(query, groups, reporter) if frame is None else frame

    def _without_group(self, query: Query, reporter: Reporter) -> pd.DataFrame:
        role = query.roles[0] if query.roles else "user"
        listable = role in {*_NESTED_ROLES, "user"} and role not in self._lacking
        if query.term is not None or not listable:
            return self._as_roster(query, reporter).query(query, progress=False)
        wanted = query.max_users
        while True:
            job = self._user_job(role, sensitive=query.sensitive, wanted=wanted)
            (outcome,), tables = self._together([job], ("orgs",), reporter)
            if isinstance(outcome, NotFoundError):
                self._lacking.add(role)
                return self._without_group(query, reporter)
            orgs = tables["orgs"]
            came, _ = self._people(whole_tables(outcome), query.sensitive, orgs)
            users = active(came, query.status)
            if wanted is None or len(users) >= wanted or job.rows < wanted:
                break
            wanted = None  # too many of those that came are deleted, so look at everybody
        if users.empty:
            self._warn_not_shared(query.user_filter)
        known = {"users": came, "orgs": orgs}
        classes = empty_table("classes")
        refers = references_of_answer(query, known, users=users, classes=classes, groups=None)
        return with_left_out(without_group(query, users, orgs), not_there(known, refers))

    def _places(
        self, query: Query, groups: pd.DataFrame, reporter: Reporter
    ) -> pd.DataFrame | None:
        """Give the classes or schools whose members are to be listed one by one.

        They have a column ``group``, the position of the group that they belong to. None where
        whole tables are the better way: every group is asked for, no server lists such members,
        the lists would be too many, or this server lacks them.
        """
        sessions: frozenset[str] = frozenset()
        if query.term is not None:
            name = "academicSessions"
            listed = self._listed((name,), reporter, required=name)[name]
            sessions = sessions_of_term(listed, query.term)
        if groups.empty:
            return groups.assign(group=0)
        roles = query.roles or ()
        in_schools = query.group_filter == "schools"
        if query.names is None or not _NESTED_ROLES.issuperset(roles):
            return None
        if in_schools and query.term is not None:
            return None
        if not in_schools and query.status == "all":
            return None  # such lists leave out who is no longer enrolled
        if query.group_filter == "courses":
            places = self._classes_of(groups, reporter)
        else:
            places = groups.assign(group=np.arange(len(groups)))
        places = active(places, query.status)
        if query.term is not None:
            places = places.loc[classes_in_term(places, sessions)]
        routes = {_route(in_schools, role) for role in roles}
        if len(places) * len(roles) > LISTS_AT_MOST or not self._lacking.isdisjoint(routes):
            return None
        return places.reset_index(drop=True)

    def _classes_of(self, courses: pd.DataFrame, reporter: Reporter) -> pd.DataFrame:
        """Give the classes of some courses, in the order of the courses."""
        linked = self._listed(("courses", "orgs", "academicSessions"), reporter)
        classes = self._kept.get("classes")
        if classes is None and len(courses) <= LISTS_AT_MOST:
            jobs = [self._course_classes_job(key) for key in self._keys(courses)]
            outcomes = self._pull(jobs, reporter)
            lists = [outcome for outcome in outcomes if not isinstance(outcome, RosterError)]
            if len(lists) == len(outcomes):
                pages = [table for tables in lists for table in tables]
                classes = self._frame("classes", pages).drop_duplicates("sourcedId")
        if classes is None:
            classes = self._listed(("classes",), reporter, required="classes")["classes"]
        group = codes(classes["courseSourcedId"], courses["sourcedId"])
        mine = linked_classes(linked | {"classes": classes}).assign(group=group)
        return mine.loc[group >= 0].sort_values("group", kind="stable")

    def _from_lists(
        self, query: Query, groups: pd.DataFrame, places: pd.DataFrame, reporter: Reporter
    ) -> pd.DataFrame | None:
        """Answer from lists of members, side by side; None where the server lacks such a list."""
        in_schools = query.group_filter == "schools"
        kind = "schools" if in_schools else "classes"
        asked = [
            (place, key, role)
            for place, key in enumerate(self._keys(places))
            for role in query.roles or ()
        ]
        jobs = [
            self._member_job(kind, key, role, sensitive=query.sensitive) for _, key, role in asked
        ]
        pages: list[pa.Table] = []
        asked_of_row: list[int] = []
        outcomes = self._pull(jobs, reporter)
        if all(isinstance(outcome, RosterError) for outcome in outcomes) and len(places) > 1:
            # One list may be missing with its class; all of them only with the address.
            self._lacking.update(_route(in_schools, role) for _, _, role in asked)
        for number, outcome in enumerate(outcomes):
            if isinstance(outcome, RosterError):
                return None
            pages += outcome
            asked_of_row += [number] * sum(table.num_rows for table in outcome)
        orgs = self._listed(("orgs",), reporter)["orgs"]
        listed, _ = self._people(pages, query.sensitive, orgs)
        enrollments = self._kept.get("enrollments", empty_table("enrollments"))
        by_class = not in_schools and not groups.empty
        known = {"users": listed, "orgs": orgs, "classes": places, "enrollments": enrollments}
        refers = (
            references_of_answer(query, known, users=listed, classes=places, groups=groups)
            if by_class
            else []
        )
        counts = not_there(known, refers)
        listed = active(listed.assign(asked=asked_of_row), query.status)
        asked_of_row = listed.pop("asked").tolist()
        users = listed.drop_duplicates("sourcedId", ignore_index=True)
        place_codes = np.array([asked[number][0] for number in asked_of_row], dtype=np.intp)
        none = np.full(len(listed), -1)
        roles = pd.Series([asked[number][2] for number in asked_of_row], dtype="str")
        keys = places["sourcedId"].take(place_codes).reset_index(drop=True)
        members = Members(
            user=codes(listed["sourcedId"], users["sourcedId"]),
            group=places["group"].to_numpy(dtype=np.intp)[place_codes],
            klass=place_codes if by_class else none,
            enrollment=none if in_schools else _enrolled(keys, listed, roles, enrollments),
            role=None if in_schools else roles.to_numpy(dtype=object),
        )
        answer = with_group(
            query,
            members,
            users=users,
            groups=groups,
            classes=places if by_class else linked_classes({}),
            enrollments=enrollments,
        )
        return with_left_out(answer, counts)

    def _from_tables(self, query: Query, groups: pd.DataFrame, reporter: Reporter) -> pd.DataFrame:
        """Answer from whole tables of users and enrollments, as a roster does."""
        return self._as_roster(query, reporter).members(query, groups)

    def _as_roster(self, query: Query, reporter: Reporter) -> Roster:
        """Pull the tables that this question needs, beyond those that are kept."""
        kind = query.group_filter
        by_classes = kind in ("classes", "courses") or query.term is not None
        names = LINKED["classes" if by_classes else "schools"]
        jobs = [self._list_job("users", sensitive=query.sensitive)]
        swept = by_classes and self._made_of.get("enrollments") == "classes"
        if by_classes and not swept:
            jobs.append(self._list_job("enrollments"))
        # Used once: by the next question a person may have moved.
        known = self._kept.pop("enrollments", None) if swept else None
        # Without them, who is in the classes is known from the sweep alone.
        again = ("classes",) if swept and known is None else ()
        (users, *enrollments), tables = self._together(jobs, names, reporter, again=again)
        tables["users"], tables["roles"] = self._people(
            whole_tables(users), query.sensitive, tables["orgs"]
        )
        for outcome in enrollments:
            tables["enrollments"] = self._frame("enrollments", whole_tables(outcome))
        if swept:
            self._kept.pop("enrollments", None)
            found = tables.get("enrollments", known)
            tables["enrollments"] = empty_table("enrollments") if found is None else found
        return Roster(tables)

    def _keys(self, groups: pd.DataFrame) -> list[str]:
        """Give what stands for each group in addresses."""
        column = field_named(self.key_identifier, groups.columns)
        if column is None:
            raise QueryError(
                f"key_identifier {self.key_identifier!r} is no field of these groups."
                f"{nearest(self.key_identifier, groups.columns)} Most servers take 'sourcedId'."
            )
        keys = groups[column]
        if keys.isna().any():
            raise QueryError(
                f"{int(keys.isna().sum()):,} of the matched groups have no"
                f" {self.key_identifier!r}, which is the key_identifier of this connector."
            )
        return [str(key) for key in keys]


def _route(in_schools: bool, role: str) -> str:
    return f"{'schools' if in_schools else 'classes'}/{role}"


def _enrolled(
    classes: "pd.Series[str]",
    users: pd.DataFrame,
    roles: "pd.Series[str]",
    enrollments: pd.DataFrame,
) -> NDArray[np.intp]:
    """Find the enrollment of each row, by class, user and role; -1 where it is not known."""
    if enrollments.empty:
        return np.full(len(classes), -1)
    keys = classes + "\x1f" + users["sourcedId"].reset_index(drop=True) + "\x1f" + roles
    parts = (enrollments[name] for name in ("classSourcedId", "userSourcedId", "role"))
    known = next(parts)
    for part in parts:
        known = known + "\x1f" + part
    return codes(keys, known)
