"""Put changed rows into a table: replace those that are there, append those that are new."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from oneroster_nb.tables.lookup import among
from oneroster_nb.tables.table import TABLES

OWNERS: Mapping[str, str] = {
    "roles": "userSourcedId",
    "userProfiles": "userSourcedId",
    "classResources": "classSourcedId",
    "courseResources": "courseSourcedId",
}
"""The tables whose rows are parts of another table's rows, and the column that names those."""


def upsert(
    old: pd.DataFrame,
    new: pd.DataFrame,
    changed: "pd.Series[str]",
    owner: str = "sourcedId",
) -> pd.DataFrame:
    """Replace rows that changed in their place, and append rows that are new.

    Parameters
    ----------
    old : pandas.DataFrame
        The table as it was.
    new : pandas.DataFrame
        The rows that changed, or that are new.
    changed : pandas.Series of str
        The sourcedIds of the rows that were pulled: those of `new`, or, of roles and resources,
        those of the users, classes or courses that they are a part of.
    owner : str
        The column that holds these ids, as :data:`OWNERS` names it.

    Returns
    -------
    pandas.DataFrame
        The table as it is now, with the columns of both.

    Examples
    --------
    >>> import pandas as pd
    >>> old = pd.DataFrame({"sourcedId": ["a", "b"], "title": ["Art", "Bio"]})
    >>> new = pd.DataFrame({"sourcedId": ["c", "a"], "title": ["Chem", "Art II"]})
    >>> upsert(old, new, new["sourcedId"])["title"].tolist()
    ['Art II', 'Bio', 'Chem']
    """
    stays = ~among(old[owner], changed).to_numpy()
    firsts = old[owner].drop_duplicates()
    place = pd.Series(firsts.index, index=firsts.array)
    places = new[owner].map(place).fillna(len(old)).to_numpy(dtype=np.float64)
    order = np.argsort(np.concatenate([np.flatnonzero(stays), places]), kind="stable")
    whole = pd.concat([old.loc[stays], new], ignore_index=True)
    return whole.iloc[order].reset_index(drop=True)


def all_new(before: Mapping[str, pd.DataFrame], after: Mapping[str, pd.DataFrame]) -> list[str]:
    """Return the names of the tables of which all ids are new.

    Parameters
    ----------
    before, after : mapping of str to pandas.DataFrame
        Tables by name. Those that are empty before or after are not compared, nor are those whose
        rows are parts of other rows, because their ids come from these.

    Examples
    --------
    >>> import pandas as pd
    >>> old, new = (pd.DataFrame({"sourcedId": keys}) for keys in (["a", "b"], ["c"]))
    >>> all_new({"users": old, "orgs": old}, {"users": new, "orgs": old})
    ['users']
    """
    both = [name for name in before if name in after and name not in OWNERS]
    return [
        name
        for name in both
        if len(before[name])
        and len(after[name])
        and not among(after[name]["sourcedId"], before[name]["sourcedId"]).any()
    ]


def shrunken_tables(old: Mapping[str, pd.DataFrame], new: Mapping[str, pd.DataFrame]) -> list[str]:
    """Describe each table that is empty or less than half of what it was.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"sourcedId": ["a", "b", "c"]})
    >>> shrunken_tables({"orgs": rows}, {"orgs": rows.head(1)})
    ['orgs from 3 to 1 rows']
    """
    return [
        f"{name} from {len(old[name]):,} to {len(new.get(name, ())):,} rows"
        for name in TABLES
        if len(new.get(name, ())) < len(old.get(name, ())) / 2
    ]
