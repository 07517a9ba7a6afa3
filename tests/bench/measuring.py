"""Runs jobs: interleaved, each in a process of its own, on districts that are made once."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Collection, Mapping
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path
from typing import Self, TypeAlias

from district import save_beside, save_district
from job import Job, Measured
from serving import Serving, serve
from table import Entry, Row

WORK = Path(__file__).with_name("work.py")

Run: TypeAlias = Callable[[Job], Measured]
"""Measures a job."""


def in_own_process(job: Job) -> Measured:
    """Measure a job in a new process."""
    command = [sys.executable, str(WORK), json.dumps(asdict(job))]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return Measured(**json.loads(done.stdout.splitlines()[-1]))


class Places:
    """Saved districts and their servers, made when they are needed first."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._folders: dict[int, Path] = {}
        self._servers: dict[int, tuple[ExitStack, Serving]] = {}

    def __enter__(self) -> Self:
        folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-"))
        self._root = Path(folder)
        return self

    def __exit__(self, *problem: object) -> None:
        self.close_servers_but(())
        self._stack.close()

    def folder(self, students: int, beside: str = "") -> Path:
        """Return where a district of some students is saved, and something beside its roster."""
        if students not in self._folders:
            folder = self._root / str(students)
            folder.mkdir()
            save_district(students, folder)
            self._folders[students] = folder
        folder = self._folders[students]
        if beside and not (folder / beside).exists():
            save_beside(folder, beside)
        return folder

    def serving(self, students: int) -> Serving:
        """Return the server of a district."""
        if students not in self._servers:
            stack = ExitStack()
            server = stack.enter_context(serve(self.folder(students)))
            self._servers[students] = stack, server
        return self._servers[students][1]

    def close_servers_but(self, students: Collection[int]) -> None:
        """Stop the servers of other districts: their pages take memory."""
        for number in [number for number in self._servers if number not in students]:
            self._servers.pop(number)[0].close()


def measure(
    row: Row, sizes: Mapping[str, int], places: Places, *, rounds: int, run: Run, quick: bool
) -> list[dict[str, Measured]]:
    """Measure the ways of a row, one after the other, in some rounds.

    Before them, each question to a server is asked once, so that its pages are made.

    Raises
    ------
    RuntimeError
        If two ways that answer the same question have other people in their answers.
    """
    places.close_servers_but([sizes[entry.size] for entry in row.entries])
    jobs = {entry.label: _job(entry, sizes, places, quick=quick) for entry in row.entries}
    if not quick:
        for job in jobs.values():
            if job.root:
                run(replace(job, network=replace(job.network, latency=0, connecting=0), times=1))
    found = [{label: run(job) for label, job in jobs.items()} for _ in range(rounds)]
    for one in found:
        answers = {
            (jobs[label].folder, measured.rows, measured.people)
            for label, measured in one.items()
            if measured.people
        }
        if len(answers) > len({folder for folder, _, _ in answers}):
            raise RuntimeError(f"{row.name}: the ways do not answer the same: {one}")
    return found


def _job(entry: Entry, sizes: Mapping[str, int], places: Places, *, quick: bool) -> Job:
    students = sizes[entry.size]
    network = entry.network
    if entry.pages:
        network = replace(network, page=max(1, students // entry.pages))
    if quick:
        network = replace(network, latency=0, connecting=0)
    return Job(
        way=entry.way,
        folder=str(places.folder(students, entry.beside)),
        root=places.serving(students).root if entry.served else "",
        group=entry.group,
        network=network,
        times=1 if quick else entry.times,
    )
