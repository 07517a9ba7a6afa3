"""CSV bundles: there and back, as the wild has them, and what changed."""

import stat
import warnings
import zipfile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from helpers.bundles import (
    added,
    changed,
    column,
    demo,
    packed,
    raw,
    removed,
    renamed,
    said,
    table,
    written,
)
from helpers.district import small_district

import oneroster_nb as onb
from oneroster_nb.tables.table import TABLES

VERSIONS = ["1.1", "1.2"]


def read(content: Any, **options: Any) -> onb.Roster:
    return onb.CsvConnector(content, **options).get_roster(progress=False)


def codes(content: Any) -> dict[str, str]:
    """Return the findings of reading: table to code."""
    findings = onb.CsvConnector(content).findings
    assert not findings.duplicated(["code", "table", "field"]).any()  # each kind once
    return dict(zip(findings["code"], findings["table"], strict=True))


@pytest.fixture(scope="module")
def roster() -> onb.Roster:
    with onb.connect("demo") as conn:
        return conn.get_roster(progress=False)


# --- there and back ----------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", TABLES)
def test_every_table_comes_back(
    roster: onb.Roster, tmp_path: Path, version: str, name: str
) -> None:
    conn = onb.CsvConnector(roster.to_csv_bundle(tmp_path / "x.zip", version))
    assert conn.version == version
    assert conn.findings.empty
    assert len(roster.table(name)) > 0
    pd.testing.assert_frame_equal(conn.get_roster().table(name), roster.table(name))


@pytest.mark.parametrize("version", VERSIONS)
def test_clevers_fields_and_odd_values_come_back(tmp_path: Path, version: str) -> None:
    with onb.connect("demo-clever") as conn:
        before = conn.get_roster(progress=False)
    odd = ['a "quoted" one', "a, comma", "two\nlines", " spaces ", "=1+1", "Ærø", "null", "NA"]
    users = before.users.copy()
    users.loc[: len(odd) - 1, "familyName"] = odd
    tables = {name: before.table(name) for name in TABLES} | {"users": users}
    with pytest.warns(onb.PartialResultWarning, match=r"users\.enabledUser"):
        path = onb.Roster(tables).to_csv_bundle(tmp_path / "x.zip", version)
    after = read(path)
    assert after.users["familyName"].tolist()[: len(odd)] == odd
    for name in TABLES:
        if (version, name) != ("1.1", "roles"):
            told = tables[name].dropna(axis="columns", how="all")
            pd.testing.assert_frame_equal(after.table(name)[list(told)], told)


@pytest.mark.parametrize("version", VERSIONS)
def test_files_are_as_the_standard_has_them(
    roster: onb.Roster, tmp_path: Path, version: str
) -> None:
    path = roster.to_csv_bundle(tmp_path / "x.zip", version)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    _, rows = table(files["manifest.csv"])
    manifest = dict(rows)
    assert manifest["manifest.version"] == "1.0"
    assert manifest["oneroster.version"] == version
    bulk = {key[5:] for key, value in rows if value == "bulk"}
    assert {f"{name}.csv" for name in bulk} | {"manifest.csv"} == set(files)
    assert ("roles" in bulk) == (version == "1.2")
    header, rows = table(files["users.csv"])
    assert header[:4] == ["sourcedId", "status", "dateLastModified", "enabledUser"]
    assert ("role" in header) == (version == "1.1")
    by_name = [dict(zip(header, row, strict=True)) for row in rows]
    assert {row["status"] + row["dateLastModified"] + row["password"] for row in by_name} == {""}
    assert {row["enabledUser"] for row in by_name} == {"true"}
    header, rows = table(files["academicSessions.csv"])
    assert dict(zip(header, rows[0], strict=True))["startDate"] == "2026-08-17"
    for content in files.values():
        content.decode()  # UTF-8
        assert not content.startswith(b"\xef\xbb\xbf")


def test_rows_marked_tobedeleted_are_left_out(tmp_path: Path) -> None:
    tables = small_district()
    tables["users"] = tables["users"].assign(status=["tobedeleted"] * 3 + ["active"] * 368)
    after = read(onb.Roster(tables).to_csv_bundle(tmp_path / "x.zip"))
    assert len(after.users) == 368
    assert set(after.users["status"]) == {"active"}


def test_an_empty_roster_is_a_bundle(tmp_path: Path) -> None:
    for version in VERSIONS:
        after = read(onb.Roster({}).to_csv_bundle(tmp_path / f"{version}.zip", version))
        assert all(after.table(name).empty for name in TABLES)


