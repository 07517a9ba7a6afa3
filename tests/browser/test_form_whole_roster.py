"""The whole roster in the form: loaded with a button, cancelled, and then asked at once."""

from pathlib import Path

import pytest
from helpers.faultserver import FaultServer
from helpers.records import school
from playwright.sync_api import expect

from browser.formdriver import CELL, Door, Form, settings_in
from browser.labdriver import Lab
from oneroster_nb.demo.server.embedded import DemoServer


@pytest.fixture
def form(lab: Lab, tmp_path: Path) -> Form:
    lab.open_notebook([CELL])
    lab.kernel(settings_in(tmp_path))
    lab.run_all()
    return Form(lab.outputs)


def test_a_roster_is_loaded_and_needs_no_server(form: Form) -> None:
    door = Door()
    with FaultServer(school(), door) as server:
        form.connect(host=server.host, client_id="analyst", client_secret="any")
        form.expect_words("Connected to")
        door.shut()
        form.button("Load whole roster").click()
        assert door.reached.wait(20)
        form.expect_words("Loading the whole roster …")
        place = form.button("Cancel").bounding_box()
        form.expect_words("0 rows")
        assert form.button("Cancel").bounding_box() == place
        form.button("Cancel").click()
        form.expect_words("Cancelled. Nothing was changed")
        door.open()
        form.button("Load whole roster").click()
        form.expect_words("Loaded: ")
    # The server is gone.
    form.choose("Group by", "classes")
    form.run()
    form.expect_words("6 rows, 6 people.")
    expect(form.button("Load whole roster").filter(visible=True)).to_have_count(0)


def test_a_server_of_oneroster_1p2_is_asked_with_tokens(form: Form) -> None:
    with DemoServer() as server:
        form.choose("Provider", "OneRoster")
        form.labelled("Token URL").fill(server.token_url)
        form.connect(
            host=server.host_v1p2, client_id=server.client_id, client_secret=server.client_secret
        )
        form.expect_words("139 students, 37 teachers, 3 schools")
        form.run()
        form.expect_words("139 rows, 139 people.")
