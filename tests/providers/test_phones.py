"""Phone numbers are in nothing that was not asked for with ``sensitive=True``."""

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from helpers.bundles import demo as demo_files, packed, written
from helpers.cleverserver import CleverServer
from helpers.district import small_district
from helpers.faultserver import FaultServer
from helpers.records import org, routes, user

import oneroster_nb as onb
from oneroster_nb.demo.server.embedded import DemoServer
from oneroster_nb.source.source import Source

KINDS = ["live 1.1", "live 1.2", "clever", "csv 1.1", "csv 1.2", "saved"]
LIVE = KINDS[:3]
PHONE, SMS, HOME = "201-555-0101", "201-555-0102", "201-555-0103"


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Source]]:
    """Open the demo district, where guardians have ``sms`` and grown-ups ``phone``, in each way."""
    folder = tmp_path_factory.mktemp("phones")
    whole = onb.Roster(small_district())
    with DemoServer(small_district()) as server, onb.connect("demo-clever") as clever:
        account = (server.client_id, server.client_secret)
        old = onb.OneRosterConnector(server.host, *account)
        new = onb.OneRosterConnector(server.host_v1p2, *account, token_url=server.token_url)
        with old, new:
            yield {
                "live 1.1": old,
                "live 1.2": new,
                "clever": clever,
                "csv 1.1": onb.CsvConnector(whole.to_csv_bundle(folder / "old.zip", "1.1")),
                "csv 1.2": onb.CsvConnector(whole.to_csv_bundle(folder / "new.zip", "1.2")),
                "saved": onb.Roster.load(whole.save(folder / "demo.roster")),
            }


def phones(frame: pd.DataFrame) -> dict[str, set[str]]:
    """Return the phone numbers of each person that has one."""
    columns = [c for c in frame if c == "sms" or c.endswith(("phone", "Phone"))]
    numbers = frame.melt("sourcedId", columns, value_name="number").dropna(subset="number")
    return {str(key): set(own) for key, own in numbers.groupby("sourcedId")["number"]}


def texts_of_bundle(path: Path) -> str:
    with zipfile.ZipFile(path) as archive:
        return "\n".join(archive.read(name).decode() for name in archive.namelist())


@pytest.mark.filterwarnings("ignore:OneRoster 1.2 requires:oneroster_nb.PartialResultWarning")
@pytest.mark.parametrize("kind", KINDS)
def test_a_roster_has_phones_only_if_it_was_asked_for_them(
    sources: dict[str, Source], kind: str, tmp_path: Path
) -> None:
    source = sources[kind]
    expected = phones(source.get_users("guardians", sensitive=True))
    assert expected
    plain, asked = source.get_roster(), source.get_roster(sensitive=True)
    assert phones(plain.users) == {}
    assert not {"sms", "phone"} & set(plain.users.columns)
    assert not plain.sensitive
    assert asked.sensitive
    guardians = asked.users.loc[asked.users["role"] == "guardian"]
    assert phones(guardians) == expected
    assert phones(asked.get_users("guardians", sensitive=True)) == expected
    assert phones(asked.get_users("guardians")) == {}
    assert phones(asked.get_users("guardians", "schools")) == {}
    assert len(plain.users) == len(asked.users)

    # What is made of it has what it has.
    for roster, held in ((plain, {}), (asked, expected)):
        name = f"{len(held)}"
        loaded = onb.Roster.load(roster.save(tmp_path / name))
        assert phones(loaded.users.loc[loaded.users["role"] == "guardian"]) == held
        path = roster.to_csv_bundle(tmp_path / f"{name}.zip", "1.2")
        again = onb.CsvConnector(path).get_users("guardians", sensitive=True)
        assert phones(again) == held
        numbers = set().union(*expected.values())
        assert {n for n in numbers if n in texts_of_bundle(path)} == (numbers if held else set())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("group", [None, "schools"])
def test_a_roster_without_phones_says_so_if_it_is_asked_for_them(
    sources: dict[str, Source], kind: str, group: str | None
) -> None:
    roster = sources[kind].get_roster(tables=["users", "orgs", "roles"])
    with pytest.warns(onb.PartialResultWarning, match=r"get_roster\(sensitive=True\)"):
        frame = roster.get_users("guardians", group, sensitive=True)
    assert "sensitive=True" in frame.attrs["footnote"]
    assert len(frame)
    assert frame[["sms", "phone"]].isna().all(axis=None)
    assert frame[["sms", "phone"]].dtypes.eq("str").all()
    assert list(frame.columns).index("phone") < list(frame.columns).index("orgSourcedIds")
    with pytest.warns(onb.PartialResultWarning, match=r"get_roster\(sensitive=True\)"):
        assert not roster.get_roster(sensitive=True).sensitive


@pytest.mark.parametrize("kind", LIVE)
@pytest.mark.parametrize("sensitive", [False, True])
def test_a_refreshed_roster_keeps_its_own_choice(
    sources: dict[str, Source], kind: str, sensitive: bool
) -> None:
    before = sources[kind].get_roster(sensitive=sensitive)
    after = before.refresh(sources[kind])
    assert after.sensitive is sensitive
    assert phones(after.users) == phones(before.users)


