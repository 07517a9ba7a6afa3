"""Bar charts of counts (pure: a frame in, an SVG picture and its description out)."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from matplotlib.figure import Figure

from oneroster_nb.errors import QueryError
from oneroster_nb.forms.cells import column_name
from oneroster_nb.forms.charts.drawing import (
    HIDDEN_EDGE,
    HIDDEN_FACE,
    Chart,
    clean,
    draw,
    new_figure,
    notes,
    short,
    written,
)
from oneroster_nb.tables.grades import CEDS_GRADES

_MOST_BARS = 40
_MISSING = "(missing)"
_BAR = "#1f6fb4"
_NUMBER_OR_DATE = re.compile(r"-?\d[\d.,:\- ]*")


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
        svg=draw(lambda: _figure(drawn, title, below)),
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


def _figure(drawn: Sequence[_Bar], title: str, below: Sequence[str]) -> Figure:
    figure, axes = new_figure(8.0, 1.1 + 0.3 * max(len(drawn), 1), title, below)
    largest = max((bar.value for bar in drawn if not bar.hidden), default=0.0) or 1.0
    for at, bar in enumerate(drawn):
        length = 0.04 * largest if bar.hidden else bar.value
        axes.barh(
            at,
            length,
            height=0.72,
            color=HIDDEN_FACE if bar.hidden else _BAR,
            edgecolor=HIDDEN_EDGE if bar.hidden else _BAR,
            hatch="////" if bar.hidden else None,
            linewidth=0.6,
        )
        axes.annotate(
            bar.shown, (length, at), xytext=(6, 0), textcoords="offset points", va="center_baseline"
        )
    axes.set_yticks(range(len(drawn)), [short(bar.label) for bar in drawn])
    axes.set_ylim(max(len(drawn), 1) - 0.5, -0.5)
    axes.set_xlim(0, largest * 1.12)
    axes.set_xticks([])
    axes.tick_params(left=False)
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    axes.spines["left"].set_color("#bdbdbd")
    return figure
