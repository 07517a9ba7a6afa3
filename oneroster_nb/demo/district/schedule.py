"""Making classes from a plan: students, teachers, periods and rooms (pure).

No student and no teacher is in two places at once. Group `c` has the `s`-th subject in period
``(s + c) mod periods``, so the subjects of a group are in different periods, and so are
neighbouring groups of a subject. A teacher takes neighbouring groups of one subject, at most as
many as there are periods.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from oneroster_nb.demo.district.plan import Block, Plan, School


class Course(NamedTuple):
    """A course of the catalogue; `short` is the teachers' name for its classes."""

    title: str
    short: str
    subjects: tuple[str, ...]
    codes: tuple[str, ...]


class Section(NamedTuple):
    """One class.

    `school` and `teacher` count from 0. `group` differs among the classes of a course at a school.
    `seats` are the positions of the students.
    """

    school: int
    course: Course
    grades: tuple[str, ...]
    group: str
    homeroom: bool
    terms: tuple[str, ...]
    periods: tuple[str, ...]
    room: str
    teacher: int
    seats: npt.NDArray[np.int64]


class Cohort(NamedTuple):
    """Students of one grade who have the same classes."""

    grade: str
    letter: str
    seats: npt.NDArray[np.int64]


@dataclass
class Schedule:
    """All classes, and the school and grade of each student and teacher, by position."""

    sections: list[Section] = field(default_factory=list)
    student_schools: list[int] = field(default_factory=list)
    student_grades: list[str] = field(default_factory=list)
    teacher_schools: list[int] = field(default_factory=list)


class _Subject(NamedTuple):
    """The subject of one teacher; the title of its course is ``"<short> <grade>"``."""

    short: str
    subject: str
    code: str


_YEAR: Final = ("s1", "s2")
_MATH: Final = _Subject("Math", "Mathematics", "02")
_SCIENCE: Final = _Subject("Science", "Science", "03")
_SOCIAL: Final = _Subject("Social Studies", "Social Studies", "04")
_ART: Final = _Subject("Art", "Visual Arts", "05")
_PE: Final = _Subject("PE", "Physical Education", "08")
_MUSIC: Final = _Subject("Music", "Music", "05")
_ELA: Final = _Subject("ELA", "English Language Arts", "01")
_ENGLISH: Final = _Subject("English", "English Language Arts", "01")

_SPECIALS: Final = (_ART, _MUSIC, _PE)
_MIDDLE: Final = (_MATH, _ELA, _SCIENCE, _SOCIAL, _ART, _PE)
_HIGH: Final = (_ENGLISH, _MATH, _SCIENCE, _SOCIAL, _PE)
_HOMEROOM: Final = (_ELA, _MATH, _SCIENCE, _SOCIAL)

_ELECTIVES: Final[Mapping[str, Course]] = {
    course.title: course
    for course in (
        Course("Art 101", "Art", ("Visual Arts",), ("05",)),
        Course("Art 102", "Art", ("Visual Arts",), ("05",)),
        Course("Spanish 1", "Spanish", ("World Languages",), ("24",)),
        Course("Spanish 2", "Spanish", ("World Languages",), ("24",)),
        Course("Band", "Band", ("Music",), ("05",)),
        Course("Econ 101", "Econ", ("Social Studies", "Business"), ("04", "12")),
        Course("Psychology", "Psychology", ("Social Studies",), ("04",)),
        Course("Computing", "Computing", ("Computer Science",), ("10",)),
    )
}


def make_schedule(plan: Plan, rng: np.random.Generator) -> Schedule:
    """Make the schedule of every school; `rng` decides who takes which elective."""
    schedule = Schedule()
    for number, school in enumerate(plan.schools):
        _SchoolDay(schedule, number, school, rng).fill()
    return schedule


def grade_label(grade: str) -> str:
    """Return a CEDS grade as schools write it: ``KG`` is K, ``06`` is 6."""
    return "K" if grade == "KG" else grade.lstrip("0")


def _letter(number: int) -> str:
    """Count A, B, …, Z, AA, AB, …."""
    rest, last = divmod(number, 26)
    return (_letter(rest - 1) if rest else "") + chr(ord("A") + last)


