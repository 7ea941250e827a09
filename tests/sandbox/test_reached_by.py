"""How clients reach the sandbox: names of headers, TLS, and a TLS front."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from sandbox.client import DATA, Org
from sfterritory.sandbox.failure import SandboxError
from sfterritory.sandbox.running import TlsFiles, running_sandbox


def certificate(folder: Path) -> TlsFiles:
    """Write a throw-away certificate for 127.0.0.1, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sandbox")])
    now = datetime.now(UTC)  # noqa: TID251 - TLS judges by the real clock
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    files = TlsFiles(folder / "cert.pem", folder / "key.pem")
    files.certificate.write_bytes(built.public_bytes(Encoding.PEM))
    files.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return files


def credentials(org: Org) -> dict[str, str]:
    return {
        "grant_type": "client_credentials",
        "client_id": org.handle.client_id,
        "client_secret": org.handle.client_secret,
    }


def test_names_of_headers_are_written_as_the_platform_writes_them(reading_org: Org) -> None:
    answer = reading_org.get("/sobjects/Account/describe")

    names = {name.decode() for name, _ in answer.headers.raw}
    assert {"Content-Type", "Content-Length", "Date", "ETag", "Sforce-Limit-Info"} <= names


def test_a_sandbox_with_a_certificate_speaks_tls_and_names_https_addresses(
    state_file: Path, tmp_path: Path
) -> None:
    files = certificate(tmp_path)
    trusting = ssl.create_default_context(cafile=str(files.certificate))
    with running_sandbox(state_file, tls=files) as handle, Org(handle) as org:
        url, form = handle.url, credentials(org)
        with httpx.Client(base_url=url, verify=trusting, trust_env=False) as client:
            signed_in = client.post("/services/oauth2/token", data=form).json()
            bearer = {"Authorization": f"Bearer {signed_in['access_token']}"}
            limits = client.get(f"{DATA}/limits", headers=bearer)

    assert url.startswith("https://127.0.0.1:")
    assert signed_in["instance_url"] == url
    assert limits.status_code == 200


def test_a_certificate_that_is_none_is_refused(state_file: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.pem"
    broken.write_text("no certificate")

    with pytest.raises(SandboxError, match="cannot be used"):
        running_sandbox(state_file, tls=TlsFiles(broken, broken)).__enter__()


@pytest.mark.parametrize(
    ("host", "followed"),
    [("127.0.0.1:8443", True), ("localhost:8443", True), ("elsewhere.invalid", False)],
)
def test_a_tls_front_on_this_machine_is_named_as_the_instance(
    reading_org: Org, host: str, *, followed: bool
) -> None:
    headers = {"Host": host, "X-Forwarded-Proto": "https"}

    answer = reading_org.http.post(
        "/services/oauth2/token", data=credentials(reading_org), headers=headers
    )

    expected = f"https://{host}" if followed else reading_org.handle.url
    assert answer.json()["instance_url"] == expected
