"""How a request proves who sends it."""

import logging
import math
import threading
import time
from abc import abstractmethod
from typing import Any
from urllib.parse import quote_plus

import requests
from oauthlib.oauth2 import BackendApplicationClient, OAuth2Error
from requests import PreparedRequest
from requests.auth import AuthBase, HTTPBasicAuth
from requests_oauthlib import OAuth1

from oneroster_nb.errors import (
    AnswerError,
    AuthenticationError,
    ConfigurationError,
    ConnectionFailedError,
    UnavailableError,
)
from oneroster_nb.secret import Secret

__all__ = ["Auth", "BearerAuth", "ClientCredentialsAuth", "FetchedTokenAuth", "OAuth1Auth"]

_LOGGERS_OF_HEADERS = (
    "oauthlib.oauth1.rfc5849",
    "oauthlib.oauth1.rfc5849.parameters",
    "oauthlib.oauth1.rfc5849.signature",
    "requests_oauthlib.oauth1_auth",
)
_RENEW_BEFORE = 60.0  # seconds before a token ends
_LIFETIME = 3600.0  # seconds, where the server does not say
SIGNATURE_METHODS = ("HMAC-SHA256", "HMAC-SHA1")
CLIENT_AUTHS = ("basic", "body")


def _above_debug(record: logging.LogRecord) -> bool:
    return record.levelno > logging.DEBUG


class Auth(AuthBase):
    """Signs requests."""

    def __init__(self) -> None:
        for name in _LOGGERS_OF_HEADERS:
            # At DEBUG they write down headers, and queries with people in them. A filter stays
            # where somebody sets the level; the same one is added once only.
            logging.getLogger(name).addFilter(_above_debug)

    def renew(self, refused: PreparedRequest) -> bool:  # noqa: ARG002 - subclasses look at it
        """Give up the credentials of a request that got a 401; False where there are no others."""
        return False


class OAuth1Auth(Auth):
    """Sign each request with OAuth 1.0a: a consumer key and secret, no token (RFC 5849).

    The signing object is made for each request, so that the plain secret is held nowhere.

    Raises
    ------
    ConfigurationError
        Where `signature_method` is neither HMAC-SHA256 nor HMAC-SHA1.
    """

    def __init__(
        self, client_id: str, client_secret: Secret, signature_method: str = "HMAC-SHA256"
    ) -> None:
        super().__init__()
        if signature_method not in SIGNATURE_METHODS:
            raise ConfigurationError(
                f"Unknown signature_method {signature_method!r}."
                f" It can be {' or '.join(SIGNATURE_METHODS)}."
            )
        self.client_id = client_id
        self.client_secret = client_secret
        self.signature_method = signature_method

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Add the Authorization header to a request."""
        sign: Any = OAuth1(
            self.client_id,
            client_secret=self.client_secret.reveal(),
            signature_method=self.signature_method,
        )
        signed: PreparedRequest = sign(request)
        return signed


class BearerAuth(Auth):
    """Send a token that was handed out once and for all (RFC 6750)."""

    def __init__(self, token: Secret) -> None:
        super().__init__()
        self._token = token

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Add the Authorization header to a request."""
        request.headers["Authorization"] = f"Bearer {self._token.reveal()}"
        return request


class FetchedTokenAuth(Auth):
    """Send a token that is fetched with the first request, and anew where it ends or is refused."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._token: Secret | None = None
        self._ends = math.inf

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Add the Authorization header to a request; get a token first where there is none."""
        with self._lock:
            if self._token is None or time.monotonic() > self._ends:
                self._fetch()
            token = self._token
        if token is not None:
            request.headers["Authorization"] = f"Bearer {token.reveal()}"
        return request

    def renew(self, refused: PreparedRequest) -> bool:
        """Forget the token that was refused, unless another request renewed it already."""
        header = refused.headers.get("Authorization")
        with self._lock:
            if self._token is not None and header == f"Bearer {self._token.reveal()}":
                self._token = None
        return True

    @abstractmethod
    def _fetch(self) -> None:
        """Get a token, and when it ends."""


