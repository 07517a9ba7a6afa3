"""One JupyterLab and one browser for all tests of this folder; a page and a kernel for each."""

import sys
from collections.abc import Iterator

import pytest
from helpers.browser_finding import NoBrowserError, open_browser
from playwright.sync_api import BrowserContext, ViewportSize, expect, sync_playwright

from browser.labdriver import JupyterServer, Lab

SIZE: ViewportSize = {"width": 1280, "height": 900}


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    with JupyterServer(tmp_path_factory.mktemp("jupyter")) as running:
        yield running


# Playwright keeps an event loop running while it is open, which other tests must not meet, so the
# browser ends with this folder and not with the session. Its pages share one cache: JupyterLab is
# some megabytes of scripts.
@pytest.fixture(scope="package")
def browser(request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    def tell(line: str) -> None:
        """Show a line at once, past what pytest captures: to fetch a browser takes minutes."""
        with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
            print(f"\n{line}", file=sys.stderr, flush=True)

    with sync_playwright() as playwright:
        try:
            started = open_browser(playwright, tell)
        except NoBrowserError as exc:
            raise pytest.fail.Exception(str(exc), pytrace=False) from None
        context = started.new_context()
        context.set_default_timeout(20_000)
        expect.set_options(timeout=20_000)
        yield context
        context.close()
        started.close()


@pytest.fixture(scope="package")
def shared_lab(server: JupyterServer, browser: BrowserContext) -> Iterator[Lab]:
    page = browser.new_page()
    yield Lab(page, server)
    page.close()


@pytest.fixture
def lab(shared_lab: Lab) -> Iterator[Lab]:
    """A page with JupyterLab; ``lab.open_notebook([...])`` opens a notebook of its own in it.

    The tests share the page, which takes seconds to load. A test that listens to the page itself
    takes `own_lab`.
    """
    shared_lab.page.set_viewport_size(SIZE)
    yield shared_lab
    problems = shared_lab.problems[:]
    shared_lab.problems.clear()
    shared_lab.close_notebooks()
    assert problems == []


@pytest.fixture
def own_lab(server: JupyterServer, browser: BrowserContext) -> Iterator[Lab]:
    """A fresh page, as `lab`."""
    page = browser.new_page()
    page.set_viewport_size(SIZE)
    opened = Lab(page, server)
    yield opened
    page.close()
    server.end_kernels()
    assert opened.problems == []
