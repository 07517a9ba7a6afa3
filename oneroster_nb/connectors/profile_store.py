"""The stores of saved connections: a file of the user's, and the system's keyring."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import keyring
import keyring.errors
import platformdirs

from oneroster_nb.errors import ConfigurationError, RosterError
from oneroster_nb.files import locked, replaced
from oneroster_nb.secret import Secret
from oneroster_nb.spelling import nearest

_T = TypeVar("_T")
SERVICE = "oneroster_nb"
"""Under this name the keyring holds secrets, each with the name of its connection."""


@dataclass(frozen=True)
class Profile:
    """A saved connection.

    Attributes
    ----------
    name : str
        What it is called.
    provider : str
        What :func:`oneroster_nb.connect` takes.
    options : Mapping
        Options of the connector, without secrets.
    ask_keyring : bool
        Whether a secret in the keyring is this connection's; it may be that of an earlier one of
        the same name, if the keyring could not be asked when this one was saved.
    """

    name: str
    provider: str
    options: Mapping[str, Any] = field(default_factory=dict)
    ask_keyring: bool = True


def list_profiles() -> list[str]:
    """List the names of the saved connections, in order.

    Raises
    ------
    ConfigurationError
        If the file of saved connections cannot be read.
    """
    return sorted(read_profiles())


def load_profile(name: str) -> Profile:
    """Read a saved connection; ConfigurationError if there is none of that name."""
    profiles = read_profiles()
    if not isinstance(name, str) or name not in profiles:
        raise ConfigurationError(
            f"There is no saved connection {name!r}.{nearest(str(name), profiles)} Saved are:"
            f" {', '.join(sorted(profiles)) or 'none'}."
        )
    saved = profiles[name]
    return Profile(name, saved["provider"], saved["options"], saved.get("ask_keyring", True))


def read_profiles() -> dict[str, dict[str, Any]]:
    """Read what is saved, by name; ConfigurationError if the file is not as it is written."""
    path = _path()
    try:
        profiles = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as exc:
        problem = type(exc).__name__
    else:
        whole = isinstance(profiles, dict) and all(
            isinstance(saved, dict)
            and isinstance(saved.get("provider"), str)
            and isinstance(saved.get("options"), dict)
            for saved in profiles.values()
        )
        if whole:
            return dict(profiles)
        problem = "not in the form that save_profile() writes"
    raise ConfigurationError(
        f"The saved connections in {path} cannot be read ({problem}). Fix the file or remove it."
    )


@contextmanager
def changed_profiles() -> Iterator[dict[str, dict[str, Any]]]:
    """Read what is saved, let it be changed, and write it, while no other process does so.

    If the file cannot be read or written, it is as it was, and a ConfigurationError says so.
    """
    path = _path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with locked(path):
            profiles = read_profiles()
            yield profiles
            with replaced(path) as file:
                file.write(json.dumps(profiles, indent=2, ensure_ascii=False).encode() + b"\n")
            return
    except RosterError:
        raise
    except OSError as exc:
        problem = type(exc).__name__
    raise ConfigurationError(
        f"The saved connections in {path} cannot be written ({problem}). Check the permissions of"
        " the file and its folder, and the space on the disk."
    )


def keyring_secret(name: str) -> Secret | None:
    """Return the secret that the system's keyring holds for a saved connection, if any."""
    value = _asked(lambda: keyring.get_password(SERVICE, name), None)
    return Secret(value) if value else None


def put_secret(name: str, secret: Secret) -> bool:
    """Put a secret into the keyring; return False if there is none, or it stays locked."""

    def put() -> bool:
        keyring.set_password(SERVICE, name, secret.reveal())
        return keyring.get_password(SERVICE, name) == secret.reveal()

    return _asked(put, False)


def forget_secret(name: str) -> bool:
    """Remove the secret of a saved connection; return True if the keyring holds none for sure."""

    def forget() -> bool:
        # Nothing is there, which some keyrings say with a KeyError, or it cannot be removed.
        with suppress(keyring.errors.KeyringError, KeyError):
            keyring.delete_password(SERVICE, name)
        return keyring.get_password(SERVICE, name) is None

    return _asked(forget, False)


def _asked(ask: Callable[[], _T], otherwise: _T) -> _T:
    """Ask the keyring; return `otherwise` if there is none, as on Binder, or it stays locked.

    If it fails in another way, that is a ConfigurationError.
    """
    try:
        return ask()
    except keyring.errors.KeyringError:
        return otherwise
    except Exception as exc:  # noqa: BLE001 - a keyring may be anybody's plug-in
        problem = type(exc).__name__
    raise ConfigurationError(
        f"This system's keyring failed ({problem}). Unlock or repair it; or pass the secret to"
        " connect(), or set ONEROSTER_CLIENT_SECRET or ONEROSTER_ACCESS_TOKEN."
    )


def _path() -> Path:
    try:
        return platformdirs.user_config_path("oneroster_nb", appauthor=False) / "profiles.json"
    except RuntimeError:  # there is no home
        problem = "this user has no home folder"
    raise ConfigurationError(
        f"Connections cannot be saved or read: {problem}. Set the environment variable HOME."
    )
