"""The measurements run, and measure ways that give the same."""

import re
import subprocess
import sys

import pytest
from helpers.places import ROOT

BENCH = ROOT / "tests" / "bench"


def test_the_measurement_of_bundles_runs() -> None:
    command = [sys.executable, BENCH / "csv_bundle.py", "--students", "300", "--rounds", "1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    ways = {line.split()[0]: line for line in done.stdout.splitlines()}
    assert list(ways) == ["pandas", "rows", "roster"]
    rows = {way: line.split("MB")[1].split("rows")[0].strip() for way, line in ways.items()}
    assert rows["pandas"] == rows["rows"]  # of all files, the manifest among them


@pytest.fixture(scope="module")
def quick() -> dict[str, dict[str, tuple[int, int]]]:
    """Measure each way once; return its requests and its rows, by row and way."""
    command = [sys.executable, BENCH / "run.py", "--quick"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr  # as if two ways had other people in their answers
    found: dict[str, dict[str, tuple[int, int]]] = {}
    row = ""
    for line in done.stdout.splitlines():
        if way := re.fullmatch(r"  (.+?) +([0-9,]+) requests +([0-9,]+) rows", line):
            requests, rows = (int(number.replace(",", "")) for number in way.groups()[1:])
            found[row][way[1]] = requests, rows
        elif line:
            row = line.partition(":")[0]
            found[row] = {}
    return found


def test_every_row_is_measured(quick: dict[str, dict[str, tuple[int, int]]]) -> None:
    assert len(quick) >= 30
    for row, ways in quick.items():
        assert ways, row


# By row: the requests of the package `oneroster`, and the most that ours sends.
REQUESTS = {
    "all-far": (1, 2),
    "class-far": (2, 5),
    "course-far": (22, 26),
    "school-far": (2, 3),
    "all-near": (1, 2),
}


@pytest.mark.parametrize("row", REQUESTS)
def test_ours_and_the_peer_answer_with_the_same_people(
    quick: dict[str, dict[str, tuple[int, int]]], row: str
) -> None:
    peer, ours = quick[row]["peer"], quick[row]["ours"]
    requests, at_most = REQUESTS[row]
    assert peer[1] == ours[1] > 0
    assert peer[0] == requests
    assert 0 < ours[0] <= at_most


def test_a_class_of_groups_that_were_listed_takes_one_request(
    quick: dict[str, dict[str, tuple[int, int]]],
) -> None:
    assert quick["class-far"]["ours, listed before"] == (1, quick["class-far"]["peer"][1])


def test_a_school_of_a_server_that_was_asked_before_takes_one_request(
    quick: dict[str, dict[str, tuple[int, int]]],
) -> None:
    assert quick["school-far"]["ours, asked before"] == (1, quick["school-far"]["peer"][1])


def test_local_ways_give_the_same_rows(quick: dict[str, dict[str, tuple[int, int]]]) -> None:
    of_a_course = quick["roster-course-usual"]
    assert len(of_a_course) == 3
    assert {rows for _, rows in of_a_course.values()} == {quick["course-near"]["peer"][1]}
    assert {rows for _, rows in quick["form"].values()} == {210}
    assert quick["bundle-usual"]["pandas"] == quick["bundle-usual"]["rows"]
    wholes = {"growth-district", "growth-save", "growth-load", "growth-bundle"}
    assert len({rows for row in wholes for _, rows in quick[row].values()}) == 1
