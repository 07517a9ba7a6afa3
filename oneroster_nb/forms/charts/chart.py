"""What every chart shares: its description, and how labels and numbers read in it (pure)."""

import re
from dataclasses import dataclass

import pandas as pd

from oneroster_nb.forms.for_display import footnote_in_form

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


def notes(frame: pd.DataFrame, cut: str) -> list[str]:
    """Return the sentences below a chart: what was left out, and the frame's own footnote."""
    footnote = clean(footnote_in_form(frame))
    return [note for note in (f"Shown: {cut}." if cut else "", footnote) if note]


def clean(label: str) -> str:
    """Return a label on one line, without what no XML file may hold."""
    return " ".join(_NOT_IN_XML.sub("\ufffd", label).split())


def written(value: object, *, percent: bool = False) -> str:
    """Write a number as people read it; a mark such as ``<10`` stays as it is."""
    if isinstance(value, str):
        return value
    number = float(value)  # type: ignore[arg-type]  # what a frame of counts holds
    if percent:
        return f"{number:.0%}"
    return f"{number:,.0f}" if number.is_integer() else f"{number:,.2f}"
