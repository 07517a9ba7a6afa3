"""The form: connect, ask, look, count, export."""

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import ipywidgets as widgets
import pandas as pd
from traitlets import TraitError

from oneroster_nb.connectors.profile_store import load_profile
from oneroster_nb.errors import ConfigurationError, QueryError
from oneroster_nb.forms.asked import Answered, Asked, compared_fields, explicit, summary_line
from oneroster_nb.forms.calls import Extra
from oneroster_nb.forms.common_questions import COMMON, Answer
from oneroster_nb.forms.in_words import in_words, moment_in_words
from oneroster_nb.forms.panels.common_questions import CommonPanel
from oneroster_nb.forms.panels.connection import ConnectionPanel
from oneroster_nb.forms.panels.history import HistoryPanel
from oneroster_nb.forms.panels.question import QuestionPanel
from oneroster_nb.forms.panels.results import ResultsPanel
from oneroster_nb.forms.result import Result
from oneroster_nb.forms.runner import Done
from oneroster_nb.forms.state import MOMENT, QUESTION, State
from oneroster_nb.forms.widgets.keyboard_guard import FORM_CLASS, FormMarker
from oneroster_nb.forms.widgets.messages import Message, error_text
from oneroster_nb.forms.widgets.progress_bar import Working
from oneroster_nb.query.query import Query
from oneroster_nb.secret import Secret, as_secret
from oneroster_nb.source.source import Source
from oneroster_nb.spelling import nearest

_ANY_TIME = "any time"


