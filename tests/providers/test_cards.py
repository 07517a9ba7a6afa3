"""All about one person or one class, by every source; see `two_schools` for who is where."""

from collections.abc import Iterator, Mapping

import pandas as pd
import pytest
from helpers import two_schools
from helpers.by_every_source import DATED, SOURCES, by_every_source
from pandas.testing import assert_frame_equal

import oneroster_nb as onb
from oneroster_nb.analysis.methods import RosterQuestions

Sources = Mapping[str, RosterQuestions]

FALL = "2026-10-01"


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sources]:
    folder = tmp_path_factory.mktemp("cards")
    with by_every_source(two_schools.tables(), two_schools.clever_routes(), folder) as opened:
        yield opened


@pytest.fixture
def roster() -> onb.Roster:
    return onb.Roster(two_schools.tables())


def rows(frame: pd.DataFrame, *columns: str) -> list[list[object]]:
    return [list(row) for row in frame[list(columns)].itertuples(index=False)]


@pytest.mark.parametrize("kind", SOURCES)
def test_all_about_a_student(kind: str, sources: Sources) -> None:
    card = sources[kind].person("ann", as_of=FALL)
    assert rows(card.who, "sourcedId", "givenName", "familyName", "role", "grades") == [
        ["ann", "Ann", "Moe", "student", "06"]
    ]
    assert rows(card.roles, "role", "orgSourcedId", "orgName", "now") == [
        ["student", "s1", "North", True]
    ]
    assert rows(card.schools, "sourcedId", "name", "primary") == [["s1", "North", True]]
    assert rows(card.classes, "classSourcedId", "courseTitle", "teacherNames", "now") == [
        ["a1", "Art", "Tess Fox", True],
        ["m1", "Math", "Tess Fox,Finn Roe", True],
    ]
    assert rows(card.agents, "sourcedId", "role") == [["gus", "guardian"]]
    assert card.as_of == FALL


@pytest.mark.parametrize("kind", SOURCES)
def test_classes_of_now_come_first(kind: str, sources: Sources) -> None:
    finn = sources[kind].person("finn", as_of="2027-02-01")
    assert rows(finn.classes, "classSourcedId", "role", "now") == [
        ["m1", "teacher", True],
        ["a2", "teacher", False],
    ]
    assert finn.schools["name"].tolist() == ["North", "South"]
    ben = sources[kind].person("ben", as_of=FALL).classes  # he left Art on that day
    here = kind not in DATED  # Clever does not say so
    assert rows(ben, "classSourcedId", "now") == [["a1", here], ["m2", False]]


@pytest.mark.parametrize("kind", SOURCES)
def test_links_show_at_both_sides(kind: str, sources: Sources) -> None:
    source = sources[kind]
    assert source.person("gus", as_of=FALL).agents["sourcedId"].tolist() == ["ann", "ben"]
    assert source.person("gil", as_of=FALL).agents["sourcedId"].tolist() == ["cat"]
    assert source.person("cat", as_of=FALL).agents["sourcedId"].tolist() == ["gil"]
    assert source.person("dan", as_of=FALL).agents.empty


@pytest.mark.parametrize("kind", SOURCES)
def test_all_about_a_class(kind: str, sources: Sources) -> None:
    card = sources[kind].class_card("m1", as_of=FALL)
    assert rows(card.about, "title", "courseTitle", "schoolName", "periods", "location") == [
        ["Math 1", "Math", "North", "2", "302"]
    ]
    titles = ["Fall", "Spring"] if kind in DATED else ["This year"]
    assert card.terms["title"].tolist() == titles
    assert rows(card.counts, "role", "now", "ever") == [["student", 2, 2], ["teacher", 2, 2]]
    assert rows(card.teachers, "sourcedId", "primary", "now") == [
        ["tess", False, True],
        ["finn", True, True],
    ]
    assert rows(card.students, "sourcedId", "familyName", "now") == [
        ["dan", "Lee", True],
        ["ann", "Moe", True],
    ]


@pytest.mark.parametrize("kind", DATED)
def test_people_of_now_come_first_with_their_dates(kind: str, sources: Sources) -> None:
    card = sources[kind].class_card("Art 1", as_of=FALL)
    assert rows(card.students, "sourcedId", "now") == [["ann", True], ["ben", False]]
    assert card.students["endDate"][1] == pd.Timestamp("2026-10-01")
    assert rows(card.counts, "role", "now", "ever")[0] == ["student", 1, 2]


@pytest.mark.parametrize("kind", DATED)
@pytest.mark.parametrize("key", ["ann", "finn", "pia", "gus"])
def test_cards_are_equal_from_every_dated_source(key: str, kind: str, sources: Sources) -> None:
    mine, other = (sources[name].person(key, as_of=FALL).frames for name in (kind, "saved"))
    for name, frame in mine.items():  # 1.1 does not say of which type a role is
        assert_frame_equal(
            *(each.drop(columns="roleType", errors="ignore") for each in (frame, other[name]))
        )


