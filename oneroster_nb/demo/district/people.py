"""The people of the demo district: users, and the demographics of students.

Names come from a fixed shuffle of all pairs of a given and a family name. Two students with the
same name are a whole shuffle apart, so they never share a school or a birthday.
"""

import unicodedata
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from oneroster_nb.demo.district.frames import Objects, frame, kept, texts, touched
from oneroster_nb.demo.district.names import ADULTS, CHILDREN, FAMILIES, TOWNS
from oneroster_nb.demo.district.plan import Plan
from oneroster_nb.demo.district.schedule import Schedule

_Ints = npt.NDArray[np.int64]

_GRADES: Final = ("KG", *(f"{grade:02d}" for grade in range(1, 13)))
_RACES: Final = (
    "americanIndianOrAlaskaNative",
    "asian",
    "blackOrAfricanAmerican",
    "nativeHawaiianOrOtherPacificIslander",
    "white",
)


def make_users(plan: Plan, schedule: Schedule, rng: np.random.Generator) -> pd.DataFrame:
    """Make students, teachers, staff and guardians, in that order."""
    pairs = len(CHILDREN) * len(FAMILIES)
    students = len(schedule.student_schools)
    schools = np.array(schedule.student_schools)
    drawn = rng.permutation(pairs)[np.arange(students) % pairs]
    given, family = np.divmod(drawn, len(FAMILIES))

    staff_roles, staff_orgs = _staff(plan, schedule)
    workers = len(staff_roles)
    drawn = rng.permutation(len(ADULTS) * len(FAMILIES))
    adult_given, adult_family = np.divmod(drawn[np.arange(workers) % len(drawn)], len(FAMILIES))

    grades = np.array([_GRADES.index(grade) for grade in schedule.student_grades])
    leader = _households(schools, family, grades)
    parent, second = _guardians(leader, rng)

    ids = np.arange(plan.first_user, plan.first_user + students + workers + len(parent))
    student_ids = ids[:students].astype(str).astype(object)
    guardian_ids = ids[students + workers :].astype(str).astype(object)
    school_ids = [school.sourced_id for school in plan.schools]

    given_names = np.concatenate(
        [
            texts(CHILDREN, given),
            texts(ADULTS, adult_given),
            texts(ADULTS, given[parent] + second * len(CHILDREN)),
        ]
    )
    family_names = texts(FAMILIES, np.concatenate([family, adult_family, family[parent]]))
    roles = np.array(["student"] * students + staff_roles + ["guardian"] * len(parent), object)
    orgs = np.concatenate(
        [
            texts(school_ids, schools),
            np.array(staff_orgs, object),
            texts(school_ids, schools[parent]),
        ]
    )
    usernames = _usernames(given_names, family_names)
    phones = _phones(len(ids), rng)
    is_student = roles == "student"
    return frame(
        "users",
        {
            "sourcedId": ids.astype(str),
            "dateLastModified": touched(len(ids), rng),
            "enabledUser": np.ones(len(ids), dtype=bool),
            "username": usernames,
            "userIds": _user_ids(ids, usernames, roles),
            "givenName": given_names,
            "familyName": family_names,
            "middleName": _middle_names(is_student, rng),
            "role": roles,
            "identifier": _identifiers(len(ids), rng),
            "email": usernames + "@example.org",
            "sms": kept(roles == "guardian", phones),
            "phone": kept(~is_student, phones),
            "agentSourcedIds": np.concatenate(
                [
                    _joined(leader, parent, guardian_ids),
                    np.full(workers, None),
                    _joined(parent, leader, student_ids),
                ]
            ),
            "orgSourcedIds": orgs,
            "primaryOrgSourcedId": [_first_school(text, plan) for text in orgs],
            "grades": np.concatenate(
                [texts(_GRADES, grades), np.full(workers + len(parent), None)]
            ),
        },
    )


