"""A server that answers from pages made beforehand, with the latency of a network if asked for.

    python tests/bench/server.py FOLDER

It serves the district saved in a folder over OneRoster 1.1 and Clever, prints its address, and
ends when its standard input ends. Records, filters and pages are those of the demo server; each
answer is kept as bytes, so the second time it costs no more than to send it. Nobody's signature is
checked. `/bench` tells and sets how it answers; see :class:`Settings`.
"""

import gzip
import json
import socketserver
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from urllib.parse import parse_qsl

from district import load_tables
from serving import CONTROL, TOKEN

from oneroster_nb.demo.server.answers import Answer, Api, RefusalError, Request
from oneroster_nb.demo.server.clever import Clever
from oneroster_nb.demo.server.clever_records import CleverRecords
from oneroster_nb.demo.server.fields import Records
from oneroster_nb.demo.server.oneroster import OneRoster
from oneroster_nb.demo.server.services import V1P1, homes
from oneroster_nb.demo.server.store import Positions, Store
from oneroster_nb.demo.server.wire import Writer


@dataclass(frozen=True)
class Settings:
    """How the server answers from now on; :class:`serving.Network` says what the names mean."""

    latency: float = 0
    connecting: float = 0
    cap: int = 10_000
    packed: bool = False

    @classmethod
    def read(cls, query: str) -> "Settings":
        """Read settings from a query."""
        given = dict(parse_qsl(query))
        return cls(
            float(given["latency"]),
            float(given["connecting"]),
            int(given["cap"]),
            bool(int(given["packed"])),
        )


class _Anyone:
    """Lets everyone ask: checking signatures is no part of what is measured."""

    def check(self, request: Request, scopes: Sequence[str]) -> None:
        """Refuse nothing."""


class _Unkept(Writer):
    """Writes records each time: whole answers are kept instead."""

    def __init__(self, records: Records, homes: Mapping[str, str]) -> None:
        super().__init__(records, homes)
        self._records = records

    def records(self, table: str, rows: Positions) -> list[bytes]:
        """Return whole records."""
        return self.selection(table, rows, self._records.fields(table))


class Pages:
    """The answers of a district as bytes; each is made once and kept."""

    def __init__(self, folder: Path, root: str) -> None:
        store = Store(load_tables(folder))
        self._records = Records(store, V1P1.fields)
        self._writer = _Unkept(self._records, homes(root, V1P1.services))
        self._clever = Clever("3.1", CleverRecords(store), TOKEN)
        self._root = root
        self._made: dict[tuple[str, int, bool], bytes] = {}
        self._making = threading.Lock()

    def answer(self, target: str, settings: Settings, *, packed: bool) -> bytes:
        """Return the whole answer to a GET."""
        key = (target, settings.cap, packed)
        if key not in self._made:
            with self._making:
                self._made[key] = self._written(*self._asked(target, settings.cap), packed=packed)
        return self._made[key]

    def _asked(self, target: str, cap: int) -> tuple[Api, Request]:
        path, _, query = target.partition("?")
        sent = {"Authorization": f"Bearer {TOKEN}"}
        request = Request("GET", self._root, path, query, sent)
        if path.startswith(self._clever.prefix):
            return self._clever, request
        (service,) = V1P1.services
        return OneRoster(
            service,
            V1P1,
            writer=self._writer,
            records=self._records,
            guard=_Anyone(),
            max_page_size=cap,
        ), request

    @staticmethod
    def _written(api: Api, request: Request, *, packed: bool) -> bytes:
        try:
            answer: Answer = api.answer(request)
        except RefusalError as refusal:
            answer = api.refuse(refusal)
        headers = {"Content-Type": "application/json; charset=UTF-8", **answer.headers}
        body = answer.body
        if packed:
            body, headers["Content-Encoding"] = gzip.compress(body, 6), "gzip"
        return _message(answer.status, headers, body)


class BenchServer(socketserver.ThreadingTCPServer):
    """Listens on the loopback address."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.root = f"http://127.0.0.1:{self.server_address[1]}"
        self.pages = Pages(folder, self.root)
        self.settings = Settings()
        self.requests = 0
        self.counting = threading.Lock()

    def control(self, query: str) -> bytes:
        """Tell what was counted; take new settings, if there are any, and count from 0."""
        told = json.dumps({"requests": self.requests})
        if query:
            self.settings = Settings.read(query)
            self.requests = 0
        return _message(200, {}, told.encode())


class _Connection(socketserver.StreamRequestHandler):
    """Answers the requests of one connection."""

    server: BenchServer
    disable_nagle_algorithm = True

    def handle(self) -> None:
        """Read requests and send answers until the client hangs up."""
        first = True
        while line := self.rfile.readline():
            target = line.split()[1].decode()
            head = b""
            while (field := self.rfile.readline()) not in (b"\r\n", b""):
                head += field.lower()
            path, _, query = target.partition("?")
            if path == CONTROL:
                self.wfile.write(self.server.control(query))
                continue
            self.wfile.write(self._answer(target, first=first, packs=b"gzip" in head))
            first = False

    def _answer(self, target: str, *, first: bool, packs: bool) -> bytes:
        server = self.server
        settings = server.settings
        with server.counting:
            server.requests += 1
        wait = settings.latency + (settings.connecting if first else 0)
        if wait:
            time.sleep(wait)
        return server.pages.answer(target, settings, packed=settings.packed and packs)


def _message(status: int, headers: Mapping[str, str], body: bytes) -> bytes:
    """Write an answer of HTTP."""
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += [f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def main() -> None:
    """Serve until the process that started this one ends."""
    with BenchServer(Path(sys.argv[1])) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(server.root, flush=True)
        sys.stdin.read()
        server.shutdown()


if __name__ == "__main__":
    main()
