"""The endpoint of tokens: addresses with a query, cookies, odd answers, and what to do."""

import secrets
from typing import Any

import pytest
from helpers.clear import assert_clear
from helpers.faultserver import Answer, Asked, FaultServer
from helpers.records import school
from helpers.tokenserver import TokenServer

import oneroster_nb as onb
from oneroster_nb.transport import tokens


@pytest.fixture
def secret() -> str:
    return secrets.token_hex(12)


GOOD = {"access_token": "a-token", "token_type": "bearer"}


# --- the address ---------------------------------------------------------------------------------


def test_a_token_url_with_a_query_is_asked_as_it_stands(secret: str) -> None:
    with (
        TokenServer(GOOD, query="?appName=north%20side&x=1") as server,
        server.connect(secret) as conn,
    ):
        assert len(conn.get_users("students")) == 6
    assert [asked.query for asked in server.asked_for_tokens()] == [
        {"appName": "north side", "x": "1"}
    ]


def test_a_query_that_may_be_a_secret_is_not_shown(secret: str) -> None:
    word = secrets.token_hex(8)
    with (
        TokenServer({}, query=f"?apikey={word}") as server,
        server.connect(secret) as conn,
    ):
        with pytest.raises(onb.AuthenticationError) as caught:
            conn.get_users("students", progress=False)
        assert word not in f"{caught.value} {vars(caught.value)} {conn!r} {conn.recipe}"
        assert 'token_url=os.environ["ONEROSTER_TOKEN_URL"]' in conn.recipe


def test_a_query_that_is_harmless_is_shown(secret: str) -> None:
    with TokenServer({}, query="?appName=north") as server, server.connect(secret) as conn:
        with pytest.raises(onb.AuthenticationError, match=r"token\?appName=north"):
            conn.get_users("students", progress=False)
        assert "appName=north" in conn.recipe


@pytest.mark.parametrize(
    "url",
    [
        "https://user:{}@lincoln.example/token",
        "https://lincoln.example/token#{}",
        "http://lincoln.example/token?key={}",
        "ftp://lincoln.example/token?key={}",
        "https:user:{}@lincoln.example",
        "https://lincoln.example/a b?key={}",
        "https://[::1/token?key={}",
    ],
)
def test_a_token_url_that_cannot_be_is_refused_without_showing_its_secrets(
    url: str, secret: str
) -> None:
    word = secrets.token_hex(8)
    with pytest.raises(onb.ConfigurationError, match="token_url") as caught:
        onb.OneRosterConnector(
            "https://lincoln.example/", "an id", secret, token_url=url.format(word)
        )
    assert word not in str(caught.value)


@pytest.mark.parametrize(
    "host",
    [
        "https://lincoln.example/?client_secret={}",
        "http://lincoln.example/?client_secret={}",
        "lincoln.example/?pwd={}",
        "https://user:{}@lincoln.example/",
        "https:user:{}@lincoln.example/",
        "https://lincoln.example/?",
        "https://lincoln.example/#{}",
    ],
)
def test_a_host_with_a_query_or_a_password_is_refused_without_showing_it(
    host: str, secret: str
) -> None:
    word = secrets.token_hex(8)
    with pytest.raises(onb.ConfigurationError, match="host") as caught:
        onb.OneRosterConnector(host.format(word), "an id", secret)
    assert word not in str(caught.value)


# --- cookies -------------------------------------------------------------------------------------


def test_the_cookies_of_the_token_come_back_with_every_request_of_the_roster(secret: str) -> None:
    session = secrets.token_hex(8)
    headers = {"Set-Cookie": f"SESSION={session}; Path=/; HttpOnly"}
    with TokenServer(GOOD, headers=headers) as server, server.connect(secret, page_size=2) as conn:
        assert len(conn.get_users("students")) == 6
        assert session not in repr(conn) + repr(conn._provider.session.auth.cookies)
    asked = server.asked_for_rosters()
    assert len(asked) > 1
    assert {request.headers.get("Cookie") for request in asked} == {f"SESSION={session}"}


