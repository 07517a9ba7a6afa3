"""Classes as an answer, with names and numbers of people, by every source.

See `two_schools` for who is in which class; the right numbers were worked out by hand there.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd
import pytest
from helpers import two_schools
from helpers.by_every_source import DATED, SOURCES, by_every_source
from helpers.faultserver import FaultServer
from helpers.records import school

import oneroster_nb as onb
from oneroster_nb.analysis.methods import RosterQuestions

Sources = Mapping[str, RosterQuestions]

NAMES = ["courseTitle", "schoolName", "teacherNames", "studentCount", "teacherCount"]


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sources]:
    folder = tmp_path_factory.mktemp("class_lists")
    with by_every_source(two_schools.tables(), two_schools.clever_routes(), folder) as opened:
        yield opened


def listed(source: RosterQuestions, where: Any = None, **options: Any) -> dict[str, list[Any]]:
    """Return class id to names and numbers; what is missing is None."""
    found = source.get_classes(where, with_names=True, **options)
    rows = found.set_index("sourcedId")[NAMES].astype(object)
    return {str(key): list(row) for key, row in zip(rows.index, rows.to_numpy(), strict=True)}


def ids(source: RosterQuestions, where: Any, **options: Any) -> list[str]:
    return sorted(source.get_classes(where, with_names=True, **options)["sourcedId"])


A1 = ["Art", "North", "Tess Fox", 2, 1]
A2 = ["Art", "South", "Finn Roe", 2, 1]
M1 = ["Math", "North", "Tess Fox,Finn Roe", 2, 2]


@pytest.mark.parametrize("kind", SOURCES)
def test_all_classes_with_names_and_numbers(kind: str, sources: Sources) -> None:
    found = listed(sources[kind])
    assert pd.isna(found["h1"][2])
    assert [*found["h1"][:2], *found["h1"][3:]] == ["Choir", "North", 0, 0]
    del found["h1"]
    assert found == {"a1": A1, "a2": A2, "m1": M1, "m2": ["Math", "North", "Pia Fox", 1, 1]}


@pytest.mark.parametrize("kind", SOURCES)
def test_which_classes_are_in_room_302(kind: str, sources: Sources) -> None:
    source = sources[kind]
    assert listed(source, {"location": "302"}) == {"a1": A1, "a2": A2, "m1": M1}
    assert listed(source, {"location": "302", "schoolName": "South"}) == {"a2": A2}


@pytest.mark.parametrize("kind", SOURCES)
def test_conditions_on_names_and_numbers(kind: str, sources: Sources) -> None:
    source = sources[kind]
    assert ids(source, {"studentCount": {"<": 2}}) == ["h1", "m2"]
    assert ids(source, {"teacherNames": "Tess Fox"}) == ["a1", "m1"]  # one of two is enough
    assert ids(source, {"teacherNames": None}) == ["h1"]
    assert ids(source, {"teacherNames": {"~": "fox"}, "courseTitle": "Math"}) == ["m1", "m2"]
    assert ids(source, {"location": "999"}) == []


@pytest.mark.parametrize("kind", SOURCES)
def test_columns_are_chosen_among_all(kind: str, sources: Sources) -> None:
    where = {"location": "101", "studentCount": 1}
    found = sources[kind].get_classes(where, with_names=True, columns=["teacherNames", "title"])
    assert found.to_dict("list") == {
        "sourcedId": ["m2"],
        "teacherNames": ["Pia Fox"],
        "title": ["Math 2"],
    }


@pytest.mark.parametrize("kind", SOURCES)
@pytest.mark.parametrize(
    ("when", "students"),
    [
        # Ben left Art on that day; Math 2 does not meet in fall.
        ({"as_of": "2026-10-01"}, {"a1": 1, "a2": 2, "h1": 0, "m1": 2}),
        (
            {"as_of": "2026-10-01", "include_end_date": True},
            {"a1": 2, "a2": 2, "h1": 0, "m1": 2},
        ),
        ({"as_of": "2027-02-01"}, {"h1": 0, "m1": 2, "m2": 1}),
        ({"term": "Spring"}, {"h1": 0, "m1": 2, "m2": 1}),
    ],
)
def test_people_are_those_of_the_day_or_term(
    kind: str, when: dict[str, Any], students: dict[str, int], sources: Sources
) -> None:
    found = sources[kind].get_classes(with_names=True, **when)
    if kind not in DATED and when == {"as_of": "2026-10-01"}:
        students = {**students, "a1": 2}  # Clever does not say when Ben left
    assert dict(zip(found["sourcedId"], found["studentCount"], strict=True)) == students
    assert found.attrs["as_of"] == when.get("as_of", "Spring")


@pytest.mark.parametrize("kind", SOURCES)
def test_several_terms_together_are_told(kind: str, sources: Sources) -> None:
    notes = sources[kind].get_classes(with_names=True).attrs
    assert "terms are counted together" in notes["footnote"]
    assert "Fall" in notes["termsTogether"]
    one = sources[kind].get_classes({"location": "101"}, with_names=True)
    assert "footnote" not in one.attrs


@pytest.mark.parametrize("kind", SOURCES)
def test_what_cannot_be_asked(kind: str, sources: Sources) -> None:
    with pytest.raises(onb.QueryError, match=r"teacherName'.*'teacherNames'"):
        sources[kind].get_classes({"teacherName": "Tess Fox"}, with_names=True)
    with pytest.raises(onb.QueryError, match="with_names=True"):
        sources[kind].get_classes(as_of="2026-10-01")
    with pytest.raises(onb.QueryError, match="studentCount"):
        sources[kind].get_classes({"studentCount": 2})


def test_a_person_who_teaches_and_learns_in_a_class_counts_as_both() -> None:
    tables = two_schools.tables()
    enrollments = tables["enrollments"]
    more = enrollments.loc[enrollments["sourcedId"] == "m2@ben"]
    twice = [more.assign(sourcedId=key, role="teacher") for key in ("more", "again")]
    tables["enrollments"] = pd.concat([enrollments, *twice], ignore_index=True)
    roster = onb.Roster(tables)
    assert listed(roster, {"location": "101"})["m2"][2:] == ["Pia Fox,Ben Moe", 1, 2]


def test_a_few_classes_of_a_live_source_need_no_whole_tables_of_people() -> None:
    with (
        FaultServer(school(sections=3)) as server,
        onb.OneRosterConnector(server.host, "an id", "a secret") as conn,
    ):
        found = conn.get_classes({"title": "Art section 2"}, with_names=True)
        assert found["teacherNames"].tolist() == ["Given t1 Family t1"]
        assert found["studentCount"].tolist() == [3]
        assert not {"users", "enrollments"} & set(server.paths)
        conn.get_classes(with_names=True)
        assert {"users", "enrollments"} <= set(server.paths)
