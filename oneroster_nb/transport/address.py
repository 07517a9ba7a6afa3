"""Addresses of servers: checking, encoding, showing and resolving them."""

import ipaddress
import re
from urllib.parse import parse_qsl, quote, urljoin, urlsplit

from oneroster_nb.errors import ConfigurationError

_EXAMPLE = "such as 'https://example.oneroster.com/ims/oneroster/v1p1/'"
_HARMLESS = frozenset({"appname"})
"""Parameters of a token URL that name the application and are not secret."""
_PLAIN = re.compile(r"[\w.~ -]*")


def checked_host(host: object, *, allow_insecure: bool = False) -> str:
    """Check a server's address and return it with a slash at its end.

    It may not hold credentials, a query or a fragment, nor be plain http to another machine
    without `allow_insecure`.
    """
    checked = _checked(host, "host", allow_insecure=allow_insecure)
    if "?" in checked:
        raise ConfigurationError(f"host must end before any '?'. Use an address {_EXAMPLE}.")
    return checked.rstrip("/") + "/"


def checked_token_url(token_url: object, *, allow_insecure: bool = False) -> str:
    """Check the address that issues tokens, as :func:`checked_host`; it may have a query."""
    return _checked(token_url, "token_url", allow_insecure=allow_insecure)


def shown_url(url: str) -> str:
    """Return an address that messages and files may show: without a query that may be secret.

    Examples
    --------
    >>> shown_url("https://example.org/oauth2/token?appName=north")
    'https://example.org/oauth2/token?appName=north'
    >>> shown_url("https://example.org/token?apikey=open-sesame")
    'https://example.org/token'
    """
    address, _, query = url.partition("?")
    harmless = all(
        name.casefold() in _HARMLESS and _PLAIN.fullmatch(value)
        for name, value in parse_qsl(query, keep_blank_values=True)
    )
    return url if harmless else address


def _checked(url: object, what: str, *, allow_insecure: bool) -> str:
    """Check the rules for all addresses; `what` names the address in errors."""
    if not isinstance(url, str) or not url.strip():
        raise ConfigurationError(f"{what} must be the address of the service, {_EXAMPLE}.")
    url = url.strip()
    # A wrong address may hold a secret anywhere after these characters.
    shown = (
        what if "@" in url or ";" in url else f"{what} {url.partition('?')[0].partition('#')[0]!r}"
    )
    try:
        parts = urlsplit(url)
        name, _ = parts.hostname, parts.port
    except ValueError:
        raise ConfigurationError(f"{shown} is not an address. Use one {_EXAMPLE}.") from None
    if any(sign.isspace() or not sign.isprintable() for sign in url):
        raise ConfigurationError(
            f"{shown} holds a space or a similar character. Use an address {_EXAMPLE}."
        )
    if name is not None and any(not 0 < len(label) < 64 for label in name.rstrip(".").split(".")):
        raise ConfigurationError(f"{shown} is not an address. Use one {_EXAMPLE}.")
    if ";" in parts.path:
        raise ConfigurationError(
            f"The path of {what} holds ';', and the part after it may be a secret. Use an address"
            f" {_EXAMPLE}."
        )
    if "@" in parts.netloc:
        raise ConfigurationError(
            f"{what} holds a user name or a password. Pass those as client_id and client_secret,"
            f" and a {what} {_EXAMPLE}."
        )
    if parts.scheme not in ("http", "https") or not name:
        raise ConfigurationError(
            f"{shown} is not a web address: it must begin with https://, {_EXAMPLE}."
        )
    if "#" in url:
        raise ConfigurationError(f"{what} must end before any '#'. Use an address {_EXAMPLE}.")
    if parts.scheme == "http" and not allow_insecure and not _is_loopback(name):
        raise ConfigurationError(
            f"{shown} is not encrypted, so others on the network could read the roster. Use"
            " https://, or pass allow_insecure=True if you know that the network is private."
        )
    return url


def encoded(*segments: str) -> str:
    """Percent-encode path segments, slashes too, and join them.

    Examples
    --------
    >>> encoded("classes", "6/A ~b", "students")
    'classes/6%2FA%20~b/students'
    """
    return "/".join(quote(segment, safe="") for segment in segments)


def resolve_url(url: str, target: str) -> str:
    """Resolve a link from a server; return "" if it is not an address."""
    try:
        return urljoin(url, target) if target else ""
    except ValueError:
        return ""


def origin(url: str) -> tuple[str, str, int]:
    """Return the scheme, host and port of a URL; empty values if it is not an address."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "", "", 0
    return (
        parts.scheme,
        (parts.hostname or "").casefold(),
        port or {"http": 80, "https": 443}.get(parts.scheme, 0),
    )


def _is_loopback(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")
