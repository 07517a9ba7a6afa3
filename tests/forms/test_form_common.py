"""The common questions in the form, and what its files hide."""

import io
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from helpers.district import small_district
from helpers.form_tools import control, file_of, is_shown, look_at, looked_at, table_in, texts
from pandas.testing import assert_frame_equal

import oneroster_nb as onb
from oneroster_nb.demo.server.embedded import DemoServer
from oneroster_nb.forms.calls import Extra
from oneroster_nb.forms.charts.coloured_crosstab import heat_map
from oneroster_nb.forms.common_questions import COMMON
from oneroster_nb.forms.explorer import Explorer, explore

# The untidy district refers to a class that is not there; tests/test_not_there.py is about that.
pytestmark = [
    pytest.mark.filterwarnings(f"ignore::oneroster_nb.{name}")
    for name in ("DanglingReferenceWarning", "SeveralRecordsWarning", "UnknownRoleWarning")
]
TABLES = small_district()
ROSTER = onb.Roster(TABLES)
RULES = "courses::English 9::students\n\n schools::Classlink HS::students "


def untidy() -> onb.Roster:
    """Return the demo district with something to find for every question."""
    tables = dict(TABLES)
    users = tables["users"].copy()
    users.loc[0, "email"] = None
    users.loc[1, "grades"] = "Lions"
    users.loc[2, "orgSourcedIds"] = "2,3"
    twin = users.loc[[3]].assign(sourcedId="90001")
    tables["users"] = pd.concat([users, twin], ignore_index=True)
    birth = tables["demographics"].query("sourcedId == @users.sourcedId[3]")
    tables["demographics"] = pd.concat([tables["demographics"], birth.assign(sourcedId="90001")])
    enrollments = tables["enrollments"].query("classSourcedId != '31715'")
    enrollments = enrollments.query("classSourcedId != '31711' or role != 'teacher'").copy()
    enrollments.loc[enrollments.index[7], "classSourcedId"] = "nowhere"
    second = enrollments.query("classSourcedId == '31710'").assign(classSourcedId="31710b")
    second = second.assign(sourcedId=second["sourcedId"] + "b")
    tables["enrollments"] = pd.concat([enrollments, second], ignore_index=True)
    again = tables["classes"].query("sourcedId == '31710'").assign(sourcedId="31710b")
    tables["classes"] = pd.concat([tables["classes"], again], ignore_index=True)
    return onb.Roster(tables)


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """Return what a person would type for the questions that need something besides."""
    folder = tmp_path_factory.mktemp("given")
    ROSTER.save(folder / "monday.roster")
    accounts = ROSTER.get_users("students")[["sourcedId", "email", "identifier"]]
    accounts = accounts.assign(givenName="x", familyName="y").iloc[5:]
    accounts.to_csv(folder / "accounts.csv", index=False, encoding="utf-8-sig")
    path = {"path": str(folder / "monday.roster")}
    file = {"path": str(folder / "accounts.csv")}
    changes = [name for name in COMMON if name.startswith("What changed")]
    return {
        **dict.fromkeys(changes, path),
        "Who is on only one of two lists": {**file, "on": "sourcedId, email"},
        "Match people to directory accounts": file,
        "Seats for several rules": {"rules": RULES},
    }


def answered(question: str, given: dict[str, dict[str, str]], **state: Any) -> Explorer:
    form = explore(untidy(), **state)
    form.answer(question, **given.get(question, {}))
    return form


@pytest.mark.parametrize("question", COMMON)
@pytest.mark.parametrize("below", [None, 10])
def test_each_question_has_an_answer_and_its_code(
    question: str, below: int | None, given: dict[str, dict[str, str]]
) -> None:
    form = answered(question, given, suppress_below=below)
    assert form.result is not None, texts(form)
    assert len(form.result), question
    hides = "suppress_below=10" in form.code.partition("table = ")[0]
    assert hides == (COMMON[question].hides and below == 10), form.code
    names: dict[str, Any] = {"conn": form.source}
    exec(form.code, names)
    assert_frame_equal(names["df"], form.result)
    if form.table is not None:
        assert_frame_equal(names["table"], form.table)


