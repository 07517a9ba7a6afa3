"""Servers that refuse so many rows at once: a smaller page is asked for, and remembered."""

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from helpers.cleverserver import CleverServer
from helpers.faults import at, clamp, no_link, no_total, refuses_filters
from helpers.faultserver import Answer, Asked, Behaviour, FaultServer, Record
from helpers.records import school, user

import oneroster_nb as onb
from oneroster_nb.transport.reasons import error_text

Connect = Callable[..., onb.OneRosterConnector]

KEYS = [f"p{n}" for n in range(730)]
LISTS = ("orgs", "academicSessions", "courses", "classes", "users", "enrollments")


def pupils() -> dict[str, list[Record]]:
    return {"students": [user(key, "student", ["s1"]) for key in KEYS], "orgs": []}


def at_most(rows: int, code: int, reason: dict[str, Any] | None = None) -> Behaviour:
    def behave(asked: Asked, answer: Answer) -> None:
        if int(asked.query.get("limit", 1)) > rows:
            answer.status = code
            answer.body = json.dumps(reason or {}).encode()

    return behave


def limits(server: FaultServer, path: str = "students") -> list[int]:
    return [int(asked.query["limit"]) for asked in server.requests if asked.path == path]


@pytest.mark.parametrize("code", [400, 413, 422])
@pytest.mark.parametrize("rows", [100, 250, 1000, 5000])
@pytest.mark.parametrize("behaviour", [[], [no_total], [no_total, no_link]])
def test_a_list_is_whole_in_pages_that_the_server_takes(
    connected: Connect, code: int, rows: int, behaviour: list[Behaviour]
) -> None:
    with FaultServer(pupils(), at("students", at_most(rows, code)), *behaviour) as server:
        frame = connected(server).get_users("students")
    assert frame["sourcedId"].tolist() == KEYS
    refused = [limit for limit in limits(server) if limit > rows]
    assert refused == [10_000, 5000, 2500, 1250, 625, 313, 157][: len(refused)]


@pytest.mark.parametrize("code", [400, 413, 422])
def test_what_was_learnt_is_remembered_for_every_list_and_call(
    connected: Connect, code: int
) -> None:
    with FaultServer(school(), at_most(700, code)) as server:
        connector = connected(server)
        connector.get_users("students")
        assert max(limits(server)) == 10_000
        before = len(server.requests)
        connector.get_users("teachers")
        connector.get_users("students", "classes")
        connector.get_classes()
        asked = [int(asked.query["limit"]) for asked in server.requests[before:]]
    assert max(asked) == 625


def test_another_connector_has_nothing_of_it(connected: Connect) -> None:
    with FaultServer(pupils(), at("students", at_most(700, 400))) as server:
        connected(server).get_users("students")
        before = len(server.requests)
        connected(server).get_users("students")
        assert max(int(a.query["limit"]) for a in server.requests[before:]) == 10_000


@pytest.mark.parametrize("code", [400, 413, 422])
def test_no_smaller_page_than_100_rows_is_tried(connected: Connect, code: int) -> None:
    reason = {"detail": "limit is out of range"}
    words = rf"{code}.*limit is out of range.*page_size"
    with (
        FaultServer(pupils(), at("students", at_most(0, code, reason))) as server,
        pytest.raises(onb.ServerError, match=words) as caught,
    ):
        connected(server).get_users("students")
    assert limits(server) == [10_000, 5000, 2500, 1250, 625, 313, 157, 100]
    assert caught.value.status == code


def test_a_page_size_that_was_given_is_where_it_begins(connected: Connect) -> None:
    with FaultServer(pupils(), at("students", at_most(100, 422)), no_link) as server:
        frame = connected(server, page_size=300).get_users("students")
    assert frame["sourcedId"].tolist() == KEYS
    assert limits(server)[:3] == [300, 150, 100]


