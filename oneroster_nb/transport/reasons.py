"""The reason in an error answer, in the server's own words."""

import json
from typing import Any

_CODES = ("error", "oauth_problem", "code", "imsx_codeMajor")
_WORDS = ("imsx_description", "error_description", "message", "detail", "msg", "title")
_WRAPPERS = ("statusInfoSet", "imsx_StatusInfo", "error", "errors", "detail")
"""Keys of nested objects that may hold the reason."""


def error_text(content: bytes) -> tuple[str, str]:
    """Return the server's code and description from an error body.

    Both are empty if the body names none or is not JSON.

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
    told = [payload, *(_inner(payload, key) for key in _WRAPPERS)]
    return (
        _first([*map(_minor, told), *(said.get(key) for said in told for key in _CODES)]),
        _first([said.get(key) for said in told for key in _WORDS]),
    )


def _inner(payload: dict[str, Any], key: str) -> dict[str, Any]:
    """Return the nested object that names the error, or the first one of a list."""
    inner = payload.get(key)
    inner = inner[0] if isinstance(inner, list) and inner else inner
    return inner if isinstance(inner, dict) else {}


def _minor(payload: dict[str, Any]) -> Any:
    """Return OneRoster's minor code, in a list or by itself."""
    minor = payload.get("imsx_CodeMinor") or payload.get("imsx_codeMinor")
    if not isinstance(minor, dict):
        return minor
    listed = minor.get("imsx_codeMinorField")
    values = listed if isinstance(listed, list) else [listed]
    return next((v.get("imsx_codeMinorFieldValue") for v in values if isinstance(v, dict)), None)


def _first(values: list[Any]) -> str:
    """Return the first text of some values on one line; all texts if the value is a list."""
    lists = (value if isinstance(value, list) else [value] for value in values)
    texts = (" ".join(" ".join(v for v in words if isinstance(v, str)).split()) for words in lists)
    return next(filter(None, texts), "")
