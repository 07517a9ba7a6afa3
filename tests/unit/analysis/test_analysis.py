"""Counts and crosstabs against sets of plain Python, and what a reader of them can find out."""

import itertools
from collections import defaultdict
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from oneroster_nb.counts.count import count, crosstab
from oneroster_nb.errors import QueryError

COLUMNS = ["sourcedId", "school", "grade", "role"]
WORDS = st.sampled_from(["North", "South", "b", "Z", "06,07", "", None])
ROWS = st.lists(st.tuples(st.sampled_from("abcdefgh"), WORDS, WORDS, WORDS), max_size=30)


def frame(rows: list[tuple[Any, ...]], columns: list[str] = COLUMNS) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=columns, dtype="str")


def label(value: str | None) -> str:
    return value or "(missing)"


def in_order(labels: Any) -> list[Any]:
    return sorted(labels, key=lambda each: [(word == "(missing)", word) for word in each])


def people_by(rows: list[tuple[Any, ...]], *places: int) -> dict[tuple[str, ...], list[str]]:
    found = defaultdict(list)
    for row in rows:
        found[tuple(label(row[place]) for place in places)].append(row[0])
    return found


def school(sizes: dict[tuple[str, str], int]) -> pd.DataFrame:
    """Build people of whom each stands in one cell, so many in each."""
    cells = [cell for cell, size in sizes.items() for _ in range(size)]
    return frame(
        [(f"u{number}", *cell) for number, cell in enumerate(cells)],
        ["sourcedId", "school", "grade"],
    )


@given(ROWS, st.sampled_from(["users", "rows"]))
def test_count_is_the_size_of_each_set(rows: list[tuple[Any, ...]], unit: Any) -> None:
    table = count(frame(rows), ["school", "grade"], unit=unit)
    found = people_by(rows, 1, 2)
    sizes = {key: len(ids if unit == "rows" else set(ids)) for key, ids in found.items()}
    assert list(table.columns) == ["school", "grade", "count"]
    assert table["count"].dtype == "int64"
    assert table["school"].dtype == "str"
    keys = list(zip(table["school"], table["grade"], strict=True))
    assert keys == in_order(sizes)
    assert table["count"].tolist() == [sizes[key] for key in keys]
    several = sum(sum(one in ids for ids in found.values()) > 1 for one in {row[0] for row in rows})
    if several and unit == "users":
        assert table.attrs["footnote"].startswith(f"{several} ")
    else:
        assert "footnote" not in table.attrs


@given(ROWS.filter(bool), st.sampled_from(["users", "rows"]))
def test_crosstab_cells_and_totals_are_sizes_of_sets(rows: list[Any], unit: Any) -> None:
    table = crosstab(frame(rows), ["school", "grade"], "role", unit=unit)

    def size(ids: list[str]) -> int:
        return len(ids if unit == "rows" else set(ids))

    cells, lefts, tops = people_by(rows, 1, 2, 3), people_by(rows, 1, 2), people_by(rows, 3)
    assert (table.dtypes == "int64").all()
    assert table.index.names == ["school", "grade"]
    assert list(table.index) == [*in_order(lefts), ("All", "")]
    assert list(table.columns) == [*(key for (key,) in in_order(tops)), "All"]
    for left, top in itertools.product(lefts, tops):
        assert table.loc[left, top[0]] == size(cells.get(left + top, []))
    for left in lefts:
        assert table.loc[left, "All"] == size(lefts[left])
    for (top,), ids in tops.items():
        assert table.loc[("All", ""), top] == size(ids)
    assert table.loc[("All", ""), "All"] == size([row[0] for row in rows])
    bare = crosstab(frame(rows), ["school", "grade"], "role", unit=unit, margins=False)
    pd.testing.assert_frame_equal(bare, table.iloc[:-1, :-1])


