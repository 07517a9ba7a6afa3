"""The collections of OneRoster 1.1 and 1.2 by their place in the address."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

import numpy as np

from oneroster_nb.demo.server.store import Positions, Store

__all__ = ["V1P1_COLLECTIONS", "V1P2_COLLECTIONS", "Collection", "belonging", "members"]


class Collection(NamedTuple):
    """A collection: its table, which rows of it, and the JSON keys of many and of one.

    `only` is a column and the values it must have; empty where every row belongs.
    """

    table: str
    many: str
    one: str
    only: tuple[str, ...] = ()


V1P1_COLLECTIONS: Final[Mapping[str, Collection]] = MappingProxyType(
    {
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
)
"""The collections of OneRoster 1.1 by their place in the address."""

V1P2_COLLECTIONS: Final[Mapping[str, Collection]] = MappingProxyType(
    {
        **V1P1_COLLECTIONS,
        "students": Collection("users", "users", "user", ("heldRoles", "student")),
        "teachers": Collection("users", "users", "user", ("heldRoles", "teacher")),
        "scoreScales": Collection("scoreScales", "scoreScales", "scoreScale"),
        "assessmentLineItems": Collection(
            "assessmentLineItems", "assessmentLineItems", "assessmentLineItem"
        ),
        "assessmentResults": Collection(
            "assessmentResults", "assessmentResults", "assessmentResult"
        ),
    }
)
"""Those of 1.2, where a person counts under every role held."""


def members(store: Store, collection: Collection) -> Positions:
    """Give the rows of a whole collection."""
    rows = np.arange(len(store.tables[collection.table]))
    key = ("members", collection.table, *collection.only)
    return store.once(key, lambda: belonging(store, collection, rows))


def belonging(store: Store, collection: Collection, rows: Positions) -> Positions:
    """Give those of some rows of its table that belong to a collection."""
    if not collection.only:
        return rows
    column, *values = collection.only
    return store.column(collection.table, column).among(rows, *values)
