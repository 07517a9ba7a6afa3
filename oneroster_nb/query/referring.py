"""What the rows behind an answer refer to: people, classes, courses and orgs (pure)."""

from collections.abc import Mapping

import pandas as pd

from oneroster_nb.query.query import PEOPLE_GROUPS, Query
from oneroster_nb.tables.elements import distinct_elements
from oneroster_nb.tables.lookup import among
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

    `tables` include rows marked ``tobedeleted``. `users` and `classes` are those of the status,
    role and term that are asked for, `classes` of groups that are people those of them; users at
    orgs that are there need not be among them.
    """
    everything = groups is None or query.names is None
    found: list[_Reference] = []
    if groups is not None and query.group_filter in PEOPLE_GROUPS:
        found += [("orgs", classes["schoolSourcedId"]), *_people(query, tables, classes)]
        found.append(("classes", _enrolled_groups(query, tables, groups)))
    elif groups is not None and query.by_classes:
        if query.group_filter == "courses" and everything:
            found.append(("courses", classes["courseSourcedId"]))
        key = "sourcedId" if query.group_filter == "classes" else "courseSourcedId"
        classes = classes.loc[among(classes[key], groups["sourcedId"])]
        found += [("orgs", classes["schoolSourcedId"]), *_people(query, tables, classes)]
    elif query.timed:
        if groups is not None:
            classes = classes.loc[among(classes["schoolSourcedId"], groups["sourcedId"])]
        found += _people(query, tables, classes)
    if everything and query.group_filter in (None, "schools"):
        found.append(("orgs", distinct_elements(users["orgSourcedIds"])))
    if everything and (query.group_filter in ("classes", "courses") or query.timed):
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
        found.append(("users", distinct_elements(tables["users"].loc[students, "agentSourcedIds"])))
    return found


def _enrolled_groups(
    query: Query, tables: Mapping[str, pd.DataFrame], groups: pd.DataFrame
) -> "pd.Series[str]":
    """Return the ids of the classes that groups are enrolled in, which are people themselves."""
    rows = active(tables["enrollments"], query.status)
    role = PEOPLE_GROUPS[query.group_filter or ""]
    mine = (rows["role"] == role) & among(rows["userSourcedId"], groups["sourcedId"])
    return rows.loc[mine, "classSourcedId"]


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
