"""What once went wrong between a question, a server and an answer, and must not again."""

import logging
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pandas as pd
import pytest
from helpers.clear import assert_clear
from helpers.faults import at, clamp, dropped, first, no_total, status
from helpers.faultserver import Answer, Asked, FaultServer
from helpers.one_day import TODAY
from helpers.records import course, enrollment, org, routes, school, section, session, user

from oneroster_nb import (
    OneRosterConnector,
    Roster,
    connect,
    errors,
    list_profiles,
    save_profile,
)
from oneroster_nb.connectors.profile_store import load_profile
from oneroster_nb.demo.server.embedded import DemoServer

Connect = Callable[..., OneRosterConnector]


# --- servers that fail for a while -----------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "asked"),
    [(429, "0"), (503, "0"), (503, "-5"), (503, "Thu, 01 Jan 1970 00:00:00 GMT")],
)
def test_a_server_that_says_retry_at_once_is_not_hammered(
    connected: Connect, code: int, asked: str
) -> None:
    """A tenth of a second at least between two tries makes eleven within a second."""
    with FaultServer(school(), at("users", status(code, {"Retry-After": asked}))) as server:
        connector = connected(server, retry_seconds=1, page_size=1, max_workers=1)
        with pytest.raises(errors.UnavailableError):
            connector.get_users("users")

        assert 1 < server.paths.count("users") <= 11


def test_a_first_answer_that_breaks_off_is_asked_for_again(connected: Connect) -> None:
    with FaultServer(school(), first(1, dropped)) as server:
        assert len(connected(server).get_users("students")) == 6

        assert len(server.requests) > len(set(server.paths))


@pytest.mark.parametrize(
    "link",
    [
        "http://[half/",
        "http://127.0.0.1:port/x",
        "http://127.0.0.1:99999999/x",
        "//[",
        "",
        "mailto:someone",
        "https://elsewhere.example/ims/oneroster/v1p1/students?offset=5",
    ],
)
@pytest.mark.parametrize("total", [True, False])
def test_a_link_that_leads_nowhere_costs_no_row(connected: Connect, link: str, total: bool) -> None:
    def linked(_asked: Asked, answer: Answer) -> None:
        following = answer.offset + len(answer.rows)
        answer.link = link if following < len(answer.records) else None

    behaviours = [clamp(4), linked] if total else [clamp(4), linked, no_total]
    with FaultServer(school(students=5), *behaviours) as server:
        frame = connected(server).get_users("students")

    assert list(frame["sourcedId"]) == [f"c{n}-p{m}" for n in (1, 2) for m in range(1, 6)]


@pytest.mark.parametrize(
    "header",
    ["rubbish", '<>; rel="next"', ";;;", '<http://[/>; rel="next"', "<x", "<x>; rel", "=,=;="],
)
def test_a_link_header_that_cannot_be_read_costs_no_row(connected: Connect, header: str) -> None:
    def headed(_asked: Asked, answer: Answer) -> None:
        answer.link = None
        answer.headers["Link"] = header

    with FaultServer(school(students=5), clamp(4), headed, no_total) as server:
        assert len(connected(server).get_users("students")) == 10


# --- one row, two answers --------------------------------------------------------------------


def test_max_users_counts_a_key_that_the_first_page_repeats_once(connected: Connect) -> None:
    paths = school()
    paths["students"] = [paths["students"][0], *paths["students"]]
    with FaultServer(paths) as server:
        frame = connected(server).get_users("students", max_users=2)

    assert list(frame["sourcedId"]) == ["c1-p1", "c1-p2"]


def _terms() -> dict[str, Any]:
    """Return a student in a class of two terms and in one of the second and a third."""
    return {
        "orgs": [org("s1", "North School")],
        "sessions": [
            session(f"t{n}", f"Term {n}", f"2026-0{n}-01", f"2026-0{n}-28") for n in (1, 2, 3)
        ],
        "courses": [course("co1", "Art 101", "s1")],
        "classes": [
            section("c1", "Art A", "co1", "s1", ["t1", "t2"]),
            section("c2", "Art, B", "co1", "s1", ["t2", "t3"]),
        ],
        "users": [user("p1", "student", ["s1"])],
        "enrollments": [enrollment(f"e{c}", "p1", c, "s1", "student") for c in ("c1", "c2")],
    }


