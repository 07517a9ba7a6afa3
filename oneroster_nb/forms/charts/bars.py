"""Bar charts of counts (pure: a frame in, an SVG picture and its description out).

Only matplotlib's objects are used, never pyplot, whose open figures are global state. The picture
is shown as an ``<img>``, in which a browser runs no script, whatever a school is called.
"""

import math
import re
import textwrap
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

import pandas as pd
from matplotlib import style
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from oneroster_nb.errors import QueryError
from oneroster_nb.forms.cells import column_name
from oneroster_nb.forms.charts.chart import Chart, clean, notes, written
from oneroster_nb.tables.grades import CEDS_GRADES

_MOST_BARS = 40
_MISSING = "(missing)"
_NUMBER_OR_DATE = re.compile(r"-?\d[\d.,:\- ]*")

_BAR = "#1f6fb4"
_INK = "#212121"
_QUIET = "#616161"
_HIDDEN_FACE = "#eeeeee"
_HIDDEN_EDGE = "#9e9e9e"

_WIDTH = 8.0
_MARGIN = 0.14
_LONGEST_LINE = 104  # characters, in that width
_LONGEST_LABEL = 32

# Names from a roster are no formulas ("$x$"), and letters stay letters, which any font can show.
_STYLE = {
    "text.parse_math": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "oneroster_nb",
    "font.size": 10,
    "hatch.linewidth": 0.6,
    "hatch.color": _HIDDEN_EDGE,
    "text.color": _INK,
    "axes.labelcolor": _QUIET,
    "xtick.color": _INK,
    "ytick.color": _INK,
}


@dataclass(frozen=True)
class _Bar:
    label: str
    shown: str
    value: float
    """NaN if the count is hidden."""

    @property
    def hidden(self) -> bool:
        return math.isnan(self.value)


def bars(counts: pd.DataFrame, *, unit: str = "people") -> Chart:
    """Draw counts as horizontal bars.

    Grades, numbers and dates keep the order of the frame; anything else starts with the most. A
    hidden count (``<10``, ``*``) is a hatched stub of a fixed length, which says nothing of its
    size. Only the first forty are drawn, and the chart says so.

    Parameters
    ----------
    counts : DataFrame
        As :func:`oneroster_nb.count` returns it: key columns and ``count``.
    unit : str
        What was counted.

    Raises
    ------
    QueryError
        If there is no column ``count`` or no column to count by.

    Examples
    --------
    >>> bars(pd.DataFrame({"grades": ["06", "07"], "count": [31, 28]})).alt
    'Bar chart: people by grades. 06: 31; 07: 28.'
    """
    if "count" not in counts or counts.shape[1] < 2:
        raise QueryError("A bar chart needs a column to count by and a column named 'count'")
    keys = counts.drop(columns="count")
    every = _in_order(keys, counts["count"])
    drawn = every[:_MOST_BARS]
    title = clean(f"{unit} by {', '.join(map(column_name, keys.columns))}")
    cut = f"the first {_MOST_BARS} of {len(every):,}" if len(every) > _MOST_BARS else ""
    below = notes(counts, cut)
    listed = "; ".join(f"{bar.label}: {bar.shown}" for bar in drawn) or "Nothing to show"
    return Chart(
        svg=_svg(drawn, title, below),
        alt=" ".join([f"Bar chart: {title}. {listed}.", *below]),
    )


def _in_order(keys: pd.DataFrame, counts: pd.Series) -> list[_Bar]:
    labels = [" / ".join(clean(str(part)) for part in row) for row in keys.itertuples(index=False)]
    numbers = pd.to_numeric(counts, errors="coerce").astype("float64").to_list()
    found = [
        _Bar(label, written(count), number)
        for label, count, number in zip(labels, counts.to_list(), numbers, strict=True)
    ]
    if keys.shape[1] == 1 and _has_own_order([label for label in labels if label != _MISSING]):
        return found
    return sorted(found, key=lambda bar: math.inf if bar.hidden else -bar.value)


def _has_own_order(labels: Sequence[str]) -> bool:
    return all(label in CEDS_GRADES for label in labels) or all(
        _NUMBER_OR_DATE.fullmatch(label) for label in labels
    )


def _svg(drawn: Sequence[_Bar], title: str, below: Sequence[str]) -> bytes:
    """Return the SVG of the chart, whatever style the user has set."""
    target = BytesIO()
    with style.context(["default", _STYLE]), warnings.catch_warnings():
        # The bundled font measures the text; the browser has fonts for the letters it lacks.
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from font")
        canvas = FigureCanvasSVG(_figure(drawn, title, below))
        canvas.print_figure(target, format="svg", metadata={"Date": None, "Creator": None})
    return target.getvalue()


def _figure(drawn: Sequence[_Bar], title: str, below: Sequence[str]) -> Figure:
    """Draw a title, the bars, and lines below them."""
    lines = [line for note in below for line in textwrap.wrap(note, _LONGEST_LINE)]
    figure = Figure(figsize=(_WIDTH, 1.1 + 0.3 * max(len(drawn), 1) + 0.2 * len(lines)))
    figure.set_layout_engine("constrained", w_pad=_MARGIN, h_pad=_MARGIN)
    figure.patch.set_facecolor("#ffffff")
    left = _MARGIN / _WIDTH
    heading = _short(title[:1].upper() + title[1:], _LONGEST_LINE)
    figure.suptitle(heading, x=left, ha="left", fontsize=11, fontweight="bold")
    if lines:
        figure.supxlabel("\n".join(lines), x=left, ha="left", fontsize=9, color=_QUIET)
    axes = figure.add_subplot()
    largest = max((bar.value for bar in drawn if not bar.hidden), default=0.0) or 1.0
    for at, bar in enumerate(drawn):
        length = 0.04 * largest if bar.hidden else bar.value
        axes.barh(
            at,
            length,
            height=0.72,
            color=_HIDDEN_FACE if bar.hidden else _BAR,
            edgecolor=_HIDDEN_EDGE if bar.hidden else _BAR,
            hatch="////" if bar.hidden else None,
            linewidth=0.6,
        )
        axes.annotate(
            bar.shown, (length, at), xytext=(6, 0), textcoords="offset points", va="center_baseline"
        )
    axes.set_yticks(range(len(drawn)), [_short(bar.label) for bar in drawn])
    axes.set_ylim(max(len(drawn), 1) - 0.5, -0.5)
    axes.set_xlim(0, largest * 1.12)
    axes.set_xticks([])
    axes.tick_params(left=False)
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    axes.spines["left"].set_color("#bdbdbd")
    return figure


def _short(label: str, longest: int = _LONGEST_LABEL) -> str:
    """Cut a label that is too long to stand beside a bar."""
    return label if len(label) <= longest else label[: longest - 1].rstrip() + "…"
