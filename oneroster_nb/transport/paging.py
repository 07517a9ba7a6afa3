"""How a list is put together from pages, and when it is complete.

No I/O happens here: :func:`pull` is a generator that says which pages it wants and is sent what
came of them. :mod:`oneroster_nb.transport.pulls` runs such generators side by side.
"""

from collections import Counter
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from oneroster_nb.errors import (
    DuplicateKeyWarning,
    IncompleteError,
    NoAnswerError,
    RosterError,
    ServerError,
    UnavailableError,
    warn,
)

__all__ = ["Ask", "Page", "Pull", "Tables", "pull", "pull_links"]

_ABSURD_TOTAL = 1_000_000_000
_HALVINGS = 3
_TOO_LARGE, _TOO_MANY = 413, 429  # statuses about the size of a page, and about requests
_EMPTY_AT_MOST = 100  # a server that filters its pages sends some in a row


@dataclass(frozen=True)
class Ask:
    """A page that is wanted: by offset, or by a link where there is one."""

    offset: int
    limit: int
    link: str | None = None
    halvings: int = 0
    """How often a page that failed was split to come to this one."""
    sized: bool = False
    """Whether a link is asked for with the limit, too."""

    @property
    def divisible(self) -> bool:
        """Whether a smaller page is worth trying where this one fails."""
        free = self.link is None or self.sized
        return free and self.limit > 1 and self.halvings < _HALVINGS


@dataclass(frozen=True)
class Page:
    """A page that came."""

    table: pa.Table
    total: int | None = None
    """How many rows there are in all, as announced."""
    next: str | None = None
    """The link to the next page, where it can be followed."""
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
        """The total where it makes sense."""
        total = self.total
        if total is None or not self.rows <= total < _ABSURD_TOTAL:
            return None
        # Where there is more, a total of what is on this page is a total of this page.
        return None if self.more and total == self.rows else total


Tables: TypeAlias = list[pa.Table]
"""The tables of the pages of one pull."""
Pull: TypeAlias = Generator[list[Ask], list["Page | RosterError"], Tables]
"""Yields the pages it wants next, is sent a page or an error for each, returns the tables."""
_Collecting: TypeAlias = Generator[list[Ask], list["Page | RosterError"], "_Collected"]


@dataclass
class _Collected:
    """The pages of one try, and what is wrong with them."""

    pages: list[Page] = field(default_factory=list)
    problem: str = ""
    doubled: bool = False
    """Whether the only problem is that keys are repeated."""
    announced: int | None = None
    revision: str | None = None

    def add(self, page: Page) -> bool:
        """Take a page; False where it shows that the data changed or comes again."""
        if not self.pages:
            self.announced, self.revision = page.announced, page.revision
        elif self.announced is not None and page.total not in (None, self.announced):
            self.problem = f"the total changed from {self.announced:,} to {page.total:,}"
        elif page.revision != self.revision:
            self.problem = "the data changed"
        self.pages.append(page)
        return not self.problem

    @property
    def rows(self) -> int:
        return sum(page.rows for page in self.pages)

    def repeated(self) -> Counter[str | None]:
        """Count each key that is there more than once."""
        keys = _keys([page.table for page in self.pages])
        if pc.count_distinct(keys).as_py() == len(keys):
            return Counter()
        return Counter({key: n for key, n in Counter(keys.to_pylist()).items() if n > 1})

    def judge(self) -> None:
        """Find out whether the rows are all there, each once."""
        if self.problem:
            return
        if self.announced is not None and self.rows != self.announced:
            self.problem = f"{self.rows:,} rows came where {self.announced:,} were announced"
        elif len(self.pages) > 1 and (repeated := self.repeated()):
            extra = sum(repeated.values()) - len(repeated)
            self.problem = f"{extra:,} of {self.rows:,} rows came more than once"
            self.doubled = len(repeated) > 1 or self.rows > extra + 1

    def has(self, page: Page) -> bool:
        """Say whether a page is among those that came already.

        One row may be listed twice; the same one three times over shows a server that does not go
        on.
        """
        same = [other for other in self.pages if _alike(page.table, other.table)]
        return bool(same) and (page.rows > 1 or 1 < len(same) == len(self.pages))


