"""What a forked child must make for itself: connections, tokens, locks."""

import os
from collections.abc import Callable
from typing import Generic, TypeVar

__all__ = ["PerProcess"]

_T = TypeVar("_T")


class PerProcess(Generic[_T]):
    """A value that each process makes for itself, when it first asks for it.

    A child of ``fork()`` inherits its parent's memory: the sockets, on which both would read each
    other's answers, and the locks, which threads hold that do not exist in the child. It finds
    neither here.

    Parameters
    ----------
    make : callable
        Makes the value of one process.

    Examples
    --------
    >>> import threading
    >>> locks = PerProcess(threading.Lock)
    >>> locks.get() is locks.get()
    True
    """

    def __init__(self, make: Callable[[], _T]) -> None:
        self._make = make
        # The parent's value stays, so that the child does not close what it shares with it.
        self._made: dict[int, _T] = {}

    def get(self) -> _T:
        """Return the value of this process."""
        own = self._made.get(os.getpid())
        # Of two threads that come here together, both get what the first one put in.
        return self._made.setdefault(os.getpid(), self._make()) if own is None else own
