"""A server on loopback that issues tokens and serves a roster for them, correctly or not."""

import json
from collections.abc import Callable
from typing import Any

from helpers.faultserver import Answer, Asked, FaultServer
from helpers.records import school
from oneroster_nb import OneRosterConnector

Reply = Callable[[Asked], tuple[int, dict[str, str], bytes]]


class TokenServer(FaultServer):
    """Serve a school of six students, and tokens at ``token_url``.

    Parameters
    ----------
    body : bytes or dict
        What is answered at the token endpoint.
    status : int
        With this status.
    headers : dict, optional
        With these headers.
    """

    def __init__(
        self,
        body: Any,
        *behaviours: Any,
        status: int = 200,
        headers: dict[str, str] | None = None,
        query: str = "",
    ) -> None:
        super().__init__(school(), self._hand_out, *behaviours)
        self._body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self._status = status
        self._headers = headers or {}
        self.token_url = f"{self.url}/oauth/token{query}"

    def _hand_out(self, asked: Asked, answer: Answer) -> None:
        if asked.method == "POST":
            answer.status, answer.body = self._status, self._body
            answer.headers.update(self._headers)

    def connect(self, secret: str, **options: Any) -> OneRosterConnector:
        """Make a connector that gets its tokens here."""
        given = {"token_url": self.token_url, "retry_seconds": 0, **options}
        return OneRosterConnector(self.host, "analyst", secret, **given)

    def asked_for_tokens(self) -> list[Asked]:
        """Return the requests for tokens."""
        return [asked for asked in self.requests if asked.method == "POST"]

    def asked_for_rosters(self) -> list[Asked]:
        """Return the other requests."""
        return [asked for asked in self.requests if asked.method == "GET"]
