"""Rows that a server chooses: only where it was seen to know how to, and always the same rows."""

from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
import pytest
from helpers.faults import (
    at,
    envelope,
    filters_exactly,
    filters_to_nothing,
    filters_well,
    html,
    refuses_filters,
    status,
)
from helpers.faultserver import Answer, Asked, Behaviour, FaultServer, Record
from helpers.records import course, org, section

import oneroster_nb as onb
from oneroster_nb import OneRosterConnector, QueryError
from oneroster_nb.demo.server.embedded import DemoServer

Connect = Callable[..., OneRosterConnector]

EARLY, LATE = "2026-02-01T08:00:00.000Z", "2026-09-15T10:30:00.000Z"


def classes() -> list[Record]:
    """Make classes of two courses, of which every third changed late and one is to go."""
    made = [
        section(
            f"c{n}", f"Art {n % 4}", f"k{n % 2}", "s1", [], location=f"room {n}", classCode=f"A{n}"
        )
        | {"dateLastModified": LATE if n % 3 == 0 else EARLY}
        for n in range(30)
    ]
    made[4]["status"] = "tobedeleted"
    made[9]["metadata"] = {"track": "honours"}
    made[11]["title"] = "Art 'quoted' 1"
    return made


def a_school() -> dict[str, list[Record]]:
    made = classes()
    below = {
        f"courses/k{n}/classes": [c for c in made if c["course"]["sourcedId"] == f"k{n}"]
        for n in range(2)
    }
    courses = [course(f"k{n}", f"Course {n}", "s1") for n in range(2)]
    return {"orgs": [org("s1", "North School")], "courses": courses, "classes": made, **below}


def hides_the_deleted(_asked: Asked, answer: Answer) -> None:
    answer.records = [r for r in answer.records if r["status"] != "tobedeleted"]
    answer.total = None


def stumbles_over_quotes(asked: Asked, answer: Answer) -> None:
    """Honour filters, and find nothing where a value holds a quote."""
    filters_well(asked, answer)
    text = asked.query.get("filter", "")
    if text.count("'") > 2 * text.count("="):
        answer.records, answer.total = [], 0


WAYS: dict[str, list[Behaviour]] = {
    "ignores filters": [],
    "honours filters": [filters_well],
    "knows one clause": [filters_exactly],
    "finds nothing": [filters_to_nothing],
    "says 400": [refuses_filters(400)],
    "says 500": [refuses_filters(500)],
    "answers a filter with HTML": [lambda a, b: html()(a, b) if "filter" in a.query else None],
    "has no lists below others": [at("*/*/*", status(404))],
    "hides the deleted in lists below others": [at("*/*/*", hides_the_deleted)],
    "stumbles over quotes": [stumbles_over_quotes],
    "has no single objects": [at("classes/*", status(404))],
    "refuses lists below others": [at("*/*/*", status(403)), filters_well],
}
CHOICES: list[dict[str, Any]] = [
    {"where": {"title": "Art 2"}},
    {"where": {"title": ["Art 2"]}},
    {"where": {"title": "art 2"}},
    {"where": {"title": "no such title"}},
    {"where": {"title": ["Art 1", "Art 2"]}},
    {"where": {"title": "Art 1", "location": "room 5"}},
    {"where": {"title": {"!=": "Art 1"}}},
    {"where": {"title": "Art 'quoted' 1"}},
    {"where": {"sourcedId": "c7"}},
    {"where": {"sourcedId": "C7"}},
    {"where": {"courseSourcedId": "k1"}},
    {"where": {"courseSourcedId": "none"}},
    {"where": {"courseSourcedId": "k1", "title": "Art 3"}},
    {"where": {"title": "Art 0"}, "status": "all"},
    {"where": {"courseSourcedId": "k0"}, "status": "all"},
    {"where": {"metadata.track": "honours"}},
    {"where": {"title": "Art 1"}, "columns": ["metadata.track"]},
    {"modified_since": "2026-06-01"},
    {"modified_since": LATE},
    {"modified_since": "2026-12-01"},
    {"where": {"dateLastModified": {">": EARLY}}},
]


@pytest.mark.parametrize("way", WAYS)
def test_a_servers_way_with_filters_never_changes_the_answer(connected: Connect, way: str) -> None:
    with FaultServer(a_school(), *WAYS[way]) as odd, FaultServer(a_school()) as plain:
        connector = connected(odd)
        roster = connected(plain).get_roster(tables=["orgs", "courses", "classes"])
        for choice in CHOICES * 2:  # the second time with what was learnt the first time
            frame = connector.get_classes(**choice)
            expected = roster.get_classes(**choice)
            pd.testing.assert_frame_equal(frame, expected, obj=str(choice))


@pytest.fixture
def asked_of(connected: Connect) -> Iterator[Callable[..., list[Asked]]]:
    """Return the requests of a call to a server of a certain way, after one that it learns from."""
    servers: list[FaultServer] = []

    def ask(*behaviours: Behaviour, learnt: dict[str, Any], **choice: Any) -> list[Asked]:
        server = FaultServer(a_school(), *behaviours)
        servers.append(server.__enter__())
        connector = connected(server)
        connector.get_classes(**learnt)
        before = len(server.requests)
        connector.get_classes(**choice)
        return server.requests[before:]

    yield ask
    for server in servers:
        server.__exit__()


