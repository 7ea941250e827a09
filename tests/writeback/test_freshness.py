from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from factories import NOW, SEEN_AT, account_id, owner_change, plan_of

from sfterritory.errors import ExitCode, PlanStaleError
from sfterritory.writeback.freshness import Present, check_fresh, expires_at

PLAN = plan_of(owner_change(account_id(1)))
KEY = f"Account:{account_id(1)}"
PRESENT = Present(
    org_id=PLAN.source.org_id, snapshot_id="snapshot-1", seen_at=SEEN_AT, applied_since={}
)
NEXT = replace(PRESENT, snapshot_id="snapshot-2")


@pytest.mark.parametrize(
    ("present", "problem"),
    [
        pytest.param(replace(PRESENT, org_id="00D000000000002AAA"), "was made for org", id="org"),
        pytest.param(
            replace(PRESENT, applied_since={KEY: "f" * 64}), "by plan ffffffff", id="other plan"
        ),
        pytest.param(NEXT, "the latest is snapshot-2", id="later pull, not compared"),
        pytest.param(
            replace(NEXT, moved_since={KEY}), "1 of its records moved", id="moved by a later pull"
        ),
    ],
)
def test_a_plan_that_the_org_moved_away_from_is_stale(present: Present, problem: str) -> None:
    with pytest.raises(PlanStaleError, match=problem) as caught:
        check_fresh(PLAN, now=NOW, present=present)

    assert caught.value.exit_code is ExitCode.PLAN_STALE


@pytest.mark.parametrize(
    "present",
    [
        pytest.param(PRESENT, id="same snapshot"),
        pytest.param(
            replace(NEXT, moved_since={f"Account:{account_id(2)}"}), id="others moved elsewhere"
        ),
        pytest.param(
            replace(NEXT, moved_since={KEY}, applied_since={KEY: PLAN.hash}),
            id="moved by this very plan",
        ),
        pytest.param(
            replace(PRESENT, applied_since={f"Account:{account_id(2)}": "f" * 64}),
            id="another plan elsewhere",
        ),
    ],
)
def test_a_plan_whose_records_stand_still_is_fresh(present: Present) -> None:
    check_fresh(PLAN, now=NOW, present=present)


def test_a_plan_expires_on_the_minute() -> None:
    expiry = expires_at(PLAN, SEEN_AT)
    check_fresh(PLAN, now=expiry - timedelta(minutes=1), present=PRESENT)

    with pytest.raises(PlanStaleError, match="expired at 2026-11-26 08:00 UTC"):
        check_fresh(PLAN, now=expiry, present=PRESENT)


def test_a_plan_lives_on_from_when_the_org_was_last_seen_so() -> None:
    quiet = replace(PRESENT, seen_at=SEEN_AT + timedelta(days=30))

    check_fresh(PLAN, now=NOW + timedelta(days=30), present=quiet)
