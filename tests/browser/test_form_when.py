"""The day in the form, chosen by keyboard."""

from playwright.sync_api import expect

from browser.formdriver import CELL, Form
from browser.labdriver import Lab


def test_a_day_is_chosen_by_keyboard(lab: Lab) -> None:
    lab.open_notebook([CELL])
    lab.run_all()
    form = Form(lab.outputs)
    keys = form.page.keyboard
    form.connect()
    form.expect_words("139 students")
    form.choose("Group by", "classes")
    assert form.options("When") == ["any time", "today", "on a day…"]
    for label in ("Day", "Last day counts"):
        expect(form.labelled(label).filter(visible=True)).to_have_count(0)

    form.labelled("When").focus()
    keys.press("o")
    expect(form.labelled("Day")).to_be_visible()
    keys.press("Tab")
    expect(form.labelled("Day")).to_be_focused()
    keys.type("10012026")
    expect(form.labelled("Day")).to_have_value("2026-10-01")
    lab.expect_kernel("form.as_of", "2026-10-01")
    form.labelled("Day").fill("")
    expect(form.labelled("Day")).to_have_value("2026-10-01")

    form.labelled("Last day counts").focus()
    keys.press("Space")
    form.expect_words("Asked of the whole roster, on 2026-10-01, last day counts; of what")
    form.run()
    form.expect_words("Students of all classes on 2026-10-01, last day counts")

    form.choose("When", "any time")
    form.expect_words("Run query asks it as it is now.")
    for label in ("Day", "Last day counts"):
        expect(form.labelled(label).filter(visible=True)).to_have_count(0)
