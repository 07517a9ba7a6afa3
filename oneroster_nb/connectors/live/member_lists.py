"""A server's own lists of the members of classes and schools, and which of them are trusted."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from oneroster_nb.connectors.live.group_cache import LISTS_AT_MOST, GroupCache, linked_classes
from oneroster_nb.connectors.live.listed_people import (
    ListedPeople,
    difference,
    in_classes,
    in_schools,
    school_people,
    telling_school,
)
from oneroster_nb.connectors.live.provider import LISTED_ROLES, NO_ROUTE
from oneroster_nb.connectors.live.puller import Puller
from oneroster_nb.connectors.live.server_filters import ServerFilters
from oneroster_nb.counts.footnotes import (
    with_footnote,
    with_left_out,
    with_unknown_roles,
)
from oneroster_nb.errors import PartialResultWarning, RosterError, warn
from oneroster_nb.progress import Reporter
from oneroster_nb.query.groups import field_named
from oneroster_nb.query.membership import Members, with_group
from oneroster_nb.query.query import Query
from oneroster_nb.query.referring import references_of_answer
from oneroster_nb.query.school import at_schools, schools_named
from oneroster_nb.tables.lookup import among, codes
from oneroster_nb.tables.references import not_there
from oneroster_nb.tables.status import active
from oneroster_nb.tables.unknown_roles import people_of_unknown_role

_SHOWN_AT_MOST = 3  # schools with a difference that a warning names


class MemberLists:
    """Answer questions about a few groups from the server's lists of their members."""

    def __init__(self, puller: Puller, cache: GroupCache, filters: ServerFilters) -> None:
        self._puller = puller
        self._provider = puller.provider
        self._cache = cache
        self._filters = filters
        # Lists that the server was seen to lack, or to hold other people than they should.
        self.lacking: set[str] = set()
        # Lists that were seen to hold the same people as the server's tables.
        self._trusted: set[str] = set()

    def clear(self) -> None:
        """Forget what was seen of the server's lists."""
        self.lacking.clear()
        self._trusted.clear()

    def answer(self, query: Query, groups: pd.DataFrame, reporter: Reporter) -> pd.DataFrame | None:
        """Answer a question about some groups; None if whole tables are the better way."""
        owners = self._owners(query, groups, reporter)
        if owners is None:
            return None
        trusted = _kind(query) == "classes" or self._trusted.issuperset(_names(query))
        if owners.empty or trusted:
            return self._from_lists(query, groups, owners, reporter)
        return self._compared(query, groups, owners, reporter)

    def _owners(
        self, query: Query, groups: pd.DataFrame, reporter: Reporter
    ) -> pd.DataFrame | None:
        """Return the classes or schools whose members are to be listed one by one.

        They have a column ``group``, the position of the group that they belong to. None if
        whole tables are the better way: every group is asked for, no server lists such members,
        the lists would be too many, or this server lacks them.
        """
        if query.timed:
            return None  # such lists do not say from when to when people are enrolled
        roles = query.roles or ()
        schools = query.group_filter == "schools"
        if groups.empty:
            return (groups if schools else linked_classes({})).assign(group=0)
        if query.names is None or not LISTED_ROLES.issuperset(roles):
            return None
        if query.status == "all":
            return None  # such lists may leave out rows marked tobedeleted
        if query.group_filter == "courses":
            owners = self._classes_of(groups, reporter)
        else:
            owners = groups.assign(group=np.arange(len(groups)))
        owners = active(owners, query.status)
        if query.school is not None and not schools:
            orgs = self._cache.listed(("orgs",), reporter)["orgs"]
            owners = owners.loc[at_schools(owners, schools_named(orgs, query.school, query.status))]
        too_many = len(owners) * len(roles) > LISTS_AT_MOST
        if too_many or not self.lacking.isdisjoint(_names(query)):
            return None
        return owners.reset_index(drop=True)

    def _classes_of(self, courses: pd.DataFrame, reporter: Reporter) -> pd.DataFrame:
        """Return the classes of some courses, in the order of the courses."""
        linked = self._cache.listed(("courses", "orgs", "academicSessions"), reporter)
        classes = None
        few = not self._cache.has("classes") and len(courses) <= LISTS_AT_MOST
        if few and self._filters.lists_all("classes", "courseSourcedId", reporter):
            jobs = [self._provider.course_classes_job(key) for key in self._provider.keys(courses)]
            outcomes = self._puller.pull(jobs, reporter)
            lists = [outcome for outcome in outcomes if not isinstance(outcome, RosterError)]
            if len(lists) == len(outcomes):
                pages = [page for of_list in lists for page in of_list]
                classes = self._puller.frame("classes", pages).drop_duplicates("sourcedId")
        if classes is None:
            classes = self._cache.listed(("classes",), reporter, required="classes")["classes"]
        group = codes(classes["courseSourcedId"], courses["sourcedId"])
        mine = linked_classes(linked | {"classes": classes}).assign(group=group)
        return mine.loc[group >= 0].sort_values("group", kind="stable")

    def _from_lists(
        self, query: Query, groups: pd.DataFrame, owners: pd.DataFrame, reporter: Reporter
    ) -> pd.DataFrame | None:
        """Answer from the lists of members of classes or schools; None if a list is not there.

        The role in a class is that of the enrollment. A list shows it only if the people in it
        hold the role that the list is called after.
        """
        listed = self._listed(query, owners, reporter)
        if listed is None:
            return None
        if _kind(query) == "schools":
            listed = in_schools(listed, owners["sourcedId"], query.roles or ())
            return self._answer(query, groups, owners, listed)
        known, listed = in_classes(listed, owners["schoolSourcedId"], query.roles or ())
        if not known:
            try:
                return self._cache.roster_for(query, reporter).members(query, groups)
            except NO_ROUTE as error:
                warn(
                    "The server's lists of members hold people of other roles, and the enrollments"
                    f" cannot be read. Each person was taken by role. {error}",
                    PartialResultWarning,
                )
        return self._answer(query, groups, owners, listed)

    def _compared(
        self, query: Query, groups: pd.DataFrame, schools: pd.DataFrame, reporter: Reporter
    ) -> pd.DataFrame | None:
        """Answer from tables, and compare the server's lists of schools with them.

        Some servers list by the primary org or by enrollments. Their lists are not used.
        """
        try:
            roster = self._cache.roster_for(query, reporter)
        except NO_ROUTE as error:
            warn(
                "The server's lists of members of schools cannot be compared with its users, so"
                f" people may be missing. {error}",
                PartialResultWarning,
            )
            return self._from_lists(query, groups, schools, reporter)
        frame = roster.members(query, groups)
        roles = query.roles or ()
        people = school_people(roster.users, roster.roles, roles)
        known = active(roster.orgs.loc[roster.orgs["type"] == "school"], "active")
        known = known.dropna(
            subset=[field_named(self._provider.key_identifier, known.columns) or "sourcedId"]
        )
        telling = telling_school(people, roster.users, known["sourcedId"])
        more = known.loc[known["sourcedId"] == telling]
        probed = pd.concat([schools, more]).drop_duplicates("sourcedId", ignore_index=True)
        listed = self._listed(query, probed, reporter)
        if listed is None:
            self.lacking.update(_names(query))
            return frame
        found = difference(listed, probed, roles, people)
        for role, name in zip(roles, _names(query), strict=True):
            wrong = role in set(found["role"])
            (self.lacking if wrong else self._trusted).add(name)
        return with_footnote(frame, _note_of(found))

    def _listed(
        self, query: Query, owners: pd.DataFrame, reporter: Reporter
    ) -> ListedPeople | None:
        """Pull the lists of members of classes or schools; None if the server lacks one."""
        kind = _kind(query)
        roles = query.roles or ()
        owner = np.repeat(np.arange(len(owners)), len(roles))
        number = np.tile(np.arange(len(roles)), len(owners))
        keys = self._provider.keys(owners) if len(owners) else []
        jobs = [
            self._provider.member_job(kind, keys[at], roles[of], sensitive=query.sensitive)
            for at, of in zip(owner, number, strict=True)
        ]
        outcomes = self._puller.pull(jobs, reporter)
        if all(isinstance(outcome, RosterError) for outcome in outcomes) and len(owners) > 1:
            # One list may be missing with its class; all of them only with the address.
            self.lacking.update(_names(query))
        lists = [outcome for outcome in outcomes if not isinstance(outcome, RosterError)]
        if len(lists) < len(outcomes):
            return None
        pages = [page for of_list in lists for page in of_list]
        sizes = [sum(page.num_rows for page in of_list) for of_list in lists]
        orgs = self._cache.listed(("orgs",), reporter)["orgs"]
        people = self._puller.people(pages, orgs, sensitive=query.sensitive)
        users = active(people.users, query.status).reset_index(drop=True)
        keys = [key for page in pages for key in page["sourcedId"].to_pylist()]
        user = codes(pd.Series(keys, dtype="str"), users["sourcedId"])
        of_list = np.repeat(np.arange(len(lists)), np.array(sizes, int))[user >= 0]
        user = user[user >= 0]
        return ListedPeople(
            people.users, users, people.roles, user, owner[of_list], number[of_list]
        )

    def _answer(
        self, query: Query, groups: pd.DataFrame, owners: pd.DataFrame, listed: ListedPeople
    ) -> pd.DataFrame:
        """Answer from lists whose people were taken by role."""
        classes = query.group_filter != "schools"
        enrollments = self._cache.kept("enrollments")
        roles = pd.Series(list(query.roles or ()), dtype="str").take(listed.role_number)
        keys = owners["sourcedId"].take(listed.in_list)
        none = np.full(len(listed.user), -1)
        people = listed.users["sourcedId"].take(listed.user)
        members = Members(
            user=listed.user,
            group=owners["group"].to_numpy(dtype=np.intp)[listed.in_list],
            class_=listed.in_list if classes else none,
            enrollment=_enrolled(keys, people, roles, enrollments) if classes else none,
            role=roles.to_numpy(dtype=object) if classes else None,
        )
        answer = with_group(
            query,
            members,
            users=listed.users,
            groups=groups,
            classes=owners if classes else linked_classes({}),
            enrollments=enrollments,
        )
        odd = people_of_unknown_role(listed.users, listed.roles)
        answer = with_unknown_roles(answer, odd.loc[~among(odd["user"], people)])
        if not classes:
            return answer
        known = {
            "users": listed.all_users,
            "orgs": self._cache.kept("orgs"),
            "courses": self._cache.kept("courses"),
            "classes": owners,
            "enrollments": enrollments,
        }
        refers = references_of_answer(
            query, known, users=listed.all_users, classes=owners, groups=groups
        )
        return with_left_out(answer, not_there(known, refers))


