"""The part of the form that goes back to its former answers, and forward."""

from collections.abc import Callable

import pandas as pd

from oneroster_nb.forms.asked import Answered, how_many
from oneroster_nb.forms.history import Entry, History
from oneroster_nb.forms.widgets.history_bar import HistoryBar

_COLUMNS = {
    "question": "str",
    "rows": "Int64",
    "people": "Int64",
    "moment": "str",
    "asked": "datetime64[us, UTC]",
}


class HistoryPanel:
    """Back, Forward and the list of what was answered; not there before the first answer.

    ``chosen`` is called with the answer to show again.

    Attributes
    ----------
    widget : HistoryBar
        What to show.
    """

    def __init__(self, chosen: Callable[[Answered], None]) -> None:
        self._chosen = chosen
        self._history: History[Answered] = History()
        self.widget = HistoryBar(self._go_to)
        self._draw()

    @property
    def frame(self) -> pd.DataFrame:
        """The questions, oldest first: ``question rows people moment asked``."""
        rows = [
            (one.question, one.rows, one.people, one.moment, one.asked)
            for one in self._history.entries
        ]
        return pd.DataFrame(rows, columns=list(_COLUMNS)).astype(_COLUMNS)

    def add(self, entry: Entry[Answered]) -> None:
        """Add the answer that is shown."""
        self._history = self._history.with_entry(entry)
        self._draw()

    def forget(self) -> None:
        """Remove all answers: they are of another source."""
        self._history = self._history.emptied()
        self._draw()

    def show_busy(self, busy: bool) -> None:
        """Turn the buttons off while something is done."""
        self.widget.busy = busy

    def back(self) -> None:
        """Show the answer before, if there is one."""
        if self._history.back:
            self._go_to(self._history.back.number)

    def forward(self) -> None:
        """Show the answer after, if there is one."""
        if self._history.forward:
            self._go_to(self._history.forward.number)

    def _go_to(self, number: int) -> None:
        history = self._history.at(number)
        if self.widget.busy or history is self._history or history.shown is None:
            return
        self._history = history
        self._chosen(history.shown.answer)
        self._draw()  # last, so that a browser knows that all above it has its size

    def _draw(self) -> None:
        history = self._history
        self.widget.show(
            [_line(entry) for entry in history.entries],
            history.shown.number if history.shown else None,
        )
        self.widget.layout.display = None if history.entries else "none"


def _line(entry: Entry[Answered]) -> dict[str, str | int]:
    """Return what a browser gets of an entry."""
    return {
        "number": entry.number,
        "question": entry.question,
        "answer": how_many(entry.rows, entry.people),
        "moment": entry.moment,
        "asked": entry.asked.isoformat(),
    }
