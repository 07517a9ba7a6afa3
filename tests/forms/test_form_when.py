"""The day and the term in the form: chosen, said, asked about, and written as code."""

import datetime
import io
import re
from typing import Any

import pandas as pd
import pytest
from helpers.district import small_district
from helpers.form_tools import (
    control,
    file_of,
    in_loop,
    is_shown,
    look_at,
    press,
    texts,
    until,
)
from helpers.one_day import TODAY
from pandas.testing import assert_frame_equal

import oneroster_nb as onb
from oneroster_nb.forms.common_questions import COMMON
from oneroster_nb.forms.explorer import Explorer, explore
from oneroster_nb.forms.in_words import in_words

TABLES = small_district()
DAY = "2026-10-01"
CLASS = "ELA 6 (6A ELA)"
ANY_TIME, ON_A_DAY = "", "on a day"
STALE = "asks it as it is now"


def ending() -> onb.Roster:
    """Return the demo district, where the students of one class leave it on the day."""
    enrollments = TABLES["enrollments"].copy()
    titled = TABLES["classes"].loc[TABLES["classes"]["title"] == CLASS, "sourcedId"]
    leaving = enrollments["classSourcedId"].isin(titled) & (enrollments["role"] == "student")
    enrollments.loc[leaving, "endDate"] = pd.Timestamp(DAY)
    return onb.Roster({**TABLES, "enrollments": enrollments})


ROSTER = ending()


class SeveralTerms(onb.Roster):
    """A roster whose answers say that they count several terms, unless one moment is asked for."""

    titles = ("Semester 1", "Semester 2")

    def query(self, query: Any, **options: Any) -> pd.DataFrame:
        return self._said(super().query(query, **options), query.timed)

    def teacher_loads(self, **options: Any) -> pd.DataFrame:
        return self._said(super().teacher_loads(**options), "term" in options)

    def _said(self, answer: pd.DataFrame, timed: bool) -> pd.DataFrame:
        if not timed:
            answer.attrs["termsTogether"] = list(self.titles)
        return answer


def shown(form: Explorer) -> tuple[str, datetime.date | None, bool, bool]:
    """Return what When and Day show, and whether Day and Last day counts are there."""
    there = (is_shown(form, "Day"), is_shown(form, "Last day counts"))
    return control(form, "When").value, control(form, "Day").value, *there


# Choosing


def test_the_controls_follow_the_state() -> None:
    form = explore(ROSTER)
    assert shown(form) == (ANY_TIME, None, False, False)
    form.as_of = "today"
    assert shown(form) == ("today", None, False, True)
    form.as_of = DAY
    assert shown(form) == (ON_A_DAY, datetime.date(2026, 10, 1), True, True)
    form.as_of = datetime.date(2027, 2, 1)
    assert shown(form) == (ON_A_DAY, datetime.date(2027, 2, 1), True, True)
    form.as_of = None
    assert shown(form)[0] == ANY_TIME
    assert shown(form)[2:] == (False, False)
    assert shown(explore(as_of=DAY)) == (ON_A_DAY, datetime.date(2026, 10, 1), True, True)


def test_the_state_follows_the_controls() -> None:
    form = explore(ROSTER)
    changes: list[Any] = []
    form.observe(lambda change: changes.append(change["new"]), "as_of")
    control(form, "When").value = "today"
    control(form, "When").value = ON_A_DAY
    assert control(form, "Day").value == TODAY, "a day is set as soon as there is one to choose"
    control(form, "Day").value = datetime.date(2026, 10, 1)
    control(form, "When").value = ANY_TIME
    assert changes == ["today", "2026-11-02", DAY, None]
    control(form, "When").value = ON_A_DAY
    assert form.as_of == DAY, "the day is remembered"


def test_a_day_cannot_be_emptied() -> None:
    form = explore(ROSTER, as_of=DAY)
    control(form, "Day").value = None
    assert form.as_of == DAY
    assert shown(form) == (ON_A_DAY, datetime.date(2026, 10, 1), True, True)


def test_the_last_day_counts_only_while_there_is_a_day() -> None:
    form = explore(ROSTER, as_of=DAY, term="Semester 1")
    control(form, "Last day counts").value = True
    assert form.include_end_date is True
    assert form.query == onb.Query("students", as_of=DAY, term="Semester 1", include_end_date=True)
    form.as_of = None
    assert form.query == onb.Query("students", term="Semester 1")
    form.as_of = "today"
    assert form.query.include_end_date, "as it was"
    form.include_end_date = False
    assert control(form, "Last day counts").value is False


