"""Charts in a real browser: a picture and a table, described, and unable to run anything."""

import pytest
from playwright.sync_api import expect

from browser.labdriver import CONTRAST, DARK, LIGHT, Lab

FORM = """
import pandas as pd
from oneroster_nb.forms.charts.bars import bars
from oneroster_nb.forms.charts.coloured_crosstab import heat_map
from oneroster_nb.forms.widgets.pictures import Pictures

counts = pd.DataFrame({
    "schoolName": ["North $x$", "<script>alert(1)</script>", "a\\x00 & \\"b\\" --> "],
    "count": [120, "<10", "*"],
})
table = pd.DataFrame(
    [[31, "<10", 40], [12, "*", 90], [43, 77, 130]],
    index=pd.Index(["06", "<script>alert(2)</script>", "All"], name="<script>alert(3)</script>"),
    columns=["North", "<script>alert(4)</script>", "All"],
)
table.attrs["footnote"] = "<script>alert(5)</script>"
pictures = Pictures()
pictures.show([bars(counts)], heat_map(table))
pictures
"""


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_charts_load_with_their_descriptions(lab: Lab, theme: str) -> None:
    lab.open_notebook([FORM], theme=theme)
    lab.run_all()
    picture = lab.outputs.get_by_role("img")
    picture.wait_for()
    lab.page.wait_for_function(
        "() => [...document.querySelectorAll('.jp-OutputArea img')].every((i) => i.complete)"
    )
    assert picture.evaluate("(image) => image.naturalWidth") > 0
    assert "<script>alert(1)</script>: <10" in (picture.get_attribute("alt") or "")
    background = picture.evaluate("(image) => getComputedStyle(image).backgroundColor")
    assert background == "rgb(255, 255, 255)"

    table = lab.outputs.get_by_role("table", name="Most: 31 in 06, North.")
    expect(table.get_by_role("caption")).to_contain_text("<script>alert(5)</script>")
    assert table.get_by_role("columnheader").all_text_contents() == [
        *("North", "<script>alert(4)</script>", "All")
    ]
    assert table.get_by_role("rowheader").all_text_contents() == [
        *("06", "<script>alert(2)</script>", "All")
    ]
    cells = table.get_by_role("cell")
    assert cells.all_text_contents() == [
        *("<script>alert(3)</script>", "31", "<10", "40", "12", "*", "90", "43", "77", "130")
    ]
    pairs = "(cells) => cells.map((c) => [c.textContent, getComputedStyle(c).backgroundColor])"
    shades = dict(cells.evaluate_all(pairs))
    assert shades["<10"] == shades["*"] != shades["31"] != shades["12"]
    assert shades["40"] == shades["130"] == "rgba(0, 0, 0, 0)", "no colour of their own"
    read = [*cells.all(), *table.get_by_role("rowheader").all(), table.get_by_role("caption")]
    assert [part.text_content() for part in read if part.evaluate(CONTRAST) < 4.5] == []
    assert lab.outputs.locator("script").count() == 0
