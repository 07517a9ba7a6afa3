"""The lines of a CSV file as text, and the contents of a file after reading."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from oneroster_nb.bundle.formats import Format
from oneroster_nb.errors import BundleError

LONGEST_LINE = 1 << 20


@dataclass
class Rows:
    """The contents of a file.

    Attributes
    ----------
    names : list of str
        The column names in the file.
    columns : list of pyarrow.ChunkedArray
        Their values.
    form : Format
        The format of the file.
    surplus : pyarrow.ChunkedArray or None
        Values after the last column, joined for each row.
    others : int
        Lines that are not in the encoding of the file.
    ragged : int
        Rows with more or fewer values than there are columns.
    parted : int
        Rows that an unclosed quote would have merged with other rows.
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


class Lines(Iterator[str]):
    """The lines of a file as text: each decoded as UTF-8, or as Windows-1252 if that fails."""

    def __init__(self, file: io.BufferedReader, place: str, before: int) -> None:
        self._file = file
        self._place = place
        self.number = before
        self._taken: list[str] = []
        self.first = 1
        self.others = 0
        self.open_at_end = False

    def take(self) -> list[str]:
        """Return the lines of the row that was read, and start the next row."""
        lines, self._taken = self._taken, []
        self.open_at_end = len(lines) > 1 and sum(line.count('"') for line in lines) % 2 == 1
        self.first = self.number + 1
        return lines

    def __next__(self) -> str:
        line = self._file.readline(LONGEST_LINE + 1)
        if not line:
            raise StopIteration
        self.number += 1
        if len(line) > LONGEST_LINE:
            raise too_long(self._place, self.number)
        if b"\0" in line:
            raise nul(self._place)
        text, plain = decoded(line)
        self.others += not plain
        self._taken.append(text)
        return text


def decoded(line: bytes) -> tuple[str, bool]:
    """Return a line as text, and whether it is UTF-8."""
    try:
        return line.decode(), True
    except UnicodeDecodeError:
        return line.decode("cp1252", "replace"), False


def too_long(place: str, number: int) -> BundleError:
    """Return the error for a line that is too long."""
    return BundleError(
        f"Line {number:,} of {place} is longer than {LONGEST_LINE:,} bytes, so this is not a"
        " table of people or classes. Get the file again from its source."
    )


def nul(place: str) -> BundleError:
    """Return the error for a file that holds a NUL byte."""
    return BundleError(
        f"{place} holds NUL bytes, so it is damaged or not text in UTF-8 or UTF-16. Export it"
        " in UTF-8."
    )


def is_return_alone(exc: csv.Error) -> bool:
    """Return True if a row cannot be read because of a carriage return that is not in quotes."""
    return "new-line character" in str(exc)


def return_alone(place: str, number: int) -> BundleError:
    """Return the error for a carriage return that is neither in quotes nor at the end of a line."""
    return BundleError(
        f"Line {number:,} of {place} holds a carriage return without a line feed (CR) in a value"
        " that is not in quotes, so it is unclear whether a row ends there. Remove it or put the"
        " value in quotes, or get the file again from its source."
    )
