"""The canonical tables, as `fields` describes them: dtypes, keys, references, empty tables.

Every source arrives in this shape, whose names are those of the OneRoster 1.2 CSV binding with the
columns of 1.1 that 1.2 dropped (``users.role``, ``users.orgSourcedIds``). ``users.password`` is not
part of it. ``users.sms`` and ``users.phone`` are there only if they were asked for.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache

import pandas as pd

from oneroster_nb.tables.field import Kind
from oneroster_nb.tables.fields import FIELDS

_PHONE = re.compile(r"(?:phone|(?:^|[._ ])(?:sms|mobile))(?!.*type$)", re.IGNORECASE)
"""A column of phone numbers; ``phone_type`` says of one only that it is a mobile."""


@dataclass(frozen=True)
class Table:
    """One canonical table.

    Attributes
    ----------
    name : str
        The name in the OneRoster CSV binding, ``"academicSessions"`` say.
    columns : Mapping[str, Kind]
        The columns in order. ``sourcedId`` is the key of every table.
    references : Mapping[str, str]
        Column to the table it points into.
    sensitive : frozenset[str]
        Columns that are there only if they were asked for.
    """

    name: str
    columns: Mapping[str, Kind]
    references: Mapping[str, str] = field(default_factory=dict)
    sensitive: frozenset[str] = frozenset()

    def visible(self, *, sensitive: bool = False) -> dict[str, Kind]:
        """Return the columns, without the sensitive ones unless they are asked for."""
        return {
            name: kind
            for name, kind in self.columns.items()
            if sensitive or name not in self.sensitive
        }


TABLES: Mapping[str, Table] = {
    name: Table(
        name,
        {each.name: each.kind for each in fields.columns},
        {each.name: each.to for each in fields.columns if each.to and not FIELDS[each.to].extra},
        frozenset(each.name for each in fields.columns if each.sensitive),
    )
    for name, fields in FIELDS.items()
    if not fields.extra
}
"""The canonical tables by name."""


EXTRA_TABLES: Mapping[str, tuple[str, ...]] = {
    name: tuple(each.name for each in fields.columns)
    for name, fields in FIELDS.items()
    if fields.extra
}
"""Tables of OneRoster 1.2 beyond the canonical ones, and the columns that they have at least.

A roster keeps them as they were found, but for the credentials of profiles.
"""


def empty_table(name: str, *, sensitive: bool = False) -> pd.DataFrame:
    """Return a table without rows.

    Parameters
    ----------
    name : str
        A key of :data:`TABLES` or :data:`EXTRA_TABLES`.
    sensitive : bool
        Whether ``sms`` and ``phone`` are among the columns of ``users``.

    Returns
    -------
    pandas.DataFrame
        All columns of the table, each with its dtype.

    Raises
    ------
    KeyError
        If there is no such table.

    Examples
    --------
    >>> list(empty_table("academicSessions").columns)[3:6]
    ['title', 'type', 'startDate']
    """
    return _empty_table(name, sensitive).copy(deep=False)


@cache  # to make it takes milliseconds, and each question needs several
def _empty_table(name: str, sensitive: bool) -> pd.DataFrame:
    if name in EXTRA_TABLES:
        return pd.DataFrame(columns=EXTRA_TABLES[name], dtype="str")
    columns = TABLES[name].visible(sensitive=sensitive)
    return pd.DataFrame({c: pd.Series([], dtype=kind.dtype) for c, kind in columns.items()})


def sensitive_columns(name: str, columns: Iterable[str]) -> list[str]:
    """Return the columns of a table that are shown only if they are asked for.

    Returns
    -------
    list of str
        Of users ``sms``, ``phone`` and a provider's own columns of phone numbers. Of other tables
        none: the phone number of a school is public.

    Examples
    --------
    >>> sensitive_columns("users", ["email", "sms", "clever.ext.home_phone", "clever.phone_type"])
    ['sms', 'clever.ext.home_phone']
    """
    if name not in TABLES or not TABLES[name].sensitive:
        return []
    return [column for column in columns if _PHONE.search(column)]


def without_sensitive(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """Return a table without its :func:`sensitive_columns`."""
    sensitive = sensitive_columns(name, table.columns)
    return table.drop(columns=sensitive) if sensitive else table.copy(deep=False)


def join_values(values: Iterable[str]) -> str:
    """Join values into one string as the CSV binding does; :func:`split_values` undoes it.

    Parameters
    ----------
    values : iterable of str
        The values. One that holds a comma or a quote is quoted, with inner quotes doubled.

    Examples
    --------
    >>> join_values(["ELA", "Reading, advanced"])
    'ELA,"Reading, advanced"'
    """
    return ",".join(
        '"' + value.replace('"', '""') + '"' if "," in value or '"' in value else value
        for value in values
    )


def split_text(text: str) -> list[str]:
    """Take one joined string apart; the inverse of :func:`join_values`."""
    if '"' not in text:
        return text.split(",") if text else []
    values: list[str] = []
    position = 0
    while position <= len(text):
        if text.startswith('"', position):
            value, position = _quoted(text, position)
        else:
            end = text.find(",", position)
            end = len(text) if end < 0 else end
            value, position = text[position:end], end
        values.append(value)
        position += 1
    return values


def _quoted(text: str, start: int) -> tuple[str, int]:
    """Read the quoted value at `start`; return it and the position of the comma after it."""
    position = start + 1
    while True:
        end = text.find('"', position)
        if end < 0:  # an opening quote without its partner is part of the text
            end = text.find(",", start)
            end = len(text) if end < 0 else end
            return text[start:end], end
        if not text.startswith('"', end + 1):
            break
        position = end + 2
    comma = text.find(",", end)
    comma = len(text) if comma < 0 else comma
    return text[start + 1 : end].replace('""', '"') + text[end + 1 : comma], comma


def split_values(series: "pd.Series[str]") -> "pd.Series[list[str]]":
    """Take a multi-valued column apart.

    Parameters
    ----------
    series : pandas.Series of str
        A column such as ``grades`` or ``orgSourcedIds``.

    Returns
    -------
    pandas.Series of list
        A list a row, empty where the value is missing or empty; the index is kept. Use
        ``.explode()`` on it for a row a value.

    Examples
    --------
    >>> import pandas as pd
    >>> split_values(pd.Series(["06,07", None], dtype="str")).tolist()
    [['06', '07'], []]
    """
    parts = {text: split_text(text) for text in series.dropna().unique()}
    lists = [list(parts[text]) if isinstance(text, str) else [] for text in series]
    return pd.Series(lists, index=series.index, name=series.name, dtype=object)
