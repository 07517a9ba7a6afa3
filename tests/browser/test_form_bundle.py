"""A bundle in the form, the way a person opens and checks it."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

import oneroster_nb as onb
from browser.formdriver import CELL, Form
from browser.labdriver import Lab
from oneroster_nb.demo.district.making import make_district


@pytest.fixture
def form(lab: Lab) -> Form:
    lab.open_notebook([CELL])
    lab.run_all()
    return Form(lab.outputs)


def test_a_bundle_is_uploaded_asked_and_checked(form: Form, tmp_path: Path) -> None:
    tables = make_district(13_000)  # so large that it travels in several pieces
    users = tables["users"] = tables["users"].copy()
    users.loc[0, "grades"] = "<img src=x onerror=alert(1)>"
    path = onb.Roster(tables).to_csv_bundle(tmp_path / "nightly.zip", version="1.2")
    assert path.stat().st_size > 2 << 20

    form.choose("Provider", "CSV bundle")
    form.labelled("Upload").set_input_files(path)
    form.expect_words("nightly.zip is there.")
    form.button("Connect").click()
    form.expect_words("13,000 students")
    expect(form.button("Load whole roster").filter(visible=True)).to_have_count(0)

    form.button("Check roster").click()
    expect(form.tab("Findings")).to_have_attribute("aria-selected", "true")
    form.expect_words("1 warning")
    expect(form.within.get_by_text("<img src=x").filter(visible=True).first).to_be_visible()
    expect(form.within.locator("img[src=x]")).to_have_count(0)
    why = form.within.get_by_text("has no place in the order of grades.")
    expect(why).to_have_css("white-space", "normal")  # so that it is read to its end

    form.run()
    expect(form.tab("Table")).to_have_attribute("aria-selected", "true")
    form.expect_words("13,000 people")


def test_what_is_no_bundle_is_said(form: Form, tmp_path: Path) -> None:
    path = tmp_path / "photo.zip"
    path.write_bytes(b"not a zip")
    form.choose("Provider", "CSV bundle")
    form.labelled("Upload").set_input_files(path)
    form.expect_words("photo.zip is there.")
    form.button("Connect").click()
    form.expect_error("not a zip")