class _SchoolDay:
    """A school during planning: its groups, its teachers so far and their rooms."""

    def __init__(
        self, schedule: Schedule, number: int, school: School, rng: np.random.Generator
    ) -> None:
        self._schedule = schedule
        self._number = number
        self._school = school
        self._rng = rng
        self._teachers: dict[tuple[str, int], int] = {}
        self._cohorts = self._enrol()

    def fill(self) -> None:
        """Add the classes of this school to the schedule."""
        sections = {
            "elementary": self._elementary,
            "middle": self._middle,
            "high": self._high,
        }[self._school.level]
        self._schedule.sections.extend(sections())

    def _enrol(self) -> list[Cohort]:
        """Add the students of this school, group by group."""
        cohorts = []
        for grade, sizes in self._school.cohorts.items():
            for index, size in enumerate(sizes):
                first = len(self._schedule.student_schools)
                self._schedule.student_schools.extend([self._number] * size)
                self._schedule.student_grades.extend([grade] * size)
                cohorts.append(Cohort(grade, _letter(index), np.arange(first, first + size)))
        return cohorts

    def _elementary(self) -> Iterator[Section]:
        """Yield a homeroom for each group, and specials with teachers of their own."""
        subjects = tuple(subject.subject for subject in _HOMEROOM)
        codes = tuple(subject.code for subject in _HOMEROOM)
        for index, cohort in enumerate(self._cohorts):
            label = grade_label(cohort.grade)
            title = "Kindergarten" if label == "K" else f"Grade {label}"
            yield Section(
                self._number,
                Course(title, "Homeroom", subjects, codes),
                (cohort.grade,),
                label + cohort.letter,
                True,
                _YEAR,
                ("1", "2"),
                f"Room {label}{cohort.letter}",
                self._teacher(f"homeroom {label}", index),
                cohort.seats,
            )
        for offset, special in enumerate(_SPECIALS):
            for index, cohort in enumerate(self._cohorts):
                turn = index // 6
                room = f"{special.short} {turn + 1}"
                period = 3 + (offset + index) % 6
                yield self._core(special, cohort, period, room, special.short, turn)

    def _middle(self) -> Iterator[Section]:
        """Yield the classes of each grade, with a team of teachers on their own floor."""
        for floor, grade in enumerate(self._school.cohorts, start=3):
            cohorts = [cohort for cohort in self._cohorts if cohort.grade == grade]
            yield from self._team(_MIDDLE, cohorts, f"team {grade}", f"{floor}", 6)

    def _high(self) -> Iterator[Section]:
        """Yield the classes of the subject teachers, then the electives."""
        yield from self._team(_HIGH, self._cohorts, "core", "H1", 5)
        for block in self._school.blocks:
            yield from self._electives(block)

    def _team(
        self,
        subjects: Sequence[_Subject],
        cohorts: Sequence[Cohort],
        team: str,
        floor: str,
        periods: int,
    ) -> Iterator[Section]:
        """Yield every subject for every group; a teacher takes up to five groups."""
        each = -(-len(cohorts) // 5)
        for offset, subject in enumerate(subjects):
            for index, cohort in enumerate(cohorts):
                turn = index // 5
                room = f"{floor}{offset * each + turn + 1:02d}"
                period = 1 + (offset + index) % periods
                yield self._core(subject, cohort, period, room, f"{team} {subject.short}", turn)

    def _core(
        self, subject: _Subject, cohort: Cohort, period: int, room: str, key: str, turn: int
    ) -> Section:
        """Make the class of one subject for one group."""
        label = grade_label(cohort.grade)
        return Section(
            self._number,
            Course(f"{subject.short} {label}", subject.short, (subject.subject,), (subject.code,)),
            (cohort.grade,),
            label + cohort.letter,
            False,
            _YEAR,
            (str(period),),
            room,
            self._teacher(key, turn),
            cohort.seats,
        )

    def _electives(self, block: Block) -> Iterator[Section]:
        """Let the students of a block choose; all its classes are in one period."""
        choosing = [cohort for cohort in self._cohorts if cohort.grade in block.grades]
        seats = self._rng.permutation(np.concatenate([cohort.seats for cohort in choosing]))
        labels = "-".join(grade_label(grade) for grade in block.grades)
        period = "6" if "09" in block.grades or "10" in block.grades else "7"
        taken = 0
        turns: dict[str, int] = {}
        for index, (title, size) in enumerate(block.sections):
            course = _ELECTIVES[title]
            turn = turns[course.short] = turns.get(course.short, -1) + 1
            group = labels + _letter(index) + ("" if block.terms == _YEAR else block.terms[0][-1])
            students = seats[taken : taken + size]
            present = {self._schedule.student_grades[seat] for seat in students.tolist()}
            yield Section(
                self._number,
                course,
                tuple(grade for grade in block.grades if grade in present),
                group,
                False,
                block.terms,
                (period,),
                f"{course.short} Room {turn + 1}",
                self._teacher(f"elective {course.short}", turn),
                np.sort(students),
            )
            taken += size

    def _teacher(self, key: str, turn: int) -> int:
        """Return the teacher of a post; add one if there is none."""
        post = (key, turn)
        if post not in self._teachers:
            self._teachers[post] = len(self._schedule.teacher_schools)
            self._schedule.teacher_schools.append(self._number)
        return self._teachers[post]
