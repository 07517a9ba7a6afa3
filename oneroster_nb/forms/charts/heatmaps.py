"""Heat maps of crosstabs (pure: a frame in, an SVG picture and its description out)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from oneroster_nb.forms.cells import column_name
from oneroster_nb.forms.charts.drawing import (
    HIDDEN_EDGE,
    HIDDEN_FACE,
    INK,
    Chart,
    clean,
    draw,
    new_figure,
    notes,
    short,
    written,
)

_Rgb = tuple[float, float, float]

_MOST_ROWS = 40
_MOST_COLUMNS = 20
_TOTAL = "All"

_WIDEST_LEVEL_LABEL = 7

# Short of the end of the scale, where neighbouring blues can no longer be told apart.
_DEEPEST = 0.9

# The luminance at which black and white are equally easy to read on a colour (WCAG's contrast).
_EVEN_LUMINANCE = 0.179


@dataclass(frozen=True)
class _Cells:
    """A crosstab taken apart, cell by cell."""

    texts: list[list[str]]
    values: npt.NDArray[np.float64]
    total: npt.NDArray[np.bool_]
    hidden: npt.NDArray[np.bool_]

    @property
    def coloured(self) -> npt.NDArray[np.bool_]:
        return ~self.total & ~self.hidden


def heat_map(table: pd.DataFrame, *, unit: str = "people", percent: bool = False) -> Chart:
    """Draw a crosstab as a table whose cells are the darker the more they hold.

    Totals (``All``) are written and not coloured. Hidden cells (``<10``, ``*``) are grey and
    hatched, all alike. Only the first forty rows and twenty columns are drawn, and the chart says
    so.

    Parameters
    ----------
    table : DataFrame
        As :func:`oneroster_nb.crosstab` returns it.
    unit : str
        What was counted.
    percent : bool
        Whether the numbers are shares from 0 to 1, to be written as percentages.

    Examples
    --------
    >>> table = pd.DataFrame({"North": [31], "South": ["<10"]}, index=["06"])
    >>> heat_map(table).alt
    'Heat map: people, 1 row by 2 columns. Most: 31 in 06, North. 1 cell is hidden.'
    """
    drawn = table.iloc[:_MOST_ROWS, :_MOST_COLUMNS]
    cut = (
        f"the first {drawn.shape[0]} of {table.shape[0]:,} rows"
        f" and {drawn.shape[1]} of {table.shape[1]:,} columns"
    )
    below = notes(table, cut if drawn.shape != table.shape else "")
    title = _title(table, unit)
    cells = _cells(drawn, percent=percent)
    return Chart(
        svg=draw(lambda: _figure(drawn, cells, title, below)),
        alt=" ".join([_words(drawn, cells, title), *below]),
    )


def _cells(table: pd.DataFrame, *, percent: bool) -> _Cells:
    raw = table.to_numpy(dtype=object)
    hidden = np.array([[isinstance(value, str) for value in row] for row in raw], dtype=bool)
    hidden = hidden.reshape(raw.shape)
    total = np.zeros(raw.shape, dtype=bool)
    if raw.size:
        total[-1, :] |= _is_total(table.index[-1])
        total[:, -1] |= _is_total(table.columns[-1])
    return _Cells(
        texts=[[written(value, percent=percent) for value in row] for row in raw],
        values=np.where(hidden, 0.0, raw).astype("float64"),
        total=total,
        hidden=hidden,
    )


def _is_total(label: object) -> bool:
    return label == _TOTAL or (isinstance(label, tuple) and label[0] == _TOTAL)


def _words(table: pd.DataFrame, cells: _Cells, title: str) -> str:
    rows, columns = table.shape
    words = f"Heat map: {title}, {_counted(rows, 'row')} by {_counted(columns, 'column')}."
    if cells.coloured.any():
        visible = np.where(cells.coloured, cells.values, -1.0)
        row, column = divmod(int(visible.argmax()), columns)
        where = f"{_label(table.index[row])}, {_label(table.columns[column])}"
        words += f" Most: {cells.texts[row][column]} in {where}."
    hidden = int(cells.hidden.sum())
    if hidden:
        words += f" {_counted(hidden, 'cell')} {'is' if hidden == 1 else 'are'} hidden."
    return words


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def _label(label: object) -> str:
    return clean(column_name(label))


def _title(table: pd.DataFrame, unit: str) -> str:
    axes = [name for name in (_axis_name(table.index), _axis_name(table.columns)) if name]
    return clean(f"{unit} by {' and '.join(axes)}" if axes else unit)


def _axis_name(axis: pd.Index) -> str:
    return clean(", ".join(str(name) for name in axis.names if name is not None))


def _figure(table: pd.DataFrame, cells: _Cells, title: str, below: Sequence[str]) -> Figure:
    rows, columns = max(table.shape[0], 1), max(table.shape[1], 1)
    names = [short(_label(label)) for label in table.columns]
    slanted = max(map(len, names), default=0) > _WIDEST_LEVEL_LABEL
    height = (2.1 if slanted else 1.3) + 0.34 * rows
    figure, axes = new_figure(max(5.0, 2.4 + 0.62 * columns), height, title, below)
    largest = cells.values[cells.coloured].max(initial=0.0) or 1.0
    colours = colormaps["Blues"](_DEEPEST * cells.values / largest)[..., :3]
    colours[cells.total | (cells.values <= 0)] = 1.0
    for row, texts in enumerate(cells.texts):
        for column, text in enumerate(texts):
            place = (row, column)
            colour = None if cells.hidden[place] else tuple(colours[place])
            _cell(axes, place, text, colour, bold=bool(cells.total[place]))
    axes.set_xlim(-0.5, columns - 0.5)
    axes.set_ylim(rows - 0.5, -0.5)
    turned: dict[str, Any] = (
        {"rotation": 40, "ha": "left", "rotation_mode": "anchor"} if slanted else {}
    )
    axes.set_xticks(range(table.shape[1]), names, **turned)
    axes.set_yticks(range(table.shape[0]), [short(_label(label)) for label in table.index])
    axes.tick_params(length=0, labeltop=True, labelbottom=False)
    axes.set_ylabel(short(_axis_name(table.index)))
    axes.set_xlabel(short(_axis_name(table.columns)))
    axes.xaxis.set_label_position("top")
    axes.spines[:].set_visible(False)
    return figure


def _cell(
    axes: Axes, place: tuple[int, int], text: str, colour: _Rgb | None, *, bold: bool
) -> None:
    """Draw a cell; one without a colour is hidden."""
    box: dict[str, Any]
    words: dict[str, Any]
    if colour is None:
        box = {
            "facecolor": HIDDEN_FACE,
            "edgecolor": HIDDEN_EDGE,
            "hatch": "////",
            "linewidth": 0.6,
        }
        # A plain ground, so that the hatching does not cross out the mark.
        ground = {"facecolor": HIDDEN_FACE, "edgecolor": "none", "pad": 1.5}
        words = {"color": INK, "bbox": ground}
    else:
        box = {"facecolor": colour, "edgecolor": "#e0e0e0"}
        ink = "#000000" if _luminance(colour) > _EVEN_LUMINANCE else "#ffffff"
        words = {"color": ink, "fontweight": "bold" if bold else "normal"}
    row, column = place
    # The limits of the axes are known, and all cells lie within them; as a patch to be measured
    # for limits and layout, each would take twice the time.
    axes.add_artist(Rectangle((column - 0.5, row - 0.5), 1, 1, in_layout=False, **box))
    centred: dict[str, Any] = {
        "ha": "center",
        "va": "center_baseline",
        "fontsize": 9,
        "in_layout": False,
    }
    axes.text(column, row, text, **centred, **words)


def _luminance(colour: _Rgb) -> float:
    """Return the relative luminance of an sRGB colour, as WCAG defines it."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