@pytest.mark.parametrize("nested", [True, False], ids=["nested", "joined"])
def test_the_terms_of_one_row_a_user_are_a_list_of_terms(connected: Connect, nested: bool) -> None:
    behaviours = [] if nested else [at("*/*/*", status(404))]
    with FaultServer(routes(**_terms()), *behaviours) as server:
        connector = connected(server)
        one = connector.get_users("students", "classes", "Art A", unique=True)
        both = connector.get_users("students", "courses", "Art 101", unique=True)

    assert list(one["termSourcedIds"]) == ["t1,t2"]
    assert list(one["termTitles"]) == ["Term 1,Term 2"]
    assert list(both["termSourcedIds"]) == ["t1,t2,t3"]
    assert list(both["classTitle"]) == ['Art A,"Art, B"']
    assert list(both["groupCount"]) == [1]


@pytest.mark.parametrize("match_on", ["sourcedId", ["sourcedId"]])
def test_an_id_is_matched_where_another_field_stands_in_addresses(
    connected: Connect, match_on: str | list[str]
) -> None:
    given = {
        "orgs": [org("s1", "North School", identifier="N1")],
        "sessions": [],
        "courses": [course("co1", "Art 101", "s1", identifier="K1")],
        "classes": [
            section("c1", "Art A", "co1", "s1", identifier="c2"),
            section("c2", "Art B", "co1", "s1", identifier="c1"),
        ],
        "users": [user("p1", "student", ["s1"]), user("p2", "student", ["s1"])],
        "enrollments": [
            enrollment("e1", "p1", "c1", "s1", "student"),
            enrollment("e2", "p2", "c2", "s1", "student"),
        ],
    }
    with FaultServer(routes(**given, key="identifier"), key_field="identifier") as server:
        frame = connected(server, key_identifier="identifier").get_users(
            "students", "classes", "c1", match_on
        )

    assert list(frame["classTitle"]) == ["Art A"]
    assert list(frame["sourcedId"]) == ["p1"]


# --- what is remembered of a server ----------------------------------------------------------


@pytest.mark.parametrize("who", ["students", "users"])
def test_one_class_that_is_not_there_says_nothing_of_the_others(
    connected: Connect, who: str
) -> None:
    with FaultServer(school(), at("classes/c1/*", status(404))) as server:
        connector = connected(server)
        frame = connector.get_users(who, "classes", "Art section 1")
        assert len(frame) == (3 if who == "students" else 4)  # made up for by enrollments

        connector.get_users("students", "classes", "Art section 2")
        assert "classes/c2/students" in server.paths


def test_the_classes_beside_one_that_is_not_there_say_that_there_are_such_lists(
    connected: Connect,
) -> None:
    with FaultServer(school(), at("classes/c1/*", status(404))) as server:
        connector = connected(server)
        assert len(connector.get_users("students", "courses", "Art 101")) == 6

        asked = server.paths.count("classes/c2/students")
        connector.get_users("students", "classes", "Art section 2")
        assert server.paths.count("classes/c2/students") == asked + 1


@pytest.mark.parametrize(
    "question",
    [
        ("students",),
        ("users", "classes", "Art section 1"),
        ("users", "classes", "c1", "sourcedId"),
        ("users", "courses", "Art 101"),
        ("users", "courses"),
        ("users", "schools", "North School"),
        ("administrators", "schools"),
    ],
    ids=str,
)
def test_groups_can_be_refreshed_while_they_are_pulled(
    connected: Connect, question: tuple[str, ...]
) -> None:
    made: list[OneRosterConnector] = []

    def refreshing(_asked: Asked, _answer: Answer) -> None:
        made[0].refresh_groups()

    with FaultServer(school()) as usual, FaultServer(school(), refreshing) as server:
        made.append(connected(server))
        for _ in range(2):
            pd.testing.assert_frame_equal(
                made[0].get_users(*question), connected(usual).get_users(*question)
            )


