"""Small rosters as districts have them, and questions to ask of them."""

import random
from collections.abc import Callable
from typing import Any

import pandas as pd

import oneroster_nb as onb
from oneroster_nb.demo.district.making import make_district
from oneroster_nb.tables.table import join_values, split_text

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
    # A session that is marked tobedeleted is no term.
    sessions = tables["academicSessions"]
    terms = sessions.loc[sessions["status"] != "tobedeleted", "title"].tolist()
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
                term=chance.choice([None, None, "current", *terms]),
                as_of=chance.choice([None, None, None, "2026-10-01", "2027-01-17"]),
                status=chance.choice(["active", "active", "all"]),
                unique=bool(kind) and chance.random() < 0.3,
                max_users=chance.choice([None, None, 3]),
                sensitive=chance.random() < 0.2,
            )
        )
    return made


def worse(seed: int) -> dict[str, pd.DataFrame]:
    """Make an untidy district with something to find for every question."""
    chance = random.Random(seed + 500)
    tables = {name: table.copy() for name, table in untidy(seed).items()}
    users, classes = tables["users"], tables["classes"]
    enrollments, born = tables["enrollments"], tables["demographics"]

    def put(table: pd.DataFrame, column: str, share: float, value: Callable[[Any], Any]) -> None:
        for row in table.index:
            if chance.random() < share:
                table.loc[row, column] = value(table.loc[row, column])

    addresses = users["email"].dropna().sample(5, random_state=seed).tolist()
    put(users, "email", 0.1, lambda _: chance.choice([None, "", "  "]))
    put(users, "email", 0.1, lambda _: f" {chance.choice(addresses).upper()} ")
    put(users, "grades", 0.15, lambda _: chance.choice([None, "Lions", "06,Lions", "06,07", "6"]))
    put(users, "role", 0.1, lambda _: chance.choice([None, "janitor", "aide", "Student"]))
    put(users, "givenName", 0.05, lambda _: None)
    put(users, "familyName", 0.03, lambda _: None)
    put(born, "birthDate", 0.3, lambda _: pd.NaT)
    put(born, "status", 0.1, lambda _: "tobedeleted")
    twins = users.sample(12, random_state=seed).copy()
    twins["sourcedId"] = "twin-" + twins["sourcedId"]
    twins["familyName"] = twins["familyName"].str.upper() + " "
    twins["givenName"] = twins["givenName"].str.replace("e", "é")
    days = born.loc[born["sourcedId"].isin(twins["sourcedId"].str[5:])].head(5).copy()
    days["sourcedId"] = "twin-" + days["sourcedId"]
    # Some twins are at another school, too, or only there, or nowhere.
    put(twins, "orgSourcedIds", 0.6, lambda orgs: chance.choice([f"3,{orgs}", "3", "1", None]))
    tables["users"] = pd.concat([users, twins], ignore_index=True)
    tables["demographics"] = pd.concat([born, days], ignore_index=True)
    # Some hold a second role, at their school or at another one.
    more = tables["roles"].sample(20, random_state=seed)
    more = more.assign(sourcedId="second-" + more["sourcedId"], roleType="secondary")
    more["role"] = [chance.choice(["guardian", "student", "aide", "janitor"]) for _ in range(20)]
    more["orgSourcedId"] = [chance.choice(["2", "3", org]) for org in more["orgSourcedId"]]
    tables["roles"] = pd.concat([tables["roles"], more], ignore_index=True)
    put(tables["roles"], "role", 0.05, lambda _: "guardian")
    put(enrollments, "userSourcedId", 0.03, lambda _: chance.choice([None, "", "nobody"]))
    put(enrollments, "classSourcedId", 0.03, lambda _: chance.choice([None, "nowhere"]))
    put(enrollments, "schoolSourcedId", 0.05, lambda _: chance.choice([None, "no school"]))
    put(enrollments, "primary", 0.3, lambda _: chance.choice([None, False]))
    put(enrollments, "role", 0.05, lambda _: chance.choice(["aide", "teacher", None]))
    terms = ["s1", "s1", "s1,s2", "s2", "sy2027", "gp2", "no such term"]
    places = [["H1", "h1 ", "H2", None], ["1", "1,2", "2", None], terms]
    for column, share in (("location", 0.6), ("periods", 0.6), ("termSourcedIds", 0.3)):
        values = places[["location", "periods", "termSourcedIds"].index(column)]
        put(classes, column, share, lambda _, values=values: chance.choice(values))
    put(classes, "courseSourcedId", 0.2, lambda _: chance.choice(["c1", "c2", None]))
    return tables
