"""The tab that takes answers away as files, small counts hidden unless one says otherwise."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import ipywidgets as widgets
import pandas as pd

from oneroster_nb.errors import QueryError, RosterError
from oneroster_nb.export import ENDINGS, export, write
from oneroster_nb.forms.state import State
from oneroster_nb.forms.widgets.download_button import Download, DownloadButton
from oneroster_nb.forms.widgets.messages import Message, labelled, row

__all__ = ["ExportTab"]

_FORMATS: Mapping[str, str] = MappingProxyType(
    {"CSV": "csv", "Excel": "excel", "Parquet": "parquet"}
)
_HIDDEN_BELOW = 10
"""What is hidden in files of counts, unless another threshold is set or hiding is turned off."""


class ExportTab:
    """What to export, in which format, and whether small counts are hidden.

    Parameters
    ----------
    state : State
        Where a threshold may be set.
    frame_of : callable
        Gives the ``"Table"``, the ``"Counts"`` or the ``"Crosstab"``, counts below a threshold
        hidden; QueryError where there is none.

    Attributes
    ----------
    widget : ipywidgets.Box
        What to show.
    """

    def __init__(self, state: State, frame_of: Callable[[str, int | None], pd.DataFrame]) -> None:
        self._state, self._frame_of = state, frame_of
        self._stem = ""
        self._table_counts = False
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
        self.download = DownloadButton(self._file, description="Download")
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

    def show(self, stem: str, *, what: str, counts: bool) -> None:
        """Offer files of a new answer, small counts hidden again.

        Parameters
        ----------
        stem : str
            How the names of files begin.
        what : str
            What was asked for: ``"Table"`` or ``"Crosstab"``.
        counts : bool
            Whether the table itself is one of counts of people.
        """
        self._stem, self._table_counts = stem, counts
        self.what.value, self.hide.value = what, True
        self._message.clear()
        self._say_hidden()

    def clear(self) -> None:
        """Take away what was said of the last file."""
        self._message.clear()

    def forget(self) -> None:
        """Take away what is of a source: the names of its files and what was said of them."""
        self._stem, self._table_counts = "", False
        self.path.value = ""
        self.download.clear()
        self._message.clear()
        self._say_hidden()

    @property
    def _below(self) -> int | None:
        return self._state.suppress_below or (_HIDDEN_BELOW if self.hide.value else None)

    def _say_hidden(self) -> None:
        """Say what the file will hold, before it is written."""
        people = self.what.value == "Table" and not self._table_counts
        self.hide.disabled = people or bool(self._state.suppress_below)
        if people:
            said = "The table is exported as it is: its rows may be people's data."
        elif self._below is None:
            said = "For internal use only: small counts are shown, and can give people away."
        else:
            said = (
                f"Counts below {self._below} are hidden, and what would give them away."
                " Share one such table of the same people: two can be held against each other."
            )
        self._hidden.say(said)

    def _chosen(self) -> pd.DataFrame:
        return self._frame_of(self.what.value, self._below)

    def _file(self) -> Download:
        kind, frame = self.format.value, self._chosen()
        name = f"{self._stem}-{self.what.value.lower()}{ENDINGS[kind]}"
        file = Download(name, export(frame, kind))
        self._message.say(f"{name}: {_told(frame)}" if _told(frame) else "")
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
            frame = self._chosen()
            path = write(frame, path)
        except RosterError as error:
            self._message.say(str(error), "error")
        else:
            self._message.say(f"Written to {path}, readable by you alone. {_told(frame)}".strip())


def _told(frame: pd.DataFrame) -> str:
    """Say what is to be said below a table."""
    note: str = frame.attrs.get("footnote", "")
    return note