def test_groups_can_be_refreshed_by_what_shows_the_progress(connected: Connect) -> None:
    with FaultServer(school()) as server:
        connector = connected(server)
        expected = connected(server).get_users("users", "courses", "Art 101")
        frame = connector.get_users(
            "users", "courses", "Art 101", progress=lambda _: connector.refresh_groups()
        )

    pd.testing.assert_frame_equal(frame, expected)


# --- nothing to be seen ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "question", [("students",), ("users",), ("students", "classes"), ("users", "schools")], ids=str
)
def test_between_terms_nobody_is_there_and_that_is_said(
    connected: Connect, question: tuple[str, ...]
) -> None:
    given = _terms()
    for number, record in enumerate(given["sessions"]):
        begins = TODAY - timedelta(days=1000 - 100 * number)
        record["startDate"], record["endDate"] = str(begins), str(begins + timedelta(days=50))
    with FaultServer(routes(**given)) as server:
        connector = connected(server)
        with pytest.warns(errors.NoMatchWarning, match="No term is running on"):
            frame = connector.get_users(*question, term="current")
        all_users = connector.get_users(*question)

    assert frame.empty
    assert "The last one," in frame.attrs["footnote"]
    assert len(all_users)


@pytest.mark.parametrize("kind", [None, "classes", "schools"])
def test_between_terms_a_roster_says_it_too(
    district: dict[str, pd.DataFrame], kind: str | None
) -> None:
    sessions = district["academicSessions"]
    past = {name: sessions[name] - pd.DateOffset(years=50) for name in ("startDate", "endDate")}
    roster = Roster(district | {"academicSessions": sessions.assign(**past)})

    with pytest.warns(
        errors.NoMatchWarning, match="The last one, 'Semester 2', ended on 1977-06-11"
    ):
        found = roster.get_users("students", kind, term="current")
    assert found.empty
    assert found.attrs["as_of"] == "2026-11-02"
    assert len(roster.get_users("students", kind))


# --- rows and columns of tables --------------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ({"grades": "6"}, ["c1", "c2", "c3"]),
        ({"grades": "06"}, ["c1", "c2", "c3"]),
        ({"grades": "6th"}, ["c1", "c2", "c3"]),
        ({"grades": ["6", "07"]}, ["c1", "c2", "c3", "c4"]),
        ({"grades": {"=": "Grade 7"}}, ["c3", "c4"]),
        ({"grades": {"!=": "6"}}, ["c4", "c5"]),
        ({"grades": "Pre-K"}, []),
    ],
    ids=str,
)
def test_a_grade_is_found_however_it_is_written(
    connected: Connect, where: dict[str, object], found: list[str]
) -> None:
    grades = {"c1": ["06"], "c2": ["6"], "c3": ["6th", "7"], "c4": ["07"], "c5": []}
    classes = [section(key, key, "co1", "s1", grades=value) for key, value in grades.items()]
    with FaultServer({"classes": classes}) as server:
        assert list(connected(server).get_classes(where)["sourcedId"]) == found


@pytest.mark.parametrize(
    "day",
    [
        "2026-02-01",
        "2026-02-01T00:00:00-05:00",
        "2026-02-01T23:00:00+02:00",
        pd.Timestamp("2026-02-01", tz="UTC"),
        date(2026, 2, 1),
    ],
    ids=str,
)
def test_a_date_with_a_zone_is_its_day(connected: Connect, day: object) -> None:
    with FaultServer(routes(**_terms())) as server:
        connector = connected(server)

        assert list(connector.get_terms({"startDate": day})["sourcedId"]) == ["t2"]
        assert list(connector.get_terms({"startDate": {">": day}})["sourcedId"]) == ["t3"]


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        ({"where": "title"}, ["where", "'title'", "{'title': 'Art'}"]),
        ({"where": 5}, ["where", "5"]),
        ({"where": ["title"]}, ["where", "['title']"]),
        ({"columns": 5}, ["5", "title"]),
        ({"columns": [5]}, ["5", "title"]),
        ({"columns": "titel"}, ["'titel'", "Did you mean 'title'"]),
        ({"modified_since": pd.NaT}, ["modified_since", "NaT"]),
        ({"modified_since": float("nan")}, ["modified_since", "nan"]),
        ({"modified_since": "soon"}, ["modified_since", "'soon'"]),
        ({"where": {"dateLastModified": {">": pd.NaT}}}, ["dateLastModified", "NaT"]),
        ({"where": {"title": {"like": "A"}}}, ["'like'", "~"]),
        ({"where": {5: "A"}}, ["5", "title"]),
    ],
    ids=str,
)
def test_rows_that_cannot_be_chosen(
    demo: OneRosterConnector, arguments: dict[str, Any], parts: list[str]
) -> None:
    with pytest.raises(errors.QueryError) as caught:
        demo.get_classes(**arguments)

    assert_clear(caught.value, *parts)


