"""Deltas: what is not stated is not applied, what shrinks is refused, the latest row counts."""

from typing import Any

import pandas as pd
import pytest
from helpers.bundles import packed
from helpers.records import Record, org, user
from helpers.sources import District, bundle_of, file_of

import oneroster_nb as onb

COLUMNS = ["role", "orgSourcedIds", "username", "givenName", "familyName"]


def roster(version: str = "1.1") -> onb.Roster:
    people = [user(f"u{number}", "student", ["s1"]) for number in range(10)]
    what = District(orgs=[org("s1", "North"), org("s2", "South")], users=people)
    return onb.CsvConnector(bundle_of(what, version)).get_roster()


def users(manifest: str, *rows: Record, columns: list[str] = COLUMNS) -> bytes:
    files = {"users.csv": file_of("users", rows, columns)}
    if manifest:
        files["manifest.csv"] = f"propertyName,value\n{manifest}\n".encode()
    return packed(files)


@pytest.mark.parametrize(
    "manifest", ["", "oneroster.version,1.1", "file.users,delat", "file.users,"]
)
def test_a_file_without_a_mode_is_not_applied(manifest: str) -> None:
    before = roster()
    with pytest.raises(onb.BundleError, match=r"users\.csv") as raised:
        before.apply_delta(users(manifest, user("u1", "student", ["s2"])))

    assert "file.users,delta" in str(raised.value)
    assert "get_roster()" in str(raised.value)


def test_such_a_bundle_is_still_read_as_a_whole() -> None:
    conn = onb.CsvConnector(users("", user("u1", "student", ["s2"])))

    assert conn.get_users("students")["sourcedId"].tolist() == ["u1"]


@pytest.mark.parametrize("left", [0, 1, 4])
def test_a_bulk_file_that_shrinks_a_table_is_refused(left: int) -> None:
    rows = [user(f"u{number}", "student", ["s1"]) for number in range(left)]
    bundle = users("file.users,bulk", *rows)
    before = roster()
    with pytest.raises(onb.IncompleteError, match=f"users from 10 to {left} rows") as raised:
        before.apply_delta(bundle)

    assert "allow_shrink=True" in str(raised.value)
    assert len(before.apply_delta(bundle, allow_shrink=True).users) == left


def test_half_of_a_table_is_accepted() -> None:
    rows = [user(f"u{number}", "student", ["s1"]) for number in range(5)]

    assert len(roster().apply_delta(users("file.users,bulk", *rows)).users) == 5


@pytest.mark.parametrize(
    ("moments", "expected"),
    [
        (["2026-09-01", "2026-09-02"], "second"),
        (["2026-09-02", "2026-09-01"], "first"),
        (["2026-09-01", "2026-09-01"], "second"),
        (["", ""], "second"),
        (["2026-09-01", ""], "first"),
        (["", "2026-09-01"], "second"),
        (["2026-09-01T10:00:00+02:00", "2026-09-01T09:00:00Z"], "second"),
    ],
)
@pytest.mark.parametrize("key", ["u1", "new"])
def test_of_several_rows_of_one_id_the_latest_counts(
    key: str, moments: list[str], expected: str
) -> None:
    rows = [
        user(key, "student", ["s1"], givenName=name, dateLastModified=moment)
        for name, moment in zip(("first", "second"), moments, strict=True)
    ]
    after = roster().apply_delta(users("file.users,delta", *rows))

    changed = after.users.loc[after.users["sourcedId"] == key]
    assert changed["givenName"].tolist() == [expected]
    assert (after.findings["code"] == "row-superseded").sum() == 1


def test_a_later_mark_of_deletion_counts_and_an_earlier_one_does_not() -> None:
    def row(status: str, day: str, key: str) -> Record:
        return user(key, "student", ["s1"], status=status, dateLastModified=f"2026-09-0{day}")

    after = roster().apply_delta(
        users(
            "file.users,delta",
            *(row("tobedeleted", "2", "u1"), row("active", "1", "u1")),
            *(row("tobedeleted", "1", "u2"), row("active", "2", "u2")),
        )
    )
    status = after.users.set_index("sourcedId")["status"]
    assert (status["u1"], status["u2"]) == ("tobedeleted", "active")


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_a_change_without_roles_keeps_the_roles(version: str) -> None:
    before = roster(version)
    manifest = f"oneroster.version,{version}\nfile.users,delta"
    row = user("u1", "student", ["s1"], givenName="Other")
    after = before.apply_delta(users(manifest, row, columns=["username", "givenName"]))

    changed: Any = after.users.set_index("sourcedId").loc["u1"]
    assert (changed["givenName"], changed["role"]) == ("Other", "student")
    assert changed["orgSourcedIds"] == "s1"
    pd.testing.assert_frame_equal(after.roles, before.roles)


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_a_change_of_school_is_one_of_roles(version: str) -> None:
    manifest = f"oneroster.version,{version}\nfile.users,delta"
    after = roster(version).apply_delta(users(manifest, user("u1", "student", ["s2"])))

    roles = after.roles.loc[after.roles["userSourcedId"] == "u1"]
    assert roles[["role", "orgSourcedId"]].to_numpy().tolist() == [["student", "s2"]]
    assert after.get_users("students", "schools", "South")["sourcedId"].tolist() == ["u1"]
    assert len(after.get_users("students", "schools", "North")) == 9
