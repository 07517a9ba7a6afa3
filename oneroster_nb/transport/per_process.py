"""Values that a forked child must create for itself: connections, tokens, locks."""

import os
from collections.abc import Callable
from typing import Generic, TypeVar

_T = TypeVar("_T")


class PerProcess(Generic[_T]):
    """A value that each process creates for itself on first use.

    A child of ``fork()`` inherits its parent's sockets and locks. On shared sockets, both would
    read each other's answers; a lock may be held by a thread that the child does not have.

    Examples
    --------
    >>> import threading
    >>> locks = PerProcess(threading.Lock)
    >>> locks.get() is locks.get()
    True
    """

    def __init__(self, make: Callable[[], _T]) -> None:
        self._make = make
        # Keep the parent's value, so that the child does not close shared sockets.
        self._made: dict[int, _T] = {}

    def get(self) -> _T:
        """Return the value of this process."""
        own = self._made.get(os.getpid())
        # If two threads come here together, both get the value of the first.
        return self._made.setdefault(os.getpid(), self._make()) if own is None else own