@pytest.mark.parametrize("normalize", [True, "all", "index", "columns"])
@pytest.mark.parametrize("margins", [True, False])
def test_shares_are_those_of_pandas(normalize: Any, margins: bool) -> None:
    random = np.random.default_rng(7)
    df = frame(
        [(f"u{n}", *random.choice(["x", "y", "z"], 2)) for n in range(50)],
        ["sourcedId", "school", "grade"],
    )
    expected = pd.crosstab(df["school"], df["grade"], margins=margins, normalize=normalize)
    table = crosstab(df, "school", "grade", margins=margins, normalize=normalize)
    pd.testing.assert_frame_equal(table, expected, check_index_type=False, check_column_type=False)
    assert (table.dtypes == "float64").all()


def test_shares_are_shares_of_distinct_people() -> None:
    df = frame([("a", "x", "1", None), ("a", "x", "2", None), ("b", "x", "2", None)])
    table = crosstab(df, "school", "grade", normalize="index")
    assert table.loc["x"].to_dict() == {"1": 0.5, "2": 1.0}


def test_an_empty_frame_gives_an_empty_table() -> None:
    empty = frame([])
    table = count(empty, ["school", "grade"])
    assert list(table.columns) == ["school", "grade", "count"]
    assert table["count"].dtype == "int64"
    assert table.empty
    for options in ({}, {"normalize": "index"}, {"suppress_below": 10}, {"margins": False}):
        crossed = crosstab(empty, "school", ["grade", "role"], **options)
        assert crossed.empty
        assert crossed.index.name == "school"
        assert crossed.columns.names == ["grade", "role"]
        assert crossed.attrs == {}
    assert count(empty, "school", suppress_below=10).empty


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ([10.0, 9.5, None, 2.0], ["2", "9.5", "10", "(missing)"]),
        ([True, False, None, True], ["False", "True", "(missing)"]),
        (pd.to_datetime(["2024-02-01", "2023-12-31", None, "2024-02-01"]),
         ["2023-12-31", "2024-02-01", "(missing)"]),
        (pd.Categorical(["b", "a", None, "b"]), ["a", "b", "(missing)"]),
        (pd.Categorical(["b", "a", None, "b"], ["b", "a"], ordered=True), ["b", "a", "(missing)"]),
        (["(missing)", "", None, "x"], ['"(missing)"', "x", "(missing)"]),
        (pd.array([10, 9, None, 9], dtype="Int64"), ["9", "10", "(missing)"]),
    ],
)  # fmt: skip
def test_labels_are_text_in_the_order_of_the_values(values: Any, labels: list[str]) -> None:
    table = count(pd.DataFrame({"sourcedId": list("abcd"), "x": values}), "x")
    assert table["x"].tolist() == labels
    assert table["x"].dtype == "str"
    assert table["count"].sum() == 4


def test_deleted_rows_are_left_out_and_said_to_be() -> None:
    df = pd.DataFrame({"sourcedId": ["a", "b", "c"], "status": ["active", "tobedeleted", None]})
    df["role"] = "student"
    table = count(df, "role")
    assert table["count"].tolist() == [2]
    assert "tobedeleted" in table.attrs["footnote"]
    crossed = crosstab(df.assign(grade="06"), "role", "grade", unit="rows")
    assert crossed.loc["All", "All"] == 2
    assert count(df, "status")["count"].tolist() == [1, 1, 1]


def test_one_count_is_hidden_and_another_that_would_give_it_away() -> None:
    df = school({("A", "06"): 4, ("B", "06"): 20, ("C", "06"): 30, ("D", "06"): 0})
    table = count(df, "school", suppress_below=10)
    assert table["count"].tolist() == ["<10", "*", 30]
    assert table.attrs["footnote"] == (
        "Hidden: 1 of 1 to 9 (<10), and 1 of 10 or more to protect them (*)."
    )
    assert count(df, "school", suppress_below=3)["count"].tolist() == [4, 20, 30]
    assert "footnote" not in count(df, "school", suppress_below=3).attrs


