"""Multi-valued columns, taken apart."""

import pandas as pd
import pytest
from hypothesis import given, strategies as st

from oneroster_nb.tables.elements import distinct_elements, elements, elements_by_row
from oneroster_nb.tables.lookup import combinations
from oneroster_nb.tables.table import join_values

# Texts that need quotes are rare, and are taken apart in another way than the others.
_PLAIN = st.text(alphabet="ab é", max_size=3)
_ANY = st.text(alphabet='ab,"é', max_size=4)


def column(values: list[str | None]) -> "pd.Series[str]":
    return pd.Series(values, dtype="str")


@pytest.mark.parametrize("texts", [_PLAIN, _ANY], ids=["plain", "with quotes"])
def test_what_was_joined_is_taken_apart(texts: "st.SearchStrategy[str]") -> None:
    @given(st.lists(st.lists(texts, min_size=1, max_size=3), max_size=5))
    def taken_apart(lists: list[list[str]]) -> None:
        rows, found = elements_by_row(column([join_values(values) for values in lists]))
        # An empty text has no elements: one empty value cannot be told from none.
        pairs = [(row, v) for row, vs in enumerate(lists) for v in vs if vs != [""]]
        assert list(zip(rows.tolist(), found.tolist(), strict=True)) == pairs

    taken_apart()


def test_labels_stay_and_missing_values_have_no_elements() -> None:
    values = column(["b,a", None, "", "a"]).set_axis(["w", "x", "y", "z"])
    found = elements(values)
    assert found.dtype == "str"
    assert list(found.items()) == [("w", "b"), ("w", "a"), ("z", "a")]
    assert distinct_elements(values).tolist() == ["b", "a"]


def test_a_quote_without_its_partner_is_part_of_the_value() -> None:
    assert elements(column(['a"b,c', '"x,y'])).tolist() == ['a"b', "c", '"x', "y"]


@pytest.mark.parametrize("values", [[], [None], [""]])
def test_columns_without_elements(values: list[str | None]) -> None:
    assert elements(column(values)).tolist() == []


def test_combinations_are_numbered_and_missing_values_are_none() -> None:
    names = column(["a", "a", "b", None, "a"])
    numbers = pd.Series([1, 2, 1, 1, 1])
    found = combinations([names, numbers]).tolist()
    assert found[3] == -1
    assert [found[0] == found[4], len({*found[:3]})] == [True, 3]
