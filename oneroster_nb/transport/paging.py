"""Collecting a list from its pages, and checking that it is complete.

There is no I/O here: :func:`pull` is a generator that yields requests for pages and receives the
results. :mod:`oneroster_nb.transport.side_by_side` runs such generators side by side.
"""

from collections import Counter
from collections.abc import Generator, Sequence
from typing import TypeAlias, TypeVar

from oneroster_nb.errors import (
    DuplicateKeyWarning,
    IncompleteError,
    RosterError,
    ServerError,
    warn,
)
from oneroster_nb.tables.repeated_keys import without_identical_rows
from oneroster_nb.transport.page_size import ListSizes, PageSizes
from oneroster_nb.transport.pages import Collected, Page, PageRequest, Pull, Pulled, alike

_OFFSET_IGNORED = "the server ignores the offset and sends the first page each time"
_OFFSET_MEANT_OTHERWISE = "the server does not count offsets in rows"
_EMPTY_AT_MOST = 100  # in a row; servers that filter their pages send some
_ABREAST = 100  # requests of one list at once, at most
_BEYOND = frozenset({400, 404, 416, 422, 500})  # statuses for an offset beyond the end

_T = TypeVar("_T")
_Steps: TypeAlias = Generator[list[PageRequest], list["Page | RosterError"], _T]


def pull(
    what: str, page_size: int, wanted: int | None = None, sizes: PageSizes | None = None
) -> Pull:
    """Collect a list from its pages; yield requests that can be sent side by side.

    Parameters
    ----------
    what : str
        What is listed, for messages.
    page_size : int
        How many rows to ask for at once; the server may send fewer.
    wanted : int, optional
        Stop after this many rows, complete or not.
    sizes : PageSizes, optional
        The page sizes that the server accepts; updated here.

    Raises
    ------
    IncompleteError
        If the list may be incomplete, even after a second attempt, page by page.
    RosterError
        The error of a page, if no smaller page helped.

    Warns
    -----
    DuplicateKeyWarning
        If the server lists a row twice in both attempts.
    """
    known = (PageSizes() if sizes is None else sizes).of(what)
    first = Collected()
    yield from _collect(first, page_size, wanted, known, abreast=True)
    if wanted is not None and first.rows >= wanted:
        if first.reached and first.full(wanted):
            yield from _confirm_total(first)
        return _pulled(first)
    first.judge()
    if not first.problem:
        return _pulled(first)
    again = Collected(believe=first.believe)
    yield from _collect(again, page_size, None, known, abreast=False)
    again.judge()
    repeated = again.repeated() if again.doubled else Counter()
    if again.problem and not (again.doubled and repeated == first.repeated()):
        raise _incomplete(what, first, again)
    pulled = _pulled(again)
    identical = again.rows - sum(table.num_rows for table in pulled.tables)
    if again.problem and identical:
        warn(
            f"The server lists {identical:,} of the {what} more than once; each is kept once.",
            DuplicateKeyWarning,
        )
    return pulled


def pull_links(
    what: str,
    starts: Sequence[str],
    page_size: int,
    wanted: int | None = None,
    sizes: PageSizes | None = None,
) -> Pull:
    """Collect lists, one after the other, each from its first page along the links to the next.

    Such a server announces no total: a page without a link to the next one is the last. The
    requests are for one page at a time, by its link, to which the limit is to be added. If the
    links lead in a circle or a page comes again, even at a second attempt, the list is incomplete.
    All else is as for :func:`pull`.
    """
    known = (PageSizes() if sizes is None else sizes).of(what)
    # If there are several lists, no total covers them all.
    first, again = (Collected(believe=len(starts) == 1) for _ in range(2))
    for collected in (first, again):
        yield from _follow(collected, starts, page_size, wanted, known)
        if not collected.problem:
            return _pulled(collected)
    raise _incomplete(what, first, again)


def _follow(
    collected: Collected, starts: Sequence[str], size: int, wanted: int | None, sizes: ListSizes
) -> _Steps[None]:
    """Collect the pages of some lists along their links."""
    seen: set[str] = set()
    empty = 0
    for start in starts:
        link: str | None = start
        while link is not None and (wanted is None or collected.rows < wanted):
            seen.add(link)
            page, size = yield from _one(PageRequest(collected.rows, size, link, sized=True), sizes)
            if collected.has(page):
                collected.problem = "the same page came again"
            elif page.next in seen:
                collected.problem = "the links lead in a circle"
            empty = 0 if page.rows else empty + 1
            if empty > _EMPTY_AT_MOST:
                collected.problem = "only empty pages came"
            if collected.problem:
                return
            collected.add(page)
            link = page.next