def test_a_file_that_is_there_is_kept(roster: onb.Roster, tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(b"mine")
    with pytest.raises(onb.BundleError, match="already exists"):
        roster.to_csv_bundle(path)
    assert path.read_bytes() == b"mine"
    roster.to_csv_bundle(path, overwrite=True)
    assert len(read(path).users) == 371
    assert [entry.name for entry in tmp_path.glob("*x.zip*")] == ["x.zip"]
    with pytest.raises(onb.BundleError, match="cannot be written"):
        roster.to_csv_bundle(tmp_path / "none" / "x.zip")
    with pytest.raises(onb.ConfigurationError, match=r"1\.1"):
        roster.to_csv_bundle(tmp_path / "y.zip", "1.3")


def test_a_bundle_answers_every_call(tmp_path: Path, roster: onb.Roster) -> None:
    path = roster.to_csv_bundle(tmp_path / "x.zip")
    with onb.connect("csv", path=path) as conn:
        assert len(conn.get_users("students", "classes", "ELA 6 (6A ELA)")) == 7
        assert len(conn.query("schools::7::students")) == 54
        assert len(conn.get_users("students", "classes", "302", match_on="location")) == 13
        assert len(conn.get_line_items()) == len(roster.line_items)
        assert conn.headcounts() == {"students": 139, "teachers": 37, "schools": 3}
        assert "location" in conn.match_fields("classes")
        assert conn.groups("schools")["studentCount"].sum() == 139
        assert conn.recipe == f"onb.connect('csv', path={str(path)!r})" or "csv" in conn.recipe
        kept = conn.get_roster(tables=["users"])
        assert (len(kept.users), len(kept.classes)) == (371, 0)
        assert kept.taken.timestamp() == pytest.approx(path.stat().st_mtime)
        with pytest.raises(onb.ConfigurationError, match="apply_delta"):
            roster.refresh(conn)
    assert len(conn.get_users("students")) == 139  # after closing, it opens again
    assert onb.CsvConnector(path.read_bytes()).recipe == ""


def test_a_folder_is_a_bundle(tmp_path: Path) -> None:
    for name, content in demo("1.2").items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "notes.txt").write_text("not a table")
    assert len(read(tmp_path).users) == 371
    assert len(read(str(tmp_path)).users) == 371


# --- as the wild has them ----------------------------------------------------------------------

SAME: dict[str, tuple[Any, dict[str, str]]] = {
    "as it should be": ([], {}),
    "no manifest": ([removed("manifest.csv")], {"manifest-missing": "manifest"}),
    "other case in file names": (
        [lambda files: files.update({"USERS.CSV": files.pop("users.csv")})],
        {"file-name": "users"},
    ),
    "a byte order mark": (
        [raw("users.csv", lambda data: b"\xef\xbb\xbf" + data)],
        {"encoding-mark": "users"},
    ),
    "Windows-1252": (
        [raw("users.csv", lambda data: data.decode().encode("cp1252", "xmlcharrefreplace"))],
        {"encoding-other": "users"},
    ),
    "mixed encodings": (
        [
            raw(
                "users.csv",
                lambda data: b"\n".join(
                    line.decode().encode("cp1252", "ignore") if number == 2 else line
                    for number, line in enumerate(data.split(b"\n"))
                ),
            )
        ],
        {"encoding-other": "users"},
    ),
    "CRLF": ([raw("users.csv", lambda data: data.replace(b"\n", b"\r\n"))], {}),
    "no final newline": ([raw("users.csv", bytes.rstrip)], {}),
    "blank lines": ([raw("users.csv", lambda data: data.replace(b"\n", b"\n\n"))], {}),
    "extension columns": ([added("users.csv", "ext_bus", "12")], {"column-unknown": "users"}),
    "metadata columns": ([added("users.csv", "metadata.bus", "12")], {}),
    "a misspelt column": (
        [renamed("users.csv", "dateLastModified", "dataLastModified")],
        {"column-misspelt": "users"},
    ),
    "a column in other case": (
        [renamed("users.csv", "givenName", "GIVENNAME")],
        {"column-name": "users"},
    ),
    "a column twice": ([added("users.csv", "givenName", "x")], {"column-repeated": "users"}),
    "an empty trailing header": ([added("users.csv", "", "")], {"column-empty": "users"}),
    "trailing commas": (
        [
            raw(
                "users.csv",
                lambda data: b"\n".join(
                    line + b",," * (number > 0 and line > b"")
                    for number, line in enumerate(data.split(b"\n"))
                ),
            )
        ],
        {"row-ragged": "users"},
    ),
    "TRUE": (
        [column("users.csv", "enabledUser", str.upper)],
        {"boolean-format": "users"},
    ),
    "spaces around booleans": (
        [column("users.csv", "enabledUser", lambda v: f" {v} ")],
        {"boolean-format": "users"},
    ),
    "American dates": (
        [
            column(
                "academicSessions.csv",
                "startDate",
                lambda v: f"{int(v[5:7])}/{v[8:]}/{v[:4]}",
            )
        ],
        {"date-format": "academicSessions"},
    ),
    "dates of Europe": (
        [column("academicSessions.csv", "endDate", lambda v: f"{v[8:]}.{v[5:7]}.{v[:4]}")],
        {"date-format": "academicSessions"},
    ),
    "status although bulk": (
        [column("users.csv", "status", lambda _: "active")],
        {"status-in-bulk": "users"},
    ),
    "an optional file missing": ([removed("resources.csv"), said("resources", "absent")], {}),
    "a strange file": (
        [lambda files: files.update({"buses.csv": b"id,route\n1,2\n"})],
        {"file-unknown": "manifest"},
    ),
    "what systems leave": (
        [lambda files: files.update({"__MACOSX/._users.csv": b"\0\0", ".DS_Store": b"\0"})],
        {},
    ),
    "not in the manifest": (
        [said("orgs", "yes")],
        {"manifest-file": "manifest"},
    ),
}


