"""What every source must do: the same questions, with the answers of the demo district.

The district (`oneroster_nb.demo.district.plan.SMALL`), worked out by hand:

- Classlink HS: grades 09 to 12 with 10, 9, 10 and 9 students; 4 groups with 5 subjects each, and
  7 electives; 5 subject teachers and 5 of electives.
- North Elementary School: KG and 01 to 05 with 8 students each, 7 in 05; a homeroom and 3 specials
  for each of 6 groups; 6 homeroom teachers and 3 of specials.
- Lincoln Middle School: 06 with 7 and 6, 07 with 10 and 10, 08 with 11 and 10; 6 groups with 6
  subjects each; 6 teachers for each grade.
"""

from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest
from helpers.every_source import OPENERS, EverySource

import oneroster_nb as onb
from oneroster_nb.source.source import Source

STUDENTS = {"Classlink HS": 38, "North Elementary School": 47, "Lincoln Middle School": 54}
TEACHERS = {"Classlink HS": 10, "North Elementary School": 9, "Lincoln Middle School": 18}
CLASSES = {"Classlink HS": 27, "North Elementary School": 24, "Lincoln Middle School": 37}
GRADES = {
    **{"KG": 8, "01": 8, "02": 8, "03": 8, "04": 8, "05": 7},
    **{"06": 13, "07": 20, "08": 21, "09": 10, "10": 9, "11": 10, "12": 9},
}
WHO = ["sourcedId", "status", "givenName", "familyName", "role", "email", "orgSourcedIds", "grades"]
MEMBERSHIP = [
    *("groupType", "groupSourcedId", "groupName", "matchedOn", "classSourcedId", "classTitle"),
    *("classCode", "courseSourcedId", "courseTitle", "schoolSourcedId", "schoolName"),
    *("termSourcedIds", "termTitles", "enrollmentRole", "enrollmentPrimary"),
    *("enrollmentBeginDate", "enrollmentEndDate"),
]


@pytest.fixture(scope="module")
def every_source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EverySource]:
    opened = EverySource(tmp_path_factory.mktemp("sources"))
    yield opened
    opened.close()


@pytest.fixture(params=OPENERS)
def source(request: pytest.FixtureRequest, every_source: EverySource) -> Source:
    return every_source[request.param]


def counted(frame: pd.DataFrame, column: str) -> dict[str, int]:
    """Count distinct people by a column."""
    return frame.groupby(column)["sourcedId"].nunique().to_dict()


def test_headcounts(source: Source) -> None:
    found = source.headcounts()
    assert found == {"students": 139, "teachers": 37, "schools": 3}


def test_people_without_a_group(source: Source) -> None:
    students, teachers = source.get_users("students"), source.get_users("teachers")
    assert counted(students, "schoolNames") == STUDENTS
    assert counted(teachers, "schoolNames") == TEACHERS
    assert counted(students, "grades") == GRADES
    assert set(students["role"]) == {"student"}
    assert set(students["status"]) == {"active"}
    assert students["sourcedId"].is_unique


def test_columns_and_dtypes(source: Source) -> None:
    frame = source.get_users("students", "classes", "ELA 6 (6A ELA)")
    columns = list(frame.columns)
    assert set(WHO) <= set(columns)
    assert [name for name in columns if name in MEMBERSHIP] == MEMBERSHIP
    assert {str(frame[name].dtype) for name in WHO} == {"str"}
    assert frame["enrollmentPrimary"].dtype == "boolean"
    assert frame["enrollmentBeginDate"].dtype.kind == "M"
    assert not {"sms", "phone"} & set(columns)