def pull(what: str, page_size: int, wanted: int | None = None) -> Pull:
    """Collect a list from its pages.

    Parameters
    ----------
    what : str
        What is listed, for messages.
    page_size : int
        How many rows to ask for at once; the server may send fewer.
    wanted : int, optional
        Stop once so many rows are there, complete or not.

    Yields
    ------
    list of Ask
        Pages that can be fetched side by side.

    Returns
    -------
    list of pyarrow.Table
        The pages' tables in order, every row once.

    Raises
    ------
    IncompleteError
        Where it cannot be shown that everything came, also when tried again one page after the
        other.
    RosterError
        What a page failed with, where no smaller page helped.

    Warns
    -----
    DuplicateKeyWarning
        Where the server lists a key twice each time it is asked, or with different values.
    """
    first = yield from _collect(page_size, wanted, abreast=True)
    if wanted is not None and first.rows >= wanted:
        return _distinct(what, first.pages)
    first.judge()
    if not first.problem:
        return _distinct(what, first.pages)
    again = yield from _collect(page_size, None, abreast=False)
    again.judge()
    repeated = again.repeated() if again.doubled else Counter()
    if again.problem and not (again.doubled and repeated == first.repeated()):
        raise IncompleteError(
            f"The list of {what} cannot be shown to be complete: {first.problem}; asked again,"
            f" {again.problem}. The roster may be changing just now: try again later."
        )
    if again.problem:
        warn(
            f"The server lists {len(repeated):,} of the {what} more than once; each is kept once.",
            DuplicateKeyWarning,
        )
    return _distinct(what, again.pages)


def pull_links(what: str, starts: Sequence[str], page_size: int, wanted: int | None = None) -> Pull:
    """Collect lists, one after the other, each from its first page along the links to the next.

    Such a server announces no total: the end is where there is no link to a next page.

    Parameters
    ----------
    what : str
        What is listed, for messages.
    starts : sequence of str
        The addresses of the lists' first pages.
    page_size : int
        How many rows to ask for at once.
    wanted : int, optional
        Stop once so many rows are there, complete or not.

    Yields
    ------
    list of Ask
        One page, by its link; the limit is to be written into it.

    Returns
    -------
    list of pyarrow.Table
        The pages' tables in order, every row once.

    Raises
    ------
    IncompleteError
        Where the links lead in a circle or a page comes again, also when tried once more.
    RosterError
        What a page failed with, where no smaller page helped.

    Warns
    -----
    DuplicateKeyWarning
        Where the server lists a key twice with different values.
    """
    problems = []
    for _ in range(2):
        collected = yield from _followed(starts, page_size, wanted)
        if not collected.problem:
            return _distinct(what, collected.pages)
        problems.append(collected.problem)
    raise IncompleteError(
        f"The list of {what} cannot be shown to be complete: {problems[0]}; asked again,"
        f" {problems[1]}. The roster may be changing just now: try again later."
    )


def _followed(starts: Sequence[str], page_size: int, wanted: int | None) -> _Collecting:
    """Collect the pages of some lists along their links."""
    collected = _Collected()
    seen: set[str] = set()
    empty = 0
    for start in starts:
        link: str | None = start
        while link is not None and (wanted is None or collected.rows < wanted):
            seen.add(link)
            ask = Ask(collected.rows, page_size, link, sized=True)
            while True:
                (answer,) = yield [ask]
                if isinstance(answer, Page):
                    break
                ask = _halves(ask, answer)[0]
            page_size = ask.limit
            if collected.has(answer):
                collected.problem = "the same page came again"
            elif answer.next in seen:
                collected.problem = "the links lead in a circle"
            empty = 0 if answer.rows else empty + 1
            if empty > _EMPTY_AT_MOST:
                collected.problem = "only empty pages came"
            collected.pages.append(answer)
            if collected.problem:
                return collected
            link = answer.next
    return collected


