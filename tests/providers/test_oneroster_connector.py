"""The OneRoster connector end to end: figures, signatures, pages and courses."""

import secrets
from collections.abc import Callable, Iterator, Mapping

import pandas as pd
import pytest
from helpers.faults import (
    Together,
    at,
    clamp,
    no_link,
    no_total,
    status,
)
from helpers.faultserver import Behaviour, FaultServer
from helpers.records import (
    course,
    school,
)

from oneroster_nb import ClasslinkConnector, OneRosterConnector, connect
from oneroster_nb.demo.district.making import make_district
from oneroster_nb.demo.server.embedded import DemoServer
from oneroster_nb.tables.table import TABLES

Connect = Callable[..., OneRosterConnector]

# The walk of the quick start: what is asked, and how many rows come.
FIGURES = [
    (("students",), 139),
    (("students", "classes", "ELA 6 (6A ELA)"), 7),
    (("students", "classes", "31763"), 3),
    (("students", "schools", "Classlink HS"), 38),
    (("students", "schools", "7"), 54),
    (("students", "classes", "302", "location"), 13),
]


@pytest.fixture(scope="module")
def by_name() -> Iterator[OneRosterConnector]:
    with connect("demo") as connector:
        yield connector


@pytest.mark.parametrize(("arguments", "rows"), FIGURES, ids=[str(n) for _, n in FIGURES])
class TestFigures:
    def test_by_name(
        self, by_name: OneRosterConnector, arguments: tuple[str, ...], rows: int
    ) -> None:
        frame = by_name.get_users(*arguments)

        assert len(frame) == rows
        assert frame["sourcedId"].is_unique

    def test_by_address(
        self,
        demo: OneRosterConnector,
        by_name: OneRosterConnector,
        arguments: tuple[str, ...],
        rows: int,
    ) -> None:
        frame = demo.get_users(*arguments)

        assert len(frame) == rows
        pd.testing.assert_frame_equal(frame, by_name.get_users(*arguments))

    def test_through_classlink(
        self, server: DemoServer, demo: OneRosterConnector, arguments: tuple[str, ...], rows: int
    ) -> None:
        with ClasslinkConnector(server.host, server.client_id, server.client_secret) as connector:
            frame = connector.get_users(*arguments)

        assert len(frame) == rows
        pd.testing.assert_frame_equal(frame, demo.get_users(*arguments))


@pytest.mark.parametrize(
    ("name", "matched_on", "size"), [("ELA 6 (6A ELA)", "title", 7), ("31763", "sourcedId", 3)]
)
def test_the_membership_columns_of_a_class(
    demo: OneRosterConnector,
    district: Mapping[str, pd.DataFrame],
    name: str,
    matched_on: str,
    size: int,
) -> None:
    frame = demo.get_users("students", "classes", name)

    classes = district["classes"]
    of = classes[classes[matched_on] == name]
    expected = (
        district["enrollments"]
        .query("role == 'student'")
        .merge(of, left_on="classSourcedId", right_on="sourcedId", suffixes=("_e", ""))
        .merge(district["courses"], left_on="courseSourcedId", right_on="sourcedId",
               suffixes=("", "_course"))
        .merge(district["orgs"], left_on="schoolSourcedId", right_on="sourcedId",
               suffixes=("", "_school"))
        .set_index("userSourcedId")
    )  # fmt: skip
    terms = district["academicSessions"].set_index("sourcedId")["title"]
    assert len(expected) == len(frame) == size
    assert set(frame["sourcedId"]) == set(expected.index)
    expected = expected.loc[frame["sourcedId"]]
    titles = [",".join(terms[t] for t in ids.split(",")) for ids in expected["termSourcedIds"]]
    for column, values in {
        "groupType": ["classes"] * size,
        "groupSourcedId": expected["classSourcedId"],
        "groupName": expected["title"],
        "matchedOn": [matched_on] * size,
        "classSourcedId": expected["classSourcedId"],
        "classTitle": expected["title"],
        "classCode": expected["classCode"],
        "courseSourcedId": expected["courseSourcedId"],
        "courseTitle": expected["title_course"],
        "schoolSourcedId": expected["schoolSourcedId"],
        "schoolName": expected["name"],
        "termSourcedIds": expected["termSourcedIds"],
        "termTitles": titles,
    }.items():
        assert list(frame[column]) == list(values), column


