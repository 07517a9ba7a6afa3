"""Ids that sources lack and this package makes, as earlier versions of it wrote them (pure)."""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import pandas as pd

__all__ = ["with_present_ids"]

_CLEVER = re.compile(r"https?://\S*/v\d\.\d/(?: |$)")
"""The host of Clever's API, whose path ends with its version, and perhaps a district."""
_MADE_OF: Mapping[str, Sequence[Sequence[str]]] = MappingProxyType(
    {
        "roles": (
            ("userSourcedId", "orgSourcedId"),
            ("userSourcedId", "orgSourcedId", "role"),
        ),
        "classResources": (("classSourcedId", "resourceSourcedId"),),
        "courseResources": (("courseSourcedId", "resourceSourcedId"),),
        "enrollments": (("classSourcedId", "role", "userSourcedId"),),  # of Clever
    }
)
"""Table to the columns that an id may be made of."""


def with_present_ids(name: str, table: pd.DataFrame, provider: str) -> pd.DataFrame:
    """Write made ids whose parts are joined with ``:``, as once, with ``@``, as now.

    Parameters
    ----------
    name : str
        The canonical name.
    table : pandas.DataFrame
        A table of a roster that an earlier version saved.
    provider : str
        Where it was pulled from. Ids of the source stay as they are, so those of enrollments
        change only if they come from Clever, which has none.

    Examples
    --------
    >>> import pandas as pd
    >>> columns = {"sourcedId": ["c1:r1", "own"], "classSourcedId": "c1", "resourceSourcedId": "r1"}
    >>> table = pd.DataFrame(columns)
    >>> with_present_ids("classResources", table, "https://example.org/v1p1/")["sourcedId"].tolist()
    ['c1@r1', 'own']
    """
    if name == "enrollments" and not _CLEVER.match(provider):
        return table
    keys = table["sourcedId"]
    for columns in _MADE_OF.get(name, ()):
        first, *others = (table[column].fillna("") for column in columns)
        former, present = (_cat(first, others, sign) for sign in (":", "@"))
        keys = keys.where(keys != former, present)
    return table.assign(sourcedId=keys)


def _cat(
    first: "pd.Series[str]", others: Sequence["pd.Series[str]"], sign: str
) -> "pd.Series[str]":
    for other in others:
        first = first + sign + other
    return first
