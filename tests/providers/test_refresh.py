"""A roster that is brought up to date has what a new pull has, and refuses what shrank."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from helpers.faults import filters_well, refuses_filters, selects_fields, status
from helpers.faultserver import Behaviour, FaultServer, Record
from helpers.records import enrollment, school, user

import oneroster_nb as onb
from oneroster_nb.tables.table import TABLES

Connect = Callable[..., onb.OneRosterConnector]

NOW = "2099-01-01T00:00:00.000Z"  # later than any pull of these tests
pytestmark = pytest.mark.filterwarnings("ignore::oneroster_nb.PartialResultWarning")


def same(roster: onb.Roster, other: onb.Roster) -> None:
    for name in TABLES:
        rows = (table.table(name).sort_values("sourcedId") for table in (roster, other))
        first, second = (table.reset_index(drop=True) for table in rows)
        pd.testing.assert_frame_equal(first, second, obj=name)


def change(routes: dict[str, list[Record]]) -> None:
    """Move a pupil, add one, and let an enrollment go for good."""
    moved = routes["users"][0]
    moved |= {"familyName": "Newname", "dateLastModified": NOW}
    newcomer = user("newcomer", "student", ["s1"]) | {"dateLastModified": NOW}
    routes["users"].append(newcomer)
    klass = routes["classes"][0]["sourcedId"]
    added = enrollment("new enrollment", "newcomer", klass, "s1", "student")
    routes["enrollments"].append(added | {"dateLastModified": NOW})
    del routes["enrollments"][1]


@pytest.mark.parametrize(
    "behaviour", [filters_well, lambda *_: None, refuses_filters(400)], ids=["all", "none", "400"]
)
def test_what_changed_is_in_the_new_roster_and_not_in_the_old(
    connected: Connect, behaviour: Behaviour
) -> None:
    routes = school()
    with FaultServer(routes, behaviour) as server:
        conn = connected(server)
        before = conn.get_roster()
        again = conn.get_roster()
        change(routes)
        after = before.refresh(conn)
        same(after, conn.get_roster())
        same(before, again)
        assert "newcomer" in set(after.users["sourcedId"])
        assert "newcomer" in set(after.roles["userSourcedId"])
        assert after.taken > before.taken


def test_a_changed_row_stays_in_its_place(connected: Connect) -> None:
    routes = school()
    with FaultServer(routes, filters_well) as server:
        conn = connected(server)
        before = conn.get_roster()
        routes["users"][3] |= {"givenName": "Renamed", "dateLastModified": NOW}
        after = before.refresh(conn)
    assert list(after.users["sourcedId"]) == list(before.users["sourcedId"])
    assert after.users["givenName"].iloc[3] == "Renamed"


def test_a_server_that_honours_filters_is_not_asked_for_whole_tables(
    connected: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oneroster_nb.connectors.live.refreshing._SMALL", 2)
    routes = school()
    with FaultServer(routes, filters_well, selects_fields) as server:
        conn = connected(server)
        before = conn.get_roster()
        asked = len(server.requests)
        before.refresh(conn)
        large = [a for a in server.requests[asked:] if a.path in ("users", "enrollments")]
    assert large
    assert all({"filter", "fields"} & {*a.query} or a.query["limit"] == "1" for a in large)


@pytest.mark.parametrize("kept", [0, 0.4])
def test_a_table_that_shrank_is_refused_unless_it_is_meant(connected: Connect, kept: float) -> None:
    routes = school()
    with FaultServer(routes) as server:
        conn = connected(server)
        before = conn.get_roster()
        rows = routes["enrollments"]
        del rows[int(len(rows) * kept) :]
        with pytest.raises(onb.IncompleteError, match=r"enrollments from .* allow_shrink=True"):
            before.refresh(conn)
        assert len(before.refresh(conn, allow_shrink=True).enrollments) == len(rows)


def test_a_table_that_is_no_longer_shown_is_refused(connected: Connect) -> None:
    routes = school()
    routes["demographics"] = [
        {"sourcedId": u["sourcedId"], "status": "active", "dateLastModified": NOW, "sex": "female"}
        for u in routes["users"]
    ]
    hidden: list[bool] = []

    def hides(asked: object, answer: object) -> None:
        if hidden and asked.path == "demographics":  # type: ignore[attr-defined]
            status(403)(asked, answer)  # type: ignore[arg-type]

    with FaultServer(routes, hides) as server:
        conn = connected(server)
        before = conn.get_roster()
        hidden.append(True)
        with pytest.raises(onb.IncompleteError, match="demographics"):
            before.refresh(conn)


def test_only_a_live_connection_to_the_same_provider_will_do(
    connected: Connect, tmp_path: Path
) -> None:
    with FaultServer(school()) as one, FaultServer(school()) as other:
        roster = connected(one).get_roster()
        with pytest.raises(onb.ConfigurationError, match="cannot be refreshed from"):
            roster.refresh(connected(other))
    for source in (roster, "demo", None):
        with pytest.raises(onb.ConfigurationError, match="live connection"):
            roster.refresh(source)  # type: ignore[arg-type]


def test_a_demo_roster_of_yesterday_is_refreshed_today(tmp_path: Path) -> None:
    with onb.connect("demo") as conn:
        conn.get_roster().save(tmp_path / "demo.roster")
    with onb.connect("demo") as conn:
        roster = onb.connect("snapshot", path=tmp_path / "demo.roster").refresh(conn)
        same(roster, conn.get_roster())
