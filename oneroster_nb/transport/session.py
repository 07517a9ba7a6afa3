"""An HTTP session with one server: redirects, timeouts and retries."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Never, TypeVar
from urllib.parse import quote, urlencode, urlsplit

import requests
from requests.adapters import HTTPAdapter
from tenacity import Retrying, retry_if_exception_type
from tenacity.nap import sleep_using_event

from oneroster_nb.errors import (
    AnswerError,
    CancelledError,
    ConnectionFailedError,
    NoAnswerError,
    NotFoundError,
    RosterError,
    UnavailableError,
)
from oneroster_nb.transport.address import origin, resolve_url
from oneroster_nb.transport.auth import Auth
from oneroster_nb.transport.body import ENCODING, read_body, read_start, slowest
from oneroster_nb.transport.clock import ServerClock
from oneroster_nb.transport.failures import failure, refusal
from oneroster_nb.transport.http import HttpSession, setup_error
from oneroster_nb.transport.per_process import PerProcess
from oneroster_nb.transport.rate_limit import RateLimit
from oneroster_nb.transport.retrying import (
    Call,
    PassingError,
    StopRetrying,
    retry_after,
    seconds_to_wait,
)
from oneroster_nb.transport.scopes import scope_advice

_T = TypeVar("_T")
_MAX_REDIRECTS = 5
_AGAIN = frozenset({429, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_OF_AN_ERROR = 1 << 16  # bytes of an error that are read for the server's reason
_DOTS = frozenset({".", ".."})


@dataclass(frozen=True)
class Answer:
    """The answer to one GET."""

    url: str
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    next: str | None
    """The ``next`` link, if it leads to the same origin."""
    more: bool
    """Whether there was a ``next`` link, to any origin."""


@dataclass(kw_only=True, eq=False, repr=False)
class Session:
    """One :class:`requests.Session` for one server."""

    host: str
    """The base address; requests go only to its origin."""
    auth: Auth
    """Signs each request, including redirected ones."""
    timeout: tuple[float, float]
    """Seconds to wait for a connection, and for the next bytes of an answer."""
    retry_seconds: float
    """How long to retry after temporary failures while no page arrives."""
    max_bytes: int
    """The limit for a decompressed answer."""
    pool: int
    """The number of connections to keep."""
    advice: Mapping[int, str]
    """HTTP status to what to do, if this provider has its own advice."""

    def __post_init__(self) -> None:
        self._origin = origin(self.host)
        self._reached = False
        self._connections = PerProcess(self._connect)
        self._rate_limit = PerProcess(RateLimit)
        self.clock = ServerClock()

    def __repr__(self) -> str:
        return f"<Session {self.host}>"

    @property
    def slowest(self) -> float:
        """The seconds that one answer may take, from the request to its last byte."""
        return slowest(self.timeout)

    def close(self) -> None:
        """Close the connections."""
        self._connections.get().close()

    def _connect(self) -> HttpSession:
        connections = HttpSession()
        connections.cookies = self.auth.cookies
        adapter = HTTPAdapter(pool_maxsize=self.pool)
        connections.mount(f"{urlsplit(self.host).scheme}://", adapter)
        return connections

    def url(
        self, path: str, params: Mapping[str, str] | None = None, base: str | None = None
    ) -> str:
        """Build an address below the host; `path` must be encoded, `params` must not.

        The query is encoded as in OAuth signatures (RFC 3986), so that the signature is valid.
        `base` is another service of the same origin.
        """
        query = urlencode(params or {}, quote_via=quote, safe="")
        return (base or self.host) + path + ("?" + query if query else "")

    def read(
        self,
        url: str,
        call: Call,
        read: Callable[[bytes], _T],
        *,
        attempts: int | None = None,
    ) -> tuple[Answer, _T]:
        """Get an answer and read it; try once more if it cannot be read: it may be cut off."""
        for _ in range(2):
            answer = self.get(url, call, attempts=attempts)
            try:
                return answer, read(answer.body)
            except AnswerError as error:
                problem = self.auth.hide(str(error))
        raise AnswerError(f"GET {self._path(url)}: {problem}")

    def get(self, url: str, call: Call, *, attempts: int | None = None) -> Answer:
        """Send a GET to an encoded address, and retry after temporary failures.

        If `attempts` is None, there are as many as fit into ``retry_seconds``.
        """
        self._check_path(url)
        trying = Retrying(
            retry=retry_if_exception_type(PassingError),
            wait=seconds_to_wait,
            stop=StopRetrying(call.clock, self.retry_seconds, attempts),
            sleep=sleep_using_event(call.cancel),
            reraise=True,
        )
        try:
            return trying(self._get, url, call)
        except PassingError as passing:
            error = passing.error
            if call.clock.ran_out:
                error.args = (
                    f"{error} There was no usable answer for {round(call.clock.idle(), 1):g}"
                    " seconds, so there was no further attempt"
                    f" (retry_seconds={self.retry_seconds:g}).",
                )
        except RosterError as final:
            error = final
        # Outside the except clause and without the traceback, which leads through libraries.
        raise error.with_traceback(None)

    def _check_path(self, url: str) -> None:
        """Refuse ids that an address cannot hold: libraries and proxies resolve dots."""
        parts = urlsplit(url.removeprefix(self.host)).path.split("/")
        if not _DOTS.isdisjoint(parts):
            path = self._path(url)
            raise NotFoundError(
                f"GET {path} was not sent: an id of only dots cannot be part of an address.",
                status=404,
                path=path,
            )

    def _get(self, url: str, call: Call) -> Answer:
        for _ in range(_MAX_REDIRECTS + 1):
            if call.cancel.wait(self._rate_limit.get().pause()):
                raise CancelledError("The pull was cancelled. The connection can be used again.")
            response, body = self._send(url)
            if response.status_code == 401 and self.auth.renew(response.request):
                response, body = self._send(url)
            if response.status_code not in _REDIRECTS:
                break
            url = self._redirected(url, response)
        else:
            raise AnswerError(f"The server redirects {self._path(url)} in a circle.")
        if response.status_code != 200:
            self._refuse(response, body)
        links = response.links
        more = "next" in links
        link = resolve_url(url, links["next"].get("url", "")) if more else ""
        followed = link if origin(link) == self._origin else None
        return Answer(url, body, response.headers, followed, more)

    def _send(self, url: str) -> tuple[requests.Response, bytes]:
        """Send one request; raise our own errors instead of the library's."""
        error: RosterError
        what = f"GET {self._path(url)}"
        ends = time.monotonic() + self.slowest
        try:
            response = self._connections.get().get(
                url,
                auth=self.auth,
                timeout=self.timeout,
                allow_redirects=False,
                headers={"Accept": "application/json", "Accept-Encoding": ENCODING},
                stream=True,
            )
            if response.status_code == 200:
                body = read_body(response, what, max_bytes=self.max_bytes, ends=ends)
            else:
                body = read_start(response, what, most=_MOST_OF_AN_ERROR, ends=ends)
        except RosterError as exc:  # also from getting a token
            lost = isinstance(exc, ConnectionFailedError | UnavailableError)
            error, passing = exc, lost and (self._reached or isinstance(exc, NoAnswerError))
        except requests.RequestException as exc:
            host = urlsplit(self.host).netloc
            path, reached = self._path(url), self._reached
            error, passing = failure(exc, host, path, self.timeout, reached=reached)
        except (OSError, ValueError) as exc:
            error, passing = setup_error(exc), False
        else:
            self._reached = True
            self._rate_limit.get().note(response.headers)
            self.clock.note(response.headers)
            return response, body
        if passing:
            raise PassingError(error)
        raise error

    def _redirected(self, url: str, response: requests.Response) -> str:
        target = resolve_url(url, response.headers.get("Location", ""))
        scheme, name, port = origin(target)
        if not name:
            raise AnswerError(
                f"The server redirects {self.auth.hide(urlsplit(url).path)} to a link that is not"
                " an address. Check the host, or tell the server's administrator."
            )
        if (scheme, name, port) != self._origin:
            name = self.auth.hide(name)
            raise AnswerError(
                f"The server redirects to {scheme}://{name}:{port}; nothing was sent there. If the"
                " roster is there, pass that address as the host."
            )
        return target

    def _refuse(self, response: requests.Response, body: bytes) -> Never:
        """Raise the error for an answer with an error status."""
        status = response.status_code
        sent = response.request.headers
        code, description = self.auth.words(body, sent)
        challenge = response.headers.get("WWW-Authenticate", "")
        words = self.auth.hide(f"{code} {description} {challenge}", sent)
        path = self.auth.hide(urlsplit(response.url).path, sent)
        lacking = scope_advice(path, words) if status == 403 else None
        error = refusal(
            status,
            path,
            (code, description),
            lacking or self.advice.get(status),
            self.auth.advice(words),
        )
        if status in _AGAIN:
            raise PassingError(error, retry_after(response.headers))
        raise error

    def _path(self, url: str) -> str:
        """Return the part of an address that messages show."""
        return self.auth.hide(urlsplit(url).path)