def _collect(
    collected: Collected, size: int, wanted: int | None, sizes: ListSizes, *, abreast: bool
) -> _Steps[None]:
    """Collect the first page, then the rest: side by side if the total is known, else in turn."""
    page, size = yield from _one(PageRequest(0, size), sizes)
    collected.add(page)
    total = collected.announced
    if abreast and wanted is None and total is not None and 0 < page.rows < total:
        page = yield from _rest(collected, page.rows, total, sizes)
    spoke_links = page.more
    full = False
    links: set[str] = set()
    empty = 0
    while (
        not collected.problem
        and (page.rows or page.next)
        and (wanted is None or collected.rows < wanted)
    ):
        spoke_links = spoke_links or page.more
        if page.next is not None and page.next in links:
            collected.problem = "the links lead in a circle"
            return
        links.add(page.next or "")
        full = collected.full(size)
        if not page.more and collected.reached:
            if spoke_links or not full:
                return
            yield from _confirm_total(collected)
            if collected.reached or collected.problem:
                return
        links_ended = spoke_links and not page.more
        page, size = yield from _one(PageRequest(collected.rows, size, page.next), sizes)
        # A server that knows only links starts again with the first page.
        if links_ended and alike(page, collected.pages[0]):
            return
        if collected.has(page):
            yield from _explain_repetition(collected, page)
            return
        collected.add(page)
        empty = 0 if page.rows else empty + 1
        if empty > _EMPTY_AT_MOST:
            collected.problem = "only empty pages came"
    if full and not page.rows and not spoke_links and collected.announced is None:
        yield from _confirm_end(collected, size)


def _rest(collected: Collected, step: int, total: int, sizes: ListSizes) -> _Steps[Page]:
    """Collect the pages from `step` to `total` side by side; return the last one."""
    pages: dict[int, Page] = {}
    page_requests: list[PageRequest] = []
    offset, ended = step, False
    while True:
        while offset < total and len(page_requests) < _ABREAST and not ended:
            page_requests.append(PageRequest(offset, step))
            offset += step
        if not page_requests:
            break
        answers = yield page_requests
        following: list[PageRequest] = []
        for request, answer in zip(page_requests, answers, strict=True):
            if isinstance(answer, RosterError):
                following += sizes.smaller(request, answer)
                continue
            sizes.accept(request)
            pages[request.offset] = answer
            left = min(request.limit, total - request.offset) - answer.rows
            if answer.rows and left > 0:
                following.append(PageRequest(request.offset + answer.rows, left))
            ended = ended or not answer.rows
        page_requests = following
    for offset in sorted(pages):
        if collected.has(pages[offset]):
            collected.problem = "the same page came again"
        if not collected.add(pages[offset]):
            break
    return pages[max(pages)]


def _confirm_total(collected: Collected) -> _Steps[None]:
    """Request a row beyond the announced end; if there is one, ignore the total."""
    page = yield from _beyond(PageRequest(collected.rows, 1))
    if page is None or not page.rows:
        if page is not None and page.total not in (None, 0, collected.announced):
            collected.problem = "the total changed"
    elif not collected.knows(page):
        collected.distrust()
    elif page.total != collected.announced and not alike(page, collected.pages[0]):
        # So the total counts the rows of one page, and further rows are out of reach.
        collected.problem = _OFFSET_IGNORED


def _explain_repetition(collected: Collected, page: Page) -> _Steps[None]:
    """Find out why a page came again: it is the whole list, or the server ignores the offset."""
    if not alike(page, collected.pages[0]):
        collected.problem = "the same page came again"
    elif len(collected.pages) > 1 or page.rows < 2 or collected.announced not in (None, page.rows):
        collected.problem = _OFFSET_IGNORED
    else:
        probe = yield from _beyond(PageRequest(0, 1))
        # A server that also ignores the limit sends the whole list each time.
        if probe is None or not alike(probe, page):
            collected.problem = _OFFSET_IGNORED


def _confirm_end(collected: Collected, size: int) -> _Steps[None]:
    """If no total is known, look for rows beyond an empty page that follows a full one."""
    page = yield from _beyond(PageRequest(collected.rows + size, size))
    if page is not None and page.rows and not collected.knows(page):
        collected.problem = "an empty page came before the last one"
        return
    first = collected.pages[0]
    if first.rows == collected.rows > 2:
        page = yield from _beyond(PageRequest(1, 2))
        # The second row, or the first one if offsets count from 1; not the second page of two.
        expected = first.table["sourcedId"].slice(0, 2).to_pylist()
        if page is not None and page.rows and page.table["sourcedId"][0].as_py() not in expected:
            collected.problem = _OFFSET_MEANT_OTHERWISE


def _beyond(request: PageRequest) -> _Steps[Page | None]:
    """Request a page that may not exist; return None if the server refuses it."""
    (answer,) = yield [request]
    if isinstance(answer, Page):
        return answer
    if isinstance(answer, ServerError) and answer.status in _BEYOND:
        return None
    raise answer


def _one(request: PageRequest, sizes: ListSizes) -> _Steps[tuple[Page, int]]:
    """Request one page, or smaller ones if it fails; return the page and its size."""
    if request.counted:
        request = PageRequest(
            request.offset, sizes.fitting(request.limit), request.link, sized=request.sized
        )
    while True:
        (answer,) = yield [request]
        if isinstance(answer, Page):
            sizes.accept(request)
            return answer, request.limit
        request = sizes.smaller(request, answer)[0]


def _incomplete(what: str, first: Collected, again: Collected) -> IncompleteError:
    """Return the error for a list that had a problem in both attempts."""
    problem = first.problem
    if again.problem != problem:
        problem += f"; asked again, {again.problem}"
    advice = "The roster may be changing at this moment. Try again later."
    if again.problem in (_OFFSET_IGNORED, _OFFSET_MEANT_OTHERWISE):
        advice = "Try a page_size as large as the whole list."
    return IncompleteError(f"The list of {what} may be incomplete: {problem}. {advice}")


def _pulled(collected: Collected) -> Pulled:
    tables = without_identical_rows([page.table for page in collected.pages])
    return Pulled(tables, collected.announced, collected.revision)
