"""All about one class: what, where and when, who teaches and who learns there."""

from dataclasses import dataclass

import pandas as pd

from oneroster_nb.analysis.cards import (
    Card,
    beside,
    checked_text,
    day_of,
    linked_classes,
    named,
    roster_of,
    rows_of,
    with_now,
)
from oneroster_nb.counts.footnotes import with_left_out
from oneroster_nb.errors import QueryError
from oneroster_nb.progress import ProgressOption
from oneroster_nb.query.moment import Day
from oneroster_nb.source.at_moment import with_moment
from oneroster_nb.source.source import Source
from oneroster_nb.spelling import nearest, shown
from oneroster_nb.tables.elements import distinct_elements
from oneroster_nb.tables.lookup import among
from oneroster_nb.tables.status import active

_ABOUT = (
    *("sourcedId", "title", "classCode", "classType", "courseSourcedId", "courseTitle"),
    *("schoolSourcedId", "schoolName", "termTitles", "periods", "location", "grades", "subjects"),
)
_TERM = ["sourcedId", "title", "type", "startDate", "endDate"]
_PERSON = {name: name for name in ("givenName", "familyName", "grades", "email")}
_TEACHER = ("sourcedId", "givenName", "familyName", "email", "primary")
_STUDENT = ("sourcedId", "givenName", "familyName", "grades", "email")
_DATES = ("beginDate", "endDate", "now")
_SHOWN_AT_MOST = 10  # classes of one title that a message lists


@dataclass(frozen=True, eq=False, repr=False)
class ClassCard(Card):
    """A class, as :func:`class_card` returns it; see there for the frames."""

    about: pd.DataFrame
    terms: pd.DataFrame
    counts: pd.DataFrame
    teachers: pd.DataFrame
    students: pd.DataFrame


def class_card(
    source: Source, which: str, *, as_of: Day = "today", progress: ProgressOption = None
) -> ClassCard:
    """Return a card of one class: what, where and when it is, and who is in it.

    A connection pulls whole tables for each card; for several, ask ``get_roster()``.

    Parameters
    ----------
    source : Source
        A connection or a roster.
    which : str
        A sourcedId, or else a code or a title that no other class has. Case does not matter.
    as_of : str or datetime.date
        The day that ``now`` means.
    progress : None, bool or callable
        See :data:`oneroster_nb.progress.ProgressOption`.

    Returns
    -------
    ClassCard
        With frames of active rows. ``about`` has one row: ``sourcedId title classCode classType
        courseSourcedId courseTitle schoolSourcedId schoolName termTitles periods location grades
        subjects`` (str). ``terms``: ``sourcedId title type`` (str), ``startDate endDate``
        (datetime64). ``counts``: ``role`` (str), ``now`` and ``ever`` (int64, distinct people on
        the day, and at any time). ``teachers`` have a row an enrollment, those of now first:
        ``sourcedId givenName familyName email`` (str), ``primary`` (boolean), ``beginDate endDate``
        (datetime64), ``now`` (bool); ``students`` the same with ``grades`` and without ``primary``.

    Raises
    ------
    QueryError
        If there is no such class, or if a code or title is that of several.
    RosterError
        If the source does not return the tables.

    Warns
    -----
    NoMatchWarning
        If no term is running on the day.
    DanglingReferenceWarning
        If people are enrolled who are not there. The footnote of ``counts`` says it, too.

    Examples
    --------
    >>> import oneroster_nb as onb
    >>> from oneroster_nb.demo.district.making import make_district
    >>> card = onb.Roster(make_district()).class_card("31763", as_of="2026-10-01")
    >>> card
    <ClassCard on 2026-10-01: about 1, terms 2, counts 2, teachers 1, students 3>
    >>> card.counts
          role  now  ever
    0  student    3     3
    1  teacher    1     1
    """
    text = checked_text("class_card", which)
    moment = day_of(as_of)
    roster = roster_of(source, "class_card", progress)
    every, sessions = active(roster.table("classes")), active(roster.table("academicSessions"))
    hits = [named(every[field], text) for field in ("sourcedId", "classCode", "title")]
    found = next((every.loc[rows, "sourcedId"] for rows in hits if rows.any()), None)
    if found is None:
        titles = list(dict.fromkeys(every["title"].dropna()))
        raise QueryError(
            f"No active class has the sourcedId, classCode or title {shown(text)}."
            f"{nearest(text, titles)} get_classes(with_names=True) lists the classes."
        )
    classes = linked_classes(roster, found)
    if len(classes) > 1:
        raise QueryError(_several(classes, text))
    rows = rows_of(roster.table("enrollments"), "classSourcedId", found)
    everyone = roster.table("users")
    users = active(everyone)
    lost = rows.loc[~among(rows["userSourcedId"], everyone["sourcedId"]), "userSourcedId"].nunique()
    rows = rows.loc[among(rows["userSourcedId"], users["sourcedId"])].reset_index(drop=True)
    rows = beside(with_now(rows, moment, classes, sessions), "userSourcedId", users, _PERSON)
    rows = rows.drop(columns="sourcedId").rename(columns={"userSourcedId": "sourcedId"})
    order = ["later", "familyName", "givenName", "sourcedId", "beginDate"]
    rows = rows.assign(later=~rows["now"]).sort_values(order, kind="stable")
    teachers, students = (rows.loc[rows["role"] == role] for role in ("teacher", "student"))
    people = {"student": students, "teacher": teachers}
    counts = {
        "role": pd.Series([*people], dtype="str"),
        "now": [each.loc[each["now"], "sourcedId"].nunique() for each in people.values()],
        "ever": [each["sourcedId"].nunique() for each in people.values()],
    }
    terms = sessions.loc[among(sessions["sourcedId"], distinct_elements(classes["termSourcedIds"]))]
    counted = with_moment(pd.DataFrame(counts), moment, classes, sessions)
    return ClassCard(
        moment.label,
        about=classes[list(_ABOUT)],
        terms=terms[_TERM].sort_values(["startDate", "sourcedId"], ignore_index=True),
        counts=with_left_out(counted, {"users": lost} if lost else {}),
        teachers=teachers[[*_TEACHER, *_DATES]].reset_index(drop=True),
        students=students[[*_STUDENT, *_DATES]].reset_index(drop=True),
    )


def _several(classes: pd.DataFrame, text: str) -> str:
    """Say which classes have one title or code, and how to choose one of them."""
    names = {"schoolName": "", "termTitles": "", "periods": "period ", "location": "room "}
    told = []
    for _, row in classes.head(_SHOWN_AT_MOST).iterrows():
        parts = [before + row[name] for name, before in names.items() if isinstance(row[name], str)]
        told.append(f"{row['sourcedId']} ({', '.join(parts)})")
    more = f" and {len(classes) - len(told):,} more" if len(classes) > len(told) else ""
    return (
        f"{text!r} is {len(classes):,} classes: {'; '.join(told)}{more}. Pass the sourcedId of one."
    )
