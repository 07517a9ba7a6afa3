"""The questions that rosters are pulled for, as a form offers them and as code."""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import pandas as pd

from oneroster_nb.analysis.roster_tables import CLASS_TABLES, roster_for
from oneroster_nb.analysis.seats import seats
from oneroster_nb.compare.diff import diff
from oneroster_nb.compare.lists import compare_lists
from oneroster_nb.compare.match_people import match_people
from oneroster_nb.errors import QueryError, RosterWarning
from oneroster_nb.forms.codegen import arguments_of
from oneroster_nb.progress import ProgressOption
from oneroster_nb.query.query import Query
from oneroster_nb.roster.roster import Roster
from oneroster_nb.source.source import Source

__all__ = ["COMMON", "Answer", "Common", "Extra"]

_COUNTED = (*CLASS_TABLES, "roles")
"""The tables that questions look at whose answers count people."""


@dataclass(frozen=True)
class Extra:
    """What some questions need besides a roster, as it was typed or is set.

    Attributes
    ----------
    path : str
        A saved roster, or a CSV file with a list.
    on : str
        What people on lists are known by: columns, with commas between them.
    rules : str
        Rules, one a line.
    people : Query
        The question whose people are meant.
    """

    path: str = ""
    on: str = ""
    rules: str = ""
    people: Query = field(default_factory=Query)

    @property
    def file(self) -> str:
        """The path; QueryError where none was typed."""
        if not self.path.strip():
            raise QueryError("Type where the other list or roster is, in Compare with.")
        return self.path.strip()

    @property
    def columns(self) -> list[str]:
        """The columns that people are known by."""
        return [name.strip() for name in self.on.split(",") if name.strip()] or ["sourcedId"]

    @property
    def lines(self) -> list[str]:
        """The rules; QueryError where there is none."""
        lines = [line.strip() for line in self.rules.splitlines() if line.strip()]
        if not lines:
            raise QueryError("Type one rule a line, such as courses::Art 101::students, in Rules.")
        return lines


class Answer(NamedTuple):
    """An answer, and where it counts people what gives it again with small counts hidden."""

    frame: pd.DataFrame
    hide: Callable[[int], pd.DataFrame] | None = None


@dataclass(frozen=True)
class Common:
    """A question that a form offers.

    Attributes
    ----------
    ask : callable
        Gives the answer of a source, with what was typed and further named arguments.
    code : callable
        Gives the expression for the same answer of ``conn``, likewise.
    extra : tuple of str
        The attributes of :class:`Extra` that it needs.
    crosstab : tuple of str, optional
        The rows and columns of the crosstab that is the answer.
    hides : bool
        Whether it counts people and takes ``suppress_below``.
    of_people : bool
        Whether it is about the people of the question that is set, not about the whole roster.
    """

    ask: Callable[[Source, Extra, Mapping[str, Any]], pd.DataFrame]
    code: Callable[[Extra, Mapping[str, Any]], str]
    extra: tuple[str, ...] = ()
    crosstab: tuple[str, str] | None = None
    hides: bool = False
    of_people: bool = False

    def typed(self, extra: Extra) -> list[str]:
        """Give what was typed for this question, each thing on one line."""
        texts = (getattr(extra, name) for name in self.extra)
        return [", ".join(text.split("\n")) for text in texts if text.strip()]

    def answer(
        self, source: Source, extra: Extra, below: int | None, progress: ProgressOption
    ) -> Answer:
        """Answer the question of a source, counts of people below a threshold hidden."""
        if not self.hides:
            return Answer(self.ask(source, extra, {"progress": progress}))
        # Of one pull, the answer can be given again with other counts hidden.
        roster = roster_for(source, _COUNTED, progress)

        def hidden(below: int | None) -> pd.DataFrame:
            return self.ask(roster, extra, {"suppress_below": below, "progress": False})

        def again(below: int) -> pd.DataFrame:
            with warnings.catch_warnings():
                # What there is to say was said with the answer.
                warnings.simplefilter("ignore", RosterWarning)
                return hidden(below)

        return Answer(hidden(below), again)


def _call(
    method: str,
    *arguments: Any,
    crosstab: tuple[str, str] | None = None,
    hides: bool = False,
    **named: Any,
) -> Common:
    """Give a question that a method of a source answers."""

    def ask(source: Source, _extra: Extra, options: Mapping[str, Any]) -> pd.DataFrame:
        found: pd.DataFrame = getattr(source, method)(*arguments, **named, **options)
        return found

    def code(_extra: Extra, options: Mapping[str, Any]) -> str:
        return f"conn.{method}({_written(arguments, {**named, **options})})"

    return Common(ask, code, crosstab=crosstab, hides=hides)


