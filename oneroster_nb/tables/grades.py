"""Grade words and numbers as CEDS codes, so that grades of all sources compare by value."""

import re
from collections.abc import Mapping

CEDS_GRADES = (
    *("IT", "PR", "PK", "TK", "KG"),
    *(f"{number:02d}" for number in range(1, 14)),
    *("PS", "UG", "Other"),
)
"""The entry grade levels that OneRoster takes from CEDS, in the order of schooling."""

_ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth"
)
_WORDS: Mapping[str, str] = (
    {code.casefold(): code for code in CEDS_GRADES}
    | {word: f"{number:02d}" for number, word in enumerate(_ORDINALS.split(), 1)}
    | {
        "infanttoddler": "IT",
        "preschool": "PR",
        "prekindergarten": "PK",
        "prek": "PK",
        "transitionalkindergarten": "TK",
        "kindergarten": "KG",
        "k": "KG",
        "postgraduate": "PS",
        "postsecondary": "PS",
        "ungraded": "UG",
    }
)
_NUMBER = re.compile(r"0*(1[0-3]|[1-9])(?:st|nd|rd|th|\.0+)?")


def grade_code(text: str) -> str:
    """Return the CEDS code of a grade, or the text itself if it is none.

    Parameters
    ----------
    text : str
        A grade as a source writes it: ``"6"``, ``"06"``, ``"6.0"``, ``"6th"``, ``"Sixth"``,
        ``"Grade 6"``, ``"Kindergarten"``.

    Returns
    -------
    str
        One of :data:`CEDS_GRADES`, or `text` unchanged.

    Examples
    --------
    >>> [grade_code(text) for text in ("6", "Sixth", "Kindergarten", "Lions")]
    ['06', '06', 'KG', 'Lions']
    """
    # A hyphen joins the parts of a word; before a number it is a sign, and "-1" is no first grade.
    word = re.sub(r"(?<=[a-z])-(?=[a-z0-9])|[\s_]+", "", text.casefold())
    word = word.removeprefix("grade").removesuffix("grade")
    number = _NUMBER.fullmatch(word)
    return f"{int(number[1]):02d}" if number else _WORDS.get(word, text)


def grade_place(text: str) -> tuple[int, str]:
    """Return what grades are sorted by: the order of schooling, other texts after them.

    Examples
    --------
    >>> sorted(["06", "Lions", "KG", "PK"], key=grade_place)
    ['PK', 'KG', '06', 'Lions']
    """
    first = text.partition(",")[0]
    return CEDS_GRADES.index(first) if first in CEDS_GRADES else len(CEDS_GRADES), text
