"""A field that hands a file chosen in the browser to the kernel.

The bytes travel in pieces as the binary part of custom messages: nothing of the file is in the
widget's state or in the notebook, and no piece is larger than a server lets through.
"""

from collections.abc import Callable
from typing import Any

from anywidget import AnyWidget
from traitlets import Unicode

from oneroster_nb.forms.widgets import STATIC

_LARGEST = 1 << 30  # bytes; what is larger is better given by its path


class UploadField(AnyWidget):
    """A field to choose a file with; ``accept`` are the endings of the files to offer.

    ``content`` is what is in the file that was chosen, once all of it is there.

    Examples
    --------
    >>> field = UploadField(description="Upload", accept=".zip")
    >>> field.content is None
    True
    """

    _esm = STATIC / "upload.js"
    _css = STATIC / "upload.css"

    description = Unicode().tag(sync=True)
    label_width = Unicode("").tag(sync=True)
    accept = Unicode().tag(sync=True)

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.content: bytes | None = None
        self.filename = ""
        self._pieces = bytearray()
        self._sender = ""
        self._then: list[Callable[[], None]] = []
        self.on_msg(self._received)

    def on_upload(self, then: Callable[[], None]) -> None:
        """Call `then` when a file is there."""
        self._then.append(then)

    def clear(self) -> None:
        """Forget the file, wherever the field is shown."""
        self.content, self.filename = None, ""
        self._pieces, self._sender = bytearray(), ""
        self.send({"type": "clear"})

    def _received(self, _field: object, content: dict[str, Any], buffers: list[Any]) -> None:
        kind, view = content.get("type"), str(content.get("view"))
        if kind == "begin":
            if int(content["size"]) > _LARGEST:
                words = "It is too large to upload: put it beside the notebook and give its path."
                self.send({"type": "refused", "view": view, "words": words})
                return
            self.content, self._pieces, self._sender = None, bytearray(), view
            self.filename = str(content["name"])
        elif kind != "piece" or view != self._sender:
            return
        for piece in buffers:
            self._pieces += bytes(piece)
        if content.get("last"):
            self.content, self._pieces = bytes(self._pieces), bytearray()
            self.send({"type": "done", "view": view})
            for then in self._then:
                then()
        else:
            self.send({"type": "next", "view": view})
