"""The line of a form that says what is being done, how far it is, and cancels it."""

from collections.abc import Callable
from typing import TypeVar

import ipywidgets as widgets

from oneroster_nb.forms.runner import Done, Report, Runner
from oneroster_nb.forms.widgets.messages import Message, row
from oneroster_nb.progress import Progress

T = TypeVar("T")


class Working:
    """Runs one piece of work at a time beside the form; its widget hides if nothing is done.

    ``changed`` is called with True when work begins, and with False when it has ended.
    """

    def __init__(self, changed: Callable[[bool], None]) -> None:
        self._runner = Runner(self._ticked)
        self._changed = changed
        self._bar = widgets.FloatProgress(min=0, max=1, layout=widgets.Layout(width="16em"))
        self._rows_so_far = Message()
        self._cancel = widgets.Button(description="Cancel")
        self._cancel.on_click(lambda _: self.cancel())
        self._what = ""
        self._cancelling = False
        # The button before the words: if these grow, it must not move from under the pointer.
        self.widget = row(self._bar, self._cancel, self._rows_so_far)
        self._show(False)

    @property
    def busy(self) -> bool:
        """Whether something is being done."""
        return self._runner.busy

    def start(
        self,
        what: str,
        work: Callable[[Report], T],
        then: Callable[[Done[T]], None],
        *buttons: widgets.Button,
    ) -> None:
        """Start work that is called `what`, its buttons off; see :meth:`Runner.start`."""
        for button in buttons:
            button.disabled = True
        self._show(True)
        self._changed(True)
        self._bar.value = 0
        self._what, self._cancelling = what, False
        self._rows_so_far.say(what, "working")

        def ended(done: Done[T]) -> None:
            self._show(False)
            for button in buttons:
                button.disabled = False
            self._changed(False)
            then(done)

        self._runner.start(work, ended)

    def cancel(self) -> None:
        """Cancel what is being done."""
        self._runner.cancel()
        self._cancelling = True
        self._rows_so_far.say("Cancelling …", "working")

    def _show(self, working: bool) -> None:
        self.widget.layout.display = None if working else "none"

    def _ticked(self, progress: Progress) -> None:
        if self._cancelling:
            return
        if progress.total:
            # A share, as the widget's state must not say how many there are.
            self._bar.value = min(progress.done / progress.total, 1)
        of = f" of {progress.total:,}" if progress.total else ""
        so_far = f"{progress.what}: {progress.done:,}{of} rows"
        self._rows_so_far.say(f"{self._what} {so_far}", "working")
