"""Everything that this package raises or warns about.

Each error is also the builtin that a caller would catch for it (in brackets)::

    RosterError
    ├── QueryError [ValueError]                the question cannot be asked like this
    ├── ConfigurationError [ValueError]        a host, a provider or an option is wrong
    │   └── CredentialsError                   an id, a secret or a token is missing
    ├── ConnectionFailedError [ConnectionError]  the server was not reached
    │   ├── CertificateError                   its certificate does not verify
    │   └── NoAnswerError [TimeoutError]       it did not answer in time
    ├── ServerError                            the server answered with an error status
    │   ├── AuthenticationError [PermissionError]  401: who asks is not known
    │   ├── ForbiddenError [PermissionError]   403: who asks may not see this
    │   ├── NotFoundError [LookupError]        404: there is no such thing or address
    │   └── UnavailableError                   429 and 5xx, when retrying did not help
    ├── AnswerError [ValueError]               an answer that cannot be read as a roster
    ├── IncompleteError                        a pull that cannot be shown to be complete
    ├── NotProvidedError [LookupError]         this source has nothing of that kind
    ├── SnapshotError [ValueError]             a saved roster is damaged, foreign or too new
    ├── BundleError [ValueError]               a CSV bundle that cannot be read or written
    └── CancelledError                         the caller cancelled a pull

    RosterWarning [UserWarning]
    ├── NoMatchWarning                         a group name that matches nothing
    ├── NotSharedWarning                       the provider shows nothing at all
    ├── DanglingReferenceWarning               references that point nowhere
    ├── DuplicateKeyWarning                    one sourcedId, listed more than once
    ├── SeveralRecordsWarning                  one person under a sourcedId for each school
    ├── UnreadableValueWarning                 values that became missing
    └── PartialResultWarning                   something could not be had, the rest is here

Messages say what was wrong, with what value, and what to do. They hold no secret, no header, no
body and no value of a filter, because such values are often people.
"""

import inspect
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

__all__ = [
    "AnswerError",
    "AuthenticationError",
    "BundleError",
    "CancelledError",
    "CertificateError",
    "ConfigurationError",
    "ConnectionFailedError",
    "CredentialsError",
    "DanglingReferenceWarning",
    "DuplicateKeyWarning",
    "ForbiddenError",
    "IncompleteError",
    "NoAnswerError",
    "NoMatchWarning",
    "NotFoundError",
    "NotProvidedError",
    "NotSharedWarning",
    "PartialResultWarning",
    "QueryError",
    "RosterError",
    "RosterWarning",
    "ServerError",
    "SeveralRecordsWarning",
    "SnapshotError",
    "UnavailableError",
    "UnreadableValueWarning",
]


class RosterError(Exception):
    """The base of every error of this package."""


class QueryError(RosterError, ValueError):
    """The question cannot be asked: an unknown filter or field, an empty name, a bad number.

    Raised before anything is sent, except for match fields, which are compared with the fields
    that the source has.
    """


class ConfigurationError(RosterError, ValueError):
    """A host, a provider, a profile or an option of a connector is wrong."""


class CredentialsError(ConfigurationError):
    """A client id, a secret or a token is missing; the message names the places looked at."""


class ConnectionFailedError(RosterError, ConnectionError):
    """The server was not reached: no such host, nothing listening, or the connection broke."""


class CertificateError(ConnectionFailedError):
    """The server's certificate does not verify, so nothing was sent to it."""


class NoAnswerError(ConnectionFailedError, TimeoutError):
    """The server did not answer within the timeout, also when asked again."""


class ServerError(RosterError):
    """The server answered with an error status.

    Attributes
    ----------
    status : int
        The HTTP status.
    method, path : str
        What was asked, without the query string.
    code, description : str
        The server's own words, empty where it sent none.
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
    """401: the client id, the secret or the token is not accepted; or no token is handed out."""


class ForbiddenError(ServerError, PermissionError):
    """403: the account is known and may not see this."""


class NotFoundError(ServerError, LookupError):
    """404: the server has no such address or object."""


class UnavailableError(ServerError):
    """429 and 5xx, when asking again within ``retry_seconds`` did not help."""


class AnswerError(RosterError, ValueError):
    """The server said 200 and sent something that is no roster: HTML, cut JSON, no list."""


class IncompleteError(RosterError):
    """A pull that cannot be shown to be complete; nothing of it is returned."""


class NotProvidedError(RosterError, LookupError):
    """The source has nothing of that kind, or no way to ask for it."""


class SnapshotError(RosterError, ValueError):
    """A saved roster is damaged, is none, was written by a newer version, or cannot be written."""


class BundleError(RosterError, ValueError):
    """A CSV bundle is damaged or too large, lacks what it must have, or cannot be written."""


class CancelledError(RosterError):
    """The caller cancelled a pull; the connection can be used again."""


class RosterWarning(UserWarning):
    """The base of every warning of this package."""


class NoMatchWarning(RosterWarning):
    """A group name that matches no group, or two rosters that have nobody in common."""


class NotSharedWarning(RosterWarning):
    """The provider shows nothing at all: the data may not be shared with this application."""


class DanglingReferenceWarning(RosterWarning):
    """References that point to nothing in the roster; the rows that hold them are kept."""


class DuplicateKeyWarning(RosterWarning):
    """The source lists one sourcedId more than once; the first is kept."""


class SeveralRecordsWarning(RosterWarning):
    """One person has a record, with a sourcedId of its own, at each of several schools."""


class UnreadableValueWarning(RosterWarning):
    """Values that could not be read as the date, time, number or boolean they should be."""


class UnknownRoleWarning(RosterWarning):
    """People whose role is not one of OneRoster's, so that an answer about a role lacks them."""


class PartialResultWarning(RosterWarning):
    """A part of the answer could not be had; the message names it, the rest is complete."""


_collecting: ContextVar[list[str] | None] = ContextVar("_collecting", default=None)
_muted: ContextVar[frozenset[type[RosterWarning]]] = ContextVar("_muted", default=frozenset())


@contextmanager
def collected_warnings() -> Iterator[list[str]]:
    """Collect the messages of our warnings in this context instead of showing them.

    Unlike :func:`warnings.catch_warnings` this holds for one thread only.
    """
    messages: list[str] = []
    token = _collecting.set(messages)
    try:
        yield messages
    finally:
        _collecting.reset(token)


@contextmanager
def muted(*categories: type[RosterWarning]) -> Iterator[None]:
    """Leave out our warnings of some kinds in this context, because the caller says it better."""
    token = _muted.set(_muted.get() | frozenset(categories))
    try:
        yield
    finally:
        _muted.reset(token)


def warn(message: str, category: type[RosterWarning]) -> None:
    """Warn at the line that called into this package, however deep inside it we are."""
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
