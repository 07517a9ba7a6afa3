"""The second part of the form: who, of which groups, matched how."""

import datetime
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import ipywidgets as widgets
import pandas as pd
from traitlets import link

from oneroster_nb.errors import ForbiddenError, NotFoundError, QueryError
from oneroster_nb.forms.in_words import groups_at_moment
from oneroster_nb.forms.panels.filling import Filling
from oneroster_nb.forms.runner import Done, Runner
from oneroster_nb.forms.state import MOMENT, State
from oneroster_nb.forms.widgets.group_field import GroupField
from oneroster_nb.forms.widgets.messages import LABEL, Message, labelled, row
from oneroster_nb.query.groups import (
    DEFAULT_MATCH_ON,
    checked_fields,
    fold_case,
    match_groups,
    name_column,
)
from oneroster_nb.query.moment import Moment
from oneroster_nb.query.query import GROUP_TABLES, MATCHES, PEOPLE_GROUPS, Query
from oneroster_nb.source.source import Source
from oneroster_nb.spelling import nearest
from oneroster_nb.tables.table import empty_table
from oneroster_nb.today import local_date

_NO_GROUP = "(no group)"
_ANY_TERM = "(any)"
_ON_A_DAY = "on a day"
_WHEN = [("any time", ""), ("today", "today"), ("on a day…", _ON_A_DAY)]
_USERS = ("students", "teachers", "users", "administrators", "aides", "guardians", "parents")
_FIELDS_FIRST = (
    *("title", "name", "sourcedId", "classCode", "courseCode", "location", "periods", "grades"),
    *("subjects", "courseTitle", "schoolName", "termTitles", "classType", "identifier"),
)
_NAMED = 3
_KINDS = (*GROUP_TABLES, *PEOPLE_GROUPS)
_COMPLETIONS = 50
_SEPARATOR = " | "

_Listed = tuple[pd.DataFrame | None, list[str], pd.DataFrame]
"""The groups of a kind with the fields to match on, and the terms."""


