"""The day on which the tests run, whatever day it is."""

import datetime
from types import SimpleNamespace

import pytest

from oneroster_nb import today

TODAY = datetime.date(2026, 11, 2)
"""In the first semester of the school year 2026-2027, which the demo district then has."""


def let_it_be(day: datetime.date, patch: pytest.MonkeyPatch) -> None:
    """Let a day be that of today for the package, in this process."""
    patch.setattr(today, "date", SimpleNamespace(today=lambda: day))
