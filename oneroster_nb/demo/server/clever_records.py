"""The district as Clever's records: people, schools, sections, courses and terms."""

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, Final

import pandas as pd

from oneroster_nb.demo.server.store import Store
from oneroster_nb.tables.table import split_text

Record = dict[str, Any]

_GRADES: Final[Mapping[str, str]] = {
    "IT": "InfantToddler",
    "PR": "Preschool",
    "PK": "PreKindergarten",
    "TK": "TransitionalKindergarten",
    "KG": "Kindergarten",
    **{f"{number:02d}": str(number) for number in range(1, 14)},
    "PS": "PostGraduate",
    "UG": "Ungraded",
    "Other": "Other",
}
_RACES: Final = {
    "demographicRaceTwoOrMoreRaces": "Two or More Races",
    "americanIndianOrAlaskaNative": "American Indian",
    "asian": "Asian",
    "blackOrAfricanAmerican": "Black or African American",
    "nativeHawaiianOrOtherPacificIslander": "Hawaiian or Other Pacific Islander",
    "white": "Caucasian",
}
_SUBJECTS: Final = (
    ("english", "english/language arts"),
    ("ela", "english/language arts"),
    ("reading", "english/language arts"),
    ("math", "math"),
    ("algebra", "math"),
    ("science", "science"),
    ("biology", "science"),
    ("social", "social studies"),
    ("history", "social studies"),
    ("econ", "social studies"),
    ("spanish", "language"),
    ("language", "language"),
    ("homeroom", "homeroom/advisory"),
    ("technology", "technology and engineering"),
    ("physical", "PE and health"),
    ("health", "PE and health"),
    ("art", "arts and music"),
    ("music", "arts and music"),
)
_PARTS: Final = {
    "student": "student",
    "teacher": "teacher",
    "guardian": "contact",
    "parent": "contact",
    "relative": "contact",
    "administrator": "district_admin",
    "districtAdministrator": "district_admin",
    "systemAdministrator": "district_admin",
}
"""Role to Clever's word for it; all other roles are staff."""
_LEADERS: Final = frozenset({"siteAdministrator", "principal"})
_KINDS: Final = (
    *("district", "school", "course", "term", "section", "user", "resource"),
    *("teacher", "staff", "district_admin", "contact"),
)
_SEX: Final = {"male": "M", "female": "F", "other": "X"}


def _id(kind: str, row: int) -> str:
    """Return an id of 24 hexadecimal digits, in the order of the rows."""
    return f"5f3c{_KINDS.index(kind):04x}{row:016x}"


