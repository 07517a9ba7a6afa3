"""The tab that writes answers to files, small counts hidden unless a person says otherwise."""

from pathlib import Path

import ipywidgets as widgets
import pandas as pd

from oneroster_nb.counts.suppression import USUAL_THRESHOLD
from oneroster_nb.errors import QueryError, RosterError
from oneroster_nb.export import ENDINGS, export, write
from oneroster_nb.forms.for_display import footnote_in_form
from oneroster_nb.forms.panels.tabs.tab import Tab
from oneroster_nb.forms.result import Result
from oneroster_nb.forms.state import State
from oneroster_nb.forms.widgets.download_button import Download, DownloadButton
from oneroster_nb.forms.widgets.messages import Message, labelled, row

_FORMATS = {"CSV": "csv", "Excel": "excel", "Parquet": "parquet"}


class ExportTab(Tab):
    """What to export, in which format, and whether small counts are hidden."""

    title = "Export"

    def __init__(self, state: State) -> None:
        self._state = state
        self._result: Result | None = None
        self.what = widgets.Dropdown(
            options=["Table", "Counts", "Crosstab"], description="Data", **labelled()
        )
        self.format = widgets.Dropdown(
            options=list(_FORMATS.items()), description="Format", **labelled()
        )
        self.hide = widgets.Checkbox(
            value=True,
            description="Hide small counts",
            indent=False,
            layout=widgets.Layout(width="auto"),
        )
        self._hidden = Message()
        self.download = DownloadButton(self._file)
        self.path = widgets.Text(
            description="Path",
            placeholder="such as students.csv",
            **labelled(),
        )
        self.write_button = widgets.Button(description="Write file")
        self._message = Message()
        self.widget = widgets.VBox(
            [
                row(self.what, self.format),
                row(self.hide, self._hidden),
                self.download,
                row(self.path, self.write_button),
                self._message,
            ]
        )
        self.write_button.on_click(lambda _: self._write())
        for control in (self.what, self.hide):
            control.observe(lambda _: self._say_hidden(), "value")
        state.observe(lambda _: self._say_hidden(), "suppress_below")
        self._say_hidden()

    def offer(self, result: Result) -> None:
        """Offer files of a new answer, small counts hidden again."""
        self._result = result
        self.what.value = "Crosstab" if result.crosstab_asked else "Table"
        self.hide.value = True
        self._message.clear()
        self._say_hidden()

    def refresh(self, result: Result) -> None:  # noqa: ARG002
        """Remove what was said of the last file."""
        self._message.clear()

    def forget(self) -> None:
        """Remove what is of a source: the names of its files and what was said of them."""
        self._result = None
        self.path.value = ""
        self.download.clear()
        self._message.clear()
        self._say_hidden()

    @property
    def _below(self) -> int:
        chosen: int = self._state.suppress_below or 0
        return chosen or (USUAL_THRESHOLD if self.hide.value else 0)

    def _say_hidden(self) -> None:
        """Show what the file will hold, before it is written."""
        counts = self._result is not None and self._result.hide is not None
        people = self.what.value == "Table" and not counts
        self.hide.disabled = people or bool(self._state.suppress_below)
        if people:
            said = "The table is exported as it is: its rows may be people's data."
        elif not self._below:
            said = "For internal use only: small counts are shown, and can give people away."
        else:
            said = (
                f"Counts below {self._below} are hidden, and what would give them away."
                " Share only one such table about the same people. Two tables together can"
                " reveal hidden counts."
            )
        self._hidden.say(said)

    def _chosen(self) -> tuple[Result, pd.DataFrame]:
        if self._result is None:
            raise QueryError(f"There is no {self.what.value} yet: run a query and choose columns.")
        return self._result, self._result.exported(self.what.value, self._below)

    def _file(self) -> Download:
        kind = self.format.value
        result, frame = self._chosen()
        name = f"{result.stem}-{self.what.value.lower()}{ENDINGS[kind]}"
        file = Download(name, export(frame, kind))
        footnote = footnote_in_form(frame)
        self._message.say(f"{name}: {footnote}" if footnote else "")
        return file

    def _write(self) -> None:
        text = self.path.value.strip()
        try:
            if not text:
                raise QueryError("Type the name of a file in Path, such as students.csv.")
            path = Path(text).expanduser()
            if not path.suffix and path.name:
                path = path.with_suffix(ENDINGS[self.format.value])
            if path.is_file():
                raise QueryError(f"{path} is there already; choose another name.")
            _, frame = self._chosen()
            path = write(frame, path)
        except RosterError as error:
            self._message.say(str(error), "error")
        else:
            self._message.say(
                f"Written to {path}, readable by you alone. {footnote_in_form(frame)}".strip()
            )
