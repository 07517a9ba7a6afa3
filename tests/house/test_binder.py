"""Binder: repo2docker accepts its files, and what they install runs the notebooks."""

import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path
from types import MappingProxyType
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest
from helpers.places import ROOT
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

BINDER = ROOT / "binder"
NOTEBOOKS = sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

# Read before the tests' own settings replace it: pip may need a proxy and a configuration file.
OUTSIDE = MappingProxyType(dict(os.environ))

# What would lead programs out of the new environment, into another one or a person's files.
LEADS_OUT = ("PYTHON", "JUPYTER", "IPYTHON", "MPL", "VIRTUAL_ENV", "XDG_")

START_SECONDS = 60
VIEW = "application/vnd.jupyter.widget-view+json"


def run(*command: str | Path, cwd: Path = ROOT, env: dict[str, str] | None = None):
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def needed(*names: str) -> dict[str, Distribution]:
    """Return what packages need to be installed beside them, as it is installed here."""
    found: dict[str, Distribution] = {}
    waiting = [Requirement(name) for name in names]
    seen = set()
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        for extra in ("", *wanted.extras):
            if (name, extra) in seen:
                continue
            seen.add((name, extra))
            found[name] = distribution(name)
            for line in found[name].requires or ():
                more = Requirement(line)
                if more.marker is None or more.marker.evaluate({"extra": extra}):
                    waiting.append(more)
    return found


def copy_of_installed(package: Distribution, into: Path) -> None:
    """Put the files of an installed package into another environment, as pip would."""
    for listed in package.files or ():
        source = Path(os.path.normpath(package.locate_file(listed)))
        if listed.name == "REQUESTED" or not source.is_file():
            continue
        place = into / source.relative_to(sys.prefix)
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.parent.name == "bin" and source.read_bytes().startswith(b"#!"):
            _, _, rest = source.read_bytes().partition(b"\n")
            place.write_bytes(b"#!" + bytes(into / "bin" / "python") + b"\n" + rest)
            place.chmod(0o755)
        else:
            shutil.copy2(source, place)


class Image:
    """An environment with what Binder's has, and the home folder of who works in it.

    pip installs what Binder's requirements name. What those need is copied from the environment of
    the tests, which has it; pip then checks that nothing is missing.
    """

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.home.mkdir()
        self.programs = folder / "environment" / "bin"
        kept = {name: value for name, value in os.environ.items() if not name.startswith(LEADS_OUT)}
        path = f"{self.programs}{os.pathsep}{os.environ['PATH']}"
        self.variables = {**kept, "HOME": str(self.home), "PATH": path}

    def build(self) -> None:
        outside = {name: text for name, text in OUTSIDE.items() if not name.startswith("PYTHON")}
        run(sys.executable, "-m", "venv", self.programs.parent, env=outside)
        pip = (self.programs / "python", "-m", "pip", "--disable-pip-version-check")
        asked_for = ("-r", BINDER / "requirements.txt")
        run(*pip, "install", "-q", "--no-deps", "--no-compile", *asked_for, env=outside)
        for name, package in needed(*PROJECT["dependencies"], "voila").items():
            if name not in {"voila", "pip", "setuptools"}:
                copy_of_installed(package, self.programs.parent)
        run(*pip, "check", env=outside)
        self.run(BINDER / "postBuild", cwd=ROOT)

    def run(self, *command: str | Path, cwd: Path) -> str:
        return run(*command, cwd=cwd, env=self.variables).stdout


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    made = Image(tmp_path_factory.mktemp("binder"))
    made.build()
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Copy the notebooks, away from the package's source, which would be imported instead."""
    copy = tmp_path / "work" / "notebooks"
    shutil.copytree(ROOT / "notebooks", copy, ignore=shutil.ignore_patterns(".*"))
    return copy


class Server:
    """A Jupyter server that is being started in the image, as Binder does for every visitor."""

    def __init__(self, process: "subprocess.Popen[str]", token: str) -> None:
        self._process = process
        self._token = token
        self._address = ""

    def get(self, path: str) -> str:
        headers = {"Authorization": f"token {self._token}"}
        with urlopen(Request(self._address + path, headers=headers), timeout=120) as reply:
            return reply.read().decode()

    def wait_until_up(self) -> None:
        said = []
        for line in self._process.stderr or ():
            said.append(line)
            if found := re.search(r"http://127\.0\.0\.1:\d+", line):
                self._address = found[0]
                break
        # The address is logged a moment before the server listens there.
        while self._address and self._process.poll() is None:
            try:
                self.get("/api/status")
            except (URLError, ConnectionError):
                time.sleep(0.1)
            else:
                return
        pytest.fail("JupyterLab did not start:\n" + "".join(said))