class QuestionPanel(Filling):
    """Who is asked for, of which groups, and when, as far as the source has them.

    ``asked`` is called when Run query is pressed.
    """

    def __init__(self, state: State, asked: Callable[[], None]) -> None:
        self._state = state
        self._source: Source | None = None
        self._runner = Runner()
        self._groups: pd.DataFrame | None = None
        self._meeting: pd.DataFrame | None = None  # the groups that meet when it is asked about
        self._sessions = empty_table("academicSessions")
        self._fields: list[str] = []
        self._listed: dict[str | None, _Listed] = {}

        self.users = widgets.Dropdown(options=_USERS, description="Users", **labelled())
        self.demographics = widgets.Checkbox(
            description="Demographics",
            tooltip="Sex, birth date, age, race and ethnicity beside people",
            indent=False,
            layout=widgets.Layout(width="auto"),
        )
        self.group_by = widgets.Dropdown(
            options=[(_NO_GROUP, ""), *((kind, kind) for kind in _KINDS)],
            description="Group by",
            **labelled(),
        )
        self.group = GroupField(
            description="Group",
            placeholder="every one; or a name or an id, several with |",
            label_width=LABEL,
            layout=labelled(width="40em")["layout"],
        )
        self.match_on = widgets.SelectMultiple(description="Match on", rows=5, **labelled())
        self.match = widgets.Dropdown(options=MATCHES, description="Match", **labelled())
        self.term = widgets.Dropdown(options=[(_ANY_TERM, "")], description="Term", **labelled())
        self.when = widgets.Dropdown(options=_WHEN, description="When", **labelled())
        self.day = widgets.DatePicker(description="Day", **labelled())
        self.last_day = widgets.Checkbox(
            description="Last day counts",
            tooltip="An enrollment that ends on this day still counts",
            indent=False,
            layout=widgets.Layout(width="auto"),
        )
        self.hint = Message()
        self.run = widgets.Button(description="Run query", button_style="primary", disabled=True)
        self._of_group = widgets.VBox([row(self.group, self.hint), row(self.match_on, self.match)])
        self.widget = widgets.VBox(
            [
                row(self.users, self.demographics, self.group_by),
                self._of_group,
                row(self.when, self.day, self.last_day),
                row(self.term),
                self.run,
            ]
        )
        self._show_users()
        self.users.observe(lambda _: self._users_chosen(), "value")
        link(
            (state, "group_filter"),
            (self.group_by, "value"),
            transform=(lambda kind: kind or "", lambda shown: shown or None),
        )
        link((state, "match"), (self.match, "value"))
        link((state, "demographics"), (self.demographics, "value"))
        link((state, "include_end_date"), (self.last_day, "value"))
        self._show_when()
        self._show_group_name()
        self._show_group_fields()
        self.group.observe(lambda _: self._typed(), "value")
        self.match_on.observe(lambda _: self._fields_chosen(), "value")
        self.when.observe(lambda _: self._when_chosen(), "value")
        self.day.observe(lambda _: self._day_chosen(), "value")
        self.term.observe(lambda _: self._term_chosen(), "value")
        self.run.on_click(lambda _: asked())
        state.observe(lambda _: self._show_users(), "user_filter")
        state.observe(lambda _: self._new_kind(), "group_filter")
        state.observe(lambda _: self._show_group_name(), "group_name")
        state.observe(lambda _: self._show_match_on(), "match_on")
        state.observe(lambda _: self._show_when(), "as_of")
        state.observe(lambda _: self._show_term(), "term")
        state.observe(lambda _: self._count_matches(), ["group_name", "match_on", "match"])
        state.observe(lambda _: self._new_moment(), MOMENT)

    def use(self, source: Source) -> None:
        """Offer what a source has."""
        self._source = source
        self._listed.clear()
        self.run.disabled = False
        self._forget_groups()
        self.hint.clear()
        with self._filling():
            self.term.options = [(_ANY_TERM, "")]
        self._show_term()
        self._show_match_on()
        self._complete()
        self._list()

    # Loading what there is to choose from.

    def _forget_groups(self) -> None:
        self._groups, self._meeting, self._fields = None, None, []
        self._sessions = empty_table("academicSessions")

    def _new_kind(self) -> None:
        self._forget_groups()
        self._show_group_fields()
        self._list()

    def _list(self) -> None:
        """Offer the groups of the chosen kind and the terms, listed once for a source."""
        listed = self._listed.get(self._state.group_filter)
        if listed is None:
            self._load()
        else:
            self._offer(listed)

    def _load(self) -> None:
        """List the groups of the chosen kind and the terms, beside the main loop."""
        source, kind = self._source, self._state.group_filter
        if source is None:
            return
        if kind:
            self.hint.say(f"Listing the {kind} …", "working")

        def work(report: Any) -> _Listed:
            try:
                sessions = source.get_academic_sessions(progress=report)
            except (ForbiddenError, NotFoundError):  # then there is no choice of terms
                sessions = empty_table("academicSessions")
            if kind is None:
                return None, [], sessions
            groups = source.groups(kind, progress=report)
            return groups, source.match_fields(kind, progress=report), sessions

        def listed(done: Done[_Listed]) -> None:
            if source is not self._source:
                self._load()
                return
            if done.value is not None:
                self._listed[kind] = done.value
            if kind != self._state.group_filter:
                self._list()
            elif done.value is None:
                self.hint.say(str(done.error), "error")
            else:
                self._offer(done.value)

        if not self._runner.busy:
            self._runner.start(work, listed)

    def _offer(self, listed: _Listed) -> None:
        """Offer what was listed, and say what would match."""
        self._groups, fields, self._sessions = listed
        self._meeting = None
        terms = list(dict.fromkeys(self._sessions["title"].dropna()))
        first = [field for field in _FIELDS_FIRST if field in fields]
        self._fields = [*first, *(field for field in fields if field not in first)]
        if self._groups is not None:
            self._state.match_on = [*self._known_fields()] or None
        offered = ["current", *terms] if terms else []
        with self._filling():
            self.term.options = [(_ANY_TERM, ""), *((term, term) for term in offered)]
        self._show_term()
        self._show_match_on()
        self._complete()
        self._count_matches()

    def _known_fields(self) -> Iterator[str]:
        """Yield those of the chosen fields that this kind of group has, by the names it has."""
        for field in self._state.match_on or ():
            with suppress(QueryError):  # a field of another kind of group
                yield from checked_fields([field], self._fields)

    # From the state to the controls.

    def _show_group_fields(self) -> None:
        self._of_group.layout.display = None if self._state.group_filter else "none"

    def _show_users(self) -> None:
        """Show who is asked for, also one of the rarer roles that were set from outside."""
        users = self._state.user_filter
        if users not in self.users.options:
            self.users.options = [*self.users.options, users]
        self.users.value = users

    def _users_chosen(self) -> None:
        self._state.user_filter = self.users.value

    def _show_group_name(self) -> None:
        name = self._state.group_name
        text = name if isinstance(name, str) else _SEPARATOR.join(name or ())
        if self._names() != name:
            self.group.value = text

    def _show_match_on(self) -> None:
        with self._filling():
            if tuple(self._fields) != tuple(self.match_on.options):
                self.match_on.value = ()
                self.match_on.options = self._fields
            self.match_on.value = [f for f in self._state.match_on or () if f in self._fields]

    def _show_term(self) -> None:
        term = self._state.term or ""
        with self._filling():
            if term not in [value for _, value in self.term.options]:
                self.term.options = [*self.term.options, (term, term)]
            self.term.value = term

    def _show_when(self) -> None:
        day = self._state.as_of
        on_a_day = day not in (None, "today")
        with self._filling():
            self.when.value = _ON_A_DAY if on_a_day else day or ""
            if on_a_day:
                self.day.value = datetime.date.fromisoformat(day)
        self.day.layout.display = None if on_a_day else "none"
        self.last_day.layout.display = None if day else "none"

    # From the controls to the state.

    def _typed(self) -> None:
        self._complete()
        self._state.group_name = self._names()

    def _names(self) -> str | list[str] | None:
        """Read what was typed: a name, several, or none."""
        text: str = self.group.value
        if not text.strip():
            return None
        if self._state.match == "regex" or self._is_a_name(text):
            return text
        names = [part.strip() for part in text.split("|") if part.strip()]
        return names if len(names) > 1 else names[0] if names else None

    def _is_a_name(self, text: str) -> bool:
        return fold_case(text) in {fold_case(name) for name in self._titles()}

    def _fields_chosen(self) -> None:
        if not self._is_filling:
            self._state.match_on = list(self.match_on.value) or None

    def _when_chosen(self) -> None:
        if self._is_filling:
            return
        if self.when.value == _ON_A_DAY:
            self._state.as_of = self.day.value or local_date()
        else:
            self._state.as_of = self.when.value or None

    def _day_chosen(self) -> None:
        if self._is_filling:
            return
        if self.day.value is None:  # "on a day" always has one
            self._show_when()
        else:
            self._state.as_of = self.day.value

    def _term_chosen(self) -> None:
        if not self._is_filling:
            self._state.term = self.term.value or None

    # Saying what would match.

    def _titles(self) -> list[str]:
        if self._groups is None:
            return []
        column = name_column(self._state.group_filter or "")
        return list(dict.fromkeys(self._groups[column].dropna()))

    def _complete(self) -> None:
        """Offer the groups that hold what was typed; the browser gets only these."""
        before, separator, last = self.group.value.rpartition(_SEPARATOR)
        fitting = [title for title in self._titles() if fold_case(last) in fold_case(title)]
        self.group.offer([before + separator + title for title in fitting[:_COMPLETIONS]])

    def _new_moment(self) -> None:
        self._meeting = None
        self._count_matches()

    def _meeting_then(self, groups: pd.DataFrame, query: Query) -> pd.DataFrame:
        """Return the groups without the classes that do not meet when it is asked about."""
        if self._meeting is None:
            moment = Moment.of(query) if query.group_filter == "classes" else None
            meet = slice(None) if moment is None else moment.meets(groups, self._sessions)
            self._meeting = groups.loc[meet].reset_index(drop=True)
        return self._meeting

    def _count_matches(self) -> None:
        """Show how many groups match, before anything is asked."""
        kind = self._state.group_filter
        if kind is None or self._groups is None:
            return
        try:
            query = self._state.question()
            groups = self._meeting_then(self._groups, query)
            fields = checked_fields(query.match_fields or DEFAULT_MATCH_ON, self._fields)
            matched = match_groups(groups, query.names, fields, query.match)
        except QueryError as error:
            self.hint.say(str(error), "error")
            return
        total, then = len(groups), groups_at_moment(query)
        if query.names is None:
            self.hint.say(f"Empty means every one: {total:,} {_kind(kind, total)}{then}.")
            return
        count = len(matched.positions)
        text = f"{count:,} of {total:,} {kind}{then} match{'es' if count == 1 else ''}"
        if kind in PEOPLE_GROUPS:  # the hint is widget state, so it names no people
            self.hint.say(f"{text}.")
            return
        names = groups[name_column(kind)].iloc[matched.positions]
        different = names.dropna().unique()
        shown = [str(name) for name in different[:_NAMED]]
        more = ", …" if len(different) > len(shown) else ""
        text += f": {', '.join(shown)}{more}" if shown else "."
        if matched.unmatched:
            name = matched.unmatched[0]
            if match_groups(self._groups, (name,), fields, query.match).unmatched:
                text += f"\nNothing matches {name!r}.{nearest(name, self._titles())}"
            else:
                text += f"\nWhat {name!r} matches does not meet then."
        self.hint.say(text)


def _kind(kind: str, count: int) -> str:
    return kind if count != 1 else {"classes": "class"}.get(kind, kind.removesuffix("s"))
