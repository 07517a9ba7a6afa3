"""Tables that somebody made by hand, brought to the dtypes of the schema."""

import pandas as pd
import pyarrow as pa

from oneroster_nb.conform import conform, to_frame, unreadable
from oneroster_nb.schema import TABLES
from oneroster_nb.texts import texts

__all__ = ["retyped"]


def retyped(name: str, table: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """Bring the canonical columns of a table that have other dtypes to those of the schema.

    Parameters
    ----------
    name : str
        A key of :data:`oneroster_nb.schema.TABLES`.
    table : pandas.DataFrame
        With a :class:`pandas.RangeIndex`.

    Returns
    -------
    table : pandas.DataFrame
        The same table, if nothing had to be changed.
    lost : dict of str to int
        How many values of a column could not be read, where there are any; they are missing.

    Examples
    --------
    >>> given = pd.DataFrame({"sourcedId": [7, 8], "givenName": ["Ada", "Bo"], "grades": [6, 7]})
    >>> table, lost = retyped("users", given)
    >>> table[["sourcedId", "givenName", "grades"]].to_numpy().tolist(), lost
    ([['7', 'Ada', '06'], ['8', 'Bo', '07']], {})
    """
    kinds = TABLES[name].columns
    odd = [
        column
        for column in table.columns
        if column in kinds and table[column].dtype != kinds[column].dtype
    ]
    if not odd:
        return table, {}
    written = {c: pa.array(texts(table[c]), pa.string(), from_pandas=True) for c in odd}
    read = conform(name, written, sensitive=True)
    frame = to_frame(read)
    kept = [*odd, *(column for column in frame.columns if column not in kinds)]
    return table.assign(**{column: frame[column] for column in kept}), unreadable(read)