@pytest.fixture
def server(image: Image, folder: Path) -> Iterator[Server]:
    token = secrets.token_hex(16)
    process = subprocess.Popen(
        [
            *(image.programs / "jupyter", "lab", "--no-browser", "--allow-root"),
            *("--ip=127.0.0.1", "--port=0", f"--IdentityProvider.token={token}"),
        ],
        cwd=folder.parent,
        env=image.variables,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    too_late = threading.Timer(START_SECONDS, process.kill)
    too_late.start()
    try:
        started = Server(process, token)
        started.wait_until_up()
        too_late.cancel()
        yield started
    finally:
        too_late.cancel()
        too_late.join()
        process.terminate()
        process.communicate()


def test_repo2docker_accepts_the_files():
    done = run(sys.executable, "-m", "repo2docker", "--no-build", "--debug", ".")
    version = (BINDER / "runtime.txt").read_text(encoding="utf-8").strip().removeprefix("python-")
    assert f"python={version}" in done.stderr
    # A package of this repository can be installed only when the repository has been copied.
    steps = [
        re.search(pattern, done.stdout, flags=re.MULTILINE)
        for pattern in (
            r"^COPY .*src/ \$\{REPO_DIR\}",
            r"^RUN .*pip install .*binder/requirements\.txt",
            r"^RUN \./binder/postBuild",
        )
    ]
    assert None not in steps, done.stdout
    assert steps == sorted(steps, key=lambda step: step.start()), done.stdout


def test_python_is_pinned_to_one_the_package_takes():
    pinned = re.fullmatch(
        r"python-(3\.\d+)\n", (BINDER / "runtime.txt").read_text(encoding="utf-8")
    )
    assert pinned is not None
    assert SpecifierSet(PROJECT["requires-python"]).contains(pinned[1])


def test_post_build_is_executable_for_everybody_who_clones():
    listed = run("git", "-c", f"safe.directory={ROOT}", "ls-files", "--stage", "binder/postBuild")
    assert listed.stdout.startswith("100755 "), listed.stdout


def test_nothing_is_installed_for_tests_only(image: Image, tmp_path: Path):
    listed = image.run("python", "-m", "pip", "inspect", cwd=tmp_path)
    found = {item["metadata"]["name"]: item for item in json.loads(listed)["installed"]}
    asked_for = {name for name, item in found.items() if item["requested"]} - {"pip", "setuptools"}
    assert asked_for == {"oneroster_nb", "voila"}
    tests_only = {
        canonicalize_name(Requirement(line).name)
        for line in PROJECT["optional-dependencies"]["test"]
    }
    # JupyterLab needs these itself.
    tests_only -= {"jsonschema", "nbclient", "nbformat", "pyyaml"}
    tests_only -= {canonicalize_name(name) for name in asked_for}
    assert not tests_only & {canonicalize_name(name) for name in found}


def test_fonts_are_listed_before_the_first_chart(image: Image):
    assert list(image.home.glob(".cache/matplotlib/fontlist-*.json"))


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_notebook_runs(image: Image, folder: Path, name: str):
    image.run("jupyter", "execute", "--inplace", "--timeout=120", name, cwd=folder)
    cells = json.loads((folder / name).read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert all(cell["execution_count"] for cell in code)
    assert any(cell["outputs"] for cell in code)
    warned = [out for cell in code for out in cell["outputs"] if out.get("name") == "stderr"]
    assert warned == []


def test_jupyter_saves_no_widget_state_and_offers_the_form_as_a_page(server: Server):
    def default(plugin: str, setting: str) -> object:
        answer = json.loads(server.get(f"/lab/api/settings/{plugin}"))
        return answer["schema"]["properties"][setting]["default"]

    assert default("@jupyter-widgets/jupyterlab-manager:plugin", "saveState") is False
    assert default("@jupyterlab/apputils-extension:notification", "fetchNews") == "false"
    assert default("@jupyterlab/apputils-extension:notification", "checkForUpdates") is False
    assert VIEW in server.get("/voila/render/notebooks/02_explore.ipynb")


def test_widget_state_is_switched_off_whatever_jupyter_does_unasked(image: Image, tmp_path: Path):
    listed = image.run("jupyter", "lab", "path", cwd=tmp_path)
    folder = re.search(r"^Application directory: +(.+)$", listed, flags=re.MULTILINE)
    assert folder is not None, listed
    overrides = json.loads((Path(folder[1]) / "settings" / "overrides.json").read_text())
    assert overrides["@jupyter-widgets/jupyterlab-manager:plugin"] == {"saveState": False}
