"""Sex, age, race and ethnicity of people, as columns beside their answer (pure)."""

import datetime
from collections.abc import Mapping

import pandas as pd

from oneroster_nb.tables.field import Kind
from oneroster_nb.tables.lookup import codes, take

_RACES: Mapping[str, str] = {
    "americanIndianOrAlaskaNative": "American Indian or Alaska Native",
    "asian": "Asian",
    "blackOrAfricanAmerican": "Black or African American",
    "nativeHawaiianOrOtherPacificIslander": "Native Hawaiian or Other Pacific Islander",
    "white": "White",
}
"""Column of demographics to the name of the race in federal reports."""

_SEVERAL = "demographicRaceTwoOrMoreRaces"
_HISPANIC = "hispanicOrLatinoEthnicity"

DEMOGRAPHIC_COLUMNS: Mapping[str, Kind] = {
    "sex": Kind.TEXT,
    "birthDate": Kind.DATE,
    "age": Kind.NUMBER,
    "raceEthnicity": Kind.TEXT,
    **dict.fromkeys((*_RACES, _SEVERAL, _HISPANIC), Kind.BOOLEAN),
}
"""The columns that stand beside people if demographics are asked for, and what they hold."""


def race_ethnicity(demographics: pd.DataFrame) -> "pd.Series[str]":
    """Return one race or ethnicity a person, by the rule of federal reports; missing if unknown.

    Who is Hispanic or Latino is that, of whatever race. Of the others, who is of several races is
    "Two or more races". The rule is that of the U.S. Department of Education (final guidance of
    October 19, 2007, 72 FR 59266).

    Examples
    --------
    >>> race_ethnicity(pd.DataFrame({"asian": [True, True], "white": [None, True],
    ...                              "hispanicOrLatinoEthnicity": [False, None]})).tolist()
    ['Asian', 'Two or more races']
    """
    flags = demographics.reindex(columns=[*_RACES, _SEVERAL, _HISPANIC])
    flags = flags.astype("boolean").fillna(False).astype(bool)
    races = flags[list(_RACES)]
    found = pd.Series(None, index=demographics.index, dtype="object")
    for column, label in _RACES.items():
        found = found.mask(races[column], label)
    found = found.mask(flags[_SEVERAL] | (races.sum(axis="columns") > 1), "Two or more races")
    return found.mask(flags[_HISPANIC], "Hispanic or Latino").astype("str")


def ages(birth_dates: "pd.Series[pd.Timestamp]", day: datetime.date) -> "pd.Series[int]":
    """Return the completed years of people on a day (Int64); missing before birth or if unknown.

    Examples
    --------
    >>> born = pd.Series(pd.to_datetime(["2014-10-01", "2014-10-02", None]))
    >>> ages(born, datetime.date(2026, 10, 1)).tolist()
    [12, 11, <NA>]
    """
    born = birth_dates.dt
    later = (born.month > day.month) | ((born.month == day.month) & (born.day > day.day))
    years = (day.year - born.year - later).astype("Float64").astype("Int64")
    return years.mask(years < 0)


def with_demographics(
    answer: pd.DataFrame, demographics: pd.DataFrame, day: datetime.date
) -> pd.DataFrame:
    """Put :data:`DEMOGRAPHIC_COLUMNS` behind the columns of an answer.

    Parameters
    ----------
    answer : pandas.DataFrame
        With a column ``sourcedId``.
    demographics : pandas.DataFrame
        The canonical table.
    day : datetime.date
        The day of the ages.
    """
    known = demographics.assign(
        age=ages(demographics["birthDate"], day), raceEthnicity=race_ethnicity(demographics)
    )
    row = codes(answer["sourcedId"], known["sourcedId"])
    beside = {name: take(known[name], row) for name in DEMOGRAPHIC_COLUMNS}
    wider = answer.assign(
        **{name: values.set_axis(answer.index) for name, values in beside.items()}
    )
    wider.attrs = dict(answer.attrs)
    return wider