def test_a_server_that_honours_filters_is_asked_for_the_rows_alone(
    asked_of: Callable[..., list[Asked]],
) -> None:
    (asked,) = asked_of(
        filters_well, learnt={"where": {"title": "Art 1"}}, where={"title": "Art 2"}
    )
    assert asked.path == "classes"
    assert asked.query["filter"] == "title='Art 2'"


def test_a_server_that_honours_filters_is_asked_for_what_changed(
    asked_of: Callable[..., list[Asked]],
) -> None:
    (asked,) = asked_of(
        filters_well, learnt={"modified_since": LATE}, modified_since="2026-06-02T12:00:00Z"
    )
    # A day before, since servers differ in how they compare times.
    assert asked.query["filter"] == "dateLastModified>='2026-06-01T12:00:00.000Z'"


@pytest.mark.parametrize("behaviour", [lambda *_: None, refuses_filters(400), filters_to_nothing])
def test_a_server_that_does_not_is_not_asked_again(
    asked_of: Callable[..., list[Asked]], behaviour: Behaviour
) -> None:
    (asked,) = asked_of(behaviour, learnt={"where": {"title": "Art 1"}}, where={"title": "Art 2"})
    assert "filter" not in asked.query


def test_one_object_and_the_classes_of_a_course_have_addresses_of_their_own(
    asked_of: Callable[..., list[Asked]],
) -> None:
    (one,) = asked_of(learnt={}, where={"sourcedId": "c7"})
    seen = {"where": {"courseSourcedId": "k0"}}  # that such lists are complete
    (several,) = asked_of(learnt=seen, where={"courseSourcedId": "k1"})
    assert (one.path, several.path) == ("classes/c7", "courses/k1/classes")


def test_a_list_that_another_field_breaks_is_had_whole(connected: Connect) -> None:
    def breaks(asked: Asked, answer: Any) -> None:
        if asked.query.get("filter", "").startswith("title="):
            envelope("statusInfoSet")(asked, answer)

    with FaultServer(a_school(), filters_well, breaks) as server:
        connector = connected(server)
        assert len(connector.get_classes({"title": "Art 2"})) == 7
        before = len(server.requests)
        assert len(connector.get_classes({"title": "Art 2"})) == 7
        (asked,) = server.requests[before:]  # what was learnt is remembered
        assert "filter" not in asked.query


def test_what_cannot_be_chosen_is_said_and_not_asked(demo: OneRosterConnector) -> None:
    for choice in (
        {"where": ["title"]},
        {"modified_since": "yesterday"},
        {"where": {"colour": "red"}},
        {"where": {"dateLastModified": {">": "soon"}}},
    ):
        with pytest.raises(QueryError):
            demo.get_classes(**choice)


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_both_versions_choose_alike(server: DemoServer, connected: Connect, version: str) -> None:
    more = {} if version == "1.1" else {"host": server.host_v1p2, "token_url": server.token_url}
    conn = connected(server, **more)
    roster = conn.get_roster()
    school = roster.orgs.loc[roster.orgs["type"] == "school", "sourcedId"].iloc[0]
    klass = roster.line_items["classSourcedId"].iloc[0]
    for call, where in [
        ("get_orgs", {"name": "Classlink HS"}),
        ("get_schools", {"identifier": roster.orgs["identifier"].iloc[-1]}),
        ("get_courses", {"orgSourcedId": roster.courses["orgSourcedId"].iloc[0]}),
        ("get_classes", {"schoolSourcedId": school}),
        ("get_enrollments", {"schoolSourcedId": school}),
        ("get_enrollments", {"role": "teacher"}),
        ("get_line_items", {"classSourcedId": klass}),
        ("get_results", {"classSourcedId": klass}),
        ("get_results", {"scoreStatus": "fully graded"}),
        ("get_demographics", {"sex": "female"}),
        ("get_categories", {"title": roster.categories["title"].iloc[0]}),
        ("get_resources", {"title": roster.resources["title"].iloc[0]}),
        ("get_terms", {"title": roster.get_terms()["title"].iloc[0]}),
    ]:
        frame, expected = getattr(conn, call)(where), getattr(roster, call)(where)
        assert len(expected) or call == "get_results", (call, where)
        pd.testing.assert_frame_equal(frame, expected, obj=f"{call} {where}")


def test_a_column_without_any_value_can_be_compared(connected: Connect) -> None:
    with FaultServer(a_school()) as server:
        conn = connected(server)
        for where in ({"classCode": {"~": "x"}}, {"classCode": {"=": "x"}}, {"periods": ["1"]}):
            roster = conn.get_roster(tables=["classes"])
            blank = onb.Roster({"classes": roster.classes.assign(classCode=None, periods=None)})
            assert blank.get_classes(where).empty
