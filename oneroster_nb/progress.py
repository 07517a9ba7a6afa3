"""How far a pull has come: told to a bar that shows after a second, or to a function."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from tqdm.auto import tqdm

from oneroster_nb.errors import QueryError

__all__ = ["Progress", "ProgressOption", "Reporter"]


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


class Reporter:
    """Tells the caller how far a pull has come; use it as a context manager."""

    def __init__(self, option: ProgressOption, what: str) -> None:
        if not (option is None or isinstance(option, bool) or callable(option)):
            raise QueryError(f"progress must be None, True, False or a function, not {option!r}.")
        self._call = option if callable(option) else None
        self._what = what
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
