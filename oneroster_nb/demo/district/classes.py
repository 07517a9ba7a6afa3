"""Orgs, sessions, courses, classes and enrollments of the demo district."""

from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from oneroster_nb.demo.district.frames import frame, touched
from oneroster_nb.demo.district.plan import Plan
from oneroster_nb.demo.district.schedule import Schedule, Section
from oneroster_nb.demo.district.school_year import SchoolYear
from oneroster_nb.tables.table import join_values

_SEMESTERS: Final = (
    ("s1", "Semester 1", "semester", "2026-08-17", "2027-01-15"),
    ("s2", "Semester 2", "semester", "2027-01-19", "2027-06-11"),
)
_QUARTERS: Final = (
    ("gp1", "Quarter 1", "gradingPeriod", "2026-08-17", "2026-10-23", "s1"),
    ("gp2", "Quarter 2", "gradingPeriod", "2026-10-26", "2027-01-15", "s1"),
    ("gp3", "Quarter 3", "gradingPeriod", "2027-01-19", "2027-03-26", "s2"),
    ("gp4", "Quarter 4", "gradingPeriod", "2027-03-29", "2027-06-11", "s2"),
)


def make_orgs(plan: Plan, rng: np.random.Generator) -> pd.DataFrame:
    """Make the district and, below it, its schools."""
    size = len(plan.schools) + 1
    return frame(
        "orgs",
        {
            "sourcedId": [plan.district_id, *(school.sourced_id for school in plan.schools)],
            "dateLastModified": touched(size, rng),
            "name": [plan.district_name, *(school.name for school in plan.schools)],
            "type": ["district"] + ["school"] * (size - 1),
            "identifier": [f"3499{number:08d}" for number in range(size)],
            "parentSourcedId": [None, *[plan.district_id] * (size - 1)],
        },
    )


def make_sessions(year: SchoolYear, rng: np.random.Generator) -> pd.DataFrame:
    """Make the school year with its semesters and quarters."""
    whole = (year.sourced_id, year.title, "schoolYear", _SEMESTERS[0][3], _SEMESTERS[-1][4], None)
    semesters = ((*semester, year.sourced_id) for semester in _SEMESTERS)
    ids, titles, types, starts, ends, parents = zip(whole, *semesters, *_QUARTERS, strict=True)
    return frame(
        "academicSessions",
        {
            "sourcedId": ids,
            "dateLastModified": touched(len(ids), rng),
            "title": titles,
            "type": types,
            "startDate": pd.to_datetime(pd.Series(starts)),
            "endDate": pd.to_datetime(pd.Series(ends)),
            "parentSourcedId": parents,
            "schoolYear": [year.code] * len(ids),
        },
    )


def make_courses(
    plan: Plan, schedule: Schedule, year: SchoolYear, rng: np.random.Generator
) -> pd.DataFrame:
    """Make the district's catalogue: every course that has a class."""
    grades: dict[str, set[str]] = {}
    courses = {section.course.title: section.course for section in schedule.sections}
    for section in schedule.sections:
        grades.setdefault(section.course.title, set()).update(section.grades)
    return frame(
        "courses",
        {
            "sourcedId": [f"c{number}" for number in range(1, len(courses) + 1)],
            "dateLastModified": touched(len(courses), rng),
            "schoolYearSourcedId": [year.sourced_id] * len(courses),
            "title": list(courses),
            "courseCode": [_code(title) for title in courses],
            "grades": [
                ",".join(sorted(grades[title], key=lambda grade: (grade != "KG", grade)))
                for title in courses
            ],
            "orgSourcedId": [plan.district_id] * len(courses),
            "subjects": [join_values(course.subjects) for course in courses.values()],
            "subjectCodes": [join_values(course.codes) for course in courses.values()],
        },
    )


def make_classes(
    plan: Plan, schedule: Schedule, courses: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """Make a class from every section of the schedule."""
    sections = schedule.sections
    ids = dict(zip(courses["title"], courses["sourcedId"], strict=True))
    schools = [school.sourced_id for school in plan.schools]
    return frame(
        "classes",
        {
            "sourcedId": [str(plan.first_class + number) for number in range(len(sections))],
            "dateLastModified": touched(len(sections), rng),
            "title": [_title(section) for section in sections],
            "grades": [",".join(section.grades) for section in sections],
            "courseSourcedId": [ids[section.course.title] for section in sections],
            "classCode": [
                f"{schools[section.school]}-{_code(section.course.title)}-{section.group}"
                for section in sections
            ],
            "classType": ["homeroom" if section.homeroom else "scheduled" for section in sections],
            "location": [section.room for section in sections],
            "schoolSourcedId": [schools[section.school] for section in sections],
            "termSourcedIds": [",".join(section.terms) for section in sections],
            "subjects": [join_values(section.course.subjects) for section in sections],
            "subjectCodes": [join_values(section.course.codes) for section in sections],
            "periods": [",".join(section.periods) for section in sections],
        },
    )


def make_enrollments(
    schedule: Schedule, classes: pd.DataFrame, users: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """Enrol each class's teacher, then its students, for as long as the class lasts.

    `users` holds the students in the order of the schedule, then its teachers.
    """
    sizes = np.array([len(section.seats) + 1 for section in schedule.sections])
    students = len(schedule.student_schools)
    users_of: list[npt.NDArray[np.int64]] = []
    for section in schedule.sections:
        users_of += [np.array([students + section.teacher]), section.seats]
    user = np.concatenate(users_of)
    teaches = user >= students
    of_class = np.repeat(np.arange(len(sizes)), sizes)
    dates = {semester[0]: semester[3:5] for semester in _SEMESTERS}
    begin = np.array([dates[s.terms[0]][0] for s in schedule.sections], dtype="datetime64[D]")
    end = np.array([dates[s.terms[-1]][1] for s in schedule.sections], dtype="datetime64[D]")
    return frame(
        "enrollments",
        {
            "sourcedId": np.arange(500_001, 500_001 + len(user)).astype(str),
            "dateLastModified": touched(len(user), rng),
            "classSourcedId": classes["sourcedId"].take(of_class).reset_index(drop=True),
            "schoolSourcedId": classes["schoolSourcedId"].take(of_class).reset_index(drop=True),
            "userSourcedId": users["sourcedId"].take(user).reset_index(drop=True),
            "role": np.where(teaches, "teacher", "student"),
            "primary": teaches,
            "beginDate": begin[of_class],
            "endDate": end[of_class],
        },
    )


def _title(section: Section) -> str:
    """Write a class's title: ``ELA 6 (6A ELA)``."""
    return f"{section.course.title} ({section.group} {section.course.short})"


def _code(title: str) -> str:
    """Write a course's code: ``ELA6`` for ``ELA 6``."""
    return title.replace(" ", "").upper()
