"""What OneRoster 1.2 says differently from 1.1: the roles and the profiles of users."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from oneroster_nb.tables.table import EXTRA_TABLES
from oneroster_nb.transport.json_shapes import BETWEEN_PARTS, BETWEEN_ROLES, ROLE_PARTS, plain

_COLUMNS: Mapping[str, str] = {"org": "orgSourcedId", "userProfile": "userProfileSourcedId"}


def spread_roles(texts: Any, users: "pd.Series[str]") -> pd.DataFrame:
    """Spread the roles of users over rows, one for each role.

    For each user there is one text with all roles, as the shape ``ROLES`` writes them. The rows
    have ``userSourcedId roleType role orgSourcedId userProfileSourcedId beginDate endDate`` (str),
    in the order of the users; the index is the position of the user.
    """
    lists = pc.split_pattern(pc.fill_null(texts, ""), BETWEEN_ROLES)
    flat = pc.list_flatten(lists)
    there = pc.not_equal(flat, "")
    parts = pc.split_pattern(flat.filter(there), BETWEEN_PARTS)
    position = pc.list_parent_indices(lists).filter(there)
    columns = {"userSourcedId": pa.array(users, pa.string(), from_pandas=True).take(position)}
    for place, name in enumerate(ROLE_PARTS):
        column = pc.list_element(parts, place) if len(parts) else pa.array([], pa.string())
        empty = pc.equal(column, "")
        columns[_COLUMNS.get(name, name)] = pc.if_else(empty, pa.scalar(None, pa.string()), column)
    frame: pd.DataFrame = pa.table(columns).to_pandas()
    return frame.astype("str").set_index(position.to_pandas().to_numpy())


def profiles_of(pages: Sequence[pa.Table], users: pd.DataFrame) -> pd.DataFrame:
    """Take the table ``userProfiles`` of the CSV binding out of the pages of users.

    Their column ``_profiles`` holds lists as JSON, from which the credentials are gone already.
    """
    status = dict(zip(users["sourcedId"], users["status"], strict=True))
    changed = dict(zip(users["sourcedId"], users["dateLastModified"], strict=True))
    rows = []
    for page in pages:
        if "_profiles" not in page.column_names:
            continue
        held = page.filter(pc.starts_with(pc.fill_null(page["_profiles"], ""), "[{"))
        for user, text in zip(
            held["sourcedId"].to_pylist(), held["_profiles"].to_pylist(), strict=True
        ):
            own = {
                "userSourcedId": user,
                "status": status.get(user),
                "dateLastModified": changed.get(user),
            }
            rows += [_profile(profile) | own for profile in json.loads(text)]
    frame = pd.DataFrame(rows, columns=EXTRA_TABLES["userProfiles"])
    texts = {name: "str" for name in frame if name != "dateLastModified"}
    return frame.astype({**texts, "dateLastModified": "datetime64[us, UTC]"})


def _profile(record: Mapping[str, Any]) -> dict[str, str | None]:
    own = ("profileType", "vendorId", "applicationId", "description")
    return {
        "sourcedId": plain(record.get("profileId")),
        **{name: plain(record.get(name)) for name in own},
    }
