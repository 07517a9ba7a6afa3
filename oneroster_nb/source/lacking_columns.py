"""Conditions on columns that a provider adds to the standard's and nobody in an answer has."""

from collections.abc import Iterable

import pandas as pd

from oneroster_nb.errors import NoMatchWarning, QueryError, warn
from oneroster_nb.spelling import nearest
from oneroster_nb.tables.added_columns import AddedColumns
from oneroster_nb.tables.table import sensitive_columns


def with_lacking_columns(
    people: pd.DataFrame, asked: Iterable[str], added: AddedColumns, *, sensitive: bool = False
) -> tuple[pd.DataFrame, list[str]]:
    """Add the columns of conditions that the provider can have and none of these people has.

    They are missing for everyone. QueryError for a column that the provider does not have, or that
    is `sensitive` and was not asked for. Return also what to say below the answer: if any name is
    possible, it may be misspelt, which NoMatchWarning says, too.

    Examples
    --------
    >>> people = pd.DataFrame({"sourcedId": ["1"]})
    >>> of_clever = AddedColumns(frozenset({"clever.ell_status"}))
    >>> wider, notes = with_lacking_columns(people, ["clever.ell_status"], of_clever)
    >>> list(wider), notes
    (['sourcedId', 'clever.ell_status'], [])
    """
    lacking = [name for name in asked if "." in name and name not in people]
    hidden = [] if sensitive else sensitive_columns("users", lacking)
    for name in lacking:
        if name in hidden or not added.may_have(name):
            hint = nearest(name, [*people.columns, *sorted(added.names)])
            raise QueryError(f"There is no column {name!r} to put a condition on.{hint}")
    missing = {name: pd.Series(None, index=people.index, dtype="str") for name in lacking}
    wider = people.assign(**missing)
    wider.attrs = dict(people.attrs)
    free = [name for name in map(str, people) if added.is_free(name)]
    notes = [
        f"Nobody has {name!r}, so it is missing for everyone.{nearest(name, free)}"
        for name in lacking
        if added.is_free(name) and len(people)
    ]
    for note in notes:
        warn(note, NoMatchWarning)
    return wider, notes
