"""The tab with the code that makes the same answer."""

from oneroster_nb.forms.panels.tabs.tab import Tab
from oneroster_nb.forms.result import Result
from oneroster_nb.forms.widgets.code_cell import CodeCell


class CodeTab(Tab):
    """A cell that makes the same answer and crosstab in a fresh kernel."""

    title = "Code"

    def __init__(self) -> None:
        self.widget = CodeCell()

    def recounted(self, result: Result) -> None:
        """Write the code again."""
        self.widget.show(result.code())

    def forget(self) -> None:
        """Remove the code."""
        self.widget.show("")
