"""The time by a server's own clock, from the ``Date`` header of its answers."""

import datetime
import time
from collections.abc import Mapping

from oneroster_nb.transport.header_values import http_date


class ServerClock:
    """The clock of a server, read from its answers (RFC 9110, 6.6.1).

    This machine's clock may be wrong, so only its seconds are used, not its time. Of several
    readings, the earliest counts: an answer may be read late, and a machine may sleep.

    Examples
    --------
    >>> clock = ServerClock()
    >>> clock.note({"Date": "Mon, 17 Aug 2026 08:00:00 GMT"})
    >>> clock.at(time.monotonic() - 60).strftime("%H:%M")
    '07:59'
    """

    def __init__(self) -> None:
        self._zero: datetime.datetime | None = None

    def note(self, headers: Mapping[str, str]) -> None:
        """Read the date in the headers of an answer, if there is one."""
        seconds = http_date(headers.get("Date"))
        if seconds is None:
            return
        try:
            said = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
        except (ValueError, OverflowError, OSError):  # an absurd year
            return
        zero = said - datetime.timedelta(seconds=time.monotonic())
        self._zero = zero if self._zero is None else min(self._zero, zero)

    def at(self, moment: float) -> datetime.datetime | None:
        """Return the server's time at a moment of ``time.monotonic()``; None if unknown."""
        if self._zero is None:
            return None
        try:
            return self._zero + datetime.timedelta(seconds=moment)
        except OverflowError:  # the last day that there is
            return None
