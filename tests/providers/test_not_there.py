"""People, classes and orgs that are referred to and not there: each answer says how many."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from helpers.cleverserver import CleverServer

import oneroster_nb as onb
from oneroster_nb.demo.server.embedded import DemoServer
from oneroster_nb.tables.references import not_there
from oneroster_nb.tables.roles import roles_of_users
from oneroster_nb.tables.table import empty_table

Tables = dict[str, pd.DataFrame]
MODIFIED = pd.Timestamp("2026-08-20", tz="UTC")


def table(name: str, *rows: dict[str, object]) -> pd.DataFrame:
    """Return a canonical table of rows that are active, unless they say otherwise."""
    filled = empty_table(name).reindex(range(len(rows)))
    for column in {column for row in rows for column in row}:
        filled[column] = pd.Series([row.get(column) for row in rows]).astype(filled[column].dtype)
    return filled.assign(status=filled["status"].fillna("active"), dateLastModified=MODIFIED)


def person(key: str, role: str, orgs: str, **more: object) -> dict[str, object]:
    names = {"givenName": f"Given {key}", "familyName": f"Family {key}", "username": key}
    who = {"sourcedId": key, "enabledUser": True, "role": role, "orgSourcedIds": orgs}
    return {**who, **names, **more}


def enrolled(key: str, role: str, of: str, **more: object) -> dict[str, object]:
    ids = {"userSourcedId": key, "classSourcedId": of, "schoolSourcedId": "s1"}
    return {"sourcedId": f"{of}-{role}-{key}", "role": role, **ids, **more}


def district() -> Tables:
    """Make a class of 20, of whom 2 are shared, and around it what else can be missing.

    Not there are 18 students and a teacher of c1, the class c9, the school s9 of c2, and the
    school s8 of p2. Rows marked tobedeleted are there, and refer to nothing that counts.
    """
    users = table(
        "users",
        person("p1", "student", "s1"),
        person("p2", "student", "s1,s8"),
        person("t2", "teacher", "s1"),
        person("gone", "student", "s1", status="tobedeleted"),
    )
    orgs = table(
        "orgs",
        {"sourcedId": "d", "name": "District", "type": "district"},
        {"sourcedId": "s1", "name": "North", "type": "school", "parentSourcedId": "d"},
    )
    school_of = {"c1": "s1", "c2": "s9", "old": "s1"}
    classes = [
        {
            **{"sourcedId": key, "title": title, "courseSourcedId": "co1"},
            **{"schoolSourcedId": school, "termSourcedIds": "f1", "classType": "scheduled"},
        }
        for (key, school), title in zip(school_of.items(), ["Art", "Music", "Old"], strict=True)
    ]
    classes[2]["status"] = "tobedeleted"
    dates = {"startDate": "2026-08-17", "endDate": "2027-06-11", "schoolYear": "2027"}
    term = {"sourcedId": "f1", "title": "Year", "type": "term", **dates}
    return {
        "orgs": orgs,
        "academicSessions": table("academicSessions", term),
        "courses": table("courses", {"sourcedId": "co1", "title": "Arts", "orgSourcedId": "s1"}),
        "classes": table("classes", *classes),
        "users": users,
        "roles": roles_of_users(users, orgs),
        "enrollments": table(
            "enrollments",
            *(enrolled(f"p{n}", "student", "c1") for n in range(1, 21)),
            enrolled("t1", "teacher", "c1", primary=True),
            enrolled("x1", "aide", "c1"),
            enrolled("gone", "student", "c1"),
            enrolled("left", "student", "c1", status="tobedeleted"),
            enrolled("t2", "teacher", "c2", primary=True),
            enrolled("p1", "student", "c2"),
            enrolled("p1", "student", "c9"),
            enrolled("y1", "student", "old"),
        ),
    }


def clever_routes() -> dict[str, list[dict[str, Any]]]:
    """Make the same class in Clever, whose sections list all their people."""

    def shared(key: str, role: str) -> dict[str, Any]:
        names = {"first": f"Given {key}", "last": f"Family {key}"}
        return {"id": key, "name": names, "roles": {role: {"school": "s1", "schools": ["s1"]}}}

    students = [shared("p1", "student"), shared("p2", "student")]
    art = {
        "id": "c1",
        "name": "Art",
        "school": "s1",
        "teacher": "t1",
        "teachers": ["t1"],
        "students": [f"p{n}" for n in range(1, 21)],
    }
    return {
        "districts": [{"id": "d", "name": "District"}],
        "schools": [{"id": "s1", "name": "North"}],
        "sections": [art],
        "users": students,
        "sections/c1": [art],
        "sections/c1/users": students,
    }


WHOLE = {"1.1", "1.2", "csv 1.1", "csv 1.2", "saved", "tables"}


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    folder: Path = tmp_path_factory.mktemp("not-there")
    roster = onb.Roster(district())
    roster.save(folder / "x.roster")
    # A bundle leaves out rows marked tobedeleted, so what refers to those is left out of it, too.
    rows = roster.enrollments
    kept = (rows["userSourcedId"] != "gone") & (rows["classSourcedId"] != "old")
    bundled = onb.Roster({**district(), "enrollments": rows.loc[kept]})
    found: dict[str, Any] = {"tables": roster, "saved": onb.Roster.load(folder / "x.roster")}
    for version in ("1.1", "1.2"):
        path = bundled.to_csv_bundle(folder / f"{version}.zip", version)
        found[f"csv {version}"] = onb.CsvConnector(path)
    with (
        DemoServer(district()) as server,
        CleverServer(clever_routes()) as clever,
        ExitStack() as closed,
    ):
        given = server.client_id, server.client_secret
        found["1.1"] = onb.OneRosterConnector(server.host, *given)
        found["1.2"] = onb.OneRosterConnector(server.host_v1p2, *given, token_url=server.token_url)
        found["clever"] = onb.CleverConnector("a token", clever.host)
        for source in found.values():
            closed.enter_context(source)
        yield found


def said(ask: Callable[[], pd.DataFrame]) -> tuple[pd.DataFrame, str]:
    """Ask, and return the answer with what it leaves out, as its one warning and footnote say."""
    with pytest.warns(onb.DanglingReferenceWarning) as told:
        frame = ask()
    (message,) = [str(w.message) for w in told if w.category is onb.DanglingReferenceWarning]
    note: str = frame.attrs["footnote"]
    left_out = note.removesuffix(".").rpartition(": ")[2]
    assert f": {left_out}." in message
    return frame, left_out


QUESTIONS: dict[str, tuple[Callable[[Any], pd.DataFrame], str]] = {
    "get_users of classes": (
        lambda s: s.get_users("students", "classes"),
        "18 people, 1 class and 1 org",
    ),
    "get_users of courses": (
        lambda s: s.get_users("users", "courses"),
        "19 people, 1 class and 1 org",
    ),
    "get_users of schools": (lambda s: s.get_users("students", "schools"), "1 org"),
    "get_users": (lambda s: s.get_users("students"), "1 org"),
    "class_sizes": (lambda s: s.class_sizes(), "18 people, 1 class and 2 orgs"),
    "class_sizes by": (lambda s: s.class_sizes(by="title"), "18 people, 1 class and 2 orgs"),
    "teacher_loads": (lambda s: s.teacher_loads(), "19 people, 1 class and 2 orgs"),
    "without_classes": (lambda s: s.without_classes(), "20 people, 1 class and 2 orgs"),
    "empty_classes": (lambda s: s.empty_classes(), "19 people, 1 class and 2 orgs"),
    "multi_school": (lambda s: s.multi_school(), "1 org"),
    "repeated_courses": (lambda s: s.repeated_courses(), "18 people, 1 class and 2 orgs"),
    "cross_listed": (lambda s: s.cross_listed(), "19 people, 1 class and 2 orgs"),
    "duplicate_people": (lambda s: s.duplicate_people(), "1 org"),
    "email_problems": (lambda s: s.email_problems(), "1 org"),
    "grade_and_role_problems": (lambda s: s.grade_and_role_problems(), "1 org"),
}


@pytest.mark.parametrize("name", sorted(WHOLE))
@pytest.mark.parametrize("question", QUESTIONS)
def test_every_question_says_how_many_are_not_there(
    sources: dict[str, Any], name: str, question: str
) -> None:
    ask, expected = QUESTIONS[question]
    _, left_out = said(lambda: ask(sources[name]))
    assert left_out == expected


@pytest.mark.parametrize("name", [*sorted(WHOLE), "clever"])
def test_a_class_of_twenty_of_whom_two_are_shared(sources: dict[str, Any], name: str) -> None:
    sizes, left_out = said(sources[name].class_sizes)
    assert sizes.loc[sizes["classTitle"] == "Art", "students"].tolist() == [2]
    assert left_out.startswith("18 people")
    empty, left_out = said(sources[name].empty_classes)
    assert empty.loc[empty["classTitle"] == "Art", "withoutTeacher"].tolist() == [True]
    assert left_out.startswith("19 people")


@pytest.mark.parametrize("name", ["csv 1.1", "csv 1.2", "saved", "tables", "clever"])
@pytest.mark.parametrize("unique", [False, True])
@pytest.mark.parametrize("match_on", [None, "sourcedId"])
def test_people_of_a_named_group(
    sources: dict[str, Any], name: str, unique: bool, match_on: str | None
) -> None:
    source = sources[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", onb.RosterWarning)
        classes = source.get_classes(columns=["title"]).set_index("title")["sourcedId"]
    group = classes["Art"] if match_on else "Art"
    frame, left_out = said(
        lambda: source.get_users("students", "classes", group, match_on, unique=unique)
    )
    assert sorted(frame["givenName"].tolist()) == ["Given p1", "Given p2"]
    assert left_out == "18 people"


def test_clever_is_asked_for_one_section_alone() -> None:
    with CleverServer(clever_routes()) as server, onb.CleverConnector("x", server.host) as conn:
        _, left_out = said(lambda: conn.get_users("students", "classes", "c1", "sourcedId"))
        assert "sections" not in server.paths
    assert left_out == "18 people"


@pytest.mark.parametrize("name", sorted(WHOLE))
def test_what_has_nothing_to_do_with_a_group_is_not_told(
    sources: dict[str, Any], name: str
) -> None:
    frame = sources[name].get_users("teachers", "schools", "North")
    assert frame["sourcedId"].tolist() == ["t2"]
    assert "footnote" not in frame.attrs


@pytest.mark.parametrize("kind", ["classes", "courses"])
def test_the_counts_of_groups(sources: dict[str, Any], kind: str) -> None:
    groups, left_out = said(lambda: sources["saved"].groups(kind))
    assert groups["studentCount"].tolist() == ([2, 1] if kind == "classes" else [2])
    assert left_out == "19 people, 1 class and 1 org"


def test_a_question_that_is_about_dead_references_does_not_warn(sources: dict[str, Any]) -> None:
    found = sources["saved"].dangling_enrollments()
    assert found["reason"].value_counts()["missing"] == 22


def test_what_is_made_of_an_answer_says_it_too(sources: dict[str, Any]) -> None:
    frame, _ = said(lambda: sources["saved"].get_users("students", "classes", "Art"))
    made = [
        onb.count(frame, "classTitle"),
        onb.crosstab(frame, "classTitle", "role"),
        onb.class_sizes(frame.loc[frame["role"] == "student"]),
        onb.repeated_courses(frame),
    ]
    for table_ in made:
        assert table_.attrs["footnote"].count("18 people") == 1


def test_small_numbers_of_people_are_not_told_where_counts_are_hidden() -> None:
    tables = district()
    rows = tables["enrollments"]
    tables["enrollments"] = rows.loc[~rows["userSourcedId"].isin([f"p{n}" for n in range(6, 21)])]
    roster = onb.Roster(tables)
    _, left_out = said(lambda: roster.class_sizes(suppress_below=10))
    assert left_out == "fewer than 10 people, 1 class and 2 orgs"
    _, left_out = said(roster.class_sizes)
    assert left_out == "3 people, 1 class and 2 orgs"


@pytest.mark.parametrize("name", ["1.1", "1.2", "csv 1.2", "saved", "clever"])
def test_seats_say_it_once_of_each_rule(sources: dict[str, Any], name: str) -> None:
    rules = ["classes::*::students", "classes::*::teachers", "schools::North::students"]
    _, left_out = said(lambda: onb.seats(sources[name], rules))
    student, teacher = left_out.split("; ")
    assert student.startswith("18 people")
    assert student.endswith("(classes::*::students)")
    assert teacher.startswith("1 person")
    assert teacher.endswith("(classes::*::teachers)")


def test_guardians_of_students_who_are_not_there() -> None:
    tables = district()
    users = tables["users"]
    tables["users"] = users.assign(agentSourcedIds=users["sourcedId"].map({"p1": "g1,g2"}))
    people = [person("g1", "guardian", "s1")]
    tables["users"] = pd.concat([tables["users"], table("users", *people)], ignore_index=True)
    frame, left_out = said(
        lambda: onb.Roster(tables).get_users("guardians", "classes", "Art", unique=True)
    )
    assert frame["sourcedId"].tolist() == ["g1"]
    assert left_out == "19 people"  # 18 students, whose guardians are not known, and g2


@pytest.mark.parametrize("group", [None, "North"])
def test_a_term_takes_people_by_enrollments(sources: dict[str, Any], group: str | None) -> None:
    kind = "schools" if group else None
    frame, left_out = said(lambda: sources["saved"].get_users("students", kind, group, term="Year"))
    assert frame["sourcedId"].tolist() == ["p1", "p2"]
    assert left_out == ("18 people" if group else "18 people, 1 class and 1 org")


def test_what_differs_between_two_rosters_says_it_of_both(sources: dict[str, Any]) -> None:
    tables = district()
    tables["enrollments"] = tables["enrollments"].iloc[1:]
    tables["users"] = tables["users"].loc[tables["users"]["sourcedId"] != "p2"]
    with pytest.warns(onb.DanglingReferenceWarning) as told:
        changes = onb.diff(sources["saved"], onb.Roster(tables))
    assert len(told) == 1
    note = "20 people, 1 class and 2 orgs (before); 21 people, 1 class and 1 org (after)."
    for frame in (changes.by_school, changes.enrollments, changes.people):
        assert frame.attrs["footnote"].endswith(note)


def test_a_whole_roster_has_nothing_to_say() -> None:
    tables = district()
    rows = tables["enrollments"]
    there = rows["userSourcedId"].isin(["p1", "p2", "t2", "gone"])
    tables["enrollments"] = rows.loc[there & (rows["classSourcedId"] != "c9")]
    tables["classes"] = tables["classes"].assign(schoolSourcedId="s1")
    tables["users"] = tables["users"].assign(orgSourcedIds="s1")
    tables["roles"] = roles_of_users(tables["users"], tables["orgs"])
    roster = onb.Roster(tables)
    for ask, _ in QUESTIONS.values():
        assert "footnote" not in ask(roster).attrs


def test_tables_that_are_not_there_at_all_are_told_of_once() -> None:
    tables = district()
    tables["users"], tables["roles"] = empty_table("users"), empty_table("roles")
    roster = onb.Roster(tables)
    with pytest.warns(onb.RosterWarning) as told:
        sizes = roster.class_sizes()
    kinds = [w.category for w in told]
    assert kinds.count(onb.NotSharedWarning) == 1
    assert not [w for w in told if "people" in str(w.message)]
    assert "21 people" in sizes.attrs["footnote"]


def test_counting_looks_at_each_id_once() -> None:
    tables = {"users": pd.DataFrame({"sourcedId": ["a"]}), "orgs": pd.DataFrame({"sourcedId": []})}
    ids = pd.Series(["a", "b", "b", "", None], dtype="str")
    assert not_there(tables, [("users", ids), ("users", ids), ("orgs", ids)]) == {
        "users": 1,
        "orgs": 2,
    }
