"""Page bytes to JSON values, and the list of records among them."""

import json
from collections.abc import Mapping
from typing import Any

from oneroster_nb.errors import AnswerError
from oneroster_nb.transport.header_values import whole_number

__all__ = ["NO_COLLECTION", "Float", "Integer", "check_text", "collection", "parse", "single"]


class Integer(str):
    """A whole number of JSON in its own spelling."""

    __slots__ = ()


class Float(str):
    """Another number of JSON in its own spelling."""

    __slots__ = ()


NO_COLLECTION = frozenset(
    {"statusInfoSet", "imsx_StatusInfo", "error", "errors", "warnings", "messages"}
)


def check_text(body: bytes) -> None:
    """Make sure that a body is text; AnswerError where it is not UTF-8."""
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
    """Read JSON, numbers in their own spelling; AnswerError where it is none."""
    try:
        return json.loads(body, parse_int=Integer, parse_float=Float)
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
        f"The server's answer of {len(body):,} bytes is not whole JSON: it may have been cut on"
        " the way. Try again; a smaller page_size may help."
    )


def collection(payload: Any) -> tuple[list[Any], int | None]:
    """Find the list of records and the total that the body names; AnswerError without one."""
    if isinstance(payload, list):
        return payload, None
    code = _error_code(payload)
    if code:
        raise AnswerError(
            f"The server answered 200 with an error instead of a roster: {code!r}. Try again"
            " later, or ask the server's administrator."
        )
    lists = {}
    if isinstance(payload, dict):
        lists = {
            key: value
            for key, value in payload.items()
            if isinstance(value, list) and key not in NO_COLLECTION
        }
    if len(lists) == 1:
        return next(iter(lists.values())), _body_total(payload)
    if not lists:
        raise AnswerError(
            "The server's answer holds no list of records. Check that the host is the address of"
            " a OneRoster service."
        )
    raise AnswerError(
        f"The server's answer holds several lists ({', '.join(sorted(lists))}), so which of them"
        " is the roster cannot be told."
    )


def single(payload: Any) -> dict[str, Any]:
    """Find the one object in an answer, as ``/classes/{id}`` gives it; AnswerError without one."""
    if isinstance(payload, dict):
        values = [value for key, value in payload.items() if key not in NO_COLLECTION]
        if len(values) == 1 and isinstance(values[0], dict):
            return values[0]
    raise AnswerError("The answer holds no single object where one was asked for.")


def _body_total(payload: Mapping[str, Any]) -> int | None:
    for key, value in payload.items():
        word = key.replace("-", "").replace("_", "").casefold()
        if word in {"total", "totalcount", "xtotalcount"}:
            return whole_number(str(value))
    return None


def _error_code(payload: Any) -> str:
    """Find out whether an answer says that it failed, in its own words."""
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
