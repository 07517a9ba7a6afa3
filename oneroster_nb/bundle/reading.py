"""Reading a bundle into canonical tables, and its deviations from the standard."""

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
from oneroster_nb.bundle.lines import Rows
from oneroster_nb.bundle.listing import listed
from oneroster_nb.bundle.rows import EmptyFileError, findings_of_rows, read_rows
from oneroster_nb.bundle.values import (
    blank,
    iso_texts,
    odd_booleans,
    unreadable_values,
    whole_column,
)
from oneroster_nb.errors import BundleError, PartialResultWarning, warn
from oneroster_nb.progress import Reporter
from oneroster_nb.tables.added_columns import PREFIXES
from oneroster_nb.tables.casting import cast_columns, is_password, to_frame
from oneroster_nb.tables.field import Kind
from oneroster_nb.tables.fields import FIELDS
from oneroster_nb.tables.notes import findings_of_notes, notes_of
from oneroster_nb.tables.repeated_keys import (
    DistinctRows,
    distinct_rows,
    latest_rows,
    warn_of_lost_rows,
)
from oneroster_nb.tables.resources import users_with_resources
from oneroster_nb.tables.roles import people_of
from oneroster_nb.tables.rules import Finding, found
from oneroster_nb.tables.table import EXTRA_TABLES, TABLES, empty_table
from oneroster_nb.tables.vocabulary import ACTIVE, standard_word

_CORE = frozenset({"orgs", "academicSessions", "courses", "classes", "enrollments"})
_IN_DELTAS = ("status", "dateLastModified")
_MOMENTS = (Kind.DATE, Kind.TIMESTAMP)
_ADDED = tuple(f"metadata.{prefix}" for prefix in PREFIXES)


@dataclass(frozen=True)
class Bundle:
    """A bundle that was read.

    Attributes
    ----------
    version : str
        ``"1.1"`` or ``"1.2"``.
    tables : Mapping[str, pandas.DataFrame]
        The canonical tables in the bundle.
    modes : Mapping[str, str]
        Table to ``"bulk"`` or ``"delta"``.
    findings : list of Finding
        Deviations from the standard.
    unstated : frozenset of str
        Tables that the manifest calls neither bulk nor delta; they are read as bulk.
    """

    version: str
    tables: Mapping[str, pd.DataFrame]
    modes: Mapping[str, str]
    findings: list[Finding] = field(default_factory=list)
    unstated: frozenset[str] = frozenset()

    @property
    def deltas(self) -> list[str]:
        """The tables of which the bundle holds only changes."""
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
        Receives the number of rows so far.
    whole : bool
        If True, a file that cannot be read is an error. If False, it is a finding, and its table
        is left out.

    Raises
    ------
    BundleError
        If the source cannot be read as a bundle.

    Warns
    -----
    PartialResultWarning
        If the file of a table that every roster has is empty, without even a header.
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
                    f"The bundle is incomplete: it lacks {names}, which the manifest lists. Get the"
                    " bundle again from its source."
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
        """Raise the error; if a part of the bundle is enough, note it and leave the tables out."""
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
                    f"{place} is empty, without even a header, so there are no {table}. If that is"
                    " wrong, get the bundle again from its source.",
                    PartialResultWarning,
                )
            rows = Rows(["sourcedId"], [pa.chunked_array([], pa.string())])
        names, findings = named_columns(table, rows.names)
        if "sourcedId" not in names:
            raise BundleError(
                f"The first line of {place} has no column sourcedId, so the header is missing or"
                f" this is another table. It begins with: {', '.join(rows.names[:3])[:80]!r}."
            )
        self.findings += [*findings, *findings_of_rows(table, rows)]
        columns = dict(zip(names, rows.columns, strict=True))
        if rows.surplus is not None:
            columns["metadata.surplus"] = rows.surplus
        columns = {
            column: texts
            for column, texts in columns.items()
            if not (column.startswith("metadata.column") and blank(texts))
        }
        if table not in TABLES:
            return self._keyed(table, _beyond(table, columns), mode)
        return self._canonical(table, columns, mode)

    def _canonical(self, table: str, columns: dict[str, Any], mode: str) -> pd.DataFrame:
        filled = [name for name in _IN_DELTAS if not blank(columns.get(name))]
        if mode == "bulk" and filled:
            self.findings.append(found("status-in-bulk", table, f"{' and '.join(filled)}."))
        if table == "users":
            self._users_say = not (
                blank(columns.get("role")) and blank(columns.get("orgSourcedIds"))
            )
        columns = _restored(table, columns)
        kinds = TABLES[table].columns
        for name, kind in kinds.items():
            if kind in _MOMENTS and name in columns:
                columns[name], findings = iso_texts(table, name, columns[name])
                self.findings += findings
        plain = {name: whole_column(texts) for name, texts in columns.items()}
        page = cast_columns(table, plain, sensitive=True)
        for name, kind in kinds.items():
            if kind not in (Kind.TEXT, Kind.VALUES) and name in plain:
                self.findings += unreadable_values(table, name, plain, page)
        self.findings += odd_booleans(table, plain, page)
        # Each unreadable value is already a finding.
        notes = [note for note in notes_of(page) if note.code != "value-unreadable"]
        self.findings += findings_of_notes(table, notes)
        return self._keyed(table, to_frame(page), mode)

    def _keyed(self, table: str, frame: pd.DataFrame, mode: str) -> pd.DataFrame:
        """Keep the first row of each key."""
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
        """Complete users and roles: each version writes only a part of them."""
        if self._users is None:
            return {}
        held = tables.get("roles", empty_table("roles"))
        orgs = tables.get("orgs", empty_table("orgs"))
        people = people_of(
            self._users._replace(findings=[]), held, orgs, version, told=self._users_say
        )
        self.findings += people.findings
        links = tables.get("userResources", empty_table("userResources"))
        return {"users": users_with_resources(people.users, links), "roles": people.roles}


