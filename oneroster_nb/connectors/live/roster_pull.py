"""Whole rosters from a live source."""

import datetime
import time
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TypeVar

import pandas as pd

from oneroster_nb.connectors.live.live_source import whole_tables
from oneroster_nb.connectors.live.role_text import profiles_of
from oneroster_nb.connectors.live.server_filters import ChoosingSource
from oneroster_nb.errors import (
    ForbiddenError,
    IncompleteError,
    NotFoundError,
    PartialResultWarning,
    RosterError,
    warn,
)
from oneroster_nb.progress import ProgressOption, Reporter
from oneroster_nb.roster.roster import Roster
from oneroster_nb.source.table_calls import checked_tables
from oneroster_nb.tables.findings import Finding
from oneroster_nb.tables.references import warn_of_dangling
from oneroster_nb.tables.resources import link_resources, resources_of
from oneroster_nb.tables.schema import empty_table
from oneroster_nb.transport.pages import Tables
from oneroster_nb.transport.side_by_side import Job

__all__ = ["Outcomes", "Revisions", "RosterSource"]

_IN_EVERY_ROSTER = frozenset(
    {"orgs", "academicSessions", "courses", "classes", "users", "enrollments"}
)
_PEOPLE_AND_CLASSES = _IN_EVERY_ROSTER - {"orgs", "academicSessions"}
"""The tables without which a roster is empty, be there a district or not."""
_RESOURCES_OF: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "classes": ("classResources", "classSourcedId"),
        "courses": ("courseResources", "courseSourcedId"),
    }
)
_MADE_OF: Mapping[str, str] = MappingProxyType(
    {
        "roles": "users",
        "userProfiles": "users",
        "classResources": "classes",
        "courseResources": "courses",
    }
)
"""The tables that are pulled as a part of another one."""

_T = TypeVar("_T")
_Frames = dict[str, pd.DataFrame]
Outcomes = Mapping[str, Tables | RosterError]
"""Table to its pages, or to the error that came instead."""


class Revisions(dict[str, str]):
    """The server's names for the state of its data, by the list that was pulled in that state."""

    def note(self, jobs: Mapping[str, Job]) -> None:
        """Take the names from some pulls; not every server has any."""
        self.update((what, job.revision) for what, job in jobs.items() if job.revision is not None)

    @property
    def one_state(self) -> bool:
        """Whether all lists were pulled in the same state, as far as it is named."""
        return len(set(self.values())) < 2


