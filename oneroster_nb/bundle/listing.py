"""The list of a bundle's files: which table each holds, and whether it is bulk or delta."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial

from oneroster_nb.bundle.archive import Archive
from oneroster_nb.bundle.columns import CLOSE, named_columns
from oneroster_nb.bundle.foreign import foreign_set, table_under_another_name
from oneroster_nb.bundle.layout import FILES, MANIFEST
from oneroster_nb.bundle.lines import Rows
from oneroster_nb.bundle.manifest import Manifest, parse_manifest
from oneroster_nb.bundle.rows import findings_of_rows, read_names, read_text
from oneroster_nb.errors import BundleError
from oneroster_nb.tables.rules import Finding, found
from oneroster_nb.tables.table import EXTRA_TABLES, TABLES

_MODES = ("bulk", "delta", "absent")


@dataclass(frozen=True)
class Listing:
    """The files of a bundle.

    Attributes
    ----------
    version : str
        ``"1.1"`` or ``"1.2"``.
    files : Mapping[str, str]
        Table to the name of its file, without extension.
    modes : Mapping[str, str]
        Table to ``"bulk"`` or ``"delta"``, for the tables to read.
    unstated : frozenset of str
        Tables that the manifest calls neither bulk nor delta; they are read as bulk.
    missing : list of str
        Tables that the manifest lists and that have no file.
    findings : list of Finding
        What deviates from the standard.
    """

    version: str
    files: Mapping[str, str]
    modes: Mapping[str, str]
    unstated: frozenset[str]
    missing: list[str]
    findings: list[Finding]


def listed(archive: Archive) -> Listing:
    """Return the list of a bundle's files, from its manifest and the file names.

    Raises
    ------
    BundleError
        If it is not a OneRoster bundle, or its manifest cannot be read.
    """
    listing = _Lister(archive)
    return listing.listing()


class _Lister:
    """Builds the list of a bundle's files."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._known = tuple(dict.fromkeys([MANIFEST, *FILES["1.2"], *EXTRA_TABLES, *TABLES]))
        self._findings: list[Finding] = []

    def listing(self) -> Listing:
        if kind := foreign_set(self._archive.files, self._header):
            raise BundleError(
                f"This is {kind}, not a OneRoster bundle. Export OneRoster CSV files (orgs.csv,"
                " users.csv, …) from the source."
            )
        files, strangers = self._files()
        if MANIFEST not in files and "users" not in files:
            raise BundleError(
                "There is neither a manifest.csv nor a users.csv, so this is not a OneRoster"
                f" bundle. It holds: {', '.join(sorted(self._archive.files)[:10])}."
            )
        manifest = self._manifest(files)
        version = manifest.version if manifest else ""
        if version not in FILES:
            version = "1.2" if "roles" in files or version.startswith("1.2") else "1.1"
        stated = self._stated_modes(manifest, strangers) if manifest else {}
        modes: dict[str, str] = {}
        unstated = set()
        for name in files:
            if name == MANIFEST:
                continue
            mode = stated.pop(name, "" if manifest else "bulk")
            if mode not in _MODES or not manifest:
                unstated.add(name)
            if mode not in _MODES:
                words = f"{name}.csv was read as bulk: the manifest does not say bulk or delta."
                self._note("manifest-file", words, name)
                mode = "bulk"
            if mode == "absent":
                words = f"{name}.csv was left out: the manifest says that it is absent."
                self._note("manifest-file", words, name)
                continue
            modes[name] = mode
        missing = [name for name, mode in stated.items() if mode in ("bulk", "delta")]
        for name in strangers:
            self._note("file-unknown", f"{name}.csv.")
        return Listing(version, files, modes, frozenset(unstated), missing, self._findings)

    def _files(self) -> tuple[dict[str, str], list[str]]:
        """Return the file of each table, and the files that are not tables."""
        folded = {name.casefold(): name for name in self._known}
        files = {folded[n.casefold()]: n for n in self._archive.files if n.casefold() in folded}
        strangers = [name for name in self._archive.files if name.casefold() not in folded]
        for name in list(strangers):
            table = self._near(name, files)
            if table and "sourcedId" in named_columns(table, self._header(name))[0]:
                files[table] = name
                strangers.remove(name)
        for name in strangers:
            free = [table for table in FILES["1.2"] if table not in files]
            if table := table_under_another_name(name, self._header(name), free):
                raise BundleError(
                    f"{self._archive.files[name]} is not the name of a OneRoster file. It looks"
                    f" like {table}.csv, which is missing. Rename the file, or remove it."
                )
        for table, name in files.items():
            if name != table:
                self._findings.append(found("file-name", table, f"{name!r}."))
        if self._archive.inside:
            self._note("file-folder", f"{self._archive.inside!r}.")
        return files, strangers

    def _manifest(self, files: Mapping[str, str]) -> Manifest | None:
        if MANIFEST not in files:
            self._note("manifest-missing", "")
            return None
        name = files[MANIFEST]
        text, form = read_text(partial(self._archive.open, name), self._archive.files[name])
        manifest = parse_manifest(text)
        self._findings += findings_of_rows(MANIFEST, Rows([], [], form))
        if manifest.odd:
            self._note("manifest-format", f"{'; '.join(manifest.odd)}.")
        return manifest

    def _stated_modes(self, manifest: Manifest, strangers: Collection[str]) -> dict[str, str]:
        """Return the mode (bulk, delta or absent) of each table that the manifest names."""
        folded = {name.casefold(): name for name in self._known}
        others = {name.casefold() for name in strangers}
        exact = {n: folded[n.casefold()] for n in manifest.modes if n.casefold() in folded}
        stated = {exact[name]: manifest.modes[name] for name in exact}
        for name, mode in manifest.modes.items():
            if name in exact or name.casefold() in others:
                continue
            table = self._near(name, stated)
            if table:
                self._note("manifest-file", f"file.{name} was taken as file.{table}.", table)
            stated[table or name] = mode
        return stated

    def _near(self, name: str, taken: Collection[str]) -> str:
        """Return the table, among those not taken, whose name was probably meant."""
        free = {table.casefold(): table for table in self._known if table not in taken}
        close = get_close_matches(name.casefold(), free, n=1, cutoff=CLOSE)
        return free[close[0]] if close else ""

    def _header(self, name: str) -> list[str]:
        """Return the column names of a file; none if the file cannot be read."""
        try:
            return read_names(partial(self._archive.open, name), self._archive.files[name])
        except BundleError:
            return []

    def _note(self, code: str, words: str, field: str | None = None) -> None:
        self._findings.append(found(code, MANIFEST, words, field=field))
