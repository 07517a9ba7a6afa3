"""Fifty thousand students: the browser and the notebook file get only what is shown."""

import json

from playwright.sync_api import WebSocket, expect

from browser.formdriver import Form
from browser.labdriver import Lab

STUDENTS = 50_000

CELLS = [
    f"""
import oneroster_nb as onb
from oneroster_nb.demo.district.making import make_district
tables = make_district({STUDENTS})
""",
    """
form = onb.explore(onb.Roster(tables), user_filter="students", match="contains")
form
""",
]


class Received:
    """Adds up what a page is sent over its web sockets."""

    def __init__(self, lab: Lab) -> None:
        self.size = 0
        lab.page.on("websocket", self._opened)

    def _opened(self, socket: WebSocket) -> None:
        socket.on("framereceived", self._came)

    def _came(self, payload: str | bytes) -> None:
        self.size += len(payload)


def test_the_browser_gets_only_what_it_shows(own_lab: Lab) -> None:
    received = Received(own_lab)
    own_lab.open_notebook(CELLS, save_widget_state=True)
    own_lab.run_all()
    form = Form(own_lab.outputs)
    before = received.size
    form.run()
    form.expect_rows(f"Rows 1-50 of {STUDENTS:,}")
    form.expect_words(f"{STUDENTS:,} rows, {STUDENTS:,} people.")
    assert received.size - before < 200_000
    assert len(form.rows()) == 51

    email = own_lab.kernel("print(form.result['email'].iloc[-1])")
    assert email not in own_lab.page.content()
    form.labelled("Search").fill(email)
    form.expect_rows(f"Rows 1-1 of 1 (of {STUDENTS:,})")
    expect(form.within.get_by_role("cell", name=email, exact=True)).to_be_visible()
    form.labelled("Search").fill("")
    form.expect_rows(f"Rows 1-50 of {STUDENTS:,}")
    form.within.get_by_role("columnheader", name="email").get_by_role("button").click()
    first = own_lab.kernel("print(form.result['email'].str.casefold().min())")
    expect(form.within.get_by_role("row").nth(1)).to_contain_text(first)
    assert received.size - before < 500_000

    form.choose("Group by", "classes")
    classes = int(own_lab.kernel("print(len(tables['classes']))"))
    form.expect_words(f"every one: {classes:,} classes.")
    before = received.size
    form.labelled("Group").fill("a")
    form.expect_words(f"of {classes:,} classes match")
    assert len(form.completions()) <= 100
    assert received.size - before < 100_000
    form.labelled("Group").fill("")
    form.choose("Group by", "(no group)")
    form.expect_no_words("asks it as it is now")

    of_many = own_lab.save()
    own_lab.kernel("form.max_users = 50")
    form.run()
    form.expect_words("50 rows, 50 people.")
    form.expect_rows("Rows 1-50 of 50")
    of_few = own_lab.save()
    assert "ResultTable" in str(json.loads(of_many)["metadata"]["widgets"])
    assert abs(len(of_many) - len(of_few)) < 2_000
    assert email not in of_many
