"""Bringing a roster up to date with what changed since."""

import datetime
import time
from dataclasses import dataclass

import pandas as pd

from oneroster_nb.connectors.live.puller import Puller
from oneroster_nb.connectors.live.pushdown import Clause, since_clause
from oneroster_nb.connectors.live.roster_pull import Frames, Revisions, RosterPull
from oneroster_nb.connectors.live.server_filters import REFUSED, ServerFilters
from oneroster_nb.errors import (
    ConfigurationError,
    IncompleteError,
    NoMatchWarning,
    RosterError,
    warn,
)
from oneroster_nb.progress import ProgressOption, Reporter
from oneroster_nb.roster.roster import Roster
from oneroster_nb.tables.references import warn_of_dangling
from oneroster_nb.tables.rules import Finding
from oneroster_nb.tables.table import TABLES
from oneroster_nb.tables.upsert import OWNERS, all_new, shrunken_tables, upsert
from oneroster_nb.transport.side_by_side import Job, Outcome

_SMALL = 5_000  # so few rows are pulled again, because then every change is seen


@dataclass(frozen=True)
class _Changes:
    """How the changes of one table are asked for.

    `rows` lists the rows that changed; `check` lists the ids of all rows if `by_id`, and else
    announces how many there are.
    """

    rows: Job
    check: Job
    by_id: bool

    def complete(self, frame: pd.DataFrame) -> bool:
        """Return True if a table with these changes has the rows that the server lists."""
        ids = self.check.outcome
        if isinstance(ids, RosterError) or ids is None:
            return False
        if not self.by_id:
            return len(frame) == self.check.total
        listed = [key for table in ids for key in table["sourcedId"].to_pylist()]
        return set(listed) == set(frame["sourcedId"])


class Refresh:
    """Bring rosters of one provider up to date."""

    def __init__(self, puller: Puller, rosters: RosterPull, filters: ServerFilters) -> None:
        self._puller = puller
        self._provider = puller.provider
        self._rosters = rosters
        self._filters = filters

    def changes_since(self, old: Roster, *, allow_shrink: bool, progress: ProgressOption) -> Roster:
        """Return a new roster from what changed; see :meth:`Roster.refresh`."""
        provider = self._provider.name
        if old.provider and old.provider != provider:
            raise ConfigurationError(
                f"This roster was pulled from {old.provider} and cannot be refreshed from"
                f" {provider}. Call get_roster() on the new connection instead."
            )
        taken, began = datetime.datetime.now(datetime.UTC), time.monotonic()
        with Reporter(progress, "changes") as reporter:
            frames, again, findings = self._rosters.in_one_state(
                lambda seen: self._brought_up(old, reporter, seen)
            )
        _compare(old, frames, allow_shrink=allow_shrink)
        warn_of_dangling(frames)
        noted = [finding for finding in old.noted if finding.table not in again]
        return Roster(
            frames,
            provider=provider,
            taken=taken,
            server_time=self._provider.session.clock.at(began),
            recipe=old.recipe,
            findings=[*noted, *findings],
        )

    def _brought_up(
        self, old: Roster, reporter: Reporter, seen: Revisions
    ) -> tuple[Frames, frozenset[str], list[Finding]]:
        """Return all tables, the names of those that were pulled again, and what was odd."""
        rosters, part_of = self._rosters, self._rosters.part_of
        orgs_job = self._provider.list_job("orgs")
        asked = self._changes_to_ask_for(old, reporter)
        jobs = [orgs_job, *(job for each in asked.values() for job in (each.rows, each.check))]
        outcomes = self._puller.pull(jobs, reporter)
        seen.note({str(number): job for number, job in enumerate(jobs)})
        changes: dict[str, Outcome] = {
            name: each.rows.outcome
            for name, each in asked.items()
            if each.rows.outcome is not None and not isinstance(each.rows.outcome, RosterError)
        }
        news, odd = rosters.frames({"orgs": outcomes[0], **changes}, sensitive=old.sensitive)
        orgs = news.pop("orgs")
        frames = {
            name: upsert(
                old.table(name),
                frame,
                news[part_of(name)]["sourcedId"],
                OWNERS.get(name, "sourcedId"),
            )
            for name, frame in news.items()
        }
        whole = {"orgs"} | {name for name in changes if asked[name].complete(frames[name])}
        to_pull = [name for name in self._provider.listable if part_of(name) not in whole]
        pulled = rosters.whole_tables(
            to_pull, reporter, seen, lenient=True, sensitive=old.sensitive
        )
        again, found = rosters.frames(pulled, orgs, sensitive=old.sensitive)
        kept = {name: frame for name, frame in frames.items() if part_of(name) in whole}
        kept |= {"orgs": orgs, **again}
        odd = [each for each in odd if part_of(each.table) in whole]
        return kept, frozenset({"orgs", *again}), [*odd, *found]

    def _changes_to_ask_for(self, old: Roster, reporter: Reporter) -> dict[str, _Changes]:
        """Choose the tables of which changes alone are asked for, and how."""
        asked: dict[str, _Changes] = {}
        for name in self._provider.listable:
            since = _since(old, name)
            # What users say of themselves is read with all of the orgs.
            if name == "orgs" or since is None or len(old.table(name)) <= _SMALL:
                continue
            if not self._filters.supports_filter(name, since, reporter):
                continue
            by_id = self._filters.lists_ids(name, reporter)
            list_job = self._provider.list_job
            check = list_job(name, fields="sourcedId") if by_id else list_job(name, wanted=1)
            rows = list_job(name, clause=str(since), sensitive=old.sensitive)
            rows.keep = check.keep = REFUSED
            asked[name] = _Changes(rows, check, by_id)
        return asked


def _since(old: Roster, name: str) -> Clause | None:
    """Return the clause for what changed in a table since a roster was taken.

    The server's clock counts, not ours; and if the rows are older than that, the newest of them,
    because a change may show later than it says it was made.
    """
    newest = old.table(name)["dateLastModified"].max()
    if pd.isna(newest):
        return None
    return since_clause(min(pd.Timestamp(old.server_time or old.taken), newest))


def _compare(old: Roster, frames: Frames, *, allow_shrink: bool) -> None:
    """Refuse tables that are suddenly less than half of what they were; warn if all ids are new."""
    before = {name: old.table(name) for name in TABLES}
    shrunk = shrunken_tables(before, frames)
    if shrunk and not allow_shrink:
        raise IncompleteError(
            f"The server shows much less than before: {'; '.join(shrunk)}. That may be an accident"
            " there, so the roster was left as it was. If it is meant, pass allow_shrink=True."
        )
    names = all_new(before, frames)
    if names:
        warn(
            f"Not one id of {', '.join(names)} was in this roster before. The provider may have"
            " given new ids to the same people and classes; onb.match_people(before, after) pairs"
            " people whose ids differ.",
            NoMatchWarning,
        )
