"""Which rules are judged, how grave they are, and which findings are known."""

import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import oneroster_nb as onb
from oneroster_nb.quality.judging import RosterToJudge
from oneroster_nb.tables.rules import found

Tables = Mapping[str, pd.DataFrame]


@pytest.fixture(scope="module")
def roster() -> onb.Roster:
    """Return two students: ann has no grade, ben has none and no school, and shares her email."""
    columns = ["sourcedId", "givenName", "familyName", "role", "orgSourcedIds", "email"]
    people = [
        ["ann", "Ann", "Ash", "student", "n", "ann@example.org"],
        ["ben", "Ben", "Bay", "student", None, "ann@example.org"],
    ]
    orgs = pd.DataFrame({"sourcedId": ["n"], "name": ["North"], "type": ["school"]})
    tables = {"users": pd.DataFrame(people, columns=columns, dtype="str"), "orgs": orgs}
    return onb.Roster(tables, findings=[found("manifest-missing", "manifest")])


def no_code(tables: Tables) -> Tables:
    """A school has no identifier.

    The state asks for it.
    """
    orgs = tables["orgs"]
    return {"orgs": orgs.loc[orgs["identifier"].isna()]}


def test_only_some_rules_are_judged(roster: onb.Roster) -> None:
    every = onb.check(roster)
    assert {"manifest-missing", "student-without-school", "email-shared"} < set(every["code"])

    some = onb.check(roster, rules=["student-without-school", "email-shared"])
    assert some["code"].tolist() == ["student-without-school", "email-shared"]
    one = onb.check(roster, rules="manifest-missing")
    assert one["table"].tolist() == ["manifest"]
    for code in set(every["code"]):
        alone = onb.check(roster, rules=code)
        expected = every.loc[every["code"] == code].reset_index(drop=True)
        pd.testing.assert_frame_equal(alone, expected)


