"""A bundle to canonical tables, and what deviates from the standard in it."""

import re
from collections.abc import Mapping, Sequence
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
from oneroster_nb.bundle.lines import Rows
from oneroster_nb.bundle.listing import listed
from oneroster_nb.bundle.rows import EmptyFileError, findings_of_rows, read_rows
from oneroster_nb.conform import conform, is_password, to_frame
from oneroster_nb.errors import BundleError, PartialResultWarning, warn
from oneroster_nb.findings import Finding, found
from oneroster_nb.notes import findings_of_notes, notes_of
from oneroster_nb.progress import Reporter
from oneroster_nb.repeated_keys import (
    DistinctRows,
    distinct_rows,
    latest_rows,
    warn_of_lost_rows,
)
from oneroster_nb.resources import users_with_resources
from oneroster_nb.roles import people_of
from oneroster_nb.schema import BEYOND, TABLES, Kind, empty_table, nothing_of
from oneroster_nb.vocabulary import ACTIVE, standard_word

__all__ = ["Bundle", "read_bundle"]

_CORE = frozenset({"orgs", "academicSessions", "courses", "classes", "enrollments"})
_BOOLEANS = frozenset({"true", "false", "", None})
_CREDENTIALS = frozenset({"credentialType", "username"})
_SHOWN_AT_MOST = 1000
_IN_DELTAS = ("status", "dateLastModified")
_TIMED = re.compile(r"\d{4}-\d{2}-\d{2}[T ].+")
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
    unstated : frozenset of str
        The tables of which the manifest does not say how to take them; they are read as bulk.
    """

    version: str
    tables: Mapping[str, pd.DataFrame]
    modes: Mapping[str, str]
    findings: list[Finding] = field(default_factory=list)
    unstated: frozenset[str] = frozenset()

    @property
    def deltas(self) -> list[str]:
        """The tables of which there are only changes."""
        return [name for name, mode in self.modes.items() if mode == "delta"]


def read_bundle(
    source: object, limits: Limits, reporter: Reporter, *, whole: bool = True
) -> Bundle:
    """Read a bundle.

    Parameters
    ----------
    source : str, Path, bytes or binary file
        A zip or a folder, or the bytes of a zip.
    limits : Limits
        How much may be unpacked.
    reporter : Reporter
        Told the rows so far.
    whole : bool
        Whether a file that cannot be read is an error. If not, it is a finding, and its table is
        left out.

    Raises
    ------
    BundleError
        If it cannot be read as a bundle.

    Warns
    -----
    PartialResultWarning
        If a file of a table that every roster has holds nothing, not even a header.
    """
    with Archive(source, limits) as archive:
        reading = _Reading(archive, reporter)
        return reading.bundle(whole=whole)


class _Reading:
    """One reading of a bundle."""

    def __init__(self, archive: Archive, reporter: Reporter) -> None:
        self._archive = archive
        self._reporter = reporter
        self._done = 0
        self._users_say = False
        self._users: DistinctRows | None = None
        self.findings: list[Finding] = []

    def bundle(self, *, whole: bool) -> Bundle:
        listing = listed(self._archive)
        self.findings += listing.findings
        if listing.missing:
            names = ", ".join(f"{name}.csv" for name in listing.missing)
            self._give_up(
                listing.missing,
                BundleError(
                    f"The manifest says that there is {names}, and it is not there, so the bundle"
                    " is not whole. Get it again from its source."
                ),
                whole=whole,
            )
        tables: dict[str, pd.DataFrame] = {}
        for name, mode in listing.modes.items():
            try:
                tables[name] = self._table(name, listing.files[name], mode)
            except BundleError as exc:
                self._give_up([name], exc, whole=whole)
        modes = {name: mode for name, mode in listing.modes.items() if name in tables}
        if modes.get("users") == "bulk" and modes.get("roles") != "delta":
            tables |= self._people(tables, listing.version)
        warn_of_lost_rows(self.findings)
        return Bundle(listing.version, tables, modes, self.findings, listing.unstated)

    def _give_up(self, names: Sequence[str], reason: BundleError, *, whole: bool) -> None:
        """Go on without some tables if a part of the bundle is enough."""
        if whole:
            raise reason
        self.findings += [found("file-unreadable", name, str(reason)) for name in names]

    def _rows(self, name: str) -> Rows:
        place = self._archive.files[name]

        def tell(rows: int) -> None:
            self._reporter.tell(self._done + rows, None)

        rows = read_rows(lambda: self._archive.open(name), place, tell)
        self._done += len(rows.columns[0]) if rows.columns else 0
        return rows

    def _table(self, table: str, name: str, mode: str) -> pd.DataFrame:
        place = self._archive.files[name]
        try:
            rows = self._rows(name)
        except EmptyFileError:
            if table == "users":
                raise
            self.findings.append(found("file-empty", table))
            if table in _CORE:
                warn(
                    f"{place} holds nothing, not even a header, so there are no {table}. If that"
                    " is not meant, get the bundle again from its source.",
                    PartialResultWarning,
                )
            rows = Rows(["sourcedId"], [pa.chunked_array([], pa.string())])
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
            return self._keyed(table, _beyond(table, columns), mode)
        return self._canonical(table, columns, mode)

    def _canonical(self, table: str, columns: dict[str, Any], mode: str) -> pd.DataFrame:
        filled = [name for name in _IN_DELTAS if not _blank(columns.get(name))]
        if mode == "bulk" and filled:
            self.findings.append(found("status-in-bulk", table, f"{' and '.join(filled)}."))
        if table == "users":
            self._users_say = not (
                _blank(columns.get("role")) and _blank(columns.get("orgSourcedIds"))
            )
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
        self._booleans(table, plain, page)
        # Each value that cannot be read is a finding of its own already.
        notes = [note for note in notes_of(page) if note.code != "value-unreadable"]
        self.findings += findings_of_notes(table, notes)
        return self._keyed(table, to_frame(page), mode)

    def _booleans(self, table: str, texts: Mapping[str, Any], page: pa.Table) -> None:
        """Find booleans that are read, and not written as the standard writes them."""
        odd = []
        for name, kind in TABLES[table].columns.items():
            if kind is not Kind.BOOLEAN or name not in texts:
                continue
            if set(pc.unique(texts[name]).to_pylist()) <= _BOOLEANS:
                continue
            read = texts[name].filter(pc.is_valid(page[name]))
            odd += [name] * (not set(pc.unique(read).to_pylist()) <= _BOOLEANS)
        if odd:
            self.findings.append(found("boolean-format", table, f"{', '.join(odd)}."))

    def _dates(self, table: str, name: str, texts: Any) -> Any:
        """Bring other ways to write a date to ISO 8601."""
        distinct = [text for text in pc.unique(texts).to_pylist() if text]
        iso, how = iso_dates(distinct)
        ways = [how] if iso else []
        if TABLES[table].columns[name] is Kind.DATE:
            timed = any(_TIMED.fullmatch(text.strip()) for text in distinct)
            ways += ["its time left out"] * timed
        if not ways:
            return texts
        self.findings.append(
            found("date-format", table, f"{name} was read with {' and '.join(ways)}.", field=name)
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

    def _keyed(self, table: str, frame: pd.DataFrame, mode: str) -> pd.DataFrame:
        """Keep each key once."""
        missing = int(frame["sourcedId"].isna().sum())
        if missing:
            self.findings.append(found("key-missing", table, f"{missing:,} rows."))
        if mode == "delta":
            kept, findings = latest_rows(table, frame)
        else:
            distinct = distinct_rows(table, frame)
            kept, findings = distinct.table, distinct.findings
            if table == "users":
                self._users = distinct
        self.findings += findings
        return kept

    def _people(self, tables: Mapping[str, pd.DataFrame], version: str) -> dict[str, pd.DataFrame]:
        """Complete users and roles, of which each version has a part."""
        if self._users is None:
            return {}
        held = tables.get("roles", empty_table("roles"))
        orgs = tables.get("orgs", empty_table("orgs"))
        people = people_of(
            self._users._replace(findings=[]), held, orgs, version, told=self._users_say
        )
        self.findings += people.findings
        links = tables.get("userResources", nothing_of("userResources"))
        return {"users": users_with_resources(people.users, links), "roles": people.roles}


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
            finer = pc.fill_null(pc.equal(pc.utf8_slice_codeunits(times, 0, 10), days), False)
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
