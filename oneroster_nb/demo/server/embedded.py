"""The embedded server: a district over real HTTP on this computer."""

import contextlib
import os
import re
import secrets
import socket
import socketserver
import sys
import threading
from collections.abc import Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

import pandas as pd

from oneroster_nb.demo.district.making import make_district
from oneroster_nb.demo.server.answers import Answer, Api, RefusalError, Request
from oneroster_nb.demo.server.clever import CLEVER_VERSIONS, Clever, DistrictTokens
from oneroster_nb.demo.server.clever_records import CleverRecords
from oneroster_nb.demo.server.oauth import OAuthVerifier
from oneroster_nb.demo.server.oneroster import one_roster
from oneroster_nb.demo.server.services import SCOPES, V1P1, V1P2
from oneroster_nb.demo.server.store import Store
from oneroster_nb.demo.server.tokens import TokenEndpoint, Tokens
from oneroster_nb.errors import ConfigurationError


class DemoServer:
    """Serves a district over OneRoster 1.1 and 1.2 and Clever on 127.0.0.1.

    Parameters
    ----------
    tables : Mapping[str, pandas.DataFrame], optional
        Canonical tables by name, and ``userProfiles`` of 1.2; missing tables are empty. The default
        is the small district of :func:`oneroster_nb.demo.district.making.make_district`.
    port : int
        The port; 0 for any free port.
    max_page_size : int
        The largest page; a larger ``limit`` is reduced to it.
    client_id, client_secret : str, optional
        The credentials of clients; by default, random ones.
    token_seconds : int
        The lifetime of an access token.

    Attributes
    ----------
    url : str
        The root, ``"http://127.0.0.1:PORT/"``.
    host : str
        The address of the OneRoster 1.1 service.
    host_v1p2 : str
        The address of the rostering service of OneRoster 1.2. For gradebook and resources, replace
        that one word.
    token_url : str
        The address that issues tokens of 1.2.
    client_id, client_secret : str
        The credentials: for signatures of 1.1 (OAuth 1.0a, HMAC-SHA256 or HMAC-SHA1), and for
        tokens of 1.2 (OAuth 2.0 client credentials, by Basic or in the body).
    clever_hosts : dict of str
        The addresses of Clever's Data API by version: ``"3.1"``, ``"3.0"`` and ``"2.1"``.
    clever_token : str
        The token of the district for Clever.
    clever_token_url : str
        The address that lists this token for the client id and secret.

    Raises
    ------
    ConfigurationError
        If `max_page_size` or `token_seconds` is below 1.
    OSError
        If the port is not available.

    Examples
    --------
    >>> import requests, requests_oauthlib
    >>> with DemoServer() as server:
    ...     auth = requests_oauthlib.OAuth1(server.client_id, server.client_secret)
    ...     answer = requests.get(server.host + "schools", auth=auth, timeout=10)
    >>> [school["name"] for school in answer.json()["orgs"]]
    ['Classlink HS', 'North Elementary School', 'Lincoln Middle School']
    """

    def __init__(
        self,
        tables: Mapping[str, pd.DataFrame] | None = None,
        *,
        port: int = 0,
        max_page_size: int = 10_000,
        client_id: str | None = None,
        client_secret: str | None = None,
        token_seconds: int = 3600,
    ) -> None:
        for name, value in (("max_page_size", max_page_size), ("token_seconds", token_seconds)):
            if value < 1:
                raise ConfigurationError(f"{name} must be at least 1, not {value}.")
        self.client_id = client_id or secrets.token_hex(8)
        self.client_secret = client_secret or secrets.token_urlsafe(24)
        self._listener = _Listener(port)
        root = f"http://127.0.0.1:{self._listener.server_address[1]}"
        store = Store(make_district() if tables is None else tables)
        credentials = self.client_id, self.client_secret
        self._tokens = Tokens(token_seconds)
        clever = CleverRecords(store)
        self.clever_token = secrets.token_hex(20)
        self._listener.apis = (
            *(Clever(version, clever, self.clever_token) for version in CLEVER_VERSIONS),
            DistrictTokens(*credentials, lambda: clever.districts[0]["id"], self.clever_token),
            *one_roster(V1P1, store, root, OAuthVerifier(*credentials), max_page_size),
            *one_roster(V1P2, store, root, self._tokens, max_page_size),
            TokenEndpoint(self._tokens, *credentials, SCOPES),
        )
        self.url = root + "/"
        self.host = root + V1P1.services[0].prefix
        self.host_v1p2 = root + V1P2.services[0].prefix
        self.token_url = root + TokenEndpoint.prefix
        self.clever_hosts = {version: f"{root}/v{version}/" for version in CLEVER_VERSIONS}
        self.clever_token_url = root + DistrictTokens.prefix
        self._thread: threading.Thread | None = None
        self._process = os.getpid()

    def __repr__(self) -> str:
        return f"DemoServer({self.url!r})"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def start(self) -> None:
        """Start to answer; do nothing if the server has started."""
        if self._thread is None:
            self._thread = threading.Thread(
                target=self._listener.serve_forever, args=(0.05,), name="demo-server", daemon=True
            )
            self._thread.start()

    def expire_tokens(self) -> None:
        """End all access tokens; clients can get new ones."""
        self._tokens.expire()

    def close(self) -> None:
        """Stop, and close every connection; do nothing if closed, or in a forked child."""
        if os.getpid() != self._process:
            return
        if self._thread is not None:
            self._listener.shutdown()
            self._thread.join()
            self._thread = None
        self._listener.server_close()
        self._listener.hang_up()


