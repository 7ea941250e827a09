"""Plans, changes and decisions for tests: a call names only what matters to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from sfterritory.model.document import Scalar
from sfterritory.model.ids import to_18
from sfterritory.model.plan import (
    Action,
    Check,
    Decision,
    FieldRole,
    FieldWrite,
    OwnerChange,
    Plan,
    PlanCounts,
    PlanSource,
    PreservedField,
    Subject,
    Verdict,
)

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SEEN_AT = NOW - timedelta(hours=1)


def account_id(number: int) -> str:
    return to_18(f"001{number:012d}")


def lead_id(number: int) -> str:
    return to_18(f"00Q{number:012d}")


def user_id(number: int) -> str:
    return to_18(f"005{number:012d}")


def queue_id(number: int) -> str:
    return to_18(f"00G{number:012d}")


ANN, BEN, CAT = user_id(1), user_id(2), user_id(3)
NAMES = {ANN: "Ann Bell", BEN: "Ben Cho", CAT: "Cat Diaz"}


def rolled(field: str, before: Scalar, after: Scalar) -> FieldWrite:
    return FieldWrite(field=field, role=FieldRole.ROLLED, before=before, after=after)


def write_once(field: str, after: Scalar) -> FieldWrite:
    return FieldWrite(field=field, role=FieldRole.WRITE_ONCE, before=None, after=after)


def owner_change(
    record_id: str,
    *,
    before: str | None = ANN,
    after: str = BEN,
    object_name: str = "Account",
    writes: Sequence[FieldWrite] = (),
    preserved: Mapping[str, Scalar] | None = None,
    parent_id: str | None = None,
) -> OwnerChange:
    return OwnerChange(
        subject=Subject(
            object_name=object_name, record_id=record_id, name=f"Shop {record_id[:15]}"
        ),
        action=Action.ASSIGN if before is None else Action.REASSIGN,
        before=before,
        before_name=NAMES.get(before or "", before or ""),
        after=after,
        after_name=NAMES.get(after, after),
        reason="It lies in the north.",
        rule="territory",
        territory="North",
        writes=tuple(writes),
        preserved=tuple(
            PreservedField(field=name, value=value) for name, value in (preserved or {}).items()
        ),
        parent_id=parent_id,
        last_modified_at=SEEN_AT,
        value_usd=100.0,
        hours_per_year=2.0,
    )


def plan_source(*, snapshot_id: str = "snapshot-1", reverts_run: str | None = None) -> PlanSource:
    return PlanSource(
        org_id=to_18("00D000000000001"),
        snapshot_id=snapshot_id,
        territory_version="territory-1",
        route_version="route-1",
        rules_hash="r" * 64,
        config_hash="c" * 64,
        seed=0,
        reverts_run=reverts_run,
    )


def plan_of(*changes: OwnerChange, checks: Sequence[Check] = ()) -> Plan:
    return Plan(
        source=plan_source(),
        expires_after_hours=72.0,
        counts=PlanCounts(reassign=len(changes)),
        changes=changes,
        blocked=(),
        totals=(),
        checks=tuple(checks),
        applyable=bool(changes),
    )


def decision(
    plan: Plan,
    verdict: Verdict = Verdict.APPROVE,
    *,
    by: str = "dana",
    minute: int = 0,
    records: Sequence[str] = (),
) -> Decision:
    return Decision(
        plan_hash=plan.hash,
        verdict=verdict,
        decided_by=by,
        decided_at=NOW + timedelta(minutes=minute),
        records=tuple(records),
    )
