"""The result table in a real browser: one page of many rows, found by label, never run as code."""

import json

import pytest
from playwright.sync_api import Dialog, Locator, expect

from browser.labdriver import Lab

HOSTILE = "<img src=x onerror=alert(1)>"

FORM = f"""
import pandas as pd
from oneroster_nb.forms.widgets.table import ResultTable

n = 50_000
people = pd.DataFrame({{
    "sourcedId": [f"id-{{i:05d}}" for i in range(n)],
    "givenName": ["Ada", "ben", "Cleo", None, {HOSTILE!r}] * (n // 5),
    "grades": ["06", "07"] * (n // 2),
    "score": [float(i % 1000) for i in range(n)],
    "birthDate": pd.to_datetime("2010-03-04") + pd.to_timedelta([i % 3000 for i in range(n)], "D"),
    "enabledUser": pd.array([True, False] * (n // 2), dtype="boolean"),
}}, index=None)
table = ResultTable(people)
table
"""


@pytest.fixture
def table(lab: Lab) -> Lab:
    lab.open_notebook([FORM], save_widget_state=True)
    lab.run_all()
    expect_status(lab, "Rows 1-50 of 50,000")
    return lab


def status(lab: Lab) -> Locator:
    return lab.outputs.get_by_role("status")


def dashed(text: str) -> str:
    return text.replace("-", "\N{EN DASH}")


def expect_status(lab: Lab, text: str) -> None:
    expect(status(lab)).to_have_text(dashed(text))


def rows(lab: Lab) -> list[list[str]]:
    found: list[list[str]] = lab.page.evaluate(
        "() => [...document.querySelectorAll('.onb-table tbody tr')]"
        ".map((row) => [...row.cells].map((cell) => cell.textContent))"
    )
    return found


def test_only_the_shown_page_is_in_the_browser(table: Lab) -> None:
    assert len(rows(table)) == 50
    assert rows(table)[0] == ["id-00000", "Ada", "06", "0", "2010-03-04", "true"]
    assert rows(table)[3][1] == ""
    assert "id-00050" not in table.page.content()
    table.outputs.get_by_label("Page size").select_option("10")
    expect_status(table, "Rows 1-10 of 50,000")
    assert len(rows(table)) == 10


def test_names_are_text(table: Lab) -> None:
    dialogs: list[Dialog] = []

    def heard(dialog: Dialog) -> None:
        dialogs.append(dialog)

    table.page.on("dialog", heard)
    table.outputs.get_by_label("Search").fill("ONERROR")
    expect_status(table, "Rows 1-50 of 10,000 (of 50,000)")
    assert rows(table)[0][1] == HOSTILE
    table.kernel(f"table.show(people.rename(columns={{'givenName': {HOSTILE!r}}}).head(5))")
    expect_status(table, "Rows 1-5 of 5")
    expect(table.outputs.get_by_role("columnheader", name=HOSTILE)).to_be_visible()
    assert table.outputs.locator("img").count() == 0
    table.page.remove_listener("dialog", heard)
    assert dialogs == []


def test_search_finds_rows_with_all_words(table: Lab) -> None:
    search = table.outputs.get_by_label("Search")
    search.fill("BEN 2010-03-05")
    expect_status(table, "Rows 1-17 of 17 (of 50,000)")
    search.fill("nobody")
    expect_status(table, "No rows match (of 50,000)")
    assert rows(table) == []
    search.fill("")
    expect_status(table, "Rows 1-50 of 50,000")


def test_headers_sort_and_say_so(table: Lab) -> None:
    header = table.outputs.get_by_role("columnheader", name="score")
    button = header.get_by_role("button")
    assert header.get_attribute("scope") == "col"
    expect(header).to_have_attribute("aria-sort", "none")
    # By keyboard, twice: the focus has to stay on the header.
    button.press("Enter")
    expect(header).to_have_attribute("aria-sort", "ascending")
    expect(table.outputs.locator("tbody tr").nth(49)).to_contain_text("id-49000")
    button.press("Enter")
    expect(header).to_have_attribute("aria-sort", "descending")
    assert rows(table)[0][3] == "999"
    expect(button).to_be_focused()
    button.press("Enter")
    expect(header).to_have_attribute("aria-sort", "none")
    assert rows(table)[0][0] == "id-00000"


def test_pages_turn_and_end(table: Lab) -> None:
    table.outputs.get_by_label("Search").fill("id-0000")
    expect_status(table, "Rows 1-10 of 10 (of 50,000)")
    table.outputs.get_by_label("Search").fill("id-000")
    expect_status(table, "Rows 1-50 of 100 (of 50,000)")
    following = table.outputs.get_by_role("button", name="Next page")
    preceding = table.outputs.get_by_role("button", name="Previous page")
    expect(preceding).to_be_disabled()
    following.click()
    expect_status(table, "Rows 51-100 of 100 (of 50,000)")
    expect(following).to_be_disabled()
    assert rows(table)[0][0] == "id-00050"
    preceding.press("Enter")
    expect_status(table, "Rows 1-50 of 100 (of 50,000)")


def test_columns_are_chosen_and_searched(table: Lab) -> None:
    columns = table.outputs.get_by_label("Show columns")
    columns.select_option(["givenName", "grades"])
    expect(table.outputs.get_by_role("columnheader")).to_have_text(["givenName", "grades"])
    table.outputs.get_by_label("Search").fill("id-00001")
    expect_status(table, "No rows match (of 50,000)")
    # A plain click adds one and keeps the others.
    columns.get_by_role("option", name="sourcedId").click()
    expect(table.outputs.get_by_role("columnheader")).to_have_text(
        ["sourcedId", "givenName", "grades"]
    )
    expect_status(table, "Rows 1-1 of 1 (of 50,000)")


def test_two_views_stand_on_pages_of_their_own(lab: Lab) -> None:
    lab.open_notebook([FORM, "table"])
    lab.run_all()
    first, second = status(lab).first, status(lab).last
    expect(second).to_have_text(dashed("Rows 1-50 of 50,000"))
    lab.outputs.get_by_role("button", name="Next page").last.click()
    expect(second).to_have_text(dashed("Rows 51-100 of 50,000"))
    expect(first).to_have_text(dashed("Rows 1-50 of 50,000"))


def test_no_row_is_in_the_saved_notebook_which_shows_them_again(table: Lab) -> None:
    table.outputs.get_by_label("Search").fill("id-0000")
    expect_status(table, "Rows 1-10 of 10 (of 50,000)")
    saved = json.loads(table.save())
    assert "ResultTable" in str(saved["metadata"]["widgets"]), "widget state was not saved"
    for cell in saved["cells"]:
        del cell["source"]
    for private in ("id-0000", "Ada", "onerror", "birthDate"):
        assert private not in str(saved)
    table.reopen()
    expect_status(table, "Rows 1-50 of 50,000")
