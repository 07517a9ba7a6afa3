"""Questions about classes: how large they are, which lack people."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from oneroster_nb.analysis.conditions import Subject, conditions_of_question
from oneroster_nb.analysis.reading import CLASS_TABLES, SourceOrFrame, tables_for
from oneroster_nb.counts.cells import groups_of
from oneroster_nb.counts.columns import checked_columns
from oneroster_nb.counts.footnotes import with_footnote
from oneroster_nb.counts.small_counts import hide_counts, is_small
from oneroster_nb.errors import QueryError
from oneroster_nb.progress import ProgressOption
from oneroster_nb.query.answer_columns import CLASS_COLUMNS
from oneroster_nb.query.moment import Day, moment_of
from oneroster_nb.tables.field import Kind
from oneroster_nb.tables.where import Where

_LACKING = {
    **dict.fromkeys(("students", "teachers"), Kind.NUMBER),
    **dict.fromkeys(("withoutTeacher", "withoutPrimaryTeacher", "withoutStudents"), Kind.BOOLEAN),
}


def class_sizes(
    source: SourceOrFrame,
    by: str | Sequence[str] | None = None,
    over: int | None = None,
    *,
    as_of: Day = None,
    term: str | None = None,
    include_end_date: bool = False,
    where: Where | None = None,
    suppress_below: int | None = None,
    progress: ProgressOption = None,
) -> pd.DataFrame:
    """How large are our classes, on average and at most, and which have more than 30 students?

    Parameters
    ----------
    source : Source or pandas.DataFrame
        A connection, a roster, or the students (or users) of classes, as ``get_users`` returns
        them. Classes without students are not in such a frame, and a frame of ``status="all"``
        does not show which enrollments and classes are marked tobedeleted.
    by : str or list of str, optional
        Columns of classes, or ``courseTitle schoolName termTitles``, to sum up by; of a frame,
        those that it has of them.
    over : int, optional
        The number of students that a class should not exceed.
    as_of : str or datetime.date, optional
        A day such as ``"2026-10-01"``, or ``"today"``: who is enrolled on that day, in classes that
        meet then; see :meth:`Source.get_users`.
    term : str, optional
        A title or an id of an academic session, or ``"current"``.
    include_end_date : bool
        Whether an enrollment counts on its ``endDate``, too.
    where : mapping, optional
        Conditions, written as for :meth:`Source.get_users`: ``{"grades": ["06", "07"], "location":
        "302", "students": {">": 25}}``. A column of people (``grades``, ``sex``, a provider's own)
        chooses the students who are counted, and in a question whose rows are people the people who
        are looked at; other people are as if they were not there. Another column of classes
        (``courseTitle``, ``location``) chooses the classes that are looked at. Any other column of
        the answer chooses its rows; in :func:`teacher_loads` and :func:`dangling_enrollments` each
        column of the answer does. If people are chosen by demographics, numbers below 10 are hidden
        unless `suppress_below` is given; 0 shows them.
    suppress_below : int, optional
        Show sizes from 1 to this less one as ``"<10"`` (for 10), and as ``"*"`` the means, and
        what else would give such a size away. Not less than 3.
    progress : None, bool or callable
        See :data:`oneroster_nb.progress.ProgressOption`.

    Returns
    -------
    pandas.DataFrame
        Without `by`, a row a class, in the order of the classes: ``classSourcedId classTitle
        courseTitle schoolName termTitles`` (str), ``students`` (int64, distinct active students,
        0 in an empty class) and, with `over`, ``over`` (bool). With `by`, a row a combination:
        those columns (str; a missing value is ``(missing)``), ``classes`` (int64), ``mean``
        (float64), ``min max`` (int64) of the students in a class and, with `over`, ``over``
        (int64), the number of classes with more. With `suppress_below`, columns that hold marks
        are object, and ``attrs["footnote"]`` says what was hidden; a ``*`` among means and `over`
        says nothing of what it stands for. ``attrs["as_of"]`` holds the day or term.

    Raises
    ------
    QueryError
        For an unknown column or term, an `as_of`, an `over` or a `suppress_below` that cannot be,
        `as_of` or `term` with a frame, and a frame without students, or without a column that the
        question needs; a condition that cannot be, or on numbers that are hidden.
    RosterError
        If the source does not return the tables.

    Warns
    -----
    NoMatchWarning
        If no term is running on the day.
    PartialResultWarning
        If there is a condition on demographics, and the source does not show any.
    DanglingReferenceWarning
        If people, classes or orgs are referred to and not there. The footnote says it, too.
    UnknownRoleWarning
        If people are left out because OneRoster does not know their role. The footnote says it.

    Examples
    --------
    >>> from oneroster_nb import Roster
    >>> from oneroster_nb.demo.district.making import make_district
    >>> roster = Roster(make_district())
    >>> roster.class_sizes(by="schoolName", over=15)
                    schoolName  classes      mean  min  max  over
    0             Classlink HS       27  9.148148    3   11     0
    1    Lincoln Middle School       37  8.756757    3   11     0
    2  North Elementary School       24  7.833333    7    8     0
    """
    counts = isinstance(over, int | np.integer) and not isinstance(over, bool)
    if over is not None and (not counts or over < 0):
        raise QueryError(f"over must be a number of students such as 30, not {over!r}.")
    numbers = ["students"] if by is None else ["classes", "mean", "min", "max"]
    own = dict.fromkeys([*numbers, "over"] if over is not None else numbers, Kind.NUMBER)
    conditions = conditions_of_question(source, where, own, Subject.CLASSES, reads_classes=True)
    below = conditions.threshold(suppress_below)
    needed = ["classSourcedId"]
    roster = tables_for(
        source,
        "class_sizes",
        CLASS_TABLES,
        progress,
        frame_columns=needed,
        roles=["student"],
        adds_up=True,
        moment=moment_of(as_of, term, include_end_date),
        conditions=conditions,
    )
    sizes = roster.headcount_by_class("student")
    if by is None:
        result = roster.class_labels.assign(students=sizes)
        if over is not None:
            result["over"] = sizes > over
        result = result.loc[roster.meets].reset_index(drop=True)
        if below is not None:
            result = _hide_sizes(result, below, over, asked=suppress_below is not None)
        return roster.answer(result, below)
    classes = roster.classes.assign(
        classSourcedId=roster.classes["sourcedId"],
        classTitle=roster.classes["title"],
    )
    if isinstance(source, pd.DataFrame):
        classes = classes[[name for name in CLASS_COLUMNS if name in source]]
    classes = classes.loc[roster.meets].reset_index(drop=True)
    sizes = sizes.loc[roster.meets].reset_index(drop=True)
    groups, labels = groups_of(classes, checked_columns(classes, "by", by))
    sized = sizes.groupby(groups)
    result = labels.assign(
        classes=sized.size(), mean=sized.mean(), min=sized.min(), max=sized.max()
    )
    if over is not None:
        result["over"] = (sizes > over).groupby(groups).sum()
    whole = [name for name in result.columns if name not in [*labels.columns, "mean"]]
    result = result.astype({**dict.fromkeys(whole, "int64"), "mean": "float64"})
    if below is None:
        return roster.answer(result)
    some_small = ((sizes > 0) & (sizes < below)).groupby(groups).any().astype(bool)
    asked = suppress_below is not None
    return roster.answer(_hide_spans(result, some_small, below, over, asked=asked), below)


def _hide_sizes(result: pd.DataFrame, below: int, over: int | None, *, asked: bool) -> pd.DataFrame:
    small = is_small(result["students"], below)
    result, notes = hide_counts(result, {"students": small}, below, asked=asked)
    if over is not None and over < below - 1 and small.any():
        result["over"] = result["over"].astype(object).mask(small, "*")
        notes.append("Whether such a class is over is hidden (*).")
    return with_footnote(result, notes)


def _hide_spans(
    result: pd.DataFrame,
    some_small: "pd.Series[bool]",
    below: int,
    over: int | None,
    *,
    asked: bool,
) -> pd.DataFrame:
    """Hide the smallest and largest size where small, and what would help to work them out.

    A mean and the number of classes give the sum of all; the number of classes over a threshold
    tells something about a small size if the threshold is itself a small number.
    """
    hidden = {name: is_small(result[name], below) for name in ("min", "max")}
    result, notes = hide_counts(result, hidden, below, asked=asked)
    if some_small.any():
        result["mean"] = result["mean"].astype(object).mask(some_small, "*")
        notes.append("Means over small classes are hidden (*).")
        if over is not None and over < below - 1:
            result["over"] = result["over"].astype(object).mask(some_small, "*")
            notes.append("How many of them are over is hidden (*).")
    return with_footnote(result, notes)


def empty_classes(
    source: SourceOrFrame,
    *,
    as_of: Day = None,
    term: str | None = None,
    include_end_date: bool = False,
    where: Where | None = None,
    suppress_below: int | None = None,
    progress: ProgressOption = None,
) -> pd.DataFrame:
    """Which classes have no teacher, no primary teacher, or no students?

    Parameters, errors and warnings are those of :func:`class_sizes`. A frame does not show such
    classes, and raises QueryError. `suppress_below` marks numbers of people.

    Returns
    -------
    pandas.DataFrame
        A row a class that lacks one of them: ``classSourcedId classTitle courseTitle schoolName
        termTitles`` (str), ``students teachers`` (int64, distinct active people; object where
        they hold marks), ``withoutTeacher withoutPrimaryTeacher withoutStudents`` (bool). A class
        without any teacher is without a primary one, too.

    Examples
    --------
    >>> from oneroster_nb import Roster
    >>> from oneroster_nb.demo.district.making import make_district
    >>> tables = make_district()
    >>> tables["enrollments"] = tables["enrollments"].query("userSourcedId != '18140'")
    >>> Roster(tables).empty_classes()[["classSourcedId", "students", "withoutTeacher"]]
      classSourcedId  students  withoutTeacher
    0          31710        10            True
    1          31711         9            True
    2          31712        10            True
    3          31713         9            True
    """
    conditions = conditions_of_question(
        source, where, _LACKING, Subject.CLASSES, reads_classes=True
    )
    below = conditions.threshold(suppress_below)
    roles = ["teacher", "student"]
    roster = tables_for(
        source,
        "empty_classes",
        CLASS_TABLES,
        progress,
        roles=roles,
        moment=moment_of(as_of, term, include_end_date),
        conditions=conditions,
    )
    result = roster.class_labels.assign(
        students=roster.headcount_by_class("student"), teachers=roster.headcount_by_class("teacher")
    )
    result["withoutTeacher"] = roster.classes_without("teacher")
    result["withoutPrimaryTeacher"] = roster.classes_without("teacher", primary=True)
    result["withoutStudents"] = roster.classes_without("student")
    lacking = result[["withoutTeacher", "withoutPrimaryTeacher", "withoutStudents"]]
    lacks_one = lacking.any(axis="columns") & roster.meets
    result = result.loc[lacks_one].reset_index(drop=True)
    if below is None:
        return roster.answer(result)
    hidden = {name: is_small(result[name], below) for name in ("students", "teachers")}
    marked = hide_counts(result, hidden, below, asked=suppress_below is not None)
    return roster.answer(with_footnote(*marked), below)