@pytest.mark.parametrize("name", SAME)
@pytest.mark.parametrize("version", VERSIONS)
def test_deviations_are_read_and_reported_once(version: str, name: str) -> None:
    changes, expected = SAME[name]
    plain = read(changed(version=version))
    content = changed(*changes, version=version)
    assert codes(content) == expected
    roster = read(content)
    skipped = {"resources"} if name == "an optional file missing" else set()
    for table_name in TABLES:
        if table_name in skipped:
            assert roster.table(table_name).empty
            continue
        frame, same = roster.table(table_name), plain.table(table_name)
        if name == "Windows-1252":
            # What that encoding lacks was written as a reference.
            frame = frame.replace("&#.*;", "", regex=True)
            same = same.loc[:, list(same)]
            letters = same.map(
                lambda v: v.encode("cp1252", "ignore").decode("cp1252") if isinstance(v, str) else v
            )
            pd.testing.assert_frame_equal(frame.astype(str), letters.astype(str))
            continue
        if name == "mixed encodings" and table_name == "users":
            assert frame["givenName"].str.contains("\ufffd").sum() == 0
            frame, same = frame.drop(index=[1]), same.drop(index=[1])
        extra = [c for c in frame if c.startswith("metadata.") and c not in same]
        pd.testing.assert_frame_equal(frame.drop(columns=extra), same)


def test_files_one_folder_down() -> None:
    content = changed(prefix="export/nightly/")
    assert codes(content) == {"file-folder": "manifest"}
    assert len(read(content).users) == 371


def test_additions_and_leading_zeros_survive() -> None:
    content = changed(
        added("users.csv", "ext_bus", "012"), column("users.csv", "grades", lambda g: g and "06")
    )
    users = read(content).users
    assert set(users["metadata.ext_bus"]) == {"012"}
    assert set(users["grades"].dropna()) == {"06"}
    assert users["userIds"].dropna().str.startswith("{").all()


def test_empty_grades_stay_empty_if_a_vendor_adds_columns() -> None:
    content = changed(
        added("users.csv", "metadata.grades", "sixth"), column("users.csv", "grades", lambda _: "")
    )
    users = read(content).users
    assert users["grades"].isna().all()
    assert set(users["metadata.grades"]) == {"sixth"}


def test_tables_beyond_the_canonical_are_kept_as_found_without_credentials() -> None:
    files = demo("1.2")
    header = "sourcedId,userSourcedId,profileType,vendorId,applicationId,description"
    profile = (
        f"{header},credentialType,username,password\np1,18001,app,v1,a1,Maps,pin,elijah,1234\n"
    )
    files["userProfiles.csv"] = profile.encode()
    files["scoreScales.csv"] = b"sourcedId,title,type\ns1,Letters,letter\n"
    roster = read(packed(files | {"manifest.csv": b"propertyName,value\noneroster.version,1.2\n"}))
    (row,) = roster.user_profiles.to_dict("records")
    assert (row["userSourcedId"], row["vendorId"], row["status"]) == ("18001", "v1", "active")
    assert not {"credentialType", "username", "password"} & set(roster.user_profiles)
    (scale,) = roster.table("scoreScales").to_dict("records")
    assert (scale["sourcedId"], scale["title"], scale["type"]) == ("s1", "Letters", "letter")
    assert set(onb.check(roster)["code"]) == {"manifest-file"}  # of files it does not name


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", TABLES)
def test_a_part_of_a_roster_is_a_bundle(version: str, name: str, tmp_path: Path) -> None:
    part = onb.Roster({name: small_district()[name]})
    with warnings.catch_warnings():
        # Line items without their classes lack the school that 1.2 requires; 1.1 has no roles.
        warnings.simplefilter("ignore", onb.PartialResultWarning)
        after = read(part.to_csv_bundle(tmp_path / "x.zip", version))
    if (name, version) not in (("roles", "1.1"), ("users", "1.1")):
        assert len(after.table(name)) == len(part.table(name))


