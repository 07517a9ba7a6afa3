"""Ways to a connector: by name, by options, by the environment, by a saved connection."""

import secrets
import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from helpers.faultserver import FaultServer
from helpers.records import school

import oneroster_nb as onb
from oneroster_nb import (
    ClasslinkConnector,
    OneRosterConnector,
    connect,
    delete_profile,
    errors,
    list_profiles,
    save_profile,
)
from oneroster_nb.demo.server.embedded import DemoServer


def test_the_demo_server_ends_with_its_connector() -> None:
    connector = connect("demo")
    address = urlsplit(connector.host)
    assert len(connector.get_users("students", max_users=1)) == 1

    connector.close()

    with pytest.raises(ConnectionRefusedError), socket.socket() as probe:
        probe.connect((address.hostname, address.port))


def test_each_demo_has_credentials_of_its_own() -> None:
    with connect("demo") as one, connect("demo") as other:
        assert one.host != other.host
        assert one.client_id != other.client_id


def test_a_connector_can_be_closed_twice(server: DemoServer) -> None:
    connector = OneRosterConnector(server.host, server.client_id, server.client_secret)
    connector.close()
    connector.close()


@pytest.mark.parametrize("provider", ["oneroster", "classlink"])
def test_connect_by_options(server: DemoServer, provider: str) -> None:
    with connect(
        provider,
        host=server.host,
        client_id=server.client_id,
        client_secret=server.client_secret,
        page_size=50,
    ) as connector:
        assert len(connector.get_users("students")) == 139


@pytest.mark.parametrize("provider", ["oneroster", "classlink"])
def test_connect_by_environment(
    server: DemoServer, monkeypatch: pytest.MonkeyPatch, provider: str
) -> None:
    monkeypatch.setenv("ONEROSTER_PROVIDER", provider)
    monkeypatch.setenv("ONEROSTER_HOST", server.host)
    monkeypatch.setenv("ONEROSTER_CLIENT_ID", server.client_id)
    monkeypatch.setenv("ONEROSTER_CLIENT_SECRET", server.client_secret)

    with connect() as connector:
        assert len(connector.get_users("students")) == 139
    with connect(provider) as connector:
        assert len(connector.get_users("students")) == 139


