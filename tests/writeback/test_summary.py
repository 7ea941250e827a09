from __future__ import annotations

from factories import account_id, owner_change, plan_of

from sfterritory.errors import ExitCode
from sfterritory.model.plan import Applied, Outcome, PlanCounts
from sfterritory.writeback.summary import apply_exit_code, apply_line, summary_line


def outcomes(**counts: int) -> list[Applied]:
    return [
        Applied(object_name="Account", record_id=account_id(1), outcome=Outcome(name))
        for name, count in counts.items()
        for _ in range(count)
    ]


def test_the_summary_of_a_plan_reads_as_promised() -> None:
    plan = plan_of(owner_change(account_id(1))).model_copy(
        update={"counts": PlanCounts(reassign=1204, assign=37, unassign=2, blocked=9)}
    )

    assert summary_line(plan) == (
        f"Plan: 1,204 to reassign, 37 to assign, 2 to unassign; 9 blocked. Hash {plan.short_hash}."
    )


def test_a_plan_without_changes_says_so_unless_something_is_blocked() -> None:
    empty = plan_of()

    assert summary_line(empty) == "No changes. Salesforce matches the rules."
    assert "9 blocked" in summary_line(empty.model_copy(update={"counts": PlanCounts(blocked=9)}))


def test_the_summary_of_a_run_reads_as_promised() -> None:
    usual = outcomes(done=1198, drifted=3, failed=3)
    odd = outcomes(done=1, already_done=2, unverified=4)

    assert apply_line(usual) == (
        "Apply complete! 1,198 changed, 3 skipped (changed since plan), 3 rejected."
    )
    assert apply_line(odd) == (
        "Apply complete! 1 changed, 0 skipped (changed since plan), 0 rejected, "
        "2 already done, 4 not as planned when read back."
    )
    assert apply_line(outcomes(done=2), left=5) == (
        "Apply stopped. 2 changed, 0 skipped (changed since plan), 0 rejected, 5 left."
    )


def test_a_run_is_done_only_when_every_change_is_in_salesforce() -> None:
    assert apply_exit_code(outcomes(done=2, already_done=1)) is ExitCode.DONE
    assert apply_exit_code(outcomes(done=2, unverified=1)) is ExitCode.PARTLY_APPLIED
    assert apply_exit_code(outcomes(done=2), left=1) is ExitCode.PARTLY_APPLIED
