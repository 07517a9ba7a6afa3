"""Every rule fires on a district that is broken in its one way, and never on the clean one."""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
import pytest
from helpers.district import small_district
from helpers.places import ROOT

import oneroster_nb as onb
from oneroster_nb.demo.district.making import make_district
from oneroster_nb.quality.findings import Findings
from oneroster_nb.tables.rulebook import RULES

Tables = dict[str, pd.DataFrame]
OF_FILES = {
    *("manifest-file", "manifest-missing", "file-name", "file-folder", "file-unknown"),
    *("encoding-mark", "encoding-other", "column-name", "column-misspelt", "column-unknown"),
    *("column-repeated", "column-empty", "row-ragged", "date-format", "status-in-bulk"),
    *("encoding-utf16", "separator-other", "separator-line", "line-ends", "quote-alone"),
    *("file-unreadable", "file-empty", "manifest-format", "column-old", "boolean-format"),
    *("value-unreadable", "word-written-otherwise", "version-mixed"),
    *("row-repeated", "rows-joined", "row-superseded"),
}
"""The rules about how files and pages are written, which other tests break."""


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
    row = (
        users.head(1)
        .assign(sourcedId="twin", email="twin@example.org", username="twin", givenName="ÉLIJAH")
        .assign(agentSourcedIds=None)
    )
    tables["users"] = pd.concat([users, row], ignore_index=True)
    roles = tables["roles"].head(1).assign(sourcedId="twin@2", userSourcedId="twin")
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


def added(table: str, **values: Any) -> Callable[[Tables], None]:
    """Add a row, made of the first one."""

    def broken(tables: Tables) -> None:
        row = tables[table].head(1).assign(**values)
        tables[table] = pd.concat([tables[table], row], ignore_index=True)

    return broken


def emptied(table: str) -> Callable[[Tables], None]:
    def broken(tables: Tables) -> None:
        tables[table] = tables[table].head(0)

    return broken


def of_guardian(column: str, value: Any) -> Callable[[Tables], None]:
    """Change the first guardian."""

    def broken(tables: Tables) -> None:
        frame = tables["users"] = tables["users"].copy()
        frame.loc[frame.index[frame["role"] == "guardian"][0], column] = value

    return broken


def old_word(tables: Tables) -> None:
    roles = tables["roles"] = tables["roles"].copy()
    roles.loc[roles["role"] == "districtAdministrator", "role"] = "administrator"


def in_a_department(tables: Tables) -> None:
    """Give a department a class with a teacher and a student who are at a school, too."""
    added("orgs", sourcedId="dep", name="Arts", type="department", parentSourcedId="2")(tables)
    added("classes", sourcedId="art", title="Art", schoolSourcedId="dep")(tables)
    users = tables["users"] = tables["users"].copy()
    for person, role in (("18001", "student"), ("18140", "teacher")):
        users.loc[users["sourcedId"] == person, "orgSourcedIds"] += ",dep"
        place = {"userSourcedId": person, "role": role}
        added("roles", sourcedId=f"{person}@dep", orgSourcedId="dep", **place)(tables)
        place |= {"classSourcedId": "art", "schoolSourcedId": "dep"}
        added("enrollments", sourcedId=f"art-{role}", primary=role == "teacher", **place)(tables)


