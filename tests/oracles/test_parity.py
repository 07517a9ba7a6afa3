"""The same question to the same server, asked with the PyPI package `oneroster` and with ours.

Where that package answers rightly, the rows are the same, one by one and in order. Where it does
not, the test shows what it does and holds ours to what the district's tables say.
"""

import collections
import collections.abc
import importlib
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
import pytest
from helpers.faults import clamp, no_link
from helpers.faultserver import FaultServer
from helpers.oracle import Oracle, joined, rows_of
from helpers.records import school

from oneroster_nb import OneRosterConnector
from oneroster_nb.demo.server.embedded import DemoServer

Connect = Callable[..., OneRosterConnector]
Peer = Callable[..., Any]

# The answer of both, in the same words.
COLUMNS = [
    "sourcedId",
    "status",
    "dateLastModified",
    "enabledUser",
    "username",
    "givenName",
    "familyName",
    "middleName",
    "role",
    "identifier",
    "email",
    "grades",
    "orgSourcedIds",
    "agentSourcedIds",
]


@pytest.fixture(scope="module")
def peer() -> Iterator[Peer]:
    """Return the other package's connector, with what it needs of an older Python put back."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(collections, "MutableMapping", collections.abc.MutableMapping, raising=False)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)  # it compares numbers with `is`
            module = importlib.import_module("oneroster.classlink")

        def connect(server: Any, **options: Any) -> Any:
            given = {
                "host": server.host,
                "client_id": getattr(server, "client_id", "an id"),
                "client_secret": getattr(server, "client_secret", "a secret"),
            }
            return module.ClasslinkConnector(**{**given, **options})

        yield connect


def plain(record: dict[str, Any]) -> dict[str, Any]:
    """Return a user of the other package in the words of ours."""

    def ids(references: list[dict[str, str]] | None) -> str | None:
        return joined(reference["sourcedId"] for reference in references or []) or None

    values = {
        **record,
        "dateLastModified": pd.Timestamp(record["dateLastModified"]),
        "enabledUser": str(record["enabledUser"]).lower() == "true",
        "grades": joined(record.get("grades") or []) or None,
        "orgSourcedIds": ids(record.get("orgs")),
        "agentSourcedIds": ids(record.get("agents")),
    }
    return {name: None if values.get(name) == "" else values.get(name) for name in COLUMNS}


def assert_same(frame: pd.DataFrame, theirs: list[dict[str, Any]]) -> None:
    assert rows_of(frame[COLUMNS]) == [plain(record) for record in theirs]


QUESTIONS = [
    ("students", None, None, None),
    ("teachers", None, None, None),
    ("users", None, None, None),
    *(
        (users, *group)
        for users in ("students", "teachers")
        for group in [
            ("classes", "ELA 6 (6A ELA)", None),
            ("classes", "31763", None),
            ("classes", "  ela 6 (6a ela) ", None),
            ("classes", "302", "location"),
            ("classes", "2-ECON101-11-12B1", ["classCode"]),
            ("classes", "ELA 6 (6A ELA)", ["location", "title"]),
            ("courses", "Econ 101", None),
            ("courses", "c53", None),
            ("courses", "Art 101", ["title"]),
            ("schools", "Classlink HS", None),
            ("schools", "7", None),
            ("schools", "7", "sourcedId"),
            ("schools", "lincoln middle school", "name"),
        ]
    ),
]


@pytest.mark.parametrize("question", QUESTIONS, ids=str)
@pytest.mark.parametrize("page_size", [10_000, 20])
def test_the_same_rows_in_the_same_order(
    server: DemoServer,
    connected: Connect,
    peer: Peer,
    question: tuple[str, str | None, str | None, Any],
    page_size: int,
) -> None:
    users, kind, name, match_on = question
    theirs = peer(server, page_size=page_size).get_users(kind, name, users, match_on)

    frame = connected(server, page_size=page_size).get_users(
        users, kind, name, match_on, status="all"
    )

    assert theirs
    assert_same(frame, theirs)


@pytest.mark.parametrize("kind", ["classes", "courses", "schools"])
def test_a_name_that_matches_nothing_gives_nothing(
    server: DemoServer, connected: Connect, peer: Peer, kind: str
) -> None:
    assert peer(server).get_users(kind, "no such group", "students") == []
    with pytest.warns(UserWarning, match="no such group"):
        frame = connected(server).get_users("students", kind, "no such group", status="all")
    assert frame.empty


def test_a_bound_takes_the_same_users(server: DemoServer, connected: Connect, peer: Peer) -> None:
    theirs = peer(server, max_users=10, page_size=6).get_users(user_filter="students")

    frame = connected(server, max_users=10, page_size=6).get_users("students", status="all")

    assert len(theirs) == 10
    assert_same(frame, theirs)


def test_options_have_the_same_names(server: DemoServer, connected: Connect, peer: Peer) -> None:
    options = {"match_on": ["location"], "key_identifier": "sourcedId", "page_size": 50}
    ours, theirs = connected(server, **options), peer(server, **options)

    assert list(ours.match_groups_by) == theirs.match_groups_by
    ours.match_groups_by = theirs.match_groups_by = ["classCode"]
    assert_same(
        ours.get_users("students", "classes", "7-ELA6-6A", status="all"),
        theirs.get_users("classes", "7-ELA6-6A", "students"),
    )


# --- what the other package gets wrong -------------------------------------------------------


def their_ids(peer: Peer, *arguments: Any) -> list[str] | None:
    """Return the ids that the other package answers with, or None where it fails."""
    try:
        return [record["sourcedId"] for record in peer.get_users(*arguments)]  # type: ignore[attr-defined]
    except Exception:  # noqa: BLE001 - it raises many kinds, and any of them is no answer
        return None


@pytest.mark.parametrize(
    ("kind", "name"), [("classes", "31763"), ("courses", "Econ 101"), ("schools", "7")]
)
def test_users_of_a_group(
    server: DemoServer,
    connected: Connect,
    peer: Peer,
    district: dict[str, pd.DataFrame],
    kind: str,
    name: str,
) -> None:
    expected = [row["sourcedId"] for row in Oracle.of(district).ask("users", kind, [name])]

    assert sorted(their_ids(peer(server), kind, name, "users") or []) != sorted(expected)
    frame = connected(server).get_users("users", kind, name, status="all")
    assert sorted(frame["sourcedId"]) == sorted(expected)
    assert set(frame["role"]) == {"student", "teacher"}


@pytest.mark.parametrize("field", ["grades", "subjects", "periods"])
def test_a_field_that_is_a_list(
    server: DemoServer,
    connected: Connect,
    peer: Peer,
    district: dict[str, pd.DataFrame],
    field: str,
) -> None:
    name = {"grades": "06", "subjects": "Business", "periods": "1"}[field]
    oracle = Oracle.of(district)
    expected = [row["sourcedId"] for row in oracle.ask("students", "classes", [name], [field])]

    assert their_ids(peer(server), "classes", name, "students", field) == []
    frame = connected(server).get_users("students", "classes", name, field, status="all")
    assert list(frame["sourcedId"]) == expected


def _with_class_id(district: dict[str, pd.DataFrame], sourced_id: str) -> dict[str, pd.DataFrame]:
    """Return a district whose class 31763 has another id."""
    columns = {
        "classes": "sourcedId",
        "enrollments": "classSourcedId",
        "lineItems": "classSourcedId",
        "results": "classSourcedId",
        "classResources": "classSourcedId",
    }
    return {
        name: frame.assign(**{columns[name]: frame[columns[name]].replace("31763", sourced_id)})
        if name in columns
        else frame
        for name, frame in district.items()
    }


@pytest.mark.parametrize("odd", ["31/763", "31 763", "31?763", "31%2F763"])
def test_an_id_that_needs_encoding(
    district: dict[str, pd.DataFrame], connected: Connect, peer: Peer, odd: str
) -> None:
    with DemoServer(_with_class_id(district, odd)) as server:
        theirs = their_ids(peer(server), "classes", odd, "students", "sourcedId")
        frame = connected(server).get_users("students", "classes", odd, "sourcedId", status="all")

    assert theirs is None
    assert len(frame) == 3
    assert set(frame["groupSourcedId"]) == {odd}


def test_an_id_with_every_sign_at_once(
    district: dict[str, pd.DataFrame], connected: Connect
) -> None:
    odd = "31/7 6~3&'"
    with DemoServer(_with_class_id(district, odd)) as server:
        connector = connected(server)
        by_id = connector.get_users("students", "classes", odd, "sourcedId", status="all")
        where = connector.get_classes({"sourcedId": odd}, status="all")

    assert len(by_id) == 3
    assert list(where["sourcedId"]) == [odd]


def test_a_capped_server_without_links(connected: Connect, peer: Peer) -> None:
    paths = school(sections=1, students=25)
    expected = [record["sourcedId"] for record in paths["students"]]
    with FaultServer(paths, clamp(10), no_link) as server:
        theirs = their_ids(peer(server), None, None, "students")
        ours = connected(server).get_users("students", status="all")

    assert theirs == expected[:10]
    assert list(ours["sourcedId"]) == expected
