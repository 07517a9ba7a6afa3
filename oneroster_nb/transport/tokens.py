"""Tokens that a server issues for an id and a secret (OAuth 2.0)."""

import json
import math
import time
from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Never
from urllib.parse import parse_qsl, quote_plus, urlsplit

import requests
from oauthlib.oauth2 import BackendApplicationClient
from requests import PreparedRequest
from requests.auth import HTTPBasicAuth

from oneroster_nb.errors import (
    AuthenticationError,
    ConfigurationError,
    ConnectionFailedError,
    RosterError,
    UnavailableError,
)
from oneroster_nb.secret import Secret
from oneroster_nb.transport.address import shown_url
from oneroster_nb.transport.auth import Auth
from oneroster_nb.transport.body import ENCODING, read_start, slowest
from oneroster_nb.transport.http import HttpSession, certificate_error, setup_error
from oneroster_nb.transport.per_process import PerProcess
from oneroster_nb.transport.redaction import basic_forms, written_forms

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
    """The answer to a request for a token."""

    method: str
    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    words: tuple[str, str]
    """The server's code and description, without secrets."""

    @property
    def reason(self) -> str:
        """The server's words in brackets, for a message; "" if there are none."""
        words = ": ".join(filter(None, self.words))
        return f" ({words})" if words else ""


@dataclass(eq=False, repr=False)
class FetchedTokenAuth(Auth):
    """Get a token with the first request, and a new one if it expires or is refused."""

    token_url: str
    """The address that issues tokens; used unchanged."""
    client_id: str
    client_secret: Secret
    timeout: tuple[float, float] = field(kw_only=True)
    """Seconds to wait for a connection, and for the next bytes."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._shown_url = shown_url(self.token_url)
        self._held = PerProcess(_Held)

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Add the Authorization header to a request; if there is no token, get one first."""
        held = self._held.get()
        with held.lock:
            if held.token is None or time.monotonic() > held.ends:
                self._fetch()
            token = held.token
        # The answer with the token may have set cookies after this request was prepared.
        request.headers.pop("Cookie", None)
        request.prepare_cookies(self.cookies)
        if token is not None:
            request.headers["Authorization"] = f"Bearer {token.reveal()}"
        return request

    def renew(self, refused: PreparedRequest) -> bool:
        """Discard the refused token, unless another request has renewed it already."""
        header = refused.headers.get("Authorization")
        held = self._held.get()
        with held.lock:
            if held.token is not None and header == f"Bearer {held.token.reveal()}":
                held.token = None
        return True

    @abstractmethod
    def _ask(self) -> TokenAnswer | RosterError:
        """Ask for a token; return the answer, or the error to raise."""

    @abstractmethod
    def _token(self, answer: TokenAnswer) -> tuple[Secret, float]:
        """Return the token in an answer, and the seconds for which it is valid."""

    def _fetch(self) -> None:
        """Get a token and its lifetime, and keep them."""
        answer = self._ask()
        if isinstance(answer, RosterError):
            raise answer
        token, seconds = self._token(answer)
        if not token.sendable:
            raise ConfigurationError(
                f"The token from {self._shown_url} holds a character that cannot be sent, such as"
                " a line end or an invisible character. Ask the server's administrator to fix it."
                " The token is not shown here."
            )
        held = self._held.get()
        held.token = token
        held.ends = time.monotonic() + max(seconds - _RENEW_BEFORE, seconds / 2)

    def _answer(self, method: str, **request: Any) -> TokenAnswer | RosterError:
        """Send a request for a token; return the answer, or the error to raise.

        The frames that hold the plain secret end here, so that no traceback shows them.
        """
        request["headers"] |= {"Accept": "application/json", "Accept-Encoding": ENCODING}
        what = f"{method} {self._shown_url}"
        ends = time.monotonic() + slowest(self.timeout)
        try:
            with HttpSession() as session:
                session.cookies = self.cookies
                response = session.request(
                    method,
                    self.token_url,
                    timeout=self.timeout,
                    allow_redirects=False,
                    stream=True,
                    **request,
                )
                body = read_start(response, what, most=_MOST, ends=ends)
        except RosterError as exc:
            return exc.with_traceback(None)
        except requests.exceptions.SSLError:
            return certificate_error(urlsplit(self.token_url).netloc, "no token was requested.")
        except requests.RequestException as exc:
            return ConnectionFailedError(
                f"There was no answer from {self._shown_url} ({type(exc).__name__}), so there is"
                " no token. Check token_url and the network."
            )
        except (OSError, ValueError) as exc:
            return setup_error(exc)
        words = self.words(body, response.request.headers)
        return TokenAnswer(method, response.status_code, response.headers, body, words)

    def _refuse(self, answer: TokenAnswer, advice: str) -> Never:
        """Raise the error for an answer without a token, with the server's own words."""
        busy = answer.status == 429 or answer.status >= 500
        kind = UnavailableError if busy else AuthenticationError
        if busy:
            advice = "The server issues no tokens at the moment. Try again later."
        elif answer.status in (301, 302, 303, 307, 308, 404, 405):
            advice = "Check that token_url is the address that issues tokens."
        code, description = answer.words
        raise kind(
            f"{answer.status} at {answer.method} {self._shown_url} without a token{answer.reason}."
            f" {advice}",
            status=answer.status,
            method=answer.method,
            path=self._shown_url,
            code=code,
            description=description,
        )

    def _forms(self) -> set[str]:
        secret = self.client_secret.reveal()
        forms = written_forms(secret) | basic_forms(self.client_id, secret)
        token = self._held.get().token
        return forms if token is None else forms | written_forms(token.reveal())


