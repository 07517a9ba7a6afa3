"""The HTTP library, set up to send only the requests that this package makes."""

import os
import ssl
from pathlib import Path

import requests

from oneroster_nb.errors import CertificateError, ConfigurationError, RosterError

_CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


class HttpSession(requests.Session):
    """A session that ignores redirects.

    Proxies and CA files of the environment are used. ``~/.netrc`` is not, because every request
    of this package is sent with an ``auth``.
    """

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Return None: the sender of a request decides which redirects to follow."""


def setup_error(exc: Exception) -> ConfigurationError:
    """Return the error for a request that could not be sent because of local settings."""
    for name in _CA_VARIABLES:
        bundle = os.environ.get(name)
        if bundle and not Path(bundle).exists():
            return ConfigurationError(
                f"The environment variable {name} names a CA file that does not exist: {bundle!r}."
                " Fix the path, or unset the variable."
            )
    return ConfigurationError(
        f"The connection could not be set up ({type(exc).__name__}). Check the host, the proxy"
        " settings (HTTPS_PROXY) and REQUESTS_CA_BUNDLE."
    )


def certificate_error(host: str, outcome: str) -> RosterError:
    """Return the error for a server whose certificate does not verify, with what follows."""
    return _ca_file_error() or CertificateError(
        f"The certificate of {host} does not verify, so {outcome} If your district signs its own"
        " certificates, point the environment variable REQUESTS_CA_BUNDLE to its CA file."
    )


def _ca_file_error() -> ConfigurationError | None:
    """Return an error if the CA file of the environment holds no certificate, else None."""
    name, bundle = next(((n, os.environ[n]) for n in _CA_VARIABLES if os.environ.get(n)), ("", ""))
    if not Path(bundle).is_file():
        return None
    try:
        ssl.create_default_context(cafile=bundle)
    except OSError:  # includes ssl.SSLError
        return ConfigurationError(
            f"The environment variable {name} names the CA file {bundle!r}, which cannot be read"
            " as certificates, so no server can be verified. Put certificates in PEM format into"
            " the file, or fix or unset the variable."
        )
    return None
