"""The tables of the demo server, with indexes that are built on first use."""

import threading
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, Final, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from oneroster_nb.demo.district.roles import shown_roles
from oneroster_nb.demo.server.derived import DERIVED
from oneroster_nb.tables.field import Kind
from oneroster_nb.tables.fields import FIELDS
from oneroster_nb.tables.table import EXTRA_TABLES, TABLES, empty_table, split_text

Positions: TypeAlias = npt.NDArray[np.int64]
"""Row numbers of a table."""

_T = TypeVar("_T")

_SHOWN: Final = [name for name in EXTRA_TABLES if FIELDS[name].rest]
"""Tables that OneRoster 1.2 serves and that are not canonical."""


class Column:
    """One column as distinct texts and, for each row, the number of its text (-1: missing).

    Dates, times, numbers and booleans are texts as OneRoster writes them in JSON.

    Attributes
    ----------
    codes : numpy.ndarray of int64
        For each row, the number of its text.
    texts : list of str
        The distinct texts.
    """

    def __init__(self, series: "pd.Series[Any]", kind: Kind) -> None:
        if kind in (Kind.TEXT, Kind.VALUES):
            codes, distinct = pd.factorize(series.to_numpy(dtype=object))
            self.texts: list[str] = list(distinct)
        else:
            codes, values = pd.factorize(series)
            self.texts = _written(pd.Series(values), kind)
        self.codes: Positions = codes.astype(np.int64)
        self._kind = kind

    @cached_property
    def elements(self) -> list[list[str]]:
        """The values that are joined in each text, or the text itself."""
        if self._kind is Kind.VALUES:
            return [split_text(text) for text in self.texts]
        return [[text] for text in self.texts]

    def rows(self, element: str) -> Positions:
        """Return the rows that hold `element`, in order."""
        codes = self._holders.get(element, [])
        order, bounds = self._sorted
        found = [order[bounds[code] : bounds[code + 1]] for code in codes]
        return np.sort(np.concatenate(found)) if found else np.empty(0, dtype=np.int64)

    def among(self, rows: Positions, *elements: str) -> Positions:
        """Return the rows, among some rows, that hold one of `elements`."""
        codes = [code for element in elements for code in self._holders.get(element, [])]
        return rows[np.isin(self.codes[rows], codes)]

    def held(self, rows: Positions) -> list[str]:
        """Return the distinct elements that some rows hold."""
        codes = np.unique(self.codes[rows])
        return [element for code in codes[codes >= 0] for element in self.elements[code]]

    @cached_property
    def _sorted(self) -> tuple[Positions, Positions]:
        """The rows by code, and the first position of each code."""
        order = np.argsort(self.codes, kind="stable")
        return order, np.searchsorted(self.codes[order], np.arange(len(self.texts) + 1))

    @cached_property
    def _holders(self) -> dict[str, list[int]]:
        """Element to the codes of the texts that hold it."""
        if self._kind is Kind.TEXT:
            return {text: [code] for code, text in enumerate(self.texts)}
        holders: dict[str, list[int]] = {}
        for code, elements in enumerate(self.elements):
            for element in dict.fromkeys(elements):
                holders.setdefault(element, []).append(code)
        return holders


class Store:
    """The tables of a district, with all columns and dtypes.

    The roles are from :func:`oneroster_nb.demo.district.roles.shown_roles`.

    Parameters
    ----------
    tables : Mapping[str, pandas.DataFrame]
        Canonical tables, and ``userProfiles``; missing tables are empty.
    """

    def __init__(self, tables: Mapping[str, pd.DataFrame]) -> None:
        names = (*TABLES, *_SHOWN)
        self.tables = {name: _completed(name, tables.get(name)) for name in names}
        self.tables["roles"] = shown_roles(
            self.tables["users"], self.tables["roles"], self.tables["orgs"]
        )
        self._made: dict[tuple[str, ...], Any] = {}
        self._lock = threading.RLock()

    def kind(self, table: str, name: str) -> Kind:
        """Return the kind of a column, also of :data:`oneroster_nb.demo.server.derived.DERIVED`."""
        if (table, name) in DERIVED:
            return DERIVED[table, name][0]
        canonical = TABLES[table].columns if table in TABLES else {}
        return canonical.get(name, Kind.TEXT)

    def column(self, table: str, name: str) -> Column:
        """Return a column; it is made and indexed once."""

        def make() -> Column:
            if (table, name) in DERIVED:
                kind, derive = DERIVED[table, name]
                return Column(derive(self.tables), kind)
            return Column(self.tables[table][name], self.kind(table, name))

        return self.once(("column", table, name), make)

    def values(self, table: str, name: str, rows: Positions) -> list[str | None]:
        """Return the texts of some rows in a column; None if missing."""
        column = self.column(table, name)
        return [column.texts[code] if code >= 0 else None for code in column.codes[rows].tolist()]

    def rows(self, table: str, column: str, *elements: str) -> Positions:
        """Return the rows of a table whose `column` holds one of `elements`, in order."""
        index = self.column(table, column)
        if len(elements) == 1:
            return index.rows(elements[0])
        found = [index.rows(element) for element in elements]
        return np.unique(np.concatenate(found)) if found else np.empty(0, dtype=np.int64)

    def once(self, key: tuple[str, ...], make: Callable[[], _T]) -> _T:
        """Return the result of `make`, which is called once for all threads."""
        if key not in self._made:
            with self._lock:
                if key not in self._made:
                    self._made[key] = make()
        made: _T = self._made[key]
        return made


def _completed(name: str, table: pd.DataFrame | None) -> pd.DataFrame:
    """Return a table with all its columns; extra columns stay."""
    if name in TABLES:
        empty = empty_table(name, sensitive=True)
    else:
        columns = {each.name: each.kind.dtype for each in FIELDS[name].columns}
        empty = pd.DataFrame({name: pd.Series([], dtype=dtype) for name, dtype in columns.items()})
    if table is None:
        return empty
    table = table.reset_index(drop=True)
    absent = {
        str(column): pd.Series([None] * len(table), dtype=dtype)
        for column, dtype in empty.dtypes.items()
        if column not in table
    }
    return table.assign(**absent)


def _written(values: "pd.Series[Any]", kind: Kind) -> list[str]:
    """Return values, none of them missing, in the format of OneRoster's JSON."""
    if kind is Kind.BOOLEAN:
        return ["true" if value else "false" for value in values]
    if kind is Kind.DATE:
        return [str(day) for day in values.to_numpy(dtype="datetime64[D]")]
    if kind is Kind.TIMESTAMP:
        return [f"{moment}Z" for moment in values.dt.tz_convert(None).to_numpy("datetime64[ms]")]
    return [repr(value).removesuffix(".0") for value in values.tolist()]