@dataclass(eq=False, repr=False)
class ClientCredentialsAuth(FetchedTokenAuth):
    """Get tokens for a client id and secret, and send them (OAuth 2.0, RFC 6749 4.4).

    The first request gets a token. It is renewed a minute before it expires, and once if the server
    refuses it.
    """

    scope: str | None = field(kw_only=True)
    """The scopes to request, separated by spaces; some servers require it."""
    client_auth: str = field(kw_only=True)
    """``"basic"``: id and secret form-encoded in a Basic header (RFC 6749 2.3.1), or ``"body"``."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.client_auth not in _CLIENT_AUTHS:
            raise ConfigurationError(
                f"Unknown client_auth {self.client_auth!r}. It can be {' or '.join(_CLIENT_AUTHS)}."
            )

    def _ask(self) -> TokenAnswer | RosterError:
        client = BackendApplicationClient(self.client_id)
        secret = self.client_secret.reveal()
        form: dict[str, str] = {"scope": self.scope} if self.scope else {}
        in_body = self.client_auth == "body"
        # Without an ``auth``, the HTTP library would read ``~/.netrc``.
        auth: Callable[[PreparedRequest], PreparedRequest] = _unchanged
        if in_body:
            form["client_secret"] = secret
        else:
            auth = HTTPBasicAuth(quote_plus(self.client_id), quote_plus(secret))
        return self._answer(
            "POST",
            data=client.prepare_request_body(include_client_id=in_body, **form),
            auth=auth,
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )

    def _token(self, answer: TokenAnswer) -> tuple[Secret, float]:
        fields = _fields(answer) if answer.status < 300 else {}
        token = fields.get("access_token")
        if not isinstance(token, str) or not token.strip():
            (other,) = (name for name in _CLIENT_AUTHS if name != self.client_auth)
            self._refuse(
                answer,
                "The server issued no token. Check the client id, the secret and the scope, and"
                f" whether the server needs client_auth={other!r}.",
            )
        return Secret(token), _seconds(fields.get("expires_in"))


def _unchanged(request: PreparedRequest) -> PreparedRequest:
    return request


def _fields(answer: TokenAnswer) -> Mapping[str, Any]:
    """Return the fields of an answer: JSON (RFC 6749 5.1), or a form from old servers."""
    try:
        fields = json.loads(answer.body, parse_constant=_no_number)
    except (ValueError, RecursionError):
        kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().casefold()
        old = kind in ("application/x-www-form-urlencoded", "text/plain")
        return dict(parse_qsl(answer.body.decode(errors="replace"))) if old else {}
    return fields if isinstance(fields, dict) else {}


def _no_number(name: str) -> Never:
    raise ValueError(f"{name} is not a number of JSON")


def _seconds(value: object) -> float:
    """Return the lifetime of a token; some servers write it as text."""
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        try:
            seconds = float(value)
        except (ValueError, OverflowError):
            return _LIFETIME
        if math.isfinite(seconds) and seconds > 0:
            return seconds
    return _LIFETIME
