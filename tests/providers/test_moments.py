"""Questions on a day and in a term, by every source; the right numbers were worked out by hand.

The roster holds last year, fall and spring at once. "Today" is 2026-10-01 in the comments.

    Last year   2025-08-11 to 2026-06-05
    This year   2026-08-10 to 2027-06-04, and in it
      Fall      2026-08-10 to 2026-12-18
      Spring    2027-01-04 to 2027-06-04
    Someday     without dates
    Cancelled   fall's dates, marked tobedeleted

The classes of North: ``a1`` (Art, last year), ``a2`` and ``a3`` (Art, fall, in one room at one time
with one teacher), ``m1`` (Math, fall and spring), ``m2`` (Math, spring, beside ``m1``). Of South:
``p1`` (Project, Someday) and ``g1`` (Garden, Cancelled), which have no dates and meet every day.
"""

import datetime
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import pandas as pd
import pytest
from helpers.by_every_source import DATED, LIVE, SOURCES, by_every_source
from helpers.mixedschool import tables_of
from helpers.thorough import cases

import oneroster_nb as onb
from oneroster_nb.analysis.methods import RosterQuestions

# The roster refers to a person who is not there, and on some days no term is running.
pytestmark = [
    pytest.mark.filterwarnings("ignore::oneroster_nb.DanglingReferenceWarning"),
    pytest.mark.filterwarnings("ignore::oneroster_nb.NoMatchWarning"),
]

Row = dict[str, object]
Moment = dict[str, Any]
Answers = Mapping[str, str]

SESSIONS = [
    ("y", "schoolYear", "This year", "2026-08-10", "2027-06-04", None, "active"),
    ("o", "semester", "Last year", "2025-08-11", "2026-06-05", None, "active"),
    ("f", "semester", "Fall", "2026-08-10", "2026-12-18", "y", "active"),
    ("s", "semester", "Spring", "2027-01-04", "2027-06-04", "y", "active"),
    ("u", "term", "Someday", None, None, None, "active"),
    ("x", "term", "Cancelled", "2026-08-10", "2026-12-18", None, "tobedeleted"),
]
SCHOOLS = {"s1": "North", "s2": "South"}
COURSES = {"k1": "Art", "k2": "Math", "k3": "Project", "k4": "Garden"}
# Id, title, course, school, terms, period and room.
CLASSES = [
    ("a1", "Art 1", "k1", "s1", "o", "1", "101"),
    ("a2", "Art 2", "k1", "s1", "f", "1", "101"),
    ("a3", "Art 3", "k1", "s1", "f", "1", "101"),
    ("m1", "Math 1", "k2", "s1", "f,s", "2", "102"),
    ("m2", "Math 2", "k2", "s1", "s", "2", "102"),
    ("p1", "Project 1", "k3", "s2", "u", "3", "201"),
    ("g1", "Garden 1", "k4", "s2", "x", "4", "202"),
]
# Id to role and schools. `noa` and `noa2` have one name, grade and school; `oda` and `pia` share an
# address; `ada`, `rut` and `vera` have none; `liv` and `tom` have no grade.
PEOPLE = {
    **dict.fromkeys(["liv", "mia", "noa", "oda", "pia", "rut"], ("student", ["s1"])),
    "siv": ("student", ["s1", "s2"]),
    "tom": ("student", ["s1"]),
    "una": ("student", ["s1", "s2"]),
    "vera": ("student", ["s2"]),
    "walt": ("student", ["s1"]),
    "noa2": ("student", ["s1"]),
    "tess": ("teacher", ["s1", "s2"]),
    "finn": ("teacher", ["s1"]),
    "ada": ("siteAdministrator", ["s1"]),
    "bo": ("districtAdministrator", ["d"]),
}
NO_EMAIL = {"ada", "rut", "vera"}
NO_GRADE = {"liv", "tom"}
# The role of an administrator is over in September; 1.1 and Clever cannot say so.
ROLE_DATES = {"ada": ("2025-08-01", "2026-09-15")}
# Class, person, role, begin and end. The end is the first day that does not count any more.
ENROLLED: list[tuple[str, str, str, str | None, str | None]] = [
    ("a1", "liv", "student", "2025-08-11", "2026-06-05"),
    # A change of section.
    ("a2", "mia", "student", "2026-08-10", "2026-09-15"),
    ("a3", "mia", "student", "2026-09-15", "2026-12-19"),
    ("a2", "noa", "student", "2026-08-10", "2026-09-30"),  # ended yesterday
    ("a2", "oda", "student", "2026-08-10", "2026-10-01"),  # ends today, so does not count today
    ("a2", "pia", "student", "2026-10-02", "2026-12-19"),  # begins tomorrow
    ("a2", "rut", "student", None, None),  # fall
    ("m1", "rut", "student", None, None),  # fall and spring, not between them
    ("m1", "siv", "student", "2026-08-10", "2027-06-05"),  # between them, too: both dates are there
    ("m2", "siv", "student", None, None),  # spring
    ("m1", "tom", "student", "2026-08-10", None),  # between them, too: spring is not over
    ("p1", "una", "student", None, None),  # always
    ("g1", "vera", "student", None, None),  # always
    ("m2", "walt", "student", None, None),  # spring
    ("p1", "noa2", "student", "2026-08-10", None),  # from August on, for ever
    ("a2", "ghost", "student", "2026-08-10", "2026-09-20"),  # a person who is not there
    # A teacher of last year, of fall, and of every day.
    ("a1", "tess", "teacher", "2025-08-11", "2026-06-05"),
    ("a2", "tess", "teacher", None, None),
    ("a3", "tess", "teacher", None, None),
    ("p1", "tess", "teacher", None, None),
    ("m1", "finn", "teacher", None, None),
    ("m2", "finn", "teacher", None, None),
]

LAST_YEAR: Moment = {"as_of": "2026-03-02"}
SUMMER: Moment = {"as_of": "2026-07-15"}
TODAY: Moment = {"as_of": "2026-10-01"}
MOMENTS: dict[str, Moment] = {
    "2026-03-02": LAST_YEAR,
    "2026-07-15": SUMMER,  # between two years
    "2026-09-01": {"as_of": datetime.date(2026, 9, 1)},  # before the change of section
    "2026-10-01": TODAY,
    "2026-12-18": {"as_of": "2026-12-18"},  # the last day of fall
    "2026-12-28": {"as_of": "2026-12-28"},  # between fall and spring
    "2027-03-01": {"as_of": "2027-03-01"},
    "Fall": {"term": "Fall"},
    "Spring": {"term": "Spring"},
}
"""Seven days and two terms."""


