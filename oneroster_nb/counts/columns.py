"""Columns that an analyst names: known, named once, and such that can be counted."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from oneroster_nb.errors import QueryError
from oneroster_nb.spelling import nearest


def checked_columns(df: pd.DataFrame, option: str, names: str | Sequence[str]) -> list[str]:
    """Return column names as a list; QueryError for one that the frame lacks or cannot count."""
    if not isinstance(df, pd.DataFrame):
        asked = "; ask its get_users() first" if hasattr(df, "get_users") else ""
        raise QueryError(f"Only a DataFrame can be counted, not a {type(df).__name__}{asked}")
    if isinstance(names, pd.Series | pd.DataFrame):
        raise QueryError(
            f"{option} takes the names of columns, such as 'schoolName', not the"
            f" {type(names).__name__} that holds them"
        )
    listed = [names] if isinstance(names, str) or not isinstance(names, Iterable) else list(names)
    if not listed:
        raise QueryError(f"{option} is empty; name one column or several")
    refuse_repeats(listed)
    for name in listed:
        require_column(df, name)
        if _holds_lists(df[name]):
            raise QueryError(
                f"Column {name!r} holds lists, which cannot be counted; "
                f"use df.explode({name!r}) first, or join each list to one string"
            )
    return listed


def refuse_repeats(names: list[str]) -> None:
    """Refuse a list in which a column is named twice."""
    for place, name in enumerate(names):
        if name in names[:place]:
            raise QueryError(f"Column {name!r} is named twice; name each column once")


def require_column(df: pd.DataFrame, name: str) -> None:
    """Refuse a name that is no column of the frame, or that of several; name the nearest ones."""
    if not isinstance(name, str):
        raise QueryError(f"A column is named by its text, not by {name!r}")
    known = list(df.columns)
    if name not in known:
        names = [str(column) for column in known]
        hint = nearest(name, names) or f" There are: {', '.join(names)}."
        raise QueryError(f"There is no column {name!r}.{hint}")
    if known.count(name) > 1:
        raise QueryError(f"The frame has several columns {name!r}; rename all but one")


def _holds_lists(values: pd.Series) -> bool:
    if isinstance(values.dtype, pd.ArrowDtype):
        return bool(pa.types.is_nested(values.dtype.pyarrow_dtype))
    kinds = (list, tuple, set, frozenset, dict, np.ndarray)
    return values.dtype == object and any(isinstance(value, kinds) for value in values)


def people_of(df: pd.DataFrame, instead: str = "") -> NDArray[np.int64]:
    """Return for each row the number of its person; refuse a frame without sourcedIds.

    ``instead`` ends the message of the error with what else can be done.
    """
    if "sourcedId" not in df.columns:
        raise QueryError(
            "People are counted by the column 'sourcedId', which is not there; "
            f"keep it in the frame{instead}"
        )
    checked_columns(df, "sourcedId", "sourcedId")
    people, _ = pd.factorize(df["sourcedId"].replace("", None))
    gaps = int((people < 0).sum())
    if gaps:
        raise QueryError(
            f"{gaps} of {len(df)} rows have no sourcedId, so it is not known who they are; "
            f"leave them out{instead}"
        )
    return people.astype(np.int64)
