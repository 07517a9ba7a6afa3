"""The download button in a real browser: the bytes arrive, a failure is said."""

import hashlib
import json
from pathlib import Path

from browser.labdriver import Lab

FORM = """
import random
from oneroster_nb.errors import QueryError
from oneroster_nb.forms.widgets.download_button import Download, DownloadButton

content = random.Random(1).randbytes(12_000_000)
def make():
    if content is None:
        raise QueryError("There is nothing to export; run a query first")
    return Download("students.bin", content)
button = DownloadButton(make)
button
"""


def test_a_large_file_arrives_whole_and_is_not_saved(lab: Lab, tmp_path: Path) -> None:
    lab.open_notebook([FORM], save_widget_state=True)
    lab.run_all()
    before = lab.kernel("import os; print(sorted(os.listdir()))")
    with lab.page.expect_download() as arriving:
        lab.page.get_by_role("button", name="Download").click()
    file = tmp_path / "arrived"
    arriving.value.save_as(file)
    assert arriving.value.suggested_filename == "students.bin"
    expected = lab.kernel("import hashlib; print(hashlib.sha256(content).hexdigest())")
    assert hashlib.sha256(file.read_bytes()).hexdigest() == expected
    assert lab.kernel("print(sorted(os.listdir()))") == before, "a file was left on the server"
    saved = lab.save()
    assert "DownloadButton" in str(json.loads(saved)["metadata"]["widgets"])
    assert "students.bin" not in str(json.loads(saved)["metadata"])
    assert len(saved) < 100_000


def test_shown_twice_one_press_saves_one_file(own_lab: Lab) -> None:
    own_lab.open_notebook([FORM, "button"])
    own_lab.run_all()
    downloads: list[str] = []
    own_lab.page.on("download", lambda download: downloads.append(download.suggested_filename))
    with own_lab.page.expect_download():
        own_lab.page.get_by_role("button", name="Download").nth(1).click()
    own_lab.page.get_by_text("students.bin was handed").wait_for()
    assert downloads == ["students.bin"]


def test_a_failure_is_said_and_the_button_works_again(lab: Lab) -> None:
    lab.open_notebook([FORM])
    lab.run_all()
    lab.kernel("kept, content = content, None")
    lab.page.get_by_role("button", name="Download").click()
    lab.outputs.get_by_text("There is nothing to export; run a query first").wait_for()
    lab.kernel("content = kept")
    with lab.page.expect_download():
        lab.page.get_by_role("button", name="Download").click()
