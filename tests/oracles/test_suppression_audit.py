"""Suppression, audited: a linear program finds what can be known of each hidden count.

A reader has all tables that are published together: the counts, and the shares of all, of rows and
of columns beside them, with their totals. They know the rules, too: ``<10`` is 1 to 9 and ``*`` is
10 or more. Everything here is read from such tables; nothing is taken from the code that made them.
"""

import itertools
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd
import pytest
from helpers.district import small_district
from helpers.thorough import cases
from scipy.optimize import linprog

import oneroster_nb as onb

SHARES: tuple[Literal["all", "index", "columns"], ...] = ("all", "index", "columns")
SHARDS = cases(3, 20)
TABLES_A_SHARD = 110
TRIPLES_A_SHARD = 55


@dataclass
class Reader:
    """What a person knows who has seen some tables of one shape.

    The unknowns are all cells of the table and its totals, in the order of the rows.
    """

    height: int
    width: int
    low: Any = field(init=False)
    high: Any = field(init=False)

    def __post_init__(self) -> None:
        size = (self.height + 1) * (self.width + 1)
        self.low, self.high = np.zeros(size), np.full(size, np.inf)
        self.equations: list[Any] = []

    def at(self, row: int, column: int) -> int:
        return row * (self.width + 1) + column

    def adds_up(self) -> None:
        """Learn that each total is the sum of its cells."""
        for row in range(self.height + 1):
            self.equal(self.at(row, self.width), [self.at(row, c) for c in range(self.width)])
        for column in range(self.width + 1):
            self.equal(
                self.at(self.height, column), [self.at(r, column) for r in range(self.height)]
            )

    def equal(self, total: int, parts: list[int], share: float = -1.0) -> None:
        equation = np.zeros(len(self.low))
        equation[parts] = 1.0
        equation[total] += share
        self.equations.append(equation)

    def see(self, cell: int, shown: Any, below: int, least: int = 1) -> None:
        """Learn what is shown of a cell: a number, or a mark."""
        if isinstance(shown, str):
            assert shown in (f"<{below}", "*"), shown
            low, high = (below, np.inf) if shown == "*" else (least, below - 1)
        else:
            low = high = shown
        self.low[cell], self.high[cell] = max(self.low[cell], low), min(self.high[cell], high)

    def see_share(self, cell: int, of: int, shown: Any) -> None:
        """Learn the ratio of two counts, where it is shown; marks say no more than in counts."""
        if not isinstance(shown, str):
            self.equal(of, [cell], -float(shown))

    def narrow(self, cells: list[int]) -> list[int]:
        """Return those cells of which only one whole value is possible.

        The equations of sums are those of a network, whose corners are whole numbers; a share that
        is shown stands between two counts that are shown, so it adds nothing to them. So a range of
        one or more holds two whole values.
        """
        seen_low, seen_high = np.full(len(self.low), np.inf), np.full(len(self.low), -np.inf)
        bounds = np.column_stack([self.low, self.high])

        def solve(goal: Any) -> None:
            nonlocal seen_low, seen_high
            found = linprog(
                goal,
                A_eq=np.array(self.equations) if self.equations else None,
                b_eq=np.zeros(len(self.equations)) if self.equations else None,
                bounds=bounds,
                method="highs",
            )
            if found.status == 3:  # without a bound: there is always a larger value
                seen_high = np.where(goal < 0, np.inf, seen_high)
                return
            assert found.status == 0, found.message
            seen_low, seen_high = np.minimum(seen_low, found.x), np.maximum(seen_high, found.x)

        for cell in cells:
            for sign in (1.0, -1.0):
                if seen_high[cell] - seen_low[cell] < 1 - 1e-6:
                    goal = np.zeros(len(self.low))
                    goal[cell] = sign
                    solve(goal)
        return [cell for cell in cells if seen_high[cell] - seen_low[cell] < 1 - 1e-6]


