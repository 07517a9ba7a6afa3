"""References between tables that point nowhere, and what an answer leaves out because of them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

import pandas as pd

from oneroster_nb.errors import DanglingReferenceWarning, warn
from oneroster_nb.tables.elements import elements
from oneroster_nb.tables.field import Kind
from oneroster_nb.tables.lookup import codes
from oneroster_nb.tables.table import TABLES

NOT_THERE = "notThere"
"""The key of ``attrs`` under which an answer keeps what :func:`not_there` counted for it."""

_WORDS: Mapping[str, tuple[str, str]] = {
    "users": ("person", "people"),
    "classes": ("class", "classes"),
    "courses": ("course", "courses"),
    "orgs": ("org", "orgs"),
}
"""Table to what one of its rows is called, and what several are."""

_References = Iterable[tuple[str, "pd.Series[str]"]]
"""The table that is referred to, and the ids that refer to its rows."""


UnknownIds: TypeAlias = tuple[str, str, "pd.Series[int]"]
"""A table, one of its columns, and how often this refers to each id that no row has."""


def unknown_ids(
    tables: Mapping[str, pd.DataFrame], deleted: Mapping[str, "pd.Series[str]"] | None = None
) -> Iterator[UnknownIds]:
    """Yield each column that refers to ids that no row has.

    A reference into a table that is not among these is not judged. The ids in `deleted`, by table,
    are there as well.
    """
    for name, frame in tables.items():
        for column, target in (TABLES[name].references if name in TABLES else {}).items():
            if frame.empty or column not in frame or target not in tables:
                continue
            keys = tables[target]["sourcedId"]
            if deleted and len(deleted.get(target, ())):
                keys = pd.concat([keys, deleted[target]])
            values = frame[column]
            if TABLES[name].columns[column] is Kind.VALUES:
                values = elements(values)
            counts = values[codes(values, keys) < 0].value_counts(sort=False)
            if len(counts):
                yield name, column, counts


def warn_of_dangling(tables: Mapping[str, pd.DataFrame]) -> None:
    """Warn once of all references that point nowhere; the rows that hold them are kept.

    A reference into a table that is not there or empty is not judged.
    """
    counts = [
        f"{int(counts.sum()):,} in {name}.{column}"
        for name, column, counts in unknown_ids(tables)
        if len(tables[TABLES[name].references[column]])
    ]
    if counts:
        warn(
            f"References that point to nothing in this roster: {', '.join(counts)}. The rows are"
            " kept; they belong to no group.",
            DanglingReferenceWarning,
        )


def not_there(tables: Mapping[str, pd.DataFrame], references: _References) -> dict[str, int]:
    """Count the rows that are referred to and not there, each once, for each table with some.

    Rows marked ``tobedeleted`` are there. Missing and blank ids refer to nothing.

    Examples
    --------
    >>> users = pd.DataFrame({"sourcedId": ["a"]})
    >>> enrolled = pd.Series(["a", "b", "b", None], dtype="str")
    >>> not_there({"users": users}, [("users", enrolled)])
    {'users': 1}
    """
    lost: dict[str, set[str]] = {}
    for name, values in references:
        ids = pd.Series(values.dropna().unique(), dtype="str")
        if ids.empty:
            continue
        unknown = codes(ids, tables[name]["sourcedId"]) < 0
        lost.setdefault(name, set()).update(ids[unknown & (ids != "")])
    return {name: len(lost[name]) for name in _WORDS if lost.get(name)}


def left_out(found: Mapping[str, Mapping[str, int]], below: int | None = None) -> list[str]:
    """Write in one sentence, if at all, what an answer leaves out because it is not there.

    `found` is what :func:`not_there` counted, by where: "before" say, or "" for the only place.
    Counts of people from 1 to `below` less one are not told.

    Examples
    --------
    >>> left_out({"": {"users": 18, "orgs": 1}})
    ['Left out, because the data refer to them but do not hold them: 18 people and 1 org.']
    """
    places = [
        _listed(counts, below) + (f" ({place})" if place else "")
        for place, counts in found.items()
        if counts
    ]
    if not places:
        return []
    listed = "; ".join(places)
    return [f"Left out, because the data refer to them but do not hold them: {listed}."]


def warn_of_left_out(notes: Iterable[str]) -> None:
    """Warn of what :func:`left_out` says, if it says anything."""
    for note in notes:
        warn(
            f"{note} They may not be shared with this application. dangling_enrollments() lists"
            " enrollments that point nowhere.",
            DanglingReferenceWarning,
        )


def _listed(counts: Mapping[str, int], below: int | None) -> str:
    parts = [
        f"fewer than {below} people"
        if name == "users" and below is not None and count < below
        else f"{count:,} {_WORDS[name][count != 1]}"
        for name, count in counts.items()
    ]
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if parts[1:] else parts)
