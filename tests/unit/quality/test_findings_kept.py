"""What a source read otherwise than it was written goes with its roster, and check reports it."""

from pathlib import Path

import pandas as pd
import pytest
from helpers.bundles import changed, removed
from helpers.district import small_district

import oneroster_nb as onb
from oneroster_nb.tables.rules import Finding, found

NOTED = found("date-format", "academicSessions", "startDate.", field="startDate")


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    return small_district()


def test_check_reports_what_a_roster_was_made_with(tables: dict[str, pd.DataFrame]) -> None:
    roster = onb.Roster(tables, findings=[NOTED])

    assert roster.findings["code"].tolist() == ["date-format"]
    assert onb.check(roster)["code"].tolist() == ["date-format"]
    assert onb.Roster(tables).findings.empty


def test_a_saved_roster_keeps_its_findings(tables: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    whole = Finding("key-repeated", "users", "2 rows.", "u1", "sourcedId", 2)
    path = onb.Roster(tables, findings=[NOTED, whole]).save(tmp_path / "kept.roster")

    assert onb.Roster.load(path).noted == (NOTED, whole)


def test_a_bundles_findings_go_with_its_roster() -> None:
    conn = onb.CsvConnector(changed(removed("manifest.csv")))

    roster = conn.get_roster()
    assert roster.findings["code"].tolist() == ["manifest-missing"]
    pd.testing.assert_frame_equal(onb.check(conn), onb.check(roster))


def test_some_tables_keep_what_was_found_in_them(tables: dict[str, pd.DataFrame]) -> None:
    roster = onb.Roster(tables, findings=[NOTED, found("manifest-missing", "manifest")])

    assert roster.get_roster(tables=["academicSessions"]).noted == roster.noted
    assert roster.get_roster(tables=["users"]).findings["code"].tolist() == ["manifest-missing"]
