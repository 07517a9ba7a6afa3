"""The day that ``"today"`` and ``"current"`` mean."""

from datetime import date


def local_date() -> date:
    """Return the date of today, where this machine is."""
    return date.today()
