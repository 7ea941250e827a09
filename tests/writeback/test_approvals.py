from __future__ import annotations

import pytest
from factories import ANN, BEN, CAT, NOW, account_id, decision, owner_change, plan_of
from hypothesis import given
from hypothesis import strategies as st

from sfterritory.errors import ConfigError, ExitCode, NotApprovedError
from sfterritory.model.plan import Check, Decision, Verdict
from sfterritory.writeback.approvals import (
    ApprovalPolicy,
    approved_changes,
    decide,
    standing_decisions,
)

ONE, TWO = f"Account:{account_id(1)}", f"Account:{account_id(2)}"
PLAN = plan_of(owner_change(account_id(1)), owner_change(account_id(2)))
APPROVE, REJECT = Verdict.APPROVE, Verdict.REJECT


def standing(*decisions: Decision) -> tuple[list[str], list[str], list[str]]:
    lines = standing_decisions(PLAN, decisions, policy=ApprovalPolicy(), created_by="ann")
    return (
        [change.key for change in lines.changes],
        [change.key for change in lines.rejected],
        [change.key for change in lines.undecided],
    )


def test_a_line_that_nobody_spoke_of_is_undecided() -> None:
    assert standing(decision(PLAN, records=[ONE])) == ([ONE], [], [TWO])


def test_the_latest_word_on_a_line_stands_whatever_order_they_come_in() -> None:
    late = decision(PLAN, REJECT, records=[ONE], minute=2)
    early = decision(PLAN, APPROVE, records=[ONE], minute=1)

    assert standing(late, early) == ([], [ONE], [TWO])


def test_approving_the_whole_plan_leaves_a_struck_line_struck() -> None:
    struck = decision(PLAN, REJECT, records=[ONE], minute=1)

    assert standing(struck, decision(PLAN, minute=2)) == ([TWO], [ONE], [])


def test_a_struck_line_is_approved_by_naming_it() -> None:
    struck = decision(PLAN, REJECT, records=[ONE], minute=1)
    named = decision(PLAN, APPROVE, records=[ONE], minute=2)

    assert standing(struck, named, decision(PLAN, minute=3)) == ([ONE, TWO], [], [])


def test_rejecting_the_whole_plan_outranks_earlier_approvals_of_its_lines() -> None:
    named = decision(PLAN, APPROVE, records=[ONE], minute=1)

    assert standing(named, decision(PLAN, REJECT, minute=2)) == ([], [ONE, TWO], [])


def test_with_four_eyes_the_makers_own_approval_does_not_count_but_the_rejection_does() -> None:
    policy = ApprovalPolicy(four_eyes=True)
    own = decision(PLAN, by="Ann ")
    other = decision(PLAN, by="dana", minute=1)
    strike = decision(PLAN, REJECT, by="ann", records=[ONE], minute=2)

    with pytest.raises(NotApprovedError, match="approved only by ann"):
        approved_changes(PLAN, [own], policy=policy, created_by="ann")
    with pytest.raises(NotApprovedError, match="an unknown maker"):
        approved_changes(PLAN, [other], policy=policy, created_by="")
    approved = approved_changes(PLAN, [own, other, strike], policy=policy, created_by="ann")

    assert [change.key for change in approved.changes] == [TWO]
    assert approved.approvers == ("dana",)


def test_an_unapproved_plan_is_refused_with_the_command_that_approves_it() -> None:
    with pytest.raises(NotApprovedError) as caught:
        approved_changes(PLAN, [], policy=ApprovalPolicy(), created_by="ann")

    assert caught.value.exit_code is ExitCode.NOT_APPROVED
    assert f"`sfterritory approve {PLAN.short_hash}`" in caught.value.remedy


def test_a_plan_with_a_failed_check_is_refused_whoever_approved_it() -> None:
    check = Check(name="share_moved", passed=False, detail="81% moves")
    plan = plan_of(owner_change(account_id(1)), checks=[check])

    with pytest.raises(NotApprovedError, match="share_moved: 81% moves"):
        approved_changes(plan, [decision(plan)], policy=ApprovalPolicy(), created_by="ann")


@given(
    st.lists(
        st.tuples(st.sampled_from(Verdict), st.lists(st.sampled_from([ONE, TWO]), max_size=2))
    ),
    st.sampled_from([BEN, CAT]),
)
def test_decisions_on_an_edited_plan_never_count(
    spoken: list[tuple[Verdict, list[str]]], after: str
) -> None:
    edited = plan_of(owner_change(account_id(1), before=ANN, after=after))
    decisions = [
        decision(PLAN, verdict, records=records, minute=n)
        for n, (verdict, records) in enumerate(spoken)
    ]

    with pytest.raises(NotApprovedError, match=f"nobody approved plan {edited.short_hash}"):
        approved_changes(edited, decisions, policy=ApprovalPolicy(), created_by="ann")


def test_a_decision_names_lines_by_short_or_long_id_and_keeps_the_summary_as_shown() -> None:
    spoken = decide(
        PLAN,
        APPROVE,
        decided_by="dana",
        decided_at=NOW,
        records=[account_id(2)[:15], ONE],
    )

    assert spoken.records == (ONE, TWO)
    assert spoken.plan_hash == PLAN.hash
    assert spoken.summary.startswith("Plan: 2 to reassign")


def test_a_decision_on_records_that_the_plan_does_not_change_lists_them_all() -> None:
    strangers = [account_id(9), f"Lead:{account_id(1)}", "nonsense"]

    with pytest.raises(ConfigError) as caught:
        decide(PLAN, APPROVE, decided_by="dana", decided_at=NOW, records=strangers)

    assert all(name in caught.value.problem for name in strangers)
