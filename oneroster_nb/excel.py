"""A frame as an Excel file, with values that Excel neither rounds nor runs."""

import io
import math
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from oneroster_nb.errors import QueryError
from oneroster_nb.tables.spreadsheet_safety import could_run
from oneroster_nb.tables.text import is_missing

# Characters that XML 1.0, and so Excel, cannot hold.
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ROWS, _COLUMNS, _TEXT = 1_048_576, 16_384, 32_767
# Excel keeps 15 digits of a number and has no dates before 1900.
_WHOLE, _YEAR = 10**15, 1900


def workbook(df: pd.DataFrame, footnote: str) -> bytes:
    """Return an Excel file with a frame and, on a second sheet, its footnote if it has one."""
    if len(df) + 1 > _ROWS or df.shape[1] > _COLUMNS:
        raise QueryError(
            f"An Excel sheet holds {_ROWS - 1:,} rows below its header and "
            f"{_COLUMNS:,} columns, and this frame has {len(df):,} and {df.shape[1]:,}; "
            "export it as CSV or Parquet"
        )
    columns = [_values(name, column) for name, column in df.items()]
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Sheet1")
    header = [_value(name, "the header") for name in df.columns]
    for row in [header, *zip(*columns, strict=True)]:
        sheet.append([_cell(sheet, value) for value in row])
    if footnote:
        notes = book.create_sheet("Notes")
        notes.append([_cell(notes, _value(footnote, "the footnote"))])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _values(name: object, column: pd.Series) -> list[Any]:
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        column = column.dt.tz_convert(UTC).dt.tz_localize(None)
    if (
        pd.api.types.is_datetime64_dtype(column.dtype)
        and (column.isna() | (column == column.dt.normalize())).all()
    ):
        column = column.dt.date
    return [_value(value, f"column {name!r}") for value in column.astype(object)]


def _value(value: Any, place: str) -> Any:
    """Return a value that Excel can hold: a number, a boolean, a date, text or None."""
    if not isinstance(value, str):
        if is_missing(value):
            return None
        if isinstance(value, bool | np.bool_):
            return bool(value)
        if isinstance(value, Integral) and abs(int(value)) < _WHOLE:
            return int(value)
        if isinstance(value, float | np.floating | Decimal) and math.isfinite(value):
            return float(value)
        if isinstance(value, datetime) and value.tzinfo is not None:
            value = value.astimezone(UTC).replace(tzinfo=None)
        if isinstance(value, date) and value.year >= _YEAR:
            return value
    text = _NOT_IN_XML.sub("\ufffd", str(value))
    if len(text) > _TEXT:
        raise QueryError(
            f"A text in {place} has {len(text):,} characters, and an Excel cell holds "
            f"{_TEXT:,}; export it as CSV or Parquet"
        )
    return text


def _cell(sheet: Any, value: Any) -> Any:
    # A plain value is much faster than a cell. Only text that the library would convert needs one:
    # it reads "=…" as a formula and "#N/A" as an error.
    if not isinstance(value, str) or not (value.startswith("#") or could_run(value)):
        return value
    cell = WriteOnlyCell(sheet, value)
    cell.data_type = "s"
    # Excel's own mark for text, so that it stays text when a person edits the cell.
    cell.quotePrefix = True
    return cell
