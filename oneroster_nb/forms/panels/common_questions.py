"""The part of the form that offers the common questions."""

from collections.abc import Callable

import ipywidgets as widgets

from oneroster_nb.forms.calls import Extra
from oneroster_nb.forms.common_questions import COMMON
from oneroster_nb.forms.widgets.messages import Message, labelled, row
from oneroster_nb.roster.local import LocalSource
from oneroster_nb.source.source import Source

_WHOLE = "Asked of the whole roster, whatever is chosen above."
_PEOPLE = "Asked of the people that the question above is about."
_WHEN = "Asked of the whole roster, {}; of what is chosen above, only When and Term count."
_PULLS = "Each question pulls its tables again; with Load whole roster, all are answered at once."


class CommonPanel:
    """A list of questions, what some of them need besides, and a button.

    ``asked`` is called when Answer is pressed, ``changed`` when another question is chosen or
    something is typed.
    """

    def __init__(self, asked: Callable[[], None], changed: Callable[[], None]) -> None:
        self.choice = widgets.Dropdown(
            options=list(COMMON), description="Common questions", **labelled(width="40em")
        )
        self.button = widgets.Button(description="Answer", disabled=True)
        self.path = widgets.Text(
            description="Compare with",
            placeholder="a file or folder that the kernel can see",
            **labelled(width="40em"),
        )
        self.on = widgets.Text(
            description="Known by",
            placeholder="sourcedId; or columns of both lists, such as email",
            **labelled(width="40em"),
        )
        self.rules = widgets.Textarea(
            description="Rules",
            placeholder="one a line, such as courses::Art 101::students",
            rows=3,
            **labelled(width="40em"),
        )
        self._fields = {"path": self.path, "on": self.on, "rules": self.rules}
        self._hint = Message()
        self._pulls = False
        self._moment = ""
        self.widget = widgets.VBox(
            [self._hint, row(self.choice, self.button), *self._fields.values()]
        )
        self.choice.observe(lambda _: self._chosen(), "value")
        self.button.on_click(lambda _: asked())
        for control in (self.choice, *self._fields.values()):
            control.observe(lambda _: changed(), "value")
        self._chosen()

    @property
    def extra(self) -> Extra:
        """What was typed."""
        return Extra(**{name: field.value for name, field in self._fields.items()})

    def choose(self, title: str, extra: Extra) -> None:
        """Choose a question and type what it needs besides."""
        self.choice.value = title
        for name, field in self._fields.items():
            field.value = getattr(extra, name)

    def use(self, source: Source) -> None:
        """Let a source be asked."""
        self._pulls = not isinstance(source, LocalSource)
        self._chosen()
        self.button.disabled = False

    def say_when(self, moment: str) -> None:
        """Say which day and term are asked about, in words; empty if none is set."""
        self._moment = moment
        self._chosen()

    def _chosen(self) -> None:
        question = COMMON[self.choice.value]
        for name, field in self._fields.items():
            field.layout.display = None if name in question.call.needs else "none"
        asked_of = _PEOPLE if question.of_people else _WHOLE
        if question.takes_moment:
            asked_of = _WHEN.format(self._moment or "at any time")
        self._hint.say(f"{asked_of} {_PULLS}" if self._pulls else asked_of)
