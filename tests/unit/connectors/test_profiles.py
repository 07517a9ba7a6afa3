"""Saved connections, and from where the parts of a connection come, in which order."""

import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keyring
import keyring.backend
import keyring.errors
import pytest
from helpers.keyrings import LockedKeyring, MemoryKeyring

from oneroster_nb.connectors.credentials import resolve
from oneroster_nb.connectors.profile_store import keyring_secret, list_profiles, load_profile
from oneroster_nb.connectors.profiles import delete_profile, keep_secret, save_profile
from oneroster_nb.errors import ConfigurationError
from oneroster_nb.secret import Secret

HOST = "https://lincoln.example/ims/oneroster/v1p1/"
OTHER = "https://other.example/ims/oneroster/v1p1/"


@pytest.fixture
def use_keyring() -> Iterator[Any]:
    """Set a keyring for this test; the one that was there comes back."""
    before = keyring.get_keyring()
    yield keyring.set_keyring
    keyring.set_keyring(before)


@pytest.fixture
def memory(use_keyring: Any) -> MemoryKeyring:
    backend = MemoryKeyring()
    use_keyring(backend)
    return backend


@pytest.fixture
def secret() -> str:
    return secrets.token_urlsafe(16)


def file_of(config_home: Path) -> Path:
    (found,) = [path for path in config_home.rglob("*") if path.is_file()]
    return found


# Saving and reading


def test_a_profile_comes_back_as_it_was_saved() -> None:
    saved = save_profile("Zürich 学校", "classlink", host=HOST, client_id="ä", page_size=50)
    loaded = load_profile("Zürich 学校")
    assert loaded == saved
    assert (loaded.name, loaded.provider) == ("Zürich 学校", "classlink")
    assert loaded.options == {"host": HOST, "client_id": "ä", "page_size": 50}


def test_only_their_owner_can_read_the_profiles(config_home: Path) -> None:
    save_profile("lincoln", "oneroster", host=HOST)
    file = file_of(config_home)
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    file.chmod(0o644)
    save_profile("north", "oneroster", host=HOST)
    assert file_of(config_home).stat().st_mode & 0o777 == 0o600


def test_profiles_are_listed_in_order_replaced_and_forgotten() -> None:
    for name in ("north", "Lincoln", "east"):
        save_profile(name, "oneroster", host=HOST)
    save_profile("north", "classlink", host=OTHER)
    assert list_profiles() == sorted(["north", "Lincoln", "east"])
    assert load_profile("north").options == {"host": OTHER}
    delete_profile("Lincoln")
    assert list_profiles() == ["east", "north"]


def test_an_unknown_profile_is_answered_with_the_nearest_and_all() -> None:
    save_profile("lincoln", "oneroster", host=HOST)
    for call in (load_profile, delete_profile):
        with pytest.raises(ConfigurationError, match=r"Did you mean 'lincoln'.* Saved are"):
            call("lincon")


@pytest.mark.parametrize("name", ["", "   ", None, 7])
def test_a_profile_needs_a_name(name: Any, config_home: Path) -> None:
    with pytest.raises(ConfigurationError, match="needs a name"):
        save_profile(name, "oneroster")
    assert list(config_home.rglob("*.json")) == []


def test_what_json_cannot_hold_is_refused_and_the_others_stay() -> None:
    save_profile("lincoln", "oneroster", host=HOST)
    with pytest.raises(ConfigurationError, match="'north'"):
        save_profile("north", "oneroster", host=Path("/somewhere"))
    assert list_profiles() == ["lincoln"]


