"""Findings say at which school and in which class they are, and are counted there."""

from collections.abc import Mapping

import pandas as pd
import pytest

import oneroster_nb as onb

Tables = Mapping[str, pd.DataFrame]


def frame(columns: str, *rows: str) -> pd.DataFrame:
    """Make a table of words; a dash is missing."""
    cells = [[None if cell == "-" else cell for cell in row.split()] for row in rows]
    return pd.DataFrame(cells, columns=columns.split(), dtype="str")


@pytest.fixture(scope="module")
def roster() -> onb.Roster:
    """Ann, Ben and Cid are at North, Dee is at South, Eva at both, and Tom teaches at North."""
    users = frame(
        "sourcedId givenName role orgSourcedIds grades",
        "ann Ann student n -",
        "ben Ben student n -",
        "cid Cid student n 06",
        "dee Dee student s 06",
        "eva Eva student n,s -",
        "tom Tom teacher n,d -",
    )
    return onb.Roster(
        {
            "orgs": pd.concat(
                [
                    frame("sourcedId name type", "d District district", "s South school"),
                    pd.DataFrame({"sourcedId": ["n"], "name": "North, K-8", "type": "school"}),
                ],
                ignore_index=True,
            ),
            "users": users,
            "courses": frame("sourcedId title orgSourcedId", "k Art n", "kd Math d"),
            "classes": frame(
                "sourcedId title courseSourcedId schoolSourcedId", "c1 Art1 k n", "c2 Math1 kd s"
            ),
            "roles": frame(
                "sourcedId userSourcedId role orgSourcedId", "r1 tom teacher n", "r2 tom aide d"
            ),
            "enrollments": frame(
                "sourcedId classSourcedId userSourcedId schoolSourcedId role",
                "e1 c1 ann s student",
                "e2 gone ben s student",
                "e3 gone ben - student",
            ),
            "demographics": frame("sourcedId sex", "dee female", "eva female"),
            "classResources": frame("sourcedId classSourcedId resourceSourcedId", "x1 c2 x"),
            "courseResources": frame("sourcedId courseSourcedId resourceSourcedId", "y1 k x"),
            "lineItems": frame("sourcedId classSourcedId title", "l1 c1 Essay"),
            "results": frame(
                "sourcedId lineItemSourcedId studentSourcedId classSourcedId",
                "v1 l1 ann -",
                "v2 gone dee -",
            ),
            "categories": frame("sourcedId title", "g Homework"),
        }
    )


def every_row(tables: Tables) -> Tables:
    """A row is there."""
    return tables


NORTH = '"North, K-8"'  # a comma in a name is quoted, because several names are joined by commas


def test_each_finding_says_where_its_row_is(roster: onb.Roster) -> None:
    found = onb.check(roster, rules=[every_row, "every-row"])

    here = found.fillna("-").set_index("sourcedId")
    assert here["schoolName"].to_dict() == {
        **{"d": "-", "s": "South", "n": NORTH},
        **{"ann": NORTH, "ben": NORTH, "cid": NORTH, "tom": NORTH},
        **{"k": NORTH, "kd": "-", "c1": NORTH, "c2": "South", "r1": NORTH, "r2": "-"},
        # The school of the class counts, and that of the enrollment if there is no such class.
        **{"e1": NORTH, "e2": "South", "e3": "-"},
        # Of dee and eva, both the users and the demographics.
        **{"dee": "South", "eva": f"{NORTH},South"},
        **{"x1": "South", "y1": NORTH, "l1": NORTH, "v1": NORTH, "v2": "South", "g": "-"},
    }
    titles = here.loc[here["classTitle"] != "-", "classTitle"].to_dict()
    in_art = dict.fromkeys(["c1", "e1", "l1", "v1"], "Art1")
    assert titles == {**in_art, "c2": "Math1", "x1": "Math1"}