def tables() -> dict[str, pd.DataFrame]:
    """Return the roster as canonical tables."""
    rows: dict[str, list[Row]] = {
        "orgs": [
            {"sourcedId": "d", "name": "District", "type": "district"},
            {"sourcedId": "s1", "name": "North", "type": "school", "parentSourcedId": "d"},
            {"sourcedId": "s2", "name": "South", "type": "school", "parentSourcedId": "d"},
        ],
        "academicSessions": [
            {
                "sourcedId": key,
                "type": kind,
                "title": title,
                "startDate": start,
                "endDate": end,
                "parentSourcedId": parent,
                "status": status,
                "schoolYear": "2026" if key == "o" else "2027",
            }
            for key, kind, title, start, end, parent, status in SESSIONS
        ],
        "courses": [
            {"sourcedId": key, "title": title, "orgSourcedId": "d"}
            for key, title in COURSES.items()
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
                "givenName": given_name(key),
                "familyName": "Moe",
                "enabledUser": True,
                "role": role,
                "email": email(key),
                "grades": "06" if role == "student" and key not in NO_GRADE else None,
                "orgSourcedIds": ",".join(orgs),
                "primaryOrgSourcedId": orgs[0],
            }
            for key, (role, orgs) in PEOPLE.items()
        ],
        "roles": [
            {
                "sourcedId": f"{key}@{org}",
                "userSourcedId": key,
                "roleType": "secondary" if number else "primary",
                "role": role,
                "orgSourcedId": org,
                "beginDate": ROLE_DATES.get(key, (None, None))[0],
                "endDate": ROLE_DATES.get(key, (None, None))[1],
            }
            for key, (role, orgs) in PEOPLE.items()
            for number, org in enumerate(orgs)
        ],
        "enrollments": [
            {
                "sourcedId": f"{class_}@{who}",
                "classSourcedId": class_,
                "schoolSourcedId": "s2" if class_ in ("p1", "g1") else "s1",
                "userSourcedId": who,
                "role": role,
                "primary": role == "teacher",
                "beginDate": begin,
                "endDate": end,
            }
            for class_, who, role, begin, end in ENROLLED
        ],
    }
    return {name: tables_of(name, given) for name, given in rows.items()}


def given_name(key: str) -> str:
    return key.rstrip("2").title()


def email(key: str) -> str | None:
    """Return the address of a person; two share one."""
    name = {"pia": "oda"}.get(key, key)
    return None if key in NO_EMAIL else f"{name}@example.org"


def clever_routes() -> dict[str, list[dict[str, Any]]]:
    """Return the roster as Clever shows it: one term a section, and no dates but those of terms."""
    parts = {"siteAdministrator": "staff", "districtAdministrator": "district_admin"}
    users: list[dict[str, Any]] = []
    for key, (role, orgs) in sorted(PEOPLE.items()):
        part: dict[str, Any] = {"schools": orgs}
        if role == "student" and key not in NO_GRADE:
            part["grade"] = "6"
        if role == "siteAdministrator":
            part["roles"] = ["School Admin"]
        users.append(
            {
                "id": key,
                "district": "d",
                "email": email(key),
                "name": {"first": given_name(key), "last": "Moe"},
                "roles": {parts.get(role, role): part},
            }
        )
    # A class of fall and spring is one of the whole year; a deleted term is not shown.
    terms = {"f,s": "y", "x": None}
    sections: list[dict[str, Any]] = [
        {
            "id": key,
            "name": title,
            "course": course,
            "school": school,
            "term_id": terms.get(term, term),
            "period": period,
            "ext": {"classroom": room},
            "students": [w for c, w, role, *_ in ENROLLED if c == key and role == "student"],
            "teachers": [w for c, w, role, *_ in ENROLLED if c == key and role == "teacher"],
            "teacher": next(
                (w for c, w, role, *_ in ENROLLED if c == key and role == "teacher"), None
            ),
        }
        for key, title, course, school, term, period, room in sorted(CLASSES)
    ]
    return {
        "districts": [{"id": "d", "name": "District"}],
        "schools": [{"id": key, "name": name, "district": "d"} for key, name in SCHOOLS.items()],
        "courses": [{"id": key, "name": title, "district": "d"} for key, title in COURSES.items()],
        "terms": [
            {"id": key, "name": title, "start_date": start, "end_date": end}
            for key, _, title, start, end, _, status in sorted(SESSIONS, key=lambda row: row[0])
            if status == "active"
        ],
        "sections": sections,
        "users": users,
        **{
            f"schools/{key}/users": [user for user in users if key in PEOPLE[user["id"]][1]]
            for key in SCHOOLS
        },
    }


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, RosterQuestions]]:
    """Open each of `SOURCES` once."""
    folder = tmp_path_factory.mktemp("moments")
    with by_every_source(tables(), clever_routes(), folder) as opened:
        yield opened


# How each question is asked, and what of its answer is compared: words, in any order.

Words = Callable[[pd.DataFrame], list[str]]
RULES = ["courses::Art::students", "schools::North::students"]


def _values(*columns: str) -> Words:
    """Write each row as ``key``, ``key=value`` or ``key=value/value``."""

    def words(found: pd.DataFrame) -> list[str]:
        rows = found[list(columns)].astype(object).itertuples(index=False)
        texts = (list(map(str, row)) for row in rows)
        return [f"{key}={'/'.join(rest)}" if rest else key for key, *rest in texts]

    return words


def _members(found: pd.DataFrame) -> list[str]:
    return (found["classSourcedId"] + ":" + found["sourcedId"]).tolist()


def _loads(found: pd.DataFrame) -> list[str]:
    """Leave out teachers without a section: whether they are there with zeros is left open."""
    found = found.loc[found["sections"] > 0]
    return _values("sourcedId", "sections", "students", "contacts")(found)


def _empty(found: pd.DataFrame) -> list[str]:
    return [
        f"{key}:{'teacher' if teacher else ''}{'students' if students else ''}"
        for key, teacher, students in zip(
            found["classSourcedId"], found["withoutTeacher"], found["withoutStudents"], strict=True
        )
    ]


def _seats(found: pd.DataFrame) -> list[str]:
    named = found.assign(rule=["Art", "North", "All"])
    return _values("rule", "people", "onlyHere", "shared")(named)


QUESTIONS: dict[str, tuple[Callable[..., pd.DataFrame], Words]] = {
    "class_sizes": (onb.class_sizes, _values("classSourcedId", "students")),
    "teacher_loads": (onb.teacher_loads, _loads),
    "without_classes": (onb.without_classes, _values("sourcedId")),
    "empty_classes": (onb.empty_classes, _empty),
    "multi_school": (onb.multi_school, _values("sourcedId", "schoolCount")),
    "repeated_courses": (onb.repeated_courses, _values("sourcedId", "classSourcedIds")),
    "cross_listed": (onb.cross_listed, _values("classSourcedId", "students", "groupStudents")),
    "duplicate_people": (onb.duplicate_people, _values("sourcedId")),
    "email_problems": (onb.email_problems, _values("sourcedId", "problem")),
    "grade_and_role_problems": (
        onb.grade_and_role_problems,
        _values("sourcedId", "field", "problem"),
    ),
    "dangling_enrollments": (
        onb.dangling_enrollments,
        _values("userSourcedId", "field", "reason"),
    ),
}
PEOPLE_OF: dict[str, tuple[tuple[str, ...], Words]] = {
    "students": (("students",), _values("sourcedId")),
    "users": (("users",), _values("sourcedId")),
    "students of North": (("students", "schools", "North"), _values("sourcedId")),
    "administrators of North": (("administrators", "schools", "North"), _values("sourcedId")),
    "students of classes": (("students", "classes"), _members),
    "teachers of classes": (("teachers", "classes"), _members),
    "students of Art": (("students", "courses", "Art"), _members),
}
ASK = [*PEOPLE_OF, *QUESTIONS, "seats"]


