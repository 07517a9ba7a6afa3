"""What a form says: plain text of any origin, shown as text and read out by screen readers."""

import html

import ipywidgets as widgets

from oneroster_nb.errors import CancelledError, RosterError

__all__ = ["LABEL", "Message", "labelled", "row", "told"]

LABEL = "10.5em"
"""How wide the labels of a form are."""

_STYLES = {
    "info": "color: var(--jp-ui-font-color1, #333)",
    "warning": (
        "color: var(--jp-ui-font-color1, #333); padding: 2px 8px;"
        " border-left: 4px solid var(--jp-warn-color1, #f57c00)"
    ),
    "title": "color: var(--jp-ui-font-color1, #333); font-weight: 600",
    "working": "color: var(--jp-ui-font-color2, #555)",
    "error": (
        "color: color-mix(in srgb, var(--jp-error-color1, #c62828) 75%,"
        " var(--jp-ui-font-color0, #000)); font-weight: 600"
    ),
}


class Message(widgets.HTML):
    """A line of text; an error is announced at once, anything else when there is time."""

    text: str = ""

    def say(self, text: str, kind: str = "info") -> None:
        """Show a text; what it holds is never taken for markup."""
        self.text = text
        role = "alert" if kind == "error" else "status"
        lines = "<br>".join(html.escape(line) for line in text.splitlines())
        self.value = f'<div role="{role}" style="line-height: 1.4; {_STYLES[kind]}">{lines}</div>'

    def clear(self) -> None:
        """Show nothing."""
        self.text = self.value = ""


def told(error: RosterError | None) -> tuple[str, str]:
    """Give the words and the kind of message for work that did not end well."""
    return str(error), "info" if isinstance(error, CancelledError) else "error"


def labelled(**width: str) -> dict[str, object]:
    """Give the style and layout of a control with its label beside it."""
    return {
        "style": {"description_width": LABEL},
        "layout": widgets.Layout(width=width.get("width", "26em"), max_width="calc(100% - 4px)"),
    }


def row(*children: widgets.Widget) -> widgets.Box:
    """Put controls beside one another, below where the window is narrow."""
    layout = widgets.Layout(
        display="flex", flex_flow="row wrap", align_items="flex-start", grid_gap="2px 16px"
    )
    return widgets.Box(children, layout=layout)