class Explorer(State, widgets.VBox):
    """A form that asks a roster questions; :func:`explore` makes one."""

    def __init__(self, source: Source | None = None, **state: Any) -> None:
        widgets.VBox.__init__(self)
        known = [name for name in State.class_own_traits() if not name.startswith("_")]
        for name, value in state.items():
            if name not in known:
                raise ConfigurationError(
                    f"explore() knows no {name!r}.{nearest(name, known)} It can be"
                    f" {', '.join(known)}."
                )
            try:
                setattr(self, name, value)
            except TraitError as exc:
                raise QueryError(f"{name} cannot be {value!r}: {exc}") from None
        if source is not None and not isinstance(source, Source):
            raise ConfigurationError(
                f"explore() takes a connection or a roster to start with, not {source!r}. Pass"
                " onb.connect(...), or nothing to choose one in the form."
            )
        if self.profile is not None:
            load_profile(self.profile)  # an unknown one is an error here and now
        self._history = HistoryPanel(self._show_again)
        self._working = Working(self._history.show_busy)
        self._results = ResultsPanel(self, self._ask_of_current_term)
        self._question = QuestionPanel(self, self.run)
        self._common = CommonPanel(self._answer_chosen, self._tell_changes)
        self._connection = ConnectionPanel(
            self, self._working, self._leave, self._use, self._results.show_findings
        )
        self._message = Message()
        self._answered_to: Asked | None = None
        self._tell_moment()
        self.observe(lambda _: self._tell_moment(), MOMENT)
        self.observe(lambda _: self._tell_changes(), [*QUESTION, "suppress_below"])
        self.add_class(FORM_CLASS)
        self.children = (
            FormMarker(),
            _titled("Connection", self._connection.widget),
            _titled("Question", self._question.widget),
            _titled("Or a common question", self._common.widget),
            self._history.widget,
            self._working.widget,
            self._message,
            self._results.widget,
        )
        if source is not None:
            self._connection.take(source)

    @property
    def source(self) -> Source | None:
        """The source that the form is connected to; None if there is none."""
        return self._connection.source

    @property
    def query(self) -> Query:
        """The question that is set; QueryError if it cannot be asked."""
        return self.question()

    @property
    def result(self) -> pd.DataFrame | None:
        """The answer to the last question; None if there is none."""
        return self._results.result.frame if self._results.result else None

    @property
    def table(self) -> pd.DataFrame | None:
        """The crosstab of the answer, as the form shows it; None if there is none."""
        return self._results.result.table if self._results.result else None

    @property
    def counts(self) -> pd.DataFrame | None:
        """The counts of the answer, as the form shows them; None if there are none."""
        return self._results.result.counts if self._results.result else None

    @property
    def code(self) -> str:
        """A cell that makes the same answer and crosstab in a fresh kernel."""
        return self._results.result.code() if self._results.result else ""

    @property
    def message(self) -> str:
        """What the form says of the last question."""
        return self._message.text

    def connect(
        self,
        client_secret: str | Secret | None = None,
        *,
        access_token: str | Secret | None = None,
    ) -> None:
        """Connect to what is chosen, as the button does.

        Parameters
        ----------
        client_secret, access_token : str, optional
            What would be typed; left out, the environment and the keyring are asked.
        """
        typed = {"client_secret": client_secret, "access_token": access_token}
        wrapped = {name: as_secret(text) for name, text in typed.items()}
        self._connection.connect({name: secret for name, secret in wrapped.items() if secret})

    def load_roster(self) -> None:
        """Load the whole roster, as the button does."""
        self._connection.load()

    def check(self) -> None:
        """Find out what is wrong with the roster, as the button does."""
        self._connection.check()

    @property
    def findings(self) -> pd.DataFrame | None:
        """What is wrong with the roster, if that was asked."""
        return self._results.findings

    def run(self) -> None:
        """Ask the question, as the button does."""
        self._ask(self._query_set)

    def _query_set(self, source: Source) -> Asked:
        query = self.question()
        written = explicit(query, source)
        return Asked(
            query,
            self.question,
            self._question.run,
            self._values_of(QUESTION),
            lambda report: Answer(source.query(query, progress=report)),
            lambda answer: Result(self, answer.frame, written, source.recipe, query.user_filter),
            words=in_words(written, compared_fields(written, source)),
            nothing="No people match. Try another group, other users, or no group at all.",
            when=moment_in_words(query) or _ANY_TIME,
        )

    def answer(self, question: str, *, path: str = "", on: str = "", rules: str = "") -> None:
        """Answer one of the common questions, as the button does.

        Parameters
        ----------
        question : str
            As it reads in the list.
        path, on, rules : str
            What would be typed into Compare with, Known by and Rules.

        Raises
        ------
        QueryError
            If there is no such question.
        """
        if question not in COMMON:
            raise QueryError(
                f"There is no common question {question!r}.{nearest(question, COMMON)} There are:"
                f" {'; '.join(COMMON)}."
            )
        self._common.choose(question, Extra(path, on, rules))
        self._answer_chosen()

    def _answer_chosen(self) -> None:
        self._ask(self._question_chosen)

    def _question_chosen(self, source: Source) -> Asked:
        name = self._common.choice.value
        question = COMMON[name]
        below = self.suppress_below if question.hides else None
        extra = self._extra_of_chosen()
        moment = self.moment() if question.takes_moment else {}
        code = self._code_of_chosen()
        people = in_words(extra.people, compared_fields(extra.people, source))
        when = moment_in_words(Query(**moment))
        about = moment_in_words(extra.people) if question.of_people else when
        timed = question.of_people or question.takes_moment

        rows, columns = question.crosstab or ("", "")
        crosstab = {"rows": rows, "columns": columns} if question.crosstab else {}

        def result(answer: Answer) -> Result:
            return Result(
                self,
                answer.frame,
                code,
                source.recipe,
                stem="-".join(re.findall(r"[a-z]+", name.casefold())),
                crosstab_asked=bool(question.crosstab),
                hide=answer.hide,
                hidden_below=below,
                counted=crosstab,
            )

        return Asked(
            code,
            self._code_of_chosen,
            self._common.button,
            self._values_of(QUESTION if question.of_people else MOMENT if timed else ()),
            lambda report: question.answer(source, extra, moment, below, report),
            result,
            words=": ".join(
                [
                    f"{name}, {when}" if when else name,
                    *([people] if question.of_people else []),
                    *question.typed(extra),
                ]
            ),
            nothing="Nothing found.",
            when=about or _ANY_TIME if timed else "",
            common=name,
            typed=self._common.extra,
        )

    def _values_of(self, names: Iterable[str]) -> dict[str, Any]:
        return {name: getattr(self, name) for name in names}

    def _code_of_chosen(self) -> str:
        """Write the chosen common question; QueryError where something is not typed yet."""
        question, below = COMMON[self._common.choice.value], self.suppress_below
        options = {} if below is None else {"suppress_below": below}
        return question.code(self._extra_of_chosen(), {**self.moment(), **options})

    def _extra_of_chosen(self) -> Extra:
        """Return what the chosen common question needs; QueryError if that cannot be."""
        extra, source = self._common.extra, self.source
        if source is None or not COMMON[self._common.choice.value].of_people:
            return extra
        return replace(extra, people=explicit(self.question(), source))

    def _ask_of_current_term(self) -> None:
        """Ask the question of the answer again, of the current term only."""
        self.term = "current"
        if self._answered_to is not None:
            self._answered_to.button.click()

    def _tell_moment(self) -> None:
        """Say which moment the common questions are asked about."""
        self._common.say_when(moment_in_words(Query(**self.moment())))

    def _tell_changes(self) -> None:
        """Show whether the answer is to another question than what is set."""
        asked = self._answered_to
        changed = asked is not None and not asked.is_set
        self._results.say_changed(asked.button.description if asked and changed else "")

    def _leave(self) -> None:
        """Remove everything of the source, so that none of it is taken for another one's."""
        self._answered_to = None
        self._history.forget()
        self._results.forget()
        self._message.clear()
        self._tell_changes()

    def _use(self, source: Source) -> None:
        self._leave()
        self._question.use(source)
        self._common.use(source)

    def _ask(self, question: Callable[[Source], Asked]) -> None:
        """Ask what is set beside the main loop, and show the answer."""
        source = self.source
        if self._working.busy:
            return
        try:
            if source is None:
                raise QueryError("Connect to a roster first.")
            asked = question(source)
        except QueryError as error:
            self._message.say(str(error), "error")
            return
        self._message.clear()

        def answered(done: Done[Answer]) -> None:
            if self.source is source:
                self._answered(done, asked)

        buttons = (self._question.run, self._common.button, self._results.current_term)
        self._working.start("Asking …", asked.answer, answered, *buttons)

    def back(self) -> None:
        """Show the answer before the one that is shown, as the button does."""
        self._history.back()

    def forward(self) -> None:
        """Show the answer after the one that is shown, as the button does."""
        self._history.forward()

    @property
    def history(self) -> pd.DataFrame:
        """The last questions that were answered, as ``question rows people moment asked``."""
        return self._history.frame

    def cancel(self) -> None:
        """Cancel what is being done."""
        self._working.cancel()

    def _answered(self, done: Done[Answer], asked: Asked) -> None:
        if done.value is None:
            self._message.say(*error_text(done.error))
            return
        said = summary_line(done.value.frame)
        if done.value.frame.empty and not done.warnings:
            said = asked.nothing
        answered = Answered(asked, asked.result(done.value), "\n".join([said, *done.warnings]))
        self._history.add(answered.entry(done.value.pulled))
        self._show(answered)

    def _show(self, answered: Answered, *, again: bool = False) -> None:
        asked, result, said = answered
        self._results.show(result, asked.words, again=again)
        self._answered_to = asked
        # A browser sends a click before what was typed just before it, if the kernel is slow.
        self._tell_changes()
        # Last, so that who reads it and begins to search finds the new table.
        self._message.say(said)

    def _show_again(self, answered: Answered) -> None:
        """Show an answer of the history again, and set the form to its question."""
        asked, result, said = answered
        self._answered_to = None  # the way there is no change of the question
        # The name last: how it is read depends on the others.
        for name in sorted(asked.traits, key=lambda name: name == "group_name"):
            setattr(self, name, asked.traits[name])
        if asked.common:
            self._common.choose(asked.common, asked.typed)
        if result.hide and self.source and result.hidden_below != self.suppress_below:
            # Going back shows no small count that is to be hidden now.
            asked = self._question_chosen(self.source)
            result = asked.result(Answer(result.hide(self.suppress_below), result.hide))
        said += f"\nFrom the history. {asked.button.description} asks again."
        self._show(Answered(asked, result, said), again=True)


def explore(source: Source | None = None, **state: Any) -> Explorer:
    """Show a form to ask a roster questions without writing code.

    Parameters
    ----------
    source : Source, optional
        A connection or a roster to start with; left out, one is chosen in the form.
    **state
        Where to start: the arguments of ``get_users``, ``provider``, ``profile``, ``host``,
        ``client_id``, ``token_url``, ``application_id``, ``district``, ``path``, and ``by rows
        columns unit margins normalize suppress_below`` of the counting. What
        :meth:`Explorer.state` gives restores a form.

    Returns
    -------
    Explorer
        The form, which shows itself as the last value of a cell.

    Raises
    ------
    ConfigurationError
        For a part of the state that there is not.
    QueryError
        For a value that cannot be.

    Examples
    --------
    >>> form = explore(user_filter="students", group_filter="schools")
    >>> form.connect()
    >>> form.run()
    >>> len(form.result)
    139
    >>> form.source.close()
    """
    return Explorer(source, **state)


def _titled(title: str, widget: widgets.Widget) -> widgets.VBox:
    return widgets.VBox([widgets.HTML(f"<h3>{title}</h3>"), widget])
