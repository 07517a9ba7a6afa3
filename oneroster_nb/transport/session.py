"""One HTTP session with one server: where it may go, how long it waits, what it tries again."""

import email.utils
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Event
from types import MappingProxyType
from typing import TypeVar
from urllib.parse import quote, urlencode, urlsplit

import requests
from requests.adapters import HTTPAdapter
from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_random_exponential
from tenacity.nap import sleep_using_event
from tenacity.stop import stop_base
from tenacity.wait import wait_base

from oneroster_nb.errors import (
    AnswerError,
    AuthenticationError,
    CancelledError,
    CertificateError,
    ConnectionFailedError,
    ForbiddenError,
    NoAnswerError,
    NotFoundError,
    RosterError,
    ServerError,
    UnavailableError,
)
from oneroster_nb.transport.address import joined, origin
from oneroster_nb.transport.auth import Auth
from oneroster_nb.transport.http import HttpSession, setup_error
from oneroster_nb.transport.pace import Pace, until_reset

__all__ = ["Answer", "Session"]

_T = TypeVar("_T")
_MAX_REDIRECTS = 5
_MAX_WAIT = 30.0
_LEAST_WAIT = 0.1
_AGAIN = frozenset({429, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_ERRORS: Mapping[int, tuple[type[ServerError], str]] = MappingProxyType(
    {
        401: (
            AuthenticationError,
            "The server does not accept who asks. Check the client id and the secret (or the"
            " token), and that this machine's clock is right.",
        ),
        403: (
            ForbiddenError,
            "The account is known and may not see this. Ask the roster's administrator to share"
            " it with this application.",
        ),
        404: (
            NotFoundError,
            "There is nothing at this address. Check the host, down to .../ims/oneroster/v1p1/.",
        ),
        429: (UnavailableError, "The server asks for fewer requests. Try again later."),
    }
)


@dataclass(frozen=True)
class Answer:
    """What a server sent for one GET."""

    url: str
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    next: str | None
    """The ``next`` link, where it leads to the same origin."""
    more: bool
    """Whether there was a ``next`` link, wherever it leads."""


class Session:
    """One :class:`requests.Session` for one server.

    Parameters
    ----------
    host : str
        The base address; only its origin is ever sent a request.
    auth : Auth
        Signs each request, redirected ones too.
    timeout : tuple of float
        Seconds to wait for a connection, and for the next bytes of an answer.
    retry_seconds : float
        How long a request that fails in a passing way is tried again.
    pool : int
        How many connections are kept.
    advice : mapping of int to str, optional
        What to do about an HTTP status, where this provider has something of its own to say.
    """

    def __init__(
        self,
        host: str,
        auth: Auth,
        *,
        timeout: tuple[float, float],
        retry_seconds: float,
        pool: int,
        advice: Mapping[int, str] = MappingProxyType({}),
    ) -> None:
        self.host = host
        self._advice = advice
        self._pace = Pace()
        self._origin = origin(host)
        self._auth = auth
        self._timeout = timeout
        self._retry_seconds = retry_seconds
        self._reached = False
        self._requests = HttpSession()
        self._requests.cookies = auth.cookies
        self._requests.mount(f"{urlsplit(host).scheme}://", HTTPAdapter(pool_maxsize=pool))

    def __repr__(self) -> str:
        return f"<Session {self.host}>"

    def close(self) -> None:
        """Close the connections."""
        self._requests.close()

    def url(
        self, path: str, params: Mapping[str, str] | None = None, base: str | None = None
    ) -> str:
        """Build an address below the host; `path` is encoded already, `params` are not.

        The query is encoded as OAuth signs it (RFC 3986), so that what is sent is what was signed.
        `base` is another service of the same origin.
        """
        query = urlencode(params or {}, quote_via=quote, safe="")
        return (base or self.host) + path + ("?" + query if query else "")

    def read(
        self,
        url: str,
        cancel: Event,
        read: Callable[[bytes], _T],
        *,
        attempts: int | None = None,
    ) -> tuple[Answer, _T]:
        """Get an answer and read it; once more where it cannot be read, as it may be a cut one.

        Raises
        ------
        RosterError
            As :meth:`get`, and the AnswerError of `read`.
        """
        for _ in range(2):
            answer = self.get(url, cancel, attempts=attempts)
            try:
                return answer, read(answer.body)
            except AnswerError as error:
                problem = self._auth.hide(str(error))
        raise AnswerError(f"GET {urlsplit(url).path}: {problem}")

    def get(self, url: str, cancel: Event, *, attempts: int | None = None) -> Answer:
        """Send a GET, and again where the failure is a passing one.

        Parameters
        ----------
        url : str
            An encoded address on the host's origin.
        cancel : threading.Event
            Ends the waiting between two tries.
        attempts : int, optional
            At most so many tries; without it, as many as fit into ``retry_seconds``.

        Raises
        ------
        RosterError
            ConnectionFailedError, NoAnswerError, CertificateError, a ServerError, AnswerError
            (redirected in a circle or elsewhere), or CancelledError.
        """
        trying = Retrying(
            retry=retry_if_exception_type(_PassingError),
            wait=_AskedWait(),
            stop=_Stop(self._retry_seconds, attempts),
            sleep=sleep_using_event(cancel),
            reraise=True,
        )
        try:
            return trying(self._get, url, cancel)
        except _PassingError as failure:
            error = failure.error
        except RosterError as failure:
            error = failure
        # Outside the except clause and without its way here, which leads through libraries.
        raise error.with_traceback(None)

    def _get(self, url: str, cancel: Event) -> Answer:
        for _ in range(_MAX_REDIRECTS + 1):
            if cancel.wait(self._pace.pause()):
                raise CancelledError("The pull was cancelled. The connection can be used again.")
            response = self._send(url)
            if response.status_code == 401 and self._auth.renew(response.request):
                response = self._send(url)
            if response.status_code not in _REDIRECTS:
                break
            url = self._redirected(url, response)
        else:
            path = self._auth.hide(urlsplit(url).path)
            raise AnswerError(f"The server redirects {path} in a circle.")
        if response.status_code != 200:
            self._refuse(response)
        links = response.links
        more = "next" in links
        link = joined(url, links["next"].get("url", "")) if more else ""
        followed = link if origin(link) == self._origin else None
        return Answer(url, response.content, response.headers, followed, more)

    def _send(self, url: str) -> requests.Response:
        """Send one request; an error of the library becomes one of ours, without its traceback."""
        error: RosterError
        try:
            response = self._requests.get(
                url,
                auth=self._auth,
                timeout=self._timeout,
                allow_redirects=False,
                headers={"Accept": "application/json"},
            )
        except RosterError as exc:  # of getting a token
            may_pass = isinstance(exc, ConnectionFailedError | UnavailableError)
            error, passing = exc, may_pass and self._reached
        except requests.RequestException as exc:
            error, passing = self._explained(exc, url)
        except (OSError, ValueError) as exc:
            error, passing = setup_error(exc), False
        else:
            self._reached = True
            self._pace.note(response.headers)
            return response
        if passing:
            raise _PassingError(error)
        raise error

    def _explained(self, exc: requests.RequestException, url: str) -> tuple[RosterError, bool]:
        """Say in our words what went wrong, and whether it may pass."""
        host = urlsplit(self.host).netloc
        path = self._auth.hide(urlsplit(url).path)
        if isinstance(exc, requests.exceptions.SSLError):
            return CertificateError(
                f"The certificate of {host} does not verify, so nothing was sent to it."
                f"{_reason(exc)} If your district signs its own certificates, point the"
                " environment variable REQUESTS_CA_BUNDLE to its CA file."
            ), False
        if isinstance(exc, requests.Timeout):
            connecting = isinstance(exc, requests.ConnectTimeout)
            seconds = self._timeout[0 if connecting else 1]
            return NoAnswerError(
                f"{host} did not answer GET {path} within {seconds:g} seconds. Check the host and"
                " the network; a smaller page_size or a longer timeout helps with a slow server."
            ), self._reached or not connecting
        if isinstance(exc, requests.ConnectionError | requests.exceptions.ChunkedEncodingError):
            # A server that was never reached is more likely misspelt than restarting.
            return ConnectionFailedError(
                f"The connection to {host} failed at GET {path}: {_cause(exc)}. Check the host,"
                " the network and the proxy settings."
            ), self._reached or _broke_off(exc)
        return AnswerError(
            f"The answer of {host} to GET {path} cannot be read ({type(exc).__name__})."
        ), False

    def _redirected(self, url: str, response: requests.Response) -> str:
        target = joined(url, response.headers.get("Location", ""))
        scheme, name, port = origin(target)
        if not name:
            raise AnswerError(
                f"The server redirects {self._auth.hide(urlsplit(url).path)} to something that is"
                " no address. Check the host, or tell the server's administrator."
            )
        if (scheme, name, port) != self._origin:
            name = self._auth.hide(name)
            raise AnswerError(
                f"The server redirects to {scheme}://{name}:{port}, and nothing was sent there."
                " If that is where the roster is, give that address as the host."
            )
        return target

    def _refuse(self, response: requests.Response) -> None:
        status = response.status_code
        sent = response.request.headers
        path = self._auth.hide(urlsplit(response.url).path, sent)
        code, description = self._auth.words(response.content, sent)
        kind, advice = _ERRORS.get(
            status,
            (UnavailableError, "The server failed. Try again later.")
            if status >= 500
            else (ServerError, "The server does not understand the request."),
        )
        challenge = response.headers.get("WWW-Authenticate", "")
        advice = self._advice.get(status, advice)
        advice += self._auth.advice(f"{code} {description} {challenge}")
        words = ": ".join(word for word in (code, description) if word)
        error = kind(
            f"{status} at GET {path}{f' ({words})' if words else ''}. {advice}",
            status=status,
            path=path,
            code=code,
            description=description,
        )
        if status in _AGAIN:
            raise _PassingError(error, _asked_wait(response.headers))
        raise error


class _PassingError(Exception):
    """A failure that may pass, with the error to raise where it does not."""

    def __init__(self, error: RosterError, wait: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.wait = wait


class _AskedWait(wait_base):
    """Wait as long as the server asked; else ever longer, by chance."""

    def __init__(self) -> None:
        self._backoff = wait_random_exponential(multiplier=0.5, max=_MAX_WAIT)

    def __call__(self, retry_state: RetryCallState) -> float:
        failure = retry_state.outcome.exception() if retry_state.outcome else None
        asked = failure.wait if isinstance(failure, _PassingError) else None
        # Never at once, whatever the server says, and not all workers at the same moment.
        return _LEAST_WAIT + max(asked or 0.0, self._backoff(retry_state))


class _Stop(stop_base):
    """Stop where the next try would begin after the time there is, or after enough tries."""

    def __init__(self, seconds: float, attempts: int | None) -> None:
        self._seconds = seconds
        self._attempts = attempts

    def __call__(self, retry_state: RetryCallState) -> bool:
        spent = retry_state.seconds_since_start or 0.0
        failure = retry_state.outcome.exception() if retry_state.outcome else None
        # A server that asks for fewer requests is not one that fails.
        busy = isinstance(failure, _PassingError) and _status(failure.error) == 429
        tries = retry_state.attempt_number
        tried = not busy and self._attempts is not None and tries >= self._attempts
        return tried or spent + retry_state.upcoming_sleep > self._seconds


def _status(error: RosterError) -> int | None:
    return error.status if isinstance(error, ServerError) else None


def _asked_wait(headers: Mapping[str, str]) -> float | None:
    """Read ``Retry-After``: seconds, or a date (RFC 9110, 10.2.3); else when the limit is reset."""
    text = headers.get("Retry-After", "").strip()
    if text.isdecimal():
        return float(text)
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return until_reset(headers)
    return max(0.0, moment.timestamp() - time.time())


def _broke_off(exc: Exception) -> bool:
    """Say whether a connection was there and broke, rather than never came about."""
    signs = ("IncompleteRead", "Connection aborted", "reset by peer", "without response")
    return any(sign in str(exc) for sign in signs)


def _reason(exc: Exception) -> str:
    """Find the words of a failed verification among the texts of the libraries."""
    found = str(exc).partition("certificate verify failed: ")[2].partition(" (_ssl")[0]
    return f" ({found})." if found else ""


def _cause(exc: Exception) -> str:
    """Say why a connection failed, in words that hold no address with a query."""
    text = str(exc)
    known = {
        "NameResolution": "there is no host of that name",
        "Name or service not known": "there is no host of that name",
        "Connection refused": "nothing is listening there",
        "reset by peer": "the server closed the connection",
        "without response": "the server closed the connection",
        "IncompleteRead": "the answer ended too soon",
        "ProxyError": "the proxy does not let it through",
        "unreachable": "the network does not lead there",
    }
    return next((words for sign, words in known.items() if sign in text), type(exc).__name__)
