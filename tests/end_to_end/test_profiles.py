"""Named orgs: chosen by flag, variable or file, and checked before anything is read or written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from end_to_end.conftest import ACCOUNTS, Environ, Prepare
from end_to_end.desk import Desk, owners
from sfterritory.errors import ExitCode
from sfterritory.sandbox.running import SandboxHandle

SECRET = "ACME_SECRET"


def describe(desk: Desk, org: SandboxHandle, environ: Environ, **more: str) -> None:
    """Write a profile `acme` for the org, its secret in a variable, and forget the others."""
    keys = {
        "instance_url": org.url,
        "sign_in": "client_credentials",
        "client_id": org.client_id,
        "secret": f"{{env: {SECRET}}}",
        **more,
    }
    path = desk.root / "sfterritory.yaml"
    lines = [f"    {key}: {value}" for key, value in keys.items()]
    text = "\n".join(["", "profiles:", "  acme:", *lines, ""])
    path.write_text(path.read_text("utf-8") + text, encoding="utf-8")
    environ({"SFTERRITORY_INSTANCE_URL": "", "SFTERRITORY_CLIENT_ID": ""})
    environ({"SFTERRITORY_CLIENT_SECRET": "", SECRET: org.client_secret})


def become_production(org: SandboxHandle) -> None:
    with org.state.writing() as connection:
        connection.execute("UPDATE Organization SET IsSandbox = 0")


def by_flag(_desk: Desk, _environ: Environ) -> list[str]:
    return ["--org", "acme"]


def by_variable(_desk: Desk, environ: Environ) -> list[str]:
    environ({"SFTERRITORY_ORG": "acme"})
    return []


def by_file(desk: Desk, _environ: Environ) -> list[str]:
    desk.edit("sfterritory.yaml", "  id: null", "  profile: acme\n  id: null")
    return []


@pytest.mark.parametrize("choose", [by_flag, by_variable, by_file])
def test_a_profile_is_chosen_and_pulled_into_its_own_store(
    started: Path,
    desk_of: Prepare,
    environ: Environ,
    choose: Callable[[Desk, Environ], list[str]],
) -> None:
    with desk_of(started) as (desk, org):
        describe(desk, org, environ, sandbox="true", store="sqlite:///acme.db")

        words = choose(desk, environ)
        desk.run("pull", *words)

        assert desk.ask("status", *words)["counts"]["Account"] == ACCOUNTS
        assert (desk.root / "acme.db").exists()
        assert not desk.store_file.exists()


@pytest.mark.parametrize(
    ("production", "says", "wanted"),
    [
        pytest.param(True, "true", "a sandbox", id="production-for-a-sandbox"),
        pytest.param(False, "false", "production", id="sandbox-for-production"),
    ],
)
@pytest.mark.parametrize("command", ["pull", "apply", "revert"])
def test_an_org_of_the_other_kind_is_refused_before_anything_is_done(
    approved: Path,
    desk_of: Prepare,
    environ: Environ,
    *,
    production: bool,
    says: str,
    wanted: str,
    command: str,
) -> None:
    with desk_of(approved) as (desk, org):
        describe(desk, org, environ, sandbox=says)
        if production:
            become_production(org)
        before = owners(org)
        arguments = {"pull": [], "apply": [desk.ask("show")["hash"]], "revert": ["latest"]}[command]

        shown = desk.run(command, *arguments, "--org", "acme", code=ExitCode.ERROR)

        assert f"profiles.acme.sandbox says {wanted}, and org {org.org_id} is" in shown.err
        assert "choose another profile with --org" in shown.err
        assert owners(org) == before


def test_a_profile_of_another_org_is_refused(
    started: Path, desk_of: Prepare, environ: Environ
) -> None:
    with desk_of(started) as (desk, org):
        describe(desk, org, environ, org_id="00D000000000001EAA")

        shown = desk.run("pull", "--org", "acme", code=ExitCode.ERROR)

        assert "profile acme of sfterritory.yaml is org 00D000000000001EAA" in shown.err
        assert f"open org {org.org_id}" in shown.err


def test_an_org_that_nothing_was_said_about_is_named_before_it_is_written_to(
    approved: Path, desk_of: Prepare, environ: Environ
) -> None:
    with desk_of(approved) as (desk, org):
        plan = desk.ask("show")["hash"]

        shown = desk.run("apply", plan)

        assert f"Writing to org {org.org_id} (a sandbox)." in shown.err
        assert "does not say which org is meant" in shown.err
        assert "Writing to org" not in desk.run("pull").err


def test_an_org_that_is_as_expected_is_written_to_without_a_word(
    approved: Path, desk_of: Prepare, environ: Environ
) -> None:
    with desk_of(approved) as (desk, org):
        describe(desk, org, environ, org_id=org.org_id, sandbox="true")

        shown = desk.run("apply", desk.ask("show")["hash"], "--org", "acme")

        assert "Writing to org" not in shown.err


def test_a_plan_reviewed_under_one_profile_is_applied_under_another_of_the_same_org(
    pulled: Path, desk_of: Prepare, environ: Environ
) -> None:
    with desk_of(pulled) as (desk, org):
        plan = desk.plan()["hash"]
        describe(desk, org, environ, org_id=org.org_id)

        again = desk.ask("plan", "--org", "acme", "--no-html")["hash"]
        desk.run("approve", plan, "--by", "ben")
        desk.run("apply", plan, "--org", "acme")

        assert again == plan


def test_a_secret_that_others_may_read_is_warned_of_once(
    started: Path, desk_of: Prepare, environ: Environ
) -> None:
    with desk_of(started) as (desk, org):
        path = desk.root.parent / "secret"
        path.write_text(org.client_secret, encoding="utf-8")
        path.chmod(0o644)
        environ({"SFTERRITORY_CLIENT_SECRET": "", "SFTERRITORY_CLIENT_SECRET_FILE": str(path)})

        shown = desk.run("pull")

        line = f"Warning: {path} holds a secret, and everybody may read it: run `chmod 600 {path}`."
        assert shown.err.count(line) == 1
