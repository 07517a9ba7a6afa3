"""Bundles that deviate in their manifest, names and files: what is there is read, or named."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from helpers.bundles import (
    Change,
    Files,
    changed,
    column,
    demo,
    packed,
    raw,
    removed,
    table,
    written,
)

import oneroster_nb as onb
from oneroster_nb.tables.field import Kind
from oneroster_nb.tables.table import TABLES


def read(content: Any) -> onb.Roster:
    return onb.CsvConnector(content).get_roster(progress=False)


def told(content: Any) -> set[tuple[str, str]]:
    pairs = told_of(content)
    assert len(pairs) == len(set(pairs))  # each kind once
    return set(pairs)


def told_of(content: Any) -> list[tuple[str, str]]:
    findings = onb.CsvConnector(content).findings
    return list(zip(findings["code"], findings["table"], strict=True))


def same(content: Any, *but: str) -> None:
    """See that a bundle gives the tables of the demo, some of them excepted."""
    roster, plain = read(content), read(packed(demo()))
    for name in TABLES:
        if name not in but:
            pd.testing.assert_frame_equal(roster.table(name), plain.table(name))


# --- the manifest ------------------------------------------------------------------------------


def manifest(change: Callable[[list[list[str]]], list[list[str]]]) -> Change:
    def apply(files: Files) -> None:
        header, rows = table(files["manifest.csv"])
        first, *rest = change([header, *rows])
        files["manifest.csv"] = written(first, rest)

    return apply


MANIFESTS: dict[str, Callable[[list[list[str]]], list[list[str]]]] = {
    "another head": lambda rows: [["propertyName", "propertyValue"], *rows[1:]],
    "swapped columns": lambda rows: [row[::-1] for row in rows],
    "a comment line first": lambda rows: [["# made by the nightly export, v2"], *rows],
    "a comment line later": lambda rows: [*rows[:3], ["# tables", ""], *rows[3:]],
    "no head": lambda rows: rows[1:],
    "a third column": lambda rows: (
        [["propertyName", "description", "value"]] + [[row[0], "", row[1]] for row in rows[1:]]
    ),
    "a comment, swapped, another head": lambda rows: (
        [["// export"], ["propertyValue", "propertyName"]] + [row[::-1] for row in rows[1:]]
    ),
}


@pytest.mark.parametrize("name", MANIFESTS)
def test_a_manifest_is_read_in_any_format(name: str) -> None:
    content = changed(manifest(MANIFESTS[name]))
    assert told(content) == {("manifest-format", "manifest")}
    same(content)


def test_blank_lines_and_spaces_in_a_manifest_are_no_deviation() -> None:
    content = changed(
        manifest(lambda rows: [rows[0], [""], *([f" {k} ", f" {v.upper()}"] for k, v in rows[1:])])
    )
    assert told(content) == set()
    same(content)


def test_a_manifest_counts_in_any_format() -> None:
    swapped = manifest(lambda rows: [row[::-1] for row in rows])
    with pytest.raises(onb.BundleError, match=r"incomplete.*courses\.csv"):
        read(changed(swapped, removed("courses.csv")))


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ("file.catagories", "categories"),
        ("file.academicSession", "academicSessions"),
        ("file.Demographic", "demographics"),
        ("file.enrolments", "enrollments"),
        ("files.lineItems.csv", "lineItems"),
    ],
)
def test_a_misspelt_file_in_a_manifest_is_the_one_that_is_meant(wrong: str, name: str) -> None:
    content = changed(
        manifest(lambda rows: [[wrong if k == f"file.{name}" else k, v] for k, v in rows])
    )
    expected = set() if wrong.endswith(".csv") else {("manifest-file", "manifest")}
    assert told(content) == expected
    same(content)


def test_a_bundle_without_a_misspelt_file_is_incomplete() -> None:
    misspelt = manifest(
        lambda rows: [["file.catagories" if k == "file.categories" else k, v] for k, v in rows]
    )
    with pytest.raises(onb.BundleError, match=r"categories\.csv"):
        read(changed(misspelt, removed("categories.csv")))


def test_a_strange_file_that_the_manifest_names_is_left_alone() -> None:
    content = changed(
        manifest(lambda rows: [*rows, ["file.buses", "bulk"]]),
        lambda files: files.update({"buses.csv": b"id,route\n1,2\n"}),
    )
    assert told(content) == {("file-unknown", "manifest")}
    same(content)


# --- the files ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "right"),
    [("catagories.csv", "categories"), ("User.csv", "users"), ("enrolments.csv", "enrollments")],
)
def test_a_misspelt_file_name_is_the_one_that_is_meant(wrong: str, right: str) -> None:
    content = changed(lambda files: files.update({wrong: files.pop(f"{right}.csv")}))
    assert told(content) == {("file-name", right)}
    same(content)


def test_a_like_name_beside_the_right_one_is_strange() -> None:
    content = changed(lambda files: files.update({"user.csv": b"sourcedId\n1\n"}))
    assert told(content) == {("file-unknown", "manifest")}
    same(content)


@pytest.mark.parametrize("content", [b"", b"\n", b"\r\n\r\n", b"\xef\xbb\xbf"])
def test_an_empty_bulk_file_is_a_table_without_rows(content: bytes) -> None:
    files = ("categories.csv", "demographics.csv", "resources.csv")
    changes = [raw(name, lambda _: content) for name in files]
    bundle = changed(
        *changes,
        removed(
            "classResources.csv",
            "courseResources.csv",
            "lineItems.csv",
            "results.csv",
            "manifest.csv",
        ),
    )
    expected = {("file-empty", name.removesuffix(".csv")) for name in files}
    assert {pair for pair in told(bundle) if pair[0] == "file-empty"} == expected
    roster = read(bundle)
    assert [len(roster.table(name.removesuffix(".csv"))) for name in files] == [0, 0, 0]
    assert len(roster.users) == 371


def test_an_empty_file_of_what_every_roster_has_warns() -> None:
    with pytest.warns(onb.PartialResultWarning, match=r"courses\.csv is empty"):
        roster = read(changed(raw("courses.csv", lambda _: b"")))
    assert (len(roster.courses), len(roster.classes)) == (0, 88)


def test_demographics_are_known_by_the_id_of_the_user() -> None:
    def apply(files: Files) -> None:
        header, rows = table(files["demographics.csv"])
        header[header.index("sourcedId")] = "userSourcedId"
        files["demographics.csv"] = written(header, rows)

    content = changed(apply)
    assert told(content) == {("column-old", "demographics")}
    same(content)


def test_demographics_with_an_id_of_their_own_are_known_by_that_of_the_user() -> None:
    def apply(files: Files) -> None:
        header, rows = table(files["demographics.csv"])
        rows = [[f"d{place}", *row[1:], row[0]] for place, row in enumerate(rows)]
        files["demographics.csv"] = written([*header, "userSourcedId"], rows)

    content = changed(apply)
    same(content, "demographics")
    roster = read(content)
    assert roster.demographics["sourcedId"].isin(roster.users["sourcedId"]).all()
    assert roster.demographics["metadata.sourcedId"].iloc[0] == "d0"


OLD_NAMES = {
    "users.csv": {"userIds": "userId", "agentSourcedIds": "agents", "grades": "grade"},
    "classes.csv": {"grades": "grade", "termSourcedIds": "termSourcedId"},
    "courses.csv": {"grades": "grade", "schoolYearSourcedId": "schoolYearId"},
    "demographics.csv": {"sourcedId": "userSourcedId", "birthDate": "birthdate"},
}
NEW_COLUMNS = {
    "users.csv": ("enabledUser", "middleName", "password"),
    "classes.csv": ("subjectCodes", "periods"),
    "courses.csv": ("subjectCodes",),
    "academicSessions.csv": ("schoolYear",),
    "enrollments.csv": ("beginDate", "endDate"),
}


def test_a_set_of_oneroster_1_0_is_read() -> None:
    files = {
        name: content
        for name, content in demo().items()
        if name in {*OLD_NAMES, *NEW_COLUMNS, "orgs.csv", "enrollments.csv"}
    }
    for name, content in files.items():
        header, rows = table(content)
        kept = [at for at, c in enumerate(header) if c not in NEW_COLUMNS.get(name, ())]
        names = [OLD_NAMES.get(name, {}).get(header[at], header[at]) for at in kept]
        files[name] = written(names, [[row[at] for at in kept] for row in rows])
    content = packed(files)
    assert told(content) == {
        ("manifest-missing", "manifest"),
        ("column-name", "demographics"),
        *(("column-old", name.removesuffix(".csv")) for name in OLD_NAMES),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", onb.RosterWarning)
        roster = read(content)
    plain = read(packed(demo()))
    for name in ("users", "classes", "courses", "demographics", "orgs"):
        gone = NEW_COLUMNS.get(f"{name}.csv", ())
        shown = [c for c in plain.table(name) if c not in gone]
        pd.testing.assert_frame_equal(roster.table(name)[shown], plain.table(name)[shown])
    assert len(roster.get_users("students", "classes", "31763")) == 3


# --- values ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words", [("TRUE", "FALSE"), ("True", "False"), ("1.0", "0.0"), (" true", "false ")]
)
def test_booleans_in_other_words_are_one_info_a_file(words: tuple[str, str]) -> None:
    def word(value: str) -> str:
        return {"true": words[0], "false": words[1]}.get(value, value)

    header, _ = table(demo()["demographics.csv"])
    races = [name for name in header if TABLES["demographics"].columns[name] is Kind.BOOLEAN]
    content = changed(
        column("enrollments.csv", "primary", word),
        *(
            column("demographics.csv", name, word)
            for name in races
            if name not in ("sourcedId", "sex")
        ),
    )
    findings = onb.CsvConnector(content).findings
    assert set(findings["severity"]) == {"info"}
    assert told(content) == {("boolean-format", "enrollments"), ("boolean-format", "demographics")}
    assert len(findings) == 2
    same(content)


@pytest.mark.parametrize("time", [" 00:00:00", "T00:00:00Z", " 00:00:00.000"])
def test_dates_with_a_time_are_one_finding_a_column(time: str) -> None:
    content = changed(
        column("enrollments.csv", "beginDate", lambda day: day and day + time),
        column("enrollments.csv", "endDate", lambda day: day and day + time),
        column("demographics.csv", "birthDate", lambda day: day and day + time),
    )
    findings = onb.CsvConnector(content).findings
    assert sorted(findings["field"]) == ["beginDate", "birthDate", "endDate"]
    assert set(findings["code"]) == {"date-format"}
    same(content)


# --- sets of other kinds -----------------------------------------------------------------------


SETS: dict[str, tuple[dict[str, str], str]] = {
    "SDS V1": (
        {
            "School.csv": "SIS ID,Name\n1,North\n",
            "Section.csv": "SIS ID,School SIS ID,Section Name\n1,1,Art\n",
            "Student.csv": "SIS ID,School SIS ID,Username\n1,1,ann\n",
            "Teacher.csv": "SIS ID,School SIS ID,Username\n2,1,bo\n",
            "StudentEnrollment.csv": "Section SIS ID,SIS ID\n1,1\n",
            "TeacherRoster.csv": "Section SIS ID,SIS ID\n1,2\n",
        },
        r"School Data Sync \(SDS V1\)",
    ),
    "SDS V2.1": (
        {
            "orgs.csv": "sourcedId,name,type,parentSourcedId\n1,North,school,\n",
            "users.csv": "sourcedId,username,familyName,givenName\n1,ann,Lee,Ann\n",
            "roles.csv": "userSourcedId,orgSourcedId,role,sessionSourcedId\n1,1,student,\n",
            "classes.csv": "sourcedId,orgSourcedId,title\n1,1,Art\n",
            "enrollments.csv": "classSourcedId,userSourcedId,role\n1,1,student\n",
        },
        r"School Data Sync \(SDS V2\.1\)",
    ),
    "Clever": (
        {
            "schools.csv": "School_id,School_name\n1,North\n",
            "students.csv": "School_id,Student_id\n1,1\n",
            "teachers.csv": "School_id,Teacher_id\n1,2\n",
            "sections.csv": "School_id,Section_id\n1,1\n",
            "enrollments.csv": "School_id,Section_id,Student_id\n1,1,1\n",
        },
        "CSV files for Clever",
    ),
}


@pytest.mark.parametrize("name", SETS)
def test_sets_of_other_kinds_are_refused_with_what_they_are(name: str, tmp_path: Path) -> None:
    files, words = SETS[name]
    for file, text in files.items():
        (tmp_path / file).write_text(text)
    for ask in (read, lambda path: onb.check(onb.CsvConnector(path), progress=False)):
        with pytest.raises(onb.BundleError, match=words):
            ask(tmp_path)


@pytest.mark.parametrize(
    ("name", "right"),
    [
        ("Organizations.csv", "orgs"),
        ("Sections.csv", "classes"),
        ("export_of_users_2026.csv", "users"),
        ("terms.csv", "academicSessions"),
    ],
)
@pytest.mark.parametrize("with_manifest", [True, False])
def test_a_file_under_another_name_is_refused_with_what_it_is(
    name: str, right: str, *, with_manifest: bool
) -> None:
    changes = [lambda files: files.update({name: files.pop(f"{right}.csv")})]
    if not with_manifest:
        changes.append(removed("manifest.csv"))
    with pytest.raises(onb.BundleError) as caught:
        read(changed(*changes))
    assert name in str(caught.value)
    assert f"{right}.csv" in str(caught.value)


def test_files_of_ones_own_are_left_alone() -> None:
    own = {
        "busMap.csv": b"sourcedId,userSourcedId,orgSourcedId\n1,1,1\n",
        "students.csv": b"id,name\n1,Ann\n",
        "old_users.csv": demo()["users.csv"],
    }
    content = changed(lambda files: files.update(own))
    assert {code for code, _ in told_of(content)} == {"file-unknown"}
    same(content)


# --- what cannot be read, and the rest -----------------------------------------------------------


def broken(name: str) -> Change:
    return raw(f"{name}.csv", lambda data: data[:300] + b"\0" + data[300:])


@pytest.mark.parametrize("name", ["enrollments", "users", "demographics", "orgs", "results"])
def test_one_file_that_cannot_be_read_does_not_keep_check_from_the_rest(name: str) -> None:
    content = changed(broken(name), column("classes.csv", "classType", lambda v: v + "x"))
    findings = onb.check(onb.CsvConnector(content), progress=False)
    (row,) = findings.loc[findings["code"] == "file-unreadable"].to_dict("records")
    assert (row["severity"], row["table"]) == ("error", name)
    assert "NUL" in row["message"]
    assert (findings["code"] == "value-unknown").sum() == 88
    # What follows from the file that is not there is not told again.
    assert set(findings["code"]) <= {"file-unreadable", "value-unknown"}
    for ask in (read, lambda bundle: onb.CsvConnector(bundle).get_users("students")):
        with pytest.raises(onb.BundleError, match="NUL"):
            ask(content)


def test_several_unreadable_files_are_reported_together() -> None:
    content = changed(broken("users"), broken("courses"), removed("classes.csv"))
    findings = onb.check(onb.CsvConnector(content), progress=False)
    unread = findings.loc[findings["code"] == "file-unreadable", "table"]
    assert set(unread) == {"users", "courses", "classes"}
    assert findings["message"].str.contains("incomplete").any()


def test_check_raises_if_the_source_is_not_a_bundle(tmp_path: Path) -> None:
    with pytest.raises(onb.BundleError, match="There is no bundle"):
        onb.check(onb.CsvConnector(tmp_path / "none.zip"), progress=False)
