"""The charts of an answer, as pictures."""

from collections.abc import Sequence

from oneroster_nb.forms.charts.drawing import Chart
from oneroster_nb.forms.widgets import STATIC
from oneroster_nb.forms.widgets.unsaved import Unsaved


class Pictures(Unsaved):
    """Charts below one another; they show counts, so none of them is widget state.

    Examples
    --------
    >>> pictures = Pictures()
    >>> pictures.show([Chart(b"<svg/>", "Bar chart: people by grades. 06: 31.")])
    >>> len(pictures.charts)
    1
    """

    _esm = STATIC / "pictures.js"
    _css = STATIC / "pictures.css"

    charts: tuple[Chart, ...] = ()

    def show(self, charts: Sequence[Chart], nothing: str = "") -> None:
        """Show charts, or the text ``nothing`` if there are none."""
        self.charts = tuple(charts)
        alts = [chart.alt for chart in charts]
        self._hand_over({"alts": alts, "nothing": nothing}, [chart.svg for chart in charts])
