"""Charts in a real browser: loaded as pictures, described, and unable to run anything."""

import pytest

from browser.labdriver import DARK, LIGHT, Lab

FORM = """
import pandas as pd
from oneroster_nb.forms.charts.bars import bars
from oneroster_nb.forms.charts.heatmaps import heat_map
from oneroster_nb.forms.widgets.pictures import Pictures

counts = pd.DataFrame({
    "schoolName": ["North $x$", "<script>alert(1)</script>", "a\\x00 & \\"b\\" --> "],
    "count": [120, "<10", "*"],
})
table = pd.DataFrame({"North": [31, 12], "South": ["<10", "*"]}, index=["06", "07"])
pictures = Pictures()
pictures.show([bars(counts), heat_map(table)])
pictures
"""


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_charts_load_with_their_descriptions(lab: Lab, theme: str) -> None:
    lab.open_notebook([FORM], theme=theme)
    lab.run_all()
    pictures = lab.outputs.get_by_role("img")
    pictures.nth(1).wait_for()
    lab.page.wait_for_function(
        "() => [...document.querySelectorAll('.jp-OutputArea img')].every((i) => i.complete)"
    )
    for at, words in enumerate(("<script>alert(1)</script>: <10", "Most: 31 in 06, North.")):
        picture = pictures.nth(at)
        assert picture.evaluate("(image) => image.naturalWidth") > 0
        assert words in (picture.get_attribute("alt") or "")
        background = picture.evaluate("(image) => getComputedStyle(image).backgroundColor")
        assert background == "rgb(255, 255, 255)"
    assert lab.outputs.locator("script").count() == 0
