"""Frames as CSV, Excel and Parquet: safe to open, and readable only by their owner.

If a spreadsheet could run a text as a formula, the text gets a leading ``'`` in CSV, and quotes if
it holds a semicolon or another separator. In Excel it is stored as text. Numbers stay numbers.
"""

import io
import os
from collections.abc import Callable
from datetime import date
from numbers import Number
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from oneroster_nb.errors import ConfigurationError, QueryError
from oneroster_nb.files import replaced
from oneroster_nb.tables.spreadsheet_safety import csv_cell
from oneroster_nb.tables.text import is_missing

ENDINGS = {"csv": ".csv", "excel": ".xlsx", "parquet": ".parquet"}
"""Format to file extension."""
_FORMATS = {ending: name for name, ending in ENDINGS.items()}


def export(df: pd.DataFrame, to: str) -> bytes:
    """Return the content of a file with the frame.

    Parameters
    ----------
    df : DataFrame
        The frame to export. An index that is not row numbers, such as a crosstab's, becomes the
        first columns; column labels of several parts are joined with ``" / "``.
    to : {"csv", "excel", "parquet"}
        CSV is UTF-8 with a byte order mark, timestamps with their zone, missing values empty. Excel
        has one sheet and, if the frame has a footnote, a second one, ``Notes``. In Excel,
        timestamps with a time zone become UTC, characters that Excel cannot hold become U+FFFD,
        and values that Excel would round (whole numbers of 16 digits or more) or does not have
        (dates before 1900, infinity) become text. Parquet keeps dtypes; a column of both text and
        numbers (hidden counts) becomes text.

    Returns
    -------
    bytes
        The content.

    Raises
    ------
    ConfigurationError
        If the format is unknown.
    QueryError
        If the format cannot hold the frame: too many rows, columns or characters for Excel; two
        columns of one name, or values of different types in one column, for Parquet.

    Examples
    --------
    >>> df = pd.DataFrame({"givenName": ["Ada", "=1+1"], "count": [3, -1]})
    >>> export(df, "csv").decode("utf-8-sig").splitlines()
    ['givenName,count', 'Ada,3', "'=1+1,-1"]
    """
    if not isinstance(df, pd.DataFrame):
        raise QueryError(f"Only a DataFrame can be exported, not a {type(df).__name__}")
    footnote = str(df.attrs.get("footnote", ""))
    writers: dict[str, Callable[[pd.DataFrame], bytes]] = {
        "csv": _csv,
        "excel": lambda flat: _excel(flat, footnote),
        "parquet": _parquet,
    }
    if to not in writers:
        raise ConfigurationError(f"Unknown format {to!r}; use {_listed(writers)}")
    return writers[to](_flat(df))


