"""The form without a browser: its state, what drives it, what it says, the code it gives."""

import asyncio
import json
import logging
import re
import secrets
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import keyring
import nbformat
import pandas as pd
import pytest
from helpers.district import small_district
from helpers.form_tools import (
    SECONDS,
    check_code,
    control,
    in_loop,
    is_shown,
    press,
    save_as,
    texts,
    until,
)
from helpers.keyrings import MemoryKeyring
from helpers.thorough import cases
from hypothesis import given, settings, strategies as st
from nbclient import NotebookClient
from pandas.testing import assert_frame_equal

import oneroster_nb as onb
from oneroster_nb.demo.server.embedded import DemoServer
from oneroster_nb.errors import (
    CancelledError,
    ConfigurationError,
    NoMatchWarning,
    QueryError,
    RosterError,
    RosterWarning,
    warn,
)
from oneroster_nb.forms.explorer import Explorer, explore
from oneroster_nb.forms.runner import Done, Runner
from oneroster_nb.progress import Progress

TABLES = small_district()
ROSTER = onb.Roster(TABLES)

CLASS_TITLES = sorted(TABLES["classes"]["title"].unique())
GROUPS = {
    "classes": CLASS_TITLES,
    "courses": sorted(TABLES["courses"]["title"].unique()),
    "schools": ["Classlink HS", "Lincoln Middle School", "7"],
}
FIELDS = {
    "classes": ["title", "sourcedId", "location", "courseTitle", "schoolName", "grades"],
    "courses": ["title", "sourcedId", "courseCode", "schoolName"],
    "schools": ["name", "sourcedId", "identifier"],
}
TERMS = sorted(TABLES["academicSessions"]["title"].unique())
COUNTED = ["grades", "role", "familyName", "givenName", "email"]


# Finding things as people do: by their label.


def asked(**state: Any) -> Explorer:
    form = explore(ROSTER, **state)
    form.run()
    return form


# State


@st.composite
def questions(draw: st.DrawFn) -> dict[str, Any]:
    users = ["students", "teachers", "users", "guardians", "counselors"]
    state: dict[str, Any] = {
        "user_filter": draw(st.sampled_from(users)),
        "term": draw(st.sampled_from([None, "current", *TERMS])),
        "status": draw(st.sampled_from(["active", "all"])),
        "unique": draw(st.booleans()),
        "sensitive": draw(st.booleans()),
        "max_users": draw(st.none() | st.integers(1, 200)),
        "as_of": draw(st.sampled_from([None, "today", "2026-10-01", "2027-02-01"])),
    }
    if state["as_of"] is not None:
        state["include_end_date"] = draw(st.booleans())
    kind = draw(st.sampled_from([None, *GROUPS]))
    if kind is not None:
        name = st.sampled_from(GROUPS[kind])
        part = name.map(lambda text: text[:3])
        state["group_filter"] = kind
        state["match"] = draw(st.sampled_from(["exact", "contains", "glob", "regex"]))
        wanted = {"contains": part, "glob": part.map("{}*".format), "regex": part.map(re.escape)}
        some = wanted.get(state["match"], name)
        state["group_name"] = draw(
            st.none() | some | st.lists(some, min_size=2, max_size=3, unique=True)
        )
        fields = st.lists(st.sampled_from(FIELDS[kind]), min_size=1, max_size=3, unique=True)
        state["match_on"] = draw(st.none() | fields)
    return state


@st.composite
def countings(draw: st.DrawFn) -> dict[str, Any]:
    rows, columns = draw(st.permutations(COUNTED))[:2]
    return {
        "by": draw(st.lists(st.sampled_from(COUNTED), min_size=1, max_size=3, unique=True)),
        "rows": rows,
        "columns": columns,
        "unit": draw(st.sampled_from(["users", "rows"])),
        "margins": draw(st.booleans()),
        "normalize": draw(st.sampled_from([False, "all", "index", "columns"])),
        "suppress_below": draw(st.none() | st.integers(3, 20)),
    }


@given(questions(), countings())
@settings(max_examples=25)
def test_a_state_restores_a_form(question: dict[str, Any], counting: dict[str, Any]) -> None:
    form = explore(**question, **counting)
    written = json.dumps(form.state())
    again = explore(**json.loads(written))
    assert again.state() == form.state()
    assert again.query == form.query == onb.Query(**question)
    for name, value in counting.items():
        assert getattr(again, name) == value


