"""The whole tables that groups are taken from: pulled once, and kept."""

from collections.abc import Collection, Mapping, Sequence

import pandas as pd

from oneroster_nb.connectors.live.provider import NO_ROUTE
from oneroster_nb.connectors.live.puller import Puller, whole_tables
from oneroster_nb.errors import PartialResultWarning, RosterError, warn
from oneroster_nb.progress import ProgressOption, Reporter
from oneroster_nb.query.membership import link_classes, link_courses
from oneroster_nb.query.query import Query
from oneroster_nb.roster.roster import Roster
from oneroster_nb.tables.table import empty_table
from oneroster_nb.transport.side_by_side import Job, Outcome

LISTS_AT_MOST = 100  # beyond so many lists of members, whole tables take fewer requests
_LINKED: Mapping[str, Sequence[str]] = {
    "classes": ("classes", "courses", "orgs", "academicSessions"),
    "courses": ("courses", "orgs"),
    "schools": ("orgs",),
}
"""Kind of group to its table, and those whose names it refers to."""


class GroupCache:
    """Whole tables of groups, and of what they refer to."""

    def __init__(self, puller: Puller) -> None:
        self._puller = puller
        self._provider = puller.provider
        self._kept: dict[str, pd.DataFrame] = {}
        self._people: dict[str, pd.DataFrame] = {}

    def clear(self) -> None:
        """Forget all tables; the next question lists them again."""
        self._kept.clear()
        self._people.clear()

    def has(self, name: str) -> bool:
        """Return True if a table is kept."""
        return name in self._kept

    def kept(self, name: str) -> pd.DataFrame:
        """Return a table that is kept, or else an empty one."""
        return self._kept.get(name, empty_table(name))

    def listed(
        self, names: Sequence[str], reporter: Reporter, required: str = ""
    ) -> dict[str, pd.DataFrame]:
        """Return whole tables; pull those that are not kept yet."""
        return self.together([], names, reporter, required)[1]

    def together(
        self,
        jobs: Sequence[Job],
        names: Sequence[str],
        reporter: Reporter,
        required: str = "",
        again: Collection[str] = (),
    ) -> tuple[list[Outcome], dict[str, pd.DataFrame]]:
        """Pull jobs, and side by side with them the whole tables that are not kept yet.

        Tables that are not required only name what others refer to, so if the server does not
        show them, the names are missing and a warning says so. Those in `again` are pulled even
        if they are kept. What is made of the pages of a table that is pulled comes with it.
        """
        kept = dict(self._kept)  # another thread may take something out of it in between
        tables = {name: kept[name] for name in names if name in kept and name not in again}
        needed = [name for name in names if name not in tables]
        listing = [self._provider.list_job(name) for name in needed]
        for name, job in zip(needed, listing, strict=True):
            job.keep = () if name == required else NO_ROUTE
            job.counted = not jobs
        outcomes = self._puller.pull([*jobs, *listing], reporter)
        for name, outcome in zip(needed, outcomes[len(jobs) :], strict=True):
            if isinstance(outcome, RosterError):
                warn(
                    f"The server does not show {name}, so names taken from there are missing:"
                    f" {outcome}",
                    PartialResultWarning,
                )
                tables[name] = empty_table(name)
            else:
                pulled = {
                    name: self._puller.frame(name, outcome),
                    **self._puller.followers(name, outcome),
                }
                tables |= pulled
                self._kept |= pulled
        return outcomes[: len(jobs)], tables

    def groups(self, group_filter: str, progress: ProgressOption) -> pd.DataFrame:
        """Return every group of a kind with the names of what it refers to."""
        with Reporter(progress, group_filter) as reporter:
            names = _LINKED[group_filter]
            return _named(group_filter, self.listed(names, reporter, required=names[0]))

    def meant_groups(
        self, query: Query, match_on: Sequence[str], progress: ProgressOption
    ) -> pd.DataFrame:
        """Return groups among which are all that a question means.

        They are asked for one by one if only their ids count, and else all of them are listed.
        """
        kind = query.group_filter or ""
        table, *linked = _LINKED[kind]
        by_id = (
            tuple(match_on) == ("sourcedId",) == (self._provider.key_identifier,)
            and query.match == "exact"
            and query.names is not None
        )
        if by_id and not self.has(table) and len(query.names or ()) <= LISTS_AT_MOST:
            with Reporter(progress, kind) as reporter:
                jobs = [
                    self._provider.object_job(table, name.strip()) for name in query.names or ()
                ]
                outcomes = self._puller.pull(jobs, reporter)
                found = [outcome for outcome in outcomes if not isinstance(outcome, RosterError)]
                # A server may care for case where we do not: what it does not find is listed.
                if len(found) == len(outcomes):
                    pages = [page for tables in found for page in tables]
                    rows = self._puller.frame(table, pages)
                    # Who is in these classes, if their records say so; until all are listed.
                    self._kept |= self._puller.followers(table, pages)
                    tables = self.listed(linked, reporter)
                    return _named(kind, {**tables, table: rows.drop_duplicates("sourcedId")})
        return self.groups(kind, progress)

    def people_as_groups(self, query: Query, progress: ProgressOption) -> pd.DataFrame:
        """Return the active people who are the groups of a question."""
        kind = query.group_filter or ""
        if kind not in self._people:
            with Reporter(progress, kind) as reporter:
                self._people[kind] = self.roster_for(query, reporter).people_as_groups(query)
        return self._people[kind]

    def roster_for(self, query: Query, reporter: Reporter) -> Roster:
        """Pull the whole tables that a question needs, beyond those that are kept."""
        by_classes = query.by_classes or query.timed
        names = _LINKED["classes" if by_classes else "schools"]
        jobs = [self._provider.list_job("users", sensitive=query.sensitive)]
        in_classes = by_classes and self._provider.comes_with.get("enrollments") == "classes"
        if by_classes and not in_classes:
            jobs.append(self._provider.list_job("enrollments"))
        # Used once: by the next question a person may have moved.
        known = self._kept.pop("enrollments", None) if in_classes else None
        # Without them, who is in the classes is known from the list of classes alone.
        again = ("classes",) if in_classes and known is None else ()
        (users, *enrollments), tables = self.together(jobs, names, reporter, again=again)
        people = self._puller.people(whole_tables(users), tables["orgs"], sensitive=query.sensitive)
        tables["users"], tables["roles"] = people.users, people.roles
        for outcome in enrollments:
            tables["enrollments"] = self._puller.frame("enrollments", whole_tables(outcome))
        if in_classes:
            self._kept.pop("enrollments", None)
            found = tables.get("enrollments", known)
            tables["enrollments"] = empty_table("enrollments") if found is None else found
        return Roster(tables)


def _named(group_filter: str, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the groups of a kind with the names of what they refer to."""
    if group_filter == "classes":
        return linked_classes(tables)
    if group_filter == "courses":
        return link_courses(tables["courses"], tables["orgs"])
    orgs = tables["orgs"]
    return orgs.loc[orgs["type"] == "school"].reset_index(drop=True)


def linked_classes(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Link classes to the names of what they refer to; tables that are not given are empty."""
    return link_classes(*(tables.get(name, empty_table(name)) for name in _LINKED["classes"]))