def test_a_new_token_brings_new_cookies(secret: str) -> None:
    count = iter(range(1, 10))

    def behave(asked: Asked, answer: Answer) -> None:
        if asked.method == "POST":
            answer.headers["Set-Cookie"] = f"SESSION={next(count)}; Path=/"
        elif asked.headers.get("Cookie") == "SESSION=1":
            answer.status, answer.body = 401, b"{}"

    with TokenServer(GOOD, behave) as server, server.connect(secret, max_workers=1) as conn:
        assert len(conn.get_users("students")) == 6
    cookies = [asked.headers.get("Cookie") for asked in server.asked_for_rosters()]
    assert cookies[0] == "SESSION=1"
    assert set(cookies[1:]) == {"SESSION=2"}


def test_cookies_are_not_sent_to_another_host(secret: str) -> None:
    headers = {"Set-Cookie": "SESSION=1; Path=/"}
    with FaultServer(school()) as server, TokenServer(GOOD, headers=headers) as other:
        token_url = other.token_url.replace("127.0.0.1", "localhost")
        with onb.OneRosterConnector(server.host, "an id", secret, token_url=token_url) as conn:
            assert len(conn.get_users("students")) == 6
    assert {asked.headers.get("Cookie") for asked in server.requests} == {None}


# --- how long a token holds ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7200", 7200),
        ("7200.0", 7200),
        (7200, 7200),
        (7200.5, 7200.5),
        (None, 3600),
        ("", 3600),
        ("soon", 3600),
        (True, 3600),
        ("inf", 3600),
        ("nan", 3600),
        (1e999, 3600),
        (10**400, 3600),
        (0, 3600),
        (-5, 3600),
        ([], 3600),
        ({"seconds": 1}, 3600),
    ],
)
def test_the_lifetime_of_a_token_is_read_in_any_form(value: Any, seconds: float) -> None:
    assert tokens._seconds(value) == seconds


@pytest.mark.parametrize("value", [b'"120"', b"120", b'"x"', b"null", b"1e999", b"[]"])
def test_a_token_is_used_until_it_ends(secret: str, value: bytes) -> None:
    body = b'{"access_token": "a-token", "expires_in": ' + value + b"}"
    with TokenServer(body) as server, server.connect(secret, page_size=2) as conn:
        assert len(conn.get_users("students")) == 6
        assert len(server.asked_for_tokens()) == 1


def test_a_token_in_a_form_is_taken_as_old_servers_send_it(secret: str) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    body = b"access_token=from-a-form&expires_in=60"
    with TokenServer(body, headers=headers) as server, server.connect(secret) as conn:
        assert len(conn.get_users("students")) == 6
    assert server.asked_for_rosters()[0].headers["Authorization"] == "Bearer from-a-form"


# --- odd answers ---------------------------------------------------------------------------------

ODD = {
    "a list": b"[]",
    "a list with a token": b'[{"access_token": "x"}]',
    "nothing": b"",
    "null": b"null",
    "a number": b"12",
    "a text": b'"a token"',
    "Infinity": b"Infinity",
    "a token that holds for ever": b'{"access_token": "x", "expires_in": Infinity}',
    "no number": b'{"access_token": "x", "expires_in": NaN}',
    "deep lists": b"[" * 100_000,
    "deep objects": b'{"a":' * 100_000,
    "no token": b'{"token_type": "bearer"}',
    "an empty token": b'{"access_token": " "}',
    "a token that is a number": b'{"access_token": 7}',
    "a token that is a list": b'{"access_token": ["x"]}',
    "a page": b"<!DOCTYPE html><html>access_token=x</html>",
    "no text": b"\xff\xfe\x00",
    "a long number": b'{"access_token": "x", "expires_in": ' + b"9" * 5000 + b"}",
}


