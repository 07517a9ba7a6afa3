"""A JupyterLab of its own and a notebook in it, driven through a browser the way a person does."""

import json
import os
import re
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.error import URLError
from urllib.request import Request as HttpRequest, urlopen

import nbformat
from playwright.sync_api import ConsoleMessage, Locator, Page, Request, expect

START_SECONDS = 60
STOP_SECONDS = 20
RUN_SECONDS = 60

LIGHT = "JupyterLab Light"
DARK = "JupyterLab Dark"


class JupyterServer:
    """A ``jupyter-lab`` process with its own folders, token and port; use it in a ``with`` block.

    The folder of notebooks is ``notebooks``; the server's log is ``server.log``.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.notebooks = folder / "notebooks"
        self.token = secrets.token_hex(16)
        self.url = f"http://127.0.0.1:{free_port()}"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "JupyterServer":
        self.notebooks.mkdir(parents=True)
        page = self.folder / "config" / "labconfig" / "page_config.json"
        page.parent.mkdir(parents=True)
        # If a notebook is closed soon, the debugger writes an error to the console.
        unused = {"@jupyterlab/debugger-extension": True}
        page.write_text(json.dumps({"disabledExtensions": unused}))
        command = [
            *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
            "--ip=127.0.0.1",
            f"--port={self.url.rpartition(':')[2]}",
            "--ServerApp.port_retries=0",
            f"--IdentityProvider.token={self.token}",
            f"--ServerApp.root_dir={self.notebooks}",
            "--LabApp.expose_app_in_browser=True",
            "--LabApp.news_url=None",
            "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        ]
        environment = own_folders(self.folder)
        with (self.folder / "server.log").open("wb") as log:
            self._process = subprocess.Popen(
                command, env=environment, cwd=self.folder, stdout=log, stderr=subprocess.STDOUT
            )
        try:
            self._wait_until_up(self._process)
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    def call(self, method: str, path: str) -> Any:
        """Call the server's REST interface and give what it answers."""
        headers = {"Authorization": f"token {self.token}"}
        request = HttpRequest(self.url + path, method=method, headers=headers)
        with urlopen(request, timeout=10) as reply:
            body = reply.read()
        return json.loads(body) if body else None

    def prefer(self, plugin: str, preferences: dict[str, object]) -> None:
        """Write a plugin's user settings, as pages opened from now on find them."""
        package, _, name = plugin.partition(":")
        file = self.folder / "settings" / package / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(preferences))

    def end_kernels(self) -> None:
        for session in self.call("GET", "/api/sessions"):
            self.call("DELETE", f"/api/sessions/{session['id']}")

    def _wait_until_up(self, process: "subprocess.Popen[bytes]") -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and process.poll() is None:
            try:
                self.call("GET", "/api/status")
            except (URLError, ConnectionError, TimeoutError):
                time.sleep(0.1)
            else:
                return
        log = (self.folder / "server.log").read_text(errors="replace")
        raise RuntimeError(f"JupyterLab did not start:\n{log}")

    def _stop(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None


class Lab:
    """A browser page with JupyterLab in it.

    ``problems`` collects what must not happen: uncaught errors, errors in the console, and requests
    to anything but the server.
    """

    def __init__(self, page: Page, server: JupyterServer) -> None:
        self.page = page
        self.problems = watch(page, server.url)
        self._server = server
        self._notebook: Path | None = None
        self._settings: tuple[str, bool] | None = None

    @property
    def outputs(self) -> Locator:
        """What cells have put out, without their code, which may hold the same words."""
        return self.page.locator(".jp-OutputArea")

    def open_notebook(
        self, cells: Sequence[str], *, theme: str = LIGHT, save_widget_state: bool = False
    ) -> None:
        """Make a notebook of code cells, open it and wait for its kernel.

        ``save_widget_state`` is what JupyterLab calls "Save Widget State Automatically".
        """
        self._notebook = self._server.notebooks / f"{secrets.token_hex(4)}.ipynb"
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
        nbformat.write(notebook, self._notebook)
        if self._settings == (theme, save_widget_state):
            self._open_beside(self._notebook.name)
            return
        self._server.prefer("@jupyterlab/apputils-extension:themes", {"theme": theme})
        self._server.prefer(
            "@jupyter-widgets/jupyterlab-manager:plugin", {"saveState": save_widget_state}
        )
        self._server.prefer("@jupyterlab/apputils-extension:notification", {"fetchNews": "false"})
        self.reopen()
        self.page.locator(f'body[data-jp-theme-name="{theme}"]').wait_for(state="attached")
        self._settings = (theme, save_widget_state)

    def close_notebooks(self) -> None:
        """Close what is open, without saving it, and end the kernels."""
        self.page.evaluate(
            """() => {
                for (const widget of [...jupyterapp.shell.widgets("main")]) {
                    if (widget.context) widget.context.model.dirty = false;
                    widget.close();
                }
            }"""
        )
        expect(self.page.locator(".jp-NotebookPanel")).to_have_count(0)
        self._server.end_kernels()

    def _open_beside(self, name: str) -> None:
        """Open a notebook in the JupyterLab that the page shows already."""
        self.page.evaluate(
            "(path) => jupyterapp.commands.execute('docmanager:open', { path })", name
        )
        self._wait_for_kernel()

    def reopen(self) -> None:
        """Load the notebook as if the browser had been started again."""
        assert self._notebook, "open a notebook first"
        address = f"{self._server.url}/lab/tree/{self._notebook.name}"
        self.page.goto(f"{address}?token={self._server.token}&reset")
        self._wait_for_kernel()

    def _wait_for_kernel(self) -> None:
        self.page.locator(".jp-NotebookPanel").wait_for()
        self.page.locator(".jp-CodeCell").first.wait_for()
        # The idle marker is there before the kernel is; an answer of the kernel is not.
        self.page.evaluate(
            """async () => {
                const panel = jupyterapp.shell.currentWidget;
                await panel.context.ready;
                await panel.sessionContext.ready;
                await panel.sessionContext.session.kernel.info;
            }"""
        )

    def run_all(self, *, wait: bool = True) -> None:
        """Run all cells; fail where one raises. Do not wait where a cell asks for input."""
        self.page.evaluate(
            """() => {
                window.ranAll = false;
                jupyterapp.commands
                    .execute("notebook:run-all-cells")
                    .finally(() => (window.ranAll = true));
            }"""
        )
        if wait:
            self.page.wait_for_function("() => window.ranAll", timeout=RUN_SECONDS * 1000)
            failures = self.page.evaluate(
                """() => [...jupyterapp.shell.currentWidget.content.model.cells]
                    .flatMap((cell) => cell.toJSON().outputs ?? [])
                    .filter((output) => output.output_type === "error")
                    .map((output) => `${output.ename}: ${output.evalue}`)"""
            )
            assert not failures, failures

    def paste_into_new_cell_and_run(self) -> None:
        """Add a code cell below, paste what was copied and run it."""
        for command in ("insert-cell-below", "enter-edit-mode"):
            self.page.evaluate(f"() => jupyterapp.commands.execute('notebook:{command}')")
        self.page.keyboard.press("Control+V")
        self.page.keyboard.press("Control+Enter")
        prompt = self.page.locator(".jp-CodeCell").last.locator(".jp-InputPrompt")
        expect(prompt).to_have_text(re.compile(r"\[\d+\]:"))

    def kernel(self, code: str) -> str:
        """Run code in the notebook's kernel, in no cell, and give what it prints."""
        return self._execute("jupyterapp.shell.currentWidget.sessionContext.session.kernel", code)

    def expect_kernel(self, expression: str, text: str) -> None:
        """Wait until an expression prints like this in the kernel.

        What a person did may be on its way still: while the kernel is busy with a control, the
        browser holds back what else is typed into it.
        """
        deadline = time.monotonic() + RUN_SECONDS
        while (printed := self.kernel(f"print({expression})")) != text:
            assert time.monotonic() < deadline, f"{expression} is {printed}, not {text}"
            self.page.wait_for_timeout(50)

    def fresh_kernel(self, code: str) -> str:
        """Run code in a kernel of its own, which ends with it, and give what it prints."""
        # Nothing shows its widgets (bars of progress, say), so nobody listens to them either.
        start = (
            "await jupyterapp.serviceManager.kernels"
            ".startNew({ name: 'python3' }, { handleComms: false })"
        )
        return self._execute(start, code, then="await kernel.shutdown();")

    def _execute(self, kernel: str, code: str, then: str = "") -> str:
        failed, printed = self.page.evaluate(
            f"""async (code) => {{
                const kernel = {kernel};
                const future = kernel.requestExecute({{ code, store_history: false }});
                let printed = "";
                future.onIOPub = ({{ header, content }}) => {{
                    if (header.msg_type === "stream") printed += content.text;
                    if (header.msg_type === "error") printed += content.traceback.join("\\n");
                }};
                const reply = await future.done;
                {then}
                return [reply.content.status !== "ok", printed];
            }}""",
            code,
        )
        assert not failed, printed
        return str(printed).strip()

    def save(self) -> str:
        """Save the notebook and give the text of its file."""
        assert self._notebook, "open a notebook first"
        self.page.evaluate("() => jupyterapp.commands.execute('docmanager:save')")
        return self._notebook.read_text(encoding="utf-8")

    def screenshot(self, path: Path) -> None:
        self.page.screenshot(path=path)


def watch(page: Page, *allowed: str) -> list[str]:
    """Collect what must not happen in a page: errors, and requests to addresses not allowed."""
    problems: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type == "error":
            problems.append(f"console: {message.text} {message.location}")

    def asked_for(request: Request) -> None:
        if not request.url.startswith((*allowed, "data:", "blob:")):
            problems.append(f"request to {request.url}")

    page.on("pageerror", lambda error: problems.append(f"uncaught: {error}"))
    page.on("console", heard)
    page.on("request", asked_for)
    return problems


def own_folders(folder: Path) -> dict[str, str]:
    """Return an environment in which Jupyter keeps to a folder of its own."""
    own = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "IPYTHONDIR": "ipython",
    }
    return os.environ | {name: str(folder / part) for name, part in own.items()}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


CONTRAST = """(element) => {
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const paint = (colour) => {
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
        const linear = [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).map((part) => {
            const c = part / 255;
            return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
    };
    const line = [];
    for (let node = element; node; node = node.parentElement) line.unshift(node);
    let behind = paint("white");
    for (const node of line) behind = paint(getComputedStyle(node).backgroundColor);
    const text = paint(getComputedStyle(element).color);
    return (Math.max(text, behind) + 0.05) / (Math.min(text, behind) + 0.05);
}"""