def test_what_is_given_goes_before_the_environment(
    server: DemoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONEROSTER_PROVIDER", "oneroster")
    monkeypatch.setenv("ONEROSTER_HOST", server.host)
    monkeypatch.setenv("ONEROSTER_CLIENT_ID", "somebody else")
    monkeypatch.setenv("ONEROSTER_CLIENT_SECRET", "of somebody else")

    account = {"client_id": server.client_id, "client_secret": server.client_secret}
    with connect(**account) as connector:
        assert len(connector.get_users("students")) == 139


def test_connect_by_a_saved_profile(
    server: DemoServer, monkeypatch: pytest.MonkeyPatch, config_home: Path
) -> None:
    save_profile("lincoln", "classlink", host=server.host, client_id=server.client_id, page_size=50)
    monkeypatch.setenv("ONEROSTER_CLIENT_SECRET", server.client_secret)

    with connect(profile="lincoln") as connector:
        assert isinstance(connector, ClasslinkConnector)
        assert connector.page_size == 50
        assert len(connector.get_users("students")) == 139
    with connect(profile="lincoln", page_size=20) as connector:
        assert connector.page_size == 20

    files = [path for path in config_home.rglob("*") if path.is_file()]
    assert files  # in this folder and nowhere else
    for path in files:
        assert server.client_secret not in path.read_text()
        assert path.stat().st_mode & 0o077 == 0


def test_a_profile_named_by_the_environment(
    server: DemoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_profile("lincoln", "oneroster", host=server.host, client_id=server.client_id)
    monkeypatch.setenv("ONEROSTER_PROFILE", "lincoln")
    monkeypatch.setenv("ONEROSTER_CLIENT_SECRET", server.client_secret)

    with connect() as connector:
        assert connector.host == server.host


def test_the_secret_of_one_host_is_not_used_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONEROSTER_PROVIDER", "oneroster")
    monkeypatch.setenv("ONEROSTER_HOST", "https://one.example/ims/oneroster/v1p1/")
    monkeypatch.setenv("ONEROSTER_CLIENT_ID", "an id")
    monkeypatch.setenv("ONEROSTER_CLIENT_SECRET", secrets.token_hex(8))

    with pytest.raises(errors.CredentialsError):
        connect("oneroster", host="https://other.example/ims/oneroster/v1p1/")


@pytest.mark.parametrize("option", ["client_secret", "access_token"])
def test_a_secret_is_not_saved(config_home: Path, option: str) -> None:
    secret = secrets.token_hex(8)
    with pytest.raises(errors.ConfigurationError) as caught:
        save_profile("lincoln", "oneroster", host="https://one.example/", **{option: secret})

    assert option in str(caught.value)
    assert secret not in str(caught.value)
    assert list(config_home.rglob("*.json")) == []


def test_profiles_are_listed_replaced_and_forgotten() -> None:
    assert list_profiles() == []
    save_profile("north", "oneroster", host="https://north.example/")
    save_profile("lincoln", "classlink", host="https://lincoln.example/")
    save_profile("north", "oneroster", host="https://north2.example/")
    assert list_profiles() == ["lincoln", "north"]

    delete_profile("north")

    assert list_profiles() == ["lincoln"]
    with pytest.raises(errors.ConfigurationError, match="'north'"):
        connect(profile="north")


def test_the_public_names_are_there() -> None:
    for name in onb.__all__:
        assert getattr(onb, name) is not None
    assert set(onb.__all__) <= set(dir(onb))


# --- ClassLink's proxy, versions and saved rosters ---------------------------------------------


def test_an_application_id_makes_the_address_of_the_proxy() -> None:
    conn = onb.ClasslinkConnector(application_id="a%2Fb-1", access_token=secrets.token_hex(8))
    assert conn.host == "https://oneroster-proxy.apis.classlink.com/a%2Fb-1/ims/oneroster/v1p1/"


def test_a_host_that_is_given_is_taken_as_it_stands_and_asked_with_the_token() -> None:
    token = secrets.token_hex(8)
    with (
        FaultServer(school()) as server,
        onb.ClasslinkConnector(server.host, application_id="app-1", access_token=token) as conn,
    ):
        assert conn.host == server.host
        assert len(conn.get_users("students")) == 6
    assert {a.headers["Authorization"] for a in server.requests} == {f"Bearer {token}"}


@pytest.mark.parametrize("application_id", ["", " ", "a/b", "..", "a?b", "a@b", 7])
def test_an_application_id_that_is_none(application_id: Any) -> None:
    with pytest.raises(errors.ConfigurationError, match="application_id must be"):
        onb.ClasslinkConnector(application_id=application_id, access_token=secrets.token_hex(8))


def test_the_proxy_needs_a_token() -> None:
    with pytest.raises(errors.CredentialsError, match="access_token"):
        onb.ClasslinkConnector(application_id="app-1")


def test_the_environment_has_an_application_and_its_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONEROSTER_PROVIDER", "classlink")
    monkeypatch.setenv("ONEROSTER_APPLICATION_ID", "app-1")
    monkeypatch.setenv("ONEROSTER_ACCESS_TOKEN", secrets.token_hex(8))
    assert "/app-1/" in onb.connect().host  # type: ignore[union-attr]
    with pytest.raises(errors.CredentialsError):  # the token is of another application
        onb.connect("classlink", application_id="app-2")


def test_the_application_of_the_environment_is_no_matter_of_other_providers(
    server: DemoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONEROSTER_APPLICATION_ID", "app-1")
    account = {"client_id": server.client_id, "client_secret": server.client_secret}
    with onb.connect("oneroster", host=server.host, **account) as conn:
        assert len(conn.get_schools()) == 3


def test_the_version_is_that_of_the_path_or_the_one_asked_for(server: DemoServer) -> None:
    account = {"client_id": "analyst", "client_secret": secrets.token_hex(8)}
    assert onb.OneRosterConnector(server.host, **account).version == "1.1"
    assert onb.OneRosterConnector(server.host_v1p2, **account).version == "1.2"
    assert onb.OneRosterConnector(server.host, version="1.2", **account).version == "1.2"
    with pytest.raises(errors.ConfigurationError, match=r"'1.1' or '1.2', not '1.3'"):
        onb.OneRosterConnector(server.host, version="1.3", **account)


def test_a_saved_roster_is_a_source_like_others(
    server: DemoServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONEROSTER_HOST", server.host)  # says nothing of a folder
    with onb.connect("demo") as conn:
        conn.get_roster().save(tmp_path / "demo.roster")
    with onb.connect("snapshot", path=tmp_path / "demo.roster") as roster:
        assert len(roster.get_users("students", "schools", "Classlink HS")) == 38
        assert roster.get_roster() is roster
        assert len(roster.get_roster(tables=["users"]).enrollments) == 0
        assert eval(roster.recipe, {"onb": onb, "PosixPath": Path}).taken == roster.taken
    for options in ({}, {"path": tmp_path / "none"}, {"folder": "x"}):
        with pytest.raises(errors.RosterError):
            onb.connect("snapshot", **options)


def test_a_roster_knows_how_many_people_are_in_its_groups(demo: OneRosterConnector) -> None:
    roster = demo.get_roster()
    for kind in ("classes", "courses", "schools"):
        groups = roster.groups(kind)
        for who in ("student", "teacher"):
            members = roster.get_users(f"{who}s", kind)
            expected = members.groupby("groupSourcedId")["sourcedId"].nunique()
            counted = groups.set_index("sourcedId")[f"{who}Count"]
            assert counted.to_dict() == expected.reindex(counted.index, fill_value=0).to_dict()
    assert roster.headcounts() == {"students": 139, "teachers": 37, "schools": 3}
