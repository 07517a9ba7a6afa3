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

import pandas as pd
import pytest

import oneroster_nb as onb
from oneroster_nb.cli import main

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
    assert process.wait(timeout=30) == 2
    assert "'2031'" in output
    assert "'2026-2027'" in output


def test_serve_demo_says_so_where_the_port_is_taken(start):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = start("serve-demo", "--port", str(port))
        output = process.stdout.read()
    assert process.wait(timeout=30) == 2
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
    assert "query" in output.stdout


@pytest.fixture
def query(capsys, monkeypatch):
    """Run a query in this process; return its exit status, its output and what it says beside."""
    for name in [name for name in os.environ if name.startswith("ONEROSTER_")]:
        monkeypatch.delenv(name)

    def run(*args):
        status = main(["query", *args])
        return status, *capsys.readouterr()

    return run


@pytest.fixture
def saved(tmp_path):
    """Save a roster of two students, who have no classes."""
    name = "\x1b[31mAda"
    users = pd.DataFrame({"sourcedId": ["1", "2"], "givenName": [name, "Bo"], "role": "student"})
    path = onb.Roster({"users": users}).save(tmp_path / "kept.roster")
    return ["--provider", "snapshot", "--path", str(path)]


def test_query_prints_who_it_is(query):
    status, out, err = query("classes::ELA 6 (6A ELA)::students?email~@")
    said, header, *rows = out.splitlines()
    assert (status, said, len(rows)) == (0, "7 people, 7 rows", 7)
    assert header.split()[:3] == ["sourcedId", "givenName", "familyName"]
    assert header.split()[-1] == "email"
    assert all("Lincoln Middle School" in row and "@" in row for row in rows)
    assert "demo district" in err
    assert "demo district" not in out


def test_query_asks_about_a_day(query):
    assert query("classes::*::students", "--as-of", "1999-10-01")[1] == "0 people, 0 rows\n"


def test_query_writes_a_private_file(query, tmp_path):
    path = tmp_path / "out.csv"
    status, out, err = query("classes::ELA 6 (6A ELA)::students", "--csv", str(path))
    assert (status, out) == (0, "")
    assert "7 people" in err
    assert len(pd.read_csv(path)) == 7
    assert "enrollmentRole" in pd.read_csv(path)
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o600

    status, _, err = query("schools::Classlink HS::students", "--csv", str(path))
    assert (status, "already exists" in err, "demo" in err) == (2, True, False)
    query("schools::Classlink HS::students", "--csv", str(path), "--overwrite")
    assert len(pd.read_csv(path)) == 38


def test_query_asks_the_source_that_is_named(query, saved, monkeypatch):
    status, out, err = query("students", *saved)
    assert (status, out.splitlines()[0], err) == (0, "2 people, 2 rows", "")
    assert "\x1b" not in out
    monkeypatch.setenv("ONEROSTER_PROVIDER", "demo")
    status, out, err = query("teachers")
    assert (status, out.splitlines()[0], err) == (0, "37 people, 37 rows", "")


def test_query_never_takes_the_demo_for_a_source_that_is_half_described(query, monkeypatch):
    monkeypatch.setenv("ONEROSTER_HOST", "https://example.org/")
    status, out, err = query("students")
    assert (status, out) == (2, "")
    assert "ONEROSTER_PROVIDER" in err


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["classes::Art::studnts"], "'students'"),
        (["students?as_of=2026-10-01", "--as-of", "2026-10-02"], "as_of"),
        (["students", "--as-of", "soon"], "'soon'"),
        (["students", "--provider", "clevr"], "'clever'"),
        (["students", "--profile", "no such"], "no such"),
        (["students", "--csv", "out.xlsx"], "out.xlsx"),
        (["students", "--csv", "no/such/folder/out.csv"], "folder"),
    ],
)
def test_query_says_in_a_line_what_cannot_be_asked(query, args, said):
    status, out, err = query(*args)
    assert (status, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1


def test_query_says_warnings_and_footnotes_once_and_beside(query, saved):
    status, out, err = query("students?metadata.track=&metadata.bus=", *saved)
    assert (status, out.splitlines()[0]) == (0, "2 people, 2 rows")
    assert (err.count("'metadata.track'"), err.count("'metadata.bus'")) == (1, 1)


def test_query_ends_quietly_when_nobody_reads_on(saved):
    process = subprocess.Popen(
        [*COMMAND, "query", "students", *saved],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=ENVIRONMENT,
    )
    process.stdout.close()
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, b"")
