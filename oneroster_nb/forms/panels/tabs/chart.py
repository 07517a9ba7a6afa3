"""The tab with the charts of the counts and of the crosstab."""

from oneroster_nb.forms.panels.tabs.tab import Tab
from oneroster_nb.forms.result import Result
from oneroster_nb.forms.widgets.pictures import Pictures


class ChartTab(Tab):
    """The counts as bars, and the crosstab as a heat map."""

    title = "Chart"

    def __init__(self) -> None:
        self.widget = Pictures()

    def refresh(self, result: Result) -> None:
        """Draw the charts."""
        from oneroster_nb.forms.charts.bars import bars  # imports matplotlib, which is slow
        from oneroster_nb.forms.charts.heatmaps import heat_map

        unit = "people" if result.unit == "users" else "rows"
        pictures = []
        if result.counts is not None and len(result.counts):
            pictures.append(bars(result.counts, unit=unit))
        if result.table is not None and len(result.table):
            pictures.append(heat_map(result.table, unit=unit, percent=result.in_percent))
        self.widget.show(pictures, nothing="There is nothing to draw.")

    def forget(self) -> None:
        """Remove the charts."""
        self.widget.show([])
