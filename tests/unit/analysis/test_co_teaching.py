"""Teachers who share classes: what a reader with the timetable can work out of their numbers."""

import itertools
from typing import Any

import numpy as np
import pandas as pd
import pytest
from helpers.district import small_district
from helpers.thorough import cases

import oneroster_nb as onb
from oneroster_nb.counts.co_teaching import hide_loads


def roster(teachers: dict[str, list[str]], sizes: dict[str, int], twice: int = 0) -> onb.Roster:
    """Make a roster of one school; `twice` students of the first class are in the second, too."""
    tables = {name: table.head(0) for name, table in small_district().items()}
    seed = small_district()
    school = seed["orgs"].loc[seed["orgs"]["type"] == "school"].head(1)
    key = school["sourcedId"].iloc[0]
    people, rows = [(name, "teacher") for name in teachers], []
    for name, classes in teachers.items():
        rows += [(class_, name, "teacher") for class_ in classes]
    for class_, size in sizes.items():
        for number in range(size):
            people.append((f"{class_}-{number}", "student"))
            rows.append((class_, f"{class_}-{number}", "student"))
    first, second = [*sizes, "", ""][:2]
    rows += [(second, f"{first}-{number}", "student") for number in range(twice)]
    return onb.Roster(
        {
            "orgs": school,
            "classes": _filled(tables["classes"], sourcedId=[*sizes], schoolSourcedId=key),
            "users": _filled(
                tables["users"],
                sourcedId=[name for name, _ in people],
                role=[role for _, role in people],
                orgSourcedIds=key,
            ),
            "enrollments": _filled(
                tables["enrollments"],
                sourcedId=[f"e{number}" for number in range(len(rows))],
                classSourcedId=[class_ for class_, _, _ in rows],
                userSourcedId=[user for _, user, _ in rows],
                role=[role for _, _, role in rows],
            ),
        }
    )


def _filled(empty: pd.DataFrame, **columns: Any) -> pd.DataFrame:
    length = len(columns["sourcedId"])
    table = empty.reindex(range(length)).astype(empty.dtypes)
    return table.assign(status="active", **columns)


def shown(loads: pd.DataFrame) -> dict[str, list[Any]]:
    return {
        row["sourcedId"]: [row["students"], row["contacts"]] for row in loads.to_dict("records")
    }


def test_two_teachers_of_one_class_do_not_give_a_third_away() -> None:
    # A has 12 and 3 students, C the same 12: without more, B has 15 - 12 = 3.
    source = roster({"A": ["one", "two"], "B": ["two"], "C": ["one"]}, {"one": 12, "two": 3})
    assert shown(source.teacher_loads()) == {"A": [15, 15], "B": [3, 3], "C": [12, 12]}
    table = source.teacher_loads(suppress_below=10)
    assert shown(table) == {"A": ["*", "*"], "B": ["<10", "*"], "C": ["*", "*"]}
    assert "which teacher has which sections" in table.attrs["footnote"]


def test_teachers_who_share_no_small_class_are_shown() -> None:
    source = roster(
        {"A": ["one", "two"], "B": ["two"], "C": ["one"], "D": ["three"]},
        {"one": 12, "two": 13, "three": 4},
    )
    table = source.teacher_loads(suppress_below=10)
    assert shown(table) == {"A": [25, 25], "B": [13, 13], "C": [12, 12], "D": ["<10", "*"]}


def test_contacts_do_not_tell_how_many_students_are_in_two_sections() -> None:
    source = roster({"A": ["one", "two"]}, {"one": 12, "two": 11}, twice=2)
    assert shown(source.teacher_loads()) == {"A": [23, 25]}
    assert shown(source.teacher_loads(suppress_below=10)) == {"A": [23, "*"]}
    many = roster({"A": ["one", "two"]}, {"one": 12, "two": 11}, twice=12)
    assert shown(many.teacher_loads(suppress_below=10)) == {"A": [23, 35]}


@pytest.mark.parametrize("seed", range(cases(4, 40)))
def test_no_small_number_has_one_possible_value(seed: int) -> None:
    """Try all sizes of all classes against what is shown of random timetables."""
    chance = np.random.default_rng(seed)
    below, largest = 4, 9
    classes = int(chance.integers(2, 5))
    sizes = pd.Series(chance.integers(0, largest, classes))
    taught = chance.random((int(chance.integers(2, 5)), classes)) < 0.5
    teaching = pd.DataFrame(np.argwhere(taught), columns=["teacher", "class_"])
    if teaching.empty:
        return
    hidden = hide_loads(teaching, sizes, below)
    people = teaching["class_"].map(sizes).groupby(teaching["teacher"]).sum()
    names = people.index.tolist()
    possible: dict[int, set[int]] = {name: set() for name in names}
    # One more student in a class than any has: the reader does not know the largest.
    for guess in itertools.product(range(largest + 2), repeat=classes):
        sums = {name: int(taught[name] @ np.array(guess)) for name in names}
        if all(_fits(sums[name], people[name], hidden[name], below) for name in names):
            for name in names:
                possible[name].add(sums[name])
    for name in names:
        if 0 < people[name] < below:
            assert hidden[name]
            assert len(possible[name]) > 1, (taught.tolist(), sizes.tolist(), hidden.to_dict())


def _fits(guess: int, people: int, hidden: bool, below: int) -> bool:
    if not hidden:
        return guess == people
    return 0 < guess < below if people < below else guess >= below