def test_rows_with_too_many_or_few_values_lose_nothing() -> None:
    files = demo()
    header, rows = table(files["orgs.csv"])
    lines = [",".join(header), ",".join(rows[0][:4]), ",".join([*rows[1], "", "more", "yet"])]
    files["orgs.csv"] = ("\n".join(lines) + "\n").encode()
    content = packed(files)
    findings = onb.CsvConnector(content).findings
    (found,) = findings.loc[findings["table"] == "orgs"].to_dict("records")
    assert (found["code"], "2 rows" in found["message"]) == ("row-ragged", True)
    orgs = read(content).orgs
    assert orgs["name"].tolist() == [rows[0][3], rows[1][3]]
    assert orgs["metadata.surplus"].tolist()[1] == "more,yet"


@pytest.mark.parametrize(
    ("values", "expected", "word"),
    [
        (["1/05/2023", "17/05/2023"], ["2023-05-01", "2023-05-17"], "day first"),
        (["1/05/2023", "1/17/2023"], ["2023-01-05", "2023-01-17"], "month first"),
        (["1/05/2023", "2/06/2023"], ["2023-01-05", "2023-02-06"], "guess"),
        (["5-1-2023", "2023-02-06"], ["2023-05-01", "2023-02-06"], "guess"),
    ],
)
def test_dates_are_read_by_what_leaves_no_doubt(
    values: list[str], expected: list[str], word: str
) -> None:
    files = demo()
    header, rows = table(files["academicSessions.csv"])
    place = header.index("startDate")
    for row, value in zip(rows, values, strict=False):
        row[place] = value
    files["academicSessions.csv"] = written(header, rows[:2])
    conn = onb.CsvConnector(packed(files))
    days = conn.get_academic_sessions()["startDate"].dt.strftime("%Y-%m-%d").tolist()
    assert days == expected
    assert conn.findings.loc[0, "message"].endswith(f"{word}.")
    assert conn.findings.loc[0, "field"] == "startDate"


def test_values_that_cannot_be_read_are_missing_and_found() -> None:
    content = changed(
        column("enrollments.csv", "primary", lambda v: "perhaps" if v == "true" else v),
        column("demographics.csv", "birthDate", lambda _: "13/13/2013"),
    )
    findings = onb.CsvConnector(content).findings
    wrong = findings.loc[findings["code"] == "value-unreadable"]
    assert wrong["field"].value_counts().to_dict() == {"birthDate": 139, "primary": 88}
    assert wrong["sourcedId"].notna().all()
    assert wrong["message"].str.contains("'perhaps'").sum() == 88
    assert read(content).demographics["birthDate"].isna().all()


def test_keys_that_come_again() -> None:
    def again(files: dict[str, bytes]) -> None:
        header, rows = table(files["courses.csv"])
        other = [rows[0][0], *rows[2][1:]]
        files["courses.csv"] = written(header, [*rows, rows[0], other, ["", *rows[1][1:]]])

    conn = onb.CsvConnector(changed(again))
    with pytest.warns(onb.errors.DuplicateKeyWarning, match="1 rows"):
        assert set(conn.findings["code"]) == {"key-repeated", "row-repeated", "key-missing"}
    assert conn.get_courses()["sourcedId"].dropna().is_unique


def test_check_adds_what_reading_found() -> None:
    content = changed(
        removed("manifest.csv"), column("users.csv", "email", lambda v: v.replace("@", " at "))
    )
    findings = onb.check(onb.CsvConnector(content), progress=False)
    assert set(findings["code"]) == {"manifest-missing", "email-malformed"}


# --- what changed ------------------------------------------------------------------------------


