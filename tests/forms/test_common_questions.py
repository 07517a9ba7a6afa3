"""The common questions: of any source or frame, what cannot be asked, and what is hidden."""

import itertools
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from helpers.district import small_district
from helpers.faults import at, status
from helpers.faultserver import FaultServer
from helpers.records import school
from helpers.untidy import worse

import oneroster_nb as onb
from oneroster_nb.demo.server.embedded import DemoServer
from oneroster_nb.export import write
from oneroster_nb.tables import table as canonical

Connect = Callable[..., onb.OneRosterConnector]

QUESTIONS = [
    *("class_sizes", "teacher_loads", "without_classes", "empty_classes", "multi_school"),
    *("repeated_courses", "duplicate_people", "email_problems", "grade_and_role_problems"),
    *("dangling_enrollments", "cross_listed"),
]
# Untidy districts have references that point nowhere; tests/test_not_there.py is about those.
pytestmark = [
    pytest.mark.filterwarnings(f"ignore::oneroster_nb.{name}")
    for name in ("DanglingReferenceWarning", "SeveralRecordsWarning", "UnknownRoleWarning")
]
ROSTER = onb.Roster(small_district())
UNTIDY = onb.Roster(worse(3))


def live_of(server: DemoServer) -> dict[str, Any]:
    return {
        "1.1": onb.OneRosterConnector(server.host, server.client_id, server.client_secret),
        "1.2": onb.OneRosterConnector(
            server.host_v1p2, server.client_id, server.client_secret, token_url=server.token_url
        ),
    }


# Of every kind of source


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_a_live_source_answers_as_its_roster_does(version: str) -> None:
    with warnings.catch_warnings(), DemoServer(worse(3)) as server:
        warnings.simplefilter("ignore", onb.RosterWarning)
        with live_of(server)[version] as conn:
            roster = conn.get_roster()
            for name in QUESTIONS:
                live = getattr(conn, name)(progress=False)
                pd.testing.assert_frame_equal(live, getattr(roster, name)(), obj=name)
                assert len(live), name


def test_a_bundle_and_clever_answer_as_their_rosters_do(tmp_path: Path) -> None:
    with pytest.warns(onb.PartialResultWarning, match=r"classes\.courseSourcedId"):
        path = UNTIDY.to_csv_bundle(tmp_path / "x.zip", version="1.2")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", onb.RosterWarning)
        for source in (onb.CsvConnector(path), onb.connect("demo-clever")):
            with source:
                roster = source.get_roster()
                for name in QUESTIONS:
                    frame = getattr(source, name)(progress=False)
                    pd.testing.assert_frame_equal(frame, getattr(roster, name)(), obj=name)


def test_the_functions_are_the_methods() -> None:
    for name in QUESTIONS:
        frame = getattr(onb, name)(UNTIDY)
        pd.testing.assert_frame_equal(frame, getattr(UNTIDY, name)(), obj=name)


@pytest.mark.parametrize("code", [403, 404])
def test_demographics_that_are_not_shown_are_warned_about(connected: Connect, code: int) -> None:
    routes = {**school(), "demographics": []}
    with FaultServer(routes, at("demographics", status(code))) as server:
        conn = connected(server)
        with pytest.warns(onb.PartialResultWarning, match=f"no birth dates are known.*{code}"):
            assert conn.duplicate_people().empty
        assert conn.email_problems().empty


@pytest.mark.parametrize("name", QUESTIONS)
def test_an_empty_roster_has_empty_answers_of_the_same_columns(name: str) -> None:
    empty, full = getattr(onb.Roster({}), name)(), getattr(UNTIDY, name)()
    assert empty.empty
    assert (empty.dtypes == full.dtypes).all()


def test_progress_is_told(demo: onb.OneRosterConnector) -> None:
    told = []
    demo.class_sizes(progress=told.append)
    assert told[-1].done > 800
    assert told[-1].what == "roster"


# Of frames


def by_key(frame: pd.DataFrame, *keys: str) -> pd.DataFrame:
    return frame.sort_values([*keys]).reset_index(drop=True)


def test_frames_of_classes_are_answered_as_the_roster_is() -> None:
    frame = UNTIDY.get_users("users", "classes")
    sizes = UNTIDY.class_sizes()
    seen = sizes.loc[sizes["classSourcedId"].isin(frame["classSourcedId"])]
    pd.testing.assert_frame_equal(
        by_key(onb.class_sizes(frame), "classSourcedId"), by_key(seen, "classSourcedId")
    )
    for name in ("courseTitle", "schoolName", "termTitles"):
        whole = UNTIDY.class_sizes(by=name).set_index(name)
        part = onb.class_sizes(frame, by=name).set_index(name)
        assert (part["max"] == whole.loc[part.index, "max"]).all()
    loads = UNTIDY.teacher_loads()
    found = onb.teacher_loads(frame).set_index("sourcedId")
    numbers = ["sections", "students", "contacts"]
    busy = loads.loc[loads["sections"] > 0].set_index("sourcedId")
    pd.testing.assert_frame_equal(
        found.loc[found["sections"] > 0, numbers].sort_index(), busy[numbers].sort_index()
    )
    students = UNTIDY.get_users("students", "classes")
    columns = ["sourcedId", "courseSourcedId", "courseTitle", "classCount"]
    found, whole = onb.repeated_courses(students), UNTIDY.repeated_courses()
    pd.testing.assert_frame_equal(
        by_key(found[columns], "sourcedId", "courseSourcedId"),
        by_key(whole[columns], "sourcedId", "courseSourcedId"),
    )
    # A frame does not hold which term is within which.
    assert found["sameTerm"].sum() < whole["sameTerm"].sum()


