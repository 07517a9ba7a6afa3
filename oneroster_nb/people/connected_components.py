"""Connected components: items that belong together, directly or through others (pure)."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray


def connected_components(size: int, sets: Iterable[Sequence[int]]) -> NDArray[np.int64]:
    """Label connected components: for each item, the smallest index in its component.

    The items are numbered from 0 to ``size - 1``; each of `sets` are items that belong together.

    Examples
    --------
    >>> connected_components(5, [[0, 3], [3, 4]]).tolist()
    [0, 1, 2, 0, 0]
    """
    least = list(range(size))
    together: set[int] = set()

    def find(item: int) -> int:
        while least[item] != item:
            least[item] = least[least[item]]
            item = least[item]
        return item

    for items in sets:
        together.update(items)
        for other in items[1:]:
            one, two = sorted((find(items[0]), find(other)))
            least[two] = one
    labels = np.arange(size, dtype=np.int64)
    labels[list(together)] = [find(item) for item in together]
    return labels
