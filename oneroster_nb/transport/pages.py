"""Pages of a list: requests, contents, and whether together they are complete."""

from collections import Counter, defaultdict
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from oneroster_nb.errors import RosterError

_ABSURD_TOTAL = 1_000_000_000
_HALVINGS = 3
_LEAST_CUT, _ROUND = 100, 50  # if a server caps its pages, it is at such numbers


@dataclass(frozen=True)
class PageRequest:
    """The request for a page: by offset, or by link if there is one."""

    offset: int
    limit: int
    link: str | None = None
    halvings: int = 0
    """How many times a failed page was split to make this one."""
    sized: bool = False
    """Whether the limit is added to the link."""
    refused: int = 0
    """The page size that the server refused before; 0 if it refused none."""

    @property
    def divisible(self) -> bool:
        """Whether to try a smaller page if this one fails."""
        return self.counted and self.limit > 1 and self.halvings < _HALVINGS

    @property
    def counted(self) -> bool:
        """Whether the request includes the limit."""
        return self.link is None or self.sized


@dataclass(frozen=True)
class Page:
    """A page that arrived."""

    table: pa.Table
    total: int | None = None
    """How many rows the list has in total, as announced."""
    next: str | None = None
    """The link to the next page, if it leads to the same server."""
    more: bool = False
    """Whether there was a link to a next page at all."""
    revision: str | None = None
    """The server's name for this state of its data."""

    @property
    def rows(self) -> int:
        """The number of rows."""
        return int(self.table.num_rows)

    @property
    def announced(self) -> int | None:
        """The announced total, if it makes sense."""
        total = self.total
        if total is None or not self.rows <= total < _ABSURD_TOTAL:
            return None
        # If there are more pages, a total equal to this page's rows counts only this page.
        return None if self.more and total == self.rows else total


Tables: TypeAlias = list[pa.Table]
"""The tables of the pages of one pull."""


@dataclass(frozen=True)
class Pulled:
    """A list that was pulled."""

    tables: Tables
    """The pages' tables in order, without identical repeated rows."""
    total: int | None = None
    """How many rows the server announces, if nothing contradicts it."""
    revision: str | None = None
    """The server's name for the state of its data that was pulled."""


Pull: TypeAlias = Generator[list[PageRequest], list["Page | RosterError"], Pulled]
"""Yields requests for pages, receives a page or an error for each, and returns the list."""


@dataclass
class Collected:
    """The pages of one attempt, and the problem with them, if any."""

    believe: bool = True
    """Whether totals are believed."""
    pages: list[Page] = field(default_factory=list)
    rows: int = 0
    problem: str = ""
    doubled: bool = False
    """Whether the only problem is that keys are repeated."""
    announced: int | None = None
    revision: str | None = None
    _largest: int = 0
    _by_start: dict[tuple[int, Any], list[Page]] = field(default_factory=lambda: defaultdict(list))

    def add(self, page: Page) -> bool:
        """Add a page; return False if it shows that the data changed."""
        if not self.pages:
            self.announced = page.announced if self.believe else None
        # Some servers name the state on some pages only.
        if page.revision is not None and page.revision != self.revision:
            if self.revision is not None:
                self.problem = "the data changed"
            self.revision = page.revision
        self._largest = max(self._largest, page.rows)
        self.pages.append(page)
        self._by_start[_start(page)].append(page)
        self.rows += page.rows
        if self.announced is not None and self.rows > self.announced:
            self.distrust()
        elif self.announced is not None and page.total not in (None, self.announced):
            self.problem = f"the total changed from {self.announced:,} to {page.total:,}"
        return not self.problem

    def distrust(self) -> None:
        """Ignore the total from now on: it was wrong."""
        self.announced, self.believe = None, False

    @property
    def reached(self) -> bool:
        """Whether as many rows arrived as announced."""
        return self.announced is not None and self.rows >= self.announced

    def full(self, limit: int) -> bool:
        """Return True if the last page may be full, so that the list may go on.

        A server may cap its pages below the requested size. If a list has only one page, a round
        number of rows suggests such a cap.
        """
        rows = self.pages[-1].rows
        if rows >= limit:
            return True
        if len(self.pages) == 1:
            return rows >= _LEAST_CUT and rows % _ROUND == 0
        return rows >= self._largest

    def has(self, page: Page) -> bool:
        """Return True if a page came before.

        One row may be listed twice; if it is listed three times, the server does not go on.
        """
        same = [other for other in self._by_start[_start(page)] if alike(page, other)]
        return bool(same) and (page.rows > 1 or 1 < len(same) == len(self.pages))

    def knows(self, page: Page) -> bool:
        """Return True if all rows of a page have keys that came before."""
        keys = page.table["sourcedId"]
        if not len(keys) or keys.null_count:
            return False
        known = keys_of([other.table for other in self.pages])
        return bool(pc.all(pc.is_in(keys, value_set=known)).as_py())

    def repeated(self) -> Counter[str | None]:
        """Count the keys that came more than once."""
        keys = keys_of([page.table for page in self.pages])
        if pc.count_distinct(keys).as_py() == len(keys):
            return Counter()
        return Counter({key: n for key, n in Counter(keys.to_pylist()).items() if n > 1})

    def judge(self) -> None:
        """Check whether all rows arrived, each once."""
        if self.problem:
            return
        if self.announced is not None and self.rows != self.announced:
            self.problem = f"{self.rows:,} rows came, but {self.announced:,} were announced"
        elif len(self.pages) > 1 and (repeated := self.repeated()):
            extra = sum(repeated.values()) - len(repeated)
            self.problem = f"{extra:,} of {self.rows:,} rows came more than once"
            self.doubled = len(repeated) > 1 or self.rows > extra + 1


def alike(page: Page, other: Page) -> bool:
    """Return True if two pages hold the same keys or, if they have no keys, the same rows."""
    keys = page.table["sourcedId"]
    if page.rows == 0 or not keys.equals(other.table["sourcedId"]):
        return False
    return keys.null_count < page.rows or bool(page.table.equals(other.table))


def keys_of(tables: Sequence[pa.Table]) -> Any:
    """Return the keys of some tables; each row without a key gets a unique one."""
    return pa.chunked_array([table["sourcedId"] for table in tables], pa.string()).drop_null()


def _start(page: Page) -> tuple[int, Any]:
    """Return a value that is equal for pages that are alike, as a lookup key."""
    return page.rows, page.table["sourcedId"][0].as_py() if page.rows else None
