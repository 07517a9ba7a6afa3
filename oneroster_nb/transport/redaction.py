"""Removing secrets from a server's words before they are shown."""

import base64
import html
import json
import re
from collections.abc import Collection, Iterable, Mapping
from itertools import takewhile
from urllib.parse import quote, quote_plus, unquote

_PREFIX = 12
"""If a secret is cut off, it is hidden from this many characters on."""
_SHORTEST_COOKIE = 8


def written_forms(secret: str) -> set[str]:
    """Return the encodings in which a server may send a secret back.

    Examples
    --------
    >>> sorted(written_forms("a&b"))
    ['a%26b', 'a&amp;b', 'a&b']
    """
    return {
        *(secret, quote(secret), quote(secret, safe=""), quote_plus(secret)),
        *(html.escape(secret), json.dumps(secret)[1:-1]),
    }


def basic_forms(client_id: str, secret: str) -> set[str]:
    """Return the encodings of an id and its secret in Basic authentication."""
    pairs = (f"{client_id}:{secret}", f"{quote_plus(client_id)}:{quote_plus(secret)}")
    return {base64.b64encode(pair.encode()).decode() for pair in pairs}


def sent_forms(headers: Mapping[str, str | bytes]) -> set[str]:
    """Return the secrets in the headers of a request: token, Basic value, signature, cookies."""
    scheme, _, credentials = _text(headers.get("Authorization", "")).partition(" ")
    found = {credentials.strip()}
    if scheme.casefold() == "oauth":
        found = set(re.findall(r'oauth_signature="([^"]+)"', credentials))
    cookies = [c.partition("=")[2].strip() for c in _text(headers.get("Cookie", "")).split(";")]
    # A short cookie is a setting such as "en", not a secret, and is part of many words.
    found |= {cookie for cookie in cookies if len(cookie) >= _SHORTEST_COOKIE}
    return found | {unquote(form) for form in found}


def redacted(text: str, forms: Iterable[str]) -> str:
    """Replace each secret in a text with ``<secret>``, in any case, even if it is cut off.

    The `forms` are the secrets in every encoding.

    Examples
    --------
    >>> redacted("no such key: open-sesame-and-", ["open-sesame-and-so-on"])
    'no such key: <secret>'
    """
    known = sorted({form for form in forms if form}, key=len, reverse=True)
    if not known:
        return text
    starts = "|".join(re.escape(form[:_PREFIX]) for form in known)
    parts: list[str] = []
    place = 0
    for found in re.finditer(starts, text, re.IGNORECASE):
        if found.start() >= place:
            parts += [text[place : found.start()], "<secret>"]
            place = found.start() + max(len(found[0]), _shared(text[found.start() :], known))
    return "".join([*parts, text[place:]])


def _shared(text: str, forms: Collection[str]) -> int:
    """Return how many characters at the start of a text belong to a secret."""
    longest = 0
    for form in forms:
        pairs = zip(text, form, strict=False)
        same = sum(1 for _ in takewhile(lambda pair: pair[0].lower() == pair[1].lower(), pairs))
        longest = max(longest, same if same >= min(_PREFIX, len(form)) else 0)
    return longest


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value
