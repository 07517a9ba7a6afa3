"""Multi-valued columns, such as ``orgSourcedIds``, taken apart: a row an element (pure)."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from oneroster_nb.tables.table import split_text
from oneroster_nb.tables.text import arrow_texts


def elements(values: "pd.Series[str]") -> "pd.Series[str]":
    """Take a multi-valued column apart; the label of a row is that of each of its elements.

    Missing and empty values have no elements.

    Examples
    --------
    >>> elements(pd.Series(["06,07", None, '"a, b"'], dtype="str")).to_dict()
    {0: '07', 2: 'a, b'}
    """
    rows, found = elements_by_row(values)
    return found.set_axis(values.index.take(rows))


def distinct_elements(values: "pd.Series[str]") -> "pd.Series[str]":
    """Return the elements of a multi-valued column, each once, in the order of the rows."""
    return elements_by_row(values)[1].drop_duplicates()


def elements_by_row(values: "pd.Series[str]") -> tuple[NDArray[np.intp], "pd.Series[str]"]:
    """Take a multi-valued column apart: the position of the row of each element, and the element.

    Examples
    --------
    >>> rows, found = elements_by_row(pd.Series(["06,07", None, "08"], dtype="str"))
    >>> rows.tolist(), found.tolist()
    ([0, 0, 2], ['06', '07', '08'])
    """
    texts = arrow_texts(values)
    texts = pc.replace_with_mask(texts, pc.equal(texts, ""), pa.scalar(None, texts.type))
    lists = pc.split_pattern(texts, ",")
    if pc.any(pc.match_substring(texts, '"')).as_py():
        distinct = texts.dictionary_encode()
        parts = pa.array(map(split_text, distinct.dictionary.to_pylist()), lists.type)
        lists = parts.take(distinct.indices)
    rows: NDArray[np.intp] = pc.list_parent_indices(lists).to_numpy().astype(np.intp)
    found = pc.list_flatten(lists)
    return rows, pd.Series(pd.array(found, dtype="str"))