@pytest.mark.parametrize(
    ("users", "kind", "name", "options", "people"),
    [
        ("students", "classes", "ELA 6 (6A ELA)", {}, 7),
        ("teachers", "classes", "ELA 6 (6A ELA)", {}, 2),
        ("users", "classes", "ELA 6 (6A ELA)", {}, 9),
        ("students", "sections", " ela 6 (6a ELA) ", {}, 7),
        ("students", "classes", "ELA 6", {"match": "contains"}, 13),
        ("students", "classes", "ELA ?*", {"match": "glob"}, 54),
        ("students", "classes", "^ELA [67] ", {"match": "regex"}, 33),
        ("students", "classes", ["ELA 6 (6A ELA)", "ELA 6 (6B ELA)"], {}, 13),
        ("students", "courses", "English 9", {}, 10),
        ("students", "courses", "ELA 8", {}, 21),
        ("teachers", "courses", "ELA 8", {}, 1),
        ("students", "courses", "Econ 101", {"term": "Semester 1"}, 3),
        ("students", "courses", "Computing", {"term": "Semester 2"}, 9),
        ("students", "schools", "Classlink HS", {}, 38),
        ("teachers", "schools", "Lincoln Middle School", {}, 18),
        ("students", "schools", "*", {}, 139),
        ("teachers", "classes", None, {}, 37),
        ("students", "schools", None, {"max_users": 5}, 5),
    ],
)
def test_people_of_groups(
    source: Source, users: str, kind: str, name: Any, options: dict[str, Any], people: int
) -> None:
    frame = source.get_users(users, kind, name, **options)
    assert frame["sourcedId"].nunique() == people
    assert frame["schoolName"].isin(STUDENTS).all()


def test_a_term_without_the_class_leaves_it_out(source: Source) -> None:
    assert source.get_users("students", "courses", "Econ 101", term="Semester 2").empty


@pytest.mark.parametrize(
    ("kind", "where", "people"),
    [
        (None, {"grades": "06"}, 13),
        (None, {"grades": ["6", "Seventh"]}, 33),
        (None, {"grades": {">": "10"}}, 19),
        (None, {"grades": {"<": "01"}}, 8),  # KG comes before 01
        (None, {"grades": {">=": "05", "<=": "06"}}, 20),
        (None, {"grades": {"!=": ["KG", "06"]}}, 118),
        (None, {"schoolNames": "Classlink HS"}, 38),
        (None, {"email": None}, 0),
        (None, {"email": {"!=": None}}, 139),
        ("schools", {"grades": "06", "schoolName": {"~": "MIDDLE"}}, 13),
        ("schools", {"grades": "06", "schoolName": "Classlink HS"}, 0),
        ("classes", {"courseTitle": "English 9"}, 10),
        ("classes", {"classTitle": {"~": "ela 6"}}, 13),
        ("classes", {"termTitles": "Semester 1", "courseTitle": {"~": "econ"}}, 3),
        ("courses", {"grades": "09", "classTitle": {"~": "english 9"}}, 10),
        ("classes", {"groupCount": 4}, 47),  # North: a homeroom and 3 specials
        ("classes", {"groupCount": {">=": 5}}, 92),
        ("classes", {"courseTitle": {"~": "ela 6"}, "groupCount": 1}, 13),
        ("classes", {"courseTitle": {"~": "ela 6"}, "groupCount": {">": 1}}, 0),
    ],
)
def test_conditions_choose_rows_of_an_answer(
    source: Source, kind: str | None, where: dict[str, Any], people: int
) -> None:
    rows = source.get_users("students", kind, where=where)
    assert rows["sourcedId"].nunique() == people
    alone = source.get_users("students", kind, where=where, unique=True)
    assert len(alone) == people
    some = source.get_users("students", kind, where=where, max_users=5)
    assert some["sourcedId"].unique().tolist() == rows["sourcedId"].unique().tolist()[:5]


