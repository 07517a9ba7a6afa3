"""Which scope of OAuth 2.0 a token lacks, if a server says that it lacks one."""

import re

__all__ = ["scope_advice"]

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
"""The last collection of an address to the scope that opens it, if not ``roster``."""


def scope_advice(path: str, words: str) -> str | None:
    """Return what to do about a token that lacks a scope; None if the server says otherwise.

    Parameters
    ----------
    path : str
        What was asked.
    words : str
        The server's words, of the body and of ``WWW-Authenticate`` (RFC 6750, section 3.1).

    Examples
    --------
    >>> scope_advice("/ims/oneroster/v1p1/demographics", "insufficient_scope").partition("Ask ")[2]
    'for scope="https://purl.imsglobal.org/spec/or/v1p1/scope/roster-demographics.readonly".'
    """
    if not _LACKING.search(words):
        return None
    asked = _NAMED.search(words)
    wanted = asked[1] if asked else _usual(path)
    told = f' Ask for scope="{wanted}".' if wanted else ""
    return (
        "The token lacks a scope that this needs. The roster's administrator must allow it for"
        f" this application.{told}"
    )


def _usual(path: str) -> str:
    """Return the scope of the standard for an address; empty for other interfaces."""
    version = _VERSION.search(path)
    if version is None:
        return ""
    parts = path.split("/")
    area = next((name for last, name in _AREAS if last in parts), "roster")
    return f"{_BASE.format(version[1])}{area}.readonly"