# Asking and saying


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"as_of": DAY}, "Students of all classes on 2026-10-01"),
        ({"as_of": "today"}, "Students of all classes today"),
        (
            {"as_of": DAY, "include_end_date": True, "term": "current"},
            "Students of all classes on 2026-10-01, last day counts, term 'current'",
        ),
        (
            {"as_of": DAY, "group_name": CLASS, "match_on": ["title"]},
            f"Students of classes whose title is {CLASS!r}, on 2026-10-01",
        ),
    ],
)
def test_the_day_stands_above_the_answer_and_in_the_code(state: dict[str, Any], words: str) -> None:
    form = explore(ROSTER, group_filter="classes", **state)
    form.run()
    assert words in texts(form).splitlines()
    assert f"as_of={state['as_of']!r}" in form.code
    names: dict[str, Any] = {"conn": ROSTER}
    exec(form.code, names)
    assert_frame_equal(names["df"], form.result)
    assert names["df"].attrs["as_of"] == form.result.attrs["as_of"]


def test_without_a_group_the_day_follows_the_people() -> None:
    assert in_words(onb.Query("teachers", as_of=DAY, unique=True), []) == (
        "teachers on 2026-10-01, one row for each"
    )


def test_who_left_counts_as_the_form_says() -> None:
    form = explore(ROSTER, group_filter="classes", group_name=CLASS)
    form.run()
    assert len(form.result) == 7
    assert STALE not in texts(form)
    form.as_of = DAY
    assert STALE in texts(form)
    form.run()
    assert form.result.empty
    assert STALE not in texts(form)
    control(form, "Last day counts").value = True
    assert STALE in texts(form)
    form.run()
    assert form.message == f"7 rows, 7 people. As of {DAY}."


# What is said before a question is asked


def test_the_classes_that_meet_then_are_counted_before_it_is_asked() -> None:
    terms = TABLES["classes"]["termSourcedIds"]
    every, not_in_fall = len(terms), int((terms == "s2").sum())
    fall_only = TABLES["classes"].loc[terms == "s1", "title"].iloc[0]
    assert not_in_fall
    form = explore(ROSTER, group_filter="classes", as_of=DAY)
    meeting = every - not_in_fall
    assert f"every one: {meeting} classes that meet on {DAY}." in texts(form)
    for title in (fall_only, TABLES["classes"]["title"].iloc[-1]):
        form.group_name = title
        said = rf"of {meeting} classes that meet on {DAY} match(es)?: {re.escape(title)}$"
        assert re.search(said, texts(form), flags=re.MULTILINE)
    form.group_name = fall_only
    form.as_of, form.term = None, "Semester 2"
    in_spring = every - int((terms == "s1").sum())
    assert f"0 of {in_spring} classes that meet in term 'Semester 2' match." in texts(form)
    assert f"What {fall_only!r} matches does not meet then." in texts(form)
    form.group_name = "no such class"
    assert "Nothing matches 'no such class'." in texts(form)
    form.group_name = form.term = None
    assert f"every one: {every} classes." in texts(form)
    form.term = "Trimester"
    assert "No term is called 'Trimester'." in texts(form)


def test_groups_that_do_not_meet_are_counted_at_any_time() -> None:
    form = explore(ROSTER, group_filter="courses", term="Semester 2")
    assert f"every one: {len(TABLES['courses'])} courses at any time." in texts(form)
    form.group_name = "Math 7"
    assert f"1 of {len(TABLES['courses'])} courses at any time matches: Math 7" in texts(form)
    form.group_filter, form.group_name = "schools", None
    assert "every one: 3 schools." in texts(form)


# The common questions and the check


def test_the_form_says_which_moment_a_common_question_is_about() -> None:
    form = explore(ROSTER)
    control(form, "Common questions").value = "Class sizes"
    assert "Asked of the whole roster, at any time; of what is chosen above," in texts(form)
    form.as_of = DAY
    assert "Asked of the whole roster, on 2026-10-01; of what" in texts(form)
    form.include_end_date, form.term = True, "Semester 1"
    said = "Asked of the whole roster, on 2026-10-01, last day counts, term 'Semester 1'; of what"
    assert said in texts(form)
    form.as_of = None
    assert "Asked of the whole roster, term 'Semester 1'; of what" in texts(form)
    control(form, "Common questions").value = "What changed since a saved roster: people"
    assert "Asked of the whole roster, whatever is chosen above." in texts(form)
    assert "Asked of the whole roster, on 2026-10-01; of what" in texts(explore(as_of=DAY))
    assert "Semester 1'" not in texts(form)


def test_only_what_changed_is_asked_of_no_moment() -> None:
    untimed = [q for q in COMMON.values() if not q.takes_moment and not q.of_people]
    assert {question.title.partition(":")[0] for question in untimed} == {
        "What changed since a saved roster",
        "What changed since a saved roster, by school",
    }


