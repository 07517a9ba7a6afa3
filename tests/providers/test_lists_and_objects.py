"""Which part of an answer is the list, and which is the one object, with all that it refers to."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from helpers.faults import at
from helpers.faultserver import Answer, Asked, Behaviour, FaultServer, Record
from helpers.records import course, enrollment, org, routes, section, session, user

import oneroster_nb as onb

Connect = Callable[..., onb.OneRosterConnector]

ADA = user("p1", "student", ["s1", "s2"], agents=[{"sourcedId": "g1", "type": "user"}])


def a_school() -> dict[str, list[Record]]:
    return routes(
        orgs=[org("s1", "North School"), org("s2", "South School")],
        sessions=[session("t1", "Fall", "2026-08-01", "2026-12-20")],
        courses=[course("co1", "Art 101", "s1")],
        classes=[section("c1", "Art A", "co1", "s1", ["t1"], subjects=["Art", "Craft"])],
        users=[ADA],
        enrollments=[enrollment("e1", "p1", "c1", "s1", "student")],
    )


def says(write: Callable[[str, list[Record]], Any]) -> Behaviour:
    """Answer with what is made of the key and the records; behind the last row there is none."""

    def behave(_asked: Asked, answer: Answer) -> None:
        rows = answer.rows
        body = write(answer.key, rows) if rows else {answer.key: []}
        answer.body = json.dumps(body).encode()

    return behave


WAYS: dict[str, Callable[[str, list[Record]], Any]] = {
    "links behind": lambda key, rows: {key: rows, "links": []},
    "links before": lambda key, rows: {"links": [], key: rows},
    "links that lead on": lambda key, rows: {key: rows, "links": [{"rel": "self", "uri": "/a"}]},
    "another list": lambda key, rows: {key: rows, "included": [{"sourcedId": "x"}]},
    "other lists": lambda key, rows: {"included": [], key: rows, "facets": [1, 2]},
    "a page beside": lambda key, rows: {key: rows, "page": {"size": 100}, "links": []},
}
ALONE: dict[str, Callable[[str, list[Record]], Any]] = {
    "one object under the key": lambda key, rows: {key: rows[0]},
    "one object under another key": lambda _key, rows: {"user": rows[0]},
    "one object and links": lambda key, rows: {key: rows[0], "links": []},
    "one object by itself": lambda _key, rows: rows[0],
}


@pytest.mark.parametrize("way", [*WAYS, *ALONE])
def test_users_are_the_list_of_users(connected: Connect, way: str) -> None:
    with FaultServer(a_school(), at("students", says((WAYS | ALONE)[way]))) as server:
        frame = connected(server).get_users("students")
    assert frame["sourcedId"].tolist() == ["p1"]
    assert frame["orgSourcedIds"].tolist() == ["s1,s2"]
    assert frame["agentSourcedIds"].tolist() == ["g1"]


@pytest.mark.parametrize("key", ["users", "students"])
def test_students_may_be_listed_under_their_own_name(connected: Connect, key: str) -> None:
    behaviour = says(lambda _key, rows: {"classes": [], key: rows, "orgs": []})
    with FaultServer(a_school(), at("students", behaviour)) as server:
        assert connected(server).get_users("students")["sourcedId"].tolist() == ["p1"]


def test_two_lists_that_both_may_be_meant_are_an_error(connected: Connect) -> None:
    behaviour = says(lambda _key, rows: {"users": rows, "students": rows})
    with (
        FaultServer(a_school(), at("students", behaviour)) as server,
        pytest.raises(onb.AnswerError, match="students, users"),
    ):
        connected(server).get_users("students")


@pytest.mark.parametrize(
    "body",
    [
        {"links": []},
        {"links": [{"sourcedId": "p1"}]},
        {"users": None, "links": []},
        {"users": {}},
        {"users": {"name": "x"}},
        {"page": {"size": 3}},
        {},
    ],
    ids=json.dumps,
)
def test_links_and_what_has_no_id_are_no_users(connected: Connect, body: Any) -> None:
    with (
        FaultServer(a_school(), at("students", says(lambda *_: body))) as server,
        pytest.raises(onb.AnswerError, match="no list"),
    ):
        connected(server).get_users("students")


OBJECTS: dict[str, Callable[[Record], Any]] = {
    "under its key": lambda record: {"class": record},
    "under another key": lambda record: {"classes": record},
    "by itself": lambda record: record,
    "with links": lambda record: {"class": record, "links": []},
    "with other objects": lambda record: {"meta": {"size": 1}, "class": record},
    "as the only one of a list": lambda record: {"classes": [record]},
}


@pytest.mark.parametrize("way", OBJECTS)
def test_a_single_object_keeps_its_references(connected: Connect, way: str) -> None:
    paths = a_school()

    def one(_asked: Asked, answer: Answer) -> None:
        answer.body = json.dumps(OBJECTS[way](paths["classes"][0])).encode()

    with FaultServer(paths, at("classes/c1", one)) as server:
        frame = connected(server).get_classes({"sourcedId": "c1"})
        assert "classes" not in server.paths
    row = frame.loc[0]
    assert row["termSourcedIds"] == "t1"
    assert row["subjects"] == "Art,Craft"
    assert (row["courseSourcedId"], row["schoolSourcedId"]) == ("co1", "s1")


def test_a_single_object_that_says_it_failed_is_an_error_in_its_words(connected: Connect) -> None:
    def failed(_asked: Asked, answer: Answer) -> None:
        body = {"imsx_codeMajor": "failure", "class": {"sourcedId": "c1"}}
        answer.body = json.dumps(body).encode()

    with FaultServer(a_school(), at("classes/c1", failed)) as server:
        frame = connected(server).get_classes({"sourcedId": "c1"})  # from the list
        assert frame["sourcedId"].tolist() == ["c1"]
        assert "classes" in server.paths
