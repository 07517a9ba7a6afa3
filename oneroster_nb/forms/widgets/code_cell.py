"""A cell of code, shown as text, with a button to copy it."""

from oneroster_nb.forms.widgets import STATIC
from oneroster_nb.forms.widgets.unsaved import Unsaved


class CodeCell(Unsaved):
    """Code that can be read and copied; it may name groups and people, so it is no widget state.

    Examples
    --------
    >>> cell = CodeCell()
    >>> cell.show("import oneroster_nb as onb")
    >>> cell.code
    'import oneroster_nb as onb'
    """

    _esm = STATIC / "code.js"
    _css = STATIC / "code.css"

    code: str = ""

    def show(self, code: str) -> None:
        """Show other code, wherever the cell is shown."""
        self.code = code
        self._hand_over({"code": code})
