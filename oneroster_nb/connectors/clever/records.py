"""The records of Clever 2.1, 3.0 and 3.1, and the columns that they become."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from oneroster_nb.tables.table import join_values
from oneroster_nb.transport.json_shapes import BETWEEN_PARTS, BETWEEN_ROLES, plain

Record = Mapping[str, Any]
Row = dict[str, str | None]

_SCHOOL = {
    "id": "sourcedId",
    "last_modified": "dateLastModified",
    "name": "name",
    "sis_id": "identifier",
    "district": "parentSourcedId",
}
_DISTRICT = {"id": "sourcedId", "name": "name"}
_TERM = {"id": "sourcedId", "name": "title", "start_date": "startDate", "end_date": "endDate"}
_COURSE = {"id": "sourcedId", "name": "title", "number": "courseCode", "district": "orgSourcedId"}
_SECTION = {
    "id": "sourcedId",
    "last_modified": "dateLastModified",
    "name": "title",
    "section_number": "classCode",
    "period": "periods",
    "subject": "subjects",
    "grade": "grades",
    "term_id": "termSourcedIds",
    "course": "courseSourcedId",
    "school": "schoolSourcedId",
    "students": "_students",
    "teachers": "_teachers",
    "teacher": "_teacher",
}
_RESOURCE = {
    "id": "sourcedId",
    "updated": "dateLastModified",
    "title": "title",
    "resource_id": "vendorResourceId",
    "roles": "roles",
}
_ONE_OF_MANY = frozenset({"subjects", "grades", "termSourcedIds"})
"""Columns that can hold several values, where Clever writes one as it stands."""

_USER = {"id": "sourcedId", "last_modified": "dateLastModified", "email": "email"}
_NAMES = {"first": "givenName", "middle": "middleName", "last": "familyName"}
_PREFERRED = {
    "first": "preferredGivenName",
    "middle": "preferredMiddleName",
    "last": "preferredFamilyName",
}
_OF_ROLE = {
    "sis_id": "identifier",
    "staff_id": "identifier",
    "grade": "grades",
    "phone": "phone",
    "dob": "_dob",
    "gender": "_gender",
    "race": "_race",
    "hispanic_ethnicity": "_hispanic",
}
_READ_APART = frozenset(
    {"school", "schools", "created", "last_modified", "preferred_name", "name", "_leads"}
)
_ROLES = ("student", "teacher", "district_admin", "staff", "contact")
"""What a person can be, the first of which is the primary role."""
_KINDS: Mapping[str, str] = {
    "students": "student",
    "teachers": "teacher",
    "school_admins": "staff",
    "district_admins": "district_admin",
    "contacts": "contact",
}
"""List of people of version 2.1 to the role of later versions."""
_WORDS: Mapping[str, str] = {"district_admin": "districtAdministrator", "contact": "guardian"}
_HELPERS = ("aide", "paraprofessional", "paraeducator")


def columns_of(table: str, listed: str, records: Sequence[Record]) -> dict[str, Any]:
    """Bring records into the columns of a canonical table, all of them strings.

    Fields that the table does not have are ``clever.<name>``. A column of which rows of other
    tables are made has a ``_`` before its name. `listed` is what Clever calls what is listed:
    ``"sections"``, ``"users"``, ``"contacts"``, …

    Examples
    --------
    >>> columns = columns_of("courses", "courses", [{"id": "1", "name": "Art", "number": None}])
    >>> {name: column.to_pylist() for name, column in columns.items()}["title"]
    ['Art']
    """
    read = _READERS[table]
    rows = [read(record, listed) for record in records]
    names = dict.fromkeys(["sourcedId", *(name for row in rows for name in row)])
    return {name: pa.array([row.get(name) for row in rows], pa.string()) for name in names}


def _plain_row(record: Record, fields: Mapping[str, str]) -> Row:
    """Return the fields under their canonical names, and the others as Clever's own."""
    row: Row = {"status": "active"}
    for name, value in record.items():
        column = fields.get(name)
        if column is None:
            row |= _own(name, value)
        elif column in _ONE_OF_MANY and isinstance(value, str):
            row[column] = join_values([value] if value else [])
        else:
            row[column] = plain(value)
    return row


def _own(name: str, value: Any) -> Row:
    """Return a field that only Clever has; the fields of an object each by itself."""
    if isinstance(value, dict):
        parts: Row = {}
        for inner, part in value.items():
            parts |= _own(f"{name}.{inner}", part)
        return parts
    return {f"clever.{name}": plain(value)}


def _org(record: Record, listed: str) -> Row:
    school = listed == "schools"
    row = _plain_row(record, _SCHOOL if school else _DISTRICT)
    return row | {"type": "school" if school else "district"}


