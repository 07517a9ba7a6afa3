"""Numbers, dates and ids that make no sense do no harm."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from helpers.cleverserver import CleverServer
from helpers.faults import at, clamp, first, no_link, status
from helpers.faultserver import Answer, Asked, Behaviour, FaultServer, Record
from helpers.records import course, enrollment, org, routes, section, session, user

import oneroster_nb as onb

Connect = Callable[..., onb.OneRosterConnector]

KEYS = [f"p{n}" for n in range(25)]
HUGE = "9" * 5000
DATES = [
    "Fri, 15 Jan 99999999999 08:00:00 GMT",
    "Fri, 99999999999999999999 Jan 2027 08:00:00 GMT",
    "Fri, 15 Jan 2027 08:00:00 +99999999999",
    "Fri, 31 Dec 9999 23:59:59 GMT",
    "the year 99999999999",
]


def pupils() -> dict[str, list[Record]]:
    return {"students": [user(key, "student", ["s1"]) for key in KEYS], "orgs": []}


def header(name: str, value: str) -> Behaviour:
    def behave(_asked: Asked, answer: Answer) -> None:
        answer.headers[name] = value

    return behave


def body_total(value: str) -> Behaviour:
    def behave(_asked: Asked, answer: Answer) -> None:
        rows = json.dumps(answer.rows)
        answer.body = f'{{"totalCount": {value}, "users": {rows}}}'.encode()

    return behave


@pytest.mark.parametrize(
    "value", [HUGE, "-" + HUGE, "1e999", "²", "٢٥", "0x19", "25.0", "Infinity"]
)
def test_totals_that_make_no_sense_lose_no_row(connected: Connect, value: str) -> None:
    behaviours = (clamp(10), no_link, header("X-Total-Count", value.encode().decode("latin-1")))
    with FaultServer(pupils(), *(at("students", each) for each in behaviours)) as server:
        frame = connected(server).get_users("students")
    assert frame["sourcedId"].tolist() == KEYS


@pytest.mark.parametrize("value", [HUGE, "-" + HUGE, "1e999", f'"{HUGE}"', "null", "[]", "true"])
def test_totals_in_the_body_too(connected: Connect, value: str) -> None:
    behaviours = (clamp(10), no_link, body_total(value))
    with FaultServer(pupils(), *(at("students", each) for each in behaviours)) as server:
        frame = connected(server).get_users("students")
    assert frame["sourcedId"].tolist() == KEYS


@pytest.mark.parametrize("value", [HUGE, "9" * 30, *DATES, "-1", "soon", ""])
@pytest.mark.parametrize("name", ["Retry-After", "X-Ratelimit-Reset", "Date"])
def test_moments_that_make_no_sense_are_errors_of_ours(
    connected: Connect, name: str, value: str
) -> None:
    busy = status(429, {"X-Ratelimit-Remaining": "0", name: value})
    with (
        FaultServer(pupils(), at("students", busy)) as server,
        pytest.raises(onb.UnavailableError, match="429"),
    ):
        connected(server, retry_seconds=0.2).get_users("students")


@pytest.mark.parametrize("value", [HUGE, *DATES, "99999999999"])
@pytest.mark.parametrize("name", ["X-Ratelimit-Reset", "X-Ratelimit-Limit", "Date"])
def test_they_hold_nothing_up_if_there_is_an_answer(
    connected: Connect, name: str, value: str
) -> None:
    headers = {"X-Ratelimit-Limit": "100", "X-Ratelimit-Remaining": "99", name: value}
    behaviours = [at("*", header(*pair)) for pair in headers.items()]
    with FaultServer(pupils(), *behaviours) as server:
        assert len(connected(server).get_users("students")) == 25


@pytest.mark.parametrize("value", [HUGE, *DATES])
def test_a_wait_that_makes_no_sense_is_a_usual_wait(connected: Connect, value: str) -> None:
    if value.startswith("Fri, 31 Dec 9999"):
        return  # a moment that can be waited for, and is not
    busy = status(503, {"Retry-After": value})
    with FaultServer(pupils(), at("students", first(1, busy))) as server:
        assert len(connected(server, retry_seconds=60).get_users("students")) == 25


@pytest.mark.parametrize("name", ["Content-Encoding", "Link", "x-perm-rev", "Content-Type"])
def test_other_long_headers_do_no_harm(connected: Connect, name: str) -> None:
    with FaultServer(pupils(), at("students", header(name, HUGE))) as server:
        connector = connected(server)
        if name == "Content-Encoding":
            with pytest.raises(onb.AnswerError):
                connector.get_users("students")
        else:
            assert len(connector.get_users("students")) == 25


@pytest.mark.parametrize("count", [HUGE, "-1", "1e999", '"many"', "null"])
def test_a_count_of_clever_that_makes_no_sense_is_none(count: str) -> None:
    def counted(asked: Any, reply: Any) -> None:
        if asked.query.get("count"):
            reply.body = f'{{"data": [], "links": [], "count": {count}}}'.encode()

    with (
        CleverServer({}, counted) as server,
        onb.CleverConnector("made up", server.host) as connector,
    ):
        assert connector.headcounts()["students"] is None


# --- ids of dots ---------------------------------------------------------------------------------


@pytest.mark.parametrize("dots", [".", ".."])
@pytest.mark.parametrize("kind", ["classes", "courses", "schools"])
def test_an_id_of_dots_does_not_change_the_path(connected: Connect, kind: str, dots: str) -> None:
    given = {
        "orgs": [org(dots, "North School")],
        "sessions": [session("t1", "Fall", "2026-08-01", "2026-12-20")],
        "courses": [course(dots, "Art 101", dots), course("other", "Music", dots)],
        "classes": [
            section(dots, "Art A", dots, dots, ["t1"]),
            section("other", "Music A", "other", dots, ["t1"]),
        ],
        "users": [user("p1", "student", [dots]), user("p2", "student", ["elsewhere"])],
        "enrollments": [
            enrollment("e1", "p1", dots, dots, "student"),
            enrollment("e2", "p2", "other", dots, "student"),
        ],
    }
    with FaultServer(routes(**given)) as server:
        connector = connected(server)
        for match_on in (None, "sourcedId"):
            frame = connector.get_users("students", kind, dots, match_on)
            assert frame["sourcedId"].tolist() == ["p1"]
        wrong = {"..", ".", "", "students"}
        assert not [path for path in server.paths if not wrong.isdisjoint(path.split("/"))]


@pytest.mark.parametrize("dots", [".", ".."])
@pytest.mark.filterwarnings("ignore::oneroster_nb.errors.RosterWarning")
def test_nor_does_it_in_clever(dots: str) -> None:
    sections = [
        {"id": dots, "name": "Art A", "students": ["1"], "teachers": []},
        {"id": "other", "name": "Music A", "students": ["2"], "teachers": []},
    ]
    pupil = {"name": {"first": "Ada", "last": "One"}, "roles": {"student": {}}}
    people = [{"id": number, **pupil} for number in ("1", "2")]
    with (
        CleverServer({"sections": sections, "users": people}) as server,
        onb.CleverConnector("made up", server.host) as connector,
    ):
        frame = connector.get_users("students", "sections", dots)
        assert frame["sourcedId"].tolist() == ["1"]
        assert not [
            path for path in server.paths if not {"", ".", ".."}.isdisjoint(path.split("/"))
        ]