def answer(source: RosterQuestions, question: str, moment: Moment) -> tuple[pd.DataFrame, str]:
    """Ask one of `ASK`; return the answer, and the words of it that are compared."""
    words: Words
    if question in PEOPLE_OF:
        arguments, words = PEOPLE_OF[question]
        found = source.get_users(*arguments, **moment)
    elif question == "seats":
        found, words = source.seats(RULES, **moment), _seats
    else:
        _, words = QUESTIONS[question]
        # As a method, the same function as of the package.
        found = getattr(source, question)(**moment)
    return found, in_order(words(found))


def in_order(words: list[str]) -> str:
    return " ".join(sorted(words))


# The right answers, by hand. Which enrollment counts when follows from its dates above:
#
#     2026-03-02  liv, and those who are always there: una and vera
#     2026-07-15  una, vera
#     2026-09-01  mia (a2), noa, oda, rut (a2 and m1), siv (m1), tom, una, vera, noa2
#     2026-10-01  mia (a3), rut (a2 and m1), siv (m1), tom, una, vera, noa2: noa's and oda's have
#                 ended, pia's begins tomorrow
#     2026-12-18  the same and pia; rut still counts, as the last day of a term is one of it
#     2026-12-28  siv and tom, whose own dates go over the gap, not rut; una, vera, noa2
#     2027-03-01  rut (m1), siv (m1 and m2), tom, walt, una, vera, noa2
#     Fall        all of a2, a3 and m1, whenever in fall they were there; p1 and g1 are in no term
#     Spring      all of m1 and m2
#
# Teachers: tess has p1 every day, a1 last year, a2 and a3 in fall; finn has m1 while a term of it
# is running, and m2 in spring.

