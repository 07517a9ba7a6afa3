"""A server whose certificate does not verify is told nothing."""

import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme
from helpers.clear import assert_clear
from helpers.faultserver import FaultServer
from helpers.records import school

from oneroster_nb import OneRosterConnector, errors

Connect = Callable[..., OneRosterConnector]


def _serving(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def _trust(authority: trustme.CA, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    path = folder / "authority.pem"
    authority.cert_pem.write_to_path(path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(path))


def test_a_certificate_of_an_unknown_authority(connected: Connect) -> None:
    certificate = trustme.CA().issue_cert("127.0.0.1")
    with FaultServer(school(), tls=_serving(certificate)) as server:
        with pytest.raises(errors.CertificateError) as caught:
            connected(server).get_users("students")

        assert server.requests == []

    assert isinstance(caught.value, ConnectionError)
    assert_clear(caught.value, "127.0.0.1", "does not verify", "REQUESTS_CA_BUNDLE")


def test_a_certificate_of_another_name(
    connected: Connect, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    authority = trustme.CA()
    _trust(authority, monkeypatch, tmp_path)
    certificate = authority.issue_cert("other.example")
    with FaultServer(school(), tls=_serving(certificate)) as server:
        with pytest.raises(errors.CertificateError) as caught:
            connected(server).get_users("students")

        assert server.requests == []

    assert_clear(caught.value, "127.0.0.1", "does not verify")


def test_a_certificate_of_an_authority_that_is_trusted(
    connected: Connect, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    authority = trustme.CA()
    _trust(authority, monkeypatch, tmp_path)
    with FaultServer(school(), tls=_serving(authority.issue_cert("127.0.0.1"))) as server:
        assert len(connected(server).get_users("students")) == 6


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
@pytest.mark.parametrize("content", ["", "no certificate\n", "-----BEGIN CERTIFICATE-----\nno"])
@pytest.mark.parametrize("with_tokens", [False, True])
def test_a_ca_file_without_certificates_is_named(
    connected: Connect,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    variable: str,
    content: str,
    with_tokens: bool,
) -> None:
    path = tmp_path / "garbage.pem"
    path.write_text(content)
    monkeypatch.setenv(variable, str(path))
    certificate = trustme.CA().issue_cert("127.0.0.1")
    with FaultServer(school(), tls=_serving(certificate)) as server:
        options = {"token_url": f"{server.url}/oauth/token"} if with_tokens else {}
        with pytest.raises(errors.ConfigurationError) as caught:
            connected(server, **options).get_users("students")

        assert server.requests == []

    assert_clear(caught.value, variable, str(path))
    assert "127.0.0.1" not in str(caught.value)