def _section(record: Record) -> Row:
    row = _plain_row(record, _SECTION)
    if "clever.ext.classroom" in row:
        row["location"] = row.pop("clever.ext.classroom")
    return row


def _user(record: Record, listed: str) -> Row:
    """Bring a person, who may have several roles, into one row."""
    if listed in _KINDS:
        record = _as_later(record, _KINDS[listed])
    held = record.get("roles")
    held = held if isinstance(held, dict) else {}
    roles = {name: held[name] for name in _ROLES if isinstance(held.get(name), dict)}
    top = {k: v for k, v in record.items() if k not in ("roles", "name")}
    row = _plain_row(top, _USER) | _names(record.get("name"), _NAMES)
    told: list[str] = []
    for name, part in roles.items():
        for column, value in _part_of_role(part).items():
            if row.get(column) in (None, ""):
                row[column] = value
            elif value not in (None, "", row[column]):
                own = column.removeprefix("clever.").removeprefix("_")
                row[f"clever.{name}.{own}"] = value
        kind = "secondary" if told else "primary"
        orgs = _orgs(name, part, record) or [""]
        word = _word(name, part)
        told += [BETWEEN_PARTS.join((kind, word, org, "", "", "")) for org in orgs]
    students = _distinct(
        link.get("student") for link in _dicts(roles.get("contact", {}), "student_relationships")
    )
    return row | {
        "_roles": BETWEEN_ROLES.join(told),
        "agentSourcedIds": join_values(students) or None,
    }


def _part_of_role(part: Record) -> Row:
    """Return what one role says of a person."""
    row: Row = {}
    for name, value in part.items():
        column = _OF_ROLE.get(name)
        if name == "credentials" and isinstance(value, dict):
            row["username"] = plain(value.get("district_username"))
            others = {k: v for k, v in value.items() if k != "district_username"}
            row |= _own(name, others)
        elif name == "preferred_name":
            row |= _names(value, _PREFERRED)
        elif column == "grades" and isinstance(value, str):
            row[column] = join_values([value] if value else [])
        elif column is not None:
            row[column] = plain(value)
        elif name not in _READ_APART:
            row |= _own(name, value)
    return row


def _orgs(name: str, part: Record, record: Record) -> list[str]:
    """Return the orgs of a role; a contact has none, and gets the schools of the students later."""
    if name == "district_admin":
        return _distinct([record.get("district")])
    schools = part.get("schools")
    return _distinct([part.get("school"), *(schools if isinstance(schools, list) else [])])


def _word(name: str, part: Record) -> str:
    """Return OneRoster's word for a role: staff are aides, unless their roles say otherwise."""
    if name != "staff":
        return _WORDS.get(name, name)
    roles = part.get("roles")
    said = " ".join(map(str, roles)).casefold() if isinstance(roles, list) else ""
    leads = part.get("_leads") or "admin" in said or "principal" in said
    return "siteAdministrator" if leads else "aide"


def _as_later(record: Record, role: str) -> Record:
    """Write a person of version 2.1, of whom each role is a person, as later versions do."""
    top = ("id", "district", "email", "name", "created", "last_modified")
    part = {name: value for name, value in record.items() if name not in top}
    name = record.get("name")
    if role == "staff":
        # Version 2.1 has one list for all who work at a school and do not teach.
        title = str(record.get("title") or "").casefold()
        part["_leads"] = not any(word in title for word in _HELPERS)
    if role == "contact":
        students = part.pop("students", None)
        relation = {key: part.pop(key, None) for key in ("relationship", "type")}
        part["student_relationships"] = [
            {"student": student, **relation}
            for student in (students if isinstance(students, list) else [])
        ]
        if isinstance(name, str):
            first, _, last = name.strip().rpartition(" ")
            name = {"first": first.strip() or None, "last": last or None}
    later = {key: record[key] for key in top if key in record}
    return {**later, "name": name, "roles": {role: part}}


def _names(value: Any, columns: Mapping[str, str]) -> Row:
    if isinstance(value, str):
        return {columns["last"]: value}
    parts = value if isinstance(value, dict) else {}
    return {column: plain(parts.get(part)) for part, column in columns.items()}


def _dicts(record: Record, name: str) -> list[dict[str, Any]]:
    values = record.get(name)
    return [v for v in values if isinstance(v, dict)] if isinstance(values, list) else []


def _distinct(values: Any) -> list[str]:
    return list(dict.fromkeys(str(value) for value in values if value))


_READERS: Mapping[str, Callable[[Record, str], Row]] = {
    "orgs": _org,
    "academicSessions": lambda record, _: _plain_row(record, _TERM) | {"type": "term"},
    "courses": lambda record, _: _plain_row(record, _COURSE),
    "classes": lambda record, _: _section(record),
    "users": _user,
    "resources": lambda record, _: _plain_row(record, _RESOURCE),
}
