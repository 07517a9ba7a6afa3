"""One district, one answer: random untidy rosters say the same live, from bundles and saved.

The districts have what real ones have: statuses and roles in odd writing, some that are unknown,
repeated rows, people with a row a school or a row a role, second roles, people, classes and schools
that are not shared, and people without a school.
"""

import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from helpers.records import Record, course, enrollment, org, section, session, user
from helpers.sources import KINDS, District, opened
from helpers.thorough import cases

import oneroster_nb as onb
from oneroster_nb.source.source import Source
from oneroster_nb.tables.table import split_text

ACTIVE = ["active", "active", "active", "Active", " ACTIVE ", "", "Archived"]
DELETED = ["tobedeleted", "ToBeDeleted", "to-be-deleted", "TO_BE_DELETED ", "inactive"]
WRITINGS = [str, str, str, str.upper, str.title, " {} ".format]
ROLES = ["student"] * 6 + ["teacher"] * 3 + ["guardian", "parent", "aide", "administrator"]
ODD_ROLES = ["Pupil", "ext:coach", "site administrator"]
WHO = ["students", "teachers", "users", "guardians", "administrators"]
SHOWN = ["sourcedId", "status", "role", "orgSourcedIds", "primaryOrgSourcedId", "grades"]
GROUPED = ["groupSourcedId", "classSourcedId", "courseSourcedId", "schoolSourcedId"]


