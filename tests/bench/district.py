"""The districts that are measured: the demo generator's, with groups of a known name and size."""

from pathlib import Path

import pandas as pd
from groups import CLASS, OTHER_CLASS, SCHOOL, SECTIONS
from job import LATER, ROSTER

from oneroster_nb import Roster
from oneroster_nb.demo.district.making import make_district


def bench_district(students: int) -> dict[str, pd.DataFrame]:
    """Make a district of some students; the same number gives the same district on any day.

    Examples
    --------
    >>> tables = bench_district(2000)
    >>> sections = tables["classes"]["courseSourcedId"].value_counts()
    >>> int(sections["bench-20"]), int(sections["bench-60"])
    (20, 60)
    """
    tables = make_district(students, school_year="2026-2027")
    orgs, courses, classes = (tables[name].copy() for name in ("orgs", "courses", "classes"))
    orgs.loc[orgs.index[orgs["type"] == "school"][0], "name"] = SCHOOL
    last = len(classes) - 1
    classes.loc[[last, last - 1], "title"] = [CLASS, OTHER_CLASS]
    begin, added = 0, []
    for title, sections in SECTIONS.items():
        key = f"bench-{sections}"
        added.append(courses.iloc[[0]].assign(sourcedId=key, title=title, courseCode=key))
        classes.loc[begin : begin + sections - 1, "courseSourcedId"] = key
        begin += sections
    courses = pd.concat([courses, *added], ignore_index=True)
    return {**tables, "orgs": orgs, "courses": courses, "classes": classes}


def changed(tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return a later state of a district: some people renamed, some gone from their classes."""
    users, enrollments = tables["users"].copy(), tables["enrollments"]
    users.loc[::100, "familyName"] = "Changed"
    kept = enrollments.drop(index=enrollments.index[::50]).reset_index(drop=True)
    return {**tables, "users": users, "enrollments": kept}


def save_district(students: int, folder: Path) -> None:
    """Save a district as a roster."""
    Roster(bench_district(students)).save(folder / ROSTER)


def save_beside(folder: Path, name: str) -> None:
    """Save beside a roster the same as a bundle, or a later state of it."""
    tables = load_tables(folder)
    if name == LATER:
        Roster(changed(tables)).save(folder / LATER)
    else:
        Roster(tables).to_csv_bundle(folder / name)


def load_tables(folder: Path) -> dict[str, pd.DataFrame]:
    """Return the tables of a district that was saved."""
    roster = Roster.load(folder / ROSTER)
    return {name: roster.table(name) for name in roster.summary()["table"]}
