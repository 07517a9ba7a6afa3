"""The form without a mouse, in a narrow window, and in both themes."""

import pytest
from playwright.sync_api import Locator, expect

from browser.formdriver import CELL, Form, Tables, students_of
from browser.labdriver import CONTRAST, DARK, LIGHT, Lab

MOST_TABS = 25


def tab_to(form: Form, control: Locator, key: str = "Tab") -> None:
    """Press Tab until a control has the focus."""
    for _ in range(MOST_TABS):
        form.page.keyboard.press(key)
        if control.evaluate("(element) => element === document.activeElement"):
            return
    raise AssertionError(f"{control} was not reached; the focus is on {focus(form)}")


def focus(form: Form) -> str:
    return str(form.page.evaluate("() => document.activeElement.outerHTML.slice(0, 300)"))


def test_the_whole_way_by_keyboard(lab: Lab, district: Tables) -> None:
    expected = students_of(district, "ela")
    some, every = expected["classSourcedId"].nunique(), len(district["classes"])
    lab.open_notebook([CELL])
    lab.run_all()
    form = Form(lab.outputs)
    keys = form.page.keyboard
    expect(form.button("Connect")).to_be_visible()

    form.labelled("Provider").focus()
    tab_to(form, form.button("Connect"))
    keys.press("Space")
    form.expect_words("139 students")
    tab_to(form, form.labelled("Users"))
    expect(form.labelled("Users")).to_have_value("students")
    tab_to(form, form.labelled("Group by"))
    keys.press("ArrowDown")
    form.expect_words(f"every one: {every} classes.")
    tab_to(form, form.labelled("Group"))
    keys.type("ela")
    tab_to(form, form.labelled("Match on"))
    keys.press("ArrowDown")
    tab_to(form, form.labelled("Match"))
    keys.press("ArrowDown")
    form.expect_words(f"{some} of {every} classes match")
    tab_to(form, form.labelled("Term"))
    tab_to(form, form.button("Run query"))
    keys.press("Space")
    form.expect_words(f"{len(expected)} rows, {expected['who'].nunique()} people.")

    tab_to(form, form.tab("Table"))
    tab_to(form, form.labelled("Search"))
    keys.type("kaia")
    expect(form.within.locator(".onb-table-status").first).to_contain_text(f"(of {len(expected)})")
    tab_to(form, form.labelled("Show columns"))
    tab_to(form, form.within.get_by_role("columnheader", name="email").get_by_role("button"))
    keys.press("Enter")
    header = form.within.get_by_role("columnheader", name="email")
    expect(header).to_have_attribute("aria-sort", "ascending")

    tab_to(form, form.tab("Table"), key="Shift+Tab")
    for tab in ("Counts", "Crosstab"):
        keys.press("ArrowRight")
        keys.press("Enter")
        expect(form.tab(tab)).to_have_attribute("aria-selected", "true")
    tab_to(form, form.labelled("Rows"))
    tab_to(form, form.labelled("Columns"))
    tab_to(form, form.labelled("Count"))
    tab_to(form, form.labelled("Percent"))
    tab_to(form, form.labelled("Hide counts below"))
    keys.press("Control+A")
    keys.type("10")
    tab_to(form, form.labelled("Margins"))
    keys.press("Space")
    expect(form.labelled("Margins")).not_to_be_checked()

    tab_to(form, form.tab("Crosstab"), key="Shift+Tab")
    for _ in range(3):
        keys.press("ArrowRight")
    keys.press("Enter")
    expect(form.tab("Export")).to_have_attribute("aria-selected", "true")
    tab_to(form, form.labelled("Format"))
    tab_to(form, form.button("Download"))
    with form.page.expect_download() as arriving:
        keys.press("Enter")
    assert arriving.value.suggested_filename == "students-table.csv"


# What is wider than its part of the page, other than what scrolls within itself.
STICKING_OUT = """(form) => {
    const edge = form.getBoundingClientRect();
    const scrolls = ".onb-table-scroll *, .onb-code pre *, select *";
    return [...form.querySelectorAll("*")]
        .filter((part) => !part.matches(scrolls))
        .map((part) => [part.getBoundingClientRect(), part])
        .filter(([box]) => box.width && (box.right > edge.right + 1 || box.left < edge.left - 1))
        .map(([, part]) => part.outerHTML.slice(0, 120));
}"""

# What has too little contrast to be read, of all that can be used.
FAINT = f"""(form) => {{
    const contrast = {CONTRAST};
    const kinds = "label, h3, button, input, select, [role=tab], [role=status], [role=alert], pre";
    return [...form.querySelectorAll(kinds)]
        .filter((part) => part.checkVisibility({{ visibilityProperty: true }}))
        .filter((part) => !part.disabled && part.getAttribute("aria-disabled") !== "true")
        .map((part) => [contrast(part), part.outerHTML.slice(0, 200)])
        .filter(([found]) => found < 4.5);
}}"""


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_in_a_narrow_window_nothing_sticks_out_and_all_can_be_read(
    own_lab: Lab, district: Tables, theme: str
) -> None:
    expected = students_of(district, "ela")
    some, every = expected["classSourcedId"].nunique(), len(district["classes"])
    own_lab.page.set_viewport_size({"width": 800, "height": 1200})
    own_lab.open_notebook([CELL], theme=theme)
    # As one does where there is no room.
    own_lab.page.evaluate("() => jupyterapp.commands.execute('application:toggle-left-area')")
    own_lab.run_all()
    form = Form(own_lab.outputs)
    whole = own_lab.page.locator(".jp-OutputArea-output").first

    def look() -> None:
        wide = whole.evaluate("(form) => [form.scrollWidth, form.clientWidth]")
        assert wide[0] <= wide[1]
        assert whole.evaluate(STICKING_OUT) == []
        assert whole.evaluate(FAINT) == []

    form.choose("Provider", "OneRoster")
    form.press("Connect")
    form.expect_error("host must be the address")
    look()
    form.choose("Provider", "Demo district")
    form.connect()
    form.expect_words("139 students")
    form.choose("Group by", "classes")
    form.labelled("Group").fill("ela")
    form.choose("Match", "contains")
    form.expect_words(f"{some} of {every}")
    form.run()
    form.expect_rows(f"Rows 1-50 of {len(expected)}")
    look()
    for tab in ("Counts", "Crosstab", "Chart", "Code", "Export"):
        form.tab(tab).click()
        if tab == "Chart":
            expect(form.within.get_by_role("img").last).to_be_visible()
        look()
