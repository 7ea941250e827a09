"""Whether a plan still describes the org that it was made from."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta

from sfterritory.errors import PlanStaleError
from sfterritory.model.plan import Plan

_PLAN_AGAIN = "run `sfterritory pull` and `sfterritory plan`, then approve the new plan"


@dataclass(frozen=True, slots=True)
class Present:
    """What is known when a plan is about to be applied.

    Attributes:
        org_id: 18-character id of the org that is signed in to.
        snapshot_id: The latest pull.
        seen_at: When the org was last seen in the state that the plan was made from.
        applied_since: Record key (`Account:001...`) to the hash of the plan that wrote it, for
            every run begun since `seen_at`, and for the run that is being resumed with what it
            was sending when it was cut off.
        moved_since: Record keys whose owner differs between the plan's snapshot and the latest
            pull; None where nobody compared them, which makes any later pull count as a change.
    """

    org_id: str
    snapshot_id: str
    seen_at: datetime
    applied_since: Mapping[str, str]
    moved_since: AbstractSet[str] | None = None


def expires_at(plan: Plan, seen_at: datetime) -> datetime:
    """Return the moment from which a plan is refused.

    Args:
        plan: The plan.
        seen_at: When the org was last seen in the state that the plan was made from.
    """
    return seen_at + timedelta(hours=plan.expires_after_hours)


def check_fresh(plan: Plan, *, now: datetime, present: Present) -> None:
    """Refuse a plan that expired or that the org has moved away from.

    The check looks only at records that the plan changes: other work may go on beside it. What
    the plan itself wrote (a run that is being resumed) does not count against it.

    Raises:
        PlanStaleError: Names the cause.
    """
    source = plan.source
    if source.org_id != present.org_id:
        raise PlanStaleError(
            f"plan {plan.short_hash} was made for org {source.org_id}, not for {present.org_id}",
            remedy="sign in to the org of the plan, or make a plan for this one",
        )
    expiry = expires_at(plan, present.seen_at)
    if now >= expiry:
        raise PlanStaleError(
            f"plan {plan.short_hash} expired at {expiry:%Y-%m-%d %H:%M %Z}",
            remedy=_PLAN_AGAIN,
        )
    keys = {change.key for change in plan.changes}
    foreign = sorted(
        key
        for key in keys & present.applied_since.keys()
        if present.applied_since[key] != plan.hash
    )
    if foreign:
        other = present.applied_since[foreign[0]][: len(plan.short_hash)]
        raise PlanStaleError(
            f"{len(foreign):,} records of plan {plan.short_hash} were written by a later run, "
            f"first {foreign[0]} by plan {other}",
            remedy=_PLAN_AGAIN,
        )
    if source.snapshot_id == present.snapshot_id:
        return
    own = {key for key, plan_hash in present.applied_since.items() if plan_hash == plan.hash}
    moved = None if present.moved_since is None else sorted((keys & present.moved_since) - own)
    if moved is None or moved:
        found = f": {len(moved):,} of its records moved, first {moved[0]}" if moved else ""
        raise PlanStaleError(
            f"plan {plan.short_hash} was made from snapshot {source.snapshot_id}, "
            f"and the latest is {present.snapshot_id}{found}",
            remedy=_PLAN_AGAIN,
        )
