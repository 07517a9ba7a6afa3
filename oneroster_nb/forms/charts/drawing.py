"""What every chart shares: the picture with its description, its style and how labels are cut.

Only matplotlib's objects are used, never pyplot, whose open figures are global state. The picture
is shown as an ``<img>``, in which a browser runs no script, whatever a school is called.
"""

import re
import textwrap
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO

import pandas as pd
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

INK = "#212121"
_QUIET = "#616161"
HIDDEN_FACE = "#eeeeee"
HIDDEN_EDGE = "#9e9e9e"

_LONGEST_LABEL = 32
_CHARACTERS_AN_INCH = 13
_MARGIN = 0.14

# Names from a roster are no formulas ("$x$"), and letters stay letters, which any font can show.
_STYLE = {
    "text.parse_math": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "oneroster_nb",
    "font.size": 10,
    "hatch.linewidth": 0.6,
    "hatch.color": HIDDEN_EDGE,
    "text.color": INK,
    "axes.labelcolor": _QUIET,
    "xtick.color": INK,
    "ytick.color": INK,
}

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Chart:
    """A picture and what it shows in words.

    Attributes
    ----------
    svg : bytes
        The picture; the same frame gives the same bytes.
    alt : str
        Its description, with labels in full.
    """

    svg: bytes
    alt: str


def draw(make: Callable[[], Figure]) -> bytes:
    """Return the SVG of the figure that ``make`` builds, whatever style the user has set."""
    target = BytesIO()
    with style.context(["default", _STYLE]), warnings.catch_warnings():
        # The bundled font measures the text; the browser has fonts for the letters it lacks.
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from font")
        canvas = FigureCanvasSVG(make())
        canvas.print_figure(target, format="svg", metadata={"Date": None, "Creator": None})
    return target.getvalue()


def new_figure(
    width: float, height: float, title: str, footnotes: Sequence[str]
) -> tuple[Figure, Axes]:
    """Return a white figure of a size in inches: a title, one pair of axes, lines below them."""
    wide = int(width * _CHARACTERS_AN_INCH)
    lines = [line for note in footnotes for line in textwrap.wrap(note, wide)]
    figure = Figure(figsize=(width, height + 0.2 * len(lines)))
    figure.set_layout_engine("constrained", w_pad=_MARGIN, h_pad=_MARGIN)
    figure.patch.set_facecolor("#ffffff")
    left = _MARGIN / width
    heading = short(title[:1].upper() + title[1:], wide)
    figure.suptitle(heading, x=left, ha="left", fontsize=11, fontweight="bold")
    if lines:
        figure.supxlabel("\n".join(lines), x=left, ha="left", fontsize=9, color=_QUIET)
    return figure, figure.add_subplot()


def notes(frame: pd.DataFrame, cut: str) -> list[str]:
    """Return the sentences below a chart: what was left out, and the frame's own footnote."""
    footnote = clean(str(frame.attrs.get("footnote", "")))
    return [note for note in (f"Shown: {cut}." if cut else "", footnote) if note]


def clean(label: str) -> str:
    """Return a label on one line, without what no XML file may hold."""
    return " ".join(_NOT_IN_XML.sub("\ufffd", label).split())


def short(label: str, longest: int = _LONGEST_LABEL) -> str:
    """Cut a label that is too long to stand beside a bar."""
    return label if len(label) <= longest else label[: longest - 1].rstrip() + "…"


def written(value: object, *, percent: bool = False) -> str:
    """Write a number as people read it; a mark such as ``<10`` stays as it is."""
    if isinstance(value, str):
        return value
    number = float(value)  # type: ignore[arg-type]  # what a frame of counts holds
    if percent:
        return f"{number:.0%}"
    return f"{number:,.0f}" if number.is_integer() else f"{number:,.2f}"
