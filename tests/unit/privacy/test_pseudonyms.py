"""Pseudonyms: nothing of the people is left anywhere, and everything still holds together."""

import csv
import datetime
import hashlib
import hmac
import re
import stat
import unicodedata
import warnings
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from helpers.district import small_district

import oneroster_nb as onb
from oneroster_nb.privacy.mentions import Mentions
from oneroster_nb.tables import table as canonical
from oneroster_nb.tables.table import split_text

KEY = "a key made up for this test"
NAMES = [
    *("givenName", "familyName", "middleName", "preferredGivenName", "preferredMiddleName"),
    "preferredFamilyName",
]
IDS = ["sourcedId", "username", "identifier", "userMasterIdentifier", "email", "sms", "phone"]


def plain(text: str) -> str:
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in parts if not unicodedata.combining(sign))


GLUED = [
    *("Algebra - JRamirez", "RamirezELA P1", "ELARamirez", "Ms RamírezJ", "Ramirezs class"),
    *("jramirez", "ELARAMIREZ", "Ram\u00adirez", "id:18001", "#18002", "18001_A", "18140-31763"),
    *("call 000-0003", "MsKamaraMath", "김민준수학", "王老师"),
]
"""Titles in which a name is part of a longer word."""


def district() -> dict[str, pd.DataFrame]:
    """Make the demo district with people's names and ids in every place where some could be."""
    tables = dict(small_district())
    users = tables["users"] = tables["users"].assign(
        sms=[f"+1555{row:07d}" for row in range(len(tables["users"]))],
        phone=[f"555-{row:07d}" for row in range(len(tables["users"]))],
        preferredGivenName=tables["users"]["givenName"] + "y",
        userMasterIdentifier="master-" + tables["users"]["sourcedId"],
    )
    users.loc[[20, 21], ["givenName", "familyName"]] = [["민준", "김"], ["小明", "王"]]
    users["metadata.bus"] = "Bus of " + users["familyName"]
    users["metadata.grades"] = "Grade " + users["grades"]
    users["clever.contact"] = users["email"].str.upper()
    teacher = users.loc[users["sourcedId"] == "18140"].iloc[0]
    student = users.loc[users["sourcedId"] == "18002"].iloc[0]
    classes = tables["classes"] = tables["classes"].copy()
    classes.loc[0, "title"] = f"English 9 - {teacher['familyName'].upper()}"
    classes.loc[1, "classCode"] = f"{student['givenName']}_tutoring"
    classes.loc[2, "location"] = f"Office of {teacher['username']}"
    classes.loc[3, "title"] = "Ramirez's group"  # without the accent that the name has
    for row, title in enumerate(GLUED, start=10):
        classes.loc[row, "title"] = title
    classes.loc[10, ["periods", "subjects"]] = "Ramírez", "Ramirez seminar"
    classes.loc[11, "grades"] = "Kamara"
    classes["metadata.substitute"] = "18140,18141"
    classes["metadata.createdBy"] = "Zed Unlisted"
    classes["metadata.teachers"] = "18140,18141"
    key = "cls-18140-ELA"  # an id that holds a person's, and what refers to it
    tables["enrollments"] = tables["enrollments"].replace({"classSourcedId": {"31729": key}})
    for name in ("lineItems", "results", "classResources"):
        tables[name] = tables[name].replace({"classSourcedId": {"31729": key}})
    classes["sourcedId"] = classes["sourcedId"].replace("31729", key)
    classes["metadata.note"] = "Ask somebody.else@other.example"
    tables["courses"] = tables["courses"].copy()
    tables["courses"].loc[0, "title"] = f"{student['familyName']} seminar"
    items = tables["lineItems"] = tables["lineItems"].copy()
    items.loc[0, "description"] = f"Ask {teacher['email']}."
    results = tables["results"] = tables["results"].copy()
    results["comment"] = "Well done, " + results["studentSourcedId"]
    results.loc[0, "textScore"] = "A"
    tables["enrollments"] = tables["enrollments"].assign(
        sourcedId=tables["enrollments"]["userSourcedId"]
        + "-"
        + tables["enrollments"]["classSourcedId"]
    )
    orgs = tables["orgs"] = tables["orgs"].copy()
    orgs.loc[orgs["sourcedId"] == "3", "name"] = (
        f"{student['givenName']} {student['familyName']} School"
    )
    tables["userProfiles"] = pd.DataFrame(
        {
            "sourcedId": ["profile-18001"],
            "status": ["active"],
            "dateLastModified": [None],
            "userSourcedId": ["18001"],
            "profileType": ["LMS"],
            "vendorId": ["lms"],
            "applicationId": ["a"],
            "description": [f"Account of {student['givenName']}"],
        },
        dtype="str",
    )
    orgs["clever.principal.name"] = "Quentin Unlisted"
    orgs["clever.principal.email"] = "q.unlisted@other.example"
    orgs["metadata.mascot"] = "Lions"
    return tables


