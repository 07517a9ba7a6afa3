"""What every live source shares: its options, pulling lists, keeping what groups are taken from."""

from abc import abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType

import pandas as pd
import pyarrow as pa

from oneroster_nb.analysis.methods import RosterQuestions
from oneroster_nb.connectors.live.options import checked_whole
from oneroster_nb.connectors.live.role_text import spread_roles
from oneroster_nb.errors import (
    ConfigurationError,
    ForbiddenError,
    NotFoundError,
    PartialResultWarning,
    RosterError,
    warn,
)
from oneroster_nb.progress import ProgressOption, Reporter
from oneroster_nb.query.membership import link_classes, link_courses
from oneroster_nb.query.query import Query
from oneroster_nb.tables.casting import concat, to_frame
from oneroster_nb.tables.findings import Finding
from oneroster_nb.tables.notes import findings_of_notes, notes_of, warn_of_unreadable
from oneroster_nb.tables.repeated_keys import DistinctRows, distinct_rows, warn_of_lost_rows
from oneroster_nb.tables.roles import ROLES_COLUMN, People, people_of, roles_table
from oneroster_nb.tables.schema import empty_table
from oneroster_nb.tables.where import active
from oneroster_nb.transport.page_size import PageSizes
from oneroster_nb.transport.pages import Tables
from oneroster_nb.transport.session import Session
from oneroster_nb.transport.side_by_side import Job, run

__all__ = ["LINKED", "LISTS_AT_MOST", "NO_ROUTE", "LiveSource", "linked_classes", "whole_tables"]

_DEFAULT_PAGE_SIZE = 10_000
LISTS_AT_MOST = 100  # beyond so many lists of members, whole tables take fewer requests
_NESTED_ROLES = frozenset({"student", "teacher"})
NO_ROUTE = (NotFoundError, ForbiddenError)
"""What a server answers if it has no such list below an object, or does not show it."""
LINKED: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        "classes": ("classes", "courses", "orgs", "academicSessions"),
        "courses": ("courses", "orgs"),
        "schools": ("orgs",),
    }
)


