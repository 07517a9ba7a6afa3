"""The history of the form, used by keyboard."""

import pytest
from playwright.sync_api import Locator, expect

from browser.formdriver import CELL, Form, Tables
from browser.labdriver import CONTRAST, DARK, LIGHT, Lab

DAY = "2026-10-01"
ON_THE_DAY = f"Students of all classes on {DAY}"


def of_history(form: Form) -> Locator:
    return form.within.get_by_role("table", name="History")


def lines(form: Form) -> list[list[str]]:
    """Return the texts of the list, but for the time."""
    rows = of_history(form).locator("tbody tr").all()
    return [row.get_by_role("cell").all_inner_texts()[:-1] for row in rows]


def two_questions(form: Form) -> None:
    """Ask who is in the classes on a day, then who teaches."""
    form.connect()
    form.expect_words("139 students")
    expect(form.button("Back").filter(visible=True)).to_have_count(0)
    form.choose("Group by", "classes")
    form.choose("When", "on a day…")
    form.labelled("Day").fill(DAY)
    form.run()
    form.expect_words(ON_THE_DAY)
    form.choose("When", "any time")
    form.choose("Group by", "(no group)")
    form.choose("Users", "teachers")
    form.run()
    form.expect_words("37 rows, 37 people.")


def test_back_and_forward_by_keyboard(lab: Lab, district: Tables) -> None:
    lab.open_notebook([CELL], save_widget_state=True)
    lab.run_all()
    form = Form(lab.outputs)
    keys = form.page.keyboard
    two_questions(form)
    back, forward = form.button("Back"), form.button("Forward")
    expect(forward).to_have_attribute("aria-disabled", "true")
    expect(back).to_have_attribute("title", ON_THE_DAY)

    form.tab("Code").click()
    back.focus()
    place = back.bounding_box()
    keys.press("Enter")
    form.expect_words("From the history. Run query asks again.")
    form.expect_words(f"As of {DAY}.")
    form.expect_words(ON_THE_DAY)
    form.expect_words(f"as_of='{DAY}'")
    expect(form.labelled("Users")).to_have_value("students")
    expect(form.labelled("Group by")).to_have_value("classes")
    expect(form.labelled("Day")).to_have_value(DAY)
    lab.expect_kernel("form.as_of", DAY)
    expect(back).to_be_focused()
    expect(back).to_have_attribute("aria-disabled", "true")
    stayed = "([button, y]) => Math.abs(button.getBoundingClientRect().y - y) < 2"
    assert place
    form.page.wait_for_function(stayed, arg=[back.element_handle(), place["y"]])
    form.tab("Table").click()
    people = set(district["users"].query("role == 'student'")["givenName"])
    head, *rows = form.rows()
    assert {row[head.index("givenName")] for row in rows} <= people

    forward.focus()
    keys.press("Space")
    form.expect_rows("Rows 1-37 of 37")
    expect(form.labelled("Users")).to_have_value("teachers")
    form.expect_no_words("asks it as it is now")

    toggle = form.button("History (2)")
    toggle.focus()
    keys.press("Enter")
    expect(toggle).to_have_attribute("aria-expanded", "true")
    count = int(lab.kernel("print(form.history['rows'].iloc[0])"))
    assert lines(form) == [
        ["Teachers", "37 rows, 37 people", "any time"],
        [ON_THE_DAY, f"{count} rows, 139 people", DAY],
    ]
    keys.press("Tab")
    expect(form.button("Teachers")).to_be_focused()
    expect(form.button("Teachers")).to_have_attribute("aria-current", "true")
    keys.press("Tab")
    place = toggle.bounding_box()
    keys.press("Enter")
    form.expect_words(f"As of {DAY}.")
    assert place
    form.page.wait_for_function(stayed, arg=[toggle.element_handle(), place["y"]])
    expect(form.button(ON_THE_DAY)).to_be_focused()
    expect(form.button(ON_THE_DAY)).to_have_attribute("aria-current", "true")
    keys.press("Escape")
    expect(of_history(form)).to_have_count(0)
    expect(toggle).to_be_focused()

    saved = lab.save()
    assert "HistoryBar" in saved
    assert "Students of all classes" not in saved.partition('"metadata"')[2]

    form.connect()
    form.expect_words("139 students")
    expect(toggle.filter(visible=True)).to_have_count(0)
    assert lab.kernel("print(len(form.history), form.result)") == "0 None"


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_in_a_narrow_window_the_history_can_be_read(own_lab: Lab, theme: str) -> None:
    own_lab.page.set_viewport_size({"width": 800, "height": 900})
    own_lab.open_notebook([CELL], theme=theme)
    own_lab.run_all()
    form = Form(own_lab.outputs)
    two_questions(form)
    form.choose("Group by", "schools")
    form.labelled("Group").fill(" | ".join(f"a school with a long name, {n}" for n in range(9)))
    form.run()
    form.expect_words("0 rows, 0 people.")
    form.button("History (3)").click()
    expect(of_history(form)).to_be_visible()
    whole = own_lab.page.locator(".onb-history")
    assert whole.evaluate("(e) => e.scrollWidth <= e.clientWidth")
    for part in whole.locator("button:not([aria-disabled=true]), th, td, time").all():
        assert part.evaluate(CONTRAST) >= 4.5, part.inner_text()
