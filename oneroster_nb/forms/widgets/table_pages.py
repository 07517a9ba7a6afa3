"""One page of a frame: search, sort, slice and write out (pure, and fast at 50,000 rows)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypedDict

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from oneroster_nb.forms.cells import CellKind, as_numbers, cell_kind, cell_texts, column_name

# Stands between the cells of a row while it is searched, so that no word matches across two cells.
_BETWEEN_CELLS = "\x1f"

# A longer text is cut in its cell: one odd value must not stall the browser.
_LONGEST_CELL = 1_000

_Rows = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Request:
    """What a view of the table wants to see; columns are told by their positions.

    All words of ``search`` must stand in the row, in any of the shown columns; case is ignored.
    Without ``sort``, rows keep the frame's order; missing values come last, ``descending`` or not.
    No ``columns`` means all of them. Pages are counted from 0; beyond the last, it is the last.
    """

    search: str = ""
    sort: int | None = None
    descending: bool = False
    columns: tuple[int, ...] = ()
    page: int = 0
    size: int = 50


class Column(TypedDict):
    """A shown column: its position in the frame, its name and what it holds."""

    position: int
    name: str
    kind: CellKind


class Page(TypedDict):
    """What a view shows: plain JSON.

    ``rows`` are the texts of the cells, ``page`` the page given, ``first`` the number of rows
    before it, ``found`` the rows that match and ``total`` the rows of the frame.
    """

    columns: list[Column]
    rows: list[list[str]]
    page: int
    first: int
    found: int
    total: int


class Pages:
    """The pages of one frame, with what was prepared for them so far.

    Columns are told apart by position, so names may repeat; the index is not shown.

    Examples
    --------
    >>> pages = Pages(pd.DataFrame({"grade": ["09", "10", "10"]}))
    >>> pages.page(Request(search="10", size=1))["found"]
    2
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        # Shallow: with copy-on-write, later changes to the caller's frame are not seen here.
        self._frame = frame.copy(deep=False)
        self._texts = [cell_texts(column) for _, column in self._frame.items()]
        self._kinds = [cell_kind(column) for _, column in self._frame.items()]
        self._searched: tuple[tuple[int, ...], list[str]] | None = None
        self._ranks: dict[int, _Rows] = {}
        self._found: tuple[Request, _Rows] | None = None

    @property
    def names(self) -> list[str]:
        """The names of all columns."""
        return [column_name(name) for name in self._frame.columns]

    def page(self, request: Request) -> Page:
        """Return the page that ``request`` asks for."""
        width = self._frame.shape[1]
        columns = tuple(c for c in request.columns if 0 <= c < width) or tuple(range(width))
        rows = self._rows(request, columns)
        size = max(request.size, 1)
        last = max(len(rows) - 1, 0) // size
        page = min(max(request.page, 0), last)
        shown = self._frame.iloc[rows[page * size : (page + 1) * size]]
        texts = [self._texts[c](shown.iloc[:, c]) for c in columns]
        names = self.names
        return Page(
            columns=[Column(position=c, name=names[c], kind=self._kinds[c]) for c in columns],
            rows=[[_cut(text) for text in row] for row in zip(*texts, strict=True)],
            page=page,
            first=page * size,
            found=len(rows),
            total=len(self._frame),
        )

    def _rows(self, request: Request, columns: tuple[int, ...]) -> _Rows:
        """Return the positions of the rows that match, in the order asked for."""
        key = Request(request.search, request.sort, request.descending, columns)
        if self._found is None or self._found[0] != key:
            rows = self._matching(request.search, columns)
            if request.sort is not None and 0 <= request.sort < self._frame.shape[1]:
                rows = self._sorted(rows, request.sort, descending=request.descending)
            self._found = (key, rows)
        return self._found[1]

    def _matching(self, search: str, columns: tuple[int, ...]) -> _Rows:
        rows = range(len(self._frame))
        words = search.casefold().split()
        if not words or not columns:
            return np.arange(len(rows))
        texts = self._row_texts(columns)
        found = list(rows)
        for word in words:
            found = [row for row in found if word in texts[row]]
        return np.array(found, dtype=np.intp)

    def _row_texts(self, columns: tuple[int, ...]) -> list[str]:
        """Return each row as one text to search in, without upper case."""
        if self._searched is None or self._searched[0] != columns:
            cells = [self._arrow_texts(c) for c in columns]
            joined = pc.binary_join_element_wise(
                *cells, pa.scalar(_BETWEEN_CELLS, pa.large_string()), null_handling="replace"
            )
            self._searched = (columns, [text.casefold() for text in joined.to_pylist()])
        return self._searched[1]

    def _arrow_texts(self, column: int) -> pa.Array | pa.ChunkedArray:
        values = self._frame.iloc[:, column]
        if isinstance(values.dtype, pd.StringDtype):
            return pa.array(values, pa.large_string(), from_pandas=True)
        return pa.array(self._texts[column](values), pa.large_string())

    def _sorted(self, rows: _Rows, column: int, *, descending: bool) -> _Rows:
        if column not in self._ranks:
            self._ranks[column] = _ranks(self._frame.iloc[:, column], self._texts[column])
        ranks = self._ranks[column][rows]
        missing = ranks < 0
        keys = np.where(missing, np.iinfo(np.intp).max, -ranks if descending else ranks)
        return rows[np.argsort(keys, kind="stable")]


def _ranks(values: pd.Series, texts: Callable[[pd.Series], list[str]]) -> _Rows:
    """Return the place of each value in the order of its column, from 0; -1 for a missing one."""
    if isinstance(values.dtype, pd.CategoricalDtype) and values.cat.ordered:
        return np.asarray(values.cat.codes, dtype=np.intp)
    if cell_kind(values) == "text":
        folded = pd.Series(texts(values), dtype="str").str.casefold()
        values = folded.where(values.notna().to_numpy())
    elif cell_kind(values) == "number" and not pd.api.types.is_numeric_dtype(values.dtype):
        values = as_numbers(values)
    return np.asarray(pd.factorize(values, sort=True)[0], dtype=np.intp)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_CELL else text[:_LONGEST_CELL] + "…"
