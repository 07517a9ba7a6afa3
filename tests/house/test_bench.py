"""The measurements run, and measure readings that give the same."""

import subprocess
import sys

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
