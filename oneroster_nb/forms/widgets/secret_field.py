"""A password field whose text never becomes widget state.

A widget's state is written into the notebook file wherever widget state is saved, so a field that
synchronises what is typed leaks it. Here the text stays in the browser until it is asked for. It
then travels once, as the binary part of a custom message: such messages are not kept by either
side, and logs of message contents do not show it.
"""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import uuid4

from anywidget import AnyWidget
from ipywidgets import Widget, widget_serialization
from traitlets import Bool, Tuple, Unicode

from oneroster_nb.forms.widgets import STATIC
from oneroster_nb.secret import Secret

OnSecret = Callable[[Secret | None], None]


class SecretField(AnyWidget):
    """A labelled password field that hands over its text as a message when asked.

    There is no ``value``: what was typed is not known in Python until :meth:`collect` or the Enter
    key hands it to a callback, and this object does not keep it then. Shown in several places, the
    field holds the same text in all of them. Where no browser shows the field, nothing answers.

    ``belongs_to`` are the controls that say for what the secret is typed. The browser empties the
    field as soon as one of them changes, by hand or from code. A disabled field still hands over
    what was typed before.

    Examples
    --------
    >>> field = SecretField(description="Client secret")
    >>> field.on_submit(lambda secret: print(bool(secret)))  # the Enter key
    >>> field.collect(lambda secret: print(bool(secret)))  # Connect was pressed
    >>> field.clear()  # connected: the text is needed no longer
    """

    _esm = STATIC / "secret.js"
    _css = STATIC / "secret.css"

    description = Unicode().tag(sync=True)
    placeholder = Unicode().tag(sync=True)
    disabled = Bool(False).tag(sync=True)
    label_width = Unicode().tag(sync=True)
    belongs_to = Tuple().tag(sync=True, **widget_serialization)

    def __init__(self, description: str = "", **options: Any) -> None:
        super().__init__(description=description, **options)
        self._pending: tuple[str, OnSecret] | None = None
        self._submitted: OnSecret | None = None
        self.on_msg(self._received)

    def collect(self, callback: OnSecret) -> None:
        """Ask the browser for the text; ``callback`` gets it once, false where nothing was typed.

        If the text was typed for other choices than are known here, because a change of theirs has
        not arrived yet, ``callback`` gets None. Asking again before the answer came replaces the
        callback, so that a double click counts once.
        """
        question = uuid4().hex
        self._pending = (question, callback)
        self.send({"type": "collect", "question": question})

    def on_submit(self, callback: OnSecret) -> None:
        """Call ``callback`` with the text whenever Enter is pressed in the field."""
        self._submitted = callback

    def clear(self) -> None:
        """Empty the field wherever it is shown."""
        self.send({"type": "clear"})

    def _received(self, _field: object, content: dict[str, Any], buffers: Sequence[bytes]) -> None:
        secret = Secret(bytes(buffers[0]).decode() if buffers else "")
        if content.get("type") == "submit" and self._submitted:
            self._submitted(secret)
        elif content.get("type") == "answer" and self._pending:
            question, callback = self._pending
            if content.get("question") == question:
                self._pending = None
                known = [_chosen(control) for control in self.belongs_to]
                callback(secret if content.get("belongs_to", []) == known else None)


def _chosen(control: Widget) -> Any:
    """Return what is chosen in a control, as its browser's side knows it."""
    return control.index if control.has_trait("index") else control.value
