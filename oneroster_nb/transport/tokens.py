"""Tokens that a server hands out for an id and a secret (OAuth 2.0)."""

import json
import math
import time
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Never
from urllib.parse import parse_qsl, quote_plus, urlsplit

import requests
from oauthlib.oauth2 import BackendApplicationClient
from requests import PreparedRequest
from requests.auth import AuthBase, HTTPBasicAuth

from oneroster_nb.errors import (
    AuthenticationError,
    CertificateError,
    ConfigurationError,
    ConnectionFailedError,
    RosterError,
    UnavailableError,
)
from oneroster_nb.secret import Secret
from oneroster_nb.transport.address import shown_url
from oneroster_nb.transport.auth import Auth
from oneroster_nb.transport.body import ENCODING, read_start, slowest
from oneroster_nb.transport.http import HttpSession, ca_file_error, setup_error
from oneroster_nb.transport.per_process import PerProcess
from oneroster_nb.transport.redaction import basic_forms, written_forms

__all__ = ["ClientCredentialsAuth", "FetchedTokenAuth", "TokenAnswer"]

_RENEW_BEFORE = 60.0  # seconds before a token ends
_LIFETIME = 3600.0  # seconds, if the server does not say
_CLIENT_AUTHS = ("basic", "body")
_MOST = 1 << 20  # bytes of an answer: no token is longer


@dataclass
class _Held:
    """The token that one process uses."""

    lock: Lock = field(default_factory=Lock)
    token: Secret | None = None
    ends: float = math.inf


@dataclass(frozen=True)
class TokenAnswer:
    """What a server answered to a request for a token."""

    method: str
    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    words: tuple[str, str]
    """The server's code and description, without secrets."""

    @property
    def said(self) -> str:
        """The server's words in brackets, to stand in a message."""
        words = ": ".join(filter(None, self.words))
        return f" ({words})" if words else ""


class FetchedTokenAuth(Auth):
    """Send a token that is fetched with the first request, and again if it ends or is refused.

    Parameters
    ----------
    token_url : str
        Where tokens are handed out; taken as it stands.
    client_id : str
        The client.
    client_secret : Secret
        Its secret.
    timeout : tuple of float
        Seconds to wait for a connection, and for the next bytes.
    """

    def __init__(
        self,
        token_url: str,
        client_id: str,
        client_secret: Secret,
        *,
        timeout: tuple[float, float],
    ) -> None:
        super().__init__()
        self._token_url = token_url
        self._shown_url = shown_url(token_url)
        self._client_id = client_id
        self._client_secret = client_secret
        self._timeout = timeout
        self._held = PerProcess(_Held)

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Add the Authorization header to a request; get a token first if there is none."""
        held = self._held.get()
        with held.lock:
            if held.token is None or time.monotonic() > held.ends:
                self._fetch()
            token = held.token
        # The cookies of the token's answer may have come after those of this request were set.
        request.headers.pop("Cookie", None)
        request.prepare_cookies(self.cookies)
        if token is not None:
            request.headers["Authorization"] = f"Bearer {token.reveal()}"
        return request

    def renew(self, refused: PreparedRequest) -> bool:
        """Forget the token that was refused, unless another request renewed it already."""
        header = refused.headers.get("Authorization")
        held = self._held.get()
        with held.lock:
            if held.token is not None and header == f"Bearer {held.token.reveal()}":
                held.token = None
        return True

    @abstractmethod
    def _fetch(self) -> None:
        """Get a token, and when it ends."""

    def _keep(self, token: Secret, seconds: float = math.inf) -> None:
        """Use a token that was handed out for so many seconds."""
        if not token.sendable:
            raise ConfigurationError(
                f"The token that {self._shown_url} hands out holds a sign that cannot be sent, a"
                " line end or an invisible sign, say. Ask the server's administrator to fix it;"
                " it is not shown here."
            )
        held = self._held.get()
        held.token = token
        held.ends = time.monotonic() + max(seconds - _RENEW_BEFORE, seconds / 2)

    def _answer(self, method: str, **request: Any) -> TokenAnswer | RosterError:
        """Send a request for a token; return the answer, or the error to raise.

        What holds the plain secret is in frames that end here, and that no traceback shows.
        """
        request["headers"] |= {"Accept": "application/json", "Accept-Encoding": ENCODING}
        what = f"{method} {self._shown_url}"
        ends = time.monotonic() + slowest(self._timeout)
        try:
            with HttpSession() as session:
                session.cookies = self.cookies
                response = session.request(
                    method,
                    self._token_url,
                    timeout=self._timeout,
                    allow_redirects=False,
                    stream=True,
                    **request,
                )
                body = read_start(response, what, most=_MOST, ends=ends)
        except RosterError as exc:
            return exc.with_traceback(None)
        except requests.exceptions.SSLError:
            return ca_file_error() or CertificateError(
                f"The certificate of {urlsplit(self._token_url).netloc} does not verify, so no"
                " token was asked for. If your district signs its own certificates, point the"
                " environment variable REQUESTS_CA_BUNDLE to its CA file."
            )
        except requests.RequestException as exc:
            return ConnectionFailedError(
                f"No token could be had from {self._shown_url} ({type(exc).__name__}). Check"
                " token_url and the network."
            )
        except (OSError, ValueError) as exc:
            return setup_error(exc)
        words = self.words(body, response.request.headers)
        return TokenAnswer(method, response.status_code, response.headers, body, words)

    def _refuse(self, answer: TokenAnswer, advice: str) -> Never:
        """Raise the error for an answer that holds no token, in the server's own words."""
        busy = answer.status == 429 or answer.status >= 500
        kind = UnavailableError if busy else AuthenticationError
        if busy:
            advice = "The server hands out no token just now. Try again later."
        elif answer.status in (301, 302, 303, 307, 308, 404, 405):
            advice = "Check that token_url is the address at which tokens are handed out."
        code, description = answer.words
        raise kind(
            f"{answer.status} at {answer.method} {self._shown_url} without a token{answer.said}."
            f" {advice}",
            status=answer.status,
            method=answer.method,
            path=self._shown_url,
            code=code,
            description=description,
        )

    def _forms(self) -> set[str]:
        secret = self._client_secret.reveal()
        forms = written_forms(secret) | basic_forms(self._client_id, secret)
        token = self._held.get().token
        return forms if token is None else forms | written_forms(token.reveal())


