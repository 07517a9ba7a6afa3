"""The demo district: what it holds, that it is clean, and that it is any size."""

from itertools import pairwise

import pandas as pd
import pytest

from oneroster_nb.demo.district.making import make_district
from oneroster_nb.errors import ConfigurationError
from oneroster_nb.tables.table import TABLES, split_values

Tables = dict[str, pd.DataFrame]

GRADES = {"KG", *(f"{grade:02d}" for grade in range(1, 13))}


@pytest.fixture(scope="module", params=[None, 1, 13, 2000], ids=["standard", "1", "13", "2000"])
def tables(request: pytest.FixtureRequest) -> Tables:
    return make_district(request.param, seed=3)


@pytest.fixture(scope="module")
def large() -> Tables:
    """More students than there are pairs of names, in several schools of each level."""
    return make_district(32_000)


def seats(tables: Tables) -> pd.DataFrame:
    """Return a row for each enrollment with the columns of its class."""
    classes = tables["classes"].add_prefix("class_")
    return tables["enrollments"].merge(
        classes, left_on="classSourcedId", right_on="class_sourcedId", validate="many_to_one"
    )


def student_seats(tables: Tables) -> pd.DataFrame:
    return seats(tables).query("role == 'student'")


def students_at(tables: Tables, school: str) -> int:
    users = tables["users"].query("role == 'student'")
    return int(split_values(users["orgSourcedIds"]).explode().eq(school).sum())


class TestStandard:
    def test_students(self, district: Tables) -> None:
        assert district["users"]["role"].eq("student").sum() == 139

    def test_class_by_title(self, district: Tables) -> None:
        assert student_seats(district)["class_title"].eq("ELA 6 (6A ELA)").sum() == 7

    def test_section_by_id(self, district: Tables) -> None:
        assert student_seats(district)["classSourcedId"].eq("31763").sum() == 3

    def test_a_class_in_two_sections_of_one_course(self, district: Tables) -> None:
        rows = seats(district).query("class_title == 'ELA 6 (6A ELA)'")
        titles = district["courses"].set_index("sourcedId")["title"]
        assert rows["class_courseSourcedId"].map(titles).unique().tolist() == ["ELA 6"]
        counts = rows.groupby(["classSourcedId", "role"]).size().to_dict()
        assert counts == {
            **{("31763", "student"): 3, ("31763", "teacher"): 1},
            **{("31797", "student"): 4, ("31797", "teacher"): 1},
        }
        assert rows["userSourcedId"].is_unique
        assert rows.query("role == 'teacher'")["primary"].all()
        assert not rows.query("role == 'student'")["primary"].any()
        math = student_seats(district).query("class_title == 'Math 6 (6A Math)'")
        assert set(rows.query("role == 'student'")["userSourcedId"]) == set(math["userSourcedId"])

    def test_only_the_standard_district_has_one_title_twice_at_a_school(self) -> None:
        tables = make_district(2000)
        assert not tables["classes"].duplicated(["title", "schoolSourcedId"]).any()

    def test_room(self, district: Tables) -> None:
        room = student_seats(district).query("class_location == '302'")
        assert len(room) == 13
        periods = room.drop_duplicates("classSourcedId")["class_periods"]
        assert len(periods) > 1
        assert periods.is_unique

    def test_schools(self, district: Tables) -> None:
        orgs = district["orgs"].set_index("name")
        assert students_at(district, orgs.loc["Classlink HS", "sourcedId"]) == 38
        assert students_at(district, "7") == 54

    @pytest.mark.parametrize("seed", [2, 77])
    def test_the_figures_do_not_depend_on_the_seed(self, seed: int) -> None:
        tables = make_district(seed=seed)
        assert student_seats(tables)["classSourcedId"].eq("31763").sum() == 3
        assert student_seats(tables)["class_location"].eq("302").sum() == 13
        assert students_at(tables, "7") == 54

    def test_ids_are_numbers(self, district: Tables) -> None:
        for name in ("users", "classes"):
            assert district[name]["sourcedId"].str.fullmatch(r"\d+").all()

    def test_what_real_rosters_have(self, district: Tables) -> None:
        users = district["users"]
        assert users["familyName"].str.contains("'").any()
        assert users["familyName"].str.contains("-").any()
        assert users["givenName"].str.contains(r"[^\x00-\x7f]").any()
        students = users.query("role == 'student'")
        assert 0 < students["middleName"].isna().sum() < len(students)
        assert users["agentSourcedIds"].str.contains(",", na=False).any()
        assert users["orgSourcedIds"].str.contains(",").any()
        for column in ("grades", "subjects", "periods", "termSourcedIds"):
            assert district["classes"][column].str.contains(",").any(), column
        assert set(users["role"]) == {"student", "teacher", "administrator", "aide", "guardian"}
        assert set(district["classes"]["classType"]) == {"homeroom", "scheduled"}

    def test_session_of_november(self, district: Tables) -> None:
        day = pd.Timestamp("2026-11-23")
        sessions = district["academicSessions"]
        now = sessions[(sessions["startDate"] <= day) & (day <= sessions["endDate"])]
        assert sorted(now["type"]) == ["gradingPeriod", "schoolYear", "semester"]
        assert set(sessions["schoolYear"]) == {"2027"}


