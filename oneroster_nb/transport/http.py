"""The HTTP library, so that it sends nothing that was not asked for."""

import os
from pathlib import Path

import requests

from oneroster_nb.errors import ConfigurationError

__all__ = ["HttpSession", "setup_error"]

_CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


class HttpSession(requests.Session):
    """A session that follows no redirect by itself, and does not even look where one leads.

    Proxies and CA files of the environment are used. ``~/.netrc`` is not, because every request
    of this package is sent with an ``auth``.
    """

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Find no target: who sends a request decides where it may go."""


def setup_error(exc: Exception) -> ConfigurationError:
    """Return the error for a request that could not even be begun, in this machine's settings."""
    for name in _CA_VARIABLES:
        bundle = os.environ.get(name)
        if bundle and not Path(bundle).exists():
            return ConfigurationError(
                f"The environment variable {name} names a CA file that is not there: {bundle!r}."
                " Fix the path, or unset the variable."
            )
    return ConfigurationError(
        f"The connection could not be set up ({type(exc).__name__}). Check the host, the proxy"
        " settings (HTTPS_PROXY) and REQUESTS_CA_BUNDLE."
    )
