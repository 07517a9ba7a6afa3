"""The crosstab as a heat map: a table with coloured cells (pure: texts and colours come out)."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from oneroster_nb.forms.cells import column_name
from oneroster_nb.forms.charts.chart import clean, notes, written

_MOST_ROWS = 40
_MOST_COLUMNS = 20
_TOTAL = "All"
_HIDDEN = "#e0e0e0"


class HeatMap(NamedTuple):
    """What the table shows: ``rows`` are a label each, and a text and a CSS colour a cell."""

    caption: str
    corner: str
    columns: list[str]
    rows: list[tuple[str, list[tuple[str, str]]]]


def heat_map(table: pd.DataFrame, *, unit: str = "people", percent: bool = False) -> HeatMap:
    """Colour the cells of a crosstab, the darker the more; shares are written as percentages.

    Totals (``All``) have no colour. Hidden cells (``<10``, ``*``) are grey, all alike. Only the
    first forty rows and twenty columns are shown, and the caption says so.

    Examples
    --------
    >>> table = pd.DataFrame({"North": [31], "South": ["<10"]}, index=["06"])
    >>> heat_map(table).caption
    'Heat map: people, 1 row by 2 columns. Most: 31 in 06, North. 1 cell is hidden.'
    """
    shown = table.iloc[:_MOST_ROWS, :_MOST_COLUMNS]
    raw = shown.to_numpy(dtype=object)
    hidden = shown.map(lambda value: isinstance(value, str)).to_numpy(dtype=bool)
    total = np.zeros(raw.shape, dtype=bool)
    total[-1:] |= _ends_with_total(shown.index)
    total[:, -1:] |= _ends_with_total(shown.columns)
    values = np.where(hidden | total, -1.0, raw).astype("float64")
    most = values.max(initial=0.0) or 1.0
    texts = [[written(value, percent=percent) for value in row] for row in raw]
    labels, columns = ([clean(column_name(label)) for label in axis] for axis in shown.axes)

    def coloured(row: int, column: int) -> tuple[str, str]:
        # From white to a blue on which dark text can still be read.
        colour = f"hsl(208 75% {100 - 40 * values[row, column] / most:.0f}%)"
        if total[row, column]:
            colour = ""
        return texts[row][column], _HIDDEN if hidden[row, column] else colour

    names = [_axis_name(axis) for axis in table.axes]
    by = " and ".join(name for name in names if name)
    size = f"{_counted(len(labels), 'row')} by {_counted(len(columns), 'column')}"
    words = [f"Heat map: {unit}{by and ' by '}{by}, {size}."]
    if (values >= 0).any():
        row, column = divmod(int(values.argmax()), len(columns))
        words.append(f"Most: {texts[row][column]} in {labels[row]}, {columns[column]}.")
    if hidden.any():
        cells = int(hidden.sum())
        words.append(f"{_counted(cells, 'cell')} {'is' if cells == 1 else 'are'} hidden.")
    cut = (
        f"the first {len(labels)} of {table.shape[0]:,} rows"
        f" and {len(columns)} of {table.shape[1]:,} columns"
    )
    return HeatMap(
        caption=" ".join([*words, *notes(table, cut if shown.shape != table.shape else "")]),
        corner=names[0],
        columns=columns,
        rows=[
            (label, [coloured(row, column) for column in range(len(columns))])
            for row, label in enumerate(labels)
        ],
    )


def _ends_with_total(axis: pd.Index) -> bool:
    last = axis[-1] if len(axis) else ""
    return bool((last[0] if isinstance(last, tuple) else last) == _TOTAL)


def _axis_name(axis: pd.Index) -> str:
    return clean(", ".join(str(name) for name in axis.names if name is not None))


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what if number == 1 else f'{what}s'}"
