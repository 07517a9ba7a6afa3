"""Running pulls side by side on a few threads, and ending them all at once if necessary."""

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from queue import SimpleQueue
from threading import Event, Thread
from typing import TypeAlias

from oneroster_nb.errors import NoAnswerError, RosterError
from oneroster_nb.progress import IdleClock
from oneroster_nb.transport.pages import Page, PageRequest, Pull, Pulled, Tables
from oneroster_nb.transport.retrying import Call

_TICK = 0.1  # seconds between checks whether the caller wants to cancel

Outcome: TypeAlias = Tables | RosterError
"""The pages of a list, or the error that came instead."""
Fetch: TypeAlias = Callable[[PageRequest, Call], Page]
"""Gets one page; the :class:`Call` is the state that all requests share."""
_Task: TypeAlias = tuple[Future[Page], Fetch, PageRequest, Call]


@dataclass
class Job:
    """One pull and the function that fetches its pages.

    Attributes
    ----------
    pull : Pull
        Yields requests for pages.
    fetch : callable
        Gets one page.
    keep : tuple of exception types
        Errors that are an outcome of this job and do not end the others.
    counted : bool
        Whether its rows count as progress.
    outcome : list of pyarrow.Table or RosterError, optional
        The result, after the end.
    rows : int
        How many rows arrived so far.
    total : int, optional
        The total number of rows, if the server announces it and nothing contradicts it.
    revision : str, optional
        The server's name for the state of its data in which the list was pulled.
    """

    pull: Pull
    fetch: Fetch
    keep: tuple[type[RosterError], ...] = ()
    counted: bool = True
    answers: list[Page | RosterError | None] = field(default_factory=list)
    outcome: Outcome | None = None
    rows: int = 0
    total: int | None = None
    revision: str | None = None

    def advance(self) -> list[PageRequest]:
        """Send the answers to the pull; return its next requests, none if it has ended."""
        answers = [answer for answer in self.answers if answer is not None]
        try:
            page_requests = self.pull.send(answers) if answers else next(self.pull)
        except StopIteration as end:
            self._end(end.value)
            return []
        except RosterError as error:
            self.fail(error)
            return []
        self.answers = [None] * len(page_requests)
        return page_requests

    def fail(self, error: RosterError) -> None:
        """End with an error; raise it if it is not kept."""
        if not isinstance(error, self.keep):
            raise error
        self.outcome = error

    def take(self, place: int, answer: Page | RosterError) -> bool:
        """Keep an answer; return True if all requested answers have arrived."""
        self.answers[place] = answer
        if isinstance(answer, Page):
            self.rows += answer.rows
            self.total = answer.announced
        return None not in self.answers

    def _end(self, pulled: Pulled) -> None:
        self.outcome, self.total, self.revision = pulled.tables, pulled.total, pulled.revision


def run(
    jobs: Sequence[Job],
    *,
    workers: int,
    tell: Callable[[int, int | None], None],
    clock: IdleClock,
    patience: float,
) -> list[Outcome]:
    """Run jobs side by side.

    Parameters
    ----------
    jobs : sequence of Job
        What to pull.
    workers : int
        How many requests at most are under way at once.
    tell : callable
        Called with the rows so far and the total if it is known, several times a second. What
        it raises ends everything.
    clock : IdleClock
        Counts the time without a page. If it has run out when a page fails, no smaller page is
        tried.
    patience : float
        The seconds without a page after which even requests under way are given up.

    Returns
    -------
    list
        For each job its tables, or the error that it keeps.

    Raises
    ------
    RosterError
        The first error that is not kept. An interrupt, too, ends all at once: requests that are
        under way are not waited for, those not begun are not sent.
    """
    call = Call(Event(), clock)
    executor = _Workers(workers)
    pending: dict[Future[Page], tuple[Job, int]] = {}

    def submit(job: Job) -> None:
        for place, request in enumerate(job.advance()):
            pending[executor.submit(job.fetch, request, call)] = job, place

    def collect(future: Future[Page]) -> None:
        job, place = pending.pop(future)
        if job.outcome is not None:
            return
        answer = _answer(future)
        if isinstance(answer, Page):
            clock.arrived()
        elif clock.ran_out:
            job.fail(answer)
            for other, (of, _) in pending.items():
                if of is job:
                    other.cancel()
            return
        if job.take(place, answer):
            submit(job)

    try:
        with clock.running():
            for job in jobs:
                submit(job)
            while pending:
                done, _ = wait(pending, timeout=_TICK, return_when=FIRST_COMPLETED)
                for future in done:
                    collect(future)
                counted = [job for job in jobs if job.counted]
                totals = [job.total for job in counted if job.total is not None]
                whole = len(totals) == len(counted)
                tell(sum(job.rows for job in counted), sum(totals) if whole else None)
                if pending and clock.idle() > patience:
                    raise NoAnswerError(
                        f"No page came for {clock.idle():,.0f} seconds, although requests were"
                        " sent all the time. Try again later. If the server is slow, pass a longer"
                        " timeout or a smaller page_size."
                    )
    finally:
        call.cancel.set()
        executor.end()
        for job in jobs:
            job.pull.close()
    return [job.outcome if job.outcome is not None else [] for job in jobs]


class _Workers:
    """Threads that fetch pages, and that do not keep the interpreter from ending.

    The interpreter waits for threads of :class:`concurrent.futures.ThreadPoolExecutor` when it
    ends, so that a script would hang after Ctrl+C until the last answer or timeout.
    """

    def __init__(self, count: int) -> None:
        self._tasks: SimpleQueue[_Task | None] = SimpleQueue()
        self._count = count
        for number in range(count):
            name = f"roster-pull-{number}"
            Thread(target=_work, args=[self._tasks], name=name, daemon=True).start()

    def submit(self, fetch: Fetch, request: PageRequest, call: Call) -> Future[Page]:
        future: Future[Page] = Future()
        self._tasks.put((future, fetch, request, call))
        return future

    def end(self) -> None:
        """Let the threads end when they are done."""
        for _ in range(self._count):
            self._tasks.put(None)


def _work(tasks: SimpleQueue[_Task | None]) -> None:
    """Fetch pages until there are no more requests; skip those of a cancelled call."""
    while (task := tasks.get()) is not None:
        future, fetch, request, call = task
        if call.cancel.is_set() or not future.set_running_or_notify_cancel():
            continue
        try:
            future.set_result(fetch(request, call))
        except BaseException as error:  # noqa: BLE001 - raised in the thread that waits for the page
            future.set_exception(error)


def _answer(future: Future[Page]) -> Page | RosterError:
    try:
        return future.result()
    except RosterError as error:
        return error
