"""Themes and narrow windows: everything can be read and nothing sticks out."""

import pytest
from playwright.sync_api import expect

from browser.labdriver import CONTRAST, DARK, LIGHT, Lab

FORM = """
import pandas as pd
import ipywidgets
from oneroster_nb.errors import QueryError
from oneroster_nb.forms.widgets.download_button import DownloadButton
from oneroster_nb.forms.widgets.secret_field import SecretField
from oneroster_nb.forms.widgets.table import ResultTable

people = pd.DataFrame({f"column{i}": [f"value {i} {j}" for j in range(200)] for i in range(14)})
people["score"] = range(200)
def fail():
    raise QueryError("There is nothing to export")
ipywidgets.VBox([
    ipywidgets.Text(description="Client ID", style={"description_width": "110px"}),
    SecretField("Client secret", placeholder="kept in this browser", label_width="110px"),
    ResultTable(people),
    DownloadButton(fail),
])
"""

# WCAG's contrast of an element's text with what is painted behind it, alpha included.

READ = [
    ".onb-secret label",
    ".onb-secret input",
    ".onb-table label",
    ".onb-table input",
    ".onb-table select",
    ".onb-table th button",
    ".onb-table td",
    ".onb-table-status",
    ".onb-table-turns button:last-child",
    ".onb-download button",
    ".onb-download-failed",
]


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_all_text_can_be_read(lab: Lab, theme: str) -> None:
    lab.open_notebook([FORM], theme=theme)
    lab.run_all()
    expect(lab.outputs.get_by_text("of 200")).to_be_visible()
    lab.outputs.get_by_role("button", name="Download").click()
    expect(lab.outputs.get_by_text("There is nothing to export")).to_be_visible()
    contrasts = {part: lab.page.locator(part).first.evaluate(CONTRAST) for part in READ}
    assert {part: ratio for part, ratio in contrasts.items() if ratio < 4.5} == {}


def test_a_narrow_window_scrolls_only_the_table(lab: Lab) -> None:
    lab.page.set_viewport_size({"width": 800, "height": 900})
    lab.open_notebook([FORM])
    lab.run_all()
    expect(lab.outputs.get_by_text("of 200")).to_be_visible()
    wider = lab.page.evaluate(
        """() => [...document.querySelectorAll('.onb-table, .onb-secret, .onb-download')]
            .filter((part) => part.scrollWidth > part.clientWidth).map((part) => part.className)"""
    )
    assert wider == []
    inside = "(e) => e.scrollWidth > e.clientWidth && e.tabIndex === 0"
    assert lab.page.locator(".onb-table-scroll").evaluate(inside), "reached and moved by keyboard"


def test_the_secret_field_lines_up_with_other_fields(lab: Lab) -> None:
    lab.open_notebook([FORM])
    lab.run_all()
    plain = lab.outputs.get_by_label("Client ID").bounding_box()
    secret = lab.outputs.get_by_label("Client secret").bounding_box()
    assert plain
    assert secret
    assert (secret["x"], secret["height"]) == (plain["x"], plain["height"])
