"""The answers that a form gave, to go back to (pure)."""

import datetime
from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

MOST_ENTRIES = 20
MOST_BYTES = 500_000_000
"""What all answers together may hold in memory; the newest one stays however large it is."""

T = TypeVar("T")


@dataclass(frozen=True)
class Entry(Generic[T]):
    """A question and its answer.

    Attributes
    ----------
    question : str
        The question in words.
    same : hashable
        Equal for entries of the same question.
    rows : int
        The rows of the answer.
    people : int or None
        The people in it; None if it is not about people.
    moment : str
        The day or term that the answer is about; empty if it is about none.
    asked : datetime.datetime
        When the answer came, with its time zone.
    size : int
        How many bytes it holds in memory.
    answer : object
        All that is needed to show it again.
    number : int
        Its number in the history, which no other entry ever has.
    """

    question: str
    same: Hashable
    rows: int
    people: int | None
    moment: str
    asked: datetime.datetime
    size: int
    answer: T
    number: int = 0


@dataclass(frozen=True)
class History(Generic[T]):
    """The entries, oldest first, and which of them is shown.

    A question that is asked again takes the place of the one before: it becomes the newest.

    Examples
    --------
    >>> noon = datetime.datetime(2026, 11, 2, 12, tzinfo=datetime.UTC)
    >>> history: History[str] = History()
    >>> for title in ("students", "teachers"):
    ...     entry = Entry(title, title, 1, 1, "any time", noon, 100, f"the {title}")
    ...     history = history.with_entry(entry)
    >>> history.back.answer
    'the students'
    >>> history.at(history.back.number).forward.answer
    'the teachers'
    """

    entries: tuple[Entry[T], ...] = ()
    position: int = -1
    last_number: int = 0

    def with_entry(self, entry: Entry[T]) -> "History[T]":
        """Return the history with a new entry, which is shown; the oldest ones make room for it."""
        number = self.last_number + 1
        kept = [
            *(former for former in self.entries if former.same != entry.same),
            replace(entry, number=number),
        ][-MOST_ENTRIES:]
        while len(kept) > 1 and sum(one.size for one in kept) > MOST_BYTES:
            del kept[0]
        return History(tuple(kept), len(kept) - 1, number)

    def at(self, number: int) -> "History[T]":
        """Return the history with another entry shown; the same history if there is none."""
        numbers = [entry.number for entry in self.entries]
        return replace(self, position=numbers.index(number)) if number in numbers else self

    def emptied(self) -> "History[T]":
        """Return a history without entries, whose next number is still a new one."""
        return History(last_number=self.last_number)

    @property
    def shown(self) -> Entry[T] | None:
        """The entry that is shown."""
        return self._entry(self.position)

    @property
    def back(self) -> Entry[T] | None:
        """The entry before the one that is shown."""
        return self._entry(self.position - 1)

    @property
    def forward(self) -> Entry[T] | None:
        """The entry after the one that is shown."""
        return self._entry(self.position + 1)

    def _entry(self, position: int) -> Entry[T] | None:
        return self.entries[position] if 0 <= position < len(self.entries) else None