BREAKS: Mapping[str, Callable[[Tables], None]] = {
    "field-missing": put("users", "username", None),
    "field-never-sent": written("users", "username", lambda _: None),  # type: ignore[arg-type]
    "guardian-incomplete": of_guardian("givenName", None),
    "guardian-one-way": of_guardian("agentSourcedIds", None),
    "id-signs": both(
        written("categories", "sourcedId", lambda key: key.replace("hw", "h|w")),
        written("lineItems", "categorySourcedId", lambda key: key.replace("hw", "h|w")),
    ),
    "role-of-other-version": old_word,
    "school-year-malformed": put("academicSessions", "schoolYear", "2026-2027"),
    "subjects-unequal": put("classes", "subjects", "English,Reading"),
    "person-not-shared": put("enrollments", "userSourcedId", "nobody", row=1),
    "table-not-shared": emptied("resources"),
    "enrollment-school": put("enrollments", "schoolSourcedId", "3", row=1),
    "enrollment-twice": copied("enrollments", sourcedId="again"),
    "enrollment-overlap": copied(
        "enrollments", sourcedId="again", beginDate=pd.Timestamp("2026-10-01")
    ),
    "student-primary": put("enrollments", "primary", True, row=1),
    "class-with-two-primary-teachers": added(
        "enrollments", sourcedId="other", userSourcedId="18141"
    ),
    "class-not-in-school": in_a_department,
    "school-empty": added("orgs", sourcedId="new", name="New", type="school", parentSourcedId="1"),
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
    "value-unknown": put("classes", "classType", "club"),
    "key-missing": put("demographics", "sourcedId", None),
    "key-repeated": copied("categories", title="Projects"),
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
@pytest.mark.filterwarnings("ignore::oneroster_nb.errors.DuplicateKeyWarning")
def test_a_broken_district_is_found(code: str) -> None:
    tables = small_district()
    BREAKS[code](tables)
    findings = onb.check(onb.Roster(tables))
    also = {"id-signs"} if code == "id-composition" else set()  # no accent is allowed in ids
    assert codes(findings) == {code} | also, findings["message"].tolist()
    findings = findings.loc[findings["code"] == code]
    rule = RULES[code]
    assert set(findings["severity"]) == {rule.severity}
    assert findings["message"].str.startswith(rule.sentence.removesuffix(".")).all()
    assert list(findings) == [
        *("severity", "code", "table", "sourcedId", "field", "message"),
        *("schoolName", "classTitle", "explains"),
    ]


@pytest.mark.parametrize("code", BREAKS)
def test_what_is_to_be_deleted_is_not_judged(code: str) -> None:
    """A whole district that is to be deleted is clean, whatever is wrong in it."""
    tables = small_district()
    BREAKS[code](tables)
    tables = {name: table.assign(status="tobedeleted") for name, table in tables.items()}
    found = onb.check(onb.Roster(tables))
    assert codes(found) <= {"word-written-otherwise"}  # how rows were read is told of all


def test_a_missing_school_is_the_root_of_what_refers_to_it() -> None:
    tables = small_district()
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


@pytest.mark.parametrize("name", small_district())
def test_a_part_of_a_roster_is_checked(name: str) -> None:
    tables = small_district()
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
    tables = small_district()
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
    tables = small_district()
    tables["courses"] = tables["courses"].head(0)
    tables["courseResources"] = tables["courseResources"].head(0)
    findings = onb.check(onb.Roster(tables))
    (row,) = findings.to_dict("records")
    assert (row["code"], row["table"], row["explains"]) == ("reference-unknown", "courses", 88)
    assert "no courses at all" in row["message"]


def test_roots_come_first_and_the_gravest_of_all() -> None:
    tables = small_district()
    both(BREAKS["student-with-two-schools"], BREAKS["email-malformed"])(tables)
    both(put("classes", "title", None), without("orgs", sourcedId="7"))(tables)
    findings = onb.check(onb.Roster(tables))
    severities = findings["severity"].tolist()
    assert severities == sorted(severities, key=["error", "warning", "info"].index)
    assert findings.iloc[0]["code"] == "reference-unknown"
    assert findings.iloc[0]["explains"] > 50


def test_a_field_that_is_empty_everywhere_is_one_finding() -> None:
    tables = small_district()
    tables["users"] = tables["users"].assign(username=pd.Series([None] * 371, dtype="str"))
    (row,) = onb.check(onb.Roster(tables)).to_dict("records")
    assert (row["code"], row["severity"], row["explains"]) == ("field-never-sent", "info", 371)
    assert row["message"].endswith(": users.username.")


def test_thousands_of_one_kind_are_counted_and_not_listed() -> None:
    tables = make_district(1500)
    users = tables["users"] = tables["users"].copy()
    users.loc[users["role"] == "student", "grades"] = "Lions"
    findings = onb.check(onb.Roster(tables))
    assert codes(findings) == {"grade-unknown"}
    assert len(findings) == 1001
    assert findings["message"].str.contains("500 more rows").sum() == 1


@pytest.mark.parametrize("code", BREAKS)
@pytest.mark.filterwarnings("ignore::oneroster_nb.errors.DuplicateKeyWarning")
def test_a_rule_is_found_alone(code: str) -> None:
    """The function that judges it is known to judge it."""
    tables = small_district()
    BREAKS[code](tables)
    assert codes(onb.check(onb.Roster(tables), rules=code)) == {code}


def test_a_summary_counts_by_rule() -> None:
    tables = small_district()
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


@pytest.mark.parametrize("source", [None, "x.zip", pd.DataFrame()])
def test_what_is_no_source(source: Any) -> None:
    with pytest.raises(onb.ConfigurationError, match="check"):
        onb.check(source)


def test_the_rules_are_in_the_readme() -> None:
    """Write the lines between the marks again if this fails; they are made of the rules."""
    readme = (ROOT / "README.md").read_text()
    lines = readme.partition("<!-- rules -->\n")[2].partition("<!-- end of rules -->")[0]
    expected = [
        "| code | severity | what is wrong | why it matters | how to fix it |",
        "|---|---|---|---|---|",
    ]
    expected += [
        f"| `{r.code}` | {r.severity} | {r.sentence} | {r.why} | {r.fix} |" for r in RULES.values()
    ]
    assert lines.splitlines() == expected


def test_each_rule_says_in_a_sentence_why_it_matters_and_how_to_fix_it() -> None:
    table = onb.rules()
    assert table["code"].tolist() == list(RULES)
    for column in ("means", "why", "fix"):
        texts = table[column]
        assert texts.str.fullmatch(r"[A-Z][^|]*\.").all(), texts[~texts.str.endswith(".")].tolist()
    assert table.loc[table["why"] == table["fix"]].empty


# --- what is right, and what is wrong nearly in the same way -----------------------------------


def found_after(*changes: Callable[[Tables], None]) -> pd.DataFrame:
    tables = small_district()
    both(*changes)(tables)
    return onb.check(onb.Roster(tables))


def test_a_field_that_only_some_roles_lack_is_named_with_them() -> None:
    tables = small_district()
    users = tables["users"] = tables["users"].copy()
    users.loc[users["role"].isin(["guardian", "aide"]), ["username", "enabledUser"]] = None
    tables["academicSessions"] = tables["academicSessions"].assign(schoolYear=None)
    (row,) = onb.check(onb.Roster(tables)).to_dict("records")
    assert (row["code"], row["explains"]) == ("field-never-sent", 7 + 191 + 191)
    assert "academicSessions.schoolYear" in row["message"]
    assert "users.username (" in row["message"]
    assert "guardian" in row["message"]


@pytest.mark.parametrize("place", [("enrollments", "userSourcedId"), ("orgs", "type")])
def test_what_rows_are_of_no_use_without_is_never_left_out_by_a_source(
    place: tuple[str, str],
) -> None:
    table, column = place
    tables = small_district()
    rows = len(tables[table])
    tables[table] = tables[table].assign(**{column: pd.Series([None] * rows, dtype="str")})
    found = onb.check(onb.Roster(tables))
    mine = found.loc[found["code"] == "required-missing"].to_dict("records")
    assert [(row["severity"], row["explains"]) for row in mine] == [("error", rows)]


def test_classes_without_terms_at_all_are_one_note() -> None:
    tables = small_district()
    classes = tables["classes"]
    none = pd.Series([None] * len(classes), dtype="str")
    tables["classes"] = classes.assign(termSourcedIds=none)
    assert codes(onb.check(onb.Roster(tables))) == {"field-never-sent"}


def test_one_person_with_two_roles_may_share_a_username() -> None:
    def second(given: str, role: str) -> Callable[[Tables], None]:
        people = {"sourcedId": "twin", "givenName": given, "role": role, "grades": None}
        place = {"userSourcedId": "twin", "role": role}
        return both(added("users", **people), added("roles", sourcedId="twin@2", **place))

    # OneRoster 1.1: the student Elijah Barros is an aide, too, and has a user for each.
    assert found_after(second("Elijah", "aide")).empty
    assert codes(found_after(second("Somebody", "aide"))) == {"email-shared", "username-shared"}


def test_people_who_are_not_shared_are_one_warning_with_their_number() -> None:
    tables = small_district()
    gone = tables["enrollments"].loc[tables["enrollments"]["role"] == "student", "userSourcedId"]
    gone = gone.unique()[:18]
    for name, column in (("users", "sourcedId"), ("demographics", "sourcedId")):
        tables[name] = tables[name].loc[~tables[name][column].isin(gone)]
    tables["roles"] = tables["roles"].loc[~tables["roles"]["userSourcedId"].isin(gone)]
    found = onb.check(onb.Roster(tables))
    mine = found.loc[found["code"] == "person-not-shared"].to_dict("records")
    assert [row["severity"] for row in mine] == ["warning"]
    references = tables["enrollments"]["userSourcedId"].isin(gone).sum()
    references += tables["results"]["studentSourcedId"].isin(gone).sum()
    lists = tables["users"]["agentSourcedIds"].str.split(",").explode()
    assert mine[0]["explains"] == references + lists.isin(gone).sum()
    assert "18 people" in mine[0]["message"]
    assert not (found["severity"] == "error").any()


@pytest.mark.parametrize(
    ("table", "key"), [("users", "18001"), ("classes", "31710"), ("courses", "c1"), ("orgs", "2")]
)
def test_a_row_marked_tobedeleted_is_there_for_what_refers_to_it(table: str, key: str) -> None:
    tables = small_district()
    rows = tables[table]
    status = rows["status"].mask(rows["sourcedId"] == key, "tobedeleted")
    tables[table] = rows.assign(status=status)
    found = onb.check(onb.Roster(tables))
    assert not codes(found) & {"reference-unknown", "person-not-shared"}
    assert not (found["severity"] == "error").any(), found["message"].tolist()


def test_enrollments_one_after_the_other_are_no_overlap() -> None:
    tables = small_district()
    rows = tables["enrollments"] = tables["enrollments"].copy()
    rows.loc[1, "endDate"] = pd.Timestamp("2027-01-16")
    second = rows.loc[[1]].assign(
        sourcedId="spring", beginDate=rows.loc[1, "endDate"], endDate=pd.Timestamp("2027-06-11")
    )
    tables["enrollments"] = pd.concat([rows, second], ignore_index=True)
    assert onb.check(onb.Roster(tables)).empty
    # The last of three begins before the first ends.
    third = second.assign(sourcedId="third", beginDate=pd.Timestamp("2027-01-15"), endDate=pd.NaT)
    tables["enrollments"] = pd.concat([tables["enrollments"], third], ignore_index=True)
    found = onb.check(onb.Roster(tables))
    assert set(found["code"]) == {"enrollment-overlap"}
    assert sorted(found["sourcedId"]) == ["spring", "third"]


def test_two_primary_teachers_one_after_the_other_are_right() -> None:
    tables = small_district()
    rows = tables["enrollments"] = tables["enrollments"].copy()
    rows.loc[0, "endDate"] = pd.Timestamp("2027-01-16")
    later = rows.loc[[0]].assign(
        sourcedId="later",
        userSourcedId="18141",
        beginDate=pd.Timestamp("2027-01-16"),
        endDate=pd.Timestamp("2027-06-11"),
    )
    tables["enrollments"] = pd.concat([rows, later], ignore_index=True)
    assert onb.check(onb.Roster(tables)).empty


@pytest.mark.parametrize(
    ("year", "right"),
    [("2027", True), ("1999", True), ("27", False), ("2026-2027", False), ("20277", False)],
)
def test_a_school_year_is_four_digits(year: str, right: bool) -> None:
    assert found_after(put("academicSessions", "schoolYear", year)).empty == right


@pytest.mark.parametrize(
    ("key", "right"),
    [
        *(("a.b/c@d_e-f", True), ("{a}", False), ("a b", False), ("a:b", False), ("é", False)),
        *(("x" * 255, True), ("x" * 256, False)),
    ],
)
def test_ids_have_the_signs_of_the_standard(key: str, right: bool) -> None:
    found = found_after(added("categories", sourcedId=key))
    assert codes(found) == (set() if right else {"id-signs"})


def test_a_school_is_told_what_it_lacks() -> None:
    found = found_after(without("users", role="teacher"), without("roles", role="teacher"))
    assert "school-empty" not in codes(found)  # the roster has no teachers at all
    new = {"sourcedId": "new", "name": "New", "type": "school", "parentSourcedId": "1"}
    (row,) = found_after(added("orgs", **new)).to_dict("records")
    assert row["message"].endswith("no classes and no students and no teachers.")
    assert row["sourcedId"] == "new"
