"""TLS failures are explained; the servers and their certificates are real."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sfterritory.connectors import http
from sfterritory.connectors.salesforce.fault_table import Act
from sfterritory.connectors.salesforce.faults import fault_of
from sfterritory.connectors.salesforce.transport import Observed, open_session

# Certificates have a time of their own, which the machine's clock decides about.
TODAY = dt.datetime.now(dt.UTC)  # noqa: TID251 - see above


def certificate(folder: Path, *, name: str, days: int) -> Path:
    """Write key and self-signed certificate for a host, valid from last year until in `days`."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(TODAY - dt.timedelta(days=365))
        .not_valid_after(TODAY + dt.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([_san(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


def _san(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


class _Quiet(BaseHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Say nothing."""


class _Server(HTTPServer):
    def handle_error(self, *_: object) -> None:
        """A handshake that the client breaks off is what is wanted."""


@contextmanager
def tls_server(pem: Path) -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    with _Server(("127.0.0.1", 0), _Quiet) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield f"https://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("name", "days", "trusted", "says", "remedy"),
    [
        pytest.param(
            "127.0.0.1", 30, False, "signed by nobody that this machine trusts", "without a proxy",
            id="self-signed",
        ),
        pytest.param(
            "other.example", 30, True, "made out to another name", "correct the instance URL",
            id="another-name",
        ),
        pytest.param("127.0.0.1", -1, True, "outside its time", "clock", id="expired"),
    ],
)  # fmt: skip
def test_a_certificate_that_is_refused_is_explained_and_nothing_is_tried_again(
    tmp_path: Path, name: str, days: int, *, trusted: bool, says: str, remedy: str
) -> None:
    pem = certificate(tmp_path, name=name, days=days)
    with tls_server(pem) as url:
        session = open_session(Observed(), read_timeout_seconds=5)
        session.verify = str(pem) if trusted else True

        with pytest.raises(requests.exceptions.SSLError) as caught:
            session.get(f"{url}/services/data?token=canary")
        session.close()

    fault = fault_of(caught.value)
    assert (fault.code, fault.act) == ("tls", Act.STOP)
    assert says in fault.message
    assert url in fault.message
    assert "canary" not in fault.message
    assert remedy in fault.remedy
    assert fault.nothing_happened


def test_the_other_http_library_explains_it_too(tmp_path: Path) -> None:
    with (
        tls_server(certificate(tmp_path, name="127.0.0.1", days=30)) as url,
        http.open_client(url) as client,
        pytest.raises(http.HttpError) as caught,
    ):
        client.get("/services/data")

    fault = fault_of(caught.value)
    assert (fault.code, fault.act) == ("tls", Act.STOP)
    assert "signed by nobody that this machine trusts" in fault.message


def test_a_server_without_tls_is_no_wrong_certificate() -> None:
    with _Server(("127.0.0.1", 0), _Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        session = open_session(Observed(), read_timeout_seconds=5)
        with pytest.raises(requests.exceptions.SSLError) as caught:
            session.get(f"https://127.0.0.1:{server.server_port}/")
        session.close()
        server.shutdown()
        thread.join()

    fault = fault_of(caught.value)
    assert "the TLS connection failed" in fault.message
    assert "no proxy stands between" in fault.remedy
    assert not fault.nothing_happened  # it may as well come after a request was sent
