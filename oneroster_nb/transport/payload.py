"""Parsing a page as JSON, and finding the list of records in it."""

import json
from collections.abc import Collection, Mapping
from typing import Any

from oneroster_nb.errors import AnswerError
from oneroster_nb.transport.header_values import whole_number


class Integer(str):
    """A whole number of JSON, as written."""

    __slots__ = ()


NO_COLLECTION = frozenset(
    {
        *("statusInfoSet", "imsx_StatusInfo", "error", "errors", "warnings", "messages"),
        *("links", "_links"),
    }
)


def check_text(body: bytes) -> None:
    """Raise AnswerError if a body is not UTF-8."""
    try:
        body.decode()
    except UnicodeDecodeError:
        pass
    else:
        return
    raise AnswerError(
        "The server's answer is not in UTF-8, as JSON must be, so names in it cannot be read."
    )


def parse(body: bytes) -> Any:
    """Parse JSON and keep numbers as written; raise AnswerError if it is not JSON."""
    try:
        return json.loads(body, parse_int=Integer, parse_float=str)
    except (ValueError, RecursionError):
        pass
    start = body[:512].lstrip().lower()
    if start.startswith((b"<!doctype", b"<html", b"<head", b"<body", b"<?xml")):
        raise AnswerError(
            "The server answered with a web page instead of a roster. Check that the host is the"
            " address of the service itself, down to its version (.../ims/oneroster/v1p1/,"
            " .../v3.1/), and that the token is one for rosters."
        )
    raise AnswerError(
        f"The server's answer of {len(body):,} bytes is not complete JSON: it may have been cut"
        " off. Try again; a smaller page_size may help."
    )


def collection(payload: Any, known: Collection[str] = ()) -> tuple[list[Any], int | None]:
    """Return the list of records in parsed JSON, and the total if the body has one.

    The `known` keys of such a list are preferred to any other key. A single object under one of
    them, or alone, is a list of one. If there is no list, if it is unclear which list to read, or
    if the answer is an error, raise AnswerError.
    """
    if isinstance(payload, list):
        return payload, None
    _check_success(payload)
    parts = _parts(payload)
    if _is_record(parts):
        return [parts], None
    named = {k: v for k, v in parts.items() if k in known and isinstance(v, list | dict)}
    lists = {key: value for key, value in (named or parts).items() if isinstance(value, list)}
    if len(lists) == 1:
        return next(iter(lists.values())), _body_total(payload)
    if not lists:
        objects = [value for value in (named or parts).values() if isinstance(value, dict)]
        if len(objects) == 1 and _is_record(objects[0]):
            return objects, None
        raise AnswerError(
            "The server's answer holds no list of records. Check that the host is the address of"
            " a OneRoster service."
        )
    raise AnswerError(
        f"The server's answer holds several lists ({', '.join(sorted(lists))}), so it is unclear"
        " which of them is the roster."
    )


def single(payload: Any) -> dict[str, Any]:
    """Return the one object in an answer such as ``/classes/{id}``, or raise AnswerError."""
    _check_success(payload)
    parts = _parts(payload)
    if _is_record(parts):
        return parts
    # Values beside the object, and lists of links, are not the requested object.
    objects = [value for value in parts.values() if isinstance(value, dict)]
    if len(objects) != 1:
        objects = [value for value in objects if _is_record(value)]
    if not objects:
        lists = [value for value in parts.values() if isinstance(value, list) and len(value) == 1]
        objects = [value for (value,) in lists if isinstance(value, dict) and _is_record(value)]
    if len(objects) == 1:
        return objects[0]
    raise AnswerError("One object was requested, but the answer does not hold exactly one.")


def _parts(payload: Any) -> dict[str, Any]:
    """Return the parts of an answer that may be records."""
    if not isinstance(payload, dict):
        return {}
    return {key: value for key, value in payload.items() if key not in NO_COLLECTION}


def _is_record(value: Mapping[str, Any]) -> bool:
    """Return True if an object is itself a record, so that its lists are references."""
    return isinstance(value.get("sourcedId"), str)


def _body_total(payload: Mapping[str, Any]) -> int | None:
    for key, value in payload.items():
        word = key.replace("-", "").replace("_", "").casefold()
        if word in {"total", "totalcount", "xtotalcount"}:
            return whole_number(str(value))
    return None


def _check_success(payload: Any) -> None:
    """Raise an AnswerError if an answer reports an error."""
    code = _error_code(payload)
    if code:
        raise AnswerError(
            f"The server answered 200 with an error instead of a roster: {code!r}. Try again"
            " later, or ask the server's administrator."
        )


def _error_code(payload: Any) -> str:
    """Return the error code in an answer; "" if it reports none."""
    if not isinstance(payload, dict):
        return ""
    told: list[Any] = [payload]
    for key in ("statusInfoSet", "imsx_StatusInfo"):
        inner = payload.get(key)
        told += inner if isinstance(inner, list) else [inner]
    for status in told:
        major = status.get("imsx_codeMajor") if isinstance(status, dict) else None
        if isinstance(major, str) and major.casefold() != "success":
            return major[:200]
    for key in ("error", "errors"):
        if payload.get(key):
            return str(payload[key])[:200] if isinstance(payload[key], str) else key
    return ""
