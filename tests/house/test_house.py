"""What holds for the whole package: style, examples, the direction of imports."""

import ast
import doctest
import importlib
import pkgutil
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest
from helpers.places import ROOT

import oneroster_nb

PACKAGE = ROOT / "oneroster_nb"
MODULES = sorted(
    module.name for module in pkgutil.walk_packages([str(PACKAGE)], prefix="oneroster_nb.")
)


def run(*command):
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name):
    module = importlib.import_module(name)
    result = doctest.testmod(module, optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    assert result.failed == 0


def imports(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


@pytest.mark.parametrize(
    ("library", "home"),
    [
        ("ipywidgets", "forms"),
        ("anywidget", "forms"),
        ("requests", "transport"),
        ("requests_oauthlib", "transport"),
        ("http.server", "demo"),
        ("socket", "demo"),
    ],
)
def test_only_its_home_uses_a_library(library, home):
    for path in PACKAGE.rglob("*.py"):
        if home not in path.relative_to(PACKAGE).parts:
            used = [
                name for name in imports(path) if name == library or name.startswith(f"{library}.")
            ]
            assert not used, path


CLOCKS = {"now", "localtime", "gmtime", "ctime", "utcnow"}
"""What tells the day if it is called without arguments; a moment in UTC is no day."""

CLOCK_WORDS = re.compile(rf"\b({'|'.join(CLOCKS)}|strftime|fromtimestamp)\(|\b(now|today)\b")


def asks_the_day(code):
    """Return True if a module asks the clock of this machine what day it is."""
    if not CLOCK_WORDS.search(code):
        return False  # to parse all modules takes seconds
    calls = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call)]
    for call in calls:
        name = called(call)
        words = {argument.value for argument in call.args if isinstance(argument, ast.Constant)}
        if (
            name == "today"
            or (name in CLOCKS and not (call.args or call.keywords) and called_of(call) != "self")
            or (name == "strftime" and called_of(call) == "time" and len(call.args) == 1)
            or (name == "fromtimestamp" and called_of(call) == "date")
            # pandas and numpy read these words as the clock does.
            or (name in ("Timestamp", "to_datetime", "datetime64") and words & {"now", "today"})
            # The day of a moment is one, too: datetime.now(UTC).date()
            or (name == "date" and called(getattr(call.func, "value", None)) == "now")
        ):
            return True
    return False


def called(node):
    """Return the last name of what is called, if a node is a call."""
    function = getattr(node, "func", None)
    return getattr(function, "attr", getattr(function, "id", None))


def called_of(node):
    """Return the name before that, as `time` of ``time.strftime()``."""
    value = getattr(node.func, "value", None)
    return getattr(value, "attr", getattr(value, "id", None))


@pytest.mark.parametrize(
    "code",
    [
        *("date.today()", "datetime.date.today()", "datetime.datetime.today()", "dt.today()"),
        *("datetime.now().date()", "datetime.datetime.now()", "datetime.now(UTC).date()"),
        *("pd.Timestamp.now()", "pd.Timestamp('today')", "pd.to_datetime('now')"),
        *("np.datetime64('today')", "time.localtime()", "time.strftime('%Y-%m-%d')"),
        "datetime.date.fromtimestamp(time.time())",
    ],
)
def test_the_day_can_be_asked_in_many_ways(code):
    assert asks_the_day(f"def f():\n    return {code}")


@pytest.mark.parametrize(
    "code",
    [
        *("local_date()", "datetime.now(datetime.UTC)", "time.time()", "time.gmtime(seconds)"),
        *(
            "self.today",
            "self.now()",
            "pd.Timestamp(text)",
            "day.strftime('%Y')",
            "datetime.date(2026, 1, 1)",
        ),
    ],
)
def test_what_asks_for_no_day(code):
    assert not asks_the_day(f"def f():\n    return {code}")


def test_one_function_alone_asks_what_day_it_is():
    """Tests set the day there, so a test that asks elsewhere would depend on the day of the run."""
    asking = [
        path.relative_to(ROOT).as_posix()
        for folder in (PACKAGE, ROOT / "tests")
        for path in folder.rglob("*.py")
        if asks_the_day(path.read_text(encoding="utf-8"))
    ]
    assert asking == ["oneroster_nb/today.py"]


def test_rooms_import_only_from_the_rooms_below_them():
    result = run(Path(sys.executable).with_name("lint-imports"), "--no-cache", "--verbose")
    assert result.returncode == 0, result.stdout + result.stderr


def test_public_names_are_there():
    for name in oneroster_nb.__all__:
        assert getattr(oneroster_nb, name) is not None
        assert name in dir(oneroster_nb)
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = oneroster_nb.no_such_name


def test_importing_the_package_is_light():
    heavy = (
        "import sys, oneroster_nb; print([m for m in ('pandas', 'ipywidgets') if m in sys.modules])"
    )
    assert run(sys.executable, "-c", heavy).stdout.strip() == "[]"


def test_ci_runs_the_readme_test_command():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = re.findall(r"^python3 -m venv .*-m pytest$", readme, flags=re.MULTILINE)
    assert len(commands) == 1
    assert "README.md" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_addresses_on_binder_name_notebooks_that_are_there() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    addresses = re.findall(r"https://mybinder\.org/v2/\S+\?\w+=([^\s`]+)", readme)
    paths = [unquote(address).removeprefix("voila/render/") for address in addresses]
    assert {"notebooks/02_explore.ipynb", "notebooks/09_days_and_terms.ipynb"} <= {*paths}
    assert all((ROOT / path).is_file() for path in paths)