BY_DATES: dict[str, Answers] = {
    "students": {
        "2026-03-02": "liv una vera",
        "2026-07-15": "una vera",
        "2026-09-01": "mia noa oda rut siv tom una vera noa2",
        "2026-10-01": "mia rut siv tom una vera noa2",
        "2026-12-18": "mia pia rut siv tom una vera noa2",
        "2026-12-28": "siv tom una vera noa2",
        "2027-03-01": "rut siv tom walt una vera noa2",
        "Fall": "mia noa oda pia rut siv tom",
        "Spring": "rut siv tom walt",
    },
    # Students, teachers (tess always, finn while m1 or m2 meets) and administrators: bo always, ada
    # until 2026-09-14, so in fall, too.
    "users": {
        "2026-03-02": "liv una vera tess ada bo",
        "2026-07-15": "una vera tess ada bo",
        "2026-09-01": "mia noa oda rut siv tom una vera noa2 tess finn ada bo",
        "2026-10-01": "mia rut siv tom una vera noa2 tess finn bo",
        "2026-12-18": "mia pia rut siv tom una vera noa2 tess finn bo",
        "2026-12-28": "siv tom una vera noa2 tess bo",
        "2027-03-01": "rut siv tom walt una vera noa2 tess finn bo",
        "Fall": "mia noa oda pia rut siv tom tess finn ada bo",
        "Spring": "rut siv tom walt finn bo",
    },
    # All but vera are at North; an enrollment in a class of any school will do.
    "students of North": {
        "2026-03-02": "liv una",
        "2026-07-15": "una",
        "2026-09-01": "mia noa oda rut siv tom una noa2",
        "2026-10-01": "mia rut siv tom una noa2",
        "2026-12-18": "mia pia rut siv tom una noa2",
        "2026-12-28": "siv tom una noa2",
        "2027-03-01": "rut siv tom walt una noa2",
        "Fall": "mia noa oda pia rut siv tom",
        "Spring": "rut siv tom walt",
    },
    # bo is the district's.
    "administrators of North": {
        "2026-03-02": "ada",
        "2026-07-15": "ada",
        "2026-09-01": "ada",
        "2026-10-01": "",
        "2026-12-18": "",
        "2026-12-28": "",
        "2027-03-01": "",
        "Fall": "ada",
        "Spring": "",
    },
    "students of classes": {
        "2026-03-02": "a1:liv p1:una g1:vera",
        "2026-07-15": "p1:una g1:vera",
        "2026-09-01": "a2:mia a2:noa a2:oda a2:rut m1:rut m1:siv m1:tom p1:una p1:noa2 g1:vera",
        "2026-10-01": "a2:rut a3:mia m1:rut m1:siv m1:tom p1:una p1:noa2 g1:vera",
        "2026-12-18": "a2:pia a2:rut a3:mia m1:rut m1:siv m1:tom p1:una p1:noa2 g1:vera",
        "2026-12-28": "m1:siv m1:tom p1:una p1:noa2 g1:vera",
        "2027-03-01": "m1:rut m1:siv m1:tom m2:siv m2:walt p1:una p1:noa2 g1:vera",
        "Fall": "a2:mia a2:noa a2:oda a2:pia a2:rut a3:mia m1:rut m1:siv m1:tom",
        "Spring": "m1:rut m1:siv m1:tom m2:siv m2:walt",
    },
    "teachers of classes": {
        "2026-03-02": "a1:tess p1:tess",
        "2026-07-15": "p1:tess",
        "2026-09-01": "a2:tess a3:tess m1:finn p1:tess",
        "2026-10-01": "a2:tess a3:tess m1:finn p1:tess",
        "2026-12-18": "a2:tess a3:tess m1:finn p1:tess",
        "2026-12-28": "p1:tess",
        "2027-03-01": "m1:finn m2:finn p1:tess",
        "Fall": "a2:tess a3:tess m1:finn",
        "Spring": "m1:finn m2:finn",
    },
    "students of Art": {
        "2026-03-02": "a1:liv",
        "2026-07-15": "",
        "2026-09-01": "a2:mia a2:noa a2:oda a2:rut",
        "2026-10-01": "a2:rut a3:mia",
        "2026-12-18": "a2:pia a2:rut a3:mia",
        "2026-12-28": "",
        "2027-03-01": "",
        "Fall": "a2:mia a2:noa a2:oda a2:pia a2:rut a3:mia",
        "Spring": "",
    },
    # Only classes that meet: m1 does not between fall and spring, although two are enrolled in it.
    "class_sizes": {
        "2026-03-02": "a1=1 p1=1 g1=1",
        "2026-07-15": "p1=1 g1=1",
        "2026-09-01": "a2=4 a3=0 m1=3 p1=2 g1=1",
        "2026-10-01": "a2=1 a3=1 m1=3 p1=2 g1=1",
        "2026-12-18": "a2=2 a3=1 m1=3 p1=2 g1=1",
        "2026-12-28": "p1=2 g1=1",
        "2027-03-01": "m1=3 m2=2 p1=2 g1=1",
        "Fall": "a2=5 a3=1 m1=3",
        "Spring": "m1=3 m2=2",
    },
    # Sections, students, contacts.
    "teacher_loads": {
        "2026-03-02": "tess=2/2/2",  # a1: liv; p1: una
        "2026-07-15": "tess=1/1/1",  # p1: una
        "2026-09-01": "tess=3/6/6 finn=1/3/3",  # a2: 4, a3: 0, p1: una, noa2; m1: rut, siv, tom
        "2026-10-01": "tess=3/4/4 finn=1/3/3",  # a2: rut, a3: mia, p1: 2
        "2026-12-18": "tess=3/5/5 finn=1/3/3",  # a2: pia, rut, a3: mia, p1: 2
        "2026-12-28": "tess=1/2/2",  # p1
        "2027-03-01": "tess=1/2/2 finn=2/4/5",  # m1: rut, siv, tom; m2: siv, walt; siv is one
        "Fall": "tess=2/5/6 finn=1/3/3",  # a2: 5, one of whom, mia, is in a3, too
        "Spring": "finn=2/4/5",
    },
    # Of the twelve students those who are not in "students" above.
    "without_classes": {
        "2026-03-02": "mia noa oda pia rut siv tom walt noa2",
        "2026-07-15": "liv mia noa oda pia rut siv tom walt noa2",
        "2026-09-01": "liv pia walt",
        "2026-10-01": "liv noa oda pia walt",
        "2026-12-18": "liv noa oda walt",
        "2026-12-28": "liv mia noa oda pia rut walt",
        "2027-03-01": "liv mia noa oda pia",
        "Fall": "liv una vera walt noa2",
        "Spring": "liv mia noa oda pia una vera noa2",
    },
    # Of the classes that meet: g1 never has a teacher, and a3 is empty before the change.
    "empty_classes": {
        "2026-03-02": "g1:teacher",
        "2026-07-15": "g1:teacher",
        "2026-09-01": "g1:teacher a3:students",
        "2026-10-01": "g1:teacher",
        "2026-12-18": "g1:teacher",
        "2026-12-28": "g1:teacher",
        "2027-03-01": "g1:teacher",
        "Fall": "",
        "Spring": "",
    },
    # siv and una are at two schools, each while an enrollment counts.
    "multi_school": {
        "2026-03-02": "una=2",
        "2026-07-15": "una=2",
        "2026-09-01": "siv=2 una=2",
        "2026-10-01": "siv=2 una=2",
        "2026-12-18": "siv=2 una=2",
        "2026-12-28": "siv=2 una=2",
        "2027-03-01": "siv=2 una=2",
        "Fall": "siv=2",
        "Spring": "siv=2",
    },
    # siv in spring. mia is in one class of Art on any day, so in fall, too.
    "repeated_courses": {
        "2026-03-02": "",
        "2026-07-15": "",
        "2026-09-01": "",
        "2026-10-01": "",
        "2026-12-18": "",
        "2026-12-28": "",
        "2027-03-01": "siv=m1,m2",
        "Fall": "",
        "Spring": "siv=m1,m2",
    },
    # tess's two in fall, finn's two in spring: students of the class, and of both.
    "cross_listed": {
        "2026-03-02": "",
        "2026-07-15": "",
        "2026-09-01": "a2=4/4 a3=0/4",
        "2026-10-01": "a2=1/2 a3=1/2",
        "2026-12-18": "a2=2/3 a3=1/3",
        "2026-12-28": "",
        "2027-03-01": "m1=3/4 m2=2/4",
        "Fall": "a2=5/5 a3=1/5",
        "Spring": "m1=3/4 m2=2/4",
    },
    # Both are there until noa's enrollment ends; noa2's class is in no term.
    "duplicate_people": {
        "2026-03-02": "",
        "2026-07-15": "",
        "2026-09-01": "noa noa2",
        "2026-10-01": "",
        "2026-12-18": "",
        "2026-12-28": "",
        "2027-03-01": "",
        "Fall": "",
        "Spring": "",
    },
    # rut, vera and ada while they are there. oda and pia are never there on one day, but in fall.
    "email_problems": {
        "2026-03-02": "vera=missing ada=missing",
        "2026-07-15": "vera=missing ada=missing",
        "2026-09-01": "rut=missing vera=missing ada=missing",
        "2026-10-01": "rut=missing vera=missing",
        "2026-12-18": "rut=missing vera=missing",
        "2026-12-28": "vera=missing",
        "2027-03-01": "rut=missing vera=missing",
        "Fall": "rut=missing ada=missing oda=shared pia=shared",
        "Spring": "rut=missing",
    },
    # liv last year, tom from August on.
    "grade_and_role_problems": {
        "2026-03-02": "liv=grades/missing",
        "2026-07-15": "",
        "2026-09-01": "tom=grades/missing",
        "2026-10-01": "tom=grades/missing",
        "2026-12-18": "tom=grades/missing",
        "2026-12-28": "tom=grades/missing",
        "2027-03-01": "tom=grades/missing",
        "Fall": "tom=grades/missing",
        "Spring": "tom=grades/missing",
    },
    # From 2026-08-10 to 2026-09-19.
    "dangling_enrollments": {
        "2026-03-02": "",
        "2026-07-15": "",
        "2026-09-01": "ghost=userSourcedId/missing",
        "2026-10-01": "",
        "2026-12-18": "",
        "2026-12-28": "",
        "2027-03-01": "",
        "Fall": "ghost=userSourcedId/missing",
        "Spring": "",
    },
    # People, only here, shared. All students of Art are at North.
    "seats": {
        "2026-03-02": "Art=1/0/1 North=2/1/1 All=2/1/1",
        "2026-07-15": "Art=0/0/0 North=1/1/0 All=1/1/0",
        "2026-09-01": "Art=4/0/4 North=8/4/4 All=8/4/4",
        "2026-10-01": "Art=2/0/2 North=6/4/2 All=6/4/2",
        "2026-12-18": "Art=3/0/3 North=7/4/3 All=7/4/3",
        "2026-12-28": "Art=0/0/0 North=4/4/0 All=4/4/0",
        "2027-03-01": "Art=0/0/0 North=6/6/0 All=6/6/0",
        "Fall": "Art=5/0/5 North=7/2/5 All=7/2/5",
        "Spring": "Art=0/0/0 North=4/4/0 All=4/4/0",
    },
}
"""Of a source that has dates of enrollments and roles: question to moment to answer."""

