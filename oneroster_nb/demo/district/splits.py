"""Two sections of a course from one class (pure).

Nothing is drawn here, so a split changes no other person, class or date of the district.
"""

import numpy as np
import pandas as pd

from oneroster_nb.demo.district.plan import Split


def split_class(
    classes: pd.DataFrame, enrollments: pd.DataFrame, split: Split
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return both tables with a second section of a class, and its students in either section.

    The second section is the last class, with the next id. Its teacher's enrollment is the last
    one. Students keep their enrollments.
    """
    ids = pd.Series(classes["sourcedId"].to_numpy(), index=classes["title"])
    first, second = ids.loc[split.title], _next_id(classes)
    section = classes.loc[classes["sourcedId"] == first]
    section = section.assign(
        sourcedId=second, classCode=section["classCode"] + "-2", periods=split.period
    )

    in_class = enrollments["classSourcedId"] == first
    seats = np.flatnonzero(in_class & (enrollments["role"] == "student"))
    moved = enrollments.copy()
    moved.loc[moved.index[seats[split.stay :]], "classSourcedId"] = second

    teaches = enrollments["role"] == "teacher"
    of_other = teaches & (enrollments["classSourcedId"] == ids.loc[split.teacher_of])
    teacher = enrollments.loc[of_other, "userSourcedId"].iloc[0]
    teaching = enrollments.loc[in_class & teaches].assign(
        sourcedId=_next_id(enrollments), classSourcedId=second, userSourcedId=teacher
    )
    return (
        pd.concat([classes, section], ignore_index=True),
        pd.concat([moved, teaching], ignore_index=True),
    )


def _next_id(table: pd.DataFrame) -> str:
    """Return the id after the last one of a table; ids count up."""
    return str(int(table["sourcedId"].iloc[-1]) + 1)
