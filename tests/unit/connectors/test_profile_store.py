"""Saved connections: what is refused, processes at once, files and keyrings that fail."""

import fcntl
import json
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keyring
import keyring.backend
import keyring.errors
import platformdirs
import pytest
from helpers.clear import assert_clear
from helpers.keyrings import MemoryKeyring

import oneroster_nb as onb
from oneroster_nb import files
from oneroster_nb.connectors.credentials import resolve
from oneroster_nb.connectors.profile_store import forget_secret, keyring_secret, load_profile
from oneroster_nb.connectors.profiles import keep_secret, save_profile
from oneroster_nb.secret import Secret

HOST = "https://lincoln.example/ims/oneroster/v1p1/"
WORD = "hush-" + secrets.token_hex(8)


def saved_text(config_home: Path) -> str:
    return "".join(p.read_text() for p in config_home.rglob("*") if p.is_file())


# --- secrets in addresses ------------------------------------------------------------------------


@pytest.mark.parametrize("provider", ["oneroster", "classlink", "clever"])
@pytest.mark.parametrize(
    "options",
    [
        {"host": f"https://user:{WORD}@lincoln.example/v3.1/"},
        {"host": f"https://{WORD}@lincoln.example/v3.1/"},
        {"host": f"https://lincoln.example/v3.1/?client_secret={WORD}"},
        {"host": f"https://lincoln.example/v3.1/?appName={WORD}"},
        {"host": f"https://lincoln.example/v3.1/#{WORD}"},
        {"token_url": f"https://user:{WORD}@lincoln.example/token"},
        *(
            {"token_url": f"https://lincoln.example/token?{query}"}
            for query in (
                f"client_secret={WORD}",
                f"apikey={WORD}",
                f"pwd={WORD}",
                f"sig={WORD}",
                WORD,
                f"appName=x&apikey={WORD}",
                f"appName=x;apikey={WORD}",
                f"appName=x%26apikey%3D{WORD}",
                f"%61pikey={WORD}",
            )
        ),
        {"token_url": f"https://lincoln.example/token#{WORD}"},
    ],
    ids=lambda options: str(options).replace(WORD, "WORD"),
)
def test_an_address_that_holds_a_secret_is_neither_saved_nor_shown(
    provider: str, options: dict[str, str], config_home: Path
) -> None:
    with pytest.raises(onb.ConfigurationError, match="'north' cannot be saved") as caught:
        save_profile("north", provider, **options)
    assert_clear(caught.value)
    assert WORD not in str(caught.value)
    assert onb.list_profiles() == []
    assert WORD not in saved_text(config_home)


@pytest.mark.parametrize("query", ["appName=north", "APPNAME=North_2.0-x~", "appName=north%20side"])
def test_a_query_that_only_names_an_application_is_saved(query: str) -> None:
    url = f"https://lincoln.example/campus/oauth2/token?{query}"
    save_profile("north", "oneroster", host=HOST, token_url=url)
    assert load_profile("north").options["token_url"] == url


# --- validated when saved ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("provider", "options", "words"),
    [
        ("onroster", {}, "Did you mean 'oneroster'"),
        ("oneroster", {"hots": HOST}, "Did you mean 'host'"),
        ("demo", {"host": HOST}, "Unknown option 'host'"),
        ("csv", {"client_id": "an id"}, "Unknown option 'client_id'"),
        ("clever", {"signature_method": "HMAC-SHA1"}, "Unknown option"),
        ("oneroster", {"application_id": "app-1"}, "Unknown option"),
        ("oneroster", {"host": "lincoln.example"}, "https://"),
        ("oneroster", {"host": "http://lincoln.example/"}, "not encrypted"),
        ("oneroster", {"host": ""}, "host must be"),
        ("oneroster", {"host": 7}, "host must be"),
        ("oneroster", {"token_url": "http://lincoln.example/token"}, "not encrypted"),
        ("oneroster", {"token_url": 7}, "token_url must be"),
        ("oneroster", {"client_id": 7}, "client_id must be text"),
        ("oneroster", {"page_size": -1}, "page_size"),
        ("oneroster", {"max_workers": 0}, "max_workers"),
        ("oneroster", {"timeout": 5}, "timeout"),
        ("oneroster", {"retry_seconds": "long"}, "retry_seconds"),
        ("oneroster", {"max_users": -1}, "max_users"),
        ("oneroster", {"version": "1.3"}, "version"),
        ("oneroster", {"signature_method": "MD5"}, "signature_method"),
        ("oneroster", {"token_url": HOST, "client_auth": "post"}, "client_auth"),
        ("oneroster", {"match_on": {"title"}}, "'north' cannot be saved"),
        ("classlink", {"application_id": "a/b"}, "application_id"),
        ("clever", {"host": "https://api.clever.com/v1.1/"}, "v3.1"),
        ("clever", {"district": ""}, "district"),
    ],
)
def test_what_a_connector_would_not_take_is_not_saved(
    provider: str, options: dict[str, Any], words: str
) -> None:
    save_profile("lincoln", "oneroster", host=HOST)
    with pytest.raises(onb.ConfigurationError, match=r"north|provider|option") as caught:
        save_profile("north", provider, **options)
    assert_clear(caught.value, words)
    assert onb.list_profiles() == ["lincoln"]


