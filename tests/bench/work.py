"""Measures one job in this process; `measuring` starts one such process for each.

python tests/bench/work.py '{"way": "check", "folder": "…"}'
"""

import hashlib
import json
import statistics
import sys
import time
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import asdict
from typing import Any

from csv_bundle import peak
from job import Job, Measured
from serving import Network
from ways import way_named


def perform(job: Job) -> Measured:
    """Prepare a job, and measure it."""
    with ExitStack() as stack:
        if job.root:
            job.serving.begin(Network())
        act = way_named(job.way)(job, stack)
        if job.root:
            job.serving.begin(job.network)
        walls, processor = [], []
        for _ in range(job.times):
            value = None  # so that the answer before is not in memory, too
            begun, used = time.perf_counter(), time.process_time()
            value = act()
            walls.append(time.perf_counter() - begun)
            processor.append(time.process_time() - used)
        megabytes = peak()
        requests = job.serving.counted() // job.times if job.root else 0
        rows, people = _told(value)
    return Measured(
        seconds=statistics.median(walls),
        processor=statistics.median(processor),
        megabytes=megabytes,
        requests=requests,
        rows=rows,
        people=people,
    )


def _told(value: Any) -> tuple[int, str]:
    """Return the rows of an answer, and a digest of the ids in it."""
    if isinstance(value, int):
        return value, ""
    if isinstance(value, list):
        return len(value), _digest(record["sourcedId"] for record in value)
    if hasattr(value, "summary"):
        return int(value.summary()["rows"].sum()), ""
    # Two tables that pandas merges have their ids in columns of other names.
    name = next((one for one in ("sourcedId", "userSourcedId") if one in value), None)
    return len(value), "" if name is None else _digest(value[name])


def _digest(ids: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(sorted(ids)).encode()).hexdigest()[:16]


def main() -> None:
    """Measure the job in the argument, and print what was found."""
    given = json.loads(sys.argv[1])
    job = Job(**{**given, "network": Network(**given["network"]), "group": tuple(given["group"])})
    print(json.dumps(asdict(perform(job))))


if __name__ == "__main__":
    main()
