"""Conditions of the common questions: which people, classes and rows they choose.

At North: ``a1`` and ``a2`` (Art, room 101, period 1, one teacher), ``m1`` (Math, room 102). At
South: ``m2`` (Math, room 201).
"""

from typing import Any

import pandas as pd
import pytest
from helpers.faults import at, status
from helpers.faultserver import FaultServer
from helpers.mixedschool import Tables, tables_of
from helpers.records import school

import oneroster_nb as onb
from oneroster_nb import errors
from oneroster_nb.analysis.methods import RosterQuestions

Where = dict[str, Any]

CLASSES = [
    ("a1", "Art 1", "k1", "s1", "101", "1"),
    ("a2", "Art 2", "k1", "s1", "101", "1"),
    ("m1", "Math 1", "k2", "s1", "102", "2"),
    ("m2", "Math 2", "k2", "s2", "201", "3"),
]
# Id to family name, grade, sex, birth date, schools and address.
STUDENTS = {
    "liv": ("Moe", "06", "female", "2015-03-01", "s1", None),
    "mia": ("Moe", "06", "female", "2014-10-01", "s1", "m@example.org"),
    "mia2": ("Moe", "07", "female", "2014-10-01", "s1", "M@example.org"),
    "noa": ("Fay", "07", "male", "2014-02-01", "s1,s2", "n@example.org"),
    "oda": ("Fay", None, None, None, "s2", None),
}
TEACHERS = {"tess": ("Moe", "s1"), "finn": ("Fay", "s1,s2")}
ENROLLED = {
    "a1": ("tess", ["liv", "mia", "noa"]),
    "a2": ("tess", ["noa"]),
    "m1": ("finn", ["liv", "mia2", "ghost"]),
    "m2": ("finn", ["oda", "noa"]),
    "gone": ("tess", ["mia"]),
}

pytestmark = pytest.mark.filterwarnings("ignore::oneroster_nb.DanglingReferenceWarning")


def tables() -> Tables:
    """Return the roster as canonical tables."""
    people = [
        *((key, "student", *rest) for key, rest in STUDENTS.items()),
        *(
            (key, "teacher", name, None, "female", "1980-01-01", orgs, f"{key}@example.org")
            for key, (name, orgs) in TEACHERS.items()
        ),
    ]
    enrolled = [
        (class_, who, role)
        for class_, (teacher, students) in ENROLLED.items()
        for who, role in [(teacher, "teacher"), *((each, "student") for each in students)]
    ]
    rows: dict[str, list[dict[str, object]]] = {
        "orgs": [
            {"sourcedId": key, "name": name, "type": "school"}
            for key, name in (("s1", "North"), ("s2", "South"))
        ],
        "academicSessions": [{"sourcedId": "t", "title": "Fall", "type": "term"}],
        "courses": [
            {"sourcedId": "k1", "title": "Art"},
            {"sourcedId": "k2", "title": "Math"},
        ],
        "classes": [
            {
                "sourcedId": key,
                "title": title,
                "courseSourcedId": course,
                "schoolSourcedId": org,
                "location": room,
                "periods": period,
                "termSourcedIds": "t",
            }
            for key, title, course, org, room, period in CLASSES
        ],
        "users": [
            {
                "sourcedId": key,
                "role": role,
                "givenName": key.rstrip("2").title(),
                "familyName": name,
                "grades": grade,
                "email": email,
                "orgSourcedIds": orgs,
            }
            for key, role, name, grade, _, _, orgs, email in people
        ],
        "demographics": [
            {"sourcedId": key, "sex": sex, "birthDate": pd.Timestamp(born) if born else pd.NaT}
            for key, _, _, _, sex, born, _, _ in people
        ],
        "enrollments": [
            {
                "sourcedId": f"{class_}@{who}",
                "classSourcedId": class_,
                "schoolSourcedId": "s1",
                "userSourcedId": who,
                "role": role,
                "primary": role == "teacher",
            }
            for class_, who, role in enrolled
        ],
    }
    return {name: tables_of(name, given) for name, given in rows.items()}


