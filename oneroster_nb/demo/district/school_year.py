"""The school year of the demo district (pure)."""

import datetime
import re
from collections.abc import Mapping
from typing import Final, NamedTuple, Self

import pandas as pd

from oneroster_nb.errors import ConfigurationError

_WRITTEN: Final = 2026
"""All dates of the district are written for the school year that begins in this one."""


class SchoolYear(NamedTuple):
    """A school year, by the calendar year in which it begins."""

    begins: int

    @classmethod
    def named(cls, title: str) -> Self:
        """Return the school year of a title such as ``"2026-2027"``; ConfigurationError if none."""
        begins, _, ends = str(title).partition("-")
        named = re.fullmatch("(19|20|21)[0-9]{2}", begins)
        if named and ends == str(int(begins) + 1):
            return cls(int(begins))
        raise ConfigurationError(
            "school_year is two years in a row, from 1900 to 2200, such as '2026-2027', not"
            f" {title!r}. Leave it out for the school year of today."
        )

    @classmethod
    def of_day(cls, day: datetime.date) -> Self:
        """Return the school year that has begun last; in summer, it is over.

        Examples
        --------
        >>> SchoolYear.of_day(datetime.date(2027, 7, 15)).title
        '2026-2027'
        """
        begun = day >= cls(day.year).first_day
        return cls(day.year if begun else day.year - 1)

    @property
    def title(self) -> str:
        """The title, ``"2026-2027"``."""
        return f"{self.begins}-{self.begins + 1}"

    @property
    def code(self) -> str:
        """The year as OneRoster writes it: that in which it ends."""
        return str(self.begins + 1)

    @property
    def sourced_id(self) -> str:
        """The id of its session."""
        return f"sy{self.code}"

    @property
    def first_day(self) -> datetime.date:
        """The third Monday of August."""
        earliest = datetime.date(self.begins, 8, 15)
        return earliest + datetime.timedelta(days=-earliest.weekday() % 7)

    def dated(self, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
        """Return the tables with their dates in this school year.

        All dates, birth dates too, move by the same number of weeks. So weekdays stay, and ages
        still fit grades.
        """
        moved = self.first_day - SchoolYear(_WRITTEN).first_day
        if not moved:
            return dict(tables)
        return {name: _later(table, moved) for name, table in tables.items()}


def _later(table: pd.DataFrame, by: datetime.timedelta) -> pd.DataFrame:
    dates = table.select_dtypes(["datetime", "datetimetz"])
    return table.assign(**{str(name): dates[name] + by for name in dates})
