"""The answer that a form shows, with its counts and its crosstab."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pandas as pd

from oneroster_nb.counts.count import count, crosstab
from oneroster_nb.counts.suppression import threshold_for
from oneroster_nb.errors import QueryError, RosterError
from oneroster_nb.forms.codegen import cell
from oneroster_nb.forms.for_display import footnote_in_form
from oneroster_nb.forms.state import State
from oneroster_nb.forms.widgets.messages import Kind
from oneroster_nb.query.query import Query

_COUNTED_FIRST = (
    *("grades", "schoolName", "schoolNames", "role", "groupName", "classTitle", "courseTitle"),
    *("termTitles", "enrollmentRole", "matchedOn", "sex", "age", "raceEthnicity"),
)
_BY_DEMOGRAPHICS = (
    "Counts by demographics hide small numbers. To show them, set Hide counts below to 0."
)
_Note = tuple[str, Kind]


def of_people(frame: pd.DataFrame) -> bool:
    """Return True if the ids of an answer are those of people; a list of classes has ids, too."""
    return "sourcedId" in frame and "teacherNames" not in frame


@dataclass
class Result:
    """An answer, and what is counted of it as the state of the form says.

    ``asked`` is the question, or an expression that answers it from ``conn``, which ``recipe``
    makes. The names of files begin with ``stem``. If the answer itself counts people, ``hide``
    returns it again, counts below a threshold hidden; it was asked with ``hidden_below``. What the
    state names as ``by rows columns`` is in ``counted``: what was counted last, or what is to be
    counted first if the question says so. The counts and the crosstab ``table`` are None if they
    cannot be made; their notes say why.
    """

    state: State
    frame: pd.DataFrame
    asked: Query | str
    recipe: str
    stem: str
    crosstab_asked: bool = False
    hide: Callable[[int | None], pd.DataFrame] | None = None
    hidden_below: int | None = None
    counted: Mapping[str, Any] = field(default_factory=dict)
    counts: pd.DataFrame | None = field(default=None, init=False)
    table: pd.DataFrame | None = field(default=None, init=False)
    counts_note: _Note = field(default=("", "info"), init=False)
    table_note: _Note = field(default=("", "info"), init=False)

    @property
    def names(self) -> list[str]:
        """The columns, those that people count by first."""
        first = [name for name in _COUNTED_FIRST if name in self.frame]
        return [*first, *(name for name in self.frame.columns if name not in first)]

    @property
    def unit(self) -> Literal["users", "rows"]:
        """What is counted: rows if the answer names no people."""
        return "users" if of_people(self.frame) and self.state.unit == "users" else "rows"

    @property
    def in_percent(self) -> bool:
        """Whether the crosstab shows shares."""
        return self.state.normalize is not False

    @property
    def usual_below(self) -> int | None:
        """Below what numbers are hidden if nothing is chosen: 10 by demographics, else None.

        The counts and the crosstab have one threshold, because one control shows it.
        """
        return threshold_for(None, (*self.state.by, self.state.rows, self.state.columns))

    @property
    def below(self) -> int | None:
        """Below what numbers are hidden; 0 if it was chosen to hide none."""
        chosen: int | None = self.state.suppress_below
        return self.usual_below if chosen is None else chosen

    def choose_columns(self) -> None:
        """Set the state to the columns that this answer is counted by, as far as it says so."""
        for name, value in self.counted.items():
            setattr(self.state, name, value)

    def recount(self) -> None:
        """Count again; if something cannot be counted, its note says why."""
        self.counted = {name: getattr(self.state, name) for name in ("by", "rows", "columns")}
        self.counts, self.counts_note = self._made(lambda: self._count(self.below))
        percent = "In percent." if self.in_percent else ""
        self.table, self.table_note = self._made(
            lambda: crosstab(self.frame, **self._crosstab()), percent
        )

    def code(self) -> str:
        """Write a cell that makes the same answer and crosstab in a fresh kernel."""
        return cell(self.recipe, self.asked, None if self.table is None else self._crosstab())

    def exported(self, what: str, below: int) -> pd.DataFrame:
        """Return the ``"Table"``, ``"Counts"`` or ``"Crosstab"``, counts below a threshold hidden.

        0 hides nothing.

        Raises
        ------
        QueryError
            If there is none.
        """
        shown = {"Table": self.frame, "Counts": self.counts, "Crosstab": self.table}[what]
        if shown is None:
            raise QueryError(f"There is no {what} yet: run a query and choose columns.")
        frame = self.frame
        if self.hide is not None and below != self.hidden_below:
            frame = self.hide(below)
        if what == "Table":
            return frame
        if frame is self.frame and below == (self.below or 0):
            return shown
        if what == "Counts":
            return self._count(below, frame)
        return crosstab(frame, **{**self._crosstab(), "suppress_below": below})

    def _made(
        self, make: Callable[[], pd.DataFrame], note: str = ""
    ) -> tuple[pd.DataFrame | None, _Note]:
        """Make a table, with a note about it; if it cannot be made, the note says why."""
        try:
            made = make()
        except RosterError as error:
            return None, (str(error), "error")
        nobody = self.unit != self.state.unit
        rows = "Rows are counted: this answer names no people." if nobody else ""
        hidden = _BY_DEMOGRAPHICS if self.state.suppress_below is None and self.below else ""
        notes = (rows, note, footnote_in_form(made), hidden)
        return made, (" ".join(text for text in notes if text), "info")

    def _count(self, below: int | None, frame: pd.DataFrame | None = None) -> pd.DataFrame:
        if not self.state.by:
            raise QueryError("Choose up to three columns to count by.")
        counted = self.frame if frame is None else frame
        return count(counted, list(self.state.by), unit=self.unit, suppress_below=below)

    def _crosstab(self) -> dict[str, Any]:
        """Return the arguments of the crosstab that differ from the usual ones."""
        state = self.state
        options = {
            "unit": self.unit,
            "margins": state.margins,
            "normalize": state.normalize,
            "suppress_below": self.below,
        }
        changed = {n: v for n, v in options.items() if v != state.traits()[n].default()}
        return {"rows": state.rows, "columns": state.columns, **changed}