@pytest.fixture(scope="module")
def roster() -> onb.Roster:
    return onb.Roster(tables())


WORDS: dict[str, tuple[str, ...]] = {
    "class_sizes": ("classSourcedId", "students"),
    "teacher_loads": ("sourcedId", "sections", "students", "contacts"),
    "empty_classes": ("classSourcedId", "students", "withoutStudents"),
    "cross_listed": ("classSourcedId", "students", "groupStudents"),
    "without_classes": ("sourcedId",),
    "multi_school": ("sourcedId",),
    "repeated_courses": ("sourcedId", "courseTitle"),
    "duplicate_people": ("sourcedId", "sameBy"),
    "email_problems": ("sourcedId", "problem"),
    "grade_and_role_problems": ("sourcedId", "problem"),
    "dangling_enrollments": ("classSourcedId", "userSourcedId", "field"),
}
"""What is compared of an answer."""

BY_HAND: list[tuple[str, Where, str]] = [
    ("class_sizes", {}, "a1/3 a2/1 m1/2 m2/2"),
    # People, classes, and rows of the answer.
    ("class_sizes", {"grades": "06"}, "a1/2 a2/0 m1/1 m2/0"),
    ("class_sizes", {"grades": None}, "a1/0 a2/0 m1/0 m2/1"),
    ("class_sizes", {"courseTitle": {"~": "math"}}, "m1/2 m2/2"),
    ("class_sizes", {"classTitle": "Art 2", "termTitles": "Fall"}, "a2/1"),
    ("class_sizes", {"location": ["101", "201"], "grades": "07"}, "a1/1 a2/1 m2/1"),
    ("class_sizes", {"schoolName": {"!=": "North"}}, "m2/2"),
    ("class_sizes", {"students": {">": 1}, "grades": ["06", "07"]}, "a1/3 m1/2"),
    ("class_sizes", {"schoolNames": "South"}, "a1/1 a2/1 m1/0 m2/2"),
    # A teacher has a name and schools, a student a grade.
    ("teacher_loads", {}, "tess/2/3/4 finn/2/4/4"),
    ("teacher_loads", {"grades": "06"}, "tess/2/2/2 finn/2/1/1"),
    ("teacher_loads", {"familyName": "Moe"}, "tess/2/3/4"),
    ("teacher_loads", {"schoolNames": "South"}, "finn/2/4/4"),
    ("teacher_loads", {"schoolName": "South"}, "tess/0/0/0 finn/1/2/2"),
    ("teacher_loads", {"students": {">=": 4}}, "finn/2/4/4"),
    ("empty_classes", {}, ""),
    ("empty_classes", {"grades": "06"}, "a2/0/True m2/0/True"),
    ("empty_classes", {"grades": "06", "location": "101"}, "a2/0/True"),
    ("empty_classes", {"grades": "06", "withoutTeacher": True}, ""),
    ("cross_listed", {}, "a1/3/3 a2/1/3"),
    ("cross_listed", {"grades": "06"}, "a1/2/2 a2/0/2"),
    ("cross_listed", {"classTitle": "Art 1"}, ""),  # alone, it is with no other
    ("cross_listed", {"teacherNames": {"~": "tess"}, "students": 1}, "a2/1/3"),
    ("without_classes", {}, ""),
    ("without_classes", {"courseTitle": "Art"}, "mia2 oda"),
    ("without_classes", {"courseTitle": "Art", "grades": "07"}, "mia2"),
    ("multi_school", {}, "noa"),
    ("multi_school", {"grades": "06"}, ""),
    ("multi_school", {"schoolCount": 2, "schoolNames": "South"}, "noa"),
    ("repeated_courses", {}, "noa/Art"),
    ("repeated_courses", {"courseTitle": "Math"}, ""),
    ("repeated_courses", {"grades": "07", "classCount": {">": 1}}, "noa/Art"),
    ("repeated_courses", {"grades": "06"}, ""),
    ("duplicate_people", {}, "mia/birthDate mia2/birthDate"),
    ("duplicate_people", {"grades": "06"}, ""),  # the other one is in grade 07
    ("duplicate_people", {"birthDate": "2014-10-01"}, "mia/birthDate mia2/birthDate"),
    ("duplicate_people", {"sameBy": "school and grade"}, ""),
    ("email_problems", {}, "liv/missing oda/missing mia/shared mia2/shared"),
    ("email_problems", {"grades": ["06", None]}, "liv/missing oda/missing"),
    ("email_problems", {"problem": "shared"}, "mia/shared mia2/shared"),
    ("email_problems", {"role": "teacher"}, ""),
    ("grade_and_role_problems", {}, "oda/missing"),
    ("grade_and_role_problems", {"email": None, "field": "grades"}, "oda/missing"),
    ("grade_and_role_problems", {"email": {"!=": None}}, ""),
    (
        "dangling_enrollments",
        {},
        "m1/ghost/userSourcedId gone/tess/classSourcedId gone/mia/classSourcedId",
    ),
    ("dangling_enrollments", {"grades": "06"}, "gone/mia/classSourcedId"),
    ("dangling_enrollments", {"courseTitle": "Math"}, "m1/ghost/userSourcedId"),
    ("dangling_enrollments", {"role": "teacher"}, "gone/tess/classSourcedId"),
]


