"""The one school whose groups a question means (pure)."""

import pandas as pd

from oneroster_nb.errors import QueryError
from oneroster_nb.query.groups import match_values
from oneroster_nb.spelling import nearest, shown
from oneroster_nb.tables.lookup import among
from oneroster_nb.tables.status import active
from oneroster_nb.tables.table import split_text


def schools_named(orgs: pd.DataFrame, school: str, status: str) -> "pd.Series[str]":
    """Return the ids of the schools of that id or name.

    QueryError, with the nearest name, if there is none.
    """
    schools = active(orgs.loc[orgs["type"] == "school"], status)
    hits = match_values(schools["sourcedId"], school, "exact")
    hits |= match_values(schools["name"], school, "exact")
    if not hits.any():
        names = list(dict.fromkeys(schools["name"].dropna()))
        raise QueryError(
            f"No school is called {shown(school)}.{nearest(school, names)} The schools are:"
            f" {', '.join(names[:20]) or 'none'}."
        )
    return schools.loc[hits, "sourcedId"]


def at_schools(classes: pd.DataFrame, schools: "pd.Series[str]") -> "pd.Series[bool]":
    """Return True for each class that is at one of some schools."""
    return among(classes["schoolSourcedId"], schools)


def groups_at_schools(
    kind: str, groups: pd.DataFrame, classes: pd.DataFrame, schools: "pd.Series[str]"
) -> "pd.Series[bool]":
    """Return True for each group that is of one of some schools.

    A course is of a school if it has one of `classes` there, or if the school is its org. People
    are of the schools among their orgs.
    """
    if kind == "classes":
        return at_schools(groups, schools)
    if kind == "schools":
        return among(groups["sourcedId"], schools)
    if kind == "courses":
        here = classes.loc[at_schools(classes, schools), "courseSourcedId"]
        return among(groups["sourcedId"], here) | among(groups["orgSourcedId"], schools)
    meant = frozenset(schools)
    texts = groups["orgSourcedIds"].dropna().unique()
    return groups["orgSourcedIds"].isin([t for t in texts if not meant.isdisjoint(split_text(t))])
