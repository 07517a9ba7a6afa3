"""A roster as a whole: pulled over either version, kept, saved, loaded, asked from memory."""

import json
import os
import secrets
import stat
import warnings
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from helpers.district import small_district
from helpers.faultserver import FaultServer
from helpers.records import user

import oneroster_nb as onb
from oneroster_nb.demo.server.embedded import DemoServer

Tables = dict[str, pd.DataFrame]

QUESTIONS = [
    "students",
    "teachers",
    "users",
    "administrators",
    "siteAdministrators",
    "guardians",
    "classes::ELA 6 (6A ELA)::students",
    "classes::*::teachers",
    "courses::Econ 101::users",
    "schools::7::users",
    "schools::*::students",
    "schools::*::administrators",
]
# OneRoster 1.2 demands a school of a line item, which 1.1 does not have.
ONLY_IN_1_2 = {"lineItems": ["schoolSourcedId"]}


@pytest.fixture(scope="module")
def live(server: DemoServer) -> Iterator[dict[str, onb.OneRosterConnector]]:
    secret = (server.client_id, server.client_secret)
    with (
        onb.OneRosterConnector(server.host, *secret) as old,
        onb.OneRosterConnector(server.host_v1p2, *secret, token_url=server.token_url) as new,
    ):
        yield {"1.1": old, "1.2": new}


def sorted_by_id(table: pd.DataFrame) -> pd.DataFrame:
    return table.sort_values("sourcedId", ignore_index=True)


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_every_table_of_the_district_arrives(
    live: dict[str, onb.OneRosterConnector], district: Tables, version: str
) -> None:
    roster = live[version].get_roster(sensitive=True)
    for name, table in district.items():
        snake = "".join("_" + c.lower() if c.isupper() else c for c in name)
        extra = ONLY_IN_1_2.get(name, []) if version == "1.2" else []
        ours = sorted_by_id(getattr(roster, snake)).drop(columns=extra)
        pd.testing.assert_frame_equal(ours, sorted_by_id(table).drop(columns=extra))


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_same_question_gives_the_same_rows(
    live: dict[str, onb.OneRosterConnector], district: Tables, question: str
) -> None:
    old, new = (live[version].query(question) for version in ("1.1", "1.2"))
    local = onb.Roster(district).query(question)
    assert len(old) > 0
    pd.testing.assert_frame_equal(old, new)
    # Lists of members do not say how a person is enrolled; a roster does.
    known = [column for column in old if not column.startswith("enrollment")]
    pd.testing.assert_frame_equal(old[known], local[known])


def test_some_tables_only(live: dict[str, onb.OneRosterConnector]) -> None:
    roster = live["1.1"].get_roster(tables=["orgs", "courses"])
    assert len(roster.courses) > 0
    assert roster.users.empty
    with pytest.raises(onb.QueryError, match=r"'course'.*Did you mean 'courses'"):
        live["1.1"].get_roster(tables=["course"])


def test_references_that_point_nowhere_are_kept_and_said(district: Tables) -> None:
    broken = dict(district)
    gone = broken["courses"]["sourcedId"].iloc[0]
    broken["courses"] = broken["courses"].iloc[1:]
    expected = int((district["classes"]["courseSourcedId"] == gone).sum())
    assert expected > 0
    with (
        DemoServer(broken) as server,
        onb.OneRosterConnector(server.host, server.client_id, server.client_secret) as conn,
        pytest.warns(onb.DanglingReferenceWarning, match=f"{expected} in classes.courseSourcedId"),
    ):
        roster = conn.get_roster()
    assert len(roster.classes) == len(district["classes"])


def test_saved_and_loaded_it_is_the_same(district: Tables, tmp_path: Path) -> None:
    roster = onb.Roster(district, provider="demo")
    path = roster.save(tmp_path / "demo.roster")
    loaded = onb.Roster.load(path)
    assert (loaded.provider, loaded.taken) == (roster.provider, roster.taken)
    for name, table in district.items():
        pd.testing.assert_frame_equal(loaded.table(name), table)
    modes = {stat.S_IMODE(os.stat(file).st_mode) for file in path.iterdir()}
    assert modes == {0o600}
    assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert not [entry for entry in tmp_path.iterdir() if entry.name.startswith(".")]


def test_nothing_is_overwritten_unless_asked(district: Tables, tmp_path: Path) -> None:
    roster = onb.Roster(district)
    path = roster.save(tmp_path / "demo.roster")
    with pytest.raises(onb.SnapshotError, match="overwrite=True"):
        roster.save(path)
    onb.Roster({"orgs": district["orgs"]}).save(path, overwrite=True)
    assert onb.Roster.load(path).users.empty
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.txt").write_text("years of work")
    with pytest.raises(onb.SnapshotError, match="holds no roster"):
        roster.save(other, overwrite=True)
    assert (other / "thesis.txt").is_file()


def change_manifest(path: Path, **changes: object) -> None:
    file = path / "manifest.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def damage(path: Path) -> None:
    file = path / "users.parquet"
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (damage, "'users.parquet' has changed"),
        (lambda path: (path / "users.parquet").unlink(), "'users.parquet' is missing"),
        (lambda path: (path / "manifest.json").unlink(), "no manifest.json"),
        (lambda path: (path / "manifest.json").write_text("{"), "cannot be read"),
        (lambda path: change_manifest(path, format="a cake"), "something else"),
        (lambda path: change_manifest(path, schemaVersion=99), "newer version"),
        (lambda path: change_manifest(path, tables={"users": {"file": "../x"}}), "is missing"),
        (lambda path: change_manifest(path, tables=[]), "not in the form"),
    ],
)
def test_what_is_no_whole_roster_is_refused(
    district: Tables, tmp_path: Path, harm: object, words: str
) -> None:
    path = onb.Roster(district).save(tmp_path / "demo.roster")
    harm(path)  # type: ignore[operator]
    with pytest.raises(onb.SnapshotError, match=words):
        onb.Roster.load(path)


