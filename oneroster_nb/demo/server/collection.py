"""The collections of OneRoster 1.1 and 1.2, by their names in addresses."""

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np

from oneroster_nb.demo.server.store import Positions, Store


class Collection(NamedTuple):
    """A collection: its table, its rows, and the JSON keys of a list and of one record.

    `only` is a column and the values it must have; empty if every row belongs.
    """

    table: str
    many: str
    one: str
    only: tuple[str, ...] = ()


V1P1_COLLECTIONS: Final[Mapping[str, Collection]] = {
    "orgs": Collection("orgs", "orgs", "org"),
    "schools": Collection("orgs", "orgs", "org", ("type", "school")),
    "academicSessions": Collection("academicSessions", "academicSessions", "academicSession"),
    "terms": Collection(
        "academicSessions",
        "academicSessions",
        "academicSession",
        ("type", "term", "semester"),
    ),
    "gradingPeriods": Collection(
        "academicSessions", "academicSessions", "academicSession", ("type", "gradingPeriod")
    ),
    "courses": Collection("courses", "courses", "course"),
    "classes": Collection("classes", "classes", "class"),
    "users": Collection("users", "users", "user"),
    "students": Collection("users", "users", "user", ("role", "student")),
    "teachers": Collection("users", "users", "user", ("role", "teacher")),
    "enrollments": Collection("enrollments", "enrollments", "enrollment"),
    "demographics": Collection("demographics", "demographics", "demographics"),
    "resources": Collection("resources", "resources", "resource"),
    "categories": Collection("categories", "categories", "category"),
    "lineItems": Collection("lineItems", "lineItems", "lineItem"),
    "results": Collection("results", "results", "result"),
}
"""The collections of OneRoster 1.1, by their names in addresses."""

V1P2_COLLECTIONS: Final[Mapping[str, Collection]] = {
    **V1P1_COLLECTIONS,
    "students": Collection("users", "users", "user", ("heldRoles", "student")),
    "teachers": Collection("users", "users", "user", ("heldRoles", "teacher")),
    "scoreScales": Collection("scoreScales", "scoreScales", "scoreScale"),
    "assessmentLineItems": Collection(
        "assessmentLineItems", "assessmentLineItems", "assessmentLineItem"
    ),
    "assessmentResults": Collection("assessmentResults", "assessmentResults", "assessmentResult"),
}
"""The collections of OneRoster 1.2, in which a person is listed under every role."""


def members(store: Store, collection: Collection) -> Positions:
    """Return the rows of a whole collection."""
    rows = np.arange(len(store.tables[collection.table]))
    key = ("members", collection.table, *collection.only)
    return store.once(key, lambda: belonging(store, collection, rows))


def belonging(store: Store, collection: Collection, rows: Positions) -> Positions:
    """Return the rows, among some rows of its table, that belong to a collection."""
    if not collection.only:
        return rows
    column, *values = collection.only
    return store.column(collection.table, column).among(rows, *values)
