"""Groups that are people, and groups of one school, by every source.

See `two_schools` for who is in which class; the right answers were worked out by hand there.
"""

import re
from collections.abc import Iterator, Mapping

import pandas as pd
import pytest
from helpers import two_schools
from helpers.by_every_source import DATED, LIVE, SOURCES, by_every_source
from helpers.faultserver import FaultServer
from helpers.records import school

import oneroster_nb as onb
from oneroster_nb.analysis.methods import RosterQuestions

Sources = Mapping[str, RosterQuestions]

# Query to its rows: the group, the class and the person; without a class, the group and the person.
ANSWERS = {
    # The students of a teacher, who teaches one of the classes together with another one.
    "teachers::Tess Fox::students": "tess a1 ann, tess a1 ben, tess m1 ann, tess m1 dan",
    "teachers::tess::users": "tess a1 ann, tess a1 ben, tess m1 ann, tess m1 dan, tess m1 finn",
    "teachers::tess::teachers": "tess m1 finn",
    # The role in the class counts: Pia is an administrator who teaches.
    "teachers::Pia Fox::students": "pia m2 ben",
    # The teachers and classmates of a student.
    "students::Ann Moe::teachers": "ann a1 tess, ann m1 finn, ann m1 tess",
    "students::Ann Moe::students": "ann a1 ben, ann m1 dan",
    "students::*::teachers": "ann a1 tess, ann m1 finn, ann m1 tess, ben a1 tess, ben m2 pia,"
    " cat a2 finn, dan a2 finn, dan m1 finn, dan m1 tess",
    # The guardians of a student are not those of the others in the class.
    "students::Ann Moe::guardians": "ann gus",
    "students::cat::guardians": "cat gil",
    "students::dan::guardians": "",
    "classes::Art 1::guardians": "a1 a1 gus",
    "teachers::Finn Roe::guardians": "finn a2 gil, finn m1 gus",
    # On a day, and in a term.
    "teachers::tess::students?as_of=2026-09-01": "tess a1 ann, tess a1 ben, tess m1 ann,"
    " tess m1 dan",
    "teachers::tess::students?as_of=2027-02-01": "tess m1 ann, tess m1 dan",
    "students::ben::teachers?term=Spring": "ben m2 pia",
    # Of one school: a course of the district has the people of its sections there.
    "courses::Art::students?school=North": "k1 a1 ann, k1 a1 ben",
    "courses::Art::users?school=s2": "k1 a2 cat, k1 a2 dan, k1 a2 finn",
    "courses::*::teachers?school=north": "k1 a1 tess, k2 m1 finn, k2 m1 tess, k2 m2 pia",
    "courses::Choir::students?school=North": "",
    "courses::Math::students?school=North&as_of=2026-10-01": "k2 m1 ann, k2 m1 dan",
    "classes::*::teachers?school=South": "a2 a2 finn",
    "teachers::Finn Roe::students?school=North": "finn m1 ann, finn m1 dan",
    "students::dan::teachers?school=South": "dan a2 finn",
    "schools::*::students?school=South": "s2 cat, s2 dan",
}


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sources]:
    folder = tmp_path_factory.mktemp("people_as_groups")
    with by_every_source(two_schools.tables(), two_schools.clever_routes(), folder) as opened:
        yield opened


def words(answer: pd.DataFrame) -> list[str]:
    """Write the group, the class and the person of each row."""
    rows = answer[["groupSourcedId", "classSourcedId", "sourcedId"]].itertuples(index=False)
    return sorted(" ".join(part for part in row if isinstance(part, str)) for row in rows)


@pytest.mark.parametrize("kind", SOURCES)
@pytest.mark.parametrize("query", ANSWERS)
def test_who_belongs_to_the_group(query: str, kind: str, sources: Sources) -> None:
    expected = ANSWERS[query].split(", ") if ANSWERS[query] else []
    assert words(sources[kind].query(query)) == expected


@pytest.mark.parametrize("kind", DATED)
def test_both_are_in_the_class_on_the_day(kind: str, sources: Sources) -> None:
    source = sources[kind]
    # Ben left Art on the first of October.
    assert words(source.query("students::ben::teachers?as_of=2026-10-01")) == []
    assert words(source.query("teachers::tess::students?as_of=2026-10-01")) == [
        *("tess a1 ann", "tess m1 ann", "tess m1 dan"),
    ]
    last_day = "students::ben::teachers?as_of=2026-10-01&include_end_date=true"
    assert words(source.query(last_day)) == ["ben a1 tess"]


@pytest.mark.parametrize("kind", SOURCES)
def test_the_call_names_the_group_and_the_class(kind: str, sources: Sources) -> None:
    answer = sources[kind].get_users(
        "teachers", "students", "Ann Moe", where={"classTitle": "Math 1"}
    )
    assert answer[
        ["groupType", "groupName", "matchedOn"]
    ].drop_duplicates().to_numpy().tolist() == [["students", "Ann Moe", "name"]]
    assert sorted(answer["sourcedId"]) == ["finn", "tess"]
    assert set(answer["courseTitle"]) == {"Math"}
    assert set(answer["schoolName"]) == {"North"}
    assert set(answer["enrollmentRole"]) == {"teacher"}
    by_email = sources[kind].get_users("students", "teachers", "TESS@example.org", "email")
    assert len(by_email) == 4


@pytest.mark.parametrize("kind", SOURCES)
def test_one_row_each_counts_the_people_who_are_groups(kind: str, sources: Sources) -> None:
    names = ["Ann Moe", "Ben Moe"]
    answer = sources[kind].get_users("teachers", "students", names, unique=True)
    assert dict(zip(answer["sourcedId"], answer["groupCount"], strict=True)) == {
        **{"finn": 1, "pia": 1, "tess": 2},
    }


