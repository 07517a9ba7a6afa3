"""Every label of the form finds its control, by name and one only, at the time it is needed."""

from pathlib import Path

import pytest
from helpers.faultserver import FaultServer
from helpers.records import school
from playwright.sync_api import expect

from browser.formdriver import CELL, Door, Form, settings_in
from browser.labdriver import Lab

TABS = ("Table", "Counts", "Crosstab", "Chart", "Code", "Export")
IN_TAB = {
    "Table": ["Search", "Show columns"],
    "Counts": ["By"],
    "Crosstab": ["Rows", "Columns", "Count", "Hide counts below", "Margins", "Percent"],
    "Export": ["Format"],
}


@pytest.fixture
def form(lab: Lab, tmp_path: Path) -> Form:
    lab.open_notebook([CELL])
    lab.kernel(settings_in(tmp_path))
    lab.run_all()
    return Form(lab.outputs)


def expect_one(form: Form, *labels: str) -> None:
    for label in labels:
        expect(form.labelled(label).filter(visible=True)).to_have_count(1)


def expect_button(form: Form, *names: str) -> None:
    for name in names:
        expect(form.button(name).filter(visible=True)).to_have_count(1)


def test_labels_find_their_controls(form: Form) -> None:
    door = Door()
    with FaultServer(school(), door) as server:
        expect_one(form, "Provider")
        for label in ("Host", "Client ID", "Client secret", "Saved connection", "Group"):
            expect(form.labelled(label).filter(visible=True)).to_have_count(0)
        assert form.options("Provider") == [
            *("Demo district", "Demo district (Clever)", "ClassLink", "Clever", "OneRoster"),
            *("CSV bundle", "Saved roster"),
        ]
        form.choose("Provider", "OneRoster")
        expect_one(form, "Host", "Client ID", "Client secret", "Token URL", "Access token")
        form.choose("Provider", "ClassLink")
        expect_one(form, "Host", "Client ID", "Client secret", "Application ID", "Access token")
        form.choose("Provider", "Clever")
        expect_one(form, "Host", "Client ID", "Client secret", "Access token", "District")
        form.choose("Provider", "CSV bundle")
        expect_one(form, "Bundle", "Upload")
        form.choose("Provider", "Saved roster")
        expect_one(form, "Folder")
        expect_button(form, "Connect")

        form.connect(host=server.host, client_id="analyst", client_secret="any")
        form.expect_words("Connected to")
        expect_one(form, "Save as")
        expect_button(form, "Save connection", "Load whole roster")
        form.labelled("Save as").fill("North")
        form.button("Save connection").click()
        expect_one(form, "Saved connection")

        expect_one(form, "Users", "Demographics", "Group by", "Term")
        expect(form.labelled("Demographics")).not_to_be_checked()
        form.choose("Group by", "classes")
        form.expect_words("every one: 2 classes.")
        expect_one(form, "Group", "Match on", "Match")
        assert form.options("Group by") == [
            *("(no group)", "classes", "courses", "schools", "teachers", "students"),
        ]

        door.shut()
        form.run()
        assert door.reached.wait(20)
        expect_button(form, "Run query", "Cancel")
        expect(form.button("Run query")).to_be_disabled()
        door.open()
        form.expect_words("6 rows, 6 people.")
        expect_button(form, "Back", "Forward", "History (1)")
        expect(form.button("Cancel").filter(visible=True)).to_have_count(0)

        for tab in TABS:
            expect(form.tab(tab).filter(visible=True)).to_have_count(1)
            form.tab(tab).click()
            expect(form.tab(tab)).to_have_attribute("aria-selected", "true")
            expect_one(form, *IN_TAB.get(tab, []))
        expect_button(form, "Download")
        # What belongs to a tab that is not looked at is found by nobody.
        for label in ("Search", "By", "Rows"):
            expect(form.labelled(label).filter(visible=True)).to_have_count(0)
