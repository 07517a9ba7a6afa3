"""The school year of the demo district: that of the day on which it is started, or a fixed one."""

import datetime
from collections.abc import Callable

import pandas as pd
import pytest

import oneroster_nb as onb
from oneroster_nb.demo.district.making import make_district
from oneroster_nb.tables.table import TABLES

OnDay = Callable[[datetime.date], None]

# A day, the school year that has begun last, and its first and last day: Mondays and Fridays.
DAYS = [
    ("2026-08-16", "2025-2026", "2025-08-18", "2026-06-12"),  # the day before the next one begins
    ("2026-08-17", "2026-2027", "2026-08-17", "2027-06-11"),
    ("2027-07-15", "2026-2027", "2026-08-17", "2027-06-11"),
    ("2028-02-29", "2027-2028", "2027-08-16", "2028-06-09"),
    ("2029-01-14", "2028-2029", "2028-08-21", "2029-06-15"),
    ("2031-12-31", "2031-2032", "2031-08-18", "2032-06-11"),
]

# A provider, a day, and what is said of the day if no term is running.
TERMS = [
    ("demo", "2025-09-30", ""),
    ("demo", "2026-11-30", ""),
    ("demo", "2027-07-15", "The last one, 'Semester 2', ended on 2027-06-11."),
    ("demo-clever", "2027-07-15", "The last one, 'Semester 2', ended on 2027-06-11."),
    (
        "demo",
        "2029-01-21",
        "The last one, 'Semester 1', ended on 2029-01-19. The next one, 'Semester 2', begins on"
        " 2029-01-23.",
    ),
]


@pytest.mark.parametrize(("day", "title", "first", "last"), DAYS)
def test_the_year_is_the_one_that_has_begun_last(
    on_day: OnDay, day: str, title: str, first: str, last: str
) -> None:
    on_day(datetime.date.fromisoformat(day))
    year = make_district()["academicSessions"].iloc[0]
    assert (year["title"], year["type"]) == (title, "schoolYear")
    assert (year["sourcedId"], year["schoolYear"]) == (f"sy{title[-4:]}", title[-4:])
    assert (str(year["startDate"].date()), str(year["endDate"].date())) == (first, last)


@pytest.mark.parametrize(("provider", "day", "between"), TERMS)
def test_the_numbers_of_the_quick_start_are_the_same_on_every_day(
    on_day: OnDay, provider: str, day: str, between: str
) -> None:
    on_day(datetime.date.fromisoformat(day))
    with onb.connect(provider) as conn:
        roster = conn.get_roster(progress=False)
    assert len(roster.get_users("students")) == 139
    assert len(roster.get_users("students", "classes", "ELA 6 (6A ELA)")) == 7
    assert len(roster.get_users("students", "classes", "31763")) == 3
    assert len(roster.get_users("students", "schools", "Classlink HS")) == 38
    assert len(roster.get_users("students", "schools", "7")) == 54
    assert len(roster.get_users("students", "classes", "302", match_on="location")) == 13

    if not between:
        for asked in ({"term": "current"}, {"as_of": "today"}):
            assert roster.get_users("students", "classes", **asked)["sourcedId"].nunique() == 139
        return
    with pytest.warns(onb.NoMatchWarning, match=f"No term is running on {day}."):
        found = roster.get_users("students", "classes", term="current")
    assert found.empty
    assert between in found.attrs["footnote"]


def test_a_fixed_year_is_the_same_on_every_day(on_day: OnDay) -> None:
    fixed = make_district(school_year="2026-2027")
    today = make_district()
    on_day(datetime.date(2031, 7, 1))
    later = make_district(school_year="2026-2027")
    for name in TABLES:
        pd.testing.assert_frame_equal(fixed[name], today[name])
        pd.testing.assert_frame_equal(fixed[name], later[name])


@pytest.mark.parametrize("year", ["1999-2000", "2027-2028", "2031-2032"])
def test_only_dates_and_the_names_of_the_year_differ(year: str) -> None:
    usual, other = make_district(), make_district(school_year=year)
    weeks = other["academicSessions"].loc[0, "startDate"] - pd.Timestamp("2026-08-17")
    assert weeks.days % 7 == 0
    named = {
        "academicSessions": ["sourcedId", "title", "parentSourcedId", "schoolYear"],
        "courses": ["schoolYearSourcedId"],
    }
    for name in TABLES:
        moved = usual[name].drop(columns=named.get(name, []))
        for column in moved.select_dtypes(["datetime", "datetimetz"]):
            moved[column] += weeks
        pd.testing.assert_frame_equal(moved, other[name].drop(columns=named.get(name, [])))
    assert (other["courses"]["schoolYearSourcedId"] == f"sy{year[-4:]}").all()


@pytest.mark.parametrize("year", ["2026-2027", "2027-2028", "2036-2037"])
def test_ages_fit_grades_in_every_year(year: str) -> None:
    tables = make_district(school_year=year)
    first = tables["academicSessions"]["startDate"].min()
    people = tables["demographics"].merge(tables["users"], on="sourcedId")
    ages = (first - people["birthDate"]).dt.days / 365.25
    grades = people["grades"].replace("KG", "0").astype(int)
    assert (ages - grades).between(4.9, 6).all()


def test_a_roster_of_another_year_is_healthy() -> None:
    findings = onb.check(onb.Roster(make_district(school_year="2031-2032")))
    assert not (findings["severity"] == "error").any()


def test_the_year_of_a_connection_is_in_its_recipe() -> None:
    with onb.connect("demo", school_year="2031-2032") as conn:
        assert conn.recipe == "onb.connect('demo', school_year='2031-2032')"
        assert conn.get_academic_sessions()["title"].iloc[0] == "2031-2032"
    with onb.connect("demo-clever", version="2.1", school_year="2031-2032") as conn:
        assert "2031-2032" in set(conn.get_academic_sessions()["title"])


@pytest.mark.parametrize(
    "year", ["2026", 2026, "2026-2028", "2027-2026", "2026-27", "26-27", "1899-1900", ""]
)
def test_what_is_no_school_year_is_refused(year: object) -> None:
    for provider in ("demo", "demo-clever"):
        with pytest.raises(onb.ConfigurationError, match=r"'2026-2027'") as caught:
            onb.connect(provider, school_year=year)
        assert repr(year) in str(caught.value)