def originals(tables: dict[str, pd.DataFrame]) -> tuple[set[str], set[str]]:
    """Return the names and the ids that must not be left."""
    users = tables["users"]
    names = {plain(value) for column in NAMES for value in users[column].dropna()}
    ids = {value for column in IDS for value in users[column].dropna()}
    ids |= {part for text in users["userIds"].dropna() for part in split_text(text)}
    ids |= set(tables["enrollments"]["sourcedId"]) | set(tables["roles"]["sourcedId"])
    ids |= {"Unlisted", "unlisted", "somebody.else"}  # people who are in no other place
    ids |= set(tables["demographics"]["sourcedId"]) | set(tables["results"]["comment"])
    return names, ids


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    return district()


@pytest.fixture(scope="module")
def roster(tables: dict[str, pd.DataFrame]) -> onb.Roster:
    return onb.Roster(tables)


@pytest.fixture(scope="module")
def coded(roster: onb.Roster) -> onb.Roster:
    return onb.pseudonymise(roster, key=KEY)


def left_in(text: str, names: set[str], ids: set[str]) -> bool:
    """Return True if a name is a word of a text, or a longer one or an id is anywhere in it."""
    words = re.findall(r"[^\W\d_]+", plain(text))
    long = {name for name in names if len(name) > 5}
    return (
        bool(names & set(words))
        or any(name in word for word in words for name in long)
        or any(one in text for one in ids)
    )


def every_table(roster: onb.Roster) -> dict[str, pd.DataFrame]:
    return {name: roster.table(name) for name in [*roster.summary()["table"]]}


def test_no_cell_holds_an_original_value(
    tables: dict[str, pd.DataFrame], coded: onb.Roster
) -> None:
    names, ids = originals(tables)
    assert {"ramirez", "elijah"} <= names
    searched = 0
    for name, table in every_table(coded).items():
        for column in table.columns:
            assert not left_in(str(column), names, ids)
            for value in table[column].dropna().unique():
                searched += 1
                assert not left_in(str(value), names, ids), (name, column, value)
    assert searched > 5000


@pytest.mark.parametrize("kind", ["snapshot", "1.1", "1.2"])
def test_saved_files_hold_no_original_value(
    tables: dict[str, pd.DataFrame], coded: onb.Roster, tmp_path: Path, kind: str
) -> None:
    if kind == "snapshot":
        folder = coded.save(tmp_path / "kept.roster")
        again: Any = onb.Roster.load(folder)
        raw = b"".join(path.read_bytes() for path in folder.iterdir())
    else:
        with pytest.warns(onb.PartialResultWarning, match="userProfiles"):
            path = coded.to_csv_bundle(tmp_path / "kept.zip", version=kind)
        again = onb.CsvConnector(path).get_roster()
        raw = path.read_bytes()
    names, ids = originals(tables)
    for address in tables["users"]["email"].dropna():
        assert address.encode() not in raw
    for table in every_table(again).values():
        for column in table.columns:
            assert not any(left_in(str(v), names, ids) for v in table[column].dropna().unique())


def test_tables_keep_rows_columns_and_dtypes(roster: onb.Roster, coded: onb.Roster) -> None:
    for name, table in every_table(roster).items():
        other = coded.table(name)
        assert list(other.columns) == list(table.columns)
        assert len(other) == len(table)
        assert (other.isna().sum() == table.isna().sum()).all(), name
        if name in canonical.TABLES:
            assert (other.dtypes == table.dtypes).all(), name


