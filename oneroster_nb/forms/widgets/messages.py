"""What a form says: plain text of any origin, shown as text and read out by screen readers."""

from typing import Literal

import ipywidgets as widgets
from traitlets import Unicode

from oneroster_nb.errors import CancelledError, RosterError
from oneroster_nb.forms.widgets import STATIC
from oneroster_nb.forms.widgets.unsaved import Unsaved

LABEL = "10.5em"
"""How wide the labels of a form are."""

Kind = Literal["info", "warning", "title", "working", "error"]


class Message(Unsaved):
    """A line of text; an error is announced at once, anything else when there is time.

    What a form says holds small counts and names, so it is no widget state.
    """

    _esm = STATIC / "message.js"
    _css = STATIC / "message.css"

    value = Unicode()

    @property
    def text(self) -> str:
        """What is said."""
        return self.value

    def say(self, text: str, kind: Kind = "info") -> None:
        """Show a text; what it holds is never taken for markup."""
        self._hand_over({"text": text, "kind": kind})
        self.value = text

    def clear(self) -> None:
        """Show nothing."""
        self.say("")


def error_text(error: RosterError | None) -> tuple[str, Kind]:
    """Return the words and the kind of message for work that failed."""
    return str(error), "info" if isinstance(error, CancelledError) else "error"


def labelled(**width: str) -> dict[str, object]:
    """Return the style and layout of a control with its label beside it."""
    return {
        "style": {"description_width": LABEL},
        "layout": widgets.Layout(width=width.get("width", "26em"), max_width="calc(100% - 4px)"),
    }


def row(*children: widgets.Widget) -> widgets.Box:
    """Put controls beside one another, below if the window is narrow."""
    layout = widgets.Layout(
        display="flex", flex_flow="row wrap", align_items="flex-start", grid_gap="2px 16px"
    )
    return widgets.Box(children, layout=layout)