def learn(
    reader: Reader, table: pd.DataFrame, below: int, per: str | None, *, zeros: bool = False
) -> list[int]:
    """Learn from a published table; give the cells of counts that are marks in it."""
    rows, columns = [*range(reader.height)], [*range(reader.width)]
    if len(table) > reader.height:
        rows.append(reader.height)
    if table.shape[1] > reader.width:
        columns.append(reader.width)
    assert table.shape == (len(rows), len(columns))
    marked = []
    for (row, column), shown in zip(
        itertools.product(rows, columns), table.to_numpy().ravel(), strict=True
    ):
        assert not pd.isna(shown)
        assert shown != ""
        cell = reader.at(row, column)
        if per is None:
            # A row or a column is there because a person is in it.
            total = row == reader.height or column == reader.width
            reader.see(cell, shown, below, 0 if zeros and not total else 1)
            if isinstance(shown, str):
                marked.append(cell)
        else:
            total = {
                "all": reader.at(reader.height, reader.width),
                "index": reader.at(row, reader.width),
                "columns": reader.at(reader.height, column),
            }[per]
            reader.see_share(cell, total, shown)
    return marked


def frame_of(counts: Any) -> pd.DataFrame:
    """Make a frame with so many rows for each cell of an array, axes ``a``, ``b``, …"""
    places = np.argwhere(counts)
    rows = np.repeat(places, counts[tuple(places.T)], axis=0)
    columns = {
        name: pd.Series([f"{name}{value:02d}" for value in rows[:, at]], dtype="str")
        for at, name in enumerate("abc"[: counts.ndim])
    }
    return pd.DataFrame({"sourcedId": [f"p{n}" for n in range(len(rows))], **columns})


def some_counts(chance: np.random.Generator, shape: tuple[int, ...]) -> Any:
    """Make up counts as rosters have them: sparse, small, large, or a mixture."""
    most = chance.choice([3, 6, 12, 40])
    counts = chance.integers(0, most + 1, shape)
    if chance.random() < 0.4:
        counts = np.where(chance.random(shape) < 0.2, chance.integers(10, 200, shape), counts)
    return np.where(chance.random(shape) < chance.choice([0, 0.2, 0.6]), 0, counts)


def audit(
    df: pd.DataFrame,
    rows: Any,
    columns: Any,
    below: int,
    *,
    shares: bool,
    additive: bool = True,
    zeros: bool = False,
) -> tuple[pd.DataFrame, int]:
    """Publish the crosstab of a frame, and fail where a hidden count can be worked out."""
    hiding: dict[str, Any] = {"suppress_below": below, "suppress_zeros": zeros}
    table = onb.crosstab(df, rows, columns, **hiding)
    true = onb.crosstab(df, rows, columns)
    reader = Reader(len(true) - 1, true.shape[1] - 1)
    if additive:
        reader.adds_up()
    marked = learn(reader, table, below, None, zeros=zeros)
    for per in SHARES if shares else ():
        beside = onb.crosstab(df, rows, columns, normalize=per, **hiding)
        learn(reader, beside, below, per, zeros=zeros)
    known = true.to_numpy(dtype=float).ravel()
    assert (known >= reader.low).all(), "a mark or a number is wrong"
    assert (known <= reader.high).all(), "a mark or a number is wrong"
    assert reader.narrow(marked) == [], table.to_string()
    return table, len(marked)


def footnote_tells(table: pd.DataFrame, below: int) -> None:
    marks = [shown for shown in table.to_numpy().ravel() if isinstance(shown, str)]
    small, others = marks.count(f"<{below}"), marks.count("*")
    note = table.attrs.get("footnote", "")
    assert bool(marks) == ("Hidden: " in note)
    if marks:
        assert f"Hidden: {small} of 1 to {below - 1} (<{below})" in note
        assert (f"{others} of {below} or more to protect them (*)" in note) == (others > 0)


@pytest.mark.parametrize("shard", range(SHARDS))
def test_no_hidden_count_of_a_crosstab_can_be_worked_out(shard: int) -> None:
    chance = np.random.default_rng(1000 + shard)
    hidden = 0
    for number in range(TABLES_A_SHARD):
        shape = int(chance.integers(1, 7)), int(chance.integers(1, 7))
        counts = some_counts(chance, shape)
        if counts.any():
            below = int(chance.integers(3, 16))
            df = frame_of(counts)
            table, marked = audit(df, "a", "b", below, shares=number % 4 == 0)
            footnote_tells(table, below)
            small = (counts > 0) & (counts < below)
            assert marked or not small.any()
            assert small.any() or not marked
            hidden += marked
    assert hidden > 100


