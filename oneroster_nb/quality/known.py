"""Findings that are known and accepted, in a file."""

import os
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from oneroster_nb.errors import ConfigurationError
from oneroster_nb.files import replaced
from oneroster_nb.tables.rules import Finding
from oneroster_nb.tables.spreadsheet_safety import csv_cell

COLUMNS = ["code", "table", "sourcedId", "field"]
"""What says which finding is which."""

Key = tuple[str, ...]


def key_of(finding: Finding) -> Key:
    """Return what a finding is known by, with empty texts for what it does not have."""
    return _key((finding.code, finding.table, finding.sourcedId, finding.field))


def read_known(path: str | os.PathLike[str]) -> frozenset[Key]:
    """Read the known findings from a CSV file; other columns than these are ignored.

    ConfigurationError if the file cannot be read, or lacks one of :data:`COLUMNS`.
    """
    try:
        table = pd.read_csv(path, dtype="str", keep_default_na=False, encoding="utf-8-sig")
    except (OSError, ValueError) as exc:
        reason = "is not there" if isinstance(exc, FileNotFoundError) else "cannot be read as CSV"
        raise ConfigurationError(
            f"The file of known findings {os.fspath(path)!r} {reason}."
            " check(source).save_known(path) writes one."
        ) from exc
    lacking = [name for name in COLUMNS if name not in table]
    if lacking:
        raise ConfigurationError(
            f"The file of known findings {os.fspath(path)!r} has no column {lacking[0]!r}. It needs"
            f" {', '.join(COLUMNS)}; check(source).save_known(path) writes them."
        )
    return frozenset(_key(row) for row in table[COLUMNS].itertuples(index=False, name=None))


def write_known(path: str | os.PathLike[str], found: pd.DataFrame) -> None:
    """Add findings to a file of known ones, which is made if it is not there."""
    rows = [_key(row) for row in found[COLUMNS].itertuples(index=False, name=None)]
    kept = read_known(path) if Path(path).exists() else frozenset()
    lines = [",".join(COLUMNS), *(_line(key) for key in sorted({*kept, *rows}))]
    try:
        with replaced(Path(path)) as file:
            file.write("".join(f"{line}\r\n" for line in lines).encode("utf-8-sig"))
    except OSError as exc:
        raise ConfigurationError(
            f"The file of known findings {os.fspath(path)!r} cannot be written: {exc.strerror}."
        ) from exc


def _key(values: Iterable[object]) -> Key:
    """Return texts without the ' that a CSV file has before what could run as a formula."""
    return tuple(text.removeprefix("'") if isinstance(text, str) else "" for text in values)


def _line(key: Key) -> str:
    return ",".join(csv_cell(text) for text in key)
