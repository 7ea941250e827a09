"""Nothing reaches Salesforce but by applying an approved plan; nor does a pool's turn move."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import JsonValue

from end_to_end.conftest import Prepare
from end_to_end.desk import Desk, owner_moves, records, reps
from sfterritory.cli.main import COMMANDS
from sfterritory.model.store.store import open_store

OTHERS_TURN = "005Sb0000000009IAA"
NOT_OURS = {"sandbox", "demo", "bench"}  # an org of their own, or none


@pytest.mark.slow
def test_no_command_but_apply_changes_anything_in_salesforce(
    started: Path, desk_of: Prepare, tmp_path: Path
) -> None:
    with desk_of(started) as (desk, org):
        _chain_until_approved(desk)
        desk.run("apply", desk.ask("show")["hash"])
        before = records(org)
        tried = {"apply"}
        account, rep = next(iter(before["Account"])), reps(org)[0]["Username"]

        for words in (
            ["init", str(tmp_path / "another")],
            ["doctor"],
            ["pull"],
            ["pull", "--full"],
            ["build"],
            ["build", "--workers", "2"],
            ["route"],
            ["plan"],
            ["show"],
            ["show", "--format", "html"],
            ["revert", "latest"],
            ["approve", desk.ask("show")["hash"]],
            ["reject", desk.ask("show")["hash"]],
            ["why", next(iter(before["Account"]))],
            ["status"],
            ["log"],
            ["log", "latest"],
            ["roster"],
            ["completion", "bash"],
            ["travel"],
            ["geo", "clusters"],
            ["geo", "borders"],
            [
                "override",
                "add",
                account,
                "--to",
                rep,
                "--reason",
                "knows them",
                "--until",
                "2099-01-01",
            ],
            ["override", "list"],
            ["proposals", "list"],
            ["scenario", "create", "wider", "--tolerance", "hours=0.2"],
            ["scenario", "compare", "live", "wider"],
            ["scenario", "activate", "wider", "--on", "2099-01-01"],
            ["territories"],
            ["unassigned"],
        ):
            desk.run(*words)
            tried.add(words[0])

        assert records(org) == before
        assert tried == set(COMMANDS) - NOT_OURS


def _chain_until_approved(desk: Desk) -> None:
    desk.run("pull")
    desk.run("approve", desk.plan()["hash"])


def test_apply_writes_exactly_the_approved_lines_each_once(
    approved: Path, desk_of: Prepare
) -> None:
    with desk_of(approved) as (desk, org):
        plan = desk.ask("show")
        before, earlier = records(org), owner_moves(org)
        desk.run("apply", plan["hash"])

        moved = [move for move in owner_moves(org) if move not in earlier]
        assert moved == sorted(
            (one["subject"]["record_id"], one["before"], one["after"])
            for one in plan["plan"]["changes"]
        )
        touched = {
            record_id
            for name, rows in records(org).items()
            if not name.endswith("History")
            for record_id, row in rows.items()
            if row != before[name].get(record_id)
        }
        assert touched == {record_id for record_id, _, _ in moved}


def pools(desk: Desk) -> dict[str, JsonValue]:
    with open_store(desk.store_url) as store:
        return dict(store.routes.pools())


def let_support_take_turns(desk: Desk) -> None:
    """Give leads abroad to somebody who owns none yet, so that each of them costs a turn."""
    abroad = "to: {queue: International_Leads}\n"
    desk.edit("mappings/routing.yaml", abroad, "to: {pool: inbound}\n")
    desk.edit("mappings/routing.yaml", "is: Account Executive", "is: Support Specialist")


def test_a_pool_takes_its_turns_only_when_the_plan_is_applied(
    pulled: Path, desk_of: Prepare
) -> None:
    with desk_of(pulled) as (desk, _):
        let_support_take_turns(desk)
        assert pools(desk) == {}
        plan = desk.plan()
        desk.plan()
        desk.run("approve", plan["hash"])
        desk.run("show")
        assert pools(desk) == {}

        desk.run("apply", plan["hash"])

        assert set(pools(desk)) == {"inbound"}


def test_a_rejected_plan_costs_no_turn(pulled: Path, desk_of: Prepare) -> None:
    with desk_of(pulled) as (desk, _):
        let_support_take_turns(desk)
        plan = desk.plan()
        desk.run("reject", plan["hash"])
        desk.run("apply", plan["hash"], code=6)

        assert pools(desk) == {}


def test_applying_an_old_plan_again_does_not_turn_a_pool_back(
    applied: Path, desk_of: Prepare
) -> None:
    with desk_of(applied) as (desk, _):
        first = desk.ask("show")["hash"]
        with open_store(desk.store_url) as store:
            store.routes.set_pools({"inbound": OTHERS_TURN})  # by a later plan

        desk.run("apply", first)

        assert pools(desk) == {"inbound": OTHERS_TURN}
