"""Conditions on the columns of an answer, checked before anything is asked."""

import datetime
from collections.abc import Collection, Iterable, Mapping, Set
from typing import Any

import numpy as np
import pandas as pd

from oneroster_nb.errors import QueryError
from oneroster_nb.query.answer_columns import ANSWER_COLUMNS
from oneroster_nb.spelling import nearest, shown
from oneroster_nb.tables.where import Where, conditions_of


def checked_where(
    where: Where | None, known: Collection[str] = tuple(ANSWER_COLUMNS)
) -> dict[str, Any] | None:
    """Return conditions as plain values; QueryError for what no answer can be asked about.

    `known` are the columns that an answer can have, beside a provider's own.
    """
    if where is None:
        return None
    found: dict[str, Any] = {}
    for column, conditions in conditions_of(where).items():
        condition_on(column, known)
        if not conditions:
            raise QueryError(f"The condition on {column} is empty. Name an operator and a value.")
        plain = {sign: _plain(column, value) for sign, value in conditions.items()}
        found[column] = plain["="] if [*plain] == ["="] else plain
    return found or None


def condition_on(
    column: object,
    known: Collection[str] = tuple(ANSWER_COLUMNS),
    others: tuple[str, ...] = (),
) -> None:
    """Refuse a column that no answer has; name a near one, or a near one of others."""
    if isinstance(column, str) and ("." in column or column in known):
        return
    hint = nearest(column, [*others, *known]) if isinstance(column, str) else ""
    raise QueryError(f"An answer has no column {shown(column)} to put a condition on.{hint}")


def _plain(column: str, value: object) -> Any:
    """Return a value, or a list of them, as plain JSON holds it."""
    if isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping):
        # A set has another order in each process.
        items = sorted(value, key=str) if isinstance(value, Set) else value
        listed = [_plain_item(column, item) for item in items]
        if not listed:
            raise QueryError(f"The condition on {column} has an empty list. Name a value.")
        return listed
    return _plain_item(column, value)


def _plain_item(column: str, value: object) -> Any:
    """Return a value as plain JSON holds it; a missing one, and an empty text, is None."""
    if isinstance(value, np.datetime64):
        value = pd.Timestamp(value)
    elif isinstance(value, np.generic):
        value = value.item()
    if value is None or value is pd.NA or value != value or value == "":
        return None
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, str | bool | int | float):
        return value
    raise QueryError(f"The condition on {column} cannot compare with {shown(value)}.")
