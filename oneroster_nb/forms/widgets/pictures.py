"""The charts of an answer: pictures, and a crosstab as a heat map."""

from collections.abc import Sequence

from oneroster_nb.forms.charts.chart import Chart
from oneroster_nb.forms.charts.coloured_crosstab import HeatMap
from oneroster_nb.forms.widgets import STATIC
from oneroster_nb.forms.widgets.unsaved import Unsaved


class Pictures(Unsaved):
    """Charts below one another; they show counts, so none of them is widget state.

    Examples
    --------
    >>> pictures = Pictures()
    >>> pictures.show([Chart(b"<svg/>", "Bar chart: people by grades. 06: 31.")])
    >>> len(pictures.charts)
    1
    """

    _esm = STATIC / "pictures.js"
    _css = STATIC / "pictures.css"

    charts: tuple[Chart, ...] = ()
    table: HeatMap | None = None

    def show(
        self, charts: Sequence[Chart], table: HeatMap | None = None, nothing: str = ""
    ) -> None:
        """Show charts and below them a table, or the text ``nothing`` if there are none."""
        self.charts, self.table = tuple(charts), table
        content = {
            "alts": [chart.alt for chart in charts],
            "table": table and table._asdict(),
            "nothing": nothing,
        }
        self._hand_over(content, [chart.svg for chart in charts])
