"""One JupyterLab and one browser for all tests of this folder; a page and a kernel for each."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, expect, sync_playwright

from browser.labdriver import JupyterServer, Lab


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    with JupyterServer(tmp_path_factory.mktemp("jupyter")) as running:
        yield running


# Playwright keeps an event loop running while it is open, which other tests must not meet, so the
# browser ends with this folder and not with the session. Its pages share one cache: JupyterLab is
# some megabytes of scripts.
@pytest.fixture(scope="package")
def browser() -> Iterator[BrowserContext]:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.fail("These tests need Chromium: apt-get install chromium fonts-dejavu-core")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        context = started.new_context()
        context.set_default_timeout(20_000)
        expect.set_options(timeout=20_000)
        yield context
        context.close()
        started.close()


@pytest.fixture
def lab(server: JupyterServer, browser: BrowserContext) -> Iterator[Lab]:
    """A fresh page; ``lab.open_notebook([...])`` opens a notebook of its own in it."""
    page = browser.new_page()
    page.set_viewport_size({"width": 1280, "height": 900})
    opened = Lab(page, server)
    yield opened
    page.close()
    server.end_kernels()
    assert opened.problems == []
