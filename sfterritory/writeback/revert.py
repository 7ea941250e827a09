"""The way back: an ordinary plan that undoes what a run wrote.

What a revert gives back: the owner, and every rolled field that still holds what the run sent.
What it keeps: write-once fields, since who owned a record first stays true when a later change is
undone, and preserved fields. What others changed since is theirs: it is blocked, and listed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum

from sfterritory.errors import StepMissingError
from sfterritory.model.document import Scalar
from sfterritory.model.plan import (
    Applied,
    BlockedChange,
    FieldRole,
    FieldWrite,
    Outcome,
    OwnerChange,
    Plan,
    PlanSource,
    PreservedField,
)
from sfterritory.writeback.diff import PlanPolicy, action_of, assemble
from sfterritory.writeback.owner import OrgFacts, cannot_own
from sfterritory.writeback.settle import fields_of
from sfterritory.writeback.totals import carried_totals
from sfterritory.writeback.verify import LAST_MODIFIED, OWNER, parse_instant, same_value

RULE = "revert"

Fields = Mapping[str, Scalar]


class _Standing(Enum):
    """A record that needs no line in a revert."""

    BACK_ALREADY = "the owner is who it was before the run"


def fields_to_revert(plan: Plan) -> dict[str, tuple[str, ...]]:
    """Return which fields of which object `make_revert` needs today's values of, sorted."""
    names: dict[str, set[str]] = {}
    for change in plan.changes:
        names.setdefault(change.subject.object_name, set()).update(fields_of(change))
    return {name: tuple(sorted(fields)) for name, fields in sorted(names.items())}


def wrote_owner(applied: Applied) -> bool:
    """Tell whether this outcome means that we changed the owner, so that it can be reverted."""
    if applied.outcome is Outcome.DONE:
        return True
    moved = same_value(applied.sent.get(OWNER), applied.read_back.get(OWNER))
    return applied.outcome is Outcome.UNVERIFIED and moved


def make_revert(
    plan: Plan,
    applied: Sequence[Applied],
    current: Mapping[str, Fields],
    *,
    org: OrgFacts,
    source: PlanSource,
    policy: PlanPolicy,
) -> Plan:
    """Return the plan that gives records back to who owned them before a run.

    Undoing an undo works the same way, and undoing twice gives a plan without changes. Guards on
    the share moved do not hold a revert back.

    Args:
        plan: The plan of the run.
        applied: Its outcomes, or those of the records to give back.
        current: Today's values by `Account:001...`, with the fields of `fields_to_revert`; a
            record that is gone is absent.
        org: Owners as of the last pull.
        source: As of any plan, with `reverts_run` set.
        policy: Expiry.

    Raises:
        StepMissingError: A field that is needed was not read.
        ValueError: `source` names no run, or an outcome is of another plan.
    """
    if source.reverts_run is None:
        raise ValueError("the source of a revert names the run that it reverts")
    planned = {change.key: change for change in plan.changes}
    foreign = sorted(one.key for one in applied if one.key not in planned)
    if foreign:
        raise ValueError(f"outcomes of another plan: {', '.join(foreign[:10])}")
    written = [one for one in applied if wrote_owner(one)]
    _refuse_missing(written, planned, current)
    changes: list[OwnerChange] = []
    blocked: list[BlockedChange] = []
    for one in written:
        line = _line(planned[one.key], one, current.get(one.key), org=org, run=source.reverts_run)
        if isinstance(line, OwnerChange):
            changes.append(line)
        elif isinstance(line, BlockedChange):
            blocked.append(line)
    return assemble(
        changes,
        blocked,
        totals=carried_totals(
            plan.totals,
            applied=[planned[one.key] for one in written],
            planned=changes,
            org=org,
        ),
        unchanged=len(applied) - len(changes) - len(blocked),
        source=source,
        policy=policy,
    )


def _line(
    change: OwnerChange, applied: Applied, now: Fields | None, *, org: OrgFacts, run: str
) -> OwnerChange | BlockedChange | _Standing:
    before = applied.found[OWNER]
    owner = None if now is None else now[OWNER]
    if now is not None and same_value(owner, before):
        return _Standing.BACK_ALREADY
    back = None if before is None else str(before)
    cause = _cause(change, back, now, org=org)
    if cause is not None or now is None or back is None or owner is None:
        return BlockedChange(
            subject=change.subject,
            before=None if owner is None else str(owner),
            before_name=org.name(None if owner is None else str(owner)),
            after=back,
            after_name=org.name(back),
            rule=RULE,
            cause=cause or "it has no owner to give it back to",
        )
    return OwnerChange(
        subject=change.subject,
        action=action_of(str(owner), back, org=org),
        before=str(owner),
        before_name=org.name(str(owner)),
        after=back,
        after_name=org.name(back),
        reason=f"Run {run} is undone: it goes back to {org.name(back)}, who owned it before.",
        rule=RULE,
        writes=_restored(change, applied, now),
        preserved=_kept(change, now),
        parent_id=change.parent_id,
        last_modified_at=parse_instant(str(now[LAST_MODIFIED])),
        value_usd=change.value_usd,
        hours_per_year=change.hours_per_year,
    )


def _cause(
    change: OwnerChange, back: str | None, now: Fields | None, *, org: OrgFacts
) -> str | None:
    if now is None:
        return "the record was deleted or merged since the run"
    if not same_value(change.after, now[OWNER]):
        return f"somebody else gave it to {org.name(str(now[OWNER]))} since the run"
    if back is None:
        return "nobody owned it before the run"
    return cannot_own(back, change.subject.object_name, org=org)


def _restored(change: OwnerChange, applied: Applied, now: Fields) -> tuple[FieldWrite, ...]:
    """Return the rolled fields that still hold what the run sent, with the value from before."""
    return tuple(
        FieldWrite(
            field=write.field,
            role=FieldRole.RESTORED,
            before=now[write.field],
            after=applied.found[write.field],
        )
        for write in change.writes
        if write.role is not FieldRole.WRITE_ONCE
        and write.field in applied.sent
        and same_value(applied.sent[write.field], now[write.field])
        and not same_value(applied.found[write.field], now[write.field])
    )


def _kept(change: OwnerChange, now: Fields) -> tuple[PreservedField, ...]:
    """Return what the revert must leave alone: preserved fields, and write-once fields."""
    once = [write.field for write in change.writes if write.role is FieldRole.WRITE_ONCE]
    names = [*(kept.field for kept in change.preserved), *once]
    return tuple(PreservedField(field=name, value=now[name]) for name in names)


def _refuse_missing(
    written: Sequence[Applied], planned: Mapping[str, OwnerChange], current: Mapping[str, Fields]
) -> None:
    missing = {
        f"{change.subject.object_name}.{name}"
        for change in (planned[one.key] for one in written)
        if change.key in current
        for name in fields_of(change)
        if name not in current[change.key]
    }
    if missing:
        raise StepMissingError(
            f"today's values of {', '.join(sorted(missing))} are not known",
            remedy="run `sfterritory pull`: it fetches every field that mappings/ names",
        )
