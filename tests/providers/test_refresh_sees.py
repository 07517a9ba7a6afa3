"""What refresh sees: by the server's clock, by ids, and in one state of the data."""

import datetime
import json
import time
import warnings
from collections.abc import Callable
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from helpers.cleverserver import CleverServer
from helpers.district import small_district
from helpers.faults import filters_well, selects_fields
from helpers.faultserver import Answer, Asked, Behaviour, FaultServer, Record
from helpers.records import enrollment, school, user

import oneroster_nb as onb
from oneroster_nb.tables.table import TABLES
from oneroster_nb.transport.clock import ServerClock

Connect = Callable[..., onb.OneRosterConnector]
pytestmark = pytest.mark.filterwarnings("ignore::oneroster_nb.PartialResultWarning")
LONG_AGO = "2020-01-15T10:00:00.000Z"


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take every table for a large one, of which only changes are pulled."""
    monkeypatch.setattr("oneroster_nb.connectors.live.refreshing._SMALL", 0)


def same(roster: onb.Roster, other: onb.Roster) -> None:
    for name in TABLES:
        rows = (table.table(name).sort_values("sourcedId") for table in (roster, other))
        first, second = (table.reset_index(drop=True) for table in rows)
        pd.testing.assert_frame_equal(first, second, obj=name)


def replace_one(routes: dict[str, list[Record]]) -> None:
    """Take a person away, and show another one who was there all the time: the counts agree."""
    gone = next(u for u in routes["users"] if u["sourcedId"] == "c1-p1")
    routes["users"].remove(gone)
    routes["users"].append(user("unseen", "student", ["s1"], dateLastModified=LONG_AGO))
    for row in [e for e in routes["enrollments"] if e["user"]["sourcedId"] == "c1-p1"]:
        routes["enrollments"].remove(row)
        routes["enrollments"].append(
            enrollment("e-unseen", "unseen", "c1", "s1", "student", dateLastModified=LONG_AGO)
        )


# Ids are compared, not only counts.


@pytest.mark.parametrize("rows", ["few", "many"])
def test_who_is_gone_and_who_became_visible_when_the_counts_agree(
    connected: Connect, rows: str, request: pytest.FixtureRequest
) -> None:
    behaviours: list[Behaviour] = [filters_well]
    if rows == "many":
        request.getfixturevalue("large")
        behaviours.append(selects_fields)
    routes = school()
    with FaultServer(routes, *behaviours) as server:
        conn = connected(server)
        before = conn.get_roster()
        replace_one(routes)
        after = before.refresh(conn)
        same(after, conn.get_roster())
    assert len(after.users) == len(before.users)
    assert {"unseen"} == set(after.users["sourcedId"]) - set(before.users["sourcedId"])
    assert {"c1-p1"} == set(before.users["sourcedId"]) - set(after.users["sourcedId"])
    assert "unseen" in set(after.roles["userSourcedId"])


def test_clever_is_pulled_again() -> None:
    def person(key: str) -> dict[str, Any]:
        name = {"first": "Ada", "last": key}
        return {"id": key, "name": name, "roles": {"student": {"school": "s1"}}}

    people = [person("p1"), person("p2")]
    routes = {"schools": [{"id": "s1", "name": "North"}], "users": people}
    with CleverServer(routes) as server, onb.CleverConnector("a token", server.host) as conn:
        before = conn.get_roster()
        people[:] = [person("p2"), person("p3")]
        after = before.refresh(conn)
    assert sorted(after.users["sourcedId"].tolist()) == ["p2", "p3"]


def test_ids_are_compared_without_pulling_the_rows(connected: Connect, large: None) -> None:
    routes = school()
    with FaultServer(routes, filters_well, selects_fields) as server:
        conn = connected(server)
        before = conn.get_roster()
        asked = len(server.requests)
        before.refresh(conn)
        users = [a.query for a in server.requests[asked:] if a.path == "users"]
    assert [q["fields"] for q in users if "fields" in q and q["limit"] != "1"] == ["sourcedId"]
    assert not [q for q in users if not {"fields", "filter"} & {*q} and q["limit"] != "1"]


@pytest.mark.parametrize("more", [False, True])
def test_without_a_list_of_ids_the_counts_of_a_large_table_are_compared(
    connected: Connect, large: None, more: bool
) -> None:
    routes = school()
    with FaultServer(routes, filters_well) as server:
        conn = connected(server)
        before = conn.get_roster()
        for record in routes["users"]:
            record["dateLastModified"] = LONG_AGO
        replace_one(routes)
        if more:
            routes["users"].append(user("one more", "student", ["s1"], dateLastModified=LONG_AGO))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", onb.DanglingReferenceWarning)
            after = before.refresh(conn)
    # The docstring of refresh() says that this is not seen.
    assert ("unseen" in set(after.users["sourcedId"])) is more


# The server's clock


def at(moment: datetime.datetime | None) -> Behaviour:
    """Answer with a clock that stands at a moment, or without any."""

    def behave(_asked: Asked, answer: Answer) -> None:
        answer.headers["Date"] = "" if moment is None else format_datetime(moment, usegmt=True)

    return behave


def changed_names(routes: dict[str, list[Record]], when: str) -> None:
    for record in routes["users"]:
        record |= {"familyName": "Newname", "dateLastModified": when}


def written(moment: datetime.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


@pytest.mark.parametrize("saved", [False, True])
def test_our_clock_may_be_wrong(
    connected: Connect, large: None, tmp_path: Path, saved: bool
) -> None:
    now = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    theirs = now - datetime.timedelta(days=30)
    routes = school()
    # A row of the far future, so that the newest change says nothing.
    routes["users"][0]["dateLastModified"] = "2099-01-01T00:00:00.000Z"
    with FaultServer(routes, filters_well, selects_fields, at(theirs)) as server:
        conn = connected(server)
        before = conn.get_roster()
        if saved:
            before = onb.Roster.load(before.save(tmp_path / "x.roster"))
        changed_names(routes, written(theirs + datetime.timedelta(hours=1)))
        after = before.refresh(conn)
    assert set(after.users["familyName"]) == {"Newname"}
    for roster in (before, after):
        assert roster.server_time is not None
        assert abs(roster.server_time - theirs) < datetime.timedelta(minutes=5)


@pytest.mark.parametrize("clock", [None, datetime.datetime(2098, 5, 1, tzinfo=datetime.UTC)])
def test_a_change_that_is_older_than_the_pull_is_seen_if_it_is_newer_than_the_rows(
    connected: Connect, large: None, clock: datetime.datetime | None
) -> None:
    routes = school()
    changed_names(routes, "2020-01-15T10:00:00.000Z")
    with FaultServer(routes, filters_well, selects_fields, at(clock)) as server:
        conn = connected(server)
        before = conn.get_roster()
        changed_names(routes, "2020-01-15T11:00:00.000Z")
        routes["users"][1]["givenName"] = "Seen"
        after = before.refresh(conn)
    assert "Seen" in set(after.users["givenName"])


def test_a_roster_that_was_saved_without_the_servers_time_loads(tmp_path: Path) -> None:
    path = onb.Roster(small_district()).save(tmp_path / "old.roster")
    manifest = json.loads((path / "manifest.json").read_text())
    del manifest["serverTime"]
    (path / "manifest.json").write_text(json.dumps(manifest))
    assert onb.Roster.load(path).server_time is None


@pytest.mark.parametrize(
    "date", ["", "soon", "Mon, 17 Aug 99999999999 08:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 -2359"]
)
def test_a_clock_that_cannot_be_read_is_no_clock(date: str) -> None:
    clock = ServerClock()
    clock.note({"Date": date})
    assert clock.at(0) is None


def test_a_clock_at_the_end_of_all_days_is_no_clock_later() -> None:
    clock = ServerClock()
    clock.note({"Date": "Fri, 31 Dec 9999 23:59:58 GMT"})
    assert clock.at(time.monotonic() + 60) is None


# All ids are new.


def with_new_ids(routes: dict[str, list[Record]], name: str) -> None:
    routes[name][:] = [{**record, "sourcedId": f"new-{n}"} for n, record in enumerate(routes[name])]


@pytest.mark.parametrize("name", ["academicSessions", "enrollments"])
def test_refresh_reports_a_table_of_which_all_ids_are_new(connected: Connect, name: str) -> None:
    routes = school()
    with FaultServer(routes) as server:
        conn = connected(server)
        before = conn.get_roster()
        with_new_ids(routes, name)
        with pytest.warns(onb.RosterWarning) as told:
            before.refresh(conn)
    found = [str(w.message) for w in told if w.category is onb.NoMatchWarning]
    assert len(found) == 1
    assert f"id of {name} was" in found[0]


@pytest.mark.parametrize("name", ["orgs", "academicSessions", "courses", "classes", "users"])
def test_diff_reports_a_table_of_which_all_ids_are_new(name: str) -> None:
    tables = dict(small_district())
    tables[name] = tables[name].assign(sourcedId="x" + tables[name]["sourcedId"])
    with pytest.warns(onb.RosterWarning) as told:
        changes = onb.diff(onb.Roster(small_district()), onb.Roster(tables))
    (message,) = [str(w.message) for w in told if w.category is onb.NoMatchWarning]
    note = f"All ids are new in {name}, "
    assert note in message
    assert note in changes.by_school.attrs["footnote"]


def test_one_known_id_is_enough(connected: Connect) -> None:
    tables = dict(small_district())
    tables["academicSessions"] = tables["academicSessions"].head(1)
    onb.diff(onb.Roster(small_district()), onb.Roster(tables))  # warnings are errors here


# One state of the data


class States:
    """Name a state of the data with each list, as `name` says of the path and the try."""

    def __init__(self, name: Callable[[str, int], str | None]) -> None:
        self.name = name
        self.tries: dict[str, int] = {}

    def __call__(self, asked: Asked, answer: Answer) -> None:
        self.tries[asked.path] = self.tries.get(asked.path, 0) + 1
        if state := self.name(asked.path, self.tries[asked.path]):
            answer.headers["x-perm-rev"] = state


@pytest.fixture
def pulled(connected: Connect) -> Callable[[States], list[int]]:
    """Pull a roster twice; return how often the users were listed for each."""

    def pull(states: States) -> list[int]:
        with FaultServer(school(), states) as server:
            conn = connected(server)
            counts = []
            for _ in range(2):
                asked = len(server.requests)
                assert len(conn.get_roster().users) == 7
                counts.append([a.path for a in server.requests[asked:]].count("users"))
        return counts

    return pull


def test_a_change_between_the_lists_pulls_all_of_them_once_more(
    pulled: Callable[[States], list[int]],
) -> None:
    changed = States(lambda path, n: "a" if path == "users" and n == 1 else "b")
    assert pulled(changed) == [2, 1]


def test_a_state_that_some_lists_do_not_name_is_no_change(
    pulled: Callable[[States], list[int]],
) -> None:
    assert pulled(States(lambda path, n: "a" if path == "users" else None)) == [1, 1]


def test_a_server_that_names_the_state_of_each_list_is_learnt(
    pulled: Callable[[States], list[int]],
) -> None:
    assert pulled(States(lambda path, n: path)) == [2, 1]


def test_data_that_go_on_changing_are_an_error(connected: Connect) -> None:
    with FaultServer(school(), States(lambda path, n: f"{path} {n}")) as server:
        conn = connected(server)
        with pytest.raises(onb.IncompleteError, match="changed between the lists"):
            conn.get_roster()


def test_a_refresh_begins_again_too(connected: Connect) -> None:
    begun: list[bool] = []
    states = States(lambda path, n: None)
    with FaultServer(school(), states) as server:
        conn = connected(server)
        before = conn.get_roster()
        begun.append(True)
        states.tries.clear()
        states.name = lambda path, n: "a" if path == "users" and n == 1 else "b"
        asked = len(server.requests)
        same(before.refresh(conn), before)
        assert [a.path for a in server.requests[asked:]].count("users") == 2
