"""What a tab of the result is."""

import ipywidgets as widgets

from oneroster_nb.forms.result import Result


class Tab:
    """A tab of the result.

    Attributes
    ----------
    title : str
        What is written on it.
    widget : ipywidgets.Widget
        What to show in it.
    """

    title: str
    widget: widgets.Widget

    def offer(self, result: Result) -> None:
        """Take a new answer, and offer what can be chosen about it."""

    def recounted(self, result: Result) -> None:
        """Show what must be true even before the tab is looked at: the answer was counted."""

    def refresh(self, result: Result) -> None:
        """Bring the tab up to date: it is looked at."""

    def forget(self) -> None:
        """Remove everything that is of an answer."""