def test_a_common_question_is_asked_about_the_day_and_so_are_its_files() -> None:
    form = explore(ROSTER, as_of=DAY, term="Semester 1")
    form.answer("Class sizes")
    moment = {"as_of": DAY, "term": "Semester 1"}
    assert_frame_equal(form.result, ROSTER.class_sizes(**moment))
    assert not form.result.equals(ROSTER.class_sizes())
    assert form.result.attrs["as_of"] == f"{DAY}, Semester 1"
    assert f"df = conn.class_sizes(as_of='{DAY}', term='Semester 1')" in form.code
    assert f"Class sizes, on {DAY}, term 'Semester 1'" in texts(form).splitlines()

    control(form, "Data").value = "Table"
    written = pd.read_csv(io.BytesIO(file_of(form).content), dtype="str", encoding="utf-8-sig")
    expected = ROSTER.class_sizes(**moment, suppress_below=10)
    assert written["students"].tolist() == expected["students"].astype("str").tolist()

    assert STALE not in texts(form)
    form.include_end_date = True
    assert STALE in texts(form)
    form.answer("Class sizes")
    assert_frame_equal(form.result, ROSTER.class_sizes(**moment, include_end_date=True))


def test_a_group_that_cannot_be_asked_for_does_not_hinder_questions_of_the_whole_roster() -> None:
    form = explore(ROSTER, group_filter="classes", match="regex", as_of=DAY)
    form.group_name = "("
    form.answer("Class sizes")
    assert form.result.attrs["as_of"] == DAY


def test_the_roster_is_checked_on_the_day() -> None:
    form = explore(ROSTER, as_of="2026-08-01", term="Semester 1")
    press(form, "Check roster")
    with pytest.warns(onb.NoMatchWarning, match="No term is running"):
        expected = onb.check(ROSTER, as_of="2026-08-01", term="Semester 1")
    assert len(expected)
    assert_frame_equal(pd.DataFrame(form.findings), pd.DataFrame(expected))
    look_at(form, "Findings")
    assert "Counted in the term 'Semester 1' and on 2026-08-01." in texts(form)
    form.as_of = form.term = None
    press(form, "Check roster")
    assert form.findings.empty
    assert "Counted on" not in texts(form)


def test_the_roster_is_checked_with_its_last_day() -> None:
    form = explore(ROSTER, as_of=DAY)
    press(form, "Check roster")
    ended = set(form.findings["code"])
    form.include_end_date = True
    press(form, "Check roster")
    expected = onb.check(ROSTER, as_of=DAY, include_end_date=True)
    assert_frame_equal(pd.DataFrame(form.findings), pd.DataFrame(expected))
    assert ended - set(form.findings["code"])


# Several terms together


def test_the_current_term_is_one_click_away() -> None:
    form = explore(SeveralTerms(TABLES), group_filter="classes")
    assert not is_shown(form, "Current term")
    form.run()
    assert "2 terms are counted together: Semester 1, Semester 2." in texts(form)
    assert is_shown(form, "Current term")
    press(form, "Current term")
    assert form.term == control(form, "Term").value == "current"
    assert form.query.term == "current"
    assert "Students of all classes, term 'current'" in texts(form)
    assert form.message.endswith(f"people. As of {TODAY}.")
    assert STALE not in texts(form)
    assert not is_shown(form, "Current term")
    assert "together" not in texts(form)


def test_the_current_term_is_asked_of_what_was_asked() -> None:
    form = explore(SeveralTerms(TABLES))
    form.answer("Sections and students of each teacher")
    press(form, "Current term")
    assert "df = conn.teacher_loads(term='current')" in form.code
    assert_frame_equal(form.result, onb.Roster(TABLES).teacher_loads(term="current"))
    assert not is_shown(form, "Current term")


def test_of_many_terms_some_are_named() -> None:
    roster = SeveralTerms(TABLES)
    roster.titles = tuple(f"Term {number}" for number in range(1, 1201))
    form = explore(roster)
    form.run()
    assert "1,200 terms are counted together: Term 1, Term 2, " in texts(form)
    assert "Term 6 and 1,194 more." in texts(form)
    assert "Term 7" not in texts(form)


def test_terms_of_another_source_are_forgotten() -> None:
    form = explore(SeveralTerms(TABLES))
    press(form, "Check roster")
    assert not is_shown(form, "Current term"), "there is no answer yet"
    form.run()
    form.connect()
    press(form, "Check roster")  # its findings are shown where the answer was
    assert not is_shown(form, "Current term")
    assert "together" not in texts(form)
    form.source.close()


def test_the_current_term_is_asked_for_once() -> None:
    form = explore(SeveralTerms(TABLES))
    form.run()

    async def twice() -> None:
        press(form, "Current term")
        assert control(form, "Current term").disabled
        await until(form, "Students, term 'current'")
        assert not control(form, "Current term").disabled

    in_loop(twice)