def test_findings_are_counted_by_school_beside_the_students_who_were_looked_at(
    roster: onb.Roster,
) -> None:
    found = onb.check(roster, rules="student-without-grade")
    assert found["sourcedId"].tolist() == ["ann", "ben", "eva"]

    by_school = found.by("schoolName")

    expected = pd.DataFrame(
        {
            "schoolName": pd.Series(["North, K-8", "South"], dtype="str"),
            "findings": [3, 1],
            "lookedAt": [4, 2],  # eva is one of both
            "share": [0.75, 0.5],
        }
    )
    pd.testing.assert_frame_equal(by_school, expected)
    assert "several schools" in by_school.attrs["footnote"]
    # Of the district, each student is one.
    (row,) = found.by("code").to_dict("records")
    assert row == {"code": "student-without-grade", "findings": 3, "lookedAt": 5, "share": 0.6}


def test_a_school_without_findings_is_there_with_none(roster: onb.Roster) -> None:
    def nameless_class(tables: Tables) -> Tables:
        classes = tables["classes"]
        return {"classes": classes.loc[classes["sourcedId"] == "c2"]}

    found = onb.check(roster, rules=[nameless_class, "nameless-class"])

    assert found.by("schoolName").to_numpy().tolist() == [
        ["North, K-8", 0, 1, 0.0],
        ["South", 1, 1, 1.0],
    ]
    assert found.by("classTitle").to_numpy().tolist() == [["Art1", 0, 1, 0.0], ["Math1", 1, 1, 1.0]]


def test_each_rule_is_counted_beside_the_rows_that_it_looks_at(roster: onb.Roster) -> None:
    rules = ["student-without-grade", "student-without-class", "class-without-teacher"]
    found = onb.check(roster, rules=rules)

    table = found.by(["code", "schoolName"]).set_index(["code", "schoolName"])

    # ann is in a class, ben in classes that are not there, which is a finding of its own; neither
    # class has a teacher.
    north = table.xs("North, K-8", level="schoolName")
    assert north[["findings", "lookedAt"]].to_dict("index") == {
        "student-without-grade": {"findings": 3, "lookedAt": 4},
        "student-without-class": {"findings": 2, "lookedAt": 4},
        "class-without-teacher": {"findings": 1, "lookedAt": 1},
    }
    assert found.by(["severity", "table"]).to_numpy().tolist() == [
        ["warning", "classes", 2, 2, 1.0],
        # ann, ben and eva have no grade; cid, dee and eva no class.
        ["warning", "users", 6, 5, 1.0],
    ]


def test_a_row_with_two_findings_is_one_row_of_the_share(roster: onb.Roster) -> None:
    def called_eva(tables: Tables) -> Tables:
        users = tables["users"]
        return {"users": users.loc[users["sourcedId"] == "eva"]}

    found = onb.check(roster, rules=["student-without-grade", called_eva])

    # ann and ben have no grade, nor has eva, who has two findings; cid and tom have none.
    north = found.by("schoolName").set_index("schoolName").loc["North, K-8"]
    assert north.to_dict() == {"findings": 4, "lookedAt": 5, "share": 0.6}


def test_some_of_the_findings_are_counted(roster: onb.Roster) -> None:
    found = onb.check(roster, rules=["student-without-grade", "student-without-class"])

    some = found.loc[found["sourcedId"] != "eva"].reset_index(drop=True)

    assert some.by("schoolName")["findings"].tolist() == [3, 1]


def test_findings_about_no_row_are_counted_without_a_share(roster: onb.Roster) -> None:
    found = onb.check(roster, rules="reference-unknown")

    assert set(found["sourcedId"].dropna()) == {"gone"}
    assert found.by("schoolName").fillna(-1).to_numpy().tolist() == [
        ["(missing)", len(found), 0, -1.0]
    ]


def many(students: Mapping[str, tuple[int, int]]) -> onb.Roster:
    """Return schools with so many students, and so many of them without a grade."""
    people = [
        (f"{school}{number}", "student", school, None if number < ungraded else "06")
        for school, (size, ungraded) in students.items()
        for number in range(size)
    ]
    columns = ["sourcedId", "role", "orgSourcedIds", "grades"]
    orgs = pd.DataFrame({"sourcedId": [*students], "name": [*students], "type": "school"})
    users = pd.DataFrame(people, columns=columns, dtype="str")
    return onb.Roster({"orgs": orgs, "users": users})


