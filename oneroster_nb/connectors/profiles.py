"""Saved connections: what they hold, and when their secrets are forgotten.

A profile holds everything of a connection but its secrets. All profiles are in one file in the
user's configuration folder, readable by the user alone.
"""

import json
from collections.abc import Mapping
from typing import Any

from oneroster_nb.connectors.accounts import Account
from oneroster_nb.connectors.profile_store import (
    Profile,
    changed_profiles,
    forget_secret,
    load_profile,
    put_secret,
    read_profiles,
)
from oneroster_nb.connectors.registry import check_options, provider_entry
from oneroster_nb.errors import ConfigurationError, RosterError
from oneroster_nb.secret import Secret, hidden, is_secret
from oneroster_nb.transport.address import checked_token_url, shown_url


def save_profile(name: str, provider: str, **options: Any) -> Profile:
    """Save a connection under a name; one of that name is replaced.

    If the one that is replaced was for another server or account, its secret is removed from the
    keyring. Several processes can save at once.

    Parameters
    ----------
    name : str
        What to call it.
    provider : str
        What :func:`oneroster_nb.connect` takes.
    **options
        Options of the connector. Secrets are refused: they are no part of a profile.

    Returns
    -------
    Profile
        What was saved.

    Raises
    ------
    ConfigurationError
        For an empty name, an unknown provider or option, a value that the connector would not
        take, or a secret: also one in an address, as a user name, a password or a query. Only the
        query of a token URL is kept, if its name is known to be harmless (``appName``). Also if
        the file of saved connections cannot be read or written.

    Examples
    --------
    >>> profile = save_profile(
    ...     "lincoln", "classlink", host="https://example.oneroster.com/", client_id="analyst"
    ... )  # doctest: +SKIP
    """
    options = hidden(options)
    if not isinstance(name, str) or not name.strip():
        raise ConfigurationError(f"A saved connection needs a name, not {name!r}.")
    if not isinstance(provider, str) or not provider.strip():
        raise ConfigurationError(f"A saved connection needs a provider, not {provider!r}.")
    secret = [option for option in options if is_secret(option)]
    if secret:
        raise ConfigurationError(
            f"{', '.join(sorted(secret))} is not saved in a profile. Set the environment variable"
            " ONEROSTER_CLIENT_SECRET, or pass it to connect()."
        )
    _validate(name, provider, options)
    saved: dict[str, Any] = {"provider": provider, "options": options}
    account = _account_of(saved)
    former = read_profiles().get(name)
    same = former is not None and _account_of(former) == account
    # Before the file is locked: a keyring may ask its user, who takes longer than others wait.
    forgotten = not same and _forgotten(name)
    with changed_profiles() as profiles:
        former = profiles.get(name)
        if former is not None and _account_of(former) == account:
            saved = former | saved
        elif not forgotten:
            saved["ask_keyring"] = False
        profiles[name] = saved
    return Profile(name, provider, options, saved.get("ask_keyring", True))


def delete_profile(name: str) -> None:
    """Forget a saved connection and its secret.

    Raises
    ------
    ConfigurationError
        If there is none of that name, or the file or the keyring fails.
    """
    with changed_profiles() as profiles:
        load_profile(name)
        del profiles[name]
    try:
        forget_secret(name)
    except ConfigurationError as exc:
        problem = str(exc)
    else:
        return
    raise ConfigurationError(
        f"The saved connection {name!r} is forgotten, but its secret may still be there: {problem}"
    )


def keep_secret(name: str, secret: Secret) -> bool:
    """Put the secret of a saved connection into the system's keyring.

    Return False if there is none, or it stays locked. If the keyring or the file of saved
    connections fails in another way, that is a ConfigurationError.
    """
    kept = put_secret(name, secret)
    if kept and not read_profiles().get(name, {}).get("ask_keyring", True):
        with changed_profiles() as profiles:
            profiles.get(name, {}).pop("ask_keyring", None)
    return kept


def _validate(name: str, provider: str, options: Mapping[str, Any]) -> None:
    """Make sure that a connector would take these options, and that no address holds a secret."""
    check_options(provider, options)
    try:
        json.dumps(options)
        if provider_entry(provider).environment:
            _check_account(provider, options)
    except (TypeError, ValueError, RecursionError) as exc:
        ours = isinstance(exc, RosterError)
        problem = str(exc) if ours or isinstance(exc, TypeError) else type(exc).__name__
    else:
        return
    raise ConfigurationError(f"The connection {name!r} cannot be saved: {problem}")


def _check_account(provider: str, options: Mapping[str, Any]) -> None:
    """Make the connector, with stand-ins for what a profile need not hold; nothing is sent."""
    token_url = options.get("token_url")
    if token_url is not None and shown_url(checked_token_url(token_url)) != token_url.strip():
        raise ConfigurationError(
            "token_url has a query that may be a secret. Save it without the query, and pass the"
            " whole token_url to connect(), or set ONEROSTER_TOKEN_URL."
        )
    stand_in = Secret("stand-in")
    entry = provider_entry(provider)
    complete = dict(options)
    if options.get("application_id"):
        complete["access_token"] = stand_in
    else:
        complete["client_secret"] = stand_in
        complete["client_id"] = options.get("client_id") or "stand-in"
        if not entry.own_host and options.get("host") is None:
            complete["host"] = "https://stand-in.example/"
    entry.opens(**complete).close()


def _account_of(saved: Mapping[str, Any]) -> Account:
    return Account.of(saved["provider"], saved["options"])


def _forgotten(name: str) -> bool:
    """Remove the secret of a former connection; return True if there is none any more."""
    try:
        return forget_secret(name)
    except ConfigurationError:  # its secret is not used then, so that the connection can be saved
        return False