@pytest.mark.parametrize("kind", SOURCES)
def test_people_are_listed_as_groups(kind: str, sources: Sources) -> None:
    source = sources[kind]
    listed = source.groups("teachers").set_index("sourcedId")
    assert listed["name"].to_dict() == {"finn": "Finn Roe", "pia": "Pia Fox", "tess": "Tess Fox"}
    assert listed["schoolNames"]["finn"] == "North,South"
    students = source.groups("students").set_index("sourcedId")
    assert sorted(students.index) == ["ann", "ben", "cat", "dan"]
    assert {"name", "email", "sourcedId"} <= set(source.match_fields("students"))
    if kind in LIVE:
        assert listed["studentCount"].isna().all()
    else:
        assert listed["studentCount"].to_dict() == {"finn": 3, "pia": 1, "tess": 3}
        assert students["teacherCount"].to_dict() == {"ann": 2, "ben": 2, "cat": 1, "dan": 2}


@pytest.mark.parametrize("kind", SOURCES)
def test_a_name_that_matches_no_person_names_no_other(kind: str, sources: Sources) -> None:
    with pytest.warns(onb.NoMatchWarning, match="No teachers match 'Tes Fox'") as warned:
        assert sources[kind].get_users("students", "teachers", "Tes Fox").empty
    assert not [w for w in warned if re.search("Tess|Finn|Pia", str(w.message))]


@pytest.mark.parametrize("kind", SOURCES)
def test_a_school_that_is_not_there(kind: str, sources: Sources) -> None:
    source = sources[kind]
    with pytest.raises(onb.QueryError, match=r"'Nort'.*'North'"):
        source.get_users("students", "courses", "Art", school="Nort")
    with pytest.warns(onb.NoMatchWarning, match="No courses at 'South' match 'Math'"):
        assert source.get_users("students", "courses", "Math", school="South").empty
    with pytest.warns(onb.NoMatchWarning, match="No classes at 'North' match 'Art 2'"):
        assert source.get_users("students", "classes", "Art 2", school="North").empty


@pytest.mark.parametrize("kind", SOURCES)
def test_seats_of_one_course_at_two_schools(kind: str, sources: Sources) -> None:
    rules = [f"courses::Art::students?school={name}" for name in ("North", "South")]
    assert sources[kind].seats(rules)["people"].tolist() == [2, 2, 4]


@pytest.mark.parametrize("bad", ["", "  ", 7, ["North"]])
def test_a_school_is_a_name_or_an_id(bad: object) -> None:
    with pytest.raises(onb.QueryError, match="school must be"):
        onb.Query("students", "courses", school=bad)  # type: ignore[arg-type]


def test_a_school_needs_groups() -> None:
    with pytest.raises(onb.QueryError, match="group_filter='schools'"):
        onb.Query("students", school="North")


def test_a_query_string_says_the_school_again() -> None:
    text = "courses::Art::students?school=North%20High"
    query = onb.Query.parse(text)
    assert query.school == "North High"
    assert str(query) == text
    with pytest.raises(onb.QueryError, match="one value"):
        onb.Query.parse("courses::Art::students?school=North,South")


def test_a_class_of_the_teacher_that_is_not_there_is_told() -> None:
    tables = two_schools.tables()
    more = tables["enrollments"].query("sourcedId == 'a1@tess'")
    lost = [
        more.assign(sourcedId="lost", classSourcedId="nowhere"),
        more.assign(sourcedId="other", classSourcedId="elsewhere", userSourcedId="finn"),
    ]
    tables["enrollments"] = pd.concat([tables["enrollments"], *lost], ignore_index=True)
    roster = onb.Roster(tables)
    with pytest.warns(onb.DanglingReferenceWarning, match="1 class"):
        answer = roster.query("teachers::tess::students")
    assert answer.attrs["notThere"] == {"classes": 1}
    assert "notThere" not in roster.query("teachers::pia::students").attrs


def test_a_deleted_class_or_enrollment_does_not_count() -> None:
    tables = two_schools.tables()
    tables["classes"].loc[tables["classes"]["sourcedId"] == "m1", "status"] = "tobedeleted"
    gone = tables["enrollments"]["sourcedId"] == "a1@tess"
    tables["enrollments"].loc[gone, "status"] = "tobedeleted"
    roster = onb.Roster(tables)
    assert words(roster.query("teachers::tess::students")) == []
    every = roster.get_users("students", "teachers", "tess", status="all")
    assert words(every) == ["tess a1 ann", "tess a1 ben", "tess m1 ann", "tess m1 dan"]


def test_a_course_at_a_school_is_asked_for_by_lists_of_its_classes_there() -> None:
    with (
        FaultServer(school(sections=2)) as server,
        onb.OneRosterConnector(server.host, "an id", "a secret") as conn,
    ):
        answer = conn.get_users("students", "courses", "Art 101", school="North School")
        assert len(answer) == 6
        assert {"classes/c1/students", "classes/c2/students"} <= set(server.paths)
        assert not {"users", "enrollments"} & set(server.paths)


def test_a_course_of_a_school_without_classes_is_found_and_has_no_one() -> None:
    tables = two_schools.tables()
    tables["classes"] = tables["classes"].query("sourcedId != 'h1'")
    roster = onb.Roster(tables)
    assert roster.query("courses::Choir::students?school=North").empty  # and no warning
    with pytest.warns(onb.NoMatchWarning):
        roster.query("courses::Choir::students?school=South")
