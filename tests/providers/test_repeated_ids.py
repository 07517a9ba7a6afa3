"""Rows that share a sourcedId, from every source: identical ones, those of one person, others."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from helpers.records import Record, course, enrollment, org, section, session, user
from helpers.sources import KINDS, District, bundle_of, opened

import oneroster_nb as onb
from oneroster_nb.errors import DuplicateKeyWarning
from oneroster_nb.tables.repeated_keys import distinct_rows
from oneroster_nb.tables.table import empty_table

HAND = "tables made by hand"


def district(*users: Record) -> District:
    return District(
        orgs=[org("d", "District", "district"), org("s1", "North"), org("s2", "South")],
        sessions=[session("t1", "Fall", "2026-08-01", "2026-12-20")],
        courses=[course("co1", "Art", "s1")],
        classes=[section("c1", "Art 1", "co1", "s1", ["t1"])],
        users=[*users, user("z", "teacher", ["s1"])],
        enrollments=[
            *(enrollment(f"e-{key}", key, "c1", "s1", "student") for key in ids(users)),
            enrollment("e-z", "z", "c1", "s1", "teacher", primary="true"),
        ],
    )


def ids(users: Any) -> list[str]:
    return list(dict.fromkeys(str(each["sourcedId"]) for each in users))


@contextmanager
def any_source(kind: str, what: District, folder: Path) -> Iterator[Any]:
    """Open a source; by hand, a roster of the tables with the rows as they are."""
    if kind != HAND:
        with opened(kind, what, folder) as source:
            yield source
        return
    once = District(
        **{**vars(what), "users": [user(key, "student", []) for key in ids(what.users)]}
    )
    tables = onb.CsvConnector(bundle_of(once, "1.1")).get_roster()._tables
    rows = [
        {
            **{name: value for name, value in each.items() if isinstance(value, str)},
            "orgSourcedIds": ",".join(o["sourcedId"] for o in each["orgs"]) or None,
            "grades": ",".join(each["grades"]) or None,
        }
        for each in what.users
    ]
    columns = empty_table("users").columns
    users = pd.DataFrame(rows).reindex(columns=columns).astype("str").replace("", None)
    yield onb.Roster({**tables, "users": users, "roles": tables["roles"].head(0)})


EVERY = [*KINDS, HAND]


@pytest.mark.parametrize("kind", EVERY)
def test_identical_rows_are_one(kind: str, tmp_path: Path) -> None:
    what = district(user("a", "student", ["s1"]), user("a", "student", ["s1"]))
    with any_source(kind, what, tmp_path) as source:
        assert source.get_users("students")["sourcedId"].tolist() == ["a"]
        assert source.get_users("students", "schools")["sourcedId"].tolist() == ["a"]
        assert "key-repeated" not in set(onb.check(source)["code"])


@pytest.mark.parametrize("kind", EVERY)
def test_a_person_with_a_row_a_school_is_one_at_both(kind: str, tmp_path: Path) -> None:
    later = "2026-09-01T10:00:00.000Z"
    what = district(
        user("a", "student", ["s1"]),
        user("b", "student", ["s2"]),
        user("a", "student", ["s2"], dateLastModified=later),
    )
    with any_source(kind, what, tmp_path) as source:
        students = source.get_users("students").set_index("sourcedId")
        assert students["orgSourcedIds"].to_dict() == {"a": "s1,s2", "b": "s2"}
        if kind != HAND:
            assert students["primaryOrgSourcedId"].to_dict() == {"a": "s1", "b": "s2"}
        assert students["dateLastModified"]["a"] == pd.Timestamp(later)
        at = source.get_users("students", "schools")
        assert list(zip(at["groupSourcedId"], at["sourcedId"], strict=True)) == [
            ("s1", "a"),
            ("s2", "a"),
            ("s2", "b"),
        ]
        assert set(source.get_users("students", "schools", "South")["sourcedId"]) == {"a", "b"}
        roster = source.get_roster()
        held = roster.roles.loc[roster.roles["userSourcedId"] == "a"]
        assert held["orgSourcedId"].tolist() == ["s1", "s2"]
        found = onb.check(source)
    (row,) = found.loc[found["code"] == "rows-joined"].to_dict("records")
    assert row["severity"] == "info"
    assert "1 people have 2 rows" in row["message"]


@pytest.mark.parametrize("kind", EVERY)
def test_a_person_with_a_row_a_role_has_each_role_where_it_is_held(
    kind: str, tmp_path: Path
) -> None:
    what = district(user("b", "student", ["s1"]))
    what.users += [user("g", "teacher", ["s1"]), user("g", "guardian", ["s2"])]
    for each in what.users:
        each["grades"] = []
    with any_source(kind, what, tmp_path) as source:
        roster = source.get_roster()
        held = roster.roles.loc[roster.roles["userSourcedId"] == "g"]
        assert list(zip(held["role"], held["orgSourcedId"], strict=True)) == [
            ("teacher", "s1"),
            ("guardian", "s2"),
        ]
        assert roster.users.set_index("sourcedId")["orgSourcedIds"]["g"] == "s1,s2"
        assert source.get_users("teachers", "schools", "North")["sourcedId"].tolist() == ["z", "g"]
        guardians = source.get_users("guardians", "schools")
        assert guardians[["sourcedId", "groupSourcedId"]].to_numpy().tolist() == [["g", "s2"]]


@pytest.mark.parametrize("kind", EVERY)
def test_a_row_marked_deleted_takes_no_place_beside_an_active_one(
    kind: str, tmp_path: Path
) -> None:
    what = district(
        user("a", "student", ["s1"], status="tobedeleted"), user("a", "student", ["s2"])
    )
    with any_source(kind, what, tmp_path) as source:
        students = source.get_users("students")
        assert students["orgSourcedIds"].tolist() == ["s2"]
        assert source.get_users("students", "schools", "North").empty
        assert source.get_users("students", "schools", "South")["sourcedId"].tolist() == ["a"]


@pytest.mark.parametrize("kind", EVERY)
def test_rows_that_say_something_else_are_counted(kind: str, tmp_path: Path) -> None:
    key = "1.23457E+11"
    pupils = [user(key, "student", ["s1"], username=f"u{n}", givenName=f"G{n}") for n in range(300)]
    with (
        pytest.warns(DuplicateKeyWarning, match="299 rows") as caught,
        any_source(kind, district(*pupils), tmp_path) as source,
    ):
        found = onb.check(source)
    ignored = warnings.catch_warnings(action="ignore", category=DuplicateKeyWarning)
    with ignored, any_source(kind, district(*pupils), tmp_path) as source:
        assert source.get_users("students")["givenName"].tolist() == ["G0"]
    assert "spreadsheet" in str(caught[0].message)
    (row,) = found.loc[found["code"] == "key-repeated"].to_dict("records")
    assert (row["severity"], row["table"], row["explains"]) == ("error", "users", 299)
    assert row["sourcedId"] == key
    assert "spreadsheet" in row["message"]
    assert "299 rows" in row["message"]


@pytest.mark.parametrize("kind", EVERY)
def test_other_ids_do_not_name_a_spreadsheet(kind: str, tmp_path: Path) -> None:
    pupils = [user("a", "student", ["s1"]), user("a", "student", ["s1"], givenName="Other")]
    with (
        pytest.warns(DuplicateKeyWarning, match="1 rows") as caught,
        any_source(kind, district(*pupils), tmp_path) as source,
    ):
        students = source.get_users("students")
    assert students["givenName"].tolist() == ["Given a"]
    assert not any("spreadsheet" in str(each.message) for each in caught)


@pytest.mark.parametrize("kind", KINDS)
def test_repeated_classes_and_enrollments_are_kept_once(kind: str, tmp_path: Path) -> None:
    what = district(user("a", "student", ["s1"]))
    what.classes.append({**what.classes[0], "title": "Other"})
    what.enrollments.append(dict(what.enrollments[0]))
    ignored = warnings.catch_warnings(action="ignore", category=DuplicateKeyWarning)
    with ignored, opened(kind, what, tmp_path) as source:
        assert source.get_classes()["title"].tolist() == ["Art 1"]
        assert source.get_enrollments()["sourcedId"].tolist() == ["e-a", "e-z"]
        assert source.get_roster().class_sizes()["students"].tolist() == [1]


def test_findings_of_repeated_rows_are_saved(tmp_path: Path) -> None:
    pupils = [user("a", "student", ["s1"]), user("a", "student", ["s1"], givenName="Other")]
    with pytest.warns(DuplicateKeyWarning):
        roster = onb.CsvConnector(bundle_of(district(*pupils), "1.2")).get_roster()
    again = onb.Roster.load(roster.save(tmp_path / "kept.roster"))

    assert "key-repeated" in set(onb.check(again)["code"])


def test_rows_without_an_id_are_all_kept() -> None:
    users = empty_table("users").reindex(range(4)).assign(status="active")
    users["sourcedId"] = ["a", None, None, "a"]
    users["orgSourcedIds"] = ["s1", "s1", "s1", "s2"]

    rows = distinct_rows("users", users)
    assert rows.table["orgSourcedIds"].tolist() == ["s1,s2", "s1", "s1"]
    assert len(rows.parts) == 4
