"""The question object: what it accepts, how it is parsed and printed."""

import dataclasses

import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from oneroster_nb import Query, errors

KINDS = ("classes", "courses", "schools")
USERS = ("students", "teachers", "users", "administrators", "guardians", "aides")
NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12).filter(
    lambda name: name.strip() not in ("", "*")
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("students", Query("students")),
        ("  teachers ", Query("teachers")),
        ("courses::Econ 101::students", Query("students", "courses", "Econ 101")),
        ("classes::A::B::students", Query("students", "classes", "A::B")),
        ("classes::A::B::C::teachers", Query("teachers", "classes", "A::B::C")),
        ("classes::A", Query("users", "classes", "A")),
        ("schools::*::teachers", Query("teachers", "schools")),
        ("schools::*", Query("users", "schools")),
        ("sections::A::students", Query("students", "classes", "A")),
        ("classes:::A:::students", Query("students", "classes", ":A:")),
    ],
)
def test_a_string_is_read_as_a_question(text: str, expected: Query) -> None:
    assert Query.parse(text) == expected


@given(user=st.sampled_from(USERS), kind=st.sampled_from(KINDS), name=st.none() | NAMES)
@settings(deadline=None, max_examples=60)
def test_what_is_printed_is_read_back(user: str, kind: str, name: str | None) -> None:
    query = Query(user, kind, name)

    assert Query.parse(str(query)) == query


@pytest.mark.parametrize("user", USERS)
def test_a_question_without_a_group_is_printed_as_its_users(user: str) -> None:
    assert str(Query(user)) == user
    assert Query.parse(user) == Query(user)


@pytest.mark.parametrize(
    "text",
    ["", "   ", "::", "classes::", "classes::::students", "classes::A::pupils", "rooms::1::users"],
)
def test_a_string_that_is_no_question_raises(text: str) -> None:
    with pytest.raises(errors.QueryError):
        Query.parse(text)


def test_an_error_quotes_the_value_and_lists_what_it_can_be() -> None:
    with pytest.raises(errors.QueryError) as caught:
        Query.parse("clases::Art::students")

    message = str(caught.value)
    assert "'clases'" in message
    assert all(f"'{kind}'" in message for kind in KINDS)


@pytest.mark.parametrize("give", [list, tuple, pd.Series, iter], ids=lambda give: give.__name__)
def test_names_and_fields_are_taken_from_any_list(give: type) -> None:
    query = Query("students", "classes", give(["A", "B"]), give(["title", "classCode"]))

    assert query == Query("students", "classes", ("A", "B"), ("title", "classCode"))
    assert hash(query) == hash(Query("students", "classes", ("A", "B"), ("title", "classCode")))


def test_one_field_is_a_list_of_one() -> None:
    assert Query("students", "classes", "A", "title") == Query(
        "students", "classes", "A", ["title"]
    )


def test_sections_are_classes() -> None:
    assert Query("students", "sections", "A") == Query("students", "classes", "A")


def test_no_bound_is_said_in_two_ways() -> None:
    assert Query("students", max_users=0) == Query("students", max_users=None)


def test_a_question_does_not_change() -> None:
    query = Query("students")

    with pytest.raises(dataclasses.FrozenInstanceError):
        query.user_filter = "teachers"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("options", "value"),
    [
        ({"user_filter": "pupils"}, "'pupils'"),
        ({"user_filter": ""}, "''"),
        ({"user_filter": None}, "None"),
        ({"user_filter": ["students"]}, "['students']"),
        ({"group_filter": "rooms"}, "'rooms'"),
        ({"group_filter": ""}, "''"),
        ({"group_filter": ["classes"]}, "['classes']"),
        ({"group_filter": "classes", "group_name": ""}, "''"),
        ({"group_filter": "classes", "group_name": "  "}, "'  '"),
        ({"group_filter": "classes", "group_name": []}, "[]"),
        ({"group_filter": "classes", "group_name": ["A", ""]}, "['A', '']"),
        ({"group_filter": "classes", "group_name": 31763}, "31763"),
        ({"group_name": "A"}, "'A'"),
        ({"match_on": "title"}, "title"),
        ({"group_filter": "classes", "match_on": ""}, "''"),
        ({"group_filter": "classes", "match_on": {"title": "A"}}, "{'title': 'A'}"),
        ({"match": "fuzzy"}, "'fuzzy'"),
        ({"status": "deleted"}, "'deleted'"),
        ({"term": " "}, "' '"),
        ({"max_users": -1}, "-1"),
        ({"max_users": "5"}, "'5'"),
        ({"max_users": True}, "True"),
        ({"unique": "yes"}, "'yes'"),
        ({"sensitive": 1}, "1"),
        ({"group_filter": "classes", "group_name": "a(", "match": "regex"}, "'a('"),
    ],
    ids=str,
)
def test_a_part_that_cannot_be_asked_raises_with_its_value(
    options: dict[str, object], value: str
) -> None:
    with pytest.raises(errors.QueryError) as caught:
        Query(**options)  # type: ignore[arg-type]

    assert value in str(caught.value)


@pytest.mark.parametrize(
    ("options", "hint"),
    [
        ({"user_filter": "student"}, "'students'"),
        ({"user_filter": "Teachers"}, "'teachers'"),
        ({"group_filter": "class"}, "'classes'"),
        ({"match": "contain"}, "'contains'"),
    ],
)
def test_a_misspelt_part_gets_the_nearest_spelling(options: dict[str, str], hint: str) -> None:
    with pytest.raises(errors.QueryError, match=f"Did you mean {hint}"):
        Query(**options)  # type: ignore[arg-type]
