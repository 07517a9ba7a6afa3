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
from oneroster_nb.demo.district.splits import split_class
from oneroster_nb.tables.table import TABLES


def make_district(students: int | None = None, *, seed: int = 1) -> dict[str, pd.DataFrame]:
    """Make up a school district.

    Columns that OneRoster 1.1 does not have are empty, so that every export and import keeps the
    same data. The school year is 2026-2027. There are no deleted records.

    Parameters
    ----------
    students : int, optional
        The number of students, up to 2,000,000. The default is the standard small district with 139
        students at three schools.
    seed : int
        The same seed gives the same district.

    Returns
    -------
    dict of pandas.DataFrame
        Every table of :data:`oneroster_nb.tables.table.TABLES` by name, with all its
        columns (``sms`` and ``phone`` too) and their dtypes.

    Raises
    ------
    ConfigurationError
        If `students` is out of range.

    Examples
    --------
    >>> tables = make_district()
    >>> int((tables["users"]["role"] == "student").sum())
    139
    """
    rng = np.random.default_rng(seed)
    plan = SMALL if students is None else make_plan(students)
    schedule = make_schedule(plan, rng)
    users = make_users(plan, schedule, rng)
    courses = make_courses(plan, schedule, rng)
    classes = make_classes(plan, schedule, courses, rng)
    enrollments = make_enrollments(schedule, classes, users, rng)
    for split in plan.splits:
        classes, enrollments = split_class(classes, enrollments, split)
    orgs = make_orgs(plan, rng)
    tables = {
        "orgs": orgs,
        "academicSessions": make_sessions(rng),
        "courses": courses,
        "classes": classes,
        "users": users,
        "roles": make_roles(users, orgs),
        "enrollments": enrollments,
        "demographics": make_demographics(users, rng),
        **make_resources(classes, courses, rng),
        **make_gradebook(classes, enrollments, rng),
    }
    return {name: tables[name] for name in TABLES}