def _kind(query: Query) -> str:
    """Return whose members are listed for a question: those of classes or of schools."""
    return "schools" if query.group_filter == "schools" else "classes"


def _names(query: Query) -> list[str]:
    """Return a name for the lists of members in each role of a question."""
    return [f"{_kind(query)}/{role}" for role in query.roles or ()]


def _note_of(found: pd.DataFrame) -> list[str]:
    """Warn of lists of schools that differ from orgs and roles; return the note."""
    if found.empty:
        return []
    told = [
        f"{row.listed:,} {row.role}s of {row.name!r} in the list, {row.defined:,} by orgs and roles"
        for row in found.head(_SHOWN_AT_MOST).itertuples()
    ]
    more = f"; and {len(found) - len(told):,} more" if len(found) > len(told) else ""
    note = (
        "The server's own lists of members of schools differ from the orgs and roles of its users:"
        f" {'; '.join(told)}{more}. The answer goes by orgs and roles."
    )
    warn(note, PartialResultWarning)
    return [note]


def _enrolled(
    classes: "pd.Series[str]",
    users: "pd.Series[str]",
    roles: "pd.Series[str]",
    enrollments: pd.DataFrame,
) -> NDArray[np.intp]:
    """Find the enrollment of each row, by class, user and role; -1 if it is not known."""
    names = ["classSourcedId", "userSourcedId", "role"]
    known = enrollments[names].reset_index(drop=True)
    known = known.loc[among(known["classSourcedId"], classes)].drop_duplicates()
    rows = pd.DataFrame(dict(zip(names, (classes.array, users.array, roles.array), strict=True)))
    found = rows.merge(known.reset_index(names="row"), how="left", on=names)["row"]
    return found.fillna(-1).to_numpy(dtype=np.intp)
