"""How the source that is meant is found and connected to."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from oneroster_nb.connectors.credentials import resolve
from oneroster_nb.connectors.csv import CsvConnector
from oneroster_nb.connectors.live.connector import Connector
from oneroster_nb.connectors.live.options import from_environment, written_option
from oneroster_nb.connectors.registry import check_options, provider_entry
from oneroster_nb.errors import ConfigurationError, CredentialsError
from oneroster_nb.roster.roster import Roster
from oneroster_nb.secret import SECRETS, hidden, without_secrets


def connect(
    provider: str | None = None, *, profile: str | None = None, **options: Any
) -> Connector | CsvConnector | Roster:
    """Connect to a source.

    What is not given here is looked for in the environment (``ONEROSTER_PROVIDER ONEROSTER_HOST
    ONEROSTER_CLIENT_ID ONEROSTER_CLIENT_SECRET ONEROSTER_TOKEN_URL ONEROSTER_ACCESS_TOKEN
    ONEROSTER_APPLICATION_ID ONEROSTER_PROFILE``), then in the saved profile, and its secret in
    the system's keyring. The environment describes one connection: if it names another provider,
    profile or host than the call, nothing of it is used.

    A stored secret belongs to provider, host, token URL and client id together. If the call gives
    one of them differently, the secret is not used. A secret in the environment without
    ``ONEROSTER_HOST`` fits a profile that is named, else only the provider's own host: Clever's,
    or ClassLink's proxy. An ``ONEROSTER_HOST`` other than Clever's own is one of Clever only if
    ``ONEROSTER_PROVIDER`` says so, or the call gives the same host.

    Parameters
    ----------
    provider : str, optional
        ``"demo"`` (an embedded server with made-up people, no account needed; `school_year` such as
        ``"2026-2027"`` fixes its dates), ``"demo-clever"`` (the same people over Clever's API),
        ``"classlink"``, ``"clever"``, ``"oneroster"``, ``"csv"``, a CSV bundle, with its `path`, or
        ``"snapshot"``, a roster that was saved, with its `path`.
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
        If an id or a secret is missing; it says why a stored secret was not used.

    Examples
    --------
    >>> import oneroster_nb as onb
    >>> with onb.connect("demo") as conn:
    ...     len(conn.get_users("students"))
    139
    """
    # Rebound at once, so that no traceback that shows variables shows a secret.
    given = options = hidden(options)
    provider, profile, options, withheld = resolve(provider, profile, given)
    check_options(provider, options)
    entry = provider_entry(provider)
    if entry.local and "path" not in options:
        raise ConfigurationError(f"connect({provider!r}) needs path=, {entry.path}.")
    try:
        source = entry.opens(**options)
    except CredentialsError as exc:
        problem = str(exc)
    else:
        source._recipe = _recipe(provider, profile, given)
        return source
    raise CredentialsError(" ".join([problem, *withheld]))


def _recipe(provider: str, profile: str | None, given: Mapping[str, Any]) -> str:
    """Write the call of :func:`connect` again, without the secrets that were given to it.

    Beside an address that was given, a secret of the environment is used only if it is passed.
    """
    if any(isinstance(value, bytes) for value in given.values()):
        return ""  # an uploaded bundle, which nothing can make again
    arguments = [f"profile={profile!r}"] if profile else [repr(provider)]
    plain = {
        name: str(value) if isinstance(value, Path) else value
        for name, value in without_secrets(given).items()
    }
    arguments += [written_option(name, value) for name, value in plain.items()]
    if any(given.get(name) for name in ("host", "token_url", "application_id")):
        arguments += [from_environment(name) for name in SECRETS if given.get(name)]
    return f"onb.connect({', '.join(arguments)})"
