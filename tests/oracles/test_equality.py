"""One question, one answer: live over 1.1 and 1.2, from a roster, from one saved and loaded.

Random small districts, untidy as real ones are, are asked random questions.
"""

import tempfile
import warnings

import pandas as pd
from helpers.thorough import cases
from helpers.untidy import questions, untidy
from hypothesis import HealthCheck, given, settings, strategies as st

import oneroster_nb as onb
from oneroster_nb.demo.server.embedded import DemoServer


@settings(max_examples=cases(1, 12), derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 10_000))
def test_every_source_gives_the_same_answer(seed: int) -> None:
    tables = untidy(seed)
    with (
        warnings.catch_warnings(),
        tempfile.TemporaryDirectory() as folder,
        DemoServer(tables) as server,
        onb.OneRosterConnector(server.host, server.client_id, server.client_secret) as old,
        onb.OneRosterConnector(
            server.host_v1p2, server.client_id, server.client_secret, token_url=server.token_url
        ) as new,
    ):
        warnings.simplefilter("ignore", onb.RosterWarning)
        roster = old.get_roster(sensitive=True)
        sources = {
            "live 1.2": new,
            "roster": roster,
            "roster of 1.2": new.get_roster(sensitive=True),
            "saved roster": onb.Roster.load(roster.save(folder + "/kept.roster")),
        }
        for query in questions(tables, seed):
            expected = old.query(query)
            for name, source in sources.items():
                frame = source.query(query)
                # Lists of members do not say how a person is enrolled; whole tables do.
                known = [
                    column
                    for column in expected
                    if not (column.startswith("enrollment") and expected[column].isna().all())
                ]
                assert list(frame) == list(expected)
                pd.testing.assert_frame_equal(
                    frame[known], expected[known], obj=f"{name}, {query!r}, seed {seed}"
                )


@settings(max_examples=cases(1, 8), derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 10_000))
def test_bundles_give_the_same_answer(seed: int) -> None:
    """Of what is not to be deleted, which is what a bulk bundle holds."""
    tables = {n: t.loc[t["status"] != "tobedeleted"] for n, t in untidy(seed).items()}
    with (
        warnings.catch_warnings(),
        tempfile.TemporaryDirectory() as folder,
        DemoServer(tables) as server,
        onb.OneRosterConnector(server.host, server.client_id, server.client_secret) as live,
    ):
        warnings.simplefilter("ignore", onb.RosterWarning)
        roster = live.get_roster(sensitive=True)
        sources = {
            version: onb.CsvConnector(roster.to_csv_bundle(f"{folder}/{version}.zip", version))
            for version in ("1.1", "1.2")
        }
        for query in questions(tables, seed):
            expected = live.query(query)
            whole = roster.query(query)
            for version, source in sources.items():
                frame = source.query(query)
                about = f"bundle {version}, {query!r}, seed {seed}"
                pd.testing.assert_frame_equal(frame, whole, obj=about)
                known = [
                    column
                    for column in expected
                    if not (column.startswith("enrollment") and expected[column].isna().all())
                ]
                pd.testing.assert_frame_equal(frame[known], expected[known], obj=about)
