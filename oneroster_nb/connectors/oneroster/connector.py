"""OneRoster REST 1.1 and 1.2: their paths, and the ways to sign a request."""

from collections.abc import Mapping, Sequence

from oneroster_nb.connectors.live.connector import Connector
from oneroster_nb.connectors.live.options import (
    LiveOptions,
    check_sendable,
    checked_timeout,
    recipe_of,
    wrapped_secrets,
)
from oneroster_nb.connectors.oneroster.provider import OneRosterProvider
from oneroster_nb.connectors.oneroster.records import RECORDS
from oneroster_nb.errors import ConfigurationError, CredentialsError
from oneroster_nb.secret import Secret
from oneroster_nb.transport.address import checked_host, checked_token_url
from oneroster_nb.transport.auth import Auth, BearerAuth, OAuth1Auth
from oneroster_nb.transport.tokens import ClientCredentialsAuth

_NOT_FOUND: Mapping[str, str] = {
    version: f"There is nothing at this address. Check the host, down to .../{end}."
    for version, end in (
        ("1.1", "ims/oneroster/v1p1/"),
        ("1.2", "ims/oneroster/rostering/v1p2/"),
    )
}
"""What to do about a 404, by version."""


class OneRosterConnector(Connector):
    """A OneRoster server, asked over its REST interface.

    Parameters
    ----------
    host : str
        The base address, down to ``.../ims/oneroster/v1p1/`` (OneRoster 1.1) or
        ``.../ims/oneroster/rostering/v1p2/`` (1.2), which also says the version.
    client_id, client_secret : str
        With `token_url`, the credentials of OAuth 2.0; without it, the consumer key and secret of
        OAuth 1.0a.
    key_identifier : str
        The field of a group that stands in addresses.
    match_on : str or list of str, optional
        The fields that group names are compared with; ``["sourcedId", "name", "title"]`` if it
        is left out. It can be read and set as ``match_groups_by``.
    max_users : int
        At most so many distinct users in an answer; 0 is no bound.
    page_size : int
        Rows to ask for at once. A server may send fewer; nothing is lost then.
    max_workers : int
        Requests under way at once.
    timeout : tuple of float
        Seconds to wait for a connection, and for the next bytes of an answer. As a whole, an
        answer may take ten times as long.
    retry_seconds : float
        How long requests that fail in a way that may pass are tried again while no page arrives.
    max_bytes : int
        How large a page may be, unpacked; 1 GiB if it is left out.
    allow_insecure : bool
        Whether a host that is not this machine may be asked without encryption.
    signature_method : str
        ``"HMAC-SHA256"`` or ``"HMAC-SHA1"``, of OAuth 1.0a.
    access_token : str, optional
        A token that was handed out once and for all; then nothing else is needed.
    version : str, optional
        ``"1.1"`` or ``"1.2"``; left out, the host's path says it (1.2 if it holds ``v1p2``).
    token_url : str, optional
        Where a server of OAuth 2.0 hands out tokens for an id and a secret; it can have a query.
    scope : str, optional
        The scopes to ask for, separated by spaces; some servers demand them.
    client_auth : str
        How the id and the secret are sent to `token_url`: ``"basic"`` or ``"body"``.

    Raises
    ------
    ConfigurationError
        For a host that is no address or not encrypted, or an option that makes no sense.
    CredentialsError
        If the id or the secret is missing.

    Examples
    --------
    >>> import oneroster_nb as onb
    >>> from oneroster_nb.demo.server.embedded import DemoServer
    >>> with DemoServer() as server:
    ...     conn = onb.OneRosterConnector(server.host, server.client_id, server.client_secret)
    ...     with conn:
    ...         len(conn.get_users("students", "classes", "31763"))
    3
    """

    # What shows of a connection that could not be set up.
    host: str = "nowhere"
    client_id: str = "nobody"

    def __init__(
        self,
        host: str | None = None,
        client_id: str | None = None,
        client_secret: str | Secret | None = None,
        *,
        key_identifier: str = "sourcedId",
        match_on: str | Sequence[str] | None = None,
        max_users: int = 0,
        page_size: int = 10_000,
        max_workers: int = 4,
        timeout: tuple[float, float] = (10, 60),
        retry_seconds: float = 120,
        max_bytes: int = 1 << 30,
        allow_insecure: bool = False,
        signature_method: str = "HMAC-SHA256",
        access_token: str | Secret | None = None,
        version: str | None = None,
        token_url: str | None = None,
        scope: str | None = None,
        client_auth: str = "basic",
    ) -> None:
        # At once, so that no traceback that shows variables shows the secret.
        client_secret, access_token = wrapped_secrets(client_secret, access_token)
        check_sendable(client_secret=client_secret, access_token=access_token)
        shared = LiveOptions(
            key_identifier=key_identifier,
            match_on=match_on,
            max_users=max_users,
            page_size=page_size,
            max_workers=max_workers,
            timeout=checked_timeout(timeout),
            retry_seconds=retry_seconds,
            max_bytes=max_bytes,
        )
        self.host = checked_host(host, allow_insecure=allow_insecure)
        number = _version(version, self.host)
        auth: Auth
        if access_token:
            auth = BearerAuth(access_token)
        else:
            self.client_id, secret = self._credentials(client_id, client_secret)
            self.client_secret = secret
            if token_url is None:
                auth = OAuth1Auth(self.client_id, secret, signature_method)
            else:
                token_url = checked_token_url(token_url, allow_insecure=allow_insecure)
                auth = ClientCredentialsAuth(
                    token_url,
                    self.client_id,
                    secret,
                    scope=scope,
                    client_auth=client_auth,
                    timeout=shared.timeout,
                )
        options = {
            "host": self.host,
            "client_id": None if access_token else client_id,
            "key_identifier": key_identifier,
            "page_size": page_size,
            "max_workers": max_workers,
            "allow_insecure": allow_insecure,
            "signature_method": signature_method,
            "version": version,
            "token_url": token_url,
            "scope": scope,
            "client_auth": client_auth,
        }
        used = "access_token" if access_token else "client_secret"
        recipe = recipe_of(type(self).__name__, OneRosterConnector, options, used)
        session = shared.session(self.host, auth, {404: _NOT_FOUND[number]})
        super().__init__(OneRosterProvider(session, number, shared), shared, recipe)

    def _credentials(
        self, client_id: str | None, client_secret: Secret | None
    ) -> tuple[str, Secret]:
        if not isinstance(client_id, str | None):
            raise CredentialsError("client_id must be text.")
        if client_id and client_secret:
            return client_id, client_secret
        lacking = "client_secret" if client_id else "client_id"
        raise CredentialsError(
            f"{type(self).__name__} needs a {lacking}: none was given, none is in the environment"
            f" (ONEROSTER_{lacking.upper()}) for this host, and no saved connection or keyring"
            " holds one. Pass it, or call connect() where one of these has it."
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.host} as {self.client_id}>"


def _version(version: object, host: str) -> str:
    """Return the version that is asked for, or the one that the host's path names."""
    if version not in (None, *RECORDS):
        listed = " or ".join(map(repr, RECORDS))
        raise ConfigurationError(f"version can be {listed}, not {version!r}.")
    return str(version) if version else "1.2" if "/v1p2/" in host else "1.1"