# --- signatures ------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["HMAC-SHA256", "HMAC-SHA1"])
def test_both_signatures_verify(server: DemoServer, connected: Connect, method: str) -> None:
    assert len(connected(server, signature_method=method).get_users("students")) == 139


@pytest.mark.parametrize("sign", ["/", " ", "~", "&", "'", "+", "%", "=", "é", '"', ","])
def test_any_sign_can_stand_in_a_secret_an_id_and_a_filter(
    connected: Connect, district: dict[str, pd.DataFrame], sign: str
) -> None:
    tables = {name: frame.copy() for name, frame in district.items()}
    odd_id, odd_title = f"a{sign}b", f"ELA{sign}6 {sign}"
    for table, column in (
        ("classes", "sourcedId"),
        ("enrollments", "classSourcedId"),
        ("lineItems", "classSourcedId"),
        ("results", "classSourcedId"),
        ("classResources", "classSourcedId"),
    ):
        tables[table][column] = tables[table][column].replace("31763", odd_id)
    titles = tables["classes"]["title"]
    tables["classes"]["title"] = titles.mask(tables["classes"]["sourcedId"] == odd_id, odd_title)
    secret = f"x{sign}{secrets.token_hex(8)}{sign}x"
    with DemoServer(tables, client_id=f"c{sign}d", client_secret=secret) as server:
        connector = connected(server)

        by_id = connector.get_users("students", "classes", odd_id, "sourcedId")
        by_title = connector.get_users("students", "classes", odd_title)
        classes = connector.get_classes({"title": odd_title})

    assert len(by_id) == len(by_title) == 3
    assert set(by_id["classSourcedId"]) == {odd_id}
    assert list(by_title["sourcedId"]) == list(by_id["sourcedId"])
    assert list(classes["sourcedId"]) == [odd_id]


# --- pages -----------------------------------------------------------------------------------


@pytest.mark.parametrize("page_size", [1, 7, 50, 139, 140])
def test_small_pages_give_the_same(
    server: DemoServer, connected: Connect, demo: OneRosterConnector, page_size: int
) -> None:
    connector = connected(server, page_size=page_size)

    pd.testing.assert_frame_equal(connector.get_users("students"), demo.get_users("students"))
    pd.testing.assert_frame_equal(
        connector.get_users("students", "classes", "31763"),
        demo.get_users("students", "classes", "31763"),
    )


def test_page_size_is_the_limit_that_is_asked(connected: Connect) -> None:
    with FaultServer(school(students=10)) as server:
        connected(server, page_size=8).get_users("students")

        assert server.requests[0].query["limit"] == "8"


@pytest.mark.parametrize(
    "behaviours",
    [
        [clamp(10)],
        [clamp(10), no_link],
        [clamp(10), no_total],
        [clamp(10), no_link, no_total],
        [clamp(1), no_link, no_total],
        [clamp(25), no_link, no_total],
    ],
    ids=["capped", "no link", "no total", "neither", "one by one", "pages just filled"],
)
def test_a_server_that_sends_fewer_than_asked_loses_nothing(
    connected: Connect, behaviours: list[Behaviour]
) -> None:
    paths = school(sections=2, students=25)
    with FaultServer(paths, *behaviours) as server:
        connector = connected(server)

        assert list(connector.get_users("students")["sourcedId"]) == [
            record["sourcedId"] for record in paths["students"]
        ]
        assert len(connector.get_users("students", "courses", "Art 101")) == 50


@pytest.mark.parametrize("max_page_size", [10_000, 100])
def test_five_thousand_students_in_one_call(connected: Connect, max_page_size: int) -> None:
    tables = make_district(5000)
    users = tables["users"]
    expected = users[users["role"] == "student"]
    with DemoServer(tables, max_page_size=max_page_size) as server:
        frame = connected(server).get_users("students")

    assert len(frame) == 5000
    columns = list(TABLES["users"].visible())
    pd.testing.assert_frame_equal(frame[columns], expected[columns].reset_index(drop=True))


