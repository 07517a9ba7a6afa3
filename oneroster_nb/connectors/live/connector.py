"""How a live source answers a question: which way it goes."""

import numpy as np
import pandas as pd

from oneroster_nb.connectors.live.listing import ListingSource, route
from oneroster_nb.connectors.live.live_source import LISTS_AT_MOST, linked_classes, whole_tables
from oneroster_nb.counts.footnotes import with_left_out, with_unknown_roles
from oneroster_nb.errors import NotFoundError, RosterError
from oneroster_nb.progress import ProgressOption, Reporter
from oneroster_nb.query.membership import without_group
from oneroster_nb.query.query import Query
from oneroster_nb.query.referring import references_of_answer
from oneroster_nb.query.terms import classes_in_term, sessions_of_term
from oneroster_nb.tables.lookup import among, codes
from oneroster_nb.tables.references import not_there
from oneroster_nb.tables.schema import empty_table
from oneroster_nb.tables.unknown_roles import people_of_unknown_role
from oneroster_nb.tables.where import active

__all__ = ["Connector"]

_NESTED_ROLES = frozenset({"student", "teacher"})


class Connector(ListingSource):
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
            if places is None:
                return self._from_tables(query, groups, reporter)
            if query.group_filter != "schools":
                return self._from_class_lists(query, groups, places, reporter)
            routes = {route(query, role) for role in query.roles or ()}
            if places.empty or routes <= self._trusted:
                return self._from_school_lists(query, groups, places, reporter)
            return self._compared_lists(query, groups, places, reporter)

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
            came = self._people(whole_tables(outcome), query.sensitive, orgs)
            users = active(came.users, query.status)
            roles, everybody = active(came.roles, query.status), users
            if role != "user":
                users = _in_role(everybody, roles, role)
            if wanted is None or len(users) >= wanted or job.rows < wanted:
                break
            wanted = None  # too few of those that came are asked for, so look at everybody
        if users.empty:
            self._warn_not_shared(query.user_filter)
        known = {"users": came.users, "orgs": orgs}
        classes = empty_table("classes")
        refers = references_of_answer(query, known, users=users, classes=classes, groups=None)
        answer = with_left_out(without_group(query, users, orgs), not_there(known, refers))
        odd = people_of_unknown_role(everybody, roles)
        return with_unknown_roles(answer, odd.loc[~among(odd["user"], users["sourcedId"])])

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
        roles = query.roles or ()
        in_schools = query.group_filter == "schools"
        if groups.empty:
            return (groups if in_schools else linked_classes({})).assign(group=0)
        if query.names is None or not _NESTED_ROLES.issuperset(roles):
            return None
        if in_schools and query.term is not None:
            return None
        if query.status == "all":
            return None  # such lists may leave out who is marked tobedeleted
        if query.group_filter == "courses":
            places = self._classes_of(groups, reporter)
        else:
            places = groups.assign(group=np.arange(len(groups)))
        places = active(places, query.status)
        if query.term is not None:
            places = places.loc[classes_in_term(places, sessions)]
        routes = {route(query, role) for role in roles}
        if len(places) * len(roles) > LISTS_AT_MOST or not self._lacking.isdisjoint(routes):
            return None
        return places.reset_index(drop=True)

    def _classes_of(self, courses: pd.DataFrame, reporter: Reporter) -> pd.DataFrame:
        """Give the classes of some courses, in the order of the courses."""
        linked = self._listed(("courses", "orgs", "academicSessions"), reporter)
        classes = self._kept.get("classes")
        few = classes is None and len(courses) <= LISTS_AT_MOST
        if few and self._lists_all("classes", "courseSourcedId", reporter):
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


def _in_role(users: pd.DataFrame, roles: pd.DataFrame, role: str) -> pd.DataFrame:
    """Keep the people of a list who hold the role, or of whom no role is known."""
    holders = roles.loc[roles["role"] == role, "userSourcedId"]
    holds = codes(users["sourcedId"], holders) >= 0
    kept = users["role"].isna() | (users["role"] == role) | holds
    return users.loc[kept].reset_index(drop=True)
