"""The third part of the form: the answer, in tabs."""

from collections.abc import Callable, Sequence

import ipywidgets as widgets

from oneroster_nb.counts.footnotes import TERMS_TOGETHER, terms_note
from oneroster_nb.forms.panels.tabs.chart import ChartTab
from oneroster_nb.forms.panels.tabs.code import CodeTab
from oneroster_nb.forms.panels.tabs.counts import CountsTab
from oneroster_nb.forms.panels.tabs.crosstab import CrosstabTab
from oneroster_nb.forms.panels.tabs.export import ExportTab
from oneroster_nb.forms.panels.tabs.findings import FindingsTab
from oneroster_nb.forms.panels.tabs.tab import Tab
from oneroster_nb.forms.panels.tabs.table import TableTab
from oneroster_nb.forms.result import Result
from oneroster_nb.forms.state import COUNTING, State
from oneroster_nb.forms.widgets.messages import Message, row
from oneroster_nb.quality.findings import Findings


class ResultsPanel:
    """The answer to a question, in tabs; a tab is brought up to date when it is looked at.

    ``current_term_asked`` is called when Current term is pressed. That button is there if the
    answer counts several terms together.

    Attributes
    ----------
    widget : ipywidgets.Box
        What to show.
    result : Result or None
        The answer, with its counts and its crosstab.
    """

    def __init__(self, state: State, current_term_asked: Callable[[], None]) -> None:
        self._state = state
        self.result: Result | None = None
        self._answer_tabs: Sequence[Tab] = (
            TableTab(),
            CountsTab(state),
            CrosstabTab(state),
            ChartTab(),
            CodeTab(),
            ExportTab(state),
        )
        self._findings_tab = FindingsTab()
        self._shown: Sequence[Tab] = self._answer_tabs
        self._stale: set[Tab] = set()
        self.tabs = widgets.Tab(
            [tab.widget for tab in self._shown], titles=[tab.title for tab in self._shown]
        )
        self._asked_words = Message()
        self._changed_words = Message()
        self._terms_words = Message()
        self.current_term = widgets.Button(
            description="Current term", tooltip="Ask the same of the current term only"
        )
        self._terms = row(self._terms_words, self.current_term)
        self.widget = widgets.VBox([self._asked_words, self._changed_words, self._terms, self.tabs])
        self.widget.layout.display = "none"
        self.current_term.on_click(lambda _: current_term_asked())
        self.tabs.observe(lambda _: self._freshen(), "selected_index")
        state.observe(lambda _: self._changed(), COUNTING)

    @property
    def findings(self) -> Findings | None:
        """The findings about the source, if they were asked for."""
        return self._findings_tab.findings

    def forget(self) -> None:
        """Remove everything that is of a source: its answer in every tab, files and findings."""
        self.result = None
        self._asked_words.clear()
        self._show_terms([])
        self._stale.clear()
        for tab in self._answer_tabs:
            tab.forget()
        self.show_findings(None)

    def say_changed(self, button: str) -> None:
        """Show that the question was changed since its answer; `button` asks it, or is empty."""
        if button:
            text = f"The question was changed after this answer. {button} asks it as it is now."
            self._changed_words.say(text, "warning")
        else:
            self._changed_words.clear()

    def show_findings(self, findings: Findings | None) -> None:
        """Show findings in a tab of their own; None removes that tab."""
        tab = self._findings_tab
        if findings is None:
            tab.forget()
            self._show_tabs(self._answer_tabs)
            if self.result is None:
                self.widget.layout.display = "none"
            return
        tab.show(findings)
        self._show_tabs((*self._answer_tabs, tab))
        self._select(tab.title)
        self.widget.layout.display = None

    def show(self, result: Result, words: str, *, again: bool = False) -> None:
        """Show the answer to a question, with what was asked in words.

        If it was shown before, `again`, a person goes on looking at the same tab.
        """
        self.result = result
        self._asked_words.say(words[:1].upper() + words[1:], "title")
        self._show_terms(result.frame.attrs.get(TERMS_TOGETHER, []))
        self.widget.layout.display = None
        with self._state.hold_trait_notifications():
            result.choose_columns()
            for tab in self._answer_tabs:
                tab.offer(result)
        of_answer = self.tabs.selected_index < len(self._answer_tabs)
        new = result.crosstab_asked or self.findings is not None or isinstance(result.asked, str)
        if new and not (again and of_answer):
            self._select("Crosstab" if result.crosstab_asked else "Table")
        self._changed()

    def _show_terms(self, titles: Sequence[str]) -> None:
        """Say which terms an answer counts together, and offer the current one."""
        self._terms_words.say(terms_note(titles) if titles else "", "warning")
        self._terms.layout.display = None if titles else "none"

    def _show_tabs(self, tabs: Sequence[Tab]) -> None:
        if len(tabs) < len(self._shown):
            self.tabs.selected_index = 0
        self._shown = tabs
        self.tabs.children = [tab.widget for tab in tabs]
        self.tabs.titles = [tab.title for tab in tabs]

    def _select(self, title: str) -> None:
        self.tabs.selected_index = self.tabs.titles.index(title)

    def _changed(self) -> None:
        """Count again, and bring up to date what is looked at."""
        if self.result is None:
            return
        self.result.recount()
        for tab in self._answer_tabs:
            tab.recounted(self.result)
        self._stale = set(self._answer_tabs)
        self._freshen()

    def _freshen(self) -> None:
        """Bring the tab that is looked at up to date."""
        tab = self._shown[self.tabs.selected_index or 0]
        if tab in self._stale and self.result is not None:
            self._stale.discard(tab)
            tab.refresh(self.result)
