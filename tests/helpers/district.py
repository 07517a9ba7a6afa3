"""The standard small district, made once a day of the tests."""

import datetime
from functools import cache

import pandas as pd

from oneroster_nb import today
from oneroster_nb.demo.district.making import make_district


def small_district() -> dict[str, pd.DataFrame]:
    """Return the tables of ``make_district()``; what is written into them stays in them."""
    return {name: table.copy(deep=False) for name, table in _of_day(today.local_date()).items()}


@cache
def _of_day(day: datetime.date) -> dict[str, pd.DataFrame]:
    return make_district()
