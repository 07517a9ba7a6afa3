"""Canonical tables, and the same as Clever shows them, behind every kind of source."""

import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

import oneroster_nb as onb
from helpers.cleverserver import CleverServer
from oneroster_nb.analysis.methods import RosterQuestions
from oneroster_nb.demo.server.embedded import DemoServer

DATED = ["live 1.1", "live 1.2", "saved", "CSV 1.1", "CSV 1.2"]
"""The sources that know when an enrollment begins and ends."""

SOURCES = [*DATED, "Clever", "Clever roster"]
LIVE = ["live 1.1", "live 1.2", "Clever"]


@contextmanager
def by_every_source(
    tables: Mapping[str, pd.DataFrame],
    clever_routes: dict[str, list[dict[str, Any]]],
    folder: Path,
) -> Iterator[dict[str, RosterQuestions]]:
    """Open each of `SOURCES` once."""
    with ExitStack() as stack:
        demo = stack.enter_context(DemoServer(tables))
        account = (demo.client_id, demo.client_secret)
        v1p1 = stack.enter_context(onb.OneRosterConnector(demo.host, *account))
        v1p2 = stack.enter_context(
            onb.OneRosterConnector(demo.host_v1p2, *account, token_url=demo.token_url)
        )
        server = stack.enter_context(CleverServer(clever_routes))
        clever = stack.enter_context(onb.CleverConnector("a token", server.host))
        roster, older, pulled = (each.get_roster() for each in (v1p2, v1p1, clever))
        with warnings.catch_warnings(action="ignore", category=onb.PartialResultWarning):
            bundles = [  # a term in them may have no dates
                each.to_csv_bundle(folder / f"{version}.zip", version)
                for each, version in ((older, "1.1"), (roster, "1.2"))
            ]
        yield {
            "live 1.1": v1p1,
            "live 1.2": v1p2,
            "saved": onb.Roster.load(roster.save(folder / "kept.roster")),
            "CSV 1.1": stack.enter_context(onb.CsvConnector(bundles[0])),
            "CSV 1.2": stack.enter_context(onb.CsvConnector(bundles[1])),
            "Clever": clever,
            "Clever roster": pulled,
        }
