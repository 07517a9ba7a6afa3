"""A cell of code, shown as text, with a button to copy it."""

from pathlib import Path

from oneroster_nb.forms.widgets.unsaved import Unsaved

_STATIC = Path(__file__).parent / "static"


class CodeCell(Unsaved):
    """Code that can be read and copied; it may name groups and people, so it is no widget state.

    Attributes
    ----------
    code : str
        What is shown.

    Examples
    --------
    >>> cell = CodeCell()
    >>> cell.show("import oneroster_nb as onb")
    >>> cell.code
    'import oneroster_nb as onb'
    """

    _esm = _STATIC / "code.js"
    _css = _STATIC / "code.css"

    code: str = ""

    def show(self, code: str) -> None:
        """Show other code, wherever the cell is shown."""
        self.code = code
        self._hand_over({"code": code})
