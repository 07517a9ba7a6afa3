"""Conditions on people, with every operator, by every source.

See `two_schools` for who they are; the right answers were worked out by hand there. The grade of
each student is 06, nobody else has one, and Dan and Finn are at both schools.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from helpers import two_schools
from helpers.by_every_source import DATED, SOURCES, by_every_source

from oneroster_nb.analysis.methods import RosterQuestions

Sources = Mapping[str, RosterQuestions]

NO_STUDENT = "finn gil gus pia tess"
OF_USERS: list[tuple[dict[str, Any], str]] = [
    ({"familyName": "Moe"}, "ann ben gus"),
    ({"familyName": ["Moe", "Poe"]}, "ann ben cat gil gus"),
    ({"familyName": {"!=": "Moe"}}, "cat dan finn gil pia tess"),
    ({"familyName": {">": "Moe"}}, "cat finn gil"),
    ({"familyName": {">=": "Lee", "<": "Poe"}}, "ann ben dan gus"),
    ({"familyName": {"<=": "Fox"}}, "pia tess"),
    ({"familyName": {"~": "O"}, "schoolNames": "North"}, "ann ben finn gus pia tess"),
    ({"familyName": {"~": ["o", "ee"], "!=": ["Moe", "Fox"]}}, "cat dan finn gil"),
    ({"grades": None}, NO_STUDENT),
    ({"grades": {"!=": None}}, "ann ben cat dan"),
    ({"grades": [None, "07"]}, NO_STUDENT),
    ({"grades": {"!=": "06"}}, NO_STUDENT),
    ({"grades": {">": "05", "<=": "Sixth"}}, "ann ben cat dan"),
    ({"schoolNames": "South"}, "cat dan finn gil"),
    ({"schoolNames": {"!=": "South"}}, "ann ben gus pia tess"),
    ({"schoolNames": {"~": "sou"}, "grades": "6"}, "cat dan"),
    ({"middleName": None, "familyName": "Lee"}, "dan"),
    ({"middleName": {">": "A"}}, ""),
]
IN_CLASSES: list[tuple[dict[str, Any], str]] = [
    ({"schoolName": "South"}, "cat dan"),
    ({"classTitle": {"~": ["art", "MATH 2"]}}, "ann ben cat dan"),
    ({"classTitle": {"~": ["art", "MATH 2"]}, "groupCount": {">": 1}}, "ben"),
    ({"groupCount": 2}, "ann ben dan"),
]
WITH_DATES: list[tuple[dict[str, Any], str]] = [
    ({"enrollmentBeginDate": {">": "2026-12-31"}}, "ben"),
    ({"enrollmentBeginDate": None}, "ann cat dan"),
    ({"enrollmentEndDate": "2026-10-01"}, "ben"),
    ({"enrollmentEndDate": {"!=": "2026-10-01"}, "classTitle": "Art 1"}, "ann"),
    ({"termTitles": ["Spring"], "classTitle": {"!=": "Math 2"}}, "ann dan"),
]


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sources]:
    folder = tmp_path_factory.mktemp("conditions")
    with by_every_source(two_schools.tables(), two_schools.clever_routes(), folder) as opened:
        yield opened


@pytest.mark.parametrize("kind", SOURCES)
def test_who_fits(kind: str, sources: Sources) -> None:
    source = sources[kind]
    dated = WITH_DATES if kind in DATED else []
    found = [
        *(source.get_users(where=where) for where, _ in OF_USERS),
        *(source.get_users("students", "classes", where=w) for w, _ in [*IN_CLASSES, *dated]),
    ]
    asked = [*OF_USERS, *IN_CLASSES, *dated]
    assert [" ".join(sorted(set(each["sourcedId"]))) for each in found] == [who for _, who in asked]
