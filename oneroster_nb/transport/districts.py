"""The tokens of Clever's districts, handed out for the id and secret of an application."""

from typing import Any

import requests

from oneroster_nb.errors import (
    AnswerError,
    AuthenticationError,
    ConfigurationError,
    ConnectionFailedError,
    UnavailableError,
)
from oneroster_nb.secret import Secret
from oneroster_nb.transport.auth import FetchedTokenAuth

__all__ = ["DistrictTokenAuth"]


class DistrictTokenAuth(FetchedTokenAuth):
    """Get the token of a district that shares its roster with an application, and send it.

    Source: ``GET /oauth/tokens?owner_type=district`` of https://dev.clever.com/docs.

    Parameters
    ----------
    token_url : str
        Where the tokens are listed.
    client_id : str
        The application.
    client_secret : Secret
        Its secret.
    district : str, optional
        The id of the district; left out, there must be only one.
    timeout : tuple of float
        Seconds to wait for a connection, and for the next bytes.
    """

    def __init__(
        self,
        token_url: str,
        client_id: str,
        client_secret: Secret,
        *,
        district: str | None,
        timeout: tuple[float, float],
    ) -> None:
        super().__init__()
        self._token_url = token_url
        self._client_id = client_id
        self._client_secret = client_secret
        self._district = district
        self._timeout = timeout

    def _fetch(self) -> None:
        # What holds the plain secret is in a frame of its own, which no traceback shows.
        response = self._get()
        if isinstance(response, str):
            raise ConnectionFailedError(
                f"No token could be had from {self._token_url} ({response}). Check token_url and"
                " the network."
            )
        tokens = _by_district(self._listed(response))
        if not tokens:
            raise AuthenticationError(
                f"No district shares its roster with the application {self._client_id!r} yet, so"
                " there is no token. Ask the district to authorize it in Clever.",
                status=200,
                path=self._token_url,
            )
        if self._district is None and len(tokens) > 1:
            raise ConfigurationError(
                f"{len(tokens):,} districts share their rosters with this application: say which"
                f" with district=. They are: {', '.join(sorted(tokens))}."
            )
        chosen = self._district or next(iter(tokens))
        if chosen not in tokens:
            raise ConfigurationError(
                f"The district {chosen!r} does not share its roster with this application. Those"
                f" that do are: {', '.join(sorted(tokens))}."
            )
        self._token = tokens[chosen]

    def _get(self) -> requests.Response | str:
        """Ask for the tokens; give the answer, or the kind of failure."""
        try:
            return requests.get(
                self._token_url,
                params={"owner_type": "district"},
                auth=(self._client_id, self._client_secret.reveal()),
                timeout=self._timeout,
                allow_redirects=False,
                headers={"Accept": "application/json"},
            )
        except requests.RequestException as exc:
            return type(exc).__name__

    def _listed(self, response: requests.Response) -> list[Any]:
        status = response.status_code
        if status == 429 or status >= 500:
            raise UnavailableError(
                f"{status} at GET {self._token_url}. The server hands out no tokens just now. Try"
                " again later.",
                status=status,
                path=self._token_url,
            )
        if status in (400, 401, 403):
            raise AuthenticationError(
                f"{status} at GET {self._token_url}. Clever does not know this application: check"
                " the client id and the secret.",
                status=status,
                path=self._token_url,
            )
        try:
            listed = response.json()["data"]
        except (ValueError, TypeError, KeyError):
            listed = None
        if status != 200 or not isinstance(listed, list):
            raise AnswerError(
                f"{self._token_url} answered {status} without a list of tokens. Check that"
                " token_url is the address at which Clever lists them."
            )
        return listed


def _by_district(listed: list[Any]) -> dict[str, Secret]:
    """Give each district's newest token."""
    records = [record for record in listed if isinstance(record, dict)]
    found: dict[str, Secret] = {}
    for record in sorted(records, key=lambda record: str(record.get("created") or "")):
        owner, token = record.get("owner"), record.get("access_token")
        if isinstance(owner, dict) and isinstance(token, str) and token:
            found[str(owner.get("id"))] = Secret(token)
    return found
