"""A server's own lists are used if they hold what its tables say, and each person by role."""

from collections.abc import Callable
from typing import Any

import pytest
from helpers.cleverserver import CleverServer
from helpers.faults import at, status
from helpers.faultserver import FaultServer, Record
from helpers.mixedschool import clever_routes
from helpers.records import course, enrollment, org, routes, section, session, user

import oneroster_nb as onb

Connect = Callable[..., onb.OneRosterConnector]
Routes = dict[str, list[Record]]


def two_schools() -> Routes:
    """Make two schools with two classes each; student b is at both, and first at the first one."""
    people = [
        *(user(f"p{n}", "student", ["s1"]) for n in range(1, 6)),
        *(user(f"q{n}", "student", ["s2"]) for n in range(1, 4)),
        user("b", "student", ["s1", "s2"]),
        user("t", "teacher", ["s1"]),
        user("u", "teacher", ["s2"]),
        user("boss", "administrator", ["s1"]),
    ]
    enrolled = {
        "c1": ["p1", "p2", "b", "t"],
        "c2": ["p3", "p4", "t"],
        "c3": ["q1", "q2", "b", "u"],
        "c4": ["q3", "u"],
    }
    schools = {"c1": "s1", "c2": "s1", "c3": "s2", "c4": "s2"}
    return routes(
        orgs=[org("d", "District", "district"), org("s1", "North"), org("s2", "South")],
        sessions=[
            session("f", "Fall", "2026-08-01", "2026-12-20"),
            session("w", "Spring", "2027-01-05", "2027-06-01"),
        ],
        courses=[course("k1", "Art", "s1"), course("k2", "Latin", "s2")],
        classes=[
            section(key, f"Class {key}", f"k{place[1]}", place, ["f" if key in "c1c3" else "w"])
            for key, place in schools.items()
        ],
        users=people,
        enrollments=[
            enrollment(f"{of}-{who}", who, of, schools[of], "teacher" if who in "tu" else "student")
            for of, members in enrolled.items()
            for who in members
        ],
    )


def found(frame: Any) -> list[str]:
    return list(frame["sourcedId"])


# --- people of another role in a list of a class -----------------------------------------------


@pytest.mark.parametrize("name", ["c1", ["c1", "c2"], "Class c1"])
def test_a_teacher_in_the_list_of_students_is_no_student(connected: Connect, name: Any) -> None:
    paths = two_schools()
    usual = paths["classes/c1/students"]
    paths["classes/c1/students"] = [*paths["classes/c1/teachers"], *usual]
    with FaultServer(paths) as server:
        connector = connected(server)
        roster = connector.get_roster(tables=["orgs", "classes", "users", "enrollments"])
        for who in ("students", "teachers", "users"):
            frame = connector.get_users(who, "classes", name)
            assert found(frame) == found(roster.get_users(who, "classes", name))
            by_class = frame.loc[frame["classSourcedId"] == "c1"]
            roles = dict(zip(by_class["sourcedId"], by_class["enrollmentRole"], strict=True))
            assert roles.get("t", "teacher") == "teacher"
            assert set(by_class["enrollmentRole"]) <= {"student", "teacher"}
            assert (by_class["role"] == by_class["enrollmentRole"]).all()


def test_one_who_is_enrolled_in_another_role_than_the_own_is_kept_as_enrolled(
    connected: Connect,
) -> None:
    paths = two_schools()
    paths["enrollments"].append(enrollment("extra", "boss", "c1", "s1", "teacher"))
    boss = next(record for record in paths["users"] if record["sourcedId"] == "boss")
    paths["classes/c1/teachers"] = [*paths["classes/c1/teachers"], boss]
    with FaultServer(paths) as server:
        frame = connected(server).get_users("teachers", "classes", "c1")

    assert sorted(found(frame)) == ["boss", "t"]
    assert set(frame["enrollmentRole"]) == {"teacher"}
    assert set(frame["role"]) == {"teacher", "administrator"}


def test_without_enrollments_each_person_is_taken_by_role(connected: Connect) -> None:
    paths = two_schools()
    paths["classes/c1/students"] = [
        *paths["classes/c1/teachers"],
        *paths["classes/c1/students"],
        *(record for record in paths["users"] if record["sourcedId"] == "boss"),
    ]
    paths["classes/c1/teachers"] = []
    with FaultServer(paths, at("enrollments", status(403))) as server:
        connector = connected(server)
        with pytest.warns(onb.PartialResultWarning, match="taken by role"):
            students = connector.get_users("students", "classes", "c1")
        with pytest.warns(onb.PartialResultWarning, match="taken by role"):
            users = connector.get_users("users", "classes", "c1")

    assert found(students) == ["p1", "p2", "b"]
    assert found(users) == ["p1", "p2", "b", "t"]
    assert list(users["enrollmentRole"]) == ["student", "student", "student", "teacher"]


