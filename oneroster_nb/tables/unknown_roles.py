"""People whom no question about a role finds, because their role is not one of OneRoster's."""

from collections.abc import Mapping

import pandas as pd

from oneroster_nb.errors import UnknownRoleWarning, warn
from oneroster_nb.tables.lookup import among
from oneroster_nb.tables.text import examples
from oneroster_nb.tables.vocabulary import USER_ROLES, is_allowed

UNKNOWN_ROLES = "unknownRoles"
"""The key of ``DataFrame.attrs`` for how many people were left out because of which role."""


def is_unknown(roles: "pd.Series[str]") -> "pd.Series[bool]":
    """Return True for each role that is neither OneRoster's nor an extension of it.

    Examples
    --------
    >>> is_unknown(pd.Series(["student", "Pupil", "ext:nurse", None])).tolist()
    [False, True, False, False]
    """
    unknown = [word for word in roles.dropna().unique() if not is_allowed(word, USER_ROLES)]
    return roles.isin(unknown)


def people_of_unknown_role(users: pd.DataFrame, roles: pd.DataFrame) -> pd.DataFrame:
    """Find the people who have a role that is unknown: their ``user`` id and the ``role``."""
    own = users.loc[is_unknown(users["role"]), ["sourcedId", "role"]]
    known = among(roles["userSourcedId"], users["sourcedId"])
    held = roles.loc[is_unknown(roles["role"]) & known, ["userSourcedId", "role"]]
    names = ["user", "role"]
    pairs = [part.set_axis(names, axis="columns") for part in (own, held)]
    return pd.concat(pairs, ignore_index=True).drop_duplicates()


def counts_of_unknown_roles(left_out: pd.DataFrame) -> dict[str, int]:
    """Count people by unknown role, each once, in a row ``user role`` for each role of each."""
    people = left_out.drop_duplicates("user")
    return {str(role): int(count) for role, count in people["role"].value_counts().items()}


def note_of_unknown_roles(
    found: Mapping[str, Mapping[str, int]], below: int | None = None
) -> list[str]:
    """Write how many people an answer leaves out because of their role, a sentence a place.

    `found` is what :func:`counts_of_unknown_roles` counted, by where: a rule say, or "" for the
    only place. Counts of people from 1 to `below` less one are not told.

    Examples
    --------
    >>> note_of_unknown_roles({"": {"Pupil": 2}})
    ["2 people have a role that OneRoster does not know ('Pupil'), so they were left out."]
    """
    return [_sentence(place, counts, below) for place, counts in found.items() if counts]


def warn_of_unknown_roles(notes: list[str]) -> None:
    """Warn once of people who are left out because of their role, if there are any."""
    if notes:
        warn(f"{' '.join(notes)} check() lists them.", UnknownRoleWarning)


def _sentence(place: str, counts: Mapping[str, int], below: int | None) -> str:
    people = sum(counts.values())
    who = "1 person has" if people == 1 else f"{people:,} people have"
    if below is not None and people < below:
        who = "Some people have"
    of = f" of {place}" if place else ""
    listed = examples(counts)
    return f"{who} a role that OneRoster does not know ({listed}), so they were left out{of}."
