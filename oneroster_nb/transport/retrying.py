"""When to retry a failed request, and when to give up."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Event

from tenacity import RetryCallState, wait_random_exponential

from oneroster_nb.errors import RosterError, ServerError
from oneroster_nb.progress import IdleClock
from oneroster_nb.transport.header_values import http_date, whole_number
from oneroster_nb.transport.rate_limit import until_reset

_MAX_WAIT = 30.0
_LEAST_WAIT = 0.1
_TOO_MANY = 429
_BACKOFF = wait_random_exponential(multiplier=0.5, max=_MAX_WAIT)


@dataclass(frozen=True)
class Call:
    """The state that all requests of one call share."""

    cancel: Event
    """Set when the call is to end."""
    clock: IdleClock
    """Measures the time without a new page."""


class PassingError(Exception):
    """A temporary failure, with the error to raise if it persists."""

    def __init__(self, error: RosterError, wait: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.wait = wait


def seconds_to_wait(retry_state: RetryCallState) -> float:
    """Return the seconds until the next try: what the server asks for, or more each time.

    They are never 0, even if the server says so, and differ between workers.
    """
    failure = _failure(retry_state)
    asked = failure.wait if failure else None
    return _LEAST_WAIT + max(asked or 0.0, _BACKOFF(retry_state))


@dataclass(frozen=True)
class StopRetrying:
    """Decides whether a failed attempt was the last."""

    clock: IdleClock
    """Measures the time without a new page of the call; marked when the time is used up."""
    seconds: float
    """The limit of that time."""
    attempts: int | None
    """The most attempts of this request, if there is a limit."""

    def __call__(self, retry_state: RetryCallState) -> bool:
        """Return True if there is to be no further attempt."""
        if self.clock.idle() + retry_state.upcoming_sleep > self.seconds:
            self.clock.run_out()
            return True
        if self.attempts is None or retry_state.attempt_number < self.attempts:
            return False
        # Asking for fewer requests is not a failure.
        failure = _failure(retry_state)
        error = failure.error if failure else None
        return not isinstance(error, ServerError) or error.status != _TOO_MANY


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds in ``Retry-After`` (RFC 9110, 10.2.3), or until the limit is reset.

    Examples
    --------
    >>> retry_after({"Retry-After": "3"})
    3.0
    """
    text = headers.get("Retry-After", "")
    seconds = whole_number(text)
    if seconds is not None:
        return float(seconds)
    moment = http_date(text)
    return until_reset(headers) if moment is None else max(0.0, moment - time.time())


def _failure(retry_state: RetryCallState) -> PassingError | None:
    failure = retry_state.outcome.exception() if retry_state.outcome else None
    return failure if isinstance(failure, PassingError) else None