def test_lists_without_a_group_are_taken_by_role_too(connected: Connect) -> None:
    paths = two_schools()
    paths["students"] = [*paths["teachers"], *paths["students"]]
    with FaultServer(paths) as server:
        connector = connected(server)
        assert found(connector.get_users("students")) == [
            *("p1", "p2", "p3", "p4", "p5", "q1", "q2", "q3", "b")
        ]
        assert found(connector.get_users("students", max_users=2)) == ["p1", "p2"]


# --- students of schools -----------------------------------------------------------------------


def primary_only(paths: Routes) -> None:
    """List the people of a school whose first org it is."""
    for key in ("s1", "s2"):
        path = f"schools/{key}/students"
        paths[path] = [r for r in paths[path] if r["orgs"][0]["sourcedId"] == key]


def enrolled_only(paths: Routes) -> None:
    """List the people of a school who are in a class."""
    there = {record["user"]["sourcedId"] for record in paths["enrollments"]}
    for key in ("s1", "s2"):
        path = f"schools/{key}/students"
        paths[path] = [r for r in paths[path] if r["sourcedId"] in there]


def test_lists_that_agree_are_used_from_then_on(connected: Connect) -> None:
    with FaultServer(two_schools()) as server:
        connector = connected(server)
        assert found(connector.get_users("students", "schools", "South")) == ["q1", "q2", "q3", "b"]
        before = len(server.paths)
        frame = connector.get_users("students", "schools", "North")

        assert found(frame) == ["p1", "p2", "p3", "p4", "p5", "b"]
        assert server.paths[before:] == ["schools/s1/students"]
        assert "footnote" not in frame.attrs


@pytest.mark.parametrize(
    ("way", "school", "by_list", "defined"),
    [(primary_only, "South", 3, 4), (enrolled_only, "North", 5, 6)],
)
def test_lists_that_differ_are_told_with_both_numbers_and_not_used(
    connected: Connect, way: Callable[[Routes], None], school: str, by_list: int, defined: int
) -> None:
    paths = two_schools()
    way(paths)
    with FaultServer(paths) as server:
        connector = connected(server)
        everywhere = connector.get_users("students", "schools")
        with pytest.warns(onb.PartialResultWarning) as caught:
            frame = connector.get_users("students", "schools", school)
        again = connector.get_users("students", "schools", school)

    (warning,) = caught
    for text in (str(warning.message), frame.attrs["footnote"]):
        assert f"{by_list} students of {school!r}" in text
        assert f"{defined} by orgs" in text
    assert len(frame) == len(again) == defined
    assert found(frame) == found(everywhere.loc[everywhere["schoolName"] == school])


def test_the_school_that_tells_most_is_looked_at_besides(connected: Connect) -> None:
    """At North nobody has another first org; the list of South shows how the server lists."""
    paths = two_schools()
    primary_only(paths)
    with FaultServer(paths) as server:
        connector = connected(server)
        with pytest.warns(onb.PartialResultWarning, match="3 students of 'South' in the list, 4"):
            assert len(connector.get_users("students", "schools", "North")) == 6
        assert len(connector.get_users("students", "schools", "South")) == 4


def test_people_of_another_role_or_school_in_a_list_are_left_out(connected: Connect) -> None:
    paths = two_schools()
    with FaultServer(paths) as server:
        connector = connected(server)
        connector.get_users("users", "schools", "South")  # the lists agree
        for role in ("students", "teachers"):
            server.routes[f"schools/s1/{role}"] = paths["users"]
        assert found(connector.get_users("students", "schools", "North")) == [
            *("p1", "p2", "p3", "p4", "p5", "b")
        ]
        assert found(connector.get_users("teachers", "schools", "North")) == ["t"]
        both = connector.get_users("users", "schools", "North")
        assert found(both) == ["p1", "p2", "p3", "p4", "p5", "b", "t"]


def test_a_list_in_which_others_stand_besides_agrees(connected: Connect) -> None:
    paths = two_schools()
    paths["schools/s1/students"] = [*paths["schools/s1/teachers"], *paths["schools/s1/students"]]
    with FaultServer(paths) as server:
        frame = connected(server).get_users("students", "schools", "North")

    assert found(frame) == ["p1", "p2", "p3", "p4", "p5", "b"]
    assert "footnote" not in frame.attrs


