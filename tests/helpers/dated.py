"""Small rosters in which people come and go: random dates, and moments to ask about."""

import random
from collections.abc import Callable
from typing import Any

import pandas as pd

from helpers.untidy import Tables, worse
from oneroster_nb.tables.table import join_values

Moment = dict[str, Any]
"""The arguments of a question that say when: a day or a term, and how end dates count."""

DAYS = [pd.Timestamp(2026, 9, 1) + pd.Timedelta(days=days) for days in (0, 1, 2, 60, 61, 120, 200)]
"""Few days, so that dates often fall on the day that is asked about, and just beside it."""


def dated(seed: int) -> Tables:
    """Make an untidy district whose sessions, enrollments and roles have dates of all kinds."""
    chance = random.Random(seed + 900)
    tables = worse(seed)

    def put(table: str, column: str, share: float, value: Callable[[Any], Any]) -> None:
        frame = tables[table]
        for row in frame.index:
            if chance.random() < share:
                frame.loc[row, column] = value(frame.loc[row, column])

    def put_dates(table: str, begin: str, end: str, missing: float, odd: float) -> None:
        frame = tables[table] = tables[table].copy()
        for row in frame.index:
            days = [chance.choice(DAYS) for _ in "be"]
            if chance.random() >= odd:  # else it may be over before it begins
                days = sorted(days)
            shown = [pd.NaT if chance.random() < missing else day for day in days]
            frame.loc[row, [begin, end]] = shown

    sessions = tables["academicSessions"]
    more = sessions.sample(4, random_state=seed).assign(status="active")
    more["sourcedId"] = "more-" + more["sourcedId"]
    more["title"] = [chance.choice(["Trimester", "semester 1", "Weeks"]) for _ in range(4)]
    tables["academicSessions"] = pd.concat([sessions, more], ignore_index=True)
    known = tables["academicSessions"]["sourcedId"].tolist()
    put("academicSessions", "parentSourcedId", 0.2, lambda _: chance.choice([*known, "gone", None]))
    put("academicSessions", "status", 0.15, lambda _: "tobedeleted")
    put_dates("academicSessions", "startDate", "endDate", chance.choice([0.2, 0.5]), 0)

    terms = [*known, "no such term"]
    put(
        "classes",
        "termSourcedIds",
        0.7,
        lambda _: join_values(chance.sample(terms, chance.choice([0, 1, 1, 2, 3]))) or None,
    )
    put_dates("enrollments", "beginDate", "endDate", chance.choice([0.3, 0.6]), 0.1)
    put_dates("roles", "beginDate", "endDate", 0.6, 0.1)
    put("roles", "status", 0.05, lambda _: "tobedeleted")
    # Some are not in the table of roles, some only at one of their schools.
    people = tables["users"]["sourcedId"].tolist()
    left_out = set(chance.sample(people, len(people) // 5))
    roles = tables["roles"]
    kept = ~roles["userSourcedId"].isin(left_out)
    kept &= pd.Series([chance.random() < 0.9 for _ in roles.index], index=roles.index)
    tables["roles"] = roles.loc[kept].reset_index(drop=True)
    return tables


def moment(sessions: pd.DataFrame, number: int) -> Moment:
    """Return a moment to ask about: a day if the number is even, else a term."""
    chance = random.Random(number)
    at: Moment = {"include_end_date": chance.random() < 0.5}
    if number % 2 == 0:
        day = chance.choice(DAYS) + pd.Timedelta(days=chance.choice([-1, 0, 0, 1]))
        at["as_of"] = str(day.date())
    else:
        there = sessions.query("status != 'tobedeleted'")
        term = chance.choice([*there["sourcedId"], *there["title"]])
        at["term"] = chance.choice([term, term.upper(), f" {term.lower()}"])
    return at
