"""Clever's records as the vendor really sends them, and what becomes of them."""

import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from helpers.cleverserver import CleverServer

import oneroster_nb as onb

SCHOOL = {"id": "s1", "name": "North", "district": "d1", "sis_id": "7", "last_modified": None}
DISTRICT = {"id": "d1", "name": "Lincoln"}


@pytest.fixture
def ask() -> Iterator[Any]:
    """Connect to a Clever that knows some records."""
    opened: list[Any] = []

    def connect(version: str = "v3.1", **routes: list[dict[str, Any]]) -> onb.CleverConnector:
        lists = ("students", "teachers", "school_admins", "district_admins", "contacts")
        old = {name: [] for name in lists} if version == "v2.1" else {}
        shared = {"districts": [DISTRICT], "schools": [SCHOOL]}
        server = CleverServer({**old, **shared, **routes}, version=version)
        server.__enter__()
        connector = onb.CleverConnector("a token", server.host, retry_seconds=1)
        opened.extend([server, connector])
        return connector

    yield connect
    for server, connector in zip(opened[::2], opened[1::2], strict=True):
        connector.close()
        server.__exit__()


def told(frame: Any, row: int = 0) -> dict[str, Any]:
    values: dict[str, Any] = frame.iloc[row].dropna().to_dict()
    return values


def person(**roles: Any) -> dict[str, Any]:
    name = {"first": "Mina", "middle": "O.", "last": "Berg"}
    return {"id": "u1", "district": "d1", "email": "mina@example.org", "name": name, "roles": roles}


def test_a_student_of_version_3(ask: Any) -> None:
    record = person(
        student={
            "sis_id": "1001",
            "student_number": "55",
            "grade": "Kindergarten",
            "dob": "9/3/2019",
            "gender": "X",
            "race": "Asian",
            "hispanic_ethnicity": "N",
            "school": "s1",
            "schools": ["s1"],
            "credentials": {"district_username": "mberg", "district_password": "open sesame"},
            "location": {"city": "Oslo", "zip": None},
            "ext": {"bus": 12, "wears_glasses": True, "locker_password": "1234"},
            "preferred_name": {"first": "Mimi", "last": None, "middle": None},
            "legacy_id": "old1",
        }
    ) | {"last_modified": "2026-09-01T10:00:00.123Z", "created": "2026-08-01T10:00:00.000Z"}
    conn = ask(users=[record])
    row = told(conn.get_users("students"))
    stamp = row.pop("dateLastModified")
    assert stamp.isoformat() == "2026-09-01T10:00:00.123000+00:00"
    assert row == {
        "sourcedId": "u1",
        "status": "active",
        "username": "mberg",
        "givenName": "Mina",
        "middleName": "O.",
        "familyName": "Berg",
        "preferredGivenName": "Mimi",
        "role": "student",
        "identifier": "1001",
        "email": "mina@example.org",
        "orgSourcedIds": "s1",
        "primaryOrgSourcedId": "s1",
        "grades": "KG",
        "metadata.grades": "Kindergarten",
        "schoolSourcedIds": "s1",
        "schoolNames": "North",
        "clever.created": "2026-08-01T10:00:00.000Z",
        "clever.district": "d1",
        "clever.ext.bus": "12",
        "clever.ext.wears_glasses": "true",
        "clever.legacy_id": "old1",
        "clever.location.city": "Oslo",
        "clever.student_number": "55",
    }
    with pytest.warns(onb.PartialResultWarning, match="birth date"):
        demographics = told(conn.get_demographics())
    assert demographics["birthDate"].date().isoformat() == "2019-09-03"
    assert (demographics["sex"], demographics["asian"], demographics["white"]) == (
        "other",
        True,
        False,
    )
    assert demographics["hispanicOrLatinoEthnicity"] is False


