"""Every kind of question to the demo district, against answers worked out in plain Python."""

import itertools
import warnings
from collections.abc import Callable, Sequence

import pandas as pd
import pytest
from helpers.oracle import (
    DEFAULT_MATCH_ON,
    ENROLLMENT,
    MEMBERSHIP,
    Oracle,
    Row,
    joined,
    rows_of,
    values,
)

from oneroster_nb import OneRosterConnector, errors
from oneroster_nb.demo.server.embedded import DemoServer
from oneroster_nb.tables.table import TABLES

Connect = Callable[..., OneRosterConnector]

USER_COLUMNS = list(TABLES["users"].visible())

# A name, an id, and names and ids mixed, of each kind of group of the demo district.
NAMES: dict[str, list[object]] = {
    "classes": ["ELA 6 (6A ELA)", "31763", ["31763", "ELA 6 (6B ELA)", "31710"], None],
    "courses": ["Econ 101", "c53", ["c53", "Econ 101", "Art 101"], None],
    "schools": ["Classlink HS", "7", ["7", "North Elementary School"], None],
}
COMBINATIONS = [
    pytest.param(users, kind, name, id=f"{kind}::{name or '*'}::{users}")
    for users, kind in itertools.product(["students", "teachers", "users"], NAMES)
    for name in NAMES[kind]
]


@pytest.fixture(scope="module")
def oracle(district: dict[str, pd.DataFrame]) -> Oracle:
    return Oracle.of(district)


def listed(name: object) -> list[str] | None:
    return [name] if isinstance(name, str) else name  # type: ignore[return-value]


def assert_same_rows(frame: pd.DataFrame, expected: Sequence[Row], columns: Sequence[str]) -> None:
    """Check that two answers hold the same rows, each as often, whatever their order."""

    def ordered(rows: Sequence[Row]) -> list[str]:
        return sorted(repr([(name, row[name]) for name in columns]) for row in rows)

    assert ordered(rows_of(frame)) == ordered(expected)


@pytest.mark.parametrize(("users", "kind", "name"), COMBINATIONS)
def test_a_question_with_a_group(
    demo: OneRosterConnector, oracle: Oracle, users: str, kind: str, name: object
) -> None:
    frame = demo.get_users(users, kind, name)

    expected = oracle.ask(users, kind, listed(name))
    assert expected  # a question that matches nothing would prove nothing
    assert_same_rows(frame, expected, USER_COLUMNS + MEMBERSHIP)


@pytest.mark.parametrize(("users", "kind", "name"), COMBINATIONS)
def test_user_columns_come_first_and_membership_columns_after(
    demo: OneRosterConnector, users: str, kind: str, name: object
) -> None:
    columns = list(demo.get_users(users, kind, name).columns)

    assert columns[: len(USER_COLUMNS)] == USER_COLUMNS
    tail = columns[-len(MEMBERSHIP + ENROLLMENT) :]
    assert tail == MEMBERSHIP + ENROLLMENT


def test_sections_are_another_word_for_classes(demo: OneRosterConnector) -> None:
    frame = demo.get_users("students", "sections", "31763")

    pd.testing.assert_frame_equal(frame, demo.get_users("students", "classes", "31763"))
    assert set(frame["groupType"]) == {"classes"}


@pytest.mark.parametrize("users", ["students", "teachers", "guardians", "aides", "administrators"])
def test_a_question_without_a_group(demo: OneRosterConnector, oracle: Oracle, users: str) -> None:
    frame = demo.get_users(users)

    schools = {org["sourcedId"]: org["name"] for org in oracle.groups("schools")}
    expected = []
    for user in oracle.table("users"):
        at = [org for org in values(user["orgSourcedIds"]) if org in schools]
        if user["role"] == users[:-1]:
            place = {
                "schoolSourcedIds": joined(at) or None,
                "schoolNames": joined(schools[org] for org in at) or None,
            }
            expected.append({**user, **place})
    assert expected
    assert_same_rows(frame, expected, [*USER_COLUMNS, "schoolSourcedIds", "schoolNames"])


