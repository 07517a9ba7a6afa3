"""A small district with two schools, for questions about groups of several kinds.

North has the classes ``a1`` (Art, fall, room 302), ``m1`` (Math, fall and spring, room 302), ``m2``
(Math, spring, room 101) and ``h1`` (Choir, which nobody is in); South has ``a2`` (Art, fall, a room
302 of its own). Art and Math are courses of the district, Choir is one of North.

Tess and Finn teach ``m1`` together. Pia is an administrator of North who teaches ``m2``. Ben leaves
``a1`` on 2026-10-01 and begins ``m2`` in January. Gus is the guardian of Ann and Ben, Gil that of
Cat; the first link is written at the students, the second one at the guardian.
"""

from typing import Any

import pandas as pd

from helpers.mixedschool import tables_of

Row = dict[str, Any]

SCHOOLS = {"s1": "North", "s2": "South"}
COURSES = {"k1": ("Art", "d"), "k2": ("Math", "d"), "k3": ("Choir", "s1")}
SESSIONS = [
    ("y", "schoolYear", "This year", "2026-08-10", "2027-06-04", None),
    ("f", "semester", "Fall", "2026-08-10", "2026-12-18", "y"),
    ("s", "semester", "Spring", "2027-01-04", "2027-06-04", "y"),
]
# Id, title, course, school, terms, period and room.
CLASSES = [
    ("a1", "Art 1", "k1", "s1", "f", "1", "302"),
    ("a2", "Art 2", "k1", "s2", "f", "1", "302"),
    ("h1", "Choir 1", "k3", "s1", "y", "4", "201"),
    ("m1", "Math 1", "k2", "s1", "f,s", "2", "302"),
    ("m2", "Math 2", "k2", "s1", "s", "3", "101"),
]
# Id to family name, role, schools and the people whom the record is linked to.
PEOPLE: dict[str, tuple[str, str, list[str], str | None]] = {
    "ann": ("Moe", "student", ["s1"], "gus"),
    "ben": ("Moe", "student", ["s1"], "gus"),
    "cat": ("Poe", "student", ["s2"], None),
    "dan": ("Lee", "student", ["s1", "s2"], None),
    "finn": ("Roe", "teacher", ["s1", "s2"], None),
    "gil": ("Poe", "guardian", ["s2"], "cat"),
    "gus": ("Moe", "guardian", ["s1"], None),
    "pia": ("Fox", "siteAdministrator", ["s1"], None),
    "tess": ("Fox", "teacher", ["s1"], None),
}
# Class, person, role, whether primary, begin and end. The end is the first day that does not count.
ENROLLED: list[tuple[str, str, str, bool, str | None, str | None]] = [
    ("a1", "ann", "student", False, None, None),
    ("a1", "ben", "student", False, "2026-08-10", "2026-10-01"),
    ("a1", "tess", "teacher", True, None, None),
    ("a2", "cat", "student", False, None, None),
    ("a2", "dan", "student", False, None, None),
    ("a2", "finn", "teacher", True, None, None),
    ("m1", "ann", "student", False, None, None),
    ("m1", "dan", "student", False, None, None),
    ("m1", "finn", "teacher", True, None, None),
    ("m1", "tess", "teacher", False, None, None),
    ("m2", "ben", "student", False, "2027-01-04", None),
    ("m2", "pia", "teacher", True, None, None),
]