def test_a_frame_says_of_classes_what_is_said_of_classes() -> None:
    """A student's grade is not the grade of the class, and not what it is summed up by."""
    frame = ROSTER.get_users("students", "classes")
    with pytest.raises(onb.QueryError, match=r"no column 'grades'.*There are: .*classTitle"):
        onb.class_sizes(frame, by="grades")
    with pytest.raises(onb.QueryError, match="Did you mean 'classTitle'"):
        onb.class_sizes(frame.drop(columns="courseTitle"), by="courseTitle")
    assert onb.class_sizes(frame, by="classTitle")["classes"].sum() == 88


@pytest.mark.parametrize("dtype", ["string", "string[pyarrow]", "object", "category"])
def test_frames_of_any_dtype_keep_their_rows(dtype: str) -> None:
    frame = ROSTER.get_users("users", "classes")
    whole = onb.class_sizes(frame)
    gaps = frame.assign(status=frame["status"].astype(dtype), email=frame["email"].astype(dtype))
    gaps.loc[gaps.index[:50], "status"] = pd.NA
    pd.testing.assert_frame_equal(onb.class_sizes(gaps), whole)
    counted = onb.count(gaps.assign(grades=gaps["grades"].astype(dtype)), "grades")
    assert counted["count"].sum() == frame["sourcedId"].nunique()


def test_blank_ids_are_nobodys_and_no_class() -> None:
    frame = ROSTER.get_users("students", "classes")
    with pytest.raises(onb.QueryError, match="2 of 4 rows have no sourcedId"):
        onb.count(pd.DataFrame({"sourcedId": ["a", "", "b", ""], "x": list("1234")}), "x")
    with pytest.raises(onb.QueryError, match="have no sourcedId"):
        onb.match_people(PEOPLE.assign(sourcedId=""), PEOPLE)
    rows = frame.copy()
    rows.loc[rows.index[0], "classSourcedId"] = ""
    assert onb.class_sizes(rows)["students"].sum() == len(frame) - 1
    assert set(onb.class_sizes(rows)["classSourcedId"]) == set(frame["classSourcedId"])


def test_what_an_answer_rests_on_and_is_not_there_is_warned_about() -> None:
    part = ROSTER.get_roster(tables=["users", "orgs"])
    with pytest.warns(onb.NotSharedWarning, match="no classes and no enrollments in this roster"):
        assert len(part.without_classes()) == 139
    with pytest.warns(onb.NotSharedWarning, match=r"what class_sizes\(\) says of them"):
        ROSTER.get_roster(tables=["classes", "enrollments"]).class_sizes()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert part.email_problems().empty
        assert onb.Roster({}).without_classes().empty


def test_lists_of_members_do_not_say_how_a_person_is_enrolled() -> None:
    frame = ROSTER.get_users("users", "classes").assign(enrollmentRole=None)
    pd.testing.assert_frame_equal(onb.class_sizes(frame), ROSTER.class_sizes())


def test_frames_of_people_are_answered_as_the_roster_is() -> None:
    frame = UNTIDY.get_users()
    for name in ("email_problems", "grade_and_role_problems"):
        whole = getattr(UNTIDY, name)()
        if "value" in whole:  # a frame holds no second roles
            role = whole["sourcedId"].map(frame.set_index("sourcedId")["role"])
            of_second = (
                (whole["field"] == "role") & whole["value"].notna() & whole["value"].ne(role)
            )
            of_second |= (whole["field"] == "grades") & whole["value"].isna() & role.ne("student")
            assert of_second.any()
            whole = whole.loc[~of_second].reset_index(drop=True)
        pd.testing.assert_frame_equal(
            getattr(onb, name)(frame).drop(columns="schoolNames"),
            whole.drop(columns="schoolNames"),
            obj=name,
        )
    born = UNTIDY.demographics.query("status != 'tobedeleted'").set_index("sourcedId")["birthDate"]
    known = frame.assign(birthDate=frame["sourcedId"].map(born))
    found, whole = onb.duplicate_people(known), UNTIDY.duplicate_people()
    assert found["sourcedId"].tolist() == whole["sourcedId"].tolist()
    several = ROSTER.get_users("students")
    several.loc[0, ["schoolSourcedIds", "schoolNames"]] = ["x1,x2", '"A, B",C']
    assert onb.multi_school(several)["schoolNames"].tolist() == ['"A, B",C']


def test_rows_to_be_deleted_are_left_out_of_frames() -> None:
    frame = UNTIDY.get_users("students", status="all")
    assert (frame["status"] == "tobedeleted").any()
    assert not set(onb.email_problems(frame)["sourcedId"]) & set(
        frame.loc[frame["status"] == "tobedeleted", "sourcedId"]
    )


