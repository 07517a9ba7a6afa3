"""Why a server refused, in its own words."""

import json
from typing import Any

__all__ = ["error_text"]

_CODES = ("error", "oauth_problem", "code", "imsx_codeMajor")
_WORDS = ("imsx_description", "error_description", "message", "detail")


def error_text(content: bytes) -> tuple[str, str]:
    """Return the server's code and description from an error body, whatever its form.

    Both are empty if it says none, or is no JSON.

    Examples
    --------
    >>> error_text(b'{"error": "invalid_client", "error_description": "Unknown client."}')
    ('invalid_client', 'Unknown client.')
    """
    try:
        payload = json.loads(content)
    except (ValueError, RecursionError):
        return "", ""
    if not isinstance(payload, dict):
        return "", ""
    return (
        _first([_minor(payload), *(payload.get(key) for key in _CODES)]),
        _first([payload.get(key) for key in _WORDS]),
    )


def _minor(payload: dict[str, Any]) -> Any:
    """Find the minor code of OneRoster, which stands in a list or by itself."""
    minor = payload.get("imsx_CodeMinor") or payload.get("imsx_codeMinor")
    if not isinstance(minor, dict):
        return minor
    listed = minor.get("imsx_codeMinorField")
    values = listed if isinstance(listed, list) else [listed]
    return next((v.get("imsx_codeMinorFieldValue") for v in values if isinstance(v, dict)), None)


def _first(values: list[Any]) -> str:
    """Return the first text of some values, on one line."""
    texts = (" ".join(value.split()) for value in values if isinstance(value, str))
    return next(filter(None, texts), "")
