"""After a change of source nothing of the former one stays in the form."""

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
import pytest
from helpers.district import small_district
from helpers.form_tools import (
    SECONDS,
    control,
    file_of,
    in_loop,
    look_at,
    press,
    tabs_of,
    texts,
    until,
    upload,
    walk,
)
from ipywidgets import Widget

import oneroster_nb as onb
from oneroster_nb.forms.explorer import Explorer, explore
from oneroster_nb.forms.widgets.pictures import Pictures
from oneroster_nb.forms.widgets.table import ResultTable
from oneroster_nb.forms.widgets.upload_field import UploadField
from oneroster_nb.source.source import Source

MARK = "Zabriskie"
"""In every name of people, classes and orgs of the former source, and in no other."""


def marked() -> dict[str, pd.DataFrame]:
    tables = small_district()
    users, classes, orgs = tables["users"], tables["classes"], tables["orgs"]
    tables["users"] = users.assign(
        familyName=MARK + users["familyName"], email=MARK + users["email"], grades="XX"
    )
    tables["classes"] = classes.assign(title=MARK + classes["title"])
    tables["orgs"] = orgs.assign(name=MARK + orgs["name"])
    return tables


MARKED = marked()


class Former(onb.Roster):
    """A source whose code names it, as that of a saved connection does."""

    def __init__(self) -> None:
        super().__init__(MARKED, recipe=f"onb.Roster.load('{MARK}')")


def parts_of(form: Explorer) -> Iterator[object]:
    """Return all that can be reached from the form, but not through the source itself."""
    seen: set[int] = set()
    waiting: list[object] = [form]
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen or isinstance(thing, type | ModuleType | Source | int | None):
            continue
        seen.add(id(thing))
        yield thing
        if isinstance(thing, dict):
            waiting += [*thing, *thing.values()]
        elif isinstance(thing, list | tuple | set | frozenset):
            waiting += thing
        elif not isinstance(thing, str | bytes | bytearray | pd.DataFrame | pd.Series):
            waiting += [getattr(thing, "__dict__", None), getattr(thing, "__self__", None)]
            for cell in getattr(thing, "__closure__", None) or ():
                waiting.append(cell.cell_contents)
        if isinstance(thing, pd.DataFrame):
            waiting.append(thing.attrs)


def kept_of_the_former(form: Explorer) -> list[str]:
    """Return where something of the former source is kept or shown."""
    found = []
    for thing in parts_of(form):
        if isinstance(thing, pd.DataFrame | pd.Series):
            text = thing.to_csv()
        elif isinstance(thing, str):
            text = thing
        elif isinstance(thing, bytes | bytearray):
            text = bytes(thing).decode(errors="replace")
        else:
            continue
        if MARK in text:
            found.append(f"{type(thing).__name__}: {text[:200]}")
    return found


def look_at_all(form: Explorer) -> None:
    """Look at every tab, so that it shows what it can."""
    for title in tabs_of(form).titles:
        look_at(form, title)


def use_all(form: Explorer) -> None:
    """Look at every tab, and make a file."""
    look_at_all(form)
    file_of(form)
    control(form, "Path").value = f"/nowhere/{MARK}.csv"
    press(form, "Write file")


def asked(question: str) -> Explorer:
    form = explore(Former(), group_filter="schools", suppress_below=5)
    form.check()
    if question == "query":
        form.run()
    else:
        form.answer(question)
    use_all(form)
    assert form.result is not None
    assert form.findings is not None
    assert len(form.findings)
    assert kept_of_the_former(form)
    return form


QUESTIONS = [
    "query",
    "Students per school and grade",
    "Class sizes",
    "Sections and students of each teacher",
]


def state_of(shown: list[Any]) -> str:
    """Return what a notebook would save of widgets, but for their code."""
    states = [w.get_state() for w in shown]
    code = ("_esm", "_css")
    return json.dumps([{k: v for k, v in s.items() if k not in code} for s in states], default=str)


def with_findings(form: Explorer) -> list[Any]:
    """List the widgets of the form, and those of its findings even if they are not shown."""
    return [w for part in (form, form._results._findings_tab.widget) for w, _ in walk(part)]


def expect_nothing(form: Explorer) -> None:
    for answer in (form.result, form.table, form.counts, form.findings):
        assert answer is None
    assert form.code == form.message == ""
    every = with_findings(form)
    assert not [w for w in every if isinstance(w, ResultTable) and len(w.frame)]
    assert not [w for w in every if isinstance(w, Pictures) and (w.charts or w.table)]
    assert not control(form, "Path").value
    with pytest.raises(onb.QueryError, match="There is no"):
        file_of(form)
    people = MARKED["users"]["familyName"].iloc[0]
    assert people not in state_of(every)


