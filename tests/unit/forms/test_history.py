"""The history of a form: twenty questions, back and forward."""

import datetime

from oneroster_nb.forms.history import MOST_BYTES, MOST_ENTRIES, Entry, History

NOON = datetime.datetime(2026, 11, 2, 12, tzinfo=datetime.UTC)


def entry(question: str, answer: str = "", size: int = 1_000) -> Entry[str]:
    return Entry(question, question, 1, 1, "any time", NOON, size, answer or question.upper())


def asked(*questions: str, size: int = 1_000) -> History[str]:
    history: History[str] = History()
    for question in questions:
        history = history.with_entry(entry(question, size=size))
    return history


def questions(history: History[str]) -> list[str]:
    return [one.question for one in history.entries]


def steps(history: History[str]) -> tuple[str | None, str | None, str | None]:
    """Return the questions before, shown and after."""
    before, shown, after = (
        one and one.question for one in (history.back, history.shown, history.forward)
    )
    return before, shown, after


def test_without_a_question_there_is_nothing_to_go_to() -> None:
    history: History[str] = History()
    assert steps(history) == (None, None, None)
    assert history.at(0) is history
    assert history.at(-1) is history


def test_what_was_asked_last_is_shown_and_has_nothing_after_it() -> None:
    assert steps(asked("a")) == (None, "a", None)
    assert steps(asked("a", "b", "c")) == ("b", "c", None)


def test_back_and_forward() -> None:
    history = asked("a", "b", "c")
    assert history.back
    history = history.at(history.back.number)
    assert steps(history) == ("a", "b", "c")
    assert history.back
    history = history.at(history.back.number)
    assert steps(history) == (None, "a", "b")
    assert history.forward
    assert steps(history.at(history.forward.number)) == ("a", "b", "c")
    assert questions(history) == ["a", "b", "c"]


def test_what_is_asked_after_going_back_is_the_newest_and_drops_nothing() -> None:
    history = asked("a", "b", "c")
    history = history.at(history.entries[0].number).with_entry(entry("d"))
    assert questions(history) == ["a", "b", "c", "d"]
    assert steps(history) == ("c", "d", None)


def test_the_twenty_first_drops_the_oldest() -> None:
    every = [f"q{number}" for number in range(MOST_ENTRIES + 1)]
    assert MOST_ENTRIES == 20
    assert questions(asked(*every[:-1])) == every[:-1]
    history = asked(*every)
    assert questions(history) == every[1:]
    assert steps(history) == ("q19", "q20", None)


def test_a_question_that_is_asked_again_becomes_the_newest_with_its_new_answer() -> None:
    first = asked("a", "b", "c")
    again = first.with_entry(entry("a", "the new answer"))
    assert questions(again) == ["b", "c", "a"]
    assert again.shown
    assert again.shown.answer == "the new answer"
    assert again.shown.number not in [one.number for one in first.entries]
    assert again.at(first.entries[0].number) is again, "the former answer is gone"


def test_the_oldest_make_room_when_answers_are_large() -> None:
    third = MOST_BYTES // 3
    assert questions(asked("a", "b", "c", size=third)) == ["a", "b", "c"]
    assert questions(asked("a", "b", "c", "d", size=third)) == ["b", "c", "d"]
    assert questions(asked("a", "b", size=2 * MOST_BYTES)) == ["b"], "the newest stays"


def test_numbers_of_a_former_history_mean_nothing_in_the_next() -> None:
    former = asked("a", "b")
    later = former.emptied().with_entry(entry("c"))
    assert questions(later) == ["c"]
    for one in former.entries:
        assert later.at(one.number) is later
