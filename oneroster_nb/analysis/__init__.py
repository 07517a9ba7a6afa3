"""The questions that rosters are pulled for, asked of a source or a frame."""

from oneroster_nb.analysis.classes import class_sizes, empty_classes, teacher_loads
from oneroster_nb.analysis.counting import count, crosstab
from oneroster_nb.analysis.enrollments import dangling_enrollments, repeated_courses
from oneroster_nb.analysis.people import (
    duplicate_people,
    email_problems,
    grade_and_role_problems,
    multi_school,
    without_classes,
)
from oneroster_nb.analysis.seating import seats
from oneroster_nb.analysis.sections import cross_listed

__all__ = [
    "class_sizes",
    "count",
    "cross_listed",
    "crosstab",
    "dangling_enrollments",
    "duplicate_people",
    "email_problems",
    "empty_classes",
    "grade_and_role_problems",
    "multi_school",
    "repeated_courses",
    "seats",
    "teacher_loads",
    "without_classes",
]
