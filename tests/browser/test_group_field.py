"""The field for groups: it looks and works as ipywidgets' own, and is saved without completions."""

import json

import pytest
from playwright.sync_api import expect

from browser.formdriver import CELL, Form
from browser.labdriver import CONTRAST, DARK, LIGHT, Lab

FIELDS = """
import ipywidgets
from oneroster_nb.forms.widgets.group_field import GroupField
width = ipywidgets.Layout(width="30em", max_width="calc(100% - 4px)")
field = GroupField(
    description="Group", placeholder="a name", label_width="110px", layout=width
)
field.offer(["Ms. Lovelace, Art 1", "<b>Art</b> 2"])
own = ipywidgets.Combobox(
    description="Plain", placeholder="a name", style={"description_width": "110px"}, layout=width
)
shown = ipywidgets.VBox([own, field])
shown
"""

LOOK = """(input) => {
    const names = ["color", "backgroundColor", "border", "borderRadius", "padding", "fontFamily",
        "fontSize", "lineHeight", "height", "width", "margin"];
    return [input, input.labels[0]].map((part) => {
        const style = getComputedStyle(part);
        return [part.getBoundingClientRect().x, ...names.map((name) => style[name])];
    });
}"""


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_it_looks_like_the_other_fields(lab: Lab, theme: str) -> None:
    lab.open_notebook([FIELDS], theme=theme)
    lab.run_all()
    own, field = lab.outputs.get_by_label("Plain"), lab.outputs.get_by_label("Group")
    assert field.evaluate(LOOK) == own.evaluate(LOOK)
    assert field.evaluate(CONTRAST) >= 4.5
    expect(lab.outputs.get_by_role("combobox", name="Group", exact=True)).to_have_count(1)


def test_the_text_goes_both_ways_and_stays_while_completions_change(lab: Lab) -> None:
    lab.open_notebook([FIELDS, "shown"])
    lab.run_all()
    first, second = (Form(lab.outputs.nth(at)) for at in range(2))
    field = first.labelled("Group")
    assert first.completions() == ["Ms. Lovelace, Art 1", "<b>Art</b> 2"]
    assert second.completions() == first.completions()
    field.press_sequentially("art")
    lab.expect_kernel("field.value", "art")
    expect(second.labelled("Group")).to_have_value("art")
    field.press("Home")
    lab.kernel("field.offer(['Art 3'])")
    field.press_sequentially("Ms. ")
    lab.expect_kernel("field.value", "Ms. art")
    assert first.completions() == second.completions() == ["Art 3"]
    field.press("End")
    field.press("Enter")
    field.press("x")
    lab.expect_kernel("field.value", "Ms. artx")
    lab.kernel("field.value = 'from code'")
    expect(field).to_have_value("from code")
    expect(second.labelled("Group")).to_have_value("from code")


def test_a_saved_notebook_holds_neither_completions_nor_code(lab: Lab) -> None:
    lab.open_notebook([CELL], save_widget_state=True)
    lab.run_all()
    form = Form(lab.outputs)
    form.connect()
    form.expect_words("139 students")
    form.choose("Group by", "classes")
    form.labelled("Group").fill("ela 6")
    form.choose("Match", "contains")
    form.expect_words("classes match")
    offered = form.completions()
    form.run()
    form.tab("Code").click()
    form.expect_words("df = conn.get_users(")
    states = json.loads(lab.save())["metadata"]["widgets"]
    assert "GroupField" in str(states)
    assert "CodeCell" in str(states)
    assert offered
    assert [title for title in offered if title in str(states)] == []
    assert "conn.get_users(" not in str(states)