# OneRoster 1.1 has no dates of roles, so ada is an administrator for ever.
ADA_STAYS: dict[str, Answers] = {
    "administrators of North": dict.fromkeys(MOMENTS, "ada"),
    "users": {
        **BY_DATES["users"],
        "2026-10-01": "mia rut siv tom una vera noa2 tess finn ada bo",
        "2026-12-18": "mia pia rut siv tom una vera noa2 tess finn ada bo",
        "2026-12-28": "siv tom una vera noa2 tess ada bo",
        "2027-03-01": "rut siv tom walt una vera noa2 tess finn ada bo",
        "Spring": "rut siv tom walt finn ada bo",
    },
    "email_problems": {
        **BY_DATES["email_problems"],
        "2026-10-01": "rut=missing vera=missing ada=missing",
        "2026-12-18": "rut=missing vera=missing ada=missing",
        "2026-12-28": "vera=missing ada=missing",
        "2027-03-01": "rut=missing vera=missing ada=missing",
        "Spring": "rut=missing ada=missing",
    },
}

# Clever has no dates of enrollments either: all are in a class as long as its term runs, which for
# m1 is the whole year, so that it meets between fall and spring, too. noa2 is in p1 every day. All
# five are in a2 for all of fall, and mia in a2 and a3 at one time. In the terms themselves little
# is different.
_A2 = "a2:mia a2:noa a2:oda a2:pia a2:rut a3:mia"
_IN_FALL = {
    "students": "mia noa oda pia rut siv tom una vera noa2",
    "users": "mia noa oda pia rut siv tom una vera noa2 tess finn ada bo",
    "students of North": "mia noa oda pia rut siv tom una noa2",
    "students of classes": f"{_A2} m1:rut m1:siv m1:tom p1:una p1:noa2 g1:vera",
    "teachers of classes": "a2:tess a3:tess m1:finn p1:tess",
    "students of Art": _A2,
    "class_sizes": "a2=5 a3=1 m1=3 p1=2 g1=1",
    # a2: 5, a3: mia again, p1: 2.
    "teacher_loads": "tess=3/7/8 finn=1/3/3",
    "without_classes": "liv walt",
    "empty_classes": "g1:teacher",
    "multi_school": "siv=2 una=2",
    "repeated_courses": "mia=a2,a3",
    "cross_listed": "a2=5/5 a3=1/5",
    "duplicate_people": "noa noa2",
    "email_problems": "rut=missing vera=missing ada=missing oda=shared pia=shared",
    "grade_and_role_problems": "tom=grades/missing",
    "dangling_enrollments": "ghost=userSourcedId/missing",
    "seats": "Art=5/0/5 North=9/4/5 All=9/4/5",
}
"""On a day in fall, which one does not matter."""

_OTHER_DAYS: dict[str, dict[str, str]] = {
    "2026-03-02": {
        "students": "liv una vera noa2",
        "users": "liv una vera noa2 tess ada bo",
        "students of North": "liv una noa2",
        "students of classes": "a1:liv p1:una p1:noa2 g1:vera",
        "class_sizes": "a1=1 p1=2 g1=1",
        "teacher_loads": "tess=2/3/3",  # a1: liv; p1: una, noa2
        "without_classes": "mia noa oda pia rut siv tom walt",
        "seats": "Art=1/0/1 North=3/2/1 All=3/2/1",
    },
    "2026-07-15": {
        "students": "una vera noa2",
        "users": "una vera noa2 tess ada bo",
        "students of North": "una noa2",
        "students of classes": "p1:una p1:noa2 g1:vera",
        "class_sizes": "p1=2 g1=1",
        "teacher_loads": "tess=1/2/2",
        "without_classes": "liv mia noa oda pia rut siv tom walt",
        "seats": "Art=0/0/0 North=2/2/0 All=2/2/0",
    },
    "2026-12-28": {
        "students": "rut siv tom una vera noa2",
        "users": "rut siv tom una vera noa2 tess finn ada bo",
        "students of North": "rut siv tom una noa2",
        "students of classes": "m1:rut m1:siv m1:tom p1:una p1:noa2 g1:vera",
        "teachers of classes": "m1:finn p1:tess",
        "class_sizes": "m1=3 p1=2 g1=1",
        "teacher_loads": "tess=1/2/2 finn=1/3/3",
        "without_classes": "liv mia noa oda pia walt",
        "email_problems": "rut=missing vera=missing ada=missing",
        "seats": "Art=0/0/0 North=5/5/0 All=5/5/0",
    },
    # In spring those of m1 have no dates that end earlier or later than its term.
    "2027-03-01": {},
    # mia is in both sections as far as Clever knows.
    "Fall": {"repeated_courses": "mia=a2,a3"},
    "Spring": {},
}


def _answers_of_clever() -> dict[str, Answers]:
    answers: dict[str, Answers] = {}
    for question, by_dates in BY_DATES.items():
        known = {**by_dates, **ADA_STAYS.get(question, {})}
        for moment in known:
            if moment in ("2026-09-01", "2026-10-01", "2026-12-18"):
                known[moment] = _IN_FALL.get(question, known[moment])
            else:
                known[moment] = _OTHER_DAYS[moment].get(question, known[moment])
        answers[question] = known
    return answers


_V1P1 = {**BY_DATES, **ADA_STAYS}
_CLEVER = _answers_of_clever()
EXPECTED: dict[str, dict[str, Answers]] = {
    "live 1.1": _V1P1,
    "live 1.2": BY_DATES,
    "saved": BY_DATES,
    "CSV 1.1": _V1P1,
    "CSV 1.2": BY_DATES,
    "Clever": _CLEVER,
    "Clever roster": _CLEVER,
}


# Who is asked at the first moment, the second one, ...; the next question begins one further on.
_TURNS = ["live 1.1", *["saved", "CSV 1.2", "CSV 1.1"] * 2, "saved", "live 1.2"]


def asked(kind: str, question: str) -> list[str]:
    """Return the moments at which a question is asked of a source.

    In the thorough run, each moment. In the daily one each moment of one of the sources with dates;
    a live source is asked for people once, and for a third of the questions, as it pulls for them a
    roster like those in memory.
    """
    if cases(daily=0, thorough=1):
        return list(MOMENTS)
    first = ASK.index(question)
    in_memory = question not in PEOPLE_OF and first % 3 != 0
    found = []
    for number, name in enumerate(MOMENTS):
        turn = (first + number) % len(MOMENTS)
        dated, clever = _TURNS[turn], {0: "Clever", 4: "Clever roster"}.get(turn)
        if in_memory and dated in LIVE:
            dated = "saved"
        if in_memory and clever in LIVE:
            clever = None
        if kind in (dated, clever):
            found.append(name)
    return found


def test_every_question_has_an_answer_at_every_moment() -> None:
    for answers in EXPECTED.values():
        assert answers.keys() == set(ASK)
        assert all(given.keys() == MOMENTS.keys() for given in answers.values())
    for question in ASK:
        assert {name for kind in DATED for name in asked(kind, question)} == MOMENTS.keys()