def test_nulls_and_missing_parts_of_names(ask: Any) -> None:
    records = [
        {"id": "u1", "name": None, "email": None, "roles": {"student": {"grade": None}}},
        {"id": "u2", "name": {"first": None, "last": "Moe"}, "roles": {"student": {}}},
        {"id": "u3", "roles": {"student": {"schools": None, "school": None, "credentials": None}}},
        {"id": "u4", "name": {"first": "Liv"}, "email": "not an address", "roles": None},
        {"id": "u5", "name": {"last": ""}, "email": "", "roles": {"student": None, "staff": {}}},
    ]
    frame = ask(users=records).get_users("users")
    assert frame["sourcedId"].tolist() == ["u1", "u2", "u3", "u4", "u5"]
    assert frame["familyName"].isna().tolist() == [True, False, True, True, True]
    assert frame.loc[3, "email"] == "not an address"  # Clever does not clean them, nor do we.
    assert frame["email"].isna().tolist() == [True, True, True, False, True]
    assert frame["role"].fillna("").tolist() == ["student", "student", "student", "", "aide"]


def test_contacts_are_guardians_where_their_students_are(ask: Any) -> None:
    link = {"student": "u1", "relationship": "Parent", "type": "Primary"}
    records = [
        person(student={"school": "s1", "schools": ["s1"]}),
        {
            "id": "u2",
            "name": {"first": None, "last": "Berg"},
            "roles": {"contact": {"phone": "201-555-0101", "student_relationships": [link, link]}},
        },
        {"id": "u3", "roles": {"contact": {"student_relationships": [{"student": "unknown"}]}}},
        {"id": "u4", "roles": {"contact": {"student_relationships": None}}},
    ]
    conn = ask(users=records)
    frame = conn.get_users("guardians")
    assert frame["sourcedId"].tolist() == ["u2", "u3", "u4"]
    assert frame.loc[0, "agentSourcedIds"] == "u1"
    assert frame["orgSourcedIds"].fillna("").tolist() == ["s1", "", ""]
    assert frame["givenName"].isna().all()
    assert not [column for column in frame if "phone" in column and column != "clever.phone_type"]
    shown = conn.get_users("guardians", sensitive=True)
    assert shown["phone"].fillna("").tolist() == ["201-555-0101", "", ""]
    assert conn.get_users("guardians", "schools", "North")["sourcedId"].tolist() == ["u2"]


def test_phones_are_shown_where_they_are_asked_for(ask: Any) -> None:
    record = person(student={"ext": {"home_phone": "201-555-0102", "bus": "1"}})
    conn = ask(users=[record])
    assert [name for name in conn.get_users("students") if "clever.ext" in name] == [
        "clever.ext.bus"
    ]
    shown = conn.get_users("students", sensitive=True)
    assert shown["clever.ext.home_phone"].tolist() == ["201-555-0102"]
    asked: dict[str, Any] = {"clever.ext.home_phone": {"~": "555"}}
    with pytest.raises(onb.QueryError, match="sensitive=True"):
        conn.get_users("students", where=asked)
    with pytest.raises(onb.QueryError, match="home_phone"):
        conn.email_problems(where=asked)
    assert len(conn.get_users("students", where=asked, sensitive=True)) == 1


@pytest.mark.parametrize("version", ["v3.1", "v2.1"])
def test_a_misspelt_field_has_a_near_name_though_nobody_has_it(ask: Any, version: str) -> None:
    student = {"ell_status": "Y", "ext": {"bus_route": "1"}}
    if version == "v3.1":
        conn = ask(users=[person(student=student)])
    else:
        conn = ask(version, students=[{"id": "u1", "name": {"first": "Mina"}, **student}])
    assert len(conn.get_users("students", where={"clever.ell_status": "Y"})) == 1
    for column, near in (("clever.iep_staus", "iep_status"), ("clever.ell_staus", "ell_status")):
        with pytest.raises(onb.QueryError, match=f"'clever.{near}'"):
            conn.get_users("students", where={column: None})
    with pytest.warns(onb.NoMatchWarning, match=r"'clever\.ext\.bus_route'"):
        assert conn.get_users("students", where={"clever.ext.bus_rout": "1"}).empty