def test_a_size_that_was_taken_once_is_not_why_a_request_is_refused(connected: Connect) -> None:
    """A 400 that comes later, with the same limit, means something else."""
    refused = threading.Event()

    def refuse(asked: Asked, answer: Answer) -> None:
        if refused.is_set():
            at_most(0, 400)(asked, answer)

    with FaultServer(school(), at("students", refuse)) as server:
        connector = connected(server)
        connector.get_users("students")
        refused.set()
        with pytest.raises(onb.ServerError, match="400"):
            connector.get_users("students")
    assert limits(server) == [10_000, 10_000]


def test_a_filter_that_is_refused_is_asked_for_once(connected: Connect) -> None:
    with FaultServer(school(), refuses_filters(400)) as server:
        frame = connected(server).get_classes({"title": "Art section 1"})
        assert frame["sourcedId"].tolist() == ["c1"]
        filtered = [asked for asked in server.requests if "filter" in asked.query]
    assert len(filtered) <= 2


def test_a_size_of_which_the_server_sends_less_is_no_refusal(connected: Connect) -> None:
    with FaultServer(pupils(), at("students", clamp(100))) as server:
        frame = connected(server).get_users("students")
    assert frame["sourcedId"].tolist() == KEYS
    assert limits(server)[0] == 10_000
    assert set(limits(server)[1:]) == {100}


# --- Clever --------------------------------------------------------------------------------------


def student(number: int) -> Record:
    name = {"first": "Ada", "last": f"Student {number}"}
    return {"id": f"{number:024x}", "name": name, "roles": {"student": {"sis_id": str(number)}}}


@pytest.mark.parametrize("code", [400, 413, 422])
def test_clever_is_asked_for_less_and_what_it_takes_is_remembered(code: int) -> None:
    def refuse(asked: Any, reply: Any) -> None:
        if int(asked.query.get("limit", 1)) > 2000:
            reply.status, reply.body = code, {"message": "limit is too large"}

    with (
        CleverServer({"users": [student(n) for n in range(1, 251)]}, refuse) as server,
        onb.CleverConnector("made up", server.host, retry_seconds=1) as connector,
    ):
        assert len(connector.get_users("students")) == 250
        before = len(server.requests)
        assert len(connector.get_users("students")) == 250
        asked = [int(asked.query["limit"]) for asked in server.requests[before:]]
    assert max(asked) == 1250


# --- the reason ----------------------------------------------------------------------------------

REASONS: dict[str, Any] = {
    "detail": {"detail": "limit must be 100 or less"},
    "message": {"message": "limit must be 100 or less"},
    "error_description": {"error": "bad", "error_description": "limit must be 100 or less"},
    "imsx_description": {"imsx_description": "limit must be 100 or less"},
    "a list of messages": {"message": ["limit must be", "100 or less"], "error": "Bad Request"},
    "a list of details": {"detail": [{"loc": ["query"], "msg": "limit must be 100 or less"}]},
    "an object": {"error": {"code": 7, "message": "limit must be 100 or less"}},
    "a list of errors": {"errors": [{"message": "limit must be 100 or less"}]},
    "in lines": {"detail": "limit must be\n  100 or less"},
    "an envelope": {
        "statusInfoSet": [
            {"imsx_codeMajor": "failure", "imsx_description": "limit must be 100 or less"}
        ]
    },
}


@pytest.mark.parametrize("form", REASONS)
def test_the_reason_that_a_server_gives_is_shown(connected: Connect, form: str) -> None:
    behaviour = at("students", at_most(0, 400, REASONS[form]))
    with (
        FaultServer(pupils(), behaviour) as server,
        pytest.raises(onb.ServerError, match="limit must be 100 or less") as caught,
    ):
        connected(server, page_size=100).get_users("students")
    assert caught.value.description == "limit must be 100 or less"


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"7", b"nonsense", b'{"detail": 7}', b'{"error": [[]]}', b"[" * 10_000]
)
def test_what_gives_no_reason_has_none(body: bytes) -> None:
    assert error_text(body) == ("", "")
