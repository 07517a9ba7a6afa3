"""Every kind of source that the form offers, and the whole roster loaded in it."""

import asyncio
import json
import secrets
import threading
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import keyring
import pandas as pd
import pytest
from helpers.district import small_district
from helpers.faults import status
from helpers.faultserver import FaultServer
from helpers.form_tools import (
    check_code,
    control,
    in_loop,
    is_shown,
    looked_at,
    press,
    save_as,
    tabs_of,
    texts,
    until,
    upload,
    walk,
)
from helpers.keyrings import MemoryKeyring
from helpers.records import school

import oneroster_nb as onb
from oneroster_nb.demo.server.embedded import DemoServer
from oneroster_nb.forms.explorer import Explorer, explore
from oneroster_nb.forms.widgets.table import ResultTable
from oneroster_nb.forms.widgets.upload_field import UploadField

FIELDS = (
    *("Host", "Client ID", "Client secret", "Token URL"),
    *("Access token", "Application ID", "District", "Folder", "Bundle", "Upload"),
)


@pytest.mark.parametrize(
    ("provider", "shown"),
    [
        ("demo", ()),
        ("demo-clever", ()),
        ("clever", ("Host", "Client ID", "Client secret", "Access token", "District")),
        ("classlink", ("Host", "Client ID", "Client secret", "Access token", "Application ID")),
        ("oneroster", ("Host", "Client ID", "Client secret", "Token URL", "Access token")),
        ("csv", ("Bundle", "Upload")),
        ("snapshot", ("Folder",)),
    ],
)
def test_only_the_fields_of_a_provider_are_shown(provider: str, shown: tuple[str, ...]) -> None:
    form = explore(provider=provider)
    labels = {getattr(w, "description", None) for w, there in walk(form) if there}
    assert labels & set(FIELDS) == set(shown)


def over_oauth2(server: DemoServer) -> Explorer:
    return explore(
        provider="oneroster",
        host=server.host_v1p2,
        client_id=server.client_id,
        token_url=server.token_url,
        group_filter="schools",
    )


