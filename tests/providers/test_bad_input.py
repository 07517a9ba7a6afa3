"""What a user gets wrong is answered by a clear error of our own, in time where that is possible.

Each case names the error, a part of its message that quotes the value, and what the message says
to do.
"""

import secrets
import socket
from collections.abc import Callable, Iterator

import pytest
from helpers.clear import assert_clear, shown
from helpers.faults import Silence, at, html, status
from helpers.faultserver import FaultServer
from helpers.records import school

from oneroster_nb import OneRosterConnector, connect, errors
from oneroster_nb.demo.server.embedded import DemoServer

Connect = Callable[..., OneRosterConnector]


@pytest.fixture
def quiet() -> Iterator[FaultServer]:
    """Return a server that must not be asked anything."""
    with FaultServer({}) as server:
        yield server
        assert server.requests == []


# --- the question ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "parts"),
    [
        ({"user_filter": "pupils"}, ["user_filter", "'pupils'", "'students'"]),
        ({"user_filter": "student"}, ["'student'", "Did you mean 'students'"]),
        (
            {"group_filter": "rooms"},
            ["group_filter", "'rooms'", "'classes', 'courses', 'schools'"],
        ),
        ({"group_filter": "school"}, ["'school'", "Did you mean 'schools'"]),
        ({"group_filter": ["classes"]}, ["group_filter", "['classes']"]),
        ({"group_filter": "classes", "group_name": ""}, ["group_name", "''", "Leave it out"]),
        ({"group_filter": "classes", "group_name": " "}, ["group_name", "' '", "Leave it out"]),
        ({"group_filter": "courses", "group_name": []}, ["group_name", "[]", "Leave it out"]),
        (
            {"group_filter": "schools", "group_name": ["North", ""]},
            ["group_name", "['North', '']", "Leave it out"],
        ),
        ({"group_name": "Art 101"}, ["'Art 101'", "group_filter='classes'"]),
        ({"group_name": ["Art 101"]}, ["'Art 101'", "group_filter='classes'"]),
        ({"match_on": "title"}, ["'title'", "without a group_filter"]),
        ({"group_filter": "classes", "match": "fuzzy"}, ["'fuzzy'", "'contains'"]),
        (
            {"group_filter": "classes", "group_name": "Art (", "match": "regex"},
            ["'Art ('"],
        ),
        ({"status": "deleted"}, ["'deleted'", "'active'"]),
        ({"term": ""}, ["term", "''", "'current'"]),
        ({"max_users": -1}, ["max_users", "-1"]),
        ({"where": {"grade": "06"}}, ["'grade'", "Did you mean 'grades'"]),
    ],
    ids=str,
)
def test_a_question_that_cannot_be_asked(
    quiet: FaultServer, connected: Connect, options: dict[str, object], parts: list[str]
) -> None:
    with pytest.raises(errors.QueryError) as caught:
        connected(quiet).get_users(**options)

    assert isinstance(caught.value, ValueError)
    assert_clear(caught.value, *parts)


@pytest.mark.parametrize("text", ["", "rooms::1::students", "classes::::students", "classes::"])
def test_a_query_string_that_cannot_be_read(
    quiet: FaultServer, connected: Connect, text: str
) -> None:
    with pytest.raises(errors.QueryError) as caught:
        connected(quiet).query(text)

    assert_clear(caught.value)


@pytest.mark.parametrize(
    ("field", "nearest"), [("titel", "title"), ("class_code", "classCode"), ("Rooms", None)]
)
def test_an_unknown_match_field_is_answered_by_those_there_are(
    demo: OneRosterConnector, field: str, nearest: str | None
) -> None:
    with pytest.raises(errors.QueryError) as caught:
        demo.get_users("students", "classes", "302", match_on=["location", field])

    assert_clear(caught.value, repr(field), "location", "courseTitle", "termTitles")
    if nearest:
        assert f"Did you mean {nearest!r}" in str(caught.value)


def test_an_unknown_field_set_on_the_connector_raises_when_it_is_used(
    server: DemoServer, connected: Connect
) -> None:
    connector = connected(server)
    connector.match_groups_by = ["room"]

    with pytest.raises(errors.QueryError, match="'room'"):
        connector.get_users("students", "classes", "302")


@pytest.mark.parametrize("field", ["titel", "courseTitle"])
def test_an_unknown_column_in_where_is_answered_by_those_there_are(
    demo: OneRosterConnector, field: str
) -> None:
    with pytest.raises(errors.QueryError) as caught:
        demo.get_classes({field: "Art"})

    assert_clear(caught.value, repr(field), "title")


