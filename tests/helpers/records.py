"""OneRoster 1.1 records as a server sends them, and the paths under which it lists them."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from urllib.parse import quote

Record = dict[str, Any]

MODIFIED = "2026-08-20T10:00:00.000Z"


def _reference(sourced_id: str, kind: str) -> Record:
    return {"href": f"https://elsewhere.example/{kind}", "sourcedId": sourced_id, "type": kind}


def _record(sourced_id: str, given: dict[str, object], **fields: object) -> Record:
    return {
        "sourcedId": sourced_id,
        "status": "active",
        "dateLastModified": MODIFIED,
        **fields,
        **given,
    }


def org(sourced_id: str, name: str, kind: str = "school", **more: object) -> Record:
    return _record(sourced_id, more, name=name, type=kind, identifier=f"org-{sourced_id}")


def session(sourced_id: str, title: str, start: str, end: str, **more: object) -> Record:
    """Return a term; `parent` in `more` is the id of the session above it."""
    if isinstance(parent := more.pop("parent", None), str):
        more["parent"] = _reference(parent, "academicSession")
    return _record(
        sourced_id,
        more,
        title=title,
        type="term",
        startDate=start,
        endDate=end,
        schoolYear="2027",
    )


def course(sourced_id: str, title: str, school: str, **more: object) -> Record:
    return _record(
        sourced_id,
        more,
        title=title,
        courseCode=f"code-{sourced_id}",
        grades=["06"],
        subjects=[],
        org=_reference(school, "org"),
    )


def section(
    sourced_id: str, title: str, of: str, school: str, terms: Sequence[str] = (), **more: object
) -> Record:
    """Return a class of the course `of`."""
    return _record(
        sourced_id,
        more,
        title=title,
        classCode=f"code-{sourced_id}",
        classType="scheduled",
        location="101",
        grades=["06"],
        subjects=[],
        periods=["1"],
        course=_reference(of, "course"),
        school=_reference(school, "org"),
        terms=[_reference(term, "academicSession") for term in terms],
    )


def user(sourced_id: str, role: str, schools: Iterable[str], **more: object) -> Record:
    return _record(
        sourced_id,
        more,
        username=f"name-{sourced_id}",
        userIds=[],
        enabledUser="true",
        givenName=f"Given {sourced_id}",
        familyName=f"Family {sourced_id}",
        middleName="",
        role=role,
        identifier=f"person-{sourced_id}",
        email=f"{sourced_id}@school.example",
        sms="",
        phone="",
        agents=[],
        orgs=[_reference(school, "org") for school in schools],
        grades=["06"] if role == "student" else [],
        password="",
    )


def enrollment(
    sourced_id: str, who: str, of: str, school: str, role: str, **more: object
) -> Record:
    """Return the enrollment of `who` in the class `of`."""
    return _record(
        sourced_id,
        more,
        role=role,
        primary="false",
        user=_reference(who, "user"),
        school=_reference(school, "org"),
        **{"class": _reference(of, "class")},
    )


def routes(
    *,
    orgs: list[Record],
    sessions: list[Record],
    courses: list[Record],
    classes: list[Record],
    users: list[Record],
    enrollments: list[Record],
    key: str = "sourcedId",
) -> dict[str, list[Record]]:
    """Return every path of a server of these records, with `key` as the field in its URLs."""
    schools = [o for o in orgs if o["type"] == "school"]

    def part(record: Record) -> str:
        return quote(str(record[key]), safe="")

    def enrolled(section: Record, role: str) -> list[Record]:
        ids = [
            e["user"]["sourcedId"]
            for e in enrollments
            if e["class"]["sourcedId"] == section["sourcedId"] and e["role"] == role
        ]
        return [u for sourced_id in ids for u in users if u["sourcedId"] == sourced_id]

    def where(records: list[Record], true: Callable[[Record], bool]) -> list[Record]:
        return [record for record in records if true(record)]

    def points(record: Record, field: str, to: Record) -> bool:
        return record[field]["sourcedId"] == to["sourcedId"]

    paths: dict[str, list[Record]] = {
        "orgs": orgs,
        "schools": schools,
        "academicSessions": sessions,
        "terms": where(sessions, lambda s: s["type"] == "term"),
        "gradingPeriods": where(sessions, lambda s: s["type"] == "gradingPeriod"),
        "courses": courses,
        "classes": classes,
        "users": users,
        "students": where(users, lambda u: u["role"] == "student"),
        "teachers": where(users, lambda u: u["role"] == "teacher"),
        "enrollments": enrollments,
    }
    for item in classes:
        paths[f"classes/{part(item)}/students"] = enrolled(item, "student")
        paths[f"classes/{part(item)}/teachers"] = enrolled(item, "teacher")
    for item in courses:
        paths[f"courses/{part(item)}/classes"] = [c for c in classes if points(c, "course", item)]
    for item in schools:
        at_school = [u for u in users if item["sourcedId"] in [o["sourcedId"] for o in u["orgs"]]]
        base = f"schools/{part(item)}"
        paths[f"{base}/students"] = where(at_school, lambda u: u["role"] == "student")
        paths[f"{base}/teachers"] = where(at_school, lambda u: u["role"] == "teacher")
        paths[f"{base}/classes"] = [c for c in classes if points(c, "school", item)]
        paths[f"{base}/courses"] = [c for c in courses if points(c, "org", item)]
    return paths


def school(
    sections: int = 2, students: int = 3, *, key: str = "sourcedId"
) -> dict[str, list[Record]]:
    """Return the paths of one school: one course, its sections, so many students in each."""
    orgs = [org("d", "District", "district"), org("s1", "North School")]
    sessions = [session("t1", "Fall", "2026-08-01", "2026-12-20")]
    courses = [course("co1", "Art 101", "s1")]
    classes = [
        section(f"c{n}", f"Art section {n}", "co1", "s1", ["t1"]) for n in range(1, sections + 1)
    ]
    users = [user("t1", "teacher", ["s1"])]
    enrollments = []
    for group in classes:
        of = str(group["sourcedId"])
        enrollments.append(enrollment(f"e-{of}-t1", "t1", of, "s1", "teacher"))
        for n in range(1, students + 1):
            who = f"{of}-p{n}"
            users.append(user(who, "student", ["s1"]))
            enrollments.append(enrollment(f"e-{who}", who, of, "s1", "student"))
    return routes(
        orgs=orgs,
        sessions=sessions,
        courses=courses,
        classes=classes,
        users=users,
        enrollments=enrollments,
        key=key,
    )
