"""Demographics that a source has in the records of users never stand beside them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from helpers.bundles import added, changed
from helpers.district import small_district
from helpers.faultserver import FaultServer
from helpers.records import school

import oneroster_nb as onb
from oneroster_nb import OneRosterConnector, errors
from oneroster_nb.tables.demographic_names import is_demographic

Connect = Callable[..., OneRosterConnector]

BORN, RACE = "2013-04-05", "asian-race-word"
FIELDS: list[dict[str, Any]] = [
    {"birthDate": BORN, "race": RACE},
    {"demographics": {"birthDate": BORN, "race": RACE}},
    {"metadata": {"dob": BORN, "Race_Ethnicity": RACE}},
    {"metadata": {"student": {"person": {"date_of_birth": BORN, "ethnicity": RACE}}}},
    {"profile": [{"demographics": {"birthDate": BORN, "asian": RACE}, "homeroom": "6A"}]},
]


def told(frame: pd.DataFrame) -> str:
    return " ".join([*frame.columns, *map(str, frame.to_numpy().ravel())])


@pytest.mark.parametrize("fields", FIELDS, ids=lambda fields: "-".join(fields))
@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_they_are_in_no_answer_and_no_roster_of_a_server(
    connected: Connect, fields: dict[str, Any], version: str
) -> None:
    paths = school()
    for record in paths["users"]:
        record.update(fields)
    with FaultServer(paths) as server:
        conn = connected(server, version=version)
        frames = [conn.get_users(), conn.get_users("students", "classes", "c1")]
        with pytest.warns(errors.RosterWarning):  # this server has no gradebook
            roster = conn.get_roster()
    frames += [roster.users, onb.pseudonymise(roster, key="a key of this test").users]
    for frame in frames:
        assert len(frame)
        assert BORN not in told(frame)
        assert RACE not in told(frame)


def test_what_stands_beside_them_is_kept(connected: Connect) -> None:
    paths = school()
    for record in paths["users"]:
        record["metadata"] = {"team": "blue", "who": {"birthDate": BORN, "homeroom": "6A"}}
    with FaultServer(paths) as server:
        users = connected(server).get_users()
    assert set(users["metadata.team"]) == {"blue"}
    assert set(users["metadata.who"]) == {json.dumps({"homeroom": "6A"})}


@pytest.mark.parametrize("name", ["birthDate", "metadata.birth_date", "Ethnicity", "sex"])
@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_they_are_in_no_answer_of_a_bundle(name: str, version: str) -> None:
    bundle = changed(added("users.csv", name, BORN), version=version)
    users = onb.CsvConnector(bundle).get_users()
    assert BORN not in told(users)


def test_they_are_left_out_of_tables_made_by_hand_and_of_old_rosters(tmp_path: Path) -> None:
    tables = small_district()
    users = tables["users"].assign(
        **{"birthDate": BORN, "metadata.more": json.dumps({"race": RACE, "team": "blue"})}
    )
    with pytest.warns(errors.PartialResultWarning, match="birthDate"):
        roster = onb.Roster(tables | {"users": users})
    assert "birthDate" not in roster.users
    assert set(roster.users["metadata.more"]) == {json.dumps({"team": "blue"})}


def test_demographics_of_their_own_table_stay(district: dict[str, pd.DataFrame]) -> None:
    roster = onb.Roster(district)
    assert roster.get_demographics()["birthDate"].notna().all()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("birthDate", True),
        ("metadata.BIRTH_DATE", True),
        ("metadata.stateOfBirthAbbreviation", True),
        ("hispanicOrLatinoEthnicity", True),
        ("demographics.x", True),
        ("metadata.Gender", True),
        ("metadata.DOB", True),
        ("clever.sis_id", False),
        ("metadata.grades", False),
        ("metadata.trace", False),
        ("metadata.whiteboard", False),
        ("dateLastModified", False),
    ],
)
def test_the_names_of_demographics(name: str, expected: bool) -> None:
    assert is_demographic(name) is expected
