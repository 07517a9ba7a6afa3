"""The lanes of the tests, and the oldest dependencies: ``nox -f tests/noxfile.py -l``."""

import sys
from pathlib import Path

import nox

ROOT = Path(__file__).parent.parent

nox.options.sessions = ["fast"]


@nox.session(python=False)
def fast(session: nox.Session) -> None:
    """Run ruff, mypy, the examples and the unit tests."""
    session.chdir(ROOT)
    session.run(sys.executable, "-m", "pytest", "-m", "fast", *session.posargs)


@nox.session(python=False)
def browser(session: nox.Session) -> None:
    """Run the tests that drive the form in a browser."""
    session.chdir(ROOT)
    session.run(sys.executable, "-m", "pytest", "-m", "browser", *session.posargs)


@nox.session(python=False, name="all")
def everything(session: nox.Session) -> None:
    """Run all tests, as CI does."""
    session.chdir(ROOT)
    session.run(sys.executable, "-m", "pytest", *session.posargs)


@nox.session(python=False)
def thorough(session: nox.Session) -> None:
    """Run all tests with all random seeds and examples."""
    session.chdir(ROOT)
    command = (sys.executable, "-m", "pytest", "--hypothesis-profile=thorough")
    session.run(*command, *session.posargs)


@nox.session(python="3.11", venv_backend="uv")
def lowest(session: nox.Session) -> None:
    """Run the fast lane with the oldest Python and the oldest dependencies that we allow.

    Only what the package itself needs is old: the tools of the tests are the newest. Types are
    left to the other lanes, since the old pandas and NumPy declare theirs less well.
    """
    session.chdir(ROOT)
    oldest = Path(session.create_tmp()) / "oldest.txt"
    session.run(
        *("uv", "pip", "compile", "--quiet", "--resolution", "lowest-direct", "--no-header"),
        *("--output-file", str(oldest), "pyproject.toml"),
    )
    session.install("--constraint", str(oldest), "--editable", ".[test]")
    types = "tests/house/test_linters.py::test_types_are_right"
    session.run("python", "-m", "pytest", "-m", "fast", "--deselect", types, *session.posargs)
