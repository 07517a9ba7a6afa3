"""The canonical tables rebuilt from a DataFrame of users, as far as it holds them (pure)."""

from collections.abc import Mapping, Sequence

import pandas as pd

from oneroster_nb.counts.columns import checked_columns, people_of
from oneroster_nb.errors import QueryError
from oneroster_nb.query.answer_columns import CLASS_COLUMNS
from oneroster_nb.spelling import nearest
from oneroster_nb.tables.coercing import coerce_frame
from oneroster_nb.tables.notes import warn_of_unreadable
from oneroster_nb.tables.status import active
from oneroster_nb.tables.table import TABLES, empty_table, split_text
from oneroster_nb.tables.text import texts

_CLASS = {each: name for name, each in CLASS_COLUMNS.items() if each in TABLES["classes"].columns}
"""The columns of classes that a frame has, and what it calls them."""

_COURSE: Mapping[str, str] = {"sourcedId": "courseSourcedId", "title": "courseTitle"}
"""Likewise of courses."""

_DEMOGRAPHICS = TABLES["demographics"].columns.keys() - TABLES["users"].columns.keys()
"""The columns of demographics that a frame can have beside those of people."""

_MEMBERSHIP = (*CLASS_COLUMNS, "schoolSourcedIds", "schoolNames", "enrollmentRole")
"""The columns of membership that a frame is asked about."""


def tables_of_frame(
    df: pd.DataFrame, question: str, needed: Sequence[str]
) -> dict[str, pd.DataFrame]:
    """Split a frame of users into the tables that it was joined from."""
    for name in ("sourcedId", *needed):
        if name not in df.columns:
            asked = "'classes'" if "classSourcedId" in needed else "no group"
            raise QueryError(
                f"{question}() needs the column {name!r}, which this frame has not."
                f"{nearest(name, map(str, df.columns))} Keep it, ask get_users() with {asked}, or"
                " pass the connection or the roster itself."
            )
    people_of(df)  # refuses rows without a sourcedId
    if "classSourcedId" in needed and len(df) and df["classSourcedId"].isna().all():
        raise QueryError(
            f"{question}() is about classes, and none is named in this frame. Ask get_users() with"
            " 'classes', or pass the connection or the roster itself."
        )
    if "groupCount" in df.columns and "classSourcedId" in needed:
        raise QueryError(
            f"{question}() needs a row a class, and this frame has its classes joined. Ask"
            " get_users() without unique=True."
        )
    used = {*TABLES["users"].columns, *_MEMBERSHIP, *_DEMOGRAPHICS}
    checked_columns(df, question, [name for name in dict.fromkeys(df.columns) if name in used])
    if "status" in df.columns:
        df = active(df)
    df = df.reset_index(drop=True)
    people = df.drop_duplicates("sourcedId").reset_index(drop=True)
    ids = "schoolSourcedIds" if "schoolSourcedIds" in df else "orgSourcedIds"
    found = {"users": _as_table("users", people, {"orgSourcedIds": ids})}
    found["orgs"] = _schools_of(df)
    if not _DEMOGRAPHICS.isdisjoint(df.columns):
        found["demographics"] = _as_table("demographics", people, {})
    if "classSourcedId" in df:
        rows = df.loc[_text(df, "classSourcedId").notna()].reset_index(drop=True)
        of_class = _first_of_each(rows, "classSourcedId")
        found["classes"] = _only("classes", of_class, _CLASS)
        found["courses"] = _only("courses", _first_of_each(rows, "courseSourcedId"), _COURSE)
        found["academicSessions"] = _terms_of(of_class)
        enrolled = {"userSourcedId": "sourcedId", "classSourcedId": "classSourcedId"}
        # Lists of members do not say how a person is enrolled; then the role of the person counts.
        roles = _text(rows, "enrollmentRole").fillna(_text(rows, "role"))
        found["enrollments"] = _only("enrollments", rows, enrolled).assign(role=roles)
    return found


def _as_table(name: str, rows: pd.DataFrame, renamed: Mapping[str, str]) -> pd.DataFrame:
    """Return a canonical table of some rows; a column that they lack is missing."""
    named = {column: renamed.get(column, column) for column in TABLES[name].columns}
    found = {column: rows[source] for column, source in named.items() if source in rows}
    table, notes = coerce_frame(name, empty_table(name).reindex(rows.index).assign(**found))
    warn_of_unreadable(name, notes)
    return table.assign(status="active")


def _first_of_each(rows: pd.DataFrame, key: str) -> pd.DataFrame:
    """Return the first row of each value of a column; none if there is no such column."""
    known = rows.loc[_text(rows, key).notna()]
    return known.drop_duplicates(key).reset_index(drop=True) if key in known else known


def _only(name: str, rows: pd.DataFrame, renamed: Mapping[str, str]) -> pd.DataFrame:
    """Return a canonical table of some rows; only the columns that are named here."""
    return _as_table(name, rows[[c for c in renamed.values() if c in rows]], renamed)


def _schools_of(df: pd.DataFrame) -> pd.DataFrame:
    """Return the schools that a frame names, beside users or beside classes."""
    names = _named_lists(df, "schoolSourcedIds", "schoolNames")
    one_each = pd.DataFrame({"key": _text(df, "schoolSourcedId"), "name": _text(df, "schoolName")})
    names |= dict(one_each.dropna().drop_duplicates().itertuples(index=False))
    table = empty_table("orgs").reindex(range(len(names)))
    table["sourcedId"] = pd.Series(list(names), dtype="str")
    table["name"] = pd.Series(list(names.values()), dtype="str")
    return table.assign(type="school", status="active")


def _terms_of(classes: pd.DataFrame) -> pd.DataFrame:
    titles = _named_lists(classes, "termSourcedIds", "termTitles")
    table = empty_table("academicSessions").reindex(range(len(titles)))
    table["sourcedId"] = pd.Series(list(titles), dtype="str")
    table["title"] = pd.Series(list(titles.values()), dtype="str")
    return table.assign(status="active")


def _named_lists(df: pd.DataFrame, keys: str, names: str) -> dict[str, str | None]:
    """Return the name of each id in a column of several; None if no row says it.

    A row in which fewer are named than there are does not say which name is whose.
    """
    found: dict[str, str | None] = {}
    pairs = pd.DataFrame({"keys": _text(df, keys), "names": _text(df, names)})
    for ids, titles in pairs.dropna(subset=["keys"]).drop_duplicates().itertuples(index=False):
        listed = split_text(ids)
        split = split_text(titles) if isinstance(titles, str) else []
        if len(split) == len(listed):
            found |= dict(zip(listed, split, strict=True))
        found = dict.fromkeys(listed) | found
    return found


def _text(df: pd.DataFrame, name: str) -> "pd.Series[str]":
    if name in df:
        return texts(df[name])
    return pd.Series([None] * len(df), index=df.index, dtype="str")
