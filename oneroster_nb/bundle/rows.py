"""Reading the rows of a CSV file into columns of strings, unchanged."""

import csv
import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from oneroster_nb.bundle.formats import Format, findings_of_format, format_of, reopened
from oneroster_nb.bundle.lines import (
    LONGEST_LINE,
    Rows,
    decoded,
    is_return_alone,
    nul,
    return_alone,
    too_long,
)
from oneroster_nb.bundle.quotes import separators_of_two_rows
from oneroster_nb.bundle.row_by_row import RowByRow
from oneroster_nb.errors import BundleError
from oneroster_nb.tables.rules import Finding, found

_BLOCK = 4 << 20
_MOST_COLUMNS = 1000
_LINE_FEED = 10


def findings_of_rows(table: str, rows: Rows) -> list[Finding]:
    """Return the deviations from the standard in the rows of a file."""
    findings = findings_of_format(table, rows.form)
    if rows.others:
        findings.append(found("encoding-other", table, f"{rows.others:,} lines."))
    if rows.parted:
        words = f"{rows.parted:,} rows, the first in line {rows.first_parted:,}."
        findings.append(found("quote-alone", table, words))
    if rows.ragged:
        words = f"{rows.ragged:,} rows, the first in line {rows.first_ragged:,}."
        findings.append(found("row-ragged", table, words))
    return findings


def read_rows(
    opened: Callable[[], io.BufferedReader], place: str, tell: Callable[[int], None]
) -> Rows:
    """Read a file with the fast parser if it is clean, else row by row.

    Parameters
    ----------
    opened : callable
        Opens the file from its beginning.
    place : str
        The name of the file, for messages.
    tell : callable
        Called with the number of rows so far.

    Raises
    ------
    EmptyFileError
        If it has no header.
    BundleError
        If the file has too many columns, too long a line, NUL bytes, a carriage return in an
        unquoted value, or an unclosed quote that swallows rows which cannot be recovered.
    """
    with opened() as file:
        form = format_of(file.peek(1))
        with reopened(file, form, place) as readable:
            first = readable.readline(LONGEST_LINE + 1)
            rows = Rows(_header(first, place, form), [], form)
            if first.decode("utf-8", "ignore").count('"') % 2 == 0:
                try:
                    rows.columns = _quick(readable, len(rows.names), form, place, tell)
                except pa.ArrowInvalid:
                    pass  # Not a plain table in UTF-8: reading row by row shows what is wrong.
                else:
                    return rows
    with opened() as file, reopened(file, form, place) as readable:
        return RowByRow(readable, rows, place, tell).read()


def read_names(opened: Callable[[], io.BufferedReader], place: str) -> list[str]:
    """Return the column names in the first line of a file; none if the file is empty.

    Raises
    ------
    BundleError
        If the line is not the header of a table.
    """
    with opened() as file:
        form = format_of(file.peek(1))
        with reopened(file, form, place) as readable:
            first = readable.readline(LONGEST_LINE + 1)
    return _header(first, place, form) if first.strip() else []


def read_text(opened: Callable[[], io.BufferedReader], place: str) -> tuple[str, Format]:
    """Read a small file as text, and its format.

    Raises
    ------
    BundleError
        If the file is too large, or holds NUL bytes.
    """
    with opened() as file:
        form = format_of(file.peek(1))
        with reopened(file, form, place) as readable:
            data = readable.read(LONGEST_LINE + 1)
    if len(data) > LONGEST_LINE:
        raise too_long(place, 1)
    if b"\0" in data:
        raise nul(place)
    return decoded(data)[0], form


class EmptyFileError(BundleError):
    """A file is empty, without even a header."""


def _header(line: bytes, place: str, form: Format) -> list[str]:
    if len(line) > LONGEST_LINE:
        raise too_long(place, 1)
    if b"\0" in line:
        raise nul(place)
    text = decoded(line)[0]
    try:
        names = next(csv.reader([text], delimiter=form.separator), [])
    except csv.Error as exc:
        if is_return_alone(exc):
            raise return_alone(place, 1) from None
        raise BundleError(
            f"The first line of {place} is not a header ({exc}). Get the file again from its"
            " source."
        ) from None
    if not any(name.strip() for name in names):
        raise EmptyFileError(f"{place} is empty, without even a header.")
    if len(names) > _MOST_COLUMNS:
        raise BundleError(
            f"{place} has {len(names):,} columns; at most {_MOST_COLUMNS:,} are read."
            " Check that it is a table of a OneRoster bundle."
        )
    return names


class _Counted(io.RawIOBase):
    """The rest of a file; refuses NUL bytes and counts lines."""

    def __init__(self, file: io.BufferedReader, place: str) -> None:
        self._file = file
        self._place = place
        self._last = b"\n"
        self._ends = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        if b"\0" in data:
            raise nul(self._place)
        self._ends += int(np.count_nonzero(np.frombuffer(data, np.uint8) == _LINE_FEED))
        if b"\r" in data:
            self._ends += data.count(b"\r") - data.count(b"\r\n")
        self._last = data[-1:] or self._last
        return data

    @property
    def lines(self) -> int:
        """The number of lines, or one more."""
        return self._ends + (self._last not in b"\r\n")


def _quick(
    file: io.BufferedReader, width: int, form: Format, place: str, tell: Callable[[int], None]
) -> list[Any]:
    if not file.peek(1):
        return [pa.chunked_array([], pa.string())] * width
    names = [str(number) for number in range(width)]
    counted = _Counted(file, place)
    reader = pyarrow.csv.open_csv(
        pa.PythonFile(counted, mode="r"),
        read_options=pyarrow.csv.ReadOptions(column_names=names, block_size=_BLOCK),
        parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True, delimiter=form.separator),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
        ),
    )
    batches = []
    done = 0
    for batch in reader:
        batches.append(batch)
        done += batch.num_rows
        tell(done)
    table = pa.Table.from_batches(batches, reader.schema)
    if counted.lines > done and _may_swallow_rows(table, form.separator):
        raise pa.ArrowInvalid("a row spans lines, and may have swallowed others")
    return [table.column(number) for number in range(width)]


def _may_swallow_rows(table: pa.Table, separator: str) -> bool:
    """Return True if a value that spans lines is in the last row, or may hold rows."""
    spans = pa.array([False] * table.num_rows, pa.bool_())
    for column in table.columns:
        spans = pc.or_(spans, pc.match_substring_regex(column, r"[\r\n]"))
    rows = table.filter(spans)
    if not rows.num_rows:
        return False
    inside = sum(pc.count_substring(column, separator).to_numpy() for column in rows.columns)
    width = table.num_columns
    return spans[-1].as_py() or bool((inside + width - 1 >= separators_of_two_rows(width)).any())
