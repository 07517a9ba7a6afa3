"""Roster: the tables of one moment, asked from memory."""

import datetime
import html
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from oneroster_nb.errors import ConfigurationError
from oneroster_nb.matching import DEFAULT_MATCH_ON
from oneroster_nb.membership import (
    Members,
    codes,
    link_classes,
    link_courses,
    with_group,
    without_group,
)
from oneroster_nb.progress import ProgressOption
from oneroster_nb.query import Query
from oneroster_nb.schema import BEYOND, TABLES, empty_table, split_text
from oneroster_nb.snapshot import Snapshot, read_snapshot, write_snapshot
from oneroster_nb.source import Source
from oneroster_nb.tables import checked_tables
from oneroster_nb.terms import classes_in_term, sessions_of_term
from oneroster_nb.where import Where, active

__all__ = ["Roster"]

_ATTRIBUTES: Mapping[str, str] = MappingProxyType(
    {
        "".join("_" + c.lower() if c.isupper() else c for c in name): name
        for name in (*TABLES, *BEYOND)
    }
)
"""Attribute of a roster to the canonical table that it gives."""


class Roster(Source):
    """All tables of one moment, local, which answers the calls of a connector from memory.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        Canonical tables by name; those that are left out are empty. The tables of OneRoster 1.2
        beyond them (``userProfiles scoreScales …``) are kept as they are.
    provider : str
        Where they come from.
    taken : datetime.datetime, optional
        When they were pulled; left out, now. Times are UTC.
    recipe : str
        A Python expression that makes this roster anew.

    Attributes
    ----------
    provider : str
    taken : datetime.datetime
    orgs, academic_sessions, courses, classes, users, roles, enrollments, ... : pandas.DataFrame
        The canonical tables, what is to be deleted included.

    Raises
    ------
    ConfigurationError
        For a table that is not canonical, or one that lacks columns.

    Examples
    --------
    >>> import oneroster_nb as onb
    >>> from oneroster_nb.demo.district import make_district
    >>> len(onb.Roster(make_district()).get_users("students"))
    139
    """

    def __init__(
        self,
        tables: Mapping[str, pd.DataFrame],
        *,
        provider: str = "",
        taken: datetime.datetime | None = None,
        recipe: str = "",
    ) -> None:
        if not isinstance(tables, Mapping):
            raise ConfigurationError(
                "Roster() takes a mapping of canonical names to DataFrames, not"
                f" {type(tables).__name__}. Roster.load(path) reads a saved roster."
            )
        self._match_on = list(DEFAULT_MATCH_ON)
        given = {name: _checked(name, table) for name, table in tables.items()}
        self._tables = {
            name: given[name] if name in given else _nothing(name) for name in (*TABLES, *BEYOND)
        }
        self.provider = provider
        self.taken = taken or datetime.datetime.now(datetime.UTC)
        self._recipe = recipe

    @property
    def recipe(self) -> str:
        """A Python expression that makes this roster anew; empty where it was made of tables."""
        return self._recipe

    def close(self) -> None:
        """Do nothing: a roster holds nothing open."""

    def headcounts(self, *, progress: ProgressOption = False) -> dict[str, int | None]:  # noqa: ARG002
        """Count the active ``students``, ``teachers`` and ``schools``."""
        people = {
            who: int(self._chosen_users(Query(who)).sum()) for who in ("students", "teachers")
        }
        schools = active(self._listed_groups("schools", False), "active")
        return {**people, "schools": len(schools)}

    def table(self, name: str) -> pd.DataFrame:
        """Give a whole canonical table by its name, what is to be deleted included.

        Raises
        ------
        QueryError
            For a name that is no canonical table.
        """
        checked_tables(name)
        return self._tables[name]

    def get_roster(
        self,
        *,
        tables: Sequence[str] | None = None,
        progress: ProgressOption = None,  # noqa: ARG002
    ) -> "Roster":
        """Give this roster, or one of some of its tables, as a live source gives its own.

        Parameters
        ----------
        tables : sequence of str, optional
            Canonical names of the tables to keep.
        progress : None, bool or callable
            Takes no effect: nothing is pulled.

        Raises
        ------
        QueryError
            For a name that is no canonical table.
        """
        if tables is None:
            return self
        kept = {name: self._tables[name] for name in checked_tables(tables)}
        return Roster(kept, provider=self.provider, taken=self.taken)

    def refresh(
        self, conn: Source, *, allow_shrink: bool = False, progress: ProgressOption = None
    ) -> "Roster":
        """Give a new roster, brought up to date with what changed since this one was pulled.

        Only rows that changed are asked for where the server can tell; a table whose number of
        rows is then another than the server's is pulled anew. This roster stays as it is.

        Parameters
        ----------
        conn : Connector
            A live connection to the provider that the roster is from.
        allow_shrink : bool
            Whether a table may be less than half of what it was.
        progress : None, bool or callable
            See :data:`oneroster_nb.progress.ProgressOption`.

        Raises
        ------
        ConfigurationError
            Where the connection is to another provider, or not a live one.
        IncompleteError
            Where a table is suddenly empty or less than half of what it was.
        RosterError
            Where a table cannot be pulled.

        Warns
        -----
        PartialResultWarning
            Where the server does not show a table.
        DanglingReferenceWarning
            Where references point nowhere.

        Examples
        --------
        >>> import oneroster_nb as onb
        >>> with onb.connect("demo") as conn:
        ...     yesterday = conn.get_roster()
        ...     today = yesterday.refresh(conn)
        >>> len(today.users) == len(yesterday.users)
        True
        """
        if not isinstance(conn, Source):
            raise ConfigurationError(f"refresh() takes a live connection, not {conn!r}.")
        return conn._refreshed(self, allow_shrink=allow_shrink, progress=progress)

    def __getattr__(self, name: str) -> pd.DataFrame:
        table = _ATTRIBUTES.get(name)
        if table is None:
            raise AttributeError(
                f"A Roster has no {name!r}. Its tables are: {', '.join(_ATTRIBUTES)}."
            )
        return self._tables[table]

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *_ATTRIBUTES]

    @classmethod
    def load(cls, path: str | Path) -> "Roster":
        """Read a roster that :meth:`save` wrote, and check that it is whole.

        Parameters
        ----------
        path : str or Path
            The folder.

        Raises
        ------
        SnapshotError
            Where it is no such folder, is damaged, or was written by a newer version.
        """
        snapshot = read_snapshot(path)
        return cls(
            snapshot.tables,
            provider=snapshot.provider,
            taken=snapshot.taken,
            recipe=f"onb.Roster.load({str(path)!r})",
        )

    def save(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """Write the roster into a folder of Parquet files that its owner alone can read.

        All of it is written or nothing: a process that is killed leaves the old folder, or none.

        Parameters
        ----------
        path : str or Path
            The folder to make, ``"lincoln.roster"`` say.
        overwrite : bool
            Whether a roster that is there already is replaced.

        Returns
        -------
        Path
            The folder.

        Raises
        ------
        SnapshotError
            Where it is there already, holds something else, or cannot be written.

        Examples
        --------
        >>> import tempfile
        >>> from oneroster_nb.demo.district import make_district
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Roster(make_district()).save(folder + "/demo.roster")
        ...     len(Roster.load(path).users)
        371
        """
        tables = {name: table for name, table in self._tables.items() if len(table)}
        snapshot = Snapshot(tables, self.provider, self.taken)
        return write_snapshot(snapshot, path, overwrite=overwrite)

    def summary(self) -> pd.DataFrame:
        """Count the rows of every table that has some.

        Returns
        -------
        pandas.DataFrame
            ``table`` (str), ``rows`` and ``tobedeleted`` (int64).
        """
        counted = [(name, table) for name, table in self._tables.items() if len(table)]
        return pd.DataFrame(
            {
                "table": pd.Series([name for name, _ in counted], dtype="str"),
                "rows": pd.Series([len(table) for _, table in counted], dtype="int64"),
                "tobedeleted": pd.Series(
                    [int((table["status"] == "tobedeleted").sum()) for _, table in counted],
                    dtype="int64",
                ),
            }
        )

    def __repr__(self) -> str:
        counts = ", ".join(f"{len(t):,} {name}" for name, t in self._tables.items() if len(t))
        return f"<Roster: {counts or 'empty'}>"

    def _repr_html_(self) -> str:
        source = f" from {html.escape(self.provider)}" if self.provider else ""
        taken = self.taken.astimezone(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")
        return f"<p>Roster{source}, {taken}</p>" + self.summary().to_html(index=False)

    def _rows(
        self,
        name: str,
        where: Where | None,  # noqa: ARG002
        modified_since: str | datetime.date | None,  # noqa: ARG002
        status: str,  # noqa: ARG002
        progress: ProgressOption,  # noqa: ARG002
    ) -> pd.DataFrame:
        return self._tables[name]

    def _refreshed(
        self,
        old: "Roster",  # noqa: ARG002
        *,
        allow_shrink: bool,  # noqa: ARG002
        progress: ProgressOption,  # noqa: ARG002
    ) -> "Roster":
        raise ConfigurationError(
            "A roster is refreshed from a live connection, not from another roster."
        )

    def _people_of(self, group_filter: str, groups: pd.DataFrame) -> dict[str, list[int | None]]:
        find = self._of_schools if group_filter == "schools" else self._of_classes
        counts: dict[str, list[int | None]] = {}
        for column, who in (("studentCount", "students"), ("teacherCount", "teachers")):
            members = find(Query(who, group_filter), groups)
            pairs = pd.DataFrame({"group": members.group, "user": members.user}).drop_duplicates()
            counted = np.bincount(pairs["group"].to_numpy(dtype=np.intp), minlength=len(groups))
            counts[column] = [int(count) for count in counted]
        return counts

    def _listed_groups(self, group_filter: str, progress: ProgressOption) -> pd.DataFrame:  # noqa: ARG002
        if group_filter == "classes":
            return self._classes
        orgs = self._tables["orgs"]
        if group_filter == "courses":
            return link_courses(self._tables["courses"], orgs)
        return orgs.loc[orgs["type"] == "school"].reset_index(drop=True)

    def _answer(self, query: Query, progress: ProgressOption) -> pd.DataFrame:
        if query.group_filter is None:
            users = self._shown_users(query)
            users = users.loc[self._chosen_users(query)]
            if users.empty and query.term is None:
                self._warn_not_shared(query.user_filter)
            return without_group(query, users, self._tables["orgs"])
        return self.members(query, self._matched_groups(query, progress))

    def members(self, query: Query, groups: pd.DataFrame) -> pd.DataFrame:
        """Answer a question whose groups are known; they have a column ``matchedOn``."""
        find = self._of_schools if query.group_filter == "schools" else self._of_classes
        return with_group(
            query,
            find(query, groups),
            users=self._shown_users(query),
            groups=groups,
            classes=self._classes,
            enrollments=self._tables["enrollments"],
        )

    def _of_classes(self, query: Query, groups: pd.DataFrame) -> Members:
        """Find the members of classes and courses by their enrollments."""
        enrollments = self._tables["enrollments"]
        key = "sourcedId" if query.group_filter == "classes" else "courseSourcedId"
        group_of_class = codes(self._classes[key], groups["sourcedId"])
        group_of_class[~self._chosen_classes(query)] = -1
        users, classes = self._user_of_enrollment, self._class_of_enrollment
        roles = query.roles or ()
        role = codes(enrollments["role"], pd.Series(roles, dtype="str"))
        user_active = self._active("users", query)
        enrolled = (users >= 0) & (classes >= 0) & (role >= 0) & self._active("enrollments", query)
        rows = np.flatnonzero(enrolled)
        rows = rows[(group_of_class[classes[rows]] >= 0) & user_active[users[rows]]]
        group = group_of_class[classes[rows]]
        order = np.lexsort((users[rows], role[rows], classes[rows], group))
        rows = rows[order]
        return Members(users[rows], group[order], classes[rows], rows)

    def _of_schools(self, query: Query, groups: pd.DataFrame) -> Members:
        """Find the members of schools by the orgs of users."""
        orgs = self._tables["users"]["orgSourcedIds"]
        text_codes, texts = pd.factorize(orgs)
        lists = [
            codes(pd.Series(split_text(str(text)), dtype="str"), groups["sourcedId"])
            for text in texts
        ]
        lists = [positions[positions >= 0] for positions in lists]
        chosen = np.flatnonzero(self._chosen_users(query) & (text_codes >= 0))
        mine = [lists[code] for code in text_codes[chosen]]
        user = np.repeat(chosen, [len(positions) for positions in mine]).astype(np.intp)
        group = np.concatenate([*mine, np.array([], dtype=np.intp)])
        order = np.lexsort((user, self._role_rank(query)[user], group))
        none = np.full(len(user), -1)
        return Members(user[order], group[order], none, none)

    def _chosen_users(self, query: Query) -> NDArray[np.bool_]:
        """Say of each user whether the question asks for people of that role, status and term."""
        chosen = self._active("users", query)
        if query.roles is not None:
            chosen = chosen & (self._role_rank(query) < len(query.roles))
        if query.term is not None:
            here = (self._user_of_enrollment >= 0) & (self._class_of_enrollment >= 0)
            here &= self._active("enrollments", query)
            rows = np.flatnonzero(here)
            rows = rows[self._chosen_classes(query)[self._class_of_enrollment[rows]]]
            enrolled = np.zeros(len(chosen), dtype=bool)
            enrolled[self._user_of_enrollment[rows]] = True
            chosen = chosen & enrolled
        return chosen

    def _role_rank(self, query: Query) -> NDArray[np.intp]:
        """Give for each user the place of the first wanted role that they hold."""
        roles = query.roles or ()
        users, held = self._tables["users"], active(self._tables["roles"], query.status)
        rank = np.full(len(users), len(roles))
        holder = codes(held["userSourcedId"], users["sourcedId"])
        for place, role in reversed(list(enumerate(roles))):
            rank[(users["role"] == role).to_numpy(dtype=bool)] = place
            rank[holder[(held["role"] == role).to_numpy(dtype=bool) & (holder >= 0)]] = place
        return rank

    def _chosen_classes(self, query: Query) -> NDArray[np.bool_]:
        chosen = self._active("classes", query)
        if query.term is not None:
            sessions = sessions_of_term(self._tables["academicSessions"], query.term)
            chosen = chosen & classes_in_term(self._classes, sessions).to_numpy(dtype=bool)
        return chosen

    def _active(self, name: str, query: Query) -> NDArray[np.bool_]:
        table = self._tables[name]
        if query.status == "all":
            return np.ones(len(table), dtype=bool)
        return (table["status"] != "tobedeleted").to_numpy(dtype=bool)

    def _shown_users(self, query: Query) -> pd.DataFrame:
        users = self._tables["users"]
        if query.sensitive:
            return users
        return users.drop(columns=list(TABLES["users"].sensitive), errors="ignore")

    @cached_property
    def _classes(self) -> pd.DataFrame:
        return link_classes(
            self._tables["classes"],
            self._tables["courses"],
            self._tables["orgs"],
            self._tables["academicSessions"],
        )

    @cached_property
    def _user_of_enrollment(self) -> NDArray[np.intp]:
        return codes(
            self._tables["enrollments"]["userSourcedId"], self._tables["users"]["sourcedId"]
        )

    @cached_property
    def _class_of_enrollment(self) -> NDArray[np.intp]:
        return codes(
            self._tables["enrollments"]["classSourcedId"], self._tables["classes"]["sourcedId"]
        )


def _nothing(name: str) -> pd.DataFrame:
    return empty_table(name) if name in TABLES else pd.DataFrame(columns=BEYOND[name], dtype="str")


def _checked(name: str, table: pd.DataFrame) -> pd.DataFrame:
    if name not in TABLES and name not in BEYOND:
        raise ConfigurationError(
            f"There is no canonical table {name!r}. The tables are: {', '.join(TABLES)}."
        )
    if not isinstance(table, pd.DataFrame):
        raise ConfigurationError(f"The table {name} is no DataFrame but {type(table).__name__}.")
    needed = TABLES[name].visible() if name in TABLES else BEYOND[name]
    lacking = [column for column in needed if column not in table.columns]
    if lacking:
        raise ConfigurationError(f"The table {name} lacks the columns {', '.join(lacking)}.")
    return table.reset_index(drop=True)
