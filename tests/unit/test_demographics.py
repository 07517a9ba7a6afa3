"""Sex, age, race and ethnicity beside people, and how counts by them are hidden."""

import datetime

import pandas as pd
import pytest
from helpers.district import small_district
from helpers.faultserver import FaultServer
from helpers.records import school

import oneroster_nb as onb
from oneroster_nb import errors
from oneroster_nb.people.demographics import DEMOGRAPHIC_COLUMNS, ages, race_ethnicity
from oneroster_nb.tables.table import empty_table

FLAGS = ["asian", "white", "demographicRaceTwoOrMoreRaces", "hispanicOrLatinoEthnicity"]


@pytest.mark.parametrize(
    ("flags", "label"),
    [
        ([True, False, False, False], "Asian"),
        ([None, True, None, None], "White"),
        ([True, True, False, False], "Two or more races"),
        ([False, False, True, False], "Two or more races"),
        ([True, False, True, False], "Two or more races"),
        ([True, False, False, True], "Hispanic or Latino"),  # of whatever race
        ([True, True, True, True], "Hispanic or Latino"),
        ([None, None, None, True], "Hispanic or Latino"),
        ([False, False, False, False], None),
        ([None, None, None, None], None),
    ],
)
def test_one_race_or_ethnicity_by_the_federal_rule(
    flags: list[bool | None], label: str | None
) -> None:
    table = empty_table("demographics").reindex([0])
    for name, flag in zip(FLAGS, flags, strict=True):
        table[name] = pd.array([flag], dtype="boolean")
    found = race_ethnicity(table)[0]
    assert pd.isna(found) if label is None else found == label


@pytest.mark.parametrize(
    ("born", "day", "years"),
    [
        ("2014-10-01", "2026-09-30", 11),  # the day before the birthday
        ("2014-10-01", "2026-10-01", 12),
        ("2012-02-29", "2025-02-28", 12),
        ("2012-02-29", "2025-03-01", 13),
        ("2026-10-02", "2026-10-01", None),  # not born yet
        (None, "2026-10-01", None),
    ],
)
def test_age_is_in_completed_years(born: str | None, day: str, years: int | None) -> None:
    found = ages(pd.to_datetime(pd.Series([born])), datetime.date.fromisoformat(day))
    assert found.dtype == "Int64"
    assert found.isna().item() if years is None else found.item() == years


def test_they_stand_beside_people_only_if_asked_for() -> None:
    tables = small_district()
    roster = onb.Roster(tables)
    born = tables["demographics"].set_index("sourcedId")["birthDate"]

    for kind in (None, "schools", "classes"):
        assert DEMOGRAPHIC_COLUMNS.keys().isdisjoint(roster.get_users("students", kind).columns)
        found = roster.get_users("students", kind, demographics=True, as_of="2026-10-01")
        assert [*found.columns[-11:]] == [*DEMOGRAPHIC_COLUMNS]
        assert (found["birthDate"] == found["sourcedId"].map(born)).all()
        assert found["age"].between(4, 20).all()


def test_conditions_on_them() -> None:
    roster = onb.Roster(small_district())
    every = roster.get_users("students", demographics=True)
    after = pd.Timestamp("2012-08-31")

    found = roster.get_users(
        "students", demographics=True, where={"birthDate": {">": "2012-08-31"}, "sex": "female"}
    )
    expected = every.loc[(every["birthDate"] > after) & (every["sex"] == "female"), "sourcedId"]
    assert found["sourcedId"].tolist() == expected.tolist()
    assert len(found)
    with pytest.raises(errors.QueryError, match="demographics=True"):
        roster.get_users("students", where={"sex": "female"})


def test_counts_by_them_hide_small_numbers_unless_told_otherwise() -> None:
    students = onb.Roster(small_district()).get_users("students", "schools", demographics=True)

    hidden = onb.crosstab(students, "schoolName", "raceEthnicity")
    assert hidden.equals(onb.crosstab(students, "schoolName", "raceEthnicity", suppress_below=10))
    assert "<10" in hidden.to_numpy()
    assert "suppress_below=0 shows them" in hidden.attrs["footnote"]
    asked = onb.count(students, "age", suppress_below=10).attrs["footnote"]
    assert "suppress_below=0" not in asked
    shown = onb.crosstab(students, "schoolName", "raceEthnicity", suppress_below=0)
    assert "<10" not in shown.to_numpy()
    assert shown.to_numpy()[-1, -1] == 139
    assert "<10" in onb.count(students, "age")["count"].tolist()
    assert onb.count(students, "age", suppress_below=0)["count"].sum() == 139
    assert onb.count(students, "grades")["count"].sum() == 139


def test_a_server_that_does_not_show_them_is_said_in_a_sentence() -> None:
    with (
        FaultServer(school()) as server,
        onb.OneRosterConnector(server.host, "an id", "a secret") as conn,
        pytest.warns(errors.PartialResultWarning, match="does not show demographics"),
    ):
        found = conn.get_users("students", demographics=True)
    assert len(found)
    assert found[[*DEMOGRAPHIC_COLUMNS]].isna().all(axis=None)
    assert "does not show demographics" in found.attrs["footnote"]
