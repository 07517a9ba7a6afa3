"""The notebook of the form as a page of its own, served by Voilà."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from helpers.places import NOTEBOOKS
from playwright.sync_api import BrowserContext, Route, expect

from browser.formdriver import Form, Tables, students_of
from browser.labdriver import free_port, own_folders, watch

NOTEBOOK = NOTEBOOKS / "02_explore.ipynb"
START_SECONDS = 60
STOP_SECONDS = 20

# Voilà's own page asks for icons, which nothing of ours uses, and has no option against it. Here
# they are answered with nothing, as where there is no network.
ICONS = "https://cdn.jsdelivr.net/npm/@fortawesome/fontawesome-free@"


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """Serve the notebook from a process and folders of its own."""
    port = free_port()
    command = [
        *(sys.executable, "-m", "voila", str(NOTEBOOK), "--no-browser", f"--port={port}"),
        *("--Voila.ip=127.0.0.1", "--Voila.port_retries=0"),
    ]
    log = tmp_path / "voila.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            env=own_folders(tmp_path),
            cwd=tmp_path,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        url = f"http://127.0.0.1:{port}/"
        wait_until_up(f"{url}voila/static/voila.js", process, log)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until_up(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urlopen(url, timeout=5):
                return
        except (URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    raise RuntimeError(f"Voilà did not start:\n{log.read_text(errors='replace')}")


def nothing(route: Route) -> None:
    route.fulfill(body="", content_type="text/css")


def test_the_form_works_in_voila(address: str, browser: BrowserContext, district: Tables) -> None:
    expected = students_of(district, "ela")
    some, every = expected["classSourcedId"].nunique(), len(district["classes"])
    page = browser.new_page()
    try:
        page.set_viewport_size({"width": 1280, "height": 1200})
        problems = watch(page, address, ICONS)
        page.route(f"{ICONS}**", nothing)
        page.goto(address)
        form = Form(page.locator("body"))
        form.connect()
        form.expect_words("139 students, 37 teachers, 3 schools")
        form.choose("Group by", "classes")
        form.labelled("Group").fill("ela")
        form.choose("Match", "contains")
        form.expect_words(f"{some} of {every} classes match")
        form.run()
        form.expect_rows(f"Rows 1-50 of {len(expected)}")
        assert len(form.rows()) == 51
        form.labelled("Search").fill("example.org")
        form.expect_rows(f"Rows 1-50 of {len(expected)}")
        form.tab("Crosstab").click()
        form.expect_rows("Rows 1-4 of 4")
        form.tab("Chart").click()
        expect(form.within.get_by_role("table", name="Heat map")).to_be_visible()
        expect(form.within.get_by_role("img")).to_have_count(1)
        for picture in form.within.get_by_role("img").all():
            assert picture.evaluate("(image) => image.decode().then(() => image.naturalWidth > 0)")
        form.tab("Export").click()
        with page.expect_download() as arriving:
            form.button("Download").click()
        assert arriving.value.suggested_filename == "students-table.csv"
        assert problems == []
    finally:
        page.close()
