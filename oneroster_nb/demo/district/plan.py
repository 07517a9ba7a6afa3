"""The plan of a demo district: its schools, the size of each class, its first ids.

A plan is plain data. The plan of the standard small district is written here; for any other size,
the plan is made from the number of students. The same code makes the tables from any plan.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from oneroster_nb.demo.district.names import PLACES
from oneroster_nb.errors import ConfigurationError

Level = Literal["elementary", "middle", "high"]

MOST_STUDENTS: Final = 2_000_000
"""With more students, two with the same name would also share a birthday."""

_COHORT: Final = 25
"""Students in a full class."""

_LEVELS: Final[Mapping[Level, tuple[str, int, tuple[str, ...]]]] = {
    "elementary": ("Elementary School", 450, ("KG", "01", "02", "03", "04", "05")),
    "middle": ("Middle School", 700, ("06", "07", "08")),
    "high": ("High School", 1200, ("09", "10", "11", "12")),
}

_CHOICES: Final = (
    (("09", "10"), ("s1", "s2"), ("Art 101", "Spanish 1", "Band")),
    (("11", "12"), ("s1",), ("Econ 101", "Art 102", "Psychology")),
    (("11", "12"), ("s2",), ("Econ 101", "Computing", "Spanish 2")),
)


@dataclass(frozen=True)
class Block:
    """A period in which each student of some grades chooses one class.

    Attributes
    ----------
    grades : tuple of str
        The grades that choose, in order.
    terms : tuple of str
        The semesters of the classes: ``"s1"``, ``"s2"`` or both.
    sections : tuple of (str, int)
        The title of the course and the seats of each class; the seats add up to the students.
    """

    grades: tuple[str, ...]
    terms: tuple[str, ...]
    sections: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class School:
    """One school.

    Attributes
    ----------
    sourced_id, name : str
        Its values in the table of orgs.
    level : {"elementary", "middle", "high"}
        Decides how its schedule is made.
    cohorts : Mapping[str, tuple of int]
        Grade to the size of each group of students with the same classes.
    blocks : tuple of Block
        The electives.
    """

    sourced_id: str
    name: str
    level: Level
    cohorts: Mapping[str, tuple[int, ...]]
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True)
class Split:
    """A class in two sections of one course, with one title and room.

    Attributes
    ----------
    title : str
        The title of the class.
    stay : int
        How many students stay in the first section; the others go to the second.
    period : str
        When the second section meets. Its students, its teacher and the room are free then.
    teacher_of : str
        The title of a class; its teacher also teaches the second section.
    """

    title: str
    stay: int
    period: str
    teacher_of: str


@dataclass(frozen=True)
class Plan:
    """A district: its own org, its schools, its first ids, and the classes in two sections."""

    district_id: str
    district_name: str
    schools: tuple[School, ...]
    first_user: int
    first_class: int
    splits: tuple[Split, ...] = ()


SMALL: Final = Plan(
    district_id="1",
    district_name="Classlink District",
    schools=(
        School(
            "2",
            "Classlink HS",
            "high",
            {"09": (10,), "10": (9,), "11": (10,), "12": (9,)},
            (
                Block(("09", "10"), ("s1", "s2"), (("Art 101", 8), ("Spanish 1", 11))),
                Block(("11", "12"), ("s1",), (("Art 102", 9), ("Econ 101", 3), ("Psychology", 7))),
                Block(("11", "12"), ("s2",), (("Computing", 9), ("Spanish 2", 10))),
            ),
        ),
        School(
            "3",
            "North Elementary School",
            "elementary",
            {"KG": (8,), "01": (8,), "02": (8,), "03": (8,), "04": (8,), "05": (7,)},
        ),
        School(
            "7",
            "Lincoln Middle School",
            "middle",
            {"06": (7, 6), "07": (10, 10), "08": (11, 10)},
        ),
    ),
    first_user=18001,
    first_class=31710,
    splits=(Split("ELA 6 (6A ELA)", stay=3, period="7", teacher_of="ELA 7 (7A ELA)"),),
)
"""The standard small district."""


def make_plan(students: int) -> Plan:
    """Plan a district with this many students, spread evenly over the grades.

    Parameters
    ----------
    students : int
        From 1 to :data:`MOST_STUDENTS`.

    Returns
    -------
    Plan
        Elementary schools of up to 450 students, middle schools of up to 700, high schools of up to
        1,200, in classes of up to 25.

    Raises
    ------
    ConfigurationError
        If `students` is out of range.

    Examples
    --------
    >>> [school.name for school in make_plan(500).schools]
    ['North Elementary School', 'North Middle School', 'North High School']
    """
    if not 1 <= students <= MOST_STUDENTS:
        raise ConfigurationError(
            f"A demo district has from 1 to {MOST_STUDENTS:,} students, not {students:,}."
        )
    grades = [grade for _, _, names in _LEVELS.values() for grade in names]
    sizes = dict(zip(grades, _spread(students, len(grades)), strict=True))
    schools: list[School] = []
    for level, (_, capacity, names) in _LEVELS.items():
        count = -(-sum(sizes[grade] for grade in names) // capacity)
        shares = {grade: _spread(sizes[grade], count) for grade in names} if count else {}
        for number in range(count):
            cohorts = {
                grade: _groups(share[number]) for grade, share in shares.items() if share[number]
            }
            blocks = _blocks(cohorts) if level == "high" else ()
            name = _school_name(level, number)
            schools.append(School(str(len(schools) + 2), name, level, cohorts, blocks))
    return Plan("1", "Classlink District", tuple(schools), first_user=18001, first_class=31001)


def _spread(total: int, parts: int) -> list[int]:
    """Divide a number into whole parts that differ by at most one."""
    each, rest = divmod(total, parts)
    return [each + (part < rest) for part in range(parts)]


def _groups(students: int) -> tuple[int, ...]:
    """Divide students into groups of a class's size."""
    return tuple(_spread(students, -(-students // _COHORT)))


def _blocks(cohorts: Mapping[str, tuple[int, ...]]) -> tuple[Block, ...]:
    """Return electives for the grades of a high school."""
    blocks = []
    for grades, terms, titles in _CHOICES:
        present = tuple(grade for grade in grades if grade in cohorts)
        groups = _groups(sum(sum(cohorts[grade]) for grade in present)) if present else ()
        if groups:
            sections = tuple(
                (titles[number % len(titles)], seats) for number, seats in enumerate(groups)
            )
            blocks.append(Block(present, terms, sections))
    return tuple(blocks)


def _school_name(level: Level, number: int) -> str:
    """Return a different name for each school of a level."""
    firsts, seconds = PLACES
    rest, first = divmod(number, len(firsts))
    turn, second = divmod(rest, len(seconds))
    words = [firsts[first], seconds[second], str(turn + 1) if turn else "", _LEVELS[level][0]]
    return " ".join(word for word in words if word)
