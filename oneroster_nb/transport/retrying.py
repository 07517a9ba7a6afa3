"""When a request that failed is sent again, and when it is given up."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Event

from tenacity import RetryCallState, wait_random_exponential
from tenacity.stop import stop_base
from tenacity.wait import wait_base

from oneroster_nb.errors import RosterError, ServerError
from oneroster_nb.progress import IdleClock
from oneroster_nb.transport.header_values import http_date, whole_number
from oneroster_nb.transport.rate_limit import until_reset

__all__ = ["Call", "PassingError", "RetryAfterWait", "StopRetrying", "retry_after"]

_MAX_WAIT = 30.0
_LEAST_WAIT = 0.1
_TOO_MANY = 429


@dataclass(frozen=True)
class Call:
    """What all requests of one call share."""

    cancel: Event
    """Is set when the call is to end."""
    clock: IdleClock
    """Counts the time in which no page arrived."""


class PassingError(Exception):
    """A failure that may pass, with the error to raise if it does not."""

    def __init__(self, error: RosterError, wait: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.wait = wait


class RetryAfterWait(wait_base):
    """Wait as long as the server asked; else ever longer, by chance."""

    def __init__(self) -> None:
        self._backoff = wait_random_exponential(multiplier=0.5, max=_MAX_WAIT)

    def __call__(self, retry_state: RetryCallState) -> float:
        """Return the seconds until the next try."""
        failure = _failure(retry_state)
        asked = failure.wait if failure else None
        # Never at once, whatever the server says, and not all workers at the same moment.
        return _LEAST_WAIT + max(asked or 0.0, self._backoff(retry_state))


class StopRetrying(stop_base):
    """Stop if the call would have gone without progress for too long, or after enough tries.

    Parameters
    ----------
    clock : IdleClock
        Counts the time in which no page of the call arrived. It is told if it ran out.
    seconds : float
        How long that time may be.
    attempts : int, optional
        At most so many tries of this request.
    """

    def __init__(self, clock: IdleClock, seconds: float, attempts: int | None) -> None:
        self._clock = clock
        self._seconds = seconds
        self._attempts = attempts

    def __call__(self, retry_state: RetryCallState) -> bool:
        """Return True if the request is not to be tried again."""
        if self._clock.idle() + retry_state.upcoming_sleep > self._seconds:
            self._clock.run_out()
            return True
        failure = _failure(retry_state)
        # A server that asks for fewer requests is not one that fails.
        busy = failure is not None and _status(failure.error) == _TOO_MANY
        return (
            not busy and self._attempts is not None and retry_state.attempt_number >= self._attempts
        )


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Read ``Retry-After``: seconds, or a date (RFC 9110, 10.2.3); else when the limit is reset.

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


def _status(error: RosterError) -> int | None:
    return error.status if isinstance(error, ServerError) else None
