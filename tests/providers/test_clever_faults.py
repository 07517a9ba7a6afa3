"""What servers of Clever do in bad times, over real HTTP."""

import secrets
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from helpers.cleverserver import Asked, Behaviour, CleverServer, Reply

import oneroster_nb as onb
from oneroster_nb.transport.rate_limit import RateLimit, until_reset

Connect = Callable[..., onb.CleverConnector]
TOKEN = "made-up-" + secrets.token_hex(12)


def student(number: int) -> dict[str, Any]:
    name = {"first": "Ada", "last": f"Student {number}"}
    return {"id": f"{number:024x}", "name": name, "roles": {"student": {"sis_id": str(number)}}}


STUDENTS = [student(number) for number in range(1, 251)]
IDS = [record["id"] for record in STUDENTS]


@pytest.fixture
def connected() -> Iterator[Connect]:
    made: list[onb.CleverConnector] = []

    def connect(server: CleverServer, **options: Any) -> onb.CleverConnector:
        connector = onb.CleverConnector(TOKEN, server.host, **{"retry_seconds": 5, **options})
        made.append(connector)
        return connector

    yield connect
    for connector in made:
        connector.close()


def first(times: int, behave: Behaviour) -> Behaviour:
    left = [times]

    def passing(asked: Asked, reply: Reply) -> None:
        if asked.path.endswith("/users") and left[0] > 0:
            left[0] -= 1
            behave(asked, reply)

    return passing


def says(status: int, body: Any, **headers: str) -> Behaviour:
    def behave(asked: Asked, reply: Reply) -> None:
        if asked.path.endswith("/users"):
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            reply.status, reply.body = status, body
            reply.headers.update(named)

    return behave


def resets_in(seconds: float) -> dict[str, str]:
    return {"X_Ratelimit_Remaining": "0", "X_Ratelimit_Reset": str(int(time.time() + seconds))}


HTML = b"<!DOCTYPE html><html><body><h1>Clever | Log in</h1></body></html>"


def test_pages_are_followed_by_their_relative_links(connected: Connect) -> None:
    with CleverServer({"users": STUDENTS}) as server:
        frame = connected(server, page_size=100).get_users("students")
    assert frame["sourcedId"].tolist() == IDS
    cursors = [asked.query.get("starting_after") for asked in server.requests if asked.query]
    assert [IDS[99], IDS[199]] == [cursor for cursor in cursors if cursor]
    assert {asked.query["limit"] for asked in server.requests if "users" in asked.path} == {"100"}


def test_an_absolute_link_on_the_same_origin_is_followed(connected: Connect) -> None:
    def absolute(_asked: Asked, reply: Reply) -> None:
        for link in reply.body["links"]:
            link["uri"] = server.url + link["uri"]

    with CleverServer({"users": STUDENTS}, absolute) as server:
        assert len(connected(server, page_size=100).get_users("students")) == 250


def test_a_link_to_another_server_is_not_followed(connected: Connect) -> None:
    def elsewhere(_asked: Asked, reply: Reply) -> None:
        reply.body["links"] = [{"rel": "next", "uri": other.host + "users"}]

    with (
        CleverServer({"users": STUDENTS}) as other,
        CleverServer({}, elsewhere) as server,
        pytest.raises(onb.AnswerError, match="another server"),
    ):
        connected(server).get_users("students")
    assert other.requests == []


def test_a_page_without_rows_and_a_way_back_is_the_end(connected: Connect) -> None:
    def a_page_more(asked: Asked, reply: Reply) -> None:
        if asked.path.endswith("/users"):
            links = reply.body["links"]
            if reply.body["data"] and not any(link["rel"] == "next" for link in links):
                last = reply.body["data"][-1]["data"]["id"]
                links.append({"rel": "next", "uri": f"{asked.path}?starting_after={last}"})
            if not reply.body["data"]:
                links.append({"rel": "prev", "uri": f"{asked.path}?ending_before={IDS[-1]}"})

    with CleverServer({"users": STUDENTS}, a_page_more) as server:
        assert len(connected(server, page_size=100).get_users("students")) == 250


def test_nobody_at_all_is_an_empty_answer_with_a_warning(connected: Connect) -> None:
    with CleverServer({}) as server:
        connector = connected(server)
        with pytest.warns(onb.NotSharedWarning):
            frame = connector.get_users("students")
    assert len(frame) == 0
    assert {"sourcedId", "givenName", "schoolNames"} <= set(frame)


@pytest.mark.parametrize("back", ["to itself", "to the first page"])
def test_a_cursor_that_repeats_is_an_error_and_no_endless_pull(
    connected: Connect, back: str
) -> None:
    def circle(asked: Asked, reply: Reply) -> None:
        if asked.path.endswith("/users"):
            query = "&".join(f"{name}={value}" for name, value in asked.query.items())
            target = query if back == "to itself" else "role=student&limit=100"
            reply.body["links"] = [{"rel": "next", "uri": f"{asked.path}?{target}"}]

    with (
        CleverServer({"users": STUDENTS}, circle) as server,
        pytest.raises(onb.IncompleteError, match="students"),
    ):
        connected(server, page_size=100).get_users("students")
    assert server.paths.count("users") < 10


