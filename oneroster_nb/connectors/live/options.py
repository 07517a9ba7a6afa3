"""Options that the connectors have in common, checked."""

import math

from oneroster_nb.errors import ConfigurationError, CredentialsError
from oneroster_nb.secret import Secret, as_secret
from oneroster_nb.transport.address import shown_url

__all__ = [
    "check_sendable",
    "checked_seconds",
    "checked_timeout",
    "checked_whole",
    "from_environment",
    "wrapped_secrets",
    "written_option",
]


def wrapped_secrets(*secrets: object) -> list[Secret | None]:
    """Wrap secrets that were given as text; CredentialsError for what is no text."""
    wrapped = [as_secret(secret) for secret in secrets]
    if any(given is not None and w is None for given, w in zip(secrets, wrapped, strict=True)):
        raise CredentialsError("A client_secret and an access_token must be text.")
    return wrapped


def check_sendable(**secrets: Secret | None) -> None:
    """Raise a ConfigurationError if a secret holds what no HTTP header can hold."""
    for name, secret in secrets.items():
        if secret is not None and not secret.sendable:
            raise ConfigurationError(
                f"The {name} holds a sign that cannot be sent: a line end, an invisible sign or a"
                " typographic quote, say. Copy it again, or type it; it is not shown here."
            )


def checked_seconds(name: str, value: object, least: float = 0) -> float:
    """Give a number of seconds; ConfigurationError where it is none."""
    number = float(value) if type(value) in (int, float) else math.nan  # type: ignore[arg-type]
    if math.isfinite(number) and number >= least:
        return number
    raise ConfigurationError(f"{name} must be a number of seconds, not {value!r}.")


def checked_timeout(timeout: object) -> tuple[float, float]:
    """Give the seconds to connect and to read; ConfigurationError where they are none."""
    if not isinstance(timeout, tuple | list) or len(timeout) != 2:
        raise ConfigurationError(
            f"timeout must be two numbers of seconds, to connect and to read, not {timeout!r}."
        )
    connect, read = (checked_seconds("timeout", value, least=0.001) for value in timeout)
    return connect, read


def checked_whole(name: str, value: object, least: int) -> int:
    """Return a whole number of at least `least`; ConfigurationError if it is none."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ConfigurationError(
            f"{name} must be a whole number of at least {least}, not {value!r}."
        )
    return value


def written_option(name: str, value: object) -> str:
    """Write an option as Python, without a query of a token URL that may be a secret."""
    if name == "token_url" and isinstance(value, str) and shown_url(value) != value:
        return from_environment(name)
    return f"{name}={value!r}"


def from_environment(name: str) -> str:
    """Write an option as Python that takes it from the environment.

    Examples
    --------
    >>> from_environment("client_secret")
    'client_secret=os.environ["ONEROSTER_CLIENT_SECRET"]'
    """
    return f'{name}=os.environ["ONEROSTER_{name.upper()}"]'
