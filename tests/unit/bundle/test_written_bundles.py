"""The bundles that are written: what other readers of the standard's files must find in them."""

import re
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, nullcontext
from pathlib import Path

import pandas as pd
import pytest
from helpers.bundles import table
from helpers.district import small_district
from helpers.strict_reader import HEADS

import oneroster_nb as onb
from oneroster_nb.demo.server.embedded import DemoServer
from oneroster_nb.tables.table import TABLES

VERSIONS = ["1.1", "1.2"]
SOURCES = ["live 1.1", "live 1.2", "clever", "csv", "saved"]
BOTH = (
    "academicSessions categories classes classResources courses courseResources demographics"
    " enrollments lineItems orgs resources results users"
)
NEW = (
    " lineItemLearningObjectiveIds lineItemScoreScales resultLearningObjectiveIds"
    " resultScoreScales roles scoreScales userProfiles userResources"
)
LISTED = {"1.1": BOTH, "1.2": BOTH + NEW}
CLEVER_LACKS = {"academicSessions.schoolYear", "classes.classType", "users.enabledUser"}


def files_in(path: Path) -> dict[str, tuple[list[str], list[dict[str, str]]]]:
    """Take a bundle apart: each file's head, and its rows."""
    files = {}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            head, rows = table(archive.read(name))
            files[name.removesuffix(".csv")] = (
                head,
                [dict(zip(head, row, strict=True)) for row in rows],
            )
    return files


def manifest_of(path: Path) -> dict[str, str]:
    _, rows = files_in(path)["manifest"]
    return {row["propertyName"]: row["value"] for row in rows}


@pytest.fixture(scope="module")
def rosters(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, onb.Roster]]:
    """Return the demo district as each source gives it."""
    folder = tmp_path_factory.mktemp("sources")
    with ExitStack() as stack:
        server = stack.enter_context(DemoServer())
        old = stack.enter_context(
            onb.OneRosterConnector(server.host, server.client_id, server.client_secret)
        )
        new = stack.enter_context(
            onb.OneRosterConnector(
                server.host_v1p2, server.client_id, server.client_secret, token_url=server.token_url
            )
        )
        clever = stack.enter_context(onb.connect("demo-clever"))
        live = old.get_roster(progress=False)
        bundle = onb.CsvConnector(live.to_csv_bundle(folder / "csv.zip"))
        yield {
            "live 1.1": live,
            "live 1.2": new.get_roster(progress=False),
            "clever": clever.get_roster(progress=False),
            "csv": bundle.get_roster(progress=False),
            "saved": onb.Roster.load(live.save(folder / "saved")),
        }


@pytest.fixture(scope="module")
def bundles(
    rosters: dict[str, onb.Roster], tmp_path_factory: pytest.TempPathFactory
) -> dict[tuple[str, str], Path]:
    """Write each of them in both versions."""
    folder = tmp_path_factory.mktemp("written")
    written = {}
    for source, roster in rosters.items():
        for version in VERSIONS:
            path = folder / f"{source}-{version}.zip"
            lacks = pytest.warns(onb.PartialResultWarning) if source == "clever" else nullcontext()
            with lacks:
                written[source, version] = roster.to_csv_bundle(path, version)
    return written


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("source", SOURCES)
def test_the_manifest_lists_every_file_and_no_file_is_a_head_alone(
    bundles: dict[tuple[str, str], Path], source: str, version: str
) -> None:
    path = bundles[source, version]
    modes = {k[5:]: v for k, v in manifest_of(path).items() if k.startswith("file.")}
    assert list(modes) == sorted(LISTED[version].split(), key=str.casefold)
    assert set(modes.values()) <= {"bulk", "absent"}
    files = files_in(path)
    assert {name for name, mode in modes.items() if mode == "bulk"} == set(files) - {"manifest"}
    assert all(rows for _, rows in files.values())


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("source", SOURCES)
def test_columns_are_in_the_order_of_the_binding(
    bundles: dict[tuple[str, str], Path], source: str, version: str
) -> None:
    for name, (head, rows) in files_in(bundles[source, version]).items():
        if name == "manifest":
            continue
        wanted = HEADS[version][name]
        assert head[: len(wanted)] == wanted, name
        assert all(column.startswith("metadata.") for column in head[len(wanted) :]), name
        assert {row["status"] + row["dateLastModified"] for row in rows} == {""}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("source", ["live 1.1", "live 1.2", "csv", "saved"])
