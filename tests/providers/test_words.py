"""Status, role and type words in odd writing mean the same in every source."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from helpers.district import small_district
from helpers.records import course, enrollment, org, section, session, user
from helpers.sources import KINDS, District, bundle_of, opened

import oneroster_nb as onb
from oneroster_nb import UnknownRoleWarning

DELETED = [
    "tobedeleted",
    "ToBeDeleted",
    "to-be-deleted",
    "TO_BE_DELETED",
    " tobedeleted ",
    "Inactive",
]
LIVE = ["active", "Active", " ACTIVE ", ""]
STUDENT = ["student", "Student", "STUDENT", " student "]


def district() -> District:
    """Two students and a teacher in one class of one school."""
    return District(
        orgs=[org("s1", "North School")],
        sessions=[session("t1", "Fall", "2026-08-01", "2026-12-20")],
        courses=[course("co1", "Art", "s1")],
        classes=[section("c1", "Art 1", "co1", "s1", ["t1"])],
        users=[
            user("a", "student", ["s1"]),
            user("b", "student", ["s1"]),
            user("t", "teacher", ["s1"]),
        ],
        enrollments=[
            enrollment("e1", "a", "c1", "s1", "student"),
            enrollment("e2", "b", "c1", "s1", "student"),
            enrollment("e3", "t", "c1", "s1", "teacher"),
        ],
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("word", DELETED)
def test_a_row_marked_deleted_in_any_writing_does_not_count(
    kind: str, word: str, tmp_path: Path
) -> None:
    untidy = district()
    untidy.users[1]["status"] = word
    untidy.enrollments[0]["status"] = word
    with opened(kind, untidy, tmp_path) as source:
        assert source.get_users("students")["sourcedId"].tolist() == ["a"]
        assert source.get_enrollments()["sourcedId"].tolist() == ["e2", "e3"]
        all_users = source.get_users("students", status="all").set_index("sourcedId")
        assert all_users["status"].to_dict() == {"a": "active", "b": "tobedeleted"}
        assert source.get_users("students", "classes").empty


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("word", LIVE)
def test_an_active_row_in_any_writing_counts(kind: str, word: str, tmp_path: Path) -> None:
    untidy = district()
    for record in [*untidy.users, *untidy.enrollments, *untidy.classes]:
        record["status"] = word
    with opened(kind, untidy, tmp_path) as source:
        assert set(source.get_users("students", "classes")["status"]) == {"active"}
        assert "value-unknown" not in set(onb.check(source)["code"])


@pytest.mark.parametrize("kind", KINDS)
def test_an_unknown_status_counts_as_active_and_is_a_finding(kind: str, tmp_path: Path) -> None:
    untidy = district()
    untidy.users[0]["status"] = "Archived"
    with opened(kind, untidy, tmp_path) as source:
        assert source.get_users("students")["sourcedId"].tolist() == ["a", "b"]
        found = onb.check(source)
    (row,) = found.loc[(found["code"] == "value-unknown") & (found["table"] == "users")].to_dict(
        "records"
    )
    assert (row["sourcedId"], row["field"]) == ("a", "status")
    assert "'Archived'" in row["message"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("word", STUDENT)
def test_a_role_in_any_writing_is_that_role(kind: str, word: str, tmp_path: Path) -> None:
    untidy = district()
    untidy.users[0]["role"] = untidy.enrollments[0]["role"] = word
    untidy.users[2]["role"] = untidy.enrollments[2]["role"] = " TEACHER"
    with opened(kind, untidy, tmp_path) as source:
        students = source.get_users("students", "classes", "c1")
        assert students["sourcedId"].tolist() == ["a", "b"]
        assert set(students["role"]) == set(students["enrollmentRole"]) == {"student"}
        assert source.get_users("students", "schools")["sourcedId"].tolist() == ["a", "b"]
        assert source.get_users("teachers")["sourcedId"].tolist() == ["t"]
        roster = source.get_roster()
        assert roster.roles["role"].tolist() == ["student", "student", "teacher"]
        assert roster.enrollments["role"].tolist() == ["student", "student", "teacher"]
        assert source.get_enrollments({"role": "student"})["sourcedId"].tolist() == ["e1", "e2"]
        assert roster.class_sizes()["students"].tolist() == [2]


@pytest.mark.parametrize("kind", KINDS)
def test_words_in_other_writing_are_one_note_a_column(kind: str, tmp_path: Path) -> None:
    untidy = district()
    untidy.enrollments[0]["role"] = "STUDENT"
    untidy.enrollments[1]["role"] = "Student"
    with opened(kind, untidy, tmp_path) as source:
        found = onb.check(source)
    (row,) = found.loc[found["code"] == "word-written-otherwise"].to_dict("records")
    assert (row["severity"], row["table"], row["field"]) == ("info", "enrollments", "role")
    assert "2 in role" in row["message"]
    assert "'STUDENT'" in row["message"]


def test_words_of_a_delta_are_read_likewise() -> None:
    before = onb.CsvConnector(bundle_of(district(), "1.1")).get_roster()
    gone = District(orgs=[], users=[user("b", "Student", ["s1"], status="To Be Deleted")])
    gone.users.append(user("n", " STUDENT", ["s1"], status="Active"))
    after = before.apply_delta(bundle_of(gone, "1.1", "delta"))

    assert after.get_users("students")["sourcedId"].tolist() == ["a", "n"]


def test_words_of_tables_made_by_hand_are_read_likewise() -> None:
    tables = small_district()
    users = tables["users"]
    shouting = users.assign(role=users["role"].str.upper(), status=None)
    roles = tables["roles"].assign(role=tables["roles"]["role"].str.upper())
    given = onb.Roster(tables | {"users": shouting, "roles": roles})

    pd.testing.assert_frame_equal(given.users, users)
    pd.testing.assert_frame_equal(given.roles, tables["roles"])
    assert set(given.findings["code"]) == {"word-written-otherwise"}


def test_types_in_other_writing_are_types() -> None:
    untidy = district()
    untidy.orgs[0]["type"] = "School"
    untidy.sessions[0]["type"] = "TERM"
    conn = onb.CsvConnector(bundle_of(untidy, "1.1"))

    assert conn.get_schools()["sourcedId"].tolist() == ["s1"]
    assert conn.get_terms()["sourcedId"].tolist() == ["t1"]
    assert conn.get_users("students", "schools")["sourcedId"].tolist() == ["a", "b"]


# --- roles that are unknown ----------------------------------------------------------------------

QUESTIONS: list[tuple[str | None, str | None]] = [
    (None, None),
    ("schools", None),
    ("schools", "North School"),
    ("classes", None),
    ("classes", "c1"),
    ("courses", "Art"),
]


def with_a_pupil() -> District:
    untidy = district()
    untidy.users[0]["role"] = untidy.enrollments[0]["role"] = "Pupil"
    return untidy


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("question", QUESTIONS, ids=str)
def test_people_of_an_unknown_role_are_left_out_with_a_warning(
    kind: str, question: tuple[str | None, str | None], tmp_path: Path
) -> None:
    with opened(kind, with_a_pupil(), tmp_path) as source:
        with pytest.warns(UnknownRoleWarning, match="1 person has a role .*'Pupil'"):
            students = source.get_users("students", *question)
        assert students["sourcedId"].tolist() == ["b"]
        assert "'Pupil'" in students.attrs["footnote"]


@pytest.mark.parametrize("kind", KINDS)
def test_an_unknown_role_is_a_finding(kind: str, tmp_path: Path) -> None:
    with opened(kind, with_a_pupil(), tmp_path) as source:
        found = onb.check(source)
    unknown = found.loc[found["code"] == "value-unknown"]
    assert set(zip(unknown["table"], unknown["sourcedId"], strict=True)) >= {
        ("users", "a"),
        ("enrollments", "e1"),
    }
    assert set(unknown["field"]) == {"role"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_count_of_a_class_says_whom_it_leaves_out(kind: str, tmp_path: Path) -> None:
    with opened(kind, with_a_pupil(), tmp_path) as source:
        with pytest.warns(UnknownRoleWarning, match="'Pupil'"):
            sizes = source.class_sizes()
        assert sizes["students"].tolist() == [1]
        assert "1 person has a role" in sizes.attrs["footnote"]
        with pytest.warns(UnknownRoleWarning):
            hidden = source.class_sizes(suppress_below=10)
        assert "Some people have a role" in hidden.attrs["footnote"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("word", ["ext:pupil", "student"])
def test_nobody_is_left_out_for_a_role_that_is_known(kind: str, word: str, tmp_path: Path) -> None:
    tidy = district()
    tidy.users[0]["role"] = word
    with opened(kind, tidy, tmp_path) as source:
        assert "footnote" not in source.get_users("students", "schools").attrs
        assert "footnote" not in source.get_users("teachers").attrs
        assert "footnote" not in source.get_users().attrs


def test_who_is_a_student_beside_an_unknown_role_is_not_left_out() -> None:
    at = {"sourcedId": "s1"}
    tidy = district()
    tidy.users[0]["roles"] = [
        {"roleType": "primary", "role": "Pupil", "org": at},
        {"roleType": "secondary", "role": "student", "org": at},
    ]
    conn = onb.CsvConnector(bundle_of(tidy, "1.2"))

    assert conn.get_users("students")["sourcedId"].tolist() == ["a", "b"]
    assert conn.get_users("students", "schools")["sourcedId"].tolist() == ["a", "b"]
    assert conn.get_users("students", "classes")["sourcedId"].tolist() == ["a", "b"]


def only_warning(ask: Callable[[], pd.DataFrame]) -> tuple[pd.DataFrame, str]:
    """Return an answer and the one warning that it gives, which its footnote says, too."""
    with pytest.warns(UnknownRoleWarning) as caught:
        answer = ask()
    (warning,) = caught
    said = str(warning.message)
    assert said.removesuffix(" check() lists them.") in answer.attrs["footnote"]
    return answer, said


def with_newcomer(role: str, *schools: str) -> District:
    """Add a person in a role who is in no class, and a second school."""
    untidy = district()
    untidy.orgs.append(org("s2", "South School"))
    untidy.users.append(user("n", role, list(schools)))
    return untidy


@pytest.mark.parametrize("kind", KINDS)
def test_questions_about_people_say_whom_they_leave_out(kind: str, tmp_path: Path) -> None:
    with opened(kind, with_newcomer("Learner", "s1", "s2"), tmp_path) as source:
        for question, people in (("without_classes", []), ("multi_school", [])):
            answer, said = only_warning(getattr(source, question))
            assert answer["sourcedId"].tolist() == people
            assert said.startswith("1 person has a role that OneRoster does not know ('Learner')")
        loads, said = only_warning(source.teacher_loads)
        assert loads["sourcedId"].tolist() == ["t"]
        assert "'Learner'" in said
        # Who is in no class is not missed there.
        assert "footnote" not in source.class_sizes().attrs
        assert "footnote" not in source.empty_classes().attrs


@pytest.mark.parametrize("kind", KINDS)
def test_questions_about_people_say_nothing_of_those_whom_they_would_not_name(
    kind: str, tmp_path: Path
) -> None:
    untidy = with_newcomer("student", "s1")
    untidy.users[0]["role"] = "Pupil"  # at one school, and enrolled as a student
    with opened(kind, untidy, tmp_path) as source:
        idle = source.without_classes()
        assert idle["sourcedId"].tolist() == ["n"]
        for answer in (idle, source.multi_school(), source.teacher_loads()):
            assert "footnote" not in answer.attrs


def test_a_second_school_in_an_unknown_role_is_said() -> None:
    untidy = with_newcomer("student", "s1", "s2")
    untidy.users[3]["roles"] = [
        {"roleType": "primary", "role": "student", "org": {"sourcedId": "s1"}},
        {"roleType": "primary", "role": "Guest", "org": {"sourcedId": "s2"}},
    ]
    roster = onb.CsvConnector(bundle_of(untidy, "1.2")).get_roster()
    answer, said = only_warning(roster.multi_school)
    assert answer.empty
    assert "'Guest'" in said


def test_small_numbers_are_not_told_where_counts_are_hidden() -> None:
    roster = onb.CsvConnector(bundle_of(with_newcomer("Tutor", "s1"), "1.1")).get_roster()
    _, said = only_warning(lambda: roster.teacher_loads(suppress_below=10))
    assert said.startswith("Some people have a role")


@pytest.mark.parametrize("kind", KINDS)
def test_seats_say_once_which_rule_leaves_out_whom(kind: str, tmp_path: Path) -> None:
    rules = ["classes::*::students", "schools::North School::students", "users"]
    with opened(kind, with_a_pupil(), tmp_path) as source:
        seats, said = only_warning(lambda: source.seats(rules))
        assert seats["people"].tolist() == [1, 1, 3, 3]
    assert "left out of classes::*::students." in said
    assert "left out of schools::North School::students." in said
    assert "users" not in said


@pytest.mark.parametrize("kind", ["csv 1.1", "csv 1.2", "saved"])
@pytest.mark.parametrize("group", ["classes", "courses", "schools"])
def test_counts_of_groups_say_whom_they_leave_out(kind: str, group: str, tmp_path: Path) -> None:
    with opened(kind, with_a_pupil(), tmp_path) as source:
        groups, said = only_warning(lambda: source.groups(group))
    assert groups["studentCount"].tolist() == [1]
    assert said.startswith("1 person has")


def test_what_is_made_of_an_answer_says_whom_it_leaves_out_without_another_warning() -> None:
    roster = onb.CsvConnector(bundle_of(with_a_pupil(), "1.1")).get_roster()
    frame, _ = only_warning(lambda: roster.get_users("students", "classes"))
    assert "1 person has a role" in onb.count(frame, "schoolName").attrs["footnote"]
    assert "1 person has a role" in onb.class_sizes(frame).attrs["footnote"]
    hidden = onb.count(frame, "schoolName", suppress_below=3)
    assert "Some people have a role" in hidden.attrs["footnote"]


def test_a_frame_of_all_people_says_whom_a_question_leaves_out() -> None:
    roster = onb.CsvConnector(bundle_of(with_newcomer("Learner", "s1", "s2"), "1.1")).get_roster()
    all_users = roster.get_users()
    assert "footnote" not in all_users.attrs
    answer, said = only_warning(lambda: onb.multi_school(all_users))
    assert answer.empty
    assert "'Learner'" in said
