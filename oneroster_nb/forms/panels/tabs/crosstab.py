"""The tab with the crosstab, and how everything is counted."""

import ipywidgets as widgets
import pandas as pd
from traitlets import link
from traitlets.utils.bunch import Bunch

from oneroster_nb.counts.suppression import LEAST_THRESHOLD
from oneroster_nb.forms.for_display import flat, good_column, in_percent
from oneroster_nb.forms.panels.filling import Filling
from oneroster_nb.forms.panels.tabs.tab import Tab
from oneroster_nb.forms.result import Result
from oneroster_nb.forms.state import State
from oneroster_nb.forms.widgets.messages import Message, labelled, row
from oneroster_nb.forms.widgets.table import ResultTable

_PERCENT = [("(no)", False), ("of all", "all"), ("of a row", "index"), ("of a column", "columns")]


class CrosstabTab(Filling, Tab):
    """The crosstab of the answer; the parameter is the state, which says how to count."""

    title = "Crosstab"

    def __init__(self, state: State) -> None:
        self._state = state
        self._usual = 0  # below what numbers are hidden if nothing is chosen
        self._rows = widgets.Dropdown(description="Rows", **labelled())
        self._columns = widgets.Dropdown(description="Columns", **labelled())
        count = widgets.Dropdown(
            options=[("people", "users"), ("rows", "rows")], description="Count", **labelled()
        )
        percent = widgets.Dropdown(options=_PERCENT, description="Percent", **labelled())
        self._below = widgets.BoundedIntText(
            value=0, min=0, max=1000, description="Hide counts below", **labelled()
        )
        margins = widgets.Checkbox(
            description="Margins", indent=False, layout=widgets.Layout(width="auto")
        )
        self._table = ResultTable(searchable=False, page_size=100)
        self._note = Message()
        self.widget = widgets.VBox(
            [
                row(self._rows, self._columns),
                row(count, percent),
                row(self._below, margins),
                self._table,
                self._note,
            ]
        )
        link((state, "unit"), (count, "value"))
        link((state, "margins"), (margins, "value"))
        link((state, "normalize"), (percent, "value"))
        self._below.observe(self._below_chosen, "value")
        state.observe(lambda _: self._show_below(), "suppress_below")
        self._show_below()
        for control in (self._rows, self._columns):
            control.observe(lambda _: self._chosen(), "value")
        state.observe(lambda _: self._show_chosen(), ["rows", "columns"])

    def offer(self, result: Result) -> None:
        """Offer the columns of an answer, and choose two."""
        names, state = result.names, self._state
        rows = good_column(result.frame, names, (state.rows, "grades"))
        others = [name for name in names if name != rows or name == state.columns]
        wished = (state.columns, "schoolName", "schoolNames")
        columns = good_column(result.frame, others, wished) or rows
        with self._filling():
            self._rows.options = self._columns.options = names
            self._rows.value, self._columns.value = rows, columns
        state.rows, state.columns = rows, columns

    def recounted(self, result: Result) -> None:
        """Show the note about the crosstab, and below what numbers are hidden."""
        self._note.say(*result.table_note)
        self._usual = result.usual_below or 0
        self._show_below()

    def refresh(self, result: Result) -> None:
        """Show the crosstab."""
        table = result.table
        if table is not None and result.in_percent:
            table = in_percent(table)
        self._table.show(flat(table))

    def forget(self) -> None:
        """Remove the crosstab and the choice."""
        self._table.show(pd.DataFrame())
        self._note.clear()
        self._usual = 0
        self._show_below()
        with self._filling():
            self._rows.value = self._columns.value = None
            self._rows.options = self._columns.options = ()

    def _show_chosen(self) -> None:
        """Show what was set from outside, if the answer has such columns."""
        with self._filling():
            for control, name in (
                (self._rows, self._state.rows),
                (self._columns, self._state.columns),
            ):
                if name in control.options:
                    control.value = name

    def _chosen(self) -> None:
        if not self._is_filling:
            with self._state.hold_trait_notifications():
                self._state.rows, self._state.columns = self._rows.value, self._columns.value

    @property
    def _in_force(self) -> int:
        chosen: int | None = self._state.suppress_below
        return self._usual if chosen is None else chosen

    def _show_below(self) -> None:
        self._below.value = self._in_force

    def _below_chosen(self, change: Bunch) -> None:
        """Take a threshold, and step over 1 and 2, which would hide nothing.

        0 is a choice only if numbers would be hidden without one.
        """
        shown, below = change["new"], self._in_force
        if shown == below:
            return
        if 0 < shown < LEAST_THRESHOLD:
            shown = LEAST_THRESHOLD if shown > below else 0
        self._state.suppress_below = shown or (0 if self._usual else None)
        self._show_below()
