"""Hints for words that are spelled wrong (pure)."""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(value: str, choices: Iterable[str]) -> str:
    """Return a sentence with the choices that are spelled like `value`, or an empty text.

    Examples
    --------
    >>> nearest("clases", ["classes", "schools"])
    " Did you mean 'classes'?"
    """
    folded = {choice.casefold(): choice for choice in choices}
    close = get_close_matches(value.strip().casefold(), folded, n=3, cutoff=0.6)
    return f" Did you mean {' or '.join(repr(folded[c]) for c in close)}?" if close else ""
