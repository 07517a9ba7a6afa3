"""The common questions, answered and taken away by a person."""

from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import expect

from browser.formdriver import CELL, Form, Tables
from browser.labdriver import Lab


@pytest.fixture
def form(lab: Lab) -> Form:
    lab.open_notebook([CELL])
    lab.run_all()
    form = Form(lab.outputs)
    form.choose("Provider", "Demo district")
    form.connect()
    form.expect_words("139 students")
    return form


def downloaded(form: Form, folder: Path) -> pd.DataFrame:
    with form.page.expect_download() as waiting:
        form.button("Download").click()
    path = folder / waiting.value.suggested_filename
    waiting.value.save_as(path)
    return pd.read_csv(path, dtype="str")


def test_students_per_school_and_grade_to_share(
    form: Form, district: Tables, tmp_path: Path
) -> None:
    form.choose("Common questions", "Students per school and grade")
    form.button("Answer").click()
    form.expect_words("139 rows, 139 people.")
    form.expect_rows("Rows 1-4 of 4")
    students = district["users"].query("role == 'student'")
    names = district["orgs"].set_index("sourcedId")["name"]
    schools = students["orgSourcedIds"].map(names)
    counted = pd.crosstab(schools, students["grades"], margins=True)
    header, *rows = form.rows()
    assert set(header[1:]) == {*counted.columns}
    for name, *numbers in rows:
        shown = dict(zip(header[1:], map(int, numbers), strict=True))
        assert shown == counted.loc[name].to_dict()

    form.tab("Export").click()
    form.choose("Data", "Crosstab")
    form.expect_words("Counts below 10 are hidden, and what would give them away.")
    table = downloaded(form, tmp_path)
    small = (counted > 0) & (counted < 10)
    for name, row in table.set_index("schoolName").iterrows():
        for grade, shown in row.items():
            if small.loc[name, grade]:
                assert shown == "<10"
            else:
                assert shown in ("*", str(counted.loc[name, grade]))

    form.labelled("Hide small counts").uncheck()
    form.expect_words("For internal use only: small counts are shown, and can give people away.")
    table = downloaded(form, tmp_path).set_index("schoolName").astype(int)
    assert table.loc["All", "All"] == 139
    assert (table.to_numpy() == counted[table.columns].loc[table.index].to_numpy()).all()


def test_what_a_question_needs_appears_with_it(form: Form, lab: Lab) -> None:
    form.choose("Common questions", "Seats for several rules")
    form.labelled("Rules").fill("courses::English 9::students\nschools::*::teachers")
    form.button("Answer").click()
    form.expect_rows("Rows 1-3 of 3")
    assert [row[0] for row in form.rows()] == [
        "rule",
        "courses::English 9::students",
        "schools::*::teachers",
        "All",
    ]
    people = "print(form.result['people'].tolist())"
    assert lab.kernel(people) == str([int(row[1]) for row in form.rows()[1:]])

    form.choose("Common questions", "Match people to directory accounts")
    expect(form.labelled("Rules")).to_be_hidden()
    form.labelled("Compare with").fill("no such file.csv")
    form.button("Answer").click()
    form.expect_error("There is no file no such file.csv.")
    assert form.labelled("Compare with").input_value() == "no such file.csv"