def test_users_without_a_group_are_all_people(
    demo: OneRosterConnector, district: dict[str, pd.DataFrame]
) -> None:
    assert list(demo.get_users()["sourcedId"]) == list(district["users"]["sourcedId"])


@pytest.mark.parametrize(
    ("users", "kind", "name"),
    [("aides", "classes", None), ("aides", "schools", "3"), ("administrators", "schools", None)],
)
def test_other_roles_go_by_enrollment_or_by_org(
    demo: OneRosterConnector, oracle: Oracle, users: str, kind: str, name: object
) -> None:
    expected = oracle.ask(users, kind, listed(name))

    with warnings.catch_warnings():  # nobody of that kind there is a fair answer as well
        warnings.simplefilter("ignore", errors.RosterWarning)
        frame = demo.get_users(users, kind, name)
    assert_same_rows(frame, expected, USER_COLUMNS + MEMBERSHIP)


# --- what a name is compared with ------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "name", "match_on"),
    [
        ("classes", "302", "location"),
        ("classes", "302", ["location"]),
        ("classes", "302", ["title", "location"]),
        ("classes", ["302", "Art Room 1"], ("location", "title")),
        ("classes", "2-ECON101-11-12B1", "classCode"),
        ("classes", "31763", "sourcedId"),
        ("classes", ["31763", "31710"], "sourcedId"),
        ("courses", "c53", "sourcedId"),
        ("schools", "7", "sourcedId"),
        ("classes", "06", "grades"),
        ("classes", "12", "grades"),
        ("courses", "07", "grades"),
        ("classes", "Business", "subjects"),
        ("classes", "5", "periods"),
        ("classes", "s2", "termSourcedIds"),
        ("classes", "Econ 101", "courseTitle"),
        ("classes", "Lincoln Middle School", "schoolName"),
        ("classes", "Semester 2", "termTitles"),
        ("courses", "Classlink District", "schoolName"),
        ("courses", "c53", ["courseCode", "sourcedId"]),
        ("schools", "2", ["name", "sourcedId"]),
    ],
)
def test_match_on(
    demo: OneRosterConnector, oracle: Oracle, kind: str, name: object, match_on: object
) -> None:
    frame = demo.get_users("students", kind, name, match_on)

    fields = [match_on] if isinstance(match_on, str) else list(match_on)  # type: ignore[call-overload]
    expected = oracle.ask("students", kind, listed(name), fields)
    assert expected
    assert_same_rows(frame, expected, USER_COLUMNS + MEMBERSHIP)


@pytest.mark.parametrize("name", ["6", "06", "Sixth"])
def test_grades_match_by_value(demo: OneRosterConnector, oracle: Oracle, name: str) -> None:
    frame = demo.get_users("students", "classes", name, "grades")

    expected = oracle.ask("students", "classes", ["06"], ["grades"])
    assert_same_rows(frame, expected, USER_COLUMNS + MEMBERSHIP)


def test_matched_on_is_the_first_field_that_matched(demo: OneRosterConnector) -> None:
    room_first = demo.get_users("students", "classes", ["302", "31763"], ["location", "sourcedId"])
    id_first = demo.get_users("students", "classes", ["302", "31763"], ["sourcedId", "location"])

    assert dict(zip(room_first["classSourcedId"], room_first["matchedOn"], strict=True)) == (
        dict.fromkeys(room_first["classSourcedId"], "location")
    )
    assert set(id_first.loc[id_first["classSourcedId"] == "31763", "matchedOn"]) == {"sourcedId"}
    assert set(id_first.loc[id_first["classSourcedId"] != "31763", "matchedOn"]) == {"location"}


