"""When answers count terms together that never overlap."""

import datetime

import pandas as pd
import pytest
from helpers.district import small_district

import oneroster_nb as onb
from oneroster_nb.query.terms import terms_apart, titles_of_term
from oneroster_nb.tables.table import empty_table

TOGETHER = (
    "2 terms are counted together: Semester 1, Semester 2. Pass term= or as_of= for one moment."
)


def sessions(*rows: tuple[str, str, str | None, str | None, str | None]) -> pd.DataFrame:
    """Make sessions: id, title, first day, last day, session above."""
    table = empty_table("academicSessions").reindex(range(len(rows)))
    columns = ("sourcedId", "title", "startDate", "endDate", "parentSourcedId")
    for column, values in zip(columns, zip(*rows, strict=True), strict=True):
        table[column] = pd.Series(list(values), dtype="object").astype(table[column].dtype)
    return table.assign(status="active")


def classes(*terms: str | None) -> pd.DataFrame:
    return pd.DataFrame({"termSourcedIds": pd.Series(list(terms), dtype="str")})


YEAR = [
    ("y", "Year", "2026-08-10", "2027-06-10", None),
    ("f", "Fall", "2026-08-10", "2026-12-20", "y"),
    ("s", "Spring", "2027-01-04", "2027-06-10", "y"),
    ("old", "Fall", "2025-08-10", "2025-12-20", None),
    ("open", "Open", None, None, None),
    ("part", "Part", None, None, "f"),
]


@pytest.mark.parametrize(
    ("terms", "titles"),
    [
        (["f", "s"], ["Fall", "Spring"]),
        (["f", "f"], []),
        (["f,s", "s"], []),  # the class of both terms meets with the other one
        (["f,s", "s", "f"], ["Fall", "Spring"]),
        (["y", "s"], []),
        (["f", "old"], ["Fall (2025)", "Fall (2026)"]),
        (["f", "open"], []),  # a term without dates is never known to be apart
        (["part", "s"], ["Spring", "Part"]),  # without dates of its own, those of fall count
        (["f", None], []),
        (["f", "nowhere"], []),
        ([], []),
    ],
)
def test_terms_of_classes_that_never_meet_together(
    terms: list[str | None], titles: list[str]
) -> None:
    assert terms_apart(classes(*terms), sessions(*YEAR)) == titles


@pytest.mark.parametrize(
    ("term", "kinds", "titles"),
    [
        ("current", {"s": "term"}, ["Spring"]),
        ("current", {"s": "gradingPeriod"}, ["Year", "Spring"]),  # no term, so what there is
        ("current", {"s": "term", "y": "semester"}, ["Year", "Spring"]),
        ("current", {"f": "term"}, ["Year", "Spring"]),
        (" fall", {}, ["Fall"]),  # that of both years
        ("part", {}, ["Part"]),
    ],
)
def test_the_titles_of_a_term(term: str, kinds: dict[str, str], titles: list[str]) -> None:
    found = sessions(*reversed(YEAR))
    found["type"] = found["sourcedId"].map(kinds).astype("str")
    assert titles_of_term(found, term, datetime.date(2027, 2, 1)) == titles


def test_a_deleted_session_is_no_term() -> None:
    known = sessions(*YEAR)
    known.loc[known["sourcedId"] == "s", "status"] = "tobedeleted"
    assert terms_apart(classes("f", "s"), known) == []


def test_an_answer_over_terms_that_do_not_overlap_says_so() -> None:
    roster = onb.Roster(small_district())

    for answer in (
        roster.get_users("students", "classes"),
        roster.class_sizes(),
        roster.teacher_loads(),
        onb.count(roster.get_users("students", "courses"), "grades"),
    ):
        assert answer.attrs["termsTogether"] == ["Semester 1", "Semester 2"]
        assert TOGETHER in answer.attrs["footnote"]


@pytest.mark.parametrize(
    "asked",
    [{"term": "Semester 1"}, {"as_of": "2026-10-01"}, {"group_name": "ELA 6 (6A ELA)"}],
    ids=str,
)
def test_an_answer_of_one_moment_or_of_classes_of_one_time_does_not(asked: dict[str, str]) -> None:
    answer = onb.Roster(small_district()).get_users("students", "classes", **asked)

    assert "termsTogether" not in answer.attrs
    assert "together" not in answer.attrs.get("footnote", "")


def test_people_of_schools_are_of_no_term() -> None:
    roster = onb.Roster(small_district())

    assert "termsTogether" not in roster.get_users("students", "schools").attrs
    assert "termsTogether" not in roster.get_users("students").attrs


@pytest.mark.parametrize("kind", [None, "classes", "schools"])
def test_without_dates_no_term_is_the_current_one_and_that_is_said(kind: str | None) -> None:
    tables = small_district()
    dates = {"startDate": pd.NaT, "endDate": pd.NaT}
    tables["academicSessions"] = tables["academicSessions"].assign(**dates)
    roster = onb.Roster(tables)

    with pytest.warns(onb.NoMatchWarning, match="No academic session has dates.*as_of="):
        answer = roster.get_users("students", kind, term="current")
    assert answer.empty
    assert "No academic session has dates" in answer.attrs["footnote"]
    # A day needs no term; the dates of enrollments tell.
    assert len(roster.get_users("students", kind, as_of="2026-10-01"))
