"""The third part of the form: what came, as a table, counts, a crosstab, charts, code and files."""

from collections.abc import Callable
from typing import Any, Literal

import ipywidgets as widgets
import pandas as pd
from traitlets import link
from traitlets.utils.bunch import Bunch

from oneroster_nb.counts.count import count, crosstab
from oneroster_nb.counts.suppression import LEAST_THRESHOLD
from oneroster_nb.errors import QueryError, RosterError
from oneroster_nb.forms.codegen import cell
from oneroster_nb.forms.for_display import flat, good_column, in_percent, is_named
from oneroster_nb.forms.panels.files import ExportTab
from oneroster_nb.forms.state import State
from oneroster_nb.forms.widgets.code_cell import CodeCell
from oneroster_nb.forms.widgets.messages import Message, labelled, row
from oneroster_nb.forms.widgets.pictures import Pictures
from oneroster_nb.forms.widgets.table import ResultTable
from oneroster_nb.quality.check import Findings
from oneroster_nb.query.query import Query

__all__ = ["ResultsPanel"]

_TABS = ("Table", "Counts", "Crosstab", "Chart", "Code", "Export")
_REFRESHED = ("Counts", "Crosstab", "Chart", "Export")
_SHOWN_FIRST = (
    *("sourcedId", "givenName", "familyName", "role", "grades", "email"),
    *("groupName", "matchedOn", "classTitle", "courseTitle", "schoolName", "schoolNames"),
    *("termTitles", "enrollmentRole"),
)
_COUNTED_FIRST = (
    *("grades", "schoolName", "schoolNames", "role", "groupName", "classTitle", "courseTitle"),
    *("termTitles", "enrollmentRole", "matchedOn"),
)


