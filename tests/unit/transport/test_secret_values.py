"""What a secret may hold, and that neither we nor a server's own words show it."""

import base64
import html
import json
import logging
import secrets
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from helpers.clear import assert_clear
from helpers.cleverserver import CleverServer
from helpers.faultserver import Answer, Asked, FaultServer
from helpers.records import school
from helpers.tokenserver import TokenServer

import oneroster_nb as onb
from oneroster_nb.demo.server.embedded import DemoServer
from oneroster_nb.secret import Secret
from oneroster_nb.transport.redaction import redacted, sent_forms

HOST = "https://lincoln.example/ims/oneroster/v1p1/"
UNSENDABLE = [
    "\n",
    "\r\n",
    "\t",
    "\x00",
    "\x7f",
    "\x85",
    "\u2019",
    "\u201c",
    "\u200b",
    "\ufeff",
    "\u00ad",
    "学",
]


@pytest.fixture
def secret() -> str:
    return f"{secrets.token_hex(8)}/ ~&'\"{secrets.token_hex(8)}"


def everything(error: BaseException) -> str:
    """Return all that a notebook, a log or a debugger shows of an error, but for this module."""
    shown = traceback.TracebackException.from_exception(error, capture_locals=True)
    parts = [str(error), repr(error), repr(vars(error)), "".join(shown.format_exception_only())]
    while shown is not None:
        parts += [
            repr(f.locals) for f in shown.stack if Path(f.filename).parent != Path(__file__).parent
        ]
        parts.append("".join(shown.format_exception_only()))
        shown = shown.__cause__ or shown.__context__  # type: ignore[assignment]
    return "\n".join(parts)


# --- what can be sent ----------------------------------------------------------------------------

MAKERS: dict[str, Callable[[str], Any]] = {
    "OneRoster, secret": lambda word: onb.OneRosterConnector(HOST, "an id", word),
    "OneRoster, token": lambda word: onb.OneRosterConnector(HOST, access_token=word),
    "OneRoster, wrapped": lambda word: onb.OneRosterConnector(HOST, access_token=Secret(word)),
    "OAuth 2.0": lambda word: onb.OneRosterConnector(
        HOST, "an id", word, token_url="https://lincoln.example/token"
    ),
    "ClassLink, secret": lambda word: onb.ClasslinkConnector(HOST, "an id", word),
    "ClassLink, proxy": lambda word: onb.ClasslinkConnector(
        application_id="app-1", access_token=word
    ),
    "Clever, token": lambda word: onb.CleverConnector(word),
    "Clever, secret": lambda word: onb.CleverConnector(client_id="an id", client_secret=word),
    "connect": lambda word: onb.connect("oneroster", host=HOST, access_token=word),
}


@pytest.mark.parametrize("sign", UNSENDABLE, ids=ascii)
@pytest.mark.parametrize("way", MAKERS)
def test_a_secret_that_no_header_can_hold_is_refused_and_not_shown(way: str, sign: str) -> None:
    start, end = secrets.token_hex(8), secrets.token_hex(8)
    with pytest.raises(onb.ConfigurationError, match="cannot be sent") as caught:
        MAKERS[way](start + sign + end)
    assert not isinstance(caught.value, onb.errors.CredentialsError)  # it is there, but wrong
    shown = everything(caught.value)
    assert start not in shown
    assert end not in shown


@pytest.mark.parametrize("sign", ["\u200b", "\ufeff"], ids=ascii)
def test_an_invisible_character_at_an_end_is_not_white_space(sign: str) -> None:
    for word in (sign + "tok", "tok" + sign):
        with pytest.raises(onb.ConfigurationError, match="cannot be sent"):
            onb.OneRosterConnector(HOST, access_token=word)


@pytest.mark.parametrize("around", ["\n", "\r\n", " ", "\t", "\u00a0", " \n\n "], ids=ascii)
def test_white_space_around_a_token_is_not_sent(around: str) -> None:
    token = secrets.token_hex(8)
    with (
        FaultServer(school()) as server,
        onb.OneRosterConnector(server.host, access_token=around + token + around) as conn,
    ):
        assert len(conn.get_users("students")) == 6
    assert {a.headers["Authorization"] for a in server.requests} == {f"Bearer {token}"}


def test_white_space_around_a_secret_is_not_signed_with() -> None:
    with (
        DemoServer(client_secret="open sesame") as server,
        onb.OneRosterConnector(server.host, server.client_id, "open sesame\n") as conn,
    ):
        assert len(conn.get_schools()) == 3


