"""A small OneRoster 1.1 server on loopback that misbehaves the way it is told to.

A behaviour is a function of what was asked and of the answer about to be sent, which it changes;
`faults` has a stock of them::

    with FaultServer(routes, clamp(100), no_total, first(2, status(503))) as server:
        OneRosterConnector(server.host, …)
    assert server.paths == [...]

Behaviours are applied in the order they are given. Without any, the server pages correctly and
announces total and next link. It takes every signature: the demo server is the one that verifies.
"""

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, quote, unquote, urlencode

Record = dict[str, Any]
Behaviour = Callable[["Asked", "Answer"], None]

PREFIX = "/ims/oneroster/v1p1/"
ENVELOPES = {
    "students": "users",
    "teachers": "users",
    "schools": "orgs",
    "terms": "academicSessions",
    "gradingPeriods": "academicSessions",
}
SINGULAR = {
    "orgs": "org",
    "academicSessions": "academicSession",
    "courses": "course",
    "classes": "class",
    "users": "user",
    "enrollments": "enrollment",
}
NEXT_PAGE = "the next page"


@dataclass(frozen=True)
class Asked:
    """A request; `path` is relative to the host, each part percent-encoded once."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    port: int = 0
    """The client's port, which tells connections apart."""


@dataclass
class Answer:
    """What is about to be sent; behaviours change it."""

    records: list[Record]
    key: str
    limit: int
    offset: int
    total: object = None
    link: str | None = NEXT_PAGE
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    stream: Iterator[bytes] | None = None
    """Sent piece by piece instead of the body, so that its length is unknown."""
    dropped: bool = False

    @property
    def rows(self) -> list[Record]:
        return self.records[self.offset : self.offset + self.limit]


class FaultServer:
    """Serve lists of records by path, changed by behaviours; a context manager.

    Parameters
    ----------
    routes : mapping of str to list of dict
        Path, ``"students"`` or ``"classes/1/students"`` say, to the records listed there.
        ``classes/1`` itself is found in ``classes``. Any other path is a 404.
    *behaviours
        Applied to every answer, in order.
    key_field : str
        The field that stands in URLs.
    tls : ssl.SSLContext, optional
        Serve https with it.
    """

    def __init__(
        self,
        routes: Mapping[str, list[Record]],
        *behaviours: Behaviour,
        key_field: str = "sourcedId",
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.routes = dict(routes)
        self.behaviours = behaviours
        self.key_field = key_field
        self.requests: list[Asked] = []
        self._http = _HTTPServer(self, tls)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)
        scheme = "http" if tls is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self._http.server_port}"
        self.host = self.url + PREFIX

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        if self.url.startswith("https"):
            _await_pulls()
        self.switch_off()

    def switch_off(self) -> None:
        """Stop for good, and hang up; once stopped it does nothing."""
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()
        self._http.hang_up()

    @property
    def paths(self) -> list[str]:
        """The paths asked so far, in order."""
        return [asked.path for asked in self.requests]

    def answer(self, asked: Asked) -> Answer:
        """Record the request and make its answer."""
        self.requests.append(asked)
        answer = self._found(asked)
        for behave in self.behaviours:
            behave(asked, answer)
        if answer.body is None:
            answer.body = json.dumps({answer.key: answer.rows}).encode()
            if answer.total is not None:
                answer.headers.setdefault("X-Total-Count", str(answer.total))
            if link := self._link(asked, answer):
                answer.headers.setdefault("Link", f'<{link}>; rel="next"')
        return answer

    def _found(self, asked: Asked) -> Answer:
        path = asked.path.strip("/")
        parent, _, name = path.rpartition("/")
        if path in self.routes:
            records = self.routes[path]
            offset, limit = int(asked.query.get("offset", 0)), int(asked.query.get("limit", 100))
            return Answer(records, ENVELOPES.get(name, name), limit, offset, len(records))
        for record in self.routes.get(parent, []):
            if str(record[self.key_field]) == unquote(name):
                key = SINGULAR[ENVELOPES.get(parent, parent)]
                body = json.dumps({key: record}).encode()
                return Answer([record], key, 1, 0, link=None, body=body)
        body = json.dumps({"imsx_description": "There is no such address."}).encode()
        return Answer([], name, 1, 0, link=None, status=404, body=body)

    def _link(self, asked: Asked, answer: Answer) -> str | None:
        if answer.link != NEXT_PAGE:
            return answer.link
        following = answer.offset + len(answer.rows)
        if not answer.rows or following >= len(answer.records):
            return None
        query = {**asked.query, "limit": str(answer.limit), "offset": str(following)}
        return f"{self.host}{asked.path}?{urlencode(query, quote_via=quote)}"


def _await_pulls() -> None:
    """Wait for the requests of a pull that has failed, which goes on without waiting for them.

    A server that ends while such a request begins its handshake resets the connection; the ssl of
    Python 3.11 then leaves the client's socket open until it is collected, with a warning.
    """
    for thread in threading.enumerate():
        if thread.name.startswith("roster-pull"):
            thread.join()


class _HTTPServer(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, owner: FaultServer, tls: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.owner = owner
        self._tls = tls
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        if self._tls is not None:
            connection = self._tls.wrap_socket(
                connection, server_side=True, do_handshake_on_connect=False
            )
        with self._lock:
            self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log nothing: clients that disconnect are what some tests are about."""

    def hang_up(self) -> None:
        """End the connections that clients keep open, so that their threads end."""
        with self._lock:
            left = list(self._open)
        for connection in left:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:  # the client was quicker
                connection.close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16  # head and body leave together, so that no client waits between the two
    server: _HTTPServer

    def do_GET(self) -> None:
        raw, _, query = self.path.partition("?")
        parts = raw.removeprefix(PREFIX).split("/")
        path = "/".join(quote(unquote(part), safe="") for part in parts)
        asked = Asked(
            self.command,
            path,
            dict(parse_qsl(query, keep_blank_values=True)),
            dict(self.headers.items()),
            self.client_address[1],
        )
        answer = self.server.owner.answer(asked)
        body = answer.body or b""
        self.send_response_only(answer.status)
        answer.headers.setdefault("Date", self.date_time_string())
        answer.headers.setdefault("Content-Type", "application/json")
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.stream is not None:
            self.close_connection = True
            self.end_headers()
            for piece in answer.stream:
                self.wfile.write(piece)
                self.wfile.flush()
            return
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if answer.dropped else body)
        self.close_connection = self.close_connection or answer.dropped

    do_POST = do_PUT = do_DELETE = do_GET

    def log_message(self, *args: object) -> None:
        """Print nothing."""
