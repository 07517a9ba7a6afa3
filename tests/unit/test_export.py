"""Files read back with other libraries than the one that wrote them, where there is one."""

import csv
import io
import os
import stat
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, strategies as st

from oneroster_nb.counts.count import crosstab
from oneroster_nb.errors import ConfigurationError, QueryError
from oneroster_nb.export import ENDINGS, export, write
from oneroster_nb.tables.spreadsheet_safety import could_run

DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\N{FULLWIDTH EQUALS SIGN}")
UNSEEN = ("", " ", "\xa0", "\u200b", "\n", "\x00", "\u2028 ")
# No lone surrogates: they are no characters, and have a test of their own.
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
TRICKY = st.one_of(
    TEXT, st.builds("{}{}{}".format, *map(st.sampled_from, (UNSEEN, DANGEROUS)), TEXT)
)


def read_csv(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def read_excel(content: bytes) -> list[list[Any]]:
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    return [list(row) for row in sheet.iter_rows()]


def values(content: bytes) -> list[list[Any]]:
    return [[cell.value for cell in row] for row in read_excel(content)]


def table() -> pd.DataFrame:
    df = pd.DataFrame(
        {"sourcedId": list("abc"), "school": ["N", "N", "S"], "grade": ["06", "07", "06"],
         "role": ["=s", "=s", "=s"]}
    )  # fmt: skip
    return crosstab(df, "school", ["grade", "role"])


@given(st.lists(st.tuples(TRICKY, TRICKY), min_size=1, max_size=6), TRICKY)
def test_no_csv_cell_is_run_and_every_value_survives(rows: list[Any], name: str) -> None:
    df = pd.DataFrame(rows, columns=[name, "second"], dtype="str")
    df["third"] = pd.Categorical([first for first, _ in rows])
    lines = read_csv(export(df, "csv"))
    cells = [cell for line in lines for cell in line]
    assert not any(could_run(cell) for cell in cells)

    def written(text: str) -> str:
        return f"'{text}" if could_run(text) else text

    assert lines[0] == [written(name), "second", "third"]
    assert lines[1:] == [[written(a), written(b), written(a)] for a, b in rows]


def test_csv_for_excel_and_for_everyone() -> None:
    df = pd.DataFrame(
        {
            "givenName": ["Zoë", None],
            "count": [-1, 2],
            "share": [-0.5, np.nan],
            "enabledUser": pd.array([True, None], dtype="boolean"),
            "beginDate": pd.to_datetime(["2024-01-31", None]),
            "dateLastModified": pd.to_datetime(["2024-01-31T08:00:00Z", None]),
            "mixed": [-3, "-3"],
            "price": [Decimal("-1.5"), None],
            "late": pd.to_timedelta([-1, 1], unit="s"),
        }
    )
    content = export(df, "csv")
    assert content.startswith("\ufeffgivenName,".encode())
    assert content.count(b"\r\n") == 3
    first, second = read_csv(content)[1:]
    assert first == [
        "Zoë", "-1", "-0.5", "True", "2024-01-31", "2024-01-31 08:00:00+00:00", "-3", "-1.5",
        "'-1 days +23:59:59",
    ]  # fmt: skip
    assert second == ["", "2", "", "", "", "", "'-3", "", "0 days 00:00:01"]


def test_half_a_character_does_not_break_the_file() -> None:
    df = pd.DataFrame({"x": pd.Series(["a\ud800b"], dtype=object)})
    assert read_csv(export(df, "csv")) == [["x"], ["a?b"]]
    assert values(export(df, "excel")) == [["x"], ["a\ufffdb"]]


def test_a_crosstab_keeps_its_row_labels() -> None:
    expected = [
        ["school", "06 / =s", "07 / =s", "All"],
        ["N", 1, 1, 2],
        ["S", 1, 0, 1],
        ["All", 2, 1, 3],
    ]
    assert read_csv(export(table(), "csv")) == [[str(cell) for cell in row] for row in expected]
    assert values(export(table(), "excel")) == expected
    read = pq.read_table(io.BytesIO(export(table(), "parquet"))).to_pydict()
    assert list(read) == expected[0]
    assert [list(row) for row in zip(*read.values(), strict=True)] == expected[1:]


def test_row_numbers_are_no_column_also_after_rows_were_taken_out() -> None:
    df = pd.DataFrame({"x": [1, 2, 3]})
    assert read_csv(export(df[df["x"] > 1], "csv")) == [["x"], ["2"], ["3"]]
    described = pd.DataFrame({"x": [2.5]}, index=["mean"])
    assert read_csv(export(described, "csv")) == [["", "x"], ["mean", "2.5"]]


def test_excel_holds_text_as_text() -> None:
    texts = ['=HYPERLINK("http://example.org")', "+1", "-1", "@x", "\tx", "#N/A", "007", "'x"]
    df = pd.DataFrame({"=name": texts})
    header, *cells = [row[0] for row in read_excel(export(df, "excel"))]
    assert (header.value, header.data_type) == ("=name", "s")
    assert [cell.value for cell in cells] == texts
    assert {cell.data_type for cell in cells} == {"s"}
    assert [cell.quotePrefix for cell in cells] == [True] * 6 + [False] * 2


def test_excel_holds_numbers_dates_and_what_it_cannot() -> None:
    late = pd.Timestamp("2024-01-31T23:30:00", tz="America/New_York")
    cells = {
        "count": (-1, -1),
        "large": (10**15 - 1, 10**15 - 1),
        "larger": (10**15, "1000000000000000"),
        "share": (-0.25, -0.25),
        "huge": (1e300, 1e300),
        "infinite": (-np.inf, "-inf"),
        "missing": (None, None),
        "flag": (True, True),
        "date": (pd.Timestamp("2010-05-01"), pd.Timestamp("2010-05-01")),
        "time": (pd.Timestamp("2010-05-01 10:30"), pd.Timestamp("2010-05-01 10:30")),
        "old": (pd.Timestamp("1899-12-31"), "1899-12-31"),
        "zone": (late, pd.Timestamp("2024-02-01 04:30:00")),
        "control": ("a\x00b\x0bc\uffffd\ne", "a\ufffdb\ufffdc\ufffdd\ne"),
    }
    df = pd.DataFrame({name: [value] for name, (value, _) in cells.items()})
    names, row = values(export(df, "excel"))
    assert names == list(cells)
    assert row == [expected for _, expected in cells.values()]
    assert read_excel(export(df[["date"]], "excel"))[1][0].number_format == "yyyy-mm-dd"
    mixed = pd.DataFrame({"x": pd.Series([late, "x", np.int64(3), ["=1"]], dtype=object)})
    assert values(export(mixed, "excel"))[1:] == [
        [pd.Timestamp("2024-02-01 04:30:00")], ["x"], [3], ["['=1']"],
    ]  # fmt: skip


def test_excel_says_below_which_table_what_was_hidden() -> None:
    df = pd.DataFrame({"sourcedId": list("abc"), "school": list("NNS"), "grade": list("677")})
    hidden = crosstab(df, "school", "grade", suppress_below=3)
    book = openpyxl.load_workbook(io.BytesIO(export(hidden, "excel")))
    assert book.sheetnames == ["Sheet1", "Notes"]
    assert book.active.title == "Sheet1"
    assert book["Notes"]["A1"].value == hidden.attrs["footnote"]
    plain = openpyxl.load_workbook(io.BytesIO(export(crosstab(df, "school", "grade"), "excel")))
    assert plain.sheetnames == ["Sheet1"]


def test_what_is_too_much_for_excel() -> None:
    with pytest.raises(QueryError, match=r"1,048,576 and 1; export it as CSV or Parquet"):
        export(pd.DataFrame({"x": np.zeros(1_048_576, dtype="int8")}), "excel")
    with pytest.raises(QueryError, match="16,385"):
        export(pd.DataFrame(np.zeros((1, 16_385))), "excel")
    with pytest.raises(QueryError, match=r"column 'notes' has 32,768 characters"):
        export(pd.DataFrame({"notes": ["x" * 32_768]}), "excel")


def test_parquet_keeps_dtypes() -> None:
    df = pd.DataFrame(
        {
            "sourcedId": pd.Series(["a", None], dtype="str"),
            "count": [1, -2],
            "share": [0.5, np.nan],
            "enabledUser": pd.array([True, None], dtype="boolean"),
            "birthDate": pd.Series(["2010-05-01", None], dtype="datetime64[us]"),
            "dateLastModified": pd.Series(["2024-01-31", None], dtype="datetime64[us, UTC]"),
            "formula": ["=1", "-x"],
        }
    )
    df.attrs["people"] = df.copy()
    content = export(df, "parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(io.BytesIO(content)), df)
    assert b"people" not in content


def test_parquet_of_hidden_counts_is_text() -> None:
    df = pd.DataFrame({"count": pd.Series([12, "<10", None], dtype=object)})
    read = pq.read_table(io.BytesIO(export(df, "parquet")))
    assert read.to_pydict() == {"count": ["12", "<10", None]}


@pytest.mark.parametrize("odd", [[1, {"a": 1}], [2**70, 1], [object(), None], ["\ud800"]])
def test_what_parquet_cannot_hold(odd: list[Any]) -> None:
    df = pd.DataFrame({"odd": pd.Series(odd, dtype=object)})
    with pytest.raises(QueryError, match="'odd' holds values that Parquet cannot keep") as caught:
        export(df, "parquet")
    assert caught.value.__suppress_context__
    with pytest.raises(QueryError, match="x is there more than once"):
        export(pd.DataFrame([[1, 2]], columns=["x", "x"]), "parquet")


@pytest.mark.parametrize("to", ENDINGS)
def test_empty_frames_keep_their_header(to: str) -> None:
    content = export(pd.DataFrame({"sourcedId": pd.Series([], dtype="str")}), to)
    if to == "parquet":
        assert pq.read_table(io.BytesIO(content)).column_names == ["sourcedId"]
    else:
        assert (read_csv(content) if to == "csv" else values(content)) == [["sourcedId"]]


def test_the_frame_is_left_as_it_was() -> None:
    df = pd.DataFrame({"=x": ["=1", None], "y": pd.Series([1, "<10"], dtype=object)})
    before = df.copy(deep=True)
    for to in ENDINGS:
        export(df, to)
    pd.testing.assert_frame_equal(df, before)


def test_things_that_cannot_be_exported() -> None:
    with pytest.raises(ConfigurationError, match="'json'; use csv, excel or parquet"):
        export(pd.DataFrame(), "json")
    with pytest.raises(QueryError, match="not a dict"):
        export({"x": 1}, "csv")  # type: ignore[arg-type]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with nothing else in it."""
    empty = tmp_path / "exports"
    empty.mkdir()
    return empty


@pytest.mark.parametrize("name", ["a.csv", "a.XLSX", "a.parquet"])
def test_a_file_is_whole_and_its_owners_alone(folder: Path, name: str) -> None:
    df = pd.DataFrame({"x": ["a"]})
    path = write(df, str(folder / name))
    assert path == folder / name
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(folder) == [name]
    if name == "a.csv":
        assert path.read_bytes() == export(df, "csv")
    elif name == "a.XLSX":
        assert values(path.read_bytes()) == [["x"], ["a"]]
    else:
        assert pq.read_table(path).to_pydict() == {"x": ["a"]}


def test_a_file_is_replaced_only_when_asked(folder: Path) -> None:
    path = folder / "a.csv"
    path.write_text("mine")
    path.chmod(0o644)
    with pytest.raises(ConfigurationError, match="already exists"):
        write(pd.DataFrame({"x": [1]}), path)
    assert path.read_text() == "mine"
    write(pd.DataFrame({"x": [1]}), path, overwrite=True)
    assert read_csv(path.read_bytes()) == [["x"], ["1"]]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_failed_write_leaves_what_was_there(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / "a.csv"
    path.write_text("mine")

    def full(source: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(ConfigurationError, match="No space left on device"):
        write(pd.DataFrame({"x": [1]}), path, overwrite=True)
    assert path.read_text() == "mine"
    assert os.listdir(folder) == ["a.csv"]


def test_places_that_cannot_be_written(folder: Path) -> None:
    df = pd.DataFrame({"x": [1]})
    with pytest.raises(ConfigurationError, match=r"'a\.txt' is not known; .* \.csv, \.xlsx or"):
        write(df, folder / "a.txt")
    with pytest.raises(ConfigurationError, match="no folder"):
        write(df, folder / "missing" / "a.csv")
    (folder / "folder.csv").mkdir()
    with pytest.raises(ConfigurationError, match="is a folder"):
        write(df, folder / "folder.csv", overwrite=True)