def test_a_token_from_a_file_of_the_environment_is_stripped_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with FaultServer(school()) as server:
        for name, value in {
            "PROVIDER": "oneroster",
            "HOST": server.host,
            "ACCESS_TOKEN": "open-sesame\n",
        }.items():
            monkeypatch.setenv(f"ONEROSTER_{name}", value)
        with onb.connect() as conn:
            conn.get_schools()
    assert {a.headers["Authorization"] for a in server.requests} == {"Bearer open-sesame"}


@pytest.mark.parametrize("value", ["", " ", "\n"])
def test_white_space_alone_is_not_a_secret(value: str) -> None:
    with pytest.raises(onb.errors.CredentialsError, match="needs a client_secret"):
        onb.OneRosterConnector(HOST, "an id", value)


@pytest.mark.parametrize("sign", ["\n", "\u2019", "\u200b"], ids=ascii)
def test_a_token_from_a_server_that_no_header_can_hold_is_refused_and_not_shown(
    sign: str, secret: str
) -> None:
    start, end = secrets.token_hex(8), secrets.token_hex(8)
    with (
        TokenServer({"access_token": start + sign + end}) as server,
        server.connect(secret) as conn,
        pytest.raises(onb.ConfigurationError, match=r"oauth/token.*cannot be sent") as caught,
    ):
        conn.get_schools()
    shown = everything(caught.value)
    assert start not in shown
    assert end not in shown
    assert server.asked_for_rosters() == []


def test_a_token_of_clever_that_no_header_can_hold_is_refused_and_not_shown() -> None:
    start = secrets.token_hex(8)
    listed = [{"owner": {"type": "district", "id": "d1"}, "access_token": f"{start}\nX: y"}]

    def hand_out(asked: Any, reply: Any) -> None:
        reply.status, reply.body = 200, {"data": listed}

    with (
        CleverServer({}, hand_out) as server,
        onb.CleverConnector(
            host=server.host,
            client_id="i",
            client_secret="s",
            token_url=server.url + "/oauth/tokens",
        ) as conn,
        pytest.raises(onb.ConfigurationError, match="cannot be sent") as caught,
    ):
        conn.get_schools()
    assert start not in everything(caught.value)


def test_white_space_around_a_token_from_a_server_is_not_sent(secret: str) -> None:
    with (
        TokenServer({"access_token": " from-the-server\n"}) as server,
        server.connect(secret) as conn,
    ):
        conn.get_schools()
    sent = {asked.headers["Authorization"] for asked in server.asked_for_rosters()}
    assert sent == {"Bearer from-the-server"}


def test_any_sign_can_stand_in_the_id_and_the_secret_of_clever() -> None:
    district = {"owner": {"type": "district", "id": "d1"}, "access_token": "a token"}
    seen: list[str] = []

    def hand_out(asked: Any, reply: Any) -> None:
        if asked.path == "/oauth/tokens":
            seen.append(asked.headers["Authorization"])
            reply.status, reply.body = 200, {"data": [district]}

    with (
        CleverServer({"schools": [{"id": "s1", "name": "North"}]}, hand_out) as server,
        onb.CleverConnector(
            host=server.host,
            client_id="é\u2019",
            client_secret="ü",
            token_url=server.url + "/oauth/tokens",
        ) as conn,
    ):
        assert len(conn.get_schools()) == 1
    (header,) = seen
    assert base64.b64decode(header.removeprefix("Basic ")).decode() == "é\u2019:ü"


# --- what a server sends back --------------------------------------------------------------------


def body_of(shape: str, words: str) -> bytes:
    """Make the body of an error in one of the shapes in which servers send it."""
    shapes: dict[str, Any] = {
        "description": {"imsx_description": words},
        "message": {"message": words},
        "code": {"error": words},
        "minor code": {
            "imsx_CodeMinor": {"imsx_codeMinorField": [{"imsx_codeMinorFieldValue": words}]}
        },
    }
    return json.dumps(shapes[shape]).encode()


SHAPES = ["description", "message", "code", "minor code"]


def echoing(words: Callable[[Asked], str], shape: str, status: int) -> Any:
    def behave(asked: Asked, answer: Answer) -> None:
        answer.status, answer.body = status, body_of(shape, words(asked))

    return behave


