"""Each way of writing against the sandbox, and what the org does beside the write."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from end_to_end.conftest import at_desk
from end_to_end.desk import Desk, Row, owner_moves, owners, records
from sfterritory.errors import ExitCode
from sfterritory.sandbox.running import SandboxHandle
from sfterritory.sandbox.switches import Switches

pytestmark = pytest.mark.slow  # an org to serve for each

CHILDREN = ("Contact", "Opportunity", "Case")
CopyOf = Callable[[Path], Path]


def set_apply(desk: Desk, *, method: str = "auto", **keys: float) -> None:
    """Set the method and further keys of the `apply:` section."""
    more = "".join(f"{name}: {value}\n  " for name, value in keys.items())
    desk.edit("sfterritory.yaml", "  method: auto ", f"  {more}method: {method} ")


def child_owners(org: SandboxHandle) -> dict[str, str]:
    return {
        f"{name}:{record_id}": row["OwnerId"]
        for name, rows in records(org, *CHILDREN).items()
        for record_id, row in rows.items()
    }


def planned_accounts(desk: Desk) -> dict[str, Row]:
    changes = desk.ask("show")["plan"]["changes"]
    accounts = (one for one in changes if one["subject"]["object_name"] == "Account")
    return {one["subject"]["record_id"]: one for one in accounts}


@pytest.mark.parametrize(
    ("asked", "keys", "method"),
    [
        pytest.param("bulk", {}, "bulk", id="bulk"),
        pytest.param("bulk", {"bulk_rows": 20}, "bulk", id="several jobs"),
        pytest.param("conditional", {}, "conditional", id="one by one"),
        pytest.param(
            "auto", {"conditional_below": 5000, "conditional_rows": 25}, "conditional", id="25"
        ),
    ],
)
def test_every_way_leaves_the_org_as_collections_do(
    approved: Path,
    applied: Path,
    copy_of: CopyOf,
    asked: str,
    keys: dict[str, int],
    method: str,
) -> None:
    with at_desk(applied) as (_, org):
        expected = owners(org), owner_moves(org)
    with at_desk(copy_of(approved)) as (desk, org):
        set_apply(desk, method=asked, **keys)
        plan = desk.ask("show")

        report = desk.ask("apply", plan["hash"])

        assert report["counts"] == {"done": len(plan["plan"]["changes"])}
        assert report["method"] == method
        assert (owners(org), owner_moves(org)) == expected


def test_bulk_settles_refused_and_unreached_records_by_id(approved: Path, copy_of: CopyOf) -> None:
    stops = Switches(bulk_stop_after_rows=30, bulk_polls_before_complete=1)
    with at_desk(copy_of(approved), switches=stops) as (desk, org):
        set_apply(desk, method="bulk")
        plan = desk.ask("show")
        changes = {
            f"{one['subject']['object_name']}:{one['subject']['record_id']}": one
            for one in plan["plan"]["changes"]
        }
        org.fault("fail_rows", share=0.1)
        org.fault("lock_rows", share=0.2, times=20)

        report = desk.ask("apply", plan["hash"], code=ExitCode.PARTLY_APPLIED)

        now = owners(org)
        outcomes = {f"{one['object_name']}:{one['record_id']}": one for one in report["applied"]}
        assert outcomes.keys() == changes.keys()
        assert set(report["counts"]) == {"done", "failed"}
        for key, one in outcomes.items():
            wanted = changes[key]["after" if one["outcome"] == "done" else "before"]
            assert now[one["record_id"]] == wanted
            if one["outcome"] == "failed":
                assert one["code"] == "FIELD_CUSTOM_VALIDATION_EXCEPTION"
                assert "to do: satisfy the org's validation rule" in one["message"]
        assert len(owner_moves(org)) == len(set(owner_moves(org)))


# A job that does ten records and then nothing more.
STUCK = Switches(bulk_stop_after_rows=10, bulk_stopped_jobs_hang=True)


def test_a_job_that_fails_half_way_is_ended_by_collections(
    approved: Path, applied: Path, copy_of: CopyOf
) -> None:
    with at_desk(applied) as (_, org):
        expected = owners(org), owner_moves(org)
    with at_desk(copy_of(approved), switches=STUCK) as (desk, org):
        set_apply(desk, method="bulk")
        plan = desk.ask("show")
        org.fault("job_ended", state="Failed", after=2, times=None)

        report = desk.ask("apply", plan["hash"])

        assert report["counts"] == {"done": len(plan["plan"]["changes"])}
        assert (owners(org), owner_moves(org)) == expected


def test_a_job_that_an_admin_aborts_ends_the_run_and_the_next_one_does_the_rest(
    approved: Path, applied: Path, copy_of: CopyOf
) -> None:
    with at_desk(applied) as (_, org):
        expected = owners(org), owner_moves(org)
    folder = copy_of(approved)
    with at_desk(folder, switches=STUCK) as (desk, org):
        set_apply(desk, method="bulk")
        plan, before = desk.ask("show"), owner_moves(org)
        org.fault("job_ended", after=2)

        shown = desk.run("apply", plan["hash"], code=ExitCode.ERROR)

        assert "was aborted" in shown.err
        assert "once more" in shown.err
        assert len(owner_moves(org)) - len(before) == 10
        org.clear_faults()
    with at_desk(folder) as (desk, org):
        report = desk.ask("apply", plan["hash"])

        assert report["resumed"]
        assert report["counts"] == {"done": len(plan["plan"]["changes"])}
        assert (owners(org), owner_moves(org)) == expected


def test_an_edit_in_the_moment_of_writing_is_kept_where_writes_are_conditional(
    approved: Path, copy_of: CopyOf
) -> None:
    with at_desk(copy_of(approved)) as (desk, org):
        set_apply(desk, method="conditional")
        plan = desk.ask("show")
        victim = min(planned_accounts(desk))
        org.fault("edit", object="Account", id=victim, field="Phone", value="+1 555 0100")

        report = desk.ask("apply", plan["hash"], code=ExitCode.PARTLY_APPLIED)

        (drifted,) = [one for one in report["applied"] if one["outcome"] == "drifted"]
        assert drifted["record_id"] == victim
        assert drifted["code"] == "ENTITY_FAILED_IFLASTMODIFIED_ON_UPDATE"
        assert owners(org)[victim] == drifted["found"]["OwnerId"]


@pytest.mark.parametrize("method", ["collections", "conditional", "bulk"])
@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"kind": "lost_answer", "times": 1}, id="the answer to a write is lost"),
        pytest.param({"kind": "end_sessions", "after": 4}, id="the session ends"),
        pytest.param({"kind": "hang_up", "after": 4, "times": 2}, id="the connection breaks"),
        pytest.param(
            {"kind": "server_error", "retry_after_s": 0, "after": 4, "times": 2},
            id="a busy server",
        ),
    ],
)
def test_what_goes_wrong_on_the_way_leaves_no_trace_in_the_org(
    approved: Path, applied: Path, copy_of: CopyOf, method: str, fault: dict[str, Any]
) -> None:
    with at_desk(applied) as (_, org):
        expected = owners(org), owner_moves(org)
    with at_desk(copy_of(approved)) as (desk, org):
        set_apply(desk, method=method)
        plan = desk.ask("show")
        number = org.fault(**fault)

        report = desk.ask("apply", plan["hash"])

        assert org.fired(number)
        assert report["counts"] == {"done": len(plan["plan"]["changes"])}
        assert (owners(org), owner_moves(org)) == expected


def test_locked_records_are_written_in_the_end_and_once(approved: Path, copy_of: CopyOf) -> None:
    with at_desk(copy_of(approved)) as (desk, org):
        plan = desk.ask("show")
        number = org.fault("lock_rows", share=0.3, times=12)

        report = desk.ask("apply", plan["hash"])

        assert org.fired(number) == 12
        assert report["counts"] == {"done": len(plan["plan"]["changes"])}
        assert len(owner_moves(org)) == len(set(owner_moves(org)))


def test_a_used_up_day_stops_with_8_and_the_next_one_goes_on(
    approved: Path, copy_of: CopyOf
) -> None:
    with at_desk(copy_of(approved)) as (desk, org):
        set_apply(desk, batch_size=10)
        plan = desk.ask("show")
        number = org.fault("limit", which="daily", object="Account", after=6)

        shown = desk.run("apply", plan["hash"], code=ExitCode.LIMIT_REACHED)

        assert "REQUEST_LIMIT_EXCEEDED" in shown.err
        assert "24-hour window" in shown.err
        assert org.fired(number) == 1  # and not a call more
        org.clear_faults()
        assert desk.ask("apply", plan["hash"])["resumed"]
        assert len(owner_moves(org)) == len(set(owner_moves(org)))


def test_the_floor_of_api_calls_is_kept_for_others(approved: Path, copy_of: CopyOf) -> None:
    with at_desk(copy_of(approved), switches=Switches(daily_api_requests=1000)) as (desk, org):
        kept = 1000 - org.state.usage.used(now=org.state.now()) - 12
        set_apply(desk, batch_size=10, api_floor_share=kept / 1000)
        plan, before = desk.ask("show"), owners(org)

        shown = desk.run("apply", plan["hash"], code=ExitCode.LIMIT_REACHED)

        assert f"{kept} are kept for others" in shown.err
        assert "apply.api_floor_share" in shown.err
        moved = sum(before[one] != owner for one, owner in owners(org).items())
        assert 0 < moved < len(plan["plan"]["changes"])


@pytest.mark.parametrize("follow", [True, False])
def test_children_that_follow_their_account_are_listed_and_end_the_apply_with_3(
    approved: Path,
    copy_of: CopyOf,
    follow: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    with at_desk(copy_of(approved), switches=Switches(owner_change_moves_children=follow)) as (
        desk,
        org,
    ):
        before, accounts = child_owners(org), planned_accounts(desk)

        report = desk.ask(
            "apply",
            desk.ask("show")["hash"],
            code=ExitCode.PARTLY_APPLIED if follow else ExitCode.DONE,
        )

        moved = {key for key, owner in child_owners(org).items() if owner != before[key]}
        effects = report["side_effects"]
        assert bool(moved) is follow
        assert effects["accounts"] == len(accounts)
        assert {f"{one['object_name']}:{one['record_id']}" for one in effects["children"]} == moved
        for one in effects["children"]:
            assert one["followed"]
            assert one["after"] == accounts[one["account_id"]]["after"]
            assert one["before"] == accounts[one["account_id"]]["before"]
        (line, *_) = [one for one in desk.ask("log") if one["kind"] == "apply"]
        assert line["facts"].get("unplanned", 0) == len(moved)


def test_children_that_follow_are_shown_on_the_terminal(approved: Path, copy_of: CopyOf) -> None:
    with at_desk(copy_of(approved), switches=Switches(owner_change_moves_children=True)) as (
        desk,
        _,
    ):
        shown = desk.run("apply", desk.ask("show")["hash"], code=ExitCode.PARTLY_APPLIED)

        assert "Changed by Salesforce along with the account" in shown.out
        assert "Contact:003" in shown.out


@pytest.mark.parametrize("delete", [True, False])
def test_teams_that_an_owner_change_deletes_are_counted_before_and_after(
    approved: Path,
    copy_of: CopyOf,
    delete: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    with at_desk(copy_of(approved), switches=Switches(owner_change_deletes_team=delete)) as (
        desk,
        org,
    ):
        accounts = planned_accounts(desk)
        members = records(org, "AccountTeamMember")["AccountTeamMember"].values()
        sizes = Counter(one["AccountId"] for one in members if one["AccountId"] in accounts)
        assert sizes

        report = desk.ask(
            "apply",
            desk.ask("show")["hash"],
            code=ExitCode.PARTLY_APPLIED if delete else ExitCode.DONE,
        )

        expected = [
            {"account_id": one, "before": sizes[one], "after": 0} for one in sorted(sizes) if delete
        ]
        assert report["side_effects"]["teams"] == expected
        assert report["side_effects"]["unchecked"] == []


def test_teams_deleted_before_an_interruption_are_counted_by_the_run_that_goes_on(
    approved: Path, copy_of: CopyOf
) -> None:
    with at_desk(copy_of(approved), switches=Switches(owner_change_deletes_team=True)) as (
        desk,
        org,
    ):
        set_apply(desk, batch_size=1)
        accounts = planned_accounts(desk)
        members = records(org, "AccountTeamMember")["AccountTeamMember"].values()
        teams = {one["AccountId"] for one in members if one["AccountId"] in accounts}
        org.fault("limit", which="daily", object="Account", after=45)
        desk.run("apply", desk.ask("show")["hash"], code=ExitCode.LIMIT_REACHED)
        left = records(org, "AccountTeamMember")["AccountTeamMember"].values()
        assert {one["AccountId"] for one in left if not one["IsDeleted"]} & teams < teams
        org.clear_faults()

        report = desk.ask("apply", desk.ask("show")["hash"], code=ExitCode.PARTLY_APPLIED)

        assert report["resumed"]
        assert {one["account_id"] for one in report["side_effects"]["teams"]} == teams


def test_an_owner_that_the_orgs_automation_gives_away_is_named(
    approved: Path, copy_of: CopyOf
) -> None:
    with at_desk(copy_of(approved)) as (desk, org):
        taken = {one["after"] for one in planned_accounts(desk).values()}
        users = records(org, "User")["User"].values()
        thief = next(
            one
            for one in users
            if one["IsActive"] and one["UserType"] == "Standard" and one["Id"] not in taken
        )
        org.fault("rewrite_rows", object="Account", value=thief["Id"], times=1)

        report = desk.ask("apply", desk.ask("show")["hash"], code=ExitCode.PARTLY_APPLIED)

        (moved,) = [one for one in report["applied"] if one["outcome"] == "unverified"]
        assert moved["code"] == "ENDED_WITH_OTHER_OWNER"
        assert f"ended with other owner: {thief['Name']} ({thief['Id']})" in moved["message"]
        assert owners(org)[moved["record_id"]] == thief["Id"]


def test_assignment_rules_that_run_whatever_the_header_says_are_noticed(
    approved: Path, copy_of: CopyOf
) -> None:
    with at_desk(copy_of(approved)) as (desk, org):
        leads, groups = records(org, "Lead")["Lead"].values(), records(org, "Group")["Group"]
        queue = next(one for one in groups.values() if one["Type"] == "Queue")
        sources = sorted({str(one["LeadSource"]).casefold() for one in leads})
        with org.state.writing() as connection:
            connection.execute(
                "UPDATE _assignment_entry SET field = 'LeadSource', allowed = ?, owner_id = ?",
                (json.dumps(sources), queue["Id"]),
            )
        folder = desk.root.parent
    with at_desk(folder, switches=Switches(auto_assign_header_ignored=True)) as (desk, org):
        report = desk.ask("apply", desk.ask("show")["hash"], code=ExitCode.PARTLY_APPLIED)

        moved = [one for one in report["applied"] if one["code"] == "ENDED_WITH_OTHER_OWNER"]
        assert moved
        assert all(queue["Id"] in one["message"] for one in moved)
