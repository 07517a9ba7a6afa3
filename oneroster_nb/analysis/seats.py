"""How many people several rules include together."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from oneroster_nb.counts.cells import TOTAL
from oneroster_nb.counts.footnotes import (
    at_moment,
    earlier_counts,
    earlier_unknown_roles,
    hiding_note,
    with_footnote,
)
from oneroster_nb.counts.overlaps import hide_groups
from oneroster_nb.counts.suppression import mark, threshold_for
from oneroster_nb.errors import DanglingReferenceWarning, QueryError, UnknownRoleWarning, muted
from oneroster_nb.people.demographics import DEMOGRAPHIC_COLUMNS
from oneroster_nb.progress import ProgressOption
from oneroster_nb.query.conditions import checked_where
from oneroster_nb.query.moment import Day, Moment
from oneroster_nb.query.query import Query
from oneroster_nb.source.source import Source
from oneroster_nb.tables.references import left_out, warn_of_left_out
from oneroster_nb.tables.table import join_values
from oneroster_nb.tables.unknown_roles import note_of_unknown_roles, warn_of_unknown_roles
from oneroster_nb.tables.where import Where

_WHO = ["sourcedId", "givenName", "familyName", "role"]
_COUNTS = ["people", "onlyHere", "shared"]


def seats(
    source: Source,
    rules: Sequence[str | Query],
    *,
    as_of: Day = None,
    term: str | None = None,
    include_end_date: bool = False,
    where: Where | None = None,
    suppress_below: int | None = None,
    progress: ProgressOption = None,
) -> pd.DataFrame:
    """How many seats do we need for all people whom these rules mean?

    Parameters
    ----------
    source : Source
        A connection or a roster.
    rules : sequence of str or Query
        Such as ``"courses::Art 101::students"``; see :meth:`Query.parse`.
    as_of, term, include_end_date
        The day or term of all rules that name none themselves, as for :meth:`Source.get_users`.
    where : mapping, optional
        Conditions for the people of all rules, as for :meth:`Source.get_users`. If a rule has one
        on the same column, its own counts. By demographics, numbers below 10 are hidden unless
        `suppress_below` is given.
    suppress_below : int, optional
        Show numbers from 1 to this less one as ``"<10"`` (for 10). Where there are any, how the
        rules overlap is hidden as ``"*"``, and ``All`` is left out; and so is, as ``"*"``, a number
        of people that would give away a small one, as that of users and that of students give away
        the teachers. Not less than 3.
    progress : None, bool or callable
        See :data:`oneroster_nb.progress.ProgressOption`.

    Returns
    -------
    pandas.DataFrame
        A row a rule and one for ``All``: ``rule`` (str), ``people`` (distinct), ``onlyHere``
        (those whom no other rule means; of ``All``, those whom one rule alone means) and
        ``shared`` (the others), all int64, or object with marks. ``attrs["people"]`` is a
        DataFrame of all people: ``sourcedId givenName familyName role``, ``rules`` (str, joined
        with commas) and ``ruleCount`` (int64). Clear ``attrs`` before such tables are put together
        or saved. With `suppress_below` it is left out, so that the table can be shared.

    Raises
    ------
    QueryError
        If there is no rule, one is there twice or cannot be asked, or ``max_users`` leaves
        people out.
    RosterError
        If the source does not return a complete answer.

    Warns
    -----
    NoMatchWarning
        If a rule finds no group, or if no term is running on the day.
    DanglingReferenceWarning
        If people, classes or orgs are referred to and not there; ``attrs["footnote"]`` says of
        which rule, too.
    UnknownRoleWarning
        If people are left out because OneRoster does not know their role. The footnote says of
        which rule, too.

    Examples
    --------
    >>> from oneroster_nb import Roster
    >>> from oneroster_nb.demo.district.making import make_district
    >>> roster = Roster(make_district())
    >>> seats(roster, ["courses::English 9::students", "schools::Classlink HS::students"])
                                  rule  people  onlyHere  shared
    0     courses::English 9::students      10         0      10
    1  schools::Classlink HS::students      38        28      10
    2                              All      38        28      10
    """
    if not hasattr(source, "query") or isinstance(source, pd.DataFrame):
        raise QueryError(
            f"seats() asks a connection or a roster, not {type(source).__name__}; of frames that"
            " you have, put those together with pandas.concat() and use count()."
        )
    queries = _queries(rules)
    queries = {
        name: query
        if query.timed
        else replace(
            query,
            as_of=as_of,
            term=term,
            include_end_date=include_end_date or query.include_end_date,
        )
        for name, query in queries.items()
    }
    queries = {name: _with_conditions(query, where) for name, query in queries.items()}
    asked = {column for query in queries.values() for column in query.where or ()}
    below = threshold_for(suppress_below, asked)
    _refuse_limits(source, queries.values())
    with muted(DanglingReferenceWarning, UnknownRoleWarning):  # one warning for all rules
        answers = [source.query(query, progress=progress) for query in queries.values()]
    notes = left_out(dict(zip(queries, map(earlier_counts, answers), strict=True)), below)
    warn_of_left_out(notes)
    unknown = dict(zip(queries, map(earlier_unknown_roles, answers), strict=True))
    odd = note_of_unknown_roles(unknown, below)
    warn_of_unknown_roles(odd)
    notes += odd
    found = [answer[_WHO] for answer in answers]
    rows = pd.concat(
        [frame.drop_duplicates("sourcedId") for frame in found], keys=range(len(found))
    )
    rows = rows.reset_index(level=0, names="place").reset_index(drop=True)
    everyone = rows.drop_duplicates("sourcedId")[_WHO].reset_index(drop=True)
    meant = np.zeros((len(everyone), len(found)), dtype=bool)
    meant[pd.factorize(rows["sourcedId"])[0], rows["place"]] = True
    alone = meant.sum(axis=1) == 1
    people = np.append(meant.sum(axis=0), len(meant))
    only = np.append(meant[alone].sum(axis=0), alone.sum())
    table = pd.DataFrame({"rule": pd.Series([*queries, TOTAL], dtype="str")})
    counts = np.column_stack([people, only, people - only]).astype(np.int64)
    moments = [Moment.of(query) for query in queries.values()]
    labels = list(dict.fromkeys("any time" if m is None else m.label for m in moments))
    if any(moments):
        table = at_moment(table, ", ".join(labels), [f"As of {', '.join(labels)}."])
    if below is not None:
        hidden = _hidden(table, counts, meant, below, asked=suppress_below is not None)
        return with_footnote(hidden, notes)
    table[_COUNTS] = counts
    names = np.array([*queries], dtype=object)
    everyone["rules"] = [join_values(names[of]) for of in meant]
    everyone["ruleCount"] = meant.sum(axis=1)
    table.attrs["people"] = everyone.astype({"rules": "str", "ruleCount": "int64"})
    return with_footnote(table, notes)


def _refuse_limits(source: "Source", queries: Iterable[Query]) -> None:
    """Refuse to count some of the people only, as if they were all."""
    for query in queries:
        most = query.max_users or source.max_users
        if most is not None:
            raise QueryError(
                f"seats() counts all people, and max_users={most} leaves people out. Leave it out"
                " of the rules and of the connection."
            )


def _queries(rules: Sequence[str | Query]) -> dict[str, Query]:
    listed = list(rules) if isinstance(rules, Iterable) and not isinstance(rules, str) else []
    if not listed:
        given = rules if isinstance(rules, str | list | tuple) else type(rules).__name__
        raise QueryError(
            "seats() takes a source and a list of rules such as ['courses::Art 101::students'], one"
            f" at least, not {given!r}."
        )
    queries: dict[str, Query] = {}
    for rule in listed:
        query = _parsed(rule)
        # What one line cannot say, such as a term, tells questions apart.
        line = str(query) if Query.parse(str(query)) == query else repr(query)
        name = rule if isinstance(rule, str) else line
        if name in queries or query in queries.values():
            raise QueryError(f"The rule {name!r} is there twice; leave one of them out.")
        queries[name] = query
    return queries


def _with_conditions(query: Query, where: Where | None) -> Query:
    """Add conditions to a rule that has none on the same columns."""
    both = {**(checked_where(where) or {}), **(query.where or {})}
    by_them = not DEMOGRAPHIC_COLUMNS.keys().isdisjoint(both)
    return replace(query, where=both, demographics=query.demographics or by_them)


def _parsed(rule: str | Query) -> Query:
    try:
        return rule if isinstance(rule, Query) else Query.parse(rule)
    except QueryError as error:
        raise QueryError(
            f"{error} A rule is groups::name::users, such as 'courses::Art 101::students'."
        ) from None


def _hidden(
    table: pd.DataFrame,
    counts: NDArray[np.int64],
    meant: NDArray[np.bool_],
    below: int,
    *,
    asked: bool,
) -> pd.DataFrame:
    """Show how many people rules mean, and no more where any number is small.

    What overlaps, and the number of all, could otherwise be worked out from one another.
    """
    hide, overlaps = hide_groups(meant, below)
    if overlaps:
        table[_COUNTS] = counts
        return table
    people = counts[:-1, 0]
    marked = mark(people, people, hide, below)
    table = table.iloc[:-1].assign(people=pd.Series(marked, dtype=object))
    for name in _COUNTS[1:]:
        table[name] = pd.Series(["*"] * len(table), dtype=object)
    return with_footnote(
        table,
        [
            *hiding_note(people[hide], below, asked=asked),
            f"How the rules overlap is hidden (*), because some numbers are of 1 to {below - 1}."
            " The number of all is left out, because it would help to find what is hidden.",
        ],
    )
