"""Servers lack addresses, list what is deleted, filter and write in ways of their own."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import quote

import pandas as pd
import pytest
from helpers.faults import at, each, filters_exactly, filters_to_nothing, refuses_filters, status
from helpers.faultserver import Behaviour, FaultServer
from helpers.one_day import TODAY
from helpers.records import (
    course,
    enrollment,
    org,
    routes,
    school,
    section,
    session,
    user,
)

from oneroster_nb import OneRosterConnector, errors
from oneroster_nb.tables.table import TABLES

Connect = Callable[..., OneRosterConnector]


def test_missing_nested_addresses_are_made_up_for_by_enrollments(connected: Connect) -> None:
    questions = [
        ("students", "classes", "c1"),
        ("users", "courses", "Art 101"),
        ("students", "schools", "North School"),
        ("users", "classes"),
    ]
    with FaultServer(school()) as whole, FaultServer(school(), at("*/*/*", status(404))) as bare:
        nested, joined = connected(whole), connected(bare)
        for question in questions:
            expected, frame = nested.get_users(*question), joined.get_users(*question)
            columns = [c for c in expected.columns if not c.startswith("enrollment")]
            pd.testing.assert_frame_equal(frame[columns], expected[columns])

        before = len(bare.requests)
        joined.get_users("students", "classes", "c2")
        assert not [path for path in bare.paths[before:] if path.endswith("/students")]


@pytest.mark.parametrize("role", ["students", "teachers"])
def test_a_server_without_an_address_for_a_role_is_asked_for_users(
    connected: Connect, role: str
) -> None:
    paths = school()
    expected = [record["sourcedId"] for record in paths[role]]
    with FaultServer(paths, at(role, status(404))) as server:
        connector = connected(server)
        for _ in range(2):
            assert list(connector.get_users(role)["sourcedId"]) == expected

        assert server.paths.count(role) == 1  # what was learnt is remembered


@pytest.mark.parametrize(
    "behaviour", [filters_exactly, filters_to_nothing, refuses_filters(400), lambda *_: None]
)
@pytest.mark.parametrize("name", ["ART SECTION 1", "c1"])
def test_the_way_of_a_server_with_filters_does_not_change_the_answer(
    connected: Connect, behaviour: Behaviour, name: str
) -> None:
    with FaultServer(school(), behaviour) as server:
        connector = connected(server)

        for _ in range(2):  # what was learnt about the server is used the second time
            frame = connector.get_users("students", "classes", name)
            assert list(frame["sourcedId"]) == ["c1-p1", "c1-p2", "c1-p3"]
            classes = connector.get_classes({"title": "Art section 1"})
            assert list(classes["sourcedId"]) == ["c1"]
            connector.refresh_groups()


@pytest.mark.parametrize("sign", ["/", " ", "~", "&", "'", "?", "#", "%", "+", "é", "|"])
def test_an_id_is_one_part_of_an_address(connected: Connect, sign: str) -> None:
    odd = f"a{sign}b"
    given = {
        "orgs": [org(odd, "North School")],
        "sessions": [session("t1", "Fall", "2026-08-01", "2026-12-20")],
        "courses": [course(odd, "Art 101", odd)],
        "classes": [section(odd, "Art A", odd, odd, ["t1"])],
        "users": [user(odd, "student", [odd])],
        "enrollments": [enrollment(odd, odd, odd, odd, "student")],
    }
    with FaultServer(routes(**given)) as server:
        connector = connected(server)

        for kind in ("courses", "classes", "schools"):
            assert list(connector.get_users("students", kind, odd)["sourcedId"]) == [odd]
        part = quote(odd, safe="")
        wanted = {f"classes/{part}/students", f"courses/{part}/classes", f"schools/{part}/students"}
        assert wanted <= set(server.paths)
        assert "enrollments" not in server.paths  # nothing had to be made up for


def test_another_field_can_stand_in_addresses(connected: Connect) -> None:
    given = {
        "orgs": [org("s1", "North School", identifier="N/1")],
        "sessions": [session("t1", "Fall", "2026-08-01", "2026-12-20")],
        "courses": [course("co1", "Art 101", "s1", identifier="k 1")],
        "classes": [section("c1", "Art A", "co1", "s1", ["t1"], identifier="x/1")],
        "users": [user("p1", "student", ["s1"])],
        "enrollments": [enrollment("e1", "p1", "c1", "s1", "student")],
    }
    with FaultServer(routes(**given, key="identifier"), key_field="identifier") as server:
        connector = connected(server, key_identifier="identifier")

        for kind, name in [
            ("classes", "Art A"),
            ("courses", "Art 101"),
            ("schools", "North School"),
        ]:
            frame = connector.get_users("students", kind, name)
            assert list(frame["sourcedId"]) == ["p1"]
        assert "classes/x%2F1/students" in server.paths
        assert not [path for path in server.paths if path.startswith("classes/c1")]


def test_a_key_field_that_groups_do_not_have_is_named(connected: Connect) -> None:
    with FaultServer(school()) as server:
        connector = connected(server, key_identifier="serial")

        with pytest.raises(errors.RosterError, match="serial"):
            connector.get_users("students", "classes", "Art section 1")


def _booleans(record: dict[str, object]) -> dict[str, object]:
    return {**record, "enabledUser": True} if "enabledUser" in record else record


def _nulls(record: dict[str, object]) -> dict[str, object]:
    return {name: value if value not in ("", []) else None for name, value in record.items()}


def _absent(record: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in record.items() if value not in ("", [])}


@pytest.mark.parametrize("change", [_booleans, _nulls, _absent])
def test_ways_of_writing_a_value_make_no_difference(
    connected: Connect, change: Callable[[dict[str, object]], dict[str, object]]
) -> None:
    with FaultServer(school()) as usual, FaultServer(school(), each(change)) as other:
        for question in [("users",), ("users", "courses", "Art 101")]:
            pd.testing.assert_frame_equal(
                connected(other).get_users(*question), connected(usual).get_users(*question)
            )


# --- rows marked tobedeleted ------------------------------------------------------------------


def _with_deleted(**changed: str) -> dict[str, list[dict[str, object]]]:
    """Return a school where some records, by id, have another status."""
    return {
        path: [{**r, "status": changed.get(str(r["sourcedId"]), r["status"])} for r in records]
        for path, records in school().items()
    }


@pytest.mark.parametrize("nested", [True, False], ids=["nested", "joined"])
@pytest.mark.parametrize(
    ("deleted", "left"),
    [
        ("c1-p1", ["c1-p2", "c1-p3", "c2-p1", "c2-p2", "c2-p3"]),  # a user
        ("c1", ["c2-p1", "c2-p2", "c2-p3"]),  # a class
        ("co1", []),  # the course
    ],
)
@pytest.mark.filterwarnings("ignore::oneroster_nb.errors.RosterWarning")
def test_what_is_to_be_deleted_is_left_out_unless_asked_for(
    connected: Connect, deleted: str, left: list[str], nested: bool
) -> None:
    behaviours = [] if nested else [at("*/*/*", status(404))]
    with FaultServer(_with_deleted(**{deleted: "tobedeleted"}), *behaviours) as server:
        connector = connected(server)
        active = connector.get_users("students", "courses", "Art 101")
        everything = connector.get_users("students", "courses", "Art 101", status="all")

    assert list(active["sourcedId"]) == left
    assert len(everything) == 6


@pytest.mark.filterwarnings("ignore::oneroster_nb.errors.NoMatchWarning")
def test_an_enrollment_that_is_to_be_deleted_is_no_membership(connected: Connect) -> None:
    paths = _with_deleted(**{"e-c1-p2": "tobedeleted"})
    with FaultServer(paths, at("*/*/*", status(404))) as server:
        connector = connected(server)
        active = connector.get_users("students", "classes", "c1")
        everything = connector.get_users("students", "classes", "c1", status="all")

    assert list(active["sourcedId"]) == ["c1-p1", "c1-p3"]
    assert list(everything["sourcedId"]) == ["c1-p1", "c1-p2", "c1-p3"]


def test_without_a_group_the_deleted_are_left_out_too(connected: Connect) -> None:
    with FaultServer(_with_deleted(**{"c1-p1": "tobedeleted"})) as server:
        connector = connected(server)

        assert len(connector.get_users("students")) == 5
        assert len(connector.get_users("students", status="all")) == 6


# --- the current term ------------------------------------------------------------------------


def test_the_current_term_has_begun_and_not_ended() -> None:
    day = timedelta(days=1)
    spans = {
        "ended": (TODAY - 9 * day, TODAY - day),
        "last": (TODAY - 9 * day, TODAY),
        "first": (TODAY, TODAY + 9 * day),
        "coming": (TODAY + day, TODAY + 9 * day),
    }
    given = {
        "orgs": [org("s1", "North School")],
        "sessions": [session(k, k, a.isoformat(), b.isoformat()) for k, (a, b) in spans.items()],
        "courses": [course("co1", "Art 101", "s1")],
        "classes": [section(f"c-{k}", k, "co1", "s1", [k]) for k in spans],
        "users": [user(f"p-{k}", "student", ["s1"]) for k in spans],
        "enrollments": [enrollment(f"e-{k}", f"p-{k}", f"c-{k}", "s1", "student") for k in spans],
    }
    with (
        FaultServer(routes(**given)) as server,
        OneRosterConnector(server.host, "an id", "a secret") as connector,
    ):
        frame = connector.get_users("students", "classes", term="current")
    assert set(frame["classTitle"]) == {"last", "first"}


# --- what is remembered ----------------------------------------------------------------------


def test_groups_are_listed_once_until_refreshed(connected: Connect) -> None:
    paths = school()
    with FaultServer(paths) as server:
        connector = connected(server)
        for _ in range(2):
            connector.get_users("students", "classes", "Art section 1")
            connector.groups("classes")
        assert server.paths.count("classes") == 1

        added = section("c9", "Art section 9", "co1", "s1", ["t1"])
        server.routes["classes"] = [*paths["classes"], added]
        server.routes["classes/c9/students"] = paths["classes/c1/students"]
        with pytest.warns(errors.NoMatchWarning):
            assert connector.get_users("students", "classes", "Art section 9").empty
        connector.refresh_groups()
        assert len(connector.get_users("students", "classes", "Art section 9")) == 3


def test_one_group_by_its_id_needs_no_list_of_groups(connected: Connect) -> None:
    with FaultServer(school()) as server:
        frame = connected(server).get_users("students", "classes", "c1", "sourcedId")

        assert list(frame["classTitle"]) == ["Art section 1"] * 3
        assert "classes" not in server.paths


def test_an_id_that_is_not_there_is_no_match(connected: Connect) -> None:
    with FaultServer(school()) as server, pytest.warns(errors.NoMatchWarning, match="c99"):
        assert connected(server).get_users("students", "classes", "c99", "sourcedId").empty


# --- nothing at all --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "question", [("students",), ("users",), ("students", "classes", "Art A"), ("users", "schools")]
)
def test_a_server_that_shows_nothing_may_not_share_with_us(
    connected: Connect, question: tuple[str, ...]
) -> None:
    nothing = {path: [] for path in school(sections=0)}
    with FaultServer(nothing) as server, pytest.warns(errors.NotSharedWarning, match="shared"):
        frame = connected(server).get_users(*question)

    assert frame.empty
    assert list(TABLES["users"].visible()) == list(frame.columns)[: len(TABLES["users"].visible())]