def assert_hidden(error: BaseException, *forms: str) -> None:
    shown = everything(error)
    for form in forms:
        for part in {form, form[:16], form[-16:]}:
            assert part not in shown


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("status", [400, 401, 403, 404, 418, 500, 503])
def test_an_echoed_authorization_header_is_not_shown(shape: str, status: int) -> None:
    token = secrets.token_urlsafe(24)
    behave = echoing(lambda asked: "you sent " + asked.headers["Authorization"], shape, status)
    with (
        FaultServer(school(), behave) as server,
        onb.OneRosterConnector(server.host, access_token=token, retry_seconds=0) as conn,
        pytest.raises(onb.errors.ServerError) as caught,
    ):
        conn.get_academic_sessions(progress=False)
    assert "you sent Bearer <secret>" in str(caught.value)
    assert "<secret>" in caught.value.code + caught.value.description
    assert_hidden(caught.value, token)


WRITTEN: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "in an address": lambda word: quote(word, safe=""),
    "in a path": quote,
    "in a form": quote_plus,
    "in small hex digits": lambda word: quote(word, safe="").replace("%2F", "%2f"),
    "in HTML": html.escape,
    "in JSON": lambda word: json.dumps(word)[1:-1],
    "in capitals": str.upper,
    "cut off": lambda word: word[:-3],
}


@pytest.mark.parametrize("way", WRITTEN)
def test_a_secret_is_hidden_in_any_encoding(way: str, secret: str) -> None:
    written = WRITTEN[way](secret)
    behave = echoing(lambda _: f"wrong key {written}!", "description", 400)
    with (
        FaultServer(school(), behave) as server,
        onb.OneRosterConnector(server.host, "an id", secret) as conn,
        pytest.raises(onb.errors.ServerError) as caught,
    ):
        conn.get_users("students", progress=False)
    assert "wrong key <secret>!" in str(caught.value)
    assert_hidden(caught.value, written)


@pytest.mark.parametrize("status", [400, 401, 422, 500, 200])
@pytest.mark.parametrize("client_auth", ["basic", "body"])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_token_endpoint_that_echoes_what_it_got_does_not_get_it_shown(
    secret: str, shape: str, client_auth: str, status: int
) -> None:
    basic = base64.b64encode(f"analyst:{quote_plus(secret)}".encode()).decode()
    plain = base64.b64encode(f"analyst:{secret}".encode()).decode()
    words = f"got {basic}, {plain}, {secret} and {quote_plus(secret)}."
    with (
        TokenServer(body_of(shape, words), status=status) as server,
        server.connect(secret, client_auth=client_auth) as conn,
        pytest.raises(onb.errors.ServerError) as caught,
    ):
        conn.get_users("students", progress=False)
    assert "got <secret>, <secret>" in str(caught.value)
    assert_hidden(caught.value, basic, plain, secret, quote_plus(secret))


def test_a_fetched_token_that_is_echoed_is_not_shown(secret: str) -> None:
    token = secrets.token_urlsafe(24)

    def behave(asked: Asked, answer: Answer) -> None:
        if asked.method == "GET":
            answer.status = 403
            answer.body = body_of("message", "no scope: " + asked.headers["Authorization"])

    with (
        TokenServer({"access_token": token}, behave) as server,
        server.connect(secret) as conn,
        pytest.raises(onb.ForbiddenError) as caught,
    ):
        conn.get_users("students", progress=False)
    assert "no scope: Bearer <secret>" in str(caught.value)
    assert_hidden(caught.value, token, secret)


def test_an_echoed_cookie_is_not_shown_and_a_setting_changes_no_words(secret: str) -> None:
    session = secrets.token_hex(8)

    def behave(asked: Asked, answer: Answer) -> None:
        if asked.method == "POST":
            answer.headers["Set-Cookie"] = f"SESSION={session}; Path=/"
        elif "LANG" not in asked.headers.get("Cookie", ""):
            answer.status, answer.body = 401, b"{}"
            answer.headers["Set-Cookie"] = "LANG=en; Path=/"
        else:
            answer.status = 403
            answer.body = body_of("message", f"no enrollment in session {session}")

    with (
        TokenServer({"access_token": "a-token"}, behave) as server,
        server.connect(secret) as conn,
        pytest.raises(onb.ForbiddenError) as caught,
    ):
        conn.get_academic_sessions(progress=False)
    assert "no enrollment in session <secret>" in str(caught.value)
    assert_hidden(caught.value, session)


def test_an_echoed_signature_is_not_shown() -> None:
    behave = echoing(lambda asked: asked.headers["Authorization"], "message", 401)
    with (
        FaultServer(school(), behave) as server,
        onb.OneRosterConnector(server.host, "an id", secrets.token_hex(8)) as conn,
        pytest.raises(onb.AuthenticationError) as caught,
    ):
        conn.get_users("students", progress=False)
    for asked in server.requests:
        header = asked.headers["Authorization"]
        signature = header.partition('oauth_signature="')[2].partition('"')[0]
        assert signature
        assert signature not in str(caught.value)


