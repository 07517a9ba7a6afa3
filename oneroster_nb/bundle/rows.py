"""The rows of a CSV file: bytes to columns of strings, as they are written."""

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from oneroster_nb.bundle.formats import Format, findings_of_format, format_of, reopened
from oneroster_nb.bundle.quotes import parted, separators_of_two_rows, well_formed
from oneroster_nb.errors import BundleError
from oneroster_nb.findings import Finding, found

__all__ = ["EmptyFileError", "Rows", "findings_of_rows", "read_rows"]

_BLOCK = 4 << 20
_LONGEST_LINE = 1 << 20
_MOST_COLUMNS = 1000
_LINE_FEED = 10
_ROWS_AT_ONCE = 50_000


@dataclass
class Rows:
    """What a file holds.

    Attributes
    ----------
    names : list of str
        The names of the columns, as they are written.
    columns : list of pyarrow.ChunkedArray
        Their values.
    form : Format
        How the file is written.
    surplus : pyarrow.ChunkedArray or None
        What stands in rows beyond the last column, joined.
    others : int
        Lines that are not in the encoding of the file.
    ragged : int
        Rows with more or fewer values than there are columns.
    parted : int
        Rows that a quote without its partner would have made one with others.
    first_ragged, first_parted : int
        The lines of the first such rows.
    """

    names: list[str]
    columns: list[Any]
    form: Format = field(default_factory=Format)
    surplus: Any = None
    others: int = 0
    ragged: int = 0
    parted: int = 0
    first_ragged: int = 0
    first_parted: int = 0


def findings_of_rows(table: str, rows: Rows) -> list[Finding]:
    """Say what deviates from the standard in how a file is written."""
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
    """Read a file, the quick way if it is as it should be, else the thorough way.

    Parameters
    ----------
    opened : callable
        Opens the file from its beginning.
    place : str
        Its name, for messages.
    tell : callable
        Called with the rows so far.

    Raises
    ------
    EmptyFileError
        If it has no header.
    BundleError
        If it has too many columns, a line that is too long, an opening quote without its partner
        that swallows rows which cannot be recovered, or NUL bytes.
    """
    with opened() as file:
        form = format_of(file.peek(1))
        with reopened(file, form, place) as readable:
            first = readable.readline(_LONGEST_LINE + 1)
            rows = Rows(_header(first, place, form), [], form)
            if first.decode("utf-8", "ignore").count('"') % 2 == 0:
                try:
                    rows.columns = _quick(readable, len(rows.names), form, place, tell)
                except pa.ArrowInvalid:
                    pass  # Not a plain table in UTF-8: the thorough way finds out what it is.
                else:
                    return rows
    with opened() as file, reopened(file, form, place) as readable:
        return _Thorough(readable, rows, place, tell).read()


class EmptyFileError(BundleError):
    """A file that holds nothing, not even a header."""


def _header(line: bytes, place: str, form: Format) -> list[str]:
    if len(line) > _LONGEST_LINE:
        raise _too_long(place, 1)
    if b"\0" in line:
        raise _nul(place)
    text = _decoded(line)[0]
    try:
        names = next(csv.reader([text], delimiter=form.separator), [])
    except csv.Error as exc:
        raise BundleError(
            f"The first line of {place} is no header ({exc}). Get the file again from its source."
        ) from None
    if not any(name.strip() for name in names):
        raise EmptyFileError(f"{place} is empty: it has not even a header.")
    if len(names) > _MOST_COLUMNS:
        raise BundleError(
            f"{place} has {len(names):,} columns, more than the {_MOST_COLUMNS:,} that are read."
            " Check that it is a table of a OneRoster bundle."
        )
    return names


class _Counted(io.RawIOBase):
    """The rest of a file, seen to hold no NUL byte, and its lines counted."""

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
            raise _nul(self._place)
        self._ends += int(np.count_nonzero(np.frombuffer(data, np.uint8) == _LINE_FEED))
        if b"\r" in data:
            self._ends += data.count(b"\r") - data.count(b"\r\n")
        self._last = data[-1:] or self._last
        return data

    @property
    def lines(self) -> int:
        """How many lines there are, or more."""
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
    spans = pa.array([False] * table.num_rows)
    for column in table.columns:
        spans = pc.or_(spans, pc.match_substring_regex(column, r"[\r\n]"))
    rows = table.filter(spans)
    if not rows.num_rows:
        return False
    inside = sum(pc.count_substring(column, separator).to_numpy() for column in rows.columns)
    width = table.num_columns
    return spans[-1].as_py() or bool((inside + width - 1 >= separators_of_two_rows(width)).any())


