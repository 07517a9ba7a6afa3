"""ClassLink's ways into OneRoster."""

from oneroster_nb.connectors.oneroster import OneRosterConnector

__all__ = ["ClasslinkConnector"]


class ClasslinkConnector(OneRosterConnector):
    """A ClassLink Roster Server, asked directly with OAuth 1.0a.

    The parameters are those of :class:`OneRosterConnector`. ClassLink's consoles show the host
    (``https://<tenant>-v2.oneroster.com/ims/oneroster/v1p1/``), the key and the secret of an
    application.

    Examples
    --------
    >>> import oneroster_nb as onb
    >>> onb.ClasslinkConnector(
    ...     host="https://example.oneroster.com/ims/oneroster/v1p1/",
    ...     client_id="analyst",
    ...     client_secret="open sesame",
    ... )
    <ClasslinkConnector https://example.oneroster.com/ims/oneroster/v1p1/ as analyst>
    """