def code_of(namespace: str, value: str) -> str:
    """Work out a code: the first 80 bits of an HMAC-SHA256 in consonants."""
    digest = hmac.new(KEY.encode(), f"{namespace}\0{value}".encode(), hashlib.sha256).hexdigest()
    return "".join("bcdfghjklmnpqrst"[int(sign, 16)] for sign in digest[:20])


def pairs(table: pd.DataFrame, *columns: str) -> list[tuple[Any, ...]]:
    return sorted(table[list(columns)].astype("str").itertuples(index=False, name=None))


def test_what_belongs_together_stays_together(roster: onb.Roster, coded: onb.Roster) -> None:
    assert coded.users["sourcedId"].is_unique
    for table, column, beside in (
        ("users", "sourcedId", "role"),
        ("enrollments", "userSourcedId", "role"),
        ("roles", "userSourcedId", "orgSourcedId"),
        ("results", "studentSourcedId", "lineItemSourcedId"),
        ("demographics", "sourcedId", "sex"),
        ("userProfiles", "userSourcedId", "profileType"),
    ):
        mapped = roster.table(table)[column].map(lambda key: code_of("users", key))
        expected = roster.table(table).assign(**{column: mapped})
        assert pairs(coded.table(table), column, beside) == pairs(expected, column, beside)
    agents = roster.users.set_index("sourcedId")["agentSourcedIds"].dropna()
    shown = coded.users.set_index("sourcedId")["agentSourcedIds"].dropna()
    assert len(agents) == len(shown) > 0
    for person, text in agents.items():
        expected_agents = [code_of("users", part) for part in split_text(text)]
        assert split_text(shown[code_of("users", person)]) == expected_agents
    pd.testing.assert_frame_equal(
        coded.class_sizes()[["students", "termTitles"]],
        roster.class_sizes()[["students", "termTitles"]],
    )
    kept = ("schoolSourcedId", "role", "primary", "beginDate")
    assert pairs(coded.enrollments, *kept) == pairs(roster.enrollments, *kept)
    assert sorted(coded.results["textScore"].dropna()) == ["A"]
    assert set(coded.orgs["metadata.mascot"]) == {"Lions"}
    assert set(coded.users["metadata.grades"]) == set(roster.users["metadata.grades"])


def test_the_order_of_people_does_not_identify_them(roster: onb.Roster, coded: onb.Roster) -> None:
    for name in ("users", "roles", "enrollments", "demographics", "results"):
        ids = coded.table(name)["sourcedId"].tolist()
        assert ids == sorted(ids), name
    moments = roster.users.assign(dateLastModified=pd.Timestamp("2026-08-01T06:07:08Z"))
    tables = {**every_table(roster), "users": moments}
    later = onb.pseudonymise(onb.Roster(tables), key=KEY)
    assert set(later.users["dateLastModified"]) == {pd.Timestamp("2026-08-01", tz="UTC")}
    assert later.users["dateLastModified"].dtype == moments["dateLastModified"].dtype


def test_ids_of_tables_have_namespaces_of_their_own(roster: onb.Roster) -> None:
    tables = every_table(roster)
    same = tables["enrollments"].assign(sourcedId="18001").head(1)
    coded = onb.pseudonymise(onb.Roster({**tables, "enrollments": same}), key=KEY)
    assert coded.enrollments.loc[0, "sourcedId"] not in set(coded.users["sourcedId"])


def test_only_titles_that_hold_names_are_replaced(roster: onb.Roster, coded: onb.Roster) -> None:
    changed = coded.classes["title"] != roster.classes["title"]
    assert changed[changed].index.tolist() == [0, 3, *range(10, 10 + len(GLUED))]
    assert coded.classes.loc[changed, "title"].str.fullmatch("[bcdfghjklmnpqrst]{20}").all()
    assert coded.courses["title"].iloc[1:].tolist() == roster.courses["title"].iloc[1:].tolist()
    names = dict(zip(roster.orgs["name"], coded.orgs["name"], strict=True))
    assert names["Classlink HS"] == "Classlink HS"
    assert [old for old, new in names.items() if old != new] == ["Jasmine Ramírez School"]


