"""Fields of users that are demographics by their names, which never stand beside users (pure)."""

import json
import re
from typing import Any

from oneroster_nb.tables.fields import FIELDS

_NAMES = re.compile(
    r"demographics?|dob|(date of )?birth( date| day)?|birth (city|country|place|state)"
    r"|(country|state|city|place) of birth( code| abbreviation)?|gender|races?|ethnicit(y|ies)"
    r"|race (and )?ethnicity|hispanic|(hispanic|latino) ethnicity"
)
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def _words(name: str) -> list[str]:
    return [word.casefold() for word in _WORDS.findall(name)]


_COLUMNS = {
    " ".join(_words(each.name)) for each in FIELDS["demographics"].own if each.name != "sourcedId"
}


def is_demographic(name: str) -> bool:
    """Return True if a field of that name says when a person was born, their sex or their race.

    Parameters
    ----------
    name : str
        As a source writes it, ``metadata.`` and the names of outer objects before it or not.

    Examples
    --------
    >>> names = ("metadata.birthDate", "metadata.demographics.x", "Date_of_Birth", "grades")
    >>> [is_demographic(name) for name in names]
    [True, True, True, False]
    """
    parts = [_words(part) for part in name.split(".")]
    written = [join.join(words) for words in parts for join in (" ", "")]
    return any(text in _COLUMNS or _NAMES.fullmatch(text) for text in written)


def without_demographics(text: str) -> str | None:
    """Return a text, without the demographics if it is JSON that holds some.

    Returns
    -------
    str or None
        None if nothing else is left.

    Examples
    --------
    >>> without_demographics('{"birthDate": "2014-05-01", "homeroom": "6A"}')
    '{"homeroom": "6A"}'
    """
    if not text.lstrip().startswith(("{", "[")):
        return text
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    kept = _stripped(value)
    if kept == value:
        return text
    return json.dumps(kept, ensure_ascii=False) if kept else None


def _stripped(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {k: _stripped(v) for k, v in value.items() if not is_demographic(k)}
        # An object that held nothing else is gone with what it held.
        return {k: v for k, v in kept.items() if v not in ({}, []) or value[k] in ({}, [])}
    if isinstance(value, list):
        return [_stripped(item) for item in value]
    return value
