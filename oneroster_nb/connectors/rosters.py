"""Whole rosters from a live source: pulled, and brought up to date."""

import datetime
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import pandas as pd

from oneroster_nb.connectors.choosing import ChoosingSource
from oneroster_nb.connectors.clauses import since_clause
from oneroster_nb.connectors.live import whole_tables
from oneroster_nb.connectors.v1p2 import profiles_of
from oneroster_nb.errors import (
    AnswerError,
    ConfigurationError,
    ForbiddenError,
    IncompleteError,
    NotFoundError,
    PartialResultWarning,
    RosterError,
    ServerError,
    warn,
)
from oneroster_nb.findings import Finding
from oneroster_nb.merging import OWNERS, merged
from oneroster_nb.notes import findings_of_notes, notes_of
from oneroster_nb.progress import ProgressOption, Reporter
from oneroster_nb.references import warn_of_dangling
from oneroster_nb.resources import link_resources, resources_of
from oneroster_nb.roster import Roster
from oneroster_nb.schema import TABLES, empty_table
from oneroster_nb.tables import checked_tables
from oneroster_nb.transport.pages import Tables

__all__ = ["RosterSource"]

_IN_EVERY_ROSTER = frozenset(
    {"orgs", "academicSessions", "courses", "classes", "users", "enrollments"}
)
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

_Frames = dict[str, pd.DataFrame]
_Outcomes = Mapping[str, Tables | RosterError]


