"""The tab with the answer itself."""

import pandas as pd

from oneroster_nb.forms.for_display import shown_first
from oneroster_nb.forms.panels.tabs.tab import Tab
from oneroster_nb.forms.result import Result
from oneroster_nb.forms.widgets.table import ResultTable


class TableTab(Tab):
    """The rows of the answer."""

    title = "Table"

    def __init__(self) -> None:
        self.widget = ResultTable()

    def offer(self, result: Result) -> None:
        """Show an answer, not all of its columns at first."""
        self.widget.show(result.frame, columns=shown_first(result.frame))

    def forget(self) -> None:
        """Remove the rows."""
        self.widget.show(pd.DataFrame())