class ClientCredentialsAuth(FetchedTokenAuth):
    """Get tokens for a client id and secret, and send them (OAuth 2.0, RFC 6749 4.4).

    A token is fetched with the first request, renewed a minute before it ends, and renewed once
    when the server refuses it.

    Parameters
    ----------
    token_url, client_id, client_secret, timeout
        As for :class:`FetchedTokenAuth`.
    scope : str, optional
        What to ask for, several scopes separated by spaces; some servers demand it.
    client_auth : str
        ``"basic"``: id and secret form-encoded in a Basic header (RFC 6749 2.3.1), or ``"body"``.

    Raises
    ------
    ConfigurationError
        If `client_auth` is something else.
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
        super().__init__(token_url, client_id, client_secret, timeout=timeout)
        if client_auth not in _CLIENT_AUTHS:
            raise ConfigurationError(
                f"Unknown client_auth {client_auth!r}. It can be {' or '.join(_CLIENT_AUTHS)}."
            )
        self._scope = scope
        self._client_auth = client_auth

    def _fetch(self) -> None:
        answer = self._post()
        if isinstance(answer, RosterError):
            raise answer
        fields = _fields(answer) if answer.status < 300 else {}
        token = fields.get("access_token")
        if not isinstance(token, str) or not token.strip():
            (other,) = (name for name in _CLIENT_AUTHS if name != self._client_auth)
            self._refuse(
                answer,
                "The server hands out no token: check the client id, the secret and the scope,"
                f" and whether it wants client_auth={other!r}.",
            )
        self._keep(Secret(token), _seconds(fields.get("expires_in")))

    def _post(self) -> TokenAnswer | RosterError:
        """Ask for a token; return the answer, or the error to raise."""
        client = BackendApplicationClient(self._client_id)
        secret = self._client_secret.reveal()
        form: dict[str, str] = {"scope": self._scope} if self._scope else {}
        auth: AuthBase = _NoHeader()
        if self._client_auth == "basic":
            auth = HTTPBasicAuth(quote_plus(self._client_id), quote_plus(secret))
        else:
            form["client_secret"] = secret
        in_body = self._client_auth == "body"
        return self._answer(
            "POST",
            data=client.prepare_request_body(include_client_id=in_body, **form),
            auth=auth,
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )


class _NoHeader(AuthBase):
    """Add nothing; without an ``auth`` the HTTP library would look into ``~/.netrc``."""

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Return the request as it is."""
        return request


def _fields(answer: TokenAnswer) -> Mapping[str, Any]:
    """Return what an answer says of a token: JSON (RFC 6749 5.1), or a form as old servers send."""
    try:
        fields = json.loads(answer.body, parse_constant=_no_number)
    except (ValueError, RecursionError):
        kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().casefold()
        old = kind in ("application/x-www-form-urlencoded", "text/plain")
        return dict(parse_qsl(answer.body.decode(errors="replace"))) if old else {}
    return fields if isinstance(fields, dict) else {}


def _no_number(name: str) -> Never:
    raise ValueError(f"{name} is no number of JSON")


def _seconds(value: object) -> float:
    """Return how long a token holds, which some servers write as text."""
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        try:
            seconds = float(value)
        except (ValueError, OverflowError):
            return _LIFETIME
        if math.isfinite(seconds) and seconds > 0:
            return seconds
    return _LIFETIME
