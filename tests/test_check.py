"""Every rule fires on a district that is broken in its one way, and never on the clean one."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import oneroster_nb as onb
from oneroster_nb.demo.district import make_district
from oneroster_nb.findings import RULES
from oneroster_nb.quality import Findings

Tables = dict[str, pd.DataFrame]
OF_FILES = {
    *("manifest-file", "manifest-missing", "file-name", "file-folder", "file-unknown"),
    *("encoding-mark", "encoding-other", "column-name", "column-misspelt", "column-unknown"),
    *("column-repeated", "column-empty", "row-ragged", "date-format", "status-in-bulk"),
    "value-unreadable",
}
"""The rules about files, which tests/test_bundle.py breaks."""


def put(table: str, column: str, value: Any, row: int = 0) -> Callable[[Tables], None]:
    def broken(tables: Tables) -> None:
        frame = tables[table] = tables[table].copy()
        frame.loc[frame.index[row], column] = value

    return broken


def both(*ways: Callable[[Tables], None]) -> Callable[[Tables], None]:
    def broken(tables: Tables) -> None:
        for way in ways:
            way(tables)

    return broken


def without(table: str, **where: Any) -> Callable[[Tables], None]:
    def broken(tables: Tables) -> None:
        frame = tables[table]
        for column, value in where.items():
            frame = frame.loc[frame[column] != value]
        tables[table] = frame

    return broken


def copied(table: str, **changes: Any) -> Callable[[Tables], None]:
    def broken(tables: Tables) -> None:
        row = tables[table].head(1).assign(**changes)
        tables[table] = pd.concat([tables[table], row], ignore_index=True)

    return broken


def idle(tables: Tables) -> None:
    rows = tables["enrollments"]
    tables["enrollments"] = rows.loc[rows["userSourcedId"] != "18001"]


def of_class(role: str) -> Callable[[Tables], None]:
    def broken(tables: Tables) -> None:
        rows = tables["enrollments"]
        mine = (rows["classSourcedId"] == "31763") & (rows["role"] == role)
        tables["enrollments"] = rows.loc[~mine]

    return broken


def not_primary(tables: Tables) -> None:
    rows = tables["enrollments"] = tables["enrollments"].copy()
    rows.loc[rows["classSourcedId"] == "31763", "primary"] = False


def twin(tables: Tables) -> None:
    users, born = tables["users"], tables["demographics"]
    row = users.head(1).assign(
        sourcedId="twin", email="twin@example.org", username="twin", givenName="ÉLIJAH"
    )
    tables["users"] = pd.concat([users, row], ignore_index=True)
    roles = tables["roles"].head(1).assign(sourcedId="twin:2", userSourcedId="twin")
    tables["roles"] = pd.concat([tables["roles"], roles], ignore_index=True)
    birth = born.loc[born["sourcedId"] == "18001"].assign(sourcedId="twin")
    tables["demographics"] = pd.concat([born, birth], ignore_index=True)
    rows = tables["enrollments"]
    mine = rows.loc[rows["userSourcedId"] == "18001"]
    mine = mine.assign(sourcedId=mine["sourcedId"] + "-twin", userSourcedId="twin")
    tables["enrollments"] = pd.concat([rows, mine], ignore_index=True)


def written(table: str, column: str, change: Callable[[str], str]) -> Callable[[Tables], None]:
    def broken(tables: Tables) -> None:
        values = tables[table][column].map(change, na_action="ignore").astype("str")
        tables[table] = tables[table].assign(**{column: values})

    return broken


def again(tables: Tables) -> None:
    """Give the students of two orgs a record for each."""
    users = tables["users"]
    rows = users.loc[users["role"] == "student"].head(2)
    rows = rows.assign(
        sourcedId=rows["sourcedId"] + "-b", orgSourcedIds="7", primaryOrgSourcedId="7"
    )
    tables["users"] = pd.concat([users, rows], ignore_index=True)
    old = tables["enrollments"]
    mine = old.loc[old["userSourcedId"].isin(rows["sourcedId"].str.removesuffix("-b"))]
    twins = {column: mine[column] + "-b" for column in ("sourcedId", "userSourcedId")}
    mine = mine.assign(**twins)
    tables["enrollments"] = pd.concat([old, mine], ignore_index=True)


BREAKS: Mapping[str, Callable[[Tables], None]] = {
    "id-number": written("enrollments", "userSourcedId", "{}.0".format),
    "id-case": written("classes", "courseSourcedId", str.upper),
    "id-braces": written("classes", "courseSourcedId", "{{{}}}".format),
    "id-composition": both(
        written("courses", "schoolYearSourcedId", lambda key: key + "e\N{COMBINING ACUTE ACCENT}"),
        written("academicSessions", "sourcedId", lambda key: key + "é" * (key == "sy2027")),
        written("academicSessions", "parentSourcedId", lambda key: key + "é" * (key == "sy2027")),
    ),
    "id-other": written("demographics", "sourcedId", "d{}".format),
    "record-per-school": again,
    "value-number": written("courses", "courseCode", lambda _: "100.0"),
    "required-missing": put("classes", "title", None),
    "word-written-otherwise": put("classes", "classType", "Scheduled"),
    "value-unknown": put("classes", "classType", "club"),
    "key-missing": put("demographics", "sourcedId", None),
    "key-repeated": copied("categories"),
    "reference-unknown": put("classes", "courseSourcedId", "nowhere"),
    "cycle": put("academicSessions", "parentSourcedId", "gp1", row=0),
    "dates-reversed": put("academicSessions", "endDate", pd.Timestamp("2020-01-01"), row=6),
    "student-without-school": put("users", "orgSourcedIds", None),
    "student-without-grade": put("users", "grades", None),
    "student-with-two-schools": put("users", "orgSourcedIds", "2,7"),
    "student-without-class": idle,
    "class-without-teacher": of_class("teacher"),
    "class-without-primary-teacher": not_primary,
    "class-without-student": of_class("student"),
    "class-without-term": put("classes", "termSourcedIds", None),
    "person-twice": twin,
    "email-shared": put("users", "email", "JASMINE.RAMIREZ@example.org "),
    "email-malformed": put("users", "email", "elijah at example"),
    "username-malformed": put("users", "username", "elijah barros"),
    "username-shared": put("users", "username", "jasmine.ramirez"),
    "enrollment-outside-term": put("enrollments", "endDate", pd.Timestamp("2028-01-01")),
    "enrollment-role": put("enrollments", "role", "teacher", row=1),
    "grade-unknown": put("users", "grades", "Lions"),
}


def codes(findings: pd.DataFrame) -> set[str]:
    return set(findings["code"])


@pytest.mark.parametrize("size", [None, 400])
def test_nothing_is_found_in_the_clean_district(size: int | None) -> None:
    findings = onb.check(onb.Roster(make_district(size)))
    assert findings.empty, findings["message"].tolist()[:5]
    assert "Nothing was found" in findings._repr_html_()


def test_every_rule_has_a_break() -> None:
    assert set(BREAKS) | OF_FILES == set(RULES)


@pytest.mark.parametrize("code", BREAKS)
def test_a_broken_district_is_found(code: str) -> None:
    tables = make_district()
    BREAKS[code](tables)
    findings = onb.check(onb.Roster(tables))
    assert codes(findings) == {code}, findings["message"].tolist()
    rule = RULES[code]
    assert set(findings["severity"]) == {rule.severity}
    assert findings["message"].str.startswith(rule.sentence.removesuffix(".")).all()
    assert list(findings) == [
        *("severity", "code", "table", "sourcedId", "field", "message", "explains")
    ]


@pytest.mark.parametrize("code", BREAKS)
def test_what_is_to_be_deleted_is_not_judged(code: str) -> None:
    """A whole district that is to be deleted is clean, whatever is wrong in it."""
    tables = make_district()
    BREAKS[code](tables)
    tables = {name: table.assign(status="tobedeleted") for name, table in tables.items()}
    assert onb.check(onb.Roster(tables)).empty


def test_a_missing_school_is_the_root_of_what_refers_to_it() -> None:
    tables = make_district()
    without("orgs", sourcedId="2")(tables)
    findings = onb.check(onb.Roster(tables))
    assert codes(findings) == {"reference-unknown"}
    (row,) = findings.to_dict("records")
    assert (row["table"], row["sourcedId"], row["severity"]) == ("orgs", "2", "error")
    counted = 0
    for name, column in (
        ("classes", "schoolSourcedId"),
        ("enrollments", "schoolSourcedId"),
        ("roles", "orgSourcedId"),
        ("users", "primaryOrgSourcedId"),
    ):
        count = int((tables[name][column] == "2").sum())
        assert f"{count:,} in {name}.{column}" in row["message"]
        counted += count
    lists = tables["users"]["orgSourcedIds"].str.split(",").explode()
    assert row["explains"] == counted + int((lists == "2").sum())


@pytest.mark.parametrize("name", make_district())
def test_a_part_of_a_roster_is_checked(name: str) -> None:
    tables = make_district()
    alone = onb.check(onb.Roster({name: tables[name]}))
    assert set(alone["code"]) <= set(RULES)
    del tables[name]
    rest = onb.check(onb.Roster(tables))
    # What refers to a missing table is one finding about that table.
    missing = rest.loc[rest["code"] == "reference-unknown", "table"].tolist()
    assert missing in ([], [name])


def test_nothing_is_wrong_with_nothing() -> None:
    assert onb.check(onb.Roster({})).empty


def test_a_circle_is_one_finding_with_its_way() -> None:
    tables = make_district()
    sessions = tables["academicSessions"] = tables["academicSessions"].copy()
    sessions.loc[sessions["sourcedId"] == "sy2027", "parentSourcedId"] = "gp1"
    orgs = tables["orgs"] = tables["orgs"].copy()
    orgs.loc[orgs["sourcedId"] == "7", "parentSourcedId"] = "7"
    findings = onb.check(onb.Roster(tables))
    assert findings["code"].tolist() == ["cycle", "cycle"]
    ways = dict(zip(findings["table"], findings["message"], strict=True))
    assert "7 in 7." in ways["orgs"]
    assert "sy2027 in gp1 in s1 in sy2027." in ways["academicSessions"]


def test_a_table_that_is_missing_is_one_finding() -> None:
    tables = make_district()
    tables["courses"] = tables["courses"].head(0)
    tables["courseResources"] = tables["courseResources"].head(0)
    findings = onb.check(onb.Roster(tables))
    (row,) = findings.to_dict("records")
    assert (row["code"], row["table"], row["explains"]) == ("reference-unknown", "courses", 87)
    assert "no courses at all" in row["message"]


def test_roots_come_first_and_the_gravest_of_all() -> None:
    tables = make_district()
    both(BREAKS["student-with-two-schools"], BREAKS["email-malformed"])(tables)
    both(put("classes", "title", None), without("orgs", sourcedId="7"))(tables)
    findings = onb.check(onb.Roster(tables))
    severities = findings["severity"].tolist()
    assert severities == sorted(severities, key=["error", "warning", "info"].index)
    assert findings.iloc[0]["code"] == "reference-unknown"
    assert findings.iloc[0]["explains"] > 50


def test_a_field_that_is_empty_everywhere_is_one_finding() -> None:
    tables = make_district()
    tables["users"] = tables["users"].assign(username=pd.Series([None] * 371, dtype="str"))
    (row,) = onb.check(onb.Roster(tables)).to_dict("records")
    assert (row["code"], row["field"], row["explains"]) == ("required-missing", "username", 371)


def test_thousands_of_one_kind_are_counted_and_not_listed() -> None:
    tables = make_district(1500)
    users = tables["users"] = tables["users"].copy()
    users.loc[users["role"] == "student", "grades"] = "Lions"
    findings = onb.check(onb.Roster(tables))
    assert codes(findings) == {"grade-unknown"}
    assert len(findings) == 1001
    assert findings["message"].str.contains("500 more rows").sum() == 1


def test_a_summary_counts_by_rule() -> None:
    tables = make_district()
    both(BREAKS["email-malformed"], put("users", "email", "x", row=1))(tables)
    findings = onb.check(onb.Roster(tables))
    assert isinstance(findings, Findings)
    (row,) = findings.summary().to_dict("records")
    assert (row["severity"], row["code"], row["findings"]) == ("warning", "email-malformed", 2)
    shown = findings._repr_html_()
    assert "2 warnings" in shown
    assert "email-malformed" in shown
    assert "elijah" not in shown  # no people in what is shown first


def test_a_live_source_is_checked(demo: onb.OneRosterConnector) -> None:
    assert onb.check(demo, progress=False).empty


def test_clever_is_checked_by_what_it_has() -> None:
    with onb.connect("demo-clever") as conn:
        findings = onb.check(conn, progress=False)
    # What Clever does not have: some columns, and the usernames of contacts and admins.
    assert codes(findings) == {"required-missing"}
    single = findings.loc[findings["explains"] == 0]
    assert set(single["field"]) == {"username"}


@pytest.mark.parametrize("source", [None, "x.zip", pd.DataFrame()])
def test_what_is_no_source(source: Any) -> None:
    with pytest.raises(onb.ConfigurationError, match="check"):
        onb.check(source)


def test_the_rules_are_in_the_readme() -> None:
    """Write the lines between the marks anew where this fails; they are made of the rules."""
    readme = (Path(__file__).parent.parent / "README.md").read_text()
    lines = readme.partition("<!-- rules -->\n")[2].partition("<!-- end of rules -->")[0]
    expected = ["| code | severity | what is wrong |", "|---|---|---|"]
    expected += [f"| `{r.code}` | {r.severity} | {r.sentence} |" for r in RULES.values()]
    assert lines.splitlines() == expected