def tables() -> dict[str, pd.DataFrame]:
    """Return the district as canonical tables."""
    orgs: list[Row] = [{"sourcedId": "d", "name": "District", "type": "district"}]
    orgs += [
        {"sourcedId": key, "name": name, "type": "school", "parentSourcedId": "d"}
        for key, name in SCHOOLS.items()
    ]
    names = ["sourcedId", "type", "title", "startDate", "endDate", "parentSourcedId"]
    rows: dict[str, list[Row]] = {
        "orgs": orgs,
        "academicSessions": [
            {**dict(zip(names, session, strict=True)), "schoolYear": "2027"} for session in SESSIONS
        ],
        "courses": [
            {"sourcedId": key, "title": title, "orgSourcedId": org}
            for key, (title, org) in COURSES.items()
        ],
        "classes": [
            {
                "sourcedId": key,
                "title": title,
                "courseSourcedId": course,
                "schoolSourcedId": school,
                "termSourcedIds": terms,
                "periods": period,
                "location": room,
                "classType": "scheduled",
            }
            for key, title, course, school, terms, period, room in CLASSES
        ],
        "users": [
            {
                "sourcedId": key,
                "username": key,
                "givenName": key.title(),
                "familyName": family,
                "enabledUser": True,
                "role": role,
                "email": f"{key}@example.org",
                "grades": "06" if role == "student" else None,
                "orgSourcedIds": ",".join(schools),
                "primaryOrgSourcedId": schools[0],
                "agentSourcedIds": linked,
            }
            for key, (family, role, schools, linked) in PEOPLE.items()
        ],
        "roles": [
            {
                "sourcedId": f"{key}@{school}",
                "userSourcedId": key,
                "roleType": "secondary" if number else "primary",
                "role": role,
                "orgSourcedId": school,
            }
            for key, (_, role, schools, _) in PEOPLE.items()
            for number, school in enumerate(schools)
        ],
        "enrollments": [
            {
                "sourcedId": f"{class_}@{who}",
                "classSourcedId": class_,
                "schoolSourcedId": next(row[3] for row in CLASSES if row[0] == class_),
                "userSourcedId": who,
                "role": role,
                "primary": primary,
                "beginDate": begin,
                "endDate": end,
            }
            for class_, who, role, primary, begin, end in ENROLLED
        ],
    }
    return {name: tables_of(name, given) for name, given in rows.items()}


def clever_routes() -> dict[str, list[Row]]:
    """Return the district as Clever shows it: one term a section, and no dates of enrollments."""
    users: list[Row] = []
    for key, (family, role, schools, _) in sorted(PEOPLE.items()):
        part: Row = {"schools": schools}
        if role == "student":
            part["grade"] = "6"
        if role == "siteAdministrator":
            part["roles"] = ["School Admin"]
        if role == "guardian":
            of = [who for who, (*_, linked) in PEOPLE.items() if linked == key]
            of += [linked for linked in (PEOPLE[key][3],) if linked]
            part = {"student_relationships": [{"student": who} for who in of]}
        word = {"siteAdministrator": "staff", "guardian": "contact"}.get(role, role)
        users.append(
            {
                "id": key,
                "district": "d",
                "email": f"{key}@example.org",
                "name": {"first": key.title(), "last": family},
                "roles": {word: part},
            }
        )
    sections: list[Row] = []
    for key, title, course, school, terms, period, room in CLASSES:
        here = [row for row in ENROLLED if row[0] == key]
        teachers = [row for row in here if row[2] == "teacher"]
        sections.append(
            {
                "id": key,
                "name": title,
                "course": course,
                "school": school,
                "term_id": "y" if "," in terms else terms,
                "period": period,
                "ext": {"classroom": room},
                "students": [row[1] for row in here if row[2] == "student"],
                "teachers": [row[1] for row in teachers],
                "teacher": next((row[1] for row in teachers if row[3]), None),
            }
        )
    terms = [
        {"id": key, "name": title, "start_date": start, "end_date": end}
        for key, _, title, start, end, _ in sorted(SESSIONS)
    ]
    return {
        "districts": [{"id": "d", "name": "District"}],
        "schools": [{"id": key, "name": name, "district": "d"} for key, name in SCHOOLS.items()],
        "courses": [{"id": key, "name": title} for key, (title, _) in COURSES.items()],
        "terms": terms,
        "sections": sections,
        "users": users,
        **{
            f"schools/{school}/users": [user for user in users if school in PEOPLE[user["id"]][2]]
            for school in SCHOOLS
        },
    }
