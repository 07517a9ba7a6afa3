"""Two lists of people: who is on one of them only, and which fields differ."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from pandas.api.types import is_bool_dtype, is_datetime64_any_dtype as is_datetime

from oneroster_nb.compare.inputs import Side, columns_of, in_one_order, people_frame
from oneroster_nb.counts.footnotes import with_footnote
from oneroster_nb.errors import QueryError
from oneroster_nb.progress import ProgressOption
from oneroster_nb.tables.table import join_values
from oneroster_nb.tables.text import texts

_STATUSES = ("same", "different", "only left", "only right")
_ADDED = ("status", "fields")
_NAMES = ("givenName", "familyName")


def compare_lists(
    left: Side,
    right: Side,
    on: str | Sequence[str] = "sourcedId",
    *,
    progress: ProgressOption = None,
) -> pd.DataFrame:
    """Who is on only one of two lists, and which fields differ of those on both?

    Parameters
    ----------
    left, right : pandas.DataFrame or Source
        The lists, such as the students of a course and those of a testing system. Of a connection
        or a roster, all users. Rows marked tobedeleted count as not there.
    on : str or list of str
        The columns that say who is who, in both lists. Outer spaces aside they must be the same,
        and case aside, too, unless they are ids (``sourcedId``).
    progress : None, bool or callable
        See :data:`oneroster_nb.progress.ProgressOption`.

    Returns
    -------
    pandas.DataFrame
        A row for each person on either list, in the order of the left one: the columns of `on`,
        ``givenName`` and ``familyName`` if a list has them (those of the left one first),
        ``status`` (``same``, ``different``, ``only left``, ``only right``), ``fields`` (the
        columns of both lists that differ, joined with commas; the order of several values in one
        field, and how a moment or a truth is written, are no difference) and, for each of these,
        ``<column>_left`` and ``<column>_right``; all str. Rows that repeat a person, as
        membership rows do, are taken together: a field has all its values, joined with commas. A
        row without a value to know the person by matches no other. ``attrs["footnote"]`` says how
        many have which status, and how many values of `on` several people share, by their
        ``sourcedId``, as a family does that has one email.

    Raises
    ------
    QueryError
        For something that is no DataFrame, and a column that one of them has not, that is named
        twice, or that holds lists.

    Examples
    --------
    >>> import pandas as pd
    >>> roster = pd.DataFrame({"sourcedId": ["a", "b"], "grades": ["06", "07"]})
    >>> testing = pd.DataFrame({"sourcedId": ["b", "c"], "grades": ["08", "06"]})
    >>> compare_lists(roster, testing)
      sourcedId      status  fields grades_left grades_right
    0         a   only left     NaN         NaN          NaN
    1         b   different  grades          07           08
    2         c  only right     NaN         NaN          NaN
    """
    left, right = (people_frame(side, "compare_lists", progress) for side in (left, right))
    names = _keys(left, "left", on)
    _keys(right, "right", on)
    common = [name for name in left.columns if name in right.columns and name not in names]
    named = [name for name in _NAMES if name not in names]
    kept = {}
    for side, frame in (("left", left), ("right", right)):
        kept[side] = list(dict.fromkeys([*common, *(name for name in named if name in frame)]))
        if kept[side]:
            columns_of(frame, side, kept[side])
    moments = [n for n in common if is_datetime(left[n]) or is_datetime(right[n])]
    sides = {
        "left": _list(left, names, kept["left"], moments, "left"),
        "right": _list(right, names, kept["right"], moments, "right"),
    }
    keys = pd.concat([side[names] for side in sides.values()])
    keys = keys.loc[~keys.index.duplicated()]
    there = {side: keys.index.isin(rows.index) for side, rows in sides.items()}
    values = {side: rows[common].reindex(keys.index) for side, rows in sides.items()}
    both = there["left"] & there["right"]
    # Truth is written in many ways, and files of pandas write it as Python does.
    truth = [n for n in common if is_bool_dtype(left[n]) or is_bool_dtype(right[n])]
    for frame in values.values():
        frame[truth] = frame[truth].apply(
            lambda column: column.str.casefold().replace({"1": "true", "0": "false"})
        )
    differs = {
        name: _differs(name, *(side[name] for side in values.values())) & both for name in common
    }
    marked = [name for name in common if differs[name].any()]
    fields = pd.Series("", index=keys.index)
    for name in marked:
        fields += differs[name].map({True: f",{join_values([name])}", False: ""})
    status = pd.Series("same", index=keys.index).mask(fields != "", "different")
    status = status.mask(~there["right"], "only left").mask(~there["left"], "only right")
    result = keys.assign(
        **_called(named, sides, keys.index),
        status=status,
        fields=fields.str.removeprefix(",").replace("", None),
    )
    for name in marked:
        for side in sides:
            result[f"{name}_{side}"] = values[side][name].where(differs[name])
    result = result.astype("str").reset_index(drop=True)
    counts = result["status"].value_counts()
    counted = [f"{counts.get(status, 0):,} {status}" for status in _STATUSES]
    notes = [f"{', '.join(counted)}."]
    if shared := len(_shared(left, names).union(_shared(right, names))):
        notes.append(
            f"Several people have the same {' and '.join(names)}; their rows were combined:"
            f" {shared:,}."
        )
    return with_footnote(result, notes)


def _shared(frame: pd.DataFrame, names: list[str]) -> "pd.Index[Any]":
    """Return the values that several people of a list share, if it has their ids."""
    if "sourcedId" in names or "sourcedId" not in frame:
        return pd.Index([])
    keys = pd.DataFrame({name: _key(texts(frame[name])) for name in names})
    people = texts(frame["sourcedId"]).groupby([keys[name] for name in names]).nunique()
    return people.index[people > 1]


def _keys(frame: pd.DataFrame, side: str, on: str | Sequence[str]) -> list[str]:
    names = columns_of(frame, side, on)
    for name in names:
        if name in _ADDED:
            raise QueryError(
                f"The answer has a column {name!r} of its own; rename that one of the {side} list."
            )
    return names


def _differs(name: str, left: "pd.Series[str]", right: "pd.Series[str]") -> "pd.Series[bool]":
    one, other = (in_one_order(name, side.fillna("")) for side in (left, right))
    return one != other


def _moment_texts(values: "pd.Series[Any]") -> "pd.Series[str]":
    """Write moments as text, however they came; what is none stays as it is."""
    known = pd.to_datetime(values, utc=True, errors="coerce", format="ISO8601")
    written = texts(known.dt.tz_localize(None))
    return written.fillna(texts(values)) if known.isna().any() else written


def _called(
    names: list[str], sides: Mapping[str, pd.DataFrame], index: "pd.Index[Any]"
) -> dict[str, "pd.Series[str]"]:
    """Return the names of all people, as far as the lists have them; the left list goes first."""
    found: dict[str, pd.Series[str]] = {}
    for name in names:
        for rows in sides.values():
            if name in rows:
                there = rows[name].reindex(index)
                found[name] = found[name].fillna(there) if name in found else there
    return found


def _list(
    frame: pd.DataFrame, names: list[str], kept: list[str], moments: list[str], side: str
) -> pd.DataFrame:
    """Return a list as text with a row a person, indexed by what the person is known by."""
    written = {name: _moment_texts if name in moments else texts for name in kept}
    written |= dict.fromkeys(names, texts)
    frame = pd.DataFrame({name: write(frame[name]) for name, write in written.items()})
    frame = frame.reset_index(drop=True)
    keys = pd.DataFrame({name: _key(frame[name]) for name in names})
    unknown = keys.isna().any(axis="columns")
    # A row without a value to know the person by is a person of its own, on this side alone.
    keys = keys.fillna("").assign(unknown="")
    keys.loc[unknown, "unknown"] = [f"{side} {row}" for row in frame.index[unknown]]
    person = keys.groupby(list(keys), sort=False).ngroup()
    first = frame.loc[~person.duplicated()].reset_index(drop=True)
    for name in kept:
        several = _differing(person, frame[name])
        rows = person.isin(several)
        pairs = pd.DataFrame({"person": person[rows], "value": frame.loc[rows, name]})
        pairs = pairs.dropna().drop_duplicates().sort_values("value")
        joined: dict[int, list[str]] = {}
        for who, value in zip(pairs["person"].tolist(), pairs["value"].tolist(), strict=True):
            joined.setdefault(who, []).append(value)
        first.loc[[*joined], name] = [join_values(parts) for parts in joined.values()]
    return first.set_axis(pd.MultiIndex.from_frame(keys.loc[~person.duplicated()]), axis="index")


def _differing(person: "pd.Series[int]", values: "pd.Series[str]") -> "pd.Index[int]":
    """Return the people whose rows differ in a column: in most columns of users there are none."""
    codes, _ = pd.factorize(values)
    by_person = pd.Series(codes, index=values.index).groupby(person)
    span = by_person.agg(["min", "max"])
    return span.index[span["min"] != span["max"]]


def _key(values: "pd.Series[str]") -> "pd.Series[str]":
    values = values.str.strip()
    if not str(values.name).lower().endswith("sourcedid"):
        values = values.str.casefold()
    return values.replace("", None).astype("str")