def test_a_query_string_holds_conditions_and_a_day(source: Source) -> None:
    asked = "schools::Lincoln Middle School::students?grades=06,07&as_of=2026-10-01"
    found = source.query(asked)
    assert found["sourcedId"].nunique() == 33
    assert found.attrs["as_of"] == "2026-10-01"
    many = source.query("classes::*::students?groupCount>5&schoolName=Lincoln Middle School")
    assert set(many.groupby("sourcedId").size()) == {6}
    assert many["sourcedId"].nunique() == 54
    assert "groupCount" not in many


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ({"grade": "06"}, "'grades'"),
        ({"grades": {"<>": "06"}}, "'<>'"),
        ({"grades": {">": "Lions"}}, "'Lions'"),
        ({"grades": []}, "empty list"),
        ({"enrollmentBeginDate": {">": "soon"}}, "'soon'"),
        ({"clever.shoe_size": "9"}, "clever.shoe_size"),
    ],
)
def test_conditions_that_cannot_be_asked_are_said(
    source: Source, where: dict[str, Any], said: str
) -> None:
    with pytest.raises(onb.QueryError, match=said):
        source.get_users("students", "classes", where=where)


def test_a_field_of_the_provider_that_nobody_has_is_missing_for_all(source: Source) -> None:
    of_clever = "clever.created" in source.get_users("teachers")
    some: dict[str, Any] = {"group_filter": "schools", "group_name": "Classlink HS"}
    if of_clever:
        assert len(source.get_users("students", where={"clever.ell_status": None}, **some)) == 38
        assert len(source.get_users("students", where={"clever.ell_status": {"!=": "Y"}})) == 139
        assert source.get_users("students", where={"clever.ell_status": {"~": "y"}}, **some).empty
        assert len(source.without_classes(where={"clever.ell_status": "Y"})) == 0
        assert source.class_sizes(where={"clever.ell_status": None})["students"].sum() == 759
    else:
        with pytest.raises(onb.QueryError, match=r"clever\.ell_status"):
            source.get_users("students", where={"clever.ell_status": None}, **some)
    # Any name is possible there, so a name that nobody has may be misspelt.
    free = "clever.ext.bus" if of_clever else "metadata.track"
    with pytest.warns(onb.NoMatchWarning, match=free):
        found = source.get_users("students", where={free: None, "grades": "09"}, **some)
    assert len(found) == 10
    assert free not in found
    assert free in found.attrs["footnote"]
    with pytest.warns(onb.NoMatchWarning, match=free):
        sizes = source.class_sizes(where={free: "x"})
    assert sizes["students"].sum() == 0
    assert free in sizes.attrs["footnote"]


def test_a_row_a_group_or_a_row_a_user(source: Source) -> None:
    rows = source.get_users("students", "classes", "6A", match="contains")
    assert len(rows) == 7 * 6
    people = source.get_users("students", "classes", "6A", match="contains", unique=True)
    assert people["groupCount"].tolist() == [6] * 7


def test_names_that_match_nothing_are_said(source: Source) -> None:
    with pytest.warns(onb.NoMatchWarning, match="ELA 6"):
        assert source.get_users("students", "classes", "ELA 6 (6A ELLA)").empty


@pytest.mark.parametrize(
    "question",
    [
        {"user_filter": "pupils"},
        {"user_filter": "students", "group_filter": "rooms"},
        {"user_filter": "students", "group_filter": "classes", "match": "fuzzy"},
        {"user_filter": "students", "max_users": -1},
    ],
)
def test_questions_that_cannot_be_asked(source: Source, question: dict[str, Any]) -> None:
    with pytest.raises(onb.QueryError):
        source.get_users(**question)


def test_written_questions(source: Source) -> None:
    frame = source.query("classes::ELA 6 (6A ELA)::students")
    assert set(frame["classTitle"]) == {"ELA 6 (6A ELA)"}
    assert frame["sourcedId"].nunique() == 7


def test_groups_are_listed_with_their_names(source: Source) -> None:
    classes = source.groups("classes")
    assert classes["schoolName"].value_counts().to_dict() == CLASSES
    assert set(source.groups("schools")["name"]) == set(STUDENTS)
    assert "title" in source.match_fields("classes")