@given(questions(), countings())
@settings(max_examples=cases(10, 40))
def test_the_code_gives_the_same_frame_and_table(
    question: dict[str, Any], counting: dict[str, Any]
) -> None:
    form = asked(**question, **counting)
    given_names: dict[str, Any] = {"conn": ROSTER}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RosterWarning)
        exec(form.code, given_names)
    assert_frame_equal(given_names["df"], form.result)
    assert form.table is not None
    assert_frame_equal(given_names["table"], form.table)
    assert given_names["table"].attrs == form.table.attrs
    # What is connected to changes nothing of what was asked for, and offers it all.
    assert form.state() == explore(**question, **counting).state()
    assert form.state() == explore(ROSTER, **form.state()).state()


def test_the_code_connects_again(server: DemoServer, monkeypatch: pytest.MonkeyPatch) -> None:
    form = explore(
        provider="oneroster", host=server.host, client_id=server.client_id, group_filter="schools"
    )
    form.connect(server.client_secret)
    form.run()
    monkeypatch.setenv("ONEROSTER_CLIENT_SECRET", server.client_secret)
    check_code(form)
    form.source.close()


def test_the_code_of_the_demo_connects_to_a_demo() -> None:
    form = explore(group_filter="classes", group_name="ELA 6 (6A ELA)")
    form.connect()
    form.run()
    assert len(form.result) == 7
    check_code(form)
    form.source.close()


