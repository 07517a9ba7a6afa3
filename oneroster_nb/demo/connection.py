"""The connector of the demo: an embedded server, asked over real HTTP with real signatures."""

import weakref
from typing import Any

from oneroster_nb.connectors.oneroster import OneRosterConnector
from oneroster_nb.demo.server import DemoServer

__all__ = ["DemoConnector"]


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

    @property
    def provider(self) -> str:
        """The demo, whose district is the same at whatever address it is."""
        return "demo"

    def _own_recipe(self) -> str:
        return "onb.connect('demo')"

    def close(self) -> None:
        """Close the connections and stop the server."""
        super().close()
        self._stop_server()
