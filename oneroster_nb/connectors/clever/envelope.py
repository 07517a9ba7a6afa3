"""The envelope in which Clever sends records: which records, where the next ones are, how many."""

from typing import Any

from oneroster_nb.errors import AnswerError
from oneroster_nb.transport.header_values import whole_number
from oneroster_nb.transport.payload import check_text, parse


def read_envelope(body: bytes) -> tuple[list[dict[str, Any]], str | None, int | None]:
    """Take the records, the link to the next page and the number of all records out of an answer.

    It is ``{"data": [{"data": {…}, "uri": …}, …], "links": [{"rel": "next", "uri": …}]}``, or
    ``{"data": {…}}`` with one record; if it is not JSON or holds no records, that is an
    AnswerError. Numbers become texts in their own spelling.

    Examples
    --------
    >>> read_envelope(b'{"data": [{"data": {"id": "1"}}], "links": []}')
    ([{'id': '1'}], None, None)
    """
    check_text(body)
    payload = parse(body)
    if not isinstance(payload, dict):
        raise AnswerError(
            "The answer is no object with 'data', as Clever sends it. Check the host."
        )
    count = whole_number(str(payload.get("count", "")))
    data = payload.get("data", None if count is None else [])
    if isinstance(data, dict):
        data = [payload]
    if not isinstance(data, list):
        raise AnswerError(
            "The answer holds no 'data', in which Clever sends records. Check that the host is"
            " the address of Clever's Data API, such as https://api.clever.com/v3.1/."
        )
    return [_record(item) for item in data], _next(payload), count


def _record(item: Any) -> dict[str, Any]:
    record = item.get("data", item) if isinstance(item, dict) else item
    if not isinstance(record, dict):
        raise AnswerError("The list in the answer holds something that is no record.")
    return record


def _next(payload: dict[str, Any]) -> str | None:
    links = payload.get("links")
    for link in links if isinstance(links, list) else ():
        if isinstance(link, dict) and link.get("rel") == "next" and link.get("uri"):
            return str(link["uri"])
    return None