class TestSeed:
    def test_same_seed(self) -> None:
        one, other = make_district(500, seed=9), make_district(500, seed=9)
        for name in TABLES:
            pd.testing.assert_frame_equal(one[name], other[name])

    def test_other_seed(self) -> None:
        one, other = make_district(seed=1), make_district(seed=2)
        assert not one["users"]["familyName"].equals(other["users"]["familyName"])
        assert one["users"]["sourcedId"].head(139).equals(other["users"]["sourcedId"].head(139))


class TestSize:
    def test_size(self, large: Tables) -> None:
        assert large["users"]["role"].eq("student").sum() == 32_000

    @pytest.mark.parametrize("students", [0, -5, 2_000_001])
    def test_out_of_range(self, students: int) -> None:
        with pytest.raises(ConfigurationError, match=r"from 1 to 2,000,000"):
            make_district(students)

    def test_classes_and_schools_are_bounded(self, large: Tables) -> None:
        sizes = student_seats(large).groupby("classSourcedId").size()
        assert sizes.max() <= 25
        at = split_values(large["users"].query("role == 'student'")["orgSourcedIds"])
        assert at.explode().value_counts().max() <= 1200

    def test_gradebook_stays_small(self, large: Tables) -> None:
        assert large["lineItems"]["classSourcedId"].nunique() <= 40

    def test_names_repeat_but_people_do_not(self, large: Tables) -> None:
        born = large["demographics"].set_index("sourcedId")["birthDate"]
        students = large["users"].query("role == 'student'")
        students = students.assign(born=students["sourcedId"].map(born))
        names = ["givenName", "familyName"]
        assert students.duplicated(names).any()
        assert not students.duplicated([*names, "born"]).any()
        assert not students.duplicated([*names, "orgSourcedIds"]).any()


class TestShape:
    def test_columns_and_dtypes(self, tables: Tables) -> None:
        assert list(tables) == list(TABLES)
        for name, table in tables.items():
            kinds = TABLES[name].visible(sensitive=True)
            assert {c: str(t) for c, t in table.dtypes.items()} == {
                column: kind.dtype for column, kind in kinds.items()
            }
            assert list(table.columns) == list(kinds)
            assert table.index.equals(pd.RangeIndex(len(table)))

    def test_missing_text_is_missing(self, tables: Tables) -> None:
        for name, table in tables.items():
            for column in table.columns:
                if table[column].dtype == "str":
                    assert not table[column].eq("").any(), (name, column)

    def test_keys(self, tables: Tables) -> None:
        for name, table in tables.items():
            assert table["sourcedId"].notna().all(), name
            assert table["sourcedId"].is_unique, name

    def test_all_active(self, tables: Tables) -> None:
        for table in tables.values():
            assert table["status"].eq("active").all()
            assert table["dateLastModified"].notna().all()

    def test_references_point_somewhere(self, tables: Tables) -> None:
        for name, table in TABLES.items():
            for column, target in table.references.items():
                used = split_values(tables[name][column]).explode().dropna()
                assert used.isin(tables[target]["sourcedId"]).all(), (name, column)


