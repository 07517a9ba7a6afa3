"""The tab with what is wrong with the roster."""

import ipywidgets as widgets
import pandas as pd

from oneroster_nb.forms.panels.tabs.tab import Tab
from oneroster_nb.forms.widgets.messages import Message
from oneroster_nb.forms.widgets.table import ResultTable
from oneroster_nb.quality.findings import Findings

_SHOWN = ["severity", "table", "sourcedId", "message", "schoolName", "classTitle", "explains"]

_KINDS = ["severity", "means", "findings", "table", "why", "fix", "explains", "code"]


class FindingsTab(Tab):
    """The findings about the source; the tab is there only if they were asked for.

    Attributes
    ----------
    findings : Findings or None
        What is shown.
    """

    title = "Findings"

    def __init__(self) -> None:
        self.findings: Findings | None = None
        self._words = Message()
        self._kinds = ResultTable(searchable=False, page_size=100)
        self._found = ResultTable(page_size=100)
        for table in (self._kinds, self._found):
            table.add_class("onb-table-sentences")
        self.widget = widgets.VBox([self._words, self._kinds, self._found])

    def show(self, findings: Findings) -> None:
        """Show findings."""
        self.findings = findings
        self._words.say(f"{findings.words} {findings.attrs.get('footnote', '')}".strip())
        self._kinds.show(findings.summary()[_KINDS])
        self._found.show(pd.DataFrame(findings), columns=_SHOWN)
        for table in (self._kinds, self._found):
            table.layout.display = None if len(findings) else "none"

    def forget(self) -> None:
        """Remove the findings."""
        self.findings = None
        self._words.clear()
        for table in (self._kinds, self._found):
            table.show(pd.DataFrame())
