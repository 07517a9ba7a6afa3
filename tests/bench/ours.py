"""Questions to a server, asked with this package."""

from collections.abc import Callable
from contextlib import ExitStack
from functools import cache

import pandas as pd
from groups import CLASS, OTHER_CLASS
from job import Job, Way
from serving import TOKEN

import oneroster_nb as onb


def connected(job: Job) -> onb.OneRosterConnector:
    """Connect to the bench server."""
    return onb.OneRosterConnector(
        job.serving.host,
        "an id",
        "a secret",
        page_size=job.network.page,
        max_workers=job.network.workers,
    )


def _students(connector: onb.Source, group: tuple[str, ...]) -> pd.DataFrame:
    return connector.get_users("students", *group, progress=False)


@cache
def _warm(root: str) -> None:
    """Load what the package loads when it is first used in a process."""
    with connected(Job("", root=root)) as connector:
        _students(connector, ("classes", CLASS))


def fresh(job: Job, stack: ExitStack) -> Callable[[], pd.DataFrame]:
    """Connect and ask: nothing was listed before."""
    _warm(job.root)
    return lambda: _students(stack.enter_context(connected(job)), job.group)


def listed(job: Job, stack: ExitStack) -> Callable[[], pd.DataFrame]:
    """Ask a connection that was asked for another class before."""
    connector = stack.enter_context(connected(job))
    _students(connector, ("classes", OTHER_CLASS))
    return lambda: _students(connector, job.group)


def asked(job: Job, stack: ExitStack) -> Callable[[], pd.DataFrame]:
    """Ask a connection that was asked the same before: it knows what the server can do."""
    connector = stack.enter_context(connected(job))
    _students(connector, job.group)
    return lambda: _students(connector, job.group)


def roster(job: Job, stack: ExitStack) -> Callable[[], onb.Roster]:
    """Pull the whole roster."""
    _warm(job.root)
    return lambda: stack.enter_context(connected(job)).get_roster(progress=False)


def clever(job: Job, stack: ExitStack) -> Callable[[], pd.DataFrame]:
    """Ask a Clever server."""

    def ask() -> pd.DataFrame:
        connector = onb.CleverConnector(
            TOKEN,
            job.serving.clever_host,
            page_size=job.network.page,
            max_workers=job.network.workers,
        )
        return _students(stack.enter_context(connector), job.group)

    return ask


WAYS: dict[str, Way] = {
    "ours": fresh,
    "ours, listed before": listed,
    "ours, asked before": asked,
    "ours, whole roster": roster,
    "ours, Clever": clever,
}