def test_several_roles_are_one_user_and_several_roles(ask: Any) -> None:
    record = person(
        teacher={"sis_id": "T1", "school": "s1", "schools": ["s1", "s2"], "title": "Ms"},
        staff={"staff_id": "S9", "schools": ["s2"], "title": "Coach", "department": "PE"},
        district_admin={"title": "Lead"},
    )
    conn = ask(users=[record], schools=[SCHOOL, SCHOOL | {"id": "s2", "name": "South"}])
    roster = conn.get_roster()
    assert len(roster.users) == 1
    row = told(roster.users)
    assert (row["role"], row["identifier"]) == ("teacher", "T1")
    assert row["orgSourcedIds"] == "s1,s2,d1"
    assert row["clever.title"] == "Ms"
    assert (row["clever.staff.title"], row["clever.district_admin.title"]) == ("Coach", "Lead")
    assert row["clever.staff.identifier"] == "S9"
    assert row["clever.department"] == "PE"
    held = roster.roles[["role", "roleType", "orgSourcedId"]].values.tolist()
    assert held == [
        ["teacher", "primary", "s1"],
        ["teacher", "primary", "s2"],
        ["districtAdministrator", "secondary", "d1"],
        ["aide", "secondary", "s2"],
    ]
    assert roster.roles["sourcedId"].is_unique
    for who in ("teachers", "aides", "administrators"):
        assert len(conn.get_users(who)) == len(roster.get_users(who)) == 1


@pytest.mark.parametrize(
    ("roles", "role"),
    [([], "aide"), (None, "aide"), (["School Admin"], "siteAdministrator")],
)
def test_staff_are_aides_unless_their_roles_say_otherwise(
    ask: Any, roles: list[str] | None, role: str
) -> None:
    roster = ask(users=[person(staff={"schools": ["s1"], "roles": roles})]).get_roster()
    assert roster.roles["role"].tolist() == [role]


def test_people_of_version_2(ask: Any) -> None:
    conn = ask(
        "v2.1",
        students=[
            {
                "id": "u1",
                "name": {"first": "Ada", "last": "Lie"},
                "sis_id": "1",
                "school": "s1",
                "schools": ["s1"],
                "grade": "6",
                "credentials": {"district_username": "alie"},
            }
        ],
        teachers=[{"id": "t1", "name": {"first": "Bo", "last": "Ek"}, "teacher_number": "9"}],
        school_admins=[
            {"id": "a1", "name": {"first": "Cy", "last": "Dahl"}, "schools": ["s1"]},
            {"id": "a2", "name": None, "schools": ["s1"], "title": "Classroom aide"},
        ],
        district_admins=[{"id": "a3", "district": "d1", "name": None}],
        contacts=[
            {"id": "c1", "name": "Eli Van Dam", "students": ["u1"], "relationship": "Parent"},
            {"id": "c2", "name": "Fay", "students": None},
            {"id": "c3", "name": None},
            {"id": "c4", "name": " "},
        ],
    )
    frame = conn.get_users("users").set_index("sourcedId")
    assert frame["role"].to_dict() == {
        "u1": "student",
        "t1": "teacher",
        "a1": "administrator",
        "a2": "aide",
        "a3": "administrator",
        "c1": "guardian",
        "c2": "guardian",
        "c3": "guardian",
        "c4": "guardian",
    }
    assert frame.loc["u1", ["username", "grades"]].tolist() == ["alie", "06"]
    names = frame[["givenName", "familyName"]].fillna("")
    assert names.loc[["c1", "c2", "c3", "c4"]].values.tolist() == [
        ["Eli Van", "Dam"],  # one text, taken apart at the last space
        ["", "Fay"],
        ["", ""],
        ["", ""],
    ]
    assert frame.loc["c1", "orgSourcedIds"] == "s1"
    assert frame.loc["a3", "orgSourcedIds"] == "d1"