class _Thorough:
    """A file that is read row by row."""

    def __init__(
        self, file: io.BufferedReader, rows: Rows, place: str, tell: Callable[[int], None]
    ) -> None:
        self._lines = _Lines(file, place, before=int(rows.form.separator_line))
        self._rows = rows
        self._width = len(rows.names)
        self._separator = rows.form.separator
        self._place = place
        self._tell = tell
        self._waiting: list[list[str]] = []
        self._surplus: list[str] = []
        self._chunks: list[list[Any]] = [[] for _ in rows.names]
        self._chunks_of_surplus: list[Any] = []
        self._done = 0

    def read(self) -> Rows:
        reader = csv.reader(self._lines, delimiter=self._separator)
        try:
            next(reader, None)  # the header
            if len(self._lines.take()) > 1:
                raise csv.Error("its first line ends within a quote")
            for row in reader:
                self._add(row)
        except csv.Error as exc:
            raise BundleError(
                f"{self._place} cannot be read from line {self._lines.first:,} on ({exc}): an"
                " opening quote there may lack its partner, or a line end is not as the others."
                " Fix the file, or get it again from its source."
            ) from None
        if self._lines.open_at_end:
            raise BundleError(
                f"{self._place} ends within a quote that was opened and never closed, so rows would"
                " be lost. Fix the file, or get it again from its source."
            )
        self._flush()
        rows = self._rows
        rows.columns = [pa.chunked_array(chunks, pa.string()) for chunks in self._chunks]
        if any(pc.any(pc.not_equal(chunk, "")).as_py() for chunk in self._chunks_of_surplus):
            rows.surplus = pa.chunked_array(self._chunks_of_surplus)
        rows.others = self._lines.others
        return rows

    def _add(self, row: list[str]) -> None:
        first = self._lines.first
        lines = self._lines.take()
        swallows = len(lines) > 1 and self._may_swallow(row)
        odd = len(row) != self._width and sum(line.count('"') for line in lines) % 2 == 1
        if swallows or odd:
            several = parted(lines, self._separator, self._width)
            if several is not None:
                self._rows.parted += len(several)
                self._rows.first_parted = self._rows.first_parted or first
                for one in several:
                    self._keep(one)
                return
            if swallows and (len(row) != self._width or not well_formed(lines, self._separator)):
                raise BundleError(
                    f"A quote in line {first:,} of {self._place} is never closed, so rows would be"
                    " lost. Fix the file, or get it again from its source."
                )
        if row:
            if len(row) != self._width:
                self._rows.ragged += 1
                self._rows.first_ragged = self._rows.first_ragged or first
            self._keep(row)

    def _may_swallow(self, row: list[str]) -> bool:
        separators = len(row) - 1 + sum(value.count(self._separator) for value in row)
        return self._width > 1 and separators >= separators_of_two_rows(self._width)

    def _keep(self, row: list[str]) -> None:
        extra = [value for value in row[self._width :] if value.strip()]
        self._surplus.append(",".join(extra))
        self._waiting.append(row[: self._width] + [""] * (self._width - len(row)))
        self._done += 1
        if len(self._waiting) == _ROWS_AT_ONCE:
            self._flush()
            self._tell(self._done)

    def _flush(self) -> None:
        """Put the rows that wait into columns, which take much less memory."""
        for chunks, column in zip(self._chunks, zip(*self._waiting, strict=True), strict=False):
            chunks.append(pa.array(column, pa.string()))
        self._chunks_of_surplus.append(pa.array(self._surplus, pa.string()))
        self._waiting, self._surplus = [], []


class _Lines(Iterator[str]):
    """The lines of a file as text: each in UTF-8, or else in Windows-1252."""

    def __init__(self, file: io.BufferedReader, place: str, before: int) -> None:
        self._file = file
        self._place = place
        self._number = before
        self._taken: list[str] = []
        self.first = 1
        self.others = 0
        self.open_at_end = False

    def take(self) -> list[str]:
        """Return the lines of the row that was read, and begin another."""
        lines, self._taken = self._taken, []
        self.open_at_end = len(lines) > 1 and sum(line.count('"') for line in lines) % 2 == 1
        self.first = self._number + 1
        return lines

    def __next__(self) -> str:
        line = self._file.readline(_LONGEST_LINE + 1)
        if not line:
            raise StopIteration
        self._number += 1
        if len(line) > _LONGEST_LINE:
            raise _too_long(self._place, self._number)
        if b"\0" in line:
            raise _nul(self._place)
        text, plain = _decoded(line)
        self.others += not plain
        self._taken.append(text)
        return text


def _decoded(line: bytes) -> tuple[str, bool]:
    """Give a line as text, and whether it is UTF-8."""
    try:
        return line.decode(), True
    except UnicodeDecodeError:
        return line.decode("cp1252", "replace"), False


def _too_long(place: str, number: int) -> BundleError:
    return BundleError(
        f"Line {number:,} of {place} is longer than {_LONGEST_LINE:,} bytes, so this is no table"
        " of people or classes. Get the file again from its source."
    )


def _nul(place: str) -> BundleError:
    return BundleError(
        f"{place} holds NUL bytes, so it is no text in UTF-8 or UTF-16, or is damaged. Export it"
        " in UTF-8."
    )