class Untidy:
    """Makes a district by chance."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)

    def district(self) -> District:
        chance = self.chance
        self.schools = [f"s{number}" for number in range(chance.randint(1, 3))]
        orgs = [org("d", "District", "district", **self.status(0.0))]
        orgs += [
            org(key, f"School {key}", self.written("school"), **self.status(0.1))
            for key in self.schools
        ]
        users = [row for n in range(chance.randint(4, 14)) for row in self.rows_of_person(n)]
        classes = [self.section(number) for number in range(chance.randint(1, 4))]
        enrollments = [
            self.enrollment(number, users, classes) for number in range(chance.randint(3, 30))
        ]
        courses = [
            course(f"co{n}", f"Course {n}", self.school(0.1), **self.status()) for n in (0, 1)
        ]
        return District(
            orgs=self.repeated(orgs),
            users=self.shuffled(users),
            sessions=[session("t1", "Fall", "2026-08-01", "2026-12-20", type=self.written("term"))],
            courses=self.repeated(courses),
            classes=self.repeated(classes),
            enrollments=self.repeated(enrollments),
        )

    def rows_of_person(self, number: int) -> list[Record]:
        rows = self.person(number)
        if len(rows) == 1:
            return self.repeated(rows)
        # Of rows that contradict each other it is not known which roles are meant.
        return [*rows, dict(rows[0])] if self.chance.random() < 0.1 else rows

    def person(self, number: int) -> list[Record]:
        """Return the rows of a person: one, or one for each school or role."""
        chance = self.chance
        word = chance.choice(ODD_ROLES if chance.random() < 0.1 else ROLES)
        places = chance.sample(self.schools, chance.randint(0, len(self.schools)))
        if chance.random() < 0.1:
            places.append("not shared")
        key, status = f"u{number}", self.status()
        agents = (
            [{"sourcedId": f"u{chance.randint(0, 15)}"}] if word in ("guardian", "parent") else []
        )
        own: dict[str, Any] = {
            **status,
            "agents": agents,
            "grades": chance.choice([["06"], [], ["7th"]]),
        }
        if len(places) > 1 and chance.random() < 0.3:
            return [user(key, self.written(word), [place], **own) for place in places]
        if len(places) > 1 and chance.random() < 0.4:
            second = chance.choice([role for role in ROLES if role != word])
            return [
                user(key, self.written(word), places[:1], **own),
                user(key, self.written(second), places[1:], **own),
            ]
        return [user(key, self.written(word), places, **own)]

    def section(self, number: int) -> Record:
        of = self.chance.choice(["co0", "co1", "co1", "not shared"])
        return section(
            f"c{number}", f"Class {number}", of, self.school(0.1), ["t1"], **self.status()
        )

    def enrollment(self, number: int, users: list[Record], classes: list[Record]) -> Record:
        chance = self.chance
        who = chance.choice(users)
        key, role = str(who["sourcedId"]), str(who["role"])
        if chance.random() < 0.15:
            key = "not shared"
        if chance.random() < 0.2:
            role = self.written(chance.choice(["student", "teacher", "proctor"]))
        of = "not shared" if chance.random() < 0.05 else str(chance.choice(classes)["sourcedId"])
        return enrollment(f"e{number}", key, of, self.school(0.0), role, **self.status())

    def status(self, deleted: float = 0.15) -> Record:
        words = DELETED if self.chance.random() < deleted else ACTIVE
        return {"status": self.chance.choice(words)}

    def written(self, word: str) -> str:
        return self.chance.choice(WRITINGS)(word)  # type: ignore[operator]

    def school(self, unshared: float) -> str:
        return "not shared" if self.chance.random() < unshared else self.chance.choice(self.schools)

    def repeated(self, rows: list[Record]) -> list[Record]:
        """Repeat some rows, word for word or with another name."""
        more = []
        for row in rows:
            if self.chance.random() < 0.1:
                more.append(dict(row))
            if self.chance.random() < 0.05:
                more.append(
                    {**row, "identifier": "another", "title": "Another", "beginDate": "2026-08-20"}
                )
        return [*rows, *more]

    def shuffled(self, rows: list[Record]) -> list[Record]:
        return self.chance.sample(rows, len(rows))


@contextmanager
def all_kinds(district: District, folder: Path) -> Iterator[dict[str, Source]]:
    with ExitStack() as stack:
        yield {kind: stack.enter_context(opened(kind, district, folder)) for kind in KINDS}


def plain(answer: pd.DataFrame) -> list[tuple[object, ...]]:
    """Return the rows of an answer in an order of their own."""
    names = [name for name in (*SHOWN, *GROUPED) if name in answer]
    rows = (
        answer[names]
        .astype("str")
        .fillna("")
        .assign(
            orgSourcedIds=[
                tuple(sorted(split_text(text or ""))) for text in answer["orgSourcedIds"].fillna("")
            ]
        )
    )
    return sorted(rows.itertuples(index=False, name=None))


def questions(chance: random.Random, district: District) -> list[dict[str, Any]]:
    groups: list[tuple[str | None, str | None]] = [(None, None)]
    for kind, records in (
        ("schools", district.orgs[1:]),
        ("classes", district.classes),
        ("courses", district.courses),
    ):
        groups += [(kind, None), (kind, str(chance.choice(records)["sourcedId"]))]
    return [
        {"user_filter": chance.choice(WHO), "group_filter": kind, "group_name": name}
        | {"status": chance.choice(["active", "active", "all"])}
        for kind, name in groups
    ]


@pytest.mark.parametrize("seed", range(cases(2, 4)))
@pytest.mark.filterwarnings("ignore::oneroster_nb.errors.RosterWarning")
def test_every_source_answers_alike(seed: int, tmp_path: Path) -> None:
    district = Untidy(seed).district()
    asked = questions(random.Random(seed), district)
    with all_kinds(district, tmp_path) as sources:
        for question in asked:
            expected = plain(sources[KINDS[0]].get_users(**question))
            for kind in KINDS[1:]:
                assert plain(sources[kind].get_users(**question)) == expected, (kind, question)


def counted(roster: onb.Roster) -> dict[str, object]:
    """Ask a roster what rosters are pulled for."""
    found = onb.check(roster)
    told = found.loc[found["code"].isin(["key-repeated", "value-unknown"])]
    told = told.loc[told["table"] != "roles"]
    repeated = told.loc[told["code"] == "key-repeated"]
    return {
        "heads": roster.headcounts(),
        "sizes": sorted(roster.class_sizes()[["classSourcedId", "students"]].to_numpy().tolist()),
        "loads": sorted(
            roster.teacher_loads()[["sourcedId", "sections", "students"]].to_numpy().tolist()
        ),
        "empty": sorted(roster.empty_classes()["classSourcedId"]),
        "idle": sorted(roster.without_classes()["sourcedId"]),
        "several": sorted(roster.multi_school()["sourcedId"]),
        "unknown": sorted(told[["table", "sourcedId", "field"]].fillna("").to_numpy().tolist()),
        "repeated": sorted(repeated["explains"]),
        **{
            name: sorted(roster.table(name)[["sourcedId", "status"]].to_numpy().tolist())
            for name in ("orgs", "courses", "classes", "users", "enrollments")
        },
    }


@pytest.mark.parametrize("seed", range(cases(2, 4)))
@pytest.mark.filterwarnings("ignore::oneroster_nb.errors.RosterWarning")
def test_every_source_counts_alike(seed: int, tmp_path: Path) -> None:
    with all_kinds(Untidy(seed).district(), tmp_path) as sources:
        expected = counted(sources[KINDS[0]].get_roster())
        for kind in KINDS[1:]:
            found = counted(sources[kind].get_roster())
            for question, answer in found.items():
                assert answer == expected[question], (kind, question)
