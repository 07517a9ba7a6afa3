"""The sources by the names of their providers, and the options that they take."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

from oneroster_nb.connectors.clever.connector import CleverConnector
from oneroster_nb.connectors.csv import CsvConnector
from oneroster_nb.connectors.demo import DemoCleverConnector, DemoConnector
from oneroster_nb.connectors.live.connector import Connector
from oneroster_nb.connectors.oneroster.classlink import ClasslinkConnector
from oneroster_nb.connectors.oneroster.connector import OneRosterConnector
from oneroster_nb.errors import ConfigurationError
from oneroster_nb.roster.roster import Roster
from oneroster_nb.spelling import nearest

__all__ = ["PROVIDERS", "Connector", "check_options"]


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
        "demo": DemoConnector,
        "demo-clever": DemoCleverConnector,
        "classlink": ClasslinkConnector,
        "clever": CleverConnector,
        "oneroster": OneRosterConnector,
        "csv": CsvConnector,
        "snapshot": _snapshot,
    }
)
"""The providers that :func:`oneroster_nb.connect` takes."""


def check_options(provider: str, options: Iterable[str]) -> None:
    """Make sure that a provider takes the options of these names.

    Raises
    ------
    ConfigurationError
        If there is no such provider, or it takes no such option.
    """
    known = _option_names(provider)
    for name in options:
        if name not in known:
            raise ConfigurationError(
                f"Unknown option {name!r} of provider {provider!r}.{nearest(name, known)}"
                f" The options are: {', '.join(known)}."
            )


def _option_names(provider: str) -> list[str]:
    """List the options that a provider takes.

    Raises
    ------
    ConfigurationError
        If there is no such provider.
    """
    if provider not in PROVIDERS:
        raise ConfigurationError(
            f"Unknown provider {provider!r}.{nearest(str(provider), PROVIDERS)}"
            f" It can be {', '.join(map(repr, PROVIDERS))}."
        )
    build = PROVIDERS[provider]
    if build is _snapshot:
        return ["path"]
    if build is CsvConnector:
        return list(inspect.signature(build).parameters)
    clever = build in (CleverConnector, DemoCleverConnector)
    known = inspect.signature(CleverConnector if clever else OneRosterConnector).parameters
    if build is DemoConnector or build is DemoCleverConnector:
        free = [name for name in known if name not in _OF_AN_ACCOUNT]
        return free if build is DemoConnector else ["version", *free]
    own = dict.fromkeys(inspect.signature(build).parameters)
    return [name for name in {**own, **known} if name != "options"]