def test_half_of_a_character_is_in_no_roster(demo: OneRosterConnector) -> None:
    """It cannot stand in an address, so the server is not asked for it."""
    assert demo.get_classes({"title": "\ud800"}).empty
    assert demo.get_users("students", where={"familyName": "\ud800"}).empty


# --- the address -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "parts"),
    [
        ("example.org/ims/oneroster/v1p1/", ["'example.org/ims/oneroster/v1p1/'", "https://"]),
        ("localhost:8080", ["'localhost:8080'", "https://"]),
        ("ftp://example.org/ims/", ["'ftp://example.org/ims/'", "https://"]),
        ("https://", ["'https://'"]),
        ("https://exa mple.org/", ["'https://exa mple.org/'"]),
        ("https://example.org:99999999/", ["host"]),
        ("https://example.org/ims/?limit=5", ["?"]),
        ("", ["host"]),
        (None, ["host"]),
        ("http://example.org/ims/oneroster/v1p1/", ["http://example.org", "allow_insecure=True"]),
        ("http://192.0.2.7/ims/oneroster/v1p1/", ["192.0.2.7", "allow_insecure=True"]),
        ("http://127.0.0.1.example.org/", ["127.0.0.1.example.org", "allow_insecure=True"]),
    ],
)
def test_a_host_that_cannot_be_used_is_refused_before_anything_is_sent(
    monkeypatch: pytest.MonkeyPatch, host: str | None, parts: list[str]
) -> None:
    looked_up: list[object] = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **_: looked_up.append(args) or [])

    with pytest.raises(errors.ConfigurationError) as caught:
        OneRosterConnector(host, "an id", "a secret")  # type: ignore[arg-type]

    assert looked_up == []
    assert_clear(caught.value, *parts)


def test_a_host_with_credentials_in_it_is_refused_and_not_repeated() -> None:
    password = secrets.token_hex(8)
    host = f"https://someone:{password}@example.org/"
    with pytest.raises(errors.ConfigurationError) as caught:
        OneRosterConnector(host, "an id", "a secret")

    assert_clear(caught.value, "host", "client_secret")
    assert password not in shown(caught.value)


def test_plain_http_to_another_machine_works_where_it_is_allowed(
    monkeypatch: pytest.MonkeyPatch, connected: Connect
) -> None:
    with FaultServer(school()) as server:
        port = int(server.url.rpartition(":")[2])
        here = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_kwargs: here)
        host = server.host.replace("127.0.0.1", "roster.example")

        connector = connected(server, host=host, allow_insecure=True)

        assert len(connector.get_users("students")) == 6
        assert server.requests[0].headers["Host"] == f"roster.example:{port}"


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_plain_http_to_this_machine_needs_no_permission(connected: Connect, name: str) -> None:
    with FaultServer(school()) as server:
        connector = connected(server, host=server.host.replace("127.0.0.1", name))

        assert len(connector.get_users("students")) == 6


def test_a_host_without_its_last_slash_is_the_same_host(
    server: DemoServer, connected: Connect
) -> None:
    assert len(connected(server, host=server.host.rstrip("/")).get_users("students")) == 139


@pytest.mark.parametrize(
    ("options", "value"),
    [
        ({"signature_method": "PLAINTEXT"}, "'PLAINTEXT'"),
        ({"max_workers": 0}, "0"),
        ({"timeout": "soon"}, "'soon'"),
        ({"retry_seconds": -1}, "-1"),
        ({"page_size": "many"}, "'many'"),
    ],
    ids=str,
)
def test_an_option_that_makes_no_sense_is_refused(
    quiet: FaultServer, connected: Connect, options: dict[str, object], value: str
) -> None:
    with pytest.raises(errors.ConfigurationError) as caught:
        connected(quiet, **options)

    assert_clear(caught.value, next(iter(options)), value)


@pytest.mark.parametrize(
    ("client_id", "client_secret"), [(None, None), ("an id", None), (None, "a secret"), ("", "")]
)
def test_missing_credentials_are_named(
    quiet: FaultServer, client_id: str | None, client_secret: str | None
) -> None:
    with pytest.raises(errors.CredentialsError) as caught:
        OneRosterConnector(quiet.host, client_id, client_secret)

    assert_clear(caught.value, "client_secret" if client_id else "client_id")