@pytest.mark.parametrize("question", ASK)
@pytest.mark.parametrize("kind", SOURCES)
def test_every_question_at_every_moment(
    sources: dict[str, RosterQuestions], kind: str, question: str
) -> None:
    wrong = []
    for name in asked(kind, question):
        found, words = answer(sources[kind], question, MOMENTS[name])
        right = in_order(EXPECTED[kind][question][name].split())
        if words != right:
            wrong.append(f"{question}, {name}: {words!r}, not {right!r}")
        if found.attrs.get("as_of") != name or name not in found.attrs.get("footnote", ""):
            wrong.append(f"{question}, {name}: the answer does not say so, {found.attrs}")
    assert not wrong, "\n".join(wrong)


def test_means_are_of_the_classes_that_meet(sources: dict[str, RosterQuestions]) -> None:
    """Classes and their mean; the sizes are those of the table above."""
    for name, right in {
        "2026-09-01": "Art=2/2.0 Math=1/3.0 Project=1/2.0 Garden=1/1.0",  # a2: 4, a3: 0
        "2026-12-18": "Art=2/1.5 Math=1/3.0 Project=1/2.0 Garden=1/1.0",  # a2: 2, a3: 1
        "2026-12-28": "Project=1/2.0 Garden=1/1.0",
        "2027-03-01": "Math=2/2.5 Project=1/2.0 Garden=1/1.0",  # m1: 3, m2: 2
        "Fall": "Art=2/3.0 Math=1/3.0",  # a2: 5, a3: 1
    }.items():
        found = sources["saved"].class_sizes(by="courseTitle", **MOMENTS[name])
        words = _values("courseTitle", "classes", "mean")(found)
        assert in_order(words) == in_order(right.split()), name


@pytest.mark.parametrize("kind", ["live 1.1", "saved", "Clever roster"])
def test_groups_count_the_people_of_the_moment(
    sources: dict[str, RosterQuestions], kind: str
) -> None:
    """Classes that meet are listed, others perhaps; a live source may know no numbers."""
    for name in ("2026-09-01", "2026-12-28", "Fall"):
        found = sources[kind].groups("classes", **MOMENTS[name]).set_index("sourcedId")
        meet = {word.partition("=")[0] for word in EXPECTED[kind]["class_sizes"][name].split()}
        assert meet <= set(found.index), name
        for column, who in (("studentCount", "students"), ("teacherCount", "teachers")):
            members = EXPECTED[kind][f"{who} of classes"][name].split()
            classes = [member.partition(":")[0] for member in members]
            known = found[column].dropna()
            assert kind in LIVE or len(known) == len(found), name
            right = {key: classes.count(key) for key in known.index}
            assert known.to_dict() == right, (name, who)


@pytest.mark.parametrize(
    ("kind", "name", "unfilled", "untaught"),
    [
        ("saved", "2026-09-01", ["a3"], ["g1"]),  # until mia's change of section
        ("saved", "2026-12-28", [], ["g1"]),
        ("saved", "Spring", [], []),  # g1 is in no term
    ],
)
def test_the_rules_of_a_check_look_at_the_day(
    sources: dict[str, RosterQuestions],
    kind: str,
    name: str,
    unfilled: list[str],
    untaught: list[str],
) -> None:
    """They find what the questions find; of the classes that meet, g1 has no teacher."""
    found = onb.check(sources[kind], **MOMENTS[name])

    by_rule = found.groupby("code")["sourcedId"].agg(sorted).to_dict()
    without = sorted(EXPECTED[kind]["without_classes"][name].split())
    assert by_rule["student-without-class"] == without
    assert by_rule.get("class-without-teacher", []) == untaught
    assert by_rule.get("class-without-student", []) == unfilled


# The end of an enrollment.


@pytest.mark.parametrize(
    ("kind", "ends"),
    [
        ("saved", {"2026-09-15": "mia", "2026-09-30": "noa", "2026-10-01": "oda"}),
        ("live 1.1", {"2026-10-01": "oda"}),
    ],
)
def test_the_end_date_is_excluded_unless_it_is_asked_for(
    sources: dict[str, RosterQuestions], kind: str, ends: dict[str, str]
) -> None:
    for day, who in ends.items():
        for include in (False, True):
            told = "&include_end_date=true" if include else ""
            moment: Moment = {"as_of": day, "include_end_date": include}
            for found in (
                sources[kind].get_users("students", "classes", "a2", **moment),
                sources[kind].query(f"classes::a2::students?as_of={day}{told}"),
            ):
                assert (who in found["sourcedId"].tolist()) is include, (day, include)


def test_on_the_day_of_a_change_one_is_in_one_class(sources: dict[str, RosterQuestions]) -> None:
    """With the last day included, mia is in both on that day, and that is a repeated course."""
    source = sources["saved"]
    day: Moment = {"as_of": "2026-09-15"}
    both: Moment = {**day, "include_end_date": True}

    for question, right, right_of_both in (
        ("students of Art", "a2:noa a2:oda a2:rut a3:mia", "a2:mia a2:noa a2:oda a2:rut a3:mia"),
        ("repeated_courses", "", "mia=a2,a3"),
        ("class_sizes", "a2=3 a3=1 g1=1 m1=3 p1=2", "a2=4 a3=1 g1=1 m1=3 p1=2"),
    ):
        assert answer(source, question, day)[1] == right
        assert answer(source, question, both)[1] == right_of_both


def test_whoever_changes_sections_is_in_one_of_them_on_any_day(
    sources: dict[str, RosterQuestions],
) -> None:
    for day in pd.date_range("2026-08-10", "2026-12-18", freq="18D"):
        found = sources["saved"].get_users("students", "courses", "Art", as_of=day.date())
        right = "a2" if day < pd.Timestamp("2026-09-15") else "a3"
        mine = found.loc[found["sourcedId"] == "mia", "classSourcedId"].tolist()
        assert mine == [right], f"{day:%Y-%m-%d}"


def test_a_role_ends_as_an_enrollment_does(sources: dict[str, RosterQuestions]) -> None:
    for day, include, there in (
        ("2026-09-14", False, True),
        ("2026-09-15", False, False),
        ("2026-09-15", True, True),
        ("2026-09-16", True, False),
        ("2025-07-31", False, False),  # not yet begun
        ("2025-08-01", False, True),
    ):
        moment: Moment = {"as_of": day, "include_end_date": include}
        found = answer(sources["CSV 1.2"], "administrators of North", moment)[1]
        assert found == ("ada" if there else ""), (day, include)


# Dates that are missing.


