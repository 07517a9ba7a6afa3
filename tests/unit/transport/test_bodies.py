"""Bodies of answers: read whole however they come, and ended if they are too slow or too large."""

import gzip
import itertools
import json
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from helpers.cleverserver import CleverServer
from helpers.faults import at, first
from helpers.faultserver import Answer, Asked, Behaviour, FaultServer, Record
from helpers.records import user

import oneroster_nb as onb
from oneroster_nb.transport.body import read_body, read_start

Connect = Callable[..., onb.OneRosterConnector]

KEYS = [f"p{n}" for n in range(300)]


def pupils() -> dict[str, list[Record]]:
    return {"students": [user(key, "student", ["s1"]) for key in KEYS], "orgs": []}


def packed(pack: Callable[[bytes], bytes], encoding: str = "gzip") -> Behaviour:
    def behave(_asked: Asked, answer: Answer) -> None:
        answer.headers["X-Total-Count"] = str(len(answer.records))
        answer.headers["Content-Encoding"] = encoding
        answer.body = pack(json.dumps({answer.key: answer.rows}).encode())

    return at("students", behave)


def streamed(pieces: Callable[[bytes], Iterator[bytes]], **headers: str) -> Behaviour:
    def behave(_asked: Asked, answer: Answer) -> None:
        answer.headers |= {name.replace("_", "-"): value for name, value in headers.items()}
        answer.stream = pieces(json.dumps({answer.key: answer.rows}).encode())

    return at("students", behave)


def chunked(body: bytes, size: int = 1000) -> Iterator[bytes]:
    for start in range(0, len(body), size):
        piece = body[start : start + size]
        yield f"{len(piece):x}\r\n".encode() + piece + b"\r\n"
    yield b"0\r\n\r\n"


def in_pieces(body: bytes) -> Iterator[bytes]:
    return (body[start : start + 999] for start in range(0, len(body), 999))


WHOLE: dict[str, Behaviour] = {
    "gzip": packed(gzip.compress),
    "x-gzip": packed(gzip.compress, "x-gzip"),
    "deflate": packed(zlib.compress, "deflate"),
    "gzip in capital letters": packed(gzip.compress, "GZIP"),
    "gzip of several members": packed(lambda b: gzip.compress(b[:999]) + gzip.compress(b[999:])),
    "gzip with zeros behind it": packed(lambda b: gzip.compress(b) + bytes(512)),
    "identity": packed(bytes, "identity"),
    "until the connection closes": streamed(in_pieces),
    "chunked": streamed(chunked, Transfer_Encoding="chunked"),
    "chunked in tiny pieces": streamed(lambda b: chunked(b, 7), Transfer_Encoding="chunked"),
    "chunked and packed": streamed(
        lambda b: chunked(gzip.compress(b), 50),
        Transfer_Encoding="chunked",
        Content_Encoding="gzip",
    ),
}


@pytest.mark.parametrize("way", WHOLE)
def test_a_body_is_read_completely_in_any_form(connected: Connect, way: str) -> None:
    with FaultServer(pupils(), WHOLE[way]) as server:
        frame = connected(server).get_users("students")
    assert frame["sourcedId"].tolist() == KEYS


def test_requests_name_the_compression_that_is_read(connected: Connect) -> None:
    with FaultServer(pupils()) as server:
        connected(server).get_users("students")
        assert {asked.headers["Accept-Encoding"] for asked in server.requests} == {"gzip"}


CUT: dict[str, Behaviour] = {
    "a packed body": packed(lambda body: gzip.compress(body)[:-20]),
    "a chunked body": streamed(
        lambda body: itertools.islice(chunked(body), 3), Transfer_Encoding="chunked"
    ),
}


@pytest.mark.parametrize("what", CUT)
def test_a_body_that_is_cut_off_is_requested_again(connected: Connect, what: str) -> None:
    with FaultServer(pupils(), first(1, CUT[what])) as server:
        assert len(connected(server).get_users("students")) == 300


