"""The questions about a roster and the rules of check() read a roster in one way."""

import warnings
from collections.abc import Callable, Mapping

import pandas as pd
import pytest
from helpers.district import small_district
from helpers.thorough import cases
from helpers.untidy import untidy, worse

import oneroster_nb as onb
from oneroster_nb.tables.table import empty_table

Tables = dict[str, pd.DataFrame]
pytestmark = [
    pytest.mark.filterwarnings(f"ignore::oneroster_nb.{name}")
    for name in ("DanglingReferenceWarning", "SeveralRecordsWarning", "UnknownRoleWarning")
]


def found(tables: Mapping[str, pd.DataFrame], code: str) -> set[str]:
    findings = onb.check(onb.Roster(tables), progress=False)
    return set(findings.loc[findings["code"] == code, "sourcedId"])


def ids(frame: pd.DataFrame, column: str = "sourcedId") -> set[str]:
    return set(frame[column])


def rows(table: str, *records: Mapping[str, object]) -> pd.DataFrame:
    made = empty_table(table).reindex(range(len(records))).assign(status="active")
    for row, record in enumerate(records):
        for column, value in record.items():
            made.loc[row, column] = value
    return made


def person(key: str, role: str, orgs: str = "s1", **more: object) -> dict[str, object]:
    return {"sourcedId": key, "role": role, "orgSourcedIds": orgs, "grades": "06", **more}


def role_at(key: str, role: str, org: str, **more: object) -> dict[str, object]:
    names = {"userSourcedId": key, "role": role, "orgSourcedId": org}
    return {"sourcedId": f"{key}@{org}:{role}", **names, **more}


def enrolled(key: str, class_: str, role: str, **more: object) -> dict[str, object]:
    names = {"userSourcedId": key, "classSourcedId": class_, "role": role}
    return {"sourcedId": f"{key}/{class_}/{role}", "primary": role == "teacher", **names, **more}


GONE = {"status": "tobedeleted"}
PEOPLE = rows(
    "users",
    person("in class", "student"),
    person("idle", "student"),
    person("second role", "guardian"),  # a student at s1, too
    person("deleted second role", "guardian"),
    person("in a deleted class", "student"),
    person("in a missing class", "student"),
    person("unenrolled", "student"),
    person("deleted", "student", **GONE),
    person("at two", "student", "s1,s2"),
    person("guardian at s2", "student", "s1,s2"),
    person("was at s2", "student", "s1,s2"),
    person("at a deleted school", "student", "s1,s3"),
    person("student of guardians", "guardian", "s1,s2"),
    person("teacher", "teacher"),
    person("deleted teacher", "teacher", **GONE),
)
ROLES = rows(
    "roles",
    role_at("second role", "student", "s1"),
    role_at("deleted second role", "student", "s1", **GONE),
    role_at("guardian at s2", "guardian", "s2"),
    role_at("was at s2", "student", "s2", **GONE),
    role_at("student of guardians", "student", "s1"),
    role_at("student of guardians", "guardian", "s2"),
)
CLASSES = ["full", "led by no one", "of a deleted teacher", "of a missing teacher", "left"]
EVERYBODY = ["at two", "guardian at s2", "was at s2", "at a deleted school", "student of guardians"]
ENROLLMENTS = rows(
    "enrollments",
    *(enrolled("teacher", name, "teacher") for name in ("full", "left")),
    *(enrolled("in class", name, "student") for name in CLASSES[:4]),
    *(enrolled(name, "full", "student") for name in EVERYBODY),
    enrolled("teacher", "led by no one", "teacher") | {"primary": False},
    enrolled("deleted teacher", "of a deleted teacher", "teacher"),
    enrolled("a teacher who is not shared", "of a missing teacher", "teacher"),
    enrolled("in a deleted class", "deleted class", "student"),
    enrolled("in a missing class", "no such class", "student"),
    enrolled("unenrolled", "full", "student", **GONE),
    enrolled("deleted", "left", "student"),
)


@pytest.fixture(scope="module")
def tables() -> Tables:
    schools = [
        {"sourcedId": key, "name": key, "type": "school", "status": status}
        for key, status in (("s1", "active"), ("s2", "active"), ("s3", "tobedeleted"))
    ]
    classes = [{"sourcedId": name, "title": name, "schoolSourcedId": "s1"} for name in CLASSES]
    gone = {"sourcedId": "deleted class", "title": "Gone", "schoolSourcedId": "s1"} | GONE
    return {
        "orgs": rows("orgs", *schools),
        "classes": rows("classes", *classes, gone),
        "users": PEOPLE,
        "roles": ROLES,
        "enrollments": ENROLLMENTS,
    }


def test_a_student_without_class_is_one_by_every_role(tables: Tables) -> None:
    """A class that is missing is a finding of its own, so its student is not another one."""
    idle = {"idle", "second role", "in a deleted class", "unenrolled"}
    assert ids(onb.Roster(tables).without_classes()) == idle | {"in a missing class"}
    assert found(tables, "student-without-class") == idle
    assert found(tables, "reference-unknown") == {"no such class"}


