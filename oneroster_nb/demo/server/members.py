"""The nested collections of OneRoster 1.1 and 1.2, as rows of tables."""

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

import numpy as np

from oneroster_nb.demo.server.collection import V1P1_COLLECTIONS, belonging
from oneroster_nb.demo.server.store import Positions, Store

Finder: TypeAlias = Callable[[Store, str], Positions]
"""Returns the rows that belong to the record with an id."""


def _enrolled(store: Store, column: str, sourced_id: str, role: str | None) -> Positions:
    """Return the active enrollments with an id in a column, in one role or any role."""
    rows = store.rows("enrollments", column, sourced_id)
    deleted = store.column("enrollments", "status").among(rows, "tobedeleted")
    rows = np.setdiff1d(rows, deleted, assume_unique=True)
    return rows if role is None else store.column("enrollments", "role").among(rows, role)


def _pointed(store: Store, source: str, column: str, rows: Positions, target: str) -> Positions:
    """Follow a reference from some rows to the rows of its target table."""
    ids = store.column(source, column).held(rows)
    return store.rows(target, "sourcedId", *ids)


def _class_users(role: str) -> Finder:
    def find(store: Store, class_id: str) -> Positions:
        rows = _enrolled(store, "classSourcedId", class_id, role)
        return _pointed(store, "enrollments", "userSourcedId", rows, "users")

    return find


def _user_classes(role: str | None) -> Finder:
    def find(store: Store, user_id: str) -> Positions:
        rows = _enrolled(store, "userSourcedId", user_id, role)
        return _pointed(store, "enrollments", "classSourcedId", rows, "classes")

    return find


def _school_users(role: str) -> Finder:
    """Find the users with one role who belong to a school."""

    def find(store: Store, school_id: str) -> Positions:
        rows = store.rows("users", "orgSourcedIds", school_id)
        return store.column("users", "role").among(rows, role)

    return find


def _role_holders(role: str) -> Finder:
    """Find the users who hold a role at a school."""

    def find(store: Store, school_id: str) -> Positions:
        rows = store.rows("roles", "orgSourcedId", school_id)
        held = store.column("roles", "role").among(rows, role)
        return _pointed(store, "roles", "userSourcedId", held, "users")

    return find


def _school_courses(store: Store, school_id: str) -> Positions:
    classes = store.rows("classes", "schoolSourcedId", school_id)
    taught = _pointed(store, "classes", "courseSourcedId", classes, "courses")
    return np.union1d(taught, store.rows("courses", "orgSourcedId", school_id))


def _school_terms(store: Store, school_id: str) -> Positions:
    classes = store.rows("classes", "schoolSourcedId", school_id)
    sessions = _pointed(store, "classes", "termSourcedIds", classes, "academicSessions")
    return belonging(store, V1P1_COLLECTIONS["terms"], sessions)


def _term_periods(store: Store, term_id: str) -> Positions:
    below = store.rows("academicSessions", "parentSourcedId", term_id)
    return belonging(store, V1P1_COLLECTIONS["gradingPeriods"], below)


def _class_results(store: Store, class_id: str) -> Positions:
    items = store.rows("lineItems", "classSourcedId", class_id)
    ids = store.column("lineItems", "sourcedId").held(items)
    return store.rows("results", "lineItemSourcedId", *ids)


def _student_results(store: Store, class_id: str, student_id: str) -> Positions:
    rows = _class_results(store, class_id)
    return store.column("results", "studentSourcedId").among(rows, student_id)


def _class_categories(store: Store, class_id: str) -> Positions:
    items = store.rows("lineItems", "classSourcedId", class_id)
    return _pointed(store, "lineItems", "categorySourcedId", items, "categories")


def _user_resources(store: Store, user_id: str) -> Positions:
    rows = store.rows("users", "sourcedId", user_id)
    return _pointed(store, "users", "resourceSourcedIds", rows, "resources")


def _none(_store: Store, _owner_id: str) -> Positions:
    return np.empty(0, dtype=np.int64)


def _inner(find: Finder) -> Callable[[Store, str, str], Positions]:
    """Use only the second id."""
    return lambda store, _, sourced_id: find(store, sourced_id)


def _holding(table: str, column: str) -> Finder:
    return lambda store, value: store.rows(table, column, value)


def _linked(source: str, key: str) -> Finder:
    def find(store: Store, owner_id: str) -> Positions:
        rows = store.rows(source, key, owner_id)
        return _pointed(store, source, "resourceSourcedId", rows, "resources")

    return find


V1P1_NESTED: Final[Mapping[tuple[str, str], Finder]] = {
    ("schools", "students"): _school_users("student"),
    ("schools", "teachers"): _school_users("teacher"),
    ("schools", "classes"): _holding("classes", "schoolSourcedId"),
    ("schools", "courses"): _school_courses,
    ("schools", "terms"): _school_terms,
    ("schools", "enrollments"): _holding("enrollments", "schoolSourcedId"),
    ("classes", "students"): _class_users("student"),
    ("classes", "teachers"): _class_users("teacher"),
    ("classes", "lineItems"): _holding("lineItems", "classSourcedId"),
    ("classes", "results"): _class_results,
    ("classes", "resources"): _linked("classResources", "classSourcedId"),
    ("courses", "classes"): _holding("classes", "courseSourcedId"),
    ("courses", "resources"): _linked("courseResources", "courseSourcedId"),
    ("terms", "classes"): _holding("classes", "termSourcedIds"),
    ("terms", "gradingPeriods"): _term_periods,
    ("students", "classes"): _user_classes("student"),
    ("teachers", "classes"): _user_classes("teacher"),
    ("users", "classes"): _user_classes(None),
}
"""Collection and nested collection to the function that finds the rows."""

V1P2_NESTED: Final[Mapping[tuple[str, str], Finder]] = {
    **V1P1_NESTED,
    ("schools", "students"): _role_holders("student"),
    ("schools", "teachers"): _role_holders("teacher"),
    ("classes", "categories"): _class_categories,
    ("classes", "scoreScales"): _none,
    ("schools", "scoreScales"): _none,
    ("users", "resources"): _user_resources,
}
"""The same for OneRoster 1.2."""

WITHIN: Final[Mapping[tuple[str, str, str], Callable[[Store, str, str], Positions]]] = {
    ("schools", "classes", "students"): _inner(_class_users("student")),
    ("schools", "classes", "teachers"): _inner(_class_users("teacher")),
    ("schools", "classes", "enrollments"): _inner(_holding("enrollments", "classSourcedId")),
    ("classes", "lineItems", "results"): _inner(_holding("results", "lineItemSourcedId")),
    ("classes", "students", "results"): _student_results,
}
"""The same for addresses with two ids, of which the second belongs to the first."""
