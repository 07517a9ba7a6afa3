"""The questions that rosters are pulled for, as a form offers them and as code."""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from oneroster_nb.analysis.reading import CLASS_TABLES, roster_for
from oneroster_nb.compare.diff import diff
from oneroster_nb.compare.lists import compare_lists
from oneroster_nb.compare.match_people import match_people
from oneroster_nb.errors import QueryError, RosterWarning
from oneroster_nb.forms.calls import CONN, PEOPLE, Expression, Extra, Given, call, typed
from oneroster_nb.forms.state import MOMENT
from oneroster_nb.progress import ProgressOption
from oneroster_nb.roster.roster import Roster
from oneroster_nb.source.source import Source

_COUNTED = (*CLASS_TABLES, "roles")
"""The tables that questions look at whose answers count people."""


class Answer(NamedTuple):
    """An answer; if it counts people, also what returns it again with small counts hidden.

    `pulled` is how many bytes it holds in memory for that, beside the tables of the source.
    """

    frame: pd.DataFrame
    hide: Callable[[int | None], pd.DataFrame] | None = None
    pulled: int = 0


@dataclass(frozen=True)
class CommonQuestion:
    """A question that a form offers.

    Attributes
    ----------
    title : str
        What the form calls it.
    call : Expression
        What answers it, and is written as code.
    crosstab : tuple of str, optional
        The rows and columns of the crosstab that is the answer.
    """

    title: str
    call: Expression
    crosstab: tuple[str, str] | None = None

    @property
    def hides(self) -> bool:
        """Whether it counts people and takes ``suppress_below``."""
        return "suppress_below" in self.call.takes

    @property
    def takes_moment(self) -> bool:
        """Whether it can be asked about a day or a term."""
        return "as_of" in self.call.takes

    @property
    def of_people(self) -> bool:
        """Whether it is about the people of the question that is set, not the whole roster."""
        return "people" in self.call.needs

    def code(self, extra: Extra, options: Mapping[str, Any]) -> str:
        """Write the expression for the answer of ``conn``; QueryError if nothing was typed."""
        return self.call.code(Given(extra, options))

    def typed(self, extra: Extra) -> list[str]:
        """Return what was typed for this question, each thing on one line."""
        names = [name for name in ("path", "on", "rules") if name in self.call.needs]
        texts = (getattr(extra, name) for name in names)
        return [", ".join(text.split("\n")) for text in texts if text.strip()]

    def answer(
        self,
        source: Source,
        extra: Extra,
        moment: Mapping[str, Any],
        below: int | None,
        progress: ProgressOption,
    ) -> Answer:
        """Answer the question of a source, counts of people below a threshold hidden.

        `moment` holds the arguments that say when, as far as they are set.
        """
        if not self.hides:
            options = {**moment, "progress": progress}
            frame: pd.DataFrame = self.call.value(Given(extra, options, source))
            return Answer(frame)
        # With one pull, the answer can be made again with other counts hidden.
        roster = roster_for(source, _COUNTED, progress)

        def hidden(below: int | None) -> pd.DataFrame:
            options = {**moment, "suppress_below": below, "progress": False}
            found: pd.DataFrame = self.call.value(Given(extra, options, roster))
            return found

        def again(below: int | None) -> pd.DataFrame:
            with warnings.catch_warnings():
                # What there is to say was said with the answer.
                warnings.simplefilter("ignore", RosterWarning)
                return hidden(below)

        tables = [] if roster is source else [roster.table(name) for name in _COUNTED]
        return Answer(hidden(below), again, sum(int(t.memory_usage().sum()) for t in tables))


def _read_csv(path: str, **options: Any) -> pd.DataFrame:
    try:
        read: pd.DataFrame = pd.read_csv(Path(path), **options)
    except FileNotFoundError:
        raise QueryError(
            f"There is no file {path}. Name a CSV file that the kernel can see."
        ) from None
    except (OSError, ValueError) as exc:
        # The library's own message may quote a line of the file.
        kind = "is not readable" if isinstance(exc, OSError) else "is no CSV file in UTF-8"
        raise QueryError(f"{path} {kind}. Name a CSV file with a line of column names.") from None
    return read


_PROGRESS = ("progress",)
_COUNTS = ("suppress_below", "progress")
_FILE = typed("path", lambda extra: extra.file)
_COLUMNS = typed("on", lambda extra: extra.columns)
_RULES = typed("rules", lambda extra: extra.lines)
_CSV: Mapping[str, Any] = {"dtype": "str", "encoding": "utf-8-sig", "compression": None}
_LIST = call("pd.read_csv", _FILE, function=_read_csv, **_CSV)


def _of_conn(
    method: str, *arguments: Any, takes: tuple[str, ...] = _PROGRESS, **named: Any
) -> Expression:
    return call(f"conn.{method}", *arguments, takes=(*MOMENT, *takes), **named)


def _changes(part: str, takes: tuple[str, ...] = _PROGRESS) -> Expression:
    saved = call("onb.Roster.load", _FILE, function=Roster.load)
    return call("onb.diff", saved, CONN, function=diff, takes=takes, part=part)


_QUESTIONS = (
    CommonQuestion(
        "Students per school and grade",
        _of_conn("get_users", "students", "schools"),
        crosstab=("schoolName", "grades"),
    ),
    CommonQuestion("Class sizes", _of_conn("class_sizes", takes=_COUNTS)),
    CommonQuestion(
        "Class sizes by school and course, and over 30",
        _of_conn("class_sizes", by=["schoolName", "courseTitle"], over=30, takes=_COUNTS),
    ),
    CommonQuestion(
        "Classes with teachers, rooms and numbers of students",
        _of_conn("get_classes", with_names=True),
    ),
    CommonQuestion(
        "Sections and students of each teacher", _of_conn("teacher_loads", takes=_COUNTS)
    ),
    CommonQuestion("Students without classes", _of_conn("without_classes")),
    CommonQuestion(
        "Classes without teacher, primary teacher or students",
        _of_conn("empty_classes", takes=_COUNTS),
    ),
    CommonQuestion("No email, or a shared one", _of_conn("email_problems")),
    CommonQuestion("The same person under two ids", _of_conn("duplicate_people")),
    CommonQuestion("Enrollments that point nowhere", _of_conn("dangling_enrollments")),
    CommonQuestion("Bad or missing grades and roles", _of_conn("grade_and_role_problems")),
    CommonQuestion("Students at two schools", _of_conn("multi_school")),
    CommonQuestion("Students twice in one course", _of_conn("repeated_courses")),
    CommonQuestion("Sections that are really one class", _of_conn("cross_listed", takes=_COUNTS)),
    CommonQuestion(
        "What changed since a saved roster, by school", _changes("by_school", takes=_COUNTS)
    ),
    CommonQuestion("What changed since a saved roster: people", _changes("people")),
    CommonQuestion("What changed since a saved roster: enrollments", _changes("enrollments")),
    CommonQuestion(
        "Who is on only one of two lists",
        call(
            "onb.compare_lists",
            PEOPLE,
            _LIST,
            function=compare_lists,
            takes=_PROGRESS,
            on=_COLUMNS,
        ),
    ),
    CommonQuestion(
        "Match people to directory accounts",
        call("onb.match_people", PEOPLE, _LIST, function=match_people, takes=_PROGRESS),
    ),
    CommonQuestion("Seats for several rules", _of_conn("seats", _RULES, takes=_COUNTS)),
)
COMMON: Mapping[str, CommonQuestion] = {question.title: question for question in _QUESTIONS}
"""The questions by what the form calls them."""
