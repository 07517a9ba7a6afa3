"""Addresses: which ones may be asked, how they are written, where they lead."""

import ipaddress
from urllib.parse import quote, urljoin, urlsplit

from oneroster_nb.errors import ConfigurationError

__all__ = ["checked_host", "encoded", "joined", "origin"]


def checked_host(host: object, *, allow_insecure: bool = False, what: str = "host") -> str:
    """Check a server's address and give it with a slash at its end; `what` names it in errors.

    Raises
    ------
    ConfigurationError
        Where it has no scheme, holds credentials, a query or a fragment, or is plain http to
        another machine without `allow_insecure`.
    """
    example = "such as 'https://example.oneroster.com/ims/oneroster/v1p1/'"
    if not isinstance(host, str) or not host.strip():
        raise ConfigurationError(f"{what} must be the address of the service, {example}.")
    host = host.strip()
    shown = what if "@" in host else f"{what} {host!r}"
    try:
        parts = urlsplit(host)
        name, _ = parts.hostname, parts.port
    except ValueError:
        raise ConfigurationError(f"{shown} is not an address: give one {example}.") from None
    if any(sign.isspace() or not sign.isprintable() for sign in host):
        raise ConfigurationError(f"{shown} holds a space or such: give one {example}.")
    if name is not None and any(not 0 < len(label) < 64 for label in name.rstrip(".").split(".")):
        raise ConfigurationError(f"{shown} is not an address: give one {example}.")
    if "@" in parts.netloc:
        raise ConfigurationError(
            f"{what} holds a user name or a password. Give those as client_id and client_secret,"
            f" and a {what} {example}."
        )
    if parts.scheme not in ("http", "https") or not name:
        raise ConfigurationError(
            f"{what} {host!r} is no web address: it must begin with https://, {example}."
        )
    if parts.query or parts.fragment:
        raise ConfigurationError(f"{what} must end before any '?' or '#': give one {example}.")
    if parts.scheme == "http" and not allow_insecure and not _is_loopback(name):
        raise ConfigurationError(
            f"{what} {host!r} is not encrypted, so anyone on the way could read the roster. Write"
            " https://, or pass allow_insecure=True where you know the network to be private."
        )
    return host.rstrip("/") + "/"


def encoded(*segments: str) -> str:
    """Percent-encode path segments strictly and join them: an id may hold a slash.

    Examples
    --------
    >>> encoded("classes", "6/A ~b", "students")
    'classes/6%2FA%20~b/students'
    """
    return "/".join(quote(segment, safe="") for segment in segments)


def joined(url: str, target: str) -> str:
    """Resolve an address that a server named; empty where it is none."""
    try:
        return urljoin(url, target) if target else ""
    except ValueError:
        return ""


def origin(url: str) -> tuple[str, str, int]:
    """Give the scheme, the host and the port of an address; empty ones where it is none."""
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