class ResultsPanel:
    """The answer to a question, in six tabs; a tab is brought up to date when it is looked at.

    Parameters
    ----------
    state : State
        What to count and how.

    Attributes
    ----------
    widget : ipywidgets.Box
        What to show.
    result : pandas.DataFrame or None
        The answer.
    hide : callable or None
        Gives an answer that counts people anew, counts below a threshold hidden; None for others.
    table, counts : pandas.DataFrame or None
        The crosstab and the counts of it.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._asked: Query | str = Query()
        self._recipe = ""
        self.result: pd.DataFrame | None = None
        self.hide: Callable[[int], pd.DataFrame] | None = None
        self._hidden_below: int | None = None
        self.table: pd.DataFrame | None = None
        self.counts: pd.DataFrame | None = None
        self._stale: set[str] = set()

        self._rows = ResultTable()
        self.by = widgets.SelectMultiple(description="By", rows=6, **labelled())
        self._counts = ResultTable(searchable=False, page_size=100)
        self._counts_note = Message()

        self.rows = widgets.Dropdown(description="Rows", **labelled())
        self.columns = widgets.Dropdown(description="Columns", **labelled())
        self.count = widgets.Dropdown(
            options=[("people", "users"), ("rows", "rows")], description="Count", **labelled()
        )
        self.margins = widgets.Checkbox(
            description="Margins", indent=False, layout=widgets.Layout(width="auto")
        )
        self.percent = widgets.Dropdown(
            options=[
                ("(no)", False),
                ("of all", "all"),
                ("of a row", "index"),
                ("of a column", "columns"),
            ],
            description="Percent",
            **labelled(),
        )
        self.below = widgets.BoundedIntText(
            value=0, min=0, max=1000, description="Hide counts below", **labelled()
        )
        self._crosstab = ResultTable(searchable=False, page_size=100)
        self._crosstab_note = Message()
        self._charts = Pictures()
        self.code = CodeCell()

        self.exports = ExportTab(state, self._exported)

        counting = "People are counted, or rows, and small counts hidden, as set under Crosstab."
        self.tabs = widgets.Tab(
            [
                self._rows,
                widgets.VBox([self.by, widgets.Label(counting), self._counts, self._counts_note]),
                widgets.VBox(
                    [
                        row(self.rows, self.columns),
                        row(self.count, self.percent),
                        row(self.below, self.margins),
                        self._crosstab,
                        self._crosstab_note,
                    ]
                ),
                self._charts,
                self.code,
                self.exports.widget,
            ],
            titles=_TABS,
        )
        self._asked_words = Message()
        self._changed_words = Message()
        self.widget = widgets.VBox([self._asked_words, self._changed_words, self.tabs])
        self.widget.layout.display = "none"
        link((state, "unit"), (self.count, "value"))
        link((state, "margins"), (self.margins, "value"))
        link((state, "normalize"), (self.percent, "value"))
        self.below.observe(self._below_chosen, "value")
        state.observe(lambda _: self._show_below(), "suppress_below")
        self._show_below()
        self.tabs.observe(lambda _: self._freshen(), "selected_index")
        self.by.observe(lambda _: self._by_chosen(), "value")
        self.rows.observe(lambda _: self._columns_chosen(), "value")
        self.columns.observe(lambda _: self._columns_chosen(), "value")
        state.observe(lambda _: self._show_choices(), ["by", "rows", "columns"])
        state.observe(
            lambda _: self._changed(),
            ["by", "rows", "columns", "unit", "margins", "normalize", "suppress_below"],
        )
        self._filling = False
        self.findings: Findings | None = None
        self._found = ResultTable(page_size=100)
        self._found_words = Message()
        self._found_kinds = ResultTable(searchable=False, page_size=100)
        self._found_tab = widgets.VBox([self._found_words, self._found_kinds, self._found])

    def forget(self) -> None:
        """Take away all that is of a source: its answer in every tab, files and findings."""
        self.result = self.hide = self.table = self.counts = None
        self._asked, self._recipe, self._hidden_below = Query(), "", None
        for table in (self._rows, self._counts, self._crosstab):
            table.show(pd.DataFrame())
        for message in (self._asked_words, self._counts_note, self._crosstab_note):
            message.clear()
        self._charts.show([])
        self._stale.clear()
        self.code.show("")
        self.exports.forget()
        self._filling = True
        try:
            # Chosen is nothing first: a browser cannot choose what is not offered any more.
            self.by.value, self.rows.value, self.columns.value = (), None, None
            self.by.options = self.rows.options = self.columns.options = ()
        finally:
            self._filling = False
        self.show_findings(None)

    def say_changed(self, button: str) -> None:
        """Say that the answer is not one to what is set now, which a button asks; or nothing."""
        if button:
            text = f"The question was changed after this answer. {button} asks it as it is now."
            self._changed_words.say(text, "warning")
        else:
            self._changed_words.clear()

    def show_findings(self, findings: Findings | None) -> None:
        """Show findings in a tab of their own; None takes that tab away."""
        self.findings = findings
        tabs = [tab for tab in self.tabs.children if tab is not self._found_tab]
        if findings is None:
            if len(tabs) < len(self.tabs.children):
                self.tabs.selected_index = 0
                self.tabs.children, self.tabs.titles = tabs, _TABS
            self._found_words.clear()
            for table in (self._found_kinds, self._found):
                table.show(pd.DataFrame())
            if self.result is None:
                self.widget.layout.display = "none"
            return
        self._found_words.say(findings.words)
        self._found_kinds.show(findings.summary())
        shown = ["severity", "table", "sourcedId", "field", "message", "explains"]
        self._found.show(pd.DataFrame(findings), columns=shown)
        for table in (self._found_kinds, self._found):
            table.layout.display = None if len(findings) else "none"
        self.tabs.children, self.tabs.titles = [*tabs, self._found_tab], [*_TABS, "Findings"]
        self.tabs.selected_index = len(tabs)
        self.widget.layout.display = None

    def show(
        self,
        frame: pd.DataFrame,
        asked: Query | str,
        recipe: str,
        *,
        words: str,
        stem: str,
        crosstab: bool = False,
        hide: Callable[[int], pd.DataFrame] | None = None,
        hidden_below: int | None = None,
    ) -> None:
        """Show the answer to a question of a source that the recipe makes.

        Parameters
        ----------
        frame : pandas.DataFrame
            The answer.
        asked : Query or str
            The question, or an expression that answers it from ``conn``.
        recipe : str
            An expression that makes ``conn``.
        words : str
            What was asked, in words.
        stem : str
            How the names of files with the answer begin.
        crosstab : bool
            Whether the crosstab is what was asked for.
        hide : callable, optional
            Where the answer itself counts people: gives it anew, counts below a threshold hidden.
        hidden_below : int, optional
            The threshold that the answer was asked with.
        """
        self.result, self._asked, self._recipe = frame, asked, recipe
        self.hide, self._hidden_below = hide, hidden_below
        self._asked_words.say(words[:1].upper() + words[1:], "title")
        what = "Crosstab" if crosstab else "Table"
        self.exports.show(stem, what=what, counts=hide is not None)
        self.widget.layout.display = None
        self._offer(frame)
        if crosstab or self.findings is not None or isinstance(asked, str):
            self.tabs.selected_index = _TABS.index("Crosstab") if crosstab else 0
        first = [c for c in _SHOWN_FIRST if c in frame]
        # Of whole users there are more columns than one wants to see at first; of other answers
        # the ids of what has a name, too.
        told = [name for name in frame.columns if not is_named(str(name), frame)]
        self._rows.show(frame, columns=first if "username" in frame else told)
        self._changed()

    # Choosing what to count.

    def _offer(self, frame: pd.DataFrame) -> None:
        """Offer the frame's columns, those that one counts by first, and choose some."""
        first = [name for name in _COUNTED_FIRST if name in frame]
        names = [*first, *(name for name in frame.columns if name not in first)]
        state = self._state
        by = [name for name in state.by if name in names] or names[:1]
        rows = good_column(frame, names, (state.rows, "grades"))
        others = [name for name in names if name != rows or name == state.columns]
        wished = (state.columns, "schoolName", "schoolNames")
        columns = good_column(frame, others, wished) or rows
        self._filling = True
        try:
            self.by.options = self.rows.options = self.columns.options = names
            self.by.value, self.rows.value, self.columns.value = by, rows, columns
        finally:
            self._filling = False
        with state.hold_trait_notifications():
            state.by, state.rows, state.columns = by, rows, columns

    def _show_choices(self) -> None:
        """Show in the controls what was set from outside, where the answer has such columns."""
        names = self.rows.options
        self._filling = True
        try:
            self.by.value = [name for name in self._state.by if name in names]
            for control, name in (
                (self.rows, self._state.rows),
                (self.columns, self._state.columns),
            ):
                if name in names:
                    control.value = name
        finally:
            self._filling = False

    def _by_chosen(self) -> None:
        if self._filling:
            return
        try:
            self._state.by = list(self.by.value)
        except QueryError as error:
            self._counts_note.say(str(error), "error")

    def _show_below(self) -> None:
        self.below.value = self._state.suppress_below or 0

    def _below_chosen(self, change: Bunch) -> None:
        """Take a threshold, and step over 1 and 2, which would hide nothing."""
        shown, below = change["new"], self._state.suppress_below or 0
        if shown == below:
            return
        if 0 < shown < LEAST_THRESHOLD:
            shown = LEAST_THRESHOLD if shown > below else 0
        self._state.suppress_below = shown or None
        self._show_below()

    def _columns_chosen(self) -> None:
        if not self._filling:
            with self._state.hold_trait_notifications():
                self._state.rows, self._state.columns = self.rows.value, self.columns.value

    # Bringing tabs up to date.

    def _changed(self) -> None:
        if self.result is not None:
            self._count()
            self._write_code()
            self._stale = set(_REFRESHED)
            self._freshen()

    def _count(self) -> None:
        """Count anew; what cannot be counted is said in its tab."""
        frame, state = self.result, self._state
        assert frame is not None  # noqa: S101 - the callers have seen to it
        shared: dict[str, Any] = {"unit": self._unit, "suppress_below": state.suppress_below}
        self.counts = self.table = None
        try:
            if not state.by:
                raise QueryError("Choose up to three columns to count by.")
            self.counts = count(frame, list(state.by), **shared)
            self._counts_note.say(self._note(self.counts))
        except RosterError as error:
            self._counts_note.say(str(error), "error")
        try:
            self.table = crosstab(frame, **self._crosstab_arguments())
            self._crosstab_note.say(self._note(self.table))
        except RosterError as error:
            self._crosstab_note.say(str(error), "error")

    @property
    def _unit(self) -> Literal["users", "rows"]:
        """What is counted: rows, where an answer names no people."""
        people = self.result is not None and "sourcedId" in self.result
        return "users" if people and self._state.unit == "users" else "rows"

    def _note(self, table: pd.DataFrame) -> str:
        notes = [table.attrs.get("footnote", "")]
        if table is self.table and self._state.normalize is not False:
            notes.insert(0, "In percent.")
        if self._unit != self._state.unit:
            notes.insert(0, "Rows are counted: this answer names no people.")
        return " ".join(notes).strip()

    def _crosstab_arguments(self) -> dict[str, Any]:
        state = self._state
        named = ("margins", "normalize", "suppress_below")
        options = {"unit": self._unit, **{name: getattr(state, name) for name in named}}
        changed = {n: v for n, v in options.items() if v != state.traits()[n].default()}
        return {"rows": state.rows, "columns": state.columns, **changed}

    def _freshen(self) -> None:
        """Bring the tab that is looked at up to date."""
        tab = self.tabs.titles[self.tabs.selected_index or 0]
        if tab not in self._stale:
            return
        self._stale.discard(tab)
        refresh: dict[str, Callable[[], None]] = {
            "Counts": lambda: self._counts.show(flat(self.counts)),
            "Crosstab": self._show_crosstab,
            "Chart": self._draw,
            "Export": self.exports.clear,
        }
        refresh[tab]()

    def _show_crosstab(self) -> None:
        table = self.table
        if table is not None and self._state.normalize is not False:
            table = in_percent(table)
        self._crosstab.show(flat(table))

    def _draw(self) -> None:
        from oneroster_nb.forms.charts.bars import bars  # imports matplotlib, which is slow
        from oneroster_nb.forms.charts.heatmaps import heat_map

        unit = "people" if self._unit == "users" else "rows"
        pictures = []
        if self.counts is not None and len(self.counts):
            pictures.append(bars(self.counts, unit=unit))
        if self.table is not None and len(self.table):
            shares = self._state.normalize is not False
            pictures.append(heat_map(self.table, unit=unit, percent=shares))
        self._charts.show(pictures, nothing="There is nothing to draw.")

    def _write_code(self) -> None:
        arguments = self._crosstab_arguments() if self.table is not None else None
        self.code.show(cell(self._recipe, self._asked, arguments))

    def _exported(self, what: str, below: int | None) -> pd.DataFrame:
        """Give what is to be taken away; counts are made anew where more is hidden in a file."""
        shown = {"Table": self.result, "Counts": self.counts, "Crosstab": self.table}[what]
        if shown is None or self.result is None:
            raise QueryError(f"There is no {what} yet: run a query and choose columns.")
        frame = self.result
        if self.hide is not None and below not in (None, self._hidden_below):
            frame = self.hide(below)
        if what == "Table":
            return frame
        if frame is self.result and below == self._state.suppress_below:
            return shown
        if what == "Counts":
            return count(frame, list(self._state.by), unit=self._unit, suppress_below=below)
        return crosstab(frame, **{**self._crosstab_arguments(), "suppress_below": below})
