"""The resources of classes and courses, which REST names in their records and CSV in tables."""

from collections.abc import Sequence

import pandas as pd
import pyarrow as pa

from oneroster_nb.conform import conform, to_frame
from oneroster_nb.schema import split_values

__all__ = ["link_resources", "resources_of"]


def resources_of(pages: Sequence[pa.Table], owners: pd.DataFrame) -> pd.DataFrame:
    """Take the resources out of the pages of classes or courses.

    Parameters
    ----------
    pages : sequence of pyarrow.Table
        Their column ``_resources`` holds joined sourcedIds.
    owners : pandas.DataFrame
        The canonical table that was made of these pages.

    Returns
    -------
    pandas.DataFrame
        ``owner resource`` (str), and the owner's ``status dateLastModified``; a row each.
    """
    texts = [page["_resources"].to_pandas() for page in pages if "_resources" in page.column_names]
    if not texts or owners.empty:
        return pd.DataFrame(columns=["owner", "resource", "status", "dateLastModified"])
    joined = pd.concat(texts, ignore_index=True).astype("str")
    resource = split_values(joined).explode().dropna().astype("str")
    rows = owners.loc[resource.index].reset_index(drop=True)
    return pd.DataFrame(
        {
            "owner": rows["sourcedId"],
            "resource": resource.reset_index(drop=True),
            "status": rows["status"],
            "dateLastModified": rows["dateLastModified"],
        }
    )


def link_resources(table: str, owner: str, pairs: pd.DataFrame) -> pd.DataFrame:
    """Make the table ``classResources`` or ``courseResources``.

    Parameters
    ----------
    table : str
        The canonical name.
    owner : str
        Its column that names the class or the course.
    pairs : pandas.DataFrame
        As :func:`resources_of` gives them.

    Returns
    -------
    pandas.DataFrame
        The canonical table; ``sourcedId`` is that of both joined by ``:``.
    """
    columns = {
        "sourcedId": pairs["owner"] + ":" + pairs["resource"],
        owner: pairs["owner"],
        "resourceSourcedId": pairs["resource"],
    }
    texts = {name: pa.array(c, pa.string(), from_pandas=True) for name, c in columns.items()}
    frame = to_frame(conform(table, texts))
    return frame.assign(
        status=pairs["status"].astype("str"),
        dateLastModified=pairs["dateLastModified"].astype("datetime64[us, UTC]"),
    )
