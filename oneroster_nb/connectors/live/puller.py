"""Pulling lists side by side, and making tables of their pages."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import pandas as pd
import pyarrow as pa

from oneroster_nb.connectors.live.provider import Provider
from oneroster_nb.connectors.live.role_text import spread_roles
from oneroster_nb.errors import RosterError
from oneroster_nb.progress import Reporter
from oneroster_nb.tables.casting import concat, to_frame
from oneroster_nb.tables.notes import findings_of_notes, notes_of, warn_of_unreadable
from oneroster_nb.tables.repeated_keys import DistinctRows, distinct_rows, warn_of_lost_rows
from oneroster_nb.tables.roles import ROLES_COLUMN, People, people_of, roles_table
from oneroster_nb.tables.rules import Finding
from oneroster_nb.tables.table import empty_table
from oneroster_nb.transport.pages import Tables
from oneroster_nb.transport.session import Session
from oneroster_nb.transport.side_by_side import Job, Outcome, run

Pull: TypeAlias = Callable[[Sequence[Job], Reporter], list[Outcome]]


def pull_jobs(
    session: Session, workers: int, jobs: Sequence[Job], reporter: Reporter
) -> list[Outcome]:
    """Pull lists side by side; return for each its pages, or the error that it keeps."""
    return run(
        jobs,
        workers=workers,
        tell=reporter.tell,
        clock=reporter.clock,
        patience=session.retry_seconds + session.slowest,
    )


@dataclass(frozen=True)
class Puller:
    """What the parts of a live source have in common.

    The provider makes the jobs, and knows what their records mean; `pull` runs them, as
    :func:`pull_jobs` does.
    """

    provider: Provider
    pull: Pull

    def frame(self, name: str, pages: Iterable[pa.Table]) -> pd.DataFrame:
        """Make a canonical table of pages."""
        return self.read(name, pages).table

    def read(
        self, name: str, pages: Iterable[pa.Table], *, sensitive: bool = False
    ) -> DistinctRows:
        """Make a canonical table of pages, and note what was odd in them."""
        whole = concat(name, pages, sensitive=sensitive)
        notes = notes_of(whole)
        warn_of_unreadable(name, notes)
        # What becomes rows of another table is no column of this one.
        inner = [c for c in whole.column_names if c.startswith("_") and c != ROLES_COLUMN]
        rows = distinct_rows(name, to_frame(whole.drop_columns(inner)))
        warn_of_lost_rows(rows.findings)
        found = [*findings_of_notes(name, notes), *rows.findings]
        table = rows.table.drop(columns=ROLES_COLUMN, errors="ignore")
        return DistinctRows(self.provider.completed(name, table), rows.parts, found)

    def people(
        self, pages: Sequence[pa.Table], orgs: pd.DataFrame, *, sensitive: bool = False
    ) -> People:
        """Make users, each once, and the roles that they hold of pages of users."""
        rows = self.read("users", pages, sensitive=sensitive)
        roles, odd = self._roles_held(rows.parts)
        people = people_of(rows, roles, orgs, "1.1" if self.provider.version == "1.1" else "1.2")
        return people._replace(findings=[*people.findings, *odd])

    def followers(self, name: str, pages: Tables) -> dict[str, pd.DataFrame]:
        """Make the tables that are made of the pages of another one."""
        made = self.provider.followers(name, pages)
        return {follower: self.frame(follower, parts) for follower, parts in made.items()}

    def _roles_held(self, users: pd.DataFrame) -> tuple[pd.DataFrame, list[Finding]]:
        """Make the table of the roles that stand in the records of users."""
        if ROLES_COLUMN not in users or users[ROLES_COLUMN].isna().all():
            return empty_table("roles"), []
        texts = pa.array(users[ROLES_COLUMN], pa.string(), from_pandas=True)
        spread = self.provider.place_roles(spread_roles(texts, users["sourcedId"]), users)
        return roles_table(spread, users.iloc[spread.index])


def whole_tables(outcome: Outcome) -> Tables:
    """Return the pages of a job that keeps no error."""
    if isinstance(outcome, RosterError):
        raise outcome
    return outcome
