"""Reading a CSV file row by row, if the fast parser cannot read it or may misread it."""

import csv
import io
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from oneroster_nb.bundle.lines import Lines, Rows, is_return_alone, return_alone
from oneroster_nb.bundle.quotes import parted, separators_of_two_rows, well_formed
from oneroster_nb.errors import BundleError

_ROWS_AT_ONCE = 50_000


class RowByRow:
    """Reads a file row by row."""

    def __init__(
        self, file: io.BufferedReader, rows: Rows, place: str, tell: Callable[[int], None]
    ) -> None:
        self._lines = Lines(file, place, before=int(rows.form.separator_line))
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
        """Read all rows.

        Raises
        ------
        BundleError
            If an unclosed quote swallows rows that cannot be recovered, or an unquoted value holds
            a carriage return.
        """
        reader = csv.reader(self._lines, delimiter=self._separator)
        try:
            next(reader, None)  # the header
            if len(self._lines.take()) > 1:
                raise csv.Error("its first line ends within a quote")
            for row in reader:
                self._add(row)
        except csv.Error as exc:
            if is_return_alone(exc):
                raise return_alone(self._place, self._lines.number) from None
            raise BundleError(
                f"{self._place} cannot be read from line {self._lines.first:,} on ({exc}): a quote"
                " there may never be closed. Fix the file, or get it again from its source."
            ) from None
        if self._lines.open_at_end:
            raise BundleError(
                f"A quote in {self._place} is never closed, so rows would be lost. Fix the file, or"
                " get it again from its source."
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
        """Move the waiting rows into columns, which need much less memory."""
        for chunks, column in zip(self._chunks, zip(*self._waiting, strict=True), strict=False):
            chunks.append(pa.array(column, pa.string()))
        self._chunks_of_surplus.append(pa.array(self._surplus, pa.string()))
        self._waiting, self._surplus = [], []
