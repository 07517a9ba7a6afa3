"""Columns of counts that no total binds together: each small count is hidden by itself."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from oneroster_nb.counts.footnotes import hiding_note
from oneroster_nb.counts.suppression import mark

Counts = NDArray[np.int64]


def is_small(counts: "pd.Series[int]", below: int) -> "pd.Series[bool]":
    """Return True for each count that is below the threshold and not zero."""
    return (counts > 0) & (counts < below)


def hide_counts(
    table: pd.DataFrame,
    hidden: "Mapping[str, pd.Series[bool] | NDArray[np.bool_]]",
    below: int,
    *,
    asked: bool = True,
) -> tuple[pd.DataFrame, list[str]]:
    """Put marks in place of counts, and say how many.

    `hidden` has, for columns of counts, the rows to hide. Columns of which nothing is hidden stay
    int64; the others become object. Return also what to say below the table; if nobody `asked` for
    marks, how to see the numbers, too.
    """
    small: list[Counts] = []
    changed: dict[str, Any] = {}
    for name, rows in hidden.items():
        counts, hide = np.asarray(table[name], dtype=np.int64), np.asarray(rows, dtype=bool)
        if hide.any():
            marked = mark(counts, counts, hide, below)
            changed[name] = pd.Series(marked, index=table.index, dtype=object)
            small.append(counts[hide])
    notes = hiding_note(np.concatenate(small), below, asked=asked) if small else []
    return table.assign(**changed), notes