def test_ids_of_classes_stay_unless_they_hold_a_persons(
    roster: onb.Roster, coded: onb.Roster
) -> None:
    same = roster.classes["sourcedId"] == coded.classes["sourcedId"]
    assert roster.classes.loc[~same, "sourcedId"].tolist() == ["cls-18140-ELA"]
    code = code_of("classes", "cls-18140-ELA")
    assert coded.classes.loc[~same, "sourcedId"].tolist() == [code]
    for name in ("enrollments", "results", "lineItems"):
        before = (roster.table(name)["classSourcedId"] == "cls-18140-ELA").sum()
        assert (coded.table(name)["classSourcedId"] == code).sum() == before
    assert len(coded.get_users("students", "classes", code)) > 0


def test_additions_about_people_are_codes(coded: onb.Roster) -> None:
    teachers = [code_of("users", person) for person in ("18140", "18141")]
    for column in ("metadata.substitute", "metadata.teachers"):
        assert set(coded.classes[column]) == {",".join(teachers)}
    for column in ("metadata.createdBy", "metadata.note"):
        assert coded.classes[column].str.fullmatch("[bcdfghjklmnpqrst]{20}").all(), column


def test_schools_keep_names_that_are_anybodys(tables: dict[str, pd.DataFrame]) -> None:
    orgs = tables["orgs"].copy()
    orgs["name"] = ["Elijah District", "Ramírez High School", "Barros Elijah", "Elijah Barros"]
    coded = onb.pseudonymise(onb.Roster({**tables, "orgs": orgs}), key=KEY)
    kept = coded.orgs["name"] == orgs["name"]
    assert kept.tolist() == [True, True, False, False]


def test_of_a_birth_date_the_year_is_left(roster: onb.Roster, coded: onb.Roster) -> None:
    born = roster.demographics["birthDate"].dropna()
    assert sorted(coded.demographics["birthDate"].dropna()) == sorted(
        pd.Timestamp(day.year, 1, 1) for day in born
    )


def test_people_who_share_an_address_share_its_code(tables: dict[str, pd.DataFrame]) -> None:
    users = tables["users"].copy()
    users.loc[1, "email"] = users.loc[0, "email"].upper()
    coded = onb.pseudonymise(onb.Roster({**tables, "users": users}), key=KEY)
    assert len(coded.email_problems()) == 2
    assert coded.users.loc[0, "email"].endswith("@example.invalid")


def test_the_same_key_gives_the_same_codes(roster: onb.Roster, coded: onb.Roster) -> None:
    again = onb.pseudonymise(roster, KEY.encode())
    pd.testing.assert_frame_equal(again.users, coded.users)
    other = onb.pseudonymise(roster, "another key")
    assert not set(other.users["sourcedId"]) & set(coded.users["sourcedId"])


def test_the_codes_are_those_of_hmac_sha256(coded: onb.Roster, roster: onb.Roster) -> None:
    assert set(coded.users["sourcedId"]) == {
        code_of("users", person) for person in roster.users["sourcedId"]
    }


def test_random_codes_and_their_crosswalk(roster: onb.Roster, tmp_path: Path) -> None:
    path = tmp_path / "crosswalk.csv"
    one = onb.pseudonymise(roster, codes="random", crosswalk=path)
    two = onb.pseudonymise(roster, codes="random")
    assert not set(one.users["sourcedId"]) & set(two.users["sourcedId"])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    listed = {row["sourcedId"]: row["code"] for row in rows}
    assert list(listed) == sorted(roster.users["sourcedId"])
    assert set(listed.values()) == set(one.users["sourcedId"])
    person = roster.enrollments.loc[0]
    of_code = one.enrollments["userSourcedId"] == listed[person["userSourcedId"]]
    assert person["classSourcedId"] in set(one.enrollments.loc[of_code, "classSourcedId"])
    before = path.read_bytes()
    with pytest.raises(onb.ConfigurationError, match="already exists"):
        onb.pseudonymise(roster, codes="random", crosswalk=path)
    assert path.read_bytes() == before


