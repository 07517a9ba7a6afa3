"""The answers that questions should have, worked out from a district's tables in plain Python.

Nothing here uses the package: what it says is read from OneRoster and from the documentation of
`get_users`, one loop a rule.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import pandas as pd

Row = dict[str, Any]

MEMBERSHIP = [
    "groupType",
    "groupSourcedId",
    "groupName",
    "matchedOn",
    "classSourcedId",
    "classTitle",
    "classCode",
    "courseSourcedId",
    "courseTitle",
    "schoolSourcedId",
    "schoolName",
    "termSourcedIds",
    "termTitles",
]
ENROLLMENT = ["enrollmentRole", "enrollmentPrimary", "enrollmentBeginDate", "enrollmentEndDate"]
MULTIPLE = {
    "grades",
    "subjects",
    "subjectCodes",
    "periods",
    "termSourcedIds",
    "termTitles",
    "orgSourcedIds",
}
DEFAULT_MATCH_ON = ("sourcedId", "name", "title")


def rows_of(frame: pd.DataFrame) -> list[Row]:
    """Return a frame as dicts, with None for what is missing."""
    return [
        {str(name): None if pd.isna(value) else value for name, value in record.items()}
        for record in frame.to_dict("records")
    ]


def values(text: str | None) -> list[str]:
    """Split a joined value of the CSV binding."""
    return next(csv.reader([text])) if text else []


def joined(parts: Iterable[str]) -> str:
    """Join values as the CSV binding does."""
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(list(parts))
    return out.getvalue()


@dataclass
class Oracle:
    """A district's tables as dicts, and what follows from them."""

    tables: Mapping[str, list[Row]]

    @classmethod
    def of(cls, district: Mapping[str, pd.DataFrame]) -> "Oracle":
        return cls({name: rows_of(frame) for name, frame in district.items()})

    def table(self, name: str, status: str = "active") -> list[Row]:
        """Return the rows of a table, without rows marked tobedeleted unless status is all."""
        return [
            row for row in self.tables[name] if status == "all" or row["status"] != "tobedeleted"
        ]

    def find(self, name: str, sourced_id: str | None) -> Row:
        """Return one row, or an empty one if there is none."""
        return next((row for row in self.tables[name] if row["sourcedId"] == sourced_id), {})

    def groups(self, kind: str, status: str = "active") -> list[Row]:
        """Return the groups of a kind with the names of what they point to."""
        if kind == "schools":
            return [org for org in self.table("orgs", status) if org["type"] == "school"]
        if kind == "courses":
            return [
                {**row, "schoolName": self.find("orgs", row["orgSourcedId"]).get("name")}
                for row in self.table("courses", status)
            ]
        return [
            {
                **row,
                "courseTitle": self.find("courses", row["courseSourcedId"]).get("title"),
                "schoolName": self.find("orgs", row["schoolSourcedId"]).get("name"),
                "termTitles": self.titles(row),
            }
            for row in self.table("classes", status)
        ]

    def titles(self, section: Row) -> str:
        """Return the titles of a class's terms, joined."""
        found = [self.find("academicSessions", t) for t in values(section["termSourcedIds"])]
        return joined(term["title"] for term in found)

    def matched(
        self,
        kind: str,
        names: Iterable[str] | None,
        match_on: Sequence[str] = DEFAULT_MATCH_ON,
        match: str = "exact",
        status: str = "active",
    ) -> Iterator[tuple[Row, str | None]]:
        """Return each group that a name means, with the field that matched."""
        wanted = None if names is None else list(names)
        for group in self.groups(kind, status):
            if wanted is None:
                yield group, None
                continue
            for field in match_on:
                text = group.get(field)
                candidates = values(text) if field in MULTIPLE else [text]
                if any(agree(match, n, c) for n in wanted for c in candidates if c is not None):
                    yield group, field
                    break

    def family(self, term: str) -> set[str]:
        """Return the ids of the sessions a term names, of those below them and those above."""
        sessions = self.tables["academicSessions"]
        parents = {row["sourcedId"]: row["parentSourcedId"] for row in sessions}

        def line(sourced_id: str | None) -> list[str]:
            return [] if sourced_id is None else [sourced_id, *line(parents[sourced_id])]

        named = {row["sourcedId"] for row in sessions if term in (row["title"], row["sourcedId"])}
        above = {ancestor for sourced_id in named for ancestor in line(sourced_id)}
        return above | {sourced_id for sourced_id in parents if named & set(line(sourced_id))}

    def in_term(self, term: str) -> set[str]:
        """Return the ids of the classes that meet in a term."""
        family = self.family(term)
        return {
            section["sourcedId"]
            for section in self.table("classes")
            if family & set(values(section["termSourcedIds"]))
        }

    def enrolled_in(self, term: str) -> set[str]:
        """Return the ids of the users with an enrollment in a class of a term."""
        classes = self.in_term(term)
        return {
            enrollment["userSourcedId"]
            for enrollment in self.table("enrollments")
            if enrollment["classSourcedId"] in classes
        }

    def members(self, section: Row, user_filter: str, status: str = "active") -> list[Row]:
        """Return the users enrolled in a class, students before teachers."""
        roles = ["student", "teacher"] if user_filter == "users" else [user_filter[:-1]]
        found = []
        for role in roles:
            ids = {
                enrollment["userSourcedId"]
                for enrollment in self.table("enrollments", status)
                if enrollment["classSourcedId"] == section["sourcedId"]
                and enrollment["role"] == role
            }
            found += [user for user in self.table("users", status) if user["sourcedId"] in ids]
        return found

    def at_school(self, school: Row, user_filter: str, status: str = "active") -> list[Row]:
        """Return the users whose orgs hold a school."""
        roles = ["student", "teacher"] if user_filter == "users" else [user_filter[:-1]]
        return [
            user
            for user in self.table("users", status)
            if user["role"] in roles and school["sourcedId"] in values(user["orgSourcedIds"])
        ]

    def ask(
        self,
        user_filter: str,
        group_filter: str,
        names: Iterable[str] | None = None,
        match_on: Sequence[str] = DEFAULT_MATCH_ON,
        match: str = "exact",
        status: str = "active",
    ) -> list[Row]:
        """Return a row for each user, matched group and class through which the user is in it."""
        rows = []
        for group, field in self.matched(group_filter, names, match_on, match, status):
            head = {
                "groupType": group_filter,
                "groupSourcedId": group["sourcedId"],
                "groupName": group.get("name") or group.get("title"),
                "matchedOn": field,
            }
            if group_filter == "schools":
                place = {"schoolSourcedId": group["sourcedId"], "schoolName": group["name"]}
                rows += [
                    {**user, **dict.fromkeys(MEMBERSHIP), **head, **place}
                    for user in self.at_school(group, user_filter, status)
                ]
                continue
            for section in self.groups("classes", status):
                key = "courseSourcedId" if group_filter == "courses" else "sourcedId"
                if section[key] != group["sourcedId"]:
                    continue
                through = {
                    "classSourcedId": section["sourcedId"],
                    "classTitle": section["title"],
                    "classCode": section["classCode"],
                    "courseSourcedId": section["courseSourcedId"],
                    "courseTitle": section["courseTitle"],
                    "schoolSourcedId": section["schoolSourcedId"],
                    "schoolName": section["schoolName"],
                    "termSourcedIds": section["termSourcedIds"],
                    "termTitles": section["termTitles"],
                }
                rows += [
                    {**user, **head, **through}
                    for user in self.members(section, user_filter, status)
                ]
        return rows


def agree(match: str, name: str, value: str) -> bool:
    """Return True if a name means the group that has this value; ``*`` alone is every group."""
    if name.strip() == "*":
        return True
    if match == "regex":
        return re.search(name, value, re.IGNORECASE) is not None
    name, value = name.strip().casefold(), value.strip().casefold()
    if match == "contains":
        return name in value
    if match == "glob":
        return fnmatchcase(value, name)
    return name == value
