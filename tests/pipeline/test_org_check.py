"""What is known of an org decides whether it may be read and written."""

from __future__ import annotations

from pathlib import Path

import pytest
from connectors.salesforce.fault_server import ORG_ID, Answer, fault_server, json_answer, refusal
from pydantic import SecretStr

from sfterritory.cli.main import run
from sfterritory.connectors.salesforce.credentials import AccessToken
from sfterritory.connectors.salesforce.org import sign_in
from sfterritory.connectors.salesforce.organization import Organization
from sfterritory.errors import ConfigError, ConnectorError
from sfterritory.events import Event, subscribed
from sfterritory.pipeline.opening import open_project_store
from sfterritory.pipeline.org_check import check_org
from sfterritory.settings.project import load_settings

HIDDEN = refusal(400, "INVALID_FIELD")
NOTHING_SAID, SANDBOX, PRODUCTION = "", "sandbox: true", "sandbox: false"


def organization(**fields: object) -> Answer:
    row = {
        "Id": ORG_ID,
        "Name": "Acme",
        "IsSandbox": True,
        "InstanceName": "CS1",
        "OrganizationType": "Enterprise Edition",
        "TimeZoneSidKey": "Europe/Berlin",
        **fields,
    }
    return json_answer({"totalSize": 1, "done": True, "records": [row]})


def checked(folder: Path, *answers: Answer, expected: str) -> tuple[Organization, Event]:
    """Check a scripted org against a profile that says so much of it; return the event too."""
    root = folder / "project"
    assert run(["init", str(root)]) == 0
    path = root / "sfterritory.yaml"
    profile = "{" + ", ".join(filter(None, ["sign_in: sf_cli", "sf_alias: a", expected])) + "}"
    path.write_text(path.read_text("utf-8") + f"\nprofiles: {{acme: {profile}}}\n", "utf-8")
    settings = load_settings(root, {}, org_name="acme")
    events: list[Event] = []
    with fault_server() as server:
        server.on("GET", "", json_answer({}))
        server.on("GET", "/query", *answers)
        token = AccessToken(instance_url=server.url, access_token=SecretStr(f"{ORG_ID[:15]}!T"))
        with (
            sign_in(token, sleep=lambda _: None) as org,
            open_project_store(settings) as store,
            subscribed(events.append),
        ):
            found = check_org(settings, store, org)
    (event,) = [one for one in events if one.name == "org.checked"]
    return found, event


@pytest.mark.parametrize(
    ("is_sandbox", "expected", "told"),
    [
        pytest.param(True, SANDBOX, True, id="sandbox"),
        pytest.param(False, PRODUCTION, True, id="production"),
        pytest.param(False, f"org_id: {ORG_ID}", True, id="by-id"),
        pytest.param(False, NOTHING_SAID, False, id="nothing-said"),
    ],
)
def test_an_org_that_fits_what_was_said_is_let_through(
    tmp_path: Path, *, is_sandbox: bool, expected: str, told: bool
) -> None:
    found, event = checked(tmp_path, organization(IsSandbox=is_sandbox), expected=expected)

    assert found.is_sandbox is is_sandbox
    assert found.time_zone == "Europe/Berlin"
    assert event.facts["expected"] is told
    assert "Acme" not in str(event)


@pytest.mark.parametrize(
    ("is_sandbox", "expected", "says"),
    [
        pytest.param(False, SANDBOX, "says a sandbox, and org .* is production", id="production"),
        pytest.param(True, PRODUCTION, "says production, and org .* is a sandbox", id="sandbox"),
        pytest.param(True, "org_id: 00D000000000009EAA", "is org 00D000000000009", id="other"),
    ],
)
def test_an_org_that_does_not_fit_is_refused(
    tmp_path: Path, *, is_sandbox: bool, expected: str, says: str
) -> None:
    with pytest.raises(ConfigError, match=says):
        checked(tmp_path, organization(IsSandbox=is_sandbox), expected=expected)


def test_an_org_of_which_little_can_be_read_is_judged_by_that(tmp_path: Path) -> None:
    few = json_answer(
        {"totalSize": 1, "done": True, "records": [{"Id": ORG_ID, "IsSandbox": True}]}
    )

    found, _ = checked(tmp_path, HIDDEN, few, expected=SANDBOX)

    assert (found.is_sandbox, found.time_zone) == (True, "")


def test_an_org_that_hides_its_kind_is_refused_only_where_it_matters(tmp_path: Path) -> None:
    found, _ = checked(tmp_path / "a", HIDDEN, expected=NOTHING_SAID)
    assert found.kind == "of unknown kind"

    with pytest.raises(ConfigError, match=r"may not read Organization\.IsSandbox"):
        checked(tmp_path / "b", HIDDEN, expected=PRODUCTION)


def test_an_org_that_does_not_answer_is_no_org_that_hides(tmp_path: Path) -> None:
    with pytest.raises(ConnectorError, match="SERVER_UNAVAILABLE"):
        checked(tmp_path, refusal(503, "SERVER_UNAVAILABLE"), expected=NOTHING_SAID)
