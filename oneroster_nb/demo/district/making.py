"""The demo district: all canonical tables, of any size, from a seed."""

import numpy as np
import pandas as pd

from oneroster_nb.demo.district.classes import (
    make_classes,
    make_courses,
    make_enrollments,
    make_orgs,
    make_sessions,
)
from oneroster_nb.demo.district.gradebook import make_gradebook, make_resources
from oneroster_nb.demo.district.people import make_demographics, make_users
from oneroster_nb.demo.district.plan import SMALL, make_plan
from oneroster_nb.demo.district.roles import make_roles
from oneroster_nb.demo.district.schedule import make_schedule
from oneroster_nb.demo.district.school_year import SchoolYear
from oneroster_nb.demo.district.splits import split_class
from oneroster_nb.tables.table import TABLES
from oneroster_nb.today import local_date


def make_district(
    students: int | None = None, *, seed: int = 1, school_year: str | None = None
) -> dict[str, pd.DataFrame]:
    """Make up a school district.

    Columns that OneRoster 1.1 does not have are empty, so that every export and import keeps the
    same data. There are no deleted records.

    Parameters
    ----------
    students : int, optional
        The number of students, up to 2,000,000. The default is the standard small district with 139
        students at three schools.
    seed : int
        The same seed gives the same district.
    school_year : str, optional
        Such as ``"2026-2027"``; by default, the one that has begun last, so that in summer it is
        over. Only dates, and the names of the year, depend on it.

    Returns
    -------
    dict of pandas.DataFrame
        Every table of :data:`oneroster_nb.tables.table.TABLES` by name, with all its
        columns (``sms`` and ``phone`` too) and their dtypes.

    Raises
    ------
    ConfigurationError
        If `students` is out of range, or `school_year` is none.

    Examples
    --------
    >>> tables = make_district(school_year="2026-2027")
    >>> int((tables["users"]["role"] == "student").sum())
    139
    >>> str(tables["academicSessions"]["startDate"].min().date())
    '2026-08-17'
    """
    year = SchoolYear.of_day(local_date()) if school_year is None else SchoolYear.named(school_year)
    rng = np.random.default_rng(seed)
    plan = SMALL if students is None else make_plan(students)
    schedule = make_schedule(plan, rng)
    users = make_users(plan, schedule, rng)
    courses = make_courses(plan, schedule, year, rng)
    classes = make_classes(plan, schedule, courses, rng)
    enrollments = make_enrollments(schedule, classes, users, rng)
    for split in plan.splits:
        classes, enrollments = split_class(classes, enrollments, split)
    orgs = make_orgs(plan, rng)
    tables = {
        "orgs": orgs,
        "academicSessions": make_sessions(year, rng),
        "courses": courses,
        "classes": classes,
        "users": users,
        "roles": make_roles(users, orgs),
        "enrollments": enrollments,
        "demographics": make_demographics(users, rng),
        **make_resources(classes, courses, rng),
        **make_gradebook(classes, enrollments, rng),
    }
    return year.dated({name: tables[name] for name in TABLES})