def test_a_crosstab_hides_rectangles_and_keeps_zeros() -> None:
    df = school({("A", "06"): 4, ("A", "07"): 20, ("B", "06"): 30, ("B", "07"): 40,
                 ("C", "06"): 50})  # fmt: skip
    table = crosstab(df, "school", "grade", suppress_below=10)
    assert table.to_numpy().tolist() == [
        ["<10", "*", 24],
        ["*", "*", 70],
        [50, 0, 50],
        [84, 60, 144],
    ]
    shares = crosstab(df, "school", "grade", suppress_below=10, normalize="columns")
    assert shares.to_numpy().tolist() == [
        ["<10", "*", 24 / 144],
        ["*", "*", 70 / 144],
        [50 / 84, 0.0, 50 / 144],
    ]
    bare = crosstab(df, "school", "grade", suppress_below=10, margins=False)
    assert bare.to_numpy().tolist() == [row[:-1] for row in table.to_numpy().tolist()[:-1]]


def test_people_in_several_cells_take_the_totals_away() -> None:
    rows = [(f"u{n}", "A", "06", None) for n in range(12)]
    rows += [(f"u{n}", "A", "07", None) for n in range(3)]
    rows += [(f"v{n}", "B", "07", None) for n in range(15)]
    table = crosstab(frame(rows), "school", "grade", suppress_below=10)
    assert list(table.index) == ["A", "B"]
    assert list(table.columns) == ["06", "07"]
    assert table.to_numpy().tolist() == [[12, "<10"], [0, 15]]
    assert "Totals are left out" in table.attrs["footnote"]
    assert "3" not in table.attrs["footnote"]
    shares = crosstab(frame(rows), "school", "grade", suppress_below=10, normalize="index")
    assert shares.to_numpy().tolist() == [["*", "<10"], [0.0, 1.0]]
    # 12 + 3 + 15 are 30 and not 27 people, which would tell that 3 stand in two cells.
    whole = crosstab(frame(rows), "school", "grade", suppress_below=3)
    assert whole.to_numpy().tolist() == [[12, 3], [0, 15]]
    assert crosstab(frame(rows), "school", "grade").loc["All", "All"] == 27


@st.composite
def schools(draw: st.DrawFn) -> pd.DataFrame:
    sizes = st.sampled_from([0, 1, 2, 3, 4, 9])
    return school({cell: draw(sizes) for cell in itertools.product("AB", ("06", "07", "08"))})


@settings(max_examples=40, deadline=None)
@given(schools().filter(len), st.integers(3, 4))
def test_counts_beside_shares_give_no_cell_away(df: pd.DataFrame, below: int) -> None:
    """Try every body within one of the true one against all that the tables show."""
    true = crosstab(df, "school", "grade")
    shown = [
        (normalize, crosstab(df, "school", "grade", normalize=normalize, suppress_below=below))
        for normalize in (False, "all", "index", "columns")
    ]
    body = true.iloc[:-1, :-1].to_numpy()
    marks = crosstab(df, "school", "grade", margins=False, suppress_below=below).to_numpy()
    hidden = [isinstance(value, str) for value in marks.ravel()]
    seen: list[set[int]] = [set() for _ in hidden]
    near = [
        range(max(1, value - 1), value + 2) if is_hidden else [value]
        for value, is_hidden in zip(body.ravel().tolist(), hidden, strict=True)
    ]
    for guess in itertools.product(*near):
        counts = np.pad(np.array(guess).reshape(body.shape), ((0, 1), (0, 1)))
        counts[:, -1] = counts.sum(axis=1)
        counts[-1] = counts.sum(axis=0)
        if all(_fits(counts, table, normalize, below) for normalize, table in shown):
            for value, values in zip(guess, seen, strict=True):
                values.add(value)
    assert all(len(values) > 1 for values, one in zip(seen, hidden, strict=True) if one)