@pytest.mark.parametrize("question", COMMON)
def test_each_question_is_asked_about_the_day_as_its_code_says(
    question: str, given: dict[str, dict[str, str]]
) -> None:
    form = answered(question, given, as_of="2026-10-01", include_end_date=True, term="Semester 1")
    assert form.result is not None, texts(form)
    timed = ("as_of='2026-10-01'", "term='Semester 1'", "include_end_date=True")
    if question.startswith("What changed"):  # a saved roster is compared as a whole
        assert "as_of" not in form.code
    else:
        assert all(part in form.code for part in timed), form.code
    names: dict[str, Any] = {"conn": form.source}
    exec(form.code, names)
    assert_frame_equal(names["df"], form.result)
    assert names["df"].attrs.get("as_of") == form.result.attrs.get("as_of")


def test_all_fifteen_jobs_are_offered() -> None:
    typed = Extra(path="a path", rules="students")
    code = "\n".join(question.code(typed, {}) for question in COMMON.values())
    for name in (
        "get_users('students', 'schools')",
        *("class_sizes", "teacher_loads", "without_classes", "empty_classes", "email_problems"),
        *("duplicate_people", "dangling_enrollments", "grade_and_role_problems", "multi_school"),
        *("repeated_courses", "cross_listed", "diff", "compare_lists", "match_people", "seats"),
    ):
        assert name in code, name


def test_what_was_asked_stands_above_the_answer_until_it_is_another() -> None:
    form = explore(ROSTER)
    form.answer("Seats for several rules", rules="students\nschools::*::teachers")
    changed = "The question was changed after this answer. Answer asks it as it is now."
    assert "Seats for several rules: students, schools::*::teachers" in texts(form)
    assert changed not in texts(form)
    form.user_filter = "teachers"  # of which this answer says nothing
    assert changed not in texts(form)
    control(form, "Rules").value = "students"
    assert changed in texts(form)
    form.answer("Seats for several rules", rules="students")
    assert changed not in texts(form)
    form.suppress_below = 5  # which the answer was not asked with
    assert changed in texts(form)
    form.suppress_below = None
    assert changed not in texts(form)
    control(form, "Common questions").value = "Students without classes"
    assert changed in texts(form)
    form.run()
    assert texts(form).count("asks it as it is now") == 0
    assert "Seats for" not in texts(form)


def test_students_per_school_and_grade_are_a_crosstab_with_totals() -> None:
    form = explore(ROSTER)
    form.answer("Students per school and grade")
    assert control(form, "Data").value == "Crosstab"
    control(form, "Data").value = "Table"
    assert control(form, "Hide small counts").disabled  # it is of people
    assert form.table is not None
    assert form.table.loc["Classlink HS", "All"] == 38
    assert form.table.loc["All", "All"] == 139
    assert looked_at(form) == "Crosstab"


def test_the_answer_is_shown_and_said(given: dict[str, dict[str, str]]) -> None:
    form = answered("Students at two schools", given)
    assert form.message == "1 row, 1 person."
    assert looked_at(form) == "Table"
    form = answered("Match people to directory accounts", given)
    assert "ambiguous: 0 on the left" in form.message
    tidy = explore(ROSTER)
    tidy.answer("Enrollments that point nowhere")
    assert tidy.message == "Nothing found."
    tidy.answer("Students without classes")
    assert tidy.message == "Nothing found."


def test_lists_are_compared_with_the_people_of_the_question(
    given: dict[str, dict[str, str]],
) -> None:
    form = explore(ROSTER, user_filter="students", group_filter="courses", group_name="English 9")
    hint = "Asked of the people that the question above is about."
    assert hint not in texts(form)
    for question in ("Who is on only one of two lists", "Match people to directory accounts"):
        form.answer(question, **given[question])
        assert hint in texts(form)
        assert form.result is not None
        status = form.result["status"].value_counts()
        asked = ROSTER.get_users("students", "courses", "English 9")["sourcedId"].nunique()
        there = status.drop("only right").sum()
        assert there == asked
        assert f"{question}: students of courses whose sourcedId or title is" in texts(form)
        names: dict[str, Any] = {"conn": form.source}
        exec(form.code, names)
        assert_frame_equal(names["df"], form.result)
    assert "asks it as it is now" not in texts(form)
    form.group_name = "Spanish 1"
    assert "Answer asks it as it is now" in texts(form)
    form.group_name, form.match = "(", "regex"
    form.answer("Who is on only one of two lists", **given["Who is on only one of two lists"])
    assert "'(' is no regular expression" in form.message