def test_small_numbers_are_hidden_with_the_shares_that_would_give_them_away() -> None:
    roster = many({"A": (40, 4), "B": (40, 20), "C": (40, 36), "D": (6, 0), "E": (40, 0)})
    found = onb.check(roster, rules="student-without-grade")

    table = found.by("schoolName", suppress_below=10)

    assert table.to_numpy().tolist() == [
        ["A", "<10", 40, "*"],
        ["B", 20, 40, 0.5],
        ["C", "*", 40, "*"],  # 4 of 40 have a grade
        ["D", 0, "<10", "*"],
        ["E", 0, 40, 0.0],
    ]
    assert "Hidden: 2 of 1 to 9 (<10), and 1 of 10 or more" in table.attrs["footnote"]
    assert found.by("schoolName")["findings"].tolist() == [4, 20, 36, 0, 0]
    with pytest.raises(onb.QueryError, match="suppress_below"):
        found.by("schoolName", suppress_below=2)


def test_findings_that_are_not_listed_are_counted_and_kept() -> None:
    found = onb.check(many({"A": (1500, 1200), "B": (10, 5)}), rules="student-without-grade")

    assert len(found) == 1001
    assert found.words == "1,205 warnings."
    assert found.summary()["findings"].tolist() == [1205]
    assert found.by("schoolName").to_numpy().tolist() == [
        ["A", 1200, 1500, 0.8],
        ["B", 5, 10, 0.5],
    ]
    listed = found.loc[found["schoolName"] == "B"]  # not among the first thousand
    assert listed.empty


def test_what_cannot_be_counted_by(roster: onb.Roster) -> None:
    found = onb.check(roster, rules="student-without-grade")

    with pytest.raises(onb.QueryError, match="schoolName"):
        found.by("school")
    with pytest.raises(onb.QueryError, match="twice"):
        found.by(["schoolName", "schoolName"])
    with pytest.raises(onb.QueryError, match="classTitle"):
        found.drop(columns="classTitle").by("schoolName")
    with pytest.raises(onb.QueryError, match="check"):
        onb.Findings(pd.DataFrame(found)).by("schoolName")


def test_on_a_day_only_what_is_judged_is_looked_at() -> None:
    """Of two classes one meets in fall; of two enrollments in it one has ended."""
    sessions = pd.DataFrame(
        {
            "sourcedId": ["f", "s"],
            "title": ["Fall", "Spring"],
            "type": "term",
            "startDate": pd.to_datetime(["2026-08-10", "2027-01-04"]),
            "endDate": pd.to_datetime(["2026-12-18", "2027-06-04"]),
        }
    )
    enrollments = frame(
        "sourcedId classSourcedId userSourcedId role",
        *("e1 c1 ann student", "e2 c1 ben student", "e3 c2 ann student"),
    ).assign(endDate=pd.to_datetime(["2026-09-01", None, None]))
    roster = onb.Roster(
        {
            "orgs": frame("sourcedId name type", "n North school"),
            "academicSessions": sessions,
            "users": frame("sourcedId role orgSourcedIds", "ann student n", "ben student n"),
            "classes": frame("sourcedId schoolSourcedId termSourcedIds", "c1 n f", "c2 n s"),
            "enrollments": enrollments,
        }
    )
    rules = ["class-without-teacher", "enrollment-role"]
    for moment in ({"as_of": "2026-10-01"}, {"term": "Fall", "as_of": "2026-10-01"}):
        found = onb.check(roster, rules=["student-without-class", *rules], **moment)
        looked = {code: onb.check(roster, rules=code, **moment).by("schoolName") for code in rules}

        assert found["sourcedId"].tolist() == ["ann", "c1"]
        assert looked["class-without-teacher"].to_numpy().tolist() == [["North", 1, 1, 1.0]]
        assert looked["enrollment-role"].to_numpy().tolist() == [["North", 0, 1, 0.0]]
        assert looked["enrollment-role"].attrs["as_of"] == found.attrs["as_of"]
    in_spring = onb.check(roster, rules=["student-without-class", *rules], term="Spring")
    assert in_spring["sourcedId"].tolist() == ["ben", "c2"]
    assert in_spring.attrs["as_of"] == "Spring"
