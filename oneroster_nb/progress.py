"""Progress of a pull, reported to a bar or a function."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

from tqdm.auto import tqdm

from oneroster_nb.errors import QueryError


@dataclass(frozen=True)
class Progress:
    """The progress of a pull.

    Attributes
    ----------
    what : str
        What is pulled, such as ``"students"``.
    done : int
        The number of rows so far.
    total : int or None
        The number of rows in total; None if the server does not say.
    """

    what: str
    done: int
    total: int | None


ProgressOption: TypeAlias = bool | Callable[[Progress], None] | None
"""None: a bar if the pull takes more than a second. True: a bar at once. False: no bar. A function
is called with a :class:`Progress` several times a second, in the caller's thread. It may raise
:class:`~oneroster_nb.errors.CancelledError` to cancel."""


class IdleClock:
    """Measures how long a call has waited without a new page.

    All pages and workers of a call share one clock, so that they give up together. Time without a
    request does not count.
    """

    def __init__(self) -> None:
        self.ran_out = False
        self._before = 0.0
        self._since: float | None = None

    @contextmanager
    def running(self) -> Iterator[None]:
        """Let the clock run in this context."""
        self._since = time.monotonic()
        try:
            yield
        finally:
            self._before, self._since = self.idle(), None

    def idle(self) -> float:
        """Return the seconds of waiting since the last page arrived."""
        since = self._since
        return self._before if since is None else self._before + time.monotonic() - since

    def arrived(self) -> None:
        """Reset the clock: a page arrived."""
        self.ran_out = False
        self._before, self._since = 0.0, time.monotonic()

    def run_out(self) -> None:
        """Mark the time as used up, until the next page arrives."""
        self.ran_out = True


class Reporter:
    """Reports the progress of a pull to the caller; use it as a context manager."""

    def __init__(self, option: ProgressOption, what: str) -> None:
        if not (option is None or isinstance(option, bool) or callable(option)):
            raise QueryError(f"progress must be None, True, False or a function, not {option!r}.")
        self._call = option if callable(option) else None
        self._what = what
        self.clock = IdleClock()
        self._done = 0
        self._bar: Any = None
        if self._call is None and option is not False:
            self._bar = tqdm(
                desc=what, unit=" rows", delay=0 if option else 1, leave=False, total=None
            )

    def __enter__(self) -> "Reporter":
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def tell(self, done: int, total: int | None) -> None:
        """Report the rows so far; also called without new rows, so that a caller can cancel."""
        if self._call is not None:
            self._call(Progress(self._what, done, total))
        elif self._bar is not None:
            self._bar.total = total
            self._bar.update(done - self._done)
        self._done = done
