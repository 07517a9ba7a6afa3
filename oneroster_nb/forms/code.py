"""A cell of code, shown as text, with a button to copy it."""

from pathlib import Path

from anywidget import AnyWidget
from traitlets import Unicode

__all__ = ["CodeCell"]

_STATIC = Path(__file__).parent / "static"


class CodeCell(AnyWidget):
    """Code that can be read and copied.

    Attributes
    ----------
    code : str
        What is shown.

    Examples
    --------
    >>> CodeCell(code="import oneroster_nb as onb").code
    'import oneroster_nb as onb'
    """

    _esm = _STATIC / "code.js"
    _css = _STATIC / "code.css"

    code = Unicode().tag(sync=True)