def test_without_users_the_lists_are_all_there_is(connected: Connect) -> None:
    with FaultServer(two_schools(), at("users", status(403))) as server:
        connector = connected(server)
        with pytest.warns(onb.PartialResultWarning, match="cannot be compared"):
            frame = connector.get_users("students", "schools", "South")

    assert found(frame) == ["q1", "q2", "q3", "b"]


def test_clevers_lists_of_schools_are_compared_too() -> None:
    paths: dict[str, Any] = clever_routes()
    path = "schools/s2/users"
    paths[path] = [record for record in paths[path] if record["id"] != "both"]
    with CleverServer(paths) as server, onb.CleverConnector("a token", server.host) as conn:
        with pytest.warns(onb.PartialResultWarning, match="1 students of 'South' in the list, 2"):
            frame = conn.get_users("students", "schools", "South")
        assert set(frame["sourcedId"]) == {"south", "both"}


# --- lists below other objects -----------------------------------------------------------------


def current_only(paths: Routes) -> None:
    """List below courses and schools the classes of the fall alone."""
    for path in list(paths):
        if path.endswith("/classes"):
            paths[path] = [r for r in paths[path] if r["terms"][0]["sourcedId"] == "f"]


@pytest.mark.parametrize(
    ("where", "keys"),
    [({"courseSourcedId": "k1"}, ["c1", "c2"]), ({"schoolSourcedId": "s2"}, ["c3", "c4"])],
)
def test_a_list_of_the_current_term_is_not_taken_for_all_classes(
    connected: Connect, where: dict[str, str], keys: list[str]
) -> None:
    paths = two_schools()
    current_only(paths)
    with FaultServer(paths) as server:
        connector = connected(server)
        with pytest.warns(onb.PartialResultWarning, match="1 of 2 rows"):
            assert found(connector.get_classes(where)) == keys
        before = len(server.paths)
        assert found(connector.get_classes(where)) == keys  # said once
        assert server.paths[before:] == ["classes"]


def test_a_course_has_its_classes_of_every_term(connected: Connect) -> None:
    paths = two_schools()
    current_only(paths)
    with FaultServer(paths) as server:
        connector = connected(server)
        with pytest.warns(onb.PartialResultWarning, match="1 of 2 rows"):
            frame = connector.get_users("students", "courses", "Art")

    assert found(frame) == ["p1", "p2", "b", "p3", "p4"]


def test_a_list_that_was_seen_to_be_complete_is_used(connected: Connect) -> None:
    with FaultServer(two_schools()) as server:
        connector = connected(server)
        for key, keys in (("k1", ["c1", "c2"]), ("k2", ["c3", "c4"])):
            before = len(server.paths)
            assert found(connector.get_classes({"courseSourcedId": key})) == keys
        assert server.paths[before:] == ["courses/k2/classes"]


@pytest.mark.parametrize("hides", [True, False])
def test_line_items_of_a_class_are_all_of_them(connected: Connect, hides: bool) -> None:
    items = [
        {
            "sourcedId": f"i{n}",
            "status": "active",
            "title": f"Essay {n}",
            "class": {"sourcedId": "c1" if n < 4 else "c2", "type": "class"},
        }
        for n in range(6)
    ]
    paths = two_schools() | {"lineItems": items}
    for key in ("c1", "c2"):
        own = [item for item in items if item["class"]["sourcedId"] == key]  # type: ignore[index]
        paths[f"classes/{key}/lineItems"] = own[:1] if hides else own
    with FaultServer(paths) as server:
        connector = connected(server)
        if hides:
            with pytest.warns(onb.PartialResultWarning, match="1 of 4 rows"):
                frame = connector.get_line_items({"classSourcedId": "c2"})
        else:
            frame = connector.get_line_items({"classSourcedId": "c2"})
    assert found(frame) == ["i4", "i5"]


def test_a_list_below_an_object_may_leave_out_what_is_marked_tobedeleted(
    connected: Connect,
) -> None:
    paths = two_schools()
    paths["classes"] = [
        {**r, "status": "tobedeleted"} if r["sourcedId"] == "c2" else r for r in paths["classes"]
    ]
    paths["courses/k1/classes"] = [r for r in paths["courses/k1/classes"] if r["sourcedId"] == "c1"]
    with FaultServer(paths) as server:
        assert found(connected(server).get_classes({"courseSourcedId": "k1"})) == ["c1"]
