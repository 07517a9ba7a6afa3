"""Find a browser for the tests: one that this machine has, else one that is fetched."""

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from playwright.sync_api import Browser, Error, Playwright

from oneroster_nb.files import locked

PROGRAMS = (
    *("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
    *("microsoft-edge", "microsoft-edge-stable"),
)
FETCH_SECONDS = 1200

Command = Sequence[str]
Started = TypeVar("Started")


class NoBrowserError(Exception):
    """No browser starts, and none can be fetched; the message has the command to run."""


@dataclass(frozen=True)
class Machine:
    """What decides where a browser can come from."""

    path: str  # as in the variable PATH
    python: str
    root: bool

    def program(self, name: str) -> str | None:
        return shutil.which(name, path=self.path)


@dataclass(frozen=True)
class Candidate:
    """A browser that may be there, and how Playwright starts it."""

    name: str
    options: dict[str, str]


def this_machine() -> Machine:
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    return Machine(os.environ.get("PATH", os.defpath), sys.executable, root)


def candidates(machine: Machine) -> list[Candidate]:
    """Return the browsers to try, best first: on the PATH, in the usual places, Playwright's."""
    found = [path for name in PROGRAMS if (path := machine.program(name))]
    return [
        *(Candidate(path, {"executable_path": path}) for path in found),
        Candidate("Google Chrome", {"channel": "chrome"}),
        Candidate("Microsoft Edge", {"channel": "msedge"}),
        Candidate("Playwright's Chromium", {}),
    ]


def fetches(machine: Machine) -> list[Command]:
    """Return the commands that may bring a browser, one after the other.

    Only root on Debian and its kin can have packages installed. There the package of the system
    comes first, because it brings all that it needs; on Ubuntu there is none that works.
    """
    download = (machine.python, "-m", "playwright", "install")
    apt = machine.program("apt-get")
    if not (machine.root and apt):
        return [(*download, "chromium")]
    wait = ("-o", "DPkg::Lock::Timeout=300")
    packages = ("chromium", "fonts-dejavu-core")
    return [
        (apt, *wait, "-q", "update"),
        (apt, *wait, "-q", "install", "-y", "--no-install-recommends", *packages),
        (*download, "--with-deps", "chromium"),
    ]


def remedy(machine: Machine) -> str:
    """Return the command for a person to run if no browser is available."""
    download = f"{shlex.quote(machine.python)} -m playwright install"
    if not machine.program("apt-get"):
        return f"{download} chromium"
    return f"{'' if machine.root else 'sudo '}{download} --with-deps chromium"


def find(
    machine: Machine,
    start: Callable[[Candidate], Started],
    tell: Callable[[str], None],
    lock: Path,
) -> Started:
    """Start the first browser that does, and fetch one if none does.

    Parameters
    ----------
    machine : Machine
        Where to look, and what can be installed.
    start : callable
        Starts a candidate, or raises Playwright's ``Error``.
    tell : callable
        Is told in a line what was done.
    lock : Path
        What processes that look at the same time lock, so that only one of them fetches.

    Raises
    ------
    NoBrowserError
        If none starts in the end.
    """
    refusals: dict[str, str] = {}

    def first() -> Started | None:
        for candidate in candidates(machine):
            try:
                started = start(candidate)
            except Error as exc:
                refusals[candidate.name] = str(exc).partition("\n")[0]
            else:
                tell(f"Browser of the tests: {candidate.name}")
                return started
        return None

    if started := first():
        return started
    with locked(lock, FETCH_SECONDS):
        if started := first():  # another process has fetched it meanwhile
            return started
        for command in fetches(machine):
            shown = shlex.join(command)
            tell(f"No browser starts. Run to fetch one: {shown}")
            if problem := _run(command, machine):
                refusals[shown] = problem
            if started := first():
                return started
    reasons = "\n".join(f"- {name}: {reason}" for name, reason in refusals.items())
    raise NoBrowserError(
        "These tests need Chromium, Chrome or Edge, and none could be fetched. Install one of"
        f" them, or run:\n\n    {remedy(machine)}\n\nWhat was tried:\n{reasons}"
    )


def open_browser(playwright: Playwright, tell: Callable[[str], None]) -> Browser:
    """Start a browser on this machine, without a window."""

    def start(candidate: Candidate) -> Browser:
        options: dict[str, Any] = {**candidate.options}
        return playwright.chromium.launch(
            **options, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )

    user = os.getuid() if hasattr(os, "getuid") else "browser"
    return find(this_machine(), start, tell, Path(tempfile.gettempdir()) / f"oneroster-nb-{user}")


def _run(command: Command, machine: Machine) -> str:
    """Run a command and return how it failed, or nothing."""
    environment = {**os.environ, "PATH": machine.path, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=FETCH_SECONDS / 2,
        )
    except subprocess.TimeoutExpired:
        return f"it took more than {FETCH_SECONDS / 2:g} seconds"
    except OSError as exc:
        return str(exc)
    if not done.returncode:
        return ""
    # What is indented is where in the program it failed.
    said = [line for line in done.stdout.splitlines() if line[:1].strip(" {}")]
    return f"exit status {done.returncode}: {' / '.join(said[-3:])}"
