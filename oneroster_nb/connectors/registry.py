"""The providers, a record each: ``connect()``, the form and the README follow from it."""

import inspect
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from oneroster_nb.connectors.clever.connector import CLEVER_HOST, CLEVER_TOKENS, CleverConnector
from oneroster_nb.connectors.csv import CsvConnector
from oneroster_nb.connectors.demo import DemoCleverConnector, DemoConnector
from oneroster_nb.connectors.live.connector import Connector
from oneroster_nb.connectors.oneroster.classlink import ClasslinkConnector, proxied_host
from oneroster_nb.connectors.oneroster.connector import OneRosterConnector
from oneroster_nb.errors import ConfigurationError
from oneroster_nb.roster.roster import Roster
from oneroster_nb.spelling import nearest


@dataclass(frozen=True)
class ProviderEntry:
    """What the package knows about a provider.

    Attributes
    ----------
    name : str
        What :func:`~oneroster_nb.connect` takes.
    label : str
        What the form calls it.
    opens : callable
        Makes the source from the options.
    options : tuple of str
        The names of the options that it takes.
    fields : Mapping of str to str
        The options that the form asks for, each with an example or a hint. ``upload`` stands for
        a file that is chosen instead of a `path`.
    advice : str
        What a person should type; empty if nothing is needed.
    environment : tuple of str
        The options that environment variables can give; empty if there is no account.
    path : str
        What `path` must be; empty if the provider is not local.
    own_host, own_token_url : str
        The addresses of a provider that has only one.
    proxied : callable, optional
        Builds the host from an `application_id`.
    """

    name: str
    label: str
    opens: Callable[..., Connector | CsvConnector | Roster]
    options: tuple[str, ...]
    fields: Mapping[str, str] = field(default_factory=dict)
    advice: str = ""
    environment: tuple[str, ...] = ()
    path: str = ""
    own_host: str = ""
    own_token_url: str = ""
    proxied: Callable[[object], str] | None = None

    @property
    def local(self) -> bool:
        """Whether it reads files and needs no server."""
        return bool(self.path)


def _options(*builders: Callable[..., object], without: Collection[str] = ()) -> tuple[str, ...]:
    names = dict.fromkeys(n for build in builders for n in inspect.signature(build).parameters)
    return tuple(name for name in names if name != "options" and name not in without)


_ACCOUNT = ("host", "client_id", "client_secret", "access_token", "token_url")
_OF_AN_ACCOUNT = (*_ACCOUNT, "scope", "client_auth", "district", "allow_insecure")
_HOST = "https://example.oneroster.com/ims/oneroster/v1p1/"
_KEY = {"client_id": "", "client_secret": ""}

_ENTRIES = (
    ProviderEntry(
        "demo",
        "Demo district",
        DemoConnector,
        _options(DemoConnector, OneRosterConnector, without=_OF_AN_ACCOUNT),
    ),
    ProviderEntry(
        "demo-clever",
        "Demo district (Clever)",
        DemoCleverConnector,
        _options(DemoCleverConnector, CleverConnector, without=_OF_AN_ACCOUNT),
    ),
    ProviderEntry(
        "classlink",
        "ClassLink",
        ClasslinkConnector,
        _options(ClasslinkConnector, OneRosterConnector),
        {"host": _HOST, **_KEY, "application_id": "of ClassLink's proxy", "access_token": ""},
        "Give the host, client ID and client secret; for ClassLink's proxy, the application"
        " ID and access token instead.",
        (*_ACCOUNT, "application_id"),
        proxied=proxied_host,
    ),
    ProviderEntry(
        "clever",
        "Clever",
        CleverConnector,
        _options(CleverConnector),
        {"host": CLEVER_HOST, **_KEY, "access_token": "", "district": "its id in Clever"},
        "Give the access token of the district; or the client ID and client secret of the"
        " application, and the district where several share their rosters with it. The host"
        " can stay empty.",
        _ACCOUNT,
        own_host=CLEVER_HOST,
        own_token_url=CLEVER_TOKENS,
    ),
    ProviderEntry(
        "oneroster",
        "OneRoster",
        OneRosterConnector,
        _options(OneRosterConnector),
        {
            "host": _HOST,
            **_KEY,
            "token_url": "where the server speaks OAuth 2.0",
            "access_token": "",
        },
        "Give the host, client ID and client secret, and the token URL where the server"
        " speaks OAuth 2.0; or the host and an access token.",
        _ACCOUNT,
    ),
    ProviderEntry(
        "csv",
        "CSV bundle",
        CsvConnector,
        _options(CsvConnector),
        {"path": "roster.zip", "upload": ".zip"},
        "Give the path of a OneRoster CSV bundle, a zip or a folder; or choose a zip on your"
        " own computer.",
        path="a zip or a folder",
    ),
    ProviderEntry(
        "snapshot",
        "Saved roster",
        Roster.load,
        ("path",),
        {"path": "lincoln.roster"},
        "Give the folder that Roster.save() wrote.",
        path="a folder of a saved roster",
    ),
)
PROVIDERS: Mapping[str, ProviderEntry] = {entry.name: entry for entry in _ENTRIES}
"""The providers that :func:`~oneroster_nb.connect` takes, by name."""


def provider_entry(name: str) -> ProviderEntry:
    """Return the record of a provider; ConfigurationError if there is none of that name."""
    if name not in PROVIDERS:
        raise ConfigurationError(
            f"Unknown provider {name!r}.{nearest(str(name), PROVIDERS)}"
            f" It can be {', '.join(map(repr, PROVIDERS))}."
        )
    return PROVIDERS[name]


def check_options(provider: str, options: Iterable[str]) -> None:
    """Raise a ConfigurationError if a provider does not take the options of these names."""
    known = provider_entry(provider).options
    for name in options:
        if name not in known:
            raise ConfigurationError(
                f"Unknown option {name!r} of provider {provider!r}.{nearest(name, known)}"
                f" The options are: {', '.join(known)}."
            )
