"""What is done to a roster in memory and to files, without a server."""

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import csv_bundle
import pandas as pd
from job import BUNDLE, LATER, ROSTER, Job, Way

import oneroster_nb as onb

KEY = "a key of the bench alone"


def _roster(job: Job, name: str = ROSTER) -> onb.Roster:
    return onb.Roster.load(job.place / name)


def _on_roster(act: Callable[[onb.Roster], Any]) -> Way:
    """Return a way that does something to a roster that was loaded before."""

    def way(job: Job, stack: ExitStack) -> Callable[[], Any]:
        roster = _roster(job)
        return lambda: act(roster)

    return way


def course_first(job: Job, stack: ExitStack) -> Callable[[], pd.DataFrame]:
    """Ask a roster that was asked nothing before."""
    roster = _roster(job)
    _roster(job).get_users("teachers", *job.group)  # loads what is loaded at first use
    return lambda: roster.get_users("students", *job.group)


def course(job: Job, stack: ExitStack) -> Callable[[], pd.DataFrame]:
    """Ask a roster that was asked before."""
    roster = _roster(job)
    roster.get_users("teachers", *job.group)
    return lambda: roster.get_users("students", *job.group)


def course_by_merges(job: Job, stack: ExitStack) -> Callable[[], pd.DataFrame]:
    """Join the same frames with pandas, and nothing else."""
    roster = _roster(job)
    kind, title = job.group
    courses, classes = roster.table(kind), roster.table("classes")
    enrollments, users = roster.table("enrollments"), roster.table("users")

    def merge() -> pd.DataFrame:
        ids = courses.loc[courses["title"] == title, ["sourcedId"]]
        sections = classes.merge(ids, left_on="courseSourcedId", right_on="sourcedId")
        students = enrollments.loc[enrollments["role"] == "student"]
        keys = sections[["sourcedId_x"]].rename(columns={"sourcedId_x": "classSourcedId"})
        enrolled = students.merge(keys, on="classSourcedId")[["userSourcedId", "classSourcedId"]]
        return enrolled.merge(users, left_on="userSourcedId", right_on="sourcedId")

    return merge


def form(job: Job, stack: ExitStack) -> Callable[[], pd.DataFrame]:
    """Press Run query in the form, until the table is there."""
    explorer = onb.explore(_roster(job), user_filter="students")
    explorer.run()

    def press() -> pd.DataFrame:
        explorer.run()
        assert explorer.result is not None
        return explorer.result

    return press


def later(job: Job, stack: ExitStack) -> Callable[[], int]:
    """Compare two rosters."""
    before, after = _roster(job), _roster(job, LATER)
    return lambda: len(onb.diff(before, after, progress=False).fields)


def _target(stack: ExitStack, name: str) -> Callable[[], Path]:
    """Return a function that names a new file each time."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    names = iter(range(1_000_000))
    return lambda: folder / f"{next(names)}{name}"


def save(job: Job, stack: ExitStack) -> Callable[[], onb.Roster]:
    """Save a roster."""
    roster, target = _roster(job), _target(stack, "")

    def act() -> onb.Roster:
        roster.save(target())
        return roster

    return act


def write_bundle(job: Job, stack: ExitStack) -> Callable[[], onb.Roster]:
    """Write a roster as a bundle."""
    roster, target = _roster(job), _target(stack, ".zip")

    def act() -> onb.Roster:
        roster.to_csv_bundle(target())
        return roster

    return act


def load(job: Job, stack: ExitStack) -> Callable[[], onb.Roster]:
    """Load a saved roster."""
    return lambda: _roster(job)


def _bundle(way: str) -> Way:
    """Return a way to read a bundle."""

    def read(job: Job, stack: ExitStack) -> Callable[[], int]:
        return lambda: csv_bundle.read(way, job.place / BUNDLE)

    return read


WAYS: dict[str, Way] = {
    "pandas merges": course_by_merges,
    "roster, first question": course_first,
    "roster": course,
    "students of a roster": _on_roster(lambda roster: roster.get_users("students")),
    "form": form,
    "check": _on_roster(lambda roster: len(onb.check(roster, progress=False))),
    "pseudonymise": _on_roster(lambda roster: onb.pseudonymise(roster, KEY, progress=False)),
    "diff": later,
    "cross_listed": _on_roster(lambda roster: onb.cross_listed(roster, progress=False)),
    "to_csv_bundle": write_bundle,
    "save": save,
    "load": load,
    **{f"bundle: {way}": _bundle(way) for way in csv_bundle.WAYS},
}
