"""Finding people's names and ids in free text (pure)."""

import re
from collections.abc import Iterable

from oneroster_nb.identity import plain

__all__ = ["Mentions"]

_WORD = re.compile(r"[^\W\d_]+")
_BETWEEN = re.compile(r"[\s,;|/\"'()\[\]{}<>]+")
_ADDRESS = re.compile(r"[^\s@<>]+@[^\s@<>]+\.[^\s@<>]+")
_SHORTEST_PART = 4
_SHORTEST_ID = 5


class Mentions:
    """Says of texts whether they mention one of these people.

    A name counts as a whole, word by word; case and accents do not matter. An id counts where it
    stands between spaces or brackets and is not so short that it could be any number; an email
    address always does.

    Parameters
    ----------
    names : iterable of str
        Given names, family names, whole names.
    ids : iterable of str
        Ids, user names, addresses.
    parts : bool
        Whether each longer word of a name of several words counts alone.

    Examples
    --------
    >>> somebody = Mentions(["Ramírez", "de la Cruz"], ["18001"])
    >>> [text for text in ("RAMIREZ's ELA", "Cruz 6A", "La Vida", "for 18001") if text in somebody]
    ["RAMIREZ's ELA", 'Cruz 6A', 'for 18001']
    """

    def __init__(
        self, names: Iterable[str], ids: Iterable[str] = (), *, parts: bool = True
    ) -> None:
        self._phrases: set[tuple[str, ...]] = set()
        for name in set(names):
            words = tuple(_WORD.findall(plain(name)))
            if sum(map(len, words)) < 2:
                continue
            self._phrases |= {words, ("".join(words),)}
            if parts and len(words) > 1:
                self._phrases |= {(word,) for word in words if len(word) >= _SHORTEST_PART}
        self._longest = max(map(len, self._phrases), default=0)
        self._ids = {plain(one) for one in set(ids) if len(one) >= _SHORTEST_ID}

    def __contains__(self, text: str) -> bool:
        folded = plain(text)
        if _ADDRESS.search(folded):  # whoever's it is
            return True
        if folded in self._ids or any(part in self._ids for part in _BETWEEN.split(folded)):
            return True
        words = _WORD.findall(folded)
        return any(
            tuple(words[start : start + length]) in self._phrases
            for start in range(len(words))
            for length in range(1, self._longest + 1)
        )