class RosterSource(ChoosingSource):
    """A live source whose tables can be had all at once."""

    _has_profiles = False
    """Whether the records of users hold their profiles."""

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
            If the server shows no users, or nothing at all of what every roster has.
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
        made_of = {**_MADE_OF, **self._made_of}
        needed = {made_of.get(name, name) for name in self._listable if asked is None}
        needed |= {made_of.get(name, name) for name in asked or ()}
        wanted = [name for name in self._listable if name in needed]
        taken = datetime.datetime.now(datetime.UTC)
        with Reporter(progress, "roster") as reporter:
            outcomes = self._whole_tables(
                wanted, reporter, lenient=asked is None, sensitive=sensitive
            )
        frames = self._frames(outcomes, sensitive=sensitive)
        empty = [name for name in _IN_EVERY_ROSTER if name in frames and frames[name].empty]
        if "users" in empty or (empty and len(empty) == len(_IN_EVERY_ROSTER & frames.keys())):
            self._warn_not_shared(" and no ".join(sorted(empty)))
        warn_of_dangling(frames)
        findings = _findings(outcomes)
        options = [] if asked is None else [f"tables={asked!r}"]
        options += ["sensitive=True"] if sensitive else []
        recipe = f"{self.recipe}.get_roster({', '.join(options)})"
        return Roster(frames, provider=self.provider, taken=taken, recipe=recipe, findings=findings)

    def _refreshed(self, old: Roster, *, allow_shrink: bool, progress: ProgressOption) -> Roster:
        """Give a new roster from what changed; see :meth:`Roster.refresh`."""
        if old.provider and old.provider != self.provider:
            raise ConfigurationError(
                f"This roster was pulled from {old.provider} and cannot be refreshed from"
                f" {self.provider}. Call get_roster() on the new connection instead."
            )
        taken = datetime.datetime.now(datetime.UTC)
        since = since_clause(pd.Timestamp(old.taken))
        sensitive = old.sensitive
        with Reporter(progress, "changes") as reporter:
            # The orgs are few, and what users say of themselves is read with all of them.
            able = [
                name
                for name in self._listable
                if name != "orgs" and len(old.table(name)) and self._honours(name, since, reporter)
            ]
            changed = [self._filtered_job(name, str(since), sensitive=sensitive) for name in able]
            counted = [self._filtered_job(name, "", wanted=1) for name in able]
            for job in (*changed, *counted):
                job.keep = (ServerError, AnswerError, IncompleteError)
            outcomes = self._pull([self._list_job("orgs"), *changed, *counted], reporter)
            totals = {name: job.total for name, job in zip(able, counted, strict=True)}
            changes = {
                name: outcome
                for name, outcome in zip(["orgs", *able], outcomes, strict=False)
                if not isinstance(outcome, RosterError)
            }
            news = self._frames(changes, sensitive=sensitive)
            frames = {
                name: merged(
                    old.table(name),
                    frame,
                    news[_MADE_OF.get(name, name)]["sourcedId"],
                    OWNERS.get(name, "sourcedId"),
                )
                for name, frame in news.items()
                if name != "orgs"
            } | {"orgs": news["orgs"]}
            totals["orgs"] = len(frames["orgs"])
            # What is gone without a trace shows in the number of rows alone.
            anew = [
                name
                for name in self._listable
                if name not in frames or len(frames[name]) != totals.get(name)
            ]
            pulled = self._whole_tables(anew, reporter, lenient=True, sensitive=sensitive)
        frames |= self._frames(pulled, frames["orgs"], sensitive=sensitive)
        if not allow_shrink:
            _check_size(old, frames)
        warn_of_dangling(frames)
        noted = [finding for finding in old.noted if finding.table not in pulled]
        noted += _findings(changes) + _findings(pulled)
        return Roster(
            frames, provider=self.provider, taken=taken, recipe=old.recipe, findings=noted
        )

    def _whole_tables(
        self, names: Sequence[str], reporter: Reporter, *, lenient: bool, sensitive: bool
    ) -> dict[str, Tables | RosterError]:
        """Pull whole tables side by side; where lenient, one that is not shown is an outcome."""
        names = [name for name in names if self._made_of.get(name) not in names]
        jobs = [self._list_job(name, sensitive=sensitive) for name in names]
        for name, job in zip(names, jobs, strict=True):
            optional = lenient and name not in _IN_EVERY_ROSTER
            job.keep = (ForbiddenError, NotFoundError) if optional else ()
        return dict(zip(names, self._pull(jobs, reporter), strict=True))

    def _frames(
        self, outcomes: _Outcomes, orgs: pd.DataFrame | None = None, *, sensitive: bool
    ) -> _Frames:
        """Make canonical tables of what was pulled, those among them that follow from others.

        The orgs are among what was pulled, or given.
        """
        frames: _Frames = {}
        pairs: _Frames = {}
        for name, outcome in outcomes.items():
            if isinstance(outcome, RosterError):
                warn(
                    f"The server does not show {name}, so that table is empty: {outcome}",
                    PartialResultWarning,
                )
            elif name != "users":
                frames[name] = self._frame(name, outcome)
                frames |= self._followers(name, outcome)
                if name in _RESOURCES_OF:
                    pairs[name] = resources_of(outcome, frames[name])
        people = outcomes.get("users")
        if people is not None:
            orgs = frames.get("orgs", empty_table("orgs") if orgs is None else orgs)
            pages = whole_tables(people)
            frames["users"], frames["roles"] = self._people(pages, sensitive, orgs)
            if self._has_profiles:
                frames["userProfiles"] = profiles_of(pages, frames["users"])
            frames |= self._followers("users", pages)
        for name, owned in pairs.items():
            table, owner = _RESOURCES_OF[name]
            frames[table] = link_resources(table, owner, owned)
        return frames


def _findings(outcomes: _Outcomes) -> list[Finding]:
    """Return what was read otherwise than it was written in the pages that were pulled."""
    return [
        finding
        for name, outcome in outcomes.items()
        if not isinstance(outcome, RosterError)
        for finding in findings_of_notes(
            name, (note for page in outcome for note in notes_of(page))
        )
    ]


def _check_size(old: Roster, frames: Mapping[str, pd.DataFrame]) -> None:
    """Refuse tables that are suddenly empty or less than half of what they were."""
    shrunk = [
        f"{name} from {len(old.table(name)):,} to {len(frames.get(name, ())):,} rows"
        for name in TABLES
        if len(frames.get(name, ())) < len(old.table(name)) / 2
    ]
    if shrunk:
        raise IncompleteError(
            f"The server shows much less than before: {'; '.join(shrunk)}. That may be an accident"
            " there, so the roster was left as it was. Where it is meant, pass"
            " allow_shrink=True."
        )
