"""The tab with counts by up to three columns."""

import ipywidgets as widgets
import pandas as pd

from oneroster_nb.errors import QueryError
from oneroster_nb.forms.for_display import flat
from oneroster_nb.forms.panels.filling import Filling
from oneroster_nb.forms.panels.tabs.tab import Tab
from oneroster_nb.forms.result import Result
from oneroster_nb.forms.state import State
from oneroster_nb.forms.widgets.messages import Message, labelled
from oneroster_nb.forms.widgets.table import ResultTable

_HINT = "People are counted, or rows, and small counts hidden, as set under Crosstab."


class CountsTab(Filling, Tab):
    """The counts of the answer; the parameter is the state, which says what to count by."""

    title = "Counts"

    def __init__(self, state: State) -> None:
        self._state = state
        self._by = widgets.SelectMultiple(description="By", rows=6, **labelled())
        self._table = ResultTable(searchable=False, page_size=100)
        self._note = Message()
        self.widget = widgets.VBox([self._by, widgets.Label(_HINT), self._table, self._note])
        self._by.observe(lambda _: self._chosen(), "value")
        state.observe(lambda _: self._show_chosen(), "by")

    def offer(self, result: Result) -> None:
        """Offer the columns of an answer, and choose some."""
        names = result.names
        by = [name for name in self._state.by if name in names] or names[:1]
        with self._filling():
            self._by.options, self._by.value = names, by
        self._state.by = by

    def recounted(self, result: Result) -> None:
        """Show the note about the counts."""
        self._note.say(*result.counts_note)

    def refresh(self, result: Result) -> None:
        """Show the counts."""
        self._table.show(flat(result.counts))

    def forget(self) -> None:
        """Remove the counts and the choice."""
        self._table.show(pd.DataFrame())
        self._note.clear()
        with self._filling():
            # The choice is emptied first: a browser cannot choose what is not offered any more.
            self._by.value = ()
            self._by.options = ()

    def _show_chosen(self) -> None:
        """Show what was set from outside, if the answer has such columns."""
        with self._filling():
            self._by.value = [name for name in self._state.by if name in self._by.options]

    def _chosen(self) -> None:
        if self._is_filling:
            return
        try:
            self._state.by = list(self._by.value)
        except QueryError as error:
            self._note.say(str(error), "error")
