"""The Clever Data API: its paths, and the ways to get in."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from oneroster_nb.connectors.clever.provider import LARGEST_PAGE, CleverProvider
from oneroster_nb.connectors.live.connector import Connector
from oneroster_nb.connectors.live.options import (
    LiveOptions,
    check_sendable,
    checked_timeout,
    recipe_of,
    wrapped_secrets,
)
from oneroster_nb.errors import ConfigurationError, CredentialsError
from oneroster_nb.secret import Secret
from oneroster_nb.transport.address import checked_host, checked_token_url
from oneroster_nb.transport.auth import Auth, BearerAuth
from oneroster_nb.transport.district_tokens import DistrictTokenAuth

CLEVER_HOST = "https://api.clever.com/v3.1/"
CLEVER_TOKENS = "https://clever.com/oauth/tokens"
_VERSIONS = ("v3.1", "v3.0", "v2.1")
_ADVICE: Mapping[int, str] = {
    401: (
        "Clever does not accept the token. It must be a district's token, as the dashboard of"
        " the application shows it; the token of a person who signed in shows no rosters."
    ),
    404: (
        "Clever has nothing there for this token. Check the host, such as"
        " https://api.clever.com/v3.1/, and whether the district still shares it with this"
        " application."
    ),
}


class CleverConnector(Connector):
    """A district's roster in Clever, asked over the Data API.

    Sections are the classes, contacts the guardians, staff the aides, and a section's lists of
    students and teachers the enrollments. What Clever says beyond the canonical columns is kept
    as ``clever.<name>``. Of demographics Clever knows birth date, gender, race and ethnicity.

    Parameters
    ----------
    access_token : str, optional
        A district's token, as the dashboard of the application shows it.
    host : str
        The base address, whose path says the version: ``/v3.1/``, ``/v3.0/`` or ``/v2.1/``.
    client_id, client_secret : str, optional
        The application's, instead of a token; the district's token is then asked for.
    district : str, optional
        The id of the district that is meant, if several share their rosters.
    token_url : str
        Where the tokens of districts are listed.
    key_identifier, match_on, max_users, max_workers, timeout, retry_seconds, max_bytes
        As for :class:`OneRosterConnector`; ``match_on`` compares ``sis_id``, too.
    allow_insecure : bool
        As for :class:`OneRosterConnector`.
    page_size : int
        Rows to ask for at once; Clever sends 10,000 at most.

    Raises
    ------
    ConfigurationError
        For a host that is no address of a known version, or an option that makes no sense.
    CredentialsError
        If there is neither a token nor an id with its secret.

    Notes
    -----
    Facts: https://dev.clever.com/docs, and the OpenAPI documents of versions 2.1, 3.0 and 3.1.

    Examples
    --------
    >>> import oneroster_nb as onb
    >>> onb.CleverConnector(access_token="open sesame")
    <CleverConnector https://api.clever.com/v3.1/>
    >>> with onb.connect("demo-clever") as conn:
    ...     len(conn.get_users("students", "sections", "31763"))
    3
    """

    # What shows of a connection that could not be set up.
    host: str = "nowhere"

    def __init__(
        self,
        access_token: str | Secret | None = None,
        host: str | None = CLEVER_HOST,
        client_id: str | None = None,
        client_secret: str | Secret | None = None,
        *,
        district: str | None = None,
        token_url: str = CLEVER_TOKENS,
        key_identifier: str = "sourcedId",
        match_on: str | Sequence[str] | None = None,
        max_users: int = 0,
        page_size: int = LARGEST_PAGE,
        max_workers: int = 4,
        timeout: tuple[float, float] = (10, 60),
        retry_seconds: float = 120,
        max_bytes: int = 1 << 30,
        allow_insecure: bool = False,
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
        self.host = checked_host(host or CLEVER_HOST, allow_insecure=allow_insecure)
        version = _version(self.host)
        self.district = _checked_district(district)
        auth: Auth
        if access_token:
            auth = BearerAuth(access_token)
        elif isinstance(client_id, str) and client_id and client_secret:
            token_url = checked_token_url(token_url, allow_insecure=allow_insecure)
            auth = DistrictTokenAuth(
                token_url, client_id, client_secret, district=self.district, timeout=shared.timeout
            )
        else:
            raise CredentialsError(
                "CleverConnector needs an access_token, or a client_id with its client_secret:"
                " neither was given, and neither is in the environment (ONEROSTER_ACCESS_TOKEN;"
                " ONEROSTER_CLIENT_ID and ONEROSTER_CLIENT_SECRET) for this host, in a saved"
                " connection or in the keyring."
            )
        options = {
            "host": self.host,
            "client_id": None if access_token else client_id,
            "district": self.district,
            "token_url": token_url,
            "key_identifier": key_identifier,
        }
        used = "access_token" if access_token else "client_secret"
        recipe = recipe_of("CleverConnector", CleverConnector, options, used)
        session = shared.session(self.host, auth, _ADVICE)
        super().__init__(CleverProvider(session, version, self.district, shared), shared, recipe)

    @property
    def default_match_on(self) -> tuple[str, ...]:
        """The usual fields, and the id that the district's own system gave."""
        return (*super().default_match_on, "sis_id")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.host}>"


def _version(host: str) -> str:
    """Read the version from the end of a host's path."""
    version = urlsplit(host).path.rstrip("/").rpartition("/")[2]
    if version not in _VERSIONS:
        raise ConfigurationError(
            f"host {host!r} must end with the version of Clever's API: {', '.join(_VERSIONS)}, as"
            f" in {CLEVER_HOST!r}."
        )
    return version


def _checked_district(district: object) -> str | None:
    if district is None or (isinstance(district, str) and district.strip()):
        return None if district is None else district.strip()
    raise ConfigurationError(f"district must be the id of a district, not {district!r}.")
