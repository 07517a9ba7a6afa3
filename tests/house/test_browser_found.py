"""The tests find a browser by themselves, or say which command brings one.

Machines are made of folders of small programs here: those on the PATH, and a "python" that stands
for Playwright's download. A program that ends well stands for a browser that starts.
"""

import stat
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from helpers.browser_finding import (
    PROGRAMS,
    Candidate,
    Machine,
    NoBrowserError,
    candidates,
    fetches,
    find,
)
from playwright.sync_api import Error, sync_playwright

WORKS = "exit 0"
STUB = "echo 'This needs a package of another kind' >&2; exit 1"


class Computer:
    """A folder of programs, and what was run and told on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.programs = folder / "bin"
        self.programs.mkdir()
        self.downloaded = folder / "downloaded"
        self.ran = folder / "ran"
        self.ran.touch()
        self.told: list[str] = []

    def has(self, name: str, does: str = WORKS) -> Path:
        program = self.programs / name
        program.write_text(f"#!/bin/sh\n{does}\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        return program

    def fetches_with(self, name: str, does: str) -> Path:
        """Put a program there that notes its arguments, and does something."""
        return self.has(name, f'echo "{name} $*" >> "{self.ran}"\n{does}')

    def machine(self, *, root: bool = False) -> Machine:
        return Machine(str(self.programs), str(self.programs / "python"), root)

    def commands(self) -> list[str]:
        return self.ran.read_text().splitlines()

    def start(self, candidate: Candidate) -> str:
        if "channel" in candidate.options:
            raise Error(f"{candidate.name} is not installed")
        program = candidate.options.get("executable_path", str(self.downloaded))
        try:
            done = subprocess.run([program], capture_output=True, text=True)
        except FileNotFoundError:
            raise Error(f"{program} is not there\nand more lines") from None
        if done.returncode:
            raise Error(f"{program}: {done.stderr}")
        return program

    def find(self, *, root: bool = False) -> str:
        return find(self.machine(root=root), self.start, self.told.append, self.folder / "lock")


@pytest.fixture
def computer(tmp_path: Path) -> Computer:
    made = Computer(tmp_path)
    made.fetches_with("python", "echo 'the host is not known' >&2; exit 1")
    return made


def brings(program: Path) -> str:
    """Return what a shell does to put a program that works there."""
    return f"printf '#!/bin/sh\\nexit 0\\n' > '{program}'; /bin/chmod +x '{program}'"


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_browser_on_the_path_is_taken_and_named(computer: Computer, name: str) -> None:
    program = computer.has(name)
    assert computer.find() == str(program)
    assert computer.commands() == []
    assert len(computer.told) == 1
    assert str(program) in computer.told[0]


def test_chromium_comes_before_other_browsers(computer: Computer) -> None:
    for name in reversed(PROGRAMS):
        computer.has(name)
    assert computer.find() == str(computer.programs / "chromium")


def test_a_program_that_starts_no_browser_is_passed_over(computer: Computer) -> None:
    computer.has("chromium-browser", STUB)
    chrome = computer.has("google-chrome")
    assert computer.find() == str(chrome)


def test_usual_places_and_downloads_follow_the_path(computer: Computer) -> None:
    computer.has("microsoft-edge")
    options = [candidate.options for candidate in candidates(computer.machine())]
    edge = str(computer.programs / "microsoft-edge")
    assert options == [{"executable_path": edge}, {"channel": "chrome"}, {"channel": "msedge"}, {}]


def test_a_browser_that_playwright_has_downloaded_before_is_taken(computer: Computer) -> None:
    computer.has("../downloaded")
    assert computer.find(root=True) == str(computer.downloaded)
    assert computer.commands() == []


@pytest.mark.parametrize("root", [True, False])
def test_without_packages_the_download_is_fetched(computer: Computer, root: bool) -> None:
    computer.fetches_with("python", brings(computer.downloaded))
    assert computer.find(root=root) == str(computer.downloaded)
    assert computer.commands() == ["python -m playwright install chromium"]
    assert "playwright install chromium" in computer.told[0]


def test_only_root_has_packages_installed(computer: Computer) -> None:
    computer.fetches_with("apt-get", "exit 0")
    assert [command[0] for command in fetches(computer.machine())] == [
        str(computer.programs / "python")
    ]


def test_root_on_debian_fetches_the_package_even_when_lists_are_partly_old(
    computer: Computer,
) -> None:
    chromium = computer.programs / "chromium"
    computer.fetches_with(
        "apt-get", f'case "$*" in *update*) exit 100;; *) {brings(chromium)};; esac'
    )
    assert computer.find(root=True) == str(chromium)
    update, install = computer.commands()
    assert update.endswith("update")
    assert install.endswith("chromium fonts-dejavu-core")
    assert len(computer.told) == 3


def test_where_the_package_is_none_the_download_comes_with_what_it_needs(
    computer: Computer,
) -> None:
    computer.fetches_with("apt-get", "exit 100")
    computer.fetches_with("python", brings(computer.downloaded))
    assert computer.find(root=True) == str(computer.downloaded)
    assert computer.commands()[-1] == "python -m playwright install --with-deps chromium"


def test_where_none_can_be_had_the_error_has_the_command_and_the_reasons(
    computer: Computer,
) -> None:
    computer.has("chromium-browser", STUB)
    with pytest.raises(NoBrowserError) as caught:
        computer.find()
    text = str(caught.value)
    assert f"    {computer.programs / 'python'} -m playwright install chromium\n" in text
    assert "a package of another kind" in text
    assert "exit status 1: the host is not known" in text
    assert "and more lines" not in text


@pytest.mark.parametrize(("root", "before"), [(True, "    "), (False, "    sudo ")])
def test_on_debian_the_command_to_run_brings_libraries_too(
    computer: Computer, root: bool, before: str
) -> None:
    computer.fetches_with("apt-get", "exit 100")
    with pytest.raises(NoBrowserError) as caught:
        computer.find(root=root)
    python = computer.programs / "python"
    assert f"{before}{python} -m playwright install --with-deps chromium\n" in str(caught.value)


def test_a_missing_program_to_fetch_with_is_a_reason(computer: Computer) -> None:
    (computer.programs / "python").unlink()
    with pytest.raises(NoBrowserError, match="No such file"):
        computer.find()


def test_of_several_at_once_one_fetches(computer: Computer) -> None:
    computer.fetches_with("python", f"/bin/sleep 0.2; {brings(computer.downloaded)}")
    with ThreadPoolExecutor(4) as pool:
        found = [future.result() for future in [pool.submit(computer.find) for _ in range(4)]]
    assert found == [str(computer.downloaded)] * 4
    assert len(computer.commands()) == 1


def test_playwright_refuses_a_program_that_is_no_browser(computer: Computer) -> None:
    stub = computer.has("chromium", STUB)
    with sync_playwright() as playwright, pytest.raises(Error):
        playwright.chromium.launch(executable_path=str(stub))
