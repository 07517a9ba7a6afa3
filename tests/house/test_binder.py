"""Binder: repo2docker accepts its files, and what they install runs the notebooks."""

import json
import re
import secrets
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest
from helpers.binder_image import BINDER, PROJECT, Image, run
from helpers.places import ROOT
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

START_SECONDS = 60
VIEW = "application/vnd.jupyter.widget-view+json"


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


def test_post_build_is_executable_for_all_who_clone():
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
