"""One question, one answer: live over 1.1 and 1.2, from a roster, from one saved and loaded.

Random small districts, untidy as real ones are, are asked random questions.
"""

import random
import tempfile
import warnings
from typing import Any

import pandas as pd
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import oneroster_nb as onb
from oneroster_nb.demo.district.making import make_district
from oneroster_nb.demo.server.embedded import DemoServer
from oneroster_nb.tables.schema import join_values, split_text

Tables = dict[str, pd.DataFrame]

ODD_TITLES = ["Art", "art ", "Art, advanced", 'The "Club"', "Ärt & Søn", "a|b", "*", "Art (1)"]
DELETABLE = ("orgs", "academicSessions", "courses", "classes", "users", "enrollments")


def untidy(seed: int) -> Tables:
    """Make a district with what real ones have: deleted rows, gaps, odd titles, dead references."""
    chance = random.Random(seed)
    tables = dict(make_district(chance.randint(20, 60), seed=seed % 7 + 1))

    def some(table: str, share: float) -> list[int]:
        return [row for row in range(len(tables[table])) if chance.random() < share]

    def put(table: str, column: str, share: float, value: Any) -> None:
        frame = tables[table] = tables[table].copy()
        for row in some(table, share):
            frame.loc[row, column] = value(frame.loc[row, column])

    for table in DELETABLE:
        put(table, "status", chance.choice([0, 0.1, 0.3]), lambda _: "tobedeleted")
    put("classes", "title", 0.2, lambda _: chance.choice(ODD_TITLES))
    put("courses", "title", 0.2, lambda _: chance.choice(ODD_TITLES))
    put("classes", "location", 0.2, lambda _: None)
    put("classes", "courseSourcedId", 0.1, lambda _: "no such course")
    put("classes", "termSourcedIds", 0.1, lambda _: None)
    put("enrollments", "userSourcedId", 0.05, lambda _: "no such person")
    schools = tables["orgs"].loc[tables["orgs"]["type"] == "school", "sourcedId"].tolist()
    students = tables["users"]["role"] == "student"
    users = tables["users"] = tables["users"].copy()
    for row in [row for row in some("users", 0.2) if students[row]]:
        orgs = [*split_text(users.loc[row, "orgSourcedIds"]), chance.choice(schools)]
        users.loc[row, "orgSourcedIds"] = join_values(dict.fromkeys(orgs))
    tables["roles"] = onb_roles(users, tables["orgs"])
    # The same people twice in a class, and in the other classes of a course.
    again = tables["enrollments"].sample(5, random_state=seed)
    again = again.assign(sourcedId=again["sourcedId"] + "-again")
    tables["enrollments"] = pd.concat([tables["enrollments"], again], ignore_index=True)
    return tables


def onb_roles(users: pd.DataFrame, orgs: pd.DataFrame) -> pd.DataFrame:
    from oneroster_nb.tables.roles import roles_of_users

    return roles_of_users(users, orgs)


def questions(tables: Tables, seed: int) -> list[onb.Query]:
    """Make up questions, most of which have an answer."""
    chance = random.Random(seed)
    made = []
    while len(made) < 12:
        kind = chance.choice([None, "classes", "classes", "courses", "schools"])
        table = tables["orgs" if kind == "schools" else kind or "classes"]
        name = "name" if kind == "schools" else "title"
        names: Any = None
        if kind and chance.random() < 0.75:
            pool = [*table[name].dropna(), *table["sourcedId"], "no such thing"]
            names = chance.sample(pool, chance.randint(1, 3))
            names = [n.upper() if chance.random() < 0.3 else n for n in names]
        match_on = None
        if kind and chance.random() < 0.4:
            match_on = {
                "classes": ["title", "schoolName", "courseTitle", "location", "sourcedId"],
                "courses": ["title", "courseCode", "schoolName"],
                "schools": ["name", "sourcedId"],
            }[kind]
            match_on = chance.sample(match_on, chance.randint(1, len(match_on)))
        match = chance.choice(["exact", "exact", "contains", "glob"])
        if match == "glob" and names:
            names = [n[:3] + "*" for n in names]
        made.append(
            onb.Query(
                user_filter=chance.choice(["students", "teachers", "users", "administrators"]),
                group_filter=kind,
                group_name=names,
                match_on=match_on,
                match=match,
                term=chance.choice([None, None, "current", *tables["academicSessions"]["title"]]),
                status=chance.choice(["active", "active", "all"]),
                unique=bool(kind) and chance.random() < 0.3,
                max_users=chance.choice([None, None, 3]),
                sensitive=chance.random() < 0.2,
            )
        )
    return made


@settings(max_examples=12, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 10_000))
@example(0)
def test_every_source_gives_the_same_answer(seed: int) -> None:
    tables = untidy(seed)
    with (
        warnings.catch_warnings(),
        tempfile.TemporaryDirectory() as folder,
        DemoServer(tables) as server,
        onb.OneRosterConnector(server.host, server.client_id, server.client_secret) as old,
        onb.OneRosterConnector(
            server.host_v1p2, server.client_id, server.client_secret, token_url=server.token_url
        ) as new,
    ):
        warnings.simplefilter("ignore", onb.RosterWarning)
        roster = old.get_roster(sensitive=True)
        sources = {
            "live 1.2": new,
            "roster": roster,
            "roster of 1.2": new.get_roster(sensitive=True),
            "saved roster": onb.Roster.load(roster.save(folder + "/kept.roster")),
        }
        for query in questions(tables, seed):
            expected = old.query(query)
            for name, source in sources.items():
                frame = source.query(query)
                # Lists of members do not say how somebody is enrolled; whole tables do.
                known = [
                    column
                    for column in expected
                    if not (column.startswith("enrollment") and expected[column].isna().all())
                ]
                assert list(frame) == list(expected)
                pd.testing.assert_frame_equal(
                    frame[known], expected[known], obj=f"{name}, {query!r}, seed {seed}"
                )


@settings(max_examples=8, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 10_000))
@example(0)
def test_bundles_give_the_same_answer(seed: int) -> None:
    """Of what is not to be deleted, which is what a bulk bundle holds."""
    tables = {n: t.loc[t["status"] != "tobedeleted"] for n, t in untidy(seed).items()}
    with (
        warnings.catch_warnings(),
        tempfile.TemporaryDirectory() as folder,
        DemoServer(tables) as server,
        onb.OneRosterConnector(server.host, server.client_id, server.client_secret) as live,
    ):
        warnings.simplefilter("ignore", onb.RosterWarning)
        roster = live.get_roster(sensitive=True)
        sources = {
            version: onb.CsvConnector(roster.to_csv_bundle(f"{folder}/{version}.zip", version))
            for version in ("1.1", "1.2")
        }
        for query in questions(tables, seed):
            expected = live.query(query)
            whole = roster.query(query)
            for version, source in sources.items():
                frame = source.query(query)
                about = f"bundle {version}, {query!r}, seed {seed}"
                pd.testing.assert_frame_equal(frame, whole, obj=about)
                known = [
                    column
                    for column in expected
                    if not (column.startswith("enrollment") and expected[column].isna().all())
                ]
                pd.testing.assert_frame_equal(frame[known], expected[known], obj=about)
