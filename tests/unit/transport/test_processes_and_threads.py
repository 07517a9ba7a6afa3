"""A connector in a forked child, in a pool of processes and in many threads: the right answers."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from multiprocessing.pool import ThreadPool

import pytest
from helpers.cleverserver import CleverServer
from helpers.faults import Together, at
from helpers.faultserver import Answer, Asked, FaultServer, Record
from helpers.records import school, user

import oneroster_nb as onb
from oneroster_nb.transport.per_process import PerProcess

Connect = Callable[..., onb.OneRosterConnector]

STUDENTS = [f"s{n}" for n in range(60)]
TEACHERS = [f"t{n}" for n in range(60)]


# Newer Pythons warn of a fork beside other threads, such as the server of the demo.
_WARNINGS = ("-W", "error", "-W", "ignore::DeprecationWarning")


def people() -> dict[str, list[Record]]:
    return {
        "students": [user(key, "student", ["n"]) for key in STUDENTS],
        "teachers": [user(key, "teacher", ["n"]) for key in TEACHERS],
        "orgs": [],
    }


def run(script: str, *arguments: str) -> list[str]:
    """Run a program of its own, which has no threads but its own when it forks."""
    done = subprocess.run(
        [sys.executable, *_WARNINGS, "-c", script, *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


CONNECT = """
import os, sys
import oneroster_nb as onb
host = sys.argv[1]
conn = onb.OneRosterConnector(host, "an id", "a secret", page_size=10, retry_seconds=5)
def keys(role):
    return list(conn.get_users(role)["sourcedId"])
"""

FORK = (
    CONNECT
    + """
students = keys("students")  # so that there are connections to inherit
read, write = os.pipe()
child = os.fork()
if child == 0:
    right = keys("teachers") == [f"t{n}" for n in range(60)]
    os.write(write, b"1" if right else b"0")
    if sys.argv[2] == "close":
        conn.close()
    os._exit(0)
for _ in range(3):
    assert keys("students") == students == [f"s{n}" for n in range(60)]
os.waitpid(child, 0)
assert os.read(read, 1) == b"1"
assert keys("students") == students
conn.close()
"""
)


@pytest.mark.parametrize("end", ["close", "leave open"])
def test_a_forked_child_opens_connections_of_its_own(end: str) -> None:
    """The child asks for the teachers alone, the parent for the students alone."""
    with FaultServer(people()) as server:
        run(FORK, server.host, end)
        ports: dict[str, set[int]] = {"students": set(), "teachers": set()}
        for asked in server.requests:
            if asked.path in ports:
                ports[asked.path].add(asked.port)
    assert ports["students"]
    assert ports["teachers"]
    assert ports["students"].isdisjoint(ports["teachers"])


FORK_AT_ONCE = (
    CONNECT
    + """
keys("students")
child = os.fork()
role, sign = ("teachers", "t") if child == 0 else ("students", "s")
right = all(keys(role) == [f"{sign}{n}" for n in range(60)] for _ in range(5))
if child == 0:
    os._exit(0 if right else 1)
assert right
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
conn.close()
"""
)


def test_parent_and_child_that_ask_at_once_get_their_own_answers() -> None:
    with FaultServer(people()) as server:
        run(FORK_AT_ONCE, server.host)


POOL = (
    CONNECT
    + """
import multiprocessing
keys("students")
with multiprocessing.get_context("fork").Pool(3) as pool:
    roles = ["students", "teachers"] * 3
    for role, found in zip(roles, pool.map(keys, roles)):
        assert found == [f"{role[0]}{n}" for n in range(60)], role
    pool.close()
    pool.join()
conn.close()
"""
)


def test_a_pool_of_forked_processes_shares_a_connector() -> None:
    with FaultServer(people()) as server:
        run(POOL, server.host)


HELD = """
import os, sys, threading
import oneroster_nb as onb
from oneroster_nb.transport.per_process import PerProcess

# A thread that holds a lock when the process forks does not exist in the child.
locks = PerProcess(threading.Lock)
holding, go_on = threading.Event(), threading.Event()
def hold():
    with locks.get():
        holding.set()
        go_on.wait(60)
thread = threading.Thread(target=hold)
thread.start()
holding.wait()
child = os.fork()
if child == 0:
    os._exit(0 if locks.get().acquire(timeout=30) else 1)
go_on.set()
thread.join()
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
"""


def test_a_lock_that_a_thread_holds_does_not_stop_the_child() -> None:
    run(HELD)


TOKEN = """
import os, sys
import oneroster_nb as onb
conn = onb.OneRosterConnector(
    sys.argv[1], "an id", "a secret", token_url=sys.argv[2], retry_seconds=5
)
assert len(conn.get_users("students")) == 60
child = os.fork()
if child == 0:
    os._exit(0 if len(conn.get_users("students")) == 60 else 1)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