class CleverRecords:
    """A district as Clever's records, without deleted rows.

    Parameters
    ----------
    store : Store
        The district.
    """

    def __init__(self, store: Store) -> None:
        self._tables = {
            name: table.loc[table["status"] != "tobedeleted"].reset_index(drop=True)
            for name, table in store.tables.items()
        }

    @cached_property
    def districts(self) -> list[Record]:
        """The district."""
        rows = self._orgs("district")
        return [
            {
                "id": self._ids["orgs"][row["sourcedId"]],
                "name": row["name"],
                "nces_id": row["identifier"],
                "state": "success",
                "login_methods": [],
            }
            for row in rows
        ]

    @cached_property
    def schools(self) -> list[Record]:
        """The schools."""
        return [
            {
                "id": self._ids["orgs"][row["sourcedId"]],
                "district": self._district,
                "name": row["name"],
                "sis_id": row["sourcedId"],
                "school_number": row["sourcedId"],
                "nces_id": row["identifier"],
                "state_id": None,
                "low_grade": None,
                "high_grade": None,
                "location": None,
                "principal": {"name": None, "email": None},
                **_times(row),
            }
            for row in self._orgs("school")
        ]

    @cached_property
    def terms(self) -> list[Record]:
        """The sessions of the sections."""
        used = {section["term_id"] for section in self.sections}
        return [
            {
                "id": self._ids["academicSessions"][row["sourcedId"]],
                "district": self._district,
                "name": row["title"],
                "start_date": _day(row["startDate"]),
                "end_date": _day(row["endDate"]),
            }
            for row in self._rows("academicSessions")
            if self._ids["academicSessions"][row["sourcedId"]] in used
        ]

    @cached_property
    def courses(self) -> list[Record]:
        """The courses of the sections."""
        used = {section["course"] for section in self.sections}
        return [
            {
                "id": self._ids["courses"][row["sourcedId"]],
                "district": self._district,
                "name": row["title"],
                "number": row["courseCode"],
            }
            for row in self._rows("courses")
            if self._ids["courses"][row["sourcedId"]] in used
        ]

    @cached_property
    def sections(self) -> list[Record]:
        """The classes, each with its students and teachers."""
        ids = self._ids
        return [
            {
                "id": ids["classes"][row["sourcedId"]],
                "district": self._district,
                "name": row["title"],
                "sis_id": row["sourcedId"],
                "section_number": row["classCode"],
                "period": row["periods"],
                "subject": _subject(row["subjects"]),
                "grade": _single_grade(row["grades"]),
                "course": ids["courses"].get(row["courseSourcedId"]),
                "school": ids["orgs"][row["schoolSourcedId"]],
                "term_id": ids["academicSessions"].get(self._term(row["termSourcedIds"]) or ""),
                "ext": {"classroom": row["location"]} if row["location"] else {},
                **self._members(row["sourcedId"]),
                **_times(row),
            }
            for row in self._rows("classes")
            if row["schoolSourcedId"] in ids["orgs"]
        ]

    @cached_property
    def resources(self) -> list[Record]:
        """The resources."""
        return [
            {
                "id": self._ids["resources"][row["sourcedId"]],
                "district": self._district,
                "resource_id": row["vendorResourceId"],
                "title": row["title"],
                "roles": split_text(row["roles"] or ""),
                "created": _moment(row["dateLastModified"]),
                "updated": _moment(row["dateLastModified"]),
            }
            for row in self._rows("resources")
        ]

    @cached_property
    def users(self) -> list[Record]:
        """The people, with all their roles."""
        born = {row["sourcedId"]: row for row in self._rows("demographics")}
        return [self._user(number, row, born) for number, row in enumerate(self._rows("users"))]

    @cached_property
    def _ids(self) -> dict[str, dict[str, str]]:
        """Table to Clever's id of each row."""
        kinds = {
            "academicSessions": "term",
            "courses": "course",
            "classes": "section",
            "users": "user",
            "resources": "resource",
        }
        ids = {
            table: {key: _id(kind, row) for row, key in enumerate(self._tables[table]["sourcedId"])}
            for table, kind in kinds.items()
        }
        ids["orgs"] = {
            row["sourcedId"]: _id(row["type"], number)
            for number, row in enumerate(self._rows("orgs"))
            if row["type"] in ("district", "school")
        }
        return ids

    @cached_property
    def _district(self) -> str | None:
        return self.districts[0]["id"] if self.districts else None

    def _rows(self, table: str) -> list[Record]:
        """Return the rows of a table; missing values are None."""
        frame = self._tables[table]
        columns = [frame[name].astype(object).where(frame[name].notna(), None) for name in frame]
        names = [str(name) for name in frame]
        return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]

    def _orgs(self, kind: str) -> list[Record]:
        return [row for row in self._rows("orgs") if row["type"] == kind]

    def _term(self, text: str | None) -> str | None:
        """Return the one session that includes all sessions of a class."""
        terms = split_text(text or "")
        if len(terms) < 2:
            return terms[0] if terms else None
        parents = {
            row["sourcedId"]: row["parentSourcedId"] for row in self._rows("academicSessions")
        }
        above = {parents.get(term) for term in terms}
        return above.pop() if len(above) == 1 and None not in above else terms[0]

    @cached_property
    def _enrolled(self) -> dict[tuple[str, str], list[Record]]:
        """The enrollments by class and role."""
        found: dict[tuple[str, str], list[Record]] = {}
        for row in self._rows("enrollments"):
            if row["userSourcedId"] in self._ids["users"]:
                found.setdefault((row["classSourcedId"], row["role"]), []).append(row)
        return found

    def _members(self, section: str) -> Record:
        users = self._ids["users"]
        teaching = self._enrolled.get((section, "teacher"), [])
        primary = [row for row in teaching if row["primary"]] or teaching
        learning = self._enrolled.get((section, "student"), [])
        return {
            "students": _each(users[row["userSourcedId"]] for row in learning),
            "teachers": _each(users[row["userSourcedId"]] for row in teaching),
            "teacher": users[primary[0]["userSourcedId"]] if primary else None,
        }

    @cached_property
    def _held(self) -> dict[str, list[Record]]:
        """The roles of each person."""
        held: dict[str, list[Record]] = {}
        for row in self._rows("roles"):
            held.setdefault(row["userSourcedId"], []).append(row)
        return held

    def _user(self, number: int, row: Record, born: Mapping[str, Record]) -> Record:
        roles: dict[str, Record] = {}
        for role in self._held.get(row["sourcedId"], []):
            name = _PARTS.get(role["role"], "staff")
            part = roles.get(name)
            if part is None:
                legacy = _id("user" if name == "student" else name, number)
                part = roles[name] = self._part(name, role["role"], row, born) | {
                    "legacy_id": legacy
                }
            school = self._ids["orgs"].get(role["orgSourcedId"])
            if "schools" in part and school is not None and school != self._district:
                part["schools"] = _each([*part["schools"], school])
                if name != "staff":
                    part["school"] = part["schools"][0]
        return {
            "id": self._ids["users"][row["sourcedId"]],
            "district": self._district,
            "email": row["email"],
            "name": {
                "first": row["givenName"],
                "middle": row["middleName"],
                "last": row["familyName"],
            },
            "roles": roles,
            **_times(row),
        }

    def _part(self, name: str, role: str, row: Record, born: Mapping[str, Record]) -> Record:
        """Return the part of a user's record for one role."""
        account = {"credentials": {"district_username": row["username"]}, "schools": []}
        if name == "student":
            return {
                "sis_id": row["sourcedId"],
                "state_id": row["identifier"],
                "student_number": row["identifier"],
                "grade": _single_grade(row["grades"]),
                "enrollments": [],
                "location": None,
                **_demographics(born.get(row["sourcedId"], {})),
                **_times(row),
                **account,
            }
        if name == "teacher":
            return {
                "sis_id": row["sourcedId"],
                "state_id": row["identifier"],
                "teacher_number": row["identifier"],
                "title": None,
                **_times(row),
                **account,
            }
        if name == "staff":
            leads = role in _LEADERS
            return {
                "staff_id": row["sourcedId"],
                "title": "Principal" if leads else "Aide",
                "department": None,
                "roles": ["School Admin"] if leads else [],
                **account,
            }
        if name == "district_admin":
            return {"title": None}
        return {
            "sis_id": row["sourcedId"],
            "phone": row["phone"] or row["sms"],
            "phone_type": "Cell",
            "student_relationships": [
                {
                    "student": self._ids["users"][student],
                    "relationship": "Parent",
                    "type": "Parent/Guardian",
                }
                for student in split_text(row["agentSourcedIds"] or "")
                if student in self._ids["users"]
            ],
        }


