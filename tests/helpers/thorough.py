"""How many random cases a run tries: a few in the daily run, all in the thorough one.

The thorough run is ``pytest --hypothesis-profile=thorough``.
"""

from hypothesis import settings

THOROUGH = "thorough"


def cases(daily: int, thorough: int) -> int:
    """Return how many seeds or examples this run tries."""
    return thorough if settings.get_current_profile_name() == THOROUGH else daily