def _change(part: str) -> Common:
    def ask(source: Source, extra: Extra, options: Mapping[str, Any]) -> pd.DataFrame:
        found: pd.DataFrame = getattr(diff(Roster.load(extra.file), source, **options), part)
        return found

    def code(extra: Extra, options: Mapping[str, Any]) -> str:
        named = "".join(f", {_written((), {name: value})}" for name, value in options.items())
        return f"onb.diff(onb.Roster.load({extra.file!r}), conn{named}).{part}"

    return Common(ask, code, extra=("path",), hides=part == "by_school")


def _compared(source: Source, extra: Extra, options: Mapping[str, Any]) -> pd.DataFrame:
    other = _read(extra.file)
    return compare_lists(source.query(extra.people, **options), other, extra.columns, **options)


def _compared_code(extra: Extra, _options: Mapping[str, Any]) -> str:
    return f"onb.compare_lists({_getting(extra)}, {_reading(extra.file)}, on={extra.columns!r})"


def _matched(source: Source, extra: Extra, options: Mapping[str, Any]) -> pd.DataFrame:
    other = _read(extra.file)
    return match_people(source.query(extra.people, **options), other, **options)


def _matched_code(extra: Extra, _options: Mapping[str, Any]) -> str:
    return f"onb.match_people({_getting(extra)}, {_reading(extra.file)})"


def _seated(source: Source, extra: Extra, options: Mapping[str, Any]) -> pd.DataFrame:
    return seats(source, extra.lines, **options)


def _seated_code(extra: Extra, options: Mapping[str, Any]) -> str:
    return f"conn.seats({_written((extra.lines,), options)})"


COMMON: Mapping[str, Common] = MappingProxyType(
    {
        "Students per school and grade": _call(
            "get_users", "students", "schools", crosstab=("schoolName", "grades")
        ),
        "Class sizes": _call("class_sizes", hides=True),
        "Class sizes by school and course, and over 30": _call(
            "class_sizes", by=["schoolName", "courseTitle"], over=30, hides=True
        ),
        "Sections and students of each teacher": _call("teacher_loads", hides=True),
        "Students without classes": _call("without_classes"),
        "Classes without teacher, primary teacher or students": _call("empty_classes", hides=True),
        "No email, or a shared one": _call("email_problems"),
        "The same person under two ids": _call("duplicate_people"),
        "Enrollments that point nowhere": _call("dangling_enrollments"),
        "Bad or missing grades and roles": _call("grade_and_role_problems"),
        "Students at two schools": _call("multi_school"),
        "Students twice in one course": _call("repeated_courses"),
        "Sections that are really one class": _call("cross_listed", hides=True),
        "What changed since a saved roster, by school": _change("by_school"),
        "What changed since a saved roster: people": _change("people"),
        "What changed since a saved roster: enrollments": _change("enrollments"),
        "Who is on only one of two lists": Common(
            _compared, _compared_code, ("path", "on"), of_people=True
        ),
        "Match people to directory accounts": Common(
            _matched, _matched_code, ("path",), of_people=True
        ),
        "Seats for several rules": Common(_seated, _seated_code, ("rules",), hides=True),
    }
)
"""What a form calls each question."""


def _written(arguments: tuple[Any, ...], named: Mapping[str, Any]) -> str:
    texts = [repr(value) for value in arguments]
    return ", ".join([*texts, *(f"{name}={value!r}" for name, value in named.items())])


def _getting(extra: Extra) -> str:
    return f"conn.get_users({', '.join(arguments_of(extra.people))})"


def _reading(path: str) -> str:
    return f"pd.read_csv({path!r}, dtype='str', encoding='utf-8-sig', compression=None)"


def _read(path: str) -> pd.DataFrame:
    try:
        return pd.read_csv(Path(path), dtype="str", encoding="utf-8-sig", compression=None)
    except FileNotFoundError:
        raise QueryError(
            f"There is no file {path}. Name a CSV file that the kernel can see."
        ) from None
    except (OSError, ValueError) as exc:
        # The library's own message may quote a line of the file.
        kind = "is not readable" if isinstance(exc, OSError) else "is no CSV file in UTF-8"
        raise QueryError(f"{path} {kind}. Name a CSV file with a line of column names.") from None
