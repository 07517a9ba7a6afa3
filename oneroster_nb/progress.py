"""How far a pull has come: told to a bar that shows after a second, or to a function."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

from tqdm.auto import tqdm

from oneroster_nb.errors import QueryError

__all__ = ["IdleClock", "Progress", "ProgressOption", "Reporter"]


@dataclass(frozen=True)
class Progress:
    """How far a pull has come.

    Attributes
    ----------
    what : str
        What is pulled, ``"students"`` say.
    done : int
        Rows that came so far.
    total : int or None
        Rows that there are, None where the server does not say.
    """

    what: str
    done: int
    total: int | None


ProgressOption: TypeAlias = bool | Callable[[Progress], None] | None
"""None: a bar where it takes more than a second. True: a bar at once. False: nothing. A function
is called with a :class:`Progress` several times a second, in the thread that asked; it may raise
:class:`~oneroster_nb.errors.CancelledError` to cancel."""


class IdleClock:
    """Counts the time in which a call waits and no page arrives.

    One clock is shared by all pages and workers of a call, so that they give up together. The time
    in which nothing is asked for does not count.
    """

    def __init__(self) -> None:
        self.ran_out = False
        self._before = 0.0
        self._since: float | None = None

    @contextmanager
    def running(self) -> Iterator[None]:
        """Count the time within this context."""
        self._since = time.monotonic()
        try:
            yield
        finally:
            self._before, self._since = self.idle(), None

    def idle(self) -> float:
        """Return the seconds of waiting since a page arrived."""
        since = self._since
        return self._before if since is None else self._before + time.monotonic() - since

    def arrived(self) -> None:
        """Begin again, as a page arrived."""
        self.ran_out = False
        self._before, self._since = 0.0, time.monotonic()

    def run_out(self) -> None:
        """Say that the time is over, until another page arrives."""
        self.ran_out = True


class Reporter:
    """Tells the caller how far a pull has come; use it as a context manager."""

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
        """Report the rows so far; called also where nothing new came, so that one can cancel."""
        if self._call is not None:
            self._call(Progress(self._what, done, total))
        elif self._bar is not None:
            self._bar.total = total
            self._bar.update(done - self._done)
        self._done = done
