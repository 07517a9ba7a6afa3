"""Frames and tables as people really have them: read back from files, half filled, other dtypes."""

import io

import numpy as np
import pandas as pd
import pytest
from helpers.district import small_district
from pandas.testing import assert_frame_equal

import oneroster_nb as onb
from oneroster_nb.demo.server.embedded import DemoServer

ROSTER = onb.Roster(small_district())
STUDENTS = ROSTER.get_users("students")
MEMBERS = ROSTER.get_users("users", "classes")
TWO = pd.DataFrame({"sourcedId": ["1", "2"], "givenName": "Maria", "familyName": "Gómez"})


def reread(frame: pd.DataFrame) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(frame.to_csv(index=False)))


def changed(table: str, key: str, **values: object) -> dict[str, pd.DataFrame]:
    """Return the demo district with some values of one row changed."""
    tables = dict(small_district())
    rows = tables[table] = tables[table].copy()
    for name, value in values.items():
        rows.loc[rows["sourcedId"] == key, name] = value
    return tables


def test_a_live_frame_knows_as_what_people_are_in_a_class() -> None:
    tables = changed("users", "18140", role="administrator")  # a principal who teaches
    whole = onb.Roster(tables).teacher_loads().query("sourcedId == '18140'")
    with (
        DemoServer(tables) as server,
        onb.OneRosterConnector(server.host, server.client_id, server.client_secret) as conn,
    ):
        mine = whole["sections"].item()
        enrolled = tables["enrollments"].query("userSourcedId == '18140'")
        classes = enrolled["classSourcedId"].tolist()
        assert len(classes) == mine
        frame = conn.get_users("users", "classes", classes, match_on="sourcedId")
    # An administrator in a list of teachers: who is enrolled as what comes from the enrollments.
    assert frame["enrollmentBeginDate"].notna().all()
    roles = frame.set_index(["sourcedId", "classSourcedId"])["enrollmentRole"]
    assert set(roles.loc["18140"]) == {"teacher"}
    loads = onb.teacher_loads(frame).query("sourcedId == '18140'")
    assert_frame_equal(loads.reset_index(drop=True), whole.reset_index(drop=True))


@pytest.mark.parametrize("dtype", ["int64", "Int64", "float64", "category", object])
def test_numbers_as_ids_of_schools_are_ids(dtype: object) -> None:
    frame = STUDENTS.assign(schoolSourcedIds=STUDENTS["schoolSourcedIds"].astype("int64"))
    frame["schoolSourcedIds"] = frame["schoolSourcedIds"].astype(dtype)  # type: ignore[call-overload]
    assert onb.multi_school(frame).empty
    assert_frame_equal(onb.email_problems(frame), onb.email_problems(STUDENTS))


def test_a_class_without_a_school_leaves_the_others_theirs() -> None:
    frame = MEMBERS.copy()
    frame.loc[frame["classSourcedId"] == "31710", ["schoolSourcedId", "schoolName"]] = None
    expected = onb.class_sizes(frame, by="schoolName")
    assert expected.loc[expected["schoolName"] == "(missing)", "classes"].item() == 1
    assert_frame_equal(onb.class_sizes(reread(frame), by="schoolName"), expected)


def test_birth_dates_that_cannot_be_read_are_told() -> None:
    frame = TWO.assign(role="student", grades="06", orgSourcedIds="7")
    with pytest.warns(onb.UnreadableValueWarning, match="2 in birthDate"):
        onb.duplicate_people(frame.assign(birthDate=["1/5/2012", "9/30/2011"]))
    dates = pd.to_datetime(["2012-01-05", "2011-09-30"])
    assert onb.duplicate_people(frame.assign(birthDate=dates)).empty


def test_people_whose_name_is_a_space_are_nobody_in_particular() -> None:
    frame = TWO.assign(role="student", grades="06", orgSourcedIds="7", familyName=" ")
    assert onb.duplicate_people(frame).empty


@pytest.mark.parametrize("on", [["sourcedId", "email"], [("email", "email")], ["leftId", "email"]])
def test_any_field_can_tell_who_is_who(on: list[str]) -> None:
    left, right = (
        pd.DataFrame({"sourcedId": ["a", "b"], "email": ["x@e.example", email], "leftId": name})
        for email, name in (("y@e.example", "left"), (None, "right"))
    )
    found = onb.match_people(left, right, on=on)
    assert found.loc[0, ["leftId", "rightId", "status"]].tolist() == ["a", "a", "matched"]
    assert found["matchedOn"].dropna().iloc[0] == {"leftId": "email"}.get(on[0], on[0][0]) or on[0]


