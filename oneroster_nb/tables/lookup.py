"""Look values of one column up in another one (pure)."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.compute as pc
from numpy.typing import NDArray

from oneroster_nb.tables.text import arrow_texts


def codes(values: "pd.Series[str]", keys: "pd.Series[str]") -> NDArray[np.intp]:
    """Return for each value its position among the keys, -1 where it is missing or not there."""
    found = pc.index_in(arrow_texts(values), value_set=arrow_texts(keys), skip_nulls=True)
    positions: NDArray[np.intp] = pc.fill_null(found, -1).to_numpy(zero_copy_only=False)
    return positions.astype(np.intp)


def among(values: "pd.Series[str]", others: "pd.Series[str]") -> "pd.Series[bool]":
    """Return True for each value that is one of the others; a missing value is none of them.

    ``values.isin(others)`` takes the others out of Arrow one by one, which is forty times slower
    for a million of them.

    Examples
    --------
    >>> values = pd.Series(["a", "b", None], dtype="str")
    >>> among(values, pd.Series(["b", None], dtype="str")).tolist()
    [False, True, False]
    """
    return pd.Series(codes(values, others) >= 0, index=values.index)


def combinations(columns: "Iterable[pd.Series[Any]]") -> NDArray[np.int64]:
    """Return a number for each row of some columns, the same where all values are the same.

    It is -1 where one of the values is missing.

    Examples
    --------
    >>> role = pd.Series(["student", "student", None, "student"], dtype="str")
    >>> combinations([role, pd.Series([1, 2, 3, 1])]).tolist()
    [0, 1, -1, 0]
    """
    numbers = np.zeros(1, dtype=np.int64)
    there = np.ones(1, dtype=bool)
    for column in columns:
        found, distinct = pd.factorize(column)
        numbers = pd.factorize(numbers * len(distinct) + found)[0]
        there = there & (found >= 0)
    return np.where(there, numbers, -1)


def take(column: "pd.Series[Any]", positions: NDArray[np.intp]) -> "pd.Series[Any]":
    """Take values by position; -1 makes a missing one.

    Examples
    --------
    >>> take(pd.Series(["a", "b"], dtype="str"), np.array([1, -1])).tolist()
    ['b', nan]
    """
    if not len(column):
        return pd.Series([None] * len(positions), dtype=column.dtype)
    return pd.Series(column.array.take(positions, allow_fill=True))
