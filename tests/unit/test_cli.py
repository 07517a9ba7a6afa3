"""The command line, in processes of its own."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

import oneroster_nb as onb

COMMAND = [sys.executable, "-m", "oneroster_nb.cli"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(onb.__file__).parent.parent)}


@pytest.fixture
def start(interruptible):
    """Start a command; end it with the test."""
    started = []

    def run(*args, **options):
        process = subprocess.Popen(
            [*COMMAND, *args],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=ENVIRONMENT,
            **options,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait(timeout=30)
        process.stdout.close()


def test_serve_demo_serves_until_it_is_interrupted(start):
    process = start("serve-demo")
    said = {}
    for line in process.stdout:
        label, _, value = line.strip().rpartition("  ")
        said[label.strip()] = value
        if "Ctrl+C" in line:
            break
    account = (said["client id"], said["client secret"])
    with onb.OneRosterConnector(said["host"], *account) as conn:
        assert len(conn.get_users("students")) == 139
    newer, token_url = said["OneRoster 1.2 host"], said["token URL"]
    with onb.OneRosterConnector(newer, *account, token_url=token_url) as conn:
        assert (conn.version, len(conn.get_users("students"))) == ("1.2", 139)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) == 0


@pytest.fixture
def background():
    """Run a test as a shell runs what is started with &."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGINT, before)


def test_processes_of_tests_hear_interrupts_in_the_background_too(background, interruptible):
    code = "import signal; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "True"


def test_serve_demo_makes_a_district_of_any_size(start):
    process = start("serve-demo", "--students", "300", "--school-year", "2031-2032")
    host, client_id, secret = (process.stdout.readline().split("  ")[-1].strip() for _ in range(3))
    with onb.OneRosterConnector(host, client_id, secret) as conn:
        assert len(conn.get_users("students")) == 300
        assert conn.get_academic_sessions()["title"].iloc[0] == "2031-2032"


def test_serve_demo_says_what_a_school_year_is(start):
    process = start("serve-demo", "--school-year", "2031")
    output = process.stdout.read()
    assert process.wait(timeout=30) == 1
    assert "'2031'" in output
    assert "'2026-2027'" in output


def test_serve_demo_says_so_where_the_port_is_taken(start):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = start("serve-demo", "--port", str(port))
        output = process.stdout.read()
    assert process.wait(timeout=30) == 1
    assert str(port) in output
    assert "Traceback" not in output


def get_json(address):
    """Get an address as soon as its server listens, which Jupyter announces before it does."""
    for _ in range(200):
        try:
            with urllib.request.urlopen(address, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.URLError:
            time.sleep(0.1)
    raise AssertionError(f"nothing listens at {address}")


def test_lab_opens_the_quick_start(start, tmp_path):
    process = start("lab", str(tmp_path), "--no-browser", cwd=tmp_path)
    address = None
    for line in process.stdout:
        found = re.search(r"http://(?:localhost|127\.0\.0\.1):\d+/\S*token=\S+", line)
        if found:
            address = found[0]
            break
    assert address is not None
    assert "01_quickstart.ipynb" in address
    assert (tmp_path / "01_quickstart.ipynb").is_file()
    base, token = re.match(r"(http://[^/]+)/.*token=(\S+)", address).groups()
    assert get_json(f"{base}/api/contents/01_quickstart.ipynb?token={token}")["type"] == "notebook"
    process.send_signal(signal.SIGTERM)


def test_lab_overwrites_no_notebook_of_yours(tmp_path):
    from oneroster_nb.cli import _notebooks

    (tmp_path / "01_quickstart.ipynb").write_text("mine")
    assert _notebooks(tmp_path) == tmp_path
    assert (tmp_path / "01_quickstart.ipynb").read_text() == "mine"


def test_help_names_the_commands():
    output = subprocess.run([*COMMAND, "--help"], capture_output=True, text=True, env=ENVIRONMENT)
    assert "lab" in output.stdout
    assert "serve-demo" in output.stdout