def _collect(page_size: int, wanted: int | None, *, abreast: bool) -> _Collecting:
    """Collect pages: the first, then the rest abreast where the total is known, else in turn."""
    collected = _Collected()
    page = yield from _one(Ask(0, page_size))
    collected.add(page)
    position = page.rows
    total = collected.announced
    if abreast and wanted is None and total is not None and 0 < position < total:
        page = yield from _rest(collected, position, total)
        position = collected.rows
    spoke_links = page.more
    links: set[str] = set()
    empty = 0
    while (
        not collected.problem and (page.rows or page.next) and (wanted is None or position < wanted)
    ):
        spoke_links = spoke_links or page.more
        if page.next is not None and page.next in links:
            collected.problem = "the links lead in a circle"
            break
        links.add(page.next or "")
        if not page.more and total is not None and position >= total:
            break
        links_ended = spoke_links and not page.more
        page = yield from _one(Ask(position, page_size, page.next))
        # A server that only knows its links starts again from the first page.
        if links_ended and _alike(page.table, collected.pages[0].table):
            break
        if collected.has(page):
            collected.problem = "the same page came again"
        collected.add(page)
        position += page.rows
        empty = 0 if page.rows else empty + 1
        if empty > _EMPTY_AT_MOST:
            collected.problem = "only empty pages came"
    return collected


def _rest(
    collected: _Collected, step: int, total: int
) -> Generator[list[Ask], list[Page | RosterError], Page]:
    """Collect the pages from `step` to `total` side by side; give the last one."""
    asks = [Ask(offset, step) for offset in range(step, total, step)]
    pages: dict[int, Page] = {}
    while asks:
        answers = yield asks
        following: list[Ask] = []
        for ask, answer in zip(asks, answers, strict=True):
            if isinstance(answer, RosterError):
                following += _halves(ask, answer)
                continue
            pages[ask.offset] = answer
            left = min(ask.limit, total - ask.offset) - answer.rows
            if answer.rows and left > 0:
                following.append(Ask(ask.offset + answer.rows, left))
        asks = following
    for offset in sorted(pages):
        if collected.has(pages[offset]):
            collected.problem = "the same page came again"
        if not collected.add(pages[offset]):
            break
    return pages[max(pages)]


def _one(ask: Ask) -> Generator[list[Ask], list[Page | RosterError], Page]:
    """Ask for one page, for a smaller one where it fails."""
    while True:
        (answer,) = yield [ask]
        if isinstance(answer, Page):
            return answer
        ask = _halves(ask, answer)[0]


def _halves(ask: Ask, error: RosterError) -> list[Ask]:
    """Split a page that failed in two; raise the error where that cannot help."""
    status = error.status if isinstance(error, ServerError) else None
    passing = isinstance(error, UnavailableError | NoAnswerError) and status != _TOO_MANY
    if not (passing or status == _TOO_LARGE) or not ask.divisible:
        raise error
    half, halvings = ask.limit // 2, ask.halvings + 1
    if ask.link is not None:
        return [replace(ask, limit=half, halvings=halvings)]
    return [
        Ask(ask.offset, half, halvings=halvings),
        Ask(ask.offset + half, ask.limit - half, halvings=halvings),
    ]


def _alike(page: pa.Table, other: pa.Table) -> bool:
    """Say whether two pages hold the same keys, or where they have none the same rows."""
    keys = page["sourcedId"]
    if page.num_rows == 0 or not keys.equals(other["sourcedId"]):
        return False
    return keys.null_count < page.num_rows or bool(page.equals(other))


def _keys(tables: Sequence[pa.Table]) -> Any:
    """Give the keys of some tables; rows that have none are no repetition of one another."""
    return pa.chunked_array([table["sourcedId"] for table in tables], pa.string()).drop_null()


def _distinct(what: str, pages: Sequence[Page]) -> list[pa.Table]:
    """Keep the first row of each key; warn where a later one differs."""
    tables = [page.table for page in pages]
    keys = _keys(tables)
    if pc.count_distinct(keys).as_py() == len(keys):
        return tables
    keys = pa.chunked_array([table["sourcedId"] for table in tables], pa.string())
    whole = pa.concat_tables(tables, promote_options="default")
    first: dict[str | None, int] = {}
    kept: list[int] = []
    differing: set[str | None] = set()
    for row, key in enumerate(keys.to_pylist()):
        if key is None or first.setdefault(key, row) == row:
            kept.append(row)
        elif not whole.slice(row, 1).equals(whole.slice(first[key], 1)):
            differing.add(key)
    if differing:
        warn(
            f"The server lists {len(differing):,} of the {what} more than once with different"
            " values; the first of each is kept.",
            DuplicateKeyWarning,
        )
    return [whole.take(pa.array(kept))]
