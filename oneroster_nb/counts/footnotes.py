"""What is said below a table of counts: what does not add up, what was hidden."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from oneroster_nb.counts.cells import reads_like_a_label
from oneroster_nb.errors import SeveralRecordsWarning, warn
from oneroster_nb.people.same_person import records_per_school
from oneroster_nb.tables.references import NOT_THERE, left_out, warn_of_left_out
from oneroster_nb.tables.unknown_roles import (
    UNKNOWN_ROLES,
    counts_of_unknown_roles,
    note_of_unknown_roles,
    warn_of_unknown_roles,
)


def overlap_note(several: int, below: int | None) -> list[str]:
    """Write that people stand in several counts, and how many unless counts are hidden."""
    if not several:
        return []
    # How many there are would tell something about what is hidden.
    who = "Some people stand" if below is not None else f"{several} people stand"
    who = "1 person stands" if several == 1 and below is None else who
    return [f"{who} in several of these counts, so they add up to more than there are people."]


def totals_note(several: int) -> str:
    """Write why totals are left out."""
    if several:
        return "Totals are left out: they would tell how many people stand in several counts."
    return "Totals are left out, because they would help to find what is hidden."


def label_note(*labels: pd.DataFrame) -> list[str]:
    """Write which values are in quotes, because they read like labels of ours."""
    quoted = [
        label
        for axis in labels
        for name in axis.columns
        for label in axis[name].unique()
        if reads_like_a_label(label)
    ]
    listed = ", ".join(dict.fromkeys(quoted))
    return [f"These are values of the data, not labels of this table: {listed}."] if quoted else []


def hiding_note(hidden: NDArray[np.int64], below: int, *, least: int = 1) -> list[str]:
    """Write how many counts were hidden, and why; nothing if none was."""
    if not len(hidden):
        return []
    small, others = int((hidden < below).sum()), int((hidden >= below).sum())
    note = f"Hidden: {small} of {least} to {below - 1} (<{below})"
    return [note + (f", and {others} of {below} or more to protect them (*)." if others else ".")]


def with_footnote(table: pd.DataFrame, notes: Sequence[str]) -> pd.DataFrame:
    """Add sentences to ``attrs["footnote"]``, which is absent if there is nothing to say."""
    said = [table.attrs["footnote"]] if "footnote" in table.attrs else []
    if notes:
        table.attrs["footnote"] = " ".join([*said, *notes])
    return table


def with_left_out(table: pd.DataFrame, counts: Mapping[str, int]) -> pd.DataFrame:
    """Warn of rows that are referred to and not there, and say so below an answer.

    The counts stay in ``attrs["notThere"]``, so that what is made of the answer can say it, too.
    """
    if counts:
        table.attrs[NOT_THERE] = dict(counts)
    notes = left_out({"": counts})
    warn_of_left_out(notes)
    return with_footnote(table, notes)


def with_unknown_roles(table: pd.DataFrame, left_out_people: pd.DataFrame) -> pd.DataFrame:
    """Warn of people whose role is unknown, so that an answer lacks them, and say so below it.

    The counts stay in ``attrs["unknownRoles"]``, so that what is made of the answer can say it.
    """
    counts = counts_of_unknown_roles(left_out_people)
    if counts:
        table.attrs[UNKNOWN_ROLES] = counts
    notes = note_of_unknown_roles({"": counts})
    warn_of_unknown_roles(notes)
    return with_footnote(table, notes)


def with_repeated_people(answer: pd.DataFrame) -> pd.DataFrame:
    """Warn of users in an answer who are one person with a record at each school, and say so."""
    users = answer.drop_duplicates("sourcedId")
    again = records_per_school(users)
    if not len(again):
        return answer
    note = (
        f"{len(again):,} of these users are {again.nunique():,} people who have a record at each"
        " school, with the same userIds or identifier, so there are fewer people than users."
    )
    warn(f"{note} onb.check() names them.", SeveralRecordsWarning)
    return with_footnote(answer, [note])


def earlier_counts(df: pd.DataFrame) -> Mapping[str, int]:
    """Return what was left out of a frame when it was asked for."""
    counts = df.attrs.get(NOT_THERE)
    return counts if isinstance(counts, Mapping) else {}


def earlier_unknown_roles(df: pd.DataFrame) -> Mapping[str, int]:
    """Return how many people were left out of a frame because of which role."""
    counts = df.attrs.get(UNKNOWN_ROLES)
    return counts if isinstance(counts, Mapping) else {}


def earlier_note(df: pd.DataFrame, below: int | None) -> list[str]:
    """Write what get_users() left out of a frame."""
    unknown = note_of_unknown_roles({"": earlier_unknown_roles(df)}, below)
    return [*left_out({"": earlier_counts(df)}, below), *unknown]