class RosterSource(ChoosingSource):
    """A live source whose tables can be had all at once."""

    _has_profiles = False
    """Whether the records of users hold their profiles."""

    _states_by_list = False
    """Whether the server was seen to name the state of each list by itself."""

    def get_roster(
        self,
        *,
        tables: Sequence[str] | None = None,
        sensitive: bool = False,
        progress: ProgressOption = None,
    ) -> Roster:
        """Pull every table once, to ask and keep the roster locally.

        Parameters
        ----------
        tables : sequence of str, optional
            Canonical names of the tables to pull; left out, all that the provider has.
        sensitive : bool
            Whether to pull ``sms`` and ``phone``, and a provider's own columns of phone numbers.
        progress : None, bool or callable
            See :data:`oneroster_nb.progress.ProgressOption`.

        Returns
        -------
        Roster

        Raises
        ------
        QueryError
            For a name that is no canonical table.
        RosterError
            Where a table cannot be pulled that was named, or that every roster has.

        Warns
        -----
        PartialResultWarning
            Where the server does not show a table; it is empty then.
        NotSharedWarning
            If the server shows none of the people, classes and courses that are asked for.
        DanglingReferenceWarning
            Where references point nowhere.

        Examples
        --------
        >>> import oneroster_nb as onb
        >>> with onb.connect("demo") as conn:
        ...     roster = conn.get_roster()
        >>> len(roster.get_users("students", "classes", "31763"))
        3
        """
        asked = None if tables is None else checked_tables(tables)
        needed = {self._part_of(name) for name in (self._listable if asked is None else asked)}
        wanted = [name for name in self._listable if name in needed]
        taken, began = datetime.datetime.now(datetime.UTC), time.monotonic()
        with Reporter(progress, "roster") as reporter:
            outcomes = self._in_one_state(
                lambda seen: self._whole_tables(
                    wanted, reporter, seen, lenient=asked is None, sensitive=sensitive
                )
            )
        frames, findings = self._frames(outcomes, sensitive=sensitive)
        shown = [name for name in frames if name in _PEOPLE_AND_CLASSES]
        shown = shown or [name for name in frames if name in _IN_EVERY_ROSTER]
        if shown and all(frames[name].empty for name in shown):
            self._warn_not_shared(" and no ".join(shown))
        warn_of_dangling(frames)
        options = [] if asked is None else [f"tables={asked!r}"]
        options += ["sensitive=True"] if sensitive else []
        recipe = f"{self.recipe}.get_roster({', '.join(options)})"
        return Roster(
            frames,
            provider=self.provider,
            taken=taken,
            server_time=self._session.clock.at(began),
            recipe=recipe,
            findings=findings,
        )

    def _in_one_state(self, pull: Callable[[Revisions], _T]) -> _T:
        """Pull lists, and once more if the data changed between them.

        A server that names the state of each list by itself names them the same the second time.
        """
        first, second = Revisions(), Revisions()
        result = pull(first)
        if first.one_state or self._states_by_list:
            return result
        result = pull(second)
        self._states_by_list = second == first
        if second.one_state or self._states_by_list:
            return result
        raise IncompleteError(
            "The data changed between the lists of this roster, also when all were pulled again."
            " The roster may be changing just now: try again later."
        )

    def _part_of(self, name: str) -> str:
        """Return the table with whose pages a table comes: itself, or another one."""
        return {**_MADE_OF, **self._made_of}.get(name, name)

    def _whole_tables(
        self,
        names: Sequence[str],
        reporter: Reporter,
        seen: Revisions,
        *,
        lenient: bool,
        sensitive: bool,
    ) -> dict[str, Tables | RosterError]:
        """Pull whole tables side by side; where lenient, one that is not shown is an outcome."""
        names = [name for name in names if self._made_of.get(name) not in names]
        jobs = [self._list_job(name, sensitive=sensitive) for name in names]
        for name, job in zip(names, jobs, strict=True):
            optional = lenient and name not in _IN_EVERY_ROSTER
            job.keep = (ForbiddenError, NotFoundError) if optional else ()
        outcomes = self._pull(jobs, reporter)
        seen.note(dict(zip(names, jobs, strict=True)))
        return dict(zip(names, outcomes, strict=True))

    def _frames(
        self, outcomes: Outcomes, orgs: pd.DataFrame | None = None, *, sensitive: bool
    ) -> tuple[_Frames, list[Finding]]:
        """Make canonical tables of what was pulled, those among them that follow from others.

        The orgs are among what was pulled, or given. With the tables comes what was odd in them.
        """
        frames: _Frames = {}
        findings: list[Finding] = []
        pairs: _Frames = {}
        for name, outcome in outcomes.items():
            if isinstance(outcome, RosterError):
                warn(
                    f"The server does not show {name}, so that table is empty: {outcome}",
                    PartialResultWarning,
                )
            elif name != "users":
                rows = self._read(name, outcome)
                frames[name] = rows.table
                findings += rows.findings
                frames |= self._followers(name, outcome)
                if name in _RESOURCES_OF:
                    pairs[name] = resources_of(outcome, frames[name])
        people = outcomes.get("users")
        if people is not None:
            orgs = frames.get("orgs", empty_table("orgs") if orgs is None else orgs)
            pages = whole_tables(people)
            read = self._people(pages, sensitive, orgs)
            frames["users"], frames["roles"] = read.users, read.roles
            findings += read.findings
            if self._has_profiles:
                frames["userProfiles"] = profiles_of(pages, frames["users"])
            frames |= self._followers("users", pages)
        for name, owned in pairs.items():
            table, owner = _RESOURCES_OF[name]
            frames[table] = link_resources(table, owner, owned)
        return frames, findings