@pytest.mark.parametrize("kind", ODD)
@pytest.mark.parametrize("status", [200, 401])
def test_an_odd_answer_is_an_authentication_error(kind: str, status: int, secret: str) -> None:
    with (
        TokenServer(ODD[kind], status=status) as server,
        server.connect(secret) as conn,
        pytest.raises(onb.AuthenticationError, match="token") as caught,
    ):
        conn.get_users("students", progress=False)
    assert_clear(caught.value, server.token_url, str(status))
    assert caught.value.status == status
    assert server.asked_for_rosters() == []


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        ({"error": "invalid_client"}, "invalid_client", ""),
        (
            {"error": "invalid_scope", "error_description": "Ask for x"},
            "invalid_scope",
            "Ask for x",
        ),
        ({"message": "No such application"}, "", "No such application"),
        ({"detail": "Locked until noon"}, "", "Locked until noon"),
        ({"imsx_codeMajor": "failure", "imsx_description": "Not you"}, "failure", "Not you"),
    ],
)
@pytest.mark.parametrize("status", [200, 400, 401, 403, 422, 429, 500])
def test_the_servers_own_words_are_in_the_message(
    body: Any, code: str, words: str, status: int, secret: str
) -> None:
    with (
        TokenServer(body, status=status) as server,
        server.connect(secret) as conn,
        pytest.raises(onb.errors.ServerError) as caught,
    ):
        conn.get_users("students", progress=False)
    busy = status in (429, 500)
    assert isinstance(caught.value, onb.UnavailableError if busy else onb.AuthenticationError)
    assert_clear(caught.value, code, words)
    assert (caught.value.code, caught.value.description) == (code, words)


# --- what to do ----------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [400, 401, 403, 422])
@pytest.mark.parametrize(("used", "other"), [("basic", "body"), ("body", "basic")])
def test_a_refusal_suggests_the_other_client_auth(
    status: int, used: str, other: str, secret: str
) -> None:
    with (
        TokenServer({}, status=status) as server,
        server.connect(secret, client_auth=used) as conn,
        pytest.raises(onb.AuthenticationError, match=f"client_auth='{other}'"),
    ):
        conn.get_users("students", progress=False)


@pytest.mark.parametrize("status", [302, 404, 405])
def test_an_address_without_tokens_suggests_to_check_it(status: int, secret: str) -> None:
    with (
        TokenServer({}, status=status) as server,
        server.connect(secret) as conn,
        pytest.raises(onb.AuthenticationError, match="Check that token_url"),
    ):
        conn.get_users("students", progress=False)


SIGNATURE = {
    "code": (b'{"error": "invalid_signature"}', {}),
    "words": (b'{"message": "Signature does not match"}', {}),
    "OneRoster": (
        b'{"imsx_CodeMinor": {"imsx_codeMinorField":'
        b' [{"imsx_codeMinorFieldValue": "invalid_signature"}]}}',
        {},
    ),
    "problem": (b'{"oauth_problem": "signature_invalid"}', {}),
    "challenge": (b"", {"WWW-Authenticate": 'OAuth oauth_problem="signature_invalid"'}),
}


@pytest.mark.parametrize("way", SIGNATURE)
@pytest.mark.parametrize("status", [400, 401, 403])
@pytest.mark.parametrize(
    ("used", "other"), [("HMAC-SHA256", "HMAC-SHA1"), ("HMAC-SHA1", "HMAC-SHA256")]
)
def test_a_signature_that_is_not_accepted_suggests_the_other_method(
    way: str, status: int, used: str, other: str, secret: str
) -> None:
    body, headers = SIGNATURE[way]

    def behave(asked: Asked, answer: Answer) -> None:
        answer.status, answer.body = status, body
        answer.headers.update(headers)

    with (
        FaultServer(school(), behave) as server,
        onb.OneRosterConnector(server.host, "an id", secret, signature_method=used) as conn,
        pytest.raises(onb.errors.ServerError) as caught,
    ):
        conn.get_users("students", progress=False)
    assert f'signature_method="{other}"' in str(caught.value)


def test_another_refusal_suggests_no_signature(secret: str) -> None:
    def behave(asked: Asked, answer: Answer) -> None:
        answer.status, answer.body = 401, b'{"error": "unknown_key"}'

    with (
        FaultServer(school(), behave) as server,
        onb.OneRosterConnector(server.host, "an id", secret) as conn,
        pytest.raises(onb.AuthenticationError) as caught,
    ):
        conn.get_users("students", progress=False)
    assert "signature_method" not in str(caught.value)
