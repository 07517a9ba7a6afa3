"""Pages of a collection: the requested page, and the addresses of the others."""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple
from urllib.parse import quote, urlencode

from oneroster_nb.demo.server.answers import RefusalError, Request

_DEFAULT_LIMIT: Final = 100


class Page(NamedTuple):
    """The rows from `offset` on, at most `limit`."""

    offset: int
    limit: int

    @classmethod
    def asked(cls, params: Mapping[str, str], largest: int) -> "Page":
        """Read the requested page; a `limit` above the largest is reduced to it.

        Raises
        ------
        RefusalError
            400 if ``limit`` or ``offset`` is not a valid number.
        """
        limit = min(_number(params, "limit", _DEFAULT_LIMIT, least=1), largest)
        return cls(_number(params, "offset", 0, least=0), limit)

    def headers(self, request: Request, params: Mapping[str, str], total: int) -> dict[str, str]:
        """Return headers with the total and links to other pages; other parameters stay."""
        offset, limit = self
        offsets = {"first": 0, "last": max(0, total - 1) // limit * limit}
        if offset + limit < total:
            offsets["next"] = offset + limit
        if offset:
            offsets["prev"] = max(0, offset - limit)
        links = (
            '<{}?{}>; rel="{}"'.format(
                request.root + request.path,
                urlencode(
                    {**params, "limit": str(limit), "offset": str(start)}, quote_via=quote, safe=""
                ),
                rel,
            )
            for rel, start in offsets.items()
        )
        return {"X-Total-Count": str(total), "Link": ", ".join(links)}


def _number(params: Mapping[str, str], name: str, default: int, *, least: int) -> int:
    """Read a whole number."""
    text = params.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"[0-9]{1,18}", text) or int(text) < least:
        raise RefusalError(
            400, "invaliddata", f"{name} must be a whole number of at least {least}."
        )
    return int(text)
