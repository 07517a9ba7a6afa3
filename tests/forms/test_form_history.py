"""The history of the form: an answer again from memory, with its question and its code."""

import asyncio
import datetime
import json
import threading
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
import requests
from helpers.district import small_district
from helpers.form_tools import (
    SECONDS,
    check_code,
    control,
    in_loop,
    is_shown,
    look_at,
    looked_at,
    table_in,
    texts,
    until,
    walk,
)

import oneroster_nb as onb
from oneroster_nb.connectors.oneroster.connector import OneRosterConnector
from oneroster_nb.forms.calls import Extra
from oneroster_nb.forms.common_questions import COMMON
from oneroster_nb.forms.explorer import Explorer, explore
from oneroster_nb.forms.widgets.history_bar import HistoryBar

ROSTER = onb.Roster(small_district())
CLASS = "ELA 6 (6A ELA)"
DAY, LATER = "2026-10-01", "2027-03-01"
STALE = "asks it as it is now"
AGAIN = "From the history."


def bar_of(form: Explorer) -> HistoryBar:
    return next(w for w, _ in walk(form) if isinstance(w, HistoryBar))


def choose(form: Explorer, number: int) -> None:
    """Press a line of the list, as the browser does."""
    bar = bar_of(form)
    bar._received(bar, {"type": "choose", "number": number}, [])


def questions(form: Explorer) -> list[str]:
    return form.history["question"].tolist()


def ask(form: Explorer, **state: Any) -> pd.DataFrame:
    for name, value in state.items():
        setattr(form, name, value)
    form.run()
    assert form.result is not None
    return form.result


# --- what is remembered


def test_a_new_form_has_no_history() -> None:
    form = explore(ROSTER)
    assert form.history.empty
    assert list(form.history.columns) == ["question", "rows", "people", "moment", "asked"]
    assert bar_of(form).layout.display == "none"
    form.back()
    form.forward()
    choose(form, 1)
    assert form.result is None


def test_words_numbers_moment_and_time_are_remembered() -> None:
    began = datetime.datetime.now(datetime.UTC)
    form = explore(ROSTER)
    ask(form, user_filter="teachers")
    ask(form, user_filter="students", group_filter="classes", group_name=CLASS, as_of=DAY)
    ask(form, group_name=None, as_of=None, term="Semester 1")
    form.answer("Class sizes")
    form.answer("No email, or a shared one")
    form.term = None
    form.answer("Class sizes")
    history = form.history
    assert history["question"].tolist() == [
        "Teachers",
        f"Students of classes whose sourcedId or title is {CLASS!r}, on {DAY}",
        "Students of all classes, term 'Semester 1'",
        "Class sizes, term 'Semester 1'",
        "No email, or a shared one, term 'Semester 1'",
        "Class sizes",
    ]
    moments = history["moment"].tolist()
    assert moments[:2] == ["any time", DAY]
    assert all("Semester 1" in moment for moment in moments[2:5])
    assert moments[5] == "any time"
    assert history["people"].tolist()[:3] == [37, 7, 139]
    assert history["rows"].tolist()[:2] == [37, 7]
    assert history["people"].isna().tolist() == [*[False] * 3, True, *history["people"].isna()[4:]]
    assert history["asked"].is_monotonic_increasing
    assert history["asked"].iloc[0] >= began
    assert bar_of(form).layout.display is None


def test_a_question_about_no_moment_has_none() -> None:
    form = explore(ROSTER, as_of=DAY)
    form.answer("Enrollments that point nowhere")
    form.answer("Seats for several rules", rules="courses::English 9::students")
    assert [bool(moment) for moment in form.history["moment"]] == [True, True]


def test_an_error_makes_no_entry() -> None:
    form = explore(ROSTER, group_filter="classes", match="regex")
    form.group_name = "ELA"
    form.run()
    form.term = "Trimester"
    form.run()
    assert "Trimester" in form.message
    form.answer("Seats for several rules", rules=" ")
    form.answer("Who is on only one of two lists", path="/nowhere.csv")
    assert len(form.history) == 1


def test_twenty_questions_are_kept() -> None:
    form = explore(ROSTER)
    for most in range(1, 22):
        ask(form, max_users=most)
    assert form.history["rows"].tolist() == list(range(2, 22))
    for _ in range(30):
        form.back()
    assert form.result is not None
    assert len(form.result) == 2


def test_the_same_question_is_there_once_with_its_newest_answer() -> None:
    form = explore(ROSTER)
    first = ask(form)
    ask(form, user_filter="teachers")
    again = ask(form, user_filter="students")
    assert again is not first
    assert questions(form) == ["Teachers", "Students"]
    form.back()
    form.forward()
    assert form.result is again


