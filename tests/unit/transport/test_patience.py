"""How long a call goes on without progress: one clock for all its pages, parts and workers."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from helpers.faults import Silence, at, no_link, status
from helpers.faultserver import Answer, Asked, Behaviour, FaultServer, Record
from helpers.records import school, user

import oneroster_nb as onb
from oneroster_nb.progress import IdleClock
from oneroster_nb.transport.retrying import StopRetrying

Connect = Callable[..., onb.OneRosterConnector]

SIZE = 8
LONG = 30.0  # seconds, far more than any of these calls may take, and far less than they took
SOON = {"Retry-After": "0"}


def pupils(pages: int) -> dict[str, list[Record]]:
    records = [user(f"p{n}", "student", ["s1"]) for n in range(pages * SIZE)]
    return {"students": records, "orgs": []}


class Stopped:
    """Behave in some way for good, once so many requests were answered."""

    def __init__(self, after: int, behave: Behaviour) -> None:
        self.requests = 0
        self._after = after
        self._behave = behave
        self._lock = threading.Lock()

    def __call__(self, asked: Asked, answer: Answer) -> None:
        with self._lock:
            self.requests += 1
            stopped = self.requests > self._after
        if stopped:
            self._behave(asked, answer)


def hang_up(_asked: Asked, answer: Answer) -> None:
    answer.dropped = True
    answer.body = b"x"


@contextmanager
def bounded() -> Iterator[None]:
    begun = time.monotonic()
    yield
    assert time.monotonic() - begun < LONG


@pytest.mark.parametrize("pages", [10, 1000])
@pytest.mark.parametrize("workers", [1, 4, 8])
@pytest.mark.parametrize(
    ("way", "error"),
    [(status(503, SOON), onb.UnavailableError), (hang_up, onb.ConnectionFailedError)],
    ids=["503", "hang up"],
)
def test_a_server_that_stops_in_mid_pull_ends_the_call_after_retry_seconds(
    connected: Connect, way: Behaviour, error: type[Exception], workers: int, pages: int
) -> None:
    stopped = Stopped(3, at("students", way))
    with FaultServer(pupils(pages), no_link, stopped) as server:
        connector = connected(server, page_size=SIZE, max_workers=workers, retry_seconds=1)
        with bounded(), pytest.raises(error, match="retry_seconds=1") as caught:
            connector.get_users("students")
    assert "seconds" in str(caught.value)
    # Each worker waits a tenth of a second at least between two tries of one part.
    assert stopped.requests <= 4 + 20 * workers


@pytest.mark.parametrize("workers", [1, 4, 8])
@pytest.mark.parametrize("pages", [10, 1000])
def test_a_server_that_falls_silent_in_mid_pull_ends_the_call_one_timeout_later(
    connected: Connect, pages: int, workers: int
) -> None:
    silence = Silence()
    stopped = Stopped(3, at("students", silence))
    with FaultServer(pupils(pages), no_link, stopped) as server:
        connector = connected(
            server, page_size=SIZE, max_workers=workers, retry_seconds=1, timeout=(5, 0.4)
        )
        with bounded(), pytest.raises(onb.NoAnswerError, match="retry_seconds=1"):
            connector.get_users("students")
        silence.end()
    # In one second and 0.4, each worker asks three times at most.
    assert stopped.requests <= 4 + 4 * workers


@pytest.mark.parametrize("workers", [1, 4, 8])
def test_a_server_that_is_switched_off_in_mid_pull_ends_the_call(
    connected: Connect, workers: int
) -> None:
    gone = threading.Event()
    with FaultServer(pupils(1000), no_link) as server:

        def switch_off(_progress: Any) -> None:
            if not gone.is_set():
                gone.set()
                server.switch_off()

        connector = connected(server, page_size=SIZE, max_workers=workers, retry_seconds=1)
        with bounded(), pytest.raises(onb.ConnectionFailedError, match="retry_seconds=1"):
            connector.get_users("students", progress=switch_off)


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_all_lists_of_a_roster_have_one_clock(connected: Connect, version: str) -> None:
    stopped = Stopped(2, status(503, SOON))
    with FaultServer(school(), stopped) as server:
        connector = connected(server, version=version, retry_seconds=1)
        with bounded(), pytest.raises(onb.UnavailableError, match="retry_seconds=1"):
            connector.get_roster()
    assert stopped.requests <= 3 + 20 * 4


def test_what_is_made_up_for_has_no_clock_of_its_own(connected: Connect) -> None:
    """A filter that fails is answered by the whole table; not for as long again, though."""
    stopped = Stopped(1, status(503, SOON))
    with FaultServer(school(), stopped) as server:
        connector = connected(server, max_workers=1, retry_seconds=1)
        with bounded(), pytest.raises(onb.UnavailableError, match="retry_seconds=1"):
            connector.get_classes({"title": "Art section 1"})
    assert stopped.requests <= 2 + 20


def test_pages_that_come_in_between_start_the_clock_again(connected: Connect) -> None:
    """Every second request fails: there is always progress, and so the pull goes on."""
    turns = Stopped(0, lambda *_: None)

    def unsteady(asked: Asked, answer: Answer) -> None:
        turns(asked, answer)
        if turns.requests % 2:
            status(503, SOON)(asked, answer)

    with FaultServer(pupils(6), no_link, at("students", unsteady)) as server:
        connector = connected(server, page_size=SIZE, max_workers=1, retry_seconds=2)
        frame = connector.get_users("students")
    assert len(frame) == 6 * SIZE


# --- the clock itself --------------------------------------------------------------------------


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    moment = [1000.0]
    monkeypatch.setattr("oneroster_nb.progress.time.monotonic", lambda: moment[0])
    return moment


def upcoming(seconds: float, attempt: int = 1) -> Any:
    return SimpleNamespace(outcome=None, upcoming_sleep=seconds, attempt_number=attempt)


def test_only_time_with_a_request_under_way_counts(now: list[float]) -> None:
    clock = IdleClock()
    with clock.running():
        now[0] += 5
    now[0] += 1000  # what came is worked on
    with clock.running():
        now[0] += 2
        assert clock.idle() == 7
        clock.arrived()
        assert clock.idle() == 0
        now[0] += 3
    assert clock.idle() == 3


def test_no_try_begins_after_the_time_that_all_share(now: list[float]) -> None:
    clock = IdleClock()
    with clock.running():
        first, second = (StopRetrying(clock, 60, None) for _ in range(2))
        now[0] += 50
        assert not first(upcoming(10))
        assert first(upcoming(11))
        assert clock.ran_out
        clock.arrived()  # a page of another worker
        assert not clock.ran_out
        now[0] += 59
        assert not second(upcoming(1))
        now[0] += 1
        assert second(upcoming(0.1))


def test_a_page_that_can_be_split_is_tried_a_few_times_only(now: list[float]) -> None:
    clock = IdleClock()
    with clock.running():
        stop = StopRetrying(clock, 60, 4)
        assert [stop(upcoming(1, attempt)) for attempt in (1, 2, 3, 4)] == [False] * 3 + [True]
        assert not clock.ran_out
    assert now


# --- what no timeout of a socket sees ----------------------------------------------------------


def test_a_head_that_never_ends_is_given_up(connected: Connect) -> None:
    """A byte now and then keeps each read alive, and no answer ever begins."""
    over = threading.Event()

    def trickle(connection: socket.socket) -> None:
        with connection:
            connection.recv(1 << 16)
            connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            while not over.wait(0.02):
                connection.sendall(b"x")

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=trickle, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        host = f"http://127.0.0.1:{listener.getsockname()[1]}/ims/oneroster/v1p1/"
        with (
            onb.OneRosterConnector(
                host, "an id", "a secret", timeout=(0.2, 0.1), retry_seconds=0.2
            ) as connector,
            bounded(),
            pytest.raises(onb.NoAnswerError, match="seconds"),
        ):
            connector.get_users("students")
        over.set()
        listener.shutdown(socket.SHUT_RDWR)
