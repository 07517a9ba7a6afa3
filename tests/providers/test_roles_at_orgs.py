"""A role holds at its own org only, in every question and from every source."""

from collections.abc import Iterator

import pandas as pd
import pytest
from helpers.mixedschool import SOURCES, mixed, source_of

import oneroster_nb as onb
from oneroster_nb.source.source import Source
from oneroster_nb.tables.roles_at_orgs import holds_role, roles_at_orgs

EXPECTED = {
    ("students", "North"): {"north", "both", "helper", "second"},
    ("students", "South"): {"south", "both"},
    ("teachers", "North"): {"teacher"},
    ("teachers", "South"): {"other"},
    ("aides", "North"): set(),
    ("aides", "South"): {"teacher", "helper", "second"},
    ("users", "North"): {"north", "both", "helper", "second", "teacher"},
    ("users", "South"): {"south", "both", "other"},
}


@pytest.fixture(scope="module", params=SOURCES)
def source(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator:
    with source_of(request.param, tmp_path_factory.mktemp("mixed")) as opened:
        yield opened


@pytest.mark.parametrize(("users", "school"), EXPECTED)
def test_people_of_a_school_are_what_they_are_there(
    source: Source, users: str, school: str
) -> None:
    found = source.get_users(users, "schools", school)

    assert set(found["sourcedId"]) == EXPECTED[users, school]
    assert found["sourcedId"].is_unique


@pytest.mark.parametrize("users", ["students", "teachers", "aides", "users"])
def test_people_of_all_schools_are_those_of_each(source: Source, users: str) -> None:
    found = source.get_users(users, "schools")

    for school in ("North", "South"):
        there = found.loc[found["groupName"] == school, "sourcedId"]
        assert set(there) == EXPECTED[users, school]
    assert not found.duplicated(["sourcedId", "groupSourcedId"]).any()


def test_without_a_group_every_role_counts(source: Source) -> None:
    assert set(source.get_users("students")["sourcedId"]) == {
        *("north", "south", "both", "helper", "second")
    }
    assert set(source.get_users("aides")["sourcedId"]) == {"teacher", "helper", "second"}


def test_groups_count_the_people_of_a_role_there(source: Source) -> None:
    groups = source.get_roster().groups("schools").set_index("name")

    assert groups["studentCount"].to_dict() == {"North": 4, "South": 2}
    assert groups["teacherCount"].to_dict() == {"North": 1, "South": 1}


def test_seats_are_for_people_in_their_role_there(source: Source) -> None:
    seats = source.seats(["schools::North::teachers", "schools::South::teachers"])

    assert seats["people"].tolist() == [1, 1, 2]


def test_a_student_at_one_school_is_not_at_several(source: Source) -> None:
    found = source.multi_school()

    assert found["sourcedId"].tolist() == ["both"]
    assert found["schoolCount"].tolist() == [2]


def test_check_finds_students_at_several_schools_by_their_role_there(source: Source) -> None:
    found = onb.check(source)

    several = found.loc[found["code"] == "student-with-two-schools", "sourcedId"]
    assert several.tolist() == ["both"]


def test_check_compares_enrollments_with_the_role_at_that_school() -> None:
    tables = mixed()
    enrollments = tables["enrollments"]
    row = enrollments.loc[enrollments["userSourcedId"] == "teacher"].iloc[0]
    south = row.copy()
    south[["sourcedId", "classSourcedId", "schoolSourcedId"]] = ["extra", "c2", "s2"]
    tables["enrollments"] = pd.concat([enrollments, south.to_frame().T]).astype(enrollments.dtypes)

    found = onb.check(onb.Roster(tables))

    assert found.loc[found["code"] == "enrollment-role", "sourcedId"].tolist() == ["extra"]


def test_a_role_that_is_marked_tobedeleted_counts_only_with_all() -> None:
    tables = mixed()
    roles = tables["roles"]
    gone = roles["sourcedId"] == "both@s2"
    tables["roles"] = roles.assign(status=roles["status"].mask(gone, "tobedeleted"))
    roster = onb.Roster(tables)

    assert set(roster.get_users("students", "schools", "South")["sourcedId"]) == {"south"}
    all_users = roster.get_users("students", "schools", "South", status="all")
    assert set(all_users["sourcedId"]) == {"south", "both"}
    assert roster.multi_school().empty


def test_where_no_role_is_told_the_person_is_what_the_user_says() -> None:
    users = pd.DataFrame(
        {
            "sourcedId": ["a", "b", "c"],
            "role": ["student", "teacher", None],
            "orgSourcedIds": ["s1,s2", "s1", "s1,s3"],
        }
    )
    roles = pd.DataFrame(
        {
            "userSourcedId": ["b", "b", "nobody", "c"],
            "role": ["guardian", "aide", "student", "proctor"],
            "orgSourcedId": ["s1", None, "s1", "s3"],
            "status": ["active", "active", "active", "tobedeleted"],
        }
    )

    held = roles_at_orgs(users, roles)

    orgs = held["org"].fillna("-")
    assert sorted(zip(held["user"], orgs, held["role"], held["active"], strict=True)) == [
        (0, "s1", "student", True),
        (0, "s2", "student", True),
        (1, "-", "aide", True),
        (1, "s1", "guardian", True),
        (2, "s3", "proctor", False),
    ]
    asked = pd.DataFrame(
        {
            "user": [0, 0, 0, 1, 1, 1],
            "org": ["s1", "s9", "s9", "s1", "s9", None],
            "role": ["student", "student", "teacher", "teacher", "teacher", "aide"],
        }
    )
    held_there = holds_role(users, roles, asked["user"].to_numpy(), asked["org"], asked["role"])
    assert held_there.tolist() == [True, True, False, False, True, True]


def test_on_a_day_who_holds_no_other_role_than_student_needs_an_enrollment() -> None:
    tables = mixed()
    users, roles = tables["users"], tables["roles"]
    here = users["sourcedId"] == "helper"  # a student at North, in no class
    users.loc[here, "role"] = None
    tables["roles"] = roles.loc[(roles["userSourcedId"] != "helper") | (roles["role"] == "student")]
    roster = onb.Roster(tables)

    assert users.loc[here, "orgSourcedIds"].tolist() == ["s1,s2"]
    assert "helper" in set(roster.get_users()["sourcedId"])
    assert "helper" not in set(roster.get_users(as_of="2026-10-01")["sourcedId"])
    # Without `users.role` this person has a problem, but not on that day.
    assert "helper" in set(roster.grade_and_role_problems()["sourcedId"])
    assert "helper" not in set(roster.grade_and_role_problems(as_of="2026-10-01")["sourcedId"])
