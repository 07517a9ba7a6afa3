"""One reason why many rows do not find each other is one finding, from every source."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from helpers.district import small_district

import oneroster_nb as onb
from oneroster_nb.demo.server.embedded import DemoServer
from oneroster_nb.tables.table import join_values, split_text

Tables = dict[str, pd.DataFrame]
Change = Callable[[Tables], None]
SOURCES = ["live 1.1", "live 1.2", "csv 1.1", "csv 1.2", "saved"]


@contextmanager
def source(kind: str, tables: Tables, path: Path) -> Iterator[Any]:
    """Return a district as a source of some kind."""
    roster = onb.Roster(tables)
    way, _, version = kind.partition(" ")
    if way == "csv":
        yield onb.CsvConnector(roster.to_csv_bundle(path / "x.zip", version))
    elif way == "saved":
        yield onb.Roster.load(roster.save(path / "saved"))
    else:
        with DemoServer(tables) as server:
            new = {"token_url": server.token_url} if version == "1.2" else {}
            host = server.host_v1p2 if new else server.host
            with onb.OneRosterConnector(
                host, server.client_id, server.client_secret, **new
            ) as conn:
                yield conn


def changed(table: str, column: str, change: Callable[[str], str]) -> Change:
    """Write each id of a column otherwise, also within a list of ids."""

    def apply(tables: Tables) -> None:
        def text(value: str) -> str:
            return join_values(change(part) for part in split_text(value))

        values = tables[table][column].map(text, na_action="ignore").astype("str")
        tables[table] = tables[table].assign(**{column: values})

    return apply


def padded(key: str) -> str:
    return key.zfill(8) if key.isdigit() else key


def keys(change: Callable[[str], str]) -> Change:
    """Write the ids of classes otherwise everywhere."""

    def apply(tables: Tables) -> None:
        changed("classes", "sourcedId", change)(tables)
        for name in ("enrollments", "classResources", "lineItems", "results"):
            changed(name, "classSourcedId", change)(tables)

    return apply


def in_enrollments(change: Callable[[str], str]) -> Change:
    return changed("enrollments", "classSourcedId", change)


CAUSES: dict[str, tuple[list[Change], str]] = {
    "decimals": ([in_enrollments("{}.0".format)], "id-number"),
    "leading zeros": ([keys(padded), in_enrollments(lambda key: key.lstrip("0"))], "id-number"),
    "case": ([keys("class-{}".format), in_enrollments(str.upper)], "id-case"),
    "braces": ([in_enrollments("{{{}}}".format)], "id-braces"),
    "spaces": ([in_enrollments(" {} ".format)], "id-braces"),
    "braces and case": (
        [keys("{{a-{}}}".format), in_enrollments(lambda k: k.strip("{}").upper())],
        "id-braces",
    ),
    "composition": (
        [
            keys("é{}".format),
            in_enrollments(lambda k: k.replace("é", "e\N{COMBINING ACUTE ACCENT}")),
        ],
        "id-composition",
    ),
    "rounded": ([in_enrollments("1.{}E+11".format)], "id-number"),
    "another field": (
        [
            changed("classes", "classCode", lambda _: ""),
            lambda tables: tables["classes"].update(
                pd.DataFrame({"classCode": "code-" + tables["classes"]["sourcedId"]})
            ),
            in_enrollments("code-{}".format),
        ],
        "id-other",
    ),
    "another kind": ([in_enrollments("elsewhere-{}".format)], "id-other"),
}


@pytest.mark.parametrize(
    ("kind", "name"),
    [("saved", name) for name in CAUSES] + [(kind, "leading zeros") for kind in SOURCES[:-1]],
)
def test_ids_that_would_fit_are_one_finding(kind: str, name: str, tmp_path: Path) -> None:
    changes, code = CAUSES[name]
    tables = small_district()
    tables["classes"] = tables["classes"].copy()
    for change in changes:
        change(tables)
    with source(kind, tables, tmp_path) as conn:
        findings = onb.check(conn, progress=False)
    # Braces and accents are signs that strict readers refuse, which is a finding of its own.
    findings = findings.loc[findings["code"] != "id-signs"]
    (row,) = findings.to_dict("records")
    assert (row["severity"], row["code"]) == ("error", code)
    assert row["table"] == ("enrollments" if code == "id-other" else "classes")
    assert row["explains"] == len(tables["enrollments"]) == 847
    first = tables["enrollments"]["classSourcedId"].iloc[0]
    assert (first in row["message"]) == (code != "id-other")


def test_ids_in_lists_and_of_several_tables_are_counted_together() -> None:
    tables = small_district()
    for column in ("users.orgSourcedIds", "users.primaryOrgSourcedId", "classes.schoolSourcedId"):
        changed(*column.split(".", 1), "{}.0".format)(tables)
    (row,) = onb.check(onb.Roster(tables)).to_dict("records")
    lists = tables["users"]["orgSourcedIds"].str.split(",").explode().count()
    primary = tables["users"]["primaryOrgSourcedId"].count()
    assert (row["code"], row["table"]) == ("id-number", "orgs")
    assert row["explains"] == lists + primary + len(tables["classes"])
    assert "88 in classes.schoolSourcedId" in row["message"]


def test_ids_that_fit_nothing_are_still_found_one_by_one() -> None:
    tables = small_district()
    in_enrollments(lambda key: f"{key}.0" if key != "31763" else "gone")(tables)
    findings = onb.check(onb.Roster(tables))
    mine = findings.loc[findings["table"] == "classes", ["code", "sourcedId"]]
    assert set(map(tuple, mine.fillna("").to_numpy())) >= {
        ("id-number", ""),
        ("reference-unknown", "gone"),
        ("class-without-student", "31763"),
    }
    assert (findings["code"] == "class-without-student").sum() == 1


def test_a_table_is_not_changed_by_its_check() -> None:
    tables = small_district()
    in_enrollments("{}.0".format)(tables)
    roster = onb.Roster(tables)
    onb.check(roster)
    pd.testing.assert_frame_equal(roster.enrollments, tables["enrollments"])


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda row: row["identifier"], "users.identifier"),
        (lambda row: row["userIds"].strip("{}").partition(":")[2], "users.userIds"),
        (lambda row: "d-" + row["sourcedId"], "none of 139"),
    ],
)
@pytest.mark.parametrize("kind", SOURCES)
def test_demographics_under_other_ids_are_one_finding(
    kind: str, change: Callable[[dict[str, str]], str], word: str, tmp_path: Path
) -> None:
    tables = small_district()
    users = tables["users"].assign(userIds="{FED:f" + tables["users"]["sourcedId"] + "}")
    tables["users"] = users
    ids = {row["sourcedId"]: change(row) for row in users.to_dict("records")}
    changed("demographics", "sourcedId", ids.__getitem__)(tables)
    with source(kind, tables, tmp_path) as conn:
        (row,) = onb.check(conn, progress=False).to_dict("records")
    assert (row["code"], row["table"], row["explains"]) == ("id-other", "demographics", 139)
    assert word in row["message"]


def per_school(tables: Tables) -> list[str]:
    """Give ten students of one school a record at another one, as Ed-Fi does."""
    users = tables["users"]
    people = users.loc[(users["role"] == "student") & (users["orgSourcedIds"] == "2")].head(10)
    again = people.assign(
        sourcedId=people["sourcedId"] + "-7", orgSourcedIds="7", primaryOrgSourcedId="7"
    )
    tables["users"] = pd.concat([users, again], ignore_index=True)
    roles = tables["roles"]
    mine = roles.loc[roles["userSourcedId"].isin(people["sourcedId"])]
    mine = mine.assign(
        sourcedId=mine["sourcedId"] + "-7",
        userSourcedId=mine["userSourcedId"] + "-7",
        orgSourcedId="7",
    )
    tables["roles"] = pd.concat([roles, mine], ignore_index=True)
    old = tables["enrollments"]
    at_7 = tables["classes"].loc[tables["classes"]["schoolSourcedId"] == "7", "sourcedId"].iloc[0]
    mine = old.loc[old["userSourcedId"].isin(people["sourcedId"])].drop_duplicates("userSourcedId")
    mine = mine.assign(
        sourcedId=mine["sourcedId"] + "-7",
        userSourcedId=mine["userSourcedId"] + "-7",
        classSourcedId=at_7,
        schoolSourcedId="7",
    )
    tables["enrollments"] = pd.concat([old, mine], ignore_index=True)
    born = tables["demographics"]
    mine = born.loc[born["sourcedId"].isin(people["sourcedId"])]
    mine = mine.assign(sourcedId=mine["sourcedId"] + "-7")
    tables["demographics"] = pd.concat([born, mine], ignore_index=True)
    return people["sourcedId"].tolist()


@pytest.mark.parametrize("shared", ["userIds", "identifier", "both"])
@pytest.mark.parametrize("kind", SOURCES)
def test_a_record_for_each_school_is_said_once_and_names_the_people(
    kind: str, shared: str, tmp_path: Path
) -> None:
    tables = small_district()
    people = per_school(tables)
    if shared != "both":
        tables["users"]["identifier" if shared == "userIds" else "userIds"] = None
    with source(kind, tables, tmp_path) as conn:
        (row,) = onb.check(conn, progress=False).to_dict("records")
    assert (row["code"], row["table"], row["explains"]) == ("record-per-school", "users", 10)
    assert "20 users are 10 people" in row["message"]
    for key in people:
        assert f"{key} = {key}-7" in row["message"]


@pytest.mark.parametrize("kind", SOURCES)
def test_an_answer_says_how_many_people_its_users_are(kind: str, tmp_path: Path) -> None:
    tables = small_district()
    per_school(tables)
    with source(kind, tables, tmp_path) as conn:
        with pytest.warns(onb.SeveralRecordsWarning, match=r"20 of these users are 10 people") as w:
            answer = conn.get_users("students")
        assert len(w) == 1
        at_one = conn.get_users("students", "schools", "2")  # where each is once: no warning
    assert len(answer) == 149
    assert "10 people" in answer.attrs["footnote"]
    assert "footnote" not in at_one.attrs


def test_people_of_one_identifier_who_are_not_one_are_left_alone() -> None:
    tables = small_district()
    users = tables["users"]
    tables["users"] = users.assign(identifier="0000", userIds=None)
    assert onb.check(onb.Roster(tables)).empty
    # One person at one school under two ids is another matter.
    per_school(tables)
    again = tables["users"]["sourcedId"].str.endswith("-7")
    tables["users"].loc[again, ["orgSourcedIds", "primaryOrgSourcedId"]] = "2"
    assert "record-per-school" not in set(onb.check(onb.Roster(tables))["code"])


def test_orgs_of_one_identifier_are_one_finding() -> None:
    tables = small_district()
    orgs = tables["orgs"]
    again = orgs.loc[orgs["type"] == "school"].assign(sourcedId=lambda t: t["sourcedId"] + "-b")
    tables["orgs"] = pd.concat([orgs, again], ignore_index=True)
    findings = onb.check(onb.Roster(tables))
    (row,) = findings.loc[findings["code"] == "record-per-school"].to_dict("records")
    assert (row["table"], row["explains"]) == ("orgs", 3)
    assert "2 = 2-b" in row["message"]


def test_numbers_as_pandas_writes_them_are_one_finding_a_column() -> None:
    tables = small_district()
    tables["classes"] = tables["classes"].assign(location="302.0", classCode="7")
    tables["users"] = tables["users"].assign(
        grades=tables["users"]["grades"].map(
            lambda grade: f"{int(grade)}.0" if isinstance(grade, str) and grade.isdigit() else grade
        )
    )
    grades = small_district()["users"]["grades"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", onb.RosterWarning)
        roster = onb.Roster(tables)
    pd.testing.assert_series_equal(roster.users["grades"], grades)  # 9.0 is the grade 09
    findings = onb.check(roster)
    assert set(findings["code"]) == {"value-number"}
    told = dict(zip(findings["field"], findings["explains"], strict=True))
    assert told == {"location": 88, "grades": int(grades.str.isdigit().sum())}


def test_references_to_rows_marked_tobedeleted_have_no_root_cause() -> None:
    tables = small_district()
    rows = tables["classes"]
    tables["classes"] = rows.assign(status=["active", *["tobedeleted"] * (len(rows) - 1)])
    codes = set(onb.check(onb.Roster(tables))["code"])
    assert not {code for code in codes if code.startswith(("id-", "reference-"))}
