"""Findings that are known and accepted, in a file."""

import csv
import io
import os
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from oneroster_nb.errors import ConfigurationError
from oneroster_nb.files import replaced
from oneroster_nb.spelling import shown
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

    ConfigurationError if the file cannot be read, lacks one of :data:`COLUMNS`, or has a row that
    was cut.
    """
    what = f"The file of known findings {_named(path)!r}"
    try:
        text = Path(path).read_bytes().decode("utf-8-sig")
        header, *rows = [row for row in csv.reader(io.StringIO(text, ""), strict=True) if row]
    except (OSError, ValueError, csv.Error) as exc:
        reason = "is not there" if isinstance(exc, FileNotFoundError) else "cannot be read as CSV"
        raise ConfigurationError(
            f"{what} {reason}. check(source).save_known(path) writes one."
        ) from exc
    lacking = [name for name in COLUMNS if name not in header]
    if lacking:
        raise ConfigurationError(
            f"{what} has no column {lacking[0]!r}. It needs {', '.join(COLUMNS)};"
            " check(source).save_known(path) writes them."
        )
    odd = [number for number, row in enumerate(rows, 1) if len(row) != len(header)]
    if odd:
        raise ConfigurationError(
            f"{what} has {len(rows[odd[0] - 1])} cells instead of {len(header)} in finding"
            f" {odd[0]:,}. Fix or remove that row."
        )
    place = [header.index(name) for name in COLUMNS]
    return frozenset(_key(row[at] for at in place) for row in rows)


def write_known(path: str | os.PathLike[str], found: pd.DataFrame) -> None:
    """Add findings to a file of known ones, which is made if it is not there."""
    name = _named(path)
    rows = [_key(row) for row in found[COLUMNS].itertuples(index=False, name=None)]
    # Path.exists() fails for a name that is too long.
    kept = read_known(path) if os.path.exists(name) else frozenset()
    lines = [",".join(COLUMNS), *(_line(key) for key in sorted({*kept, *rows}))]
    try:
        with replaced(Path(path)) as file:
            file.write("".join(f"{line}\r\n" for line in lines).encode("utf-8-sig"))
    except (OSError, ValueError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else exc
        raise ConfigurationError(
            f"The file of known findings {name!r} cannot be written: {reason}."
        ) from exc


def _named(path: object) -> str:
    """Return a path as text; ConfigurationError if it is none."""
    if isinstance(path, str | os.PathLike):
        name = os.fspath(path)
        if isinstance(name, str):
            return name
    raise ConfigurationError(
        f"known must be the path of a CSV file, not {shown(path)}."
        " check(source).save_known(path) writes one."
    )


def _key(values: Iterable[object]) -> Key:
    """Return texts without the ' that a CSV file has before what could run as a formula."""
    return tuple(text.removeprefix("'") if isinstance(text, str) else "" for text in values)


def _line(key: Key) -> str:
    return ",".join(csv_cell(text) for text in key)