def enrolled_in(term: str, dates: dict[str, tuple[str | None, str | None]]) -> onb.Roster:
    """Return a roster with a class of some terms, and students who are enrolled from and to."""
    made = tables()
    like_m1 = made["classes"].query("sourcedId == 'm1'")
    like_mia = made["users"].query("sourcedId == 'mia'")
    classes = like_m1.assign(termSourcedIds=term)
    users = pd.concat([like_mia.assign(sourcedId=who) for who in dates], ignore_index=True)
    enrolled: list[Row] = [
        {
            "sourcedId": who,
            "classSourcedId": "m1",
            "userSourcedId": who,
            "role": "student",
            "beginDate": begin,
            "endDate": end,
        }
        for who, (begin, end) in dates.items()
    ]
    roles: list[Row] = [
        {
            "sourcedId": who,
            "userSourcedId": who,
            "roleType": "primary",
            "role": "student",
            "orgSourcedId": "s1",
        }
        for who in dates
    ]
    # A term without dates in this year.
    later = made["academicSessions"].query("sourcedId == 'u'")
    later = later.assign(sourcedId="q", title="Choir", parentSourcedId="y")
    sessions = pd.concat([made["academicSessions"], later], ignore_index=True)
    return onb.Roster(
        {
            **made,
            "academicSessions": sessions,
            "classes": classes,
            "users": users,
            "roles": tables_of("roles", roles),
            "enrollments": tables_of("enrollments", enrolled),
        }
    )


def test_each_missing_date_is_that_of_the_terms() -> None:
    roster = enrolled_in(
        "f,s",
        {
            "none": (None, None),
            "begin": ("2026-09-01", None),
            "end": (None, "2027-02-01"),
            "both": ("2026-08-01", "2027-07-01"),
        },
    )
    days = {
        "2026-08-09": "both",  # no term has begun, and its own dates alone decide
        "2026-08-10": "none end both",  # the first day of fall
        "2026-09-01": "none begin end both",
        "2026-12-18": "none begin end both",  # the last day of fall
        "2026-12-19": "begin end both",  # no term includes it, but one has begun, one is not over
        "2027-01-04": "none begin end both",
        "2027-02-01": "none begin both",
        "2027-06-04": "none begin both",  # the last day of spring
        "2027-06-05": "both",
        "2027-07-01": "",
    }
    for day, right in days.items():
        found = roster.get_users("students", "classes", as_of=day)["sourcedId"].tolist()
        assert in_order(found) == in_order(right.split()), day


def test_a_term_without_dates_has_those_of_the_year_above_it() -> None:
    roster = enrolled_in("q", {"none": (None, None)})

    for day, there in {
        "2026-08-09": False,
        "2026-08-10": True,
        "2026-12-28": True,
        "2027-06-04": True,
        "2027-06-05": False,
    }.items():
        assert (len(roster.get_users("students", as_of=day)) == 1) is there, day


@pytest.mark.parametrize("terms", ["u", "x", "nowhere"])
def test_without_any_dates_an_enrollment_is_open(terms: str) -> None:
    """In a term without dates, in one marked tobedeleted, and in one that is not there."""
    roster = enrolled_in(terms, {"none": (None, None)})

    for day in ("2020-01-01", "2026-12-28"):
        sizes = roster.class_sizes(as_of=day)
        assert sizes["students"].tolist() == [1], day
        assert "1 class is in no term with dates" in sizes.attrs["footnote"], day


def test_the_end_date_counts_in_a_term_if_it_is_asked_for() -> None:
    roster = enrolled_in("f,s", {"ends": ("2026-08-10", "2027-01-04")})

    for include in (False, True):
        found = roster.get_users("students", term="Spring", include_end_date=include)
        assert (len(found) == 1) is include, include
    assert len(roster.get_users("students", term="Fall")) == 1


# What an answer says of its moment.


def test_counts_of_an_answer_hold_its_moment(sources: dict[str, RosterQuestions]) -> None:
    for moment, label in ((TODAY, "2026-10-01"), ({"term": "Fall"}, "Fall")):
        people = sources["saved"].get_users("students", "classes", **moment)
        for table in (
            onb.count(people, "courseTitle"),
            onb.count(people, "courseTitle", suppress_below=10),
            onb.crosstab(people, "courseTitle", "grades"),
        ):
            assert table.attrs["as_of"] == label
            assert label in table.attrs["footnote"]


def test_without_a_moment_an_answer_has_none(sources: dict[str, RosterQuestions]) -> None:
    people = sources["saved"].get_users("students", "classes")
    for found in (people, onb.count(people, "courseTitle"), sources["saved"].class_sizes()):
        assert "as_of" not in found.attrs


@pytest.mark.parametrize("kind", ["live 1.2", "saved", "Clever"])
def test_the_footnote_says_the_day(sources: dict[str, RosterQuestions], kind: str) -> None:
    day = datetime.date(2026, 10, 1)
    footnote = sources[kind].get_users("students", as_of=day).attrs["footnote"]
    assert "Counted on 2026-10-01." in footnote
    if kind == "saved":
        groups = sources[kind].groups("classes", as_of=day)
        assert groups.attrs["as_of"] == "2026-10-01"
        assert "Counted on 2026-10-01." in groups.attrs["footnote"]


def test_the_footnote_names_the_terms(sources: dict[str, RosterQuestions]) -> None:
    for kind in ("live 1.1", "saved"):
        now = sources[kind].get_users("students", "classes", term="current").attrs
        assert now["as_of"] == "2026-11-02", kind
        assert "Counted in the current term 'Fall' and on 2026-11-02." in now["footnote"], kind
        fall = sources[kind].get_users("students", "classes", term="f").attrs["footnote"]
        assert "Counted in the term 'Fall'." in fall, kind


def test_today_is_written_down(sources: dict[str, RosterQuestions]) -> None:
    for kind in ("live 1.1", "saved"):
        found = sources[kind].get_users("students", as_of="today").attrs["as_of"]
        assert found == "2026-11-02", kind


def test_between_two_terms_the_last_and_the_next_are_named(
    sources: dict[str, RosterQuestions],
) -> None:
    between = {
        "2026-07-15": ("Last year", "2026-06-05", "2026-08-10"),
        "2026-12-28": ("Fall", "2026-12-18", "Spring", "2027-01-04"),
        "2027-07-01": ("Spring", "2027-06-04"),
    }
    for day, facts in between.items():
        with pytest.warns(onb.NoMatchWarning, match=f"No term is running on {day}"):
            found = sources["live 1.1"].get_users("students", "classes", as_of=day)
        for fact in (f"No term is running on {day}", *facts):
            assert fact in found.attrs["footnote"], (day, fact)
    found_on = [sources["saved"].class_sizes(**each) for each in (SUMMER, TODAY)]
    assert ["No term is running" in found.attrs["footnote"] for found in found_on] == [True, False]


@pytest.mark.parametrize("kind", ["live 1.2", "CSV 1.1", "Clever roster"])
def test_classes_without_dates_are_counted(sources: dict[str, RosterQuestions], kind: str) -> None:
    """p1 is in a term without dates; g1 is in one that is deleted, or that Clever does not show."""
    for found in (
        sources[kind].class_sizes(**TODAY),
        sources[kind].get_users("students", "classes", **TODAY),
    ):
        assert "2 classes are in no term with dates" in found.attrs["footnote"]


