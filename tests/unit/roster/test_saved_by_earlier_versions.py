"""A roster that an earlier version saved loads, whatever columns it lacks.

``tests/data/saved_schema_1`` and ``saved_schema_2`` were written by the versions of that schema.
They hold the same class of a made-up district, and are never written again.
"""

import datetime
import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from helpers.places import ROOT

import oneroster_nb as onb
from oneroster_nb.roster.snapshot import SCHEMA_VERSION, Snapshot, write_snapshot
from oneroster_nb.tables.fields import FIELDS
from oneroster_nb.tables.table import TABLES, empty_table

DATA = ROOT / "tests" / "data"
SAVED = ["saved_schema_1", "saved_schema_2"]
TAKEN = datetime.datetime(2026, 9, 1, 12, tzinfo=datetime.UTC)


def test_every_schema_so_far_is_kept_here() -> None:
    versions = [
        json.loads((DATA / name / "manifest.json").read_text())["schemaVersion"] for name in SAVED
    ]
    assert versions == [*range(1, SCHEMA_VERSION + 1)]


@pytest.mark.parametrize("name", SAVED)
def test_a_roster_of_an_earlier_version_loads(name: str) -> None:
    roster = onb.Roster.load(DATA / name)
    rows = {table: len(roster.table(table)) for table in TABLES if len(roster.table(table))}
    assert rows == {
        "orgs": 2,
        "academicSessions": 7,
        "courses": 1,
        "classes": 1,
        "users": 2,
        "roles": 2,
        "enrollments": 2,
        "demographics": 1,
        "categories": 2,
        "lineItems": 2,
        "results": 2,
    }
    for table in TABLES:
        pd.testing.assert_frame_equal(roster.table(table).head(0), empty_table(table))
    assert roster.provider == "https://roster.example.org"
    assert roster.taken == TAKEN
    users = roster.users[["sourcedId", "givenName", "familyName", "enabledUser", "role", "grades"]]
    assert users.fillna("").to_numpy().tolist() == [
        ["18001", "Benjamin", "Chen", True, "student", "KG"],
        ["18003", "Winston", "Arroyo", True, "teacher", ""],
    ]
    # The first version wrote made ids with a colon.
    assert roster.roles["sourcedId"].tolist() == ["18001@2", "18003@2"]
    assert roster.results["score"].tolist() == [88.0, 79.0]
    assert roster.demographics["birthDate"].tolist() == [pd.Timestamp(2021, 8, 4)]
    assert roster.line_items["dueDate"].tolist() == [
        pd.Timestamp(2026, 9, 15, tz="UTC"),
        pd.Timestamp(2026, 10, 5, tz="UTC"),
    ]
    assert roster.orgs["name"].tolist() == ["Classlink District", "North Elementary School"]


@pytest.mark.parametrize("name", SAVED)
def test_a_roster_of_an_earlier_version_answers(name: str) -> None:
    roster = onb.Roster.load(DATA / name)
    students = roster.get_users("students", "classes", "31001")
    assert students["sourcedId"].tolist() == ["18001"]
    assert students["classTitle"].tolist() == ["Kindergarten (KA Homeroom)"]
    teachers = roster.get_users("teachers", "schools", "North Elementary School")
    assert teachers["email"].tolist() == ["winston.arroyo@example.org"]


MORE = """
import sys
from dataclasses import replace
from oneroster_nb.tables import fields
from oneroster_nb.tables.field import NEW, Field, Kind

for name, one in {
    "orgs": Field("madeUpName", versions=NEW),
    "users": Field("madeUpDate", Kind.DATE, versions=NEW),
    "results": Field("madeUpNumber", Kind.NUMBER),
}.items():
    table = fields.FIELDS[name]
    fields.FIELDS[name] = replace(table, own=(*table.own, one))

import oneroster_nb as onb
from oneroster_nb.bundle.layout import FILES
from oneroster_nb.connectors.oneroster.records import RECORDS
from oneroster_nb.demo.server.fields import V1P1_FIELDS, V1P2_FIELDS

roster = onb.Roster.load(sys.argv[1])
for table, column, dtype in [
    (roster.orgs, "madeUpName", "str"),
    (roster.users, "madeUpDate", "datetime64[us]"),
    (roster.results, "madeUpNumber", "float64"),
]:
    assert table.columns[-1] == column, table.columns
    assert table[column].dtype == dtype, table[column].dtype
    assert len(table) == 2 and table[column].isna().all()
assert FILES["1.2"]["orgs"][-1] == "madeUpName" and "madeUpName" not in FILES["1.1"]["orgs"]
assert FILES["1.1"]["results"][-1] == FILES["1.2"]["results"][-1] == "madeUpNumber"
assert RECORDS["1.2"]["users"][-1].column == "madeUpDate"
assert V1P2_FIELDS["orgs"][-1].name == "madeUpName"
assert V1P1_FIELDS["orgs"][-1].name == "children"
assert not onb.pseudonymise(roster, key="a made-up key").users["madeUpDate"].notna().any()
"""