# --- what is no connection, no question and no roster ----------------------------------------


@pytest.mark.parametrize(
    "pattern", ["a{99999999999999}", "a{5,2}", "(" * 2000 + ")" * 2000, "[", "(?P<1>a)"]
)
def test_a_pattern_that_is_none_is_no_question(demo: OneRosterConnector, pattern: str) -> None:
    with pytest.raises(errors.QueryError) as caught:
        demo.get_users("students", "classes", pattern, match="regex")

    assert_clear(caught.value, "regular expression", "match='contains'")


@pytest.mark.parametrize(
    ("options", "kind", "parts"),
    [
        ({"timeout": (10, float("inf"))}, errors.ConfigurationError, ["timeout", "inf"]),
        ({"timeout": (float("nan"), 10)}, errors.ConfigurationError, ["timeout", "nan"]),
        ({"timeout": (0, 10)}, errors.ConfigurationError, ["timeout", "0"]),
        ({"timeout": (10, True)}, errors.ConfigurationError, ["timeout", "True"]),
        ({"timeout": 10}, errors.ConfigurationError, ["timeout", "10"]),
        ({"retry_seconds": float("inf")}, errors.ConfigurationError, ["retry_seconds", "inf"]),
        ({"retry_seconds": "5"}, errors.ConfigurationError, ["retry_seconds", "'5'"]),
        ({"match_on": []}, errors.QueryError, ["match_on", "[]"]),
        ({"match_on": 5}, errors.QueryError, ["match_on", "5"]),
        ({"match_on": [" "]}, errors.QueryError, ["match_on", "[' ']"]),
        ({"key_identifier": 5}, errors.ConfigurationError, ["key_identifier", "5"]),
        ({"key_identifier": ""}, errors.ConfigurationError, ["key_identifier", "''"]),
        ({"max_users": -1}, errors.QueryError, ["max_users", "-1"]),
        ({"client_id": 5}, errors.CredentialsError, ["client_id"]),
        ({"client_secret": b"x"}, errors.CredentialsError, ["client_secret"]),
        ({"client_secret": 5}, errors.CredentialsError, ["client_secret"]),
        ({"host": 5}, errors.ConfigurationError, ["host", "https://"]),
        ({"host": f"https://{'a' * 70}.example/"}, errors.ConfigurationError, ["a" * 70]),
        ({"host": "https://a..example/"}, errors.ConfigurationError, ["a..example"]),
        ({"host": "https://.example/"}, errors.ConfigurationError, [".example"]),
    ],
    ids=str,
)
def test_options_that_make_no_sense(
    connected: Connect, options: dict[str, object], kind: type[Exception], parts: list[str]
) -> None:
    with FaultServer({}) as server:
        with pytest.raises(kind) as caught:
            connected(server, **options)

        assert server.requests == []
    assert_clear(caught.value, *parts)


@pytest.mark.parametrize("match_on", [[], [""], 5, [5], {"title": 1}])
def test_fields_that_are_none(demo: OneRosterConnector, match_on: Any) -> None:
    with pytest.raises(errors.QueryError) as caught:
        demo.get_users("students", "classes", "302", match_on)

    assert_clear(caught.value, "match_on", repr(match_on))


@pytest.mark.parametrize("provider", [5, ["demo"], b"demo"])
def test_a_provider_that_is_no_name(provider: Any) -> None:
    with pytest.raises(errors.ConfigurationError) as caught:
        connect(provider)

    assert_clear(caught.value, "connect('demo')")