def test_the_code_keeps_what_a_connection_was_told(
    server: DemoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONEROSTER_CLIENT_SECRET", server.client_secret)
    account = (server.host, server.client_id, server.client_secret)
    with onb.OneRosterConnector(*account, match_on="location", max_users=4) as source:
        form = explore(source, group_filter="classes", group_name="302")
        form.run()
        assert 0 < len(form.result) <= 4
        check_code(form)


def test_the_code_of_a_roster_says_what_it_needs() -> None:
    assert "conn is what this form holds" in asked().code


# Traits and controls


@pytest.mark.parametrize(
    ("trait", "label", "value", "shown"),
    [
        ("user_filter", "Users", "teachers", "teachers"),
        ("user_filter", "Users", "counselors", "counselors"),
        ("group_filter", "Group by", "schools", "schools"),
        ("match", "Match", "contains", "contains"),
        ("group_name", "Group", "Art", "Art"),
        ("match_on", "Match on", ["title", "grades"], ("title", "grades")),
        ("term", "Term", "current", "current"),
        ("as_of", "When", "today", "today"),
        ("include_end_date", "Last day counts", True, True),
        ("demographics", "Demographics", True, True),
        ("provider", "Provider", "oneroster", "oneroster"),
        ("host", "Host", "https://a.example/", "https://a.example/"),
        ("client_id", "Client ID", "analyst", "analyst"),
        ("by", "By", ["role", "grades"], ("role", "grades")),
        ("rows", "Rows", "role", "role"),
        ("columns", "Columns", "email", "email"),
        ("unit", "Count", "rows", "rows"),
        ("margins", "Margins", False, False),
        ("normalize", "Percent", "index", "index"),
        ("suppress_below", "Hide counts below", 10, 10),
    ],
)
def test_traits_drive_the_form_and_the_form_its_traits(
    trait: str, label: str, value: Any, shown: Any
) -> None:
    form = asked(group_filter="classes")
    before, shown_before = getattr(form, trait), control(form, label).value
    setattr(form, trait, value)
    assert getattr(form, trait) == value
    found = control(form, label).value
    assert sorted(found) == sorted(shown) if isinstance(shown, tuple) else found == shown
    control(form, label).value = shown_before
    assert getattr(form, trait) == before
    control(form, label).value = shown
    now = getattr(form, trait)
    assert sorted(now) == sorted(value) if isinstance(value, list) else now == value


def test_several_groups_are_shown_and_read() -> None:
    form = asked(group_filter="schools", group_name=["Classlink HS", "7"])
    assert control(form, "Group").value == "Classlink HS | 7"
    assert form.group_name == ["Classlink HS", "7"]
    assert len(form.result) == 38 + 54
    control(form, "Group").value = "Classlink HS |"
    assert form.query.names == ("Classlink HS",)


def test_a_term_that_is_set_is_shown_also_where_it_is_an_id() -> None:
    key = TABLES["academicSessions"]["sourcedId"].iloc[0]
    form = explore(ROSTER, group_filter="classes", term=key)
    assert control(form, "Term").value == form.term == key


def test_a_synonym_of_a_field_is_kept() -> None:
    form = asked(group_filter="classes", match_on=["name"], group_name=CLASS_TITLES[0])
    same = asked(group_filter="classes", match_on=["title"], group_name=CLASS_TITLES[0])
    assert_frame_equal(form.result, same.result)
    assert set(form.result["matchedOn"]) == {"title"}
    form = asked(group_filter="classes", match_on=["name"], group_name="31763")
    assert form.result.empty, "an id is no name"


def test_fields_that_another_kind_has_not_are_given_up() -> None:
    form = asked(group_filter="classes", match_on=["location"], group_name="302")
    assert len(form.result) == 13
    form.group_filter = "schools"
    assert form.match_on is None
    form.group_name = "Classlink HS"
    form.run()
    assert len(form.result) == 38


def test_only_what_the_source_has_is_offered() -> None:
    form = explore(ROSTER, group_filter="classes")
    assert set(control(form, "Match on").options) == set(ROSTER.match_fields("classes"))
    form.group_filter = "schools"
    assert set(control(form, "Match on").options) == set(ROSTER.match_fields("schools"))
    offered = [value for _, value in control(form, "Term").options]
    assert offered == ["", "current", *TABLES["academicSessions"]["title"]]
    assert is_shown(form, "Group")
    form.group_filter = None
    for label in ("Group", "Match", "Match on"):
        assert not is_shown(form, label)


def test_groups_are_completed_and_counted_before_anything_is_asked() -> None:
    form = explore(ROSTER, group_filter="classes", match="contains")
    assert f"every one: {len(TABLES['classes'])} classes" in texts(form)
    control(form, "Group").value = "ELA"
    fitting = [title for title in TABLES["classes"]["title"] if "ela" in title.casefold()]
    assert list(control(form, "Group").options) == list(dict.fromkeys(fitting))
    assert f"{len(fitting)} of {len(TABLES['classes'])} classes match" in texts(form)
    control(form, "Group").value = "Art 1 | ela"
    assert control(form, "Group").options[0].startswith("Art 1 | ")
    control(form, "Group").value = CLASS_TITLES[0].lower()[:-1]
    control(form, "Match").value = "exact"
    assert f"Did you mean {CLASS_TITLES[0]!r}" in texts(form)
    assert form.result is None


def test_people_are_groups_and_no_hint_names_one() -> None:
    form = explore(ROSTER, group_filter="teachers")
    teachers = ROSTER.groups("teachers")
    assert f"every one: {len(teachers)} teachers" in texts(form)
    control(form, "Group").value = "Joanna Kamar"
    assert f"0 of {len(teachers)} teachers match." in texts(form)
    assert "Joanna Kamara" in control(form, "Group").options
    control(form, "Group").value = "Joanna Kamara"
    assert f"1 of {len(teachers)} teachers matches." in texts(form)
    assert not [name for name in teachers["name"].dropna() if name in texts(form)]
    form.run()
    assert len(form.result) == 38
    assert "conn.get_users('students', 'teachers', 'Joanna Kamara')" in form.code


def test_the_browser_gets_only_some_of_many_thousands_of_groups() -> None:
    classes = pd.concat([TABLES["classes"]] * 100, ignore_index=True)
    numbers = [str(n) for n in range(len(classes))]
    classes = classes.assign(sourcedId=numbers, title=[f"Section {n}" for n in numbers])
    form = explore(onb.Roster({**TABLES, "classes": classes}), group_filter="classes")
    assert len(control(form, "Group").options) < 100
    control(form, "Group").value = "section 777"
    offered = ["Section 777", *(f"Section 777{n}" for n in range(10))]
    assert list(control(form, "Group").options) == offered


# Counting


def test_counts_and_crosstab_are_those_of_the_analysis() -> None:
    form = asked(group_filter="classes", rows="grades", columns="schoolName")
    assert_frame_equal(form.counts, onb.count(form.result, "grades"))
    control(form, "By").value = ("schoolName", "grades")
    chosen = list(form.by)
    assert sorted(chosen) == ["grades", "schoolName"]
    assert_frame_equal(form.counts, onb.count(form.result, chosen))
    for label, value, options in [
        ("Count", "rows", {"unit": "rows"}),
        ("Margins", False, {"margins": False}),
        ("Percent", "index", {"normalize": "index"}),
        ("Hide counts below", 12, {"suppress_below": 12}),
    ]:
        default = control(form, label).value
        control(form, label).value = value
        expected = onb.crosstab(form.result, "grades", "schoolName", **options)
        assert_frame_equal(form.table, expected)
        shared = {k: v for k, v in options.items() if k in ("unit", "suppress_below")}
        assert_frame_equal(form.counts, onb.count(form.result, chosen, **shared))
        control(form, label).value = default


def test_what_cannot_be_counted_is_said_and_the_rest_goes_on() -> None:
    form = asked(rows="grades", columns="role")
    control(form, "Columns").value = "grades"
    assert form.table is None
    assert "'grades' is named twice" in texts(form)
    assert "crosstab" not in form.code
    exec(form.code, {"conn": ROSTER})
    control(form, "Columns").value = "role"
    assert form.table is not None
    assert "named twice" not in texts(form)
    control(form, "By").value = ("grades", "role", "email", "givenName")
    assert "three columns at most" in texts(form)
    form.suppress_below = 2
    assert "Give 3 or more" in texts(form)


# What it says


def test_without_a_connection_it_says_to_connect() -> None:
    form = explore()
    assert control(form, "Run query").disabled
    form.run()
    assert form.message == "Connect to a roster first."
    assert form.result is None


def test_a_form_of_a_roster_is_ready() -> None:
    form = asked()
    assert form.message == "139 rows, 139 people."
    assert form.source is ROSTER


def test_a_group_that_does_not_exist_is_answered_with_the_nearest() -> None:
    form = asked(group_filter="schools", group_name="Classlink HX")
    assert "Did you mean 'Classlink HS'?" in form.message
    assert form.result.empty
    assert form.group_name == control(form, "Group").value == "Classlink HX"


def test_an_empty_answer_says_what_to_try() -> None:
    form = asked(user_filter="proctors", group_filter="schools")
    assert form.result.empty
    assert "Try another group, other users" in form.message


@pytest.mark.parametrize(
    ("given_host", "client_id", "secret", "words"),
    [
        ("", "", "", "host must be the address"),
        ("example.com", "a", "b", "must begin with https://"),
        ("http://example.com/", "a", "b", "not encrypted"),
        ("https://example.com/", "", "b", "needs a client_id"),
        ("https://example.com/", "a", "", "needs a client_secret"),
    ],
)
def test_a_connection_that_cannot_be_says_why(
    given_host: str, client_id: str, secret: str, words: str
) -> None:
    form = explore(provider="oneroster", host=given_host, client_id=client_id)
    form.connect(secret)
    assert words in texts(form)
    assert form.source is None
    assert not control(form, "Connect").disabled
    assert (form.host, form.client_id) == (given_host, client_id)


def test_a_refused_secret_is_said_and_the_next_one_is_taken(server: DemoServer) -> None:
    form = explore(provider="oneroster", host=server.host, client_id=server.client_id)
    wrong = secrets.token_urlsafe(16)
    form.connect(wrong)
    assert "Check the client id and the secret" in texts(form)
    assert wrong not in texts(form)
    form.connect(server.client_secret)
    assert "139 students, 37 teachers, 3 schools" in texts(form)
    form.source.close()


@pytest.mark.parametrize(
    ("state", "error", "words"),
    [
        ({"colour": "red"}, ConfigurationError, "explore() knows no 'colour'"),
        ({"row": "grades"}, ConfigurationError, "Did you mean 'rows'"),
        ({"provider": "demoo"}, ConfigurationError, "Unknown provider 'demoo'"),
        ({"user_filter": "studens"}, QueryError, "Did you mean 'students'"),
        ({"group_filter": "klasses"}, QueryError, "Did you mean 'classes'"),
        ({"group_name": 7}, QueryError, "group_name must be a name"),
        ({"match_on": []}, QueryError, "match_on must be a field"),
        ({"match": "fuzzy"}, QueryError, "Unknown match 'fuzzy'"),
        ({"status": "gone"}, QueryError, "Unknown status 'gone'"),
        ({"unit": "cats"}, QueryError, "Unknown unit 'cats'"),
        ({"normalize": "rows"}, QueryError, "Unknown normalize 'rows'"),
        ({"by": ["grades", "role", "email", "username"]}, QueryError, "three columns at most"),
        ({"margins": "yes"}, QueryError, "margins"),
        ({"max_users": "many"}, QueryError, "max_users"),
        ({"as_of": "yesterday"}, QueryError, "as_of must be a day"),
        ({"as_of": 20261001}, QueryError, "as_of must be a day"),
        ({"include_end_date": "yes"}, QueryError, "include_end_date must be True or False"),
        ({"term": " "}, QueryError, "term must be a title"),
    ],
)
def test_a_state_that_cannot_be_is_refused(
    state: dict[str, Any], error: type[RosterError], words: str
) -> None:
    with pytest.raises(error) as caught:
        explore(**state)
    assert words in str(caught.value)
    if error is QueryError:
        form = explore()
        (name,) = state
        before = form.state()
        with pytest.raises(error):
            setattr(form, name, state[name])
        assert form.state() == before


@pytest.mark.parametrize("source", ["demo", 7, pd.DataFrame()])
def test_only_a_source_can_be_explored(source: Any) -> None:
    with pytest.raises(ConfigurationError, match=re.escape("explore()")):
        explore(source)


def test_a_pattern_that_is_none_is_said_before_it_is_asked() -> None:
    form = explore(ROSTER, group_filter="classes", match="regex")
    control(form, "Group").value = "ELA ("
    assert "no regular expression" in texts(form)
    form.run()
    assert "no regular expression" in form.message
    assert form.result is None
    with pytest.raises(QueryError):
        _ = form.query


# Secrets and saved connections


@pytest.fixture
def memory() -> Iterator[MemoryKeyring]:
    before = keyring.get_keyring()
    backend = MemoryKeyring()
    keyring.set_keyring(backend)
    yield backend
    keyring.set_keyring(before)


def connected(server: DemoServer) -> Explorer:
    form = explore(provider="oneroster", host=server.host, client_id=server.client_id)
    form.connect(server.client_secret)
    assert form.source is not None
    return form


def test_a_secret_shows_nowhere(
    server: DemoServer,
    memory: MemoryKeyring,
    config_home: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    form = connected(server)
    form.run()
    save_as(form, "lincoln")
    state = json.dumps(widgets.Widget.get_manager_state(), default=str)
    files = [path.read_text() for path in config_home.rglob("*") if path.is_file()]
    assert files
    for place in (
        *(json.dumps(form.state()), form.code, repr(form), repr(form.source), texts(form)),
        *(caplog.text, state, *files),
    ):
        assert server.client_secret not in place
    assert list(memory.kept.values()) == [server.client_secret]
    form.source.close()


def test_a_saved_connection_is_offered_filled_in_and_opened(
    server: DemoServer, memory: MemoryKeyring
) -> None:
    form = connected(server)
    assert not is_shown(form, "Saved connection")
    save_as(form, "lincoln")
    assert "its secret in this system's keyring" in texts(form)
    assert is_shown(form, "Saved connection")
    assert form.profile == "lincoln"
    form.source.close()

    for again in (explore(), explore(profile="lincoln"), explore(**form.state())):
        control(again, "Saved connection").value = "lincoln"
        assert (again.provider, again.host, again.client_id) == (
            *("oneroster", server.host, server.client_id),
        )
        assert is_shown(again, "Host")
        again.connect()
        again.run()
        assert len(again.result) == 139
        assert "profile='lincoln'" in again.code
        check_code(again)
        again.source.close()


def test_without_a_keyring_the_rest_is_saved_and_it_says_so(server: DemoServer) -> None:
    form = connected(server)
    save_as(form, "lincoln")
    assert "without its secret: type it next time" in texts(form)
    form.source.close()
    again = explore(profile="lincoln")
    again.connect()
    assert "needs a client_secret" in texts(again)
    again.connect(server.client_secret)
    assert again.source is not None
    again.source.close()


def test_a_connection_without_a_name_is_not_saved(server: DemoServer) -> None:
    form = connected(server)
    save_as(form, "  ")
    assert "Give the connection a name" in texts(form)
    assert onb.list_profiles() == []
    form.source.close()


def test_a_secret_is_kept_only_for_the_connection_that_it_opened(
    server: DemoServer, memory: MemoryKeyring
) -> None:
    form = connected(server)
    form.source.close()
    form.host = "https://other.example/"
    save_as(form, "other")
    assert memory.kept == {}
    form = connected(server)
    form.connect("wrong" + secrets.token_urlsafe(8))
    save_as(form, "lincoln")
    assert set(memory.kept.values()) <= {server.client_secret}
    form.source.close()


def test_another_provider_than_the_saved_one_is_what_is_connected_to(server: DemoServer) -> None:
    onb.save_profile("lincoln", "oneroster", host=server.host, client_id=server.client_id)
    form = explore(profile="lincoln")
    control(form, "Provider").value = "demo"
    assert form.profile is None
    form.connect()
    assert form.source.host != server.host
    form.source.close()


def test_an_unknown_profile_is_said_and_not_replaced_by_another_connection() -> None:
    onb.save_profile("lincoln", "oneroster", host="https://a.example/")
    with pytest.raises(ConfigurationError, match="Did you mean 'lincoln'"):
        explore(profile="lincon")


def test_a_profile_of_an_unknown_provider_is_not_offered(config_home: Path) -> None:
    onb.save_profile("future", "oneroster", host="https://a.example/")
    (file,) = config_home.rglob("profiles.json")
    file.write_text(file.read_text().replace("oneroster", "holograms"))  # by a later version
    form = explore()
    assert not is_shown(form, "Saved connection")


def test_a_damaged_profile_file_is_said(config_home: Path) -> None:
    onb.save_profile("lincoln", "oneroster")
    (file,) = [path for path in config_home.rglob("*") if path.is_file()]
    file.write_text("{")
    form = explore()
    assert "Fix the file or remove it" in texts(form)
    form.connect()
    assert form.source is not None
    form.source.close()


# What nbclient saves


CELLS = [
    """
import os
import logging
logging.basicConfig(filename="kernel.log", level=logging.DEBUG, force=True)
kernel_log = get_ipython().kernel.log
kernel_log.setLevel(logging.DEBUG)
kernel_log.addHandler(logging.getLogger().handlers[0])
import oneroster_nb as onb
form = onb.explore(
    provider="oneroster", host=os.environ["HOST_OF_TEST"], client_id=os.environ["ID_OF_TEST"]
)
form
""",
    """
form.connect({secret})
while form.source is None:
    await asyncio.sleep(0.05)
form.run()
while form.result is None:
    await asyncio.sleep(0.05)
found = {}
def walk(widget):
    found[getattr(widget, "description", "")] = widget
    for child in getattr(widget, "children", ()):
        walk(child)
walk(form)
found["Save as"].value = "lincoln"
found["Save connection"].click()
print(form.state(), form.code, form.source, form, len(form.result))
""",
]


@pytest.mark.parametrize("way", ["given", "environment"])
def test_a_notebook_run_without_a_browser_holds_no_secret(
    server: DemoServer,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    config_home: Path,
    caplog: pytest.LogCaptureFixture,
    way: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("HOST_OF_TEST", server.host)
    monkeypatch.setenv("ID_OF_TEST", server.client_id)
    variable = "ONEROSTER_CLIENT_SECRET" if way == "environment" else "SECRET_OF_TEST"
    monkeypatch.setenv(variable, server.client_secret)
    if way == "environment":
        monkeypatch.setenv("ONEROSTER_HOST", server.host)  # without it the secret fits no host
    secret = "" if way == "environment" else 'os.environ["SECRET_OF_TEST"]'
    cells = [CELLS[0], "import asyncio" + CELLS[1].replace("{secret}", secret)]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    resources = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, timeout=60, store_widget_state=True, resources=resources).execute()
    written = nbformat.writes(notebook)
    assert "Client secret" in str(notebook.metadata["widgets"])
    assert notebook.cells[1].outputs[0]["text"].endswith(" 139\n")
    (profile,) = config_home.rglob("profiles.json")
    assert profile.stat().st_mode & 0o777 == 0o600
    log = (tmp_path / "kernel.log").read_text()
    assert "execute_request" in log, "nothing was logged, so this would prove nothing"
    for place in (written, profile.read_text(), log, caplog.text):
        assert server.client_secret not in place


# Work beside the main loop


class Ended:
    """Waits for what a runner hands over."""

    def __init__(self) -> None:
        self.done: list[Done[Any]] = []
        self._came = asyncio.Event()

    def __call__(self, done: Done[Any]) -> None:
        self.done.append(done)
        self._came.set()

    async def wait(self) -> Done[Any]:
        async with asyncio.timeout(SECONDS):
            await self._came.wait()
        return self.done[-1]


def test_without_a_loop_work_runs_at_once() -> None:
    done: list[Done[int]] = []
    runner = Runner()
    runner.start(lambda report: 7, done.append)
    assert [d.value for d in done] == [7]
    assert not runner.busy


def test_work_is_beside_the_loop_and_progress_in_it() -> None:
    async def test() -> None:
        home = threading.get_ident()
        told: list[tuple[int, Progress]] = []
        seen = threading.Event()

        def tick(progress: Progress) -> None:
            told.append((threading.get_ident(), progress))
            seen.set()

        def work(report: Callable[[Progress], None]) -> int:
            report(Progress("students", 20, 139))
            assert seen.wait(SECONDS)
            return threading.get_ident()

        runner, ended = Runner(tick), Ended()
        runner.start(work, ended)
        assert runner.busy
        done = await ended.wait()
        assert done.value not in (None, home)
        assert told[0] == (home, Progress("students", 20, 139))
        assert not runner.busy

    in_loop(test)


def test_cancelled_work_ends_at_its_next_report() -> None:
    async def test() -> None:
        def work(report: Callable[[Progress], None]) -> None:
            while True:
                report(Progress("students", 1, None))

        runner = Runner(lambda _: runner.cancel())
        ended = Ended()
        runner.start(work, ended)
        done = await ended.wait()
        assert isinstance(done.error, CancelledError)
        assert "start again" in str(done.error)
        again = Ended()
        runner.start(lambda report: report(Progress("students", 1, 1)) or "went on", again)
        assert (await again.wait()).value == "went on"

    in_loop(test)


def test_an_error_is_handed_over_in_words() -> None:
    async def test() -> None:
        def fail(report: object) -> None:
            raise QueryError("Ask differently.")

        def break_down(report: object) -> None:
            raise KeyError("Ada Lovelace")

        runner = Runner()
        for work, words in ((fail, "Ask differently."), (break_down, "KeyError")):
            ended = Ended()
            runner.start(work, ended)
            done = await ended.wait()
            assert done.value is None
            assert words in str(done.error)
            assert "Lovelace" not in str(done.error)
            assert not runner.busy

    in_loop(test)


def test_work_side_by_side_has_warnings_of_its_own() -> None:
    async def test() -> None:
        entered, leave = threading.Event(), threading.Event()

        def first(report: object) -> None:
            entered.set()
            assert leave.wait(SECONDS)
            warn("the first", NoMatchWarning)

        def second(report: object) -> None:
            assert entered.wait(SECONDS)
            warn("the second", NoMatchWarning)
            warn("the second", NoMatchWarning)

        one, other = Ended(), Ended()
        Runner().start(first, one)
        Runner().start(second, other)
        assert (await other.wait()).warnings == ["the second"]
        with pytest.warns(NoMatchWarning, match="the main loop"):
            warn("the main loop", NoMatchWarning)
        leave.set()
        assert (await one.wait()).warnings == ["the first"]

    before = list(warnings.filters)
    in_loop(test)
    assert warnings.filters == before


class Held(onb.Roster):
    """A roster whose groups are listed when they are let go, one call after the other."""

    def __init__(self) -> None:
        super().__init__(TABLES)
        self.listing = threading.Semaphore(0)
        self.let_go = threading.Semaphore(0)

    def groups(self, group_filter: str, *, progress: Any = None) -> pd.DataFrame:
        self.listing.release()
        assert self.let_go.acquire(timeout=SECONDS)
        return super().groups(group_filter, progress=progress)


async def begun(event: threading.Semaphore) -> None:
    assert await asyncio.to_thread(event.acquire, timeout=SECONDS)


def test_another_kind_chosen_while_groups_are_listed_is_listed_too() -> None:
    async def test() -> None:
        source = Held()
        form = explore(source, group_filter="classes")
        await begun(source.listing)
        form.group_filter = "courses"
        assert "Listing the courses" in texts(form)
        source.let_go.release(2)
        await until(form, f"every one: {len(TABLES['courses'])} courses")
        assert "courseCode" in control(form, "Match on").options

    in_loop(test)


def test_a_question_can_be_asked_while_groups_are_listed() -> None:
    async def test() -> None:
        source = Held()
        form = explore(source, group_filter="classes", group_name="no such class")
        await begun(source.listing)
        form.run()
        assert is_shown(form, "Cancel")
        assert control(form, "Run query").disabled
        await until(form, "No classes match 'no such class'")
        assert not is_shown(form, "Cancel")
        assert not control(form, "Run query").disabled
        source.let_go.release(1)
        await until(form, f"0 of {len(TABLES['classes'])} classes match")

    in_loop(test)


def test_a_title_that_several_sections_share_is_named_once() -> None:
    async def test() -> None:
        form = explore(onb.Roster(TABLES), group_filter="classes", group_name="ELA 6 (6A ELA)")
        await until(form, "2 of 88 classes match: ELA 6 (6A ELA)")
        assert "ELA 6 (6A ELA), …" not in texts(form)
        form.group_name, form.match = "ELA", "contains"
        await until(form, ", …")

    in_loop(test)


CHANGED = "The question was changed after this answer. {} asks it as it is now."


def test_what_was_asked_stands_above_the_answer() -> None:
    form = asked(
        user_filter="teachers",
        group_filter="classes",
        group_name=["ELA 6", "Math 6"],
        match="contains",
        term="current",
        max_users=5000,
    )
    words = (
        "Teachers of classes whose sourcedId or title contains 'ELA 6' or 'Math 6',"
        " term 'current', at most 5,000 people"
    )
    assert words in texts(form)
    form.group_filter, form.term, form.max_users, form.status = "schools", None, None, "all"
    form.group_name, form.match_on, form.match, form.unique = "^L", "name", "regex", True
    form.run()
    words = (
        "Teachers of schools whose name matches the expression '^L',"
        " with rows marked tobedeleted, one row for each"
    )
    assert words in texts(form)
    form.group_name = None
    form.run()
    assert "Teachers of all schools, with rows marked tobedeleted" in texts(form)


def test_an_answer_to_another_question_than_the_one_that_is_set_says_so() -> None:
    form = asked(user_filter="students", group_filter="schools")
    changed = CHANGED.format("Run query")
    for name, other in (
        ("user_filter", "teachers"),
        ("group_name", "Classlink HS"),
        ("match", "regex"),
        ("term", "current"),
    ):
        before = getattr(form, name)
        assert changed not in texts(form)
        setattr(form, name, other)
        assert changed in texts(form), name
        setattr(form, name, before)
    form.match = "regex"
    form.group_name = "("  # no question at all
    assert changed in texts(form)
    form.run()
    assert changed in texts(form)  # it could not be asked, so the answer is the old one
    form.group_name = "(L|C)"
    form.run()
    assert changed not in texts(form)
    form.normalize, form.suppress_below = "all", 5  # how it is counted is no question
    assert changed not in texts(form)
    form.user_filter = "teachers"
    form._use(ROSTER)  # no answer, so nothing to say of it
    assert "Students of" not in texts(form)
    assert changed not in texts(form)


def test_what_arrives_after_the_click_is_not_taken_for_asked() -> None:
    class Slow(onb.Roster):
        def __init__(self) -> None:
            super().__init__(TABLES)
            self.asked, self.let_go = threading.Semaphore(0), threading.Semaphore(0)

        def query(self, query: Any, *, progress: Any = None) -> pd.DataFrame:
            self.asked.release()
            assert self.let_go.acquire(timeout=SECONDS)
            return super().query(query, progress=progress)

    async def test() -> None:
        source = Slow()
        form = explore(source, group_filter="classes", group_name="ELA 6 (6A ELA)")
        await until(form, f"2 of {len(TABLES['classes'])} classes match")
        press(form, "Run query")
        await begun(source.asked)
        control(form, "Group").value = "ELA 7 (7A ELA)"
        source.let_go.release()
        await until(form, "title is 'ELA 6 (6A ELA)'")
        await until(form, CHANGED.format("Run query"))
        assert form.result is not None
        assert set(form.result["groupName"]) == {"ELA 6 (6A ELA)"}

    in_loop(test)


def test_a_source_that_breaks_leaves_the_form_ready() -> None:
    class Broken(onb.Roster):
        def query(self, query: Any, *, progress: Any = None) -> pd.DataFrame:
            raise RuntimeError("Ada Lovelace")

    async def test() -> None:
        form = explore(Broken(TABLES), group_filter="classes", group_name="Art")
        await until(form, f"of {len(TABLES['classes'])} classes")
        form.run()
        await until(form, "RuntimeError")
        assert "Lovelace" not in texts(form)
        assert not control(form, "Run query").disabled
        assert not is_shown(form, "Cancel")
        assert control(form, "Group").value == "Art"

    in_loop(test)
