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

__all__ = ["DemoServer"]


class DemoServer:
    """Serves a district over OneRoster 1.1 and 1.2 and Clever on 127.0.0.1, to whoever has a key.

    Parameters
    ----------
    tables : Mapping[str, pandas.DataFrame], optional
        Canonical tables by name, and ``userProfiles`` of 1.2; those that are absent are empty. Left
        out, the standard small district of :func:`oneroster_nb.demo.district.making.make_district`.
    port : int
        Where to listen; 0 takes a free port.
    max_page_size : int
        The largest page; a larger ``limit`` is taken as that.
    client_id, client_secret : str, optional
        What clients sign with; made up for this server where left out.
    token_seconds : int
        How long an access token is good for.

    Attributes
    ----------
    url : str
        The root, ``"http://127.0.0.1:PORT/"``.
    host : str
        The address of the OneRoster 1.1 service.
    host_v1p2 : str
        The address of the rostering service of OneRoster 1.2; those of gradebook and resources
        differ in that one word.
    token_url : str
        Where clients of 1.2 get their tokens.
    client_id, client_secret : str
        What clients of 1.1 sign with (OAuth 1.0a, HMAC-SHA256 or HMAC-SHA1), and what those of 1.2
        show to get a token (OAuth 2.0 client credentials, by Basic or in the body).
    clever_hosts : dict of str
        The addresses of Clever's Data API by version: ``"3.1"``, ``"3.0"`` and ``"2.1"``.
    clever_token : str
        The token of the district there.
    clever_token_url : str
        Where that token is listed for the client id and secret.

    Raises
    ------
    ConfigurationError
        Where `max_page_size` or `token_seconds` is below 1.
    OSError
        Where the port cannot be had.

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
                raise ConfigurationError(f"{name} is 1 at least, not {value}.")
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
        """Begin to answer; once started it does nothing."""
        if self._thread is None:
            self._thread = threading.Thread(
                target=self._listener.serve_forever, args=(0.05,), name="demo-server", daemon=True
            )
            self._thread.start()

    def expire_tokens(self) -> None:
        """End every access token that was handed out; clients get new ones as before."""
        self._tokens.expire()

    def close(self) -> None:
        """Stop, and close every connection; once closed, or in a forked child, do nothing."""
        if os.getpid() != self._process:
            return
        if self._thread is not None:
            self._listener.shutdown()
            self._thread.join()
            self._thread = None
        self._listener.server_close()
        self._listener.hang_up()


class _Listener(ThreadingHTTPServer):
    """Listens, and knows its open connections so that it can close them."""

    daemon_threads = True

    def __init__(self, port: int) -> None:
        self.apis: Sequence[Api] = ()
        self._open: dict[socket.socket, threading.Thread] = {}
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", port), _Handler)

    def server_bind(self) -> None:
        """Bind, without asking a name server who we are as HTTPServer does."""
        socketserver.TCPServer.server_bind(self)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection in a thread of its own; both are known from now on."""
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
        """Say nothing where the client went away; anything else is a fault of ours and is shown."""
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
    """Hands each request to the protocol its path belongs to."""

    server: _Listener
    protocol_version = "HTTP/1.1"
    server_version = "DemoDistrict"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = 1 << 16  # so that head and body of a small answer leave together

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
        """Read what was posted; where a body stays unread, the connection ends."""
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
        """Keep quiet: what is asked for is often a person."""