@pytest.mark.parametrize(
    ("provider", "options"),
    [
        ("oneroster", {}),
        ("oneroster", {"host": HOST, "client_id": "an id", "retry_seconds": 1}),
        ("oneroster", {"host": "http://lincoln.example/", "allow_insecure": True}),
        ("oneroster", {"token_url": "https://lincoln.example/token", "client_auth": "body"}),
        ("oneroster", {"timeout": (5, 30), "match_on": ["title"]}),
        ("classlink", {"application_id": "app-1"}),
        ("classlink", {"host": HOST, "application_id": "app-1"}),
        ("clever", {"district": "d1"}),
        ("demo", {"page_size": 50}),
        ("demo-clever", {"version": "2.1"}),
        ("csv", {"path": "roster.zip"}),
        ("snapshot", {"path": "lincoln.roster"}),
    ],
)
def test_what_a_connector_takes_is_saved(provider: str, options: dict[str, Any]) -> None:
    save_profile("north", provider, **options)
    loaded = load_profile("north")
    assert loaded.provider == provider
    assert dict(loaded.options) == json.loads(json.dumps(options))


# --- several processes ---------------------------------------------------------------------------


SAVE = """
import os, sys
from oneroster_nb.connectors.profiles import save_profile

def child(number):
    os.close(ready[1])
    os.read(ready[0], 1)  # until all are there
    for turn in range(20):
        save_profile(f"{number}-{turn}", "oneroster", host=sys.argv[1], page_size=number + 1)

ready = os.pipe()
children = []
for number in range(6):
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            child(number)
            code = 0
        finally:
            os._exit(code)
    children.append(pid)
os.close(ready[1])
print([os.waitpid(pid, 0)[1] for pid in children])
"""


def test_processes_that_save_at_once_lose_nothing(config_home: Path) -> None:
    save_profile("before", "demo")
    command = [sys.executable, "-c", SAVE, HOST]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == f"{[0] * 6}\n", done.stderr
    expected = {"before", *(f"{number}-{turn}" for number in range(6) for turn in range(20))}
    assert set(onb.list_profiles()) == expected
    assert load_profile("5-4").options["page_size"] == 6
    (file,) = [path for path in config_home.rglob("*") if path.is_file()]  # and no lock is left
    assert file.stat().st_mode & 0o777 == 0o600


