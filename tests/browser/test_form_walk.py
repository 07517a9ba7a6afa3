"""What a person does with the form, from the first choice to a cell of code."""

from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import expect

from browser.formdriver import CELL, Form, Tables, students_of
from browser.labdriver import Lab

PART = "ela"


@pytest.fixture
def form(lab: Lab) -> Form:
    lab.open_notebook([CELL])
    lab.run_all()
    return Form(lab.outputs)


AT_ONCE = """([users, who, group, name, run]) => {
    users.value = who;
    users.dispatchEvent(new Event("change", { bubbles: true }));
    group.value = name;
    group.dispatchEvent(new Event("input", { bubbles: true }));
    run.click();
}"""


def test_what_is_set_is_asked_however_soon_the_click_comes(form: Form, lab: Lab) -> None:
    form.choose("Provider", "Demo district")
    form.connect()
    form.expect_words("139 students")
    form.choose("Group by", "schools")
    form.choose("Match", "contains")
    form.expect_words("Empty means every one: 3 schools.")
    users, group, run = form.labelled("Users"), form.labelled("Group"), form.button("Run query")
    for name in ["Classlink", "Lincoln", "HS", "Middle", "School"]:
        for who in ("teachers", "students"):
            expect(run).to_be_enabled()
            controls = [control.element_handle() for control in (users, group, run)]
            lab.page.evaluate(AT_ONCE, [controls[0], who, controls[1], name, controls[2]])
            words = f"{who.capitalize()} of schools whose sourcedId or name contains"
            form.expect_words(f"{words} {name!r}")
            form.expect_no_words("asks it as it is now")


def test_the_whole_way(form: Form, lab: Lab, district: Tables, tmp_path: Path) -> None:
    users, classes = district["users"], district["classes"]
    expected = students_of(district, PART)

    form.choose("Provider", "Demo district")
    form.connect()
    counts = users["role"].value_counts()
    schools = (district["orgs"]["type"] == "school").sum()
    form.expect_words(
        f"{counts['student']} students, {counts['teacher']} teachers, {schools} schools"
    )

    form.choose("Users", "students")
    form.choose("Group by", "classes")
    form.expect_words(f"Empty means every one: {len(classes)} classes.")
    form.choose("Match", "contains")
    form.labelled("Group").press_sequentially(PART)
    fitting = [title for title in classes["title"] if PART in title.casefold()]
    form.expect_words(f"{len(fitting)} of {len(classes)} classes match: {fitting[0]}")
    assert form.completions() == list(dict.fromkeys(fitting))
    form.choose("Match on", "title", "courseTitle")
    lab.expect_kernel("form.match_on", "['title', 'courseTitle']")
    lab.expect_kernel("form.result", "None")

    form.run()
    form.expect_words(f"{len(expected)} rows, {expected['who'].nunique()} people.")
    form.expect_rows(f"Rows 1-50 of {len(expected)}")

    email = expected["email"].iloc[-1]
    form.labelled("Search").fill(email.upper())
    found = int((expected["email"] == email).sum())
    form.expect_rows(f"Rows 1-{found} of {found} (of {len(expected)})")
    header, *rows = form.rows()
    assert {row[header.index("email")] for row in rows} == {email}

    form.tab("Crosstab").click()
    form.choose("Rows", "grades")
    form.choose("Columns", "schoolName")
    form.expect_rows("Rows 1-4 of 4")
    people = expected.drop_duplicates(["who", "school"])
    counted = pd.crosstab(people["grade"], people["school"], margins=True)
    assert form.rows() == [
        ["grades", *counted.columns],
        *(
            [grade, *map(str, row)]
            for grade, row in zip(counted.index, counted.values, strict=True)
        ),
    ]

    form.tab("Chart").click()
    pictures = form.within.get_by_role("img")
    expect(pictures).to_have_count(1)
    by_grade = people.drop_duplicates("who")["grade"].value_counts().sort_index()
    listed = "; ".join(f"{grade}: {count}" for grade, count in by_grade.items())
    assert pictures.first.get_attribute("alt") == f"Bar chart: people by grades. {listed}."
    most = f"Most: {by_grade.max()} in {by_grade.idxmax()}, {people['school'].iloc[0]}."
    expect(pictures).to_be_visible()
    assert pictures.evaluate("(image) => image.complete && image.naturalWidth > 0")
    heat_map = form.within.get_by_role("table", name=most)
    expect(heat_map).to_be_visible()
    texts = heat_map.get_by_role("cell").all_text_contents()
    assert texts == ["grades", *map(str, counted.to_numpy().ravel())]

    form.tab("Code").click()
    lab.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    form.button("Copy code").click()
    form.expect_words("Copied. Paste it into a new cell.")
    code = lab.page.evaluate("() => navigator.clipboard.readText()")
    assert code == lab.kernel("print(form.code)") + "\n"
    lab.paste_into_new_cell_and_run()
    expect(lab.page.locator(".jp-CodeCell").last).to_contain_text("table = onb.crosstab(")
    same = """
from pandas.testing import assert_frame_equal
assert_frame_equal(df, {result})
assert_frame_equal(table, {table})
print(len(df))
"""
    check = same.format(result="form.result", table="form.table")
    assert lab.kernel(check) == str(len(expected))
    kept = {name: str(tmp_path / name) for name in ("result", "table")}
    for name, path in kept.items():
        lab.kernel(f"form.{name}.to_pickle({path!r})")
    check = same.format(**{name: f"read_pickle({path!r})" for name, path in kept.items()})
    fresh = f"{code}\nfrom pandas import read_pickle\n{check}"
    assert lab.fresh_kernel(fresh) == str(len(expected))
