"""OAuth 2.0 for the server: the client credentials grant and its tokens."""

import base64
import binascii
import hmac
import json
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final
from urllib.parse import parse_qsl, unquote_plus

from oneroster_nb.demo.server.answers import Answer, RefusalError, Request

_FORM: Final = "application/x-www-form-urlencoded"
_ONLY_POST: Final = {"Allow": "POST"}
_REALM: Final = 'realm="demo district"'


class Tokens:
    """Bearer tokens, with their scopes and lifetimes.

    Parameters
    ----------
    seconds : int
        The lifetime of a token.
    clock : callable
        Returns the time in seconds.
    """

    def __init__(self, seconds: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self._clock = clock
        self._issued: dict[str, tuple[frozenset[str], float]] = {}
        self._lock = threading.Lock()

    def issue(self, scopes: Sequence[str]) -> str:
        """Issue a token, and remove expired ones."""
        token = secrets.token_urlsafe(32)
        now = self._clock()
        with self._lock:
            live = {key: held for key, held in self._issued.items() if now < held[1]}
            self._issued = {**live, token: (frozenset(scopes), now + self.seconds)}
        return token

    def expire(self) -> None:
        """End all tokens at once."""
        with self._lock:
            self._issued = {}

    def check(self, request: Request, scopes: Sequence[str]) -> None:
        """Check that a request has a token for any of some scopes.

        Raises
        ------
        RefusalError
            401 if the token is missing, unknown or expired, 403 if it is for other scopes.
        """
        kind, _, token = (request.header("Authorization") or "").partition(" ")
        if kind.casefold() != "bearer":
            challenge = {"WWW-Authenticate": f"Bearer {_REALM}"}
            raise RefusalError(401, "unauthorisedrequest", "A bearer token is required.", challenge)
        held, deadline = self._issued.get(token.strip(), (frozenset(), 0.0))
        if not held or self._clock() >= deadline:
            challenge = {"WWW-Authenticate": f'Bearer {_REALM}, error="invalid_token"'}
            raise RefusalError(
                401, "unauthorisedrequest", "The token is unknown or has expired.", challenge
            )
        if held.isdisjoint(scopes):
            needed = f'error="insufficient_scope", scope="{" ".join(scopes)}"'
            raise RefusalError(
                403,
                "forbidden",
                "The scopes of the token do not allow this.",
                {"WWW-Authenticate": f"Bearer {_REALM}, {needed}"},
            )


class TokenEndpoint:
    """Issues tokens to one client (RFC 6749, section 4.4).

    Parameters
    ----------
    tokens : Tokens
        The tokens.
    client_id, client_secret : str
        The client's credentials, by Basic (each form-encoded) or in the body.
    scopes : sequence of str
        All scopes; a request that names none gets all.
    """

    prefix: str = "/oauth/token"
    reads: bool = True

    def __init__(
        self, tokens: Tokens, client_id: str, client_secret: str, scopes: Sequence[str]
    ) -> None:
        self._tokens = tokens
        self._id = client_id.encode()
        self._secret = client_secret.encode()
        self._scopes = tuple(scopes)

    def answer(self, request: Request) -> Answer:
        """Issue a token.

        Raises
        ------
        RefusalError
            401 ``invalid_client``, or 400 with another error code of RFC 6749, section 5.2; 404,
            405 and 413 if the address is another one, it is not a POST, or the body is too long.
        """
        if request.path != self.prefix:
            raise RefusalError(404, "invalid_request", "There is nothing at this address.")
        if request.method != "POST":
            raise RefusalError(405, "invalid_request", "Request tokens with POST.", _ONLY_POST)
        form = _form(request)
        self._authenticate(request, form)
        grant = form.get("grant_type")
        if grant is None:
            raise RefusalError(400, "invalid_request", "There is no grant_type.")
        if grant != "client_credentials":
            raise RefusalError(
                400, "unsupported_grant_type", "The grant_type must be client_credentials."
            )
        scopes = form.get("scope", "").split() or self._scopes
        if not set(scopes) <= set(self._scopes):
            raise RefusalError(400, "invalid_scope", "A scope is unknown.")
        body = {
            "access_token": self._tokens.issue(scopes),
            "token_type": "bearer",
            "expires_in": self._tokens.seconds,
            "scope": " ".join(scopes),
        }
        return Answer(200, json.dumps(body).encode(), {"Cache-Control": "no-store"})

    def refuse(self, refusal: RefusalError) -> Answer:
        """Write the error body of RFC 6749, section 5.2."""
        body = {"error": refusal.code, "error_description": refusal.description}
        headers = {"Cache-Control": "no-store", **refusal.headers}
        return Answer(refusal.status, json.dumps(body).encode(), headers)

    def _authenticate(self, request: Request, form: dict[str, str]) -> None:
        """Check the client's credentials, which must be in one place only."""
        header = request.header("Authorization")
        shown: tuple[str, str] | None
        if header is None:
            shown = form.get("client_id", ""), form.get("client_secret", "")
        elif "client_secret" in form:
            raise RefusalError(
                400, "invalid_request", "Send the credentials in one way, not in two."
            )
        else:
            shown = basic_credentials(header)
            if shown and form.get("client_id", shown[0]) != shown[0]:
                shown = None
        known = shown is not None and all(
            [
                hmac.compare_digest(shown[0].encode(), self._id),
                hmac.compare_digest(shown[1].encode(), self._secret),
            ]
        )
        if not known:
            raise RefusalError(
                401,
                "invalid_client",
                "No client has this id and secret.",
                {"WWW-Authenticate": f"Basic {_REALM}"},
            )


def _form(request: Request) -> dict[str, str]:
    """Read a form; ignore fields without a value, refuse repeated fields."""
    if request.body is None:
        raise RefusalError(413, "invalid_request", "The body has no length, or is too long.")
    kind = (request.header("Content-Type") or "").partition(";")[0].strip().casefold()
    if kind != _FORM:
        raise RefusalError(400, "invalid_request", f"The body must be {_FORM}.")
    try:
        pairs = parse_qsl(request.body.decode(), errors="strict")
    except ValueError as error:
        raise RefusalError(400, "invalid_request", "The body is not a form in UTF-8.") from error
    if any(count > 1 for count in Counter(name for name, _ in pairs).values()):
        raise RefusalError(400, "invalid_request", "A parameter comes more than once.")
    return dict(pairs)


def basic_credentials(header: str) -> tuple[str, str] | None:
    """Return the user and password of Basic, both form-decoded."""
    kind, _, encoded = header.partition(" ")
    if kind.casefold() != "basic":
        return None
    try:
        user, colon, password = (
            base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
        )
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (unquote_plus(user), unquote_plus(password)) if colon else None
