"""What is said of an answer that is an error, and of one that did not come."""

from collections.abc import Mapping
from types import MappingProxyType

import requests

from oneroster_nb.errors import (
    AnswerError,
    AuthenticationError,
    CertificateError,
    ConnectionFailedError,
    ForbiddenError,
    NoAnswerError,
    NotFoundError,
    RosterError,
    ServerError,
    UnavailableError,
)
from oneroster_nb.transport.http import ca_file_error

__all__ = ["SIZE_REFUSED", "failure", "may_pass", "refusal"]

SIZE_REFUSED = frozenset({400, 413, 422})
"""The statuses with which servers refuse a page of too many rows."""
_ERRORS: Mapping[int, tuple[type[ServerError], str]] = MappingProxyType(
    {
        401: (
            AuthenticationError,
            "The server does not accept who asks. Check the client id and the secret (or the"
            " token), and that this machine's clock is right.",
        ),
        403: (
            ForbiddenError,
            "The account is known and may not see this. Ask the roster's administrator to share"
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
)


def refusal(
    status: int, path: str, reason: tuple[str, str], advice: str | None, hint: str
) -> ServerError:
    """Return the error for an answer with an error status.

    Parameters
    ----------
    status : int
        The status.
    path : str
        What was asked.
    reason : tuple of str
        The server's code and its words.
    advice : str, optional
        What to do about it, if this provider has something of its own to say.
    hint : str
        What to try besides.
    """
    kind, usual = _ERRORS.get(status, (ServerError, "The server does not accept the request."))
    if status >= 500:
        kind, usual = UnavailableError, "The server failed. Try again later."
    elif status in SIZE_REFUSED and status not in _ERRORS:
        usual += " If it refuses so many rows at once, pass a smaller page_size."
    words = ": ".join(word for word in reason if word)
    return kind(
        f"{status} at GET {path}{f' ({words})' if words else ''}. {advice or usual}{hint}",
        status=status,
        path=path,
        code=reason[0],
        description=reason[1],
    )


def failure(
    exc: requests.RequestException, host: str, path: str, timeout: tuple[float, float]
) -> RosterError:
    """Return our error for one of the library; it holds no address with a query."""
    if isinstance(exc, requests.exceptions.SSLError):
        return ca_file_error() or CertificateError(
            f"The certificate of {host} does not verify, so nothing was sent to it."
            f"{_verification(exc)} If your district signs its own certificates, point the"
            " environment variable REQUESTS_CA_BUNDLE to its CA file."
        )
    if isinstance(exc, requests.Timeout):
        seconds = timeout[0 if isinstance(exc, requests.ConnectTimeout) else 1]
        return NoAnswerError(
            f"{host} did not answer GET {path} within {seconds:g} seconds. Check the host and"
            " the network; a smaller page_size or a longer timeout helps with a slow server."
        )
    if isinstance(exc, requests.ConnectionError | requests.exceptions.ChunkedEncodingError):
        return ConnectionFailedError(
            f"The connection to {host} failed at GET {path}: {_cause(exc)}. Check the host,"
            " the network and the proxy settings."
        )
    return AnswerError(f"The answer of {host} to GET {path} cannot be read ({type(exc).__name__}).")


def may_pass(exc: requests.RequestException, *, reached: bool) -> bool:
    """Return True if asking again may help; `reached` tells whether the server ever answered."""
    if isinstance(exc, requests.exceptions.SSLError):
        return False
    if isinstance(exc, requests.Timeout):
        return reached or not isinstance(exc, requests.ConnectTimeout)
    if isinstance(exc, requests.ConnectionError | requests.exceptions.ChunkedEncodingError):
        # A server that was never reached is more likely misspelt than restarting.
        return reached or _broke_off(exc)
    return False


def _broke_off(exc: Exception) -> bool:
    """Return True if a connection was there and broke, rather than never came about."""
    signs = ("IncompleteRead", "Connection aborted", "reset by peer", "without response")
    return any(sign in str(exc) for sign in signs)


def _verification(exc: Exception) -> str:
    """Find the words of a failed verification among the texts of the libraries."""
    found = str(exc).partition("certificate verify failed: ")[2].partition(" (_ssl")[0]
    return f" ({found})." if found else ""


def _cause(exc: Exception) -> str:
    """Return why a connection failed, in words that hold no address with a query."""
    text = str(exc)
    known = {
        "NameResolution": "there is no host of that name",
        "Name or service not known": "there is no host of that name",
        "Connection refused": "nothing is listening there",
        "reset by peer": "the server closed the connection",
        "without response": "the server closed the connection",
        "IncompleteRead": "the answer ended too soon",
        "ProxyError": "the proxy does not let it through",
        "unreachable": "the network does not lead there",
    }
    return next((words for sign, words in known.items() if sign in text), type(exc).__name__)
