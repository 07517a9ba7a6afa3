"""Authentication of requests, and hiding its secrets from logs and messages."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from requests import PreparedRequest
from requests.auth import AuthBase
from requests.cookies import RequestsCookieJar
from requests_oauthlib import OAuth1

from oneroster_nb.errors import ConfigurationError
from oneroster_nb.secret import Secret
from oneroster_nb.transport.per_process import PerProcess
from oneroster_nb.transport.reasons import error_text
from oneroster_nb.transport.redaction import redacted, sent_forms, written_forms

_LOGGERS_OF_HEADERS = (
    "oauthlib.oauth1.rfc5849",
    "oauthlib.oauth1.rfc5849.parameters",
    "oauthlib.oauth1.rfc5849.signature",
    "requests_oauthlib.oauth1_auth",
)
_LOGGERS_OF_ADDRESSES = ("urllib3.connectionpool", "urllib3.util.retry")
_SIGNATURE_METHODS = ("HMAC-SHA256", "HMAC-SHA1")
_NOTHING: Mapping[str, str] = {}


def _above_debug(record: logging.LogRecord) -> bool:
    return record.levelno > logging.DEBUG


def _without_queries(record: logging.LogRecord) -> bool:
    """Remove queries from the addresses in a log record: they can hold people and secrets."""
    if isinstance(record.args, tuple):
        record.args = tuple(
            part.partition("?")[0] if isinstance(part, str) else part for part in record.args
        )
    return True


class _Cookies(RequestsCookieJar):
    """Cookies that no repr shows: some work like a token."""

    def __repr__(self) -> str:
        return f"<{len(self)} cookies>"


@dataclass(eq=False, repr=False)
class Auth(AuthBase):
    """Signs requests."""

    def __post_init__(self) -> None:
        self._cookies: PerProcess[RequestsCookieJar] = PerProcess(_Cookies)
        for name in _LOGGERS_OF_HEADERS:
            # At DEBUG these loggers write headers, and queries with people in them. A filter works
            # at any level, and the same filter is added only once.
            logging.getLogger(name).addFilter(_above_debug)
        for name in _LOGGERS_OF_ADDRESSES:
            logging.getLogger(name).addFilter(_without_queries)

    @property
    def cookies(self) -> RequestsCookieJar:
        """Cookies that servers set; a token server may expect its own with roster requests."""
        return self._cookies.get()

    def renew(self, refused: PreparedRequest) -> bool:  # noqa: ARG002 - subclasses look at it
        """Discard the credentials that got a 401; return False if there are no others."""
        return False

    def hide(self, text: str, sent: Mapping[str, str | bytes] = _NOTHING) -> str:
        """Replace the secrets in a server's words with ``<secret>``, in any encoding.

        The secrets in the headers that were sent are hidden too.
        """
        return redacted(text, self._forms() | sent_forms(sent))

    def words(self, content: bytes, sent: Mapping[str, str | bytes]) -> tuple[str, str]:
        """Return the code and the description in an error body, without secrets."""
        code, description = error_text(content)
        return self.hide(code, sent)[:100], self.hide(description, sent)[:300]

    def advice(self, words: str) -> str:  # noqa: ARG002 - subclasses look at it
        """Return advice about a refusal in these words; "" if there is none."""
        return ""

    def _forms(self) -> set[str]:
        """Return the secrets in use, in every encoding that a server may send."""
        return set()


@dataclass(eq=False, repr=False)
class OAuth1Auth(Auth):
    """Sign each request with OAuth 1.0a: a consumer key and secret, no token (RFC 5849).

    Each request gets a new signing object, so that no object keeps the plain secret.
    """

    client_id: str
    client_secret: Secret
    signature_method: str = "HMAC-SHA256"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.signature_method not in _SIGNATURE_METHODS:
            raise ConfigurationError(
                f"Unknown signature_method {self.signature_method!r}."
                f" It can be {' or '.join(_SIGNATURE_METHODS)}."
            )

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Add the Authorization header to a request."""
        sign: Any = OAuth1(
            self.client_id,
            client_secret=self.client_secret.reveal(),
            signature_method=self.signature_method,
        )
        signed: PreparedRequest = sign(request)
        return signed

    def advice(self, words: str) -> str:
        """Suggest the other method if the server does not verify the signature."""
        if "signature" not in words.casefold():
            return ""
        (other,) = (name for name in _SIGNATURE_METHODS if name != self.signature_method)
        return f' If they are right, try signature_method="{other}".'

    def _forms(self) -> set[str]:
        return written_forms(self.client_secret.reveal())


@dataclass(eq=False, repr=False)
class BearerAuth(Auth):
    """Send a fixed token (RFC 6750)."""

    token: Secret

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Add the Authorization header to a request."""
        request.headers["Authorization"] = f"Bearer {self.token.reveal()}"
        return request

    def _forms(self) -> set[str]:
        return written_forms(self.token.reveal())
