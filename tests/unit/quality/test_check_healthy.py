"""A healthy roster has no errors and no warnings, whoever sends it and in whatever form."""

from collections.abc import Iterator
from contextlib import ExitStack, nullcontext
from pathlib import Path

import pytest
from helpers.district import small_district

import oneroster_nb as onb
from oneroster_nb.demo.server.embedded import DemoServer
from oneroster_nb.source.source import Source
from oneroster_nb.tables.table import TABLES

SOURCES = ["demo", "demo 1.2", "demo-clever", "demo-clever 2.1"]
FORMS = ["live", "roster", "saved", "csv 1.1", "csv 1.2"]


@pytest.fixture(scope="module")
def connectors() -> Iterator[dict[str, Source]]:
    with ExitStack() as stack:
        server = stack.enter_context(DemoServer())
        new = onb.OneRosterConnector(
            server.host_v1p2, server.client_id, server.client_secret, token_url=server.token_url
        )
        yield {
            "demo": stack.enter_context(onb.connect("demo")),
            "demo 1.2": stack.enter_context(new),
            "demo-clever": stack.enter_context(onb.connect("demo-clever")),
            "demo-clever 2.1": stack.enter_context(onb.connect("demo-clever", version="2.1")),
        }


@pytest.fixture(scope="module")
def rosters(connectors: dict[str, Source]) -> dict[str, onb.Roster]:
    return {name: conn.get_roster(progress=False) for name, conn in connectors.items()}


def as_bundle(roster: onb.Roster, path: Path, version: str, name: str) -> onb.CsvConnector:
    lacks = "clever" in name  # which has no enabledUser, classType or schoolYear
    with pytest.warns(onb.PartialResultWarning) if lacks else nullcontext():
        return onb.CsvConnector(roster.to_csv_bundle(path / "x.zip", version))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", SOURCES)
def test_a_healthy_roster_has_no_errors_and_no_warnings(
    connectors: dict[str, Source],
    rosters: dict[str, onb.Roster],
    tmp_path: Path,
    name: str,
    form: str,
) -> None:
    way, _, version = form.partition(" ")
    source: Source = rosters[name]
    if way == "live":
        source = connectors[name]
    elif way == "saved":
        source = onb.Roster.load(rosters[name].save(tmp_path / "saved"))
    elif way == "csv":
        source = as_bundle(rosters[name], tmp_path, version, name)
    found = onb.check(source, progress=False)
    assert set(found["severity"]) <= {"info"}, found["message"].tolist()
    if "clever" not in name:
        assert found.empty
        return
    # What Clever never sends, and guardians who name their students but are not named by them.
    assert sorted(found["code"]) == ["field-never-sent", "guardian-one-way"]
    lacking = found.loc[found["code"] == "field-never-sent", "message"].iloc[0]
    for field in ("academicSessions.schoolYear", "classes.classType", "users.enabledUser"):
        assert field in lacking
    assert "users.username (" in lacking
    assert "guardian" in lacking


@pytest.mark.parametrize("name", ["demo-clever", "demo-clever 2.1"])
def test_students_who_are_not_shared_are_no_errors(
    rosters: dict[str, onb.Roster], name: str
) -> None:
    roster = rosters[name]
    users = roster.users
    hidden = users.loc[users["role"] == "student", "sourcedId"].head(12)
    tables = {table: roster.table(table) for table in TABLES}  # sections go on naming them
    of_people = {"users": "sourcedId", "roles": "userSourcedId", "demographics": "sourcedId"}
    for table, column in of_people.items():
        tables[table] = tables[table].loc[~tables[table][column].isin(hidden)]
    found = onb.check(onb.Roster(tables))
    assert not (found["severity"] == "error").any(), found["message"].tolist()
    (row,) = found.loc[found["severity"] == "warning"].to_dict("records")
    assert row["code"] == "person-not-shared"
    assert "12 people" in row["message"]


def test_contacts_as_clever_has_them_are_no_errors(rosters: dict[str, onb.Roster]) -> None:
    """Some have no first name, and none a user name; a term may have no year."""
    roster = rosters["demo-clever"]
    users = roster.users.copy()
    contacts = users.index[users["role"] == "guardian"]
    users.loc[contacts[:7], "givenName"] = None
    tables = {name: roster.table(name) for name in TABLES} | {"users": users}
    found = onb.check(onb.Roster(tables))
    assert "error" not in set(found["severity"])
    (row,) = found.loc[found["code"] == "guardian-incomplete"].to_dict("records")
    assert (row["explains"], "7 lack givenName" in row["message"]) == (7, True)


def test_user_names_that_some_lack_are_no_errors() -> None:
    """As Ed-Fi has them; the REST interface of 1.2 does not require them."""
    tables = small_district()
    users = tables["users"] = tables["users"].copy()
    users.loc[users.index[:9], "username"] = None
    found = onb.check(onb.Roster(tables))
    assert set(found["severity"]) == {"warning"}
    assert found["code"].tolist() == ["field-missing"] * 9
