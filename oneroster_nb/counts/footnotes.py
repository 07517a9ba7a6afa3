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

AS_OF = "as_of"
"""The key in ``attrs`` of the day or term that an answer is about."""

BY_DEMOGRAPHICS = "chosenByDemographics"
"""The key in ``attrs`` of an answer whose people were chosen by sex, age, race or ethnicity."""

TERMS_TOGETHER = "termsTogether"
"""The key in ``attrs`` of the terms that an answer counts together."""

TERMS_ADVICE = "Pass term= or as_of= for one moment."
"""What a caller can do about terms that are counted together."""

_TERMS_NAMED = 6  # in the footnote


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


def hiding_note(
    hidden: NDArray[np.int64], below: int, *, least: int = 1, asked: bool = True
) -> list[str]:
    """Write how many counts were hidden, and why; nothing if none was.

    If nobody asked for it, they are counts by demographics, and the note says how to see them.
    """
    if not len(hidden):
        return []
    small, others = int((hidden < below).sum()), int((hidden >= below).sum())
    note = f"Hidden: {small} of {least} to {below - 1} (<{below})"
    note += f", and {others} of {below} or more to protect them (*)." if others else "."
    if asked:
        return [note]
    return [note, "Counts by demographics hide small numbers; suppress_below=0 shows them."]


def with_footnote(table: pd.DataFrame, notes: Sequence[str]) -> pd.DataFrame:
    """Add sentences to ``attrs["footnote"]``, which is absent if there is nothing to say."""
    said = [table.attrs["footnote"]] if "footnote" in table.attrs else []
    if notes:
        table.attrs["footnote"] = " ".join([*said, *notes])
    return table


def at_moment(table: pd.DataFrame, label: str, notes: Sequence[str]) -> pd.DataFrame:
    """Keep the day or term of an answer in ``attrs["as_of"]``, and say it below the answer."""
    table.attrs[AS_OF] = label
    return with_footnote(table, notes)


def with_terms_together(table: pd.DataFrame, titles: Sequence[str]) -> pd.DataFrame:
    """Say below an answer that it counts several terms together, if there are such.

    The titles stay in ``attrs["termsTogether"]``, so that what is made of the answer can say it.
    """
    if not titles:
        return table
    table.attrs[TERMS_TOGETHER] = list(titles)
    return with_footnote(table, [terms_note(titles), TERMS_ADVICE])


def terms_note(titles: Sequence[str]) -> str:
    """Write which terms are counted together."""
    shown = ", ".join(titles[:_TERMS_NAMED])
    more = f" and {len(titles) - _TERMS_NAMED:,} more" if len(titles) > _TERMS_NAMED else ""
    return f"{len(titles):,} terms are counted together: {shown}{more}."


def with_earlier_moment(table: pd.DataFrame, df: pd.DataFrame) -> pd.DataFrame:
    """Keep the day or term of a frame, or its terms, for what is made of it, and say it below."""
    label, titles = df.attrs.get(AS_OF), df.attrs.get(TERMS_TOGETHER)
    table = with_terms_together(table, titles) if isinstance(titles, list) else table
    return at_moment(table, label, [f"As of {label}."]) if isinstance(label, str) else table


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
    return _with_role_counts(table, counts_of_unknown_roles(left_out_people))


def _with_role_counts(table: pd.DataFrame, counts: Mapping[str, int]) -> pd.DataFrame:
    if counts:
        table.attrs[UNKNOWN_ROLES] = dict(counts)
    notes = note_of_unknown_roles({"": counts})
    warn_of_unknown_roles(notes)
    return with_footnote(table, notes)


def with_gaps_of_each(table: pd.DataFrame, answers: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Warn of what answers about the same groups in several roles left out, and say so below."""
    lost: dict[str, int] = {}
    unknown: dict[str, int] = {}
    for answer in answers:
        for name, count in earlier_counts(answer).items():
            # Each answer has people of its own; the groups of all are the same.
            known = lost.get(name, 0)
            lost[name] = known + count if name == "users" else max(known, count)
        for role, count in earlier_unknown_roles(answer).items():
            unknown[role] = unknown.get(role, 0) + count
    return _with_role_counts(with_left_out(table, lost), unknown)


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


def chosen_by_demographics(df: object) -> bool:
    """Return True if the people of a frame were chosen by sex, age, race or ethnicity."""
    return isinstance(df, pd.DataFrame) and df.attrs.get(BY_DEMOGRAPHICS) is True


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
