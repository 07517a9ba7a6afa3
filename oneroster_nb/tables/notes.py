"""Notes on a page of a canonical table: what was read otherwise than it was written (pure).

They travel in the metadata of the page's Arrow schema, so that they come along wherever the page
goes, and add up where pages are put together.
"""

import json
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import pyarrow as pa

from oneroster_nb.errors import UnreadableValueWarning, warn
from oneroster_nb.tables.rules import Finding, found
from oneroster_nb.tables.text import examples

_KEY = b"notes"


class Note(NamedTuple):
    """What was noted of some values of a column: which rule they break, and how many do."""

    code: str
    column: str
    example: str
    """How it was written, where that is the same for all of these values; else empty."""
    values: int


def noted(table: pa.Table, notes: Iterable[Note]) -> pa.Table:
    """Put notes on a table, in the place of those that it has."""
    told = list(notes)
    return table.replace_schema_metadata({_KEY: json.dumps(told).encode()} if told else None)


def notes_of(table: pa.Table) -> list[Note]:
    """Return the notes on a table."""
    text = (table.schema.metadata or {}).get(_KEY, b"[]")
    return [Note(*parts) for parts in json.loads(text)]


def added(notes: Iterable[Note]) -> list[Note]:
    """Add the notes that say the same up."""
    counts: dict[tuple[str, str, str], int] = {}
    for code, column, example, values in notes:
        counts[code, column, example] = counts.get((code, column, example), 0) + values
    return [Note(*key, values) for key, values in counts.items()]


def findings_of_notes(table: str, notes: Iterable[Note]) -> Iterator[Finding]:
    """Return a finding for each column and kind of note."""
    grouped: dict[tuple[str, str], list[Note]] = {}
    for note in added(notes):
        grouped.setdefault((note.code, note.column), []).append(note)
    for (code, column), same in grouped.items():
        total = sum(note.values for note in same)
        written = examples(note.example for note in same if note.example)
        words = f"{total:,} in {column}{f' ({written})' if written else ''}."
        yield found(code, table, words, field=column, explains=total)


def warn_of_unreadable(name: str, notes: Iterable[Note]) -> None:
    """Warn of the values of a table that could not be read, if there are any."""
    lost = [note for note in notes if note.code == "value-unreadable"]
    if lost:
        counts = ", ".join(f"{note.values:,} in {note.column}" for note in lost)
        warn(
            f"Values of {name} that could not be read are missing: {counts}.",
            UnreadableValueWarning,
        )
