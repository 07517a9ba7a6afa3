"""A client secret is never shown: not by a repr, a log, a traceback, a copy or a pickle."""

import copy
import io
import logging
import pickle
import pprint
import secrets
import socket
import ssl
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from types import ModuleType
from typing import Any

import pytest
import trustme
from helpers.faults import Silence, bare_list, cut, dropped, html, redirect, status, totals
from helpers.faultserver import FaultServer
from helpers.records import school

from oneroster_nb import OneRosterConnector, connect, errors
from oneroster_nb.demo.server.embedded import DemoServer

Connect = Callable[..., OneRosterConnector]


@pytest.fixture
def secret() -> str:
    """Make up a secret, with signs that are written in another way in URLs and in JSON."""
    return f"{secrets.token_hex(8)}/ ~&'\"{secrets.token_hex(8)}"


def assert_hidden(secret: str, *texts: str) -> None:
    """Check that neither the secret nor a half of it, however written, is in the texts."""
    for text in texts:
        assert secret not in text
        assert secret[:16] not in text
        assert secret[-16:] not in text


def parts_of(thing: object, seen: set[int] | None = None) -> Iterator[object]:
    """Return an object, all that ``vars()`` finds in it, and so on down."""
    seen = set() if seen is None else seen
    if id(thing) in seen or isinstance(thing, type | ModuleType | str | bytes | int | None):
        return
    seen.add(id(thing))
    yield thing
    inner: Iterable[object] = ()
    if isinstance(thing, dict):
        inner = list(thing.values())
    elif isinstance(thing, list | tuple | set | frozenset):
        inner = list(thing)
    if hasattr(thing, "__dict__"):
        inner = [*inner, *vars(thing).values()]
    for part in inner:
        yield from parts_of(part, seen)


def printed(thing: object) -> list[str]:
    """Return an object as people print it."""
    texts = [repr(thing), str(thing), format(thing), f"{thing}", f"{thing!r}"]
    if hasattr(thing, "__dict__"):
        texts += [repr(vars(thing)), pprint.pformat(vars(thing))]
    return [*texts, pprint.pformat(thing)]


def test_printing_a_connector_shows_no_secret(server: DemoServer, connected: Connect) -> None:
    connector = connected(server)

    assert_hidden(server.client_secret, *printed(connector), *printed(connector.client_secret))
    assert server.host in repr(connector)

    connector.get_users("students", "courses", "Econ 101")
    for part in parts_of(connector):
        assert_hidden(server.client_secret, *printed(part))


def test_printing_a_demo_shows_no_secret() -> None:
    with connect("demo") as connector:
        # What owns the server knows the secret; nothing that is printed says it.
        assert_hidden(connector.client_secret.reveal(), *printed(connector))


def test_the_html_of_a_notebook_shows_no_secret(server: DemoServer, connected: Connect) -> None:
    connector = connected(server)

    for name in ("_repr_html_", "_repr_mimebundle_", "_repr_pretty_"):
        assert not hasattr(connector, name)  # so that the repr above is all that is shown


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_a_copy_shows_no_more_than_the_original(
    server: DemoServer, connected: Connect, copied: Callable[[object], object]
) -> None:
    connector = connected(server)
    for thing in (connector, connector.client_secret):
        try:
            twin = copied(thing)
        except (TypeError, errors.RosterError) as refusal:
            assert_hidden(server.client_secret, str(refusal))
        else:
            assert_hidden(server.client_secret, *printed(twin))


def test_a_pickle_holds_no_secret(server: DemoServer, connected: Connect) -> None:
    connector = connected(server)
    for thing in (connector, connector.client_secret, vars(connector)):
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            with pytest.raises((TypeError, errors.RosterError)) as caught:
                pickle.dumps(thing, protocol)
            assert_hidden(server.client_secret, str(caught.value))


def test_everything_that_is_logged_or_printed_at_debug_shows_no_secret(
    server: DemoServer, caplog: pytest.LogCaptureFixture
) -> None:
    out, err = io.StringIO(), io.StringIO()
    caplog.set_level(logging.DEBUG)
    with (
        redirect_stdout(out),
        redirect_stderr(err),
        OneRosterConnector(server.host, server.client_id, server.client_secret) as connector,
    ):
        connector.get_users("students", "courses", "Econ 101")
        connector.get_classes({"title": "Econ 101"})

    assert_hidden(server.client_secret, caplog.text, out.getvalue(), err.getvalue())


