"""Values as messages quote them, and hints for words that are spelled wrong (pure)."""

from collections.abc import Iterable
from difflib import get_close_matches

_SHOWN_AT_MOST = 80  # signs of a value in a message


def shown(value: object) -> str:
    """Return a value as a message quotes it: cut short, and of a table only what kind it is.

    A table, and a row of one, may hold people, whom no message shows.

    Examples
    --------
    >>> shown("Art"), shown(["a"]), shown(range(3)), len(shown("x" * 1000))
    ("'Art'", "['a']", 'a range', 81)
    """
    if hasattr(value, "__len__") and not isinstance(value, str | bytes | list | tuple | set | dict):
        return f"a {type(value).__name__}"
    text = repr(value)
    return text if len(text) <= _SHOWN_AT_MOST else f"{text[:_SHOWN_AT_MOST]}…"


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
