"""Which groups a question means: names and ids compared with the fields of a group table."""

import fnmatch
import re
import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow.compute as pc
from numpy.typing import NDArray

from oneroster_nb.errors import QueryError
from oneroster_nb.spelling import nearest
from oneroster_nb.tables.added_columns import OTHER_NAMES, PREFIXES
from oneroster_nb.tables.field import Kind
from oneroster_nb.tables.grades import grade_code
from oneroster_nb.tables.table import TABLES, split_text
from oneroster_nb.tables.text import arrow_texts

DEFAULT_MATCH_ON = ("sourcedId", "name", "title")

_LISTS = frozenset(
    column
    for table in TABLES.values()
    for column, kind in table.columns.items()
    if kind is Kind.VALUES
) | {"termTitles"}
_SYNONYMS: Mapping[str, Sequence[str]] = {
    "name": ("title",),
    "title": ("name",),
    "id": ("sourcedId",),
    **OTHER_NAMES,
    "number": ("courseCode",),
    "section_number": ("classCode",),
    "subject": ("subjects",),
    "grade": ("grades",),
    "period": ("periods",),
    "course": ("courseSourcedId",),
    "school": ("schoolSourcedId",),
    "term_id": ("termSourcedIds",),
}
"""Other names of fields: what a group is called, and the words of providers."""
_ADDED = (*PREFIXES, "metadata.")


@dataclass(frozen=True)
class Matched:
    """The groups that matched.

    They are `positions` in the group table. For each, `matched_on` has the first field that
    matched, as it was asked for; empty if no name was given. `unmatched` are the names that matched
    nothing.
    """

    positions: NDArray[np.intp]
    matched_on: list[str]
    unmatched: tuple[str, ...] = ()


def checked_fields(match_on: Sequence[str], available: Sequence[str]) -> dict[str, str]:
    """Find the columns of a group table that names are to be compared with.

    ``name`` and ``title`` both mean what the group is called, whichever its table has; the words
    of Clever and the bare names of a vendor's additions are understood, too.

    QueryError for a field that there is not. Otherwise as :func:`known_fields`.
    """
    for name in match_on:
        if field_named(name, available) is None:
            raise QueryError(
                f"Unknown match_on field {name!r}.{nearest(name, available)}"
                f" The fields are: {', '.join(available)}."
            )
    return known_fields(match_on, available)


def known_fields(match_on: Sequence[str], available: Collection[str]) -> dict[str, str]:
    """Find the columns that some fields mean; a field without a column is left out.

    Return each column and the field that was asked for, the column's own name if that was.

    Examples
    --------
    >>> known_fields(["sis_id", "name", "title"], ["sourcedId", "title", "clever.sis_id"])
    {'clever.sis_id': 'sis_id', 'title': 'title'}
    """
    found: dict[str, str] = {}
    for name in match_on:
        column = field_named(name, available)
        if column is not None:
            found[column] = column if column in match_on else found.get(column, name)
    return found


def field_named(name: str, available: Collection[str]) -> str | None:
    """Find the column that a name means, None if there is none.

    Examples
    --------
    >>> field_named("sis_id", ["sourcedId", "title", "clever.sis_id"])
    'clever.sis_id'
    """
    names = (name, *_SYNONYMS.get(name, ()), *(prefix + name for prefix in _ADDED))
    return next((candidate for candidate in names if candidate in available), None)


def name_column(kind: str) -> str:
    """Return the column with what groups of a kind are called."""
    return "title" if kind in ("classes", "courses") else "name"


def match_groups(
    groups: pd.DataFrame, names: Sequence[str] | None, match_on: Mapping[str, str], match: str
) -> Matched:
    """Find the groups that match the names.

    No names mean every group. `match_on` is what :func:`checked_fields` returns.
    """
    if names is None:
        return Matched(np.arange(len(groups)), [""] * len(groups))
    first_field = np.full(len(groups), -1)
    found: set[str] = set()
    for number, field in reversed(list(enumerate(match_on))):
        for name in names:
            hits = match_values(groups[field], name, match)
            if hits.any():
                found.add(name)
                first_field[hits] = number
    positions = np.flatnonzero(first_field >= 0)
    asked = list(match_on.values())
    return Matched(
        positions,
        [asked[number] for number in first_field[positions]],
        tuple(name for name in names if name not in found),
    )


def match_values(column: "pd.Series[str]", name: str, match: str) -> NDArray[np.bool_]:
    """Compare each value of a column with a name; a multi-valued one when any element does."""
    codes, uniques = pd.factorize(column)
    texts = pd.Series(uniques, dtype="str")
    compare = _comparison(str(column.name), name, match)
    if column.name in _LISTS:
        hits = np.array([any(map(compare, split_text(text))) for text in texts], dtype=bool)
    else:
        hits, known = _plain_hits(texts, name, match)
        hits[~known] = [compare(text) for text in texts[~known]]
    return np.append(hits, False)[codes]  # code -1, missing, is the last one


def _plain_hits(
    texts: "pd.Series[str]", name: str, match: str
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Compare plain texts with a name, all at once; return what matches, and what was compared.

    Of printable ASCII, texts that :func:`fold_case` makes equal differ in case and spaces alone.
    """
    if match not in ("exact", "contains"):
        return np.zeros(len(texts), dtype=bool), np.zeros(len(texts), dtype=bool)
    values = arrow_texts(texts)
    folded = pc.ascii_lower(pc.ascii_trim(values, " "))
    hits = (pc.equal if match == "exact" else pc.match_substring)(folded, fold_case(name))
    plain = pc.match_substring_regex(values, "^[ -~]*$")
    return np.array(hits, dtype=bool), np.array(plain, dtype=bool)


def _comparison(field: str, name: str, match: str) -> Callable[[str], bool]:
    if match == "exact":
        as_grade = grade_code if field == "grades" else str
        wanted = fold_case(as_grade(name.strip()))
        return lambda text: fold_case(text) == wanted
    if match == "contains":
        part = fold_case(name)
        return lambda text: part in fold_case(text)
    pattern = fnmatch.translate(_tidy(name)) if match == "glob" else name
    compiled = re.compile(pattern, re.IGNORECASE)
    search = compiled.match if match == "glob" else compiled.search
    return lambda text: search(_tidy(text)) is not None


def _tidy(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip()


def fold_case(text: str) -> str:
    """Return a text without outer spaces, in lower case, so that texts compare without case."""
    return _tidy(text).casefold()
