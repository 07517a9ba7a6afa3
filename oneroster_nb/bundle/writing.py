"""Writing canonical tables as a bundle."""

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from oneroster_nb.bundle.contents import bundle_contents
from oneroster_nb.bundle.layout import FILES, REQUIRED
from oneroster_nb.errors import BundleError, ConfigurationError, PartialResultWarning, warn
from oneroster_nb.files import replaced
from oneroster_nb.tables.field import Kind
from oneroster_nb.tables.table import TABLES

_IN_OTHER_FILES: Mapping[str, frozenset[str]] = {
    "1.2": frozenset({"role", "orgSourcedIds", "resourceSourcedIds"})
}
"""Columns of users that version 1.2 writes into roles.csv and userResources.csv."""
_LINE_END = "\r\n"
"""The CSV binding refers to RFC 4180, which has this line end."""
_IN_DELTAS = ("status", "dateLastModified")
_DAYS: Mapping[str, tuple[str, ...]] = {"lineItems": ("assignDate", "dueDate")}
"""Columns that hold a time in REST, and only the day in the CSV binding."""


def write_bundle(
    tables: Mapping[str, pd.DataFrame], path: str | Path, *, version: str, overwrite: bool
) -> Path:
    """Write canonical tables as a bulk bundle, all of it or nothing.

    The parameters, errors and warnings are those of :meth:`oneroster_nb.Roster.to_csv_bundle`.
    """
    if version not in FILES:
        raise ConfigurationError(
            f"version can be {' or '.join(map(repr, FILES))}, not {version!r}."
        )
    target = Path(path)
    if target.exists() and not overwrite:
        raise BundleError(
            f"{target} already exists. Choose another name, or pass overwrite=True to replace it."
        )
    contents = bundle_contents(tables, version)
    try:
        with (
            replaced(target) as file,
            zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
        ):
            _write_files(archive, contents.files, version)
    except OSError as exc:
        raise BundleError(
            f"The bundle cannot be written to {target}: {exc.strerror}. Check that the folder"
            " exists and that the disk has room."
        ) from None
    _warn_of_gaps(contents.files, contents.left_out, version)
    return target


def _write_files(archive: zipfile.ZipFile, files: Mapping[str, pd.DataFrame], version: str) -> None:
    lines = ["propertyName,value", "manifest.version,1.0", f"oneroster.version,{version}"]
    lines += [f"file.{name},{'bulk' if name in files else 'absent'}" for name in FILES[version]]
    lines += ["source.systemName,oneroster_nb", "source.systemCode,"]
    archive.writestr("manifest.csv", "".join(line + _LINE_END for line in lines))
    for name, table in files.items():
        with archive.open(f"{name}.csv", "w", force_zip64=True) as file:
            _write_table(file, name, table, version)


def _warn_of_gaps(
    files: Mapping[str, pd.DataFrame], left_out: Mapping[str, int], version: str
) -> None:
    """Warn once about missing required values, and about rows that the version cannot hold."""
    gaps = [
        f"{name}.{column} ({len(table) - filled:,} of {len(table):,} rows)"
        for name, table in files.items()
        for column in REQUIRED[version][name]
        if (filled := int(table[column].notna().sum()) if column in table else 0) < len(table)
    ]
    sentences = []
    if gaps:
        sentences.append(
            f"OneRoster {version} requires values that this roster does not have:"
            f" {', '.join(gaps)}. These cells are empty, and strict readers may refuse the files."
        )
    if left_out:
        counts = ", ".join(f"{name} ({count:,} rows)" for name, count in left_out.items())
        sentences.append(
            f"OneRoster {version} cannot hold these, so they are not in the bundle: {counts}."
        )
    if sentences:
        warn(" ".join(sentences), PartialResultWarning)


def _write_table(file: Any, name: str, table: pd.DataFrame, version: str) -> None:
    kinds = TABLES[name].columns if name in TABLES else {}
    standard = FILES[version][name]
    columns: dict[str, Any] = {
        column: _texts(
            table[column],
            Kind.DATE if column in _DAYS.get(name, ()) else kinds.get(column, Kind.TEXT),
        )
        if column in table and column not in _IN_DELTAS
        else pa.nulls(len(table), pa.string())
        for column in standard
    }
    written = {*standard, *(_IN_OTHER_FILES.get(version, ()) if name == "users" else ())}
    others = {str(c): table[c] for c in table if c not in written and table[c].notna().any()}
    others["dateLastModified"] = table["dateLastModified"]
    for column in _DAYS.get(name, ()):
        timed = table[column].where(table[column] != table[column].dt.floor("D"))
        if timed.notna().any():
            others[column] = timed
    for column, values in sorted(others.items()):
        kind = kinds.get(column, Kind.TIMESTAMP if column == "dateLastModified" else Kind.TEXT)
        label = column if column.startswith("metadata.") else f"metadata.{column}"
        columns[label] = _texts(values, kind)
    file.write((",".join(_quoted(column) for column in columns) + _LINE_END).encode())
    pyarrow.csv.write_csv(
        pa.table(columns),
        file,
        pyarrow.csv.WriteOptions(include_header=False, quoting_style="needed", eol=_LINE_END),
    )


def _texts(column: "pd.Series[Any]", kind: Kind) -> Any:
    """Return a column as text in the format of the standard."""
    if kind is Kind.BOOLEAN:
        return pa.array(column, pa.bool_(), from_pandas=True).cast(pa.string())
    if kind is Kind.DATE:
        days = column.dt.tz_localize(None)
        return pc.strftime(pa.array(days, pa.timestamp("us"), from_pandas=True), "%Y-%m-%d")
    if kind is Kind.TIMESTAMP:
        stamps = pa.array(column, pa.timestamp("us", "UTC"), from_pandas=True)
        texts = pc.strftime(stamps.cast(pa.timestamp("us")), "%Y-%m-%dT%H:%M:%SZ")
        return pc.replace_substring(texts, "000Z", "Z")  # milliseconds, unless there is more
    if kind is Kind.NUMBER:
        texts = [None if pd.isna(v) else repr(float(v)).removesuffix(".0") for v in column]
        return pa.array(texts, pa.string())
    return pa.array(column.astype("str"), pa.string(), from_pandas=True)


def _quoted(name: str) -> str:
    if any(sign in name for sign in ',"\r\n'):
        return '"' + name.replace('"', '""') + '"'
    return name
