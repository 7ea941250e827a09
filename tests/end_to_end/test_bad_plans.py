"""Plans that must not be applied, and records that moved before they were."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from end_to_end.conftest import Prepare
from end_to_end.desk import Desk, owner_moves, owners, records, reps
from sfterritory.errors import ExitCode


@pytest.fixture
def desk(planned: Path, copy_of: Callable[[Path], Path]) -> Desk:
    """A desk at a plan; nothing below it asks Salesforce."""
    return Desk(copy_of(planned) / "project")


def first_account(plan: Any) -> Any:
    """Return the first change of an account from one person to another."""
    return next(
        one
        for one in plan["plan"]["changes"]
        if one["subject"]["object_name"] == "Account" and one["action"] == "reassign"
    )


@pytest.mark.parametrize("command", ["show", "approve", "reject", "apply"])
def test_a_hash_that_no_plan_has_is_named_beside_those_that_exist(
    planned: Path, desk_of: Prepare, command: str
) -> None:
    with desk_of(planned) as (desk, _):
        shown = desk.run(command, "00000000", code=ExitCode.ERROR)

        assert "no plan begins with '00000000'" in shown.err
        assert desk.ask("show")["hash"][:8] in shown.err


@pytest.mark.parametrize(
    ("decisions", "says"),
    [
        pytest.param([], "nobody approved plan", id="unapproved"),
        pytest.param(["reject"], "each was rejected or is undecided", id="rejected"),
        pytest.param(["approve", "reject"], "each was rejected", id="approved, then rejected"),
    ],
)
def test_a_plan_without_a_standing_approval_is_not_applied(
    planned: Path, desk_of: Prepare, decisions: list[str], says: str
) -> None:
    with desk_of(planned) as (desk, org):
        before, plan = records(org), desk.ask("show")["hash"]
        for verdict in decisions:
            desk.run(verdict, plan)

        shown = desk.run("apply", plan, code=ExitCode.NOT_APPROVED)

        assert says in shown.err
        assert plan[:8] in shown.err
        assert "sfterritory approve" in shown.err
        assert records(org) == before


def edited_owner(plan: Any) -> None:
    plan["plan"]["changes"][0]["after"] = plan["plan"]["changes"][1]["before"]


def later_expiry(plan: Any) -> None:
    plan["plan"]["expires_after_hours"] = 9_999.0


def matching_hash(plan: Any) -> None:
    """Edit the plan and give it the hash of its new content."""
    from sfterritory.model.document import content_hash  # noqa: PLC0415 - what a forger would use

    edited_owner(plan)
    plan["hash"] = content_hash(plan["plan"])


@pytest.mark.parametrize(
    ("edit", "code", "says"),
    [
        pytest.param(edited_owner, ExitCode.PLAN_STALE, "was edited", id="owner"),
        pytest.param(later_expiry, ExitCode.PLAN_STALE, "was edited", id="expiry"),
        pytest.param(matching_hash, ExitCode.ERROR, "no plan begins with", id="and the hash too"),
    ],
)
def test_an_edited_plan_file_is_refused(
    approved: Path,
    desk_of: Prepare,
    tmp_path: Path,
    edit: Callable[[Any], None],
    code: ExitCode,
    says: str,
) -> None:
    with desk_of(approved) as (desk, org):
        file, before = tmp_path / "plan.json", records(org)
        desk.run("show", "--format", "json", "--out", str(file))
        plan = json.loads(file.read_bytes())
        edit(plan)
        file.write_text(json.dumps(plan), encoding="utf-8")

        shown = desk.run("apply", str(file), code=code)

        assert says in shown.err
        assert records(org) == before


def test_a_plan_file_names_its_plan_as_the_hash_does(
    approved: Path, desk_of: Prepare, tmp_path: Path
) -> None:
    with desk_of(approved) as (desk, _):
        file = tmp_path / "plan.json"
        desk.run("show", "--format", "json", "--out", str(file))

        assert desk.ask("apply", str(file))["plan_hash"] == desk.ask("show")["hash"]


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"format_version": 9}', "\x00"])
def test_a_file_that_is_no_plan_is_refused(desk: Desk, tmp_path: Path, content: str) -> None:
    file = tmp_path / "plan.json"
    file.write_text(content, encoding="utf-8")

    shown = desk.run("approve", str(file), code=ExitCode.ERROR)

    assert "the plan file is not" in shown.err
    assert "sfterritory plan --out FILE" in shown.err


def test_an_expired_plan_is_refused(pulled: Path, desk_of: Prepare) -> None:
    with desk_of(pulled) as (desk, org):
        # 3.6 milliseconds: over before the next command
        desk.edit("sfterritory.yaml", "expires_after_hours: 72", "expires_after_hours: 0.000001")
        before, plan = records(org), desk.plan()["hash"]
        desk.run("approve", plan)

        shown = desk.run("apply", plan, code=ExitCode.PLAN_STALE)

        assert f"plan {plan[:8]} expired at" in shown.err
        assert "sfterritory pull" in shown.err
        assert records(org) == before


def test_a_plan_is_stale_once_a_later_pull_shows_that_a_record_moved(
    approved: Path, desk_of: Prepare
) -> None:
    with desk_of(approved) as (desk, org):
        plan = desk.ask("show")
        change = first_account(plan)
        other = next(
            one for one in reps(org) if one["Id"] not in (change["before"], change["after"])
        )
        org.edit("Account", change["subject"]["record_id"], {"OwnerId": other["Id"]})
        desk.run("pull")
        before = records(org)

        shown = desk.run("apply", plan["hash"], code=ExitCode.PLAN_STALE)

        assert f"Account:{change['subject']['record_id']}" in shown.err
        assert "1 of its records moved" in shown.err
        assert records(org) == before


def test_a_later_pull_that_moved_no_record_of_the_plan_does_not_void_it(
    approved: Path, desk_of: Prepare
) -> None:
    with desk_of(approved) as (desk, org):
        plan = desk.ask("show")
        planned = {one["subject"]["record_id"] for one in plan["plan"]["changes"]}
        other = next(key for key in records(org, "Account")["Account"] if key not in planned)
        org.edit("Account", other, {"Phone": "(212) 555-0199"})
        desk.run("pull")

        desk.run("apply", plan["hash"])


def test_a_plan_is_stale_once_another_plan_wrote_its_records(
    applied: Path, desk_of: Prepare
) -> None:
    with desk_of(applied) as (desk, org):
        first = desk.ask("show")["hash"]
        desk.run("revert", "latest")
        back = desk.ask("show")["hash"]
        desk.run("approve", back)
        desk.run("apply", back)
        before = records(org)

        shown = desk.run("apply", first, code=ExitCode.PLAN_STALE)

        assert "were written by a later run, first Account:" in shown.err
        assert back[:8] in shown.err
        assert records(org) == before


def test_applying_twice_writes_nothing_the_second_time(applied: Path, desk_of: Prepare) -> None:
    with desk_of(applied) as (desk, org):
        plan, before = desk.ask("show"), records(org)

        again = desk.ask("apply", plan["hash"])
        shown = desk.run("apply", plan["hash"])

        assert again["counts"] == {"already_done": len(plan["plan"]["changes"])}
        assert "0 changed" in shown.out
        assert "sfterritory revert" not in shown.all
        assert records(org) == before


def test_the_latest_run_to_revert_is_the_latest_that_wrote_something(
    applied: Path, desk_of: Prepare
) -> None:
    with desk_of(applied) as (desk, _):
        plan = desk.ask("show")
        desk.run("apply", plan["hash"])

        back = desk.ask("revert", "latest")["plan"]

        assert len(back["changes"]) + len(back["blocked"]) == len(plan["plan"]["changes"])


def test_a_record_edited_since_the_plan_is_skipped_as_drift_and_the_rest_is_written(
    approved: Path, desk_of: Prepare
) -> None:
    with desk_of(approved) as (desk, org):
        plan = desk.ask("show")
        change = first_account(plan)
        record_id = change["subject"]["record_id"]
        other = next(
            one for one in reps(org) if one["Id"] not in (change["before"], change["after"])
        )
        org.edit("Account", record_id, {"OwnerId": other["Id"]})

        report = desk.ask("apply", plan["hash"], code=ExitCode.PARTLY_APPLIED)

        assert report["counts"] == {"done": len(plan["plan"]["changes"]) - 1, "drifted": 1}
        (drifted,) = [one for one in report["applied"] if one["outcome"] == "drifted"]
        assert drifted["record_id"] == record_id
        assert drifted["code"] == "OWNER_CHANGED"
        assert owners(org)[record_id] == other["Id"]
        assert "1 skipped (changed since plan)" in report["summary"]


def test_a_new_owner_who_left_since_the_plan_is_refused_with_salesforces_code(
    approved: Path, desk_of: Prepare
) -> None:
    with desk_of(approved) as (desk, org):
        plan = desk.ask("show")
        gone = first_account(plan)["after"]
        theirs = {
            one["subject"]["record_id"] for one in plan["plan"]["changes"] if one["after"] == gone
        }
        org.edit("User", gone, {"IsActive": False})
        before = owners(org)

        shown = desk.run("apply", plan["hash"], code=ExitCode.PARTLY_APPLIED)

        assert "INACTIVE_OWNER_OR_USER" in shown.out
        assert f"{len(theirs)} rejected" in shown.out
        after = owners(org)
        assert {record_id: after[record_id] for record_id in theirs} == {
            record_id: before[record_id] for record_id in theirs
        }
        run = desk.ask("log", "latest")
        refused = {one["record_id"] for one in run["records"] if one["outcome"] == "failed"}
        assert refused == theirs


def test_a_record_deleted_since_the_plan_is_skipped(approved: Path, desk_of: Prepare) -> None:
    with desk_of(approved) as (desk, org):
        plan = desk.ask("show")
        record_id = first_account(plan)["subject"]["record_id"]
        with org.state.writing() as connection:
            connection.execute('UPDATE "Account" SET IsDeleted = 1 WHERE Id = ?', (record_id,))

        report = desk.ask("apply", plan["hash"], code=ExitCode.PARTLY_APPLIED)

        (skipped,) = [one for one in report["applied"] if one["outcome"] != "done"]
        assert (skipped["record_id"], skipped["code"]) == (record_id, "ENTITY_IS_DELETED")


def test_a_revert_leaves_to_others_what_they_changed_since(applied: Path, desk_of: Prepare) -> None:
    with desk_of(applied) as (desk, org):
        change = first_account(desk.ask("show"))
        record_id = change["subject"]["record_id"]
        other = next(
            one for one in reps(org) if one["Id"] not in (change["before"], change["after"])
        )
        org.edit("Account", record_id, {"OwnerId": other["Id"]})
        desk.run("pull")

        back = desk.ask("revert", "latest")
        desk.run("approve", back["hash"])
        desk.run("apply", back["hash"])

        (line,) = [
            one for one in back["plan"]["blocked"] if one["subject"]["record_id"] == record_id
        ]
        assert other["Name"] in line["cause"]
        assert owners(org)[record_id] == other["Id"]


@pytest.mark.parametrize(
    ("command", "says", "step"),
    [
        pytest.param("build", "nothing was pulled", "sfterritory pull", id="build"),
        pytest.param("route", "nothing was pulled", "sfterritory pull", id="route"),
        pytest.param("plan", "nothing was pulled", "sfterritory pull", id="plan"),
        pytest.param("show", "no plan was made yet", "sfterritory plan", id="show"),
        pytest.param("revert latest", "nothing was applied yet", "apply a plan", id="revert"),
        pytest.param("log latest", "nothing was applied yet", "apply a plan", id="log"),
        pytest.param("why 001Sb0000000001IAA", "nothing was pulled", "pull", id="why"),
    ],
)
def test_a_step_before_its_time_names_the_one_that_is_missing(
    started: Path, desk_of: Prepare, command: str, says: str, step: str
) -> None:
    with desk_of(started) as (desk, _):
        shown = desk.run(*command.split(), code=ExitCode.ERROR)

        assert says in shown.err
        assert step in shown.err.rpartition("What to do:")[2]


def test_each_step_asks_for_the_one_before_it(
    pulled: Path, copy_of: Callable[[Path], Path]
) -> None:
    desk = Desk(copy_of(pulled) / "project")

    for command, missing in (
        ("route", "build"),
        ("plan", "build"),
        ("build", ""),
        ("plan", "route"),
    ):
        shown = desk.try_(command)
        assert bool(shown.code) == bool(missing)
        assert f"`sfterritory {missing}` first" in shown.err or not missing


def test_a_plan_is_not_made_from_rules_or_limits_that_changed_since(desk: Desk) -> None:
    desk.edit("mappings/routing.yaml", "in: [CA, DE]", "in: [CA, DE, MX]")

    assert "run `sfterritory route` again" in desk.run("plan", code=ExitCode.ERROR).err

    desk.run("route")
    desk.run("plan")
    desk.edit("mappings/territories.yaml", "visit_minutes: 45", "visit_minutes: 50")
    desk.run("route")

    assert "run `sfterritory build`" in desk.run("plan", code=ExitCode.ERROR).err


def test_a_plan_beyond_the_share_that_may_move_cannot_be_applied(
    pulled: Path, desk_of: Prepare
) -> None:
    with desk_of(pulled) as (desk, org):
        desk.edit("sfterritory.yaml", "max_share_moved: 0.6", "max_share_moved: 0.01")
        before, plan = owner_moves(org), desk.plan()
        desk.run("approve", plan["hash"])

        shown = desk.run("apply", plan["hash"], code=ExitCode.NOT_APPROVED)

        assert "the limit is 1.0%" in shown.err
        assert owner_moves(org) == before


def test_nothing_of_the_plan_is_lost_when_its_row_in_the_store_is_edited(
    approved: Path, desk_of: Prepare
) -> None:
    """Whoever edits the store by hand gets an error, never another owner written."""
    with desk_of(approved) as (desk, org):
        plan, before = desk.ask("show")["hash"], records(org)
        with closing(sqlite3.connect(desk.store_file)) as store:
            store.execute("UPDATE plan SET document = substr(document, 1, 200)")
            store.commit()

        shown = desk.run("apply", plan, code=ExitCode.ERROR)

        assert plan[:8] in shown.err
        assert "What to do:" in shown.err
        assert "nobody foresaw" not in shown.err
        assert records(org) == before
