"""The connectors of the demo: an embedded server, asked over real HTTP with real credentials."""

import weakref
from typing import Any

from oneroster_nb.connectors.clever.connector import CleverConnector
from oneroster_nb.connectors.oneroster.connector import OneRosterConnector
from oneroster_nb.demo.district.making import make_district
from oneroster_nb.demo.server.clever import CLEVER_VERSIONS
from oneroster_nb.demo.server.embedded import DemoServer
from oneroster_nb.errors import ConfigurationError


class DemoConnector(OneRosterConnector):
    """A connection to a demo district of its own.

    Parameters
    ----------
    school_year : str, optional
        Such as ``"2026-2027"``; by default, the one that has begun last.
    **options
        The options of :class:`OneRosterConnector` but for the host, the id and the secret, which
        are those of the server that it starts on a free port of this machine.

    Raises
    ------
    ConfigurationError
        If `school_year` is none.

    Examples
    --------
    >>> with DemoConnector(page_size=50) as conn:
    ...     len(conn.get_users("students"))
    139
    """

    def __init__(self, school_year: str | None = None, **options: Any) -> None:
        server = DemoServer(make_district(school_year=school_year))
        server.start()
        self._stop_server = weakref.finalize(self, server.close)
        super().__init__(server.host, server.client_id, server.client_secret, **options)
        # Its district is the same at whatever address it is.
        self._provider.name = "demo"

    def close(self) -> None:
        """Close the connections and stop the server."""
        super().close()
        self._stop_server()


class DemoCleverConnector(CleverConnector):
    """A connection to a demo district of its own over Clever's API.

    Parameters
    ----------
    version : str
        ``"3.1"``, ``"3.0"`` or ``"2.1"``.
    school_year : str, optional
        Such as ``"2026-2027"``; by default, the one that has begun last.
    **options
        The options of :class:`CleverConnector` but for the host, the token, the id and the secret.

    Raises
    ------
    ConfigurationError
        For another version, or a `school_year` that is none.

    Examples
    --------
    >>> with DemoCleverConnector(version="2.1") as conn:
    ...     len(conn.get_users("students"))
    139
    """

    def __init__(
        self, version: str = "3.1", school_year: str | None = None, **options: Any
    ) -> None:
        if version not in CLEVER_VERSIONS:
            listed = ", ".join(map(repr, CLEVER_VERSIONS))
            raise ConfigurationError(f"version can be {listed}, not {version!r}.")
        server = DemoServer(make_district(school_year=school_year))
        server.start()
        self._stop_server = weakref.finalize(self, server.close)
        super().__init__(server.clever_token, server.clever_hosts[version], **options)
        self._provider.name = "demo-clever"

    def close(self) -> None:
        """Close the connections and stop the server."""
        super().close()
        self._stop_server()