def test_match_groups_by_is_the_default_of_the_connector(
    server: DemoServer, connected: Connect, oracle: Oracle
) -> None:
    connector = connected(server)
    assert list(connector.match_groups_by) == list(DEFAULT_MATCH_ON)

    connector.match_groups_by = ["location"]

    assert list(connector.match_groups_by) == ["location"]
    frame = connector.get_users("students", "classes", "302")
    expected = oracle.ask("students", "classes", ["302"], ["location"])
    assert_same_rows(frame, expected, USER_COLUMNS + MEMBERSHIP)
    # What is said in a call goes before it.
    assert len(connector.get_users("students", "classes", "31763", "sourcedId")) == 3


def test_match_on_of_the_constructor_is_match_groups_by(
    server: DemoServer, connected: Connect
) -> None:
    connector = connected(server, match_on="location")

    assert list(connector.match_groups_by) == ["location"]
    assert len(connector.get_users("students", "classes", "302")) == 13


@pytest.mark.parametrize(
    ("kind", "name", "match"),
    [
        ("classes", "  eLa 6 (6a eLa) ", "exact"),
        ("schools", "CLASSLINK hs", "exact"),
        ("classes", "econ", "contains"),
        ("classes", "(6a", "contains"),
        ("schools", "school", "contains"),
        ("courses", ["econ", "art 10"], "contains"),
        ("classes", "ela ? (6*", "glob"),
        ("classes", "*econ*", "glob"),
        ("classes", "*(1[12]-*", "glob"),
        ("courses", "art 10[!2]", "glob"),
        ("schools", "?*", "glob"),
        ("classes", "^ela [67] ", "regex"),
        ("courses", r"\b10[12]$", "regex"),
        ("schools", "lincoln|north", "regex"),
        ("classes", ["^ela 6", "^econ"], "regex"),
    ],
)
def test_match(
    demo: OneRosterConnector, oracle: Oracle, kind: str, name: object, match: str
) -> None:
    frame = demo.get_users("students", kind, name, match=match)

    expected = oracle.ask("students", kind, listed(name), match=match)
    assert expected
    assert_same_rows(frame, expected, USER_COLUMNS + MEMBERSHIP)


def test_a_glob_matches_the_whole_value_and_a_regex_any_part(demo: OneRosterConnector) -> None:
    with pytest.warns(errors.NoMatchWarning):
        assert demo.get_users("students", "classes", ["econ", "3176", "1763"], match="glob").empty
    assert len(demo.get_users("students", "classes", "31763", match="glob")) == 3
    assert len(demo.get_users("students", "classes", "^3176[3]", match="regex")) == 3


@pytest.mark.parametrize("name", ["Econ 101 (", "[6A", "ELA 6 (6A ELA)*", "a+b", "\\"])
def test_signs_of_patterns_are_plain_in_exact_and_contains(
    demo: OneRosterConnector, oracle: Oracle, name: str
) -> None:
    for match in ("exact", "contains"):
        expected = oracle.ask("students", "classes", [name], match=match)
        if expected:
            frame = demo.get_users("students", "classes", name, match=match)
            assert_same_rows(frame, expected, USER_COLUMNS + MEMBERSHIP)
        else:
            with pytest.warns(errors.NoMatchWarning):
                assert demo.get_users("students", "classes", name, match=match).empty


# --- terms -----------------------------------------------------------------------------------

TERMS = ["Semester 1", "s2", "2026-2027", "gp4", "Quarter 1"]


@pytest.mark.parametrize("term", TERMS)
@pytest.mark.parametrize("kind", ["classes", "courses"])
def test_a_term_takes_its_classes(
    demo: OneRosterConnector, oracle: Oracle, kind: str, term: str
) -> None:
    frame = demo.get_users("users", kind, term=term)

    classes = oracle.in_term(term)
    expected = [row for row in oracle.ask("users", kind) if row["classSourcedId"] in classes]
    assert_same_rows(frame, expected, USER_COLUMNS + MEMBERSHIP)


