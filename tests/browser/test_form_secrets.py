"""A typed secret is in no file: not in the notebook, not in a profile, not in a log."""

import json
import secrets
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import expect

from browser.formdriver import CELL, KEYRING, Form, settings_in
from browser.labdriver import JupyterServer, Lab
from oneroster_nb.demo.server.embedded import DemoServer

# All that the kernel and its libraries can log, the messages of widgets among it.
LOGGING = """
import logging
logging.basicConfig(filename={path!r}, level=logging.DEBUG, force=True)
kernel_log = get_ipython().kernel.log
kernel_log.setLevel(logging.DEBUG)
kernel_log.addHandler(logging.getLogger().handlers[0])
"""


@pytest.mark.parametrize("with_keyring", [True, False])
def test_a_typed_secret_is_saved_nowhere_but_in_the_keyring(
    lab: Lab,
    server: JupyterServer,
    tmp_path: Path,
    district: dict[str, pd.DataFrame],
    with_keyring: bool,
) -> None:
    unused = secrets.token_urlsafe(20)
    lab.open_notebook([CELL], save_widget_state=True)
    log = tmp_path / "kernel.log"
    lab.kernel(settings_in(tmp_path) + LOGGING.format(path=str(log)))
    if with_keyring:
        lab.kernel(KEYRING)
    lab.run_all()
    form = Form(lab.outputs)
    with DemoServer(district) as source:
        form.connect(
            host=source.host, client_id=source.client_id, client_secret=source.client_secret
        )
        form.expect_words("139 students")
        form.run()
        form.expect_words("139 rows")
        form.labelled("Save as").fill("lincoln")
        form.button("Save connection").click()
        kept = "its secret in this system's keyring" if with_keyring else "without its secret"
        form.expect_words(kept)
    form.labelled("Client secret").fill(unused)

    notebook = lab.save()
    assert "Client secret" in str(json.loads(notebook)["metadata"]["widgets"])
    shown = lab.kernel("print(form.state(), form.code, repr(form), form.source)")
    (profile,) = tmp_path.rglob("profiles.json")
    assert profile.stat().st_mode & 0o777 == 0o600
    assert json.loads(profile.read_text())["lincoln"]["options"]["client_id"] == source.client_id
    logged = log.read_text()
    assert "comm_msg" in logged, "the kernel logged nothing, so this would prove nothing"
    places = {
        "notebook": notebook,
        "form": shown,
        "profile": profile.read_text(),
        "kernel log": logged,
        "server log": (server.folder / "server.log").read_text(errors="replace"),
    }
    for secret in (source.client_secret, unused):
        assert [place for place, text in places.items() if secret in text] == []
    if with_keyring:
        printed = lab.kernel("print(*Memory.kept.values())")
        assert printed == source.client_secret
    expect(form.labelled("Client secret")).to_have_value(unused)


def test_a_saved_connection_is_opened_by_its_kept_secret(
    lab: Lab, tmp_path: Path, district: dict[str, pd.DataFrame]
) -> None:
    with DemoServer(district) as source:
        lab.open_notebook([CELL])
        lab.kernel(settings_in(tmp_path) + KEYRING)
        lab.kernel(
            "import oneroster_nb as onb\n"
            f"onb.save_profile('lincoln', 'oneroster', host={source.host!r},"
            f" client_id={source.client_id!r})\n"
            f"keyring.set_password('oneroster_nb', 'lincoln', {source.client_secret!r})"
        )
        lab.run_all()
        form = Form(lab.outputs)
        form.choose("Saved connection", "lincoln")
        expect(form.labelled("Host")).to_have_value(source.host)
        form.button("Connect").click()
        form.expect_words("139 students")
        form.run()
        form.expect_words("139 rows")
        form.tab("Code").click()
        form.expect_words("profile='lincoln'")
