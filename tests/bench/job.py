"""What is measured: one way to do something, and what measuring it found."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from serving import Network, Serving

ROSTER, LATER, BUNDLE = "roster", "later", "bundle.zip"
"""What is in the folder of a district: a roster, a later state of it, and it as a bundle."""


@dataclass(frozen=True)
class Job:
    """One way, and what it is done with.

    Attributes
    ----------
    way : str
        The name of the way, among those of :data:`ways.WAYS`.
    folder : str
        Where the district is saved.
    root : str
        The address of the bench server; empty if none is asked.
    group : tuple of str
        The kind and the name of the group that is asked for; empty for everybody.
    network : Network
        What lies between a client and the server.
    times : int
        How often it is done in a process; the middle one counts.
    """

    way: str
    folder: str = ""
    root: str = ""
    group: tuple[str, ...] = ()
    network: Network = field(default_factory=Network)
    times: int = 1

    @property
    def place(self) -> Path:
        """The folder of the district."""
        return Path(self.folder)

    @property
    def serving(self) -> Serving:
        """The server."""
        return Serving(self.root)


Way: TypeAlias = Callable[[Job, ExitStack], Callable[[], Any]]
"""Prepares, which is not measured, and returns what is; the stack is closed after it."""


@dataclass(frozen=True)
class Measured:
    """What one run of a job took.

    Attributes
    ----------
    seconds : float
        By the clock.
    processor : float
        Seconds of processor time, of all threads.
    megabytes : float
        The most memory that the process has held.
    requests : int
        Requests that the server answered.
    rows : int
        Rows of the answer.
    people : str
        A digest of the ids in the answer; empty if it has none.
    """

    seconds: float
    processor: float
    megabytes: float
    requests: int
    rows: int
    people: str