def test_line_items_have_days_and_what_the_version_requires(
    bundles: dict[tuple[str, str], Path],
    rosters: dict[str, onb.Roster],
    source: str,
    version: str,
) -> None:
    _, rows = files_in(bundles[source, version])["lineItems"]
    assert (rows[0]["assignDate"], rows[0]["dueDate"]) == ("2026-09-08", "2026-09-15")
    assert all(re.fullmatch(r"2026-\d\d-\d\d", row["assignDate"]) for row in rows)
    session = "academicSessionSourcedId" if version == "1.2" else "gradingPeriodSourcedId"
    assert {row[session] for row in rows} == {"gp1"}
    if version == "1.2":
        classes = rosters[source].classes
        schools = dict(zip(classes["sourcedId"], classes["schoolSourcedId"], strict=True))
        assert all(row["schoolSourcedId"] == schools[row["classSourcedId"]] for row in rows)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("source", SOURCES)
def test_a_roster_comes_back_as_it_was(
    bundles: dict[tuple[str, str], Path],
    rosters: dict[str, onb.Roster],
    source: str,
    version: str,
) -> None:
    conn = onb.CsvConnector(bundles[source, version])
    assert conn.findings.empty
    after, before = conn.get_roster(progress=False), rosters[source]
    for name in TABLES:
        told = before.table(name).dropna(axis="columns", how="all")
        pd.testing.assert_frame_equal(after.table(name)[list(told)], told)


def test_a_time_of_day_comes_back_too(tmp_path: Path) -> None:
    tables = small_district()
    items = tables["lineItems"] = tables["lineItems"].copy()
    items.loc[0, "dueDate"] = pd.Timestamp("2026-09-15 21:30:00.250", tz="UTC")
    items.loc[1, "assignDate"] = pd.NaT
    with pytest.warns(onb.PartialResultWarning, match=r"lineItems\.assignDate \(1 of 80 rows\)"):
        path = onb.Roster(tables).to_csv_bundle(tmp_path / "x.zip", "1.2")
    _, rows = files_in(path)["lineItems"]
    assert (rows[0]["dueDate"], rows[1]["assignDate"]) == ("2026-09-15", "")
    after = onb.CsvConnector(path).get_line_items()
    pd.testing.assert_frame_equal(after, items)


@pytest.mark.parametrize(
    ("version", "given", "wanted"),
    [
        ("1.1", {"academicSessionSourcedId": "s1", "gradingPeriodSourcedId": None}, "s1"),
        ("1.2", {"academicSessionSourcedId": None, "gradingPeriodSourcedId": "gp1"}, "gp1"),
        ("1.2", {"academicSessionSourcedId": "s1", "gradingPeriodSourcedId": "gp1"}, "s1"),
    ],
)
def test_a_session_of_one_version_stands_for_that_of_the_other(
    tmp_path: Path, version: str, given: dict[str, str | None], wanted: str
) -> None:
    tables = small_district()
    items = tables["lineItems"]
    text = {name: pd.Series([value] * len(items), dtype="str") for name, value in given.items()}
    items = tables["lineItems"] = items.assign(**text)
    path = onb.Roster(tables).to_csv_bundle(tmp_path / "x.zip", version)
    _, rows = files_in(path)["lineItems"]
    column = "academicSessionSourcedId" if version == "1.2" else "gradingPeriodSourcedId"
    assert {row[column] for row in rows} == {wanted}
    pd.testing.assert_frame_equal(onb.CsvConnector(path).get_line_items(), items)


def test_a_school_that_a_line_item_names_is_kept(tmp_path: Path) -> None:
    tables = small_district()
    items = tables["lineItems"] = tables["lineItems"].copy()
    items.loc[0, "schoolSourcedId"] = "7"
    path = onb.Roster(tables).to_csv_bundle(tmp_path / "x.zip", "1.2")
    _, rows = files_in(path)["lineItems"]
    assert (rows[0]["schoolSourcedId"], rows[1]["schoolSourcedId"]) == ("7", "2")
    pd.testing.assert_frame_equal(onb.CsvConnector(path).get_line_items(), items)


