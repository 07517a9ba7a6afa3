"""An environment like the one that Binder makes, and what runs in it."""

import os
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import Distribution, distribution
from pathlib import Path
from types import MappingProxyType

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from helpers.places import ROOT

BINDER = ROOT / "binder"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

# Read before the tests' own settings replace it: pip may need a proxy and a configuration file.
OUTSIDE = MappingProxyType(dict(os.environ))

# What would lead programs out of the new environment, into another one or a person's files.
LEADS_OUT = ("PYTHON", "JUPYTER", "IPYTHON", "MPL", "VIRTUAL_ENV", "XDG_")


def run(*command: str | Path, cwd: Path = ROOT, env: dict[str, str] | None = None):
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def needed(*names: str) -> dict[str, Distribution]:
    """Return what packages need to be installed beside them, as it is installed here."""
    found: dict[str, Distribution] = {}
    waiting = [Requirement(name) for name in names]
    seen = set()
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        for extra in ("", *wanted.extras):
            if (name, extra) in seen:
                continue
            seen.add((name, extra))
            found[name] = distribution(name)
            for line in found[name].requires or ():
                more = Requirement(line)
                if more.marker is None or more.marker.evaluate({"extra": extra}):
                    waiting.append(more)
    return found


def copy_of_installed(package: Distribution, into: Path) -> None:
    """Put the files of an installed package into another environment, as pip would."""
    for listed in package.files or ():
        source = Path(os.path.normpath(package.locate_file(listed)))
        if listed.name == "REQUESTED" or not source.is_file():
            continue
        place = into / source.relative_to(sys.prefix)
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.parent.name == "bin" and source.read_bytes().startswith(b"#!"):
            _, _, rest = source.read_bytes().partition(b"\n")
            place.write_bytes(b"#!" + bytes(into / "bin" / "python") + b"\n" + rest)
            place.chmod(0o755)
        else:
            shutil.copy2(source, place)


class Image:
    """An environment with what Binder's has, and the home folder of who works in it.

    pip installs what Binder's requirements name. What those need is copied from the environment of
    the tests, which has it; pip then checks that nothing is missing.
    """

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.home.mkdir()
        self.programs = folder / "environment" / "bin"
        kept = {name: value for name, value in os.environ.items() if not name.startswith(LEADS_OUT)}
        path = f"{self.programs}{os.pathsep}{os.environ['PATH']}"
        self.variables = {**kept, "HOME": str(self.home), "PATH": path}

    def build(self) -> None:
        outside = {name: text for name, text in OUTSIDE.items() if not name.startswith("PYTHON")}
        run(sys.executable, "-m", "venv", self.programs.parent, env=outside)
        pip = (self.programs / "python", "-m", "pip", "--disable-pip-version-check")
        asked_for = ("-r", BINDER / "requirements.txt")
        run(*pip, "install", "-q", "--no-deps", "--no-compile", *asked_for, env=outside)
        for name, package in needed(*PROJECT["dependencies"], "voila").items():
            if name not in {"voila", "pip", "setuptools"}:
                copy_of_installed(package, self.programs.parent)
        run(*pip, "check", env=outside)
        self.run(BINDER / "postBuild", cwd=ROOT)

    def run(self, *command: str | Path, cwd: Path) -> str:
        return run(*command, cwd=cwd, env=self.variables).stdout
