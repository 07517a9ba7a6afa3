"""Requests and answers of the demo server's protocols, without sockets."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True)
class Request:
    """One request.

    Attributes
    ----------
    method : str
        Such as ``"GET"``.
    root : str
        Scheme, host and port as the client wrote them.
    path, query : str
        As in the request, still percent-encoded.
    headers : Mapping[str, str]
        The header fields.
    body : bytes, optional
        The body of a POST; None if it was not read.
    """

    method: str
    root: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes | None = None

    def header(self, name: str) -> str | None:
        """Return a header field; the case of its name is ignored."""
        for key, value in self.headers.items():
            if key.casefold() == name.casefold():
                return value
        return None

    @property
    def uri(self) -> str:
        """The whole address."""
        return self.root + self.path + (f"?{self.query}" if self.query else "")


@dataclass(frozen=True)
class Answer:
    """Status, body (JSON) and extra header fields."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class RefusalError(Exception):
    """A request that is answered with an error.

    Attributes
    ----------
    status : int
        The HTTP status.
    code, description : str
        The content of the body.
    headers : Mapping[str, str]
        Extra header fields.
    """

    def __init__(
        self,
        status: int,
        code: str,
        description: str,
        headers: Mapping[str, str] = {},
    ) -> None:
        super().__init__(description)
        self.status = status
        self.code = code
        self.description = description
        self.headers = headers


class Api(Protocol):
    """One protocol under one path of the server.

    Attributes
    ----------
    prefix : str
        The start of its paths.
    reads : bool
        Whether it reads the body of a POST.
    """

    prefix: str
    reads: bool

    def answer(self, request: Request) -> Answer:
        """Answer a request whose path starts with `prefix`."""
        ...

    def refuse(self, refusal: RefusalError) -> Answer:
        """Return an error answer in the format of the protocol."""
        ...