def test_a_crosswalk_that_was_not_finished_is_taken_away(
    roster: onb.Roster, tmp_path: Path
) -> None:
    path = tmp_path / "crosswalk.csv"

    def cancel(_: Any) -> None:
        assert path.exists()
        raise onb.CancelledError("enough")

    with pytest.raises(onb.CancelledError):
        onb.pseudonymise(roster, codes="random", crosswalk=path, progress=cancel)
    assert not path.exists()
    onb.pseudonymise(roster, codes="random", crosswalk=path)
    assert path.exists()


def test_a_live_source_is_pulled_first(demo: onb.OneRosterConnector) -> None:
    coded = onb.pseudonymise(demo, key=KEY)
    assert len(coded.get_users("students")) == 139
    assert coded.recipe == ""


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "needs key="),
        ({"key": ""}, "needs key="),
        ({"key": 7}, "needs key="),
        ({"key": "k", "codes": "random"}, "together with a key"),
        ({"codes": "hex"}, "not 'hex'"),
        ({"key": "k", "crosswalk": "x.csv"}, "only written with codes="),
        ({"codes": "random", "crosswalk": "no/such/folder/x.csv"}, "cannot be written"),
    ],
)
def test_what_cannot_be(roster: onb.Roster, options: dict[str, Any], message: str) -> None:
    with pytest.raises(onb.ConfigurationError, match=message):
        onb.pseudonymise(roster, **options)


def test_only_rosters_have_pseudonyms(roster: onb.Roster) -> None:
    with pytest.raises(onb.ConfigurationError, match="not DataFrame"):
        onb.pseudonymise(roster.users, key=KEY)  # type: ignore[arg-type]


def test_an_empty_roster_stays_empty() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        coded = onb.pseudonymise(onb.Roster({}), key=KEY)
    assert coded.summary().empty


@pytest.mark.parametrize(
    ("text", "mentioned"),
    [
        ("Ms. O'Brien", True),
        ("OBrien 6A", True),
        ("Brien", True),
        ("Ng's room", True),
        ("Ngu", False),
        ("de la Cruz", True),
        ("de la", False),
        ("CRUZ-6", True),
        ("(18001)", True),
        ("room 302", False),
        ("ada@x.example", True),
        ("x, Ada@X.example;", True),
        ("Math 6", False),
        ("write to nobody.known@y.example now", True),
        ("6 @ noon", False),
        ("JKowalczyk", True),
        ("kowalczyks", True),
        ("ELAKOWALCZYK", True),
        ("Kowal-czyk", False),
        ("LiMath", True),
        ("Limath", False),
        ("Lukasz's", True),
        ("SORLI 6", True),
        ("Sorlix", True),
        ("Sorlixy", False),
        ("김수학", True),
        ("18001-31763", True),
        ("x18001", False),
        ("#998877", True),
        ("ask jdoe", True),
        ("sam.t7", True),
        ("302", False),
        ("call 010-0199", True),
        ("5550100199", True),
        ("555-0100", False),
        ("2026-2027", False),
        ("", False),
    ],
)
def test_mentions(text: str, mentioned: bool) -> None:
    people = Mentions(
        ["O'Brien", "Ng", "de la Cruz", "X", "Kowalczyk", "Łukasz", "Sørli", "Li", "김"],
        ["18001", "302", "ada@x.example", "{SIS:998877}", "jdoe", "sam.t7@x.example"],
        ["+1 (555) 010-0199"],
    )
    assert (text in people) is mentioned


def test_dates_of_deleted_rows_are_no_exception(tables: dict[str, pd.DataFrame]) -> None:
    born = tables["demographics"].assign(status="tobedeleted")
    coded = onb.pseudonymise(onb.Roster({**tables, "demographics": born}), key=KEY)
    days = coded.demographics["birthDate"].dropna()
    assert {(day.month, day.day) for day in days} == {(1, 1)}
    assert datetime.date(1, 1, 1) not in set(days)
