"""Of several enrollments of one person in one class, the one in the term is shown."""

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path

import pandas as pd
import pytest
from helpers.mixedschool import tables_of

import oneroster_nb as onb
from oneroster_nb.demo.server.embedded import DemoServer
from oneroster_nb.query.terms import in_term
from oneroster_nb.source.source import Source

FALL = ("2026-08-10", "2026-12-19")
SPRING = ("2027-01-05", "2027-06-01")
SOURCES = ["live 1.1", "live 1.2", "tables", "saved", "CSV 1.1", "CSV 1.2"]


def semesters(enrolled: list[tuple[str, str | None, str | None]]) -> dict[str, pd.DataFrame]:
    """Make a class of a year in which one person is enrolled several times, as what and when."""
    sessions = [
        ("y", "schoolYear", "Year", "2026-08-10", "2027-06-10", None),
        ("f", "semester", "Fall", "2026-08-10", "2026-12-20", "y"),
        ("s", "semester", "Spring", "2027-01-04", "2027-06-10", "y"),
    ]
    rows: dict[str, list[dict[str, object]]] = {
        "orgs": [{"sourcedId": "s1", "name": "North", "type": "school"}],
        "academicSessions": [
            {
                "sourcedId": key,
                "type": kind,
                "title": title,
                "startDate": start,
                "endDate": end,
                "parentSourcedId": parent,
                "schoolYear": "2027",
            }
            for key, kind, title, start, end, parent in sessions
        ],
        "courses": [{"sourcedId": "k1", "title": "Art", "orgSourcedId": "s1"}],
        "classes": [
            {
                "sourcedId": "c1",
                "title": "Art A",
                "courseSourcedId": "k1",
                "schoolSourcedId": "s1",
                "termSourcedIds": "f,s",
                "classType": "scheduled",
            }
        ],
        "users": [
            {
                "sourcedId": "p1",
                "username": "p1",
                "givenName": "Liv",
                "familyName": "Moe",
                "enabledUser": True,
                "role": "student",
                "orgSourcedIds": "s1",
            }
        ],
        "roles": [
            {
                "sourcedId": "p1@s1",
                "userSourcedId": "p1",
                "roleType": "primary",
                "role": "student",
                "orgSourcedId": "s1",
            }
        ],
        "enrollments": [
            {
                "sourcedId": f"e{number}",
                "classSourcedId": "c1",
                "schoolSourcedId": "s1",
                "userSourcedId": "p1",
                "role": role,
                "beginDate": begin,
                "endDate": end,
            }
            for number, (role, begin, end) in enumerate(enrolled)
        ],
    }
    return {name: tables_of(name, given) for name, given in rows.items()}


@contextmanager
def opened(tables: dict[str, pd.DataFrame], kind: str, folder: Path) -> Iterator[Source]:
    """Open one of `SOURCES`."""
    if kind == "tables":
        yield onb.Roster(tables)
        return
    with DemoServer(tables) as server:
        more = {} if kind == "live 1.1" else {"token_url": server.token_url}
        host = server.host if kind == "live 1.1" else server.host_v1p2
        with onb.OneRosterConnector(host, server.client_id, server.client_secret, **more) as live:
            if kind.startswith("live"):
                yield live
                return
            roster = live.get_roster()
    if kind == "saved":
        yield onb.Roster.load(roster.save(folder / "kept.roster"))
    else:
        bundle = roster.to_csv_bundle(folder / "bundle.zip", kind.removeprefix("CSV "))
        yield onb.CsvConnector(bundle)


@pytest.mark.parametrize("kind", SOURCES)
@pytest.mark.parametrize("turned", [False, True], ids=["fall first", "spring first"])
def test_the_enrollment_in_the_term_is_shown(tmp_path: Path, kind: str, turned: bool) -> None:
    enrolled = [("student", *FALL), ("student", *SPRING)]
    tables = semesters(enrolled[::-1] if turned else enrolled)
    with opened(tables, kind, tmp_path) as source:
        for group, (term, dates) in product(
            ("classes", "courses"), (("Fall", FALL), ("Spring", SPRING), ("s", SPRING))
        ):
            found = source.get_users("students", group, term=term)
            assert found["sourcedId"].tolist() == ["p1"]
            shown = (found["enrollmentBeginDate"][0], found["enrollmentEndDate"][0])
            assert [f"{date:%Y-%m-%d}" for date in shown] == list(dates)
        for group in ("classes", "courses"):
            assert len(source.get_users("students", group)) == 1


def test_the_role_is_that_of_the_enrollment_in_the_term() -> None:
    roster = onb.Roster(semesters([("student", *FALL), ("teacher", *SPRING)]))

    for term, role in (("Fall", "student"), ("Spring", "teacher")):
        found = roster.get_users("users", "classes", term=term)
        assert found["enrollmentRole"].tolist() == [role]


def test_an_enrollment_without_dates_is_in_every_term() -> None:
    roster = onb.Roster(semesters([("student", *FALL), ("student", None, None)]))

    found = roster.get_users("students", "classes", term="Spring")
    assert found["enrollmentBeginDate"].isna().tolist() == [True]


def test_dates_overlap_by_the_day() -> None:
    tables = semesters([])
    rows = pd.DataFrame(
        [
            ("2026-12-20", None),  # begins on the last day of fall
            ("2026-12-21", None),
            (None, "2027-01-05"),  # ends after the first day of spring
            (None, "2027-01-04"),  # the end does not count any more
            (None, None),
        ],
        columns=["beginDate", "endDate"],
    ).astype("datetime64[us]")
    sessions = tables["academicSessions"]

    assert in_term(rows, sessions, "Fall").tolist() == [True, False, True, True, True]
    assert in_term(rows, sessions, "Spring").tolist() == [True, True, True, False, True]
    day = datetime.date(2027, 1, 4)
    assert in_term(rows, sessions, "current", day).tolist() == [True, True, True, False, True]
    undated = sessions.assign(startDate=pd.NaT, endDate=pd.NaT)
    assert in_term(rows, undated, "Fall").all()
