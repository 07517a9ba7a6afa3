"""What a row of the table is: ways that are measured, and numbers that are to be reached."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from job import Measured
from serving import Network

SMALL, USUAL, LARGE, LARGEST = "small", "usual", "large", "largest"
GROWING = (SMALL, USUAL, LARGEST)
"""Sizes of which each is ten times the one before."""


def sizes_of(students: int) -> Mapping[str, int]:
    """Return the students of each size; `students` is the usual one."""
    return {SMALL: students // 10, USUAL: students, LARGE: students * 6, LARGEST: students * 10}


@dataclass(frozen=True)
class Entry:
    """One way in a row.

    Attributes
    ----------
    label : str
        What the table calls it.
    way : str
        The name of the way.
    size : str
        How many students the district has.
    group : tuple of str
        The kind and the name of the group that is asked for.
    network : Network
        What lies between the client and the server.
    pages : int
        The number of pages that all students come in; 0 if the network says the size of one.
    times : int
        How often it is done in a process.
    served : bool
        Whether a server is asked.
    beside : str
        What is read beside the roster: :data:`job.LATER`, :data:`job.BUNDLE` or nothing.
    """

    label: str
    way: str
    size: str = USUAL
    group: tuple[str, ...] = ()
    network: Network = field(default_factory=Network)
    pages: int = 0
    times: int = 1
    served: bool = False
    beside: str = ""


@dataclass(frozen=True)
class Goal:
    """A number that is compared with what is to be reached.

    It is what was measured of one way, or its ratio to another way or to a model, or how much more
    it is than another way.

    Attributes
    ----------
    label : str
        What the number is.
    over, under : str
        Labels of entries: of the numerator and the denominator, if there is one.
    of : str
        The field of :class:`job.Measured`.
    model : float
        The denominator, if it is computed.
    bound, aim : float, optional
        What is to be reached at least, and what is aimed at.
    low : bool
        Whether lower is better.
    minus : bool
        Whether to subtract instead of to divide.
    unit : str
        The unit of the number.
    """

    label: str
    over: str
    under: str = ""
    of: str = "seconds"
    model: float = 1
    bound: float | None = None
    aim: float | None = None
    low: bool = False
    minus: bool = False
    unit: str = "x"

    def value(self, measured: Mapping[str, Measured]) -> float:
        """Return the number in one round."""
        over = float(getattr(measured[self.over], self.of))
        under = float(getattr(measured[self.under], self.of)) if self.under else self.model
        return over - under if self.minus else over / under

    def reached(self, value: float) -> bool | None:
        """Return whether a number is as good as it has to be; None if nothing is asked of it."""
        if self.bound is None:
            return None
        return value <= self.bound if self.low else value >= self.bound


@dataclass(frozen=True)
class Row:
    """One row of the table."""

    name: str
    title: str
    entries: tuple[Entry, ...]
    goals: tuple[Goal, ...]