def test_if_each_question_pulls_again_the_form_says_so() -> None:
    form = explore(ROSTER)
    pulls = "with Load whole roster, all are answered at once."
    assert pulls not in texts(form)
    with onb.connect("demo") as conn:
        assert pulls in texts(explore(conn))


def test_what_there_is_to_say_is_said_with_the_answer_and_not_with_its_files() -> None:
    form = explore(onb.Roster({**TABLES, "enrollments": TABLES["enrollments"].iloc[:0]}))
    form.answer("Class sizes")
    assert "There are no enrollments in this roster" in form.message
    assert len(exported(form, "Table")) == len(TABLES["classes"])  # warnings are errors here


def test_what_names_no_people_is_counted_by_rows(given: dict[str, dict[str, str]]) -> None:
    form = answered("Class sizes", given, by=["schoolName"])
    assert form.counts is not None
    assert form.counts["count"].sum() == len(form.result)
    assert "Rows are counted: this answer names no people." in texts(form)
    assert form.unit == "users"
    form.user_filter = "students"
    form.run()
    assert form.counts is not None
    assert "unit" not in form.code


def test_only_what_a_question_needs_is_asked_for(given: dict[str, dict[str, str]]) -> None:
    form = explore(ROSTER)
    labels = ("Compare with", "Known by", "Rules")
    for question, needed in (
        ("Class sizes", ()),
        ("Who is on only one of two lists", ("Compare with", "Known by")),
        ("Match people to directory accounts", ("Compare with",)),
        ("Seats for several rules", ("Rules",)),
    ):
        control(form, "Common questions").value = question
        assert [label for label in labels if is_shown(form, label)] == list(needed)


