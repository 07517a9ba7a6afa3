"""Roster: the tables of one moment, asked from memory."""

import datetime
import html
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Protocol, runtime_checkable

import pandas as pd

from oneroster_nb.bundle.archive import Limits
from oneroster_nb.bundle.delta import changed_tables
from oneroster_nb.bundle.reading import read_bundle
from oneroster_nb.bundle.writing import write_bundle
from oneroster_nb.errors import ConfigurationError
from oneroster_nb.progress import ProgressOption, Reporter
from oneroster_nb.roster.local import LocalSource
from oneroster_nb.roster.snapshot import Snapshot, read_snapshot, write_snapshot
from oneroster_nb.source.source import WholeRoster
from oneroster_nb.source.table_calls import checked_tables
from oneroster_nb.tables.coercing import checked_roster
from oneroster_nb.tables.findings import Finding
from oneroster_nb.tables.references import warn_of_dangling
from oneroster_nb.tables.schema import (
    BEYOND,
    TABLES,
    nothing_of,
    sensitive_columns,
    without_sensitive,
)

__all__ = ["Roster"]

_ATTRIBUTES: Mapping[str, str] = MappingProxyType(
    {
        "".join("_" + c.lower() if c.isupper() else c for c in name): name
        for name in (*TABLES, *BEYOND)
    }
)
"""Attribute of a roster to the canonical table that it gives."""


