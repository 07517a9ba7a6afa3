"""What the rows behind an answer refer to: people, classes, courses and orgs (pure)."""

from collections.abc import Mapping

import pandas as pd

from oneroster_nb.query.query import Query
from oneroster_nb.tables.lookup import among
from oneroster_nb.tables.references import elements
from oneroster_nb.tables.roles_at_orgs import LINKED_ROLES
from oneroster_nb.tables.status import active, is_active

_Reference = tuple[str, "pd.Series[str]"]


def references_of_answer(
    query: Query,
    tables: Mapping[str, pd.DataFrame],
    *,
    users: pd.DataFrame,
    classes: pd.DataFrame,
    groups: pd.DataFrame | None,
) -> list[_Reference]:
    """Find what the rows behind an answer refer to.

    What has nothing to do with the groups asked for is left out. References into a table without
    rows are left out too, unless they are to people: another warning says that nothing is shown.

    Parameters
    ----------
    query : Query
        The question.
    tables : mapping of str to pandas.DataFrame
        Canonical tables, rows marked ``tobedeleted`` included.
    users, classes : pandas.DataFrame
        Those of the status, role and term that are asked for. Of the users, those at orgs that
        are there need not be among them.
    groups : pandas.DataFrame, optional
        The groups that are asked for; None for a question without a group.

    Returns
    -------
    list of (str, pandas.Series)
        The name of a table and the ids that refer to it, as
        :func:`oneroster_nb.tables.references.not_there` takes them.
    """
    everything = groups is None or query.names is None
    found: list[_Reference] = []
    if groups is not None and query.group_filter != "schools":
        if query.group_filter == "courses" and everything:
            found.append(("courses", classes["courseSourcedId"]))
        key = "sourcedId" if query.group_filter == "classes" else "courseSourcedId"
        classes = classes.loc[among(classes[key], groups["sourcedId"])]
        found += [("orgs", classes["schoolSourcedId"]), *_people(query, tables, classes)]
    elif query.term is not None:
        if groups is not None:
            classes = classes.loc[among(classes["schoolSourcedId"], groups["sourcedId"])]
        found += _people(query, tables, classes)
    if everything and query.group_filter in (None, "schools"):
        found.append(("orgs", elements(users["orgSourcedIds"])))
    if everything and (query.group_filter in ("classes", "courses") or query.term is not None):
        gone = _gone(tables["users"], query.status)
        enrolled = _enrolled(query, tables)
        of_others = ~among(enrolled["userSourcedId"], gone)
        found.append(("classes", enrolled.loc[of_others, "classSourcedId"]))
    return [(name, ids) for name, ids in found if name == "users" or len(tables[name])]


def _people(
    query: Query, tables: Mapping[str, pd.DataFrame], classes: pd.DataFrame
) -> list[_Reference]:
    """Find the people whom the enrollments in some classes name, and whom those are linked to."""
    enrolled = _enrolled(query, tables)
    enrolled = enrolled.loc[among(enrolled["classSourcedId"], classes["sourcedId"])]
    found = [("users", enrolled["userSourcedId"])]
    if not LINKED_ROLES.isdisjoint(query.roles or ()):
        students = among(tables["users"]["sourcedId"], enrolled["userSourcedId"])
        found.append(("users", elements(tables["users"].loc[students, "agentSourcedIds"])))
    return found


def _enrolled(query: Query, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the enrollments that count: of the roles asked for, or the students of guardians."""
    narrow = tables["enrollments"][["status", "role", "userSourcedId", "classSourcedId"]]
    rows = active(narrow, query.status)
    if query.roles is None:
        return rows
    linked = not LINKED_ROLES.isdisjoint(query.roles)
    return rows.loc[rows["role"].isin([*query.roles, *(["student"] if linked else [])])]


def _gone(table: pd.DataFrame, status: str) -> "pd.Series[str]":
    """Return the ids of the rows that are there and not asked for."""
    gone = ~is_active(table) & (status != "all")
    return table["sourcedId"][gone]