@pytest.mark.parametrize(
    ("question", "typed", "message"),
    [
        ("What changed since a saved roster: people", {}, "in Compare with"),
        ("What changed since a saved roster: people", {"path": "no.roster"}, "holds no roster"),
        ("Who is on only one of two lists", {"path": "no.csv"}, "There is no file no.csv"),
        ("Who is on only one of two lists", {"path": "."}, "is not readable"),
        ("Match people to directory accounts", {"path": "bad.csv"}, "is no CSV file"),
        ("Match people to directory accounts", {"path": "x.zip"}, "is no CSV file"),
        ("Match people to directory accounts", {"path": "bad.csv.xz"}, "is no CSV file"),
        (
            "Match people to directory accounts",
            {"path": "few.csv"},
            "In the right list: There is no column 'email'. Did you mean 'e_mail'",
        ),
        (
            "Who is on only one of two lists",
            {"path": "few.csv", "on": "emial"},
            "In the left list: There is no column 'emial'. Did you mean 'email'",
        ),
        ("Seats for several rules", {"rules": " \n"}, "one rule a line"),
        ("Seats for several rules", {"rules": "corses::Art::students"}, "Did you mean 'courses'"),
    ],
)
def test_what_cannot_be_answered_is_said_in_the_form(
    question: str,
    typed: dict[str, str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bad.csv").write_bytes(b"\xff\xfe\x00\x81")
    Path("bad.csv.xz").write_bytes(b"\xff\xfe\x00\x81")
    ROSTER.to_csv_bundle("x.zip", version="1.1")
    Path("few.csv").write_text("sourcedId,e_mail,emial\n1,a@x.example,b\n")
    form = explore(ROSTER)
    form.answer(question, **typed)
    assert message in form.message
    assert form.result is None
    for label, text in typed.items():
        shown = {"path": "Compare with", "on": "Known by", "rules": "Rules"}[label]
        assert control(form, shown).value == text, "what was typed is lost"
    form.answer("Class sizes")
    assert form.result is not None


def test_questions_that_there_are_not() -> None:
    form = explore(ROSTER)
    with pytest.raises(onb.QueryError, match="Did you mean 'Class sizes'"):
        form.answer("Clas sizes")
    assert control(explore(), "Answer").disabled
    assert not control(form, "Answer").disabled


# Files


def exported(form: Explorer, what: str) -> pd.DataFrame:
    control(form, "Data").value = what
    text = file_of(form).content
    return pd.read_csv(io.BytesIO(text), dtype="str", encoding="utf-8-sig")


def any_mark(table: pd.DataFrame) -> bool:
    return any(value in ("<10", "*") for value in table.to_numpy().ravel())


def crossed() -> Explorer:
    form = explore(ROSTER, group_filter="schools", rows="grades", columns="schoolName")
    form.by = ["schoolName", "grades"]
    form.run()
    return form


def test_files_of_counts_hide_small_counts_until_one_click() -> None:
    form = crossed()
    shown = form.table
    assert not (shown.astype("str") == "<10").any(axis=None)
    counts, table = exported(form, "Counts"), exported(form, "Crosstab")
    assert "<10" in set(counts["count"])
    assert (table == "<10").any(axis=None)
    expected = onb.crosstab(form.result, "grades", "schoolName", suppress_below=10)
    assert table.iloc[:, 1:].to_numpy().tolist() == expected.astype("str").to_numpy().tolist()
    assert "Counts below 10 are hidden" in texts(form)
    assert form.table is shown
    control(form, "Hide small counts").value = False
    assert "For internal use only" in texts(form)
    table = exported(form, "Crosstab")
    assert table.iloc[:, 1:].to_numpy().tolist() == shown.astype("str").to_numpy().tolist()


def test_a_threshold_that_was_set_holds_for_files_too() -> None:
    form = crossed()
    form.suppress_below = 15
    for hide in (True, False):
        control(form, "Hide small counts").value = hide
        table = exported(form, "Crosstab")
        assert (table == "<15").any(axis=None)
    assert "Counts below 15 are hidden" in texts(form)


@pytest.mark.parametrize("question", [name for name, asked in COMMON.items() if asked.hides])
def test_answers_that_count_hide_small_counts_in_files_too(
    question: str, given: dict[str, dict[str, str]]
) -> None:
    form = answered(question, given)
    shown = form.result
    assert not any_mark(shown)
    assert not control(form, "Hide small counts").disabled
    hidden = exported(form, "Table")
    assert any_mark(hidden)
    assert "Counts below 10 are hidden" in texts(form)
    assert "Hidden: " in texts(form) or "are hidden" in texts(form)
    expected = answered(question, given, suppress_below=10).result.replace("", None)
    assert_frame_equal(hidden, expected.astype("str"), check_dtype=False)
    control(form, "Hide small counts").value = False
    assert "For internal use only" in texts(form)
    assert not any_mark(exported(form, "Table"))
    assert form.result is shown

    form.suppress_below = 5
    assert not exported(form, "Table").isin(["<10"]).any(axis=None)
    assert "Counts below 5 are hidden" in texts(form)


def test_what_counts_is_counted_on_hidden_numbers(given: dict[str, dict[str, str]]) -> None:
    form = answered("Class sizes", given, by=["students"])
    assert "<10" in set(exported(form, "Counts")["students"])
    assert "9" in set(form.counts["students"])


def test_a_live_source_is_pulled_once_to_hide_later() -> None:
    with DemoServer(TABLES) as server:
        conn = onb.OneRosterConnector(server.host, server.client_id, server.client_secret)
        with conn:
            form = explore(conn)
            form.answer("Sections and students of each teacher")
        # The connection is closed: what follows comes out of what was pulled.
        assert "<10" in set(exported(form, "Table")["students"])


def test_each_answer_begins_with_its_own_file_and_small_counts_hidden() -> None:
    form = explore(ROSTER)
    form.answer("Students per school and grade")
    control(form, "Hide small counts").value = False
    form.answer("Class sizes")
    assert control(form, "Data").value == "Table"
    assert control(form, "Hide small counts").value is True
    assert "Share only one such table" in texts(form)


def test_a_path_gets_the_chosen_ending_and_nothing_is_written_over(tmp_path: Path) -> None:
    form = crossed()
    control(form, "Format").value = "excel"
    control(form, "Path").value = str(tmp_path / "students")
    control(form, "Write file").click()
    assert [path.name for path in tmp_path.glob("students*")] == ["students.xlsx"]
    control(form, "Write file").click()
    assert "is there already; choose another name." in texts(form)
    assert "overwrite" not in texts(form)


def test_the_threshold_steps_over_what_would_hide_nothing() -> None:
    form = crossed()
    below = control(form, "Hide counts below")
    below.value = 1
    assert (below.value, form.suppress_below) == (3, 3)
    below.value = 2
    assert (below.value, form.suppress_below) == (0, None)
    form.suppress_below = 7
    assert below.value == 7


def test_an_answer_of_another_source_is_taken_away(tmp_path: Path) -> None:
    form = explore(ROSTER)
    form.answer("Class sizes")
    form.provider, form.path = "snapshot", str(tmp_path / "none")
    form.connect()
    assert "Still connected to" in texts(form)
    assert form.result is None
    ROSTER.get_roster(tables=["orgs", "users"]).save(tmp_path / "none")
    form.connect()
    assert form.result is None
    assert form.message == ""


def test_percents_read_as_percents() -> None:
    form = crossed()
    form.normalize = "index"
    look_at(form, "Crosstab")
    shown = table_in(form, "Crosstab").frame.set_index("grades")
    assert "In percent." in texts(form)
    assert (form.table.sum(axis="columns") - 1).abs().max() < 1e-9
    assert (shown.to_numpy() == (100 * form.table).round(1).to_numpy()).all()


def test_ids_of_what_has_a_name_are_shown_on_demand() -> None:
    form = explore(ROSTER)
    form.answer("Class sizes")
    assert "classSourcedId" in form.result
    table = table_in(form, "Table")
    names = table.frame.columns[table._first_columns].tolist()
    assert names == ["classTitle", "courseTitle", "schoolName", "termTitles", "students"]
    form.answer("Enrollments that point nowhere")
    assert len(table._first_columns) == len(form.result.columns)


def shown_columns(form: Explorer) -> list[str]:
    table = table_in(form, "Table")
    return [str(name) for name in table.frame.columns[table._first_columns]]


def test_classes_are_shown_with_what_was_asked_for() -> None:
    form = explore(ROSTER)
    form.answer("Classes with teachers, rooms and numbers of students")
    assert shown_columns(form)[:3] == ["title", "teacherNames", "location"]
    assert "studentCount" in shown_columns(form)
    assert "sourcedId" not in shown_columns(form)


def test_columns_that_hold_nothing_are_not_shown_at_first() -> None:
    form = explore(ROSTER, group_filter="schools")
    form.run()
    assert "schoolName" in shown_columns(form)
    assert form.result["classTitle"].isna().all()
    assert "classTitle" not in shown_columns(form)
    form.group_name = "no such school"
    form.run()
    assert form.result.empty
    assert "classTitle" in shown_columns(form), "the columns say what an answer would hold"


def test_the_form_names_the_terms_once_and_its_own_controls() -> None:
    form = explore(ROSTER)
    form.answer("Classes with teachers, rooms and numbers of students")
    together = "2 terms are counted together: Semester 1, Semester 2."
    assert together in form.result.attrs["footnote"]
    assert form.message == f"{len(form.result)} rows."
    assert together in texts(form)
    look_at(form, "Crosstab")
    assert "as_of=" not in texts(form)
    caption = heat_map(form.table).caption
    assert together in caption
    assert "as_of=" not in caption


def test_people_are_exported_as_they_are() -> None:
    form = crossed()
    assert len(exported(form, "Table")) == 139
    assert "its rows may be people's data" in texts(form)
    assert control(form, "Hide small counts").disabled


def test_a_file_that_is_written_says_what_it_hides(tmp_path: Path) -> None:
    form = crossed()
    control(form, "Data").value = "Crosstab"
    control(form, "Path").value = str(tmp_path / "table.csv")
    control(form, "Write file").click()
    assert "Hidden: " in texts(form)
    assert "<10" in (tmp_path / "table.csv").read_text(encoding="utf-8-sig")
