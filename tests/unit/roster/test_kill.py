"""A process that is killed while it saves a roster leaves the old one, or none."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

import oneroster_nb as onb
from oneroster_nb.demo.district.making import make_district

TABLES = ("orgs", "classes", "users")

# Saves in processes of their own, each killed at another step: before the n-th thing it does to
# files, until one does all of it.
SCRIPT = """
import os, signal, sys
from pathlib import Path
import oneroster_nb as onb
from oneroster_nb.demo.district.making import make_district

STEPS = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "shutil.rmtree"}
folder, over = Path(sys.argv[1]), sys.argv[2] == "over"
tables = {name: frame for name, frame in make_district().items() if name in sys.argv[3:]}
old = onb.Roster({name: frame.head(2) for name, frame in tables.items()})
new = onb.Roster(tables)

def save(roster, path, killed_at):
    process = os.fork()
    if process:
        return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    steps = 0
    def count(event, arguments):
        nonlocal steps
        if event in STEPS and killed_at is not None:
            if steps == killed_at:
                os.kill(os.getpid(), signal.SIGKILL)
            steps += 1
    sys.addaudithook(count)
    roster.save(path, overwrite=True)
    os._exit(0)

for step in range(200):
    path = folder / str(step) / "demo.roster"
    path.parent.mkdir()
    if over:
        assert save(old, path, None) == 0
    code = save(new, path, step)
    print(code, flush=True)
    if code == 0:
        break
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked to be killed")
@pytest.mark.parametrize("over", [True, False])
def test_a_kill_at_any_step_leaves_the_old_roster_or_none(tmp_path: Path, over: bool) -> None:
    command = [sys.executable, "-W", "ignore", "-c", SCRIPT, str(tmp_path), "over" if over else ""]
    command += TABLES
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    codes = [int(code) for code in done.stdout.split()]
    assert done.returncode == 0, done.stderr
    assert codes[-1] == 0
    assert set(codes[:-1]) == {-9}
    assert len(codes) > 10

    counts = []
    for step in range(len(codes)):
        path = tmp_path / str(step) / "demo.roster"
        if over or path.exists():
            counts.append(len(onb.Roster.load(path).users))
        else:
            with pytest.raises(onb.SnapshotError, match="holds no roster"):
                onb.Roster.load(path)
    whole = len(make_district()["users"])
    assert set(counts) == ({2, whole} if over else {whole})
    assert counts == sorted(counts)
    assert counts[-1] == whole

    # What was left unfinished is gone after the next save, once nobody can be writing it.
    roster = onb.Roster.load(path)
    long_ago = time.time() - 7200
    for step in range(len(codes)):
        folder = tmp_path / str(step)
        for left in folder.glob(".demo*"):
            os.utime(left, (long_ago, long_ago))
        roster.save(folder / "demo.roster", overwrite=True)
        assert [entry.name for entry in folder.iterdir()] == ["demo.roster"]
        assert len(onb.Roster.load(folder / "demo.roster").users) == whole


def test_what_another_process_may_be_writing_stays(tmp_path: Path) -> None:
    other = tmp_path / ".demo.roster.12345678.partial"
    other.mkdir()
    onb.Roster({}).save(tmp_path / "demo.roster")
    assert other.is_dir()