@pytest.mark.parametrize("kind", ["saved", "Clever"])
def test_terms_that_are_counted_together_are_named(
    sources: dict[str, RosterQuestions], kind: str
) -> None:
    """Last year, fall and spring; of Clever they are the same, with the whole year around two."""
    footnote = sources[kind].class_sizes().attrs["footnote"]
    assert "terms are counted together" in footnote
    assert "term=" in footnote
    assert "as_of=" in footnote
    assert "Last year" in footnote
    assert "Spring" in footnote
    told = sources[kind].class_sizes(**TODAY).attrs["footnote"]
    assert "counted together" not in told
    alone = enrolled_in("f", {"none": (None, None)}).class_sizes().attrs.get("footnote", "")
    assert "counted together" not in alone


@pytest.mark.parametrize("kind", ["live 1.1", "saved"])
def test_a_deleted_session_is_no_term(sources: dict[str, RosterQuestions], kind: str) -> None:
    for ask in (sources[kind].get_users, sources[kind].class_sizes):
        with pytest.raises(onb.QueryError, match="Cancelled"):
            ask(term="Cancelled")


# Values that are no day, and frames.


@pytest.mark.parametrize("bad", ["2026-13-01", "tomorrow", "2026-02-29", "10/01/2026", "", 5, True])
def test_what_is_no_day_is_named(sources: dict[str, RosterQuestions], bad: object) -> None:
    """Before anything is asked of a server."""
    roster = sources["saved"]
    calls: list[Callable[..., object]] = [
        partial(onb.Query, "students"),
        partial(onb.check, roster),
        partial(roster.groups, "classes"),
        partial(roster.seats, RULES),
        *(source.get_users for source in sources.values()),
        *(partial(ask, roster) for ask, _ in QUESTIONS.values()),
    ]
    for number, call in enumerate(calls):
        with pytest.raises(onb.QueryError, match="as_of") as caught:
            call(as_of=bad)
        assert repr(bad) in str(caught.value), number


@pytest.mark.parametrize("bad", ["2026-13-01", "tomorrow"])
def test_what_is_no_day_is_named_in_a_query_string(
    sources: dict[str, RosterQuestions], bad: str
) -> None:
    for kind in SOURCES:
        with pytest.raises(onb.QueryError, match=bad):
            sources[kind].query(f"students?as_of={bad}")


def test_a_frame_has_no_day(sources: dict[str, RosterQuestions]) -> None:
    """A frame was asked for at a moment; it does not hold the dates of another one."""
    people = sources["saved"].get_users("users", "classes")
    without_group = sources["saved"].get_users("students")
    calls: list[Callable[..., object]] = [
        partial(onb.class_sizes, people),
        partial(onb.teacher_loads, people),
        partial(onb.repeated_courses, people),
        partial(onb.multi_school, without_group),
    ]
    for call in calls:
        for moment in (TODAY, {"term": "Fall"}):
            with pytest.raises(onb.QueryError, match=next(iter(moment))):
                call(**moment)


def test_a_frame_of_a_day_is_counted_as_it_is(sources: dict[str, RosterQuestions]) -> None:
    """Without empty classes, which are not in it."""
    people = sources["saved"].get_users("students", "classes", as_of="2026-09-01")

    found = onb.class_sizes(people)
    words = _values("classSourcedId", "students")(found)
    assert in_order(words) == "a2=4 g1=1 m1=3 p1=2"


# Query strings.


@pytest.mark.parametrize(
    ("kind", "number"), [("saved", 5), ("live 1.1", 1), ("live 1.2", 1), ("Clever", 1)]
)
def test_a_query_string_says_the_moment(
    sources: dict[str, RosterQuestions], kind: str, number: int
) -> None:
    """The first so many of these; the others say the same to a live source."""
    source = sources[kind]
    texts: list[tuple[str, tuple[str, ...], Moment]] = [
        ("schools::North::students?as_of=2026-10-01", ("students", "schools", "North"), TODAY),
        ("courses::Art::students?term=Fall", ("students", "courses", "Art"), {"term": "Fall"}),
        ("students?term=Last%20year", ("students",), {"term": "Last year"}),
        ("classes::*::users?as_of=2026-12-28", ("users", "classes"), {"as_of": "2026-12-28"}),
        (
            "students?term=Fall&as_of=2026-09-01&status=all",
            ("students",),
            {"term": "Fall", "as_of": "2026-09-01", "status": "all"},
        ),
    ]
    for text, arguments, moment in texts[:number]:
        found, right = source.query(text), source.get_users(*arguments, **moment)
        pd.testing.assert_frame_equal(found, right, obj=text)
        assert found.attrs["as_of"] == right.attrs["as_of"], text


@pytest.mark.parametrize(
    "text",
    [
        "students",
        "students?as_of=2026-10-01",
        "students?as_of=today",
        "schools::North::students?as_of=2026-10-01",
        "schools::*::teachers?term=Fall",
        "courses::Art 1::Two::users?term=Last%20year",
        "classes::Why?::students?as_of=2026-10-01",
        "students?status=all",
        "students?as_of=2026-10-01&include_end_date=true",
    ],
)
def test_a_query_string_is_printed_as_it_was_read(text: str) -> None:
    query = onb.Query.parse(text)

    assert onb.Query.parse(str(query)) == query
    # In the order of the fields of a query, whatever order was typed.
    assert sorted(re.split("[?&]", str(query))) == sorted(re.split("[?&]", text))


@pytest.mark.parametrize(
    "term", ["Fall & Winter", "50 %", "a=b", "q?", "a::b", "Frühling", "1+1", "a,b", "#1", "%26"]
)
def test_every_term_can_be_said_in_a_query_string(term: str) -> None:
    query = onb.Query("students", "schools", "North", term=term, as_of="2026-10-01")

    assert onb.Query.parse(str(query)) == query


def test_percent_encoding_is_read() -> None:
    query = onb.Query.parse("schools::North::students?term=Fall%20%26%20Winter&as_of=2026-10-01")

    assert query.term == "Fall & Winter"
    assert query.as_of == "2026-10-01"
    assert query.names == ("North",)


def test_a_question_mark_in_a_name_is_no_condition() -> None:
    for text in ("classes::Why?::students", "classes::Why? as_of=1::students?as_of=2026-10-01"):
        query = onb.Query.parse(text)
        assert query.names is not None
        assert query.names[0].startswith("Why?")


@pytest.mark.parametrize(
    ("text", "wrong", "meant"),
    [
        ("students?as_off=2026-10-01", "as_off", "as_of"),
        ("students?trem=Fall", "trem", "term"),
        ("schools::North::students?as_of=2026-10-01&satus=all", "satus", "status"),
    ],
)
def test_an_unknown_condition_is_named_with_the_nearest(text: str, wrong: str, meant: str) -> None:
    with pytest.raises(onb.QueryError) as caught:
        onb.Query.parse(text)
    assert repr(wrong) in str(caught.value)
    assert f"Did you mean {meant!r}" in str(caught.value)