def test_empty_pages_that_lead_in_a_circle_end(connected: Connect) -> None:
    def circle(asked: Asked, reply: Reply) -> None:
        if asked.path.endswith("/users"):
            reply.body["data"] = []
            reply.body["links"] = [{"rel": "next", "uri": f"{asked.path}?role=student&limit=100"}]

    with (
        CleverServer({"users": STUDENTS}, circle) as server,
        pytest.raises(onb.IncompleteError, match="circle"),
    ):
        connected(server, page_size=100).get_users("students")
    assert server.paths.count("users") < 10


def test_a_cursor_that_repeats_once_is_made_up_for(connected: Connect) -> None:
    def circle(asked: Asked, reply: Reply) -> None:
        reply.body["links"] = [{"rel": "next", "uri": f"{asked.path}?role=student&limit=100"}]

    with CleverServer({"users": STUDENTS}, first(1, circle)) as server:
        frame = connected(server, page_size=100).get_users("students")
    assert frame["sourcedId"].tolist() == IDS


def test_too_many_requests_wait_for_the_reset(connected: Connect) -> None:
    busy = says(429, {"message": "Rate limit exceeded"}, **resets_in(1))
    with CleverServer({"users": STUDENTS}, first(1, busy)) as server:
        frame = connected(server).get_users("students")
    assert len(frame) == 250
    assert server.paths.count("users") == 2


def test_a_reset_beyond_our_patience_is_an_error_at_once(connected: Connect) -> None:
    busy = says(429, {"message": "Rate limit exceeded"}, **resets_in(3000))
    with (
        CleverServer({"users": STUDENTS}, busy) as server,
        pytest.raises(onb.UnavailableError, match="Rate limit exceeded") as caught,
    ):
        connected(server, retry_seconds=20).get_users("students")
    assert caught.value.status == 429
    assert server.paths.count("users") == 1  # Without the header it would have been tried again.


def test_nothing_is_asked_while_the_bucket_is_empty(connected: Connect) -> None:
    """The server takes two requests a second and counts those that come before it may."""
    too_early: list[str] = []
    window = {"ends": 0.0, "left": 2}

    def bucket(asked: Asked, reply: Reply) -> None:
        now = time.time()
        if now >= window["ends"]:
            window.update(ends=int(now) + 2.0, left=2)
        if window["left"] < 1:
            too_early.append(asked.path)
        window["left"] -= 1
        reply.headers |= {
            "X-Ratelimit-Bucket": "district",
            "X-Ratelimit-Limit": "2",
            "X-Ratelimit-Remaining": str(max(int(window["left"]), 0)),
            "X-Ratelimit-Reset": str(int(window["ends"])),
        }

    with CleverServer({"users": STUDENTS}, bucket) as server:
        # Without Date the clocks are the same here; the server's own would be cut to seconds.
        frame = connected(server, page_size=100, max_workers=1).get_users("students")
    assert len(frame) == 250
    assert too_early == []


def test_the_last_requests_are_spread_over_the_time_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [1000.0]
    monkeypatch.setattr("oneroster_nb.transport.rate_limit.time.monotonic", lambda: now[0])
    limit = RateLimit()
    date = "Fri, 15 Jan 2027 08:00:00 GMT"

    def told(remaining: int) -> None:
        limit.note(
            {
                "X-Ratelimit-Limit": "1200",
                "X-Ratelimit-Remaining": str(remaining),
                "X-Ratelimit-Reset": "1800000030",
                "Date": date,
            }
        )

    told(600)
    assert limit.pause() == 0.0
    told(9)
    pauses = [limit.pause() for _ in range(12)]
    assert pauses[0] == pytest.approx(3.0)  # ten requests in thirty seconds
    assert pauses == sorted(pauses)
    assert pauses[9:] == pytest.approx([30.0, 30.0, 30.0])  # by then the limit is reset
    told(0)
    assert limit.pause() == pytest.approx(30.0)
    now[0] += 30
    assert limit.pause() == 0.0


@pytest.mark.parametrize("text", ["", "soon", "30", "-1"])
def test_a_reset_that_is_no_moment_is_none(text: str) -> None:
    assert until_reset({"X-Ratelimit-Reset": text}) is None


