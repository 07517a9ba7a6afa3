"""Values of a file that deviate from the standard (pure)."""

import re
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from oneroster_nb.bundle.dates import iso_dates
from oneroster_nb.tables.field import Kind
from oneroster_nb.tables.rules import Finding, found
from oneroster_nb.tables.table import TABLES

_SHOWN_AT_MOST = 1000
_BOOLEANS = frozenset({"true", "false", "", None})
_TIMED = re.compile(r"\d{4}-\d{2}-\d{2}[T ].+")


def iso_texts(table: str, column: str, texts: Any) -> tuple[Any, list[Finding]]:
    """Convert dates in other formats to ISO 8601.

    Parameters
    ----------
    table, column : str
        A canonical table, and one of its columns of dates or times.
    texts : pyarrow.ChunkedArray
        The values in the file.

    Returns
    -------
    texts : pyarrow.ChunkedArray
        The values, with dates in ISO 8601.
    findings : list of Finding
        One if any value deviates from the standard.
    """
    distinct = [text for text in pc.unique(texts).to_pylist() if text]
    iso, how = iso_dates(distinct)
    ways = [how] if iso else []
    if TABLES[table].columns[column] is Kind.DATE:
        timed = any(_TIMED.fullmatch(text.strip()) for text in distinct)
        ways += ["its time left out"] * timed
    if not ways:
        return texts, []
    words = f"{column} was read with {' and '.join(ways)}."
    findings = [found("date-format", table, words, field=column)]
    if not iso:
        return texts, findings
    encoded = pc.dictionary_encode(whole_column(texts))
    values = [iso.get(text, text) for text in encoded.dictionary.to_pylist()]
    return pa.chunked_array([pa.array(values, pa.string()).take(encoded.indices)]), findings


def odd_booleans(table: str, texts: Mapping[str, Any], page: pa.Table) -> list[Finding]:
    """Return a finding for booleans that could be read but deviate from the standard."""
    odd = []
    for name, kind in TABLES[table].columns.items():
        if kind is not Kind.BOOLEAN or name not in texts:
            continue
        if set(pc.unique(texts[name]).to_pylist()) <= _BOOLEANS:
            continue
        read = texts[name].filter(pc.is_valid(page[name]))
        if not set(pc.unique(read).to_pylist()) <= _BOOLEANS:
            odd.append(name)
    return [found("boolean-format", table, f"{', '.join(odd)}.")] if odd else []


def unreadable_values(
    table: str, column: str, texts: Mapping[str, Any], page: pa.Table
) -> list[Finding]:
    """Return findings for values that could not be read, with the ids of their rows."""
    given = texts[column]
    lost = pc.and_(pc.not_equal(given, ""), pc.is_null(page[column]))
    lost = pc.and_(lost, pc.is_valid(given))
    if not pc.any(lost).as_py():
        return []
    keys = texts["sourcedId"].filter(lost).to_pylist()
    values = given.filter(lost).to_pylist()
    findings = [
        found("value-unreadable", table, f"{value[:40]!r}.", key=key, field=column)
        for key, value in zip(keys[:_SHOWN_AT_MOST], values[:_SHOWN_AT_MOST], strict=True)
    ]
    if len(keys) > _SHOWN_AT_MOST:
        more = len(keys) - _SHOWN_AT_MOST
        words = f"{more:,} more rows."
        findings.append(found("value-unreadable", table, words, field=column, explains=more))
    return findings


def blank(texts: Any) -> bool:
    """Return True if a column is missing or empty."""
    if texts is None:
        return True
    return not pc.any(pc.not_equal(texts, "")).as_py()


def whole_column(texts: Any) -> Any:
    """Return a column as one chunk."""
    if not isinstance(texts, pa.ChunkedArray):
        return texts
    if texts.num_chunks == 1:
        return texts.chunk(0)
    return pa.concat_arrays(texts.chunks) if texts.num_chunks else pa.array([], texts.type)
