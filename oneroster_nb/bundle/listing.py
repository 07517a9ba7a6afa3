"""What a bundle holds: which file is which table, and how each is to be taken."""

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
from oneroster_nb.tables.findings import Finding, found
from oneroster_nb.tables.schema import BEYOND, TABLES

__all__ = ["Listing", "listed"]

_MODES = ("bulk", "delta", "absent")


@dataclass(frozen=True)
class Listing:
    """What a bundle holds.

    Attributes
    ----------
    version : str
        ``"1.1"`` or ``"1.2"``.
    files : Mapping[str, str]
        Table to the name of its file, without ending.
    modes : Mapping[str, str]
        Table to ``"bulk"`` or ``"delta"``, for those that are to be read.
    unstated : frozenset of str
        The tables of which the manifest does not say how to take them; they are read as bulk.
    missing : list of str
        The tables that the manifest says are there, and that have no file.
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
    """Find out what a bundle holds, from its manifest and the names of its files.

    Raises
    ------
    BundleError
        If it is no OneRoster bundle, or its manifest cannot be read.
    """
    listing = _Lister(archive)
    return listing.listing()


class _Lister:
    """One look at what a bundle holds."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._known = tuple(dict.fromkeys([MANIFEST, *FILES["1.2"], *BEYOND, *TABLES]))
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
                "There is neither a manifest.csv nor a users.csv, so this is no OneRoster bundle."
                f" It holds: {', '.join(sorted(self._archive.files)[:10])}."
            )
        manifest = self._manifest(files)
        version = manifest.version if manifest else ""
        if version not in FILES:
            version = "1.2" if "roles" in files or version.startswith("1.2") else "1.1"
        said = self._said(manifest, strangers) if manifest else {}
        modes: dict[str, str] = {}
        unstated = set()
        for name in files:
            if name == MANIFEST:
                continue
            mode = said.pop(name, "" if manifest else "bulk")
            if mode not in _MODES or not manifest:
                unstated.add(name)
            if mode not in _MODES:
                words = f"{name}.csv is there, and the manifest does not say how to take it."
                self._note("manifest-file", words, name)
                mode = "bulk"
            if mode == "absent":
                words = f"{name}.csv is there, and said to be absent; it was left out."
                self._note("manifest-file", words, name)
                continue
            modes[name] = mode
        missing = [name for name, mode in said.items() if mode in ("bulk", "delta")]
        for name in strangers:
            self._note("file-unknown", f"{name}.csv.")
        return Listing(version, files, modes, frozenset(unstated), missing, self._findings)

    def _files(self) -> tuple[dict[str, str], list[str]]:
        """Find the tables among the files, and those files that are none."""
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
                    f"{self._archive.files[name]} is not the name of a OneRoster file. It seems to"
                    f" be {table}.csv, which is not there. Rename it, or take it out."
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

    def _said(self, manifest: Manifest, strangers: Collection[str]) -> dict[str, str]:
        """Say of each table that the manifest names how it is to be taken."""
        folded = {name.casefold(): name for name in self._known}
        others = {name.casefold() for name in strangers}
        exact = {n: folded[n.casefold()] for n in manifest.modes if n.casefold() in folded}
        said = {exact[name]: manifest.modes[name] for name in exact}
        for name, mode in manifest.modes.items():
            if name in exact or name.casefold() in others:
                continue
            table = self._near(name, said)
            if table:
                self._note("manifest-file", f"file.{name} was taken as file.{table}.", table)
            said[table or name] = mode
        return said

    def _near(self, name: str, taken: Collection[str]) -> str:
        """Return the table that has no file or word yet, and whose name a name is misspelt."""
        free = {table.casefold(): table for table in self._known if table not in taken}
        close = get_close_matches(name.casefold(), free, n=1, cutoff=CLOSE)
        return free[close[0]] if close else ""

    def _header(self, name: str) -> list[str]:
        """Return the names of the columns of a file; none if it cannot be read."""
        try:
            return read_names(partial(self._archive.open, name), self._archive.files[name])
        except BundleError:
            return []

    def _note(self, code: str, words: str, field: str | None = None) -> None:
        self._findings.append(found(code, MANIFEST, words, field=field))
