"""Ids that sources lack and this package makes, as earlier versions of it wrote them (pure)."""

from collections.abc import Mapping, Sequence

import pandas as pd

from oneroster_nb.tables.added_columns import PREFIXES

_MADE_OF: Mapping[str, Sequence[Sequence[str]]] = {
    "roles": (
        ("userSourcedId", "orgSourcedId"),
        ("userSourcedId", "orgSourcedId", "role"),
    ),
    "classResources": (("classSourcedId", "resourceSourcedId"),),
    "courseResources": (("courseSourcedId", "resourceSourcedId"),),
    "enrollments": (("classSourcedId", "role", "userSourcedId"),),  # of Clever
}
"""Table to the columns that an id may be made of."""


def with_present_ids(tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Write made ids whose parts are joined with ``:``, as once, with ``@``, as now.

    The tables are those of a roster that an earlier version saved. Ids of the source stay as they
    are, so those of enrollments change only in a roster from Clever, which has none. It is known
    by its columns ``clever.<name>``.

    Examples
    --------
    >>> import pandas as pd
    >>> columns = {"sourcedId": ["c1:r1", "own"], "classSourcedId": "c1", "resourceSourcedId": "r1"}
    >>> tables = with_present_ids({"classResources": pd.DataFrame(columns)})
    >>> tables["classResources"]["sourcedId"].tolist()
    ['c1@r1', 'own']
    """
    columns = {str(column) for table in tables.values() for column in table.columns}
    of_clever = any(column.startswith(PREFIXES) for column in columns)
    return {
        name: table if name == "enrollments" and not of_clever else _with_present_ids(name, table)
        for name, table in tables.items()
    }


def _with_present_ids(name: str, table: pd.DataFrame) -> pd.DataFrame:
    keys = table["sourcedId"]
    for columns in _MADE_OF.get(name, ()):
        former = present = table[columns[0]].fillna("")
        for column in columns[1:]:
            part = table[column].fillna("")
            former, present = former + ":" + part, present + "@" + part
        keys = keys.where(keys != former, present)
    return table.assign(sourcedId=keys)
