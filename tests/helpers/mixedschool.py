"""Two schools whose people have other roles at the one than at the other, by every source."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pandas as pd

import oneroster_nb as onb
from helpers.cleverserver import CleverServer
from oneroster_nb.demo.server.embedded import DemoServer
from oneroster_nb.source.source import Source
from oneroster_nb.tables.table import TABLES, empty_table

Tables = dict[str, pd.DataFrame]

SOURCES = ["tables", "live 1.2", "roster of 1.2", "saved", "CSV 1.2", "Clever", "Clever roster"]

# Who is what at which school; the first role is the primary one.
PEOPLE: dict[str, list[tuple[str, str]]] = {
    "teacher": [("teacher", "s1"), ("aide", "s2")],
    "other": [("teacher", "s2")],
    "north": [("student", "s1")],
    "south": [("student", "s2")],
    "both": [("student", "s1"), ("student", "s2")],
    "helper": [("student", "s1"), ("aide", "s2")],
    "second": [("aide", "s2"), ("student", "s1")],
}
ENROLLED = {
    "c1": [("teacher", "teacher"), ("north", "student"), ("both", "student")],
    "c2": [("other", "teacher"), ("south", "student"), ("both", "student")],
}


def tables_of(name: str, rows: Sequence[dict[str, object]]) -> pd.DataFrame:
    """Make a canonical table of some rows; what they lack is missing."""
    given = [{"status": "active", **row} for row in rows]
    frame = pd.DataFrame(given).reindex(columns=list(TABLES[name].columns))
    return frame.astype(empty_table(name, sensitive=True).dtypes)


def mixed() -> Tables:
    rows: dict[str, list[dict[str, object]]] = {
        "orgs": [
            {"sourcedId": "d", "name": "District", "type": "district"},
            {"sourcedId": "s1", "name": "North", "type": "school", "parentSourcedId": "d"},
            {"sourcedId": "s2", "name": "South", "type": "school", "parentSourcedId": "d"},
        ],
        "academicSessions": [
            {
                "sourcedId": "t1",
                "title": "Year",
                "type": "schoolYear",
                "startDate": "2026-08-01",
                "endDate": "2027-06-30",
                "schoolYear": "2027",
            }
        ],
        "courses": [
            {"sourcedId": f"k{n}", "title": f"Course {n}", "orgSourcedId": f"s{n}"} for n in (1, 2)
        ],
        "classes": [
            {
                "sourcedId": f"c{n}",
                "title": f"Class {n}",
                "courseSourcedId": f"k{n}",
                "schoolSourcedId": f"s{n}",
                "termSourcedIds": "t1",
                "classType": "scheduled",
            }
            for n in (1, 2)
        ],
        "users": [
            {
                "sourcedId": key,
                "username": key,
                "givenName": key.title(),
                "familyName": "Moe",
                "enabledUser": True,
                "role": held[0][0],
                "orgSourcedIds": ",".join(dict.fromkeys(org for _, org in held)),
                "primaryOrgSourcedId": held[0][1],
                "grades": "06" if held[0][0] == "student" else None,
            }
            for key, held in PEOPLE.items()
        ],
        "roles": [
            {
                "sourcedId": f"{key}@{org}",
                "userSourcedId": key,
                "roleType": "secondary" if number else "primary",
                "role": role,
                "orgSourcedId": org,
            }
            for key, held in PEOPLE.items()
            for number, (role, org) in enumerate(held)
        ],
        "enrollments": [
            {
                "sourcedId": f"{of}@{who}",
                "classSourcedId": of,
                "schoolSourcedId": f"s{of[1]}",
                "userSourcedId": who,
                "role": role,
                "primary": role == "teacher",
            }
            for of, members in ENROLLED.items()
            for who, role in members
        ],
    }
    return {name: tables_of(name, given) for name, given in rows.items()}


def clever_routes() -> dict[str, list[dict[str, object]]]:
    """Return the same district as Clever shows it: aides are staff."""
    users = []
    for key, held in sorted(PEOPLE.items()):
        parts: dict[str, dict[str, object]] = {}
        for role, org in held:
            part = parts.setdefault({"aide": "staff"}.get(role, role), {"schools": []})
            part["schools"] = [*part["schools"], org]  # type: ignore[misc]
        users.append({"id": key, "name": {"first": key.title(), "last": "Moe"}, "roles": parts})
    sections = [
        {
            "id": of,
            "name": f"Class {of[1]}",
            "course": f"k{of[1]}",
            "school": f"s{of[1]}",
            "students": [who for who, role in members if role == "student"],
            "teachers": [who for who, role in members if role == "teacher"],
        }
        for of, members in ENROLLED.items()
    ]
    at = {
        f"schools/s{n}/users": [
            user
            for user in users
            if any(f"s{n}" in part["schools"] for part in user["roles"].values())  # type: ignore[attr-defined]
        ]
        for n in (1, 2)
    }
    return {
        "districts": [{"id": "d", "name": "District"}],
        "schools": [{"id": "s1", "name": "North"}, {"id": "s2", "name": "South"}],
        "courses": [{"id": f"k{n}", "name": f"Course {n}"} for n in (1, 2)],
        "sections": sections,  # type: ignore[dict-item]
        "users": users,
        **at,  # type: ignore[dict-item]
    }


@contextmanager
def source_of(kind: str, folder: Path) -> Iterator[Source]:
    """Open the district by one of `SOURCES`."""
    with ExitStack() as stack:
        if kind == "tables":
            yield onb.Roster(mixed())
            return
        if kind.startswith("Clever"):
            server = stack.enter_context(CleverServer(clever_routes()))
            clever = stack.enter_context(onb.CleverConnector("a token", server.host))
            yield clever.get_roster() if kind.endswith("roster") else clever
            return
        demo = stack.enter_context(DemoServer(mixed()))
        live = stack.enter_context(
            onb.OneRosterConnector(
                demo.host_v1p2, demo.client_id, demo.client_secret, token_url=demo.token_url
            )
        )
        if kind == "live 1.2":
            yield live
        elif kind == "roster of 1.2":
            yield live.get_roster()
        elif kind == "saved":
            yield onb.Roster.load(live.get_roster().save(folder / "kept.roster"))
        else:
            bundle = live.get_roster().to_csv_bundle(folder / "bundle.zip", "1.2")
            yield stack.enter_context(onb.CsvConnector(bundle))