def _restored(table: str, columns: Mapping[str, Any]) -> dict[str, Any]:
    """Restore values that our own bundles keep in metadata, as the version has no column."""
    restored = dict(columns)
    filled = restored.pop(FILLED, None)
    for name, kind in TABLES[table].columns.items():
        if filled is not None and name in restored:
            ours = pc.fill_null(pc.match_substring(whole_column(filled), name), False)
            restored[name] = pc.if_else(ours, "", whole_column(restored[name]))
        kept = f"metadata.{name}"
        if name == "grades" or kept not in restored:
            continue
        if blank(restored.get(name)):
            restored[name] = restored.pop(kept)
        elif kind is Kind.TIMESTAMP:
            # The CSV binding has only the day of a line item; metadata has the time, if known.
            times, days = whole_column(restored[kept]), whole_column(restored[name])
            finer = pc.fill_null(pc.equal(pc.utf8_slice_codeunits(times, 0, 10), days), False)
            restored[name] = pc.if_else(finer, times, days)
            if pc.all(pc.or_(finer, pc.equal(times, ""))).as_py():
                del restored[kept]
    return {
        name.removeprefix("metadata.") if name.startswith(_ADDED) else name: texts
        for name, texts in restored.items()
    }


def _beyond(table: str, columns: Mapping[str, Any]) -> pd.DataFrame:
    """Keep a table that is not canonical as it is, without credentials."""
    secret = {each.name for each in FIELDS[table].own if each.secret}
    length = len(next(iter(columns.values())))
    names = [name for name in columns if not is_password(name) and name not in secret]
    frame = pd.DataFrame({name: whole_column(columns[name]).to_pandas() for name in names})
    frame = frame.replace("", None).astype("str")
    wanted = list(dict.fromkeys([*EXTRA_TABLES[table], *names]))
    for name in wanted:
        if name not in frame:
            frame[name] = pd.Series([None] * length, dtype="str")
    stamps = pd.to_datetime(frame["dateLastModified"], format="ISO8601", utc=True, errors="coerce")
    status = frame["status"].map(partial(standard_word, table, "status"), na_action="ignore")
    frame = frame.assign(
        status=status.astype("str").fillna(ACTIVE), dateLastModified=stamps.dt.as_unit("us")
    )
    return frame[wanted]