def test_students_at_two_schools_are_students_at_both(tables: Tables) -> None:
    assert ids(onb.Roster(tables).multi_school()) == {"at two"}
    assert found(tables, "student-with-two-schools") == {"at two"}


def test_a_class_lacks_the_same_for_questions_and_rules(tables: Tables) -> None:
    """A teacher who is missing is a finding, so the class is not another one."""
    lacking = onb.Roster(tables).empty_classes().set_index("classSourcedId")
    without = lacking.index[lacking["withoutTeacher"]].tolist()
    assert without == ["of a deleted teacher", "of a missing teacher"]
    assert found(tables, "class-without-teacher") == {"of a deleted teacher"}
    assert lacking.index[lacking["withoutPrimaryTeacher"]].tolist() == CLASSES[1:4]
    assert found(tables, "class-without-primary-teacher") == {"led by no one"}
    assert lacking.index[lacking["withoutStudents"]].tolist() == ["left"]
    assert found(tables, "class-without-student") == {"left"}


def test_what_is_marked_tobedeleted_is_there(tables: Tables) -> None:
    findings = onb.check(onb.Roster(tables), progress=False)
    unknown = findings.loc[findings["code"].isin(["reference-unknown", "person-not-shared"])]
    assert ids(unknown) == {"no such class", "a teacher who is not shared"}
    with pytest.warns(onb.DanglingReferenceWarning, match="1 person and 1 class"):
        onb.Roster(tables).empty_classes()
    lost = onb.Roster(tables).dangling_enrollments().set_index("userSourcedId")["reason"]
    assert lost["deleted teacher"] == lost["in a deleted class"] == "tobedeleted"
    assert lost["a teacher who is not shared"] == lost["in a missing class"] == "missing"


@pytest.mark.parametrize("role", ["guardian", "teacher"])
def test_a_second_role_makes_a_student_for_every_rule(role: str) -> None:
    """Without grade, class and second school, whichever role comes first."""
    users = rows("users", person("p", role, "s1,s2", grades=None))
    roles = rows("roles", role_at("p", "student", "s1"), role_at("p", "student", "s2"))
    orgs = rows("orgs", *({"sourcedId": s, "name": s, "type": "school"} for s in ("s1", "s2")))
    tables = {"orgs": orgs, "users": users, "roles": roles}
    codes = set(onb.check(onb.Roster(tables), progress=False)["code"])
    expected = {"student-without-grade", "student-without-class", "student-with-two-schools"}
    assert expected <= codes
    with warnings.catch_warnings(action="ignore"):
        assert ids(onb.Roster(tables).without_classes()) == {"p"}
        assert ids(onb.Roster(tables).grade_and_role_problems()) == {"p"}


def test_a_guardian_by_a_second_role_is_linked_like_any_other() -> None:
    tables = small_district()
    users = tables["users"] = tables["users"].copy()
    guardian = users.index[users["role"] == "guardian"][0]
    users.loc[guardian, "role"] = "teacher"  # the roles say guardian
    assert "guardian-one-way" not in set(onb.check(onb.Roster(tables), progress=False)["code"])
    users.loc[guardian, "agentSourcedIds"] = None
    assert "guardian-one-way" in set(onb.check(onb.Roster(tables), progress=False)["code"])


@pytest.mark.parametrize("make", [untidy, worse])
@pytest.mark.parametrize("seed", range(cases(2, 4)))
def test_untidy_rosters_are_read_in_one_way(make: Callable[[int], Tables], seed: int) -> None:
    """What check() says less is about rows that refer to a person or a class that is missing."""
    tables = make(seed)
    roster = onb.Roster(tables)
    enrollments = roster.table("enrollments").query("status != 'tobedeleted'")
    lost = {
        column: enrollments.loc[~enrollments[column].isin(roster.table(table)["sourcedId"])]
        for column, table in (("userSourcedId", "users"), ("classSourcedId", "classes"))
    }
    findings = onb.check(roster, progress=False)
    by_code = findings.groupby("code")["sourcedId"].agg(set).to_dict()
    explained = set(lost["classSourcedId"]["userSourcedId"])
    assert by_code.get("student-without-class", set()) == ids(roster.without_classes()) - explained
    assert by_code.get("student-with-two-schools", set()) == ids(roster.multi_school())
    grades = roster.grade_and_role_problems().query("field == 'grades' and problem == 'missing'")
    assert by_code.get("student-without-grade", set()) == ids(grades)
    lacking = roster.empty_classes()
    for role, column in (("teacher", "withoutTeacher"), ("student", "withoutStudents")):
        of_role = lost["userSourcedId"].query("role == @role")
        expected = ids(lacking.loc[lacking[column]], "classSourcedId")
        expected -= set(of_role["classSourcedId"])
        assert by_code.get(f"class-without-{role}", set()) == expected
    missing = roster.dangling_enrollments().query("reason == 'missing'")
    assert set(missing.query("field == 'classSourcedId'")["classSourcedId"]) <= ids(findings)