@pytest.mark.parametrize(
    "who", ["ann", "ANN", "ann@example.org", "Ann Moe", "ann moe", "Moe, Ann", " ann "]
)
def test_a_person_is_found_by_id_address_or_name(who: str, roster: onb.Roster) -> None:
    assert roster.person(who, as_of=FALL).who["sourcedId"].tolist() == ["ann"]


def test_a_name_of_several_people_says_what_they_are_and_not_who() -> None:
    tables = two_schools.tables()
    users = tables["users"]
    users.loc[users["sourcedId"] == "finn", ["givenName", "familyName"]] = ["Ann", "Moe"]
    with pytest.raises(onb.QueryError) as error:
        onb.Roster(tables).person("ann moe")
    text = str(error.value)
    assert "2 people" in text
    assert "a student of grade 06 at North; a teacher at North,South" in text
    assert "sourcedId" in text
    assert "finn" not in text
    assert onb.Roster(tables).person("finn", as_of=FALL).who["role"].tolist() == ["teacher"]


def test_a_title_of_several_classes_says_which_there_are() -> None:
    tables = two_schools.tables()
    tables["classes"]["title"] = tables["classes"]["title"].replace("Art 2", "Art 1")
    with pytest.raises(onb.QueryError, match="2 classes") as error:
        onb.Roster(tables).class_card("Art 1")
    assert "a1 (North, Fall, period 1, room 302); a2 (South, Fall" in str(error.value)


def test_what_is_not_there(roster: onb.Roster) -> None:
    with pytest.raises(onb.QueryError, match="'Anne Moe'") as error:
        roster.person("Anne Moe")
    assert "'Ann Moe'" not in str(error.value)
    with pytest.raises(onb.QueryError, match=r"'Art 11'.*'Art 1'"):
        roster.class_card("Art 11")
    for bad in ("", None, 7):
        with pytest.raises(onb.QueryError, match="takes an id or a name"):
            roster.person(bad)  # type: ignore[arg-type]
    with pytest.raises(onb.QueryError, match="as_of"):
        roster.person("ann", as_of="next week")


def test_between_terms_a_card_says_that_no_term_is_running(roster: onb.Roster) -> None:
    with pytest.warns(onb.NoMatchWarning, match="Spring"):
        card = roster.class_card("a1", as_of="2026-12-28")
    assert rows(card.counts, "role", "now") == [["student", 0], ["teacher", 0]]
    assert "No term is running" in card.counts.attrs["footnote"]


def test_deleted_rows_are_left_out_and_people_who_are_not_there_are_told() -> None:
    tables = two_schools.tables()
    tables["users"].loc[tables["users"]["sourcedId"].isin(["dan", "gus"]), "status"] = "tobedeleted"
    tables["classes"].loc[tables["classes"]["sourcedId"] == "m1", "status"] = "tobedeleted"
    tables["users"] = tables["users"].query("sourcedId != 'cat'")
    roster = onb.Roster(tables)
    card = roster.person("ann", as_of=FALL)
    assert card.classes["classSourcedId"].tolist() == ["a1"]
    assert card.agents.empty
    with pytest.warns(onb.DanglingReferenceWarning, match="1 person"):
        art = roster.class_card("a2", as_of=FALL)
    assert art.students.empty
    assert "1 person" in art.counts.attrs["footnote"]


def test_a_card_shows_its_frames_and_runs_no_markup() -> None:
    tables = two_schools.tables()
    tables["users"].loc[tables["users"]["sourcedId"] == "ann", "familyName"] = "<img src=x>"
    card = onb.Roster(tables).person("ann", as_of=FALL)
    shown = card._repr_html_()
    assert "&lt;img src=x&gt;" in shown
    assert "<img" not in shown
    assert all(f"<h4>{name}</h4>" in shown for name in card.frames)
    assert "Gus" in shown
    for name in ("Ann", "img", "Gus", "Tess"):
        assert name not in repr(card)


def test_who_left_comes_last_and_a_class_that_does_not_meet_is_not_now() -> None:
    tables = two_schools.tables()
    enrollments = tables["enrollments"].set_index("sourcedId")
    enrollments.loc["m1@dan", ["beginDate", "endDate"]] = [
        *pd.to_datetime(["2026-08-10", "2026-09-01"])
    ]
    enrollments.loc["a1@ann", ["beginDate", "endDate"]] = [
        *pd.to_datetime(["2026-08-10", "2027-06-05"])  # longer than the class, which is of fall
    ]
    tables["enrollments"] = enrollments.reset_index()
    roster = onb.Roster(tables)
    students = roster.class_card("m1", as_of=FALL).students
    assert rows(students, "sourcedId", "now") == [["ann", True], ["dan", False]]
    classes = roster.person("ann", as_of="2027-02-01").classes
    assert rows(classes, "classSourcedId", "now") == [["m1", True], ["a1", False]]


def test_a_deleted_teacher_is_not_named() -> None:
    tables = two_schools.tables()
    tables["users"].loc[tables["users"]["sourcedId"] == "tess", "status"] = "tobedeleted"
    classes = onb.Roster(tables).person("ann", as_of=FALL).classes
    assert classes["teacherNames"].isna().tolist() == [True, False]
    assert classes["teacherNames"][1] == "Finn Roe"
