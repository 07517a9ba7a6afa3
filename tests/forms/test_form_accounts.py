"""A typed secret goes to the account that it was typed for; what cannot be saved is said."""

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keyring
import keyring.backend
import pytest
from helpers.faultserver import FaultServer
from helpers.form_tools import control, press, save_as, texts
from helpers.keyrings import MemoryKeyring
from helpers.records import school

import oneroster_nb as onb
from oneroster_nb.forms.explorer import Explorer, explore
from oneroster_nb.forms.widgets.secret_field import SecretField

ACCOUNT = ("Provider", "Saved connection", "Host", "Client ID", "Token URL", "Application ID")


class Browser:
    """Plays the part of a browser in which secrets were typed."""

    def __init__(self) -> None:
        self.typed: dict[str, str] = {}
        self.asked: list[tuple[SecretField, str]] = []

    def send(self, field: SecretField, content: dict[str, Any], _buffers: object = None) -> None:
        if content["type"] == "collect":
            self.asked.append((field, content["question"]))

    def answer(self, **known: object) -> None:
        """Answer all that is asked, with what is chosen as far as this browser knows."""
        while self.asked:
            field, question = self.asked.pop(0)
            chosen = {c.description: getattr(c, "index", None) for c in field.belongs_to}
            chosen |= {c.description: c.value for c in field.belongs_to if not hasattr(c, "index")}
            content = {
                "type": "answer",
                "question": question,
                "belongs_to": [(chosen | known)[label] for label in ACCOUNT],
            }
            text = self.typed.get(field.description, "").encode()
            message = {"method": "custom", "content": content}
            field._handle_msg({"content": {"data": message}, "buffers": [memoryview(text)]})


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Browser:
    playing = Browser()
    monkeypatch.setattr(
        SecretField, "send", lambda field, content, _=None: playing.send(field, content)
    )
    return playing


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer(school()) as running:
        yield running


def form_for(server: FaultServer) -> Explorer:
    return explore(provider="oneroster", host=server.host, client_id="analyst")


def test_a_secret_belongs_to_all_that_says_for_whom_it_is() -> None:
    form = explore(provider="classlink")
    for label in ("Client secret", "Access token"):
        belongs_to = control(form, label).belongs_to
        assert tuple(c.description for c in belongs_to) == ACCOUNT
        state = control(form, label).get_state()["belongs_to"]
        assert list(state) == [f"IPY_MODEL_{c.model_id}" for c in belongs_to]


def test_what_was_typed_opens_the_connection(browser: Browser, server: FaultServer) -> None:
    form = form_for(server)
    browser.typed = {"Access token": secrets.token_hex(8)}
    press(form, "Connect")
    browser.answer()
    assert form.source is not None
    sent = server.requests[-1].headers["Authorization"]
    assert sent == f"Bearer {browser.typed['Access token']}"