@pytest.mark.parametrize("question", QUESTIONS)
def test_nothing_stays_after_another_connection(question: str, tmp_path: Path) -> None:
    onb.Roster(small_district()).save(tmp_path / "other")
    form = asked(question)
    form.provider, form.path = "snapshot", str(tmp_path / "other")
    form.connect()
    assert "139 students" in texts(form)
    expect_nothing(form)
    assert kept_of_the_former(form) == []
    form.run()
    assert len(form.result) == 139
    assert kept_of_the_former(form) == []


@pytest.mark.parametrize("question", QUESTIONS[::2])
def test_nothing_stays_if_the_new_connection_fails(question: str, tmp_path: Path) -> None:
    form = asked(question)
    form.provider, form.path = "snapshot", str(tmp_path / "nothing here")
    form.connect()
    assert "holds no roster" in texts(form)
    assert "Still connected to" in texts(form)
    expect_nothing(form)


def test_nothing_stays_if_connecting_is_cancelled(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    begun, let_go = threading.Semaphore(0), threading.Semaphore(0)

    def held(*_: Any, **__: Any) -> Any:
        begun.release()
        assert let_go.acquire(timeout=SECONDS)
        return onb.Roster(small_district())

    def counted(_source: Source, report: Any) -> str:
        report(onb.progress.Progress("students", 1, 2))  # notices that it was cancelled
        raise AssertionError("It was not cancelled.")

    monkeypatch.setattr("oneroster_nb.forms.panels.connection.connect", held)
    monkeypatch.setattr("oneroster_nb.forms.panels.connection._words", counted)

    async def test() -> None:
        form = explore(Former(), group_filter="schools")
        form.run()
        await until(form, "139 rows")
        form.provider, form.path = "snapshot", str(tmp_path)
        form.connect()
        assert await asyncio.to_thread(begun.acquire, timeout=SECONDS)
        expect_nothing(form)
        form.cancel()
        let_go.release()
        await until(form, "Cancelled")
        expect_nothing(form)
        assert not control(form, "Connect").disabled

    in_loop(test)


def test_a_bundle_that_was_uploaded_is_forgotten(tmp_path: Path) -> None:
    path = onb.Roster(MARKED).to_csv_bundle(tmp_path / "former.zip")
    onb.Roster(small_district()).save(tmp_path / "other")
    form = explore(provider="csv")
    upload(form, f"{MARK}.zip", path.read_bytes(), piece=1 << 20)
    form.connect()
    assert "139 students" in texts(form)
    form.run()
    field = next(w for w, _ in walk(form) if isinstance(w, UploadField))
    assert field.content is not None  # so that Connect can be pressed again
    form.provider, form.path = "snapshot", str(tmp_path / "other")
    form.connect()
    expect_nothing(form)
    assert (field.content, field.filename) == (None, "")
    piece = {"type": "piece", "view": "v", "name": "x", "size": 2, "last": True}
    field._received(field, piece, [memoryview(b"PK")])  # the rest of it comes late
    assert field.content is None
    assert kept_of_the_former(form) == []


# --- what comes late --------------------------------------------------------------------------


class Held(Former):
    """A former source whose answers wait."""

    def __init__(self, call: str) -> None:
        super().__init__()
        self.begun, self.let_go, self._call = threading.Semaphore(0), threading.Semaphore(0), call

    def _hold(self, call: str) -> None:
        if call == self._call:
            self.begun.release()
            assert self.let_go.acquire(timeout=SECONDS)

    def query(self, query: Any, *, progress: Any = None) -> pd.DataFrame:
        self._hold("query")
        return super().query(query, progress=progress)

    def groups(self, group_filter: str, *, progress: Any = None) -> pd.DataFrame:
        self._hold("groups")
        return super().groups(group_filter, progress=progress)

    def table(self, name: str) -> pd.DataFrame:
        self._hold(name)
        return super().table(name)

    def get_roster(self, **options: Any) -> onb.Roster:
        self._hold("get_roster")
        return super().get_roster(**options)

    def multi_school(self, **options: Any) -> pd.DataFrame:
        self._hold("multi_school")
        return super().multi_school(**options)


@pytest.mark.parametrize(
    ("call", "start"),
    [
        ("query", Explorer.run),
        ("lineItems", Explorer.check),  # of a whole roster, its tables are judged as they are
        ("get_roster", Explorer.load_roster),
        ("multi_school", lambda form: form.answer("Students at two schools")),
    ],
)
def test_an_answer_that_comes_late_is_dropped(call: str, start: Any) -> None:
    async def test() -> None:
        former, other = Held(call), onb.Roster(small_district())
        form = explore(former, group_filter="schools")
        await until(form, "every one: 3 schools")
        start(form)
        assert await asyncio.to_thread(former.begun.acquire, timeout=SECONDS)
        form._connection.take(other)
        former.let_go.release()
        while form._working.busy:
            await asyncio.sleep(0)
        expect_nothing(form)
        assert form.source is other
        assert not control(form, "Run query").disabled
        await until(form, "every one: 3 schools")
        assert kept_of_the_former(form) == []

    in_loop(test)


def test_groups_that_are_listed_late_are_not_offered(tmp_path: Path) -> None:
    onb.Roster(small_district()).save(tmp_path / "other")

    async def test() -> None:
        former = Held("groups")
        form = explore(former, group_filter="classes", group_name="ELA 6 (6A ELA)")
        assert await asyncio.to_thread(former.begun.acquire, timeout=SECONDS)
        form.provider, form.path = "snapshot", str(tmp_path / "other")
        form.connect()
        await until(form, "139 students")
        former.let_go.release()
        await until(form, "2 of 88 classes match")
        assert kept_of_the_former(form) == []

    in_loop(test)


def test_groups_of_the_former_source_are_gone_though_the_new_one_shows_none() -> None:
    class Silent(onb.Roster):
        def groups(self, group_filter: str, *, progress: Any = None) -> pd.DataFrame:
            raise onb.ForbiddenError("These may not be seen.", status=403)

    form = explore(Former(), group_filter="classes", match_on="title", match="contains")
    control(form, "Group").value = MARK
    assert control(form, "Group").options
    form._connection.take(Silent(small_district()))
    assert "These may not be seen." in texts(form)
    assert control(form, "Group").options == ()
    assert control(form, "Match on").options == ()
    control(form, "Group").value = ""
    assert kept_of_the_former(form) == []


# --- what is in no saved notebook ---------------------------------------------------------------


@pytest.mark.parametrize("question", QUESTIONS)
def test_no_chart_name_or_small_count_is_widget_state(question: str) -> None:
    form = explore(onb.Roster(MARKED), group_filter="schools", suppress_below=5)
    form.check()
    if question == "query":
        form.run()
    else:
        form.answer(question)
    use_all(form)
    shown = [w for w, _ in walk(form) if isinstance(w, Pictures)]
    assert [(len(pictures.charts), pictures.table is None) for pictures in shown] == [(1, False)]
    every = with_findings(form)
    state = state_of(every)
    rows = f"{len(form.result):,} rows"
    assert rows in texts(form)
    users = MARKED["users"]
    for text in (rows, "image", "svg", "Bar chart", "Heat map", *users["familyName"].unique()):
        assert text not in state


def saved_text(form: Explorer) -> str:
    """Return the state of every widget of a form, but for what was typed as Group."""
    states = {w.model_id: w.get_state() for w in parts_of(form) if isinstance(w, Widget)}
    assert len(states) > 100
    del states[control(form, "Group").model_id]["value"]
    for state in states.values():
        state.pop("_esm", None)
        state.pop("_css", None)
    return json.dumps(states, default=str)


def lines_in(code: str, text: str) -> list[str]:
    """Return the lines of some code that stand in a text of JSON."""
    lines = [line.strip() for line in code.splitlines()]
    return [line for line in lines if len(line) > 4 and json.dumps(line)[1:-1] in text]


@pytest.mark.parametrize("kind", ["classes", "schools"])
def test_no_title_of_a_group_is_widget_state(kind: str) -> None:
    form = explore(Former(), group_filter=kind, match="contains")
    group = control(form, "Group")
    for typed in ("", MARK, f"{MARK} | {MARK.lower()}", f"{MARK} of nobody", MARK[:3]):
        group.value = typed
        assert all(MARK in option for option in group.options)
        assert MARK not in saved_text(form)
    assert group.options
    form.run()
    look_at_all(form)
    assert len(form.result)
    assert MARK not in saved_text(form)


@pytest.mark.parametrize("question", QUESTIONS)
def test_no_code_is_widget_state(question: str) -> None:
    form = explore(Former(), group_filter="classes", group_name=f"{MARK}*", match="glob")
    if question == "query":
        form.run()
    else:
        form.answer(question)
    look_at_all(form)
    assert f"onb.Roster.load('{MARK}')" in form.code
    assert lines_in(form.code, saved_text(form)) == []
    assert lines_in(form.code, json.dumps(form.code.replace("\n", " ")))  # they would be found
    assert MARK not in saved_text(form)
