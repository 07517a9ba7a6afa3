"""OneRoster CSV bundles as a source."""

import datetime
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

import pandas as pd

from oneroster_nb.bundle.archive import Limits
from oneroster_nb.bundle.reading import Bundle, read_bundle
from oneroster_nb.errors import BundleError, ConfigurationError
from oneroster_nb.progress import ProgressOption, Reporter
from oneroster_nb.query.query import Query
from oneroster_nb.roster.local import LocalSource
from oneroster_nb.roster.roster import Roster
from oneroster_nb.source.table_calls import Choice, table_names
from oneroster_nb.tables.rules import Finding
from oneroster_nb.tables.table import EXTRA_TABLES, TABLES, empty_table, without_sensitive


class CsvConnector(LocalSource):
    """A OneRoster CSV bundle, of version 1.1 or 1.2.

    It is read once, with the first question, and answers from memory. Deviations from the
    standard are read if they can be, and are among the `findings`.

    Parameters
    ----------
    path : str, Path, bytes or binary file
        A zip or a folder, or the bytes of a zip.
    match_on : str or list of str, optional
        The fields that group names are compared with if a call names none.
    max_users : int
        The most distinct users in an answer; 0 for no limit.
    max_bytes : int
        How many bytes the bundle may unpack to.
    max_ratio : float
        How many times its packed size a file may unpack to.

    Raises
    ------
    ConfigurationError
        If the path is empty, or a limit makes no sense.
    BundleError
        With the first question, if the bundle cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> import oneroster_nb as onb
    >>> from oneroster_nb.demo.district.making import make_district
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = onb.Roster(make_district()).to_csv_bundle(folder + "/demo.zip")
    ...     len(CsvConnector(path).get_users("students", "classes", "31763"))
    3
    """

    def __init__(
        self,
        path: str | Path | bytes,
        *,
        match_on: str | Sequence[str] | None = None,
        max_users: int = 0,
        max_bytes: int = 8 << 30,
        max_ratio: float = 200,
    ) -> None:
        if path is None or (isinstance(path, str) and not path.strip()):
            raise ConfigurationError(
                "CsvConnector needs the path of a bundle: a zip, or a folder of CSV files."
            )
        self._path = path
        self._limits = Limits(max_bytes, max_ratio)
        self._bundle: Bundle | None = None
        self._whole: Mapping[str, pd.DataFrame] = {}
        named = isinstance(path, str | Path)
        self._recipe = f"onb.CsvConnector({str(path)!r})" if named else ""
        self.match_groups_by = match_on
        self.max_users = Query(max_users=max_users).max_users

    @property
    def provider(self) -> str:
        """The name of the bundle."""
        return str(self._path) if isinstance(self._path, str | Path) else "a bundle"

    @property
    def recipe(self) -> str:
        """A Python expression that opens this bundle again; empty if it has no path."""
        return self._recipe

    @property
    def version(self) -> str:
        """The version of OneRoster, ``"1.1"`` or ``"1.2"``."""
        return self.read().version

    @property
    def noted(self) -> Sequence[Finding]:
        """What deviates from the standard in the bundle."""
        return self.read().findings

    @property
    def _tables(self) -> Mapping[str, pd.DataFrame]:
        bundle = self.read()
        if bundle.deltas:
            raise BundleError(
                f"This bundle holds only what changed ({', '.join(bundle.deltas)}). Apply it to the"
                " roster from before: roster.apply_delta(path)."
            )
        if not self._whole:
            self._whole = {
                name: bundle.tables[name] if name in bundle.tables else empty_table(name)
                for name in (*TABLES, *EXTRA_TABLES)
            }
        return self._whole

    def __repr__(self) -> str:
        return f"<CsvConnector {self.provider}>"

    def close(self) -> None:
        """Forget what was read; the next question reads it again."""
        self._bundle = None
        self._whole = {}
        for name, value in vars(LocalSource).items():
            if isinstance(value, cached_property):
                vars(self).pop(name, None)

    def read(self, progress: ProgressOption = None) -> Bundle:
        """Read the bundle, once.

        Parameters
        ----------
        progress : None, bool or callable
            See :data:`oneroster_nb.progress.ProgressOption`.

        Raises
        ------
        BundleError
            If it cannot be read.
        """
        if self._bundle is None:
            with Reporter(progress, "bundle") as reporter:
                self._bundle = read_bundle(self._path, self._limits, reporter)
        return self._bundle

    def get_roster(
        self,
        *,
        tables: Sequence[str] | None = None,
        sensitive: bool = False,
        progress: ProgressOption = None,
    ) -> Roster:
        """Return every table at once, to keep the roster.

        Parameters
        ----------
        tables, sensitive, progress
            As for :meth:`oneroster_nb.Connector.get_roster`.

        Raises
        ------
        QueryError
            For a name that is no canonical table.
        BundleError
            If the bundle cannot be read, or holds only what changed.
        """
        asked = None if tables is None else table_names(tables)
        self.read(progress)
        kept = {n: table for n, table in self._tables.items() if asked is None or n in asked}
        if "users" in kept and not sensitive:
            kept["users"] = without_sensitive("users", kept["users"])
        call = f"get_roster({'sensitive=True' if sensitive else ''})"
        recipe = f"{self.recipe}.{call}" if self.recipe and asked is None else ""
        return self._roster(kept, self.noted, recipe)

    def _roster(
        self, tables: Mapping[str, pd.DataFrame], findings: Sequence[Finding], recipe: str = ""
    ) -> Roster:
        taken = None
        if isinstance(self._path, str | Path):
            changed = Path(self._path).stat().st_mtime
            taken = datetime.datetime.fromtimestamp(changed, datetime.UTC)
        return Roster(tables, provider=self.provider, taken=taken, recipe=recipe, findings=findings)

    def _roster_to_check(self, progress: ProgressOption) -> Roster:
        try:
            return self.get_roster(progress=progress)
        except BundleError:
            with Reporter(progress, "bundle") as reporter:
                bundle = read_bundle(self._path, self._limits, reporter, whole=False)
            if not any(finding.code == "file-unreadable" for finding in bundle.findings):
                raise
            return self._roster(bundle.tables, bundle.findings)

    def headcounts(self, *, progress: ProgressOption = False) -> dict[str, int | None]:
        """Count the active ``students``, ``teachers`` and ``schools``."""
        self.read(progress)
        return super().headcounts(progress=progress)

    def _rows(self, name: str, choice: Choice, progress: ProgressOption) -> pd.DataFrame:
        self.read(progress)
        return super()._rows(name, choice, progress)

    def _listed_groups(self, group_filter: str, progress: ProgressOption) -> pd.DataFrame:
        self.read(progress)
        return super()._listed_groups(group_filter, progress)

    def _answer(self, query: Query, progress: ProgressOption) -> pd.DataFrame:
        self.read(progress)
        return super()._answer(query, progress)
