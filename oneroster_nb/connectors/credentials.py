"""The sources of the parts of a connection, and which stored secret belongs to it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from oneroster_nb.connectors.accounts import Account, named_host
from oneroster_nb.connectors.live.options import from_environment, variable
from oneroster_nb.connectors.profile_store import SERVICE, Profile, keyring_secret, load_profile
from oneroster_nb.connectors.registry import PROVIDERS
from oneroster_nb.errors import ConfigurationError
from oneroster_nb.secret import SECRETS, hidden


class Resolved(NamedTuple):
    """A connection that was put together; `withheld` says why stored secrets are left out."""

    provider: str
    profile: str | None
    options: dict[str, Any]
    withheld: list[str]


@dataclass(frozen=True)
class _Meant:
    """What a call means: its provider, its saved connection and its own options."""

    provider: str
    profile: Profile | None
    given: Mapping[str, Any]

    @property
    def saved(self) -> Mapping[str, Any]:
        """The options of the saved connection; an application id that is given makes the host."""
        saved = self.profile.options if self.profile else {}
        proxied = self.given.get("application_id") and not self.given.get("host")
        return {k: v for k, v in saved.items() if not (proxied and k == "host")}

    @property
    def host(self) -> str:
        """The host that the call names, else the saved connection; empty if neither does."""
        return named_host(self.provider, self.given) or named_host(self.provider, self.saved)


def resolve(
    provider: str | None,
    profile: str | None,
    options: Mapping[str, Any],
    environ: Mapping[str, str] | None = None,
) -> Resolved:
    """Put a connection together: what is given, the environment, the saved profile, its secret.

    A secret of the environment or the keyring is among the options only if it belongs to the
    provider, host, token URL and client id that are meant. If neither a provider nor a profile is
    given, the environment says it. `environ` is the environment of this process if it is left out.

    Raises
    ------
    ConfigurationError
        If neither a provider nor a profile is said, if the profile is of another provider, or if
        the file of saved connections or the keyring fails.
    """
    env = _variables(environ)
    meant = _meant(provider, profile, options, env)
    entry = PROVIDERS.get(meant.provider)  # a file of saved connections may name others
    taken = entry.environment if entry else ()
    stored = {name: env[variable(name)] for name in taken if variable(name) in env}
    secrets = {name: stored.pop(name) for name in SECRETS if name in stored}
    problem = _another_connection(meant, stored, env)
    if problem:
        stored = {}
    found = Resolved(
        meant.provider,
        meant.profile.name if meant.profile else None,
        {**meant.saved, **stored, **options},
        [],
    )
    if any(name in options for name in SECRETS):
        return found  # no stored one is wanted
    if secrets:
        problem = problem or _another_account(meant, stored, found.options)
        if not problem:
            found.options.update(secrets)
            return found
        found.withheld.extend(
            f"{variable(name)} is set, but was not used: {problem}. To use it on purpose, pass"
            f" {from_environment(name)}."
            for name in secrets
        )
    if meant.profile is not None and taken:
        _add_kept(meant.profile, found)
    return found


def _variables(environ: Mapping[str, str] | None) -> dict[str, Any]:
    """Take our variables out of the environment, secrets wrapped, so that no frame holds others."""
    source = os.environ if environ is None else environ
    options = {option for entry in PROVIDERS.values() for option in entry.environment}
    names = map(variable, ("provider", "profile", *options))
    return hidden({name: source[name] for name in names if source.get(name)})


def _meant(
    provider: str | None,
    profile: str | None,
    given: Mapping[str, Any],
    env: Mapping[str, Any],
) -> _Meant:
    """Find out which provider and which saved connection are meant."""
    if provider is None and profile is None:
        profile = env.get("ONEROSTER_PROFILE")
        provider = None if profile else env.get("ONEROSTER_PROVIDER")
    loaded = None if profile is None else load_profile(profile)
    if loaded is not None:
        if provider not in (None, loaded.provider):
            raise ConfigurationError(
                f"The saved connection {profile!r} is of provider {loaded.provider!r}, not"
                f" {provider!r}. Leave the provider out."
            )
        provider = loaded.provider
    if not isinstance(provider, str):
        raise ConfigurationError(
            "connect() needs a provider, such as connect('demo') or connect('classlink', ...), a"
            " profile='...', or the environment variable ONEROSTER_PROVIDER or ONEROSTER_PROFILE."
        )
    return _Meant(provider, loaded, given)


def _another_connection(meant: _Meant, stored: Mapping[str, Any], env: Mapping[str, Any]) -> str:
    """Return why the environment describes another connection than the one that is meant, if so."""
    profile = meant.profile.name if meant.profile else None
    provider = env.get("ONEROSTER_PROVIDER", "").strip()
    if env.get("ONEROSTER_PROFILE", profile) != profile:
        return "ONEROSTER_PROFILE names another connection"
    if provider not in ("", meant.provider):
        return "ONEROSTER_PROVIDER names another provider"
    own = named_host(meant.provider, stored)
    default = Account.of(meant.provider, {**meant.saved, **meant.given, "host": None}).host
    if own:
        named = variable("host" if "host" in stored else "application_id")
        # Only an environment that names the provider means another server than its own one.
        if own == (meant.host or ("" if provider else default) or own):
            return ""
        problem = f"{named} names another server"
        if meant.host or provider:
            return problem
        return f"{problem} than the provider's own (if it is meant, set ONEROSTER_PROVIDER, too)"
    # Without a host, the environment completes a saved connection, else the provider's own host.
    completes = meant.host == named_host(meant.provider, meant.saved)
    if meant.host and meant.host != default and not (meant.profile and completes):
        return "ONEROSTER_HOST is not set, so it fits only the provider's own host"
    wanted = Account.of(meant.provider, {**meant.saved, **meant.given})
    with_url = Account.of(meant.provider, {**meant.saved, **meant.given, **stored})
    names_itself = provider and not meant.host
    if "token_url" in stored and not names_itself and wanted.token_url != with_url.token_url:
        return "ONEROSTER_TOKEN_URL names another server, and ONEROSTER_HOST is not set"
    return ""


def _another_account(meant: _Meant, stored: Mapping[str, Any], options: Mapping[str, Any]) -> str:
    """Return the part in which the account differs from that of the environment's secret."""
    own = Account.of(meant.provider, {**meant.saved, **stored})
    differing = [
        name
        for name in own.differences(Account.of(meant.provider, options))
        # What the environment and the saved connection leave open, the call completes.
        if name == "token_url" or (name != "host" and getattr(own, name))
    ]
    return f"it belongs to another {' and '.join(differing)}" if differing else ""


def _add_kept(profile: Profile, found: Resolved) -> None:
    """Add the secret that the keyring holds for a saved connection, if it belongs to it."""
    kept = keyring_secret(profile.name)
    if kept is None:
        return
    own = Account.of(profile.provider, profile.options)
    differing = own.differences(Account.of(found.provider, found.options))
    option = "client_secret" if found.options.get("client_id") else "access_token"
    if profile.ask_keyring and not differing:
        found.options[option] = kept
        return
    problem = (
        f"it belongs to another {' and '.join(differing)}"
        if differing
        else "it may belong to an earlier connection of that name"
    )
    found.withheld.append(
        f"The keyring holds a secret for {profile.name!r} that was not used: {problem}. To use it"
        f" on purpose, pass {option}=keyring.get_password({SERVICE!r}, {profile.name!r})."
    )