# What cannot be asked


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: ROSTER.class_sizes(by="schoolname"), "Did you mean 'schoolName'"),
        (lambda: ROSTER.class_sizes(by=[]), "by is empty"),
        (lambda: ROSTER.class_sizes(by=["title", "title"]), "named twice"),
        (lambda: ROSTER.class_sizes(by=3), "not by 3"),
        (lambda: ROSTER.class_sizes(over="30"), "not '30'"),
        (lambda: ROSTER.class_sizes(over=-1), "not -1"),
        (lambda: ROSTER.class_sizes(suppress_below=1), "suppress_below=1"),
        (lambda: ROSTER.teacher_loads(suppress_below=2), "suppress_below=2"),
        (lambda: ROSTER.seats(["students"], suppress_below=-1), "suppress_below=-1"),
        (lambda: onb.diff(ROSTER, ROSTER, suppress_below=1), "suppress_below=1"),
        (lambda: ROSTER.seats([]), r"one at least, not \[\]"),
        (lambda: ROSTER.seats(None), "a list of rules"),
        (lambda: ROSTER.seats("students"), "a list of rules"),
        (lambda: ROSTER.seats(["students", "students"]), "is there twice"),
        (lambda: ROSTER.seats(["corses::Art::students"]), "Did you mean 'courses'"),
        (lambda: ROSTER.seats([7]), "not 7"),
        (lambda: ROSTER.seats(["Art 101"]), "A rule is groups::name::users"),
        (lambda: onb.diff("x.roster", ROSTER), r"onb.Roster.load\('x.roster'\) reads"),
        (lambda: onb.seats(ROSTER.users, ["students"]), "not DataFrame"),
        (lambda: onb.class_sizes([1]), "not list"),
        (lambda: onb.diff(ROSTER, ROSTER.users), "not DataFrame"),
        (lambda: onb.class_sizes(ROSTER.get_users()), "'classSourcedId'"),
        (lambda: onb.class_sizes(FRAME.drop(columns="sourcedId")), "'sourcedId'"),
        (lambda: onb.class_sizes(FRAME.assign(sourcedId=None)), "have no sourcedId"),
        (lambda: onb.class_sizes(FRAME.assign(x=1).rename(columns={"x": "sourcedId"})), "several"),
        (
            lambda: onb.class_sizes(ROSTER.get_users("students", "classes", unique=True)),
            "without unique=True",
        ),
        (lambda: onb.multi_school(FRAME), "'schoolSourcedIds'"),
        (lambda: onb.email_problems(FRAME.drop(columns="email")), "'email'"),
        (lambda: onb.email_problems(FRAME.rename(columns={"email": "e-mail"})), "mean 'e-mail'"),
        (lambda: onb.without_classes(FRAME), "looks at whole tables"),
        (lambda: onb.empty_classes(FRAME), "looks at whole tables"),
        (lambda: onb.cross_listed(FRAME), "looks at whole tables"),
        (lambda: onb.dangling_enrollments(FRAME), "looks at whole tables"),
        (lambda: onb.email_problems(FRAME.assign(email=[["x"]] * len(FRAME))), "holds lists"),
        (lambda: onb.compare_lists(FRAME, [1]), "not list"),
        (lambda: onb.compare_lists(FRAME, FRAME, on="emial"), "Did you mean 'email'"),
        (lambda: onb.compare_lists(FRAME, FRAME.rename(columns={"email": "mail"}), on="email"),
         "In the right list: There is no column 'email'. Did you mean 'mail'"),
        (lambda: onb.compare_lists(LISTS, FRAME, on="x"), "holds lists"),
        (lambda: onb.match_people(FRAME, FRAME.drop(columns="sourcedId")), "The right list has no"),
        (lambda: onb.match_people(FRAME, FRAME, on="email"), "on is a list"),
        (lambda: onb.match_people(PEOPLE.assign(sourcedId=None), PEOPLE), "have no sourcedId"),
        (lambda: onb.match_people(FRAME, FRAME, on=[()]), "a name or a tuple"),
        (lambda: onb.match_people(FRAME, FRAME, on=["email", 5]), "a tuple of names, not 5"),
        (lambda: onb.class_sizes(ROSTER.get_users("students", "schools")), "none is named"),
        (lambda: onb.class_sizes(ROSTER.get_users("teachers", "classes")), "has no student"),
        (lambda: onb.repeated_courses(ROSTER.get_users("teachers", "classes")), "has no student"),
        (lambda: onb.teacher_loads(ROSTER.get_users("teachers", "classes")), "has no student"),
        (lambda: onb.teacher_loads(FRAME), "has no teacher. Ask get_users\\('users', 'classes'"),
        (lambda: onb.duplicate_people(FRAME.drop(columns="role")), "needs the column 'role'"),
        (lambda: onb.duplicate_people(FRAME.drop(columns="familyName")), "'familyName'"),
        (lambda: onb.email_problems(pd.concat([FRAME, FRAME["email"]], axis=1)),
         "has several columns 'email'"),
        (lambda: ROSTER.empty_classes(suppress_below=1), "suppress_below=1"),
        (lambda: ROSTER.cross_listed(suppress_below=2), "suppress_below=2"),
        (lambda: onb.crosstab(FRAME, "role", "grades", normalize=np.array([1, 2])), "normalize"),
        (lambda: onb.match_people(FRAME, FRAME, on=["emial"]), "Did you mean 'email'"),
        (lambda: onb.match_people(FRAME, FRAME, on=["classTitle"]), "rows that differ in class"),
        (lambda: onb.match_people(PEOPLE.assign(email="x"), PEOPLE.assign(email="X")),
         "139 people on the left and 139"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_said(ask: Callable[[], Any], message: str) -> None:
    with pytest.raises(onb.QueryError, match=message) as error:
        ask()
    # A message may go into a log: it quotes nobody's data.
    assert not any(name in str(error.value) for name in ("Barros", "elijah.barros"))


FRAME = ROSTER.get_users("students", "classes")
LISTS = FRAME.assign(x=[[1]] * len(FRAME))
PEOPLE = ROSTER.get_users("students")


def test_missing_values_are_a_category_and_are_counted() -> None:
    tables = dict(small_district())
    tables["classes"] = tables["classes"].assign(location=None)
    summed = onb.Roster(tables).class_sizes(by="location")
    assert summed[["location", "classes"]].to_numpy().tolist() == [["(missing)", 88]]
    frame = pd.DataFrame({"sourcedId": ["a", "b", "c"], "grades": ["06", None, ""]})
    assert onb.count(frame, "grades").to_numpy().tolist() == [["06", 1], ["(missing)", 2]]
    lists = onb.compare_lists(frame, frame, on="grades")
    assert lists["status"].tolist() == ["same", "only left", "only left", *["only right"] * 2]


# What is hidden


def classes_of(sizes: dict[str, list[int]]) -> onb.Roster:
    """Make a roster of schools with classes of these sizes, each student in one class."""
    rows = [
        (school, number, size) for school, of in sizes.items() for number, size in enumerate(of)
    ]
    who = [f"{s}{n}-{p}" for s, n, size in rows for p in range(size)]
    where = [f"{s}{n}" for s, n, size in rows for _ in range(size)]
    teachers = [f"t{s}" for s, _, _ in rows]

    def table(kind: str, /, **columns: list[Any]) -> pd.DataFrame:
        empty = canonical.empty_table(kind)
        length = len(next(iter(columns.values())))
        return empty.reindex(range(length)).assign(
            status="active",
            **{n: pd.Series(v, dtype=empty[n].dtype) for n, v in columns.items()},
        )

    schools = list(sizes)
    return onb.Roster(
        {
            "orgs": table("orgs", sourcedId=schools, name=schools, type=["school"] * len(schools)),
            "classes": table(
                "classes",
                sourcedId=[f"{s}{n}" for s, n, _ in rows],
                schoolSourcedId=[s for s, _, _ in rows],
            ),
            "users": table(
                "users",
                sourcedId=[*who, *dict.fromkeys(teachers)],
                role=["student"] * len(who) + ["teacher"] * len(set(teachers)),
            ),
            "enrollments": table(
                "enrollments",
                sourcedId=[str(n) for n in range(len(who) + len(rows))],
                userSourcedId=[*who, *teachers],
                classSourcedId=[*where, *(f"{s}{n}" for s, n, _ in rows)],
                role=["student"] * len(who) + ["teacher"] * len(rows),
            ),
        }
    )


def shown_as(value: float, shown: Any, below: int) -> bool:
    """Return True if a value can be what is shown as a number or a mark."""
    if shown == "*":
        return True
    if isinstance(shown, str):
        return 1 <= value < below
    return abs(value - shown) < 1e-9


@pytest.mark.parametrize("over", [None, 0, 1, 2, 3, 4, 6])
def test_no_small_class_can_be_worked_out_of_means_and_extremes(over: int | None) -> None:
    chance = np.random.default_rng(over or 9)
    below, hidden = 4, 0
    for _ in range(12):
        sizes = {s: chance.integers(0, 8, chance.integers(1, 4)).tolist() for s in "ABC"}
        table = classes_of(sizes).class_sizes("schoolName", over, suppress_below=below)
        for row in table.to_dict("records"):
            of = sizes[row["schoolName"]]
            assert row["classes"] == len(of)
            if not any(0 < size < below for size in of):
                assert not any(isinstance(v, str) for n, v in row.items() if n != "schoolName")
                continue
            hidden += 1
            extremes: list[set[int]] = [set(), set()]
            fitting = set()
            for guess in itertools.combinations_with_replacement(range(10), len(of)):
                numbers = {"mean": np.mean(guess), "min": min(guess), "max": max(guess)}
                if over is not None:
                    numbers["over"] = sum(size > over for size in guess)
                if all(shown_as(v, row[n], below) for n, v in numbers.items()):
                    fitting.add(guess)
                    extremes[0].add(min(guess))
                    extremes[1].add(max(guess))
            assert tuple(sorted(of)) in fitting
            assert len(fitting) > 1, row
            for name, values in zip(("min", "max"), extremes, strict=True):
                assert isinstance(row[name], str) == (
                    len(values) > 1 and 0 < {"min": min, "max": max}[name](of) < below
                ), row
        assert ("Hidden" in table.attrs.get("footnote", "")) == bool(
            (table[["min", "max"]].astype("str") == f"<{below}").any(axis=None)
        )
    assert hidden > 10


def test_sizes_of_classes_hide_whether_they_are_over_a_small_number() -> None:
    roster = classes_of({"A": [1, 2, 3, 12]})
    table = roster.class_sizes(over=2, suppress_below=4)
    assert table["students"].tolist() == ["<4", "<4", "<4", 12]
    assert table["over"].tolist() == ["*", "*", "*", True]
    table = roster.class_sizes(over=10, suppress_below=4)
    assert table["over"].tolist() == [False, False, False, True]
    assert "3 of 1 to 3 (<4)" in table.attrs["footnote"]
    assert "footnote" not in classes_of({"A": [10]}).class_sizes(suppress_below=4).attrs


def test_lists_of_classes_hide_small_numbers() -> None:
    tables = dict(small_district())
    teacher = tables["enrollments"]["userSourcedId"] == "18140"
    tables["enrollments"] = tables["enrollments"].loc[~teacher]
    lacking = onb.Roster(tables).empty_classes(suppress_below=10)
    assert lacking["students"].tolist() == [10, "<10", 10, "<10"]
    assert lacking["teachers"].tolist() == [0, 0, 0, 0]
    assert lacking["teachers"].dtype == "int64"
    assert lacking.attrs["footnote"] == "Hidden: 2 of 1 to 9 (<10)."

    tables = dict(small_district())
    classes = tables["classes"].set_index("sourcedId")
    classes.loc[["31711", "31712"], "periods"] = "1", "4"
    tables["classes"] = classes.reset_index()[tables["classes"].columns]
    joined = onb.Roster(tables).cross_listed(suppress_below=10)
    assert joined["students"].tolist() == [10, "<10", 10, "<10"]
    assert joined["groupStudents"].tolist() == ["*"] * 4
    assert joined.attrs["footnote"] == (
        "Hidden: 2 of 1 to 9 (<10), and 4 of 10 or more to protect them (*)."
    )
    shown = onb.Roster(tables).cross_listed(suppress_below=5)
    pd.testing.assert_frame_equal(shown, onb.Roster(tables).cross_listed())


def test_loads_hide_contacts_with_students() -> None:
    roster = classes_of({"A": [1, 1], "B": [20, 3], "C": [0]})
    loads = roster.teacher_loads(suppress_below=5)
    assert loads["students"].tolist() == ["<5", 23, 0]
    assert loads["contacts"].tolist() == ["*", 23, 0]
    assert "1 of 1 to 4 (<5)" in loads.attrs["footnote"]
    whole = roster.teacher_loads()
    assert (whole["students"].dtype, whole["contacts"].dtype) == ("int64", "int64")


def test_seats_hide_how_rules_overlap_where_any_number_is_small() -> None:
    rules = ["courses::English 9::students", "schools::Classlink HS::students"]
    shown = ROSTER.seats(rules, suppress_below=5)
    pd.testing.assert_frame_equal(shown, ROSTER.seats(rules), check_like=True)
    assert "people" not in shown.attrs
    table = ROSTER.seats(rules, suppress_below=11)
    assert table["rule"].tolist() == rules
    assert table["people"].tolist() == ["<11", 38]
    assert set(table["onlyHere"]) | set(table["shared"]) == {"*"}
    assert "left out" in table.attrs["footnote"]
    assert "people" not in table.attrs


def test_seats_for_nobody() -> None:
    with pytest.warns(onb.NoMatchWarning):
        table = ROSTER.seats(["courses::No such course::students", "guardians"])
    guardians = int((small_district()["users"]["role"] == "guardian").sum())
    assert table["people"].tolist() == [0, guardians, guardians]
    assert table["onlyHere"].tolist() == [0, guardians, guardians]
    query = onb.Query("students", "schools", ["7", "2"])
    assert ROSTER.seats(pd.Series([query]))["people"].tolist() == [92, 92]
    other = onb.Query("students", "schools", ["7", "2"], term="Semester 1")
    assert ROSTER.seats([query, other])["rule"].is_unique


def test_what_changed_by_school_hides_small_numbers() -> None:
    tables = dict(small_district())
    users = tables["users"] = tables["users"].copy()
    users.loc[users.index[:12], "grades"] = "UG"
    changes = onb.diff(ROSTER, onb.Roster(tables), suppress_below=5)
    whole = onb.diff(ROSTER, onb.Roster(tables))
    assert whole.by_school["changed"].tolist() == [12, 12]
    assert changes.by_school["changed"].tolist() == [12, 12]
    users.loc[users.index[60:63], "grades"] = "UG"
    changes = onb.diff(ROSTER, onb.Roster(tables), suppress_below=5)
    assert changes.by_school["changed"].tolist() == ["*", "<5", 15]
    assert "Hidden: 1 of 1 to 4 (<5), and 1 of 5 or more" in changes.by_school.attrs["footnote"]


def test_a_diff_shows_counts_and_no_names() -> None:
    tables = dict(small_district())
    tables["users"] = tables["users"].iloc[1:]
    changes = onb.diff(ROSTER, onb.Roster(tables))
    for text in (repr(changes), str(changes), changes._repr_html_()):
        assert "Barros" not in text
        assert "18001" not in text
    assert repr(changes).startswith("<Diff of people: 0 added, 1 removed")
    hidden = onb.diff(ROSTER, onb.Roster(tables), suppress_below=5)
    assert repr(hidden).startswith("<Diff of people: 0 added, <5 removed")


def test_rosters_that_have_nobody_in_common_are_warned_about() -> None:
    tables = dict(small_district())
    for table, name in (("users", "sourcedId"), ("enrollments", "userSourcedId")):
        tables[table] = tables[table].assign(**{name: "x" + tables[table][name]})
    other = onb.Roster(tables)
    with pytest.warns(onb.NoMatchWarning, match=f"None of the {len(ROSTER.users)} people before"):
        changes = onb.diff(ROSTER, other)
    assert changes.people["change"].value_counts().to_dict() == {
        "added": len(other.users),
        "removed": len(ROSTER.users),
    }
    tables["users"] = pd.concat([tables["users"], small_district()["users"].head(1)])
    onb.diff(ROSTER, onb.Roster(tables))  # one is enough, and warnings are errors here


def moved_tables(number: int) -> dict[str, pd.DataFrame]:
    """Return the demo after some students of the first school went to another one."""
    tables = dict(small_district())
    users = tables["users"] = tables["users"].copy()
    users.loc[users.index[:number], "orgSourcedIds"] = "7"
    return tables


def moved_people(number: int) -> onb.Roster:
    return onb.Roster(moved_tables(number))


def test_who_changes_school_counts_at_both_and_once_in_all() -> None:
    changes = onb.diff(ROSTER, moved_people(6))
    numbers = changes.by_school.set_index("schoolName")["changed"]
    assert numbers.to_dict() == {"Classlink HS": 6, "Lincoln Middle School": 6, "All": 6}
    assert changes.by_school.attrs["footnote"].startswith("6 people stand in several")


def test_schools_of_one_name_are_rows_of_their_own() -> None:
    orgs = small_district()["orgs"]
    orgs["name"] = orgs["name"].replace("Lincoln Middle School", "Classlink HS")
    sides = [onb.Roster({**side, "orgs": orgs}) for side in (small_district(), moved_tables(6))]
    table = onb.diff(*sides).by_school
    assert table[["schoolName", "schoolSourcedId", "changed"]].to_numpy().tolist() == [
        ["Classlink HS", "2", 6],
        ["Classlink HS", "7", 6],
        ["All", "", 6],
    ]


def test_who_is_at_no_school_is_counted() -> None:
    tables = dict(small_district())
    nowhere = tables["users"].assign(orgSourcedIds=None, grades="UG").head(3)
    tables["users"] = pd.concat([nowhere, tables["users"].iloc[3:]])
    counts = onb.diff(ROSTER, onb.Roster(tables)).by_school
    assert counts[["schoolName", "schoolSourcedId", "changed"]].to_numpy().tolist() == [
        ["Classlink HS", "2", 3],
        ["(missing)", "(missing)", 3],
        ["All", "", 3],
    ]


def test_totals_of_people_at_several_schools_are_left_out_where_they_would_help() -> None:
    changes = onb.diff(ROSTER, moved_people(6), suppress_below=10)
    assert changes.by_school["schoolName"].tolist() == ["Classlink HS", "Lincoln Middle School"]
    assert changes.by_school["changed"].tolist() == ["<10", "<10"]
    assert "Totals are left out" in changes.by_school.attrs["footnote"]
    assert "6" not in changes.by_school.attrs["footnote"]
    assert "small counts hidden" in repr(changes)
    shown = onb.diff(ROSTER, moved_people(6), suppress_below=5)
    # A total of 6 beside two of 6 would tell that all 6 are at both.
    assert shown.by_school["changed"].tolist() == [6, 6]
    tables = moved_tables(6)
    there = tables["users"]["orgSourcedIds"] == "3"
    tables["users"].loc[there, "middleName"] = "Q"
    alone = onb.diff(ROSTER, onb.Roster(tables), suppress_below=10).by_school
    # Where no total is shown, nothing else needs to be hidden.
    assert alone.set_index("schoolName")["changed"].to_dict() == {
        "Classlink HS": "<10",
        "Lincoln Middle School": "<10",
        "North Elementary School": int(there.sum()),
    }


def test_each_class_of_a_course_is_one_move() -> None:
    tables = dict(small_district())
    student = tables["enrollments"].query("userSourcedId == '18001'")
    new = tables["classes"].query("sourcedId in ['31710', '31714']").assign(courseSourcedId="c1")
    classes = pd.concat([new, *(new.assign(sourcedId=new["sourcedId"] + end) for end in "ab")])
    sides = []
    for keys in (["31710", "31714"], ["31710a", "31714a", "31710b"]):
        rows = student.head(len(keys)).assign(classSourcedId=keys)
        sides.append(onb.Roster({**tables, "classes": classes, "enrollments": rows}))
    found = onb.diff(*sides).enrollments
    columns = ["change", "fromClassSourcedId", "toClassSourcedId"]
    rows = found[columns].astype(object).where(found[columns].notna(), None).to_numpy().tolist()
    assert rows == [
        ["added", None, "31710b"],
        ["moved", "31710", "31710a"],
        ["moved", "31714", "31714a"],
    ]


def test_sections_are_joined_through_others() -> None:
    tables = dict(small_district())
    of = tables["enrollments"].query("userSourcedId == '18140'")["classSourcedId"].tolist()
    classes = tables["classes"].set_index("sourcedId")
    classes.loc[of, "periods"] = ["1", "2", "1,3", "2,3"]
    tables["classes"] = classes.reset_index()[tables["classes"].columns]
    found = onb.Roster(tables).cross_listed()
    assert found["classSourcedId"].tolist() == of
    assert set(found["group"]) == {1}
    assert set(found["groupStudents"]) == {38}
    classes.loc[of, "periods"] = ["1", "2", "1", "2"]
    tables["classes"] = classes.reset_index()[tables["classes"].columns]
    found = onb.Roster(tables).cross_listed()
    assert found["classSourcedId"].tolist() == [of[0], of[2], of[1], of[3]]
    assert found["group"].tolist() == [1, 1, 2, 2]


def with_roles(*rows: tuple[str, str, str]) -> onb.Roster:
    """Return the demo with more roles: of whom, which, at which org."""
    tables = dict(small_district())
    more = canonical.empty_table("roles").reindex(range(len(rows)))
    people, roles, orgs = (pd.Series(part, dtype="str") for part in zip(*rows, strict=True))
    more = more.assign(
        **{"sourcedId": "more-" + people + roles, "userSourcedId": people, "role": roles},
        orgSourcedId=orgs,
        status="active",
        roleType="secondary",
    )
    tables["roles"] = pd.concat([tables["roles"], more], ignore_index=True)
    users = tables["users"] = tables["users"].copy()
    at = users["sourcedId"].isin(people)
    users.loc[at, "orgSourcedIds"] = "2,3"
    return onb.Roster(tables)


def test_a_school_counts_where_one_is_a_student() -> None:
    roster = with_roles(("18001", "student", "3"), ("18002", "guardian", "3"))
    found = roster.multi_school()
    assert found["sourcedId"].tolist() == ["18001"]
    assert found["schoolCount"].tolist() == [2]


def test_a_second_role_may_be_unknown() -> None:
    found = with_roles(("18001", "janitor", "3"), ("18002", "aide", "3")).grade_and_role_problems()
    assert found[["sourcedId", "field", "value"]].to_numpy().tolist() == [
        ["18001", "role", "janitor"]
    ]


def test_classes_of_a_year_and_of_its_half_meet_at_one_time() -> None:
    tables = dict(small_district())
    of = ["31710", "31711", "31712"]  # of one teacher
    classes = tables["classes"].set_index("sourcedId")
    classes.loc[of, "periods"] = "1"
    classes.loc[of, "termSourcedIds"] = ["s1", "gp2", "s2"]
    classes.loc[of, "courseSourcedId"] = "c1"
    tables["classes"] = classes.reset_index()[tables["classes"].columns]
    found = onb.Roster(tables).cross_listed()
    assert found["classSourcedId"].tolist() == of[:2]
    rows = tables["enrollments"].query("userSourcedId == '18001'").head(1)
    tables["enrollments"] = pd.concat(
        [tables["enrollments"].query("userSourcedId not in ['18001', '18002']")]
        + [rows.assign(classSourcedId=key, sourcedId=f"a{key}") for key in of[:2]]
        + [
            rows.assign(classSourcedId=key, sourcedId=f"b{key}", userSourcedId="18002")
            for key in of[1:]
        ]
    )
    again = onb.Roster(tables).repeated_courses().set_index("sourcedId")
    assert again.loc[["18001", "18002"], "sameTerm"].tolist() == [True, False]


def test_people_without_birth_dates_are_one_where_a_school_is_the_same() -> None:
    tables = dict(small_district())
    users = tables["users"] = tables["users"].copy()
    tables["demographics"] = tables["demographics"].iloc[:0]
    names = ["givenName", "familyName", "role", "grades"]
    users.loc[[0, 1, 2, 3], names] = ["Noor", "Okafor", "student", "09"]
    users.loc[[0, 1, 2, 3], "orgSourcedIds"] = ["2", "1,3,2", "1", "1,7"]
    users.loc[[4, 5], names] = ["Ilse", "Okafor", "guardian", None]
    users.loc[[4, 5], "orgSourcedIds"] = None
    users.loc[[6, 7], names] = ["Noor", "", "student", "09"]
    found = onb.Roster(tables).duplicate_people()
    assert found["sourcedId"].tolist() == users.loc[[0, 1], "sourcedId"].tolist()


def test_a_second_role_counts() -> None:
    tables = dict(small_district())
    both = tables["roles"].query("userSourcedId == '18140'")
    both = both.assign(sourcedId="second", role="student", roleType="secondary")
    tables["roles"] = pd.concat([tables["roles"], both])
    tables["enrollments"] = tables["enrollments"].query("userSourcedId != '18140'")
    roster = onb.Roster(tables)
    assert roster.without_classes()["sourcedId"].tolist() == ["18140"]
    assert "18140" in set(roster.teacher_loads()["sourcedId"])


def test_a_question_does_not_warn_of_what_it_is_about(tmp_path: Path) -> None:
    with DemoServer(worse(3)) as server, live_of(server)["1.1"] as conn:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            assert len(conn.dangling_enrollments())
        assert not [w for w in told if issubclass(w.category, onb.DanglingReferenceWarning)]


def test_phones_are_not_among_what_changed() -> None:
    tables = dict(small_district())
    tables["users"] = tables["users"].assign(phone="555-0100", sms="555-0101")
    changes = onb.diff(ROSTER, onb.Roster(tables))
    assert changes.people.empty
    assert changes.fields.empty


def test_the_order_of_values_is_no_change() -> None:
    tables = dict(small_district())
    swapped = tables["users"]["agentSourcedIds"].str.split(",").str[::-1].str.join(",")
    tables["users"] = tables["users"].assign(agentSourcedIds=swapped)
    assert onb.diff(ROSTER, onb.Roster(tables)).people.empty


def test_repeated_rows_of_a_list_are_one_person() -> None:
    left = pd.DataFrame({"sourcedId": ["a", "a", "b"], "classTitle": ["Art", "Math", "Art"]})
    right = pd.DataFrame({"sourcedId": ["b", "a", "a"], "classTitle": ["Art", "Math", "Art"]})
    found = onb.compare_lists(left, right)
    assert found["status"].tolist() == ["same", "same"]
    found = onb.compare_lists(left, right.iloc[[0, 2]])
    assert found.loc[0, ["fields", "classTitle_left", "classTitle_right"]].tolist() == [
        "classTitle",
        "Art,Math",
        "Art",
    ]
    assert found.attrs["footnote"] == "1 same, 1 different, 0 only left, 0 only right."


def test_those_on_a_list_are_named_as_far_as_the_lists_do() -> None:
    left = pd.DataFrame({"sourcedId": ["a", "b"], "givenName": ["Ada", None]})
    right = pd.DataFrame({"sourcedId": ["a", "b", "c"], "givenName": ["Ida", "Bo", "Cy"]})
    found = onb.compare_lists(left, right)
    assert found["givenName"].tolist() == ["Ada", "Bo", "Cy"]
    assert found["givenName_right"].tolist()[:2] == ["Ida", "Bo"]
    found = onb.compare_lists(left, right, on="givenName")
    assert found.columns.tolist() == ["givenName", "status", "fields"]
    found = onb.compare_lists(left[["sourcedId"]], right)
    assert found.columns.tolist() == ["sourcedId", "givenName", "status", "fields"]
    assert found["givenName"].tolist() == ["Ida", "Bo", "Cy"]
    lists = right.assign(givenName=[["Ida"], ["Bo"], ["Cy"]])
    with pytest.raises(onb.QueryError, match=r"In the right list: .*'givenName'.* holds lists"):
        onb.compare_lists(left[["sourcedId"]], lists)


def test_numbers_and_text_are_compared_by_what_they_say() -> None:
    left = pd.DataFrame({"sourcedId": [1, 2], "identifier": [10.0, None], "ok": [True, False]})
    right = pd.DataFrame(
        {"sourcedId": ["1", "2"], "identifier": ["10", ""], "ok": ["true", "false"]}
    )
    assert onb.compare_lists(left, right)["status"].tolist() == ["same", "same"]
    written = right.assign(ok=["True", "False"])
    assert onb.compare_lists(left, written)["status"].tolist() == ["same", "same"]
    assert onb.match_people(left, right, on=["identifier"])["status"].tolist() == [
        "matched",
        "only left",
        "only right",
    ]


@pytest.mark.parametrize("ending", [".csv", ".xlsx", ".parquet"])
def test_a_list_that_was_exported_is_the_same_list(ending: str, tmp_path: Path) -> None:
    people = UNTIDY.get_users("users", "classes", unique=True)
    assert people["dateLastModified"].notna().any()
    people["enrollmentBeginDate"] = pd.Timestamp("2026-08-20")
    path = write(people, tmp_path / f"people{ending}")
    read: Any = {".csv": pd.read_csv, ".xlsx": pd.read_excel, ".parquet": pd.read_parquet}[ending]
    again = read(path) if ending == ".parquet" else read(path, dtype={"sourcedId": "str"})
    found = onb.compare_lists(people, again)
    assert set(found["status"]) == {"same"}, found["fields"].value_counts()
    again.loc[0, "dateLastModified"] = again["dateLastModified"].max()
    changed = onb.compare_lists(people, again.iloc[1:])
    assert changed["status"].tolist()[0] == "only left"


def test_several_values_in_another_order_are_no_difference() -> None:
    left = pd.DataFrame({"sourcedId": ["a", "b"], "grades": ["06,07", "06,07"]})
    right = pd.DataFrame({"sourcedId": ["a", "b"], "grades": ["07,06", "06,08"]})
    assert onb.compare_lists(left, right)["status"].tolist() == ["same", "different"]


def test_what_is_ambiguous_is_told_apart_by_a_later_field() -> None:
    left = pd.DataFrame(
        {"sourcedId": ["1", "2", "3"], "email": ["f@x.example"] * 2 + [None], "n": ["7", "8", None]}
    )
    right = pd.DataFrame(
        {
            "sourcedId": ["a", "b", "c"],
            "email": ["F@x.example"] * 2 + [None],
            "n": ["8", None, None],
        }
    )
    found = onb.match_people(left, right, on=["email", "n"])
    rows = found.drop(columns="differs").astype(object)
    assert rows.where(rows.notna(), None).to_numpy().tolist() == [
        ["2", "a", "n", "matched"],
        ["1", "b", "email", "ambiguous"],
        ["3", None, None, "only left"],
        [None, "c", None, "only right"],
    ]
    assert found.attrs["footnote"] == (
        "1 matched (1 on n); ambiguous: 1 on the left, 1 on the right; 1 only left, 1 only right."
    )


def test_pairs_that_differ_in_another_field_are_told() -> None:
    left = pd.DataFrame(
        {"sourcedId": ["1", "2", "3"], "email": ["a@x.example", "b@x.example", None]}
    ).assign(identifier=["7", None, "8"], familyName=["Garcia", "Diaz", "Okafor"])
    right = pd.DataFrame(
        {"sourcedId": ["a", "b", "c"], "email": ["c@x.example", "B@x.example", None]}
    ).assign(identifier=["9", "5", "8"], familyName=["garcia", "Díaz", "King"])
    found = onb.match_people(left, right, on=["email", "identifier", "familyName"])
    told = found[["leftId", "rightId", "matchedOn", "differs"]].astype(object)
    assert told.where(told.notna(), None).to_numpy().tolist() == [
        ["1", "a", "familyName", "email,identifier"],
        ["2", "b", "email", None],
        ["3", "c", "identifier", "familyName"],
    ]
    assert found.attrs["footnote"].startswith(
        "3 matched (1 on email, 1 on identifier, 1 on familyName), 2 of them different in another"
    )
