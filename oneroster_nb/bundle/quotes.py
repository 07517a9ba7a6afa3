"""Unclosed quotes: recovering the rows that they would merge into one (pure)."""

import csv
from collections.abc import Sequence

_MOST_QUOTES = 64
_NARROW = 3
"""In tables with at most this many columns, a line of text can look like a row."""


def separators_of_two_rows(width: int) -> int:
    """Return the least number of separators in a row that has swallowed another row."""
    return 2 * (width - 1)


def well_formed(lines: Sequence[str], separator: str) -> bool:
    """Return True if the lines are one row whose quotes are all valid CSV."""
    return len(_strictly(lines, separator)) == 1


def parted(lines: Sequence[str], separator: str, width: int) -> list[list[str]] | None:
    r"""Read each line of a row as a row of its own, without the unclosed quote.

    Returns
    -------
    list of list of str or None
        A row for each line; None if a line does not have that width or is ambiguous.

    Examples
    --------
    >>> parted(['1,"Ann,Lee\n', '2,"Bob,Ray\n'], ",", 3)
    [['1', 'Ann', 'Lee'], ['2', 'Bob', 'Ray']]
    >>> parted(['1,"12 Main St\n', 'Springfield",Lee\n'], ",", 3)
    """
    if width <= _NARROW and well_formed(lines, separator):
        return None
    rows = []
    for line in lines:
        if not line.strip():
            continue
        row = _row(line, separator, width)
        if row is None or not row[0].strip():
            return None
        rows.append(row)
    return rows


def _row(line: str, separator: str, width: int) -> list[str] | None:
    if line.count('"') > _MOST_QUOTES:
        return None
    places = [place for place, sign in enumerate(line) if sign == '"']
    found: list[list[str]] = []
    for text in (line, *(line[:place] + line[place + 1 :] for place in places)):
        for row in _strictly([text], separator):
            if len(row) == width and row not in found:
                found.append(row)
        if found and text is line:
            break
    return found[0] if len(found) == 1 else None


def _strictly(lines: Sequence[str], separator: str) -> list[list[str]]:
    try:
        return list(csv.reader(lines, delimiter=separator, strict=True))
    except csv.Error:
        return []
