"""The rows of a CSV file: bytes to columns of strings, as they are written."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.csv

from oneroster_nb.errors import BundleError

__all__ = ["Rows", "read_rows"]

_BLOCK = 4 << 20
_LONGEST_LINE = 1 << 20
_MOST_COLUMNS = 1000
_MARK = b"\xef\xbb\xbf"


@dataclass
class Rows:
    """What a file holds.

    Attributes
    ----------
    names : list of str
        The names of the columns, as they are written.
    columns : list of pyarrow.ChunkedArray
        Their values.
    surplus : pyarrow.Array or None
        What stands in rows beyond the last column, joined.
    marked : bool
        Whether the file begins with a byte order mark.
    others : int
        Lines that are not in UTF-8.
    ragged : int
        Rows with more or fewer values than there are columns.
    """

    names: list[str]
    columns: list[Any]
    surplus: Any = None
    marked: bool = False
    others: int = 0
    ragged: int = 0


def read_rows(
    opened: Callable[[], io.BufferedReader], place: str, tell: Callable[[int], None]
) -> Rows:
    """Read a file, the quick way where it is as it should be, else the thorough way.

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
    BundleError
        Where it has no header, too many columns, a line that is too long, an opening quote
        without its partner, or NUL bytes.
    """
    with opened() as file:
        marked = file.peek(3)[:3] == _MARK
        if marked:
            file.read(3)
        first = file.readline(_LONGEST_LINE + 1)
        header = _header(first, place)
        if first.decode("utf-8", "ignore").count('"') % 2 == 0:
            try:
                return Rows(header, _quick(file, len(header), place, tell), marked=marked)
            except pa.ArrowInvalid:
                pass  # Not a plain table in UTF-8: the thorough way finds out what it is.
    with opened() as file:
        if marked:
            file.read(3)
        return _thorough(file, header, place, tell, marked=marked)


def _header(line: bytes, place: str) -> list[str]:
    if len(line) > _LONGEST_LINE:
        raise _too_long(place, 1)
    if b"\0" in line:
        raise _nul(place)
    text = _decoded(line)[0]
    try:
        names = next(csv.reader([text]), [])
    except csv.Error as exc:
        raise BundleError(
            f"The first line of {place} is no header ({exc}). Get the file again from its source."
        ) from None
    if not any(name.strip() for name in names):
        raise BundleError(f"{place} is empty: it has not even a header.")
    if len(names) > _MOST_COLUMNS:
        raise BundleError(
            f"{place} has {len(names):,} columns, more than the {_MOST_COLUMNS:,} that are read."
            " Check that it is a table of a OneRoster bundle."
        )
    return names


class _NoNul(io.RawIOBase):
    """The rest of a file, seen to hold no NUL byte."""

    def __init__(self, file: io.BufferedReader, place: str) -> None:
        self._file = file
        self._place = place

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        if b"\0" in data:
            raise _nul(self._place)
        return data


def _quick(
    file: io.BufferedReader, width: int, place: str, tell: Callable[[int], None]
) -> list[Any]:
    if not file.peek(1):
        return [pa.chunked_array([], pa.string())] * width
    names = [str(number) for number in range(width)]
    reader = pyarrow.csv.open_csv(
        pa.PythonFile(_NoNul(file, place), mode="r"),
        read_options=pyarrow.csv.ReadOptions(column_names=names, block_size=_BLOCK),
        parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
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
    columns = [table.column(number) for number in range(width)]
    if any("\n" in (column[-1].as_py() or "") for column in columns if len(column)):
        # A quote that was never closed swallows the rest: the thorough way sees whether it was.
        raise pa.ArrowInvalid("the last row spans lines")
    return columns


def _thorough(
    file: io.BufferedReader,
    header: Sequence[str],
    place: str,
    tell: Callable[[int], None],
    *,
    marked: bool,
) -> Rows:
    lines = _Lines(file, place)
    columns: list[list[str]] = [[] for _ in header]
    surplus: list[str] = []
    ragged = 0
    open_at_end = False
    reader = csv.reader(lines)
    try:
        for number, row in enumerate(reader):
            open_at_end = lines.ends_row()
            if number == 0 or not row:
                continue
            extra = [value for value in row[len(header) :] if value.strip()]
            ragged += bool(extra) or len(row) < len(header)
            for place_in_row, column in enumerate(columns):
                column.append(row[place_in_row] if place_in_row < len(row) else "")
            surplus.append(",".join(extra))
            if len(surplus) % 20_000 == 0:
                tell(len(surplus))
    except csv.Error as exc:
        raise BundleError(
            f"{place} cannot be read near line {lines.number:,} ({exc}): an opening quote there"
            " may lack its partner. Mend the file, or get it again from its source."
        ) from None
    if open_at_end:
        raise BundleError(
            f"{place} ends within a quote that was opened and never closed, so rows would be lost."
            " Mend the file, or get it again from its source."
        )
    return Rows(
        list(header),
        [pa.chunked_array([pa.array(column, pa.string())]) for column in columns],
        pa.array(surplus, pa.string()) if any(surplus) else None,
        marked=marked,
        others=lines.others,
        ragged=ragged,
    )


class _Lines(Iterator[str]):
    """The lines of a file as text: each in UTF-8, or else in Windows-1252."""

    def __init__(self, file: io.BufferedReader, place: str) -> None:
        self._file = file
        self._place = place
        self.number = 0
        self.others = 0
        self._quotes = 0
        self._first = 1

    def ends_row(self) -> bool:
        """End a row; say whether it spans lines with a quote that has no partner."""
        alone = self._quotes % 2 == 1 and self.number > self._first
        self._quotes, self._first = 0, self.number + 1
        return alone

    def __next__(self) -> str:
        line = self._file.readline(_LONGEST_LINE + 1)
        if not line:
            raise StopIteration
        self.number += 1
        if len(line) > _LONGEST_LINE:
            raise _too_long(self._place, self.number)
        if b"\0" in line:
            raise _nul(self._place)
        text, plain = _decoded(line)
        self.others += not plain
        self._quotes += text.count('"')
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
        f"{place} holds NUL bytes, so it is no text in UTF-8: it may be in UTF-16, or damaged."
        " Export it in UTF-8."
    )
