"""Whole rosters, pulled while the data are in one state."""

import datetime
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias, TypeVar

import pandas as pd

from oneroster_nb.connectors.live.provider import NO_ROUTE
from oneroster_nb.connectors.live.puller import Puller, whole_tables
from oneroster_nb.connectors.live.role_text import profiles_of
from oneroster_nb.errors import IncompleteError, PartialResultWarning, RosterError, warn
from oneroster_nb.progress import ProgressOption, Reporter
from oneroster_nb.roster.roster import Roster
from oneroster_nb.source.source import warn_not_shared
from oneroster_nb.tables.references import warn_of_dangling
from oneroster_nb.tables.resources import link_resources
from oneroster_nb.tables.rules import Finding
from oneroster_nb.tables.table import empty_table
from oneroster_nb.transport.side_by_side import Job, Outcome

_IN_EVERY_ROSTER = frozenset(
    {"orgs", "academicSessions", "courses", "classes", "users", "enrollments"}
)
_PEOPLE_AND_CLASSES = _IN_EVERY_ROSTER - {"orgs", "academicSessions"}
"""The tables without which a roster is empty, be there a district or not."""
_RESOURCES_OF: Mapping[str, tuple[str, str]] = {
    "classes": ("classResources", "classSourcedId"),
    "courses": ("courseResources", "courseSourcedId"),
}
_PARTS_OF_OTHER_TABLES: Mapping[str, str] = {
    "roles": "users",
    "userProfiles": "users",
    "classResources": "classes",
    "courseResources": "courses",
}
"""The tables that are pulled as a part of another one."""

_T = TypeVar("_T")
Frames: TypeAlias = dict[str, pd.DataFrame]
Outcomes: TypeAlias = Mapping[str, Outcome]
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


class RosterPull:
    """Pull the tables of a roster all at once."""

    def __init__(self, puller: Puller) -> None:
        self._puller = puller
        self._provider = puller.provider
        # Whether the server was seen to name the state of each list by itself.
        self._states_by_list = False

    def roster(
        self,
        tables: Sequence[str] | None,
        *,
        sensitive: bool,
        recipe: str,
        progress: ProgressOption,
    ) -> Roster:
        """Return a roster of some tables, or of all that the provider has."""
        listable = self._provider.listable
        needed = {self.part_of(name) for name in (listable if tables is None else tables)}
        wanted = [name for name in listable if name in needed]
        taken, began = datetime.datetime.now(datetime.UTC), time.monotonic()
        with Reporter(progress, "roster") as reporter:
            outcomes = self.in_one_state(
                lambda seen: self.whole_tables(
                    wanted, reporter, seen, lenient=tables is None, sensitive=sensitive
                )
            )
        frames, findings = self.frames(outcomes, sensitive=sensitive)
        shown = [name for name in frames if name in _PEOPLE_AND_CLASSES]
        shown = shown or [name for name in frames if name in _IN_EVERY_ROSTER]
        if shown and all(frames[name].empty for name in shown):
            warn_not_shared(" and no ".join(shown))
        warn_of_dangling(frames)
        return Roster(
            frames,
            provider=self._provider.name,
            taken=taken,
            server_time=self._provider.session.clock.at(began),
            recipe=recipe,
            findings=findings,
        )

    def in_one_state(self, pull: Callable[[Revisions], _T]) -> _T:
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

    def part_of(self, name: str) -> str:
        """Return the table with whose pages a table comes: itself, or another one."""
        return {**_PARTS_OF_OTHER_TABLES, **self._provider.comes_with}.get(name, name)

    def whole_tables(
        self,
        names: Sequence[str],
        reporter: Reporter,
        seen: Revisions,
        *,
        lenient: bool,
        sensitive: bool,
    ) -> dict[str, Outcome]:
        """Pull whole tables side by side; if lenient, one that is not shown is an outcome."""
        names = [name for name in names if self._provider.comes_with.get(name) not in names]
        jobs = [self._provider.list_job(name, sensitive=sensitive) for name in names]
        for name, job in zip(names, jobs, strict=True):
            job.keep = NO_ROUTE if lenient and name not in _IN_EVERY_ROSTER else ()
        outcomes = self._puller.pull(jobs, reporter)
        seen.note(dict(zip(names, jobs, strict=True)))
        return dict(zip(names, outcomes, strict=True))

    def frames(
        self, outcomes: Outcomes, orgs: pd.DataFrame | None = None, *, sensitive: bool
    ) -> tuple[Frames, list[Finding]]:
        """Make canonical tables of pages, and those that follow from other tables.

        The orgs are among the outcomes, or given. With the tables comes what was odd in them.
        """
        frames: Frames = {}
        findings: list[Finding] = []
        links: Frames = {}
        for name, outcome in outcomes.items():
            if isinstance(outcome, RosterError):
                warn(
                    f"The server does not show {name}, so that table is empty: {outcome}",
                    PartialResultWarning,
                )
            elif name != "users":
                rows = self._puller.read(name, outcome)
                frames[name] = rows.table
                findings += rows.findings
                frames |= self._puller.followers(name, outcome)
                if name in _RESOURCES_OF:
                    table, owner = _RESOURCES_OF[name]
                    links[table] = link_resources(table, owner, outcome, frames[name])
        people = outcomes.get("users")
        if people is not None:
            orgs = frames.get("orgs", empty_table("orgs") if orgs is None else orgs)
            pages = whole_tables(people)
            read = self._puller.people(pages, orgs, sensitive=sensitive)
            frames["users"], frames["roles"] = read.users, read.roles
            findings += read.findings
            if self._provider.has_profiles:
                frames["userProfiles"] = profiles_of(pages, frames["users"])
            frames |= self._puller.followers("users", pages)
        return frames | links, findings
