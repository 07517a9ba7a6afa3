"""What an answer looks like: its columns and dtypes, what is said when there is nothing."""

import warnings
from collections.abc import Callable

import pandas as pd
import pytest
from helpers.oracle import MEMBERSHIP, Oracle

from oneroster_nb import OneRosterConnector, Query, errors
from oneroster_nb.demo.server.embedded import DemoServer
from oneroster_nb.tables.table import TABLES

Connect = Callable[..., OneRosterConnector]

# A group of each kind.
NAMES = {"classes": "31763", "courses": "Econ 101", "schools": "7"}


@pytest.fixture(scope="module")
def oracle(district: dict[str, pd.DataFrame]) -> Oracle:
    return Oracle.of(district)


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("students", ("students",)),
        ("users", ("users",)),
        ("classes::31763::students", ("students", "classes", "31763")),
        ("courses::Econ 101::students", ("students", "courses", "Econ 101")),
        ("schools::7", ("users", "schools", "7")),
        ("schools::*::teachers", ("teachers", "schools")),
        ("sections::ELA 6 (6A ELA)::users", ("users", "classes", "ELA 6 (6A ELA)")),
    ],
)
def test_a_query_string_asks_the_same(
    demo: OneRosterConnector, text: str, arguments: tuple[str, ...]
) -> None:
    expected = demo.get_users(*arguments)

    pd.testing.assert_frame_equal(demo.query(text), expected)
    pd.testing.assert_frame_equal(demo.query(Query.parse(text)), expected)


def test_a_query_object_carries_all_its_parts(demo: OneRosterConnector) -> None:
    query = Query(
        "users", "classes", "ela 6", match="contains", match_on="title", unique=True, max_users=5
    )

    expected = demo.get_users(
        "users", "classes", "ela 6", "title", match="contains", unique=True, max_users=5
    )
    assert len(expected) == 5
    pd.testing.assert_frame_equal(demo.query(query), expected)


# --- nothing found ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "name", "near"),
    [
        ("classes", "ELA 6 (6A ELLA)", "ELA 6 (6A ELA)"),
        ("courses", "Ecom 101", "Econ 101"),
        ("schools", "Lincon Middle School", "Lincoln Middle School"),
    ],
)
def test_no_match_warns_with_the_nearest_names(
    demo: OneRosterConnector, kind: str, name: str, near: str
) -> None:
    with pytest.warns(errors.NoMatchWarning) as caught:
        frame = demo.get_users("students", kind, name)

    assert len(caught) == 1
    assert name in str(caught[0].message)
    assert near in str(caught[0].message)
    assert caught[0].filename == __file__  # the line of the user, not one of ours
    assert frame.empty


def test_a_list_of_which_some_match_nothing_warns_about_those(demo: OneRosterConnector) -> None:
    with pytest.warns(errors.NoMatchWarning) as caught:
        frame = demo.get_users("students", "classes", ["31733", "Latin 9", "ELA 6 (6A ELA)", "X1"])

    text = " ".join(str(warning.message) for warning in caught)
    assert "'Latin 9'" in text
    assert "'X1'" in text
    assert "31733" not in text
    assert set(frame["classSourcedId"]) == {"31733", "31763", "31797"}


@pytest.mark.parametrize("kind", ["classes", "courses", "schools"])
@pytest.mark.parametrize("unique", [False, True])
def test_an_empty_answer_has_all_columns_and_dtypes(
    demo: OneRosterConnector, kind: str, unique: bool
) -> None:
    full = demo.get_users("users", kind, NAMES[kind], unique=unique)
    with pytest.warns(errors.NoMatchWarning):
        empty = demo.get_users("users", kind, "no such group", unique=unique)

    assert len(full)
    pd.testing.assert_series_equal(empty.dtypes, full.dtypes)


def test_dtypes_are_the_same_for_every_kind_of_group(demo: OneRosterConnector) -> None:
    by_kind = {kind: demo.get_users("users", kind, NAMES[kind]) for kind in NAMES}

    for frame in by_kind.values():
        pd.testing.assert_series_equal(frame.dtypes, by_kind["classes"].dtypes)
        for name, kind in TABLES["users"].visible().items():
            assert frame[name].dtype == kind.dtype
        for name in MEMBERSHIP:
            assert frame[name].dtype == "str"
        assert frame["enrollmentPrimary"].dtype == "boolean"
        assert (
            frame["enrollmentBeginDate"].dtype == TABLES["enrollments"].columns["beginDate"].dtype
        )


def test_a_group_without_members_is_an_empty_answer_and_no_mismatch(
    district: dict[str, pd.DataFrame], connected: Connect
) -> None:
    tables = dict(district)
    enrollments = tables["enrollments"]
    tables["enrollments"] = enrollments[enrollments["classSourcedId"] != "31763"]
    with DemoServer(tables) as server:
        connector = connected(server)

        assert connector.get_users("students", "classes", "31763").empty


# --- what is not shown unless asked for ------------------------------------------------------


def test_phones_are_there_only_when_asked_for(demo: OneRosterConnector) -> None:
    plain = demo.get_users("guardians")
    asked = demo.get_users("guardians", sensitive=True)

    assert not {"sms", "phone", "password"} & set(plain.columns)
    assert {"sms", "phone"} <= set(asked.columns)
    assert "password" not in asked.columns
    assert asked["phone"].notna().any()


# --- groups ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["classes", "courses", "schools"])
def test_groups_lists_what_group_name_can_be(
    demo: OneRosterConnector, oracle: Oracle, kind: str
) -> None:
    frame = demo.groups(kind)

    assert list(frame["sourcedId"]) == [group["sourcedId"] for group in oracle.groups(kind)]
    label = "name" if kind == "schools" else "title"
    assert list(frame[label]) == [group[label] for group in oracle.groups(kind)]


@pytest.mark.parametrize("kind", ["classes", "courses", "schools"])
def test_match_fields_are_those_that_match_on_takes(demo: OneRosterConnector, kind: str) -> None:
    fields = demo.match_fields(kind)

    table = {"classes": "classes", "courses": "courses", "schools": "orgs"}[kind]
    assert set(TABLES[table].columns) <= set(fields)
    assert ("schoolName" in fields) == (kind != "schools")
    assert ({"courseTitle", "termTitles"} <= set(fields)) == (kind == "classes")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", errors.NoMatchWarning)
        for field in fields:
            demo.get_users("students", kind, "no such group", field)
