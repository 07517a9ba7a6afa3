"""What goes wrong is said in a sentence, and the form is ready with all that was typed."""

import re
import secrets
from pathlib import Path

import pandas as pd
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


def test_wrong_secrets_wrong_names_and_empty_answers(
    form: Form, district: dict[str, pd.DataFrame]
) -> None:
    wrong = secrets.token_urlsafe(12)
    with DemoServer(district) as server:
        form.connect(host=server.host, client_id=server.client_id, client_secret=wrong)
        form.expect_error("Check the client id and the secret")
        typed = {
            "Host": server.host,
            "Client ID": server.client_id,
            "Client secret": wrong,
        }
        for label, value in typed.items():
            expect(form.labelled(label)).to_have_value(value)
        form.labelled("Client secret").fill(server.client_secret)
        form.labelled("Client secret").press("Enter")
        form.expect_words("139 students, 37 teachers, 3 schools")
        expect(form.labelled("Client secret")).to_have_value("")

        form.choose("Users", "teachers")
        form.choose("Group by", "schools")
        form.labelled("Group").fill("Classlink HX")
        form.expect_words("0 of 3 schools match.")
        form.expect_words("Did you mean 'Classlink HS'?")
        form.run()
        form.expect_words("No schools match 'Classlink HX'")
        expect(form.labelled("Group")).to_have_value("Classlink HX")
        expect(form.labelled("Users")).to_have_value("teachers")
        expect(form.button("Run query")).to_be_enabled()

        form.labelled("Group").fill("")
        form.choose("Users", "parents")
        form.run()
        form.expect_words("Try another group, other users, or no group at all.")
        form.expect_rows("No rows")
        for tab in ("Counts", "Crosstab", "Chart", "Code", "Export"):
            form.tab(tab).click()
        with form.page.expect_download():
            form.button("Download").click()

        form.choose("Users", "students")
        form.run()
        form.expect_words("139 rows, 139 people.")
    expect(form.within.get_by_text("Traceback")).to_have_count(0)


def test_a_server_that_goes_away(form: Form, lab: Lab, district: dict[str, pd.DataFrame]) -> None:
    door = Door()
    with FaultServer(school(), door) as server:
        # As someone would save it who does not want to wait for two minutes.
        options = {"host": server.host, "client_id": "analyst", "retry_seconds": 1}
        lab.kernel(f"onb.save_profile('north', 'oneroster', **{options!r})")
        lab.run_all()
        form.choose("Saved connection", "north")
        expect(form.labelled("Host")).to_have_value(server.host)
        form.labelled("Client secret").fill("any")
        form.button("Connect").click()
        form.expect_words("Connected to")
        form.choose("Group by", "classes")
        form.choose("Match", "contains")
        form.labelled("Group").fill("art")
        form.expect_words("2 of 2 classes match")
        door.shut()
        form.run()
        assert door.reached.wait(20)
        door.break_off()
    form.expect_error("Check the host, the network and the proxy settings.")
    expect(form.labelled("Group")).to_have_value("art")
    expect(form.labelled("Match")).to_have_value("contains")
    expect(form.button("Run query")).to_be_enabled()
    expect(form.button("Cancel").filter(visible=True)).to_have_count(0)

    form.choose("Provider", "Demo district")
    form.connect()
    form.expect_words("139 students")
    expect(form.labelled("Group")).to_have_value("art")
    form.expect_words(f"of {len(district['classes'])} classes match")
    form.run()
    form.expect_words(re.compile(r"^\d+ rows, \d+ people\.$"))


def test_a_cancelled_pull(form: Form) -> None:
    door = Door()
    with FaultServer(school(students=40), door) as server:
        form.connect(host=server.host, client_id="analyst", client_secret="any")
        form.expect_words("Connected to")
        form.choose("Group by", "classes")
        form.labelled("Group").fill("Art section 1")
        form.expect_words("1 of 2 classes matches")
        door.shut()
        form.run()
        assert door.reached.wait(20)
        form.button("Cancel").click()
        form.expect_words("Cancelled. Nothing was changed; press the button to start again.")
        expect(form.labelled("Group")).to_have_value("Art section 1")
        expect(form.button("Run query")).to_be_enabled()
        door.open()
        form.run()
        form.expect_words("40 rows, 40 people.")
        form.expect_rows("Rows 1-40 of 40")
