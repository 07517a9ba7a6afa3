"""Slowing down before a server's rate limit is reached."""

import time
from collections.abc import Mapping
from threading import Lock

from oneroster_nb.transport.header_values import http_date, whole_number

_LIMIT, _REMAINING, _RESET = (f"X-Ratelimit-{name}" for name in ("Limit", "Remaining", "Reset"))
_UNIX = 1_000_000_000  # a smaller number is not a time in seconds since 1970
_LONGEST = 60.0  # seconds: such a limit is reset every minute
_RESERVE = 0.05  # of the limit: the last requests, which are spread over the remaining time


class RateLimit:
    """Spreads the last allowed requests over the time until the limit is reset.

    Clever limits requests per minute and token. Each answer says how many are left
    (``X-Ratelimit-Remaining``) and when the limit is reset (``X-Ratelimit-Reset``, in seconds
    since 1970): https://dev.clever.com/docs/error-messages.

    Examples
    --------
    >>> limit = RateLimit()
    >>> limit.note({})
    >>> limit.pause()
    0.0
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._remaining = 0
        self._reserve = 0.0
        self._ends = 0.0
        self._next = 0.0

    def note(self, headers: Mapping[str, str]) -> None:
        """Read the rate limit in the headers of an answer."""
        seconds = until_reset(headers)
        remaining, limit = (whole_number(headers.get(name)) for name in (_REMAINING, _LIMIT))
        if seconds is None or remaining is None:
            return
        with self._lock:
            self._remaining = remaining
            self._reserve = _RESERVE * (limit or 0)
            self._ends = time.monotonic() + min(seconds, _LONGEST)

    def pause(self) -> float:
        """Return the seconds to wait before the next request, and count that request."""
        with self._lock:
            now = time.monotonic()
            left = self._ends - now
            if left <= 0 or self._remaining > self._reserve:
                self._remaining -= 1
                return 0.0
            step = left / (self._remaining + 1) if self._remaining > 0 else left
            self._remaining = max(self._remaining - 1, 0)
            self._next = min(max(self._next, now) + step, self._ends)
            return self._next - now


def until_reset(headers: Mapping[str, str]) -> float | None:
    """Return the seconds until the limit is reset, by the server's clock; None if unknown.

    Examples
    --------
    >>> until_reset({"X-Ratelimit-Reset": "1800000030", "Date": "Fri, 15 Jan 2027 08:00:00 GMT"})
    30.0
    """
    reset = whole_number(headers.get(_RESET))
    if reset is None or reset < _UNIX:
        return None
    now = http_date(headers.get("Date"))
    return max(0.0, reset - (time.time() if now is None else now))