def test_the_same_words_on_another_day_are_another_question(
    on_day: Callable[[datetime.date], None],
) -> None:
    form = explore(ROSTER, group_filter="classes")
    ask(form, as_of="today")
    on_day(datetime.date.fromisoformat(LATER))
    ask(form)
    assert form.history["moment"].tolist() == ["2026-11-02", LATER]


# --- going back


def test_going_back_has_the_answer_its_question_and_its_code() -> None:
    form = explore(ROSTER)
    one = ask(
        form,
        group_filter="classes",
        group_name=["ELA 6", "7A ELA"],
        match="contains",
        match_on=["title"],
        as_of=DAY,
        include_end_date=True,
        demographics=True,
        unique=True,
    )
    asked, state, code = form.query, form.state(), form.code
    assert f"as_of='{DAY}'" in code
    two = ask(
        form,
        user_filter="teachers",
        group_filter="schools",
        group_name="Classlink HS",
        match="exact",
        as_of=None,
        demographics=False,
        unique=False,
        term="current",
    )
    other = form.state()
    form.back()
    assert form.result is one
    assert form.query == asked
    assert {name: form.state().get(name) for name in state} == state
    assert form.code == code
    check = (control(form, "Group").value, control(form, "Day").value, control(form, "Users").value)
    assert check == ("ELA 6 | 7A ELA", datetime.date(2026, 10, 1), "students")
    assert control(form, "Demographics").value is True
    assert list(control(form, "Match on").value) == ["title"]
    assert STALE not in texts(form)
    assert f"on {DAY}, last day counts" in texts(form)
    assert AGAIN in form.message
    assert f"As of {DAY}." in form.message
    assert table_in(form, "Table").frame is one
    form.forward()
    assert form.result is two
    assert form.state() == other
    assert STALE not in texts(form)
    form.forward()
    assert form.result is two
    form.back()
    form.run()
    pd.testing.assert_frame_equal(form.result, one)
    assert len(form.history) == 2
    assert AGAIN not in form.message


@pytest.mark.parametrize("name", ["a|b", "a | b"])
def test_a_pattern_stays_one(name: str) -> None:
    form = explore(ROSTER, group_filter="classes", match="regex", match_on=["title"])
    ask(form, group_name=name)
    ask(form, match="contains", group_name=["a", "b"])
    form.back()
    assert (form.match, form.group_name) == ("regex", name)
    form.forward()
    assert (form.match, form.group_name) == ("contains", ["a", "b"])


def test_a_line_of_the_list_is_chosen() -> None:
    form = explore(ROSTER)
    answers = [ask(form, user_filter=who) for who in ("students", "teachers", "guardians")]
    numbers = [line["number"] for line in bar_of(form).lines]
    choose(form, numbers[0])
    assert form.result is answers[0]
    assert form.user_filter == "students"
    choose(form, numbers[2])
    assert form.result is answers[2]
    choose(form, numbers[2] + 7)
    assert form.result is answers[2]


def test_the_shown_line_sets_the_form_to_its_question_again() -> None:
    form = explore(ROSTER)
    ask(form)
    form.as_of = DAY
    assert STALE in texts(form)
    choose(form, bar_of(form).lines[0]["number"])
    assert form.as_of is None
    assert STALE not in texts(form)


def test_on_the_way_nothing_is_said_of_a_changed_question() -> None:
    form = explore(ROSTER)
    ask(form)
    ask(form, user_filter="teachers", group_filter="schools", as_of=DAY)
    said: list[str] = []
    for widget, _ in walk(form):
        if hasattr(widget, "text"):
            widget.observe(lambda change: said.append(change["new"]), "value")
    form.back()
    form.forward()
    assert [words for words in said if AGAIN in words]
    assert not [words for words in said if STALE in words]


def test_common_questions_are_gone_back_to() -> None:
    form = explore(ROSTER, as_of=DAY)
    form.answer("Seats for several rules", rules="courses::English 9::students")
    seats, code = form.result, form.code
    form.as_of = None
    form.answer("Class sizes")
    ask(form, user_filter="teachers", group_filter="schools")
    form.back()
    form.back()
    assert form.result is seats
    assert form.code == code
    assert control(form, "Common questions").value == "Seats for several rules"
    assert control(form, "Rules").value == "courses::English 9::students"
    assert is_shown(form, "Rules")
    assert form.as_of == DAY
    assert (form.user_filter, form.group_filter) == ("teachers", "schools"), "not of this question"
    assert STALE not in texts(form)
    assert "Answer asks again." in form.message
    control(form, "Answer").click()
    assert len(form.history) == 3
    assert questions(form)[-1].startswith("Seats for several rules")