@pytest.mark.parametrize("name", SAVED)
def test_it_loads_after_columns_were_added_to_the_table_of_fields(name: str) -> None:
    """All that reads the table of fields knows a column that is added to it."""
    command = [sys.executable, "-W", "error", "-c", MORE, str(DATA / name)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def keys(table: str) -> list[str]:
    return [c.name for c in FIELDS[table].columns if c.link or c.name == "sourcedId"]


def test_a_saved_roster_with_the_keys_alone_loads(tmp_path: Path) -> None:
    whole = onb.Roster.load(DATA / "saved_schema_2")
    poor = {name: whole.table(name)[keys(name)] for name in TABLES}
    path = write_snapshot(Snapshot(poor, "", TAKEN), tmp_path / "poor.roster", overwrite=False)
    roster = onb.Roster.load(path)
    for name in TABLES:
        table = roster.table(name)
        pd.testing.assert_frame_equal(table.head(0), empty_table(name))
        pd.testing.assert_frame_equal(table[keys(name)], poor[name])
        assert (table["status"] == "active").all()
        assert table.drop(columns=["status", *keys(name)]).isna().all(axis=None)
    assert len(roster.get_enrollments()) == 2
    assert len(onb.check(roster)) > 0


def test_a_roster_takes_tables_with_some_columns() -> None:
    users = pd.DataFrame({"familyName": ["Ames", "Birk"], "role": "student", "sourcedId": [1, 2]})
    seats = pd.DataFrame(
        {"sourcedId": ["e1"], "userSourcedId": ["1"], "classSourcedId": ["c1"], "role": "student"}
    )
    classes = pd.DataFrame({"sourcedId": ["c1"], "title": ["Choir"], "metadata.room": ["7"]})
    roster = onb.Roster({"users": users, "classes": classes, "enrollments": seats})
    assert list(roster.classes.columns) == [*empty_table("classes").columns, "metadata.room"]
    assert roster.get_users("students")["familyName"].tolist() == ["Ames", "Birk"]
    assert roster.get_users("users", "classes", "Choir")["familyName"].tolist() == ["Ames"]
    assert list(users.columns) == ["familyName", "role", "sourcedId"]


@pytest.mark.parametrize(
    ("table", "columns", "lacking"),
    [
        ("orgs", ["name"], "sourcedId"),
        ("enrollments", ["sourcedId", "role"], "classSourcedId and userSourcedId"),
        ("roles", ["sourcedId", "role", "orgSourcedId"], "userSourcedId"),
        ("results", ["sourcedId", "studentSourcedId", "score"], "lineItemSourcedId"),
        ("classResources", ["sourcedId", "classSourcedId"], "resourceSourcedId"),
        ("userProfiles", ["sourcedId", "profileType"], "userSourcedId"),
    ],
)
def test_keys_are_required(table: str, columns: list[str], lacking: str) -> None:
    with pytest.raises(onb.ConfigurationError, match=f"{table} lacks {lacking},"):
        onb.Roster({table: pd.DataFrame(columns=columns, dtype="str")})


@pytest.mark.parametrize("written", ["orgSourcedIDs", "org_sourced_ids", "ORGSOURCEDIDS"])
def test_a_column_that_is_nearly_one_of_the_standard_is_refused_by_name(written: str) -> None:
    users = pd.DataFrame({"sourcedId": ["1"], written: ["9"]})
    with pytest.raises(onb.ConfigurationError, match=rf"'{written}'.*'orgSourcedIds'"):
        onb.Roster({"users": users})