@pytest.mark.parametrize("term", TERMS)
def test_a_term_takes_the_users_of_a_school_who_are_enrolled_in_it(
    demo: OneRosterConnector, oracle: Oracle, term: str
) -> None:
    frame = demo.get_users("users", "schools", "Classlink HS", term=term)

    enrolled = oracle.enrolled_in(term)
    expected = [
        row for row in oracle.ask("users", "schools", ["2"]) if row["sourcedId"] in enrolled
    ]
    assert_same_rows(frame, expected, [*USER_COLUMNS, "groupSourcedId", "schoolName"])


@pytest.mark.parametrize("users", ["students", "users"])
def test_a_term_without_a_group_takes_those_enrolled_in_it_and_other_people(
    demo: OneRosterConnector, oracle: Oracle, users: str
) -> None:
    frame = demo.get_users(users, term="s1")

    enrolled = oracle.enrolled_in("s1")
    # Students and teachers need an enrollment; other people are not enrolled in anything.
    expected = [
        user
        for user in oracle.table("users")
        if (users == "users" and user["role"] not in ("student", "teacher"))
        or (user["sourcedId"] in enrolled and (users == "users" or user["role"] == "student"))
    ]
    assert_same_rows(frame, expected, USER_COLUMNS)


def test_terms_narrow_the_answer(demo: OneRosterConnector) -> None:
    """Econ 101 is a class of the first semester only."""
    assert len(demo.get_users("students", "classes", "31733", term="Semester 1")) == 3
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", errors.NoMatchWarning)
        assert demo.get_users("students", "classes", "31733", term="Semester 2").empty


# --- how many, and once each -----------------------------------------------------------------


@pytest.mark.parametrize("question", [("students",), ("users", "classes"), ("teachers", "courses")])
@pytest.mark.parametrize("bound", [1, 5, 30])
def test_max_users_counts_distinct_users(
    demo: OneRosterConnector, question: tuple[str, ...], bound: int
) -> None:
    frame = demo.get_users(*question, max_users=bound)

    whole = demo.get_users(*question)
    kept = list(dict.fromkeys(whole["sourcedId"]))[:bound]
    expected = whole[whole["sourcedId"].isin(kept)].reset_index(drop=True)
    pd.testing.assert_frame_equal(frame, expected)


def test_max_users_of_the_connector_is_the_default(server: DemoServer, connected: Connect) -> None:
    connector = connected(server, max_users=4)

    assert len(connector.get_users("students")) == 4
    assert len(connector.get_users("students", max_users=9)) == 9
    assert len(connector.get_users("students", max_users=0)) == 139


@pytest.mark.parametrize("bound", [139, 500])
def test_a_bound_that_is_not_reached_changes_nothing(demo: OneRosterConnector, bound: int) -> None:
    pd.testing.assert_frame_equal(
        demo.get_users("students", max_users=bound), demo.get_users("students")
    )


@pytest.mark.parametrize(
    ("users", "kind"), [("students", "classes"), ("teachers", "courses"), ("users", "schools")]
)
def test_unique_gives_each_user_once(
    demo: OneRosterConnector, oracle: Oracle, users: str, kind: str
) -> None:
    frame = demo.get_users(users, kind, unique=True)

    held: dict[str, list[Row]] = {}
    for row in oracle.ask(users, kind):
        held.setdefault(row["sourcedId"], []).append(row)
    assert frame["sourcedId"].is_unique
    assert set(frame["sourcedId"]) == set(held)
    for row in rows_of(frame):
        memberships = held[row["sourcedId"]]
        groups = {membership["groupSourcedId"] for membership in memberships}
        assert row["groupCount"] == len(groups)
        assert set(values(row["groupSourcedId"])) == groups
        for column in ("groupName", "classSourcedId", "classTitle", "courseTitle", "schoolName"):
            expected = {m[column] for m in memberships if m[column] is not None}
            assert set(values(row[column])) == expected


def test_unique_and_max_users_together(demo: OneRosterConnector) -> None:
    frame = demo.get_users("students", "classes", unique=True, max_users=6)

    whole = demo.get_users("students", "classes", unique=True)
    pd.testing.assert_frame_equal(frame, whole.head(6))