@pytest.mark.parametrize("shard", range(cases(2, 5)))
def test_zeros_can_be_hidden_too(shard: int) -> None:
    chance = np.random.default_rng(3000 + shard)
    hidden = 0
    for number in range(TABLES_A_SHARD):
        counts = some_counts(chance, (int(chance.integers(1, 7)), int(chance.integers(1, 7))))
        counts = counts[counts.any(axis=1)][:, counts.any(axis=0)]
        if not counts.size:
            continue
        below = int(chance.integers(3, 12))
        df = frame_of(counts)
        table, marked = audit(df, "a", "b", below, shares=number % 4 == 0, zeros=True)
        assert not (table.iloc[: len(counts), : counts.shape[1]] == 0).any(axis=None)
        marks = [v for v in table.to_numpy().ravel() if v == f"<{below}"]
        note = table.attrs.get("footnote", "")
        assert f"Hidden: {len(marks)} of 0 to {below - 1}" in note or not marked
        hidden += marked
    assert hidden > 100


@pytest.mark.parametrize("shard", range(SHARDS))
def test_no_hidden_count_of_three_columns_can_be_worked_out(shard: int) -> None:
    chance = np.random.default_rng(2000 + shard)
    hidden = 0
    for number in range(TRIPLES_A_SHARD):
        counts = some_counts(chance, (*chance.integers(1, 5, 2), chance.integers(1, 4)))
        if not counts.any():
            continue
        below = int(chance.integers(3, 16))
        df = frame_of(counts)
        table, marked = audit(df, ["a", "b"], "c", below, shares=number % 4 == 0)
        footnote_tells(table, below)
        hidden += marked
        # A list, of which one knows how many there are in all.
        listed = onb.count(df, ["a", "b", "c"], suppress_below=below)
        reader = Reader(len(listed), 1)
        reader.adds_up()
        column = [reader.at(row, 0) for row in range(len(listed))]
        for cell, shown in zip(column, listed["count"], strict=True):
            reader.see(cell, shown, below)
        reader.see(reader.at(len(listed), 1), int(counts.sum()), below)
        marks = [
            c for c, shown in zip(column, listed["count"], strict=True) if isinstance(shown, str)
        ]
        alone = len(listed) == 1
        # Of a list of one, the number of all is that one, and nothing can hide it.
        assert alone or reader.narrow(marks) == [] or _all_small(listed, below, int(counts.sum()))
    assert hidden > 100


def _all_small(listed: pd.DataFrame, below: int, total: int) -> bool:
    """Return True if the number of all would give one away even with every count hidden."""
    reader = Reader(len(listed), 1)
    reader.adds_up()
    cells = [reader.at(row, 0) for row in range(len(listed))]
    for cell, shown in zip(cells, listed["count"], strict=True):
        mark = shown if isinstance(shown, str) else f"<{below}" if shown < below else "*"
        reader.see(cell, mark, below)
    reader.see(reader.at(len(listed), 1), total, below)
    return reader.narrow(cells) != []


QUESTIONS = [("students", "schools"), ("students", "classes"), ("users", "courses")]
BY = ["grades", "schoolName", "courseTitle", "role", "enrollmentRole", "termTitles"]


@pytest.mark.parametrize("question", QUESTIONS, ids="-".join)
def test_the_crosstabs_of_the_demo_give_nobody_away(question: tuple[str, str]) -> None:
    df = onb.Roster(small_district()).get_users(*question)
    audited = 0
    for rows, columns in itertools.combinations([name for name in BY if df[name].notna().any()], 2):
        true = onb.crosstab(df, rows, columns)
        body = true.to_numpy()[:-1, :-1]
        additive = "several of these" not in true.attrs.get("footnote", "")
        if body.size > 400:
            continue  # the linear program of so large a table takes minutes
        for below in (3, 5, 10):
            table, _ = audit(df, rows, columns, below, shares=True, additive=additive)
            footnote_tells(table, below)
            if not additive:
                assert table.shape == body.shape, "totals are shown of people who overlap"
            audited += 1
    assert audited >= 9


