"""Conditions on rows of an answer: odd values, one line of text, what the answer then says."""

import datetime
import json
from collections.abc import Callable
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
        ({"enrollmentBeginDate": {">": "06"}}, "2026-10-01"),  # pandas takes it for a day
        ({"enrollmentBeginDate": "now"}, "2026-10-01"),
        ({"dateLastModified": {">": "10/01/2026"}}, "2026-10-01"),
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


def test_the_same_is_asked_in_several_ways() -> None:
    """What a question holds is plain, in the same order in each process."""
    for said, plain in (
        ("", None),
        (["", "x"], [None, "x"]),
        ({"08", "06", "07"}, ["06", "07", "08"]),
        (("06",), ["06"]),
    ):
        assert Query("students", where={"grades": said}).where == {"grades": plain}


def test_missing_values_and_words_for_true_and_dates() -> None:
    tables = small_district()
    users = tables["users"]
    users.loc[users["sourcedId"] == "18001", "email"] = None
    users.loc[users["sourcedId"] == "18002", "enabledUser"] = False
    one = users["sourcedId"] == "18003"
    tables["users"] = users.assign(**{"metadata.hat": pd.Series("red").reindex(users.index)})
    tables["users"].loc[one, "metadata.hat"] = "blue"
    roster = onb.Roster(tables)

    def people(**where: Any) -> int:
        return len(roster.get_users("students", where=where))

    assert people(email=None) == 1
    assert people(email={"!=": None}) == 138
    assert people(email={"!=": "nobody@example.org"}) == 139
    assert people(enabledUser="false") == 1
    assert people(enabledUser={"!=": "False"}) == 138
    hats = [
        len(roster.get_users("students", where={"metadata.hat": hat})) for hat in ("red", "blue")
    ]
    assert hats == [1, 1]
    # What only others have is no column of the answer.
    assert "metadata.hat" not in roster.get_users("students", where={"sourcedId": "18002"})


def test_a_field_of_several_values_fits_by_any_of_them(roster: onb.Roster) -> None:
    # These classes are of both semesters.
    where = {"courseTitle": "ELA 6", "termTitles": "Semester 2"}
    assert len(roster.get_users("students", "classes", where=where)) == 13


def test_a_moment_means_its_day_where_a_day_is_compared(roster: onb.Roster) -> None:
    def rows(day: object) -> int:
        where = {"enrollmentBeginDate": {"=": day}}
        return len(roster.get_users("students", "classes", where=where))

    noon = datetime.datetime(2026, 8, 17, 12)
    assert rows(noon) == rows("2026-08-17") == rows(" 20260817 ") > 0


def test_today_in_a_condition_is_the_day_of_questions(
    roster: onb.Roster, on_day: Callable[[datetime.date], None]
) -> None:
    def rows(day: str) -> int:
        where = {"enrollmentBeginDate": {">": day}}
        return len(roster.get_users("students", "classes", where=where))

    on_day(datetime.date(2026, 8, 16))
    every = len(roster.get_users("students", "classes"))
    assert rows("today") == every
    on_day(datetime.date(2026, 8, 17))
    assert 0 < rows(" Today ") == rows("2026-08-17") < every


def test_a_bound_counts_people_and_not_rows(roster: onb.Roster) -> None:
    # The first has a row for each of several classes before the second has one.
    two = ["18001", "18139"]
    rows = roster.get_users("students", "classes", where={"sourcedId": two}, max_users=2)
    assert rows["sourcedId"].unique().tolist() == two
    assert len(rows) > 4


@pytest.mark.parametrize(
    "ask",
    [
        lambda roster, value: roster.get_users("students", as_of=value),
        lambda roster, value: roster.get_users("students", term=value),
        lambda roster, value: roster.get_users("students", "classes", school=value),
        lambda roster, value: roster.get_users("students", where={value: "06"}),
        lambda roster, value: roster.get_users("students", where={"enabledUser": value}),
        lambda roster, value: roster.query(value),
        lambda roster, value: roster.person(value),
        lambda roster, value: roster.class_card(value),
        lambda roster, value: onb.check(roster, rules=value),
        lambda roster, value: onb.check(roster, severity=value),
    ],
)
def test_a_message_quotes_a_value_in_short_and_no_table(roster: onb.Roster, ask: Any) -> None:
    with pytest.raises(errors.QueryError, match="xxx") as caught:
        ask(roster, "x" * 5000)
    assert len(str(caught.value)) < 600

    people = roster.users.loc[[0], ["familyName"]]
    with pytest.raises((errors.QueryError, TypeError)) as caught_too:
        ask(roster, people)
    assert people["familyName"].item() not in str(caught_too.value)


@pytest.mark.parametrize("text", ["students?grades==06", "students?grades=>06", "students?a<>b"])
def test_two_signs_are_no_condition(roster: onb.Roster, text: str) -> None:
    with pytest.raises(errors.QueryError, match="no condition"):
        roster.query(text)
    assert len(roster.query("students?familyName=%3E06")) == 0


@pytest.mark.parametrize("call", ["person", "class_card"])
def test_half_of_a_character_is_the_name_of_nothing(roster: onb.Roster, call: str) -> None:
    with pytest.raises(errors.QueryError, match="No active"):
        getattr(roster, call)("\ud800")


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
