"""Saved connections, and where the parts of a connection come from.

A profile holds everything of a connection but its secrets. All profiles are in one file in the
user's configuration folder, readable by the user alone.
"""

import contextlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import keyring
import keyring.errors
import platformdirs

from oneroster_nb.errors import ConfigurationError
from oneroster_nb.query import nearest
from oneroster_nb.secret import Secret

__all__ = [
    "Profile",
    "delete_profile",
    "hidden",
    "keep_secret",
    "keyring_secret",
    "list_profiles",
    "load_profile",
    "resolve",
    "save_profile",
    "without_secrets",
]

_VARIABLES: Mapping[str, str] = MappingProxyType(
    {
        "host": "ONEROSTER_HOST",
        "client_id": "ONEROSTER_CLIENT_ID",
        "client_secret": "ONEROSTER_CLIENT_SECRET",
        "access_token": "ONEROSTER_ACCESS_TOKEN",
        "token_url": "ONEROSTER_TOKEN_URL",
        "application_id": "ONEROSTER_APPLICATION_ID",
    }
)
_SERVICE = "oneroster_nb"
_SECRETS = frozenset({"client_secret", "access_token"})


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
    """

    name: str
    provider: str
    options: Mapping[str, Any] = field(default_factory=dict)


def list_profiles() -> list[str]:
    """List the names of the saved connections, in order."""
    return sorted(_read())


def load_profile(name: str) -> Profile:
    """Read a saved connection.

    Raises
    ------
    ConfigurationError
        Where there is none of that name; the names that there are, are given.
    """
    profiles = _read()
    if not isinstance(name, str) or name not in profiles:
        raise ConfigurationError(
            f"There is no saved connection {name!r}.{nearest(str(name), profiles)} Saved are:"
            f" {', '.join(sorted(profiles)) or 'none'}."
        )
    saved = profiles[name]
    return Profile(name, saved["provider"], saved["options"])


def save_profile(name: str, provider: str, **options: Any) -> Profile:
    """Save a connection under a name; one of that name is replaced.

    Parameters
    ----------
    name : str
        What to call it.
    provider : str
        What :func:`oneroster_nb.connect` takes.
    **options
        Options of the connector. Secrets are refused: they are no part of a profile.

    Raises
    ------
    ConfigurationError
        For an empty name, a secret, or an option that JSON cannot hold.

    Examples
    --------
    >>> profile = save_profile(
    ...     "lincoln", "classlink", host="https://example.oneroster.com/", client_id="analyst"
    ... )  # doctest: +SKIP
    """
    if not isinstance(name, str) or not name.strip():
        raise ConfigurationError(f"A saved connection needs a name, not {name!r}.")
    if not isinstance(provider, str) or not provider.strip():
        raise ConfigurationError(f"A saved connection needs a provider, not {provider!r}.")
    secret = [option for option in options if _is_secret(option)]
    if secret:
        raise ConfigurationError(
            f"{', '.join(sorted(secret))} is not saved in a profile. Set the environment variable"
            " ONEROSTER_CLIENT_SECRET, or pass it to connect()."
        )
    profiles = _read()
    profiles[name] = {"provider": provider, "options": options}
    try:
        text = json.dumps(profiles, indent=2, ensure_ascii=False)
    except TypeError as exc:
        raise ConfigurationError(f"An option of {name!r} cannot be saved: {exc}.") from None
    _write(text)
    return Profile(name, provider, options)


def delete_profile(name: str) -> None:
    """Forget a saved connection and its secret; ConfigurationError where there is none."""
    load_profile(name)
    profiles = _read()
    del profiles[name]
    _write(json.dumps(profiles, indent=2, ensure_ascii=False))
    with contextlib.suppress(keyring.errors.KeyringError):  # no keyring, or nothing in it
        keyring.delete_password(_SERVICE, name)


def resolve(
    provider: str | None,
    profile: str | None,
    options: Mapping[str, Any],
    environ: Mapping[str, str] | None = None,
) -> tuple[str, str | None, dict[str, Any]]:
    """Put a connection together: what is given, the environment, the saved profile, its secret.

    Parameters
    ----------
    provider, profile : str, optional
        What is meant; both missing, the environment says it.
    options : mapping
        What is given in code.
    environ : mapping, optional
        The environment; left out, that of this process.

    Returns
    -------
    provider : str
    profile : str or None
    options : dict
        Secrets among them are wrapped.

    Raises
    ------
    ConfigurationError
        Where neither a provider nor a profile is said, or the profile is of another provider.
    """
    env = os.environ if environ is None else environ
    if provider is None and profile is None:
        profile = env.get("ONEROSTER_PROFILE") or None
        provider = None if profile else env.get("ONEROSTER_PROVIDER") or None
    saved: Mapping[str, Any] = {}
    if profile is not None:
        loaded = load_profile(profile)
        if provider not in (None, loaded.provider):
            raise ConfigurationError(
                f"The saved connection {profile!r} is of provider {loaded.provider!r}, not"
                f" {provider!r}. Leave the provider out."
            )
        provider, saved = loaded.provider, loaded.options
    if not isinstance(provider, str):
        raise ConfigurationError(
            "connect() needs a provider, such as connect('demo') or connect('classlink', ...), a"
            " profile='...', or the environment variable ONEROSTER_PROVIDER or ONEROSTER_PROFILE."
        )
    known = {
        "ONEROSTER_PROVIDER": provider,
        "ONEROSTER_HOST": options.get("host", saved.get("host")),
        "ONEROSTER_APPLICATION_ID": options.get("application_id", saved.get("application_id")),
    }
    # A secret of one connection must never be sent to the host of another.
    other = env.get("ONEROSTER_PROFILE", "") not in ("", profile) or any(
        wanted and _tidy(env.get(name)) not in ("", _tidy(wanted)) for name, wanted in known.items()
    )
    # Nor where the environment names no host, and the profile's is not the one that is meant.
    if not env.get("ONEROSTER_HOST") and profile is not None:
        other = other or _tidy(options.get("host", saved.get("host"))) != _tidy(saved.get("host"))
    found_in_env = hidden(
        {option: env[name] for option, name in _VARIABLES.items() if env.get(name)}
    )
    if other or provider.startswith("demo") or provider in ("snapshot", "csv"):
        found_in_env = {}
    if provider != "classlink":
        found_in_env.pop("application_id", None)
    found: dict[str, Any] = {**saved, **found_in_env, **options}
    same = _tidy(found.get("host")) == _tidy(saved.get("host"))
    if profile is not None and same and not _SECRETS.intersection(found):
        kept = keyring_secret(profile)
        if kept is not None:
            found["client_secret" if found.get("client_id") else "access_token"] = kept
    return provider, profile, found


def _tidy(value: object) -> str:
    """Bring the names of providers and hosts into a form that can be compared."""
    return value.strip().rstrip("/") if isinstance(value, str) else ""


def hidden(options: Mapping[str, Any]) -> dict[str, Any]:
    """Wrap the secrets among some options, so that no traceback with variables shows them."""
    return {
        name: Secret(value) if _is_secret(name) and isinstance(value, str) else value
        for name, value in options.items()
    }


def _is_secret(option: str) -> bool:
    """Say whether an option of that name, perhaps misspelt, holds a secret."""
    word = option.casefold().replace("_", "")
    return any(part in word for part in ("secret", "password", "bearer")) or word.endswith("token")


def without_secrets(options: Mapping[str, Any]) -> dict[str, Any]:
    """Leave the secrets out."""
    return {name: value for name, value in options.items() if not _is_secret(name)}


def keyring_secret(name: str) -> Secret | None:
    """Give the secret that the system's keyring holds for a saved connection, if any."""
    try:
        value = keyring.get_password(_SERVICE, name)
    except keyring.errors.KeyringError:  # no keyring here, as on Binder, or it stays locked
        return None
    return Secret(value) if value else None


