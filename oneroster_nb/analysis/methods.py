"""The questions about a roster, as methods of a source."""

from oneroster_nb.analysis import (
    class_card,
    classes,
    enrollments,
    people,
    person,
    seats,
    sections,
    teachers,
)
from oneroster_nb.source.source import Source


class RosterQuestions(Source):
    """A source that answers questions about whole tables, pulled or held."""

    class_sizes = classes.class_sizes
    teacher_loads = teachers.teacher_loads
    without_classes = people.without_classes
    empty_classes = classes.empty_classes
    multi_school = people.multi_school
    repeated_courses = enrollments.repeated_courses
    duplicate_people = people.duplicate_people
    email_problems = people.email_problems
    grade_and_role_problems = people.grade_and_role_problems
    dangling_enrollments = enrollments.dangling_enrollments
    cross_listed = sections.cross_listed
    seats = seats.seats
    person = person.person
    class_card = class_card.class_card