@pytest.mark.parametrize("mode", ["bulk", "delta"])
@pytest.mark.parametrize("sensitive", [False, True])
def test_a_roster_after_a_delta_keeps_its_own_choice(mode: str, sensitive: bool) -> None:
    head = ["sourcedId", "status", "dateLastModified", "enabledUser", "orgSourcedIds", "role"]
    head += ["username", "givenName", "familyName", "email", "sms", "phone", "metadata.homePhone"]
    row = ["g9", "active", "2026-11-20", "true", "7", "guardian", "rb", "Rosalie", "Berg", ""]
    files = {
        "manifest.csv": f"propertyName,value\nfile.users,{mode}\n".encode(),
        "users.csv": written(head, [[*row, SMS, PHONE, HOME]]),
    }
    # Small enough that replacing it is no sudden loss.
    tables = small_district()
    people = tables["users"].head(1)
    roles = tables["roles"].loc[tables["roles"]["userSourcedId"].isin(people["sourcedId"])]
    whole = onb.Roster(tables | {"users": people, "roles": roles})
    before = whole.get_roster(sensitive=sensitive)
    with pytest.warns(onb.DanglingReferenceWarning):
        after = before.apply_delta(packed(files))
    assert after.sensitive is sensitive
    assert phones(after.users).get("g9", set()) == ({SMS, PHONE, HOME} if sensitive else set())


# --- a provider's own columns -----------------------------------------------------------------


def clever_people() -> list[dict[str, Any]]:
    student = {"schools": ["s1"], "school": "s1", "ext": {"home_phone": HOME, "phone_2": SMS}}
    contact = {"phone": PHONE, "phone_type": "Cell", "student_relationships": [{"student": "u1"}]}
    return [
        {"id": "u1", "name": {"first": "Mina", "last": "Berg"}, "roles": {"student": student}},
        {"id": "u2", "name": {"first": "Rosalie", "last": "Berg"}, "roles": {"contact": contact}},
    ]


def oneroster_people() -> list[dict[str, Any]]:
    extra = {"homePhone": HOME, "bus": "12"}
    return [
        user("u1", "student", ["s1"], metadata=extra),
        user("u2", "guardian", ["s1"], phone=PHONE, sms=SMS),
    ]


@pytest.fixture(params=["live 1.1", "clever", "csv"])
def additions(request: pytest.FixtureRequest) -> Iterator[Source]:
    """Open sources whose own columns hold phone numbers."""
    if request.param == "clever":
        school = {"id": "s1", "name": "North", "district": "d1"}
        people = clever_people()
        with (
            CleverServer({"schools": [school], "users": people}) as server,
            onb.CleverConnector("a token", server.host) as conn,
        ):
            yield conn
    elif request.param == "csv":
        head = ["sourcedId", "orgSourcedIds", "role", "sms", "phone", "metadata.homePhone"]
        people = [["u1", "7", "student", "", "", HOME], ["u2", "7", "guardian", SMS, PHONE, ""]]
        files = demo_files()
        files["users.csv"] = written(head, people)
        yield onb.CsvConnector(packed(files))
    else:
        lists = routes(
            orgs=[org("s1", "North")],
            sessions=[],
            courses=[],
            classes=[],
            users=oneroster_people(),
            enrollments=[],
        )
        with (
            FaultServer(lists) as server,
            onb.OneRosterConnector(server.host, "id", "a secret") as conn,
        ):
            yield conn


@pytest.mark.filterwarnings("ignore::oneroster_nb.errors.RosterWarning")
def test_a_providers_own_columns_of_phones_are_as_private(
    additions: Source, tmp_path: Path
) -> None:
    every = {PHONE, SMS, HOME}
    plain, asked = additions.get_roster(), additions.get_roster(sensitive=True)
    answers = [additions.get_users("students"), additions.get_users("guardians"), plain.users]
    answers += [asked.get_users("students"), asked.get_users("students", "schools")]
    answers += [asked.get_roster().users]
    for frame in answers:
        assert not every & set(frame.astype("str").to_numpy().ravel())
    assert set().union(*phones(asked.users).values()) >= {PHONE, HOME}
    found = asked.get_users("students", sensitive=True)
    assert HOME in found.astype("str").to_numpy()
    path = plain.to_csv_bundle(tmp_path / "plain.zip")
    assert not [number for number in every if number in texts_of_bundle(path)]
    path = asked.to_csv_bundle(tmp_path / "asked.zip")
    assert HOME in texts_of_bundle(path)


def test_what_kind_a_phone_is_and_a_schools_number_are_no_secret() -> None:
    tables = small_district()
    tables["users"] = tables["users"].assign(**{"clever.phone_type": "Cell"})
    tables["orgs"] = tables["orgs"].assign(**{"metadata.phone": PHONE})
    roster = onb.Roster(tables).get_roster()
    assert set(roster.users["clever.phone_type"]) == {"Cell"}
    assert set(roster.orgs["metadata.phone"]) == {PHONE}


# --- what is made of a roster -----------------------------------------------------------------


def test_the_recipe_of_a_roster_says_that_it_was_asked_for_phones(
    sources: dict[str, Source],
) -> None:
    for kind in ("live 1.1", "csv 1.1"):
        assert sources[kind].get_roster(sensitive=True).recipe.endswith("(sensitive=True)")
        assert sources[kind].get_roster().recipe.endswith("get_roster()")


@pytest.mark.parametrize("kind", ["live 1.1", "csv 1.1"])
def test_pseudonyms_of_a_connection_hold_no_phones(sources: dict[str, Source], kind: str) -> None:
    coded = onb.pseudonymise(sources[kind], key="a key that is made up")
    assert not coded.sensitive


def test_a_roster_with_phones_and_one_without_do_not_differ_by_them() -> None:
    tables = small_district()
    tables["users"] = tables["users"].assign(**{"clever.ext.home_phone": HOME})
    roster = onb.Roster(tables)
    changes = onb.diff(roster.get_roster(), roster)
    assert changes.people.empty