def _times(row: Record) -> Record:
    moment = _moment(row["dateLastModified"])
    return {"created": moment, "last_modified": moment}


def _moment(value: Any) -> str | None:
    """Return a time in Clever's format."""
    if value is None:
        return None
    stamp = pd.Timestamp(value).tz_convert(None)
    return f"{stamp.isoformat(timespec='milliseconds')}Z"


def _day(value: Any) -> str | None:
    return None if value is None else pd.Timestamp(value).strftime("%Y-%m-%d")


def _single_grade(text: str | None) -> str | None:
    """Return the grade in Clever's words; None if there are several."""
    grades = split_text(text or "")
    return _GRADES.get(grades[0], "Other") if len(grades) == 1 else None


def _subject(text: str | None) -> str | None:
    """Return Clever's word for the subject of a class."""
    word = (text or "").casefold()
    if not word:
        return None
    return next((subject for sign, subject in _SUBJECTS if sign in word), "other")


def _demographics(row: Record) -> Record:
    born = row.get("birthDate")
    hispanic = row.get("hispanicOrLatinoEthnicity")
    race = next((word for column, word in _RACES.items() if row.get(column)), "Unknown")
    return {
        "dob": None if born is None else pd.Timestamp(born).strftime("%m/%d/%Y"),
        "gender": _SEX.get(row.get("sex") or "", ""),
        "race": race if row else "",
        "hispanic_ethnicity": "" if hispanic is None else "Y" if hispanic else "N",
    }


def _each(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))
