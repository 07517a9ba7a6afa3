"""Names from a roster are shown and never run: in the form, in its charts and in its files."""

import csv
import io
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from playwright.sync_api import expect

from browser.formdriver import CELL, Form
from browser.labdriver import Lab
from oneroster_nb.demo.server.embedded import DemoServer

IMAGE = '<img src=x onerror="window.ran=1;alert(1)">'
FORMULA = '=HYPERLINK("http://x.example","y")'
SCRIPT = "</script><script>window.ran=2</script>"
MATHS = "$x^2$"
HOSTILE = [IMAGE, FORMULA, SCRIPT, MATHS]


@pytest.fixture
def hostile(district: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return a district in which everything is called one of these."""

    def renamed(table: str, *columns: str) -> pd.DataFrame:
        frame = district[table].copy()
        for column in columns:
            frame[column] = [HOSTILE[at % len(HOSTILE)] for at in range(len(frame))]
        return frame

    return {
        **district,
        "orgs": renamed("orgs", "name"),
        "academicSessions": renamed("academicSessions", "title"),
        "courses": renamed("courses", "title"),
        "classes": renamed("classes", "title", "location"),
        "users": renamed("users", "givenName", "familyName", "email"),
    }


def test_nothing_of_a_roster_runs(
    own_lab: Lab, hostile: dict[str, pd.DataFrame], tmp_path: Path
) -> None:
    dialogs: list[str] = []
    own_lab.page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    own_lab.open_notebook([CELL])
    own_lab.run_all()
    form = Form(own_lab.outputs)
    orgs = hostile["orgs"]
    (name,) = orgs.loc[orgs["type"] == "district", "name"]
    schools = set(orgs.loc[orgs["type"] == "school", "name"])
    with DemoServer(hostile) as source:
        form.connect(
            host=source.host, client_id=source.client_id, client_secret=source.client_secret
        )
        form.expect_words(f"Connected to {name}: 139 students")
        form.choose("Group by", "classes")
        form.expect_words("every one")
        form.choose("Match", "contains")
        for part, whole in (
            ("onerr", IMAGE),
            ("hyper", FORMULA),
            ("</scr", SCRIPT),
            ("x^2", MATHS),
        ):
            form.labelled("Group").fill(part)
            form.expect_words(f"classes match: {whole}")
            assert form.completions() == [whole]
        assert set(HOSTILE) <= set(form.options("Term"))
        form.labelled("Group").fill(f"{IMAGE} no")
        form.expect_words(f"Nothing matches '{IMAGE} no'")
        form.run()
        form.expect_words(f"No classes match '{IMAGE} no'")
        form.labelled("Group").fill("")
        form.run()
        form.expect_words("rows, 139 people")

    header, *rows = form.rows()
    for column in ("givenName", "familyName", "email", "classTitle", "courseTitle", "schoolName"):
        assert {row[header.index(column)] for row in rows} <= set(HOSTILE)
    form.labelled("Search").fill("onerror")
    expect(form.within.get_by_role("cell", name=IMAGE, exact=True).first).to_be_visible()
    form.tab("Counts").click()
    form.choose("By", "givenName", "schoolName")
    expect(form.within.get_by_role("cell", name=IMAGE, exact=True).first).to_be_visible()
    form.tab("Crosstab").click()
    form.choose("Rows", "familyName")
    form.choose("Columns", "schoolName")
    form.expect_rows(f"Rows 1-{len(HOSTILE) + 1} of {len(HOSTILE) + 1}")
    header, *rows = form.rows()
    assert set(header) == {"familyName", *schools, "All"}
    assert {row[0] for row in rows} == {*HOSTILE, "All"}
    form.tab("Chart").click()
    pictures = form.within.get_by_role("img")
    expect(pictures).to_have_count(1)
    heat_map = form.within.get_by_role("table", name="Heat map")
    labels = heat_map.get_by_role("rowheader").all_text_contents()
    assert set(labels) == {*HOSTILE, "All"}
    for hostile_name in HOSTILE:
        assert hostile_name in (pictures.first.get_attribute("alt") or "")
    for picture in pictures.all():
        assert picture.evaluate("(image) => image.decode().then(() => image.naturalWidth > 0)")
    form.tab("Code").click()

    form.tab("Export").click()
    for data in ("Table", "Counts", "Crosstab"):
        form.choose("Data", data)
        form.choose("Format", "CSV")
        text = downloaded(form, tmp_path / "a.csv").decode("utf-8-sig")
        cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
        assert f"'{FORMULA}" in cells
        assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))] == []
        form.choose("Format", "Excel")
        book = openpyxl.load_workbook(io.BytesIO(downloaded(form, tmp_path / "a.xlsx")))
        stored = [cell for row in book.active.iter_rows() for cell in row]
        kinds = {cell.data_type for cell in stored if cell.value == FORMULA}
        assert kinds == {"s"}
        assert "f" not in {cell.data_type for cell in stored}

    assert own_lab.page.evaluate("() => window.ran") is None
    assert dialogs == []
    expect(form.within.locator("script")).to_have_count(0)


def downloaded(form: Form, path: Path) -> bytes:
    with form.page.expect_download() as arriving:
        form.button("Download").click()
    arriving.value.save_as(path)
    return path.read_bytes()
