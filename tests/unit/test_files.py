"""Private files are written whole or not at all."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from oneroster_nb.files import replaced

# Writes with so little room that each file is cut off, as a full disk cuts it off.
SCRIPT = """
import resource, signal, sys
from pathlib import Path
import pandas as pd
import oneroster_nb as onb
from oneroster_nb.demo.district.making import make_district
from oneroster_nb.export import write

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
folder = Path(sys.argv[1])
roster = onb.Roster(make_district())
writers = {
    "saved roster": lambda: roster.save(folder / "a.roster"),
    "bundle": lambda: roster.to_csv_bundle(folder / "a.zip"),
    "frame": lambda: write(roster.users, folder / "a.csv"),
    "crosswalk": lambda: onb.pseudonymise(roster, codes="random", crosswalk=folder / "codes.csv"),
    "profile": lambda: onb.save_profile("a" * 3000, "demo"),
}
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
try:
    writers[sys.argv[2]]()
except onb.RosterError as error:
    print(type(error).__name__, error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit for the size of a file.")
@pytest.mark.parametrize("writer", ["saved roster", "bundle", "frame", "crosswalk", "profile"])
def test_a_disk_without_room_is_an_error_of_ours_and_leaves_nothing(
    writer: str, tmp_path: Path, config_home: Path
) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, folder, writer], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "cannot be written" in done.stdout
    assert "disk" in done.stdout or "File too large" in done.stdout
    left = [path for place in (folder, config_home) for path in place.rglob("*") if path.is_file()]
    assert left == []


def test_a_file_is_replaced_when_all_is_written(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with replaced(path) as file:
        file.write(b"new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert {found.name for found in tmp_path.iterdir()} == {"a.txt", "config"}


def test_a_failure_leaves_the_older_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")

    def cut_off() -> None:
        with replaced(path) as file:
            file.write(b"ne")
            raise KeyError

    with pytest.raises(KeyError):
        cut_off()
    assert path.read_text() == "old"
    assert {found.name for found in tmp_path.iterdir()} == {"a.txt", "config"}
