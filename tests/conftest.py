"""What the tests share: the demo district, its server, and connectors that are closed again."""

import datetime
import gc
import os
import secrets
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest
from helpers.district import small_district
from helpers.one_day import TODAY, let_it_be
from helpers.thorough import THOROUGH
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling

from oneroster_nb import OneRosterConnector
from oneroster_nb.demo.server.embedded import DemoServer

# What requests and our own credential chain would take from the machine.
_OUTSIDE = ("_PROXY", "_CA_BUNDLE", "NETRC", "SSL_CERT_FILE", "SSL_CERT_DIR")

# The lanes: folders of fast tests, and the files in them that take more than a few seconds.
TESTS = Path(__file__).parent
FAST_FOLDERS = {"house", "unit"}
SLOW_FILES = {
    "house/test_bench.py",
    "house/test_binder.py",
    "house/test_notebooks.py",
    "unit/analysis/test_analysis.py",
    "unit/analysis/test_co_teaching.py",
    "unit/analysis/test_questions.py",
    "unit/analysis/test_where.py",
    "unit/bundle/test_bundle.py",
    "unit/bundle/test_bundle_hostile.py",
    "unit/bundle/test_deltas.py",
    "unit/bundle/test_file_formats.py",
    "unit/bundle/test_strict_reader.py",
    "unit/bundle/test_untidy_bundles.py",
    "unit/bundle/test_written_bundles.py",
    "unit/bundle/test_zip_limits.py",
    "unit/privacy/test_pseudonyms.py",
    "unit/quality/test_check.py",
    "unit/quality/test_check_healthy.py",
    "unit/quality/test_check_options.py",
    "unit/quality/test_questions_and_rules_agree.py",
    "unit/quality/test_root_causes.py",
    "unit/query/test_terms.py",
    "unit/roster/test_kill.py",
    "unit/roster/test_roster.py",
    "unit/tables/test_untidy_frames.py",
    "unit/test_cli.py",
    "unit/test_demographics.py",
    "unit/test_files.py",
    "unit/transport/test_absurd_headers.py",
    "unit/transport/test_bodies.py",
    "unit/transport/test_interrupt_kernel.py",
    "unit/transport/test_patience.py",
    "unit/transport/test_processes_and_threads.py",
    "unit/transport/test_totals_and_offsets.py",
}

# Making the image takes long.
IN_THE_IMAGE = {"house/test_binder.py", "house/test_notebooks.py"}

# A busy machine is slow, and that says nothing about the code.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile(THOROUGH, settings.get_profile("house"))
settings.load_profile("house")

# Each worker begins with the browser, so that it opens one once, and ends with what is short.
ORDER = {"browser": 0, "slow": 1, "fast": 2}

Connect = Callable[..., OneRosterConnector]


def lane(file: Path) -> str:
    """Return the marker of the tests in a file."""
    folder = file.parts[0]
    if folder == "browser":
        return folder
    return "fast" if folder in FAST_FOLDERS and file.as_posix() not in SLOW_FILES else "slow"


class OneWorkerAFile(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Give the tests of a file to one worker, and all those that share Binder's image."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::")[0]
        return "image" if file.removeprefix("tests/") in IN_THE_IMAGE else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> OneWorkerAFile:
    return OneWorkerAFile(config, log)


def pytest_configure() -> None:
    """Let all tests run on one day, so that none depends on the day of the run."""
    let_it_be(TODAY, pytest.MonkeyPatch())


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over what stays for the whole run: half a million objects."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(tryfirst=True)  # before pytest chooses by markers
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put each test into its lane, and begin with what takes longest, so that no worker waits."""
    for item in items:
        item.add_marker(lane(item.path.relative_to(TESTS)))
    items.sort(key=lambda item: ORDER[lane(item.path.relative_to(TESTS))])


@pytest.fixture(scope="session", autouse=True)
def _no_outside_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the variables and the saved profiles of this machine out of the tests."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith("ONEROSTER_") or name.upper().endswith(_OUTSIDE):
                patch.delenv(name)
        patch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
        patch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
        yield


@pytest.fixture(autouse=True)
def config_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Give each test a configuration folder of its own."""
    folder = tmp_path / "config"
    folder.mkdir()
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder))
    return folder


@pytest.fixture
def on_day(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime.date], None]:
    """Let it be another day for the rest of a test."""
    return lambda day: let_it_be(day, monkeypatch)


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Let the processes that a test starts hear SIGINT, which a shell ignores in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def district() -> dict[str, pd.DataFrame]:
    """Return the tables of the standard small district."""
    return small_district()


@pytest.fixture(scope="session")
def server(district: dict[str, pd.DataFrame]) -> Iterator[DemoServer]:
    """Serve the small district for the whole run."""
    with DemoServer(district) as running:
        yield running


@pytest.fixture(scope="session")
def demo(server: DemoServer) -> Iterator[OneRosterConnector]:
    """Connect to the small district once; tests that change the connector make their own."""
    with OneRosterConnector(server.host, server.client_id, server.client_secret) as connector:
        yield connector


@pytest.fixture
def connected() -> Iterator[Connect]:
    """Make connectors to servers, with options, and close them at the end of the test."""
    made: list[OneRosterConnector] = []

    def connect(server: object, **options: object) -> OneRosterConnector:
        given = {
            "host": server.host,  # type: ignore[attr-defined]
            "client_id": getattr(server, "client_id", "a client"),
            "client_secret": getattr(server, "client_secret", secrets.token_hex(12)),
            "retry_seconds": 5,
        }
        connector = OneRosterConnector(**{**given, **options})
        made.append(connector)
        return connector

    yield connect
    for connector in made:
        connector.close()
