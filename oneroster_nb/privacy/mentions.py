"""Finding people's names, ids, addresses and phone numbers in free text (pure)."""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from oneroster_nb.people.same_person import bare, plain

_WORD = re.compile(r"[^\W\d_]+")
_TOKEN = re.compile(r"[^\W_]+")
_BETWEEN_ADDRESSES = re.compile(r"[\s<>]+")
_PHONE = re.compile(r"(?<!\d)(?:\d{3}[\s.-]\d{4}|\d{7,15})(?!\d)")
_PHONE_END = 7
"""This many last digits of a phone number stay the same without area and country code."""
_SHORTEST_PART = 4
_SHORTEST_NEAR = 5
_SHORTEST_INSIDE = 6
_SHORTEST_ID = 5
_SHORTEST_USERNAME = 4

_Phrase = tuple[str, ...]


class Mentions:
    """Tests whether a text mentions one of these people.

    Case and accents are ignored. A name is found as whole words and, if it is long enough, inside
    a longer word (``JKamara``, ``KamaraELA``, ``kamaras``). Names in scripts without spaces are
    found anywhere. An id is found between other characters, if it is too long to be any number.
    Any email address is found, even of an unknown person. Nicknames and inflected names are not
    found.

    Parameters
    ----------
    names : iterable of str
        Given names, family names, whole names.
    ids : iterable of str
        Ids, user names, addresses.
    phones : iterable of str
        Phone numbers, in any format.
    parts : bool
        Whether each longer word of a name is also found alone.

    Examples
    --------
    >>> people = Mentions(["Ramírez", "de la Cruz"], ["18001"])
    >>> [text for text in ("RAMIREZ's ELA", "Cruz 6A", "La Vida", "for 18001") if text in people]
    ["RAMIREZ's ELA", 'Cruz 6A', 'for 18001']
    """

    def __init__(
        self,
        names: Iterable[str],
        ids: Iterable[str] = (),
        phones: Iterable[str] = (),
        *,
        parts: bool = True,
    ) -> None:
        self._phrases: set[_Phrase] = set()
        self._inside: dict[int, set[str]] = {}
        self._lengths: set[int] = set()
        for name in {plain(name) for name in names}:
            self._add_name(tuple(_WORD.findall(name)), parts=parts)
        self._ids = {tokens for one in set(ids) for tokens in _id_phrases(plain(one))}
        self._id_lengths = set(map(len, self._ids))
        self._phones = {"".join(filter(str.isdigit, one))[-_PHONE_END:] for one in phones}
        self._near: dict[str, bool] = {}

    def _add_name(self, words: _Phrase, *, parts: bool) -> None:
        letters = "".join(words)
        # Scripts without capitals have short names, and many have no spaces.
        cased = letters.upper() != letters
        if letters and (not cased or len(letters) >= _SHORTEST_INSIDE):
            self._inside.setdefault(len(letters), set()).add(letters)
        if len(letters) < 2:
            return
        self._phrases |= {words, (letters,)}
        self._lengths |= {len(words), 1}
        if parts and len(words) > 1:
            for word in words:
                if len(word) >= _SHORTEST_PART:
                    self._add_name((word,), parts=False)

    def __contains__(self, text: str) -> bool:
        clean = bare(text)
        if _has_address(clean) or self._has_phone(clean):
            return True
        if _holds(_TOKEN.findall(clean.casefold()), self._ids, self._id_lengths):
            return True
        words = _WORD.findall(clean)
        whole = [word.casefold() for word in words]
        humps = [part.casefold() for word in words for part in _humps(word)]
        return any(
            _holds(sequence, self._phrases, self._lengths) or any(map(self._is_near, sequence))
            for sequence in (whole, humps)
        )

    def _has_phone(self, text: str) -> bool:
        digits = (re.sub(r"\D", "", match) for match in _PHONE.findall(text))
        return any(number[-_PHONE_END:] in self._phones for number in digits)

    def _is_near(self, word: str) -> bool:
        """Return True if a word holds a name and more: an initial, an ending, other words."""
        if word not in self._near:
            self._near[word] = any(
                len(rest) >= _SHORTEST_NEAR and (rest,) in self._phrases
                for rest in (word[1:], word[:-1])
            ) or any(
                word[start : start + length] in names
                for length, names in self._inside.items()
                for start in range(len(word) - length + 1)
            )
        return self._near[word]


def _id_phrases(text: str) -> Iterator[_Phrase]:
    """Yield an id as its tokens, and each token that is an id by itself."""
    tokens = tuple(_TOKEN.findall(text))
    if sum(map(len, tokens)) >= (_SHORTEST_ID if text.isdigit() else _SHORTEST_USERNAME):
        yield tokens
    local = tuple(_TOKEN.findall(text.partition("@")[0]))
    if len(local) > 1:
        yield local
    for token in tokens:
        if len(token) >= _SHORTEST_ID and any(map(str.isdigit, token)):
            yield (token,)


def _has_address(text: str) -> bool:
    """Return True if a text holds any email address.

    The time is linear in the length of the text.
    """
    if "@" not in text:
        return False
    for part in _BETWEEN_ADDRESSES.split(text):
        pieces = part.split("@")
        if any(local and "." in domain[1:-1] for local, domain in pairwise(pieces)):
            return True
    return False


def _holds(sequence: list[str], phrases: set[_Phrase], lengths: set[int]) -> bool:
    return any(
        tuple(sequence[start : start + length]) in phrases
        for length in lengths
        for start in range(len(sequence) - length + 1)
    )


def _humps(word: str) -> Iterator[str]:
    """Split a word at capitals: ``JKamaraELA`` has three parts."""
    start = 0
    for at in range(1, len(word)):
        before, here, after = word[at - 1], word[at], word[at + 1 : at + 2]
        if here.isupper() and (not before.isupper() or after.islower()):
            yield word[start:at]
            start = at
    yield word[start:]
