"""The HTTP library, so that it sends nothing that was not asked for."""

import os
import ssl
from pathlib import Path

import requests

from oneroster_nb.errors import ConfigurationError

__all__ = ["HttpSession", "ca_file_error", "setup_error"]

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


def ca_file_error() -> ConfigurationError | None:
    """Return the error for a CA file of the environment that holds no certificate, if it is so."""
    name, bundle = next(((n, os.environ[n]) for n in _CA_VARIABLES if os.environ.get(n)), ("", ""))
    if not Path(bundle).is_file():
        return None
    try:
        ssl.create_default_context(cafile=bundle)
    except OSError:  # of which ssl.SSLError is one
        return ConfigurationError(
            f"The CA file {bundle!r} that the environment variable {name} names cannot be read as"
            " certificates, so no server can be verified. Put certificates in PEM format into it,"
            " or fix or unset the variable."
        )
    return None
