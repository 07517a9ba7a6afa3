"""Users, groups and classes put together into rows with membership columns."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from oneroster_nb.query.answer_columns import (
    ANSWER_COLUMNS,
    CLASS_COLUMNS,
    ENROLLMENT_COLUMNS,
    GROUP_COLUMNS,
    GROUP_COUNT,
    LISTS,
)
from oneroster_nb.query.groups import name_column
from oneroster_nb.query.query import Query
from oneroster_nb.tables.lookup import codes, take
from oneroster_nb.tables.table import TABLES, join_values, split_text
from oneroster_nb.tables.where import fitting


@dataclass(frozen=True)
class Members:
    """Who belongs to which group: positions in the tables, an entry a row of the answer.

    `user` and `group` are rows of the users and of the matched groups; `class_` and `enrollment`
    those through which they belong to it, -1 if there is none. `role` is as what they are enrolled,
    if that is known without the enrollments.
    """

    user: NDArray[np.intp]
    group: NDArray[np.intp]
    class_: NDArray[np.intp]
    enrollment: NDArray[np.intp]
    role: NDArray[np.object_] | None = None

    def distinct(self) -> "Members":
        """Keep the first of the rows that say the same: user, group and class."""
        frame = pd.DataFrame({"u": self.user, "g": self.group, "k": self.class_})
        return self.take(np.flatnonzero(~frame.duplicated()))

    def first_users(self, bound: int | None) -> "Members":
        """Keep the rows of the first `bound` distinct users."""
        if bound is None:
            return self
        _, firsts = np.unique(self.user, return_index=True)
        allowed = self.user[np.sort(firsts)[:bound]]
        return self.take(np.flatnonzero(np.isin(self.user, allowed)))

    def followed_by(self, others: "Members") -> "Members":
        """Put the rows of others behind these, of which no role is known apart from enrollments."""
        return Members(
            np.append(self.user, others.user),
            np.append(self.group, others.group),
            np.append(self.class_, others.class_),
            np.append(self.enrollment, others.enrollment),
        )

    def take(self, rows: NDArray[np.intp]) -> "Members":
        """Keep some rows."""
        role = None if self.role is None else self.role[rows]
        return Members(
            self.user[rows], self.group[rows], self.class_[rows], self.enrollment[rows], role
        )


def link_courses(courses: pd.DataFrame, orgs: pd.DataFrame) -> pd.DataFrame:
    """Add ``schoolName``, the name of the course's org."""
    return courses.assign(schoolName=_looked_up(courses["orgSourcedId"], orgs, "name"))


def link_classes(
    classes: pd.DataFrame, courses: pd.DataFrame, orgs: pd.DataFrame, sessions: pd.DataFrame
) -> pd.DataFrame:
    """Add the names of what a class refers to: ``courseTitle schoolName termTitles``."""
    titles = dict(zip(sessions["sourcedId"], sessions["title"], strict=True))
    terms = {
        text: join_values(t for t in map(titles.get, split_text(text)) if isinstance(t, str))
        for text in classes["termSourcedIds"].dropna().unique()
    }
    return classes.assign(
        courseTitle=_looked_up(classes["courseSourcedId"], courses, "title"),
        schoolName=_looked_up(classes["schoolSourcedId"], orgs, "name"),
        termTitles=classes["termSourcedIds"].map(terms).replace("", np.nan).astype("str"),
    )


def with_group(
    query: Query,
    members: Members,
    *,
    users: pd.DataFrame,
    groups: pd.DataFrame,
    classes: pd.DataFrame,
    enrollments: pd.DataFrame,
) -> pd.DataFrame:
    """Build the answer to a question with a group.

    `members` are in the order of the rows; `groups` have a column ``matchedOn``, `classes` are
    those of :func:`link_classes`. Return the columns of users, of a source's additions those that
    one of these users has, then the membership columns: str but for ``enrollmentPrimary`` (boolean)
    and the enrollment dates (datetime64). The ``max_users`` of the query are applied here.
    """
    members = members.distinct().first_users(query.max_users)
    shown = users.columns[_shown_columns(users.iloc[members.user])]
    columns: dict[str, Any] = {name: take(users[name], members.user) for name in shown}
    name = name_column(query.group_filter or "")
    columns["groupType"] = pd.Series([query.group_filter] * len(members.user), dtype="str")
    columns["groupSourcedId"] = take(groups["sourcedId"], members.group)
    columns["groupName"] = take(groups[name], members.group)
    columns["matchedOn"] = take(groups["matchedOn"], members.group)
    for column, source in CLASS_COLUMNS.items():
        columns[column] = take(classes[source], members.class_)
    if query.group_filter == "schools":
        columns["schoolSourcedId"] = columns["groupSourcedId"]
        columns["schoolName"] = columns["groupName"]
    for column, source in ENROLLMENT_COLUMNS.items():
        columns[column] = take(enrollments[source], members.enrollment)
    if members.role is not None:
        columns["enrollmentRole"] = pd.Series(members.role, dtype="str")
    return pd.DataFrame(columns)


