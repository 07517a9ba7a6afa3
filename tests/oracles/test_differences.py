"""Numbers of overlapping groups, judged by a reader who solves for the people in each kind."""

import itertools
from typing import Any

import numpy as np
import pytest
from helpers.district import small_district
from helpers.thorough import cases
from scipy.optimize import Bounds, LinearConstraint, milp

import oneroster_nb as onb
from oneroster_nb.counts.overlaps import hide_groups


def some_groups(chance: np.random.Generator) -> Any:
    """Make up groups as rules have them: within one another, apart, and across each other."""
    people, number = int(chance.integers(3, 60)), int(chance.integers(1, 6))
    members = np.zeros((people, number), dtype=bool)
    for at in range(number):
        way = chance.integers(0, 4)
        share = chance.choice([0.1, 0.5, 0.9, 1.0])
        mine = chance.random(people) < share
        if at and way == 0:  # within another one
            mine &= members[:, chance.integers(0, at)]
        elif at and way == 1:  # what another one has not
            mine &= ~members[:, chance.integers(0, at)]
        elif at and way == 2:  # several together
            mine = members[:, :at].any(axis=1) | (mine & (chance.random(people) < 0.1))
        members[:, at] = mine
    return members[members.any(axis=1)]


class Reader:
    """Knows which kinds of people there are, and sees numbers and marks, but not how many."""

    def __init__(self, members: Any, hidden: Any, below: int) -> None:
        self.kinds, self.sizes = np.unique(members, axis=0, return_counts=True)
        people = members.sum(axis=0)
        self.low, self.high = people.astype(float), people.astype(float)
        small = people < below
        self.low[hidden] = np.where(small, 1, below)[hidden]
        self.high[hidden] = np.where(small, below - 1, np.inf)[hidden]
        self.sums = self.kinds.T.astype(float)

    def possible(self, counted: Any) -> tuple[float, float]:
        """Return the least and the most that a number can be."""
        ends = []
        for sign in (1, -1):
            found = milp(
                sign * counted.astype(float),
                constraints=LinearConstraint(self.sums, self.low, self.high),
                integrality=np.ones(len(self.kinds)),
                bounds=Bounds(0, 1000),
            )
            assert found.success, found.message
            ends.append(sign * round(found.fun))
        return ends[0], ends[1]

    def small(self, below: int) -> Any:
        """Return the small numbers: of kinds, of groups, of two and of one without another.

        They are found by counting people, not by what the code under test calls so.
        """
        groups = self.kinds.T
        numbers = [*np.eye(len(self.kinds), dtype=bool), *groups]
        numbers += [a & b for a, b in itertools.combinations(groups, 2)]
        numbers += [a & ~b for a, b in itertools.permutations(groups, 2)]
        numbers += [g & (self.kinds.sum(axis=1) == 1) for g in groups]
        return [n for n in numbers if 0 < self.sizes[n].sum() < below]


@pytest.mark.parametrize("shard", range(cases(1, 8)))
def test_no_small_number_is_given_away_by_the_others(shard: int) -> None:
    chance = np.random.default_rng(shard)
    small = hidden_groups = given_up = 0
    for _ in range(60):
        members = some_groups(chance)
        if not len(members):
            continue
        below = int(chance.integers(3, 12))
        hidden, overlaps = hide_groups(members, below)
        reader = Reader(members, hidden, below)
        numbers = reader.small(below)
        assert overlaps == (not numbers)
        for number in [*numbers, *reader.kinds.T[hidden]]:
            least, most = reader.possible(number)
            assert least <= reader.sizes[number].sum() <= most
            if most == least:
                # Then even marks alone would tell: two groups within one of 1 or 2.
                everything = Reader(members, members.any(axis=0), below)
                assert np.ptp(everything.possible(number)) == 0, (members.sum(axis=0), hidden)
                given_up += 1
        small += len(numbers)
        hidden_groups += int(hidden.sum())
    assert small > 100
    assert hidden_groups > 20
    assert given_up < 3


def test_numbers_that_tell_nothing_are_shown() -> None:
    art, music = np.arange(72) < 40, np.arange(72) >= 37
    hidden, overlaps = hide_groups(np.column_stack([art, music]), 10)
    assert not hidden.any()  # three are in both, which the two numbers do not say
    assert not overlaps
    hidden, overlaps = hide_groups(np.column_stack([art, music]), 3)
    assert overlaps


def test_a_district_and_its_schools_but_one() -> None:
    school = np.repeat([0, 1, 2], [40, 30, 4])
    members = np.column_stack([school >= 0, school == 0, school == 1, school == 2])
    hidden, _ = hide_groups(members, 10)
    assert hidden.tolist() == [False, False, True, True]


def test_seats_of_users_and_students_do_not_tell_the_teachers() -> None:
    roster = onb.Roster(small_district())
    rules = ["classes::31710::users", "classes::31710::students"]
    assert roster.seats(rules)["people"].tolist() == [11, 10, 11]
    table = roster.seats(rules, suppress_below=10)
    assert table["people"].tolist() == [11, "*"]
    assert table[["onlyHere", "shared"]].to_numpy().tolist() == [["*", "*"], ["*", "*"]]
    assert "0 of 1 to 9 (<10), and 1 of 10 or more" in table.attrs["footnote"]


def test_seats_count_all_people() -> None:
    roster = onb.Roster(small_district())
    with pytest.raises(onb.QueryError, match="max_users=5 leaves people out"):
        roster.seats([onb.Query("students", max_users=5)])
    with onb.connect("demo", max_users=7) as conn, pytest.raises(onb.QueryError, match="=7"):
        conn.seats(["students"])
