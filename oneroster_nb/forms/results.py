"""The third part of the form: what came, as a table, counts, a crosstab, charts, code and files."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import ipywidgets as widgets
import pandas as pd
from traitlets import link

from oneroster_nb.analysis import count, crosstab
from oneroster_nb.errors import QueryError, RosterError
from oneroster_nb.export import ENDINGS, export, write
from oneroster_nb.forms.cells import column_name
from oneroster_nb.forms.code import CodeCell
from oneroster_nb.forms.codegen import cell
from oneroster_nb.forms.download import Download, DownloadButton
from oneroster_nb.forms.state import State
from oneroster_nb.forms.tables import ResultTable
from oneroster_nb.forms.words import Message, labelled, row
from oneroster_nb.quality import Findings
from oneroster_nb.query import Query

__all__ = ["ResultsPanel"]

_TABS = ("Table", "Counts", "Crosstab", "Chart", "Code", "Export")
_REFRESHED = ("Counts", "Crosstab", "Chart", "Export")
_FORMATS: Mapping[str, str] = MappingProxyType(
    {"CSV": "csv", "Excel": "excel", "Parquet": "parquet"}
)
_PERCENT: Mapping[str, str | bool] = MappingProxyType(
    {"(no)": False, "of all": "all", "of each row": "index", "of each column": "columns"}
)
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
    table, counts : pandas.DataFrame or None
        The crosstab and the counts of it.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._query = Query()
        self._recipe = ""
        self.result: pd.DataFrame | None = None
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
        self.hide = widgets.BoundedIntText(
            value=0, min=0, max=1000, description="Hide counts below", **labelled()
        )
        self._crosstab = ResultTable(searchable=False, page_size=100)
        self._crosstab_note = Message()
        self._charts = widgets.HTML()
        self.code = CodeCell()

        self.what = widgets.Dropdown(
            options=["Table", "Counts", "Crosstab"], description="Data", **labelled()
        )
        self.format = widgets.Dropdown(
            options=list(_FORMATS.items()), description="Format", **labelled()
        )
        self.download = DownloadButton(self._file, description="Download")
        self.path = widgets.Text(
            description="Path",
            placeholder="or a file to write, in the notebook's folder",
            **labelled(),
        )
        self.write_button = widgets.Button(description="Write file")
        self._export_note = Message()

        counting = "People are counted, or rows, and small counts hidden, as set under Crosstab."
        self.tabs = widgets.Tab(
            [
                self._rows,
                widgets.VBox([self.by, widgets.Label(counting), self._counts, self._counts_note]),
                widgets.VBox(
                    [
                        row(self.rows, self.columns),
                        row(self.count, self.percent),
                        row(self.hide, self.margins),
                        self._crosstab,
                        self._crosstab_note,
                    ]
                ),
                self._charts,
                self.code,
                widgets.VBox(
                    [
                        row(self.what, self.format),
                        self.download,
                        row(self.path, self.write_button),
                        self._export_note,
                    ]
                ),
            ],
            titles=_TABS,
        )
        self.widget = widgets.VBox([self.tabs])
        self.widget.layout.display = "none"
        link((state, "unit"), (self.count, "value"))
        link((state, "margins"), (self.margins, "value"))
        link((state, "normalize"), (self.percent, "value"))
        link(
            (state, "suppress_below"),
            (self.hide, "value"),
            transform=(lambda below: below or 0, lambda shown: shown or None),
        )
        self.tabs.observe(lambda _: self._freshen(), "selected_index")
        self.by.observe(lambda _: self._by_chosen(), "value")
        self.rows.observe(lambda _: self._columns_chosen(), "value")
        self.columns.observe(lambda _: self._columns_chosen(), "value")
        state.observe(lambda _: self._show_choices(), ["by", "rows", "columns"])
        state.observe(
            lambda _: self._changed(),
            ["by", "rows", "columns", "unit", "margins", "normalize", "suppress_below"],
        )
        self.write_button.on_click(lambda _: self._write())
        self._filling = False
        self.findings: Findings | None = None
        self._found = ResultTable(page_size=100)
        self._found_words = Message()
        self._found_kinds = ResultTable(searchable=False, page_size=100)
        self._found_tab = widgets.VBox([self._found_words, self._found_kinds, self._found])

    def show_findings(self, findings: Findings | None) -> None:
        """Show findings in a tab of their own; None takes that tab away."""
        self.findings = findings
        tabs = [tab for tab in self.tabs.children if tab is not self._found_tab]
        if findings is None:
            if len(tabs) < len(self.tabs.children):
                self.tabs.selected_index = 0
                self.tabs.children, self.tabs.titles = tabs, _TABS
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

    def show(self, frame: pd.DataFrame, query: Query, recipe: str) -> None:
        """Show the answer to a question of a source that the recipe makes."""
        self.result, self._query, self._recipe = frame, query, recipe
        self.widget.layout.display = None
        self._offer(frame)
        if self.findings is not None:
            self.tabs.selected_index = 0
        self._rows.show(frame, columns=[c for c in _SHOWN_FIRST if c in frame])
        self._changed()

    # Choosing what to count.

    def _offer(self, frame: pd.DataFrame) -> None:
        """Offer the frame's columns, those that one counts by first, and choose some."""
        first = [name for name in _COUNTED_FIRST if name in frame]
        names = [*first, *(name for name in frame.columns if name not in first)]
        state = self._state
        by = [name for name in state.by if name in names] or first[:1]
        rows = state.rows if state.rows in names else "grades"
        schools = "schoolName" if "schoolName" in names else "schoolNames"
        columns = state.columns if state.columns in names else schools
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
        shared: dict[str, Any] = {"unit": state.unit, "suppress_below": state.suppress_below}
        self.counts = self.table = None
        try:
            if not state.by:
                raise QueryError("Choose up to three columns to count by.")
            self.counts = count(frame, list(state.by), **shared)
            self._counts_note.say(self.counts.attrs.get("footnote", ""))
        except RosterError as error:
            self._counts_note.say(str(error), "error")
        try:
            self.table = crosstab(frame, **self._crosstab_arguments())
            self._crosstab_note.say(self.table.attrs.get("footnote", ""))
        except RosterError as error:
            self._crosstab_note.say(str(error), "error")

    def _crosstab_arguments(self) -> dict[str, Any]:
        state = self._state
        arguments = {"rows": state.rows, "columns": state.columns}
        for name in ("unit", "margins", "normalize", "suppress_below"):
            value = getattr(state, name)
            if value != state.traits()[name].default():
                arguments[name] = value
        return arguments

    def _freshen(self) -> None:
        """Bring the tab that is looked at up to date."""
        tab = self.tabs.titles[self.tabs.selected_index or 0]
        if tab not in self._stale:
            return
        self._stale.discard(tab)
        refresh: dict[str, Callable[[], None]] = {
            "Counts": lambda: self._counts.show(_flat(self.counts)),
            "Crosstab": lambda: self._crosstab.show(_flat(self.table)),
            "Chart": self._draw,
            "Export": self._export_note.clear,
        }
        refresh[tab]()

    def _draw(self) -> None:
        from oneroster_nb.forms.charts import bars  # imports matplotlib, which is slow
        from oneroster_nb.forms.heatmaps import heat_map

        unit = "people" if self._state.unit == "users" else "rows"
        pictures = []
        if self.counts is not None and len(self.counts):
            pictures.append(bars(self.counts, unit=unit))
        if self.table is not None and len(self.table):
            shares = self._state.normalize is not False
            pictures.append(heat_map(self.table, unit=unit, percent=shares))
        self._charts.value = (
            "<br>".join(picture.html() for picture in pictures) or "There is nothing to draw."
        )

    def _write_code(self) -> None:
        arguments = self._crosstab_arguments() if self.table is not None else None
        self.code.code = cell(self._recipe, self._query, arguments)

    # Taking it away.

    def _chosen(self) -> pd.DataFrame:
        frame = {"Table": self.result, "Counts": self.counts, "Crosstab": self.table}[
            self.what.value
        ]
        if frame is None:
            raise QueryError(f"There is no {self.what.value} yet: run a query and choose columns.")
        return frame

    def _file(self) -> Download:
        frame, kind = self._chosen(), self.format.value
        name = f"{self._query.user_filter}-{self.what.value.lower()}{ENDINGS[kind]}"
        return Download(name, export(frame, kind))

    def _write(self) -> None:
        text = self.path.value.strip()
        try:
            if not text:
                raise QueryError("Type the name of a file in Path, such as students.csv.")
            path = write(self._chosen(), Path(text))
        except RosterError as error:
            self._export_note.say(str(error), "error")
        else:
            self._export_note.say(f"Written to {path}, readable by you alone.")


def _flat(table: pd.DataFrame | None) -> pd.DataFrame:
    """Give a table with its row labels as columns and one name a column."""
    if table is None:
        return pd.DataFrame()
    flat = table if isinstance(table.index, pd.RangeIndex) else table.reset_index()
    return flat.set_axis([column_name(name) for name in flat.columns], axis="columns")