class LiveSource(RosterQuestions):
    """A source over pages of JSON; its subclasses say where those are and how to answer.

    Parameters
    ----------
    key_identifier : str
        The field of a group that stands in addresses.
    match_on : str or list of str, optional
        The fields that group names are compared with where a call does not say.
    max_users : int
        At most so many distinct users in an answer; 0 is no bound.
    page_size : int
        Rows to ask for at once; a server may send fewer. 0 is the default, 10,000.
    max_workers : int
        Requests under way at once.

    Raises
    ------
    ConfigurationError
        For a number that makes no sense.
    QueryError
        For a `match_on` or a `max_users` that cannot be.
    """

    host: str
    version: str
    """The version of the interface; ``"1.1"`` if users say themselves what they are."""
    _session: Session

    @property
    def provider(self) -> str:
        """Where this source's data come from, as a roster keeps it."""
        return self.host

    def __init__(
        self,
        *,
        key_identifier: str,
        match_on: str | Sequence[str] | None,
        max_users: int,
        page_size: int,
        max_workers: int,
    ) -> None:
        if not isinstance(key_identifier, str) or not key_identifier.strip():
            raise ConfigurationError(
                f"key_identifier must be the name of a field, not {key_identifier!r}."
            )
        self.key_identifier = key_identifier
        self.match_groups_by = match_on
        self.max_users = Query(max_users=max_users).max_users
        self.page_size = checked_whole("page_size", page_size, 0) or _DEFAULT_PAGE_SIZE
        self.max_workers = checked_whole("max_workers", max_workers, 1)
        # What the server was seen to take.
        self._page_sizes = PageSizes()
        # How connect() made it.
        self._recipe = ""
        # Whole tables that groups are taken from, until refresh_groups().
        self._kept: dict[str, pd.DataFrame] = {}
        # Lists of members that the server was seen to lack, or to hold others than they should,
        # and those that were seen to hold the same people as its tables.
        self._lacking: set[str] = set()
        self._trusted: set[str] = set()

    # What a provider adds.

    _listable: Sequence[str]
    """The canonical tables that can be pulled, in the order of the schema."""

    _made_of: Mapping[str, str] = MappingProxyType({})
    """Table to the one with whose pages it comes, so that it need not be pulled by itself."""

    def _followers(self, name: str, pages: Tables) -> dict[str, pd.DataFrame]:  # noqa: ARG002
        """Give the tables that are made of the pages of another one."""
        return {}

    @abstractmethod
    def _list_job(self, table: str, *, sensitive: bool = False, wanted: int | None = None) -> Job:
        """Pull a whole canonical table, or at least `wanted` rows of it."""

    @abstractmethod
    def _object_job(self, table: str, key: str) -> Job:
        """Pull one row of a canonical table; a 404 or 403 is an outcome."""

    @abstractmethod
    def _user_job(self, role: str, *, sensitive: bool, wanted: int | None) -> Job:
        """Pull the students, the teachers or (role "user") everybody, or at least `wanted`.

        For students and teachers a 404 is an outcome.
        """

    def _count_job(self, role: str) -> Job:
        """Pull what announces how many students or teachers there are."""
        return self._user_job(role, sensitive=False, wanted=1)

    @abstractmethod
    def _member_job(self, kind: str, key: str, role: str, *, sensitive: bool) -> Job:
        """Pull the students or teachers of one class or school; a 404 or 403 is an outcome."""

    @abstractmethod
    def _course_classes_job(self, key: str) -> Job:
        """Pull the classes of one course; a 404 or 403 is an outcome."""

    @abstractmethod
    def close(self) -> None:
        """Close the connections."""

    @property
    def recipe(self) -> str:
        """A Python expression that makes this connection anew and holds no secret."""
        return self._recipe or self._own_recipe()

    @abstractmethod
    def _own_recipe(self) -> str:
        """Give the recipe of a connector that was made without :func:`connect`."""

    def headcounts(self, *, progress: ProgressOption = False) -> dict[str, int | None]:
        """Say how much there is, from the totals that the server announces.

        Parameters
        ----------
        progress : None, bool or callable
            See :data:`oneroster_nb.progress.ProgressOption`.

        Returns
        -------
        dict
            ``students``, ``teachers`` and ``schools``; None where the server does not say.

        Raises
        ------
        RosterError
            Where the server cannot be asked.
        """
        with Reporter(progress, "totals") as reporter:
            jobs = [self._count_job(role) for role in ("student", "teacher")]
            outcomes, tables = self._together(jobs, ("orgs",), reporter)
        told = [
            None if isinstance(outcome, RosterError) else job.total
            for job, outcome in zip(jobs, outcomes, strict=True)
        ]
        schools = _named("schools", tables)
        return {"students": told[0], "teachers": told[1], "schools": len(active(schools, "active"))}

    def _people_of(self, group_filter: str, groups: pd.DataFrame) -> dict[str, list[int | None]]:  # noqa: ARG002
        return {column: [None] * len(groups) for column in ("studentCount", "teacherCount")}

    def refresh_groups(self) -> None:
        """Forget the groups as listed; the next question lists them again."""
        self._kept.clear()
        self._lacking.clear()
        self._trusted.clear()

    # Pulling.

    def _pull(self, jobs: Sequence[Job], reporter: Reporter) -> list[Tables | RosterError]:
        return run(
            jobs,
            workers=self.max_workers,
            tell=reporter.tell,
            clock=reporter.clock,
            patience=self._session.retry_seconds + self._session.slowest,
        )

    def _frame(
        self, name: str, tables: Iterable[pa.Table], sensitive: bool = False
    ) -> pd.DataFrame:
        """Make a canonical table of pages."""
        return self._read(name, tables, sensitive).table

    def _read(self, name: str, tables: Iterable[pa.Table], sensitive: bool = False) -> DistinctRows:
        """Make a canonical table of pages, and say what was odd in them."""
        whole = concat(name, tables, sensitive=sensitive)
        notes = notes_of(whole)
        warn_of_unreadable(name, notes)
        # What becomes rows of another table is no column of this one.
        inner = [c for c in whole.column_names if c.startswith("_") and c != ROLES_COLUMN]
        rows = distinct_rows(name, to_frame(whole.drop_columns(inner)))
        warn_of_lost_rows(rows.findings)
        found = [*findings_of_notes(name, notes), *rows.findings]
        table = rows.table.drop(columns=ROLES_COLUMN, errors="ignore")
        return DistinctRows(table, rows.parts, found)

    def _people(self, tables: Sequence[pa.Table], sensitive: bool, orgs: pd.DataFrame) -> People:
        """Make users, each once, and the roles that they hold of pages of users."""
        rows = self._read("users", tables, sensitive)
        roles, odd = self._roles_held(rows.parts)
        people = people_of(rows, roles, orgs, "1.1" if self.version == "1.1" else "1.2")
        return people._replace(findings=[*people.findings, *odd])

    def _roles_held(self, users: pd.DataFrame) -> tuple[pd.DataFrame, list[Finding]]:
        """Make the table of the roles that stand in the records of users."""
        if ROLES_COLUMN not in users or users[ROLES_COLUMN].isna().all():
            return empty_table("roles"), []
        texts = pa.array(users[ROLES_COLUMN], pa.string(), from_pandas=True)
        spread = self._placed(spread_roles(texts, users["sourcedId"]), users)
        return roles_table(spread, users.iloc[spread.index])

    def _placed(self, roles: pd.DataFrame, users: pd.DataFrame) -> pd.DataFrame:  # noqa: ARG002
        """Say where roles are held of which the records do not say it."""
        return roles

    def _listed(
        self, names: Sequence[str], reporter: Reporter, required: str = ""
    ) -> dict[str, pd.DataFrame]:
        """Give whole tables that are kept; pull those that are not yet."""
        return self._together([], names, reporter, required)[1]

    def _together(
        self,
        jobs: Sequence[Job],
        names: Sequence[str],
        reporter: Reporter,
        required: str = "",
        again: Collection[str] = (),
    ) -> tuple[list[Tables | RosterError], dict[str, pd.DataFrame]]:
        """Pull jobs, and side by side with them the whole tables that are not kept yet.

        Tables that are not required only name what others refer to, so if the server does not
        show them, the names are missing and a warning says so. Those in `again` are pulled even
        if they are kept. What is made of the pages of a table that is pulled comes with it.
        """
        kept = dict(self._kept)  # another thread may take something out of it in between
        tables = {name: kept[name] for name in names if name in kept and name not in again}
        needed = [name for name in names if name not in tables]
        listing = [self._list_job(name) for name in needed]
        for name, job in zip(needed, listing, strict=True):
            job.keep = () if name == required else (ForbiddenError, NotFoundError)
            job.counted = not jobs
        outcomes = self._pull([*jobs, *listing], reporter)
        for name, outcome in zip(needed, outcomes[len(jobs) :], strict=True):
            if isinstance(outcome, RosterError):
                warn(
                    f"The server does not show {name}, so names taken from there are missing:"
                    f" {outcome}",
                    PartialResultWarning,
                )
                tables[name] = empty_table(name)
            else:
                pulled = {name: self._frame(name, outcome), **self._followers(name, outcome)}
                tables |= pulled
                self._kept |= pulled
        return outcomes[: len(jobs)], tables

    def _listed_groups(self, group_filter: str, progress: ProgressOption) -> pd.DataFrame:
        with Reporter(progress, group_filter) as reporter:
            names = LINKED[group_filter]
            return _named(group_filter, self._listed(names, reporter, required=names[0]))

    def _meant_groups(self, query: Query, progress: ProgressOption) -> pd.DataFrame:
        """Ask for groups one by one where only their ids count; list them all otherwise."""
        kind = query.group_filter or ""
        table, *linked = LINKED[kind]
        fields = query.match_fields or tuple(self.match_groups_by)
        by_id = (
            fields == ("sourcedId",) == (self.key_identifier,)
            and query.match == "exact"
            and query.names is not None
        )
        if by_id and table not in self._kept and len(query.names or ()) <= LISTS_AT_MOST:
            with Reporter(progress, kind) as reporter:
                jobs = [self._object_job(table, name.strip()) for name in query.names or ()]
                outcomes = self._pull(jobs, reporter)
                found = [outcome for outcome in outcomes if not isinstance(outcome, RosterError)]
                # A server may care for case where we do not: what it does not find is listed.
                if len(found) == len(outcomes):
                    pages = [page for tables in found for page in tables]
                    rows = self._frame(table, pages)
                    # Who is in these classes, if their records say so; until all are listed.
                    self._kept |= self._followers(table, pages)
                    tables = self._listed(linked, reporter)
                    return _named(kind, {**tables, table: rows.drop_duplicates("sourcedId")})
        return self._listed_groups(kind, progress)


def _named(group_filter: str, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Give the groups of a kind with the names of what they refer to."""
    if group_filter == "classes":
        return linked_classes(tables)
    if group_filter == "courses":
        return link_courses(tables["courses"], tables["orgs"])
    orgs = tables["orgs"]
    return orgs.loc[orgs["type"] == "school"].reset_index(drop=True)


def linked_classes(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Link classes to the names of what they refer to; tables that are not given are empty."""
    return link_classes(*(tables.get(name, empty_table(name)) for name in LINKED["classes"]))


def whole_tables(outcome: Tables | RosterError) -> Tables:
    """Give the tables of a job that keeps no error."""
    if isinstance(outcome, RosterError):
        raise outcome
    return outcome