def test_a_page_that_is_too_large_is_asked_for_in_smaller_ones(connected: Connect) -> None:
    def at_most(asked: Asked, reply: Reply) -> None:
        if int(asked.query.get("limit", 100)) > 2000:
            reply.status, reply.body = 413, {"message": "Request entity too large"}

    with CleverServer({"users": STUDENTS}, at_most) as server:
        frame = connected(server).get_users("students")
    assert frame["sourcedId"].tolist() == IDS
    limits = [asked.query["limit"] for asked in server.requests if asked.path.endswith("users")]
    assert limits == ["10000", "5000", "2500", "1250"]


def test_the_size_that_was_found_is_kept(connected: Connect) -> None:
    def at_most(asked: Asked, reply: Reply) -> None:
        if int(asked.query.get("limit", 100)) > 60:
            reply.status, reply.body = 413, {"message": "Request entity too large"}

    with CleverServer({"users": STUDENTS}, at_most) as server:
        frame = connected(server, page_size=100).get_users("students")
    assert frame["sourcedId"].tolist() == IDS
    limits = [asked.query["limit"] for asked in server.requests if asked.path.endswith("users")]
    assert limits == ["100", "50", "50", "50", "50", "50"]


def test_what_stays_too_large_is_an_error(connected: Connect) -> None:
    with (
        CleverServer({"users": STUDENTS}, says(413, {"message": "too large"})) as server,
        pytest.raises(onb.ServerError, match="413"),
    ):
        connected(server).get_users("students")
    limits = [int(asked.query["limit"]) for asked in server.requests if "users" in asked.path]
    assert limits[0] == 10_000
    assert limits[-1] == 100
    assert len(limits) == 8


def test_no_more_is_asked_for_than_clever_sends(connected: Connect) -> None:
    with CleverServer({"users": STUDENTS}) as server:
        connected(server, page_size=50_000).get_users("students")
    asked = [asked.query["limit"] for asked in server.requests if asked.path.endswith("users")]
    assert asked == ["10000"]


@pytest.mark.parametrize("body", [{"message": "Unauthorized"}, HTML], ids=["json", "html"])
def test_a_token_that_is_not_accepted(connected: Connect, body: Any) -> None:
    def refuse(_asked: Asked, reply: Reply) -> None:
        reply.status, reply.body = 401, body

    with (
        CleverServer({"users": STUDENTS}, refuse) as server,
        pytest.raises(onb.AuthenticationError, match="district's token") as caught,
    ):
        connected(server).get_users("students")
    assert TOKEN not in str(caught.value)
    assert "Log in" not in str(caught.value)
    assert len(server.paths) == len(set(server.paths))  # nothing is tried again


@pytest.mark.filterwarnings("ignore:The server does not show")
def test_a_token_of_the_wrong_kind_that_finds_nothing(connected: Connect) -> None:
    def nothing(_asked: Asked, reply: Reply) -> None:
        reply.status, reply.body = 404, {"message": "Resource not found"}

    with (
        CleverServer({"users": STUDENTS}, nothing) as server,
        pytest.raises(onb.NotFoundError, match=r"Resource not found.*shares it"),
    ):
        connected(server).get_users("students")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (HTML, "web page"),
        (b'{"data": [{"data": {"id": "1"', "not complete JSON"),
        ({"data": None}, "no 'data'"),
        ({"message": "Something went wrong"}, "no 'data'"),
        ([], "no object"),
        ({"data": ["a student"]}, "no record"),
        (b'{"data": [{"data": {"id": "\xff"}}]}', "UTF-8"),
    ],
    ids=["html", "cut", "null", "message", "list", "text", "latin"],
)
def test_an_answer_that_is_no_roster_is_an_error(connected: Connect, body: Any, words: str) -> None:
    with (
        CleverServer({"users": STUDENTS}, says(200, body)) as server,
        pytest.raises(onb.AnswerError, match=words),
    ):
        connected(server).get_users("students")
    assert server.paths.count("users") == 2  # once more, as it may be a cut one


@pytest.mark.parametrize("body", [HTML, b'{"data": [{"da', b""])
def test_an_answer_that_is_bad_once_is_made_up_for(connected: Connect, body: bytes) -> None:
    with CleverServer({"users": STUDENTS}, first(1, says(200, body))) as server:
        assert len(connected(server).get_users("students")) == 250


@pytest.mark.parametrize("status", [500, 501, 502, 503])
def test_a_server_that_fails_is_an_error_that_says_so(connected: Connect, status: int) -> None:
    with (
        CleverServer({"users": STUDENTS}, says(status, {"message": "Oops"})) as server,
        pytest.raises(onb.UnavailableError, match=f"{status}.*Oops"),
    ):
        connected(server, retry_seconds=0).get_users("students")


def test_after_a_failure_the_connector_can_be_used(connected: Connect) -> None:
    with CleverServer({"users": STUDENTS}, first(2, says(200, HTML))) as server:
        connector = connected(server)
        with pytest.raises(onb.AnswerError):
            connector.get_users("students")
        assert len(connector.get_users("students")) == 250