@pytest.mark.parametrize("tables", [5, "users", [1], None])
def test_a_roster_of_no_mapping(tables: Any) -> None:
    with pytest.raises(errors.ConfigurationError) as caught:
        Roster(tables)

    assert_clear(caught.value, type(tables).__name__, "mapping")


@pytest.mark.parametrize("table", [[1], None, {"sourcedId": ["p1"]}])
def test_a_table_that_is_no_frame(table: Any) -> None:
    with pytest.raises(errors.ConfigurationError) as caught:
        Roster({"users": table})

    assert_clear(caught.value, "users", type(table).__name__, "DataFrame")


def test_a_table_of_no_name() -> None:
    with pytest.raises(errors.ConfigurationError) as caught:
        Roster({5: pd.DataFrame()})  # type: ignore[dict-item]

    assert_clear(caught.value, "5", "users")


# --- what is not to be seen ------------------------------------------------------------------


def test_logging_turned_on_after_connecting_shows_no_header(
    server: DemoServer, connected: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    connector = connected(server)
    connector.get_users("students", "classes", "31763")
    for name in [None, *logging.root.manager.loggerDict]:
        caplog.set_level(logging.DEBUG, logger=name)

    connector.get_users("students", "classes", "31763")

    assert caplog.records
    for word in ("oauth_signature", "oauth_nonce", "Authorization", server.client_secret):
        assert word not in caplog.text


@pytest.mark.parametrize(
    "option",
    [
        "client_secret",
        "clientSecret",
        "CLIENT_SECRET",
        "secret",
        "cleint_secret",
        "access_token",
        "accessToken",
        "token",
        "bearer_token",
        "bearer",
        "password",
        "user_password",
    ],
)
def test_what_is_named_like_a_secret_is_not_saved(option: str) -> None:
    word = secrets.token_hex(8)

    with pytest.raises(errors.ConfigurationError) as caught:
        save_profile("north", "oneroster", host="https://example.org/", **{option: word})

    assert_clear(caught.value, option, "ONEROSTER_CLIENT_SECRET")
    assert word not in str(caught.value)
    assert list_profiles() == []


def test_the_address_where_tokens_are_had_is_no_secret() -> None:
    url = "https://example.org/token"
    save_profile("north", "oneroster", token_url=url)

    assert load_profile("north").options == {"token_url": url}


# --- Ctrl+C ----------------------------------------------------------------------------------

SCRIPT = """
import signal, sys
from oneroster_nb import OneRosterConnector

signal.signal(signal.SIGINT, signal.default_int_handler)
host, way = sys.argv[1:]
connector = OneRosterConnector(host, "an id", "a secret", timeout=(600, 600), max_workers=2)
try:
    connector.get_users("students", "courses", "Art 101", progress=False)
except KeyboardInterrupt:
    print("interrupted", flush=True)
    if way == "given up":
        raise
print(len(connector.get_users("teachers", progress=False)), flush=True)
connector.close()
"""


@pytest.mark.parametrize("way", ["gone on", "given up"])
def test_an_interrupt_ends_a_pull_and_waits_for_nothing(way: str) -> None:
    """The server holds the answers back until the process has ended."""
    asked, ended = threading.Semaphore(0), threading.Event()

    def held(_asked: Asked, _answer: Answer) -> None:
        asked.release()
        ended.wait()

    with (
        FaultServer(school(sections=4), at("classes/*/students", held)) as server,
        subprocess.Popen(
            [sys.executable, "-c", SCRIPT, server.host, way],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        try:
            for _ in range(2):  # both workers are waiting
                assert asked.acquire(timeout=120)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=120)  # far less than the client would wait
            held_in_the_end = not ended.is_set()
        finally:
            ended.set()
            process.kill()
        lists = [path for path in server.paths if path.endswith("/students")]

    assert held_in_the_end
    assert len(lists) == 2  # what was not begun is not sent
    if way == "given up":
        assert out.split() == ["interrupted"]
        assert process.returncode == -signal.SIGINT
        assert err.rstrip().endswith("KeyboardInterrupt")
    else:
        assert out.split() == ["interrupted", "1"]
        assert process.returncode == 0
        assert err == ""