def test_sections_without_term_course_or_teacher(ask: Any) -> None:
    bare = {"id": "c1", "name": "Art", "school": "s1", "students": ["u1", "u1", "u2"]}
    full = {
        "id": "c2",
        "name": "Math, advanced",
        "school": "s1",
        "course": "k1",
        "term_id": "t1",
        "period": "1,3",
        "grade": "PreKindergarten",
        "subject": "math",
        "section_number": "M-1",
        "sis_id": "900",
        "teacher": "t1",
        "teachers": ["t2", "t1"],
        "students": None,
        "ext": {"classroom": "R2", "mode": "online"},
        "last_modified": "2026-09-01T10:00:00.000Z",
    }
    alone = {"id": "c3", "name": "Gym", "school": "s1", "teacher": "t3", "term_id": None}
    sections = [bare | {"teacher": None, "teachers": [], "course": None}, full, alone]
    conn = ask(sections=sections, courses=[{"id": "k1", "name": None, "number": None}])
    classes = conn.get_classes()
    assert told(classes, 1) | {"dateLastModified": 0} == {
        "sourcedId": "c2",
        "status": "active",
        "dateLastModified": 0,
        "title": "Math, advanced",
        "grades": "PK",
        "metadata.grades": "PreKindergarten",
        "courseSourcedId": "k1",
        "classCode": "M-1",
        "location": "R2",
        "schoolSourcedId": "s1",
        "termSourcedIds": "t1",
        "subjects": "math",
        "periods": "1,3",
        "clever.ext.mode": "online",
        "clever.sis_id": "900",
    }
    assert classes["courseSourcedId"].isna().tolist() == [True, False, True]
    enrollments = conn.get_enrollments()
    assert enrollments["sourcedId"].tolist() == [
        "c1@student@u1",
        "c1@student@u2",
        "c2@teacher@t1",
        "c2@teacher@t2",
        "c3@teacher@t3",
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", onb.DanglingReferenceWarning)
        assert (
            conn.get_roster().enrollments["sourcedId"].tolist() == enrollments["sourcedId"].tolist()
        )
    assert enrollments["primary"].tolist() == [False, False, True, False, True]
    assert enrollments["schoolSourcedId"].unique().tolist() == ["s1"]
    assert enrollments["dateLastModified"].notna().tolist() == [False, False, True, True, False]


def test_terms_lie_in_one_another_by_their_dates(ask: Any) -> None:
    terms = [
        {"id": "t1", "name": "Fall", "start_date": "2026-08-17", "end_date": "2027-01-15"},
        {"id": "t2", "name": "Year", "start_date": "2026-08-17", "end_date": "2027-06-11"},
        {"id": "t3", "name": "Quarter", "start_date": "2026-08-17", "end_date": "2026-10-23"},
        {"id": "t4", "name": None, "start_date": None, "end_date": None},
        {"id": "t5", "name": "Fall again", "start_date": "2026-08-17", "end_date": "2027-01-15"},
        {"id": "t6", "name": "Odd", "start_date": "some day", "end_date": "2027-01-15"},
    ]
    conn = ask(terms=terms)
    with pytest.warns(onb.UnreadableValueWarning):
        frame = conn.get_academic_sessions().set_index("sourcedId")
    assert frame["parentSourcedId"].fillna("").to_dict() == {
        "t1": "t2",
        "t2": "",
        "t3": "t1",
        "t4": "",
        "t5": "t2",
        "t6": "",
    }
    assert (frame["type"] == "term").all()


def test_values_that_cannot_be_read_are_missing_and_counted(ask: Any) -> None:
    records = [
        person(student={"dob": "unknown", "race": "Two or More Races", "gender": ""}),
        person(student={"dob": None, "race": "Unknown"}) | {"id": "u2"},
        person(student={"race": "", "hispanic_ethnicity": ""}) | {"id": "u3"},
    ]
    conn = ask(users=records)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        frame = conn.get_demographics()
    assert any("1 in birthDate" in str(w.message) for w in caught)
    assert frame["sourcedId"].tolist() == ["u1", "u2"]
    assert bool(frame.loc[0, "demographicRaceTwoOrMoreRaces"])
    assert frame.loc[0, ["asian", "white"]].isna().all()  # of several it is not said which
    assert frame.loc[1, ["asian", "demographicRaceTwoOrMoreRaces"]].isna().all()


def test_grades_in_clevers_words(ask: Any) -> None:
    words = {
        "InfantToddler": "IT",
        "Preschool": "PR",
        "PreKindergarten": "PK",
        "TransitionalKindergarten": "TK",
        "Kindergarten": "KG",
        "1": "01",
        "12": "12",
        "13": "13",
        "PostGraduate": "PS",
        "Ungraded": "UG",
        "Other": "Other",
    }
    records = [
        person(student={"grade": word}) | {"id": f"u{number:02d}"}
        for number, word in enumerate(words)
    ]
    assert ask(users=records).get_users("students")["grades"].tolist() == list(words.values())


def test_a_hostile_name_is_a_name(ask: Any) -> None:
    name = {"first": "<img src=x onerror=alert(1)>", "last": 'O\'Neil, "Bo" \u202e'}
    frame = ask(users=[person(student={}) | {"name": name}]).get_users("students")
    assert frame.loc[0, "givenName"] == name["first"]
    assert frame.loc[0, "familyName"] == name["last"]
