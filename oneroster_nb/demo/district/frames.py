"""Canonical frames from columns of plain values."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from oneroster_nb.tables.table import TABLES, empty_table

Objects: TypeAlias = npt.NDArray[np.object_]

_FIRST_CHANGE: Final = np.datetime64("2026-08-01T12:00:00", "us")
_HOURS_OF_CHANGES: Final = 100 * 24


def frame(name: str, columns: Mapping[str, Any]) -> pd.DataFrame:
    """Build a canonical table; columns that are not passed are empty.

    ``sourcedId`` must be among `columns`. ``status`` is ``active`` unless given.
    """
    kinds = TABLES[name].visible(sensitive=True)
    size = len(columns["sourcedId"])
    given = {"status": np.full(size, "active", dtype=object), **columns}
    empty = empty_table(name, sensitive=True).reindex(range(size))
    return empty.assign(
        **{column: pd.Series(values, dtype=kinds[column].dtype) for column, values in given.items()}
    )


def texts(values: Sequence[str], index: npt.NDArray[np.int64]) -> Objects:
    """Take strings by position."""
    taken: Objects = np.array(values, dtype=object)[index]
    return taken


def kept(mask: npt.NDArray[np.bool_], values: Sequence[str] | Objects | str) -> Objects:
    """Return `values` if `mask` is true, and missing values elsewhere."""
    chosen: Objects = np.full(len(mask), None, dtype=object)
    chosen[mask] = values if isinstance(values, str) else np.asarray(values, dtype=object)[mask]
    return chosen


def touched(size: int, rng: np.random.Generator) -> "pd.Series[pd.Timestamp]":
    """Make up when each of `size` records was last changed: on the hour, since August 2026."""
    hours = rng.integers(0, _HOURS_OF_CHANGES, size)
    moments = _FIRST_CHANGE + hours.astype("timedelta64[h]")
    return pd.Series(pd.DatetimeIndex(moments, tz="UTC"))
