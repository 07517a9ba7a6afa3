"""To what a secret belongs: provider, host, token URL and client id, together."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import urlsplit

from oneroster_nb.connectors.registry import PROVIDERS
from oneroster_nb.errors import ConfigurationError
from oneroster_nb.transport.address import origin


@dataclass(frozen=True)
class Account:
    """What a secret is a secret of, in a form that can be compared.

    Attributes
    ----------
    provider, host, token_url, client_id, application_id : str
        Empty if there is none. A provider's own host and token URL stand for those that are
        left out.
    """

    provider: str
    host: str
    token_url: str
    client_id: str
    application_id: str

    @classmethod
    def of(cls, provider: str, options: Mapping[str, Any]) -> "Account":
        """Return the account that options of a connector mean."""
        entry = PROVIDERS.get(provider)
        own_host = named_host(provider, {"host": entry.own_host}) if entry else ""
        own_token_url = entry.own_token_url if entry else ""
        return cls(
            provider=provider,
            host=named_host(provider, options) or own_host,
            token_url=normal_url(options.get("token_url") or own_token_url),
            client_id=_text(options.get("client_id")),
            application_id=_text(options.get("application_id")),
        )

    def differences(self, other: "Account") -> list[str]:
        """List the names of the parts in which two accounts differ."""
        names = [part.name for part in fields(self)]
        return [name for name in names if getattr(self, name) != getattr(other, name)]


def named_host(provider: str, options: Mapping[str, Any]) -> str:
    """Return the host that options name, or that an application id makes, if any."""
    entry = PROVIDERS.get(provider)  # a file of saved connections may name others
    host = options.get("host")
    application_id = options.get("application_id")
    if not host and application_id and entry and entry.proxied:
        try:
            host = entry.proxied(application_id)
        except ConfigurationError:  # connecting will say so
            host = application_id
    # The paths of a provider's own host are versions of one service; other paths can be tenants.
    return normal_url(host, with_path=not (entry and entry.own_host))


def normal_url(url: object, *, with_path: bool = True) -> str:
    """Write an address in the one form in which it can be compared, empty if there is none.

    Examples
    --------
    >>> normal_url(" https://Example.org/ims/ ")
    'https://example.org:443/ims'
    """
    text = _text(url)
    scheme, name, port = origin(text)
    parts = urlsplit(text) if name else None
    if parts is None or "@" in parts.netloc:
        return text
    host = f"{scheme}://{name}:{port}"
    query = f"?{parts.query}" if parts.query else ""
    return host + parts.path.rstrip("/") + query if with_path else host


def _text(value: object) -> str:
    """Return a text without white space around it; anything else never equals a text."""
    return value.strip() if isinstance(value, str) else repr(value) if value else ""
