"""Things that belong together, directly or through others (pure)."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["joined"]


def joined(size: int, sets: Iterable[Sequence[int]]) -> NDArray[np.int64]:
    """Give each of so many things the least of those that it is joined with, near or far.

    Parameters
    ----------
    size : int
        How many things there are; they are numbered from 0.
    sets : iterable of sequence of int
        Things that belong together.

    Returns
    -------
    array of int64
        One number a thing, equal for all that belong together.

    Examples
    --------
    >>> joined(5, [[0, 3], [3, 4]]).tolist()
    [0, 1, 2, 0, 0]
    """
    least = list(range(size))

    def find(thing: int) -> int:
        while least[thing] != thing:
            least[thing] = least[least[thing]]
            thing = least[thing]
        return thing

    for things in sets:
        for other in things[1:]:
            one, two = sorted((find(things[0]), find(other)))
            least[two] = one
    return np.array([find(thing) for thing in range(size)], dtype=np.int64)
