"""Roster: all tables of one moment, in memory."""

import datetime
import html
from collections.abc import Mapping, Sequence
from pathlib import Path
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
from oneroster_nb.source.table_calls import table_names
from oneroster_nb.tables.coercing import validated_tables
from oneroster_nb.tables.references import warn_of_dangling
from oneroster_nb.tables.rules import Finding
from oneroster_nb.tables.table import (
    EXTRA_TABLES,
    TABLES,
    empty_table,
    sensitive_columns,
    without_sensitive,
)

_ATTRIBUTES: Mapping[str, str] = {
    "".join("_" + c.lower() if c.isupper() else c for c in name): name
    for name in (*TABLES, *EXTRA_TABLES)
}
"""Attribute of a roster to its canonical table."""


class Roster(LocalSource, WholeRoster):
    """All tables of one moment. Answers the calls of a connector from memory.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        Canonical tables by name; missing tables and columns are empty. Other tables of OneRoster
        1.2 (``userProfiles scoreScales …``) are kept unchanged.
    provider : str
        Where they come from.
    taken : datetime.datetime, optional
        When they were pulled; by default, now. Times are UTC.
    server_time : datetime.datetime, optional
        The same moment by the server's clock, if known.
    recipe : str
        A Python expression that makes this roster again.
    findings : sequence of Finding
        Values that the source changed while reading; :func:`check` reports them.

    Attributes
    ----------
    provider : str
    taken : datetime.datetime
    server_time : datetime.datetime or None
    findings : pandas.DataFrame
        ``severity code table sourcedId field message`` (str) and ``explains`` (int64).
    orgs, academic_sessions, courses, classes, users, roles, enrollments, ... : pandas.DataFrame
        The canonical tables, including rows marked ``tobedeleted``.

    Raises
    ------
    ConfigurationError
        If a table is not canonical, or lacks ``sourcedId`` or a reference that it is useless
        without, such as ``enrollments.userSourcedId``.

    Warns
    -----
    UnreadableValueWarning
        If values do not fit the dtype of their column; they become missing.
    DuplicateKeyWarning
        If rows are left out because an earlier row has the same sourcedId.

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
        given, found = validated_tables(tables)
        self._held = {
            name: given[name] if name in given else empty_table(name)
            for name in (*TABLES, *EXTRA_TABLES)
        }
        self.provider = provider
        self.taken = taken or datetime.datetime.now(datetime.UTC)
        self.server_time = server_time
        self._recipe = recipe
        self._noted = (*findings, *found)

    @property
    def noted(self) -> tuple[Finding, ...]:
        """Values that were changed while reading, by the source or by this roster."""
        return self._noted

    @property
    def _tables(self) -> Mapping[str, pd.DataFrame]:
        return self._held

    @property
    def recipe(self) -> str:
        """A Python expression that makes this roster again; "" if it was made from tables."""
        return self._recipe

    def close(self) -> None:
        """Do nothing: a roster has no open connection or file."""

    def table(self, name: str) -> pd.DataFrame:
        """Return a whole canonical table by its name, including rows marked ``tobedeleted``.

        Raises
        ------
        QueryError
            If there is no canonical table with this name.
        """
        table_names(name)
        return self._tables[name]

    @property
    def sensitive(self) -> bool:
        """Whether the roster has phone numbers: ``sms``, ``phone`` and a provider's own columns."""
        return bool(sensitive_columns("users", self._tables["users"].columns))

    def get_roster(
        self,
        *,
        tables: Sequence[str] | None = None,
        sensitive: bool = False,
        progress: ProgressOption = None,  # noqa: ARG002
    ) -> "Roster":
        """Return this roster, or a roster of some of its tables, like a live source.

        Parameters
        ----------
        tables : sequence of str, optional
            Canonical names of the tables to keep.
        sensitive : bool
            Whether to keep ``sms`` and ``phone``, if this roster has them.
        progress : None, bool or callable
            Has no effect: nothing is pulled.

        Raises
        ------
        QueryError
            If there is no canonical table with one of the names.

        Warns
        -----
        PartialResultWarning
            If `sensitive` is True and this roster was pulled without phone numbers.
        """
        if sensitive:
            self._without_phones()
        drops = self.sensitive and not sensitive
        if tables is None and not drops:
            return self
        kept = {
            n: self._tables[n] for n in (self._tables if tables is None else table_names(tables))
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
        """Return a new roster with all changes since this one was pulled.

        It has phone numbers if this one does. This roster is not changed.

        Small tables are pulled again, and so are tables whose changes the server cannot list. For a
        large table, only changed rows are requested: since one day before this roster was pulled
        (by the server's clock), or before its newest row. Then the ids are compared with the
        server's ids, or their number if the server cannot list ids alone. If they differ, the table
        is pulled again.

        A large table can miss a row whose values changed although its ``dateLastModified`` is the
        same, or older than that day. If the server cannot list ids alone, it can also miss old
        rows that replaced as many others. ``get_roster()`` misses nothing.

        Parameters
        ----------
        conn : Connector
            A live connection to the provider of this roster.
        allow_shrink : bool
            Whether a table may shrink to less than half its size.
        progress : None, bool or callable
            See :data:`oneroster_nb.progress.ProgressOption`.

        Raises
        ------
        ConfigurationError
            If the connection is to another provider, or not live.
        IncompleteError
            If a table is suddenly empty or shrinks to less than half its size, or if the data
            changed during the pull, and again during a second one.
        RosterError
            If a table cannot be pulled.

        Warns
        -----
        PartialResultWarning
            If the server does not provide a table.
        DanglingReferenceWarning
            If references point to missing rows.
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
                f"A roster is refreshed from a live connection, not from {conn!r}. To read a newer"
                " bundle, use CsvConnector(path).get_roster(); to apply a bundle of changes, use"
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
        r"""Return a new roster with the changes of a delta bundle; this one is not changed.

        Parameters
        ----------
        bundle : str, Path or bytes
            A OneRoster CSV bundle. Delta files change rows, add rows and mark rows as
            ``tobedeleted``; bulk files replace a table. If a delta file has several rows with one
            id, the latest ``dateLastModified`` counts, or else the last row.
        allow_shrink : bool
            Whether a table may shrink to less than half its size.
        progress : None, bool or callable
            See :data:`oneroster_nb.progress.ProgressOption`.

        Raises
        ------
        BundleError
            If the bundle cannot be read, or its manifest does not say whether a file is bulk or
            delta.
        IncompleteError
            If a table shrinks to less than half its size.

        Warns
        -----
        DanglingReferenceWarning
            If references point to missing rows.

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
        """Write the roster as a OneRoster CSV bundle, a zip that only its owner can read.

        It is a bulk bundle: rows marked ``tobedeleted`` are left out. The manifest lists every
        file of the version, and a table without rows is ``absent``. If :class:`CsvConnector` reads
        the bundle, it gives the same roster: values for which the version has no column are written
        as ``metadata.<name>``. Version 1.1 has one role for each person and org.

        Parameters
        ----------
        path : str or Path
            The file, such as ``"lincoln.zip"``.
        version : str
            ``"1.1"`` or ``"1.2"``.
        overwrite : bool
            Whether to replace a file that exists.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        ConfigurationError
            If the version is another one.
        BundleError
            If the file exists or cannot be written.

        Warns
        -----
        PartialResultWarning
            If required columns have rows without a value (Clever has no ``enabledUser``), or if the
            version cannot hold some rows: one warning for all of these.

        Examples
        --------
        >>> import tempfile
        >>> import oneroster_nb as onb
        >>> from oneroster_nb.demo.district.making import make_district
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Roster(make_district()).to_csv_bundle(folder + "/demo.zip", version="1.2")
        ...     len(onb.CsvConnector(path).get_enrollments())
        847
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
        """Read a roster that :meth:`save` wrote, and check that it is complete.

        Parameters
        ----------
        path : str or Path
            The folder.

        Raises
        ------
        SnapshotError
            If the folder does not hold a roster, is damaged, or is from a newer version.
        """
        return cls(recipe=f"onb.Roster.load({str(path)!r})", **vars(read_snapshot(path)))

    def save(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """Write the roster into a folder of Parquet files that only its owner can read.

        All of it is written or nothing: if the process is killed, the old folder remains, or none.

        Parameters
        ----------
        path : str or Path
            The folder to create, such as ``"lincoln.roster"``.
        overwrite : bool
            Whether to replace a roster that exists.

        Returns
        -------
        Path
            The folder.

        Raises
        ------
        SnapshotError
            If the folder exists, holds something else, or cannot be written.

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
        """Count the rows of each table that is not empty.

        Returns
        -------
        pandas.DataFrame
            ``table`` (str), ``rows`` and ``tobedeleted`` (int64).
        """
        counted = [
            (name, len(table), int((table["status"] == "tobedeleted").sum()))
            for name, table in self._tables.items()
            if len(table)
        ]
        frame = pd.DataFrame(counted, columns=["table", "rows", "tobedeleted"])
        return frame.astype({"table": "str", "rows": "int64", "tobedeleted": "int64"})

    def __repr__(self) -> str:
        counts = ", ".join(f"{len(t):,} {name}" for name, t in self._tables.items() if len(t))
        return f"<Roster: {counts or 'empty'}>"

    def _repr_html_(self) -> str:
        source = f" from {html.escape(self.provider)}" if self.provider else ""
        taken = self.taken.astimezone(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")
        return f"<p>Roster{source}, {taken}</p>" + self.summary().to_html(index=False)


@runtime_checkable
class Refreshable(Protocol):
    """A live connection that can list changes since a roster was pulled."""

    def changes_since(self, old: Roster, *, allow_shrink: bool, progress: ProgressOption) -> Roster:
        """Return a new roster with the changes; see :meth:`Roster.refresh`."""
