"""Back, Forward, and a list of former questions, none of which is widget state.

The words of a question may name a class after its teacher, and small counts stand beside them.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from traitlets import Bool

from oneroster_nb.forms.widgets import STATIC
from oneroster_nb.forms.widgets.unsaved import Unsaved

Line = Mapping[str, str | int]
"""What is shown of a question: ``number question answer moment asked``."""


class HistoryBar(Unsaved):
    """Two buttons to go through what was asked, and a list to open and choose from.

    ``chosen`` is called with the number of the question that a person goes to.

    Examples
    --------
    >>> bar = HistoryBar(print)
    >>> bar.show([{"number": 4, "question": "Students"}], shown=4)
    >>> bar.lines
    [{'number': 4, 'question': 'Students'}]
    """

    _esm = STATIC / "history.js"
    _css = STATIC / "history.css"

    busy = Bool(False).tag(sync=True)

    def __init__(self, chosen: Callable[[int], None]) -> None:
        super().__init__()
        self._chosen = chosen
        self.lines: list[Line] = []

    def show(self, lines: Sequence[Line], shown: int | None) -> None:
        """Show other questions, oldest first; the answer to number `shown` is shown now."""
        self.lines = list(lines)
        self._hand_over({"lines": self.lines, "shown": shown})

    def _received(self, widget: object, content: dict[str, Any], buffers: object) -> None:
        super()._received(widget, content, buffers)
        if content.get("type") == "choose" and isinstance(content.get("number"), int):
            self._chosen(content["number"])