def test_a_secret_in_an_error_that_is_sent_as_an_answer_is_not_shown() -> None:
    token = secrets.token_urlsafe(24)

    def behave(asked: Asked, answer: Answer) -> None:
        answer.body = json.dumps({"error": f"bad {asked.headers['Authorization']}"}).encode()

    with (
        FaultServer(school(), behave) as server,
        onb.OneRosterConnector(server.host, access_token=token) as conn,
        pytest.raises(onb.AnswerError) as caught,
    ):
        conn.get_users("students", progress=False)
    assert "bad Bearer <secret>" in str(caught.value)
    assert_hidden(caught.value, token)


def test_a_secret_in_an_address_that_a_server_redirects_to_is_not_shown() -> None:
    token = secrets.token_hex(12)

    def behave(asked: Asked, answer: Answer) -> None:
        if "echo" in asked.path:
            answer.status, answer.body = 404, b"{}"
        else:
            answer.status, answer.body = 302, b""
            answer.headers["Location"] = f"/echo/{token}"

    with (
        FaultServer(school(), behave) as server,
        onb.OneRosterConnector(server.host, access_token=token) as conn,
        pytest.raises(onb.errors.NotFoundError, match="/echo/<secret>") as caught,
    ):
        conn.get_academic_sessions(progress=False)
    assert_hidden(caught.value, token)


def test_clever_hides_an_echoed_token_too() -> None:
    token = secrets.token_urlsafe(24)

    def behave(asked: Any, reply: Any) -> None:
        reply.status, reply.body = 401, {"message": f"bad {asked.headers['Authorization']}"}

    with (
        CleverServer({}, behave) as server,
        onb.CleverConnector(token, server.host) as conn,
        pytest.raises(onb.AuthenticationError, match="bad Bearer <secret>") as caught,
    ):
        conn.get_schools(progress=False)
    assert_hidden(caught.value, token)


@pytest.mark.parametrize(
    ("text", "forms", "expected"),
    [
        ("a b", [], "a b"),
        ("a b", [""], "a b"),
        ("key abc, ABC", ["abc"], "key <secret>, <secret>"),
        ("secret", ["secret", "e"], "<secret>"),
        ("abcabc", ["abc"], "<secret><secret>"),
        ("x abcdefghijklmnop y", ["abcdefghijklmnop", "abcdefghijkl"], "x <secret> y"),
        ("x abcdefghijklm... y", ["abcdefghijklmnop"], "x <secret>... y"),
        ("abcdefgh is short", ["abcdefghijklmnop"], "abcdefgh is short"),
        (".*", ["."], "<secret>*"),
    ],
)
def test_secrets_in_a_text_are_hidden(text: str, forms: list[str], expected: str) -> None:
    assert redacted(text, forms) == expected


@pytest.mark.parametrize(
    ("headers", "forms"),
    [
        ({}, {""}),
        ({"Authorization": "Bearer a-former-token"}, {"a-former-token"}),
        ({"Authorization": b"Basic YTpi"}, {"YTpi"}),
        (
            {"Authorization": 'OAuth oauth_nonce="1", oauth_signature="a%2Fb"'},
            {"a%2Fb", "a/b"},
        ),
        ({"Authorization": "Bearer t", "Cookie": "A=12345678; B=en"}, {"t", "12345678"}),
    ],
)
def test_the_secrets_of_a_request_are_those_in_its_headers(
    headers: dict[str, Any], forms: set[str]
) -> None:
    assert sent_forms(headers) == forms


# --- ~/.netrc ------------------------------------------------------------------------------------


