"""Which groups a name means, and who is a member: properties that hold for any small roster.

A server of made-up records is asked, and the answer compared with loops over the same records.
"""

import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from helpers.faultserver import FaultServer
from helpers.oracle import MEMBERSHIP, Oracle, Row, agree, joined, rows_of
from helpers.records import course, enrollment, org, routes, section, session, user
from helpers.thorough import cases
from hypothesis import given, settings, strategies as st

from oneroster_nb import OneRosterConnector, errors
from oneroster_nb.tables.table import TABLES

# Letters in both cases, signs with a meaning in patterns and queries, and letters with accents.
SIGNS = "aAbBeE1 *?[]!-.()^$|+\\:,'\"éÉÑ"
TEXTS = st.text(SIGNS, min_size=1, max_size=6).filter(str.strip)
PLAIN = st.text("aAbB1 é", min_size=1, max_size=3).filter(str.strip)

USERS = st.sampled_from(["students", "teachers", "users"])
KINDS = st.sampled_from(["classes", "courses", "schools"])

few = settings(deadline=None, max_examples=15)


@pytest.fixture(scope="module")
def server() -> Iterator[FaultServer]:
    with FaultServer({}) as running:
        yield running


def ask(server: FaultServer, paths: dict[str, list[Row]], *question: Any, **options: Any) -> Any:
    """Ask a question to a server of these records, by a connector that knows nothing of it yet."""
    server.routes = paths
    with (
        OneRosterConnector(server.host, "an id", "a secret") as connector,
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore", errors.NoMatchWarning)
        warnings.simplefilter("ignore", errors.NotSharedWarning)
        return connector.get_users(*question, **options)


def of_titles(titles: list[str]) -> dict[str, list[Row]]:
    """Return the paths of a school with a class of each title and one student in each."""
    numbers = range(len(titles))
    return routes(
        orgs=[org("s1", "North School")],
        sessions=[session("t1", "Fall", "2026-08-01", "2026-12-20")],
        courses=[course("co1", "Art 101", "s1")],
        classes=[section(f"c{n}", titles[n], "co1", "s1", ["t1"]) for n in numbers],
        users=[user(f"p{n}", "student", ["s1"]) for n in numbers],
        enrollments=[enrollment(f"e{n}", f"p{n}", f"c{n}", "s1", "student") for n in numbers],
    )


@given(
    titles=st.lists(TEXTS, min_size=1, max_size=6), names=st.lists(TEXTS, min_size=1, max_size=3)
)
@pytest.mark.parametrize("match", ["exact", "contains", "glob"])
@few
def test_a_name_means_the_groups_that_agree_with_it(
    server: FaultServer, match: str, titles: list[str], names: list[str]
) -> None:
    frame = ask(server, of_titles(titles), "students", "classes", names, "title", match=match)

    expected = [
        f"c{n}"
        for n, title in enumerate(titles)
        if any(agree(match, name, title) for name in names)
    ]
    assert list(frame["groupSourcedId"]) == expected


@given(titles=st.lists(TEXTS.map(str.strip), min_size=1, max_size=6), start=PLAIN, middle=PLAIN)
@few
def test_a_regular_expression_is_searched_for(
    server: FaultServer, titles: list[str], start: str, middle: str
) -> None:
    pattern = rf"^{start}|{middle}."
    frame = ask(server, of_titles(titles), "students", "classes", pattern, "title", match="regex")

    expected = [f"c{n}" for n, title in enumerate(titles) if agree("regex", pattern, title)]
    assert list(frame["groupSourcedId"]) == expected


@given(titles=st.lists(TEXTS, min_size=1, max_size=6), data=st.data())
@few
def test_the_name_of_a_group_finds_it_in_any_case_and_with_spaces_around(
    server: FaultServer, titles: list[str], data: st.DataObject
) -> None:
    title = data.draw(st.sampled_from(titles))
    change = data.draw(st.sampled_from([str.upper, str.lower, str.swapcase, str.strip]))

    frame = ask(server, of_titles(titles), "students", "classes", f"  {change(title)} ", "title")

    assert f"c{titles.index(title)}" in set(frame["groupSourcedId"])


@given(values=st.lists(st.lists(TEXTS, max_size=3), min_size=1, max_size=5), name=TEXTS)
@few
def test_a_list_matches_where_any_element_does(
    server: FaultServer, values: list[list[str]], name: str
) -> None:
    paths = of_titles([f"Class {n}" for n in range(len(values))])
    for record, subjects in zip(paths["classes"], values, strict=True):
        record["subjects"] = subjects

    frame = ask(server, paths, "students", "classes", name, "subjects")

    every = name.strip() == "*"
    expected = [
        f"c{n}"
        for n, given in enumerate(values)
        if every or any(agree("exact", name, v) for v in given)
    ]
    assert list(frame["groupSourcedId"]) == expected


# --- membership ------------------------------------------------------------------------------


@st.composite
def rosters(draw: st.DrawFn) -> dict[str, list[Row]]:
    """Make up a roster of two schools, some courses, classes, people and enrollments."""
    schools, terms = ["s1", "s2"], ["t1", "t2"]
    courses = [f"co{n}" for n in range(draw(st.integers(1, 3)))]
    classes = [
        section(
            f"c{n}",
            draw(st.sampled_from(["Art", "Band", "Art, advanced"])),
            draw(st.sampled_from(courses)),
            draw(st.sampled_from(schools)),
            draw(st.lists(st.sampled_from(terms), unique=True)),
        )
        for n in range(draw(st.integers(1, 5)))
    ]
    people = [
        user(
            f"p{n}",
            draw(st.sampled_from(["student", "student", "teacher", "guardian"])),
            draw(st.lists(st.sampled_from(schools), unique=True, max_size=2)),
            status=draw(st.sampled_from(["active", "active", "tobedeleted"])),
        )
        for n in range(draw(st.integers(1, 8)))
    ]
    enrolled = [p for p in people if p["role"] != "guardian"]
    enrollments = [
        enrollment(
            f"e-{c['sourcedId']}-{p['sourcedId']}",
            p["sourcedId"],
            c["sourcedId"],
            c["school"]["sourcedId"],
            p["role"],
        )
        for c in classes
        for p in enrolled
        if draw(st.booleans())
    ]
    return {
        "orgs": [org("d", "District", "district"), org("s1", "North"), org("s2", "South")],
        "sessions": [
            session("t1", "Fall", "2026-08-01", "2026-12-20"),
            session("t2", "Spring, late", "2027-01-05", "2027-06-10"),
        ],
        "courses": [course(c, f"Course {c}", draw(st.sampled_from(schools))) for c in courses],
        "classes": classes,
        "users": people,
        "enrollments": enrollments,
    }


def canonical(roster: dict[str, list[Row]]) -> Oracle:
    """Return the records as rows of the canonical tables, as far as membership needs them."""

    def ids(references: list[Row]) -> str | None:
        return joined(reference["sourcedId"] for reference in references) or None

    def target(record: Row, field: str) -> str | None:
        return record[field]["sourcedId"] if record.get(field) else None

    return Oracle(
        {
            "orgs": roster["orgs"],
            "academicSessions": [
                {**r, "parentSourcedId": target(r, "parent")} for r in roster["sessions"]
            ],
            "courses": [{**r, "orgSourcedId": target(r, "org")} for r in roster["courses"]],
            "classes": [
                {
                    **r,
                    "courseSourcedId": target(r, "course"),
                    "schoolSourcedId": target(r, "school"),
                    "termSourcedIds": ids(r["terms"]),
                }
                for r in roster["classes"]
            ],
            "users": [{**r, "orgSourcedIds": ids(r["orgs"])} for r in roster["users"]],
            "enrollments": [
                {
                    **r,
                    "classSourcedId": target(r, "class"),
                    "userSourcedId": target(r, "user"),
                }
                for r in roster["enrollments"]
            ],
        }
    )


def memberships(rows: list[Row]) -> list[tuple[object, ...]]:
    """Return who is in what, in order, with nothing said where a text is empty."""
    return sorted(
        (tuple(row[name] or None for name in ["sourcedId", *MEMBERSHIP]) for row in rows), key=repr
    )


@given(roster=rosters(), users=USERS, kind=KINDS, status=st.sampled_from(["active", "all"]))
@settings(deadline=None, max_examples=cases(8, 50))
def test_everyone_is_found_through_every_class_once(
    server: FaultServer, users: str, kind: str, roster: dict[str, list[Row]], status: str
) -> None:
    frame = ask(server, routes(**roster), users, kind, status=status)

    expected = canonical(roster).ask(users, kind, status=status)
    assert memberships(rows_of(frame)) == memberships(expected)
    assert not frame.duplicated(["sourcedId", "groupSourcedId", "classSourcedId"]).any()


@given(roster=rosters(), kind=KINDS)
@few
def test_unique_loses_nobody_and_counts_groups(
    server: FaultServer, kind: str, roster: dict[str, list[Row]]
) -> None:
    frame = ask(server, routes(**roster), "users", kind, unique=True)

    groups: dict[str, set[str]] = {}
    for row in canonical(roster).ask("users", kind):
        groups.setdefault(row["sourcedId"], set()).add(row["groupSourcedId"])
    assert dict(zip(frame["sourcedId"], frame["groupCount"], strict=True)) == {
        person: len(held) for person, held in groups.items()
    }


@given(roster=rosters(), bound=st.integers(1, 9))
@few
def test_a_bound_keeps_the_first_users_with_all_their_rows(
    server: FaultServer, roster: dict[str, list[Row]], bound: int
) -> None:
    whole = ask(server, routes(**roster), "users", "classes")
    frame = ask(server, routes(**roster), "users", "classes", max_users=bound)

    kept = list(dict.fromkeys(whole["sourcedId"]))[:bound]
    expected = [row for row in rows_of(whole) if row["sourcedId"] in kept]
    assert memberships(rows_of(frame)) == memberships(expected)
    assert list(frame.columns) == list(whole.columns)
    assert set(TABLES["users"].visible()) <= set(frame.columns)
