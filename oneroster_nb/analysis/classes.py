"""Questions about classes: how large they are, who teaches them, which lack people."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from oneroster_nb.analysis.roster_tables import CLASS_TABLES, SourceOrFrame, tables_for
from oneroster_nb.analysis.tables_of_frame import CLASS_COLUMNS
from oneroster_nb.counts.cells import groups_of
from oneroster_nb.counts.co_teaching import hide_loads
from oneroster_nb.counts.columns import checked_columns
from oneroster_nb.counts.footnotes import with_footnote
from oneroster_nb.counts.small_counts import hide_counts, is_small
from oneroster_nb.counts.suppression import check_threshold
from oneroster_nb.errors import QueryError
from oneroster_nb.progress import ProgressOption


def class_sizes(
    source: SourceOrFrame,
    by: str | Sequence[str] | None = None,
    over: int | None = None,
    *,
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
        says nothing of what it stands for.

    Raises
    ------
    QueryError
        For an unknown column, an `over` or a `suppress_below` that cannot be, and a frame without
        students.
    RosterError
        If the source does not return the tables.

    Warns
    -----
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
    below = None if suppress_below is None else check_threshold(suppress_below)
    needed = ["classSourcedId"]
    roster = tables_for(
        source, "class_sizes", CLASS_TABLES, progress, frame_columns=needed, roles=["student"]
    )
    sizes = roster.headcount_by_class("student")
    if by is None:
        result = roster.class_labels.assign(students=sizes)
        if over is not None:
            result["over"] = sizes > over
        return roster.answer(result if below is None else _hide_sizes(result, below, over), below)
    classes = roster.classes.assign(
        classSourcedId=roster.classes["sourcedId"],
        classTitle=roster.classes["title"],
    )
    if isinstance(source, pd.DataFrame):
        classes = classes[[name for name in CLASS_COLUMNS if name in source]]
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
    return roster.answer(_hide_spans(result, some_small, below, over), below)


def _hide_sizes(result: pd.DataFrame, below: int, over: int | None) -> pd.DataFrame:
    small = is_small(result["students"], below)
    result, notes = hide_counts(result, {"students": small}, below)
    if over is not None and over < below - 1 and small.any():
        result["over"] = result["over"].astype(object).mask(small, "*")
        notes.append("Whether such a class is over is hidden (*).")
    return with_footnote(result, notes)


def _hide_spans(
    result: pd.DataFrame, some_small: "pd.Series[bool]", below: int, over: int | None
) -> pd.DataFrame:
    """Hide the smallest and largest size where small, and what would help to work them out.

    A mean and the number of classes give the sum of all; the number of classes over a threshold
    tells something about a small size if the threshold is itself a small number.
    """
    hidden = {name: is_small(result[name], below) for name in ("min", "max")}
    result, notes = hide_counts(result, hidden, below)
    if some_small.any():
        result["mean"] = result["mean"].astype(object).mask(some_small, "*")
        notes.append("Means over small classes are hidden (*).")
        if over is not None and over < below - 1:
            result["over"] = result["over"].astype(object).mask(some_small, "*")
            notes.append("How many of them are over is hidden (*).")
    return with_footnote(result, notes)


def teacher_loads(
    source: SourceOrFrame, *, suppress_below: int | None = None, progress: ProgressOption = None
) -> pd.DataFrame:
    """How many sections and how many different students does each teacher have?

    Parameters
    ----------
    source : Source or pandas.DataFrame
        A connection, a roster, or the users of classes (teachers and their students), as
        ``get_users`` returns them.
    suppress_below : int, optional
        Show numbers of students from 1 to this less one as ``"<10"`` (for 10). Also hide what a
        reader who knows the timetable could work such a number out from: as ``"*"``, the numbers
        of teachers who share classes, and contacts. Not less than 3.
    progress : None, bool or callable
        See :data:`oneroster_nb.progress.ProgressOption`.

    Returns
    -------
    pandas.DataFrame
        A row for each person who is a teacher or teaches a class: ``sourcedId givenName familyName
        schoolNames`` (str), ``sections`` (distinct classes, those with a second teacher too),
        ``students`` (distinct people in them) and ``contacts`` (the students of each section
        added up, so that a student in two of them is two), all int64. With `suppress_below`,
        ``students`` and ``contacts`` are object where they hold marks, and ``attrs["footnote"]``
        says what was hidden; a ``*`` says nothing of the contacts that it stands for.

    Raises
    ------
    QueryError
        For a threshold that cannot be, and a frame without teachers or without students.
    RosterError
        If the source does not return the tables.

    Warns
    -----
    DanglingReferenceWarning
        If people, classes or orgs are referred to and not there. The footnote says it, too.
    UnknownRoleWarning
        If people are left out because OneRoster does not know their role. The footnote says it.

    Examples
    --------
    >>> from oneroster_nb import Roster
    >>> from oneroster_nb.demo.district.making import make_district
    >>> loads = Roster(make_district()).teacher_loads()
    >>> loads.loc[loads["sourcedId"] == "18140", ["sections", "students", "contacts"]]
       sections  students  contacts
    0         4        38        38
    """
    below = None if suppress_below is None else check_threshold(suppress_below)
    needed, roles = ["classSourcedId"], ["teacher", "student"]
    tables = (*CLASS_TABLES, "roles")
    roster = tables_for(
        source, "teacher_loads", tables, progress, frame_columns=needed, roles=roles
    )
    teaching = roster.in_role("teacher")[["user", "class_"]]
    taught = teaching.merge(
        roster.in_role("student")[["user", "class_"]], on="class_", suffixes=("", "Student")
    )
    loads = pd.DataFrame(
        {
            "sections": teaching.groupby("user").size(),
            "students": taught.groupby("user")["userStudent"].nunique(),
            "contacts": taught.groupby("user").size(),
        }
    )
    who = roster.has_role("teacher") | roster.users.index.isin(teaching["user"])
    loads = loads.reindex(roster.users.index[who]).fillna(0).astype("int64")
    people = roster.people.loc[who, ["sourcedId", "givenName", "familyName", "schoolNames"]]
    result = people.join(loads).reset_index(drop=True)
    unknown = pd.concat([roster.enrolled_in_unknown, roster.of_unknown_role("teacher")])
    if below is None:
        return roster.answer(result, unknown=unknown)
    by_class = hide_loads(
        teaching.set_axis(["teacher", "class_"], axis="columns"),
        roster.headcount_by_class("student"),
        below,
    )
    hidden = by_class.reindex(loads.index, fill_value=False).astype(bool).reset_index(drop=True)
    hidden |= is_small(result["students"], below)
    result, notes = hide_counts(result, {"students": hidden}, below)
    # More contacts than students bound the students from below, and a few more of them tell how
    # many students are in two of the sections.
    twice = is_small(loads["contacts"] - loads["students"], below).reset_index(drop=True)
    if (hidden | twice).any():
        result["contacts"] = result["contacts"].astype(object).mask(hidden | twice, "*")
        notes += [
            "Contacts are hidden (*) beside a hidden number, and where few students are in two"
            " sections. This protects against readers who know which teacher has which sections,"
            " not against those who also know how many students a section has."
        ]
    return roster.answer(with_footnote(result, notes), below, unknown)


def empty_classes(
    source: SourceOrFrame, *, suppress_below: int | None = None, progress: ProgressOption = None
) -> pd.DataFrame:
    """Which classes have no teacher, no primary teacher, or no students?

    Parameters
    ----------
    source : Source
        A connection or a roster.
    suppress_below : int, optional
        Show numbers of people from 1 to this less one as ``"<10"`` (for 10). Not less than 3.
    progress : None, bool or callable
        See :data:`oneroster_nb.progress.ProgressOption`.

    Returns
    -------
    pandas.DataFrame
        A row a class that lacks one of them: ``classSourcedId classTitle courseTitle schoolName
        termTitles`` (str), ``students teachers`` (int64, distinct active people; object where
        they hold marks), ``withoutTeacher withoutPrimaryTeacher withoutStudents`` (bool). A class
        without any teacher is without a primary one, too.

    Raises
    ------
    QueryError
        For a frame, which does not show such classes, and a threshold that cannot be.
    RosterError
        If the source does not return the tables.

    Warns
    -----
    DanglingReferenceWarning
        If people, classes or orgs are referred to and not there. The footnote says it, too.
    UnknownRoleWarning
        If people are left out because OneRoster does not know their role. The footnote says it.

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
    below = None if suppress_below is None else check_threshold(suppress_below)
    roles = ["teacher", "student"]
    roster = tables_for(source, "empty_classes", CLASS_TABLES, progress, roles=roles)
    result = roster.class_labels.assign(
        students=roster.headcount_by_class("student"), teachers=roster.headcount_by_class("teacher")
    )
    result["withoutTeacher"] = roster.classes_without("teacher")
    result["withoutPrimaryTeacher"] = roster.classes_without("teacher", primary=True)
    result["withoutStudents"] = roster.classes_without("student")
    lacking = result[["withoutTeacher", "withoutPrimaryTeacher", "withoutStudents"]]
    result = result.loc[lacking.any(axis="columns")].reset_index(drop=True)
    if below is None:
        return roster.answer(result)
    hidden = {name: is_small(result[name], below) for name in ("students", "teachers")}
    return roster.answer(with_footnote(*hide_counts(result, hidden, below)), below)
