"""References between tables that point nowhere."""

from collections.abc import Mapping

import pandas as pd

from oneroster_nb.errors import DanglingReferenceWarning, warn
from oneroster_nb.membership import codes
from oneroster_nb.schema import TABLES, Kind, split_values

__all__ = ["dangling", "warn_of_dangling"]


def dangling(tables: Mapping[str, pd.DataFrame]) -> dict[str, int]:
    """Count the references that point to no row of the table that they name.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        Canonical tables by name; a reference into one that is not there or empty is not judged.

    Returns
    -------
    dict of str to int
        ``"enrollments.userSourcedId"`` to how many of its values point nowhere, where any do.

    Examples
    --------
    >>> from oneroster_nb.demo.district import make_district
    >>> dangling(make_district())
    {}
    """
    counts: dict[str, int] = {}
    for name, frame in tables.items():
        if name not in TABLES:
            continue
        for column, target in TABLES[name].references.items():
            if column not in frame or not len(tables.get(target, ())):
                continue
            values = frame[column]
            if TABLES[name].columns[column] is Kind.VALUES:
                values = split_values(values).explode().astype("str")
            values = values.dropna()
            lost = int((codes(values, tables[target]["sourcedId"]) < 0).sum())
            if lost:
                counts[f"{name}.{column}"] = lost
    return counts


def warn_of_dangling(tables: Mapping[str, pd.DataFrame]) -> None:
    """Warn once of all references that point nowhere; the rows that hold them are kept."""
    counts = dangling(tables)
    if counts:
        listed = ", ".join(f"{count:,} in {place}" for place, count in counts.items())
        warn(
            f"References that point to nothing in this roster: {listed}. The rows are kept; they"
            " belong to no group.",
            DanglingReferenceWarning,
        )