class Roster(LocalSource, WholeRoster):
    """All tables of one moment, local, which answers the calls of a connector from memory.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        Canonical tables by name; those that are left out are empty, and columns that are left out
        are missing. The tables of OneRoster 1.2 beyond them (``userProfiles scoreScales …``) are
        kept as they are.
    provider : str
        Where they come from.
    taken : datetime.datetime, optional
        When they were pulled; left out, now. Times are UTC.
    server_time : datetime.datetime, optional
        The same moment by the server's clock, if the server said it.
    recipe : str
        A Python expression that makes this roster anew.
    findings : sequence of Finding
        What the source read otherwise than it was written; :func:`check` reports it.

    Attributes
    ----------
    provider : str
    taken : datetime.datetime
    server_time : datetime.datetime or None
    findings : pandas.DataFrame
        ``severity code table sourcedId field message`` (str) and ``explains`` (int64).
    orgs, academic_sessions, courses, classes, users, roles, enrollments, ... : pandas.DataFrame
        The canonical tables, what is to be deleted included.

    Raises
    ------
    ConfigurationError
        For a table that is not canonical, or one that lacks ``sourcedId`` or a reference without
        which its rows say nothing, such as ``enrollments.userSourcedId``.

    Warns
    -----
    UnreadableValueWarning
        For values that cannot be brought to the dtype of their column, and become missing.
    DuplicateKeyWarning
        If rows are left out because an earlier one has their sourcedId.

    Examples
    --------
    >>> import oneroster_nb as onb
    >>> from oneroster_nb.demo.district.making import make_district
    >>> len(onb.Roster(make_district()).get_users("students"))
    139
    """

    def __init__(
        self,
        tables: Mapping[str, pd.DataFrame],
        *,
        provider: str = "",
        taken: datetime.datetime | None = None,
        server_time: datetime.datetime | None = None,
        recipe: str = "",
        findings: Sequence[Finding] = (),
    ) -> None:
        if not isinstance(tables, Mapping):
            raise ConfigurationError(
                "Roster() takes a mapping of canonical names to DataFrames, not"
                f" {type(tables).__name__}. Roster.load(path) reads a saved roster."
            )
        given, found = checked_roster(tables)
        self._held = {
            name: given[name] if name in given else nothing_of(name) for name in (*TABLES, *BEYOND)
        }
        self.provider = provider
        self.taken = taken or datetime.datetime.now(datetime.UTC)
        self.server_time = server_time
        self._recipe = recipe
        self._noted = (*findings, *found)

    @property
    def noted(self) -> tuple[Finding, ...]:
        """What was read otherwise than it was written, by the source or just now."""
        return self._noted

    @property
    def _tables(self) -> Mapping[str, pd.DataFrame]:
        return self._held

    @property
    def recipe(self) -> str:
        """A Python expression that makes this roster anew; empty where it was made of tables."""
        return self._recipe

    def close(self) -> None:
        """Do nothing: a roster holds nothing open."""

    def table(self, name: str) -> pd.DataFrame:
        """Give a whole canonical table by its name, what is to be deleted included.

        Raises
        ------
        QueryError
            For a name that is no canonical table.
        """
        checked_tables(name)
        return self._tables[name]

    @property
    def sensitive(self) -> bool:
        """Whether phone numbers are held: ``sms``, ``phone`` and a provider's own columns."""
        return bool(sensitive_columns("users", self._tables["users"].columns))

    def get_roster(
        self,
        *,
        tables: Sequence[str] | None = None,
        sensitive: bool = False,
        progress: ProgressOption = None,  # noqa: ARG002
    ) -> "Roster":
        """Give this roster, or one of some of its tables, as a live source gives its own.

        Parameters
        ----------
        tables : sequence of str, optional
            Canonical names of the tables to keep.
        sensitive : bool
            Whether to keep ``sms`` and ``phone``, if this roster has them.
        progress : None, bool or callable
            Takes no effect: nothing is pulled.

        Raises
        ------
        QueryError
            For a name that is no canonical table.

        Warns
        -----
        PartialResultWarning
            If phone numbers are asked for and this roster was taken without them.
        """
        if sensitive:
            self._without_phones()
        drops = self.sensitive and not sensitive
        if tables is None and not drops:
            return self
        kept = {
            n: self._tables[n] for n in (self._tables if tables is None else checked_tables(tables))
        }
        if drops and "users" in kept:
            kept["users"] = without_sensitive("users", kept["users"])
        others = self._tables.keys() - kept.keys()
        noted = [finding for finding in self.noted if finding.table not in others]
        recipe = f"{self.recipe}.get_roster()" if self.recipe and tables is None else ""
        return Roster(
            kept,
            provider=self.provider,
            taken=self.taken,
            server_time=self.server_time,
            recipe=recipe,
            findings=noted,
        )

    def refresh(
        self, conn: "Refreshable", *, allow_shrink: bool = False, progress: ProgressOption = None
    ) -> "Roster":
        """Return a new roster, brought up to date with what changed since this one was pulled.

        It holds phone numbers if this one does.

        Small tables are pulled again, and so is a table of which the server cannot list the
        changes. Of a large one, the rows are asked for that changed since this roster was pulled,
        by the server's clock, or since the newest row in it, and from the day before. Then its
        ids are compared with those that the server lists, or with their number if the server
        cannot list ids alone. If they differ, the table is pulled again. This roster stays as it
        is.

        What cannot be seen in a large table: a row whose values changed while its
        ``dateLastModified`` did not, or changed to a moment before that day. If the server cannot
        list ids alone: that as many rows came as others went, if those that came say that they
        are older. ``get_roster()`` sees everything.

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
            If a table is suddenly empty or less than half of what it was, or if the data changed
            between its lists, also when they were pulled once more.
        RosterError
            Where a table cannot be pulled.

        Warns
        -----
        PartialResultWarning
            Where the server does not show a table.
        DanglingReferenceWarning
            Where references point nowhere.
        NoMatchWarning
            If all ids of a table are new.

        Examples
        --------
        >>> import oneroster_nb as onb
        >>> with onb.connect("demo") as conn:
        ...     yesterday = conn.get_roster()
        ...     today = yesterday.refresh(conn)
        >>> len(today.users) == len(yesterday.users)
        True
        """
        if not isinstance(conn, Refreshable):
            raise ConfigurationError(
                f"A roster is refreshed from a live connection, not from {conn!r}. Read a newer"
                " bundle with CsvConnector(path).get_roster(), and a bundle of changes with"
                " roster.apply_delta(path)."
            )
        return conn.changes_since(self, allow_shrink=allow_shrink, progress=progress)

    def apply_delta(
        self,
        bundle: str | Path | bytes,
        *,
        allow_shrink: bool = False,
        progress: ProgressOption = None,
    ) -> "Roster":
        r"""Give a new roster, changed as a delta bundle says; this one stays as it is.

        Parameters
        ----------
        bundle : str, Path or bytes
            A OneRoster CSV bundle. Its files of mode delta change rows, add rows and mark rows as
            ``tobedeleted``; those of mode bulk replace a table. If one id has several rows in a
            delta, that of the latest ``dateLastModified`` counts, else the last one.
        allow_shrink : bool
            Whether a table may become less than half of what it was.
        progress : None, bool or callable
            See :data:`oneroster_nb.progress.ProgressOption`.

        Raises
        ------
        BundleError
            If it cannot be read, or its manifest does not say how to take a file.
        IncompleteError
            If a table becomes less than half of what it was.

        Warns
        -----
        DanglingReferenceWarning
            Where references point nowhere.

        Examples
        --------
        >>> import tempfile
        >>> from pathlib import Path
        >>> from oneroster_nb.demo.district.making import make_district
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     manifest = "propertyName,value\nfile.courses,delta\n"
        ...     row = "sourcedId,status,dateLastModified,title\nc1,tobedeleted,2026-11-20,Art\n"
        ...     _ = Path(folder, "manifest.csv").write_text(manifest)
        ...     _ = Path(folder, "courses.csv").write_text(row)
        ...     after = Roster(make_district()).apply_delta(folder)
        >>> len(after.get_courses())
        68
        """
        with Reporter(progress, "bundle") as reporter:
            read = read_bundle(bundle, Limits(), reporter)
        tables = changed_tables(self._tables, read, allow_shrink=allow_shrink)
        if not self.sensitive:
            tables["users"] = without_sensitive("users", tables["users"])
        warn_of_dangling(tables)
        findings = (*self.noted, *read.findings)
        return Roster(tables, provider=self.provider, findings=findings)

    def to_csv_bundle(
        self, path: str | Path, version: str = "1.1", *, overwrite: bool = False
    ) -> Path:
        """Write the roster as a OneRoster CSV bundle, a zip that its owner alone can read.

        It is a bulk bundle: rows marked ``tobedeleted`` are left out. The manifest lists every
        file of the binding, and a table without rows is ``absent``. Read back by
        :class:`CsvConnector`, the bundle gives the same roster, because what the version has no
        column for is written as ``metadata.<name>``. Version 1.1 has one role for a person and
        org.

        Parameters
        ----------
        path : str or Path
            The file, ``"lincoln.zip"`` say.
        version : str
            ``"1.1"`` or ``"1.2"``.
        overwrite : bool
            Whether a file that is there already is replaced.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        ConfigurationError
            For another version.
        BundleError
            Where the file is there already or cannot be written.

        Warns
        -----
        PartialResultWarning
            If required columns have rows without a value (Clever has no ``enabledUser``), or if the
            version has no place for rows: one warning for all of these.

        Examples
        --------
        >>> import tempfile
        >>> import oneroster_nb as onb
        >>> from oneroster_nb.demo.district.making import make_district
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Roster(make_district()).to_csv_bundle(folder + "/demo.zip", version="1.2")
        ...     len(onb.CsvConnector(path).get_enrollments())
        846
        """
        return write_bundle(self._tables, path, version=version, overwrite=overwrite)

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
            server_time=snapshot.server_time,
            recipe=f"onb.Roster.load({str(path)!r})",
            findings=snapshot.findings,
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
        >>> from oneroster_nb.demo.district.making import make_district
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Roster(make_district()).save(folder + "/demo.roster")
        ...     len(Roster.load(path).users)
        371
        """
        tables = {name: table for name, table in self._tables.items() if len(table)}
        snapshot = Snapshot(
            tables, self.provider, self.taken, self.noted, server_time=self.server_time
        )
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


@runtime_checkable
class Refreshable(Protocol):
    """A live connection, which finds out what changed since a roster was pulled."""

    def changes_since(self, old: Roster, *, allow_shrink: bool, progress: ProgressOption) -> Roster:
        """Return a new roster from what changed; see :meth:`Roster.refresh`."""