conn.close()
"""


def test_a_forked_child_gets_a_token_of_its_own() -> None:
    handed_out: list[str] = []

    def token(_asked: Asked, answer: Answer) -> None:
        handed_out.append(f"made-up-{len(handed_out)}")
        answer.status = 200
        answer.body = json.dumps({"access_token": handed_out[-1], "expires_in": 3600}).encode()

    with FaultServer(people(), at("token", token)) as server:
        run(TOKEN, server.host, server.host + "token")
        used = {
            asked.headers["Authorization"] for asked in server.requests if asked.path == "students"
        }
    assert len(handed_out) == 2
    assert used == {f"Bearer {word}" for word in handed_out}


DEMO = """
import os, sys
import oneroster_nb as onb
conn = onb.connect(sys.argv[1])
assert len(conn.get_users("students")) == 139
child = os.fork()
if child == 0:
    right = len(conn.get_users("students")) == 139
    conn.close()  # which leaves the parent's server alone
    os._exit(0 if right else 1)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert len(conn.get_users("students")) == 139
conn.close()
"""


@pytest.mark.parametrize("provider", ["demo", "demo-clever"])
def test_a_child_that_closes_the_demo_leaves_it_to_its_parent(provider: str) -> None:
    run(DEMO, provider)


# --- threads -----------------------------------------------------------------------------------


def test_threads_that_share_a_connector_get_their_own_answers(connected: Connect) -> None:
    with FaultServer(people(), at("*s", Together(6))) as server:
        connector = connected(server, page_size=10)
        roles = ["students", "teachers"] * 8
        with ThreadPool(8) as pool:
            found = pool.map(lambda role: list(connector.get_users(role)["sourcedId"]), roles)
    assert found == [STUDENTS, TEACHERS] * 8


def test_threads_that_share_a_connector_ask_of_groups_at_once(connected: Connect) -> None:
    questions = [
        ("students", "classes", "Art section 1"),
        ("teachers", "courses", "Art 101"),
        ("users", "schools", "North School"),
        ("students", "classes"),
    ] * 4
    with FaultServer(school(), at("*", Together(3, seconds=0.2))) as server:
        expected = [connected(server).get_users(*question) for question in questions[:4]] * 4
        connector = connected(server)
        with ThreadPool(8) as pool:
            found = pool.starmap(connector.get_users, questions)
    for frame, right in zip(found, expected, strict=True):
        assert frame["sourcedId"].tolist() == right["sourcedId"].tolist()
        assert frame["classSourcedId"].equals(right["classSourcedId"])


def clever_school() -> dict[str, list[Record]]:
    ids = [f"{n:024x}" for n in range(40)]
    name = {"first": "Ada", "last": "Student"}
    sections = [
        {"id": f"c{n}", "name": f"Section {n}", "students": ids[n::4], "teachers": []}
        for n in range(4)
    ]
    users = [{"id": key, "name": name, "roles": {"student": {}}} for key in ids]
    return {"sections": sections, "users": users}


def test_threads_do_not_take_each_other_s_enrollments() -> None:
    """Of Clever, a sweep of sections brings the enrollments of one question."""
    with (
        CleverServer(clever_school()) as server,
        onb.CleverConnector("made up", server.host) as connector,
    ):
        together = threading.Barrier(5, timeout=60)

        def ask(_number: int) -> int:
            together.wait()
            return len(connector.get_users("students", "sections"))

        with ThreadPool(5) as pool:
            for _ in range(3):
                connector.refresh_groups()
                assert pool.map(ask, range(5), chunksize=1) == [40] * 5


def test_both_of_two_threads_that_come_first_get_one_value() -> None:
    made: list[object] = []
    together = threading.Barrier(8, timeout=60)

    def make() -> object:
        together.wait()  # no thread ends before all have started
        made.append(object())
        return made[-1]

    value = PerProcess(make)
    with ThreadPool(8) as pool:
        found = pool.map(lambda _: value.get(), range(8), chunksize=1)
    assert len(made) == 8
    assert len(set(map(id, found))) == 1


def test_the_threads_of_a_pull_end_with_it(connected: Connect) -> None:
    before = set(threading.enumerate())
    with FaultServer(people()) as server:
        assert len(connected(server).get_users("students")) == 60
        begun = set(threading.enumerate()) - before
    workers = [thread for thread in begun if thread.name.startswith("roster-pull")]
    for worker in workers:
        worker.join(60)
    assert not any(worker.is_alive() for worker in workers)
