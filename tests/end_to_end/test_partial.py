"""Parts of a plan: rejected, approved or applied on their own; and two pairs of eyes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from end_to_end.conftest import Environ, Prepare
from end_to_end.desk import owners
from sfterritory.errors import ExitCode


def ids(changes: Any) -> set[str]:
    return {one["subject"]["record_id"] for one in changes}


def moved(before: dict[str, str], after: dict[str, str]) -> set[str]:
    return {record_id for record_id in before if before[record_id] != after[record_id]}


@pytest.mark.parametrize("order", ["reject first", "approve first"])
def test_a_line_that_was_rejected_is_not_written_whichever_came_first(
    planned: Path, desk_of: Prepare, order: str
) -> None:
    with desk_of(planned) as (desk, org):
        plan, before = desk.ask("show"), owners(org)
        changes = ids(plan["plan"]["changes"])
        struck = sorted(changes)[:2]
        reject = [
            "reject",
            plan["hash"],
            "--only",
            struck[0][:15],
            "--only",
            f"Account:{struck[1]}",
        ]
        for words in sorted(
            [reject, ["approve", plan["hash"]]], key=lambda one: one[0] not in order[:7]
        ):
            state = desk.ask(*words)

        report = desk.ask("apply", plan["hash"])

        assert (state["approved"], state["rejected"]) == (len(changes) - 2, 2)
        assert report["rejected"] == 2
        assert moved(before, owners(org)) == changes - set(struck)


def test_only_the_approved_territory_is_written_and_the_rest_waits(
    planned: Path, desk_of: Prepare
) -> None:
    with desk_of(planned) as (desk, org):
        plan, before = desk.ask("show"), owners(org)
        changes = plan["plan"]["changes"]
        territory = min(one["territory"] for one in changes if one["territory"])
        inside = ids(one for one in changes if one["territory"] == territory)
        desk.run("approve", plan["hash"], "--territory", territory.upper())

        report = desk.ask("apply", plan["hash"])

        assert moved(before, owners(org)) == inside
        assert report["undecided"] == len(changes) - len(inside)
        assert desk.ask("status")["next_step"] == f"sfterritory approve {plan['hash'][:8]}"

        desk.run("approve", plan["hash"])
        desk.run("apply", plan["hash"])

        assert moved(before, owners(org)) == ids(changes)
        assert desk.ask("status")["next_step"] == "sfterritory pull"


def test_apply_can_be_narrowed_to_one_record_and_goes_on_with_the_rest(
    approved: Path, desk_of: Prepare
) -> None:
    with desk_of(approved) as (desk, org):
        plan, before = desk.ask("show"), owners(org)
        changes = ids(plan["plan"]["changes"])
        one = min(changes)

        first = desk.ask("apply", plan["hash"], "--only", one[:15])

        assert moved(before, owners(org)) == {one}
        assert first["left_out"] == len(changes) - 1
        assert desk.ask("status")["next_step"] == f"sfterritory apply {plan['hash'][:8]}"

        rest = desk.ask("apply", plan["hash"])

        assert moved(before, owners(org)) == changes
        assert rest["counts"] == {"already_done": 1, "done": len(changes) - 1}


def test_a_selection_that_is_not_in_the_plan_is_named(approved: Path, desk_of: Prepare) -> None:
    with desk_of(approved) as (desk, org):
        plan, before = desk.ask("show")["hash"], owners(org)

        for option, value in (
            ("--only", "001Sb00000000zzAAA"),
            ("--territory", "Atlantis"),
            ("--owner", "Captain Nemo"),
        ):
            for command in ("approve", "reject", "apply"):
                shown = desk.run(command, plan, option, value, code=ExitCode.ERROR)
                assert value in shown.err
                assert f"sfterritory show {plan[:8]}" in shown.err

        assert owners(org) == before


def test_four_eyes_need_somebody_other_than_the_maker(
    planned: Path, desk_of: Prepare, environ: Environ
) -> None:
    with desk_of(planned) as (desk, org):
        desk.edit("sfterritory.yaml", "four_eyes: false", "four_eyes: true")
        plan, before = desk.ask("show"), owners(org)
        assert plan["created_by"] == "ann"
        own = desk.ask("approve", plan["hash"], "--by", "Ann ")
        shown = desk.run("apply", plan["hash"], code=ExitCode.NOT_APPROVED)

        assert own["approved"] == 0
        assert "was approved only by ann" in shown.err
        assert "four_eyes asks for somebody else" in shown.err
        assert owners(org) == before

        environ({"SFTERRITORY_USER": "ben"})
        desk.run("approve", plan["hash"])
        environ({"SFTERRITORY_USER": "ann"})
        desk.run("apply", plan["hash"])

        assert moved(before, owners(org)) == ids(plan["plan"]["changes"])


def test_lines_that_an_earlier_run_wrote_are_not_counted_as_left_out(
    approved: Path, desk_of: Prepare
) -> None:
    with desk_of(approved) as (desk, _):
        plan = desk.ask("show")
        first, second, *others = [one["subject"]["record_id"] for one in plan["plan"]["changes"]]
        some = desk.ask("apply", plan["hash"], "--only", first)
        more = desk.ask("apply", plan["hash"], "--only", second)

    assert some["left_out"] == len(others) + 1
    assert more["left_out"] == len(others)