def test_tables(source: Source) -> None:
    assert source.get_classes()["sourcedId"].is_unique
    assert len(source.get_classes()) == sum(CLASSES.values())
    sections = source.get_classes({"title": "ELA 6 (6A ELA)"}, columns=["title", "grades"])
    assert sections[["title", "grades"]].values.tolist() == [["ELA 6 (6A ELA)", "06"]] * 2
    assert set(source.get_schools()["name"]) == set(STUDENTS)
    for key, students in zip(sections["sourcedId"], [3, 4], strict=True):
        enrolled = source.get_enrollments({"classSourcedId": key})
        assert enrolled["role"].value_counts().to_dict() == {"student": students, "teacher": 1}


def test_counts_are_of_people(source: Source) -> None:
    frame = source.get_users("students", "classes", "6A", match="contains")
    counts = onb.count(frame, "grades")
    assert counts.loc[counts["grades"] == "06", "count"].item() == 7
    students = source.get_users("students")
    table = onb.crosstab(students, "schoolNames", "grades")
    assert table.loc["All", "All"] == 139
    assert table.loc["Lincoln Middle School", "07"] == 20


def test_common_questions(source: Source) -> None:
    sizes = onb.class_sizes(source)
    assert len(sizes) == 88
    assert sizes.loc[sizes["classTitle"] == "ELA 6 (6A ELA)", "students"].tolist() == [3, 4]
    by_school = onb.class_sizes(source, by="schoolName").set_index("schoolName")
    assert by_school.loc[list(CLASSES), "classes"].to_dict() == CLASSES
    assert onb.without_classes(source).empty
    assert onb.empty_classes(source).empty
    assert onb.multi_school(source).empty
    loads = onb.teacher_loads(source)
    assert len(loads) == 37
    assert loads["sections"].sum() == 88
    seats = onb.seats(source, ["classes::ELA 6 (6A ELA)::students", "courses::ELA 6::students"])
    assert seats["people"].tolist() == [7, 13, 13]
    assert seats["onlyHere"].tolist() == [0, 6, 6]


def test_conditions_of_common_questions(source: Source) -> None:
    some = source.class_sizes(
        where={"courseTitle": {"~": "ELA"}, "grades": "06", "students": {">": 0}}
    )
    assert some["students"].sum() == 13
    middle = source.class_sizes(by="schoolName", where={"schoolName": "Lincoln Middle School"})
    assert middle["classes"].tolist() == [37]
    assert len(source.teacher_loads(where={"schoolNames": "Lincoln Middle School"})) == 18
    no_english = {"courseTitle": "English 9", "schoolNames": "Classlink HS"}
    assert len(source.without_classes(where=no_english)) == 28
    seats = source.seats(["courses::*::students"], where={"grades": ["06", "07"]})
    assert seats["people"].tolist() == [33, 33]


@pytest.mark.filterwarnings("ignore::oneroster_nb.PartialResultWarning")  # Clever lacks some
def test_people_chosen_by_demographics_are_the_same_in_every_question(source: Source) -> None:
    where = {"courseTitle": {"~": "ELA"}, "sex": "female"}
    members = source.get_users("students", "classes", where=where, demographics=True)
    sizes = source.class_sizes(where=where, suppress_below=0)
    assert 0 < len(members) == sizes["students"].sum() < 54
    assert set(source.class_sizes(where=where)["students"]) <= {0, "<10", *range(10, 54)}


@pytest.mark.filterwarnings("ignore::oneroster_nb.PartialResultWarning")  # Clever lacks some
def test_demographics_on_a_day_are_those_of_the_source(source: Source) -> None:
    found = source.get_users("students", as_of="2026-10-01", demographics=True)
    assert len(found) == 139
    assert found["sex"].notna().all()
    assert "demographics" not in found.attrs["footnote"]


def test_nothing_is_wrong_with_the_demo(source: Source) -> None:
    findings = onb.check(source)
    assert set(findings["severity"]) <= {"info"}


def test_a_roster_of_it_answers_alike(source: Source) -> None:
    roster = source.get_roster()
    assert isinstance(roster, onb.Roster)
    frame = roster.get_users("students", "classes", "ELA 6 (6A ELA)")
    assert frame["sourcedId"].nunique() == 7
