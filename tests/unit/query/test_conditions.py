"""Conditions on rows of an answer: odd values, one line of text, what the answer then says."""

import datetime
import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from helpers.district import small_district

import oneroster_nb as onb
from oneroster_nb import errors
from oneroster_nb.query.query import Query


@pytest.fixture(scope="module")
def roster() -> onb.Roster:
    return onb.Roster(small_district())


@pytest.mark.parametrize(
    "where",
    [
        {"grades": ["06", "07"]},
        {"grades": {"07", "06", "08"}},
        {"email": None},
        {"email": ""},
        {"email": float("nan")},
        {"email": pd.NA},
        {"enrollmentBeginDate": {">": datetime.date(2026, 8, 1), "<=": pd.Timestamp("2026-12-01")}},
        {"metadata.a~b": "x"},
        {"metadata.b": " x "},
        {"givenName": {"~": ["a,b", "c&d=e"]}},
        {"enabledUser": np.bool_(True)},
        {"classTitle": "50%~"},
    ],
)
def test_one_line_of_text_holds_them(where: dict[str, Any]) -> None:
    query = Query("students", "classes", where=where, as_of=np.datetime64("2026-10-01"))  # type: ignore[arg-type]

    assert Query.parse(str(query)).to_dict().keys() == query.to_dict().keys()
    assert str(Query.parse(str(query))) == str(query)
    assert json.loads(json.dumps(query.to_dict())) == query.to_dict()


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ({"enrollmentBeginDate": {">": 2012}}, "2012"),
        ({"dateLastModified": {">": 20261001}}, "20261001"),
        ({"courseTitle": {"~": None}}, "a text to look for"),
        ({"courseTitle": {">": ["a", "b"]}}, "one value"),
        ({"courseTitle": [["a"]]}, "cannot compare"),
        ({"courseTitle": b"06"}, "cannot compare"),
        ({"givenName": {}}, "is empty"),
        ({"grades": []}, "empty list"),
    ],
    ids=str,
)
def test_what_cannot_be_compared_is_said(
    roster: onb.Roster, where: dict[str, Any], said: str
) -> None:
    with pytest.raises(errors.QueryError, match=said):
        roster.get_users("students", "classes", where=where)


def test_groups_are_counted_among_the_rows_that_fit_the_other_conditions(
    roster: onb.Roster,
) -> None:
    asked: dict[str, Any] = {"courseTitle": {"~": ["art", "ela"]}}
    every = roster.get_users("students", "classes", where=asked, unique=True)
    several = {**asked, "groupCount": {">": 1}}
    found = roster.get_users("students", "classes", where=several, unique=True)
    expected = every.loc[every["groupCount"] > 1].reset_index(drop=True)
    assert 0 < len(found) < len(every)
    pd.testing.assert_frame_equal(found, expected)


def test_without_a_group_there_is_no_number_of_groups(roster: onb.Roster) -> None:
    with pytest.raises(errors.QueryError, match="group_filter"):
        roster.query("students?groupCount>1")


def test_a_number_too_large_is_said_in_short(roster: onb.Roster) -> None:
    with pytest.raises(errors.QueryError) as caught:
        roster.get_users("students", demographics=True, where={"age": {">": 10**400}})
    assert len(str(caught.value)) < 200


def test_contains_takes_any_of_a_list(roster: onb.Roster) -> None:
    def people(text: str) -> int:
        return roster.query(f"classes::*::students?courseTitle~{text}")["sourcedId"].nunique()

    assert people("ela 6,ela 7") == people("ela 6") + people("ela 7") == 33


def test_a_date_of_the_first_years_is_that_date() -> None:
    assert Query(as_of=datetime.date(1, 1, 1)).as_of == "0001-01-01"