HOLD = """
import sys, time
from pathlib import Path
from oneroster_nb.files import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[tuple[Path, "subprocess.Popen[str]"]]:
    """Start a process that holds the lock of a file until it reads a line, or ends."""
    path = tmp_path / "file.json"
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdin=-1, stdout=-1, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield path, process
        process.kill()


def test_a_lock_is_held_among_processes(holder: Any) -> None:
    path, process = holder
    with pytest.raises(TimeoutError, match="another process"), files.locked(path, seconds=0.05):
        raise AssertionError("the lock is not held")
    process.communicate("go on\n")
    with files.locked(path, seconds=30):
        assert [p.name for p in path.parent.glob(".file.json*")] == [".file.json.lock"]
    assert list(path.parent.glob(".file.json*")) == []


def test_a_process_that_is_killed_leaves_no_lock(holder: Any) -> None:
    path, process = holder
    process.kill()
    process.wait()
    assert list(path.parent.glob(".file.json*"))  # the file is there, the lock is not
    with files.locked(path, seconds=30):
        pass


def test_a_lock_on_a_file_that_was_removed_meanwhile_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, lock = tmp_path / "file.json", tmp_path / ".file.json.lock"
    flock = fcntl.flock

    def late(handle: int, how: int) -> None:
        monkeypatch.undo()
        lock.unlink()  # by the process that had the lock before
        flock(handle, how)

    monkeypatch.setattr(fcntl, "flock", late)
    with files.locked(path):
        assert lock.exists()


def test_a_lock_that_cannot_be_had_is_an_error_of_ours(
    config_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_profile("lincoln", "demo")

    def held(path: Path, seconds: float = 0) -> Any:
        raise TimeoutError("another process")

    monkeypatch.setattr("oneroster_nb.connectors.profile_store.locked", held)
    with pytest.raises(onb.ConfigurationError, match="cannot be written") as caught:
        save_profile("north", "demo")
    assert_clear(caught.value, "profiles.json")


# --- files that fail -----------------------------------------------------------------------------

CHANGES: dict[str, Callable[[], object]] = {
    "save": lambda: save_profile("north", "oneroster", host=HOST),
    "replace": lambda: save_profile("lincoln", "oneroster", host=HOST),
    "delete": lambda: onb.delete_profile("lincoln"),
}
READS: dict[str, Callable[[], object]] = {
    "list": onb.list_profiles,
    "load": lambda: load_profile("lincoln"),
    "resolve": lambda: resolve(None, "lincoln", {}, {}),
    "connect": lambda: onb.connect(profile="lincoln"),
}


@pytest.mark.parametrize("call", {**READS, **CHANGES})
def test_a_file_in_the_place_of_the_folder_is_an_error_of_ours(
    call: str, config_home: Path
) -> None:
    (config_home / "oneroster_nb").write_text("not a folder")
    with pytest.raises(onb.ConfigurationError) as caught:
        {**READS, **CHANGES}[call]()
    assert_clear(caught.value, "profiles.json")


@pytest.mark.parametrize("error", [PermissionError, OSError])
@pytest.mark.parametrize("call", {**READS, **CHANGES})
def test_a_file_that_cannot_be_read_is_an_error_of_ours(
    call: str, error: type[OSError], config_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_profile("lincoln", "oneroster", host=HOST)
    before = saved_text(config_home)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_text", _failing(error))
        with pytest.raises(onb.ConfigurationError, match="cannot be read") as caught:
            {**READS, **CHANGES}[call]()
    assert_clear(caught.value, "profiles.json", error.__name__)
    assert saved_text(config_home) == before


@pytest.mark.parametrize("error", [PermissionError, OSError])
@pytest.mark.parametrize("part", ["os.open", "os.fdopen", "pathlib.Path.replace"])
@pytest.mark.parametrize("call", CHANGES)
def test_a_file_that_cannot_be_written_is_an_error_of_ours_and_stays_as_it_was(
    call: str,
    part: str,
    error: type[OSError],
    config_home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    save_profile("lincoln", "oneroster", host=HOST, page_size=5)
    before = saved_text(config_home)
    with monkeypatch.context() as patch:
        patch.setattr(part, _failing(error))
        with pytest.raises(onb.ConfigurationError, match="cannot be written") as caught:
            CHANGES[call]()
    assert_clear(caught.value, "profiles.json", error.__name__, "permissions")
    assert saved_text(config_home) == before
    assert len([path for path in config_home.rglob("*") if path.is_file()]) == 1


def test_a_user_without_a_home_gets_an_error_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platformdirs, "user_config_path", _failing(RuntimeError))
    for call in (*READS.values(), *CHANGES.values()):
        with pytest.raises(onb.ConfigurationError, match="home"):
            call()


def test_a_file_that_is_nested_deeply_is_a_damaged_one(config_home: Path) -> None:
    save_profile("lincoln", "demo")
    (file,) = config_home.rglob("profiles.json")
    file.write_text('{"lincoln": ' + "[" * 100_000)
    with pytest.raises(onb.ConfigurationError, match="cannot be read"):
        onb.list_profiles()


def _failing(error: type[Exception]) -> Callable[..., Any]:
    def fail(*args: object, **options: object) -> Any:
        raise error("on purpose")

    return fail


# --- keyrings that fail --------------------------------------------------------------------------


@pytest.fixture
def memory() -> Iterator[MemoryKeyring]:
    before, backend = keyring.get_keyring(), MemoryKeyring()
    keyring.set_keyring(backend)
    yield backend
    keyring.set_keyring(before)


class PluginError(Exception):
    """An error of a keyring that is no part of the keyring library."""


FAILURES = [PermissionError, OSError, RuntimeError, PluginError]


@pytest.mark.parametrize("error", FAILURES)
@pytest.mark.parametrize("part", ["get_password", "set_password"])
def test_a_keyring_that_fails_is_an_error_of_ours(
    part: str, error: type[Exception], memory: MemoryKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_profile("lincoln", "oneroster", host=HOST, client_id="an id")
    monkeypatch.setattr(memory, part, _failing(error))
    calls: list[Callable[[], object]] = [lambda: keep_secret("lincoln", Secret(WORD))]
    if part == "get_password":
        calls += [
            lambda: keyring_secret("lincoln"),
            lambda: resolve(None, "lincoln", {}, {}),
            lambda: onb.connect(profile="lincoln"),
        ]
    for call in calls:
        with pytest.raises(onb.ConfigurationError, match="keyring failed") as caught:
            call()
        assert_clear(caught.value, error.__name__, "ONEROSTER_CLIENT_SECRET")
        assert WORD not in str(caught.value)
    # What needs no keyring works on.
    options = resolve(None, "lincoln", {"client_secret": Secret("given")}, {})[2]
    assert options["client_secret"].reveal() == "given"


@pytest.mark.parametrize("error", FAILURES)
def test_a_keyring_that_fails_does_not_keep_a_connection_from_being_saved(
    error: type[Exception], memory: MemoryKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_profile("lincoln", "oneroster", host=HOST, client_id="an id")
    keep_secret("lincoln", Secret(WORD))
    with monkeypatch.context() as patch:
        patch.setattr(memory, "delete_password", _failing(error))
        save_profile("lincoln", "oneroster", host="https://other.example/", client_id="an id")
    assert load_profile("lincoln").options["host"] == "https://other.example/"
    assert "client_secret" not in resolve(None, "lincoln", {}, {})[2]


@pytest.mark.parametrize("error", FAILURES)
def test_a_keyring_that_fails_when_a_connection_is_forgotten_is_said(
    error: type[Exception], memory: MemoryKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_profile("lincoln", "oneroster", host=HOST, client_id="an id")
    keep_secret("lincoln", Secret(WORD))
    monkeypatch.setattr(memory, "delete_password", _failing(error))
    with pytest.raises(onb.ConfigurationError, match="keyring failed") as caught:
        onb.delete_profile("lincoln")
    assert_clear(caught.value, "'lincoln'", "may still be there")
    assert onb.list_profiles() == []


@pytest.mark.parametrize("error", [KeyError, keyring.errors.PasswordDeleteError])
def test_a_connection_without_a_secret_is_forgotten(
    error: type[Exception], memory: MemoryKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_profile("lincoln", "oneroster", host=HOST, client_id="an id")
    monkeypatch.setattr(memory, "delete_password", _failing(error))
    assert forget_secret("lincoln")
    onb.delete_profile("lincoln")
    assert onb.list_profiles() == []


def test_a_secret_that_is_still_there_is_not_forgotten(
    memory: MemoryKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_secret("lincoln", Secret(WORD))
    monkeypatch.setattr(memory, "delete_password", _failing(KeyError))
    assert not forget_secret("lincoln")


def test_no_keyring_at_all_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    for part in ("get_password", "set_password", "delete_password"):
        monkeypatch.setattr(keyring, part, _failing(keyring.errors.NoKeyringError))
    save_profile("lincoln", "oneroster", host=HOST, client_id="an id")
    assert not keep_secret("lincoln", Secret(WORD))
    assert keyring_secret("lincoln") is None
    assert "client_secret" not in resolve(None, "lincoln", {}, {})[2]
    onb.delete_profile("lincoln")
    assert onb.list_profiles() == []
