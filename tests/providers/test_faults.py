"""Servers as they really are: what can be had comes whole, what cannot is an error, over HTTP."""

import itertools
import threading
from collections.abc import Callable
from typing import Any

import pytest
from helpers.faults import (
    at,
    bare_list,
    clamp,
    cut,
    dropped,
    each,
    envelope,
    first,
    html,
    link_to,
    no_link,
    no_total,
    redirect,
    same_page,
    status,
    totals,
)
from helpers.faultserver import PREFIX, Answer, Asked, Behaviour, FaultServer, Record
from helpers.records import school, user

import oneroster_nb as onb
from oneroster_nb.demo.server.embedded import DemoServer

Connect = Callable[..., onb.OneRosterConnector]

COUNT = 25
KEYS = [f"p{n}" for n in range(COUNT)]


def pupils() -> dict[str, list[Record]]:
    return {"students": [user(key, "student", ["s1"]) for key in KEYS], "orgs": []}


def chained(*behaviours: Behaviour) -> Behaviour:
    def behave(asked: Asked, answer: Answer) -> None:
        for behaviour in behaviours:
            behaviour(asked, answer)

    return behave


def rotated(_asked: Asked, answer: Answer) -> None:
    """List the rows in another order, as servers do that sort by what has ties."""
    answer.records = answer.records[3:] + answer.records[:3]


def revision(*values: str) -> Behaviour:
    """Name these states of the data, one a request; the last one stays."""
    following = itertools.chain(values, itertools.repeat(values[-1]))

    def behave(_asked: Asked, answer: Answer) -> None:
        answer.headers["x-perm-rev"] = next(following)

    return behave


def too_large(most: int) -> Behaviour:
    """Break down where more rows are asked for than it can send."""

    def behave(asked: Asked, answer: Answer) -> None:
        if int(asked.query["limit"]) > most:
            status(503, {"Retry-After": "0"})(asked, answer)

    return behave


def bare(record: Record) -> Record:
    """Write a record as some servers do: real booleans, nulls, relative addresses."""
    orgs = [{**org, "href": "orgs/" + org["sourcedId"]} for org in record["orgs"]]
    return {**record, "enabledUser": True, "orgs": orgs, "email": None, "grades": None}


def on_students(*behaviours: Behaviour) -> Behaviour:
    return at("students", chained(*behaviours))


SOON = {"Retry-After": "0"}
WHOLE: dict[str, Behaviour] = {
    "nothing wrong": lambda *_: None,
    "clamped limits": on_students(clamp(4)),
    "clamped limits, no totals, no links": on_students(clamp(4), no_total, no_link),
    "no totals": on_students(no_total),
    "no links": on_students(no_link),
    "a negative total": on_students(totals(-1)),
    "an absurd total": on_students(totals(10**12)),
    "a total in words": on_students(totals("many")),
    "a total of the page": on_students(totals(10, 10, 5)),
    "a total that changes once": on_students(totals(COUNT, COUNT + 1, COUNT)),
    "a revision that changes once": on_students(revision("a", "b")),
    "an order that changes once": on_students(first(2, rotated)),
    "a page that comes again once": on_students(first(2, same_page)),
    "links to another host": on_students(link_to("https://roster.example/students?offset=10")),
    "links that loop": on_students(link_to(f"{PREFIX}students?limit=10&offset=0")),
    "429 with Retry-After": on_students(first(2, status(429, SOON))),
    "429 as HTML with Retry-After": on_students(first(2, html(429, SOON))),
    "429 without Retry-After": on_students(first(1, html(429))),
    "503 in a burst": on_students(first(3, status(503, SOON))),
    "502 and 504": on_students(first(1, status(502)), first(1, status(504))),
    "a cut body once": on_students(first(1, cut)),
    "a connection that breaks off once": on_students(first(1, dropped)),
    "HTML with 200 once": on_students(first(1, html())),
    "pages that are too large": on_students(too_large(5)),
    "another key of the list": on_students(envelope("students")),
    "a key of its own": on_students(envelope("results")),
    "a list without an envelope": on_students(bare_list),
    "booleans, nulls and relative addresses": on_students(each(bare)),
    "a redirect on the same host": at("students", redirect(f"{PREFIX}pupils")),
}


@pytest.mark.parametrize("fault", WHOLE)
def test_what_can_be_had_comes_whole(connected: Connect, fault: str) -> None:
    routes = pupils()
    routes["pupils"] = routes["students"]
    with FaultServer(routes, at("pupils", envelope("users")), WHOLE[fault]) as server:
        frame = connected(server, page_size=10, retry_seconds=60).get_users("students")
        assert sorted(frame["sourcedId"]) == sorted(KEYS)
        assert (frame["orgSourcedIds"] == "s1").all()
        assert frame["enabledUser"].all()
        assert all("sort" not in asked.query for asked in server.requests)