def test_people_of_a_common_question_are_set_back(tmp_path: Any) -> None:
    path = tmp_path / "list.csv"
    ROSTER.get_users("students").iloc[5:][["sourcedId"]].to_csv(path, index=False)
    form = explore(ROSTER, group_filter="schools", group_name="Lincoln Middle School", as_of=DAY)
    form.answer("Who is on only one of two lists", path=str(path))
    asked, answer = form.query, form.result
    ask(form, user_filter="teachers", group_filter=None, as_of=None)
    form.back()
    assert form.result is answer
    assert form.query == asked
    assert control(form, "Compare with").value == str(path)
    assert form.history["moment"].tolist()[0] == f"on {DAY}"
    assert STALE not in texts(form)


def test_what_was_counted_is_counted_again() -> None:
    form = explore(ROSTER)
    ask(form)
    form.by, form.rows, form.columns = ["role", "grades"], "grades", "role"
    table, counts = form.table, form.counts
    form.answer("Students per school and grade")
    assert (form.rows, form.columns) == ("schoolName", "grades")
    form.answer("Class sizes")
    form.back()
    assert (form.rows, form.columns) == ("schoolName", "grades")
    form.back()
    assert (form.by, form.rows, form.columns) == (["role", "grades"], "grades", "role")
    pd.testing.assert_frame_equal(form.table, table)
    pd.testing.assert_frame_equal(form.counts, counts)
    form.margins = False
    form.forward()
    form.back()
    assert form.margins is False, "how everything is counted stays as it is"
    assert "TOTAL" not in str(form.table)


def test_who_goes_back_goes_on_looking_at_the_same_tab() -> None:
    form = explore(ROSTER)
    ask(form)
    form.answer("Students per school and grade")
    assert looked_at(form) == "Crosstab"
    look_at(form, "Code")
    form.back()
    form.forward()
    assert looked_at(form) == "Code"
    form.check()
    assert looked_at(form) == "Findings"
    form.back()
    assert looked_at(form) == "Table"


def test_the_code_of_a_former_answer_runs() -> None:
    form = explore(provider="demo", group_filter="classes", group_name=CLASS, as_of=DAY)
    form.connect()
    form.run()
    ask(form, user_filter="teachers", as_of=None)
    form.back()
    check_code(form)
    assert form.source is not None
    form.source.close()


# --- from memory


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """List the addresses of all requests."""
    addresses: list[str] = []
    send = requests.adapters.HTTPAdapter.send

    def noted(self: Any, request: Any, *rest: Any, **options: Any) -> Any:
        addresses.append(request.url)
        return send(self, request, *rest, **options)

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", noted)
    return addresses


def test_going_back_sends_no_request(demo: OneRosterConnector, sent: list[str]) -> None:
    form = explore(demo)
    ask(form, group_filter="classes", group_name=CLASS, as_of=DAY)
    ask(form, user_filter="teachers", group_filter="schools", group_name=None, as_of=None)
    form.answer("Class sizes")
    ask(form, group_filter=None)
    ask(form, group_filter="students", group_name="Cleo Park")
    form.answer("Students per school and grade")
    assert sent
    sent.clear()
    shown = []
    for step in (*[form.back] * 5, *[form.forward] * 5):
        step()
        shown.append(form.result)
        assert "Listing" not in texts(form)
    assert sent == []
    assert len({id(frame) for frame in shown}) == 6
    assert [id(frame) for frame in shown[:4]] == [id(frame) for frame in shown[8:4:-1]]
    assert CLASS in bar_of(form).lines[0]["question"]


def test_small_counts_stay_hidden(demo: OneRosterConnector, sent: list[str]) -> None:
    form = explore(demo)
    form.answer("Sections and students of each teacher")
    seen, code = form.result, form.code
    ask(form)
    form.suppress_below = 10
    sent.clear()
    form.back()
    assert sent == []
    assert form.suppress_below == 10
    assert "suppress_below=10" in form.code
    assert STALE not in texts(form)
    expected = demo.teacher_loads(suppress_below=10)
    pd.testing.assert_frame_equal(form.result, expected)
    assert not form.result.equals(seen)
    form.forward()
    form.suppress_below = None
    form.back()
    assert form.result is seen
    assert form.code == code


