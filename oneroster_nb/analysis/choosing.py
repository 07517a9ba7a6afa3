"""The tables that a question reads, with the people and classes that its conditions choose."""

from dataclasses import replace

import pandas as pd

from oneroster_nb.analysis.conditions import COLUMNS_OF_CLASSES, PEOPLE_COLUMNS, Subject
from oneroster_nb.analysis.roster_tables import RosterTables
from oneroster_nb.people.demographics import with_demographics
from oneroster_nb.source.lacking_columns import with_lacking_columns
from oneroster_nb.tables.lookup import among, codes, take
from oneroster_nb.tables.text import texts
from oneroster_nb.tables.vocabulary import DELETED
from oneroster_nb.tables.where import fitting
from oneroster_nb.today import local_date

_IN_NO_TABLE = ("age", "raceEthnicity")
"""The columns of people that are worked out when a frame is asked for."""


def as_chosen(roster: RosterTables, df: pd.DataFrame | None) -> RosterTables:
    """Return the tables of a question with what its conditions choose.

    `df` is the frame that the tables were rebuilt from, None if they are a source's own. What is
    left out is marked as deleted, because it is there.
    """
    conditions, tables = roster.conditions, dict(roster.tables)
    enrollments = tables["enrollments"]
    if conditions.people:
        people = _people_of(roster, df)
        people, notes = with_lacking_columns(people, conditions.people, conditions.added)
        roster = replace(roster, notes=tuple(notes))
        fit = fitting(people, PEOPLE_COLUMNS, conditions.people)["sourcedId"]
        if conditions.subject is Subject.PEOPLE:
            tables["users"] = _marked(tables["users"], fit)
        elif conditions.subject is Subject.CLASSES:
            others = people.loc[~among(people["sourcedId"], fit), "sourcedId"]
            left_out = among(enrollments["userSourcedId"], others)
            enrollments = enrollments.loc[~left_out | (enrollments["role"] == "teacher")]
        else:
            enrollments = enrollments.loc[among(enrollments["userSourcedId"], fit)]
    if conditions.classes:
        classes = roster.classes.assign(
            classSourcedId=roster.classes["sourcedId"], classTitle=roster.classes["title"]
        )
        fit = fitting(classes, COLUMNS_OF_CLASSES, conditions.classes)["sourcedId"]
        if conditions.subject is Subject.ENROLLMENTS:
            enrollments = enrollments.loc[among(enrollments["classSourcedId"], fit)]
        else:
            tables["classes"] = _marked(tables["classes"], fit)
    if not conditions.people and not conditions.classes:
        return roster
    return replace(roster, tables={**tables, "enrollments": enrollments.reset_index(drop=True)})


def _people_of(roster: RosterTables, df: pd.DataFrame | None) -> pd.DataFrame:
    """Return the active users with every column that a condition can name."""
    people = roster.users_with_schools
    if roster.conditions.needs_demographics:
        day = (roster.moment and roster.moment.as_of) or local_date()
        people = with_demographics(people, roster.active("demographics"), day)
    if df is None:
        return people
    row = codes(people["sourcedId"], texts(df["sourcedId"]))
    for name in roster.conditions.people:
        if name in _IN_NO_TABLE or ("." in name and name in df):
            number = name == "age"
            values = pd.to_numeric(df[name], errors="coerce") if number else texts(df[name])
            people = people.assign(**{name: take(values, row)})
    return people


def _marked(table: pd.DataFrame, kept: "pd.Series[str]") -> pd.DataFrame:
    """Return a table with all rows but some marked as deleted."""
    status = table["status"].where(among(table["sourcedId"], kept), DELETED)
    return table.assign(status=status.astype("str"))