class ClientCredentialsAuth(FetchedTokenAuth):
    """Get tokens for a client id and secret, and send them (OAuth 2.0, RFC 6749 4.4).

    A token is fetched with the first request, renewed a minute before it ends, and renewed once
    when the server refuses it.

    Parameters
    ----------
    token_url : str
        Where tokens are handed out; taken as it stands.
    client_id : str
        The client.
    client_secret : Secret
        Its secret.
    scope : str, optional
        What to ask for, several scopes separated by spaces; some servers demand it.
    client_auth : str
        ``"basic"``: id and secret form-encoded in a Basic header (RFC 6749 2.3.1), or ``"body"``.
    timeout : tuple of float
        Seconds to wait for a connection, and for the next bytes.

    Raises
    ------
    ConfigurationError
        Where `client_auth` is something else.
    """

    def __init__(
        self,
        token_url: str,
        client_id: str,
        client_secret: Secret,
        *,
        scope: str | None,
        client_auth: str,
        timeout: tuple[float, float],
    ) -> None:
        super().__init__()
        if client_auth not in CLIENT_AUTHS:
            raise ConfigurationError(
                f"Unknown client_auth {client_auth!r}. It can be {' or '.join(CLIENT_AUTHS)}."
            )
        self._token_url = token_url
        self._client_id = client_id
        self._client_secret = client_secret
        self._scope = scope
        self._client_auth = client_auth
        self._timeout = timeout

    def _fetch(self) -> None:
        # What holds the plain secret is in a frame of its own, which no traceback shows.
        response = self._post()
        if isinstance(response, str):
            raise ConnectionFailedError(
                f"No token could be had from {self._token_url} ({response}). Check token_url and"
                " the network."
            )
        self._take(response)

    def _post(self) -> requests.Response | str:
        """Ask for a token; give the answer, or the kind of failure."""
        client = BackendApplicationClient(self._client_id)
        secret = self._client_secret.reveal()
        form: dict[str, str] = {"scope": self._scope} if self._scope else {}
        basic = None
        if self._client_auth == "basic":
            basic = HTTPBasicAuth(quote_plus(self._client_id), quote_plus(secret))
        else:
            form["client_secret"] = secret
        body = client.prepare_request_body(include_client_id=basic is None, **form)
        try:
            return requests.post(
                self._token_url,
                data=body,
                auth=basic,
                timeout=self._timeout,
                allow_redirects=False,
                headers={
                    "Accept": "application/json",
                    "Content-Type": "application/x-www-form-urlencoded",
                },
            )
        except requests.RequestException as exc:
            return type(exc).__name__

    def _take(self, response: requests.Response) -> None:
        if response.status_code == 429 or response.status_code >= 500:
            raise UnavailableError(
                f"{response.status_code} at POST {self._token_url}. The server hands out no token"
                " just now. Try again later.",
                status=response.status_code,
                method="POST",
                path=self._token_url,
            )
        client = BackendApplicationClient(self._client_id)
        problem = ""
        try:
            token = client.parse_request_body_response(response.text)
        except (OAuth2Error, ValueError) as exc:
            problem = getattr(exc, "error", "") or "no token in the answer"
        if problem and response.status_code in (400, 401, 403):
            raise AuthenticationError(
                f"{response.status_code} at POST {self._token_url} ({problem}). The server hands"
                " out no token: check the client id, the secret and the scope, and whether it"
                " wants client_auth='body'.",
                status=response.status_code,
                method="POST",
                path=self._token_url,
                code=problem,
            )
        if problem:
            raise AnswerError(
                f"{self._token_url} answered {response.status_code} without a token. Check that"
                " token_url is the address at which tokens are handed out."
            )
        self._token = Secret(token["access_token"])
        lifetime = float(token.get("expires_in") or _LIFETIME)
        self._ends = time.monotonic() + max(lifetime - _RENEW_BEFORE, lifetime / 2)
