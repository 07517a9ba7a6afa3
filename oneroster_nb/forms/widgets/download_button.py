"""A button that hands a file made in the kernel to the browser, which saves it.

The bytes travel as the binary part of a custom message: no file is left on the server, and nothing
of them is in the widget's state or in the notebook.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from anywidget import AnyWidget
from traitlets import Bool, Unicode

from oneroster_nb.errors import RosterError
from oneroster_nb.forms.widgets import STATIC


class Download(NamedTuple):
    """A file to save, under the name that the browser proposes."""

    filename: str
    content: bytes
    media_type: str = "application/octet-stream"


class DownloadButton(AnyWidget):
    """A button that makes a file when it is pressed and lets the browser save it.

    A :class:`~oneroster_nb.errors.RosterError` raised by ``make`` is shown beside the button in its
    own words; of any other error only the kind is shown. What went wrong at the last press is in
    ``error``.

    Examples
    --------
    >>> button = DownloadButton(lambda: Download("counts.csv", b"grades,count", "text/csv"))
    >>> button.description
    'Download'
    """

    _esm = STATIC / "download.js"
    _css = STATIC / "download.css"

    description = Unicode("Download").tag(sync=True)
    disabled = Bool(False).tag(sync=True)

    def __init__(self, make: Callable[[], Download], **options: Any) -> None:
        super().__init__(**options)
        self.error: Exception | None = None
        self._make = make
        self.on_msg(self._received)

    def clear(self) -> None:
        """Take away what is said of the last file, wherever the button is shown."""
        self.error = None
        self.send({"type": "clear"})

    def _received(self, _button: object, content: dict[str, Any], _buffers: object) -> None:
        if content.get("type") != "press":
            return
        view = content.get("view")
        try:
            file = self._make()
        except RosterError as error:
            self._say(view, str(error), error)
        except Exception as error:  # noqa: BLE001
            # Raised here, any error would only be written into a log, words and all, which may
            # be about people; and the button would wait for ever.
            self._say(view, f"The file could not be made ({type(error).__name__}).", error)
        else:
            self.error = None
            answer = {
                "type": "file",
                "view": view,
                "filename": file.filename,
                "media_type": file.media_type,
            }
            self.send(answer, buffers=[file.content])

    def _say(self, view: object, reason: str, error: Exception) -> None:
        self.error = error
        self.send({"type": "failed", "view": view, "reason": reason})
