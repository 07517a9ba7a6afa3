"""Servers that count wrong: a list is whole, or an error says why it cannot be."""

import itertools
import json
from collections.abc import Callable

import pytest
from helpers.faults import at, clamp, first, no_link, no_total, same_page
from helpers.faultserver import Answer, Asked, Behaviour, FaultServer, Record
from helpers.records import user

import oneroster_nb as onb

Connect = Callable[..., onb.OneRosterConnector]

KEYS = [f"p{n}" for n in range(250)]


def pupils(count: int = 250) -> dict[str, list[Record]]:
    return {"students": [user(key, "student", ["s1"]) for key in KEYS[:count]], "orgs": []}


def on_students(*behaviours: Behaviour) -> Behaviour:
    def behave(asked: Asked, answer: Answer) -> None:
        for behaviour in (no_link, *behaviours):
            behaviour(asked, answer)

    return at("students", behave)


def counts_the_page(_asked: Asked, answer: Answer) -> None:
    answer.total = len(answer.rows)


def counts_so_far(_asked: Asked, answer: Answer) -> None:
    answer.total = answer.offset + len(answer.rows)


def says(total: int) -> Behaviour:
    def behave(_asked: Asked, answer: Answer) -> None:
        answer.total = total

    return behave


def in_the_body(counting: Behaviour) -> Behaviour:
    """Write the total into the body instead of a header."""

    def behave(asked: Asked, answer: Answer) -> None:
        counting(asked, answer)
        body = {"totalCount": answer.total, answer.key: answer.rows}
        answer.body = json.dumps(body).encode()

    return behave


def offsets_in_pages(_asked: Asked, answer: Answer) -> None:
    answer.offset *= answer.limit


def offsets_from_one(_asked: Asked, answer: Answer) -> None:
    answer.offset = max(answer.offset - 1, 0)


def nothing_at(offset: int) -> Behaviour:
    """Send an empty page there, though there are rows behind it."""

    def behave(_asked: Asked, answer: Answer) -> None:
        if answer.offset <= offset < answer.offset + answer.limit:
            answer.limit = 0

    return behave


def the_whole_list(_asked: Asked, answer: Answer) -> None:
    answer.offset, answer.limit = 0, len(answer.records)


def refuses_beyond(end: int) -> Behaviour:
    """Answer 404 to an offset behind the last row."""

    def behave(_asked: Asked, answer: Answer) -> None:
        if answer.offset >= end:
            answer.status, answer.body = 404, b"{}"

    return behave


WRONG_TOTALS = {
    "the page": counts_the_page,
    "rows so far": counts_so_far,
    "100": says(100),
    "200": says(200),
    "the page, in the body": in_the_body(counts_the_page),
    "rows so far, in the body": in_the_body(counts_so_far),
    "200, in the body": in_the_body(says(200)),
}


@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize("paging", ["as asked", "cut to 100"])
@pytest.mark.parametrize("total", WRONG_TOTALS)
def test_a_total_that_is_too_small_ends_no_list_early(
    connected: Connect, total: str, paging: str, workers: int
) -> None:
    size = 100 if paging == "as asked" else 10_000
    with FaultServer(pupils(), on_students(clamp(100), WRONG_TOTALS[total])) as server:
        frame = connected(server, page_size=size, max_workers=workers).get_users("students")
    assert frame["sourcedId"].tolist() == KEYS


@pytest.mark.parametrize("size", [40, 70, 125, 249, 250, 251, 10_000])
@pytest.mark.parametrize("total", ["the page", "rows so far", "200"])
def test_wherever_its_pages_end(connected: Connect, total: str, size: int) -> None:
    with FaultServer(pupils(), on_students(WRONG_TOTALS[total])) as server:
        frame = connected(server, page_size=size).get_users("students")
    assert frame["sourcedId"].tolist() == KEYS


def test_a_right_total_costs_one_small_request_if_its_last_page_is_full(
    connected: Connect,
) -> None:
    with FaultServer(pupils(200), on_students()) as server:
        frame = connected(server, page_size=100).get_users("students")
        limits = [asked.query["limit"] for asked in server.requests if asked.path == "students"]
    assert frame["sourcedId"].tolist() == KEYS[:200]
    assert limits == ["100", "100", "1"]


def test_a_right_total_costs_nothing_if_its_last_page_is_not_full(connected: Connect) -> None:
    with FaultServer(pupils(), on_students()) as server:
        frame = connected(server, page_size=100).get_users("students")
    assert frame["sourcedId"].tolist() == KEYS
    assert server.paths.count("students") == 3


def test_a_server_may_refuse_offsets_beyond_the_end(connected: Connect) -> None:
    with FaultServer(pupils(200), on_students(refuses_beyond(200))) as server:
        frame = connected(server, page_size=100).get_users("students")
    assert frame["sourcedId"].tolist() == KEYS[:200]


def test_headcounts_do_not_believe_a_total_that_counts_the_page(connected: Connect) -> None:
    routes = pupils() | {"teachers": [user("t1", "teacher", ["s1"])]}
    with FaultServer(routes, on_students(counts_the_page)) as server:
        counts = connected(server).headcounts()
    assert counts["students"] is None
    assert counts["teachers"] == 1


