"""OAuth 1.0a for the server: which requests are signed by the client, and new."""

import hmac
import secrets
import threading
import time
from collections.abc import Sequence
from typing import Final

from oauthlib.oauth1 import (
    SIGNATURE_HMAC_SHA1,
    SIGNATURE_HMAC_SHA256,
    RequestValidator,
    SignatureOnlyEndpoint,
)

from oneroster_nb.demo.server.answers import RefusalError, Request

_LIFETIME: Final = 300
_LONGEST_NONCE: Final = 128


class OAuthVerifier:
    """Verifies the signatures of one client's requests; refuses repeated requests.

    Parameters
    ----------
    client_id, client_secret : str
        The consumer's key and secret.
    """

    def __init__(self, client_id: str, client_secret: str) -> None:
        self._endpoint = SignatureOnlyEndpoint(_Client(client_id, client_secret))
        self._spent: dict[tuple[str, str], int] = {}
        self._tidy_at = 1000
        self._lock = threading.Lock()

    def check(self, request: Request, _scopes: Sequence[str]) -> None:
        """Check that a GET request has a valid signature that was not used before.

        Raises
        ------
        RefusalError
            401 if it has none.
        """
        if not self._accepts(request):
            raise RefusalError(
                401,
                "unauthorisedrequest",
                "The OAuth signature is not accepted.",
                {"WWW-Authenticate": "OAuth"},
            )

    def _accepts(self, request: Request) -> bool:
        try:
            valid, signed = self._endpoint.validate_request(
                request.uri, "GET", headers=dict(request.headers)
            )
        except ValueError:  # an Authorization header or a query that cannot be parsed
            return False
        return bool(valid) and self._spend(signed.timestamp, signed.nonce)

    def _spend(self, timestamp: str, nonce: str) -> bool:
        """Remember a nonce while its timestamp is valid; return True if it was new."""
        with self._lock:
            if (timestamp, nonce) in self._spent:
                return False
            self._spent[timestamp, nonce] = int(timestamp)
            if len(self._spent) > self._tidy_at:
                oldest = time.time() - _LIFETIME
                self._spent = {key: when for key, when in self._spent.items() if when >= oldest}
                self._tidy_at = max(1000, 2 * len(self._spent))
            return True


class _Client(RequestValidator):  # type: ignore[misc]  # oauthlib has no types
    """Answers oauthlib's questions about the one client.

    oauthlib asks about nonces before it verifies the signature. They are not stored then, or
    anyone could fill the memory: :class:`OAuthVerifier` stores the nonce of a valid request.
    """

    def __init__(self, client_id: str, client_secret: str) -> None:
        super().__init__()
        self._id = client_id
        self._secret = client_secret
        self._dummy = secrets.token_urlsafe()

    @property
    def allowed_signature_methods(self) -> tuple[str, ...]:
        return (SIGNATURE_HMAC_SHA256, SIGNATURE_HMAC_SHA1)

    @property
    def enforce_ssl(self) -> bool:
        return False

    @property
    def timestamp_lifetime(self) -> int:
        return _LIFETIME

    @property
    def dummy_client(self) -> str:
        return self._dummy

    def check_client_key(self, client_key: str) -> bool:
        return bool(client_key)

    def check_nonce(self, nonce: str) -> bool:
        return 0 < len(nonce) <= _LONGEST_NONCE

    def validate_timestamp_and_nonce(self, *_args: object, **_kwargs: object) -> bool:
        return True

    def validate_client_key(self, client_key: str, _request: object) -> bool:
        return hmac.compare_digest(client_key.encode(), self._id.encode())

    def get_client_secret(self, client_key: str, _request: object) -> str:
        known = hmac.compare_digest(client_key.encode(), self._id.encode())
        return self._secret if known else self._dummy

    def get_access_token_secret(self, *_args: object) -> str:
        return self._dummy  # there are no tokens, so none is valid