def words_of(frame: pd.DataFrame, question: str) -> str:
    rows = frame[[*WORDS[question]]].astype(str).itertuples(index=False)
    return " ".join("/".join(row) for row in rows)


@pytest.mark.parametrize(("question", "where", "expected"), BY_HAND)
def test_conditions_choose_people_classes_and_rows(
    roster: onb.Roster, question: str, where: Where, expected: str
) -> None:
    found = getattr(roster, question)(where=where)
    assert sorted(words_of(found, question).split()) == sorted(expected.split())
    pd.testing.assert_frame_equal(
        found.head(0), getattr(roster, question)().head(0), check_index_type=False
    )


def test_means_are_of_the_chosen_classes_and_students(roster: onb.Roster) -> None:
    found = roster.class_sizes(by="schoolName", where={"grades": ["06", "07"], "location": "101"})
    assert found[["schoolName", "classes", "mean", "min", "max"]].values.tolist() == [
        ["North", 2, 2.0, 1, 3]
    ]
    by_course = roster.class_sizes(by="courseTitle", over=2, where={"over": {">": 0}})
    assert by_course["courseTitle"].tolist() == ["Art"]


@pytest.mark.parametrize(
    "where", [{"age": {">=": 12}}, {"sex": "female"}, {"raceEthnicity": None}, {"grades": "06"}]
)
def test_members_of_classes_are_asked_as_their_roster_is(roster: onb.Roster, where: Where) -> None:
    # All columns of a file are text, so the numbers and dates of this frame are, too.
    members = roster.get_users("users", "classes", demographics=True, as_of="2026-10-01")
    below = None if "grades" in where else 0
    for frame in (members, members.astype("str")):
        for question in ("class_sizes", "teacher_loads"):
            found = getattr(onb, question)(frame, where=where, suppress_below=below)
            expected = getattr(roster, question)(
                where=where, suppress_below=below, as_of="2026-10-01"
            )
            assert words_of(found, question) == words_of(expected, question)


@pytest.mark.parametrize("where", [{"grades": "06"}, {"schoolNames": "South"}, {"email": None}])
def test_people_are_chosen_before_the_question_is_asked(roster: onb.Roster, where: Where) -> None:
    found = words_of(roster.email_problems(where=where), "email_problems")
    assert found == words_of(onb.email_problems(roster.get_users(), where=where), "email_problems")
    assert found == words_of(onb.email_problems(roster.get_users(where=where)), "email_problems")


