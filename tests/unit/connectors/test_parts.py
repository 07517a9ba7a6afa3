"""The parts of a live source, each alone: what the server sends are lists of pages."""

import sys
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from types import FrameType, SimpleNamespace
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

import oneroster_nb as onb
from oneroster_nb.connectors.live.group_cache import GroupCache
from oneroster_nb.connectors.live.member_lists import MemberLists
from oneroster_nb.connectors.live.options import LiveOptions
from oneroster_nb.connectors.live.provider import NO_ROUTE, Provider
from oneroster_nb.connectors.live.puller import Puller
from oneroster_nb.connectors.live.refreshing import Refresh
from oneroster_nb.connectors.live.roster_pull import RosterPull
from oneroster_nb.connectors.live.server_filters import ServerFilters
from oneroster_nb.progress import Reporter
from oneroster_nb.query.query import Query
from oneroster_nb.source.table_calls import Choice
from oneroster_nb.tables.casting import cast_columns
from oneroster_nb.transport.session import Session
from oneroster_nb.transport.side_by_side import Job, Outcome

OPTIONS = LiveOptions(
    key_identifier="sourcedId",
    match_on=None,
    max_users=0,
    page_size=100,
    max_workers=1,
    timeout=(1, 1),
    retry_seconds=1,
    max_bytes=1 << 20,
)
ROWS = {
    "orgs": [{"sourcedId": "s1", "name": "North", "type": "school"}],
    "academicSessions": [{"sourcedId": "t1", "title": "Fall"}],
    "courses": [{"sourcedId": "k1", "title": "Art", "orgSourcedId": "s1"}],
    "classes": [
        {
            "sourcedId": f"c{number}",
            "title": f"Art {number}",
            "courseSourcedId": "k1",
            "schoolSourcedId": "s1",
        }
        for number in (1, 2)
    ],
    "users": [
        {"sourcedId": "u1", "givenName": "Ada", "role": "student", "orgSourcedIds": "s1"},
        {"sourcedId": "u2", "givenName": "Ben", "role": "teacher", "orgSourcedIds": "s1"},
    ],
    "enrollments": [
        {"sourcedId": "e1", "classSourcedId": "c1", "userSourcedId": "u1", "role": "student"}
    ],
}
NOT_FOUND = onb.NotFoundError("There is nothing.", status=404)


def page(table: str, rows: Sequence[Mapping[str, str]]) -> pa.Table:
    names = dict.fromkeys(["sourcedId", "status", *(name for row in rows for name in row)])
    texts = {name: [row.get(name) for row in rows] for name in names}
    texts["status"] = ["active"] * len(rows)
    return cast_columns(
        table, {name: pa.array(column, pa.string()) for name, column in texts.items()}
    )


class Vendor(Provider):
    """A vendor whose jobs say what they ask for."""

    def __init__(self) -> None:
        session: Any = SimpleNamespace(host="https://vendor.example/", clock=Clock())
        super().__init__(session, "1.1", tuple(ROWS), OPTIONS)

    def job(self, *what: Any) -> Job:
        asks: Any = what
        return Job(asks, asks, keep=() if what[0] == "list" else NO_ROUTE)

    def list_job(self, table: str, **asked: Any) -> Job:
        return self.job("list", table, asked.get("clause", ""))

    def path_job(self, table: str, what: str, *paths: str, **_: Any) -> Job:
        raise AssertionError("Every job of this vendor says what it asks for.")

    def object_job(self, table: str, key: str) -> Job:
        return self.job("object", table, key)

    def user_job(self, role: str, **_: Any) -> Job:
        return self.job("people", role)

    def member_job(self, kind: str, key: str, role: str, **_: Any) -> Job:
        return self.job("members", kind, key, role)

    def course_classes_job(self, key: str) -> Job:
        return self.job("classes of", key)

    def part_job(self, table: str, column: str, value: str) -> Job | None:
        return None

    def plain_fields(self, table: str) -> list[str]:
        return ["title"]


class Clock:
    def at(self, _: float) -> None:
        return None


