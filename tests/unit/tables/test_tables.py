"""The calls that give whole tables, and how a pull tells of its progress."""

from collections.abc import Callable

import pandas as pd
import pytest

from oneroster_nb import OneRosterConnector, errors
from oneroster_nb.demo.server.embedded import DemoServer
from oneroster_nb.tables.table import TABLES

Connect = Callable[..., OneRosterConnector]


@pytest.mark.parametrize(
    ("call", "table", "chosen"),
    [
        ("get_orgs", "orgs", None),
        ("get_schools", "orgs", ["school"]),
        ("get_courses", "courses", None),
        ("get_classes", "classes", None),
        ("get_enrollments", "enrollments", None),
        ("get_academic_sessions", "academicSessions", None),
        ("get_terms", "academicSessions", ["term", "semester"]),
        ("get_grading_periods", "academicSessions", ["gradingPeriod"]),
        ("get_demographics", "demographics", None),
        ("get_resources", "resources", None),
        ("get_categories", "categories", None),
        ("get_line_items", "lineItems", None),
        ("get_results", "results", None),
    ],
)
def test_a_table_is_the_one_of_the_district(
    demo: OneRosterConnector,
    district: dict[str, pd.DataFrame],
    call: str,
    table: str,
    chosen: list[str] | None,
) -> None:
    frame = getattr(demo, call)()

    expected = district[table]
    if chosen:
        expected = expected[expected["type"].isin(chosen)].reset_index(drop=True)
    assert len(expected)
    columns = list(TABLES[table].columns)
    pd.testing.assert_frame_equal(frame[columns], expected[columns])


def test_where_takes_values_lists_and_comparisons(
    demo: OneRosterConnector, district: dict[str, pd.DataFrame]
) -> None:
    classes = district["classes"]
    for where, expected in [
        ({"location": "302"}, classes["location"] == "302"),
        ({"grades": ["06", "07"]}, classes["grades"].isin(["06", "07"])),
        (
            {"grades": "06", "periods": "2"},
            (classes["grades"] == "06") & (classes["periods"] == "2"),
        ),
        ({"location": {"!=": "302"}}, classes["location"] != "302"),
        ({"title": {"~": "Econ"}}, classes["title"].str.contains("Econ")),
        (
            {"dateLastModified": {">": "2026-09-10"}},
            classes["dateLastModified"] > pd.Timestamp("2026-09-10", tz="UTC"),
        ),
    ]:
        frame = demo.get_classes(where)
        assert len(frame)
        assert list(frame["sourcedId"]) == list(classes.loc[expected, "sourcedId"]), where


def test_columns_keeps_the_key(demo: OneRosterConnector) -> None:
    assert list(demo.get_schools(columns=["name"]).columns) == ["sourcedId", "name"]


def test_modified_since_includes_the_moment(
    demo: OneRosterConnector, district: dict[str, pd.DataFrame]
) -> None:
    moments = district["classes"]["dateLastModified"]
    since = moments.sort_values().iloc[len(moments) // 2]

    frame = demo.get_classes(modified_since=since.isoformat())

    assert frame["dateLastModified"].min() == since
    assert len(frame) == (moments >= since).sum()


def test_an_empty_table_has_all_columns_and_dtypes(demo: OneRosterConnector) -> None:
    frame = demo.get_classes({"title": "no such class"})

    assert frame.empty
    pd.testing.assert_series_equal(frame.dtypes, demo.get_classes().dtypes)


# --- progress --------------------------------------------------------------------------------


def test_progress_is_told_and_may_cancel(server: DemoServer, connected: Connect) -> None:
    seen = []
    connector = connected(server, page_size=20)

    assert len(connector.get_users("students", progress=seen.append)) == 139

    assert seen[-1].done == 139
    assert seen[-1].total == 139
    assert [step.done for step in seen] == sorted(step.done for step in seen)

    def cancel(_progress: object) -> None:
        raise errors.CancelledError("enough")

    with pytest.raises(errors.CancelledError):
        connector.get_users("students", progress=cancel)
    assert len(connector.get_users("students", progress=False)) == 139