def test_headcounts_are_the_totals_that_are_right(connected: Connect) -> None:
    with FaultServer(pupils() | {"teachers": []}, on_students()) as server:
        assert connected(server).headcounts()["students"] == 250


# --- offsets -----------------------------------------------------------------------------------


@pytest.mark.parametrize("total", [no_total, says(250), counts_the_page, counts_so_far])
def test_offsets_that_are_counted_in_pages_are_an_error(
    connected: Connect, total: Behaviour
) -> None:
    with (
        FaultServer(pupils(), on_students(offsets_in_pages, total)) as server,
        pytest.raises(onb.IncompleteError),
    ):
        connected(server, page_size=100).get_users("students")


@pytest.mark.parametrize("total", [no_total, says(250)])
@pytest.mark.filterwarnings("ignore::oneroster_nb.errors.DuplicateKeyWarning")
def test_offsets_that_are_counted_from_one_lose_no_row(
    connected: Connect, total: Behaviour
) -> None:
    with FaultServer(pupils(), on_students(offsets_from_one, total)) as server:
        frame = connected(server, page_size=100).get_users("students")
    assert frame["sourcedId"].tolist() == KEYS


@pytest.mark.parametrize(
    ("place", "total"),
    [
        (0, says(250)),
        (100, says(250)),
        (100, no_total),
        *((150, total) for total in (says(250), no_total, counts_the_page, counts_so_far)),
    ],
)
def test_an_empty_page_before_the_last_one_is_an_error(
    connected: Connect, place: int, total: Behaviour
) -> None:
    with (
        FaultServer(pupils(), on_students(nothing_at(place), total)) as server,
        pytest.raises(onb.IncompleteError),
    ):
        connected(server, page_size=100).get_users("students")


@pytest.mark.parametrize("total", [no_total, says(250)])
def test_a_page_that_is_empty_once_is_made_up_for(connected: Connect, total: Behaviour) -> None:
    numbers = itertools.count(1)

    def empty_once(_asked: Asked, answer: Answer) -> None:
        if next(numbers) == 2:
            answer.limit = 0

    with FaultServer(pupils(), on_students(empty_once, total)) as server:
        frame = connected(server, page_size=100, max_workers=1).get_users("students")
    assert frame["sourcedId"].tolist() == KEYS


@pytest.mark.parametrize("total", [no_total, says(250), counts_the_page])
@pytest.mark.parametrize("size", [1, 100, 250, 10_000])
def test_a_server_that_always_sends_the_whole_list_is_believed(
    connected: Connect, total: Behaviour, size: int
) -> None:
    with FaultServer(pupils(), on_students(the_whole_list, total)) as server:
        frame = connected(server, page_size=size).get_users("students")
        assert frame["sourcedId"].tolist() == KEYS
        assert server.paths.count("students") <= 3


@pytest.mark.parametrize("total", [no_total, says(250), counts_the_page])
@pytest.mark.parametrize("size", [100, 10_000])
def test_a_server_that_cuts_its_pages_and_ignores_the_offset_is_an_error_that_says_so(
    connected: Connect, total: Behaviour, size: int
) -> None:
    with (
        FaultServer(pupils(), on_students(clamp(100), same_page, total)) as server,
        pytest.raises(onb.IncompleteError, match="ignores the offset") as caught,
    ):
        connected(server, page_size=size).get_users("students")
    assert KEYS[0] not in str(caught.value)


def test_a_promise_of_very_many_rows_asks_for_no_more_than_come(connected: Connect) -> None:
    with (
        FaultServer(pupils(), on_students(says(900_000_000))) as server,
        pytest.raises(onb.IncompleteError, match="900,000,000"),
    ):
        connected(server, page_size=100).get_users("students")
    assert server.paths.count("students") < 250


# --- revisions ---------------------------------------------------------------------------------


def revisions(*values: str) -> Behaviour:
    """Name these states of the data, one a request, over and over; an empty one is not named."""
    following = itertools.cycle(values)

    def behave(_asked: Asked, answer: Answer) -> None:
        if value := next(following):
            answer.headers["x-perm-rev"] = value

    return behave


@pytest.mark.parametrize("values", [("7", ""), ("", "7"), ("", "", "7"), ("7", "", "")])
@pytest.mark.parametrize("total", [no_total, says(250)])
def test_a_revision_on_some_pages_only_is_not_a_change(
    connected: Connect, total: Behaviour, values: tuple[str, ...]
) -> None:
    with FaultServer(pupils(), on_students(total, revisions(*values))) as server:
        frame = connected(server, page_size=60).get_users("students")
        offsets = [asked.query["offset"] for asked in server.requests if asked.path == "students"]
    assert frame["sourcedId"].tolist() == KEYS
    assert offsets.count("0") == 1  # it was not pulled again


def test_a_revision_that_changes_between_pages_without_one_is_a_change(
    connected: Connect,
) -> None:
    named = revisions("7", "", "8", "", "")
    with FaultServer(pupils(), on_students(first(5, named))) as server:
        frame = connected(server, page_size=60, max_workers=1).get_users("students")
        offsets = [asked.query["offset"] for asked in server.requests if asked.path == "students"]
    assert frame["sourcedId"].tolist() == KEYS
    assert offsets.count("0") == 2
