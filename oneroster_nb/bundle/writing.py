"""Canonical tables to a bundle."""

import os
import secrets
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from oneroster_nb.bundle.layout import CORE, FILES
from oneroster_nb.errors import BundleError, ConfigurationError
from oneroster_nb.roles import roles_of_users
from oneroster_nb.schema import TABLES, Kind

__all__ = ["write_bundle"]

_ELSEWHERE: Mapping[str, frozenset[str]] = {"1.2": frozenset({"role", "orgSourcedIds"})}
"""Columns of users that this version says in roles.csv."""
_IN_DELTAS = ("status", "dateLastModified")


def write_bundle(
    tables: Mapping[str, pd.DataFrame], path: str | Path, *, version: str, overwrite: bool
) -> Path:
    """Write a bulk bundle, all of it or nothing, readable by its owner alone.

    What is to be deleted is left out, as a bulk bundle holds what there is. What the version has
    no column for is written as ``metadata.<name>``, which the standard allows.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        Canonical tables.
    path : str or Path
        The zip to write.
    version : str
        ``"1.1"`` or ``"1.2"``.
    overwrite : bool
        Whether a file that is there already is replaced.

    Raises
    ------
    ConfigurationError
        For another version.
    BundleError
        Where the file is there already or cannot be written.
    """
    if version not in FILES:
        raise ConfigurationError(
            f"version can be {' or '.join(map(repr, FILES))}, not {version!r}."
        )
    target = Path(path)
    if target.exists() and not overwrite:
        raise BundleError(
            f"{target} is there already. Choose another name, or pass overwrite=True to replace it."
        )
    active = {name: table.loc[table["status"] != "tobedeleted"] for name, table in tables.items()}
    if version == "1.2" and not len(active.get("roles", ())) and "users" in active:
        active["roles"] = roles_of_users(active["users"].reset_index(drop=True), active["orgs"])
    partial = target.with_name(f".{target.name}.{secrets.token_hex(4)}.partial")
    try:
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with (
                os.fdopen(handle, "wb") as file,
                zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
            ):
                _write_files(archive, active, version)
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as exc:
        raise BundleError(
            f"The bundle cannot be written to {target}: {exc.strerror}. Check that the folder is"
            " there and has room."
        ) from None
    return target


def _write_files(
    archive: zipfile.ZipFile, tables: Mapping[str, pd.DataFrame], version: str
) -> None:
    files = FILES[version]
    written = {
        name: name in CORE or (name == "roles") or bool(len(tables.get(name, ()))) for name in files
    }
    lines = ["propertyName,value", "manifest.version,1.0", f"oneroster.version,{version}"]
    lines += [f"file.{name},{'bulk' if there else 'absent'}" for name, there in written.items()]
    lines += ["source.systemName,oneroster_nb", "source.systemCode,"]
    archive.writestr("manifest.csv", "".join(f"{line}\r\n" for line in lines))
    for name, there in written.items():
        if there:
            with archive.open(f"{name}.csv", "w", force_zip64=True) as file:
                _write_table(file, name, tables[name], version)


def _write_table(file: Any, name: str, table: pd.DataFrame, version: str) -> None:
    kinds = TABLES[name].columns if name in TABLES else {}
    standard = FILES[version][name]
    said = {*standard, *(_ELSEWHERE.get(version, ()) if name == "users" else ())}
    columns: dict[str, Any] = {
        column: _texts(table[column], kinds.get(column, Kind.TEXT))
        if column in table and column not in _IN_DELTAS
        else pa.nulls(len(table), pa.string())
        for column in standard
    }
    others = [str(c) for c in table if c not in said and table[c].notna().any()]
    for column in sorted([*others, "dateLastModified"]):
        kind = kinds.get(column, Kind.TIMESTAMP if column == "dateLastModified" else Kind.TEXT)
        label = column if column.startswith("metadata.") else f"metadata.{column}"
        columns[label] = _texts(table[column], kind)
    file.write((",".join(_quoted(column) for column in columns) + "\n").encode())
    pyarrow.csv.write_csv(
        pa.table(columns),
        file,
        pyarrow.csv.WriteOptions(include_header=False, quoting_style="needed"),
    )


def _texts(column: "pd.Series[Any]", kind: Kind) -> Any:
    """Write a column as the standard writes it."""
    if kind is Kind.BOOLEAN:
        return pa.array(column, pa.bool_(), from_pandas=True).cast(pa.string())
    if kind is Kind.DATE:
        return pc.strftime(pa.array(column, pa.timestamp("us"), from_pandas=True), "%Y-%m-%d")
    if kind is Kind.TIMESTAMP:
        stamps = pa.array(column, pa.timestamp("us", "UTC"), from_pandas=True)
        texts = pc.strftime(stamps.cast(pa.timestamp("us")), "%Y-%m-%dT%H:%M:%SZ")
        return pc.replace_substring(texts, "000Z", "Z")  # to the millisecond, where that is all
    if kind is Kind.NUMBER:
        texts = [None if pd.isna(v) else repr(float(v)).removesuffix(".0") for v in column]
        return pa.array(texts, pa.string())
    return pa.array(column.astype("str"), pa.string(), from_pandas=True)


def _quoted(name: str) -> str:
    if any(sign in name for sign in ',"\r\n'):
        return '"' + name.replace('"', '""') + '"'
    return name