@pytest.mark.parametrize("option", ["client_secret", "access_token"])
@pytest.mark.parametrize("wrapped", [False, True])
def test_a_secret_is_refused_and_not_repeated(
    option: str, wrapped: bool, secret: str, config_home: Path
) -> None:
    with pytest.raises(ConfigurationError, match=option) as caught:
        save_profile("lincoln", "oneroster", **{option: Secret(secret) if wrapped else secret})
    assert secret not in str(caught.value)
    assert list(config_home.rglob("*")) == []


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", "null", "\x00\x01"),
        '{"lincoln": 1}',
        '{"lincoln": {"options": {}}}',
        '{"lincoln": {"provider": 1, "options": {}}}',
        '{"lincoln": {"provider": "oneroster", "options": []}}',
    ],
)
def test_a_damaged_file_is_named_and_left_alone(text: str, config_home: Path) -> None:
    save_profile("lincoln", "oneroster", host=HOST)
    file = file_of(config_home)
    file.write_text(text)
    for call in (
        list_profiles,
        lambda: load_profile("lincoln"),
        lambda: delete_profile("lincoln"),
        lambda: save_profile("north", "oneroster", host=HOST),
        lambda: resolve(None, "lincoln", {}, {}),
    ):
        with pytest.raises(ConfigurationError, match="Fix the file or remove it") as caught:
            call()
        assert str(file) in str(caught.value)
    assert file.read_text() == text


def test_a_file_that_is_no_text_is_a_damaged_one(config_home: Path) -> None:
    save_profile("lincoln", "oneroster", host=HOST)
    file_of(config_home).write_bytes(b'{"lincoln": "\xff\xfe"}')
    with pytest.raises(ConfigurationError, match="cannot be read"):
        list_profiles()


def test_a_folder_in_the_place_of_the_file_is_named(config_home: Path) -> None:
    save_profile("lincoln", "oneroster", host=HOST)
    file = file_of(config_home)
    file.unlink()
    file.mkdir()
    with pytest.raises(ConfigurationError, match="cannot be read"):
        list_profiles()


# The keyring


def test_a_secret_is_kept_by_the_keyring_and_forgotten_with_its_profile(
    memory: MemoryKeyring, secret: str
) -> None:
    save_profile("lincoln", "oneroster", host=HOST)
    assert keep_secret("lincoln", Secret(secret))
    kept = keyring_secret("lincoln")
    assert kept is not None
    assert kept.reveal() == secret
    assert repr(kept) == "<secret>"
    delete_profile("lincoln")
    assert memory.kept == {}
    assert keyring_secret("lincoln") is None


def test_without_a_keyring_nothing_is_kept_and_nothing_fails(secret: str) -> None:
    # The tests run with a keyring that keeps nothing, as on a server.
    save_profile("lincoln", "oneroster", host=HOST)
    assert not keep_secret("lincoln", Secret(secret))
    assert keyring_secret("lincoln") is None
    delete_profile("lincoln")
    assert list_profiles() == []


@pytest.mark.parametrize("writable", [False, True])
def test_a_keyring_that_stays_locked_holds_nothing(
    use_keyring: Any, secret: str, writable: bool
) -> None:
    use_keyring(LockedKeyring(writable=writable))
    save_profile("lincoln", "oneroster", host=HOST)
    assert not keep_secret("lincoln", Secret(secret))
    assert keyring_secret("lincoln") is None
    delete_profile("lincoln")
    assert list_profiles() == []


# The chain


def test_the_chain_is_code_environment_profile_keyring(memory: MemoryKeyring) -> None:
    save_profile("lincoln", "oneroster", host=HOST, client_id="of the profile", page_size=50)
    keep_secret("lincoln", Secret("of the keyring"))
    environment = {
        "ONEROSTER_CLIENT_ID": "of the environment",
        "ONEROSTER_CLIENT_SECRET": "of the environment",
    }

    def found(environ: dict[str, str], **given: str) -> tuple[str, str, str, int]:
        provider, profile, options, _ = resolve(None, "lincoln", given, environ)
        assert (provider, profile) == ("oneroster", "lincoln")
        secret = options["client_secret"]
        shown = secret if isinstance(secret, str) else secret.reveal()
        return options["host"], options["client_id"], shown, options["page_size"]

    assert found({}) == (HOST, "of the profile", "of the keyring", 50)
    assert found(environment) == (HOST, "of the environment", "of the environment", 50)
    assert found(environment, client_id="of the code", client_secret="of the code") == (
        *(HOST, "of the code", "of the code", 50),
    )


def test_the_environment_alone_says_it_all(secret: str) -> None:
    environ = {
        "ONEROSTER_PROVIDER": "classlink",
        "ONEROSTER_HOST": HOST,
        "ONEROSTER_CLIENT_ID": "an id",
        "ONEROSTER_CLIENT_SECRET": secret,
    }
    provider, profile, options, _ = resolve(None, None, {}, environ)
    assert (provider, profile) == ("classlink", None)
    assert (options["host"], options["client_id"]) == (HOST, "an id")
    assert options["client_secret"].reveal() == secret