def keep_secret(name: str, secret: Secret) -> bool:
    """Put the secret of a saved connection into the system's keyring; False where there is none."""
    try:
        keyring.set_password(_SERVICE, name, secret.reveal())
        return keyring.get_password(_SERVICE, name) == secret.reveal()
    except keyring.errors.KeyringError:
        return False


def _path() -> Path:
    return platformdirs.user_config_path("oneroster_nb", appauthor=False) / "profiles.json"


def _read() -> dict[str, Any]:
    path = _path()
    try:
        profiles = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as exc:
        raise ConfigurationError(
            f"The saved connections in {path} cannot be read ({type(exc).__name__}). Mend the"
            " file or remove it."
        ) from None
    whole = isinstance(profiles, dict) and all(
        isinstance(saved, dict)
        and isinstance(saved.get("provider"), str)
        and isinstance(saved.get("options"), dict)
        for saved in profiles.values()
    )
    if not whole:
        raise ConfigurationError(
            f"The saved connections in {path} are not in the form that save_profile() writes."
            " Mend the file or remove it."
        )
    return dict(profiles)


def _write(text: str) -> None:
    """Replace the file at once, readable by the user alone from its first byte on."""
    path = _path()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)  # made with mode 0600
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text + "\n")
    Path(name).replace(path)
