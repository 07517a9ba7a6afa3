"""The groups that are asked for: a district that is measured has each, of a known name and size."""

SCHOOL = "Bench School"
"""The name of one school."""
CLASS = "Bench Class"
"""The title of one class."""
OTHER_CLASS = "Other Bench Class"
"""The title of another class."""
COURSE = "Course of 20 sections"
LARGE_COURSE = "Course of 60 sections"
SECTIONS = {COURSE: 20, LARGE_COURSE: 60}
"""The titles of courses, and how many classes each has (fewer in a district of a few hundred)."""
