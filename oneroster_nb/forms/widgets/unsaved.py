"""Widgets that show what no saved notebook may hold.

A widget's state is written into the notebook file wherever widget state is saved. What these
widgets show is no state: a view asks for it when it appears, and it travels as a custom message,
which nothing keeps.
"""

from collections.abc import Sequence
from typing import Any

from anywidget import AnyWidget


class Unsaved(AnyWidget):
    """A widget whose content stays in the kernel and is handed to the views that show it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._content: dict[str, Any] = {}
        self._parts: list[bytes] = []
        self.on_msg(self._received)

    def _hand_over(self, content: dict[str, Any], parts: Sequence[bytes] = ()) -> None:
        """Show other content, wherever the widget is shown."""
        self._content, self._parts = {"type": "content", **content}, list(parts)
        self.send(self._content, self._parts)

    def _received(self, _widget: object, content: dict[str, Any], _buffers: object) -> None:
        if content.get("type") == "ask" and self._content:
            self.send(self._content, self._parts)