def test_where_people_overlap_cells_are_hidden_one_by_one_and_no_total_is_shown() -> None:
    chance = np.random.default_rng(5)
    for _ in range(60):
        people = int(chance.integers(5, 60))
        cells = chance.integers(0, 3, (people * 2, 2))
        df = pd.DataFrame(
            {
                "sourcedId": [f"p{n}" for n in chance.integers(0, people, people * 2)],
                "a": [f"a{v}" for v in cells[:, 0]],
                "b": [f"b{v}" for v in cells[:, 1]],
            },
            dtype="str",
        )
        true = onb.crosstab(df, "a", "b")
        if "several of these" not in true.attrs.get("footnote", ""):
            continue
        table = onb.crosstab(df, "a", "b", suppress_below=5)
        assert table.shape == (true.shape[0] - 1, true.shape[1] - 1)
        shown = true.astype(object).mask((true > 0) & (true < 5), "<5").iloc[:-1, :-1]
        assert table.to_numpy().tolist() == shown.to_numpy().tolist()


# As little as it can


def narrow_with(counts: Any, hidden: Any, below: int) -> list[tuple[int, int]]:
    """Return the cells that a reader would know, were these hidden."""
    height, width = counts.shape[0] - 1, counts.shape[1] - 1
    reader = Reader(height, width)
    reader.adds_up()
    for row, column in itertools.product(range(height + 1), range(width + 1)):
        value = int(counts[row, column])
        shown: Any = value
        if hidden[row, column]:
            shown = f"<{below}" if value < below else "*"
        reader.see(reader.at(row, column), shown, below)
    cells = [reader.at(*place) for place in np.argwhere(hidden).tolist()]
    return [divmod(cell, width + 1) for cell in reader.narrow(cells)]


def greedy(counts: Any, below: int) -> int | None:
    """Count the cells that a person hides who always hides the smallest that helps at all.

    None where nothing helps. A cell helps where it leaves fewer known ones, or where it stands in
    the row or the column of one that is known.
    """
    hidden = (counts > 0) & (counts < below)
    known = narrow_with(counts, hidden, below)
    while known:
        candidates = sorted(
            (place for place in np.argwhere(~hidden & (counts > 0)).tolist()),
            key=lambda place: counts[tuple(place)],
        )
        best = None
        for place in candidates:
            tried = hidden.copy()
            tried[tuple(place)] = True
            left = [one for one in narrow_with(counts, tried, below) if one != tuple(place)]
            if len(left) < len([one for one in known if one != tuple(place)]):
                best = place
                break
        if best is None:
            near = [p for p in candidates if p[0] == known[0][0] or p[1] == known[0][1]]
            best = near[0] if near else None
        if best is None:
            return None
        hidden[tuple(best)] = True
        known = narrow_with(counts, hidden, below)
    return int(hidden.sum())


def test_hardly_more_is_hidden_than_a_greedy_search_hides() -> None:
    chance = np.random.default_rng(77)
    ours = theirs = compared = 0
    while compared < 60:
        counts = some_counts(chance, (int(chance.integers(2, 5)), int(chance.integers(2, 5))))
        counts = counts[counts.any(axis=1)][:, counts.any(axis=0)]
        if counts.size < 4:
            continue
        table = onb.crosstab(frame_of(counts), "a", "b", suppress_below=10)
        if table.shape == counts.shape:
            continue  # totals cannot be shown at all
        whole = np.pad(counts, ((0, 1), (0, 1)))
        whole[:, -1] = whole.sum(axis=1)
        whole[-1] = whole[:-1].sum(axis=0)
        needed = greedy(whole, 10)
        if needed is None:
            continue
        hidden = sum(isinstance(shown, str) for shown in table.to_numpy().ravel())
        ours, theirs, compared = ours + hidden, theirs + needed, compared + 1
        assert hidden <= max(needed * 1.25, needed + 2), table.to_string()
    assert ours <= theirs * 1.25