@pytest.mark.parametrize("provider", ["classlnk", "powerschool", ""])
def test_an_unknown_provider_is_answered_by_those_there_are(provider: str) -> None:
    with pytest.raises(errors.ConfigurationError) as caught:
        connect(provider)

    assert_clear(caught.value, repr(provider), "classlink", "oneroster", "demo")


def test_an_unknown_profile_is_named() -> None:
    with pytest.raises(errors.ConfigurationError) as caught:
        connect(profile="nowhere")

    assert_clear(caught.value, "'nowhere'")


def test_connecting_to_nothing_says_what_could_be_given() -> None:
    with pytest.raises(errors.ConfigurationError) as caught:
        connect()

    assert_clear(caught.value, "ONEROSTER_PROVIDER")


# --- the server ------------------------------------------------------------------------------


def test_nothing_listening_there(connected: Connect) -> None:
    with socket.socket() as taken:  # bound, so that nobody else listens there meanwhile
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        host = f"http://127.0.0.1:{port}/ims/oneroster/v1p1/"
        connector = OneRosterConnector(host, "an id", "a secret", retry_seconds=0)

        with connector, pytest.raises(errors.ConnectionFailedError) as caught:
            connector.get_users("students")

    assert isinstance(caught.value, ConnectionError)
    assert_clear(caught.value, f"127.0.0.1:{port}", "Check the host")


def test_no_host_of_that_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_args: object, **_kwargs: object) -> list[object]:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    connector = OneRosterConnector(
        "https://nowhere.example/ims/oneroster/v1p1/", "an id", "a secret", retry_seconds=0
    )

    with connector, pytest.raises(errors.ConnectionFailedError) as caught:
        connector.get_users("students")

    assert_clear(caught.value, "nowhere.example", "Check the host")


def test_no_answer_in_time(connected: Connect) -> None:
    silence = Silence()
    with FaultServer(school(), silence) as server:
        connector = connected(server, timeout=(1, 0.1), retry_seconds=0)

        with pytest.raises(errors.NoAnswerError) as caught:
            connector.get_users("students")
        silence.end()

    assert isinstance(caught.value, TimeoutError)
    assert_clear(caught.value, "127.0.0.1", "0.1 seconds", "timeout")


def test_html_where_a_roster_is_due(connected: Connect) -> None:
    with FaultServer(school(), at("students", html())) as server:
        connector = connected(server)

        with pytest.raises(errors.AnswerError) as caught:
            connector.get_users("students")

        assert server.paths.count("students") == 2  # once more, then an error

    assert isinstance(caught.value, ValueError)
    assert_clear(caught.value, "web page", "host", "/ims/oneroster/v1p1/")
    assert "sign in" not in shown(caught.value)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (400, errors.ServerError),
        (401, errors.AuthenticationError),
        (403, errors.ForbiddenError),
        (404, errors.NotFoundError),
        (429, errors.UnavailableError),
        (500, errors.UnavailableError),
        (503, errors.UnavailableError),
    ],
)
@pytest.mark.parametrize("refusal", [status, html])
def test_a_status_becomes_its_error(
    connected: Connect, refusal: Callable[[int], object], code: int, kind: type[Exception]
) -> None:
    with (
        FaultServer(school(), at("users", refusal(code))) as server,
        pytest.raises(errors.ServerError) as caught,
    ):
        connected(server, retry_seconds=0).get_users("users")

    assert type(caught.value) is kind
    assert caught.value.status == code
    assert (caught.value.method, caught.value.path) == ("GET", "/ims/oneroster/v1p1/users")
    assert_clear(caught.value, str(code), "users")
    if refusal is status:
        assert_clear(caught.value, f"This server answers {code} on purpose.")


@pytest.mark.parametrize("code", [400, 401, 403, 404])
def test_a_refusal_is_not_asked_for_twice(connected: Connect, code: int) -> None:
    with FaultServer(school(), at("users", status(code))) as server:
        with pytest.raises(errors.ServerError):
            # A 400 to more rows may mean that there are too many; it is asked again with fewer.
            connected(server, page_size=100).get_users("users")

        assert server.paths.count("users") == 1


@pytest.mark.parametrize("wrong", ["client_id", "client_secret"])
def test_a_wrong_secret_is_a_401(server: DemoServer, connected: Connect, wrong: str) -> None:
    with pytest.raises(errors.AuthenticationError) as caught:
        connected(server, **{wrong: "not it"}).get_users("students")

    assert isinstance(caught.value, PermissionError)
    assert caught.value.status == 401
    assert_clear(caught.value, "401", "Check the client id and the secret")
