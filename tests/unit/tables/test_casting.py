"""Text as sources send it becomes dates, times, booleans, numbers and grades, or is counted."""

import datetime
from collections.abc import Callable

import pandas as pd
import pyarrow as pa
import pytest
from helpers.faults import each
from helpers.faultserver import FaultServer
from helpers.records import school
from hypothesis import given, strategies as st

from oneroster_nb import OneRosterConnector, errors
from oneroster_nb.tables.casting import cast_columns, concat, to_frame
from oneroster_nb.tables.notes import notes_of

Connect = Callable[..., OneRosterConnector]


def read(table: str, column: str, *texts: str | None) -> list[object]:
    """Return what a column of a table makes of some texts."""
    cast = cast_columns(table, {column: pa.array(texts, pa.string())})
    values = to_frame(cast)[column]
    return [None if pd.isna(value) else value for value in values]


def unreadable(table: pa.Table) -> dict[str, int]:
    return {n.column: n.values for n in notes_of(table) if n.code == "value-unreadable"}


def utc(*parts: int) -> pd.Timestamp:
    return pd.Timestamp(datetime.datetime(*parts, tzinfo=datetime.UTC))


# --- times -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-08-20T10:00:00.000Z", utc(2026, 8, 20, 10)),
        ("2026-08-20T10:00:00Z", utc(2026, 8, 20, 10)),
        ("2026-08-20T10:00:00.1234560Z", utc(2026, 8, 20, 10, 0, 0, 123456)),
        ("2026-08-20T10:00:00.123456000Z", utc(2026, 8, 20, 10, 0, 0, 123456)),
        ("2026-08-20T10:00:00.5", utc(2026, 8, 20, 10, 0, 0, 500000)),
        ("2026-08-20 10:00:00", utc(2026, 8, 20, 10)),
        ("2026-08-20T10:00", utc(2026, 8, 20, 10)),
        ("2026-08-20T10:00:00+02:00", utc(2026, 8, 20, 8)),
        ("2026-08-20T22:00:00-0500", utc(2026, 8, 21, 3)),
        ("2026-08-20", utc(2026, 8, 20)),
        (" 2026-08-20T10:00:00Z ", utc(2026, 8, 20, 10)),
        ("1899-12-31T23:59:59Z", utc(1899, 12, 31, 23, 59, 59)),
        ("9999-12-31T23:59:59Z", utc(9999, 12, 31, 23, 59, 59)),
        ("9999-12-31T23:59:59.9999990Z", utc(9999, 12, 31, 23, 59, 59, 999999)),
        ("0001-01-01T00:00:00Z", utc(1, 1, 1)),
    ],
)
def test_a_time_is_read_as_utc(text: str, moment: pd.Timestamp) -> None:
    assert read("users", "dateLastModified", text) == [moment]


def test_a_time_of_seven_decimals_differs_by_less_than_a_microsecond() -> None:
    (moment,) = read("users", "dateLastModified", "2026-08-20T10:00:00.1234567Z")

    assert moment in (
        utc(2026, 8, 20, 10, 0, 0, 123456),
        utc(2026, 8, 20, 10, 0, 0, 123457),
    )


def test_times_of_all_ways_stand_in_one_column() -> None:
    texts = [
        "2026-08-20T10:00:00.1234560Z",
        "9999-12-31T00:00:00Z",
        None,
        "2026-08-20",
        "now",
        "1066-10-14T09:00:00+00:00",
    ]

    assert read("users", "dateLastModified", *texts) == [
        utc(2026, 8, 20, 10, 0, 0, 123456),
        utc(9999, 12, 31),
        None,
        utc(2026, 8, 20),
        None,
        utc(1066, 10, 14, 9),
    ]


NO_MOMENTS = [
    "now",
    "today",
    "NaT",
    "2019",
    "2019-08",
    "201908",
    "2019-13-01",
    "2019-02-30",
    "08/20/2026",
    "20260820",
    "12:30",
    "1755684000",
    "2026-W34-4",
    "-",
    "null",
    "0000-00-00",
    "2026-08-20x",
]


@pytest.mark.parametrize("text", NO_MOMENTS)
@pytest.mark.parametrize(
    ("table", "column"), [("users", "dateLastModified"), ("academicSessions", "startDate")]
)
def test_what_is_no_moment_is_missing_and_counted(table: str, column: str, text: str) -> None:
    cast = cast_columns(table, {column: pa.array([text, "2026-08-20", ""], pa.string())})

    assert cast[column].is_null().to_pylist() == [True, False, True]
    assert unreadable(cast) == {column: 1}


# --- dates -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-08-20", (2026, 8, 20)),
        (" 2026-08-20", (2026, 8, 20)),
        ("2026-08-20 \t", (2026, 8, 20)),
        ("2026-08-20T00:00:00.000Z", (2026, 8, 20)),
        ("2026-08-20T23:30:00-05:00", (2026, 8, 20)),
        ("2026-08-20T00:30:00+10:00", (2026, 8, 20)),
        ("2026-08-20 00:00:00", (2026, 8, 20)),
        ("9999-12-31", (9999, 12, 31)),
        ("1900-01-01", (1900, 1, 1)),
    ],
)
def test_a_date_is_the_day_that_is_written(text: str, day: tuple[int, int, int]) -> None:
    expected = pd.Timestamp(datetime.datetime(*day))

    assert read("academicSessions", "endDate", text, "2026-01-01") == [
        expected,
        pd.Timestamp(2026, 1, 1),
    ]


