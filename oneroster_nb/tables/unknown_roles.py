"""People whom no question about a role finds, because their role is not one of OneRoster's."""

from collections.abc import Mapping

import pandas as pd

from oneroster_nb.errors import UnknownRoleWarning, warn
from oneroster_nb.tables.lookup import among
from oneroster_nb.tables.vocabulary import USER_ROLES, is_allowed

UNKNOWN_ROLES = "unknownRoles"
"""The key of ``DataFrame.attrs`` for how many people were left out because of which role."""

_SHOWN = 5


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
    """Count people by their unknown role, each person once.

    Parameters
    ----------
    left_out : pandas.DataFrame
        ``user`` and ``role``: a row for each person and unknown role.
    """
    people = left_out.drop_duplicates("user")
    return {str(role): int(count) for role, count in people["role"].value_counts().items()}


def note_of_unknown_roles(
    found: Mapping[str, Mapping[str, int]], below: int | None = None
) -> list[str]:
    """Write how many people an answer leaves out because of their role.

    Parameters
    ----------
    found : mapping of str to mapping of str to int
        What :func:`counts_of_unknown_roles` counted, by where: a rule say, or "" for the only
        place.
    below : int, optional
        Counts of people from 1 to this less one are not told.

    Returns
    -------
    list of str
        A sentence for each place that leaves out people.

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
    listed = ", ".join(repr(word[:40]) for word in list(counts)[:_SHOWN])
    more = ", …" if len(counts) > _SHOWN else ""
    who = "1 person has" if people == 1 else f"{people:,} people have"
    if below is not None and people < below:
        who = "Some people have"
    of = f" of {place}" if place else ""
    return f"{who} a role that OneRoster does not know ({listed}{more}), so they were left out{of}."
