"""Ids that sources lack and this package makes, as earlier versions of it wrote them (pure)."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import pandas as pd

__all__ = ["with_present_ids"]

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


def with_present_ids(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """Write made ids whose parts are joined with ``:``, as once, with ``@``, as now.

    Examples
    --------
    >>> import pandas as pd
    >>> columns = {"sourcedId": ["c1:r1", "own"], "classSourcedId": "c1", "resourceSourcedId": "r1"}
    >>> with_present_ids("classResources", pd.DataFrame(columns))["sourcedId"].tolist()
    ['c1@r1', 'own']
    """
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