@pytest.mark.parametrize("what", CUT)
def test_a_body_that_is_cut_each_time_is_an_error(connected: Connect, what: str) -> None:
    with (
        FaultServer(pupils(), CUT[what]) as server,
        pytest.raises(onb.ConnectionFailedError, match="cut off"),
    ):
        connected(server, retry_seconds=0.3).get_users("students")


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        (packed(bytes, "gzip"), "cannot be read"),
        (packed(bytes, "br"), "'br'"),
        (packed(lambda body: gzip.compress(gzip.compress(body)), "gzip, gzip"), "'gzip, gzip'"),
    ],
    ids=["no gzip", "br", "twice"],
)
def test_a_packing_that_cannot_be_read_is_an_error(
    connected: Connect, behaviour: Behaviour, words: str
) -> None:
    with FaultServer(pupils(), behaviour) as server, pytest.raises(onb.AnswerError, match=words):
        connected(server).get_users("students")


# --- too large -----------------------------------------------------------------------------------


def bomb(megabytes: int) -> bytes:
    pack = zlib.compressobj(9, wbits=zlib.MAX_WBITS | 16)
    zeros = bytes(1 << 20)
    return b"".join([*(pack.compress(zeros) for _ in range(megabytes)), pack.flush()])


def test_a_small_answer_that_unpacks_to_very_much_is_an_error_in_little_memory(
    connected: Connect,
) -> None:
    small = bomb(256)
    assert len(small) < 1 << 19
    with FaultServer(pupils(), packed(lambda _: small)) as server:
        connector = connected(server, max_bytes=1 << 20)
        tracemalloc.start()
        try:
            with pytest.raises(onb.AnswerError, match=r"max_bytes=1,048,576.*page_size"):
                connector.get_users("students")
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 32 << 20


def test_a_body_that_never_ends_is_an_error(connected: Connect) -> None:
    endless = streamed(lambda _: itertools.repeat(b'{"users": [' + b" " * 50_000))
    with FaultServer(pupils(), endless) as server:
        connector = connected(server, max_bytes=1 << 20)
        with pytest.raises(onb.AnswerError, match="max_bytes"):
            connector.get_users("students")


def test_an_error_that_never_ends_is_that_error(connected: Connect) -> None:
    def failing(_asked: Asked, answer: Answer) -> None:
        answer.status = 403
        answer.stream = itertools.repeat(b"no " * 10_000)

    with (
        FaultServer(pupils(), at("students", failing)) as server,
        pytest.raises(onb.ForbiddenError),
    ):
        connected(server).get_users("students")


def test_max_bytes_is_how_large_a_page_may_be(connected: Connect) -> None:
    sizes: list[int] = []

    def noted(_asked: Asked, answer: Answer) -> None:
        answer.body = json.dumps({answer.key: answer.rows}).encode()
        answer.headers["X-Total-Count"] = str(len(answer.records))
        sizes.append(len(answer.body))

    with FaultServer(pupils(), at("students", noted)) as server:
        assert len(connected(server).get_users("students")) == 300
        exactly = sizes[0]
        assert len(connected(server, max_bytes=exactly).get_users("students")) == 300
        with pytest.raises(onb.AnswerError, match="max_bytes"):
            connected(server, max_bytes=exactly - 1).get_users("students")
        smaller = connected(server, max_bytes=exactly - 1, page_size=100)
        assert len(smaller.get_users("students")) == 300


def test_clever_answers_are_bounded_too() -> None:
    record = {"id": "a" * 24, "name": {"first": "Ada", "last": "A" * 5000}, "roles": {}}
    record["roles"] = {"student": {"sis_id": "1"}}
    with (
        CleverServer({"users": [record]}) as server,
        onb.CleverConnector("made up", server.host, max_bytes=1000) as connector,
        pytest.raises(onb.AnswerError, match="max_bytes"),
    ):
        connector.get_users("students")


