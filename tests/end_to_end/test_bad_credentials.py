"""Wrong or missing credentials, orgs that are not there, and orgs that are another's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from end_to_end.conftest import ACCOUNTS, ORG_FILE, Environ, Prepare
from end_to_end.desk import Desk, environment
from sfterritory.errors import ExitCode
from sfterritory.sandbox.running import running_sandbox
from sfterritory.sandbox.seed import seed_org

NOBODY = "http://127.0.0.1:9"  # the discard port: nothing listens
SECRET = "3F9A-not-the-secret"

HALF_SET: list[object] = [
    pytest.param({}, ["no Salesforce credentials are set", "SFTERRITORY_INSTANCE_URL"], id="none"),
    pytest.param(
        {"SFTERRITORY_INSTANCE_URL": NOBODY, "SFTERRITORY_CLIENT_ID": "app"},
        ["SFTERRITORY_CLIENT_SECRET"],
        id="no secret",
    ),
    pytest.param(
        {"SFTERRITORY_INSTANCE_URL": NOBODY, "SFTERRITORY_CLIENT_SECRET": SECRET},
        ["SFTERRITORY_CLIENT_SECRET needs SFTERRITORY_CLIENT_ID"],
        id="no client id",
    ),
    pytest.param(
        {"SFTERRITORY_CLIENT_ID": "app", "SFTERRITORY_CLIENT_SECRET": SECRET},
        ["SFTERRITORY_INSTANCE_URL is not set"],
        id="no address",
    ),
    pytest.param(
        {
            "SFTERRITORY_INSTANCE_URL": "https://acme.lightning.force.com",
            "SFTERRITORY_ACCESS_TOKEN": SECRET,
        },
        ["https://acme.my.salesforce.com"],
        id="the browser's address",
    ),
    pytest.param(
        {
            "SFTERRITORY_INSTANCE_URL": NOBODY,
            "SFTERRITORY_ACCESS_TOKEN": SECRET,
            "SFTERRITORY_CLIENT_ID": "app",
            "SFTERRITORY_CLIENT_SECRET": SECRET,
        },
        ["SFTERRITORY_ACCESS_TOKEN and SFTERRITORY_CLIENT_SECRET"],
        id="two ways at once",
    ),
    pytest.param(
        {
            "SFTERRITORY_INSTANCE_URL": NOBODY,
            "SFTERRITORY_CLIENT_ID": "app",
            "SFTERRITORY_CLIENT_SECRET_FILE": "/nowhere/secret",
        },
        ["/nowhere/secret", "No such file"],
        id="a file that is not there",
    ),
]


@pytest.mark.parametrize(("variables", "says"), HALF_SET)
@pytest.mark.parametrize("command", ["pull", "apply"])
def test_credentials_that_cannot_work_are_named_before_anything_is_asked(
    approved: Path,
    copy_of: Callable[[Path], Path],
    environ: Environ,
    variables: Mapping[str, str],
    says: list[str],
    command: str,
) -> None:
    desk = Desk(copy_of(approved) / "project")
    environ(variables)
    plan = [desk.ask("show")["hash"]] if command == "apply" else []

    shown = desk.run(command, *plan, code=ExitCode.SIGN_IN)

    for text in says:
        assert text in shown.err
    assert "What to do:" in shown.err
    assert SECRET not in shown.all


def test_a_wrong_secret_is_refused_with_salesforces_own_code(
    pulled: Path, desk_of: Prepare, environ: Environ
) -> None:
    with desk_of(pulled) as (desk, _):
        environ({"SFTERRITORY_CLIENT_SECRET": SECRET})

        shown = desk.run("pull", code=ExitCode.SIGN_IN)
        doctor = desk.run("doctor", code=ExitCode.ERROR)

        assert "invalid_client" in shown.err
        assert "check SFTERRITORY_CLIENT_ID and SFTERRITORY_CLIENT_SECRET" in shown.err
        assert "invalid_client" in doctor.out
        assert SECRET not in shown.all + doctor.all


def test_a_dead_access_token_is_refused(pulled: Path, desk_of: Prepare, environ: Environ) -> None:
    with desk_of(pulled) as (desk, org):
        environ(
            {
                "SFTERRITORY_CLIENT_ID": "",
                "SFTERRITORY_CLIENT_SECRET": "",
                "SFTERRITORY_ACCESS_TOKEN": f"{org.org_id[:15]}!AQ.of.last.year",
            }
        )

        shown = desk.run("pull", code=ExitCode.SIGN_IN)

        assert "the access token has ended or was never valid" in shown.err
        assert "set a new SFTERRITORY_ACCESS_TOKEN" in shown.err
        assert "of.last.year" not in shown.all


@pytest.mark.slow
def test_an_org_that_does_not_answer_is_named_with_its_address(
    pulled: Path, copy_of: Callable[[Path], Path], environ: Environ
) -> None:
    desk = Desk(copy_of(pulled) / "project")
    environ(
        {
            "SFTERRITORY_INSTANCE_URL": NOBODY,
            "SFTERRITORY_CLIENT_ID": "app",
            "SFTERRITORY_CLIENT_SECRET": SECRET,
        }
    )

    shown = desk.run("pull", code=ExitCode.ERROR)

    assert f"no connection to {NOBODY}" in shown.err
    assert "sfterritory sandbox serve" in shown.err
    assert desk.ask("status")["counts"]["Account"] == ACCOUNTS


@pytest.mark.parametrize("command", ["pull", "pull --full", "apply", "revert latest"])
def test_another_orgs_credentials_are_refused_and_touch_nothing(
    approved: Path,
    other_org: Path,
    copy_of: Callable[[Path], Path],
    environ: Environ,
    command: str,
) -> None:
    desk = Desk(copy_of(approved) / "project")
    plan = desk.ask("show")["hash"]
    words = [*command.split(), *([plan] if command == "apply" else [])]
    with running_sandbox(copy_of(other_org) / ORG_FILE) as other:
        environ(environment(other))

        shown = desk.run(*words, code=ExitCode.ERROR)

        assert other.org_id in shown.err
        assert "keep a project folder for each org" in shown.err
        assert desk.ask("status")["counts"]["Account"] == ACCOUNTS


@pytest.fixture(scope="session")
def other_org(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("other")
    seed_org(folder / ORG_FILE, accounts=5, leads=5, reps=2, seed=99)
    return folder


def test_a_project_that_names_its_org_refuses_another(started: Path, desk_of: Prepare) -> None:
    with desk_of(started) as (desk, org):
        desk.edit("sfterritory.yaml", "id: null", "id: 00D000000000001EAA")

        shown = desk.run("pull", code=ExitCode.ERROR)

        assert "00D000000000001EAA" in shown.err
        assert org.org_id in shown.err
        assert "correct org.id" in shown.err
