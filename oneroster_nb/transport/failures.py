"""Errors for answers with an error status, and for requests without an answer."""

from collections.abc import Mapping

import requests

from oneroster_nb.errors import (
    AnswerError,
    AuthenticationError,
    ConnectionFailedError,
    ForbiddenError,
    NoAnswerError,
    NotFoundError,
    RosterError,
    ServerError,
    UnavailableError,
)
from oneroster_nb.transport.http import certificate_error

SIZE_REFUSED = frozenset({400, 413, 422})
"""Statuses of servers that refuse a page with too many rows."""
_ERRORS: Mapping[int, tuple[type[ServerError], str]] = {
    401: (
        AuthenticationError,
        "The server rejected the credentials. Check the client id and the secret (or the"
        " token), and that this machine's clock is right.",
    ),
    403: (
        ForbiddenError,
        "The account has no permission to see this. Ask the roster's administrator to share"
        " it with this application.",
    ),
    404: (
        NotFoundError,
        "There is nothing at this address. Check the host, down to .../ims/oneroster/v1p1/.",
    ),
    413: (
        ServerError,
        "The server refuses pages of this size. Pass a smaller page_size.",
    ),
    429: (UnavailableError, "The server asks for fewer requests. Try again later."),
}


def refusal(
    status: int, path: str, reason: tuple[str, str], advice: str | None, hint: str
) -> ServerError:
    """Return the error for an answer with an error status.

    `reason` is the server's code and its words, `advice` what to do if this provider has its own
    advice for the status, and `hint` another thing to try.
    """
    kind, usual = _ERRORS.get(status, (ServerError, "The server rejected the request."))
    if status >= 500:
        kind, usual = UnavailableError, "The server failed. Try again later."
    elif status in SIZE_REFUSED and status not in _ERRORS:
        usual += " If it refuses so many rows in one request, pass a smaller page_size."
    words = ": ".join(word for word in reason if word)
    return kind(
        f"{status} at GET {path}{f' ({words})' if words else ''}. {advice or usual}{hint}",
        status=status,
        path=path,
        code=reason[0],
        description=reason[1],
    )


def failure(
    exc: requests.RequestException,
    host: str,
    path: str,
    timeout: tuple[float, float],
    *,
    reached: bool,
) -> tuple[RosterError, bool]:
    """Return our error for an error of the library, and whether a retry may help.

    The error does not hold the query of an address. `reached` is True if the server has answered
    before.
    """
    if isinstance(exc, requests.exceptions.SSLError):
        return certificate_error(host, f"nothing was sent to it.{_verification(exc)}"), False
    if isinstance(exc, requests.Timeout):
        connecting = isinstance(exc, requests.ConnectTimeout)
        return NoAnswerError(
            f"{host} did not answer GET {path} within {timeout[0 if connecting else 1]:g} seconds."
            " Check the host and the network. If the server is slow, pass a smaller page_size or a"
            " longer timeout."
        ), reached or not connecting
    if isinstance(exc, requests.ConnectionError | requests.exceptions.ChunkedEncodingError):
        # If a server was never reached, its name is probably wrong.
        return ConnectionFailedError(
            f"The connection to {host} failed at GET {path}: {_cause(exc)}. Check the host,"
            " the network and the proxy settings."
        ), reached or _broke_off(exc)
    name = type(exc).__name__
    return AnswerError(f"The answer of {host} to GET {path} cannot be read ({name})."), False


def _broke_off(exc: Exception) -> bool:
    """Return True if an established connection broke."""
    signs = ("IncompleteRead", "Connection aborted", "reset by peer", "without response")
    return any(sign in str(exc) for sign in signs)


def _verification(exc: Exception) -> str:
    """Return the reason of a failed verification, from the libraries' texts."""
    found = str(exc).partition("certificate verify failed: ")[2].partition(" (_ssl")[0]
    return f" ({found})." if found else ""


def _cause(exc: Exception) -> str:
    """Return why a connection failed, without the query of an address."""
    text = str(exc)
    known = {
        "NameResolution": "there is no host of that name",
        "Name or service not known": "there is no host of that name",
        "Connection refused": "the connection was refused",
        "reset by peer": "the server closed the connection",
        "without response": "the server closed the connection",
        "IncompleteRead": "the answer was cut off",
        "ProxyError": "the proxy refused the connection",
        "unreachable": "the network cannot reach it",
    }
    return next((words for sign, words in known.items() if sign in text), type(exc).__name__)