def make_demographics(users: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Make a record for each student; birthdays fit the grade."""
    students = users.loc[users["role"] == "student"]
    size = len(students)
    pairs = len(CHILDREN) * len(FAMILIES)
    birthday = rng.integers(0, 365, min(size, pairs))[np.arange(size) % pairs]
    days = (birthday + np.arange(size) // pairs) % 365
    grade = students["grades"].map({name: year for year, name in enumerate(_GRADES)}).to_numpy()
    first_days = np.array([f"{2020 - year}-09-01" for year in range(13)], dtype="datetime64[D]")
    girls = set(CHILDREN[: len(CHILDREN) // 2])
    races = {race: np.zeros(size, dtype=bool) for race in _RACES}
    first = rng.choice(len(_RACES), size, p=[0.04, 0.16, 0.2, 0.02, 0.58])
    second = rng.integers(1, len(_RACES), size)
    mixed = rng.random(size) < 0.08
    for number, race in enumerate(_RACES):
        races[race] = (first == number) | (mixed & ((first + second) % len(_RACES) == number))
    abroad = rng.random(size) < 0.1
    return frame(
        "demographics",
        {
            "sourcedId": students["sourcedId"].to_numpy(),
            "dateLastModified": students["dateLastModified"].reset_index(drop=True),
            "birthDate": first_days[grade] + days.astype("timedelta64[D]"),
            "sex": np.where(students["givenName"].isin(girls), "female", "male"),
            **races,
            "demographicRaceTwoOrMoreRaces": mixed,
            "hispanicOrLatinoEthnicity": rng.random(size) < 0.25,
            "countryOfBirthCode": np.where(abroad, "MX", "US"),
            "stateOfBirthAbbreviation": kept(~abroad, "NJ"),
            "cityOfBirth": kept(~abroad, texts(TOWNS, rng.integers(0, len(TOWNS), size))),
            "publicSchoolResidenceStatus": np.full(size, "01652", dtype=object),
        },
    )


def _staff(plan: Plan, schedule: Schedule) -> tuple[list[str], list[str]]:
    """Return the role and the orgs of all staff; teachers first."""
    schools = [school.sourced_id for school in plan.schools]
    roles = ["teacher"] * len(schedule.teacher_schools) + ["administrator"]
    orgs = [*(schools[number] for number in schedule.teacher_schools), plan.district_id]
    for number, school in enumerate(schools):
        shared = number == 0 and len(schools) > 1
        roles += ["administrator", "aide"]
        orgs += [school, f"{school},{schools[1]}" if shared else school]
    return roles, orgs


def _households(schools: _Ints, family: _Ints, grades: _Ints) -> _Ints:
    """Return for each student the position of the eldest in the household.

    Two students with one family name, at one school and in different grades, are siblings.
    """
    leader = np.arange(len(schools))
    order = np.lexsort((leader, family, schools))
    same = (np.diff(schools[order]) == 0) & (np.diff(family[order]) == 0)
    starts = np.concatenate([[0], np.flatnonzero(~same) + 1])
    rank = np.arange(len(order)) - np.repeat(starts, np.diff([*starts, len(order)]))
    younger = np.flatnonzero(rank % 2 == 1)
    younger = younger[grades[order[younger]] != grades[order[younger - 1]]]
    leader[order[younger]] = order[younger - 1]
    return leader


def _guardians(leader: _Ints, rng: np.random.Generator) -> tuple[_Ints, _Ints]:
    """Return one or two guardians per household: the leader of each, and 0 or 1."""
    heads = np.flatnonzero(leader == np.arange(len(leader)))
    count = 1 + (rng.random(len(heads)) < 0.5).astype(np.int64)
    parent = np.repeat(heads, count)
    second = np.zeros(len(parent), dtype=np.int64)
    second[1:] = np.diff(parent) == 0
    return parent, second


def _joined(left: _Ints, right: _Ints, ids: Objects) -> Objects:
    """For each element of `left`, join the `ids` of equal elements in `right`."""
    order = np.argsort(right, kind="stable")
    first = np.searchsorted(right[order], left, side="left")
    last = np.searchsorted(right[order], left, side="right") - 1
    texts_ = ids[order[first]]
    both = last > first
    texts_[both] = texts_[both] + "," + ids[order[last[both]]]
    return texts_


def _first_school(orgs: str, plan: Plan) -> str | None:
    """Return the first org that is a school."""
    first = orgs.split(",")[0]
    return None if first == plan.district_id else first


def _folded(name: str) -> str:
    """Return a name in lower-case ASCII letters, for an account."""
    special = name.lower().translate(str.maketrans("øł", "ol"))
    plain = unicodedata.normalize("NFKD", special).encode("ascii", "ignore").decode()
    return "".join(letter for letter in plain if letter.isalpha())


def _usernames(given: Objects, family: Objects) -> Objects:
    """Return ``given.family`` for each name, with a number from the second person on."""
    folded = {name: _folded(name) for name in (*CHILDREN, *ADULTS, *FAMILIES)}
    plain = pd.Series(
        [f"{folded[one]}.{folded[two]}" for one, two in zip(given, family, strict=True)],
        dtype=object,
    )
    earlier = plain.groupby(plain).cumcount()
    numbered = plain.where(earlier == 0, plain + (earlier + 1).astype(str).astype(object))
    return numbered.to_numpy(dtype=object)


def _user_ids(ids: _Ints, usernames: Objects, roles: Objects) -> Sequence[str]:
    """Return a federated id for each user, and also a directory entry for teachers."""
    return [
        f"{{FED:{number}}},{{LDAP:{username}}}" if role == "teacher" else f"{{FED:{number}}}"
        for number, username, role in zip(ids, usernames, roles, strict=True)
    ]


def _middle_names(is_student: npt.NDArray[np.bool_], rng: np.random.Generator) -> Objects:
    """Return a middle name for most students and a few adults."""
    size = len(is_student)
    has = rng.random(size) < np.where(is_student, 0.7, 0.2)
    names = texts((*CHILDREN, *ADULTS), rng.integers(0, len(CHILDREN) + len(ADULTS), size))
    return kept(has, names)


def _identifiers(size: int, rng: np.random.Generator) -> list[str]:
    """Make distinct nine-digit numbers that are not in the order of the ids."""
    start = int(rng.integers(0, 100_000_000))
    return [str(700_000_000 + (start + number * 7919) % 100_000_000) for number in range(size)]


def _phones(size: int, rng: np.random.Generator) -> Objects:
    """Make numbers from the range that is reserved for fiction."""
    areas = rng.integers(201, 990, size)
    lines = rng.integers(100, 200, size)
    return np.array([f"{a}-555-0{n}" for a, n in zip(areas, lines, strict=True)], dtype=object)