def test_terms_are_those_of_the_rows_that_are_left(roster: onb.Roster) -> None:
    one = roster.get_users("students", "classes", where={"classTitle": "ELA 6 (6A ELA)"})
    assert len(one) == 7
    assert "termsTogether" not in one.attrs
    for more in ({}, {"unique": True}, {"where": {"sourcedId": {"!=": "18001"}}, "unique": True}):
        frame = roster.get_users("students", "classes", **more)
        assert frame.attrs["termsTogether"] == ["Semester 1", "Semester 2"]


def test_the_columns_of_one_row_each_do_not_depend_on_conditions(roster: onb.Roster) -> None:
    asked: dict[str, Any] = {"unique": True, "demographics": True}
    every = roster.get_users("students", "classes", **asked)
    some = roster.get_users("students", "classes", where={"grades": "06"}, **asked)
    assert [*some] == [*every]


def test_people_chosen_by_demographics_are_counted_as_by_them(roster: onb.Roster) -> None:
    chosen = roster.get_users(
        "students", "schools", demographics=True, where={"sex": "female", "raceEthnicity": "Asian"}
    )
    assert set(onb.count(chosen, "schoolName")["count"]) <= {"<10", "*"}
    assert onb.count(chosen, "schoolName", suppress_below=0)["count"].sum() == len(chosen)
    in_classes = roster.get_users(
        "students", "classes", demographics=True, where={"raceEthnicity": "Asian"}
    )
    assert set(onb.class_sizes(in_classes)["students"]) == {"<10"}
    rule = "schools::Classlink HS::students?demographics=true&raceEthnicity=Asian"
    assert roster.seats([rule])["people"].tolist() == ["<10"]


def test_a_list_of_counts_gives_nothing_away_beside_the_totals(roster: onb.Roster) -> None:
    students = roster.get_users("students", "schools", demographics=True)
    few = students.groupby("schoolName").cumcount() < 4
    students["sex"] = np.where(few, "female", "male")

    found = onb.count(students, ["schoolName", "sex"]).set_index(["schoolName", "sex"])["count"]
    table = onb.crosstab(students, "schoolName", "sex", margins=False)
    assert found.unstack().to_numpy().tolist() == table.to_numpy().tolist()
    # How many there are at a school is no secret, so neither of two numbers may be shown.
    assert not any(isinstance(number, int) for number in found)


def test_a_rule_keeps_its_own_last_day_and_its_own_day(roster: onb.Roster) -> None:
    tables = small_district()
    dates = {"beginDate": pd.Timestamp("2026-08-20"), "endDate": pd.Timestamp("2026-10-01")}
    tables["enrollments"] = tables["enrollments"].assign(**dates)
    last_day = onb.Roster(tables).seats(
        ["classes::*::students?include_end_date=true"], as_of="2026-10-01"
    )
    assert last_day["people"].tolist() == [139, 139]
    own = roster.seats(["schools::*::students?as_of=2027-03-01"], as_of="2026-10-01")
    assert own.attrs["as_of"] == "2027-03-01"


def test_a_year_without_a_first_day_does_not_name_one() -> None:
    tables = small_district()
    sessions = tables["academicSessions"]
    again = sessions.loc[sessions["sourcedId"] == "s1"].assign(sourcedId="old")
    again["startDate"] = again["startDate"] - pd.DateOffset(years=1)
    again["endDate"] = again["endDate"] - pd.DateOffset(years=1)
    open_ = again.assign(sourcedId="open", startDate=pd.NaT, endDate=pd.Timestamp("2020-12-20"))
    tables["academicSessions"] = pd.concat([sessions, again, open_])
    classes = tables["classes"]
    tables["classes"] = classes.assign(
        termSourcedIds=["old", "open", *classes["termSourcedIds"].iloc[2:]]
    )
    frame = onb.Roster(tables).get_users("students", "classes")
    assert set(frame.attrs["termsTogether"]) == {
        *("Semester 1 (2025)", "Semester 1 (2026)", "Semester 1", "Semester 2"),
    }
