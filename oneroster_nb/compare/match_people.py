"""Matching a roster to accounts: by one field first, then by the next."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from oneroster_nb.compare.inputs import Side, columns_of, people_frame
from oneroster_nb.counts.columns import people_of
from oneroster_nb.counts.footnotes import with_footnote
from oneroster_nb.errors import QueryError
from oneroster_nb.people.same_person import fold_names
from oneroster_nb.progress import ProgressOption
from oneroster_nb.tables.table import join_values
from oneroster_nb.tables.text import texts

_USUAL = ("email", "identifier", ("givenName", "familyName"))
_COLUMNS = ["leftId", "rightId", "matchedOn", "status"]
_MOST_PAIRS = 10_000


def match_people(
    left: Side,
    right: Side,
    on: Sequence[str | Sequence[str]] = _USUAL,
    *,
    progress: ProgressOption = None,
) -> pd.DataFrame:
    """Which account is whose, by email, then by number, then by name?

    Each field is tried on those whom no field before it has matched. A value that is there once on
    each side matches; one that several people of a side have is no proof, and those are reported
    as ambiguous unless a later field tells them apart. Case, accents and outer spaces do not
    matter. A field matches whatever the others say: look at the pairs that ``differs`` names,
    such as two people of one name with two numbers.

    Parameters
    ----------
    left, right : Source or pandas.DataFrame
        The roster and the accounts: frames with a column ``sourcedId``, which stands for the id of
        the account on the right (``accounts.rename(columns={"userId": "sourcedId"})``). Of a
        connection or a roster, all users.
    on : sequence
        The fields in order; several that must agree together as a tuple.
    progress : None, bool or callable
        See :data:`oneroster_nb.progress.ProgressOption`.

    Returns
    -------
    pandas.DataFrame
        ``leftId rightId matchedOn status differs`` (str). ``matched``: a row a pair. ``ambiguous``:
        a row a pair that could be, of people whom nothing matched. ``only left`` and ``only
        right``: a row a person without a match, the other id missing, and ``matchedOn``,
        too. ``differs`` names the fields of `on` that both have, and have differently, joined with
        commas. ``attrs["footnote"]`` says how many were matched on which field, how many of these
        differ in another one, and how many were not matched.

    Raises
    ------
    QueryError
        For lists without ``sourcedId`` or a field of `on` (with the nearest names), rows of one
        person that differ in such a field, and a value that so many people have that it tells
        nobody apart.
    RosterError
        If a source does not return its users.

    Examples
    --------
    >>> import pandas as pd
    >>> people = pd.DataFrame({"sourcedId": ["1", "2"], "email": ["ada@x.example", None]})
    >>> people["familyName"] = ["Lovelace", "Hopper"]
    >>> accounts = pd.DataFrame({"sourcedId": ["a", "b"], "email": ["ADA@x.example", "g@x"]})
    >>> accounts["familyName"] = ["King", "Hopper"]
    >>> match_people(people, accounts, on=["email", "familyName"])
      leftId rightId   matchedOn   status     differs
    0      1       a       email  matched  familyName
    1      2       b  familyName  matched         NaN
    """
    steps = _steps(on)
    names = list(dict.fromkeys(name for step in steps for name in step))
    sides = [
        _people("left", left, names, progress),
        _people("right", right, names, progress),
    ]
    matched, ambiguous = [], []
    rest = sides
    for step in steps:
        label = ",".join(step)
        pairs, unclear = _match(rest[0], rest[1], step, label)
        matched.append(pairs)
        ambiguous.append(unclear)
        rest = [
            side.loc[~side.index.isin(pairs[column])]
            for side, column in zip(rest, _COLUMNS[:2], strict=True)
        ]
    # People whom a later field matched are not ambiguous.
    left_rest, right_rest = (side.index for side in rest)
    unclear = pd.concat(ambiguous)
    open_pairs = unclear["leftId"].isin(left_rest) & unclear["rightId"].isin(right_rest)
    unclear = unclear.loc[open_pairs].drop_duplicates(["leftId", "rightId"])
    alone = [
        pd.DataFrame({column: side.index[~side.index.isin(unclear[column])], "status": status})
        for side, column, status in zip(
            rest, _COLUMNS[:2], ("only left", "only right"), strict=True
        )
    ]
    order = {key: place for place, key in enumerate(sides[0].index)}
    found = pd.concat([_in_order(pd.concat(matched), order), _in_order(unclear, order), *alone])
    found = found.reindex(columns=_COLUMNS).reset_index(drop=True)
    found["differs"] = _differing(found, sides, names)
    found = found.astype("str")
    return with_footnote(found, [_summary_line(found, unclear, steps)])


def _steps(on: object) -> list[tuple[str, ...]]:
    if isinstance(on, str) or not isinstance(on, Sequence) or not on:
        raise QueryError(
            "on is a list of fields in the order in which they are tried, such as ['email',"
            f" 'identifier', ('givenName', 'familyName')], not {on!r}."
        )
    steps = []
    for step in on:
        names = [step] if isinstance(step, str) or not isinstance(step, Sequence) else list(step)
        if not names or not all(isinstance(name, str) for name in names):
            raise QueryError(f"A field of on is a name or a tuple of names, not {step!r}.")
        steps.append(tuple(dict.fromkeys(names)))
    return steps


def _people(side: str, given: Side, names: list[str], progress: ProgressOption) -> pd.DataFrame:
    """Return the fields of a list's people as plain text, indexed by their ids."""
    given = people_frame(given, "match_people", progress)
    if "sourcedId" not in given.columns:
        raise QueryError(
            f"The {side} list has no column 'sourcedId'. Call its column of ids so, in the file or"
            " with df.rename(columns={'userId': 'sourcedId'})."
        )
    columns_of(given, side, names)
    people_of(given)  # refuses rows without a sourcedId
    ids = texts(given["sourcedId"])
    fields = pd.DataFrame(
        {name: fold_names(texts(given[name])).replace("", None) for name in names}
    )
    fields = fields.astype("str").set_axis(ids.array, axis="index")
    # Fields may be called as columns of the answer are, so that here they have numbers.
    rows = fields.set_axis(range(len(names)), axis="columns").assign(id=fields.index)
    distinct = fields.loc[~rows.duplicated()]
    again = distinct.index[distinct.index.duplicated()]
    if len(again):
        raise QueryError(
            f"{again.nunique():,} people of the {side} list have rows that differ in"
            f" {', '.join(names)}. Keep one row a person."
        )
    return distinct