class TestClean:
    def test_people_are_told_apart(self, tables: Tables) -> None:
        users = tables["users"]
        for column in ("username", "email", "identifier"):
            assert users[column].is_unique, column
        assert users["username"].str.fullmatch(r"[a-z]+\.[a-z]+\d*").all()
        assert users["email"].str.endswith("@example.org").all()
        assert not (users["identifier"] == users["sourcedId"]).any()
        same = ["givenName", "familyName", "role", "orgSourcedIds"]
        assert not users.duplicated(same).any()

    def test_students(self, tables: Tables) -> None:
        students = tables["users"].query("role == 'student'")
        schools = tables["orgs"].query("type == 'school'")["sourcedId"]
        assert students["orgSourcedIds"].isin(schools).all()
        assert students["grades"].isin(GRADES).all()
        assert set(tables["demographics"]["sourcedId"]) == set(students["sourcedId"])
        assert students["agentSourcedIds"].notna().all()
        seated = tables["enrollments"].query("role == 'student'")["userSourcedId"]
        assert set(seated) == set(students["sourcedId"])

    def test_agents_go_both_ways(self, tables: Tables) -> None:
        users = tables["users"][["sourcedId", "role", "agentSourcedIds"]].dropna()
        pairs = users.assign(agent=split_values(users["agentSourcedIds"])).explode("agent")
        there = set(zip(pairs["sourcedId"], pairs["agent"], strict=True))
        assert there == {(agent, user) for user, agent in there}
        assert set(pairs["role"]) == {"student", "guardian"}
        guardians = tables["users"].query("role == 'guardian'")["sourcedId"]
        assert set(guardians) == set(pairs.query("role == 'guardian'")["sourcedId"])

    def test_brothers_and_sisters(self, large: Tables) -> None:
        users = large["users"]
        shared = users["role"].eq("guardian") & users["agentSourcedIds"].str.contains(",", na=False)
        children = split_values(users[shared]["agentSourcedIds"])
        assert len(children) > 0
        known = users.set_index("sourcedId")[["familyName", "orgSourcedIds", "grades"]]
        homes = known.loc[children.explode()].groupby(children.explode().index.to_numpy())
        assert homes[["familyName", "orgSourcedIds"]].nunique().eq(1).all(axis=None)
        assert (homes["grades"].nunique() == homes.size()).all()

    def test_birthdays_fit_the_grade(self, tables: Tables) -> None:
        people = tables["demographics"].merge(tables["users"], on="sourcedId")
        years = people["grades"].replace("KG", "00").astype(int)
        age = (pd.Timestamp("2026-09-01") - people["birthDate"]).dt.days / 365.25
        assert (age - years).between(5, 6.01).all()

    def test_classes(self, tables: Tables) -> None:
        classes = tables["classes"]
        enrolled = tables["enrollments"]
        ids = set(classes["sourcedId"])
        assert set(enrolled.query("role == 'student'")["classSourcedId"]) == ids
        primary = enrolled[enrolled["primary"]]
        assert set(primary["role"]) == {"teacher"}
        assert primary["classSourcedId"].is_unique
        assert set(primary["classSourcedId"]) == ids
        assert classes[["termSourcedIds", "location", "periods", "grades"]].notna().all(axis=None)
        assert classes["classCode"].is_unique
        assert set(classes["courseSourcedId"]) == set(tables["courses"]["sourcedId"])

    def test_enrollments_fit(self, tables: Tables) -> None:
        rows = seats(tables)
        assert not rows.duplicated(["userSourcedId", "classSourcedId"]).any()
        assert (rows["schoolSourcedId"] == rows["class_schoolSourcedId"]).all()
        users = tables["users"].set_index("sourcedId")
        assert (rows["userSourcedId"].map(users["role"]) == rows["role"]).all()
        assert (rows["userSourcedId"].map(users["orgSourcedIds"]) == rows["schoolSourcedId"]).all()
        pupils = rows[rows["role"] == "student"]
        grades = pupils["userSourcedId"].map(users["grades"])
        offered = pupils["class_grades"].str.split(",")
        fits = [grade in some for grade, some in zip(grades, offered, strict=True)]
        assert all(fits)

    def test_enrollments_are_inside_the_terms(self, tables: Tables) -> None:
        rows = seats(tables)
        sessions = tables["academicSessions"].set_index("sourcedId")
        terms = rows["class_termSourcedIds"].str.split(",")
        assert (rows["beginDate"] == terms.str[0].map(sessions["startDate"])).all()
        assert (rows["endDate"] == terms.str[-1].map(sessions["endDate"])).all()

    def test_nobody_and_no_room_is_booked_twice(self, tables: Tables) -> None:
        rows = seats(tables)
        for column in ("class_termSourcedIds", "class_periods"):
            rows = rows.assign(**{column: rows[column].str.split(",")}).explode(column)
        when = ["class_termSourcedIds", "class_periods"]
        assert not rows.duplicated(["userSourcedId", *when]).any()
        taught = rows[rows["primary"]]
        assert not taught.duplicated(["schoolSourcedId", "class_location", *when]).any()

    def test_sessions_nest(self, tables: Tables) -> None:
        sessions = tables["academicSessions"].set_index("sourcedId")
        assert (sessions["startDate"] < sessions["endDate"]).all()
        below = sessions.dropna(subset="parentSourcedId")
        above = sessions.loc[below["parentSourcedId"]].set_axis(below.index)
        assert (above["startDate"] <= below["startDate"]).all()
        assert (below["endDate"] <= above["endDate"]).all()
        for _, level in sessions.groupby("type"):
            spans = level.sort_values("startDate")[["startDate", "endDate"]].to_numpy()
            assert all(one[1] < other[0] for one, other in pairwise(spans))

    def test_roles_follow_the_orgs(self, tables: Tables) -> None:
        users = tables["users"]
        orgs = users.assign(org=split_values(users["orgSourcedIds"])).explode("org")
        roles = tables["roles"]
        assert list(roles["sourcedId"]) == list(orgs["sourcedId"] + "@" + orgs["org"])
        assert roles["roleType"].eq("primary").all()
        kinds = roles.merge(users, left_on="userSourcedId", right_on="sourcedId")
        admins = kinds.query("role_y == 'administrator'")
        types = admins["orgSourcedId"].map(tables["orgs"].set_index("sourcedId")["type"])
        expected = types.map({"school": "siteAdministrator", "district": "districtAdministrator"})
        assert (admins["role_x"] == expected).all()
        others = kinds.query("role_y != 'administrator'")
        assert (others["role_x"] == others["role_y"]).all()

    def test_results(self, tables: Tables) -> None:
        items = tables["lineItems"].set_index("sourcedId")
        results = tables["results"]
        placed = set(
            zip(
                tables["enrollments"]["userSourcedId"],
                tables["enrollments"]["classSourcedId"],
                strict=True,
            )
        )
        of_class = results["lineItemSourcedId"].map(items["classSourcedId"])
        assert set(zip(results["studentSourcedId"], of_class, strict=True)) <= placed
        assert results["score"].between(0, 100).all()
        assert (items["assignDate"] <= items["dueDate"]).all()
