"""The login of the `sf` command: a real process of that name answers, as each version does."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sfterritory.connectors.salesforce.credentials import SfCli, credentials_from
from sfterritory.connectors.salesforce.org import sign_in
from sfterritory.connectors.salesforce.sf_cli import sf_login
from sfterritory.errors import SignInError

from .fault_server import EXPIRED, ORG_ID, USER_ID, FaultServer, json_answer

TOKEN = f"{ORG_ID[:15]}!canary"
REDACTED = "[REDACTED] Use 'sf org auth show-access-token' to view"
LIMITS = json_answer({"DailyApiRequests": {"Max": 15000, "Remaining": 14976}})
WHO = json_answer({"identity": f"https://login.salesforce.com/id/{ORG_ID}/{USER_ID}"})
PROGRAM = """#!{python}
import json, os, pathlib, sys, time
folder = pathlib.Path({folder!r})
with (folder / "asked").open("a") as log:
    log.write(json.dumps(sys.argv[1:]) + "\\n")
if any("SFTERRITORY" in name for name in os.environ):
    sys.exit("our secrets were handed on")
answers = json.loads((folder / "answers").read_text())
name = "show" if "show-access-token" in sys.argv else "display"
answer = answers[name]
time.sleep(answer.get("sleep", 0))
print(answer["text"] if "text" in answer else json.dumps(answer))
sys.exit(answer.get("status", 0))
"""

Install = Callable[..., Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Return how to put an `sf` with given answers on the PATH; it logs what it was asked."""

    def put(**answers: object) -> Path:
        program = tmp_path / "sf"
        program.write_text(PROGRAM.format(python=sys.executable, folder=str(tmp_path)), "utf-8")
        program.chmod(0o700)
        (tmp_path / "answers").write_text(json.dumps(answers), encoding="utf-8")
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.setenv("SFTERRITORY_CLIENT_SECRET", "none of sf's business")
        return tmp_path / "asked"

    return put


def display(url: str, **more: object) -> dict[str, object]:
    result = {
        "id": ORG_ID,
        "instanceUrl": url,
        "username": "ann@acme.example",
        "connectedStatus": "Connected",
        "accessToken": TOKEN,
        **more,
    }
    return {"status": 0, "result": result, "warnings": []}


def test_sfs_login_opens_the_org(install: Install, server: FaultServer) -> None:
    asked = install(display=display(server.url))
    server.on("GET", "", WHO)

    with sign_in(credentials_from({"SFTERRITORY_SF_ALIAS": "uat"})) as org:
        assert (org.org_id, org.user_id) == (ORG_ID, USER_ID)
        assert org.instance_url == server.url

    words = [json.loads(line) for line in asked.read_text("utf-8").splitlines()]
    assert words == [["org", "display", "--target-org", "uat", "--verbose", "--json"]]


def test_a_newer_sf_that_hides_tokens_is_asked_for_it(
    install: Install, server: FaultServer
) -> None:
    asked = install(
        display=display(server.url, accessToken=REDACTED),
        show={"status": 0, "result": {"accessToken": TOKEN}},
    )

    found = sf_login("uat")

    assert found.token.get_secret_value() == TOKEN
    assert TOKEN not in repr(found)
    assert json.loads(asked.read_text("utf-8").splitlines()[1]) == [
        "org", "auth", "show-access-token", "--target-org", "uat", "--json",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "says", "remedy"),
    [
        pytest.param(
            {
                "status": 1,
                "name": "NamedOrgNotFoundError",
                "message": "No authorization information found for uat.",
            },
            "NamedOrgNotFoundError: No authorization information found for uat",
            "sf org login web --alias uat",
            id="unknown-org",
        ),
        pytest.param(
            display("https://acme.my.salesforce.com", connectedStatus="RefreshTokenAuthError"),
            "has ended: RefreshTokenAuthError",
            "sf org login web --alias uat",
            id="expired",
        ),
        pytest.param(
            display("https://acme.lightning.force.com"),
            "the API is at https://acme.my.salesforce.com",
            "My Domain",
            id="browser-host",
        ),
        pytest.param(
            {"text": f"Warning: {TOKEN}"}, "without a JSON answer", "by hand", id="no-json"
        ),
        pytest.param({"status": 0, "result": []}, "no reason given", "sf org list", id="no-result"),
    ],
)
def test_a_login_that_cannot_be_used_says_what_to_run(
    install: Install, answer: dict[str, object], says: str, remedy: str
) -> None:
    install(display=answer)

    with pytest.raises(SignInError) as caught:
        sf_login("uat")

    assert says in caught.value.problem
    assert remedy in caught.value.remedy
    assert TOKEN not in f"{caught.value.problem}{caught.value.remedy}"


def test_a_machine_without_sf_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(SignInError, match="`sf` is not on the PATH") as caught:
        sf_login("uat")

    assert "install the Salesforce CLI" in caught.value.remedy


def test_an_sf_that_hangs_is_ended(install: Install) -> None:
    install(display={**display("https://acme.my.salesforce.com"), "sleep": 30})

    with pytest.raises(SignInError, match=r"did not answer within 0\.3 seconds"):
        sf_login("uat", time_limit_seconds=0.3)


def test_a_session_that_ends_is_renewed_by_asking_sf_again(
    install: Install, server: FaultServer
) -> None:
    install(display=display(server.url))
    server.on("GET", "", WHO)
    server.on("GET", "/limits", EXPIRED, LIMITS)

    with sign_in(SfCli(alias="uat")) as org:
        install(display=display(server.url, accessToken=f"{TOKEN}2"))
        org.limits()

    (*_, last) = server.calls("GET", "/limits")
    assert last.headers["Authorization"] == f"Bearer {TOKEN}2"


def test_an_sf_that_gives_the_dead_token_again_is_asked_once(
    install: Install, server: FaultServer
) -> None:
    asked = install(display=display(server.url))
    server.on("GET", "", WHO)
    server.on("GET", "/limits", EXPIRED)

    with (
        sign_in(SfCli(alias="uat")) as org,
        pytest.raises(SignInError, match="the same dead token again") as caught,
    ):
        org.limits()

    assert "sf org login web --alias uat" in caught.value.remedy
    assert len(asked.read_text("utf-8").splitlines()) == 2


def test_an_alias_that_leads_elsewhere_than_configured_is_refused(
    install: Install, server: FaultServer
) -> None:
    install(display=display(server.url))
    wanted = "https://acme.my.salesforce.com"

    with pytest.raises(SignInError, match=f"leads to {server.url}"):
        sign_in(SfCli(alias="uat", instance_url=wanted))
