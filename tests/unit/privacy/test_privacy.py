"""Suppression, judged by a reader who tries every table that fits what is shown."""

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from oneroster_nb.counts.suppression import check_threshold, hide, mark
from oneroster_nb.errors import QueryError


def with_totals(body: Any) -> Any:
    body = np.array(body, dtype=np.int64)
    counts = np.zeros((len(body) + 1, body.shape[1] + 1), dtype=np.int64)
    counts[:-1, :-1] = body
    counts[:-1, -1] = body.sum(axis=1)
    counts[-1, :] = counts[:-1, :].sum(axis=0)
    return counts


def possible_values(counts: Any, hidden: Any, below: int, reach: int) -> dict[Any, set[int]]:
    """Every value of each hidden cell, trying hidden counts of ``below`` or more within reach."""
    height, width = counts.shape[0] - 1, counts.shape[1] - 1
    choices = []
    for cell in itertools.product(range(height), range(width)):
        value = int(counts[cell])
        if not hidden[cell]:
            choices.append([value])
        elif value < below:
            choices.append(list(range(1, below)))
        else:
            choices.append(list(range(max(below, value - reach), value + reach + 1)))
    found: dict[Any, set[int]] = {tuple(cell): set() for cell in np.argwhere(hidden).tolist()}
    small = hidden & (counts < below)
    for values in itertools.product(*choices):
        guess = with_totals(np.array(values).reshape(height, width))
        marks_fit = (guess >= 1) & ((guess < below) == small)
        if np.where(hidden, marks_fit, guess == counts).all():
            for cell, seen in found.items():
                seen.add(int(guess[cell]))
    return found


def small_counts(counts: Any, below: int) -> Any:
    return (counts > 0) & (counts < below)


@st.composite
def tables(draw: st.DrawFn) -> Any:
    height, width = draw(st.sampled_from([(1, 1), (1, 3), (3, 1), (2, 2), (2, 3), (3, 2), (3, 3)]))
    cell = st.sampled_from([0, 1, 2, 3, 4, 5, 9, 30])
    rows = st.lists(cell, min_size=width, max_size=width)
    return with_totals(draw(st.lists(rows, min_size=height, max_size=height)))


@settings(max_examples=80, deadline=None)
@given(tables(), st.integers(3, 5))
def test_no_hidden_cell_can_be_worked_out(counts: Any, below: int) -> None:
    hidden, totals = hide(counts, below, additive=True)
    assert hidden[small_counts(counts, below)].all()
    assert not hidden[counts == 0].any()
    if totals:
        values = possible_values(counts, hidden, below, reach=1)
        assert all(len(seen) > 1 for seen in values.values())


@pytest.mark.parametrize("below", [3, 4])
def test_totals_are_given_up_only_where_no_marks_can_protect(below: int) -> None:
    given_up = 0
    for values in itertools.product([0, 1, 2, 3, 4], repeat=4):
        counts = with_totals(np.array(values).reshape(2, 2))
        _, totals = hide(counts, below, additive=True)
        if not totals:
            given_up += 1
            everything = possible_values(counts, counts > 0, below, reach=4)
            small = np.argwhere(small_counts(counts, below)).tolist()
            assert any(len(everything[tuple(cell)]) == 1 for cell in small), values
    assert given_up


def test_nothing_is_hidden_where_no_count_is_small() -> None:
    hidden, totals = hide(with_totals([[0, 12], [10, 40]]), 10, additive=True)
    assert not hidden.any()
    assert totals


def test_a_zero_is_no_help_and_stays() -> None:
    # The zero leaves only the first and the last row to close a rectangle.
    hidden, _ = hide(with_totals([[4, 20], [0, 40], [50, 60]]), 10, additive=True)
    assert np.argwhere(hidden).tolist() == [[0, 0], [0, 1], [2, 0], [2, 1]]


def test_the_cheapest_of_equal_circles_is_hidden() -> None:
    hidden, _ = hide(with_totals([[4, 20, 90], [50, 30, 60], [90, 80, 70]]), 10, additive=True)
    assert np.argwhere(hidden).tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]


def test_small_counts_that_protect_each_other_are_enough() -> None:
    hidden, _ = hide(with_totals([[4, 5, 50], [6, 7, 50], [50, 50, 50]]), 10, additive=True)
    assert np.argwhere(hidden).tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]


def test_a_circle_without_room_is_no_protection() -> None:
    # 1 cannot be less and 10, as a star, neither: the pairs 1, 10 and 1, 10 would be given away.
    counts = with_totals([[1, 10, 40], [10, 40, 50], [40, 50, 60]])
    hidden, totals = hide(counts, 10, additive=True)
    assert totals
    values = possible_values(counts, hidden, 10, reach=1)
    assert all(len(seen) > 1 for seen in values.values())
    assert hidden.sum() == 4
    assert not hidden[0, 1]


def test_a_row_that_its_own_marks_give_away_loses_its_totals() -> None:
    # Two marks of 1 or 2 with a total of 1 or 2 can only be 1 and 1.
    hidden, totals = hide(with_totals([[1, 1], [20, 20]]), 3, additive=True)
    assert not totals
    assert hidden.tolist() == [[True, True, True], [False, False, False], [True, True, True]]


def test_people_in_several_cells_mean_no_totals() -> None:
    counts = np.array([[4, 20, 22], [30, 40, 60], [31, 50, 70]])
    hidden, totals = hide(counts, 10, additive=False)
    assert not totals
    assert hidden.tolist() == [[True, False, True], [False, False, True], [True, True, True]]
    hidden, totals = hide(counts, 3, additive=False)
    assert not totals
    assert hidden.tolist() == [[False, False, True], [False, False, True], [True, True, True]]


def test_a_large_table_is_protected_line_by_line() -> None:
    body = np.random.default_rng(3).integers(0, 40, (60, 25))
    counts = with_totals(body)
    hidden, totals = hide(counts, 10, additive=True)
    assert totals
    assert (hidden.sum(axis=0) != 1).all()
    assert (hidden.sum(axis=1) != 1).all()


def test_marks() -> None:
    shares = np.array([0.25, 0.5, 0.0])
    hidden = np.array([True, True, False])
    marked = mark(shares, np.array([9, 10, 0]), hidden, 10)
    assert marked.tolist() == ["<10", "*", 0.0]
    assert shares.tolist() == [0.25, 0.5, 0.0]


@pytest.mark.parametrize("below", [2, 1, 0, -3, True, 10.0, "10", None])
def test_thresholds_that_cannot_be_used(below: Any) -> None:
    with pytest.raises(QueryError, match="suppress_below"):
        check_threshold(below)


def test_a_threshold_of_numpy_is_a_number() -> None:
    assert check_threshold(np.int64(5)) == 5
