"""All errors and warnings of this package.

Each error is a :class:`RosterError`, and most are also a builtin error, so that callers can catch
that one. Each warning is a :class:`RosterWarning`.

Messages say what was wrong, with what value, and what to do. They hold no secret, no header, no
body and no value of a filter, because such values are often people.
"""

import inspect
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path


class RosterError(Exception):
    """The base class of all errors of this package."""


class QueryError(RosterError, ValueError):
    """The question is not valid: an unknown filter or field, an empty name, a bad number.

    Raised before any request is sent, except for match fields: they are compared with the fields
    that the source has.
    """


class ConfigurationError(RosterError, ValueError):
    """A host, a provider, a profile or an option of a connector is wrong."""


class CredentialsError(ConfigurationError):
    """A client id, a secret or a token is missing; the message names the places looked at."""


class ConnectionFailedError(RosterError, ConnectionError):
    """The server was not reached: no such host, no server on that port, or the connection broke."""


class CertificateError(ConnectionFailedError):
    """The server's certificate does not verify, so nothing was sent to it."""


class NoAnswerError(ConnectionFailedError, TimeoutError):
    """The server did not answer within the timeout, even after retries."""


class ServerError(RosterError):
    """The server answered with an error status.

    Attributes
    ----------
    status : int
        The HTTP status.
    method, path : str
        The request, without the query string.
    code, description : str
        The server's own words; empty if it sent none.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int,
        method: str = "GET",
        path: str = "",
        code: str = "",
        description: str = "",
    ) -> None:
        super().__init__(message)
        self.status = status
        self.method = method
        self.path = path
        self.code = code
        self.description = description


class AuthenticationError(ServerError, PermissionError):
    """401: the server rejected the client id, the secret or the token, or issued no token."""


class ForbiddenError(ServerError, PermissionError):
    """403: the account is known, but has no permission."""


class NotFoundError(ServerError, LookupError):
    """404: the server has no such address or object."""


class UnavailableError(ServerError):
    """429 and 5xx, after retries for ``retry_seconds``."""


class AnswerError(RosterError, ValueError):
    """The server answered 200, but not with a roster: HTML, truncated JSON, no list."""


class IncompleteError(RosterError):
    """A pull may be incomplete; none of it is returned."""


class NotProvidedError(RosterError, LookupError):
    """The source does not have this data, or no way to ask for it."""


class SnapshotError(RosterError, ValueError):
    """A saved roster is damaged, foreign, from a newer version, or cannot be written."""


class BundleError(RosterError, ValueError):
    """A CSV bundle is damaged, incomplete or too large, or cannot be written."""


class CancelledError(RosterError):
    """The caller cancelled a pull; the connection can be used again."""


class RosterWarning(UserWarning):
    """The base class of all warnings of this package."""


class NoMatchWarning(RosterWarning):
    """A name matches no group, no term is running, or two rosters have no people in common."""


class NotSharedWarning(RosterWarning):
    """The provider returns no data: it may not be shared with this application."""


class DanglingReferenceWarning(RosterWarning):
    """References point to rows that are not in the roster; rows with such references are kept."""


class DuplicateKeyWarning(RosterWarning):
    """The source lists a sourcedId more than once; the first row is kept."""


class SeveralRecordsWarning(RosterWarning):
    """A person has several records, each with its own sourcedId, one for each school."""


class UnreadableValueWarning(RosterWarning):
    """Values could not be read as a date, time, number or boolean, and are missing."""


class UnknownRoleWarning(RosterWarning):
    """The role of some people is not one of OneRoster's, so an answer by role leaves them out."""


class PartialResultWarning(RosterWarning):
    """A part of the answer is not available; the message names it. The rest is complete."""


_collecting: ContextVar[list[str] | None] = ContextVar("_collecting", default=None)
_muted: ContextVar[frozenset[type[RosterWarning]]] = ContextVar("_muted", default=frozenset())


@contextmanager
def collected_warnings() -> Iterator[list[str]]:
    """Collect the messages of our warnings in this context instead of showing them.

    Unlike :func:`warnings.catch_warnings`, this affects the current thread only.
    """
    messages: list[str] = []
    token = _collecting.set(messages)
    try:
        yield messages
    finally:
        _collecting.reset(token)


@contextmanager
def muted(*categories: type[RosterWarning]) -> Iterator[None]:
    """Suppress some of our warnings in this context, because the caller has a better message."""
    token = _muted.set(_muted.get() | frozenset(categories))
    try:
        yield
    finally:
        _muted.reset(token)


def warn(message: str, category: type[RosterWarning]) -> None:
    """Warn, and show the line of the user's code that called this package."""
    if issubclass(category, tuple(_muted.get())):
        return
    messages = _collecting.get()
    if messages is not None:
        messages.append(message)
        return
    inside = str(Path(__file__).parent)
    frame, level = inspect.currentframe(), 1
    while frame is not None and frame.f_code.co_filename.startswith(inside):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level - (frame is None))
