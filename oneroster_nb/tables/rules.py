"""What is found to be wrong with a roster: findings, each of a rule, and the frame of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import repeat
from typing import TypeAlias

import pandas as pd

from oneroster_nb.tables.rulebook import RULES, SEVERITIES, Rule

Tables: TypeAlias = Mapping[str, pd.DataFrame]
"""Canonical tables by name, as rules read them."""


@dataclass(frozen=True)
class Finding:
    """One place where a rule is broken.

    Attributes
    ----------
    code : str
        A key of :data:`RULES`.
    table : str
        The canonical table, or ``"manifest"``.
    message : str
        What is wrong here.
    sourcedId, field : str or None
        Where in the table.
    explains : int
        How many others have this one as their root.
    """

    code: str
    table: str
    message: str
    sourcedId: str | None = None
    field: str | None = None
    explains: int = 0


def found(
    code: str,
    table: str,
    detail: str = "",
    *,
    key: object = None,
    field: str | None = None,
    explains: int = 0,
) -> Finding:
    """Make a finding, whose message is the sentence of the rule and what is so here."""
    sentence = RULES[code].sentence
    message = f"{sentence.removesuffix('.')}: {detail}" if detail else sentence
    sourced_id = key if isinstance(key, str) else None
    return Finding(code, table, message, sourced_id, field, explains)


def found_each(
    code: str,
    table: str,
    keys: Iterable[object],
    field: str | None = None,
    details: Iterable[str] | None = None,
) -> list[Finding]:
    """Make a finding of one rule for each of these rows; `details` has one text for each."""
    pairs = zip(keys, repeat("") if details is None else details, strict=details is not None)
    return [found(code, table, detail, key=key, field=field) for key, detail in pairs]


def frame_of(findings: Iterable[Finding], rules: Mapping[str, Rule] = RULES) -> pd.DataFrame:
    """Put findings into a frame, the gravest first, and those that explain others before them.

    Returns
    -------
    pandas.DataFrame
        ``severity code table sourcedId field message schoolName classTitle`` (str) and ``explains``
        (int64). The school and the class are missing: a finding does not know them.
    """
    rank = {severity: place for place, severity in enumerate(SEVERITIES)}
    order = {code: place for place, code in enumerate(rules)}
    ranked = sorted(
        findings,
        key=lambda f: (rank[rules[f.code].severity], -f.explains, order[f.code], f.table),
    )
    columns = {
        "severity": [rules[f.code].severity for f in ranked],
        "code": [f.code for f in ranked],
        "table": [f.table for f in ranked],
        "sourcedId": [f.sourcedId for f in ranked],
        "field": [f.field for f in ranked],
        "message": [f.message for f in ranked],
        "schoolName": None,
        "classTitle": None,
    }
    index = pd.RangeIndex(len(ranked))
    frame = pd.DataFrame({n: pd.Series(v, index, dtype="str") for n, v in columns.items()})
    return frame.assign(explains=pd.Series([f.explains for f in ranked], dtype="int64"))
