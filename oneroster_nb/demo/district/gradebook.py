"""The small gradebook and the teaching material of the demo district.

Only a limited number of classes have them, so that they stay small in a large district.
"""

from typing import Final

import numpy as np
import pandas as pd

from oneroster_nb.demo.district.frames import frame, kept, touched

_GRADED_CLASSES: Final = 40
_EQUIPPED_CLASSES: Final = 20
_EQUIPPED_COURSES: Final = 5
_TASKS: Final = (
    ("Homework 1", "hw", "2026-09-08", "2026-09-15"),
    ("Unit test", "test", "2026-10-05", "2026-10-05"),
)
_RESOURCES: Final = (
    ("r1", "Student workbook", "primary", "student"),
    ("r2", "Teacher's guide", "secondary", "teacher"),
    ("r3", "Online atlas, world edition", "secondary", "student,teacher"),
)


def make_gradebook(
    classes: pd.DataFrame, enrollments: pd.DataFrame, rng: np.random.Generator
) -> dict[str, pd.DataFrame]:
    """Make categories, line items and results for the first classes of the first semester."""
    graded = classes.loc[classes["termSourcedIds"].str.startswith("s1"), "sourcedId"]
    graded = graded.head(_GRADED_CLASSES)
    ids = np.repeat(graded.to_numpy(dtype=object), len(_TASKS))
    title, category, assigned, due = (
        list(column) * len(graded) for column in zip(*_TASKS, strict=True)
    )
    number = np.arange(1, len(ids) + 1)
    line_items = frame(
        "lineItems",
        {
            "sourcedId": [f"li{item}" for item in number],
            "dateLastModified": touched(len(ids), rng),
            "title": title,
            "description": kept(np.array(category) == "test", "Bring a pencil & paper."),
            "assignDate": pd.to_datetime(pd.Series(assigned), utc=True),
            "dueDate": pd.to_datetime(pd.Series(due), utc=True),
            "classSourcedId": ids,
            "categorySourcedId": category,
            "gradingPeriodSourcedId": np.full(len(ids), "gp1", dtype=object),
            "resultValueMin": np.zeros(len(ids)),
            "resultValueMax": np.full(len(ids), 100.0),
        },
    )
    seats = enrollments.loc[
        enrollments["role"].eq("student") & enrollments["classSourcedId"].isin(graded)
    ]
    pairs = line_items.merge(seats, on="classSourcedId", suffixes=("", "_seat"))
    size = len(pairs)
    score = rng.integers(60, 101, size).astype(float)
    results = frame(
        "results",
        {
            "sourcedId": [f"re{item}" for item in range(1, size + 1)],
            "dateLastModified": touched(size, rng),
            "lineItemSourcedId": pairs["sourcedId"],
            "studentSourcedId": pairs["userSourcedId"],
            "scoreStatus": np.full(size, "fully graded", dtype=object),
            "score": score,
            "scoreDate": pairs["dueDate"].dt.tz_localize(None),
            "comment": kept(score > 95, "Excellent"),
        },
    )
    categories = frame(
        "categories",
        {
            "sourcedId": ["hw", "test"],
            "dateLastModified": touched(2, rng),
            "title": ["Homework", "Tests"],
        },
    )
    return {"categories": categories, "lineItems": line_items, "results": results}


def make_resources(
    classes: pd.DataFrame, courses: pd.DataFrame, rng: np.random.Generator
) -> dict[str, pd.DataFrame]:
    """Make a few resources and assign them to the first classes and courses."""
    ids, titles, importance, roles = (list(column) for column in zip(*_RESOURCES, strict=True))
    resources = frame(
        "resources",
        {
            "sourcedId": ids,
            "dateLastModified": touched(len(ids), rng),
            "title": titles,
            "importance": importance,
            "roles": roles,
            "vendorResourceId": [f"book-{number}" for number in ids],
            "vendorId": ["demo-books"] * len(ids),
            "applicationId": ["demo-reader"] * len(ids),
        },
    )
    equipped = classes.head(_EQUIPPED_CLASSES)
    taught = courses.head(_EQUIPPED_COURSES)
    return {
        "resources": resources,
        "classResources": _links("classResources", "classSourcedId", equipped, ["r1", "r3"]),
        "courseResources": _links("courseResources", "courseSourcedId", taught, ["r2"]),
    }


def _links(name: str, column: str, owners: pd.DataFrame, ids: list[str]) -> pd.DataFrame:
    """Link each owner with each resource; the id of the link is made from both ids."""
    pairs = owners[["sourcedId", "status", "dateLastModified"]].merge(
        pd.DataFrame({"resource": pd.Series(ids, dtype="str")}), how="cross"
    )
    return frame(
        name,
        {
            "sourcedId": pairs["sourcedId"] + "@" + pairs["resource"],
            "status": pairs["status"],
            "dateLastModified": pairs["dateLastModified"],
            column: pairs["sourcedId"],
            "resourceSourcedId": pairs["resource"],
        },
    )