def test_it_shows_counts_and_no_names(district: Tables) -> None:
    roster = onb.Roster(district, provider="<b>demo</b>")
    shown = roster._repr_html_() + repr(roster)
    assert "371" in shown
    assert "<b>demo" not in shown
    assert not [name for name in district["users"]["familyName"] if f">{name}<" in shown]
    with pytest.raises(AttributeError, match="academic_sessions"):
        _ = roster.sessions


@pytest.mark.parametrize("client_auth", ["basic", "body"])
@pytest.mark.parametrize("secret", [None, "s p/a~c&e'%+=:"])
def test_tokens_are_had_either_way_and_renewed(client_auth: str, secret: str | None) -> None:
    with DemoServer(client_secret=secret) as server:
        conn = onb.OneRosterConnector(
            server.host_v1p2,
            server.client_id,
            server.client_secret,
            token_url=server.token_url,
            client_auth=client_auth,
        )
        with conn:
            assert len(conn.get_users("students")) == 139
            server.expire_tokens()
            assert len(conn.get_users("teachers")) == 37


def test_a_wrong_secret_gets_no_token(server: DemoServer) -> None:
    with (
        onb.OneRosterConnector(
            server.host_v1p2, server.client_id, "not it", token_url=server.token_url
        ) as conn,
        pytest.raises(onb.AuthenticationError, match="client id, the secret"),
    ):
        conn.get_users("students")


def test_the_profiles_of_users_are_kept_without_their_credentials(
    server: DemoServer, tmp_path: Path
) -> None:
    password = secrets.token_hex(8)
    ada = user("u1", "student", ["s1"]) | {
        "roles": [{"roleType": "primary", "role": "student", "org": {"sourcedId": "s1"}}],
        "userProfiles": [
            {
                "profileId": "pr1",
                "profileType": "LMS",
                "vendorId": "vendor",
                "credentials": [
                    {"type": "OAuth", "username": "u.one", "password": password},
                    {"type": "SAML", "username": "one@school.example"},
                ],
            },
            {"profileId": "pr2", "profileType": "SIS", "vendorId": "other", "credentials": None},
        ],
    }
    ben = user("u2", "student", ["s1"]) | {"userProfiles": [], "roles": []}
    with (
        FaultServer({"users": [ada, ben], "orgs": []}) as fault,
        onb.OneRosterConnector(fault.host, version="1.2", access_token="made up") as conn,
    ):
        roster = conn.get_roster(tables=["users"])
    roster = onb.Roster.load(roster.save(tmp_path / "kept.roster"))
    profiles = roster.user_profiles
    columns = ["sourcedId", "userSourcedId", "profileType", "vendorId"]
    assert profiles[columns].to_numpy().tolist() == [
        ["pr1", "u1", "LMS", "vendor"],
        ["pr2", "u1", "SIS", "other"],
    ]
    for table in (roster.users, roster.roles, profiles):
        assert password not in table.to_csv()
        assert "u.one" not in table.to_csv()
    assert roster.table("userProfiles") is profiles
    assert onb.Roster({"users": roster.users}).user_profiles.empty


def test_tables_made_by_hand_get_the_dtypes_of_the_schema() -> None:
    tables = small_district()
    whole = onb.Roster(tables)
    users, born = tables["users"], tables["demographics"]
    by_hand = {
        **tables,
        "users": users.assign(
            sourcedId=users["sourcedId"].astype("int64"),
            role=users["role"].astype("category"),
            grades=[text.split(",") if isinstance(text, str) else None for text in users["grades"]],
            enabledUser=users["enabledUser"].map({True: "TRUE", False: "false"}),
            dateLastModified=users["dateLastModified"].dt.tz_localize(None),
        ),
        "demographics": born.assign(birthDate=born["birthDate"].dt.strftime("%Y-%m-%d")),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        roster = onb.Roster(by_hand)
    pd.testing.assert_frame_equal(roster.users, whole.users)
    pd.testing.assert_frame_equal(roster.demographics, whole.demographics)
    assert len(roster.get_users("students", "classes", "31763")) == 3


def test_values_of_tables_made_by_hand_that_cannot_be_read_are_told() -> None:
    tables = small_district()
    born = tables["demographics"]
    days = born["birthDate"].dt.strftime("%Y-%m-%d")
    days[:2] = "in spring"
    with pytest.warns(onb.UnreadableValueWarning, match="demographics .*: 2 in birthDate"):
        roster = onb.Roster({**tables, "demographics": born.assign(birthDate=days)})
    assert roster.demographics["birthDate"].isna().sum() == born["birthDate"].isna().sum() + 2


def test_notes_on_frames_are_no_part_of_a_roster(tmp_path: Path) -> None:
    tables = small_district()
    tables["users"].attrs["note"] = "made up for this test"
    folder = onb.Roster(tables).save(tmp_path / "x.roster")
    assert b"made up for this test" not in (folder / "users.parquet").read_bytes()
    assert tables["users"].attrs


@pytest.mark.parametrize("name", ["get_orgs", "get_schools", "get_line_items"])
def test_a_wrong_argument_is_reported_of_the_call_that_was_made(
    district: Tables, name: str
) -> None:
    call = getattr(onb.Roster(district), name)
    with pytest.raises(TypeError, match=rf"\.{name}\(\).*'were'"):
        call(were={"title": "Art"})
    with pytest.raises(TypeError, match=rf"\.{name}\(\)"):
        call({}, ["title"])