def test_logs_at_debug_hold_no_header_no_body_and_no_person(
    connected: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    """Asked of a server without logs of its own, so that what is found is ours."""
    caplog.set_level(logging.DEBUG)
    with FaultServer(school()) as server:
        connector = connected(server)
        frame = connector.get_users("students", "classes", "Art section 1")
        connector.get_enrollments({"userSourcedId": "c1-p1"})
        signatures = [
            asked.headers["Authorization"].partition('oauth_signature="')[2].partition('"')[0]
            for asked in server.requests
        ]

    assert all(signatures)
    for word in [*signatures, "oauth_signature", "Authorization", *frame["givenName"], "c1-p1"]:
        assert word not in caplog.text
    for address in frame["email"]:
        assert address not in caplog.text


# --- errors ----------------------------------------------------------------------------------


def _unlistening(**options: Any) -> OneRosterConnector:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return OneRosterConnector(f"http://127.0.0.1:{port}/ims/oneroster/v1p1/", **options)


def failing(secret: str) -> Iterator[tuple[type[Exception], Callable[[], object]]]:
    """Return calls that fail, each in another way, by connectors that hold the secret."""
    given: dict[str, Any] = {"client_id": "an id", "client_secret": secret, "retry_seconds": 0}

    def against(*behaviours: Any, **options: Any) -> Callable[[], object]:
        def ask() -> object:
            with (
                FaultServer(school(students=5), *behaviours) as server,
                OneRosterConnector(server.host, **{**given, **options}) as connector,
            ):
                try:
                    return connector.get_users("students", "courses", "Art 101")
                finally:
                    for behaviour in behaviours:
                        if isinstance(behaviour, Silence):
                            behaviour.end()

        return ask

    def untrusted() -> object:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
        with (
            FaultServer({}, tls=context) as server,
            OneRosterConnector(server.host, **given) as connector,
        ):
            return connector.get_users("students")

    def no_server() -> object:
        with _unlistening(**given) as connector:
            return connector.get_users("students")

    def question(**arguments: Any) -> Callable[[], object]:
        def ask() -> object:
            with (
                FaultServer(school()) as server,
                OneRosterConnector(server.host, **given) as connector,
            ):
                return connector.get_users(**arguments)

        return ask

    def cancel(_progress: object) -> None:
        raise errors.CancelledError("enough")

    yield errors.QueryError, question(user_filter="pupils")
    yield errors.QueryError, question(group_filter="classes", group_name="A", match_on="titel")
    yield errors.ConfigurationError, lambda: OneRosterConnector("example.org", **given)
    yield errors.ConfigurationError, lambda: OneRosterConnector("http://example.org", **given)
    yield errors.ConfigurationError, lambda: connect("nothing", host="https://x.example", **given)
    yield (
        errors.CredentialsError,
        lambda: OneRosterConnector("https://example.org", client_secret=secret),
    )
    yield errors.ConnectionFailedError, no_server
    yield errors.ConnectionFailedError, against(dropped)
    yield errors.CertificateError, untrusted
    yield errors.NoAnswerError, against(Silence(), timeout=(1, 0.1))
    yield errors.AuthenticationError, against(status(401))
    yield errors.ForbiddenError, against(status(403))
    yield errors.NotFoundError, against(status(404))
    yield errors.ServerError, against(status(400))
    yield errors.UnavailableError, against(status(503))
    yield errors.AnswerError, against(html())
    yield errors.AnswerError, against(cut)
    yield errors.AnswerError, against(redirect("https://elsewhere.example/"))
    yield errors.IncompleteError, against(totals(20))
    yield errors.CancelledError, question(progress=cancel)


KINDS = [kind for kind, _ in failing("")]


@pytest.mark.parametrize(
    "number", range(len(KINDS)), ids=[f"{n} {kind.__name__}" for n, kind in enumerate(KINDS)]
)
def test_a_traceback_with_its_variables_shows_no_secret(
    secret: str, number: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    kind, fail = list(failing(secret))[number]
    with warnings.catch_warnings(record=True) as warned, pytest.raises(kind) as caught:
        fail()

    # The frames of this module know the secret: those of the package must not show it.
    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    errors_shown: list[traceback.TracebackException] = []
    following: traceback.TracebackException | None = shown
    while following is not None:
        errors_shown.append(following)
        following = following.__cause__ or following.__context__
    for error in errors_shown:
        assert_hidden(secret, "".join(error.format_exception_only()))
        for frame in error.stack:
            if frame.filename != __file__:
                assert_hidden(secret, repr(frame.locals))
    assert_hidden(secret, caplog.text, *(str(warning.message) for warning in warned))
    assert_hidden(secret, repr(caught.value), repr(vars(caught.value)))


def test_every_kind_of_error_of_a_live_source_is_among_them() -> None:
    local = {errors.SnapshotError, errors.BundleError}
    elsewhere = {errors.RosterError, errors.NotProvidedError, *local}
    every = {
        error
        for error in vars(errors).values()
        if isinstance(error, type) and issubclass(error, errors.RosterError)
    }
    assert every - elsewhere == set(KINDS)


def test_a_server_that_sends_the_secret_back_does_not_get_it_shown(
    secret: str, connected: Connect
) -> None:
    """A server may quote what it was sent; its words are shown, the signature is not."""

    def echo(asked: Any, answer: Any) -> None:
        answer.status = 400
        answer.body = b'{"imsx_description": "bad request"}'
        answer.headers["X-Echo"] = asked.headers["Authorization"]

    with FaultServer(school(), echo) as server, pytest.raises(errors.ServerError) as caught:
        connected(server, client_secret=secret).get_users("students")

    assert "oauth_" not in str(caught.value)
    assert "oauth_" not in repr(vars(caught.value))


def test_nothing_is_sent_to_another_host(secret: str, connected: Connect) -> None:
    with FaultServer(school()) as other, FaultServer(school(), redirect(other.host)) as server:
        with pytest.raises(errors.AnswerError, match="redirects"):
            connected(server, client_secret=secret).get_users("students")

        assert other.requests == []


def test_a_bare_list_is_read_like_any_other(connected: Connect) -> None:
    with FaultServer(school(), bare_list) as server:
        assert len(connected(server).get_users("students")) == 6