def test_a_deleted_account_is_not_there() -> None:
    left = pd.DataFrame({"sourcedId": ["a"], "email": ["x@e.example"]})
    right = pd.DataFrame({"sourcedId": ["1", "2"], "email": "x@e.example"})
    right["status"] = ["active", "tobedeleted"]
    assert onb.match_people(left, right, on=["email"])["status"].tolist() == ["matched"]
    assert onb.compare_lists(right, left)["status"].tolist() == ["only left", "only right"]


def test_blank_texts_are_missing() -> None:
    blank, none = (
        onb.Roster({**small_district(), "classes": small_district()["classes"].assign(**values)})
        for values in (
            {"courseSourcedId": "", "schoolSourcedId": ""},
            {"courseSourcedId": None, "schoolSourcedId": None},
        )
    )
    assert blank.repeated_courses().empty
    assert_frame_equal(blank.classes, none.classes)
    assert_frame_equal(blank.cross_listed(), none.cross_listed())
    frame = ROSTER.get_users("students", "classes").assign(courseSourcedId="")
    assert onb.repeated_courses(frame).empty


@pytest.mark.parametrize("dtype", ["str", "string", "category", object, "string[pyarrow]"])
def test_grades_are_in_the_order_of_school_whatever_their_dtype(dtype: object) -> None:
    frame = STUDENTS.assign(grades=STUDENTS["grades"].astype(dtype))  # type: ignore[call-overload]
    order = onb.count(frame, "grades")["grades"].tolist()
    assert order[0] == "KG"
    assert order[1:-1] == sorted(order[1:-1])


@pytest.mark.parametrize("dtype", ["int64", "category", object])
def test_numbers_are_in_the_order_of_their_values(dtype: object) -> None:
    numbers = pd.Series([10, 2, 9, 2]).astype(dtype)  # type: ignore[call-overload]
    frame = pd.DataFrame({"sourcedId": list("abcd"), "minutes": numbers})
    assert onb.count(frame, "minutes")["minutes"].tolist()[:3] == ["2", "9", "10"]


def test_several_roles_in_one_field_are_no_role() -> None:
    problems = onb.Roster(changed("users", "18001", role="teacher,student"))
    found = problems.grade_and_role_problems()
    assert found[["sourcedId", "field", "value", "problem"]].to_numpy().tolist() == [
        ["18001", "role", "teacher,student", "unknown"]
    ]


@pytest.mark.parametrize("dtype", ["str", "string", "category", object])
def test_a_grade_is_read_alike_whatever_its_dtype(dtype: object) -> None:
    tables = changed("users", "18001", grades="9,Lions")
    users = tables["users"] = tables["users"].copy()
    users["grades"] = users["grades"].astype(dtype)  # type: ignore[call-overload]
    roster = onb.Roster(tables)
    assert roster.users.set_index("sourcedId").loc["18001", "grades"] == "09,Lions"
    assert roster.grade_and_role_problems()["value"].tolist() == ["Lions"]


def test_a_term_without_a_title_takes_that_of_no_other() -> None:
    tables = changed("classes", "31710", termSourcedIds="nowhere,{}")
    terms = tables["classes"].set_index("sourcedId")["termSourcedIds"]
    known = terms.drop("31710").iloc[0].split(",")[0]
    classes = tables["classes"]
    classes.loc[classes["sourcedId"] == "31710", "termSourcedIds"] = f"nowhere,{known}"
    classes.loc[classes["sourcedId"] == "31711", "termSourcedIds"] = "nowhere"
    roster = onb.Roster(tables)
    of_frame = onb.class_sizes(roster.get_users("users", "classes"))
    expected = roster.class_sizes().set_index("classSourcedId")["termTitles"]
    assert pd.isna(expected["31711"])
    found = of_frame.set_index("classSourcedId")["termTitles"]
    assert pd.isna(found["31711"])


def test_a_school_without_a_name_leaves_the_others_theirs() -> None:
    tables = changed("orgs", "3", name=None)
    users = tables["users"] = tables["users"].copy()
    users.loc[users["sourcedId"] == "18001", "orgSourcedIds"] = "2,3"
    users["email"] = None
    roster = onb.Roster(tables)
    whole = roster.email_problems().set_index("sourcedId")["schoolNames"]
    frame = onb.email_problems(roster.get_users()).set_index("sourcedId")["schoolNames"]
    assert (whole == "Classlink HS").sum() > 1
    assert frame[whole.index].fillna("").tolist() == whole.fillna("").tolist()


