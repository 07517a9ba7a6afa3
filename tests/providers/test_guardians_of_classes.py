"""People who belong to a class only through a student: guardians, parents, relatives."""

import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from helpers.cleverserver import CleverServer
from helpers.mixedschool import tables_of

import oneroster_nb as onb
from oneroster_nb.demo.server.embedded import DemoServer
from oneroster_nb.source.source import Source
from oneroster_nb.tables.roles_at_orgs import linked_people

# Who is linked to whom; the last column says at which of the two.
STUDENTS = {"p1": "g1,g2", "p2": "g2", "p3": None, "p4": "r1", "p5": "g6"}
OTHERS = {
    "g1": ("guardian", None),
    "g2": ("guardian", "p1,p2"),
    "g3": ("guardian", "p3"),  # linked at the guardian alone
    "g4": ("guardian", None),  # of nobody
    "g5": ("guardian", "nobody"),
    "g6": ("guardian", None),
    "r1": ("relative", None),
    "q1": ("parent", "p4"),
    "t1": ("teacher", None),
}
CLASSES = {"c1": ["p1", "p2"], "c2": ["p1", "p3", "p4"], "c3": ["p5"]}


def family() -> dict[str, pd.DataFrame]:
    """Make a school of three classes, of which the first two are of one course."""
    people: list[tuple[str, str, str | None]] = [
        *((key, "student", agents) for key, agents in STUDENTS.items()),
        *((key, role, agents) for key, (role, agents) in OTHERS.items()),
    ]
    rows: dict[str, list[dict[str, object]]] = {
        "orgs": [{"sourcedId": "s1", "name": "North", "type": "school"}],
        "courses": [
            {"sourcedId": key, "title": title, "orgSourcedId": "s1"}
            for key, title in (("k1", "Art"), ("k2", "Latin"))
        ],
        "classes": [
            {
                "sourcedId": key,
                "title": key.upper(),
                "courseSourcedId": "k2" if key == "c3" else "k1",
                "schoolSourcedId": "s1",
            }
            for key in CLASSES
        ],
        "users": [
            {
                "sourcedId": key,
                "username": key,
                "givenName": key,
                "familyName": "Moe",
                "enabledUser": True,
                "role": role,
                "orgSourcedIds": "s1",
                "agentSourcedIds": agents,
            }
            for key, role, agents in people
        ],
        "roles": [
            {
                "sourcedId": f"{key}@s1",
                "userSourcedId": key,
                "roleType": "primary",
                "role": role,
                "orgSourcedId": "s1",
            }
            for key, role, _ in people
        ],
        "enrollments": [
            {
                "sourcedId": f"{of}@{who}",
                "classSourcedId": of,
                "schoolSourcedId": "s1",
                "userSourcedId": who,
                "role": "teacher" if who == "t1" else "student",
            }
            for of, members in CLASSES.items()
            for who in [*members, "t1"]
        ],
    }
    return {name: tables_of(name, given) for name, given in rows.items()}


@pytest.fixture(scope="module")
def opened() -> Iterator[dict[str, Any]]:
    with (
        warnings.catch_warnings(),
        tempfile.TemporaryDirectory() as folder,
        DemoServer(family()) as server,
        onb.OneRosterConnector(server.host, server.client_id, server.client_secret) as old,
        onb.OneRosterConnector(
            server.host_v1p2, server.client_id, server.client_secret, token_url=server.token_url
        ) as new,
    ):
        warnings.simplefilter("ignore", onb.RosterWarning)
        roster = old.get_roster()
        yield {
            "live 1.1": old,
            "live 1.2": new,
            "roster": roster,
            "saved": onb.Roster.load(roster.save(Path(folder) / "kept.roster")),
            **{
                f"CSV {version}": onb.CsvConnector(
                    new.get_roster().to_csv_bundle(Path(folder) / f"{version}.zip", version)
                )
                for version in ("1.1", "1.2")
            },
        }


