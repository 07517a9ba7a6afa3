"""One district of records, behind every kind of source that can hold it.

The records are OneRoster 1.1's (see `records`). A user of them may have `roles`, as 1.2 writes
them, beside `role` and `orgs`; otherwise a primary role is made for each org. The files of bundles
are written here, not by the package.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import oneroster_nb as onb
from helpers.bundles import packed
from helpers.faultserver import FaultServer
from helpers.records import Record
from oneroster_nb.source.source import Source

LIVE = ["live 1.1", "live 1.2"]
BUNDLES = ["csv 1.1", "csv 1.2"]
KINDS = [*LIVE, *BUNDLES, "saved"]

_COLUMNS = {
    "orgs": "name type identifier parentSourcedId",
    "academicSessions": "title type startDate endDate parentSourcedId schoolYear",
    "courses": "title courseCode grades orgSourcedId subjects",
    "classes": "title grades courseSourcedId classCode classType location schoolSourcedId"
    " termSourcedIds subjects periods",
    "users": "enabledUser orgSourcedIds role username userIds givenName familyName middleName"
    " identifier email sms phone agentSourcedIds grades",
    "enrollments": "classSourcedId schoolSourcedId userSourcedId role primary beginDate endDate",
    "roles": "userSourcedId roleType role beginDate endDate orgSourcedId",
}
_FIELDS = {
    "parentSourcedId": "parent",
    "orgSourcedId": "org",
    "orgSourcedIds": "orgs",
    "courseSourcedId": "course",
    "schoolSourcedId": "school",
    "classSourcedId": "class",
    "userSourcedId": "user",
    "termSourcedIds": "terms",
    "agentSourcedIds": "agents",
}
_WITHOUT_RECORDS = ["demographics", "resources", "categories", "lineItems", "results"]
_OWN_WORDS = {"pupil": "student"}
"""Words of a server for roles of the standard, by which it makes its lists."""
_NOT_IN_1P2 = {"role", "orgSourcedIds"}


@dataclass
class District:
    """The records of a district by table, in the shape of OneRoster 1.1."""

    orgs: list[Record]
    users: list[Record]
    sessions: list[Record] = field(default_factory=list)
    courses: list[Record] = field(default_factory=list)
    classes: list[Record] = field(default_factory=list)
    enrollments: list[Record] = field(default_factory=list)

    @property
    def tables(self) -> dict[str, list[Record]]:
        """The records by canonical name."""
        return {
            "orgs": self.orgs,
            "academicSessions": self.sessions,
            "courses": self.courses,
            "classes": self.classes,
            "users": self.users,
            "enrollments": self.enrollments,
        }


def folded(word: object) -> str:
    """Write a word as a reader who overlooks case and spacing sees it."""
    return re.sub(r"[\s_-]", "", str(word)).casefold()


def meant(role: object) -> str:
    """Return the role that a server means by a word."""
    word = folded(role)
    return _OWN_WORDS.get(word, word)


def roles_of(user: Record) -> list[Record]:
    """Return the roles of a user as 1.2 writes them."""
    if "roles" in user:
        return list(user["roles"])
    orgs = user["orgs"] or [None]
    return [{"roleType": "primary", "role": user["role"], "org": org} for org in orgs]


def user_1p1(user: Record) -> Record:
    """Return a user as a server of 1.1 sends it."""
    return {name: value for name, value in user.items() if name != "roles"}


def user_1p2(user: Record) -> Record:
    """Return a user as a server of 1.2 sends it."""
    plain = {name: value for name, value in user.items() if name not in ("role", "orgs", "roles")}
    return {**plain, "roles": roles_of(user)}


def routes_of(district: District, version: str) -> dict[str, list[Record]]:
    """Return every path of a server, which knows its own words whatever way it writes them."""
    users = district.users
    shape = user_1p1 if version == "1.1" else user_1p2

    def live(records: Iterable[Record]) -> list[Record]:
        return [r for r in records if folded(r["status"]) not in ("tobedeleted", "inactive")]

    def holds(user: Record, role: str, org: str | None = None) -> bool:
        held = roles_of(user) if version == "1.2" else []
        if not held:
            held = [{"role": user["role"], "org": at} for at in user["orgs"] or [{}]]
        return any(
            meant(each["role"]) == role
            and (org is None or (each.get("org") or {}).get("sourcedId") == org)
            for each in held
        )

    def rows_of(people: Iterable[Record]) -> list[Record]:
        """Return all rows of some people, who may have several."""
        ids = {person["sourcedId"] for person in people}
        return [shape(user) for user in users if user["sourcedId"] in ids]

    schools = [org for org in district.orgs if folded(org["type"]) == "school"]
    paths: dict[str, list[Record]] = {name: [] for name in _WITHOUT_RECORDS}
    paths |= {**district.tables, "users": rows_of(users), "schools": schools}
    for role in ("student", "teacher"):
        paths[f"{role}s"] = rows_of(user for user in users if holds(user, role))
        for item in schools:
            key = item["sourcedId"]
            at = (user for user in live(users) if holds(user, role, key))
            paths[f"schools/{key}/{role}s"] = rows_of(at)
        for item in district.classes:
            key = item["sourcedId"]
            enrolled = [
                each["user"]["sourcedId"]
                for each in live(district.enrollments)
                if each["class"]["sourcedId"] == key and meant(each["role"]) == role
            ]
            mine = (user for user in live(users) if user["sourcedId"] in enrolled)
            paths[f"classes/{key}/{role}s"] = rows_of(mine)
    for item in district.courses:
        key = item["sourcedId"]
        paths[f"courses/{key}/classes"] = [
            each for each in district.classes if each["course"]["sourcedId"] == key
        ]
    return paths


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(map(_cell, value))
    if isinstance(value, dict):
        return str(value.get("sourcedId") or "")
    return "" if value is None else str(value)


def file_of(table: str, records: Sequence[Record], columns: Sequence[str]) -> bytes:
    """Write records as a file of a bundle."""
    text = io.StringIO(newline="")
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(["sourcedId", "status", "dateLastModified", *columns])
    for record in records:
        values = [record.get(_FIELDS.get(column, column)) for column in columns]
        own = [record.get(name) for name in ("sourcedId", "status", "dateLastModified")]
        lines.writerow([_cell(value) for value in [*own, *values]])
    return text.getvalue().encode()


def bundle_of(district: District, version: str, mode: str = "bulk") -> bytes:
    """Write a bundle."""
    tables = dict(district.tables)
    if version == "1.2":
        tables["roles"] = [
            {
                **role,
                "sourcedId": f"{user['sourcedId']}-{number}-{_cell(role.get('org'))}",
                "status": user["status"],
                "dateLastModified": user["dateLastModified"],
                "user": {"sourcedId": user["sourcedId"]},
            }
            for user in district.users
            for number, role in enumerate(roles_of(user))
        ]
    lines = ["propertyName,value", f"oneroster.version,{version}"]
    lines += [f"file.{name},{mode}" for name in tables]
    files = {"manifest.csv": "".join(f"{line}\n" for line in lines).encode()}
    for name, records in tables.items():
        left_out = _NOT_IN_1P2 if (name, version) == ("users", "1.2") else set()
        columns = [column for column in _COLUMNS[name].split() if column not in left_out]
        files[f"{name}.csv"] = file_of(name, records, columns)
    return packed(files)


@contextmanager
def opened(kind: str, district: District, folder: Path, *behaviours: Any) -> Iterator[Source]:
    """Open a district as a kind of source, one of :data:`KINDS`."""
    if kind in LIVE:
        version = kind.removeprefix("live ")
        with FaultServer(routes_of(district, version), *behaviours) as server:
            options = {"version": version, "retry_seconds": 5}
            with onb.OneRosterConnector(server.host, "an id", "a secret", **options) as conn:
                yield conn
    elif kind in BUNDLES:
        yield onb.CsvConnector(bundle_of(district, kind.removeprefix("csv ")))
    else:
        with opened("live 1.2", district, folder) as conn:
            path = conn.get_roster().save(folder / "kept.roster", overwrite=True)
        yield onb.Roster.load(path)
