"""A small Clever on loopback that misbehaves the way it is told to.

A behaviour is a function of what was asked and of the reply about to be sent, which it changes.
Without any, the server pages correctly by ``starting_after``. It takes every token.
"""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, urlencode, urlsplit

Record = dict[str, Any]


@dataclass
class Asked:
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]


@dataclass
class Reply:
    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


Behaviour = Callable[[Asked, Reply], None]


class CleverServer:
    """Serve lists of records by path below the version; a context manager."""

    def __init__(
        self, routes: Mapping[str, list[Record]], *behaviours: Behaviour, version: str = "v3.1"
    ) -> None:
        lists = ("districts", "schools", "sections", "courses", "terms", "users", "resources")
        self.routes = {**{name: [] for name in lists}, **routes}
        self.behaviours = behaviours
        self.requests: list[Asked] = []
        self._prefix = f"/{version}/"
        self._http = _HTTPServer(self)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        self.host = self.url + self._prefix

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    @property
    def paths(self) -> list[str]:
        """The paths asked so far, below the version."""
        return [asked.path.removeprefix(self._prefix) for asked in self.requests]

    def reply(self, asked: Asked) -> Reply:
        self.requests.append(asked)
        reply = self._found(asked)
        for behave in self.behaviours:
            behave(asked, reply)
        return reply

    def _found(self, asked: Asked) -> Reply:
        path = asked.path.removeprefix(self._prefix)
        records = self.routes.get(path)
        if records is None:
            return Reply(404, {"message": "Resource not found"})
        role = asked.query.get("role")
        if role:
            records = [record for record in records if role in (record.get("roles") or {})]
        after = asked.query.get("starting_after", "")
        left = [record for record in records if str(record.get("id")) > after]
        shown = left[: int(asked.query.get("limit", 100))]
        links = [{"rel": "self", "uri": asked.path}]
        if len(left) > len(shown):
            query = {**asked.query, "starting_after": shown[-1]["id"]}
            links.append({"rel": "next", "uri": f"{asked.path}?{urlencode(query)}"})
        data = [{"data": record, "uri": f"{asked.path}/{record.get('id')}"} for record in shown]
        return Reply(200, {"data": data, "links": links})


class _HTTPServer(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, owner: CleverServer) -> None:
        self.owner = owner
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _HTTPServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        asked = Asked(parts.path, dict(parse_qsl(parts.query)), dict(self.headers))
        reply = self.server.owner.reply(asked)
        body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        self.send_response(reply.status)
        for name, value in {"Content-Type": "application/json", **reply.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass
