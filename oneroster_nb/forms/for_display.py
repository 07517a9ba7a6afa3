"""How an answer is brought into the table that a form shows (pure)."""

from collections.abc import Sequence

import pandas as pd

from oneroster_nb.counts.footnotes import TERMS_ADVICE, TERMS_TOGETHER, terms_note
from oneroster_nb.forms.cells import column_name

_FEW = 30
"""A column of so many values at most is a good one to count by."""

_OF_PEOPLE = (
    *("sourcedId", "givenName", "familyName", "role", "grades", "email"),
    *("sex", "age", "raceEthnicity"),
    *("groupName", "matchedOn", "classTitle", "courseTitle", "schoolName", "schoolNames"),
    *("termTitles", "enrollmentRole"),
)
_OF_CLASSES = (
    *("title", "teacherNames", "location", "periods", "studentCount", "schoolName", "termTitles"),
)

_NAMES = (("SourcedIds", ("Titles", "Names")), ("SourcedId", ("Title", "Name")))


def shown_first(frame: pd.DataFrame) -> list[str]:
    """Return the columns of an answer to show at first.

    Of people and of classes these are the usual ones, as far as they hold anything; of other
    answers all but the ids of what has a name.

    Examples
    --------
    >>> shown_first(pd.DataFrame({"username": ["ada"], "email": ["a@b.example"], "grades": [None]}))
    ['email']
    """
    for mark, usual in (("username", _OF_PEOPLE), ("teacherNames", _OF_CLASSES)):
        if mark in frame:
            there = [name for name in usual if name in frame]
            return [name for name in there if frame[name].notna().any()] or there
    return [name for name in frame.columns if not is_named(str(name), frame)]


def footnote_in_form(frame: pd.DataFrame, *, terms: bool = True) -> str:
    """Return the footnote of a frame, without advice for code: the form has its own controls.

    If `terms` is False, it is also without the terms that are counted together.

    Examples
    --------
    >>> from oneroster_nb.counts.footnotes import with_terms_together
    >>> footnote_in_form(with_terms_together(pd.DataFrame(), ["Fall", "Spring"]))
    '2 terms are counted together: Fall, Spring.'
    """
    footnote: str = frame.attrs.get("footnote", "")
    titles = frame.attrs.get(TERMS_TOGETHER)
    for sentence in (TERMS_ADVICE, *([terms_note(titles)] if titles and not terms else [])):
        footnote = footnote.replace(f" {sentence}", "").replace(sentence, "")
    return footnote.strip()


def is_named(column: str, frame: pd.DataFrame) -> bool:
    """Return True if a column holds ids of what a column beside it names.

    Examples
    --------
    >>> frame = pd.DataFrame(columns=["classSourcedId", "classTitle", "userSourcedId"])
    >>> [name for name in frame if is_named(name, frame)]
    ['classSourcedId']
    """
    for ending, names in _NAMES:
        if column.endswith(ending):
            return any(f"{column.removesuffix(ending)}{name}" in frame for name in names)
    return False


def in_percent(table: pd.DataFrame) -> pd.DataFrame:
    """Return shares as percents with one decimal; marks stay.

    Examples
    --------
    >>> in_percent(pd.DataFrame({"06": [0.125, "<10"]}))["06"].tolist()
    [12.5, '<10']
    """
    return table.map(lambda value: round(100 * value, 1) if isinstance(value, float) else value)


def good_column(frame: pd.DataFrame, names: Sequence[str], wished: Sequence[str]) -> str:
    """Choose a column to count by: a wished one, else one of few values, else the first, if any.

    Examples
    --------
    >>> frame = pd.DataFrame({"classTitle": map(str, range(40)), "periods": ["1", "2"] * 20})
    >>> good_column(frame, list(frame), ["grades"])
    'periods'
    """
    there = [name for name in wished if name in names]
    few = (name for name in names if frame[name].nunique(dropna=False) <= _FEW)
    return there[0] if there else next(few, names[0] if names else "")


def flat(table: pd.DataFrame | None) -> pd.DataFrame:
    """Return a table with its row labels as columns and one name a column."""
    if table is None:
        return pd.DataFrame()
    plain = table if isinstance(table.index, pd.RangeIndex) else table.reset_index()
    return plain.set_axis([column_name(name) for name in plain.columns], axis="columns")