# --- courses ---------------------------------------------------------------------------------


def test_the_classes_of_a_course_are_asked_side_by_side(connected: Connect) -> None:
    together = Together(4)
    with FaultServer(school(sections=8), at("classes/*/students", together)) as server:
        frame = connected(server, max_workers=4).get_users("students", "courses", "Art 101")

        asked = [path for path in server.paths if path.startswith("classes/")]
        assert sorted(asked) == [f"classes/c{n}/students" for n in range(1, 9)]
        assert "courses/co1/students" not in server.paths

    assert together.most == 4
    assert list(frame["classSourcedId"]) == [f"c{n}" for n in range(1, 9) for _ in range(3)]


@pytest.mark.parametrize("workers", [1, 3])
def test_no_more_than_max_workers_are_under_way(connected: Connect, workers: int) -> None:
    """Each answer is held back for a while, in which one more would come if it could."""
    together = Together(workers + 1, seconds=0.1)
    with FaultServer(school(sections=6), together) as server:
        connected(server, max_workers=workers).get_users("students", "courses", "Art 101")

    assert together.most == workers


def test_two_sections_of_a_course_are_two_rows_of_one_student(connected: Connect) -> None:
    paths = school()
    paths["classes/c2/students"] = [*paths["classes/c2/students"], paths["classes/c1/students"][0]]
    with FaultServer(paths) as server:
        frame = connected(server).get_users("students", "courses", "Art 101")

    twice = frame[frame["sourcedId"] == "c1-p1"]
    assert list(twice["classSourcedId"]) == ["c1", "c2"]
    assert not frame.duplicated(["sourcedId", "groupSourcedId", "classSourcedId"]).any()


@pytest.mark.parametrize("path", ["classes/c1/students", "courses/co1/classes", "classes"])
@pytest.mark.filterwarnings("ignore::oneroster_nb.errors.DuplicateKeyWarning")
def test_what_the_server_lists_twice_counts_once(connected: Connect, path: str) -> None:
    paths = school()
    paths[path] = [record for record in paths[path] for _ in range(2)]
    with FaultServer(paths) as server:
        connector = connected(server)
        by_course = connector.get_users("students", "courses", "Art 101")
        by_class = connector.get_users("students", "classes", "c1")

    assert list(by_course["sourcedId"]) == [f"c{n}-p{m}" for n in (1, 2) for m in (1, 2, 3)]
    assert list(by_class["sourcedId"]) == ["c1-p1", "c1-p2", "c1-p3"]


def test_a_class_that_two_courses_list_counts_once(connected: Connect) -> None:
    paths = school()
    paths["courses"] = [*paths["courses"], course("co2", "Art 102", "s1")]
    paths["courses/co2/classes"] = [paths["courses/co1/classes"][0]]
    with FaultServer(paths) as server:
        frame = connected(server).get_users("students", "courses", ["Art 101", "Art 102"])

    assert list(frame["sourcedId"]) == [f"c{n}-p{m}" for n in (1, 2) for m in (1, 2, 3)]
    assert set(frame["groupSourcedId"]) == {"co1"}


@pytest.mark.parametrize("nested", [True, False], ids=["nested", "joined"])
def test_enrolled_twice_is_one_membership(connected: Connect, nested: bool) -> None:
    paths = school()
    again = {**paths["enrollments"][1], "sourcedId": "again"}
    paths["enrollments"] = [*paths["enrollments"], again]
    behaviours = [] if nested else [at("*/*/*", status(404))]
    with FaultServer(paths, *behaviours) as server:
        for name in ("Art 101", None):  # by name, and as one of all courses
            frame = connected(server).get_users("users", "courses", name)
            assert not frame.duplicated(["sourcedId", "groupSourcedId", "classSourcedId"]).any()
            assert len(frame) == 8


def test_a_course_without_classes_has_nobody(connected: Connect) -> None:
    paths = school()
    paths["courses"] = [*paths["courses"], course("co2", "Latin 1", "s1")]
    paths["courses/co2/classes"] = []
    with FaultServer(paths) as server:
        assert connected(server).get_users("students", "courses", "Latin 1").empty