def test_the_environment_names_a_profile(memory: MemoryKeyring, secret: str) -> None:
    save_profile("lincoln", "oneroster", host=HOST, client_id="analyst")
    keep_secret("lincoln", Secret(secret))
    provider, profile, options, _ = resolve(None, None, {}, {"ONEROSTER_PROFILE": "lincoln"})
    assert (provider, profile, options["host"]) == ("oneroster", "lincoln", HOST)
    assert options["client_secret"].reveal() == secret


def test_empty_variables_are_none_at_all(memory: MemoryKeyring, secret: str) -> None:
    save_profile("lincoln", "oneroster", host=HOST, client_id="an id")
    keep_secret("lincoln", Secret(secret))
    names = ("PROVIDER", "PROFILE", "HOST", "CLIENT_ID", "CLIENT_SECRET")
    empty = {f"ONEROSTER_{name}": "" for name in names}
    options = resolve(None, "lincoln", {}, empty).options
    assert (options["host"], options["client_id"]) == (HOST, "an id")
    assert options["client_secret"].reveal() == secret
    with pytest.raises(ConfigurationError, match="ONEROSTER_PROVIDER"):
        resolve(None, None, {}, empty)


@pytest.mark.parametrize(
    ("provider", "profile", "given", "environ"),
    [
        ("oneroster", None, {"host": HOST}, {"ONEROSTER_HOST": OTHER}),
        ("oneroster", None, {}, {"ONEROSTER_PROVIDER": "classlink", "ONEROSTER_HOST": HOST}),
        (None, "lincoln", {}, {"ONEROSTER_PROFILE": "north"}),
        (None, "lincoln", {}, {"ONEROSTER_PROVIDER": "classlink"}),
        (None, "lincoln", {}, {"ONEROSTER_HOST": OTHER}),
        (None, "lincoln", {"host": OTHER}, {"ONEROSTER_HOST": HOST}),
        # What the environment names is another connection than one that has no name.
        ("oneroster", None, {"host": OTHER}, {"ONEROSTER_PROFILE": "lincoln"}),
        ("demo", None, {}, {}),
    ],
)
def test_the_environment_of_another_connection_is_not_used(
    provider: str | None,
    profile: str | None,
    given: dict[str, str],
    environ: dict[str, str],
    secret: str,
) -> None:
    save_profile("lincoln", "oneroster", host=HOST)
    save_profile("north", "oneroster", host=OTHER)
    rest = {"ONEROSTER_CLIENT_ID": "an id", "ONEROSTER_CLIENT_SECRET": secret}
    options = resolve(provider, profile, given, environ | rest).options
    assert "client_secret" not in options
    assert "client_id" not in options


def test_the_kept_secret_of_one_host_is_not_used_for_another(
    memory: MemoryKeyring, secret: str
) -> None:
    save_profile("lincoln", "oneroster", host=HOST, client_id="an id")
    keep_secret("lincoln", Secret(secret))
    options = resolve(None, "lincoln", {"host": OTHER}, {}).options
    assert options["host"] == OTHER
    assert "client_secret" not in options
    options = resolve(None, "lincoln", {"host": HOST}, {}).options
    assert options["client_secret"].reveal() == secret


def test_a_profile_is_of_one_provider() -> None:
    save_profile("lincoln", "oneroster", host=HOST)
    assert resolve("oneroster", "lincoln", {}, {})[0] == "oneroster"
    with pytest.raises(ConfigurationError, match="'oneroster', not 'classlink'"):
        resolve("classlink", "lincoln", {}, {})


def test_no_place_shows_its_secret(memory: MemoryKeyring, secret: str, config_home: Path) -> None:
    save_profile("lincoln", "oneroster", host=HOST, client_id="an id")
    keep_secret("lincoln", Secret(secret))
    for environ in ({}, {"ONEROSTER_CLIENT_SECRET": secret}):
        assert secret not in repr(resolve(None, "lincoln", {}, environ))
    assert secret not in json.dumps(json.loads(file_of(config_home).read_text()))
