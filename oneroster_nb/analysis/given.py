"""What a question is asked of: the tables of a source, or those that a frame stands for."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd

from oneroster_nb.analysis.cells import texts
from oneroster_nb.analysis.columns import checked_columns, people_of
from oneroster_nb.errors import (
    DanglingReferenceWarning,
    ForbiddenError,
    NotFoundError,
    PartialResultWarning,
    QueryError,
    warn,
)
from oneroster_nb.membership import codes, link_classes, without_group
from oneroster_nb.progress import ProgressOption
from oneroster_nb.query import Query
from oneroster_nb.schema import TABLES, Kind, empty_table, split_text

if TYPE_CHECKING:
    from oneroster_nb.source import Source

__all__ = ["PERSON", "Asked", "Given", "given"]

Asked: TypeAlias = "Source | pd.DataFrame"
"""A connection, a roster, or a frame that ``get_users`` gave."""

PERSON = ["sourcedId", "givenName", "familyName", "role", "grades", "schoolNames"]
"""The columns that say who somebody is."""

_MEMBERSHIP = (
    *("classSourcedId", "classTitle", "classCode", "courseSourcedId", "courseTitle"),
    *("schoolSourcedId", "schoolName", "schoolSourcedIds", "schoolNames"),
    *("termSourcedIds", "termTitles", "enrollmentRole", "enrollmentPrimary"),
)
"""The columns of membership that a frame is asked about."""

_CLASS: Mapping[str, str] = {
    "sourcedId": "classSourcedId",
    "title": "classTitle",
    "courseTitle": "courseTitle",
    "schoolName": "schoolName",
    "termTitles": "termTitles",
}


@dataclass(frozen=True)
class Given:
    """The tables that a question is asked of, and what every question looks up in them.

    Attributes
    ----------
    tables : mapping of str to pandas.DataFrame
        Canonical tables, what is to be deleted included; those that were not asked for are empty.
    """

    tables: Mapping[str, pd.DataFrame]

    def live(self, name: str) -> pd.DataFrame:
        """Give the rows of a table that are not to be deleted."""
        table = self.tables[name]
        return table.loc[table["status"] != "tobedeleted"].reset_index(drop=True)

    @cached_property
    def users(self) -> pd.DataFrame:
        """The users that are not to be deleted."""
        return self.live("users")

    @cached_property
    def people(self) -> pd.DataFrame:
        """Who the users are: :data:`PERSON`, a row a user."""
        orgs = self.live("orgs")
        return without_group(Query(), self.users, orgs)[PERSON]

    @cached_property
    def classes(self) -> pd.DataFrame:
        """The classes that are not to be deleted, with the names of what they refer to."""
        names = ("courses", "orgs", "academicSessions")
        courses, orgs, sessions = (self.tables[name] for name in names)
        return link_classes(self.live("classes"), courses, orgs, sessions)

    @cached_property
    def named_classes(self) -> pd.DataFrame:
        """Which class is which: ``classSourcedId classTitle courseTitle schoolName termTitles``."""
        return self.classes[list(_CLASS)].rename(columns=dict(_CLASS))

    @cached_property
    def members(self) -> pd.DataFrame:
        """Who is in which class: ``user``, ``klass`` (row numbers), ``role``, ``primary``.

        A row a user, class and role, of enrollments, users and classes that are not to be deleted.
        """
        rows = self.live("enrollments")
        members = pd.DataFrame(
            {
                "user": codes(rows["userSourcedId"], self.users["sourcedId"]),
                "klass": codes(rows["classSourcedId"], self.classes["sourcedId"]),
                "role": rows["role"],
                "primary": rows["primary"].fillna(False).astype(bool),
            }
        )
        members = members.loc[(members["user"] >= 0) & (members["klass"] >= 0)]
        keys = ["user", "klass", "role"]
        return members.groupby(keys, sort=False, dropna=False)["primary"].any().reset_index()

    def in_role(self, role: str) -> pd.DataFrame:
        """Give the members who are enrolled in a role."""
        return self.members.loc[self.members["role"] == role]

    def holders(self, role: str) -> "pd.Series[bool]":
        """Say of each user whether the person holds a role, be it a second one."""
        roles = self.live("roles")
        held = roles.loc[roles["role"] == role, "userSourcedId"]
        return (self.users["role"] == role) | self.users["sourcedId"].isin(held)

    def per_class(self, role: str) -> "pd.Series[int]":
        """Count the distinct people enrolled in a role, a number a class."""
        counts = np.bincount(self.in_role(role)["klass"], minlength=len(self.classes))
        return pd.Series(counts, index=self.classes.index, dtype="int64")


def given(
    source: Asked,
    question: str,
    tables: Sequence[str],
    *,
    progress: ProgressOption,
    frame_columns: Sequence[str] | None = None,
) -> Given:
    """Give the tables of what a question is asked of.

    Parameters
    ----------
    source : Source or pandas.DataFrame
        A connection, of which the tables are pulled, a roster, or a frame.
    question : str
        What is asked, for error messages.
    tables : sequence of str
        The canonical tables that are needed. Where a server does not show ``demographics``, they
        are empty.
    progress : None, bool or callable
        See :data:`oneroster_nb.progress.ProgressOption`.
    frame_columns : sequence of str, optional
        The columns that a frame must have for this question; None where no frame will do.

    Raises
    ------
    QueryError
        For something that cannot be asked this.
    RosterError
        Where the source does not give the tables.

    Warns
    -----
    PartialResultWarning
        Where the server does not show demographics.
    """
    if isinstance(source, pd.DataFrame):
        if frame_columns is None:
            raise QueryError(
                f"{question}() looks at whole tables ({', '.join(tables)}), which a DataFrame does"
                " not hold. Pass the connection or the roster that it came from."
            )
        found = _tables_of_frame(source, question, frame_columns)
    elif hasattr(source, "get_roster"):
        found = _tables_of_source(source, tables, progress)
    else:
        raise QueryError(
            f"{question}() takes a connection, a roster or a DataFrame, not"
            f" {type(source).__name__}."
        )
    return Given({name: found[name] if name in found else empty_table(name) for name in TABLES})


def _tables_of_source(
    source: "Source", tables: Sequence[str], progress: ProgressOption
) -> dict[str, pd.DataFrame]:
    with warnings.catch_warnings():
        # Each question says itself what it does with what points nowhere.
        warnings.simplefilter("ignore", DanglingReferenceWarning)
        try:
            roster = source.get_roster(tables=tables, progress=progress)
        except (ForbiddenError, NotFoundError) as error:
            if "demographics" not in tables:
                raise
            tables = [name for name in tables if name != "demographics"]
            roster = source.get_roster(tables=tables, progress=progress)
            warn(
                f"The server does not show demographics, so no birth dates are known: {error}",
                PartialResultWarning,
            )
    return {name: roster.table(name) for name in tables}


def _tables_of_frame(
    df: pd.DataFrame, question: str, needed: Sequence[str]
) -> dict[str, pd.DataFrame]:
    """Take a frame of users apart into the tables that it was joined of."""
    for name in ("sourcedId", *needed):
        if name not in df.columns:
            asked = "'classes'" if name == "classSourcedId" else "no group"
            raise QueryError(
                f"{question}() needs the column {name!r}, which this frame has not. Keep it, ask"
                f" get_users() with {asked}, or pass the connection or the roster itself."
            )
    people_of(df)  # refuses rows of nobody
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
    used = {*TABLES["users"].columns, *_MEMBERSHIP, "birthDate"}
    checked_columns(df, question, [name for name in df.columns if name in used])
    if "status" in df.columns:
        df = df.loc[df["status"] != "tobedeleted"]
    df = df.reset_index(drop=True)
    people = df.drop_duplicates("sourcedId").reset_index(drop=True)
    ids = "schoolSourcedIds" if "schoolSourcedIds" in df else "orgSourcedIds"
    found = {"users": _as_table("users", people, {"orgSourcedIds": ids})}
    found["orgs"] = _schools_of(df)
    if "birthDate" in df:
        found["demographics"] = _as_table("demographics", people, {})
    if "classSourcedId" in df:
        rows = df.dropna(subset=["classSourcedId"]).reset_index(drop=True)
        names = {"sourcedId": "classSourcedId", "title": "classTitle"}
        of_class = rows.drop_duplicates("classSourcedId").reset_index(drop=True)
        found["classes"] = _as_table("classes", of_class, names)
        names = {"sourcedId": "courseSourcedId", "title": "courseTitle"}
        found["courses"] = _distinct("courses", rows, names)
        found["academicSessions"] = _terms_of(of_class)
        enrolled = {"userSourcedId": "sourcedId", "primary": "enrollmentPrimary"}
        table = _as_table("enrollments", rows, enrolled)
        # Lists of members do not say how somebody is enrolled; then it is as what the person is.
        roles = _text(rows, "enrollmentRole").fillna(_text(rows, "role"))
        found["enrollments"] = table.assign(role=roles)
    return found


def _as_table(name: str, rows: pd.DataFrame, renamed: Mapping[str, str]) -> pd.DataFrame:
    """Give a canonical table of some rows; a column that they lack is missing."""
    table = empty_table(name).reindex(rows.index)
    for column in table.columns:
        source = renamed.get(column, column)
        if source in rows:
            table[column] = _of_kind(TABLES[name].columns[column], rows[source])
    return table.assign(status="active")


def _of_kind(kind: Kind, values: "pd.Series[Any]") -> "pd.Series[Any]":
    """Bring values into the dtype of their column: a frame may come out of any file."""
    if kind is Kind.BOOLEAN:
        return (texts(values).str.casefold() == "true").astype("boolean")
    if kind in (Kind.DATE, Kind.TIMESTAMP):
        return pd.to_datetime(values, errors="coerce", format="ISO8601")
    return texts(values)


def _distinct(name: str, rows: pd.DataFrame, renamed: Mapping[str, str]) -> pd.DataFrame:
    key = renamed["sourcedId"]
    if key not in rows:
        return empty_table(name)
    distinct = rows.dropna(subset=[key]).drop_duplicates(key).reset_index(drop=True)
    return _as_table(name, distinct, renamed)


def _schools_of(df: pd.DataFrame) -> pd.DataFrame:
    """Give the schools that a frame names, beside users or beside classes."""
    names: dict[str, Any] = {}
    if "schoolSourcedIds" in df:
        pairs = df[["schoolSourcedIds"]].assign(names=_text(df, "schoolNames"))
        pairs = pairs.dropna(subset=["schoolSourcedIds"]).drop_duplicates()
        for keys, titles in pairs.itertuples(index=False):
            split = split_text(titles) if isinstance(titles, str) else []
            listed = split_text(keys)
            known = split if len(split) == len(listed) else [None] * len(listed)
            names |= dict(zip(listed, known, strict=True))
    if "schoolSourcedId" in df:
        pairs = df[["schoolSourcedId"]].assign(names=_text(df, "schoolName"))
        names |= dict(pairs.dropna().drop_duplicates().itertuples(index=False))
    table = empty_table("orgs").reindex(range(len(names)))
    table["sourcedId"] = pd.Series(list(names), dtype="str")
    table["name"] = pd.Series(list(names.values()), dtype="str")
    return table.assign(type="school", status="active")


def _terms_of(classes: pd.DataFrame) -> pd.DataFrame:
    titles: dict[str, Any] = {}
    pairs = zip(_text(classes, "termSourcedIds"), _text(classes, "termTitles"), strict=True)
    for keys, names in pairs:
        if isinstance(keys, str) and isinstance(names, str):
            titles |= dict(zip(split_text(keys), split_text(names), strict=False))
    table = empty_table("academicSessions").reindex(range(len(titles)))
    table["sourcedId"] = pd.Series(list(titles), dtype="str")
    table["title"] = pd.Series(list(titles.values()), dtype="str")
    return table.assign(status="active")


def _text(df: pd.DataFrame, name: str) -> "pd.Series[str]":
    if name in df:
        return texts(df[name])
    return pd.Series([None] * len(df), index=df.index, dtype="str")
