"""A typed secret is for one account, and people of one source are never shown as another's."""

import json
import secrets
from collections.abc import Callable
from pathlib import Path

import pandas as pd
from helpers.cleverserver import Asked as AskedOfClever, CleverServer, Reply
from helpers.faultserver import FaultServer
from helpers.records import school
from playwright.sync_api import expect

from browser.formdriver import CELL, Form, settings_in
from browser.labdriver import Lab
from oneroster_nb.demo.server.embedded import DemoServer

HOST = "https://first.example/ims/oneroster/v1p1/"
OTHER = "https://other.example/ims/oneroster/v1p1/"


def test_a_typed_secret_is_cleared_by_a_change_of_its_account(lab: Lab, tmp_path: Path) -> None:
    lab.open_notebook([CELL])
    lab.kernel(settings_in(tmp_path))
    lab.kernel(
        "import oneroster_nb as onb\n"
        f"onb.save_profile('lincoln', 'oneroster', host={HOST!r}, client_id='analyst')"
    )
    lab.run_all()
    form = Form(lab.outputs)
    form.choose("Provider", "OneRoster")
    form.labelled("Host").fill(HOST)

    def types(label: str, text: str) -> Callable[[], None]:
        def change() -> None:
            form.labelled(label).fill(text)
            form.labelled(label).blur()

        return change

    def sets(code: str) -> Callable[[], object]:
        return lambda: lab.kernel(code)

    changes = [
        types("Host", OTHER),
        types("Client ID", "analyst"),
        types("Token URL", "https://token.example/"),
        lambda: form.choose("Saved connection", "lincoln"),
        lambda: form.choose("Provider", "ClassLink"),
        types("Application ID", "1234"),
        sets(f"form.host = {OTHER!r}"),
        sets("form.client_id = 'another'"),
        sets("form.token_url = 'https://token.example/2'"),
        sets("form.provider = 'clever'"),
        sets("form.profile = 'lincoln'"),
    ]
    fields = (form.labelled("Client secret"), form.labelled("Access token"))
    for change in changes:
        for field in fields:
            field.fill("typed for the account as it is")
        change()
        for field in fields:
            expect(field).to_have_value("")
    # What is typed after the change is for the account as it is then.
    form.labelled("Host").fill(OTHER + "new/")
    fields[0].press_sequentially("typed after it")
    lab.kernel("1 + 1")
    expect(fields[0]).to_have_value("typed after it")


def test_a_token_that_was_typed_for_one_server_never_reaches_the_next(lab: Lab) -> None:
    token, secret = secrets.token_urlsafe(16), secrets.token_urlsafe(16)

    def refuse(_asked: AskedOfClever, reply: Reply) -> None:
        reply.status, reply.body = 401, {"message": "no"}

    lab.open_notebook([CELL])
    lab.run_all()
    form = Form(lab.outputs)
    with CleverServer({}, refuse) as first, FaultServer(school()) as second:
        form.choose("Provider", "Clever")
        form.labelled("Host").fill(first.host)
        form.labelled("Access token").fill(token)
        form.press("Connect")
        form.expect_error("401")
        assert first.requests[0].headers["Authorization"] == f"Bearer {token}"
        expect(form.labelled("Access token")).to_have_value(token)

        form.choose("Provider", "OneRoster")
        form.labelled("Host").fill(second.host)
        form.labelled("Client ID").fill("analyst")
        form.labelled("Client secret").fill(secret)
        form.press("Connect")
        form.expect_words("6 students")
        heads = [asked.headers["Authorization"] for asked in second.requests]
        assert heads
        assert all(head.startswith("OAuth ") for head in heads)
        assert token not in str(heads)


def test_people_of_one_source_are_gone_when_another_is_tried(
    lab: Lab, district: dict[str, pd.DataFrame]
) -> None:
    lab.open_notebook([CELL], save_widget_state=True)
    lab.run_all()
    form = Form(lab.outputs)
    form.connect()
    form.expect_words("139 students")
    form.choose("Group by", "schools")
    form.labelled("Group").fill("Classlink HS")
    form.expect_words("1 of 3 schools matches")
    form.run()
    form.expect_words("38 rows, 38 people.")
    expect(form.tab("Table")).to_be_visible()
    form.tab("Chart").click()
    pictures = form.within.get_by_role("img")
    expect(pictures).to_have_count(1)
    heat_map = form.within.get_by_role("table", name="Heat map")
    expect(heat_map).to_be_visible()
    expect(pictures.first).to_be_visible()
    assert "Bar chart" in (pictures.first.get_attribute("alt") or "")
    form.tab("Export").click()
    form.button("Download").click()
    form.expect_words("was handed to the browser.")

    # Nothing of it is in the notebook.
    state = json.dumps(json.loads(lab.save())["metadata"]["widgets"])
    assert "Hide small counts" in state, "no state was saved, so this would prove nothing"
    for text in ("38 rows", "Bar chart", "Heat map", "<svg"):
        assert text not in state

    form.choose("Provider", "OneRoster")
    with DemoServer(district) as source:
        form.labelled("Host").fill(source.host)
        form.labelled("Client ID").fill("analyst")
        form.labelled("Client secret").fill("wrong")
        form.press("Connect")
        form.expect_error("401")
    for name in ("Table", "Chart", "Export"):
        expect(form.tab(name)).to_be_hidden()
    expect(form.within.get_by_role("img")).to_have_count(0)
    expect(heat_map).to_have_count(0)
    form.expect_no_words("was handed to the browser.")
    form.expect_no_words("38 rows, 38 people.")
    form.expect_no_words("connect('demo')")
