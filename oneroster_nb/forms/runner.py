"""Work beside the kernel's main loop, so that a form can show how far it is and cancel it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

from oneroster_nb.errors import CancelledError, RosterError, collected_warnings
from oneroster_nb.progress import Progress

_TICK = 0.2  # seconds between two looks at how far the work is

T = TypeVar("T")

Report: TypeAlias = Callable[[Progress], None]
"""What work reports its progress to; it cancels the work by raising."""


@dataclass(frozen=True)
class Done(Generic[T]):
    """How a piece of work ended: with a value or an error, and the warnings on the way."""

    value: T | None
    error: RosterError | None
    warnings: list[str]


class Runner:
    """Runs one piece of work at a time, and calls ``tick`` in the main loop with its progress.

    Within an event loop, as in a kernel that handles a click, the work runs in a thread and the
    loop goes on; without one, as in a script, it runs at once.
    """

    def __init__(self, tick: Report | None = None) -> None:
        self._tick = tick
        self._latest: Progress | None = None
        self._cancelled = False
        self._task: asyncio.Task[None] | None = None

    @property
    def busy(self) -> bool:
        """Whether work is going on."""
        return self._task is not None

    def cancel(self) -> None:
        """End the work at its next report of progress."""
        self._cancelled = True

    def start(self, work: Callable[[Report], T], then: Callable[[Done[T]], None]) -> None:
        """Start a piece of work; call `then` in this thread with how it ended."""
        self._latest, self._cancelled = None, False
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            then(self._done(work))
            return

        async def beside() -> None:
            running = loop.run_in_executor(None, self._done, work)
            while not running.done():
                await asyncio.wait([running], timeout=_TICK)
                if self._latest is not None and self._tick is not None:
                    self._tick(self._latest)
            self._task = None  # so that what follows can start work of its own
            then(running.result())

        self._task = loop.create_task(beside())

    def _report(self, progress: Progress) -> None:
        if self._cancelled:
            raise CancelledError("Cancelled. Nothing was changed; press the button to start again.")
        self._latest = progress

    def _done(self, work: Callable[[Report], T]) -> Done[T]:
        value, error = None, None
        with collected_warnings() as said:
            try:
                value = work(self._report)
            except RosterError as failure:
                error = failure
            except Exception as failure:  # noqa: BLE001 - a form must never wait for ever
                error = RosterError(
                    f"Something went wrong that should not ({type(failure).__name__}). Try again;"
                    " if it stays, please report it."
                )
        return Done(value, error, list(dict.fromkeys(said)))