def test_what_is_pulled_to_hide_counts_is_held_and_counted(demo: OneRosterConnector) -> None:
    question = COMMON["Class sizes"]
    live = question.answer(demo, Extra(), {}, None, False)
    local = question.answer(ROSTER, Extra(), {}, None, False)
    assert local.pulled == 0, "the tables are those of the source"
    users = ROSTER.table("users").memory_usage().sum()
    assert live.pulled > users


# --- another source, work that runs


@pytest.mark.parametrize("question", ["query", "Class sizes"])
def test_another_connection_begins_a_history_of_its_own(question: str, tmp_path: Any) -> None:
    ROSTER.save(tmp_path / "other")
    form = explore(onb.Roster(small_district()))
    form.run() if question == "query" else form.answer(question)
    number = bar_of(form).lines[0]["number"]
    form.provider, form.path = "snapshot", str(tmp_path / "other")
    form.connect()

    def expect_nothing() -> None:
        choose(form, number)
        form.back()
        form.forward()
        assert form.result is None
        assert form.history.empty
        assert bar_of(form).lines == []
        assert bar_of(form).layout.display == "none"

    expect_nothing()
    ask(form)
    assert len(form.history) == 1
    shown = form.result
    choose(form, number)
    assert form.result is shown
    form.path = str(tmp_path / "nothing here")
    form.connect()
    assert "Still connected to" in texts(form)
    expect_nothing()


class Held(onb.Roster):
    """A roster whose answers and whole tables wait."""

    def __init__(self) -> None:
        super().__init__(small_district())
        self.begun, self.let_go, self.waits = threading.Semaphore(0), threading.Semaphore(0), False

    def _hold(self) -> None:
        if self.waits:
            self.begun.release()
            assert self.let_go.acquire(timeout=SECONDS)

    def query(self, query: Any, *, progress: Any = None) -> pd.DataFrame:
        self._hold()
        progress(onb.progress.Progress("students", 1, 2))  # notices if it was cancelled
        return super().query(query, progress=progress)

    def table(self, name: str) -> pd.DataFrame:
        self._hold()
        return super().table(name)


@pytest.mark.parametrize("start", [Explorer.run, Explorer.check])
def test_while_something_is_done_nobody_goes_back(start: Callable[[Explorer], None]) -> None:
    async def test() -> None:
        source = Held()
        form = explore(source)
        form.run()
        await until(form, "139 rows")
        form.user_filter = "teachers"
        form.run()
        await until(form, "37 rows")
        bar, first = bar_of(form), bar_of(form).lines[0]["number"]
        assert not bar.busy
        source.waits = True
        start(form)
        assert await asyncio.to_thread(source.begun.acquire, timeout=SECONDS)
        assert bar.busy
        form.back()
        choose(form, first)
        assert form.user_filter == "teachers"
        source.waits = False
        source.let_go.release()
        while form._working.busy:
            await asyncio.sleep(0)
        assert not bar.busy
        form.back()
        assert form.user_filter == "students"

    in_loop(test)


def test_a_cancelled_run_makes_no_entry() -> None:
    async def test() -> None:
        source = Held()
        form = explore(source)
        form.run()
        await until(form, "139 rows")
        source.waits = True
        form.user_filter = "teachers"
        form.run()
        assert await asyncio.to_thread(source.begun.acquire, timeout=SECONDS)
        form.cancel()
        source.let_go.release()
        await until(form, "Cancelled.")
        assert questions(form) == ["Students"]
        assert not bar_of(form).busy

    in_loop(test)


# --- what a browser gets


def test_a_browser_gets_words_and_counts_and_no_saved_notebook_does() -> None:
    form = explore(ROSTER, group_filter="classes", group_name=CLASS, as_of=DAY)
    sent: list[Any] = []
    bar = bar_of(form)
    bar.send = lambda content, buffers=None: sent.append((content, buffers))
    form.run()
    form.answer("Sections and students of each teacher")
    form.back()
    content = json.dumps(sent)
    assert set(sent[-1][0]) == {"type", "lines", "shown"}
    assert [set(line) for line in sent[-1][0]["lines"]] == [
        {"number", "question", "answer", "moment", "asked"}
    ] * 2
    assert "7 rows, 7 people" in content
    for name in ("givenName", "familyName", "email", "sourcedId"):
        assert not [
            value for value in ROSTER.table("users")[name].dropna() if f'"{value}' in content
        ]
    saved = {key: value for key, value in bar.get_state().items() if key not in ("_esm", "_css")}
    assert "busy" in saved
    for text in (CLASS, "people", DAY, "Sections"):
        assert text not in json.dumps(saved, default=str)
