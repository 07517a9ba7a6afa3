"""Values of any dtype, written as text (pure)."""

from collections.abc import Iterable
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from oneroster_nb.tables.table import join_values


def text_of(value: object) -> str:
    """Write a value as text: whole numbers without a point, days without a time.

    Examples
    --------
    >>> text_of(7.0), text_of(pd.Timestamp("2026-08-01"))
    ('7', '2026-08-01')
    """
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    if isinstance(value, pd.Timestamp) and value.tz is None and value == value.normalize():
        return value.date().isoformat()
    return str(value)


def is_missing(value: Any) -> bool:
    """Return True for None, NaN, NaT and NA; False for lists, even empty ones."""
    return bool(pd.api.types.is_scalar(value) and pd.isna(value))


def examples(words: Iterable[str], length: int = 40) -> str:
    """Write the first five of some texts in quotes, each cut to a length; an ellipsis if more."""
    first = [repr(word[:length]) for word in islice(words, 6)]
    return ", ".join([*first[:5], "…"] if first[5:] else first)


def texts(values: "pd.Series[Any]") -> "pd.Series[str]":
    """Write values as text: as :func:`text_of`, truth as the standard writes it.

    A list is joined as several values are; empty texts are missing.

    Examples
    --------
    >>> texts(pd.Series([7.0, None])).tolist(), texts(pd.Series([True, ["06", "07"]])).tolist()
    (['7', nan], ['true', '06,07'])
    """
    if values.dtype == "str":
        return values.replace("", None)
    if values.dtype != object:  # no lists, so that each value is written once
        known = {value: _text(value) for value in values.dropna().unique()}
        return values.map(known).astype("str").replace("", None)
    written = [
        _text(value) if there else None for value, there in zip(values, values.notna(), strict=True)
    ]
    return pd.Series(written, index=values.index, dtype="str", name=values.name).replace("", None)


def arrow_texts(values: "pd.Series[str]") -> Any:
    """Return texts as an Arrow array of large strings, as pandas holds them: nothing is copied.

    Missing texts are null.

    Examples
    --------
    >>> arrow_texts(pd.Series(["a", None], dtype="str")).to_pylist()
    ['a', None]
    """
    if values.dtype != "str":
        return pa.array(values, pa.large_string(), from_pandas=True)
    array = pa.array(values.array)
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    return array.cast(pa.large_string())


def _text(value: object) -> str:
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, list | tuple | np.ndarray):
        return join_values(text_of(part) for part in value)
    return text_of(value)