@pytest.mark.parametrize("wrong", [0, -1, 1.5, "1", None, True])
def test_max_bytes_must_be_a_whole_number(wrong: Any) -> None:
    host = "https://roster.example/ims/oneroster/v1p1/"
    for make in (
        lambda: onb.OneRosterConnector(host, "an id", "a secret", max_bytes=wrong),
        lambda: onb.ClasslinkConnector(host, "an id", "a secret", max_bytes=wrong),
        lambda: onb.CleverConnector("a token", max_bytes=wrong),
        lambda: onb.connect("oneroster", host=host, access_token="a token", max_bytes=wrong),
    ):
        with pytest.raises(onb.ConfigurationError, match="max_bytes"):
            make()


def test_the_demo_takes_max_bytes() -> None:
    with (
        onb.connect("demo", max_bytes=2000) as conn,
        pytest.raises(onb.AnswerError, match="max_bytes"),
    ):
        conn.get_users("students")


# --- too slow ------------------------------------------------------------------------------------


class Drips:
    """A body of which each read brings one byte, a second after the one before."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, body: bytes) -> None:
        self.now = 0.0
        self.left = body
        self.closed = False
        self.headers: dict[str, str] = {}
        self.raw = SimpleNamespace(read1=self._read1)
        monkeypatch.setattr("oneroster_nb.transport.body.time.monotonic", lambda: self.now)

    def _read1(self, _amount: int, *, decode_content: bool) -> bytes:
        assert not decode_content
        self.now += 1
        piece, self.left = self.left[:1], self.left[1:]
        return piece

    def close(self) -> None:
        self.closed = True


def test_a_body_may_take_as_long_as_it_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    drips: Any = Drips(monkeypatch, b"x" * 100)
    assert read_body(drips, "GET /a", max_bytes=1000, ends=100) == b"x" * 100
    assert not drips.closed


@pytest.mark.parametrize(
    "read",
    [
        lambda drips: read_body(drips, "GET /a", max_bytes=10_000, ends=100),
        lambda drips: read_start(drips, "GET /a", most=10_000, ends=100),
    ],
    ids=["whole", "start"],
)
def test_a_body_that_trickles_ends(
    monkeypatch: pytest.MonkeyPatch, read: Callable[[Any], bytes]
) -> None:
    drips = Drips(monkeypatch, b"x" * 1000)
    with pytest.raises(onb.NoAnswerError, match=r"GET /a.*ten times the read timeout"):
        read(drips)
    assert drips.now == 101
    assert drips.closed


@pytest.mark.parametrize("code", [200, 503])
def test_over_http_an_answer_that_trickles_ends(connected: Connect, code: int) -> None:
    over = threading.Event()

    def drip(_body: bytes) -> Iterator[bytes]:
        while not over.wait(0.02):
            yield b" "

    def failing(_asked: Asked, answer: Answer) -> None:
        answer.status = code

    with FaultServer(pupils(), at("students", failing), streamed(drip)) as server:
        connector = connected(server, timeout=(0.5, 0.1), retry_seconds=0)
        begun = time.monotonic()
        with pytest.raises(onb.NoAnswerError):
            connector.get_users("students")
        assert time.monotonic() - begun < 30
        over.set()


# --- tokens --------------------------------------------------------------------------------------


def test_a_token_answer_that_never_ends_is_an_error(connected: Connect) -> None:
    def endless(_asked: Asked, answer: Answer) -> None:
        answer.status = 200
        answer.stream = itertools.repeat(b'{"access_token": "made-up", ' + b" " * 50_000)

    with FaultServer(pupils(), at("token", endless)) as server:
        connector = connected(server, token_url=server.host + "token")
        with pytest.raises(onb.AuthenticationError, match="without a token"):
            connector.get_users("students")


def test_a_token_answer_may_be_packed(connected: Connect) -> None:
    def token(_asked: Asked, answer: Answer) -> None:
        answer.status = 200
        answer.headers["Content-Encoding"] = "gzip"
        answer.body = gzip.compress(b'{"access_token": "made-up"}')

    with FaultServer(pupils(), at("token", token)) as server:
        connector = connected(server, token_url=server.host + "token")
        assert len(connector.get_users("students")) == 300
        assert server.requests[-1].headers["Authorization"] == "Bearer made-up"