@pytest.fixture(params=["live 1.1", "live 1.2", "roster", "saved", "CSV 1.1", "CSV 1.2"])
def source(opened: dict[str, Any], request: pytest.FixtureRequest) -> Source:
    found: Source = opened[request.param]
    return found


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (("guardians", "classes"), [*("c1 g1", "c1 g2", "c2 g1", "c2 g2", "c2 g3"), "c3 g6"]),
        (("guardians", "classes", "c1"), ["c1 g1", "c1 g2"]),
        (("guardians", "classes", ["c2", "c3"]), ["c2 g1", "c2 g2", "c2 g3", "c3 g6"]),
        (("parents", "classes"), ["c2 q1"]),
        (("relatives", "classes"), ["c2 r1"]),
        (("guardians", "courses", "Art"), ["c1 g1", "c1 g2", "c2 g1", "c2 g2", "c2 g3"]),
        (("relatives", "courses", "Art"), ["c2 r1"]),
    ],
    ids=str,
)
def test_they_are_those_of_the_students_once_in_each_class(
    source: Source, question: tuple[Any, ...], expected: list[str]
) -> None:
    found = source.get_users(*question)

    assert list(found["classSourcedId"] + " " + found["sourcedId"]) == expected
    assert set(found["role"]) == {question[0].removesuffix("s")}
    # They are not enrolled themselves.
    enrollment = ["enrollmentRole", "enrollmentPrimary", "enrollmentBeginDate"]
    assert found[enrollment].isna().all(axis=None)


def test_each_once_with_unique(source: Source) -> None:
    found = source.get_users("guardians", "courses", "Art", unique=True)

    assert found["sourcedId"].tolist() == ["g1", "g2", "g3"]
    assert found["classSourcedId"].tolist() == ["c1,c2", "c1,c2", "c2"]


@pytest.mark.parametrize("name", [None, "c1"])
def test_students_and_teachers_do_not_bring_their_guardians(
    source: Source, name: str | None
) -> None:
    found = source.get_users("users", "classes", name)

    assert set(found["role"]) == {"student", "teacher"}


def test_neither_who_left_nor_whose_student_left_belongs_to_a_class() -> None:
    tables = family()
    for table, key in (("users", "g2"), ("users", "p5"), ("enrollments", "c2@p3")):
        gone = tables[table]["sourcedId"] == key
        status = tables[table]["status"].mask(gone, "tobedeleted")
        tables[table] = tables[table].assign(status=status)
    roster = onb.Roster(tables)

    found = roster.get_users("guardians", "classes")
    assert list(found["classSourcedId"] + " " + found["sourcedId"]) == ["c1 g1", "c2 g1"]
    assert len(roster.get_users("guardians", "classes", status="all")) == 6


def test_who_is_enrolled_as_a_guardian_is_shown_with_that_enrollment() -> None:
    tables = family()
    rows = tables["enrollments"]
    more = rows.loc[rows["sourcedId"] == "c1@p1"].assign(
        sourcedId="own", userSourcedId="g1", role="guardian"
    )
    tables["enrollments"] = pd.concat([rows, more], ignore_index=True)

    found = onb.Roster(tables).get_users("guardians", "classes", "c1")

    assert found["sourcedId"].tolist() == ["g1", "g2"]
    assert found["enrollmentRole"].fillna("-").tolist() == ["guardian", "-"]


@pytest.mark.parametrize("kept", [False, True], ids=["live", "roster"])
def test_clevers_contacts_are_those_of_a_sections_students(kept: bool) -> None:
    users = [
        *({"id": f"p{n}", "roles": {"student": {"school": "s1"}}} for n in (1, 2, 3)),
        *(
            {
                "id": key,
                "roles": {"contact": {"student_relationships": [{"student": s} for s in of]}},
            }
            for key, of in {"g1": ["p1"], "g2": ["p1", "p2"], "g3": ["p3"]}.items()
        ),
    ]
    section = {"id": "c1", "name": "A", "school": "s1", "course": "k1", "students": ["p1", "p2"]}
    routes = {
        "schools": [{"id": "s1", "name": "North"}],
        "courses": [{"id": "k1", "name": "Art"}],
        "sections": [section],
        "users": sorted(users, key=lambda user: str(user["id"])),
    }
    with CleverServer(routes) as server, onb.CleverConnector("a token", server.host) as conn:
        source = conn.get_roster() if kept else conn
        assert source.get_users("guardians", "classes", "A")["sourcedId"].tolist() == ["g1", "g2"]
        by_course = source.get_users("guardians", "courses", "Art")
        assert by_course["sourcedId"].tolist() == ["g1", "g2"]


def test_a_link_counts_whichever_of_the_two_it_is_written_at() -> None:
    users = pd.DataFrame(
        {"sourcedId": ["a", "b", "c"], "agentSourcedIds": ["b,x", "a,c", None]}, dtype="str"
    )
    one, other = linked_people(users)

    assert list(zip(one.tolist(), other.tolist(), strict=True)) == [(0, 1), (1, 0), (1, 2), (2, 1)]
