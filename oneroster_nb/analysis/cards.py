"""What a card about one person or class has, and how it shows."""

import html
from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from oneroster_nb.analysis.reading import CLASS_TABLES, roster_for
from oneroster_nb.errors import QueryError
from oneroster_nb.progress import ProgressOption
from oneroster_nb.query.groups import match_values
from oneroster_nb.query.membership import link_classes
from oneroster_nb.query.moment import Day, Moment
from oneroster_nb.query.query import Query
from oneroster_nb.source.class_list import WHO, with_people
from oneroster_nb.source.source import Source, WholeRoster
from oneroster_nb.spelling import shown
from oneroster_nb.tables.lookup import among, codes, take
from oneroster_nb.tables.status import active, is_active

_TABLES = (*CLASS_TABLES, "roles")


@dataclass(frozen=True, eq=False, repr=False)
class Card:
    """Frames about one person or class; a notebook shows them below each other.

    Attributes
    ----------
    as_of : str
        The day that ``now`` means in the frames.
    """

    as_of: str

    @property
    def frames(self) -> Mapping[str, pd.DataFrame]:
        """The frames by name, in the order in which they show."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: v for name, v in values.items() if isinstance(v, pd.DataFrame)}

    def __repr__(self) -> str:
        # Names of people are shown by the frames, and in no text such as a log.
        parts = ", ".join(f"{name} {len(frame):,}" for name, frame in self.frames.items())
        return f"<{type(self).__name__} on {self.as_of}: {parts}>"

    def _repr_html_(self) -> str:
        parts = [_section(name, frame) for name, frame in self.frames.items()]
        return f"<p>On {html.escape(self.as_of)}</p>" + "".join(parts)


def _section(name: str, frame: pd.DataFrame) -> str:
    shown = frame.dropna(axis="columns", how="all")
    rows = shown.to_html(index=False, na_rep="") if len(frame) else "<p>none</p>"
    note = html.escape(frame.attrs.get("footnote", ""))
    return f"<h4>{name}</h4>{rows}" + (f"<p>{note}</p>" if note else "")


def roster_of(source: Source, call: str, progress: ProgressOption) -> WholeRoster:
    """Return a roster with the tables of a card; QueryError if the source has none."""
    if not isinstance(source, Source):
        raise QueryError(f"{call}() takes a connection or a roster, not {type(source).__name__}.")
    return roster_for(source, _TABLES, progress)


def day_of(as_of: Day) -> Moment:
    """Return the day of a card, by default today; QueryError if it is none."""
    query = Query(as_of="today" if as_of is None else as_of)
    return Moment.of(query) or Moment()


def named(column: "pd.Series[str]", text: str) -> NDArray[np.bool_]:
    """Return True for each value that is a text; if none is, for each that differs in case."""
    try:
        same = column.eq(text.strip()).to_numpy(dtype=bool, na_value=False)
    except UnicodeEncodeError:  # half of a character is in no text of a roster
        return np.zeros(len(column), dtype=bool)
    return same if same.any() else match_values(column, text, "exact")


def checked_text(call: str, value: object) -> str:
    """Return what a card is asked for; QueryError if it is no text."""
    if not isinstance(value, str) or not value.strip():
        raise QueryError(f"{call}() takes an id or a name, not {shown(value)}.")
    return value


def rows_of(table: pd.DataFrame, column: str, ids: "pd.Series[str]") -> pd.DataFrame:
    """Return the active rows of a table that refer to some ids, numbered from 0."""
    # The ids first: few of a million rows are left to look at.
    return active(table.loc[codes(table[column], ids) >= 0]).reset_index(drop=True)


def beside(
    rows: pd.DataFrame, key: str, table: pd.DataFrame, columns: Mapping[str, str]
) -> pd.DataFrame:
    """Put columns of what the rows refer to beside them, by their new names."""
    at = codes(rows[key], table["sourcedId"])
    return rows.assign(**{new: take(table[old], at) for new, old in columns.items()})


def linked_classes(roster: WholeRoster, ids: "pd.Series[str]") -> pd.DataFrame:
    """Return the active classes of some ids, with names and their people of any time."""
    every, users = roster.table("classes"), roster.table("users")
    classes = active(every.loc[among(every["sourcedId"], ids)]).reset_index(drop=True)
    names = ("courses", "orgs", "academicSessions")
    classes = link_classes(classes, *(roster.table(name) for name in names))
    enrolled = rows_of(roster.table("enrollments"), "classSourcedId", classes["sourcedId"])
    people = pd.DataFrame(
        {
            "class_": codes(enrolled["classSourcedId"], classes["sourcedId"]),
            "user": codes(enrolled["userSourcedId"], users["sourcedId"]),
            "role": enrolled["role"],
        }
    ).drop_duplicates()
    people = people.loc[people["user"] >= 0]
    here = users.iloc[people["user"]]
    people = people.assign(**{name: here[name].array for name in WHO})
    people = people.loc[is_active(here).to_numpy()]
    students, teachers = (people.loc[people["role"] == role] for role in ("student", "teacher"))
    return with_people(classes, students=students["class_"].to_numpy(), teachers=teachers)


def with_now(
    enrollments: pd.DataFrame, moment: Moment, classes: pd.DataFrame, sessions: pd.DataFrame
) -> pd.DataFrame:
    """Add ``now``: whether an enrollment counts at a moment, in a class that meets then."""
    place = codes(enrollments["classSourcedId"], classes["sourcedId"])
    meets = np.append(moment.meets(classes, sessions), False)[place]
    return enrollments.assign(now=meets & moment.enrolled(enrollments, classes, sessions))