def without_group(query: Query, users: pd.DataFrame, orgs: pd.DataFrame) -> pd.DataFrame:
    """Build the answer to a question without a group: users and their schools.

    Return the columns of users, of a source's additions those that one of these users has, then
    ``schoolSourcedIds`` and ``schoolNames``, both str, for at most ``max_users`` of the query.
    """
    users = users.head(query.max_users) if query.max_users else users
    users = users.loc[:, _shown_columns(users)]
    schools = orgs.loc[orgs["type"] == "school"]
    names = dict(zip(schools["sourcedId"], schools["name"], strict=True))
    ids: dict[str, Any] = {}
    titles: dict[str, Any] = {}
    for text in users["orgSourcedIds"].dropna().unique():
        mine = [org for org in split_text(text) if org in names]
        ids[text] = join_values(mine) or np.nan
        titles[text] = join_values(names[o] for o in mine if isinstance(names[o], str)) or np.nan
    return users.assign(
        schoolSourcedIds=users["orgSourcedIds"].map(ids).astype("str"),
        schoolNames=users["orgSourcedIds"].map(titles).astype("str"),
    ).reset_index(drop=True)


def chosen_rows(query: Query, answer: pd.DataFrame) -> pd.DataFrame:
    """Keep the rows of an answer that fit the conditions of a question.

    `answer` has a row a membership and all users. Groups are counted among the rows that fit the
    other conditions. The ``max_users`` of the query are applied here.
    """
    of_rows = dict(query.where or {})
    of_count = {name: of_rows.pop(name) for name in [GROUP_COUNT] if name in of_rows}
    frame = fitting(answer, ANSWER_COLUMNS, of_rows).reset_index(drop=True)
    if of_count:
        counted = frame.assign(**{GROUP_COUNT: _group_counts(frame)})
        frame = fitting(counted, ANSWER_COLUMNS, of_count).drop(columns=GROUP_COUNT)
        frame = frame.reset_index(drop=True)
    if query.max_users is not None:
        allowed = frame["sourcedId"].drop_duplicates().head(query.max_users)
        frame = frame.loc[frame["sourcedId"].isin(allowed)].reset_index(drop=True)
    own = [name in ANSWER_COLUMNS or bool(frame[name].notna().any()) for name in frame.columns]
    frame = frame.loc[:, own]
    frame.attrs = dict(answer.attrs)
    return frame


def _shown_columns(users: pd.DataFrame) -> list[bool]:
    """Return True for each column that is canonical, or an addition that one of the users has.

    Other people in the same table must not show in the answer.
    """
    canonical = TABLES["users"].columns
    return [name in canonical or bool(users[name].notna().any()) for name in users.columns]


def one_row_each(frame: pd.DataFrame) -> pd.DataFrame:
    """Return one row a user: membership values joined, each once, and ``groupCount``."""
    one = frame.assign(**{GROUP_COUNT: _group_counts(frame)})
    one = one.drop_duplicates("sourcedId").reset_index(drop=True)
    for column in (*GROUP_COLUMNS, *CLASS_COLUMNS, *ENROLLMENT_COLUMNS):
        if column == "groupType":
            continue
        texts = frame[["sourcedId"]].assign(value=_as_text(frame[column]))
        texts = texts.dropna().drop_duplicates()
        join = _join_elements if column in LISTS else join_values
        joined = texts.groupby("sourcedId", sort=False)["value"].agg(join)
        one[column] = one["sourcedId"].map(joined).astype("str")
    one.attrs = dict(frame.attrs)
    return one


def _group_counts(frame: pd.DataFrame) -> "pd.Series[int]":
    """Return for each row in how many groups its user is."""
    groups = frame.groupby("sourcedId", sort=False)["groupSourcedId"].nunique()
    return frame["sourcedId"].map(groups).astype("int64")


def _join_elements(texts: Iterable[str]) -> str:
    """Join the elements of multi-valued texts, each once."""
    return join_values(dict.fromkeys(part for text in texts for part in split_text(text)))


def _as_text(column: "pd.Series[Any]") -> "pd.Series[str]":
    texts = column
    if column.dtype == "boolean":
        texts = column.map({True: "true", False: "false"})
    elif column.dtype.kind == "M":
        texts = column.dt.strftime("%Y-%m-%d")
    return texts.astype("str")


def _looked_up(values: "pd.Series[str]", table: pd.DataFrame, column: str) -> "pd.Series[Any]":
    found = take(table[column], codes(values, table["sourcedId"]))
    return found.set_axis(values.index)