class _Listener(ThreadingHTTPServer):
    """Listens, and keeps track of open connections so that it can close them."""

    daemon_threads = True

    def __init__(self, port: int) -> None:
        self.apis: Sequence[Api] = ()
        self._open: dict[socket.socket, threading.Thread] = {}
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", port), _Handler)

    def server_bind(self) -> None:
        """Bind without a name lookup, unlike HTTPServer."""
        socketserver.TCPServer.server_bind(self)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection in its own thread, and keep track of both."""
        thread = threading.Thread(
            target=self.process_request_thread, args=(request, client_address), daemon=True
        )
        with self._lock:
            self._open[request] = thread
        thread.start()

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve a connection until it ends, then forget it."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._lock:
                del self._open[request]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that disconnected; show any other error."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def hang_up(self) -> None:
        """Close the open connections and wait until their threads have ended."""
        with self._lock:
            connections = dict(self._open)
        for connection in connections:
            with contextlib.suppress(OSError):  # the client was faster
                connection.shutdown(socket.SHUT_RDWR)
        for thread in connections.values():
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    """Passes each request to the protocol of its path."""

    server: _Listener
    protocol_version = "HTTP/1.1"
    server_version = "DemoDistrict"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = 1 << 16  # so that header and body of a small answer are sent together

    def _serve(self) -> None:
        """Answer a request."""
        self._send(self._ask())

    do_DELETE = do_GET = do_HEAD = do_OPTIONS = do_PATCH = do_POST = do_PUT = _serve

    def _ask(self) -> Answer:
        """Find the protocol and let it answer."""
        path, _, query = self.path.partition("?")
        host = self.headers.get("Host") or f"127.0.0.1:{self.server.server_port}"
        api = next((api for api in self.server.apis if path.startswith(api.prefix)), None)
        body = self._body(wanted=api is not None and api.reads)
        if api is None:
            return Answer(404, b'{"error":"There is nothing at this address."}')
        headers = dict(self.headers.items())
        request = Request(self.command, f"http://{host}", path, query, headers, body)
        try:
            return api.answer(request)
        except RefusalError as refusal:
            return api.refuse(refusal)

    def _body(self, *, wanted: bool) -> bytes | None:
        """Read the body; if it is not read, the connection is closed."""
        if self.command == "GET":
            return None
        length = self.headers.get("Content-Length", "")
        if wanted and self.command == "POST" and re.fullmatch("[0-9]{1,5}", length):
            return self.rfile.read(int(length))
        self.close_connection = True
        return None

    def _send(self, answer: Answer) -> None:
        """Write an answer."""
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/json; charset=UTF-8")
        self.send_header("Content-Length", str(len(answer.body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def log_message(self, *args: object) -> None:
        """Log nothing: requests often name a person."""
