"""A bundle to canonical tables, and what deviates from the standard in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from oneroster_nb.bundle.archive import Archive, Limits
from oneroster_nb.bundle.columns import named_columns
from oneroster_nb.bundle.contents import FILLED
from oneroster_nb.bundle.dates import iso_dates
from oneroster_nb.bundle.layout import FILES, MANIFEST
from oneroster_nb.bundle.rows import Rows, findings_of_rows, read_rows
from oneroster_nb.conform import conform, is_password, to_frame
from oneroster_nb.errors import BundleError
from oneroster_nb.findings import Finding, found
from oneroster_nb.membership import with_primary_org
from oneroster_nb.notes import findings_of_notes, notes_of
from oneroster_nb.progress import Reporter
from oneroster_nb.resources import users_with_resources
from oneroster_nb.roles import roles_of_users, users_of_roles
from oneroster_nb.schema import BEYOND, TABLES, Kind, empty_table, nothing_of
from oneroster_nb.vocabulary import ACTIVE, standard_word

__all__ = ["Bundle", "read_bundle"]

_MODES = ("bulk", "delta", "absent")
_CREDENTIALS = frozenset({"credentialType", "username"})
_SHOWN_AT_MOST = 1000
_IN_DELTAS = ("status", "dateLastModified")
_MOMENTS = (Kind.DATE, Kind.TIMESTAMP)


@dataclass(frozen=True)
class Bundle:
    """What was read.

    Attributes
    ----------
    version : str
        ``"1.1"`` or ``"1.2"``.
    tables : Mapping[str, pandas.DataFrame]
        The canonical tables that are there.
    modes : Mapping[str, str]
        For each ``"bulk"`` or ``"delta"``.
    findings : list of Finding
        What deviates from the standard.
    """

    version: str
    tables: Mapping[str, pd.DataFrame]
    modes: Mapping[str, str]
    findings: list[Finding] = field(default_factory=list)

    @property
    def deltas(self) -> list[str]:
        """The tables of which there are only changes."""
        return [name for name, mode in self.modes.items() if mode == "delta"]


def read_bundle(source: object, limits: Limits, reporter: Reporter) -> Bundle:
    """Read a bundle.

    Parameters
    ----------
    source : str, Path, bytes or binary file
        A zip or a folder, or the bytes of a zip.
    limits : Limits
        How much may be unpacked.
    reporter : Reporter
        Told the rows so far.

    Raises
    ------
    BundleError
        Where it cannot be read as a bundle.
    """
    with Archive(source, limits) as archive:
        reading = _Reading(archive, reporter)
        return reading.bundle()


class _Reading:
    """One reading of a bundle."""

    def __init__(self, archive: Archive, reporter: Reporter) -> None:
        self._archive = archive
        self._reporter = reporter
        self._done = 0
        self.findings: list[Finding] = []

    def bundle(self) -> Bundle:
        places, strangers = self._places()
        manifest = self._manifest(places)
        version = manifest.get("oneroster.version", "").strip()
        if version not in FILES:
            version = "1.2" if "roles" in places or version.startswith("1.2") else "1.1"
        modes = self._modes(places, manifest)
        for name in strangers:
            self.findings.append(found("file-unknown", MANIFEST, f"{name}.csv."))
        tables = {name: self._table(name, places[name], mode) for name, mode in modes.items()}
        return Bundle(version, _related(tables, version), modes, self.findings)

    def _places(self) -> tuple[dict[str, str], list[str]]:
        """Find the tables among the files, and those files that are none."""
        known = dict.fromkeys([MANIFEST, *FILES["1.2"], *BEYOND, *TABLES])
        folded = {name.casefold(): name for name in known}
        places: dict[str, str] = {}
        strangers = []
        for name in self._archive.files:
            table = folded.get(name.casefold())
            if table is None:
                strangers.append(name)
                continue
            places[table] = name
            if name != table:
                self.findings.append(found("file-name", table, f"{name!r}."))
        if self._archive.inside:
            self.findings.append(found("file-folder", MANIFEST, f"{self._archive.inside!r}."))
        if MANIFEST not in places and "users" not in places:
            raise BundleError(
                "There is neither a manifest.csv nor a users.csv, so this is no OneRoster bundle."
                f" It holds: {', '.join(sorted(self._archive.files)[:10])}."
            )
        return places, strangers

    def _manifest(self, places: Mapping[str, str]) -> dict[str, str]:
        if MANIFEST not in places:
            self.findings.append(found("manifest-missing", MANIFEST))
            return {}
        rows = self._rows(places[MANIFEST])
        self.findings += findings_of_rows(MANIFEST, rows)
        texts = [column.to_pylist() for column in rows.columns]
        header = [name.strip().casefold() for name in rows.names]
        if len(texts) < 2 or header[:2] != ["propertyname", "value"]:
            raise BundleError(
                "manifest.csv does not begin with propertyName,value, so what the bundle holds is"
                " not known. Get it again from its source."
            )
        return {key.strip(): value.strip() for key, value in zip(texts[0], texts[1], strict=True)}

    def _modes(self, places: Mapping[str, str], manifest: Mapping[str, str]) -> dict[str, str]:
        """Say of each table that is there how it is to be taken."""
        modes: dict[str, str] = {}
        said = {
            key.removeprefix("file."): value.casefold()
            for key, value in manifest.items()
            if key.startswith("file.")
        }
        by_fold = {name.casefold(): value for name, value in said.items()}
        for name in places:
            if name == MANIFEST:
                continue
            mode = by_fold.pop(name.casefold(), "" if manifest else "bulk")
            if mode not in _MODES:
                words = f"{name}.csv is there, and the manifest does not say how to take it."
                self.findings.append(found("manifest-file", MANIFEST, words, field=name))
                mode = "bulk"
            if mode == "absent":
                words = f"{name}.csv is there, and said to be absent; it was left out."
                self.findings.append(found("manifest-file", MANIFEST, words, field=name))
                continue
            modes[name] = mode
        missing = [name for name, mode in by_fold.items() if mode in ("bulk", "delta")]
        if missing:
            raise BundleError(
                f"The manifest says that there is {', '.join(f'{n}.csv' for n in missing)}, and it"
                " is not there, so the bundle is not whole. Get it again from its source."
            )
        return modes

    def _rows(self, name: str) -> Rows:
        place = self._archive.files[name]

        def tell(rows: int) -> None:
            self._reporter.tell(self._done + rows, None)

        rows = read_rows(lambda: self._archive.open(name), place, tell)
        self._done += len(rows.columns[0]) if rows.columns else 0
        return rows

    def _table(self, table: str, name: str, mode: str) -> pd.DataFrame:
        rows = self._rows(name)
        place = self._archive.files[name]
        names, findings = named_columns(table, rows.names)
        if "sourcedId" not in names:
            raise BundleError(
                f"The first line of {place} names no sourcedId, so it has no header or is another"
                f" table. It begins with: {', '.join(rows.names[:3])[:80]!r}."
            )
        self.findings += [*findings, *findings_of_rows(table, rows)]
        columns = dict(zip(names, rows.columns, strict=True))
        if rows.surplus is not None:
            columns["metadata.surplus"] = rows.surplus
        columns = {
            column: texts
            for column, texts in columns.items()
            if not (column.startswith("metadata.column") and _blank(texts))
        }
        if table not in TABLES:
            return _beyond(table, columns)
        return self._canonical(table, columns, mode)

    def _canonical(self, table: str, columns: dict[str, Any], mode: str) -> pd.DataFrame:
        filled = [name for name in _IN_DELTAS if not _blank(columns.get(name))]
        if mode == "bulk" and filled:
            self.findings.append(found("status-in-bulk", table, f"{' and '.join(filled)}."))
        columns = _restored(table, columns)
        kinds = TABLES[table].columns
        for name, kind in kinds.items():
            if kind in _MOMENTS and name in columns:
                columns[name] = self._dates(table, name, columns[name])
        plain = {name: _whole(texts) for name, texts in columns.items()}
        page = conform(table, plain, sensitive=True)
        for name, kind in kinds.items():
            if kind not in (Kind.TEXT, Kind.VALUES) and name in plain:
                self._unreadable(table, name, plain, page)
        # Each value that cannot be read is a finding of its own already.
        notes = [note for note in notes_of(page) if note.code != "value-unreadable"]
        self.findings += findings_of_notes(table, notes)
        return self._keyed(table, to_frame(page))

    def _dates(self, table: str, name: str, texts: Any) -> Any:
        """Bring other ways to write a date to ISO 8601."""
        distinct = pc.unique(texts).to_pylist()
        iso, how = iso_dates(text for text in distinct if text)
        if not iso:
            return texts
        self.findings.append(
            found("date-format", table, f"{name} was read with {how}.", field=name)
        )
        encoded = pc.dictionary_encode(_whole(texts))
        values = [iso.get(text, text) for text in encoded.dictionary.to_pylist()]
        return pa.chunked_array([pa.array(values, pa.string()).take(encoded.indices)])

    def _unreadable(self, table: str, name: str, texts: Mapping[str, Any], page: pa.Table) -> None:
        given = texts[name]
        lost = pc.and_(pc.not_equal(given, ""), pc.is_null(page[name]))
        lost = pc.and_(lost, pc.is_valid(given))
        if not pc.any(lost).as_py():
            return
        keys = texts["sourcedId"].filter(lost).to_pylist()
        values = given.filter(lost).to_pylist()
        self.findings += [
            found("value-unreadable", table, f"{value[:40]!r}.", key=key, field=name)
            for key, value in zip(keys[:_SHOWN_AT_MOST], values[:_SHOWN_AT_MOST], strict=True)
        ]
        if len(keys) > _SHOWN_AT_MOST:
            more = len(keys) - _SHOWN_AT_MOST
            self.findings.append(
                found("value-unreadable", table, f"{more:,} more rows.", field=name, explains=more)
            )

    def _keyed(self, table: str, frame: pd.DataFrame) -> pd.DataFrame:
        """Keep the first row of each key."""
        keys = frame["sourcedId"]
        missing = int(keys.isna().sum())
        if missing:
            self.findings.append(found("key-missing", table, f"{missing:,} rows."))
        again = keys.duplicated() & keys.notna()
        for key in keys[again].drop_duplicates().head(_SHOWN_AT_MOST):
            self.findings.append(
                found("key-repeated", table, "the first row was kept.", key=key, field="sourcedId")
            )
        return frame.loc[~again].reset_index(drop=True) if again.any() else frame


def _related(tables: dict[str, pd.DataFrame], version: str) -> dict[str, pd.DataFrame]:
    """Complete users and roles, of which each version has a part."""
    users = tables.get("users")
    if users is None:
        return tables
    orgs = tables.get("orgs", empty_table("orgs"))
    if version == "1.2":
        users = users_of_roles(users, tables.get("roles", empty_table("roles")))
        users = users_with_resources(
            users, tables.get("userResources", nothing_of("userResources"))
        )
        return tables | {"users": with_primary_org(users, orgs)}
    users = with_primary_org(users, orgs)
    return tables | {"users": users, "roles": roles_of_users(users, orgs)}


def _restored(table: str, columns: Mapping[str, Any]) -> dict[str, Any]:
    """Put back what a bundle of ours says in metadata: what its version has no column for."""
    restored = dict(columns)
    filled = restored.pop(FILLED, None)
    for name, kind in TABLES[table].columns.items():
        if filled is not None and name in restored:
            ours = pc.fill_null(pc.match_substring(_whole(filled), name), False)
            restored[name] = pc.if_else(ours, "", _whole(restored[name]))
        kept = f"metadata.{name}"
        if name == "grades" or kept not in restored:
            continue
        if _blank(restored.get(name)):
            restored[name] = restored.pop(kept)
        elif kind is Kind.TIMESTAMP:
            # The binding has the day of a line item; what knows its time says so in metadata.
            times, days = _whole(restored[kept]), _whole(restored[name])
            finer = pc.equal(pc.utf8_slice_codeunits(times, 0, 10), days)
            restored[name] = pc.if_else(finer, times, days)
            if pc.all(pc.or_(finer, pc.equal(times, ""))).as_py():
                del restored[kept]
    return {
        name.removeprefix("metadata.") if name.startswith("metadata.clever.") else name: texts
        for name, texts in restored.items()
    }


def _beyond(table: str, columns: Mapping[str, Any]) -> pd.DataFrame:
    """Keep a table beyond the canonical ones as it was found, without credentials."""
    secret = _CREDENTIALS if table == "userProfiles" else frozenset()
    length = len(next(iter(columns.values())))
    names = [name for name in columns if not is_password(name) and name not in secret]
    frame = pd.DataFrame({name: _whole(columns[name]).to_pandas() for name in names})
    frame = frame.replace("", None).astype("str")
    wanted = [*BEYOND.get(table, ()), *(name for name in names if name not in BEYOND[table])]
    for name in wanted:
        if name not in frame:
            frame[name] = pd.Series([None] * length, dtype="str")
    stamps = pd.to_datetime(frame["dateLastModified"], format="ISO8601", utc=True, errors="coerce")
    status = frame["status"].map(partial(standard_word, table, "status"), na_action="ignore")
    frame = frame.assign(
        status=status.astype("str").fillna(ACTIVE), dateLastModified=stamps.dt.as_unit("us")
    )
    return frame[wanted]


def _blank(texts: Any) -> bool:
    """Say whether a column is not there, or holds nothing."""
    if texts is None:
        return True
    return not pc.any(pc.not_equal(texts, "")).as_py()


def _whole(texts: Any) -> Any:
    """Give a column in one piece."""
    if not isinstance(texts, pa.ChunkedArray):
        return texts
    if texts.num_chunks == 1:
        return texts.chunk(0)
    return pa.concat_arrays(texts.chunks) if texts.num_chunks else pa.array([], texts.type)
