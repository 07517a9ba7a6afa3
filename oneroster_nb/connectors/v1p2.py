"""What OneRoster 1.2 says otherwise than 1.1: the roles of users."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from oneroster_nb.transport.shapes import BETWEEN_PARTS, BETWEEN_ROLES, ROLE_PARTS

__all__ = ["spread_roles"]

_COLUMNS: Mapping[str, str] = MappingProxyType(
    {"org": "orgSourcedId", "userProfile": "userProfileSourcedId"}
)


def spread_roles(texts: Any, users: "pd.Series[str]") -> pd.DataFrame:
    """Give a row a role.

    Parameters
    ----------
    texts : pyarrow string array
        For each user all roles as one text, as the shape ``ROLES`` writes them.
    users : pandas.Series of str
        The users' sourcedIds, in the same order.

    Returns
    -------
    pandas.DataFrame
        ``userSourcedId roleType role orgSourcedId userProfileSourcedId beginDate endDate``, all
        str, in the order of the users.
    """
    lists = pc.split_pattern(pc.fill_null(texts, ""), BETWEEN_ROLES)
    flat = pc.list_flatten(lists)
    there = pc.not_equal(flat, "")
    parts = pc.split_pattern(flat.filter(there), BETWEEN_PARTS)
    owner = pa.array(users, pa.string(), from_pandas=True).take(pc.list_parent_indices(lists))
    columns = {"userSourcedId": owner.filter(there)}
    for place, name in enumerate(ROLE_PARTS):
        column = pc.list_element(parts, place) if len(parts) else pa.array([], pa.string())
        empty = pc.equal(column, "")
        columns[_COLUMNS.get(name, name)] = pc.if_else(empty, pa.scalar(None, pa.string()), column)
    frame: pd.DataFrame = pa.table(columns).to_pandas()
    return frame.astype("str")
