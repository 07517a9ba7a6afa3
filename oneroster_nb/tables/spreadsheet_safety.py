"""Texts that a spreadsheet could run as a formula, made safe (pure).

A text such as ``=HYPERLINK(…)`` in a roster is a stranger's input, and a spreadsheet that opens a
file runs it.
"""

import re
import unicodedata

_SIGNS = "=+-@"
_FIRST = "\t\r"
"""What some programs drop before they look at a cell."""
_UNSEEN = frozenset({"Cc", "Cf", "Zl", "Zp", "Zs"})
"""The categories of control signs, invisible signs, line ends and spaces."""
# A program that separates cells at other signs than a comma would begin a cell behind them.
_QUOTED = re.compile('[,"\r\n;\t|]')


def could_run(text: str) -> bool:
    """Return True if a spreadsheet could run a text as a formula.

    Returns
    -------
    bool
        True if the first visible sign is ``=``, ``+``, ``-`` or ``@``, in any width, or if the text
        begins with a tab or a return.

    Examples
    --------
    >>> [could_run(text) for text in ("=1+1", " \N{FULLWIDTH EQUALS SIGN}1+1", "1+1", "")]
    [True, True, False, False]
    """
    if text[:1].isalnum() or not text:
        return False
    if text[0] in _FIRST:
        return True
    first = next((sign for sign in text if unicodedata.category(sign) not in _UNSEEN), " ")
    return unicodedata.normalize("NFKC", first) in _SIGNS


def csv_cell(text: str) -> str:
    r"""Return a text as a cell of a CSV file that no spreadsheet runs.

    Returns
    -------
    str
        The text, with a leading ``'`` if it could be run, and in quotes if it holds a sign that
        separates cells in some programs.

    Examples
    --------
    >>> [csv_cell(text) for text in ("Ada", "=1+1", "a;=1+1", "Berg, Ada")]
    ['Ada', "'=1+1", '"a;=1+1"', '"Berg, Ada"']
    """
    safe = f"'{text}" if could_run(text) else text
    return '"' + safe.replace('"', '""') + '"' if _QUOTED.search(safe) else safe
