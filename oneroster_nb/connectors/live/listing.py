"""How a live source answers a question with groups: from lists of members, or from whole tables."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from oneroster_nb.connectors.live.live_source import LINKED, linked_classes, whole_tables
from oneroster_nb.connectors.live.member_lists import (
    Listed,
    difference,
    in_classes,
    in_schools,
    school_people,
    telling_school,
)
from oneroster_nb.connectors.live.refreshing import RefreshSource
from oneroster_nb.counts.footnotes import with_footnote, with_left_out, with_unknown_roles
from oneroster_nb.errors import (
    ForbiddenError,
    NotFoundError,
    PartialResultWarning,
    QueryError,
    RosterError,
    warn,
)
from oneroster_nb.progress import Reporter
from oneroster_nb.query.groups import field_named
from oneroster_nb.query.membership import Members, with_group
from oneroster_nb.query.query import Query
from oneroster_nb.query.referring import references_of_answer
from oneroster_nb.roster.roster import Roster
from oneroster_nb.spelling import nearest
from oneroster_nb.tables.lookup import among, codes
from oneroster_nb.tables.references import not_there
from oneroster_nb.tables.schema import empty_table
from oneroster_nb.tables.unknown_roles import people_of_unknown_role
from oneroster_nb.tables.where import active

__all__ = ["ListingSource", "route"]

_SHOWN_AT_MOST = 3  # schools with a difference that a warning names


class ListingSource(RefreshSource):
    """A live source that lists the members of groups, and holds the lists against its tables."""

    def _from_class_lists(
        self, query: Query, groups: pd.DataFrame, places: pd.DataFrame, reporter: Reporter
    ) -> pd.DataFrame:
        """Answer from the lists of members of classes; from tables if a list is not there.

        The role in a class is that of the enrollment. A list tells it only if the people in it
        hold the role that the list is called after.
        """
        listed = self._members_of(query, places, reporter)
        if listed is None:
            return self._from_tables(query, groups, reporter)
        known, listed = in_classes(listed, places["schoolSourcedId"], query.roles or ())
        if not known:
            try:
                return self._from_tables(query, groups, reporter)
            except (ForbiddenError, NotFoundError) as error:
                warn(
                    "The server's lists of members hold people of other roles, and the enrollments"
                    f" cannot be read. Each person was taken by role. {error}",
                    PartialResultWarning,
                )
        return self._of_listed(query, groups, places, listed)

    def _from_school_lists(
        self, query: Query, groups: pd.DataFrame, places: pd.DataFrame, reporter: Reporter
    ) -> pd.DataFrame:
        """Answer from the lists of members of schools; from tables if a list is not there."""
        listed = self._members_of(query, places, reporter)
        if listed is None:
            return self._from_tables(query, groups, reporter)
        listed = in_schools(listed, places["sourcedId"], query.roles or ())
        return self._of_listed(query, groups, places, listed)

    def _compared_lists(
        self, query: Query, groups: pd.DataFrame, places: pd.DataFrame, reporter: Reporter
    ) -> pd.DataFrame:
        """Answer from tables, and see whether the server's lists of schools hold the same people.

        Some servers list by the primary org or by enrollments. Their lists are not used.
        """
        try:
            roster = self._as_roster(query, reporter)
        except (ForbiddenError, NotFoundError) as error:
            warn(
                "The server's lists of members of schools cannot be compared with its users, so"
                f" people may be missing. {error}",
                PartialResultWarning,
            )
            return self._from_school_lists(query, groups, places, reporter)
        frame = roster.members(query, groups)
        roles = query.roles or ()
        people = school_people(roster.users, roster.roles, roles)
        schools = active(roster.orgs.loc[roster.orgs["type"] == "school"], "active")
        schools = schools.dropna(
            subset=[field_named(self.key_identifier, schools.columns) or "sourcedId"]
        )
        telling = telling_school(people, roster.users, schools["sourcedId"])
        more = schools.loc[schools["sourcedId"] == telling]
        probed = pd.concat([places, more]).drop_duplicates("sourcedId", ignore_index=True)
        listed = self._members_of(query, probed, reporter)
        if listed is None:
            self._lacking.update(route(query, role) for role in roles)
            return frame
        found = difference(listed, probed, roles, people)
        for role in roles:
            wrong = role in set(found["role"])
            (self._lacking if wrong else self._trusted).add(route(query, role))
        return with_footnote(frame, _said_of(found))

    def _members_of(self, query: Query, places: pd.DataFrame, reporter: Reporter) -> Listed | None:
        """Pull the lists of members of classes or schools; None if the server lacks one."""
        kind = "schools" if query.group_filter == "schools" else "classes"
        roles = query.roles or ()
        place = np.repeat(np.arange(len(places)), len(roles))
        asked = np.tile(np.arange(len(roles)), len(places))
        keys = self._keys(places) if len(places) else []
        jobs = [
            self._member_job(kind, keys[at], roles[number], sensitive=query.sensitive)
            for at, number in zip(place, asked, strict=True)
        ]
        outcomes = self._pull(jobs, reporter)
        if all(isinstance(outcome, RosterError) for outcome in outcomes) and len(places) > 1:
            # One list may be missing with its class; all of them only with the address.
            self._lacking.update(route(query, role) for role in roles)
        lists = [outcome for outcome in outcomes if not isinstance(outcome, RosterError)]
        if len(lists) < len(outcomes):
            return None
        pages = [page for tables in lists for page in tables]
        sizes = [sum(page.num_rows for page in tables) for tables in lists]
        orgs = self._listed(("orgs",), reporter)["orgs"]
        people = self._people(pages, query.sensitive, orgs)
        users = active(people.users, query.status).reset_index(drop=True)
        keys = [key for page in pages for key in page["sourcedId"].to_pylist()]
        user = codes(pd.Series(keys, dtype="str"), users["sourcedId"])
        of_list = np.repeat(np.arange(len(lists)), np.array(sizes, int))[user >= 0]
        user = user[user >= 0]
        return Listed(people.users, users, people.roles, user, place[of_list], asked[of_list])

    def _of_listed(
        self, query: Query, groups: pd.DataFrame, places: pd.DataFrame, listed: Listed
    ) -> pd.DataFrame:
        """Answer from lists whose people were taken by role."""
        in_classes = query.group_filter != "schools"
        enrollments = self._kept.get("enrollments", empty_table("enrollments"))
        roles = pd.Series(list(query.roles or ()), dtype="str").take(listed.asked)
        keys = places["sourcedId"].take(listed.place).reset_index(drop=True)
        none = np.full(len(listed.user), -1)
        people = listed.users["sourcedId"].take(listed.user)
        members = Members(
            user=listed.user,
            group=places["group"].to_numpy(dtype=np.intp)[listed.place],
            klass=listed.place if in_classes else none,
            enrollment=_enrolled(keys, people, roles, enrollments) if in_classes else none,
            role=roles.to_numpy(dtype=object) if in_classes else None,
        )
        answer = with_group(
            query,
            members,
            users=listed.users,
            groups=groups,
            classes=places if in_classes else linked_classes({}),
            enrollments=enrollments,
        )
        odd = people_of_unknown_role(listed.users, listed.roles)
        answer = with_unknown_roles(answer, odd.loc[~among(odd["user"], people)])
        if not in_classes:
            return answer
        known = {
            "users": listed.everybody,
            **{name: self._kept.get(name, empty_table(name)) for name in ("orgs", "courses")},
            "classes": places,
            "enrollments": enrollments,
        }
        refers = references_of_answer(
            query, known, users=listed.everybody, classes=places, groups=groups
        )
        return with_left_out(answer, not_there(known, refers))

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
        people = self._people(whole_tables(users), query.sensitive, tables["orgs"])
        tables["users"], tables["roles"] = people.users, people.roles
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


def route(query: Query, role: str) -> str:
    """Return the name of the lists of members in a role, of classes or of schools."""
    return f"{'schools' if query.group_filter == 'schools' else 'classes'}/{role}"


def _said_of(found: pd.DataFrame) -> list[str]:
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
    """Find the enrollment of each row, by class, user and role; -1 where it is not known."""
    if enrollments.empty:
        return np.full(len(classes), -1)
    own = [series.reset_index(drop=True) for series in (classes, users, roles)]
    keys = own[0] + "\x1f" + own[1] + "\x1f" + own[2]
    parts = (enrollments[name] for name in ("classSourcedId", "userSourcedId", "role"))
    known = next(parts)
    for part in parts:
        known = known + "\x1f" + part
    return codes(keys, known)
