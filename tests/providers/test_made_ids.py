"""Ids that the package makes are of signs that strict readers take, and old ones still match."""

import json
from pathlib import Path

import pandas as pd
import pytest
from helpers.records import org, user
from helpers.sources import District, bundle_of, opened

import oneroster_nb as onb
from oneroster_nb.demo.server.embedded import DemoServer
from oneroster_nb.roster.snapshot import Snapshot, write_snapshot
from oneroster_nb.tables.table import TABLES

STRICT = r"[0-9A-Za-z./@_-]+"
MADE = ["roles", "classResources", "courseResources"]


def saved_by_the_first_version(roster: onb.Roster, folder: Path) -> Path:
    """Save a roster whose made ids are joined by colons, as the first version of the schema."""
    tables = {name: table for name, table in roster._tables.items() if len(table)}
    for name in (*MADE, "enrollments"):
        if name in tables:
            keys = tables[name]["sourcedId"].str.replace("@", ":")
            tables[name] = tables[name].assign(sourcedId=keys)
    path = folder / "old.roster"
    write_snapshot(Snapshot(tables, roster.provider, roster.taken), path, overwrite=False)
    manifest = json.loads((path / "manifest.json").read_text())
    (path / "manifest.json").write_text(json.dumps(manifest | {"schemaVersion": 1}))
    return path


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_made_ids_hold_signs_of_the_standards_set(version: str) -> None:
    with onb.connect("demo", version=version) as conn:
        roster = conn.get_roster()

    for name in MADE:
        keys = roster.table(name)["sourcedId"]
        assert keys.str.fullmatch(STRICT).all(), name
        assert keys.is_unique
    first = roster.roles.iloc[0]
    assert first["sourcedId"] == f"{first['userSourcedId']}@{first['orgSourcedId']}"


def test_made_ids_of_clever() -> None:
    with onb.connect("demo-clever") as conn:
        enrollments = conn.get_enrollments()

    parts = [enrollments[name] for name in ("classSourcedId", "role", "userSourcedId")]
    assert (enrollments["sourcedId"] == parts[0] + "@" + parts[1] + "@" + parts[2]).all()


@pytest.mark.parametrize("provider", ["demo", "demo-clever"])
def test_an_old_saved_roster_matches(provider: str, tmp_path: Path) -> None:
    with onb.connect(provider) as conn:
        now = conn.get_roster()
        before = onb.Roster.load(saved_by_the_first_version(now, tmp_path))
        for name in (*MADE, "enrollments"):
            pd.testing.assert_frame_equal(before.table(name), now.table(name))
        changes = onb.diff(before, now)
        assert changes.people.empty
        assert changes.enrollments.empty


def test_an_old_saved_roster_is_refreshed_without_repetitions(tmp_path: Path) -> None:
    with DemoServer() as server:
        conn = onb.OneRosterConnector(server.host, server.client_id, server.client_secret)
        with conn:
            now = conn.get_roster()
            before = onb.Roster.load(saved_by_the_first_version(now, tmp_path))
            after = before.refresh(conn)

    for name in MADE:
        pd.testing.assert_frame_equal(after.table(name), now.table(name))


def test_ids_of_the_source_stay_as_they_are(tmp_path: Path) -> None:
    what = District(orgs=[org("s1", "North")], users=[user("a:1", "student", ["s1"])])
    roster = onb.CsvConnector(bundle_of(what, "1.2")).get_roster()

    assert roster.users["sourcedId"].tolist() == ["a:1"]
    assert roster.roles["sourcedId"].tolist() == ["a:1-0-s1"]
    again = onb.Roster.load(roster.save(tmp_path / "kept.roster"))
    assert again.roles["sourcedId"].tolist() == ["a:1-0-s1"]


def test_roles_of_one_person_at_one_org_have_ids_of_their_own() -> None:
    at = {"sourcedId": "s1"}
    roles = [
        {"roleType": "primary", "role": "teacher", "org": at},
        {"roleType": "secondary", "role": "guardian", "org": at},
        {"roleType": "secondary", "role": "guardian", "org": at, "beginDate": "2026-08-01"},
    ]
    what = District(orgs=[org("s1", "North")], users=[user("t", "teacher", ["s1"], roles=roles)])
    with opened("live 1.2", what, Path()) as conn:
        keys = conn.get_roster().roles["sourcedId"].tolist()

    assert keys == ["t@s1", "t@s1@guardian", "t@s1@guardian@2"]


def test_enrollments_of_a_server_keep_ids_that_look_like_made_ones(tmp_path: Path) -> None:
    with onb.connect("demo") as conn:
        now = conn.get_roster()
    enrollments = now.enrollments
    parts = [enrollments[name] for name in ("classSourcedId", "role", "userSourcedId")]
    own = enrollments.assign(sourcedId=parts[0] + ":" + parts[1] + ":" + parts[2])
    roster = onb.Roster({name: now.table(name) for name in TABLES} | {"enrollments": own})

    before = onb.Roster.load(saved_by_the_first_version(roster, tmp_path))

    assert before.enrollments["sourcedId"].tolist() == own["sourcedId"].tolist()