@pytest.mark.parametrize(
    ("question", "where", "said"),
    [
        ("class_sizes", {"grade": "06"}, "'grades'"),
        ("class_sizes", {"studnets": {">": 3}}, "'students'"),
        ("class_sizes", {"over": {">": 3}}, "no column 'over'"),  # only with over=
        ("email_problems", {"courseTitle": "Art"}, "no column 'courseTitle'"),
        ("multi_school", {"schoolName": "North"}, "'schoolNames'"),
        ("teacher_loads", {"students": {"~~": 3}}, "Unknown operator"),
        ("without_classes", {"grades": {}}, "is empty"),
        ("dangling_enrollments", ["role"], "must map columns"),
        ("class_sizes", {"email": 5.5, "students": {">": "many"}}, "'many'"),
    ],
)
def test_what_cannot_be_asked_is_said(
    roster: onb.Roster, question: str, where: Any, said: str
) -> None:
    with pytest.raises(errors.QueryError, match=said):
        getattr(roster, question)(where=where)


def test_a_frame_is_not_asked_for_what_it_does_not_hold(roster: onb.Roster) -> None:
    students = roster.get_users("students", "classes")
    for column in ("sex", "location", "title"):
        with pytest.raises(errors.QueryError, match=column):
            onb.class_sizes(students, where={column: "x"})


def test_numbers_of_people_chosen_by_demographics_are_hidden(roster: onb.Roster) -> None:
    hidden = roster.class_sizes(where={"sex": "female"})
    assert hidden["students"].tolist() == ["<10", 0, "<10", 0]
    assert "suppress_below=0 shows them" in hidden.attrs["footnote"]
    shown = roster.class_sizes(where={"sex": "female"}, suppress_below=0)
    assert shown["students"].tolist() == [2, 0, 2, 0]
    # Who was born in 2014 or before is 12 on that day.
    on_a_day = roster.teacher_loads(where={"age": {">=": 12}}, as_of="2026-10-01", suppress_below=0)
    assert words_of(on_a_day, "teacher_loads") == "tess/2/2/3 finn/2/2/2"
    today = roster.class_sizes(where={"age": {">=": 12}}, suppress_below=0)
    assert today["students"].tolist() == [2, 1, 1, 1]
    for question in ("teacher_loads", "empty_classes", "cross_listed"):
        found = getattr(roster, question)(where={"birthDate": {">": "2014-09-30"}})
        assert not {1, 2, 3} & set(found["students"])
    assert roster.seats(["schools::*::students"], where={"sex": "female"})["people"].tolist() == [
        "<10"
    ]
    # A list of people who were chosen by them is counted as by them, too.
    listed = roster.email_problems(where={"sex": "female"})
    assert onb.count(listed, "problem")["count"].tolist() == ["<10", "<10"]


def test_a_condition_cannot_tell_what_is_hidden(roster: onb.Roster) -> None:
    for asked in (
        {"where": {"students": 3}, "suppress_below": 10},
        {"where": {"students": 3, "sex": "female"}},
    ):
        with pytest.raises(errors.QueryError, match=r"students .* hidden"):
            roster.class_sizes(**asked)  # type: ignore[arg-type]
    shown = roster.class_sizes(where={"students": 2, "sex": "female"}, suppress_below=0)
    assert shown["classSourcedId"].tolist() == ["a1", "m1"]


def test_conditions_of_seats_are_for_rules_that_have_none(roster: onb.Roster) -> None:
    found = roster.seats(
        ["schools::North::students", "schools::North::students?grades=07"],
        where={"grades": "06", "email": {"!=": None}},
    )
    # mia; mia2 and noa.
    assert found["people"].tolist() == [1, 2, 3]


def test_a_source_without_demographics_says_so() -> None:
    without = tables()
    del without["demographics"]
    for source, where in ((onb.Roster(without), {"sex": "female"}), (None, {"age": {">": 5}})):
        with FaultServer(school(), at("demographics", status(403))) as server:
            connector = onb.OneRosterConnector(server.host, "an id", "a secret")
            asked: RosterQuestions = connector if source is None else source
            with pytest.warns(errors.PartialResultWarning, match="does not show demog") as caught:
                found = asked.class_sizes(where=where, suppress_below=0)
            connector.close()
        assert len([w for w in caught if "demographics" in str(w.message)]) == 1
        assert set(found["students"]) == {0}
        assert "does not show demographics" in found.attrs["footnote"]