def test_resources_of_users_are_a_file_of_their_own(tmp_path: Path) -> None:
    tables = small_district()
    users = tables["users"] = tables["users"].copy()
    users.loc[0, "resourceSourcedIds"] = "r1,r3"
    users.loc[2, "resourceSourcedIds"] = "r2"
    path = onb.Roster(tables).to_csv_bundle(tmp_path / "x.zip", "1.2")
    files = files_in(path)
    assert not [column for column in files["users"][0] if "resourceSourcedIds" in column]
    assert [(row["sourcedId"], row["resourceSourcedId"]) for row in files["userResources"][1]] == [
        ("18001@r1", "r1"),
        ("18001@r3", "r3"),
        ("18003@r2", "r2"),
    ]
    after = onb.CsvConnector(path).get_roster()
    assert after.users["resourceSourcedIds"].dropna().tolist() == ["r1,r3", "r2"]
    again = after.to_csv_bundle(tmp_path / "again.zip", "1.2")
    assert files_in(again)["userResources"] == files["userResources"]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_roster_without_rows_is_a_manifest_alone(tmp_path: Path, version: str) -> None:
    path = onb.Roster({}).to_csv_bundle(tmp_path / "x.zip", version)
    assert list(files_in(path)) == ["manifest"]
    modes = [value for key, value in manifest_of(path).items() if key.startswith("file.")]
    assert modes == ["absent"] * {"1.1": 13, "1.2": 21}[version]
    after = onb.CsvConnector(path).get_roster()
    assert all(after.table(name).empty for name in TABLES)


@pytest.mark.parametrize("version", VERSIONS)
def test_what_a_source_cannot_fill_is_one_warning(
    rosters: dict[str, onb.Roster], tmp_path: Path, version: str
) -> None:
    with pytest.warns(onb.PartialResultWarning) as caught:
        rosters["clever"].to_csv_bundle(tmp_path / "x.zip", version)
    (message,) = [str(w.message) for w in caught]
    named = set(re.findall(r"[a-zA-Z]+\.[a-zA-Z]+(?= \()", message))
    assert named == CLEVER_LACKS | {"users.username"}
    assert "users.enabledUser (371 of 371 rows)" in message
    assert "users.username (189 of 371 rows)" in message


def test_tables_that_a_version_has_no_file_for_are_named(tmp_path: Path) -> None:
    scales = pd.DataFrame(
        {
            "sourcedId": ["s1", "s2"],
            "status": ["active", "tobedeleted"],
            "dateLastModified": pd.Series([pd.NaT] * 2, dtype="datetime64[us, UTC]"),
            "title": ["Letters", "Old"],
            "type": ["letter", "letter"],
            "orgSourcedId": ["2", "2"],
            "courseSourcedId": ["c1", "c1"],
            "classSourcedId": ["31710", "31710"],
            "scoreScaleValue": ["{A:4},{B:3}"] * 2,
        }
    )
    roster = onb.Roster(small_district() | {"scoreScales": scales})
    with pytest.warns(onb.PartialResultWarning, match=r"scoreScales \(1 rows\)"):
        roster.to_csv_bundle(tmp_path / "old.zip", "1.1")
    path = roster.to_csv_bundle(tmp_path / "new.zip", "1.2")
    ((row,),) = [files_in(path)["scoreScales"][1]]
    assert (row["title"], row["scoreScaleValue"]) == ("Letters", "{A:4},{B:3}")
    (kept,) = onb.CsvConnector(path).get_roster().table("scoreScales").to_dict("records")
    assert (kept["sourcedId"], kept["scoreScaleValue"]) == ("s1", "{A:4},{B:3}")


def test_a_second_role_has_no_place_in_1_1(tmp_path: Path) -> None:
    tables = small_district()
    roles = tables["roles"]
    second = roles.head(1).assign(sourcedId="extra", role="guardian", roleType="secondary")
    tables["roles"] = pd.concat([roles, second], ignore_index=True)
    with pytest.warns(onb.PartialResultWarning, match=r"roles \(1 rows\)"):
        onb.Roster(tables).to_csv_bundle(tmp_path / "old.zip", "1.1")
    path = onb.Roster(tables).to_csv_bundle(tmp_path / "new.zip", "1.2")
    pd.testing.assert_frame_equal(onb.CsvConnector(path).get_roster().roles, tables["roles"])
