"""The difference between who owns each record and who should: the plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from pydantic import Field

from sfterritory.errors import StepMissingError
from sfterritory.model.columns import MISSING_CODE
from sfterritory.model.document import Document
from sfterritory.model.plan import (
    Action,
    BlockedChange,
    Check,
    OwnerChange,
    OwnerTotals,
    Plan,
    PlanCounts,
    PlanSource,
    RunnerUp,
    Subject,
)
from sfterritory.writeback.desired import DesiredOwners, RecordDetail, changed_rows, owner_codes
from sfterritory.writeback.history import (
    HistoryFields,
    OwnershipFacts,
    history_writes,
    preserved_fields,
)
from sfterritory.writeback.owner import OrgFacts, cannot_own
from sfterritory.writeback.totals import ACCOUNT, Books, owner_totals

_NO_HISTORY = HistoryFields()


class PlanPolicy(Document):
    """When a plan expires, what blocks it as a whole, and which history fields it fills."""

    expires_after_hours: float = Field(
        default=72.0, gt=0, description="counted from when the org was last seen, not from planning"
    )
    max_share_moved: float | None = Field(
        default=None, gt=0, le=1, description="a plan that moves more of the records is blocked"
    )
    history: dict[str, HistoryFields] = Field(default_factory=dict, description="by object")


def make_plan(  # noqa: PLR0913 - what is wanted, what is known, what is allowed: all one call
    desired: Sequence[DesiredOwners],
    details: Mapping[str, RecordDetail],
    *,
    org: OrgFacts,
    source: PlanSource,
    policy: PlanPolicy,
    checks: Sequence[Check] = (),
    complete: bool = True,
) -> Plan:
    """Compare today's owners with the wanted ones.

    Changes come in order of object, family (a parent and its children side by side) and id.
    A change that Salesforce would refuse is blocked with its cause. Totals cover accounts.

    Args:
        desired: One set of columns per object.
        details: By record id, for the rows of `changed_rows`.
        org: Owners, and the length of text fields.
        source: What this was made from.
        policy: Expiry, guards and history fields.
        checks: Questions that the caller asked and answered (every account in one territory).
        complete: False where a target narrowed `desired`.

    Raises:
        StepMissingError: A changed record or one of its history fields was not pulled.
    """
    _refuse_missing(desired, details, policy)
    changes: list[OwnerChange] = []
    blocked: list[BlockedChange] = []
    for records in desired:
        history = policy.history.get(records.object_name, _NO_HISTORY)
        for row in changed_rows(records).tolist():
            line = _line(records, row, details[str(records.ids[row])], org=org, history=history)
            if isinstance(line, OwnerChange):
                changes.append(line)
            else:
                blocked.append(line)
    total = sum(len(records) for records in desired)
    all_checks = (*checks, *_share_check(len(changes), total, policy.max_share_moved))
    return assemble(
        changes,
        blocked,
        totals=_totals(desired, blocked, org),
        unchanged=total - len(changes) - len(blocked),
        source=source,
        policy=policy,
        checks=all_checks,
        complete=complete,
    )


def assemble(  # noqa: PLR0913 - the parts of the document, each named
    changes: Sequence[OwnerChange],
    blocked: Sequence[BlockedChange],
    *,
    totals: tuple[OwnerTotals, ...],
    unchanged: int,
    source: PlanSource,
    policy: PlanPolicy,
    checks: tuple[Check, ...] = (),
    complete: bool = True,
) -> Plan:
    """Put the parts of a plan together, sorted and counted."""
    actions = Counter(change.action for change in changes)
    return Plan(
        source=source,
        expires_after_hours=policy.expires_after_hours,
        counts=PlanCounts(
            reassign=actions[Action.REASSIGN],
            assign=actions[Action.ASSIGN],
            unassign=actions[Action.UNASSIGN],
            blocked=len(blocked),
            unchanged=unchanged,
        ),
        changes=tuple(sorted(changes, key=family_order)),
        blocked=tuple(
            sorted(blocked, key=lambda line: (line.subject.object_name, line.subject.record_id))
        ),
        totals=totals,
        checks=checks,
        complete=complete,
        applyable=bool(changes) and all(check.passed for check in checks),
    )


def family_order(change: OwnerChange) -> tuple[str, str, bool, str]:
    """Return the sort key that puts a parent right before its children.

    Salesforce locks the parent while it writes a child, so siblings belong in one batch.
    """
    subject = change.subject
    return (
        subject.object_name,
        change.parent_id or subject.record_id,
        change.parent_id is not None,
        subject.record_id,
    )


def action_of(before: str | None, after: str, *, org: OrgFacts) -> Action:
    """Return what the change means: persons count, queues and nobody do not.

    From queue to queue is a reassignment: nobody gets or loses it.
    """
    was_person, is_person = org.is_person(before), org.is_person(after)
    if was_person == is_person and before is not None:
        return Action.REASSIGN
    return Action.UNASSIGN if was_person else Action.ASSIGN


def _line(
    records: DesiredOwners,
    row: int,
    detail: RecordDetail,
    *,
    org: OrgFacts,
    history: HistoryFields,
) -> OwnerChange | BlockedChange:
    before, after = records.before.value(row), records.after.value(row)
    if after is None:
        raise ValueError(f"row {row} of {records.object_name} has no wanted owner")
    subject = Subject(
        object_name=records.object_name, record_id=str(records.ids[row]), name=detail.name
    )
    rule, reason = records.rule.value(row) or "", records.reason.value(row) or ""
    territory = records.territory.value(row)
    cause = _cause(subject, after, detail, org=org)
    if cause is not None:
        return BlockedChange(
            subject=subject,
            before=before,
            before_name=org.name(before),
            after=after,
            after_name=org.name(after),
            rule=rule,
            cause=cause,
        )
    facts = OwnershipFacts(
        before=before,
        before_name=org.name(before),
        before_is_person=org.is_person(before),
        after=after,
        after_is_person=org.is_person(after),
        reason=reason,
        rule=rule,
        territory=territory,
        created_at=detail.created_at,
        first_owner=detail.first_owner,
        first_assigned_at=detail.first_assigned_at,
    )
    lengths = org.text_lengths.get(records.object_name, {})
    return OwnerChange(
        subject=subject,
        action=action_of(before, after, org=org),
        before=before,
        before_name=facts.before_name,
        after=after,
        after_name=org.name(after),
        reason=reason,
        rule=rule,
        territory=territory,
        runner_up=_runner_up(records, row, org),
        writes=history_writes(history, facts=facts, current=detail.fields, text_lengths=lengths),
        preserved=preserved_fields(history, detail.fields),
        parent_id=detail.parent_id,
        last_modified_at=detail.last_modified_at,
        value_usd=_rounded(records.value_usd[row]),
        hours_per_year=_rounded(records.hours_per_year[row]),
    )


def _cause(subject: Subject, after: str, detail: RecordDetail, *, org: OrgFacts) -> str | None:
    if detail.converted:
        return "the lead was converted, and Salesforce refuses to change it"
    return cannot_own(after, subject.object_name, org=org)


def _runner_up(records: DesiredOwners, row: int, org: OrgFacts) -> RunnerUp | None:
    owner_id = records.runner_up.value(row)
    if owner_id is None:
        return None
    return RunnerUp(
        owner_id=owner_id,
        owner_name=org.name(owner_id),
        reason=records.runner_up_reason.value(row) or "",
    )


def _rounded(number: float) -> float:
    return 0.0 if np.isnan(number) else round(float(number), 2)


def _share_check(changes: int, total: int, limit: float | None) -> tuple[Check, ...]:
    if limit is None:
        return ()
    share = changes / total if total else 0.0
    return (
        Check(
            name="share_moved",
            passed=share <= limit,
            detail=f"{changes:,} of {total:,} records ({share:.1%}) change owner; "
            f"the limit is {limit:.1%}",
        ),
    )


def _totals(
    desired: Sequence[DesiredOwners], blocked: Sequence[BlockedChange], org: OrgFacts
) -> tuple[OwnerTotals, ...]:
    accounts = [records for records in desired if records.object_name == ACCOUNT]
    if not accounts:
        return ()
    (records,) = accounts
    owner_ids, before, after = owner_codes(records)
    stays = after == MISSING_CODE
    kept = np.array([line.subject.record_id for line in blocked], dtype=records.ids.dtype)
    stays |= np.isin(records.ids, kept)
    return owner_totals(
        Books(
            owner_ids=owner_ids,
            before=before,
            after=np.where(stays, before, after).astype(np.int32),
            hours_per_year=np.nan_to_num(records.hours_per_year),
            value_usd=np.nan_to_num(records.value_usd),
        ),
        org,
    )


def _refuse_missing(
    desired: Sequence[DesiredOwners], details: Mapping[str, RecordDetail], policy: PlanPolicy
) -> None:
    repeated = [n for n, count in Counter(d.object_name for d in desired).items() if count > 1]
    if repeated:
        raise ValueError(f"more than one set of records of {', '.join(repeated)}")
    missing: set[str] = set()
    for records in desired:
        names = policy.history.get(records.object_name, _NO_HISTORY).names
        for record_id in records.ids[changed_rows(records)].tolist():
            detail = details.get(record_id)
            if detail is None:
                missing.add(f"{records.object_name} {record_id}")
            else:
                missing |= {
                    f"{records.object_name}.{name}" for name in names if name not in detail.fields
                }
    if missing:
        raise StepMissingError(
            f"the last pull holds no {', '.join(sorted(missing)[:10])}"
            f"{' and others' if len(missing) > 10 else ''}",
            remedy="run `sfterritory pull`: it fetches every field that mappings/ names",
        )
