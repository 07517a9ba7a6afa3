"""Ways to a connector: by name, by options, by the environment, by a saved connection."""

import secrets
import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import oneroster_nb
from oneroster_nb import (
    ClasslinkConnector,
    OneRosterConnector,
    connect,
    delete_profile,
    errors,
    list_profiles,
    save_profile,
)
from oneroster_nb.demo.server import DemoServer


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
    monkeypatch.setenv("ONEROSTER_CLIENT_SECRET", server.client_secret)

    with connect(client_id=server.client_id) as connector:
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
    for name in oneroster_nb.__all__:
        assert getattr(oneroster_nb, name) is not None
    assert set(oneroster_nb.__all__) <= set(dir(oneroster_nb))
