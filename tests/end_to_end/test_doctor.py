"""`doctor` against an org: it passes where all is well, and each thing that is not is named."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from end_to_end.conftest import ORG_FILE, Environ, Prepare
from end_to_end.desk import Desk, environment, records
from sfterritory.errors import ExitCode
from sfterritory.model.store.store import open_store
from sfterritory.sandbox.running import SandboxHandle, running_sandbox
from sfterritory.sandbox.switches import Switches

Spoil = Callable[[Desk, SandboxHandle], None]


def checks(desk: Desk, *words: str, code: int = 0) -> Mapping[str, Any]:
    found = desk.ask("doctor", *words, code=code)["checks"]
    return {one["name"]: one for one in found}


def inactive(org: SandboxHandle) -> str:
    users = records(org, "User")["User"].values()
    return min(str(one["Username"]) for one in users if not one["IsActive"])


def test_a_project_that_was_pulled_passes_and_every_check_is_told(
    pulled: Path, desk_of: Prepare
) -> None:
    with desk_of(pulled) as (desk, _):
        found = checks(desk)
        shown = desk.run("doctor")

        assert {one["health"] for one in found.values()} <= {"ok", "warning", "unknown"}
        assert all(one["remedy"] for one in found.values() if one["health"] != "ok")
        assert set(found) == {
            "mappings", "store", "disk", "secrets", "keyring", "lock pull", "lock apply",
            "sign-in", "api version", "org", "time zone", "clock", "api calls",
            "object User", "object Group", "object QueueSobject", "object Account", "object Lead",
            "Account owner", "Lead owner", "Account history fields", "Lead history fields",
            "optional objects", "assignment rules", "triggers", "flows",
            "Account owner history", "Lead owner history", "rules", "pools", "roster",
        }  # fmt: skip
        assert "FAIL" not in shown.out


def name_an_inactive_owner(desk: Desk, org: SandboxHandle) -> None:
    desk.edit(
        "mappings/routing.yaml", "to: {queue: Unassigned_Leads}", f"to: {{user: {inactive(org)}}}"
    )


def name_a_queue_that_does_not_take_leads(desk: Desk, org: SandboxHandle) -> None:
    with org.state.writing() as connection:
        connection.execute("DELETE FROM QueueSobject WHERE SobjectType = 'Lead'")
    desk.run("pull", "--full")


def name_a_field_that_is_not_there(desk: Desk, _org: SandboxHandle) -> None:
    desk.edit(
        "mappings/salesforce.yaml",
        "  calls_per_year: Calls_Per_Year__c",
        "  calls_per_year: Calls__c",
    )


def name_somebody_who_is_not_on_the_roster(desk: Desk, org: SandboxHandle) -> None:
    desk.edit("mappings/territories.yaml", "  capacity: {}", f"  capacity: {{{inactive(org)}: 1}}")


def ask_for_a_version_that_is_retired(desk: Desk, _org: SandboxHandle) -> None:
    desk.edit("sfterritory.yaml", 'api_version: "66.0"', 'api_version: "30.0"')


def name_another_org(desk: Desk, _org: SandboxHandle) -> None:
    desk.edit("sfterritory.yaml", "id: null", "id: 00D000000000001EAA")


@pytest.mark.parametrize(
    ("spoil", "name", "says"),
    [
        pytest.param(name_an_inactive_owner, "rules", "is inactive", id="inactive-owner"),
        pytest.param(
            name_a_queue_that_does_not_take_leads, "rules", "does not take Lead", id="queue"
        ),
        pytest.param(name_a_field_that_is_not_there, "object Account", "Calls__c", id="field"),
        pytest.param(
            name_somebody_who_is_not_on_the_roster, "roster", "roster.capacity", id="roster"
        ),
        pytest.param(
            ask_for_a_version_that_is_retired, "api version", "does not serve 30.0", id="version"
        ),
        pytest.param(name_another_org, "org", "00D000000000001EAA", id="org"),
    ],
)
def test_what_would_stop_the_main_job_fails_with_the_way_out(
    pulled: Path, desk_of: Prepare, spoil: Spoil, name: str, says: str
) -> None:
    with desk_of(pulled) as (desk, org):
        spoil(desk, org)

        found = checks(desk, code=ExitCode.ERROR)[name]
        shown = desk.run("doctor", code=ExitCode.ERROR)

        assert found["health"] == "failed"
        assert says in found["detail"]
        assert f"      what to do: {found['remedy']}" in shown.out
        assert "Correct what failed, then run again." in shown.out


def let_the_pool_have_an_inactive_member(desk: Desk, org: SandboxHandle) -> None:
    text = (desk.root / "mappings/routing.yaml").read_text("utf-8")
    start = text.index("    where:\n", text.index("\npools:"))
    end = text.index("\nobjects:")
    users = records(org, "User")["User"].values()
    active = min(one["Username"] for one in users if one["IsActive"] and one["Title"])
    members = f"    members: [{active}, {inactive(org)}]\n"
    (desk.root / "mappings/routing.yaml").write_text(text[:start] + members + text[end:], "utf-8")


def forget_every_owner_change(_desk: Desk, org: SandboxHandle) -> None:
    with org.state.writing() as connection:
        connection.execute("DELETE FROM AccountHistory")


@pytest.mark.parametrize(
    ("spoil", "name", "says"),
    [
        pytest.param(let_the_pool_have_an_inactive_member, "pools", "inbound: ", id="pool"),
        pytest.param(
            forget_every_owner_change,
            "Account owner history",
            "tracking is probably off",
            id="history",
        ),
    ],
)
def test_what_may_do_harm_is_warned_of(
    pulled: Path, desk_of: Prepare, spoil: Spoil, name: str, says: str
) -> None:
    with desk_of(pulled) as (desk, org):
        spoil(desk, org)

        found = checks(desk)[name]

        assert found["health"] == "warning"
        assert says in found["detail"]
        assert found["remedy"]


def test_a_lease_that_is_held_names_its_holder(pulled: Path, desk_of: Prepare) -> None:
    with desk_of(pulled) as (desk, _), open_store(desk.store_url) as store:
        with store.lease("apply", "cron@host, process 7"):
            found = checks(desk)

        assert found["lock apply"]["health"] == "warning"
        assert "cron@host, process 7" in found["lock apply"]["detail"]
        assert found["lock pull"]["health"] == "ok"
        assert checks(desk)["lock apply"]["health"] == "ok"


@pytest.mark.parametrize(
    ("fault", "name", "health", "says"),
    [
        pytest.param(
            {"kind": "refuse_sign_in"}, "sign-in", "failed", "invalid_grant", id="sign-in"
        ),
        pytest.param({"kind": "clock_skew"}, "clock", "failed", "differ by 86,", id="clock"),
        pytest.param(
            {"kind": "field_gone", "object": "Account", "field": "Territory_Locked__c"},
            "object Account",
            "failed",
            "Territory_Locked__c",
            id="field",
        ),
        pytest.param(
            {"kind": "object_gone", "object": "Lead"}, "object Lead", "failed", "Lead", id="object"
        ),
        pytest.param(
            {"kind": "object_gone", "object": "Case"},
            "optional objects",
            "warning",
            "Case",
            id="optional-object",
        ),
        pytest.param(
            {"kind": "object_gone", "object": "ApexTrigger"},
            "triggers",
            "unknown",
            "nobody knows",
            id="triggers-hidden",
        ),
    ],
)
def test_what_an_org_withholds_is_named_and_the_other_checks_are_still_made(
    pulled: Path, desk_of: Prepare, fault: dict[str, str], name: str, health: str, says: str
) -> None:
    with desk_of(pulled) as (desk, org):
        org.fault(**fault)

        found = checks(desk, code=ExitCode.ERROR if health == "failed" else ExitCode.DONE)

        assert found[name]["health"] == health
        assert says in found[name]["detail"]
        assert found[name]["remedy"]
        assert found["rules"]["health"] == "ok"


def test_an_org_that_is_out_of_calls_fails(
    pulled: Path, desk_of: Prepare, environ: Environ
) -> None:
    with desk_of(pulled) as (desk, _):
        switches = Switches(daily_api_requests=150)
        with running_sandbox(desk.root.parent / ORG_FILE, switches=switches) as nearly_used:
            environ(environment(nearly_used))
            for _ in range(6):  # each run uses some
                answer = desk.try_("doctor", "--json").json["doctor"]
                (found,) = [one for one in answer["checks"] if one["name"] == "api calls"]
                if found["health"] == "failed":
                    break

        assert "of 150 calls are left for 24 hours, and 20% are kept for others" in found["detail"]
        assert found["health"] == "failed"


def test_a_machine_in_no_time_zone_is_warned_of(
    pulled: Path, desk_of: Prepare, environ: Environ
) -> None:
    with desk_of(pulled) as (desk, _):
        environ({"TZ": "Nowhere/Here"})

        assert checks(desk)["time zone"]["health"] == "warning"


def test_where_each_value_comes_from_is_shown_without_a_secret(
    started: Path, desk_of: Prepare, environ: Environ
) -> None:
    with desk_of(started) as (desk, org):
        environ({"SFTERRITORY_STORE": "sqlite:///elsewhere.db"})

        shown = desk.run("doctor", "--show-config")
        told = {one["key"]: one for one in desk.ask("doctor", "--show-config")["config"]}

        assert told["store"]["origin"] == "environment"
        assert told["SFTERRITORY_CLIENT_SECRET"]["value"] == "set"
        assert told["seed"]["origin"].startswith("sfterritory.yaml:")
        assert "SFTERRITORY_CLIENT_SECRET" in shown.out
        assert org.client_secret not in shown.all
