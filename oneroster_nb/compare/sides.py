"""The two sides of a comparison: frames of people, and their values as comparable text."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd

from oneroster_nb.analysis.cells import text_of
from oneroster_nb.analysis.columns import checked_columns
from oneroster_nb.errors import QueryError
from oneroster_nb.progress import ProgressOption

if TYPE_CHECKING:
    from oneroster_nb.source import Source

__all__ = ["Side", "columns_of", "people_frame", "texts"]

Side: TypeAlias = "Source | pd.DataFrame"
"""A frame of people, or a connection or a roster, of which all users are meant."""


def people_frame(side: Side, question: str, progress: ProgressOption) -> pd.DataFrame:
    """Give the people of a side; QueryError for what is neither frame nor source."""
    if isinstance(side, pd.DataFrame):
        return side
    if not hasattr(side, "get_users"):
        raise QueryError(
            f"{question}() takes DataFrames, connections or rosters, not {type(side).__name__}."
        )
    return side.get_users(progress=progress)


def columns_of(frame: pd.DataFrame, side: str, names: str | Sequence[str]) -> list[str]:
    """Give columns that a list is compared by; QueryError, which names the list, for others."""
    try:
        return checked_columns(frame, "on", names)
    except QueryError as error:
        raise QueryError(f"In the {side} list: {error}") from None


def texts(values: "pd.Series[Any]") -> "pd.Series[str]":
    """Write values as text: whole numbers without a point, truth as the standard writes it.

    Examples
    --------
    >>> texts(pd.Series([7.0, None])).tolist(), texts(pd.Series([True])).tolist()
    (['7', nan], ['true'])
    """
    written = {value: _text(value) for value in values.dropna().unique()}
    return values.map(written).astype("str").replace("", None).astype("str")


def _text(value: object) -> str:
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    return text_of(value)
