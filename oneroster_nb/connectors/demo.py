"""The connectors of the demo: an embedded server, asked over real HTTP with real credentials."""

import weakref
from typing import Any

from oneroster_nb.connectors.clever.connector import CleverConnector
from oneroster_nb.connectors.oneroster.connector import OneRosterConnector
from oneroster_nb.demo.server.clever import CLEVER_VERSIONS
from oneroster_nb.demo.server.embedded import DemoServer
from oneroster_nb.errors import ConfigurationError


class DemoConnector(OneRosterConnector):
    """A connection to a demo district of its own.

    Parameters
    ----------
    **options
        The options of :class:`OneRosterConnector` but for the host, the id and the secret, which
        are those of the server that it starts on a free port of this machine.

    Examples
    --------
    >>> with DemoConnector(page_size=50) as conn:
    ...     len(conn.get_users("students"))
    139
    """

    def __init__(self, **options: Any) -> None:
        server = DemoServer()
        server.start()
        self._stop_server = weakref.finalize(self, server.close)
        super().__init__(server.host, server.client_id, server.client_secret, **options)
        # Its district is the same at whatever address it is.
        self._provider.name = "demo"

    def _own_recipe(self) -> str:
        return "onb.connect('demo')"

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
    **options
        The options of :class:`CleverConnector` but for the host, the token, the id and the secret.

    Raises
    ------
    ConfigurationError
        For another version.

    Examples
    --------
    >>> with DemoCleverConnector(version="2.1") as conn:
    ...     len(conn.get_users("students"))
    139
    """

    def __init__(self, version: str = "3.1", **options: Any) -> None:
        if version not in CLEVER_VERSIONS:
            listed = ", ".join(map(repr, CLEVER_VERSIONS))
            raise ConfigurationError(f"version can be {listed}, not {version!r}.")
        server = DemoServer()
        server.start()
        self._stop_server = weakref.finalize(self, server.close)
        self._asked_version = version
        super().__init__(server.clever_token, server.clever_hosts[version], **options)
        self._provider.name = "demo-clever"

    def _own_recipe(self) -> str:
        version = "" if self._asked_version == "3.1" else f", version={self._asked_version!r}"
        return f"onb.connect('demo-clever'{version})"

    def close(self) -> None:
        """Close the connections and stop the server."""
        super().close()
        self._stop_server()
