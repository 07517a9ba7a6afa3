"""Rows sorted into the cells of a table, and distinct people counted in each (pure)."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_string_dtype

from oneroster_nb.tables.grades import grade_place
from oneroster_nb.tables.text import text_of

TOTAL = "All"
MISSING = "(missing)"

_Ints = NDArray[np.int64]


def apart(value: str) -> str:
    """Return a value so that it does not read like one of our labels: in quotes if it would.

    Examples
    --------
    >>> [apart(value) for value in ("North", "All", '"All"', "(missing)")]
    ['North', '"All"', '""All""', '"(missing)"']
    """
    return f'"{value}"' if value.strip('"') in (TOTAL, MISSING) else value


def reads_like_a_label(label: str) -> bool:
    """Return True if a label is a value that :func:`apart` has put in quotes."""
    return label.startswith('"') and label.strip('"') in (TOTAL, MISSING)


def groups_of(df: pd.DataFrame, names: list[str]) -> tuple[_Ints, pd.DataFrame]:
    """Return for each row the number of its combination, and the labels of those that occur."""
    groups = np.zeros(len(df), dtype=np.int64)
    first = np.zeros(0, dtype=np.int64)
    found = {}
    for name in names:
        codes, labels = _categories(df[name])
        found[name] = codes, labels
        _, first, groups = np.unique(
            groups * max(len(labels), 1) + codes, return_index=True, return_inverse=True
        )
    return groups.astype(np.int64), pd.DataFrame(
        {
            name: pd.Series([labels[code] for code in codes[first]], dtype="str")
            for name, (codes, labels) in found.items()
        }
    )


def _categories(values: pd.Series) -> tuple[_Ints, list[str]]:
    """Return for each row the number of its value, and the labels of the values in order."""
    unordered_category = isinstance(values.dtype, pd.CategoricalDtype) and not values.cat.ordered
    as_text = unordered_category or is_string_dtype(values.dtype) or values.dtype == object
    codes, uniques = pd.factorize(values, sort=not as_text)
    texts = [text_of(value) for value in uniques]
    if as_text and all(isinstance(value, int | float | np.number) for value in uniques):
        in_order = [text_of(value) for value in sorted(uniques)]
    else:
        key = grade_place if values.name == "grades" else str
        in_order = sorted(texts, key=key) if as_text else texts
    distinct = [text for text in dict.fromkeys(in_order) if text]
    place = {text: number for number, text in enumerate(distinct)}
    # An empty text is missing. The code of a missing value is -1, which finds the last number.
    numbers = [place.get(text, len(distinct)) for text in texts] + [len(distinct)]
    missing = "" in texts or (codes < 0).any()
    labels = [*map(apart, distinct), *([MISSING] if missing else [])]
    return np.array(numbers, dtype=np.int64)[codes], labels


def with_totals(
    row_of: _Ints, column_of: _Ints, people: _Ints | None, shape: tuple[int, int]
) -> tuple[_Ints, int]:
    """Count the cells of a table and its totals; say how many people stand in several cells."""
    height, width = shape
    body, several = tally(row_of * width + column_of, people, height * width)
    counts = np.zeros((height + 1, width + 1), dtype=np.int64)
    counts[:-1, :-1] = body.reshape(shape)
    counts[:-1, -1], _ = tally(row_of, people, height)
    counts[-1, :-1], _ = tally(column_of, people, width)
    counts[-1, -1] = len(row_of) if people is None else len(np.unique(people))
    return counts, several


def tally(groups: _Ints, people: _Ints | None, size: int) -> tuple[_Ints, int]:
    """Count what stands in each group; say how many people stand in several of them."""
    if people is None or not len(people):
        return np.bincount(groups, minlength=size).astype(np.int64), 0
    total = int(people.max()) + 1
    pairs = np.unique(groups * total + people)
    several = int((np.bincount(pairs % total) > 1).sum())
    return np.bincount(pairs // total, minlength=size).astype(np.int64), several