def test_what_is_no_difference_is_none() -> None:
    lists = []
    for orgs in ("2,3", "3,2"):
        tables = changed("users", "18001", orgSourcedIds=orgs)
        lists.append(onb.Roster(tables))
    assert set(onb.compare_lists(*lists)["status"]) == {"same"}
    left = pd.DataFrame({"sourcedId": ["1", "2"], "enabledUser": pd.array([True, False])})
    right = pd.DataFrame({"sourcedId": ["1", "2"], "enabledUser": ["1", "0"]})
    assert set(onb.compare_lists(left, right)["status"]) == {"same"}
    assert set(onb.compare_lists(left, right.iloc[::-1])["status"]) == {"same"}


def test_rows_of_several_people_are_told() -> None:
    family = pd.DataFrame({"sourcedId": ["1", "2", "3"], "email": ["f@e.example"] * 2 + ["c@e"]})
    found = onb.compare_lists(family, family.iloc[[0, 2]].drop(columns="sourcedId"), on="email")
    assert len(found) == 2
    assert "Several people have the same email" in found.attrs["footnote"]
    assert found.attrs["footnote"].endswith(": 1.")
    found = onb.compare_lists(family.iloc[1:], family.iloc[1:], on="email")
    assert "several people" not in found.attrs["footnote"]
    repeated = pd.concat([family, family.iloc[2:]])  # a person twice is one person
    found = onb.compare_lists(repeated.iloc[1:], repeated.iloc[1:], on="email")
    assert "several people" not in found.attrs["footnote"]


def test_periods_are_the_same_however_they_are_written() -> None:
    tables = changed("classes", "31711", periods=" P1")
    classes = tables["classes"]
    classes.loc[classes["sourcedId"] == "31710", "periods"] = "p1"
    found = onb.Roster(tables).cross_listed()["classSourcedId"].tolist()
    assert found == ["31710", "31711"]


def test_what_holds_marks_is_object() -> None:
    assert ROSTER.class_sizes(suppress_below=1000)["students"].dtype == object
    seats = onb.seats(ROSTER, ["students", "teachers"], suppress_below=1000)
    assert {seats[name].dtype for name in ("people", "onlyHere", "shared")} == {np.dtype(object)}
    after = onb.Roster({**small_district(), "users": small_district()["users"].iloc[1:]})
    with pytest.warns(onb.DanglingReferenceWarning, match="fewer than 5 people"):
        changes = onb.diff(ROSTER, after, suppress_below=5).by_school
    assert changes["removed"].dtype == object
    assert changes["added"].dtype == np.int64


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda: onb.crosstab(STUDENTS, "role", "grades", margins=None), "margins must be True"),
        (lambda: onb.crosstab(STUDENTS, "role", "grades", margins="no"), "not 'no'"),
        (lambda: onb.count(STUDENTS, STUDENTS["familyName"]), "not the Series that holds them"),
        (lambda: onb.compare_lists(STUDENTS, STUDENTS, on=STUDENTS["email"]), "not the Series"),
        (lambda: onb.count(ROSTER, "grades"), r"not a Roster; ask its get_users\(\) first"),
        (lambda: onb.compare_lists("a.csv", STUDENTS), r"not str\. pandas\.read_csv\(\)"),
        (lambda: onb.seats(ROSTER, ["students", "students "]), "'students ' is there twice"),
        (lambda: onb.seats(ROSTER, ["classes::Art", "sections::Art::users"]), "is there twice"),
        (
            lambda: onb.repeated_courses(MEMBERS.drop(columns="courseSourcedId")),
            r"ask get_users\(\) with 'classes'",
        ),
        *(
            (
                lambda ask=ask: ask(TWO.assign(sourcedId=[["1"], ["2"]], email=None)),
                "'sourcedId' holds lists",
            )
            for ask in (
                lambda frame: onb.count(frame, "familyName"),
                onb.email_problems,
                lambda frame: onb.match_people(frame, TWO, on=["familyName"]),
            )
        ),
    ],
)
def test_mistakes_are_said_in_words(ask: object, words: str) -> None:
    with pytest.raises(onb.QueryError, match=words) as told:
        ask()  # type: ignore[operator]
    assert "Gómez" not in str(told.value)


def test_of_people_in_several_groups_no_more_is_hidden_than_is_small() -> None:
    groups = {"Art": range(4), "Math": range(2, 40), "Music": range(20, 60)}
    frame = pd.DataFrame(
        [(str(who), group) for group, people in groups.items() for who in people],
        columns=["sourcedId", "group"],
    )
    hidden = onb.count(frame, "group", suppress_below=10)["count"].tolist()
    assert hidden == ["<10", 38, 40]  # the total, which would give it away, is not shown