def write(df: pd.DataFrame, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
    """Write the frame to a file that only its owner can read, all of it or nothing.

    Parameters
    ----------
    df : DataFrame
        The frame, as for :func:`export`.
    path : path
        The file; its extension is the format: ``.csv``, ``.xlsx`` or ``.parquet``.
    overwrite : bool
        Whether to replace a file that exists.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ConfigurationError
        If the extension is unknown, the folder is missing or cannot be written to, or the file
        exists.
    QueryError
        As :func:`export`.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write(pd.DataFrame({"count": [1, 2]}), Path(folder) / "counts.csv").name
    'counts.csv'
    """
    target = checked_target(path, overwrite=overwrite)
    content = export(df, _FORMATS[target.suffix.lower()])
    try:
        with replaced(target) as file:
            file.write(content)
    except OSError as error:
        raise ConfigurationError(
            f"{str(target)!r} cannot be written: {error.strerror}; choose another place"
        ) from error
    return target


def checked_target(path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
    """Return the file that :func:`write` is to write; ConfigurationError if it cannot be."""
    target = Path(path).expanduser()
    if target.suffix.lower() not in _FORMATS:
        raise ConfigurationError(
            f"The format of {target.name!r} is not known; use an ending {_listed(_FORMATS)}"
        )
    if not target.parent.is_dir():
        raise ConfigurationError(f"There is no folder {str(target.parent)!r}; create it first")
    if target.is_dir():
        raise ConfigurationError(f"{str(target)!r} is a folder; use the name of a file")
    if os.path.lexists(target) and not overwrite:
        raise ConfigurationError(
            f"{str(target)!r} already exists; choose another name or pass overwrite=True"
        )
    return target


def _listed(names: Any) -> str:
    *others, last = names
    return f"{', '.join(others)} or {last}"


def _flat(df: pd.DataFrame) -> pd.DataFrame:
    """Return a frame of plain columns, whose names are text and may repeat."""
    df = df.copy(deep=False)
    # pandas would copy the attrs, which can be large, with every column.
    df.attrs = {}
    columns = [df.iloc[:, place] for place in range(df.shape[1])]
    names = [_name(label) for label in df.columns]
    index = df.index
    # Row numbers without a name are pandas' own, even if rows were removed.
    if not (index.names == [None] and pd.api.types.is_integer_dtype(index.dtype)):
        parts = [index.get_level_values(level) for level in range(index.nlevels)]
        names = [_name(part.name) for part in parts] + names
        columns = [pd.Series(part) for part in parts] + columns
    rows = pd.RangeIndex(len(df))
    flat = pd.DataFrame(
        {place: column.set_axis(rows) for place, column in enumerate(columns)}, index=rows
    )
    flat.columns = pd.Index(names, dtype="str")
    return flat


def _name(label: object) -> str:
    parts = label if isinstance(label, tuple) else (label,)
    return " / ".join(str(part) for part in parts if part is not None and part != "")


def _is_plain(column: pd.Series) -> bool:
    """Return True if a column holds numbers, booleans or dates, which cannot run as formulas."""
    dtype = column.dtype
    return bool(pd.api.types.is_numeric_dtype(dtype) or pd.api.types.is_datetime64_any_dtype(dtype))


def _csv(df: pd.DataFrame) -> bytes:
    plain = [place for place in range(df.shape[1]) if _is_plain(df.iloc[:, place])]
    columns = dict(zip(plain, _plain_cells(df.iloc[:, plain]), strict=True))
    for place in range(df.shape[1]):
        if place not in columns:
            columns[place] = _text_cells(df.iloc[:, place])
    header = [csv_cell(name) for name in df.columns]
    rows = zip(*(columns[place] for place in range(df.shape[1])), strict=True)
    # If the only cell of a row is empty, quotes keep the line from being empty.
    lines = (",".join(cells) or '""' for cells in (header, *rows))
    text = "".join(f"{line}\r\n" for line in lines)
    # Without a byte order mark, Excel reads CSV in the machine's old code page and garbles names
    # with accents. Half a surrogate pair is not a character, and becomes a question mark.
    return text.encode("utf-8-sig", errors="replace")


def _plain_cells(df: pd.DataFrame) -> list[list[str]]:
    """Return columns of numbers, booleans and dates as pandas writes them."""
    names = range(df.shape[1])
    # The row numbers in front keep rows from being empty.
    text = df.set_axis(names, axis="columns").to_csv(header=False, lineterminator="\n")
    rows = [line.split(",")[1:] for line in text.splitlines()]
    return [[row[name] for row in rows] for name in names]


def _text_cells(column: pd.Series) -> list[str]:
    """Return a column of texts, perhaps with other values, as CSV cells."""
    if not isinstance(column.dtype, pd.StringDtype):
        return [_cell(value) for value in column.astype(object)]
    codes, texts = pd.factorize(column)
    cells = np.array([*(csv_cell(text) for text in texts), ""], dtype=object)
    written: list[str] = cells[codes].tolist()  # code -1, missing, is the last one
    return written


def _cell(value: object) -> str:
    if isinstance(value, str):
        return csv_cell(value)
    if is_missing(value):
        return ""
    return str(value) if isinstance(value, Number | date) else csv_cell(str(value))


def _excel(df: pd.DataFrame, footnote: str) -> bytes:
    from oneroster_nb.excel import workbook  # its library is slow to import

    return workbook(df, footnote)


def _parquet(df: pd.DataFrame) -> bytes:
    names = list(df.columns)
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise QueryError(
            f"Parquet needs different column names, but {', '.join(repeated)} is there "
            "more than once; rename one"
        )
    plain = pd.DataFrame({name: _one_kind(df[name]) for name in names}, index=df.index)
    for name in names:
        try:
            pa.Array.from_pandas(plain[name])
        except (pa.ArrowException, OverflowError, UnicodeError):
            # The library's own message quotes a value.
            raise QueryError(
                f"Column {name!r} holds values that Parquet cannot keep in one column; "
                f"convert it first, for example with df[{name!r}].astype('str')"
            ) from None
    content = io.BytesIO()
    pq.write_table(pa.Table.from_pandas(plain, preserve_index=False), content)
    return content.getvalue()


def _one_kind(column: pd.Series) -> pd.Series:
    """Turn a column of text and other things, such as hidden counts, into text."""
    if column.dtype != object:
        return column
    is_text = column.dropna().map(lambda value: isinstance(value, str))
    if not is_text.any() or is_text.all():
        return column
    return column.map(str, na_action="ignore").astype("str")
