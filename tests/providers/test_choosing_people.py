"""People whom a server chooses: only where it was seen to know how to, and always the same people.

`test_choosing.py` is about the rows of tables.
"""

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from helpers.faults import (
    envelope,
    filters_exactly,
    filters_to_nothing,
    filters_well,
    html,
    refuses_filters,
)
from helpers.faultserver import Answer, Asked, Behaviour, FaultServer, Record
from helpers.records import org, routes, user

from oneroster_nb import OneRosterConnector
from oneroster_nb.demo.server.embedded import DemoServer
from oneroster_nb.progress import Progress

Connect = Callable[..., OneRosterConnector]

LATE = "2026-09-15T10:30:00.000Z"


def a_school() -> dict[str, list[Record]]:
    """Make 30 students of three family names, and two teachers of one of them."""
    names = ["Moe", "Lee", "O'Brien"]
    people = [user(f"p{n}", "student", ["s1"], familyName=names[n % 3]) for n in range(30)]
    people[4]["status"] = "tobedeleted"
    people[6]["dateLastModified"] = LATE
    people[7]["email"] = ""
    people[9]["metadata"] = {"track": "honours"}
    people[13]["grades"] = ["07"]
    teachers = [user(f"t{n}", "teacher", ["s1"], familyName="Lee") for n in range(2)]
    return routes(
        orgs=[org("s1", "North School")],
        sessions=[],
        courses=[],
        classes=[],
        users=[*people, *teachers],
        enrollments=[],
    )


def filters_users_alone(asked: Asked, answer: Answer) -> None:
    """Honour filters of the list of all users, and find nothing in that of students."""
    (filters_well if asked.path == "users" else filters_to_nothing)(asked, answer)


def breaks_over_names(asked: Asked, answer: Answer) -> None:
    """Honour a filter with an id, as one tries it with, and break over one of names alone."""
    filters_well(asked, answer)
    if asked.query.get("filter", "").startswith("familyName="):
        envelope("statusInfoSet")(asked, answer)


WAYS: dict[str, list[Behaviour]] = {
    "ignores filters": [],
    "honours filters": [filters_well],
    "knows one clause": [filters_exactly],
    "finds nothing": [filters_to_nothing],
    "says 400": [refuses_filters(400)],
    "answers a filter with HTML": [lambda a, b: html()(a, b) if "filter" in a.query else None],
    "honours filters of all users alone": [filters_users_alone],
    "breaks over names": [breaks_over_names],
}
CHOICES: list[dict[str, Any]] = [
    {"where": {"familyName": "Lee"}},
    {"where": {"familyName": "Lee"}, "status": "all"},
    {"where": {"familyName": ["Moe"], "grades": "06"}, "max_users": 3},
    {"where": {"familyName": "lee"}},
    {"where": {"familyName": "O'Brien", "email": {"~": "school"}}},
    {"where": {"familyName": "Lee", "email": None}},
    {"where": {"username": "name-p7"}},
    {"where": {"username": "nobody"}},
    {"where": {"familyName": "Lee", "metadata.track": None}},
    {"where": {"dateLastModified": {">": "2026-09-01"}}},
]


@pytest.mark.parametrize(
    ("way", "version"),
    [*((way, "1.1") for way in WAYS), ("honours filters", "1.2"), ("says 400", "1.2")],
)
def test_a_servers_way_with_filters_never_changes_who_fits(
    connected: Connect, way: str, version: str
) -> None:
    with FaultServer(a_school(), *WAYS[way]) as odd, FaultServer(a_school()) as plain:
        connector = connected(odd, version=version)
        roster = connected(plain, version=version).get_roster(tables=["orgs", "users"])
        asked = [("students", choice) for choice in CHOICES]
        asked += [("users", choice) for choice in CHOICES[:3]]
        for who, choice in asked:
            frame, expected = (each.get_users(who, **choice) for each in (connector, roster))
            pd.testing.assert_frame_equal(frame, expected, obj=f"{who} {choice}")


def asked_of(
    connected: Connect, version: str, *behaviours: Behaviour, **choice: Any
) -> list[Asked]:
    """Return the requests for people of a question to a server that was asked one before."""
    with FaultServer(a_school(), *behaviours) as server:
        conn = connected(server, version=version, page_size=12)
        conn.get_users("students", where={"familyName": "Lee"})
        before = len(server.requests)
        conn.get_users("students", **choice)
        return server.requests[before:]


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_a_server_that_honours_filters_is_asked_for_those_people_alone(
    connected: Connect, version: str
) -> None:
    where = {"familyName": "Moe", "grades": "06"}
    (asked,) = asked_of(connected, version, filters_well, where=where)
    assert (asked.path, asked.query["filter"]) == ("students", "familyName='Moe'")
    every = asked_of(connected, version, refuses_filters(400), where=where)
    assert [one.path for one in every] == ["students"] * 3
    assert not any("filter" in one.query for one in every)


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_the_demo_sends_the_people_who_fit_and_no_others(
    server: DemoServer, connected: Connect, version: str
) -> None:
    more = {} if version == "1.1" else {"host": server.host_v1p2, "token_url": server.token_url}
    conn = connected(server, **more)
    every = conn.get_users("students")
    who = every["familyName"].iloc[0]
    told: list[Progress] = []
    found = conn.get_users("students", where={"familyName": who}, progress=told.append)
    expected = every.loc[every["familyName"] == who].reset_index(drop=True)
    pd.testing.assert_frame_equal(found, expected)
    assert max(said.done for said in told) < len(every)


@pytest.mark.parametrize("behaviour", [lambda *_: None, filters_to_nothing, filters_users_alone])
def test_a_list_that_does_not_honour_filters_is_not_asked_again(
    connected: Connect, behaviour: Behaviour
) -> None:
    asked = asked_of(connected, "1.1", behaviour, where={"familyName": "Moe"})
    assert not any("filter" in one.query for one in asked)


def test_a_list_that_a_filter_breaks_is_remembered(connected: Connect) -> None:
    asked = asked_of(connected, "1.1", breaks_over_names, where={"familyName": "Moe"})
    assert [one.query.get("filter") for one in asked] == [None] * 3


@pytest.mark.parametrize(
    "choice",
    [
        {"where": {"familyName": "Moe"}, "group_filter": "schools", "group_name": "North School"},
        {"where": {"familyName": "Moe"}, "group_filter": "schools"},
        {"where": {"phone": "5550100"}, "sensitive": True},
        {"where": {"familyName": ["Moe", "Lee"]}},
        {"where": {"grades": "06"}},
    ],
    ids=str,
)
def test_what_was_not_tried_is_not_filtered(connected: Connect, choice: dict[str, Any]) -> None:
    asked = asked_of(connected, "1.1", filters_well, **choice)
    assert asked
    assert not any("filter" in one.query for one in asked)