def test_oneroster_1p2_is_asked_with_tokens(
    server: DemoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = over_oauth2(server)
    form.connect(server.client_secret)
    assert "139 students, 37 teachers, 3 schools" in texts(form)
    form.run()
    assert len(form.result) == 139
    assert json.loads(json.dumps(form.state()))["token_url"] == server.token_url
    monkeypatch.setenv("ONEROSTER_CLIENT_SECRET", server.client_secret)
    check_code(form)
    form.source.close()


def test_an_access_token_is_enough_and_shows_nowhere(
    server: DemoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = secrets.token_urlsafe(16)
    with FaultServer(school()) as other:
        form = explore(provider="oneroster", host=other.host, client_id="typed before")
        form.connect(access_token=token)
        form.run()
        assert len(form.result) == 6
        assert other.requests[-1].headers["Authorization"] == f"Bearer {token}"
        state = json.dumps(widgets.Widget.get_manager_state(), default=str)
        for place in (json.dumps(form.state()), form.code, repr(form.source), texts(form), state):
            assert token not in place
        monkeypatch.setenv("ONEROSTER_ACCESS_TOKEN", token)
        check_code(form)


def test_the_demo_over_clever_is_asked_and_written_as_code() -> None:
    form = explore(provider="demo-clever", group_filter="classes", group_name="31763")
    form.connect()
    assert "Classlink District: 139 students, 37 teachers, 3 schools" in texts(form)
    form.run()
    assert len(form.result) == 3
    assert "connect('demo-clever')" in form.code
    check_code(form)
    form.load_roster()
    form.run()
    assert len(form.result) == 3
    form.source.close()


def test_clever_takes_a_token_and_keeps_it_to_itself(
    server: DemoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = explore(provider="clever", host=server.clever_hosts["2.1"], group_filter="schools")
    form.connect(access_token=server.clever_token)
    assert "139 students" in texts(form)
    form.run()
    assert len(form.result) == 139
    state = json.dumps(widgets.Widget.get_manager_state(), default=str)
    for place in (json.dumps(form.state()), form.code, repr(form.source), texts(form), state):
        assert server.clever_token not in place
    monkeypatch.setenv("ONEROSTER_ACCESS_TOKEN", server.clever_token)
    check_code(form)
    form.source.close()


def test_clever_without_a_token_says_what_is_missing() -> None:
    form = explore(provider="clever", district="5f3c00000000000000000000")
    form.connect()
    assert "access_token" in texts(form)
    assert form.source is None
    assert form.state()["district"] == "5f3c00000000000000000000"


def test_a_kept_token_opens_the_saved_connection_again() -> None:
    backend, before = MemoryKeyring(), keyring.get_keyring()
    keyring.set_keyring(backend)
    try:
        token = secrets.token_urlsafe(16)
        with FaultServer(school()) as server:
            form = explore(provider="oneroster", host=server.host, client_id="typed before")
            form.connect(access_token=token)
            save_as(form, "north")
            assert list(backend.kept.values()) == [token]
            again = explore(profile="north")
            again.connect()
            assert "Connected to" in texts(again)
            assert server.requests[-1].headers["Authorization"] == f"Bearer {token}"
    finally:
        keyring.set_keyring(before)


def test_the_proxy_of_classlink_needs_its_token() -> None:
    form = explore(provider="classlink", application_id="app-1")
    form.connect()
    assert "needs an access_token" in texts(form)
    assert form.application_id == "app-1"
    assert form.source is None


def test_a_saved_roster_is_opened_asked_and_written_as_code(tmp_path: Path) -> None:
    with onb.connect("demo") as conn:
        conn.get_roster().save(tmp_path / "demo.roster")
    form = explore(provider="snapshot", path=str(tmp_path / "demo.roster"))
    form.connect()
    assert "Connected to Classlink District: 139 students, 37 teachers, 3 schools." in texts(form)
    assert not is_shown(form, "Load whole roster")
    form.run()
    assert len(form.result) == 139
    check_code(form)
    save_as(form, "yesterday")
    again = explore(profile="yesterday")
    assert again.path == form.path
    again.connect()
    assert again.source is not None


def shown_findings(form: Any) -> list[pd.DataFrame]:
    """Return what the tables of the Findings tab hold."""
    tab = form._results._findings_tab.widget
    return [widget.frame for widget, _ in walk(tab) if isinstance(widget, ResultTable)]


def bundle(folder: Path) -> Path:
    """Write the demo's bundle, in which one grade is none."""
    tables = small_district()
    users = tables["users"] = tables["users"].copy()
    users.loc[0, "grades"] = "Lions"
    return onb.Roster(tables).to_csv_bundle(folder / "x.zip")


def test_a_bundle_is_opened_asked_checked_and_written_as_code(tmp_path: Path) -> None:
    path = bundle(tmp_path)
    form = explore(provider="csv", path=str(path), group_filter="schools")
    form.connect()
    assert "139 students" in texts(form)
    assert not is_shown(form, "Load whole roster")
    form.check()
    assert form.findings["code"].tolist() == ["grade-unknown"]
    assert form.findings["schoolName"].tolist() == ["Classlink HS"]
    kinds, each = (frame.columns for frame in shown_findings(form))
    assert {"why", "fix"} <= set(kinds)
    assert {"schoolName", "classTitle"} <= set(each)
    assert looked_at(form) == "Findings"
    assert "1 warning." in texts(form)
    form.run()
    assert looked_at(form) == "Table"
    assert len(form.result) == 139
    check_code(form)
    state = json.dumps(widgets.Widget.get_manager_state(), default=str)
    assert "Lions" not in state
    # Another source has no findings yet.
    form.provider = "demo"
    form.connect()
    assert form.findings is None
    assert "Findings" not in tabs_of(form).titles
    form.check()
    assert "Nothing was found to be wrong." in texts(form)
    form.source.close()


def test_a_bundle_is_uploaded_in_pieces_and_kept_nowhere(tmp_path: Path) -> None:
    content = bundle(tmp_path).read_bytes()
    form = explore(provider="csv", path="typed before")
    answers = upload(form, "x.zip", content)
    assert [answer["type"] for answer in answers] == ["next"] * (len(answers) - 1) + ["done"]
    assert form.path == ""  # what was chosen last is meant
    form.connect()
    assert "139 students" in texts(form)
    form.run()
    assert len(form.result) == 139
    assert "PK" not in form.code
    json.dumps(form.state())
    save_as(form, "uploaded")
    assert "uploaded cannot be saved" in texts(form)
    upload(form, "y.zip", b"not a zip")
    form.connect()
    assert "not a zip" in texts(form)


def test_a_file_that_is_too_large_to_upload_is_refused() -> None:
    form = explore(provider="csv")
    field = next(w for w, _ in walk(form) if isinstance(w, UploadField))
    answers: list[dict[str, Any]] = []
    field.send = lambda message, buffers=None: answers.append(message)
    begin = {"type": "begin", "view": "v", "name": "x.zip", "size": 2 << 30, "last": False}
    field._received(field, begin, [memoryview(b"PK")])
    assert answers[0]["type"] == "refused"
    assert "give its path" in answers[0]["words"]
    field._received(field, {**begin, "type": "piece"}, [memoryview(b"PK")])
    assert field.content is None
    form.connect()
    assert "path" in texts(form)


@pytest.mark.parametrize(("path", "words"), [("", "needs path="), ("nowhere", "holds no roster")])
def test_a_folder_without_a_roster_is_said(tmp_path: Path, path: str, words: str) -> None:
    form = explore(provider="snapshot", path=path and str(tmp_path / path))
    form.connect()
    assert words in texts(form)
    assert form.source is None


def test_the_whole_roster_answers_without_the_server(server: DemoServer) -> None:
    form = explore(provider="demo", group_filter="classes", group_name="302", match_on="location")
    assert not is_shown(form, "Load whole roster")
    form.connect()
    form.run()
    live = form.result
    press(form, "Load whole roster")
    assert "Loaded: 371 people, 88 classes, 847 enrollments." in texts(form)
    assert isinstance(form.source, onb.Roster)
    assert not is_shown(form, "Load whole roster")
    form.run()
    columns = [c for c in live.columns if not c.startswith("enrollment")]
    pd.testing.assert_frame_equal(form.result[columns], live[columns])
    assert "onb.connect('demo').get_roster()" in form.code
    check_code(form)


def test_a_roster_that_cannot_be_loaded_leaves_the_connection(server: DemoServer) -> None:
    broken: list[bool] = []

    def fails(asked: Any, answer: Any) -> None:
        if broken and asked.path == "enrollments":
            status(403)(asked, answer)

    with FaultServer(school(), fails) as other:
        form = explore(provider="oneroster", host=other.host, client_id="analyst")
        form.connect(secrets.token_hex(8))
        broken.append(True)
        form.load_roster()
        assert "403" in texts(form)
        assert is_shown(form, "Load whole roster")
        form.run()
        assert len(form.result) == 6


def test_connecting_can_be_cancelled_and_begun_again() -> None:
    async def test() -> None:
        shut = asyncio.Event()
        loop = asyncio.get_running_loop()
        door = threading.Event()

        def waits(_asked: Any, _answer: Any) -> None:
            loop.call_soon_threadsafe(shut.set)
            door.wait(60)

        with FaultServer(school(), waits) as other:
            form = explore(provider="oneroster", host=other.host, client_id="analyst")
            form.connect(secrets.token_hex(8))
            async with asyncio.timeout(30):
                await shut.wait()
            assert control(form, "Connect").disabled
            assert is_shown(form, "Cancel")
            press(form, "Cancel")
            await until(form, "Cancelled. Nothing was changed")
            assert form.source is None
            door.set()
            form.connect(secrets.token_hex(8))
            await until(form, "Connected to")

    in_loop(test)


def test_a_field_is_not_sent_again_when_another_provider_needs_it_too() -> None:
    form = explore()
    host = control(form, "Host")
    changes: list[object] = []
    host.observe(changes.append, ["placeholder", "value", "description"])
    for provider in ("classlink", "csv", "snapshot", "oneroster", "demo"):
        form.provider = provider
    assert changes == []  # else a browser would write over what is being typed
    form.provider = "clever"
    assert host.placeholder == "https://api.clever.com/v3.1/"
    form.provider = "snapshot"
    changes.clear()
    form.provider = "oneroster"
    assert changes == []