@pytest.fixture
def netrc(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """Put a password for 127.0.0.1 into a ``.netrc``, and return how it would be sent."""
    password = secrets.token_hex(8)
    path = tmp_path / "netrc"
    path.write_text(f"machine 127.0.0.1 login analyst password {password}\n")
    path.chmod(0o600)
    monkeypatch.setenv("NETRC", str(path))
    return "Basic " + base64.b64encode(f"analyst:{password}".encode()).decode()


@pytest.mark.parametrize("client_auth", ["basic", "body"])
def test_netrc_is_sent_neither_for_a_token_nor_for_a_roster(
    netrc: str, client_auth: str, secret: str
) -> None:
    with (
        TokenServer({"access_token": "a-token"}) as server,
        server.connect(secret, client_auth=client_auth) as conn,
    ):
        assert len(conn.get_users("students")) == 6
    for asked in server.requests:
        assert asked.headers.get("Authorization") != netrc
    if client_auth == "body":
        assert [a.headers.get("Authorization") for a in server.asked_for_tokens()] == [None]


def test_netrc_is_not_sent_by_other_ways_to_sign(netrc: str, secret: str) -> None:
    for account in ({"client_id": "an id", "client_secret": secret}, {"access_token": "a-token"}):
        with (
            FaultServer(school()) as server,
            onb.OneRosterConnector(server.host, **account) as conn,
        ):
            conn.get_users("students")
        assert netrc not in [asked.headers.get("Authorization") for asked in server.requests]


def test_the_proxy_of_the_environment_is_still_used(
    monkeypatch: pytest.MonkeyPatch, secret: str
) -> None:
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with (
        TokenServer({"access_token": "a-token"}) as server,
        pytest.raises(onb.ConnectionFailedError),
        server.connect(secret) as conn,
    ):
        conn.get_users("students")
    assert server.requests == []


# --- settings of the machine, and redirects to nowhere -------------------------------------------


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
@pytest.mark.parametrize("with_tokens", [False, True])
def test_a_missing_ca_file_is_named(
    monkeypatch: pytest.MonkeyPatch, variable: str, with_tokens: bool, secret: str
) -> None:
    monkeypatch.setenv(variable, "/nowhere/authority.pem")
    url = "https://127.0.0.1:9"
    token_url = f"{url}/token" if with_tokens else None
    with (
        onb.OneRosterConnector(
            f"{url}/ims/oneroster/v1p1/", "an id", secret, token_url=token_url
        ) as conn,
        pytest.raises(onb.ConfigurationError) as caught,
    ):
        conn.get_users("students", progress=False)
    assert_clear(caught.value, variable, "/nowhere/authority.pem")


@pytest.mark.parametrize(
    "target",
    ["http://[::1", "http://[", "https://h:99999/", "mailto:a@b", "http://\u200b/", ""],
)
def test_a_redirect_to_no_address_is_an_error_of_ours(target: str) -> None:
    def behave(asked: Asked, answer: Answer) -> None:
        answer.status, answer.body = 302, b""
        answer.headers["Location"] = target.encode().decode("latin-1")

    with (
        FaultServer(school(), behave) as server,
        onb.OneRosterConnector(server.host, access_token="a-token") as conn,
        pytest.raises(onb.AnswerError, match="redirects") as caught,
    ):
        conn.get_academic_sessions(progress=False)
    assert_clear(caught.value)


def test_a_token_endpoint_that_redirects_to_no_address_is_an_error_of_ours(secret: str) -> None:
    with (
        TokenServer(b"", status=302, headers={"Location": "http://[::1"}) as server,
        server.connect(secret) as conn,
        pytest.raises(onb.AuthenticationError, match="token_url") as caught,
    ):
        conn.get_users("students", progress=False)
    assert_clear(caught.value)


@pytest.mark.parametrize("status", [400, 500])
def test_an_error_body_that_is_nested_deeply_is_an_error_of_ours(status: int) -> None:
    def behave(asked: Asked, answer: Answer) -> None:
        answer.status, answer.body = status, b"[" * 100_000

    with (
        FaultServer(school(), behave) as server,
        onb.OneRosterConnector(server.host, access_token="a-token", retry_seconds=0) as conn,
        pytest.raises(onb.errors.ServerError),
    ):
        conn.get_users("students", progress=False)


# --- logs ----------------------------------------------------------------------------------------


def test_logs_at_debug_hold_no_query(caplog: pytest.LogCaptureFixture, secret: str) -> None:
    caplog.set_level(logging.DEBUG)
    word = secrets.token_hex(8)
    with (
        TokenServer({"access_token": "a-token"}, query=f"?apikey={word}") as server,
        server.connect(secret) as conn,
    ):
        conn.get_users("students")
    assert '"POST /oauth/token HTTP/1.1" 200' in caplog.text
    assert word not in caplog.text
    assert "limit=" not in caplog.text


def test_a_traceback_with_its_variables_shows_no_environment(
    monkeypatch: pytest.MonkeyPatch, secret: str
) -> None:
    monkeypatch.setenv("ONEROSTER_CLIENT_SECRET", secret)
    monkeypatch.setenv("ONEROSTER_PROFILE", "lincoln")
    monkeypatch.setenv("SOMETHING_ELSE", secret)
    for call in (onb.connect, lambda: onb.connect("oneroster"), lambda: onb.connect("clever")):
        with pytest.raises(onb.ConfigurationError) as caught:
            call()
        assert_hidden(caught.value, secret)
