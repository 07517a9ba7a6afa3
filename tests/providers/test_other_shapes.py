"""Roles and orgs of people that stand where another version of OneRoster has them are not lost."""

import io
import zipfile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from helpers.bundles import packed
from helpers.district import small_district
from helpers.faultserver import FaultServer
from helpers.records import Record, org, user
from helpers.sources import District, bundle_of, roles_of, routes_of, user_1p1, user_1p2

import oneroster_nb as onb

Held = list[tuple[str, str, str]]


def people() -> District:
    """A student at two schools, a teacher who is a guardian elsewhere, and one without a school."""

    def role(kind: str, word: str, at: str) -> Record:
        return {"roleType": kind, "role": word, "org": {"sourcedId": at}}

    both = [role("primary", "teacher", "s1"), role("secondary", "guardian", "s2")]
    return District(
        orgs=[org("s1", "North"), org("s2", "South")],
        users=[
            user("a", "student", ["s1", "s2"]),
            user("g", "teacher", ["s1", "s2"], roles=both),
            user("n", "guardian", []),
        ],
    )


def held(roster: onb.Roster) -> Held:
    columns = roster.roles[["userSourcedId", "role", "orgSourcedId"]]
    return sorted(columns.dropna().itertuples(index=False, name=None))


def said(roster: onb.Roster) -> dict[str, tuple[str, str]]:
    users = roster.users.set_index("sourcedId")[["role", "orgSourcedIds"]].fillna("")
    return dict(zip(users.index, users.itertuples(index=False, name=None), strict=True))


SAID = {"a": ("student", "s1,s2"), "g": ("teacher", "s1,s2"), "n": ("guardian", "")}
ALL_HELD: Held = [
    ("a", "student", "s1"),
    ("a", "student", "s2"),
    ("g", "guardian", "s2"),
    ("g", "teacher", "s1"),
]
ONE_ROLE = [*ALL_HELD[:2], ("g", "teacher", "s1"), ("g", "teacher", "s2")]


def files(version: str) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(bundle_of(people(), version))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def as_version(bundle: dict[str, bytes], version: str) -> bytes:
    other = {"1.1": b"1.2", "1.2": b"1.1"}[version]
    manifest = bundle["manifest.csv"].replace(other, version.encode())
    manifest = b"".join(
        line
        for line in manifest.splitlines(keepends=True)
        if not line.startswith(b"file.") or f"{line[5:].split(b',')[0].decode()}.csv" in bundle
    )
    return packed(bundle | {"manifest.csv": manifest})


def mixed(found: pd.DataFrame) -> str:
    rows = found.loc[found["code"] == "version-mixed"]
    assert set(rows["severity"]) == {"warning"}
    return " ".join(rows["message"])


def test_a_1p2_bundle_whose_users_say_what_they_are() -> None:
    roster = onb.CsvConnector(as_version(files("1.1"), "1.2")).get_roster()

    assert said(roster) == SAID
    assert held(roster) == ONE_ROLE
    assert "3 people were read from users" in mixed(onb.check(roster))


def test_a_1p1_bundle_beside_roles() -> None:
    both = files("1.2") | {"users.csv": files("1.1")["users.csv"]}
    roster = onb.CsvConnector(as_version(both, "1.1")).get_roster()

    assert said(roster) == SAID
    assert held(roster) == ALL_HELD
    # All three: the one without a school has a role that names no org.
    assert "3 people were read as 1.2 has them" in mixed(onb.check(roster))


def test_a_1p2_bundle_with_both_says_what_is_in_users_alone() -> None:
    both = files("1.2") | {"users.csv": files("1.1")["users.csv"]}
    both["roles.csv"] = b"".join(
        line for line in both["roles.csv"].splitlines(keepends=True) if not line.endswith(b"s1\n")
    )
    roster = onb.CsvConnector(as_version(both, "1.2")).get_roster()

    assert held(roster) == [*ALL_HELD, ("g", "teacher", "s2")]
    assert "roles were read from users beside those" in mixed(onb.check(roster))


@pytest.mark.parametrize("version", ["1.1", "1.2"])
@pytest.mark.parametrize("shape", ["roles", "role and orgs", "all of them"])
def test_answers_of_any_shape(version: str, shape: str) -> None:
    what = people()
    routes = routes_of(what, "1.2")

    def shaped(each: Record) -> Record:
        own = {"role": each["role"], "orgs": each["orgs"]} if shape != "roles" else {}
        roles = roles_of(each) if each["orgs"] else [{"role": each["role"], "org": None}]
        return {**user_1p2(each), "roles": roles if shape != "role and orgs" else [], **own}

    routes["users"] = [shaped(each) for each in what.users]
    with (
        FaultServer(routes) as server,
        onb.OneRosterConnector(server.host, "an id", "a secret", version=version) as conn,
    ):
        roster = conn.get_roster()
        guardians = conn.get_users("guardians")["sourcedId"].tolist()

    assert said(roster) == SAID
    assert held(roster) == (ONE_ROLE if shape == "role and orgs" else ALL_HELD)
    assert guardians == (["n"] if shape == "role and orgs" else ["g", "n"])
    usual = {"1.1": "role and orgs", "1.2": "roles"}[version]
    codes = set(onb.check(roster)["code"])
    assert ("version-mixed" in codes) == (
        shape != usual and (version, shape) != ("1.2", "all of them")
    )


def test_a_server_of_1p1_that_mixes_both() -> None:
    routes = routes_of(people(), "1.1")
    routes["users"] = [user_1p1(people().users[0]), user_1p2(people().users[1])]
    with (
        FaultServer(routes) as server,
        onb.OneRosterConnector(server.host, "an id", "a secret") as conn,
    ):
        roster = conn.get_roster()

    assert held(roster) == ALL_HELD


@pytest.mark.filterwarnings("ignore::oneroster_nb.errors.PartialResultWarning")
@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_a_role_without_an_org_comes_back_from_a_bundle(version: str, tmp_path: Path) -> None:
    tables = small_district()
    users = tables["users"].copy()
    users.loc[0, ["orgSourcedIds", "primaryOrgSourcedId"]] = None
    roles = tables["roles"]
    roles = roles.loc[roles["userSourcedId"] != users.loc[0, "sourcedId"]]
    roster = onb.Roster({**tables, "users": users, "roles": roles})

    conn = onb.CsvConnector(roster.to_csv_bundle(tmp_path / "some.zip", version))
    back: Any = conn.get_roster().users.iloc[0]
    assert (back["sourcedId"], back["role"]) == (users.loc[0, "sourcedId"], users.loc[0, "role"])
    assert pd.isna(back["orgSourcedIds"])
    assert "version-mixed" not in set(conn.findings["code"])
    assert len(conn.get_users("students")) == len(roster.get_users("students"))


def test_an_administrator_of_any_kind_is_one_in_users() -> None:
    what = people()
    what.users = [user("p", "siteAdministrator", ["s1"]), user("q", "administrator", ["s1"])]
    roster = onb.CsvConnector(bundle_of(what, "1.1")).get_roster()

    assert roster.users["role"].tolist() == ["administrator", "administrator"]
    assert roster.roles["role"].tolist() == ["siteAdministrator", "siteAdministrator"]
