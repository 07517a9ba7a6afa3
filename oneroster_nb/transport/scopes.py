"""Advice about an OAuth 2.0 scope that a token lacks."""

import re

_LACKING = re.compile(r"insufficient[_ -]?scope", re.IGNORECASE)
_NAMED = re.compile(r'\bscope="([^"]+)"', re.IGNORECASE)
_VERSION = re.compile(r"/(v1p[12])(?:/|$)")
_BASE = "https://purl.imsglobal.org/spec/or/{}/scope/"
_AREAS = (
    ("demographics", "roster-demographics"),
    ("resources", "resource"),
    ("categories", "gradebook"),
    ("lineItems", "gradebook"),
    ("results", "gradebook"),
)
"""The last collection in an address to its scope, if that is not ``roster``."""


def scope_advice(path: str, words: str) -> str | None:
    """Return advice if the server says that the token lacks a scope, else None.

    Its `words` are from the body and ``WWW-Authenticate`` (RFC 6750, section 3.1).

    Examples
    --------
    >>> scope_advice("/ims/oneroster/v1p1/demographics", "insufficient_scope").partition("Ask ")[2]
    'for scope="https://purl.imsglobal.org/spec/or/v1p1/scope/roster-demographics.readonly".'
    """
    if not _LACKING.search(words):
        return None
    asked = _NAMED.search(words)
    wanted = asked[1] if asked else _usual(path)
    request = f' Ask for scope="{wanted}".' if wanted else ""
    return (
        "The token lacks a scope that this request needs. The roster's administrator must allow"
        f" it for this application.{request}"
    )


def _usual(path: str) -> str:
    """Return the standard's scope for an address; "" if it is not a OneRoster address."""
    version = _VERSION.search(path)
    if version is None:
        return ""
    parts = path.split("/")
    area = next((name for last, name in _AREAS if last in parts), "roster")
    return f"{_BASE.format(version[1])}{area}.readonly"
