"""Columns of strings, as the sources send them, to canonical tables with their types."""

import datetime
import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from oneroster_nb.tables.demographic_names import is_demographic, without_demographics
from oneroster_nb.tables.field import Kind
from oneroster_nb.tables.grades import grade_code
from oneroster_nb.tables.notes import Note, added, noted, notes_of
from oneroster_nb.tables.table import TABLES, join_values, sensitive_columns, split_text
from oneroster_nb.tables.vocabulary import ACTIVE, has_words, standard_word

_ARROW: Mapping[Kind, Any] = {
    Kind.TEXT: pa.string(),
    Kind.VALUES: pa.string(),
    Kind.BOOLEAN: pa.bool_(),
    Kind.DATE: pa.timestamp("us"),
    Kind.TIMESTAMP: pa.timestamp("us", "UTC"),
    Kind.NUMBER: pa.float64(),
}
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ].*)?")
_TEXT = pd.StringDtype(na_value=math.nan)
_DTYPES: Mapping[Any, Any] = {
    pa.bool_(): pd.BooleanDtype(),
    # Text stays text if a column has no value at all.
    pa.string(): _TEXT,
    pa.large_string(): _TEXT,
    pa.null(): _TEXT,
}
_STAMP = re.compile(
    r"\d{4}-\d{2}-\d{2}"
    r"(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:[Zz]|[+-]\d{2}(?::?[0-5]\d)?)?)?"
)
_TRUE_FALSE: Mapping[str, bool] = {
    "true": True,
    "1": True,
    "1.0": True,
    "false": False,
    "0": False,
    "0.0": False,
}


def cast_columns(name: str, columns: Mapping[str, Any], *, sensitive: bool = False) -> pa.Table:
    """Build a canonical table from pyarrow arrays of strings by column.

    It has all canonical columns in order, empty strings missing, then the others by name as
    strings, but never passwords and, among users, demographics and (if not `sensitive`) phone
    numbers. A value that cannot be read becomes missing. Words of the standard are written as the
    standard writes them, and a row without a status is active. Notes
    (:mod:`oneroster_nb.tables.notes`) count both.
    """
    table = TABLES[name]
    visible = table.visible(sensitive=sensitive)
    length = len(next(iter(columns.values()))) if columns else 0
    arrays: dict[str, Any] = {}
    notes: list[Note] = []
    for column, kind in visible.items():
        texts = columns.get(column)
        if texts is None:
            arrays[column] = pa.nulls(length, _ARROW[kind])
            continue
        texts = _without_empty(texts)
        arrays[column] = _READERS[kind](texts) if kind in _READERS else texts
        lost = arrays[column].null_count - texts.null_count
        if lost:
            notes.append(Note("value-unreadable", column, "", lost))
        if has_words(name, column):
            arrays[column], rewritten = _standard_words(name, column, arrays[column])
            notes += rewritten
    arrays["status"] = pc.fill_null(arrays["status"], ACTIVE)
    hidden = () if sensitive else sensitive_columns(name, columns)
    others = {
        column: _without_empty(texts)
        for column, texts in sorted(columns.items())
        if column not in table.columns and column not in hidden and not is_password(column)
    }
    if name == "users":
        others = _without_demographics(others)
    if "grades" in arrays:
        arrays["grades"], original = _grades(arrays["grades"])
        if original.null_count < length and "metadata.grades" not in others:
            others["metadata.grades"] = original
    return noted(pa.table(arrays | dict(sorted(others.items()))), notes)


def concat(name: str, tables: Iterable[pa.Table], *, sensitive: bool = False) -> pa.Table:
    """Put pages of one canonical table together; their notes add up."""
    pages = [cast_columns(name, {}, sensitive=sensitive), *tables]
    whole = pa.concat_tables(pages, promote_options="default")
    canonical = [column for column in whole.column_names if column in TABLES[name].columns]
    others = sorted(set(whole.column_names) - set(canonical))
    notes = added(note for page in pages for note in notes_of(page))
    return noted(whole.select(canonical + others), notes)


def to_frame(table: pa.Table) -> pd.DataFrame:
    """Turn a canonical table into a DataFrame with the dtypes of the schema."""
    whole = table.replace_schema_metadata().combine_chunks()  # to take rows of chunks is slow
    frame: pd.DataFrame = whole.to_pandas(types_mapper=_DTYPES.get)
    return frame


