"""No secret is ever written: not to the project, the store, a plan, the log, stdout or stderr."""

from __future__ import annotations

import base64
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote_plus

import pytest
from connectors.salesforce.cassette import recording
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from docs.page import ROOT

from end_to_end.conftest import ORG_FILE, Environ
from end_to_end.desk import Desk, Shown, records
from sfterritory.sandbox.api.oauth.grant import Grant, new_refresh_token
from sfterritory.sandbox.running import SandboxHandle, running_sandbox
from sfterritory.sandbox.seed import seed_org
from sfterritory.sandbox.switches import Switches

pytestmark = pytest.mark.slow

WRONG = "wrong-canary-7f3a9b"


def pem_of(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def place(tmp_path: Path, key: rsa.RSAPrivateKey) -> Iterator[tuple[Desk, SandboxHandle]]:
    seed_org(tmp_path / ORG_FILE, accounts=60, leads=20, reps=3)
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    switches = Switches(refresh_token_rotation=True)
    with running_sandbox(tmp_path / ORG_FILE, jwt_public_key=public, switches=switches) as org:
        yield Desk(tmp_path / "project"), org


def canaries(org: SandboxHandle, pem: str) -> dict[str, bytes]:
    """Return every secret of the run in each form in which it might be written somewhere."""
    plain = {
        "client secret": org.client_secret,
        "ready token": org.access_token,
        "wrong secret": WRONG,
        **{f"key, line {at}": line for at, line in enumerate(pem.splitlines()) if len(line) > 40},
    }
    with org.state.reading() as connection:
        sql = "SELECT token FROM _token UNION SELECT token FROM _refresh_token"
        tokens = [token for (token,) in connection.execute(sql)]
    plain |= {f"token {at}": token for at, token in enumerate(tokens)}
    basic = base64.b64encode(f"{org.client_id}:{org.client_secret}".encode()).decode()
    found = {"basic": basic.encode()}
    for name, secret in plain.items():
        found[name] = secret.encode()
        found[f"{name}, quoted"] = quote_plus(secret).encode()
    return found


def chain(desk: Desk, org: SandboxHandle) -> Iterator[Shown]:
    """Run the whole job, and what fails on the way."""
    yield desk.run("doctor")
    yield desk.run("doctor", "--show-config", "--json")
    yield desk.run("pull")
    yield desk.run("build")
    yield desk.run("route")
    yield desk.run("plan")
    plan = desk.ask("show")["hash"]
    yield desk.run("apply", plan, code=6)
    yield desk.run("approve", plan, "--by", "ben")
    yield desk.run("apply", plan)
    yield desk.run("show", "--format", "html")
    yield desk.run("why", min(records(org, "Account")["Account"]))
    yield desk.run("status", "--json")
    yield desk.run("log", "--json")
    yield desk.run("revert", "latest")


def failing(desk: Desk, environ: Environ) -> Iterator[Shown]:
    """Sign in with what is wrong, in every way, and give a secret to keys that take none."""
    cleared = dict.fromkeys(
        [
            "SFTERRITORY_CLIENT_SECRET",
            "SFTERRITORY_PRIVATE_KEY_FILE",
            "SFTERRITORY_ACCESS_TOKEN",
            "SFTERRITORY_REFRESH_TOKEN",
            "SFTERRITORY_REFRESH_TOKEN_FILE",
        ],
        "",
    )
    for wrong in ("CLIENT_SECRET", "PRIVATE_KEY", "REFRESH_TOKEN", "ACCESS_TOKEN"):
        environ({**cleared, f"SFTERRITORY_{wrong}": WRONG, "SFTERRITORY_USERNAME": "bot"})
        for words in (["pull"], ["doctor"], ["pull", "--json"], ["doctor", "--show-config"]):
            shown = desk.try_(*words)
            assert shown.code in {1, 7} or "--show-config" in words
            yield shown
        environ({f"SFTERRITORY_{wrong}": ""})
    path = desk.root / "sfterritory.yaml"
    before = path.read_text("utf-8")
    path.write_text(
        f"{before}\nprofiles: {{a: {{sign_in: jwt, secret: {WRONG}, password: {WRONG}}}}}\n",
        encoding="utf-8",
    )
    yield desk.run("pull", code=1)
    path.write_text(before, encoding="utf-8")


def test_no_secret_is_found_in_anything_that_the_whole_job_leaves_behind(
    place: tuple[Desk, SandboxHandle], environ: Environ, tmp_path: Path, key: rsa.RSAPrivateKey
) -> None:
    desk, org = place
    pem = pem_of(key)
    (tmp_path / "key.pem").write_text(pem, encoding="utf-8")
    (tmp_path / "key.pem").chmod(0o600)
    started_s = time.time()  # noqa: TID251 - crash reports are found by their age
    shown: list[Shown] = [desk.run("init", str(desk.root))]
    base = {"SFTERRITORY_INSTANCE_URL": org.url, "SFTERRITORY_CLIENT_ID": org.client_id}

    environ({**base, "SFTERRITORY_CLIENT_SECRET": org.client_secret})
    shown += chain(desk, org)
    environ({"SFTERRITORY_CLIENT_SECRET": "", "SFTERRITORY_ACCESS_TOKEN": org.access_token})
    shown.append(desk.run("pull"))
    user = org.state.credentials().run_as_user_id
    environ(
        {
            "SFTERRITORY_ACCESS_TOKEN": "",
            "SFTERRITORY_PRIVATE_KEY_FILE": str(tmp_path / "key.pem"),
            "SFTERRITORY_USERNAME": records(org, "User")["User"][user]["Username"],
        }
    )
    shown.append(desk.run("pull", "--full"))
    (tmp_path / "refresh").write_text(consent(org), encoding="utf-8")
    (tmp_path / "refresh").chmod(0o600)
    environ(
        {
            "SFTERRITORY_PRIVATE_KEY_FILE": "",
            "SFTERRITORY_CLIENT_SECRET": org.client_secret,
            "SFTERRITORY_REFRESH_TOKEN_FILE": str(tmp_path / "refresh"),
        }
    )
    org.fault("end_sessions", after=5)
    shown.append(desk.run("pull", "--full"))
    with recording(str(desk.root / "tape"), heading="Recorded against the sandbox."):
        shown.append(desk.run("doctor"))
    assert "refresh_token=scrubbed" in (desk.root / "tape.yaml").read_text("utf-8")
    environ({"SFTERRITORY_REFRESH_TOKEN_FILE": "", "SFTERRITORY_REFRESH_TOKEN": consent(org)})
    shown.append(desk.run("pull"))  # rotated, and lost: the warning may not show it
    shown += failing(desk, environ)

    wanted = canaries(org, pem)
    assert len(wanted) > 20
    outputs = ((Path(f"output {at}"), one.raw + one.err.encode()) for at, one in enumerate(shown))
    assert hits(wanted, [*written(desk, since_s=started_s), *outputs]) == []

    (desk.root / "planted").write_text(f"x{quote_plus(org.access_token)}x", encoding="utf-8")
    assert [name for name, _ in hits(wanted, written(desk, since_s=started_s))] == [
        "ready token, quoted"
    ]


def hits(
    wanted: Mapping[str, bytes], contents: Iterable[tuple[Path, bytes]]
) -> list[tuple[str, str]]:
    return [
        (name, str(file))
        for file, content in contents
        for name, secret in wanted.items()
        if secret in content
    ]


def consent(org: SandboxHandle) -> str:
    """Return the refresh token that a person's consent in a browser would have given."""
    grant = Grant(org.state.credentials().run_as_user_id, "refresh_token api", family="consent")
    with org.state.writing() as connection:
        return new_refresh_token(connection, grant, client_id=org.client_id, state=org.state)


def written(desk: Desk, *, since_s: float) -> Iterator[tuple[Path, bytes]]:
    """Yield every file of the project, the cassettes, and crash reports of this run."""
    crashes = Path(tempfile.gettempdir()).glob("sfterritory-crash-*.txt")
    for file in [
        *sorted(desk.root.rglob("*")),
        *sorted((ROOT / "cassettes").rglob("*")),
        *(one for one in crashes if one.stat().st_mtime >= since_s),
    ]:
        if file.is_file() and file.parent.name != "reference":  # derived from packages
            yield file, file.read_bytes()
