"""Columns of counts that no total binds together: each small count is hidden by itself."""

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
    table: pd.DataFrame, hidden: "dict[str, pd.Series[bool]]", below: int
) -> tuple[pd.DataFrame, list[str]]:
    """Put marks in place of counts, and say how many.

    Parameters
    ----------
    table : pandas.DataFrame
        With columns of counts (int64).
    hidden : dict of str to Series of bool
        For each of these columns, the rows to hide.
    below : int
        The threshold.

    Returns
    -------
    table : pandas.DataFrame
        Columns of which nothing is hidden stay int64; the others are object.
    notes : list of str
        What to say below the table.
    """
    small: list[Counts] = []
    changed: dict[str, Any] = {}
    for name, rows in hidden.items():
        counts, hide = np.asarray(table[name], dtype=np.int64), rows.to_numpy(dtype=bool)
        if hide.any():
            marked = mark(counts, counts, hide, below)
            changed[name] = pd.Series(marked, index=table.index, dtype=object)
            small.append(counts[hide])
    notes = hiding_note(np.concatenate(small), below) if small else []
    return table.assign(**changed), notes
