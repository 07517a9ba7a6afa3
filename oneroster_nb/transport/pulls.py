"""Runs pulls side by side on a few threads, and ends them at once where it must."""

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from queue import SimpleQueue
from threading import Event, Thread

from oneroster_nb.errors import RosterError
from oneroster_nb.transport.paging import Ask, Page, Pull, Tables

__all__ = ["Job", "run"]

_TICK = 0.1  # seconds between two looks at whether the caller wants to cancel

Outcome = Tables | RosterError


@dataclass
class Job:
    """One pull and the function that fetches its pages.

    Attributes
    ----------
    pull : Pull
        Says which pages it wants.
    fetch : callable
        Gets one page; given an event that is set when the pull is to end.
    keep : tuple of exception types
        Errors that are an outcome of this job and do not end the others.
    counted : bool
        Whether its rows count as progress.
    """

    pull: Pull
    fetch: Callable[[Ask, Event], Page]
    keep: tuple[type[RosterError], ...] = ()
    counted: bool = True
    answers: list[Page | RosterError | None] = field(default_factory=list)
    outcome: Outcome | None = None
    rows: int = 0
    total: int | None = None

    def advance(self) -> list[Ask]:
        """Hand the answers to the pull; give what it wants next, nothing where it has ended."""
        answers = [answer for answer in self.answers if answer is not None]
        try:
            asks = self.pull.send(answers) if answers else next(self.pull)
        except StopIteration as end:
            self.outcome = end.value
            return []
        except RosterError as error:
            if not isinstance(error, self.keep):
                raise
            self.outcome = error
            return []
        self.answers = [None] * len(asks)
        return asks

    def take(self, place: int, answer: Page | RosterError) -> bool:
        """Keep an answer; True where all that were asked for are there."""
        self.answers[place] = answer
        if isinstance(answer, Page):
            self.rows += answer.rows
            self.total = answer.announced
        return None not in self.answers


def run(
    jobs: Sequence[Job], *, workers: int, tell: Callable[[int, int | None], None]
) -> list[Outcome]:
    """Run jobs side by side.

    Parameters
    ----------
    jobs : sequence of Job
        What to pull.
    workers : int
        How many requests at most are under way at once.
    tell : callable
        Called with the rows so far and the total where it is known, several times a second. What
        it raises ends everything.

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
    cancel = Event()
    executor = _Workers(workers)
    pending: dict[Future[Page], tuple[Job, int]] = {}

    def submit(job: Job) -> None:
        for place, ask in enumerate(job.advance()):
            pending[executor.submit(job.fetch, ask, cancel)] = job, place

    try:
        for job in jobs:
            submit(job)
        while pending:
            done, _ = wait(pending, timeout=_TICK, return_when=FIRST_COMPLETED)
            for future in done:
                job, place = pending.pop(future)
                if job.take(place, _answer(future)):
                    submit(job)
            counted = [job for job in jobs if job.counted]
            totals = [job.total for job in counted if job.total is not None]
            whole = len(totals) == len(counted)
            tell(sum(job.rows for job in counted), sum(totals) if whole else None)
    finally:
        cancel.set()
        executor.end()
        for job in jobs:
            job.pull.close()
    return [job.outcome if job.outcome is not None else [] for job in jobs]


class _Workers:
    """Threads that fetch pages, and that nothing waits for: not even the interpreter's end.

    The threads of :class:`concurrent.futures.ThreadPoolExecutor` are joined when the interpreter
    ends, which would hold a script back after Ctrl+C until the last answer or timeout.
    """

    def __init__(self, count: int) -> None:
        self._tasks: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._count = count
        self._ended = False
        for number in range(count):
            Thread(target=self._work, name=f"roster-pull-{number}", daemon=True).start()

    def submit(self, fetch: Callable[[Ask, Event], Page], ask: Ask, cancel: Event) -> Future[Page]:
        future: Future[Page] = Future()

        def task() -> None:
            if self._ended or not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(fetch(ask, cancel))
            except BaseException as error:  # noqa: BLE001 - handed to who waits for the page
                future.set_exception(error)

        self._tasks.put(task)
        return future

    def end(self) -> None:
        """Begin nothing more, and let the threads end when they are done."""
        self._ended = True
        for _ in range(self._count):
            self._tasks.put(None)

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            task()


def _answer(future: Future[Page]) -> Page | RosterError:
    try:
        return future.result()
    except RosterError as error:
        return error