CHANGES: list[Callable[[Explorer], None]] = [
    lambda form: setattr(form, "provider", "classlink"),
    lambda form: setattr(form, "profile", "lincoln"),
    lambda form: setattr(form, "client_id", "another"),
    lambda form: setattr(form, "token_url", "https://token.example/"),
    lambda form: setattr(form, "application_id", "1234"),
    lambda form: setattr(control(form, "Client ID"), "value", "another"),
    lambda form: setattr(control(form, "Provider"), "value", "classlink"),
    lambda form: setattr(control(form, "Saved connection"), "value", "lincoln"),
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_secret_that_was_read_for_another_account_is_not_sent(
    browser: Browser, server: FaultServer, change: Callable[[Explorer], None]
) -> None:
    onb.save_profile("lincoln", "oneroster", host=server.host, client_id="saved")
    form = form_for(server)
    browser.typed = {"Client secret": secrets.token_hex(8)}
    press(form, "Connect")
    change(form)
    browser.answer()
    assert form.source is None
    assert "Press Connect again." in texts(form)
    assert server.requests == []


def test_a_token_for_one_host_is_not_sent_to_the_next(
    browser: Browser, server: FaultServer
) -> None:
    with FaultServer(school()) as other:
        form = form_for(server)
        browser.typed = {"Access token": secrets.token_hex(8)}
        press(form, "Connect")
        form.host = other.host
        browser.answer()
        assert (server.requests, other.requests) == ([], [])


def test_a_browser_that_knows_of_a_change_first_is_believed(
    browser: Browser, server: FaultServer
) -> None:
    form = form_for(server)
    browser.typed = {"Client secret": secrets.token_hex(8)}
    press(form, "Connect")
    browser.answer(Host="https://another.example/ims/oneroster/v1p1/")
    assert form.source is None
    assert "Press Connect again." in texts(form)
    assert server.requests == []


def test_two_kinds_of_secrets_at_once_are_refused(browser: Browser, server: FaultServer) -> None:
    form = form_for(server)
    browser.typed = {"Client secret": "s-1", "Access token": "t-1"}
    press(form, "Connect")
    browser.answer()
    assert "not both" in texts(form)
    form.connect("s-1", access_token="t-1")
    assert "not both" in texts(form)
    assert form.source is None
    assert server.requests == []


# --- saving a connection that cannot be saved -----------------------------------------------------

ERRORS = [
    onb.ConfigurationError("The saved connections cannot be written. Look at the disk."),
    PermissionError(13, "Permission denied"),
    OSError(28, "No space left on device"),
    RuntimeError("no backend of D-Bus"),
]


class BrokenKeyring(keyring.backend.KeyringBackend):
    priority = 0  # type: ignore[assignment]  # never chosen unless it is set

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    def get_password(self, service: str, username: str) -> str | None:
        return None

    def set_password(self, service: str, username: str, password: str) -> None:
        raise self._error

    def delete_password(self, service: str, username: str) -> None:
        raise self._error


def opened(server: FaultServer, secret: str) -> Explorer:
    form = form_for(server)
    form.connect(secret)
    assert form.source is not None
    return form


def expect_kept(form: Explorer, server: FaultServer) -> None:
    """Look whether all that was typed is there, and the connection still stands."""
    typed = {label: control(form, label).value for label in ("Save as", "Host", "Client ID")}
    assert typed == {"Save as": "lincoln", "Host": server.host, "Client ID": "analyst"}
    form.run()
    assert len(form.result) == 6


@pytest.mark.parametrize("error", ERRORS[1:], ids=lambda error: type(error).__name__)
def test_a_keyring_that_fails_is_said_and_the_rest_is_saved(
    server: FaultServer, error: Exception
) -> None:
    secret = secrets.token_hex(8)
    before = keyring.get_keyring()
    keyring.set_keyring(BrokenKeyring(error))
    try:
        form = opened(server, secret)
        save_as(form, "lincoln")
        assert "without its secret" in texts(form)
        assert secret not in texts(form)
        assert onb.list_profiles() == ["lincoln"]
        expect_kept(form, server)
        keyring.set_keyring(MemoryKeyring())
        press(form, "Save connection")  # the secret was not lost either
        assert "its secret in this system's keyring" in texts(form)
    finally:
        keyring.set_keyring(before)


def test_the_sentence_of_the_keyring_is_shown(
    server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> bool:
        raise onb.ConfigurationError("The keyring cannot be used (OSError). Unlock it.")

    monkeypatch.setattr("oneroster_nb.forms.panels.connection.keep_secret", fails)
    form = opened(server, secrets.token_hex(8))
    save_as(form, "lincoln")
    assert "without its secret" in texts(form)
    assert "The keyring cannot be used (OSError). Unlock it." in texts(form)
    assert control(form, "Saved connection").value == "lincoln"
    expect_kept(form, server)


@pytest.mark.parametrize("what", ["a folder that is a file", "a file that is a folder", "no JSON"])
def test_a_file_that_cannot_be_written_is_said_and_nothing_typed_is_lost(
    server: FaultServer, config_home: Path, what: str
) -> None:
    form = opened(server, secrets.token_hex(8))
    folder = config_home / "oneroster_nb"
    if what == "a folder that is a file":
        folder.write_text("not a folder")
    elif what == "a file that is a folder":
        (folder / "profiles.json").mkdir(parents=True)
    else:
        folder.mkdir()
        (folder / "profiles.json").write_text("{")
    save_as(form, "lincoln")
    assert "The saved connections in" in texts(form)
    assert "Saved as" not in texts(form)
    expect_kept(form, server)
    if what == "a folder that is a file":
        folder.unlink()
    else:
        path = folder / "profiles.json"
        path.rmdir() if path.is_dir() else path.unlink()
    press(form, "Save connection")
    assert "Saved as 'lincoln'" in texts(form)


def test_an_address_that_holds_a_secret_is_refused_in_a_sentence(server: FaultServer) -> None:
    secret = secrets.token_hex(8)
    form = opened(server, secrets.token_hex(8))
    form.token_url = f"https://token.example/?client_secret={secret}"
    save_as(form, "lincoln")
    assert "Saved as" not in texts(form)
    assert "token_url" in texts(form)
    assert secret not in texts(form)
    assert onb.list_profiles() == []


def test_a_file_that_cannot_be_read_is_said_when_the_form_opens(config_home: Path) -> None:
    folder = config_home / "oneroster_nb"
    folder.mkdir()
    (folder / "profiles.json").write_text("{")
    form = explore()
    assert "The saved connections in" in texts(form)
    form.connect()
    assert "139 students" in texts(form)
    form.source.close()
