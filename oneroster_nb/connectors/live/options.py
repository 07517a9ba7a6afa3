"""Options that the connectors have in common, checked."""

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from oneroster_nb.errors import ConfigurationError, CredentialsError
from oneroster_nb.query.query import Query
from oneroster_nb.secret import Secret, as_secret
from oneroster_nb.transport.address import shown_url
from oneroster_nb.transport.auth import Auth
from oneroster_nb.transport.session import Session


@dataclass(frozen=True, kw_only=True)
class LiveOptions:
    """The options that all live connectors have in common; see :class:`OneRosterConnector`.

    A number that makes no sense is a ConfigurationError, a `match_on` that cannot be a QueryError.
    """

    key_identifier: str
    match_on: str | Sequence[str] | None
    max_users: int | None
    page_size: int
    max_workers: int
    timeout: tuple[float, float]
    retry_seconds: float
    max_bytes: int

    def __post_init__(self) -> None:
        if not isinstance(self.key_identifier, str) or not self.key_identifier.strip():
            raise ConfigurationError(
                f"key_identifier must be the name of a field, not {self.key_identifier!r}."
            )
        Query(group_filter="classes", match_on=self.match_on, max_users=self.max_users)
        checked_whole("page_size", self.page_size, 0)
        checked_whole("max_workers", self.max_workers, 1)

    def session(self, host: str, auth: Auth, advice: Mapping[int, str]) -> Session:
        """Make the session with a server; `advice` is what to do about an HTTP status."""
        return Session(
            host=host,
            auth=auth,
            timeout=self.timeout,
            retry_seconds=checked_seconds("retry_seconds", self.retry_seconds),
            max_bytes=checked_whole("max_bytes", self.max_bytes, 1),
            pool=self.max_workers,
            advice=advice,
        )


def wrapped_secrets(*secrets: object) -> list[Secret | None]:
    """Wrap secrets that were given as text; CredentialsError if one is no text."""
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
    """Return a number of seconds; ConfigurationError if it is none."""
    number = float(value) if type(value) in (int, float) else math.nan  # type: ignore[arg-type]
    if math.isfinite(number) and number >= least:
        return number
    raise ConfigurationError(f"{name} must be a number of seconds, not {value!r}.")


def checked_timeout(timeout: object) -> tuple[float, float]:
    """Return the seconds to connect and to read; ConfigurationError if they are none."""
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


def recipe_of(
    name: str, connector: Callable[..., object], options: Mapping[str, object], secret: str
) -> str:
    """Write the call of a connector: options that differ from its defaults, and no secret."""
    defaults = inspect.signature(connector).parameters
    given = {key: value for key, value in options.items() if value != defaults[key].default}
    arguments = [written_option(key, value) for key, value in given.items()]
    return f"onb.{name}({', '.join([*arguments, from_environment(secret)])})"


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
    return f'{name}=os.environ["{variable(name)}"]'


def variable(name: str) -> str:
    """Return the name of the environment variable that gives an option."""
    return f"ONEROSTER_{name.upper()}"
