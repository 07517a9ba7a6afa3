"""The resources of classes, courses and users: REST names them in records, CSV in tables."""

from collections.abc import Sequence

import pandas as pd
import pyarrow as pa

from oneroster_nb.tables.casting import cast_columns, to_frame
from oneroster_nb.tables.elements import elements
from oneroster_nb.tables.lookup import codes
from oneroster_nb.tables.status import active
from oneroster_nb.tables.table import empty_table, join_values, split_values


def link_resources(
    table: str, owner: str, pages: Sequence[pa.Table], owners: pd.DataFrame
) -> pd.DataFrame:
    """Make the table ``classResources`` or ``courseResources``, a row for each owner and resource.

    The column ``_resources`` of the pages of classes or courses holds joined sourcedIds. `owners`
    is the canonical table that was made of these pages, each row once, and `owner` the column that
    names one of its rows. The ``sourcedId`` of a link is that of both joined by ``@``; it has the
    status of its owner, and changed when that did.
    """
    named = [page for page in pages if "_resources" in page.column_names]
    if not named or owners.empty:
        return empty_table(table)
    whole = pa.concat_tables([page.select(["sourcedId", "_resources"]) for page in named])
    pairs: pd.DataFrame = whole.rename_columns(["owner", "resource"]).to_pandas().astype("str")
    pairs = pairs.assign(resource=split_values(pairs["resource"])).explode("resource").dropna()
    pairs = pairs.astype("str").drop_duplicates(ignore_index=True)
    columns = {
        "sourcedId": pairs["owner"] + "@" + pairs["resource"],
        owner: pairs["owner"],
        "resourceSourcedId": pairs["resource"],
    }
    texts = {name: pa.array(c, pa.string(), from_pandas=True) for name, c in columns.items()}
    frame = to_frame(cast_columns(table, texts))
    rows = owners.iloc[codes(pairs["owner"], owners["sourcedId"])]
    return frame.assign(
        status=rows["status"].array, dateLastModified=rows["dateLastModified"].array
    )


def resources_per_user(users: pd.DataFrame) -> pd.DataFrame:
    """Make the table ``userResources`` of OneRoster 1.2 CSV from the users that name resources.

    It has a row for each user and resource, whose ``sourcedId`` is that of both joined by ``@``.
    """
    resource = elements(users["resourceSourcedIds"])
    rows = users.loc[resource.index].reset_index(drop=True)
    resource = resource.reset_index(drop=True)
    return pd.DataFrame(
        {
            "sourcedId": rows["sourcedId"] + "@" + resource,
            "status": rows["status"],
            "dateLastModified": rows["dateLastModified"],
            "userSourcedId": rows["sourcedId"],
            "resourceSourcedId": resource,
        }
    )


def users_with_resources(users: pd.DataFrame, links: pd.DataFrame) -> pd.DataFrame:
    """Fill ``resourceSourcedIds`` of users from ``userResources``, where they say nothing."""
    if links.empty or not {"userSourcedId", "resourceSourcedId"} <= set(links.columns):
        return users
    rows = active(links).dropna(subset=["userSourcedId", "resourceSourcedId"])
    named = rows.groupby("userSourcedId", sort=False)["resourceSourcedId"].agg(
        lambda ids: join_values(dict.fromkeys(ids))
    )
    found = users["sourcedId"].map(named).astype("str")
    return users.assign(resourceSourcedIds=users["resourceSourcedIds"].fillna(found))