def test_the_functions_of_other_rules_do_not_run(
    roster: onb.Roster, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unused(_: RosterToJudge) -> Any:
        raise AssertionError("one record of each person is not needed")

    monkeypatch.setattr(RosterToJudge, "_one_record_each", property(unused))
    assert len(onb.check(roster, rules="student-without-grade")) == 2
    with pytest.raises(AssertionError):
        onb.check(roster, rules="email-shared")


def test_a_function_is_a_rule_beside_the_others(roster: onb.Roster) -> None:
    every = onb.check(roster, rules=no_code)
    mine = every.loc[every["code"] == "no-code"].to_dict("records")
    assert mine == [
        {
            **{"severity": "warning", "code": "no-code", "table": "orgs", "sourcedId": "n"},
            **{"field": mine[0]["field"], "message": "A school has no identifier."},
            **{"schoolName": "North", "classTitle": mine[0]["classTitle"], "explains": 0},
        }
    ]
    assert pd.isna(mine[0]["field"])
    assert len(every) == len(onb.check(roster)) + 1
    summary = every.summary().set_index("code")
    assert summary.loc["no-code", "means"] == "A school has no identifier."

    with_one = onb.check(roster, rules=[no_code, "student-without-school"])
    assert sorted(with_one["code"]) == ["no-code", "student-without-school"]
    alone = onb.check(roster, rules=[no_code, "no-code"])
    assert alone["code"].tolist() == ["no-code"]
    assert alone.by("schoolName").to_numpy().tolist() == [["North", 1, 1, 1.0]]


def test_a_function_sees_active_rows_and_cannot_change_them_for_others() -> None:
    seen = {}

    def greedy(tables: Tables) -> Tables:
        users = tables["users"]
        seen["users"] = users["sourcedId"].tolist()
        users["grades"] = "Lions"
        return {"users": users.head(0)}

    users = {"sourcedId": ["ann", "old"], "role": "student", "grades": "06"}
    tables = {"users": pd.DataFrame({**users, "status": ["active", "tobedeleted"]})}
    assert onb.check(onb.Roster(tables), rules=[greedy, "grade-unknown"]).empty
    assert seen["users"] == ["ann"]


def test_severities_are_changed(roster: onb.Roster) -> None:
    plain = onb.check(roster, rules=["student-without-school", "student-without-grade", no_code])
    assert plain["severity"].tolist() == ["error", "warning", "warning", "warning"]

    changed = {"student-without-school": "info", "no-code": "error"}
    graded = onb.check(
        roster,
        rules=["student-without-school", "student-without-grade", no_code],
        severity=changed,
    )

    found = graded[["severity", "code"]].to_numpy().tolist()
    assert found == [
        ["error", "no-code"],
        ["warning", "student-without-grade"],
        ["warning", "student-without-grade"],
        ["info", "student-without-school"],
    ]
    assert graded.words == "1 error, 2 warnings, 1 note."
    assert onb.rules().set_index("code").loc["student-without-school", "severity"] == "error"


def test_known_findings_are_left_out_and_counted(roster: onb.Roster, tmp_path: Path) -> None:
    path = tmp_path / "known.csv"
    rules = ["student-without-grade", "student-without-school", "manifest-missing"]
    found = onb.check(roster, rules=rules)
    assert len(found) == 4
    found.loc[found["sourcedId"] == "ann"].save_known(path)

    rest = onb.check(roster, rules=rules, known=path)
    assert sorted(rest["sourcedId"].dropna()) == ["ben", "ben"]
    assert len(rest) == 3
    assert rest.attrs["footnote"] == "1 known finding is left out."
    assert "1 known finding is left out." in rest._repr_html_()
    assert rest.by("code").set_index("code").loc["student-without-grade", "findings"] == 1

    # What is known already stays known.
    rest.save_known(str(path))
    none = onb.check(roster, rules=rules, known=str(path))
    assert none.empty
    assert "4 known findings" in none.attrs["footnote"]
    assert "footnote" not in onb.check(roster, rules="manifest-missing").attrs


def test_a_file_of_known_findings_is_a_table_that_people_can_read(
    roster: onb.Roster, tmp_path: Path
) -> None:
    path = tmp_path / "known.csv"
    onb.check(roster, rules="student-without-grade").save_known(path)
    assert path.read_text("utf-8-sig").splitlines() == [
        "code,table,sourcedId,field",
        "student-without-grade,users,ann,grades",
        "student-without-grade,users,ben,grades",
    ]

    # A frame that was written as it is, with a column more, will do.
    table = onb.check(roster, rules="student-without-grade").assign(reason="new here")
    table.to_csv(path, index=False)
    assert onb.check(roster, rules="student-without-grade", known=path).empty


def test_ids_that_a_spreadsheet_would_run_or_change_are_known(tmp_path: Path) -> None:
    ids = ["=1+1", "-2", "007", "NA", "a,b", "é"]
    users = pd.DataFrame({"sourcedId": ids, "role": "student"})
    roster = onb.Roster({"users": users})
    found = onb.check(roster, rules="student-without-grade")
    found.save_known(tmp_path / "known.csv")

    assert len(found) == len(ids)
    assert "\n'=1+1," in (tmp_path / "known.csv").read_text("utf-8-sig").replace(
        "student-without-grade,users,", ""
    )
    assert onb.check(roster, rules="student-without-grade", known=tmp_path / "known.csv").empty


def test_thousands_of_known_findings_are_all_known(tmp_path: Path) -> None:
    users = pd.DataFrame({"sourcedId": [f"u{n}" for n in range(1500)], "role": "student"})
    roster = onb.Roster({"users": users})
    found = onb.check(roster, rules="student-without-grade")
    assert len(found) == 1001
    found.save_known(tmp_path / "known.csv")

    rest = onb.check(roster, rules="student-without-grade", known=tmp_path / "known.csv")
    assert rest.empty
    assert "1,500 known findings" in rest.attrs["footnote"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"rules": "student-without-clas"}, "student-without-class"),
        ({"rules": ["email-shared", "zzz"]}, "onb.rules"),
        ({"rules": []}, "empty"),
        ({"rules": [7]}, "int"),
        ({"rules": 7}, "7"),
        ({"rules": {"email-shared": "info"}}, "list of these"),
        ({"severity": ["info"]}, "severity must map"),
        ({"rules": lambda tables: tables}, "name"),
        ({"severity": {"student-without-clas": "info"}}, "student-without-class"),
        ({"severity": {"student-without-class": "warn"}}, "warning"),
        ({"severity": {"no-code": "info"}}, "no-code"),  # no such function is given
    ],
)
def test_options_that_cannot_be(roster: onb.Roster, options: Any, words: str) -> None:
    with pytest.raises(onb.QueryError, match=words):
        onb.check(roster, **options)


