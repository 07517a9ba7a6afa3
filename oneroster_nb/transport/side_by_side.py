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
    """One pull and the function that fetches its pages."""

    pull: Pull
    fetch: Fetch
    keep: tuple[type[RosterError], ...] = ()
    """Errors that are an outcome of this job and do not end the others."""
    counted: bool = True
    """Whether its rows count as progress."""
    answers: list[Page | RosterError | None] = field(default_factory=list)
    outcome: Outcome | None = None
    """The result, after the end."""
    rows: int = 0
    """How many rows arrived so far."""
    total: int | None = None
    """How many rows the server announces, if nothing contradicts it."""
    revision: str | None = None
    """The server's name for the state of its data that was pulled."""

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
    """Run jobs side by side; return for each its tables, or the error that it keeps.

    The first error that is not kept ends all at once, and so do an interrupt and what `tell`
    raises: requests that are under way are not waited for, those not begun are not sent.

    Parameters
    ----------
    workers : int
        How many requests at most are under way at once.
    tell : callable
        Called with the rows so far and the total if it is known, several times a second.
    clock : IdleClock
        Counts the time without a page. If it has run out when a page fails, no smaller page is
        tried.
    patience : float
        The seconds without a page after which even requests under way are given up.
    """
    call = Call(Event(), clock)
    tasks = _start_workers(workers)
    pending: dict[Future[Page], tuple[Job, int]] = {}

    def submit(job: Job) -> None:
        for place, request in enumerate(job.advance()):
            future: Future[Page] = Future()
            pending[future] = job, place
            tasks.put((future, job.fetch, request, call))

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
        for _ in range(workers):
            tasks.put(None)
        for job in jobs:
            job.pull.close()
    return [job.outcome if job.outcome is not None else [] for job in jobs]


def _start_workers(count: int) -> SimpleQueue[_Task | None]:
    """Start threads that fetch the pages of a queue; each ends when it gets None.

    They do not keep the interpreter from ending. It waits for threads of
    :class:`concurrent.futures.ThreadPoolExecutor` when it ends, so that a script would hang after
    Ctrl+C until the last answer or timeout.
    """
    tasks: SimpleQueue[_Task | None] = SimpleQueue()
    for number in range(count):
        Thread(target=_work, args=[tasks], name=f"roster-pull-{number}", daemon=True).start()
    return tasks


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
