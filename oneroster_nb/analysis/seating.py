"""How many people several questions mean together."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from oneroster_nb.analysis.cells import TOTAL
from oneroster_nb.analysis.footnotes import with_footnote
from oneroster_nb.errors import QueryError
from oneroster_nb.privacy.suppression import check_threshold, mark
from oneroster_nb.progress import ProgressOption
from oneroster_nb.query import Query
from oneroster_nb.schema import join_values

if TYPE_CHECKING:
    from oneroster_nb.source import Source

__all__ = ["seats"]

_WHO = ["sourcedId", "givenName", "familyName", "role"]
_COUNTS = ["people", "onlyHere", "shared"]


def seats(
    source: "Source",
    rules: Sequence[str | Query],
    *,
    suppress_below: int | None = None,
    progress: ProgressOption = None,
) -> pd.DataFrame:
    """How many seats do we need for everybody whom these rules mean?

    Parameters
    ----------
    source : Source
        A connection or a roster.
    rules : sequence of str or Query
        Such as ``"courses::Art 101::students"``; see :meth:`Query.parse`.
    suppress_below : int, optional
        Show numbers from 1 to this less one as ``"<10"`` (for 10). Where there are any, how the
        rules overlap is hidden as ``"*"``, and ``All`` is left out. Not less than 3.
    progress : None, bool or callable
        See :data:`oneroster_nb.progress.ProgressOption`.

    Returns
    -------
    pandas.DataFrame
        A row a rule and one for ``All``: ``rule`` (str), ``people`` (distinct), ``onlyHere``
        (those whom no other rule means; of ``All``, those whom one rule alone means) and
        ``shared`` (the others), all int64, or object with marks. ``attrs["people"]`` is a
        DataFrame of everybody: ``sourcedId givenName familyName role``, ``rules`` (str, joined
        with commas) and ``ruleCount`` (int64). Clear ``attrs`` before such tables are put together
        or saved. With `suppress_below` it is not there, so that the table can be handed on.

    Raises
    ------
    QueryError
        Where there is no rule, one is given twice, or one cannot be asked.
    RosterError
        Where the source does not give a complete answer.

    Warns
    -----
    NoMatchWarning
        Where a rule means no group.

    Examples
    --------
    >>> from oneroster_nb import Roster
    >>> from oneroster_nb.demo.district import make_district
    >>> roster = Roster(make_district())
    >>> seats(roster, ["courses::English 9::students", "schools::Classlink HS::students"])
                                  rule  people  onlyHere  shared
    0     courses::English 9::students      10         0      10
    1  schools::Classlink HS::students      38        28      10
    2                              All      38        28      10
    """
    below = None if suppress_below is None else check_threshold(suppress_below)
    if not hasattr(source, "query") or isinstance(source, pd.DataFrame):
        raise QueryError(
            f"seats() asks a connection or a roster, not {type(source).__name__}; of frames that"
            " you have, put those together with pandas.concat() and use count()."
        )
    queries = _queries(rules)
    found = [source.query(query, progress=progress)[_WHO] for query in queries.values()]
    rows = pd.concat(
        [frame.drop_duplicates("sourcedId") for frame in found], keys=range(len(found))
    )
    rows = rows.reset_index(level=0, names="place").reset_index(drop=True)
    by_person = rows.groupby("sourcedId", sort=False)["place"]
    alone = by_person.transform("size") == 1
    numbers = rows.assign(alone=alone).groupby("place")["alone"].agg(["size", "sum"])
    numbers = numbers.reindex(range(len(found)), fill_value=0)
    everybody = rows.drop_duplicates("sourcedId")[_WHO].reset_index(drop=True)
    people = np.append(numbers["size"], len(everybody)).astype(np.int64)
    only = np.append(numbers["sum"], int(alone.sum())).astype(np.int64)
    table = pd.DataFrame({"rule": pd.Series([*queries, TOTAL], dtype="str")})
    counts = np.column_stack([people, only, people - only])
    if below is not None:
        return _hidden(table, counts, below)
    table[_COUNTS] = counts
    names = list(queries)
    everybody["rules"] = by_person.agg(lambda places: join_values(names[p] for p in places)).array
    everybody["ruleCount"] = by_person.size().array
    table.attrs["people"] = everybody.astype({"rules": "str", "ruleCount": "int64"})
    return table


def _queries(rules: Sequence[str | Query]) -> dict[str, Query]:
    listed = list(rules) if isinstance(rules, Iterable) and not isinstance(rules, str) else []
    if not listed:
        given = rules if isinstance(rules, str) else type(rules).__name__
        raise QueryError(
            "seats() takes a list of rules such as ['courses::Art 101::students'], one at least,"
            f" not {given!r}."
        )
    queries: dict[str, Query] = {}
    for rule in listed:
        query = rule if isinstance(rule, Query) else Query.parse(rule)
        # What one line cannot say, such as a term, tells questions apart.
        line = str(query) if Query.parse(str(query)) == query else repr(query)
        name = rule if isinstance(rule, str) else line
        if name in queries:
            raise QueryError(f"The rule {name!r} is there twice; leave one of them out.")
        queries[name] = query
    return queries


def _hidden(table: pd.DataFrame, counts: np.ndarray, below: int) -> pd.DataFrame:
    """Show how many people each rule means, and no more where any number is small.

    The numbers of a row and the total of distinct people say so much about each other that what
    overlaps could be worked out from what is left.
    """
    small = (counts > 0) & (counts < below)
    if not small.any():
        table[_COUNTS] = counts
        return table
    marked = mark(counts, counts, small, below)
    marked[:, 1:] = "*"
    table[_COUNTS] = marked
    rules = table.iloc[:-1]
    return with_footnote(
        rules,
        [
            f"Numbers of 1 to {below - 1} are hidden (<{below}), and how the rules overlap (*)."
            " The number of all is left out, because it would help to find what is hidden."
        ],
    )
