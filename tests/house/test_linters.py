"""ruff and mypy find nothing. They take long, so they have a file, and a worker, of their own."""

import subprocess
import sys

import pytest
from helpers.places import ROOT


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = (sys.executable, "-m", *arguments)
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def test_types_are_right() -> None:
    result = run("mypy")
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("arguments", [("check",), ("format", "--check")], ids=" ".join)
def test_ruff_has_nothing_to_say(arguments: tuple[str, ...]) -> None:
    result = run("ruff", *arguments, ".")
    assert result.returncode == 0, result.stdout + result.stderr