def _match(
    left: pd.DataFrame, right: pd.DataFrame, step: tuple[str, ...], label: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the pairs that agree: those that are unambiguous, and the others."""
    names = list(step)
    mine, theirs = (side[names].dropna() for side in (left, right))
    here, there = (side.groupby(names).size() for side in (mine, theirs))
    both = pd.concat([here, there], axis="columns", join="inner", keys=["left", "right"])
    if len(both) and (both["left"] * both["right"]).max() > _MOST_PAIRS:
        most = both.iloc[int((both["left"] * both["right"]).argmax())]
        raise QueryError(
            f"One value of {label} is that of {most['left']:,} people on the left and"
            f" {most['right']:,} on the right, so it tells nobody apart. Set such values to missing"
            " in the frames first."
        )
    keys = list(range(len(names)))
    mine, theirs = (side.set_axis(keys, axis="columns") for side in (mine, theirs))
    joined = (
        mine.reset_index(names="leftId")
        .merge(theirs.reset_index(names="rightId"), on=keys)
        .assign(matchedOn=label)
    )
    disputed = joined["leftId"].duplicated(keep=False) | joined["rightId"].duplicated(keep=False)
    return (
        joined.loc[~disputed].assign(status="matched")[_COLUMNS],
        joined.loc[disputed].assign(status="ambiguous")[_COLUMNS],
    )


def _differing(
    pairs: pd.DataFrame, sides: list[pd.DataFrame], names: list[str]
) -> "pd.Series[str]":
    """Name for each pair the fields that both have and have differently."""
    both = pairs.dropna(subset=["leftId", "rightId"])
    mine, theirs = (
        side.loc[both[column]].reset_index(drop=True)
        for side, column in zip(sides, _COLUMNS[:2], strict=True)
    )
    fields = pd.Series("", index=both.index)
    for name in names:
        differs = mine[name].ne(theirs[name]) & mine[name].notna() & theirs[name].notna()
        fields += np.where(differs, f",{join_values([name])}", "")
    return fields.str.removeprefix(",").replace("", None).reindex(pairs.index)


def _in_order(rows: pd.DataFrame, order: dict[str, int]) -> pd.DataFrame:
    return rows.sort_values("leftId", key=lambda ids: ids.map(order), kind="stable")


def _summary_line(found: pd.DataFrame, unclear: pd.DataFrame, steps: list[tuple[str, ...]]) -> str:
    matched = found.loc[found["status"] == "matched"]
    counts = matched["matchedOn"].value_counts()
    labels = list(dict.fromkeys(",".join(step) for step in steps))
    on = counts.reindex(labels).dropna().astype("int64")
    how = f" ({', '.join(f'{count:,} on {name}' for name, count in on.items())})" if len(on) else ""
    differ = int(matched["differs"].notna().sum())
    but = f", {differ:,} of them different in another field" if differ else ""
    people = unclear["leftId"].nunique(), unclear["rightId"].nunique()
    alone = [int((found["status"] == status).sum()) for status in ("only left", "only right")]
    return (
        f"{len(matched):,} matched{how}{but}; ambiguous: {people[0]:,} on the left,"
        f" {people[1]:,} on the right; {alone[0]:,} only left, {alone[1]:,} only right."
    )