def is_password(name: str) -> bool:
    """Return True if a field of that name holds what is never kept."""
    folded = name.casefold()
    return "password" in folded or folded.removeprefix("metadata.") in ("credentials", "passwd")


def _without_demographics(others: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out the additions to users that are demographics, also those within JSON.

    A name that begins with ``_`` is no column of users: other tables are made of it.
    """
    kept = {c: texts for c, texts in others.items() if c.startswith("_") or not is_demographic(c)}
    for column, texts in kept.items():
        json_like = pc.match_substring_regex(texts, r"^\s*[\[{]")
        if not column.startswith("_") and pc.any(json_like).as_py():
            kept[column] = _mapped(texts, without_demographics, pa.string())
    return kept


def _without_empty(texts: Any) -> Any:
    if pc.index(texts, "").as_py() < 0:
        return texts
    return pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.string()), texts)


def _mapped(texts: Any, function: Callable[[str], Any], kind: Any) -> Any:
    """Apply `function` to each distinct text once."""
    encoded = pc.dictionary_encode(texts)
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    if isinstance(encoded, pa.ChunkedArray):  # no chunks at all
        return pa.nulls(0, kind)
    values = [function(text) for text in encoded.dictionary.to_pylist()]
    return pa.array(values, kind).take(encoded.indices)


def _standard_words(table: str, column: str, texts: Any) -> tuple[Any, list[Note]]:
    """Write the words of a column as the standard does, and note those that were others."""
    counts = {each["values"]: each["counts"] for each in pc.value_counts(texts).to_pylist()}
    words = {text: standard_word(table, column, text) for text in counts if text is not None}
    if all(text == word for text, word in words.items()):
        return texts, []
    notes = [
        Note("word-written-otherwise", column, text, counts[text])
        for text, word in words.items()
        if word not in (text, text.strip())
    ]
    return _mapped(texts, words.__getitem__, pa.string()), notes


def _booleans(texts: Any) -> Any:
    return _mapped(texts, lambda text: _TRUE_FALSE.get(text.strip().casefold()), pa.bool_())


def _numbers(texts: Any) -> Any:
    def number(text: str) -> float | None:
        try:
            value = float(text)
        except ValueError:
            return None
        return value if math.isfinite(value) else None

    return _mapped(texts, number, pa.float64())


def _timestamps(texts: Any) -> Any:
    """Read ISO 8601; a time without a zone is UTC."""
    return _mapped(texts, _stamp, pa.timestamp("us", "UTC"))


def _dates(texts: Any) -> Any:
    """Read the date of ``YYYY-MM-DD`` with or without a time; no zone moves it."""
    return _mapped(texts, _day, pa.timestamp("us"))


def _stamp(text: str) -> datetime.datetime | None:
    text = text.strip()
    if not _STAMP.fullmatch(text):
        return None
    try:
        stamp = datetime.datetime.fromisoformat(text)
        zone = stamp.tzinfo
        return (
            stamp.replace(tzinfo=datetime.UTC) if zone is None else stamp.astimezone(datetime.UTC)
        )
    except (ValueError, OverflowError):  # there is no such day, or none in UTC
        return None


def _day(text: str) -> datetime.datetime | None:
    text = text.strip()
    if not _DATE.fullmatch(text):
        return None
    try:
        return datetime.datetime.fromisoformat(text[:10])
    except ValueError:  # there is no such day
        return None


def _grades(texts: Any) -> tuple[Any, Any]:
    """Return the grades as CEDS codes, and the original text if it differs."""

    def codes(text: str) -> str:
        return join_values(grade_code(grade.strip()) for grade in split_text(text))

    coded = _mapped(texts, codes, pa.string())
    original = pc.if_else(pc.equal(coded, texts), pa.scalar(None, pa.string()), texts)
    return coded, original


_READERS: Mapping[Kind, Callable[[Any], Any]] = {
    Kind.BOOLEAN: _booleans,
    Kind.DATE: _dates,
    Kind.TIMESTAMP: _timestamps,
    Kind.NUMBER: _numbers,
}
