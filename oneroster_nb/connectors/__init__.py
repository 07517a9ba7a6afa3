"""The sources, and :func:`connect`, which finds the one that is meant."""

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from oneroster_nb.connectors.base import Connector
from oneroster_nb.connectors.classlink import ClasslinkConnector
from oneroster_nb.connectors.clever import CleverConnector
from oneroster_nb.connectors.csv_bundle import CsvConnector
from oneroster_nb.connectors.oneroster import OneRosterConnector
from oneroster_nb.errors import ConfigurationError
from oneroster_nb.profiles import hidden, resolve, without_secrets
from oneroster_nb.query import nearest
from oneroster_nb.roster import Roster

__all__ = ["PROVIDERS", "Connector", "connect"]


def _demo(**options: Any) -> Connector:
    from oneroster_nb.demo.connection import DemoConnector

    return DemoConnector(**options)


def _demo_clever(**options: Any) -> Connector:
    from oneroster_nb.demo.connection import DemoCleverConnector

    return DemoCleverConnector(**options)


def _snapshot(path: str | Path) -> Roster:
    return Roster.load(path)


_OF_AN_ACCOUNT = frozenset(
    {
        *("host", "client_id", "client_secret", "access_token", "token_url", "scope"),
        *("client_auth", "district", "allow_insecure"),
    }
)
PROVIDERS: Mapping[str, Callable[..., Connector | CsvConnector | Roster]] = MappingProxyType(
    {
        "demo": _demo,
        "demo-clever": _demo_clever,
        "classlink": ClasslinkConnector,
        "clever": CleverConnector,
        "oneroster": OneRosterConnector,
        "csv": CsvConnector,
        "snapshot": _snapshot,
    }
)
"""The providers that :func:`connect` takes."""


def connect(
    provider: str | None = None, *, profile: str | None = None, **options: Any
) -> Connector | CsvConnector | Roster:
    """Connect to a source.

    What is not given here is looked for in the environment (``ONEROSTER_PROVIDER ONEROSTER_HOST
    ONEROSTER_CLIENT_ID ONEROSTER_CLIENT_SECRET ONEROSTER_TOKEN_URL ONEROSTER_ACCESS_TOKEN
    ONEROSTER_APPLICATION_ID ONEROSTER_PROFILE``), then in the saved profile.
    The environment describes one connection: where it names another provider, profile or host
    than the one that is meant, nothing of it is used.

    Parameters
    ----------
    provider : str, optional
        ``"demo"`` (an embedded server with made-up people, no account needed), ``"demo-clever"``
        (the same people over Clever's API), ``"classlink"``, ``"clever"``, ``"oneroster"``,
        ``"csv"``, a CSV bundle, with its `path`, or ``"snapshot"``, a roster that was saved, with
        its `path`.
    profile : str, optional
        The name of a saved connection.
    **options
        What the connector of that provider takes.

    Returns
    -------
    Connector, CsvConnector or Roster
        Nothing has been asked of a connector yet; a saved roster is read.

    Raises
    ------
    ConfigurationError
        For an unknown provider, profile or option.
    CredentialsError
        Where an id or a secret is missing.

    Examples
    --------
    >>> import oneroster_nb as onb
    >>> with onb.connect("demo") as conn:
    ...     len(conn.get_users("students"))
    139
    """
    # Rebound at once, so that no traceback that shows variables shows a secret.
    given = options = hidden(options)
    provider, profile, options = resolve(provider, profile, given)
    if provider not in PROVIDERS:
        raise ConfigurationError(
            f"Unknown provider {provider!r}.{nearest(str(provider), PROVIDERS)}"
            f" It can be {', '.join(map(repr, PROVIDERS))}."
        )
    build = PROVIDERS[provider]
    known = _options(build)
    for name in options:
        if name not in known:
            raise ConfigurationError(
                f"Unknown option {name!r} of provider {provider!r}.{nearest(name, known)}"
                f" The options are: {', '.join(known)}."
            )
    if build in (_snapshot, CsvConnector) and "path" not in options:
        what = "a folder of a saved roster" if build is _snapshot else "a zip or a folder"
        raise ConfigurationError(f"connect({provider!r}) needs path=, {what}.")
    source = build(**options)
    source._recipe = _recipe(provider, profile, given)
    return source


def _options(build: Callable[..., Connector | CsvConnector | Roster]) -> list[str]:
    """List the options that a provider takes."""
    if build is _snapshot:
        return ["path"]
    if build is CsvConnector:
        return list(inspect.signature(build).parameters)
    clever = build in (CleverConnector, _demo_clever)
    known = inspect.signature(CleverConnector if clever else OneRosterConnector).parameters
    if build is _demo or build is _demo_clever:
        free = [name for name in known if name not in _OF_AN_ACCOUNT]
        return free if build is _demo else ["version", *free]
    own = dict.fromkeys(inspect.signature(build).parameters)
    return [name for name in {**own, **known} if name != "options"]


def _recipe(provider: str, profile: str | None, given: Mapping[str, Any]) -> str:
    """Write the call of :func:`connect` again, without the secrets that were given to it."""
    if any(isinstance(value, bytes) for value in given.values()):
        return ""  # an uploaded bundle, which nothing makes anew
    arguments = [f"profile={profile!r}"] if profile else [repr(provider)]
    plain = {
        name: str(value) if isinstance(value, Path) else value
        for name, value in without_secrets(given).items()
    }
    arguments += [f"{name}={value!r}" for name, value in plain.items()]
    return f"onb.connect({', '.join(arguments)})"
