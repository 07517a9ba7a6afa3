"""Reading a bundle against pandas' reader of its files: seconds and memory, interleaved.

    python tests/bench/csv_bundle.py --students 500000

Each way reads in a process of its own, as its peak memory is that of the process. `pandas` reads
every file as text and does nothing else. `rows` is our reading of the files alone, to columns of
text; `roster` is a whole roster with its types, keys, roles and findings.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

WAYS = ("pandas", "rows", "roster")


def read(way: str, path: Path) -> int:
    """Read a bundle in one way; give the rows."""
    if way == "pandas":
        import pandas as pd

        with zipfile.ZipFile(path) as archive:
            frames = [
                pd.read_csv(archive.open(name), dtype="str", keep_default_na=False)
                for name in archive.namelist()
            ]
        return sum(map(len, frames))
    if way == "rows":
        from oneroster_nb.bundle.archive import Archive, Limits
        from oneroster_nb.bundle.rows import read_rows

        with Archive(path, Limits()) as archive:
            tables = [
                read_rows(partial(archive.open, name), name, lambda _: None)
                for name in archive.files
            ]
        return sum(len(table.columns[0]) for table in tables)
    import oneroster_nb as onb

    roster = onb.CsvConnector(path).get_roster(progress=False)
    return int(roster.summary()["rows"].sum())


def peak() -> float:
    """Return the most memory that this process has held, in megabytes (Linux)."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def measure(way: str, path: Path) -> dict[str, float]:
    """Measure one way in a process of its own."""
    command = [sys.executable, __file__, "--way", way, "--path", str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    measured: dict[str, float] = json.loads(done.stdout)
    return measured


def figures(students: int, rounds: int) -> dict[str, dict[str, float]]:
    """Return the median seconds and megabytes of each way, over some interleaved rounds."""
    import oneroster_nb as onb
    from oneroster_nb.demo.district.making import make_district

    with tempfile.TemporaryDirectory() as folder:
        path = onb.Roster(make_district(students)).to_csv_bundle(Path(folder) / "bench.zip")
        taken: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
        for _ in range(rounds):
            for way in WAYS:
                taken[way].append(measure(way, path))
    return {
        way: {
            "seconds": statistics.median(one["seconds"] for one in each),
            "megabytes": statistics.median(one["megabytes"] for one in each),
            "rows": each[0]["rows"],
        }
        for way, each in taken.items()
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a line a way, and the ratios to pandas."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--students", type=int, default=500_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--way", choices=WAYS)
    parser.add_argument("--path", type=Path)
    options = parser.parse_args(arguments)
    if options.way:
        start = time.perf_counter()
        rows = read(options.way, options.path)
        seconds = time.perf_counter() - start
        print(json.dumps({"seconds": seconds, "megabytes": peak(), "rows": rows}))
        return
    found = figures(options.students, options.rounds)
    base = found["pandas"]
    for way, one in found.items():
        print(
            f"{way:8} {one['seconds']:7.2f} s {one['megabytes']:8.0f} MB {one['rows']:12,.0f} rows"
            f"   {base['seconds'] / one['seconds']:.1f}x the speed of pandas,"
            f" {one['megabytes'] / base['megabytes']:.2f}x its memory"
        )


if __name__ == "__main__":
    main()
