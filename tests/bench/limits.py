"""What cannot be beaten: to fetch the bytes and do nothing else, and to parse them alone."""

import http.client
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import count
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.json
from job import Job, Way


def _targets(job: Job) -> list[str]:
    """Return the addresses of all pages of students."""
    path, page = urlsplit(job.serving.host).path, job.network.page
    first = f"{path}students?limit={page}&offset=0"
    connection = http.client.HTTPConnection(urlsplit(job.root).netloc)
    connection.request("GET", first)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    total = int(answer.headers["X-Total-Count"])
    return [f"{path}students?limit={page}&offset={start}" for start in range(0, total, page)]


def _fetched(job: Job, targets: list[str]) -> list[bytes]:
    """Fetch some addresses over as many connections as there are workers."""
    workers = min(job.network.workers, len(targets))
    numbers = count()

    def work(_: int) -> list[tuple[int, bytes]]:
        connection = http.client.HTTPConnection(urlsplit(job.root).netloc)
        bodies = []
        while (number := next(numbers)) < len(targets):
            connection.request("GET", targets[number])
            bodies.append((number, connection.getresponse().read()))
        connection.close()
        return bodies

    with ThreadPoolExecutor(workers) as pool:
        bodies = [body for some in pool.map(work, range(workers)) for body in some]
    return [body for _, body in sorted(bodies)]


def _parsed(body: bytes) -> int:
    """Parse a page to Arrow; return its rows."""
    options = pyarrow.json.ReadOptions(block_size=len(body) + 1, use_threads=False)
    table = pyarrow.json.read_json(pa.BufferReader(body), read_options=options)
    return len(table.column(0).chunk(0).flatten())


def fetch_only(job: Job, stack: ExitStack) -> Callable[[], int]:
    """Fetch all pages of students whose number is known, and drop them."""
    targets = _targets(job)
    return lambda: len(_fetched(job, targets))


def parse_only(job: Job, stack: ExitStack) -> Callable[[], int]:
    """Parse all pages of students in one thread; they are fetched before."""
    bodies = _fetched(job, _targets(job))
    _parsed(bodies[0])
    return lambda: sum(map(_parsed, bodies))


WAYS: dict[str, Way] = {"limit: fetch only": fetch_only, "limit: parse only": parse_only}