def ever_rotating() -> Behaviour:
    turns = itertools.count()

    def behave(_asked: Asked, answer: Answer) -> None:
        turn = next(turns) * 7 % len(answer.records)
        answer.records = answer.records[turn:] + answer.records[:turn]

    return behave


def ever_growing() -> Behaviour:
    numbers = itertools.count(COUNT)

    def behave(_asked: Asked, answer: Answer) -> None:
        answer.total = next(numbers)

    return behave


ERRORS: dict[str, tuple[Behaviour, type[onb.RosterError]]] = {
    "an order that never stays": (ever_rotating(), onb.IncompleteError),
    "totals that never stay": (ever_growing(), onb.IncompleteError),
    "a total that is never reached": (totals(COUNT + 3), onb.IncompleteError),
    "the same page for ever": (same_page, onb.IncompleteError),
    "cut bodies": (cut, onb.AnswerError),
    "HTML with 200": (html(), onb.AnswerError),
    "an envelope without a list": (envelope("statusInfoSet"), onb.AnswerError),
    "a redirect to another host": (redirect("https://roster.example/"), onb.AnswerError),
    "redirects in a circle": (redirect(f"{PREFIX}students"), onb.AnswerError),
    "429 for ever": (status(429, SOON), onb.UnavailableError),
    "503 for ever": (html(503), onb.UnavailableError),
    "connections that break off": (dropped, onb.ConnectionFailedError),
    "500": (status(500), onb.ServerError),
    "401": (status(401), onb.AuthenticationError),
    "403": (status(403), onb.ForbiddenError),
}


@pytest.mark.parametrize("fault", ERRORS)
def test_what_cannot_be_had_whole_is_an_error_and_the_next_call_works(
    connected: Connect, fault: str
) -> None:
    behaviour, error = ERRORS[fault]
    mended: list[bool] = []

    def broken(asked: Asked, answer: Answer) -> None:
        if not mended and asked.path == "students":
            behaviour(asked, answer)

    with FaultServer(pupils(), broken) as server:
        connector = connected(server, page_size=10, retry_seconds=0.5)
        with pytest.raises(error) as caught:
            connector.get_users("students")
        assert KEYS[0] not in str(caught.value)
        mended.append(True)
        assert sorted(connector.get_users("students")["sourcedId"]) == sorted(KEYS)


def test_an_answer_that_does_not_come_is_asked_for_again(connected: Connect) -> None:
    over, asked_again = threading.Event(), threading.Event()
    count = itertools.count(1)

    def slow(_asked: Asked, _answer: Answer) -> None:
        if next(count) == 1:
            over.wait(60)
        else:
            asked_again.set()

    with FaultServer(pupils(), at("students", slow)) as server:
        connector = connected(server, timeout=(10, 0.5), retry_seconds=60)
        frame = connector.get_users("students")
        assert asked_again.is_set()
        over.set()
    assert len(frame) == COUNT


def test_one_table_that_is_not_shown_is_said_and_the_rest_is_whole(connected: Connect) -> None:
    gradebook: dict[str, list[Record]] = {
        name: [] for name in ("resources", "categories", "lineItems", "results")
    }
    routes = school() | gradebook | {"demographics": []}
    with FaultServer(routes) as server:
        expected = connected(server, page_size=10).get_roster()
    routes["demographics"] = [{"sourcedId": "p1", "status": "active"}]
    with FaultServer(routes, at("demographics", status(403))) as server:
        connector = connected(server)
        with pytest.warns(onb.PartialResultWarning, match=r"does not show demographics.*403"):
            roster = connector.get_roster()
        assert roster.demographics.empty
        assert roster.summary().equals(expected.summary())
        with pytest.raises(onb.ForbiddenError):
            connector.get_demographics()
        with pytest.raises(onb.ForbiddenError):
            connector.get_roster(tables=["demographics"])


@pytest.mark.parametrize("table", ["users", "enrollments", "orgs"])
def test_a_roster_without_its_core_is_an_error(connected: Connect, table: str) -> None:
    with (
        FaultServer(school(), at(table, status(403))) as server,
        pytest.raises(onb.ForbiddenError),
    ):
        connected(server).get_roster()


def test_a_token_that_expires_in_mid_pull_is_renewed(connected: Connect) -> None:
    with DemoServer(max_page_size=10) as server:
        expired: list[int] = []

        def after_a_page(progress: Any) -> None:
            if progress.done and not expired:
                server.expire_tokens()
                expired.append(progress.done)

        conn = connected(server, host=server.host_v1p2, token_url=server.token_url, page_size=10)
        frame = conn.get_users("students", progress=after_a_page)
        assert expired
        assert expired[0] < 139
        assert frame["sourcedId"].nunique() == len(frame) == 139


def test_a_static_token_that_is_refused_is_not_renewed(server: DemoServer) -> None:
    with (
        onb.OneRosterConnector(server.host_v1p2, access_token="made up") as conn,
        pytest.raises(onb.AuthenticationError),
    ):
        conn.get_users("students")