# --- booleans and numbers --------------------------------------------------------------------


def test_booleans_are_written_in_four_ways() -> None:
    texts = ["true", "TRUE", "True", "1", " true ", "false", "FALSE", "0", "", None]

    assert read("users", "enabledUser", *texts) == [True] * 5 + [False] * 3 + [None] * 2


@pytest.mark.parametrize("text", ["yes", "no", "2", "-1", "t", "on", "active"])
def test_what_is_no_boolean_is_missing_and_counted(text: str) -> None:
    cast = cast_columns("users", {"enabledUser": pa.array([text, "true", None], pa.string())})

    assert cast["enabledUser"].to_pylist() == [None, True, None]
    assert unreadable(cast) == {"enabledUser": 1}


def test_numbers_are_read_and_words_are_counted() -> None:
    cast = cast_columns(
        "results",
        {"score": pa.array(["92.5", "0", "-1", "1e2", "", "absent", "NaN", "inf"], pa.string())},
    )

    assert cast["score"].to_pylist() == [92.5, 0.0, -1.0, 100.0, *[None] * 4]
    assert unreadable(cast) == {"score": 3}


TYPED = [
    ("users", "dateLastModified"),
    ("academicSessions", "startDate"),
    ("users", "enabledUser"),
    ("results", "score"),
]
ODD = st.text(max_size=12) | st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.]{0,14}Z?)?")


@given(
    column=st.sampled_from(TYPED),
    texts=st.lists(ODD | st.none() | st.sampled_from(NO_MOMENTS), max_size=5),
)
def test_no_text_is_lost_without_being_counted(
    column: tuple[str, str], texts: list[str | None]
) -> None:
    table, name = column
    cast = cast_columns(table, {name: pa.array(texts, pa.string())})

    given = sum(1 for text in texts if text)
    read = len(texts) - to_frame(cast)[name].isna().sum()
    assert given - read == unreadable(cast).get(name, 0)


# --- grades ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("6", "06"),
        ("06", "06"),
        ("006", "06"),
        ("6th", "06"),
        ("Grade 6", "06"),
        ("grade-6", "06"),
        ("6th grade", "06"),
        ("6th Grade", "06"),
        ("Sixth", "06"),
        ("sixth grade", "06"),
        ("1st", "01"),
        ("2nd", "02"),
        ("3rd", "03"),
        ("12", "12"),
        ("13", "13"),
        ("K", "KG"),
        ("k", "KG"),
        ("Kindergarten", "KG"),
        ("Pre-K", "PK"),
        ("PRE-K", "PK"),
        ("pre k", "PK"),
        ("Pre-Kindergarten", "PK"),
        ("TK", "TK"),
        ("Ungraded", "UG"),
        ("other", "Other"),
    ],
)
def test_a_grade_is_its_code_and_the_original_is_kept(text: str, code: str) -> None:
    cast = cast_columns("users", {"grades": pa.array([text], pa.string())})

    assert cast["grades"].to_pylist() == [code]
    if text == code:
        assert "metadata.grades" not in cast.column_names
    else:
        assert cast["metadata.grades"].to_pylist() == [text]


@pytest.mark.parametrize("text", ["-1", "- 1", "0", "14", "6.5", "Lions", "K-5", "66", "1-2"])
def test_what_is_no_grade_stays_as_it_is(text: str) -> None:
    assert read("users", "grades", text) == [text]


def test_each_of_several_grades_is_its_code() -> None:
    texts = ["6,7", '"Pre-K, half day",k', None, "06,07"]
    cast = cast_columns("classes", {"grades": pa.array(texts, pa.string())})

    assert cast["grades"].to_pylist() == ["06,07", '"Pre-K, half day",KG', None, "06,07"]
    assert cast["metadata.grades"].to_pylist() == [*texts[:2], None, None]


# --- what could not be read ------------------------------------------------------------------


def test_counts_of_pages_add_up() -> None:
    pages = [
        cast_columns("users", {"sourcedId": pa.array(ids), "dateLastModified": pa.array(stamps)})
        for ids, stamps in [
            (["a", "b"], ["now", "2026-08-20"]),
            (["c"], ["2026-08-20"]),
            (["d", "e"], ["2019", "soon"]),
        ]
    ]

    assert unreadable(concat("users", pages)) == {"dateLastModified": 3}


def test_a_question_warns_of_values_that_could_not_be_read(connected: Connect) -> None:
    def odd(record: dict[str, object]) -> dict[str, object]:
        second = str(record["sourcedId"]).endswith("p2")
        return {**record, "enabledUser": "perhaps" if second else "TRUE"}

    with FaultServer(school(), each(odd)) as server:
        connector = connected(server)
        with pytest.warns(errors.UnreadableValueWarning, match="users .* 2 in enabledUser") as seen:
            frame = connector.get_users("students")

    assert len(seen) == 1
    assert frame["enabledUser"].isna().tolist() == [False, True, False] * 2
    assert frame["enabledUser"].dropna().all()