def delta(version: str, **tables: list[dict[str, str]]) -> bytes:
    """Make a delta of some rows."""
    base = demo(version)
    lines = [["oneroster.version", version], *([f"file.{name}", "delta"] for name in tables)]
    files = {"manifest.csv": written(["propertyName", "value"], lines)}
    for name, rows in tables.items():
        header, _ = table(base[f"{name}.csv"])
        stamp = {"dateLastModified": "2026-11-20T08:00:00Z"}
        files[f"{name}.csv"] = written(
            header, [[{**stamp, **row}.get(column, "") for column in header] for row in rows]
        )
    return packed(files)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_delta_changes_adds_and_marks(roster: onb.Roster, version: str) -> None:
    before = {name: roster.table(name).copy() for name in TABLES}
    user = {"givenName": "Nia", "familyName": "New", "enabledUser": "true", "username": "nia"}
    role: dict[str, Any] = {"role": "student", "orgSourcedIds": "7"}
    old = {"givenName": "Elijah", "familyName": "Moved", "enabledUser": "true", "username": "e"}
    tables: dict[str, Any] = {
        "users": [
            {"sourcedId": "n1", "status": "active", **user, **role},
            {"sourcedId": "18001", "status": "active", **old, **role},
            {"sourcedId": "18002", "status": "tobedeleted"},
        ],
        "classes": [{"sourcedId": "31763", "status": "tobedeleted", "title": "gone"}],
    }
    if version == "1.2":
        tables["roles"] = [
            {
                "sourcedId": f"{key}@{org}",
                "status": status,
                "userSourcedId": key,
                "roleType": "primary",
                "role": "student",
                "orgSourcedId": org,
            }
            for key, org, status in (
                ("n1", "7", "active"),
                ("18001", "7", "active"),
                ("18001", "2", "tobedeleted"),
            )
        ]
    after = roster.apply_delta(delta(version, **tables), progress=False)
    assert len(after.users) == 372
    assert after.users["sourcedId"].iloc[-1] == "n1"
    assert len(after.get_users("students")) == 139  # one more, one to be deleted
    assert len(after.get_users("students", "schools", "7")) == 56
    moved = after.users.loc[after.users["sourcedId"] == "18001"].iloc[0]
    assert (moved["familyName"], moved["orgSourcedIds"], moved["primaryOrgSourcedId"]) == (
        "Moved",
        "7",
        "7",
    )
    assert len(after.get_users("students", status="all")) == 140
    assert after.classes["status"].value_counts().to_dict() == {"active": 87, "tobedeleted": 1}
    for name, table_before in before.items():  # the old roster is as it was
        pd.testing.assert_frame_equal(roster.table(name), table_before)


def test_a_delta_is_not_asked_by_itself(roster: onb.Roster) -> None:
    content = delta("1.1", users=[{"sourcedId": "n1", "status": "active"}])
    conn = onb.CsvConnector(content)
    for ask in (conn.get_roster, conn.get_users, lambda: onb.check(conn)):
        with pytest.raises(onb.BundleError, match="apply_delta"):
            ask()


def test_a_bulk_file_replaces_a_table(roster: onb.Roster) -> None:
    after = roster.apply_delta(changed(column("courses.csv", "title", lambda v: v + "!")))
    assert after.courses["title"].str.endswith("!").all()
    assert len(after.users) == 371


def test_a_delta_may_point_nowhere(roster: onb.Roster) -> None:
    row = {"sourcedId": "c1", "status": "active", "title": "x", "courseSourcedId": "nowhere"}
    with pytest.warns(onb.DanglingReferenceWarning, match=r"classes\.courseSourcedId"):
        roster.apply_delta(delta("1.1", classes=[row]))


def test_a_closed_bundle_is_read_again_as_it_is_then(tmp_path: Path) -> None:
    tables = small_district()
    conn = onb.CsvConnector(onb.Roster(tables).to_csv_bundle(tmp_path / "nightly.zip"))
    assert len(conn.get_users("students", "classes", "31763")) == 3
    assert conn.headcounts()["students"] == 139
    enrolled = tables["enrollments"].query("classSourcedId == '31763' and role == 'student'")
    gone = enrolled["userSourcedId"].iloc[0]
    for name, key in (
        ("users", "sourcedId"),
        ("demographics", "sourcedId"),
        ("roles", "userSourcedId"),
        ("enrollments", "userSourcedId"),
        ("results", "studentSourcedId"),
    ):
        tables[name] = tables[name].loc[tables[name][key] != gone].reset_index(drop=True)
    conn.close()
    (tmp_path / "nightly.zip").unlink()
    onb.Roster(tables).to_csv_bundle(tmp_path / "nightly.zip")
    assert len(conn.get_users("students", "classes", "31763")) == 2
    assert conn.headcounts()["students"] == 138
