"""The manifest of a bundle, even if it deviates from the standard (pure)."""

import csv
import io
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from oneroster_nb.errors import BundleError

_PROPERTY = re.compile(r"(?:manifest|oneroster|files?|source)\s*\.\s*\w.*", re.IGNORECASE)
_FILE = re.compile(r"files?\s*\.\s*(.+?)(?:\.csv)?", re.IGNORECASE)
_HEADS = ("value", "propertyvalue")


@dataclass(frozen=True)
class Manifest:
    """The contents of a manifest.

    Attributes
    ----------
    version : str
        The version of OneRoster, as written; empty if there is none.
    modes : Mapping[str, str]
        File name, as written, to ``"bulk"``, ``"delta"``, ``"absent"`` or another word.
    odd : list of str
        Deviations from the standard.
    """

    version: str
    modes: Mapping[str, str]
    odd: list[str]


def parse_manifest(text: str) -> Manifest:
    r"""Read a manifest.

    The properties themselves show which column holds their names, and which character separates
    the columns.

    Raises
    ------
    BundleError
        If the text holds no property of a manifest.

    Examples
    --------
    >>> manifest = parse_manifest("# nightly\nvalue,propertyName\n1.1,oneroster.version\n"
    ...                           "bulk,file.users\n")
    >>> manifest.version, manifest.modes
    ('1.1', {'users': 'bulk'})
    >>> manifest.odd
    ['its columns are swapped', '1 line is not a property']
    """
    rows, at = max((_rows(text, sign) for sign in ",;\t|"), key=lambda found: _known(*found))
    if not _known(rows, at):
        raise BundleError(
            "manifest.csv does not begin with propertyName,value and holds no property such as"
            " file.users, so the contents of the bundle are unknown. Get the bundle again from its"
            " source."
        )
    head = next((row for row in rows if "propertyname" in _folded(row)), None)
    named = (place for place, name in enumerate(_folded(head or [])) if name in _HEADS)
    value = next(named, 1 - min(at, 1))
    properties = {
        row[at]: row[value].strip() for row in rows if row is not head and len(row) > max(at, value)
    }
    comments = sum(row is not head and not _PROPERTY.fullmatch(_cell(row, at)) for row in rows)
    modes = {
        match[1]: text.casefold()
        for name, text in properties.items()
        if (match := _FILE.fullmatch(name))
    }
    version = next((v for k, v in properties.items() if k.casefold() == "oneroster.version"), "")
    return Manifest(version, modes, _oddities(head, at, comments))


def _rows(text: str, separator: str) -> tuple[list[list[str]], int]:
    """Return the rows that are not empty, and the column with most properties."""
    read = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        rows = [[cell.strip() for cell in row] for row in read if any(map(str.strip, row))]
    except csv.Error:
        return [], 0
    columns = Counter(
        column
        for row in rows
        if len(row) > 1
        for column, cell in enumerate(row)
        if _PROPERTY.fullmatch(cell)
    )
    return rows, max(columns, key=columns.__getitem__, default=0)


def _known(rows: list[list[str]], at: int) -> int:
    return sum(len(row) > 1 and bool(_PROPERTY.fullmatch(_cell(row, at))) for row in rows)


def _cell(row: list[str], at: int) -> str:
    return row[at] if len(row) > at else ""


def _folded(row: list[str]) -> list[str]:
    return [cell.casefold() for cell in row]


def _oddities(head: list[str] | None, at: int, comments: int) -> list[str]:
    odd = []
    if head is None:
        odd.append("it has no header")
    elif at:
        odd.append("its columns are swapped")
    elif _folded(head)[:2] != ["propertyname", "value"]:
        odd.append(f"its header is {','.join(head)[:60]}")
    if comments:
        odd.append(f"{comments:,} {'line is' if comments == 1 else 'lines are'} not a property")
    return odd
