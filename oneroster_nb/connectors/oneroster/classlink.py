"""ClassLink's ways into OneRoster."""

from typing import Any

from oneroster_nb.connectors.live.options import wrapped_secrets
from oneroster_nb.connectors.oneroster.connector import OneRosterConnector
from oneroster_nb.errors import ConfigurationError, CredentialsError
from oneroster_nb.secret import Secret

_PROXY = "https://oneroster-proxy.apis.classlink.com"


class ClasslinkConnector(OneRosterConnector):
    """A ClassLink Roster Server, asked directly with OAuth 1.0a or through ClassLink's proxy.

    ClassLink's consoles show the host (``https://<tenant>-v2.oneroster.com/ims/oneroster/v1p1/``),
    the key and the secret of an application; an application that was shared with a vendor has an
    id and a bearer token for the proxy instead.

    Parameters
    ----------
    host, client_id, client_secret, **options
        As for :class:`OneRosterConnector`.
    application_id : str, optional
        The ``oneroster_application_id`` of ClassLink's proxy, as ClassLink writes it. It makes the
        host; a given host is used as it is.
    access_token : str, optional
        The ``bearer`` of that application.

    Raises
    ------
    ConfigurationError
        For an application id that is none.
    CredentialsError
        If the proxy is to be asked without an access token.

    Examples
    --------
    >>> import oneroster_nb as onb
    >>> onb.ClasslinkConnector(
    ...     host="https://example.oneroster.com/ims/oneroster/v1p1/",
    ...     client_id="analyst",
    ...     client_secret="open sesame",
    ... )
    <ClasslinkConnector https://example.oneroster.com/ims/oneroster/v1p1/ as analyst>
    >>> proxied = onb.ClasslinkConnector(application_id="app-1", access_token="open sesame")
    >>> proxied.host
    'https://oneroster-proxy.apis.classlink.com/app-1/ims/oneroster/v1p1/'
    """

    def __init__(
        self,
        host: str | None = None,
        client_id: str | None = None,
        client_secret: str | Secret | None = None,
        *,
        application_id: str | None = None,
        access_token: str | Secret | None = None,
        **options: Any,
    ) -> None:
        # At once, so that no traceback that shows variables shows the secret.
        client_secret, access_token = wrapped_secrets(client_secret, access_token)
        if application_id is not None and not access_token:
            raise CredentialsError(
                "ClassLink's proxy needs an access_token with the application_id: none was given,"
                " and none is in the environment (ONEROSTER_ACCESS_TOKEN)."
            )
        if application_id is not None and not host:
            host = proxied_host(application_id)
        super().__init__(host, client_id, client_secret, access_token=access_token, **options)


def proxied_host(application_id: object) -> str:
    """Build the host of an application behind the proxy; ConfigurationError if this is no id.

    The id is escaped already.
    """
    text = application_id.strip() if isinstance(application_id, str) else ""
    if not text or any(sign in text for sign in "/?#@\\") or text in (".", ".."):
        raise ConfigurationError(
            f"application_id must be the id that ClassLink shows, not {application_id!r}."
        )
    return f"{_PROXY}/{text}/ims/oneroster/v1p1/"
