"""The tab with the answer itself."""

import pandas as pd

from oneroster_nb.forms.for_display import is_named
from oneroster_nb.forms.panels.tabs.tab import Tab
from oneroster_nb.forms.result import Result
from oneroster_nb.forms.widgets.table import ResultTable

_SHOWN_FIRST = (
    *("sourcedId", "givenName", "familyName", "role", "grades", "email"),
    *("sex", "age", "raceEthnicity"),
    *("groupName", "matchedOn", "classTitle", "courseTitle", "schoolName", "schoolNames"),
    *("termTitles", "enrollmentRole"),
)


class TableTab(Tab):
    """The rows of the answer."""

    title = "Table"

    def __init__(self) -> None:
        self.widget = ResultTable()

    def offer(self, result: Result) -> None:
        """Show an answer: of whole users, and of what has a name, not all columns at first."""
        frame = result.frame
        first = [name for name in _SHOWN_FIRST if name in frame]
        told = [name for name in frame.columns if not is_named(str(name), frame)]
        self.widget.show(frame, columns=first if "username" in frame else told)

    def forget(self) -> None:
        """Remove the rows."""
        self.widget.show(pd.DataFrame())