def _fits(counts: Any, table: pd.DataFrame, normalize: Any, below: int) -> bool:
    height, width = table.shape
    per = {
        False: 1,
        "all": counts[-1, -1],
        "index": counts[:, -1:],
        "columns": counts[-1:, :],
    }[normalize]
    values = counts / np.maximum(per, 1)
    for cell in itertools.product(range(height), range(width)):
        shown, size = table.iloc[cell], counts[cell]
        if shown == "*":
            fits = size >= below
        elif isinstance(shown, str):
            fits = 1 <= size < below
        else:
            fits = abs(shown - values[cell]) < 1e-12
        if not fits:
            return False
    return True


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"by": "grades"}, "no column 'grades'. Did you mean 'grade'"),
        ({"by": "zzz"}, "There are: sourcedId, school, grade, role"),
        ({"by": []}, "by is empty"),
        ({"by": None}, "named by its text, not by None"),
        ({"by": ["grade", 3]}, "named by its text, not by 3"),
        ({"by": ["grade", "grade"]}, "named twice"),
        ({"by": "grade", "unit": "people"}, "unit='people'"),
        ({"by": "grade", "suppress_below": 1}, "suppress_below=1"),
    ],
)
def test_questions_that_cannot_be_counted(options: dict[str, Any], message: str) -> None:
    with pytest.raises(QueryError, match=message):
        count(frame([("a", "x", "y", "z")]), **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"columns": "school"}, "named twice"),
        ({"columns": "scool"}, "Did you mean 'school'"),
        ({"normalize": "rows"}, "normalize='rows'"),
        ({"normalize": 1}, "normalize=1"),
        ({"suppress_below": 2}, "suppress_below=2"),
        ({"suppress_below": 2, "suppress_zeros": True}, "Give 3 or more"),
        ({"suppress_zeros": True}, "give suppress_below"),
        ({"suppress_zeros": "yes", "suppress_below": 10}, "not 'yes'"),
    ],
)
def test_crosstabs_that_cannot_be_made(options: dict[str, Any], message: str) -> None:
    asked = {"rows": "school", "columns": "grade", **options}
    with pytest.raises(QueryError, match=message):
        crosstab(frame([("a", "x", "y", "z")]), **asked)


def test_frames_that_cannot_be_counted() -> None:
    df = frame([("a", "x", "y", "z")])
    with pytest.raises(QueryError, match="DataFrame can be counted, not a list"):
        count([1, 2], "grade")  # type: ignore[arg-type]
    with pytest.raises(QueryError, match="'sourcedId', which is not there"):
        count(df.drop(columns="sourcedId"), "grade")
    assert count(df.drop(columns="sourcedId"), "grade", unit="rows")["count"].tolist() == [1]
    with pytest.raises(QueryError, match="1 of 2 rows have no sourcedId"):
        count(frame([("a", "x", "y", "z"), (None, "x", "y", "z")]), "grade")
    with pytest.raises(QueryError, match="'grade' holds lists"):
        count(df.assign(grade=[["06"]]), "grade")
    with pytest.raises(QueryError, match="several columns 'grade'"):
        count(pd.concat([df, df["grade"]], axis=1), "grade")
    with pytest.raises(QueryError, match="rename that one"):
        count(df.assign(count=1), "count")


def test_a_table_too_large_to_show_is_refused() -> None:
    rows = [f"r{n}" for n in range(2300)]
    df = pd.DataFrame({"sourcedId": rows, "x": rows, "y": rows})
    with pytest.raises(QueryError, match="2,300 rows by 2,300 columns"):
        crosstab(df, "x", "y")


def test_the_frame_is_left_as_it_was() -> None:
    df = frame([("a", "", "y", None), ("b", "x", "y", None)])
    before = df.copy(deep=True)
    crosstab(df, "school", ["grade", "role"], suppress_below=3)
    count(df, "school")
    pd.testing.assert_frame_equal(df, before)