def test_a_function_needs_a_code_of_its_own(roster: onb.Roster) -> None:
    def email_shared(tables: Tables) -> Tables:
        return tables

    with pytest.raises(onb.QueryError, match="email-shared"):
        onb.check(roster, rules=email_shared)
    with pytest.raises(onb.QueryError, match="no-code"):
        onb.check(roster, rules=[no_code, no_code])


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (None, "NoneType"),
        (pd.DataFrame({"sourcedId": ["ann"]}), "DataFrame"),
        ({"user": pd.DataFrame({"sourcedId": ["ann"]})}, "users"),
        ({"users": ["ann"]}, "sourcedId"),
        ({"users": pd.DataFrame({"id": ["ann"]})}, "sourcedId"),
        ({"users": pd.DataFrame({"sourcedId": ["nobody", "ann"]})}, "not there: 1"),
        ({"users": pd.DataFrame([["ann", "bo"]], columns=["sourcedId"] * 2)}, "sourcedId"),
        (KeyError("Ann Ash"), "KeyError"),
    ],
)
def test_a_function_that_fails_is_named(roster: onb.Roster, answer: Any, words: str) -> None:
    def bad_rule(_: Tables) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    with pytest.raises(onb.ConfigurationError, match=words) as caught:
        onb.check(roster, rules=bad_rule)
    assert "bad-rule" in str(caught.value)
    assert "Ash" not in str(caught.value)


def test_a_file_that_holds_no_known_findings(roster: onb.Roster, tmp_path: Path) -> None:
    path = tmp_path / "known.csv"
    with pytest.raises(onb.ConfigurationError, match="not there"):
        onb.check(roster, known=path)
    for content, words in (
        (b"", "CSV"),
        (b"\xff\xfe\x00", "CSV"),
        (b"code,table\r\n", "sourcedId"),
        (b"code,table,sourcedId,field\r\nemail-shared,users\r\n", "2 cells"),  # it was cut
        (b'code,table,sourcedId,field\r\n"email-shared,users', "CSV"),
    ):
        path.write_bytes(content)
        with pytest.raises(onb.ConfigurationError, match=words):
            onb.check(roster, known=path)
        with pytest.raises(onb.ConfigurationError, match=words):
            onb.check(roster).save_known(path)  # another file is not written over
        assert path.read_bytes() == content
    for nowhere in (tmp_path / "nowhere" / "known.csv", tmp_path / ("x" * 999), "a\0b"):
        with pytest.raises(onb.ConfigurationError, match="written"):
            onb.check(roster).save_known(nowhere)
    for no_path in (7, b"known.csv", ["known.csv"]):
        with pytest.raises(onb.ConfigurationError, match="path of a CSV"):
            onb.check(roster, known=no_path)  # type: ignore[arg-type]
        with pytest.raises(onb.ConfigurationError, match="path of a CSV"):
            onb.check(roster).save_known(no_path)  # type: ignore[arg-type]


def test_known_findings_are_read_from_a_file_of_this_machine_as_it_is(
    roster: onb.Roster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No address is opened, and no archive is looked for because of how a name ends."""
    onb.check(roster).save_known(tmp_path / "known.zip")
    assert "known" in onb.check(roster, known=tmp_path / "known.zip").attrs["footnote"]
    monkeypatch.setattr(urllib.request, "urlopen", lambda *_: pytest.fail("asked the network"))
    with pytest.raises(onb.ConfigurationError, match="not there"):
        onb.check(roster, known="http://127.0.0.1:9/known.csv")
