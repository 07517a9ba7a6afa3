"""The tab with the charts of the counts and of the crosstab."""

from oneroster_nb.forms.charts.coloured_crosstab import heat_map
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

        unit = "people" if result.unit == "users" else "rows"
        pictures, table = [], None
        if result.counts is not None and len(result.counts):
            pictures.append(bars(result.counts, unit=unit))
        if result.table is not None and len(result.table):
            table = heat_map(result.table, unit=unit, percent=result.in_percent)
        self.widget.show(pictures, table, nothing="There is nothing to draw.")

    def forget(self) -> None:
        """Remove the charts."""
        self.widget.show([])