class Server:
    """Answers jobs from :data:`ROWS`, or as a test says; notes what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []
        self.instead: dict[tuple[str, ...], Outcome | Callable[[Job], Outcome]] = {}
        self.puller = Puller(Vendor(), self.pull)

    def pull(self, jobs: Sequence[Job], _: Reporter) -> list[Outcome]:
        return [self.answer(job) for job in jobs]

    def answer(self, job: Job) -> Outcome:
        what: Any = job.fetch
        self.asked.append(what)
        found = self.instead.get(what)
        if found is None and what[0] == "list" and not what[2]:
            found = [page(what[1], ROWS[what[1]])]
        answer = found(job) if callable(found) else NOT_FOUND if found is None else found
        if isinstance(answer, onb.RosterError):
            job.fail(answer)
        return answer


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def reporter() -> Reporter:
    return Reporter(False, "rows")


def ids(frame: pd.DataFrame) -> list[str]:
    return list(frame["sourcedId"])


def test_groups_are_pulled_once_until_they_are_forgotten(server: Server) -> None:
    cache = GroupCache(server.puller)
    assert list(cache.groups("classes", False)["schoolName"]) == ["North", "North"]
    cache.groups("classes", False)
    assert Counter(table for _, table, _ in server.asked) == dict.fromkeys(
        ["classes", "courses", "orgs", "academicSessions"], 1
    )
    cache.clear()
    cache.groups("schools", False)
    assert server.asked[4:] == [("list", "orgs", "")]


def test_names_of_a_table_that_is_not_shown_are_missing(server: Server) -> None:
    server.instead["list", "courses", ""] = NOT_FOUND
    with pytest.warns(onb.PartialResultWarning, match="courses"):
        classes = GroupCache(server.puller).groups("classes", False)
    assert ids(classes) == ["c1", "c2"]
    assert classes["courseTitle"].isna().all()


@pytest.mark.parametrize("there", [True, False])
def test_groups_are_asked_for_by_id_or_else_listed(server: Server, there: bool) -> None:
    if there:
        server.instead["object", "classes", "c2"] = [page("classes", ROWS["classes"][1:])]
    query = Query("students", "classes", "c2", match_on="sourcedId")
    found = GroupCache(server.puller).meant_groups(query, ["sourcedId"], False)
    assert ids(found) == (["c2"] if there else ["c1", "c2"])
    assert (("list", "classes", "") in server.asked) is not there


def test_a_filter_is_used_once_the_server_was_seen_to_honour_it(
    server: Server, reporter: Reporter
) -> None:
    first, second = ROWS["classes"]
    probe = "sourcedId='c1' AND title='{}'"
    server.instead |= {
        ("list", "classes", probe.format("Art 1")): [page("classes", [first])],
        ("list", "classes", probe.format("not Art 1")): [page("classes", [])],
        ("list", "classes", "title='Art 2'"): [page("classes", [second])],
    }
    filters = ServerFilters(server.puller)
    for _ in range(2):
        found = filters.rows("classes", Choice({"title": "Art 2"}, None, "active"), reporter)
        assert ids(found) == ["c2"]
    assert len(server.asked) == 3 + 2


def test_a_filter_that_the_server_ignores_is_replaced_by_the_whole_table(
    server: Server, reporter: Reporter
) -> None:
    everything: Outcome = [page("classes", ROWS["classes"])]
    probes = [f"sourcedId='c1' AND title='{title}'" for title in ("Art 1", "not Art 1")]
    for clause in (*probes, "title='Art 2'"):
        server.instead["list", "classes", clause] = everything
    filters = ServerFilters(server.puller)
    found = filters.rows("classes", Choice({"title": "Art 2"}, None, "active"), reporter)
    assert ids(found) == ["c1", "c2"]
    assert [clause for _, _, clause in server.asked] == ["", *probes, ""]


def test_a_provider_without_filters_is_asked_for_the_whole_table(
    server: Server, reporter: Reporter
) -> None:
    server.puller.provider.has_filters = False
    found = ServerFilters(server.puller).rows(
        "classes", Choice({"title": "Art"}, None, "all"), reporter
    )
    assert ids(found) == ["c1", "c2"]
    assert server.asked == [("list", "classes", "")]


def groups_of(server: Server) -> tuple[MemberLists, pd.DataFrame]:
    cache = GroupCache(server.puller)
    groups = cache.groups("classes", False).assign(matchedOn="sourcedId")
    server.asked.clear()
    return MemberLists(server.puller, cache, ServerFilters(server.puller)), groups


def test_members_of_classes_come_from_the_lists_of_each(server: Server, reporter: Reporter) -> None:
    lists, groups = groups_of(server)
    server.instead["members", "classes", "c1", "student"] = [page("users", ROWS["users"][:1])]
    server.instead["members", "classes", "c2", "student"] = [page("users", [])]
    answer = lists.answer(Query("students", "classes", ["c1", "c2"]), groups, reporter)
    assert answer is not None
    assert list(zip(answer["sourcedId"], answer["classSourcedId"], strict=True)) == [("u1", "c1")]
    assert [what for what, *_ in server.asked] == ["members", "members"]


def test_lists_that_the_server_lacks_are_not_asked_for_again(
    server: Server, reporter: Reporter
) -> None:
    lists, groups = groups_of(server)
    query = Query("students", "classes", ["c1", "c2"])
    server.instead = dict.fromkeys(
        [("members", "classes", key, "student") for key in ("c1", "c2")], NOT_FOUND
    )
    for job in ("first", "second"):
        assert lists.answer(query, groups, reporter) is None, job
    assert len(server.asked) == 2
    assert lists.lacking == {"classes/student"}
    lists.clear()
    assert not lists.lacking


def pulled(server: Server) -> onb.Roster:
    rosters = RosterPull(server.puller)
    return rosters.roster(None, sensitive=False, recipe="conn.get_roster()", progress=False)


def test_a_roster_holds_all_tables_of_the_provider(server: Server) -> None:
    roster = pulled(server)
    assert {name: len(roster.table(name)) for name in ROWS} == {
        name: len(rows) for name, rows in ROWS.items()
    }
    assert [table for _, table, _ in server.asked] == list(ROWS)
    assert (roster.provider, roster.recipe) == ("https://vendor.example/", "conn.get_roster()")


@pytest.mark.parametrize(("states", "pulls"), [("aaaaaa", 1), ("abbbbb" + "b" * 6, 2)])
def test_a_roster_is_pulled_again_if_the_data_changed_between(
    server: Server, states: str, pulls: int
) -> None:
    following = iter(states)

    def stated(job: Job) -> Outcome:
        what: Any = job.fetch
        job.revision = next(following)
        return [page(what[1], ROWS[what[1]])]

    server.instead = {("list", table, ""): stated for table in ROWS}
    pulled(server)
    assert len(server.asked) == pulls * len(ROWS)


def test_a_roster_of_another_provider_is_not_refreshed(server: Server) -> None:
    refresh = Refresh(server.puller, RosterPull(server.puller), ServerFilters(server.puller))
    other = onb.Roster({}, provider="another")
    with pytest.raises(onb.ConfigurationError, match="another"):
        refresh.changes_since(other, allow_shrink=False, progress=False)
    assert not server.asked


def test_a_small_roster_is_refreshed_from_whole_tables(server: Server) -> None:
    old = pulled(server)
    server.asked.clear()
    more = [*ROWS["courses"], {"sourcedId": "k2", "title": "Music", "orgSourcedId": "s1"}]
    server.instead["list", "courses", ""] = [page("courses", more)]
    refresh = Refresh(server.puller, RosterPull(server.puller), ServerFilters(server.puller))
    new = refresh.changes_since(old, allow_shrink=False, progress=False)
    assert ids(new.courses) == ["k1", "k2"]
    assert sorted(table for _, table, _ in server.asked) == sorted(ROWS)


PARTS = (Puller, GroupCache, ServerFilters, MemberLists, RosterPull, Refresh)


@pytest.mark.parametrize("part", PARTS)
def test_no_part_inherits_from_another(part: type) -> None:
    assert part.__mro__ == (part, object)


@pytest.mark.parametrize("provider", ["demo", "demo-clever"])
@pytest.mark.parametrize(
    "question", [("students",), ("students", "classes", "31763"), ("guardians", "schools")]
)
def test_a_question_changes_class_three_times_up_to_its_first_request(
    provider: str, question: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    ways: list[list[str]] = []
    send = Session._send

    def seen(self: Session, url: str) -> Any:
        if not ways:
            asking = names_of(sys._current_frames()[threading.main_thread().ident or 0])
            # What it does meanwhile in run(), as to hand over the next request, is not on the way.
            ways.append([*asking[: asking.index("run")], *names_of(sys._getframe(1))])
        return send(self, url)

    monkeypatch.setattr(Session, "_send", seen)
    with onb.connect(provider) as conn:
        conn.get_users(*question)
    classes = [name.split(".")[0] for name in ways[0] if "." in name.split(".<locals>")[0]]
    way = [name for name, _ in groupby(classes)]
    assert way == ["Source", "Connector", "GroupCache", "Session"]


def names_of(frame: FrameType | None) -> list[str]:
    """List the functions of the package that lead to a frame, the outermost first."""
    home = str(Path(onb.__file__).parent)
    names: list[str] = []
    while frame is not None:
        if frame.f_code.co_filename.startswith(home):
            names.append(frame.f_code.co_qualname)
        frame = frame.f_back
    return names[::-1]
