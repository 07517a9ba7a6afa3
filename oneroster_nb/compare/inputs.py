"""The two sides of a comparison: frames of people, and the columns they are compared by."""

from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import pandas as pd

from oneroster_nb.counts.columns import checked_columns
from oneroster_nb.errors import QueryError
from oneroster_nb.progress import ProgressOption
from oneroster_nb.source.source import Source
from oneroster_nb.tables.field import Kind
from oneroster_nb.tables.status import active
from oneroster_nb.tables.table import TABLES, join_values, split_text

Side: TypeAlias = Source | pd.DataFrame
"""A frame of people, or a connection or a roster, which stands for all its users."""


_JOINED = frozenset({"schoolSourcedIds", "schoolNames", "termSourcedIds", "termTitles"})
"""The columns of membership that hold several values."""


def people_frame(side: Side, question: str, progress: ProgressOption) -> pd.DataFrame:
    """Return the active people of a side; QueryError for what is no side."""
    if isinstance(side, pd.DataFrame):
        return active(side) if "status" in side.columns else side
    if not hasattr(side, "get_users"):
        kept = isinstance(side, str | Path)
        raise QueryError(
            f"{question}() takes DataFrames, connections or rosters, not {type(side).__name__}."
            + (" pandas.read_csv() and onb.Roster.load() read what is saved." if kept else "")
        )
    return side.get_users(progress=progress)


def columns_of(frame: pd.DataFrame, side: str, names: str | Sequence[str]) -> list[str]:
    """Return columns that a list is compared by; QueryError, which names the list, for others."""
    try:
        return checked_columns(frame, "on", names)
    except QueryError as error:
        raise QueryError(f"In the {side} list: {error}") from None


def in_one_order(name: str, values: "pd.Series[str]") -> "pd.Series[str]":
    """Bring several values in one text into one order, which is not compared."""
    if TABLES["users"].columns.get(name) is not Kind.VALUES and name not in _JOINED:
        return values
    several = values[values.str.contains(",", regex=False, na=False)]
    ordered = {text: join_values(sorted(split_text(text))) for text in several.unique()}
    return values.map(lambda text: ordered.get(text, text)) if ordered else values
