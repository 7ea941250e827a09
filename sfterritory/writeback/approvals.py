"""Which lines of a plan may be written: decisions, bound to the plan's hash."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pydantic import Field

from sfterritory.errors import ConfigError, NotApprovedError
from sfterritory.model.document import Document
from sfterritory.model.ids import looks_like_id, to_18
from sfterritory.model.plan import Decision, OwnerChange, Plan, Verdict
from sfterritory.writeback.summary import summary_line


class ApprovalPolicy(Document):
    """Who may approve."""

    four_eyes: bool = Field(
        default=False, description="the approval of whoever made the plan does not count"
    )


@dataclass(frozen=True, slots=True)
class Approved:
    """The lines of one plan, by what was decided on them; only `changes` may be written.

    Attributes:
        left_out: Approved, but outside what this run was narrowed to.
        approvers: Whose word stands behind `changes`, sorted.
    """

    plan_hash: str
    changes: tuple[OwnerChange, ...]
    rejected: tuple[OwnerChange, ...]
    undecided: tuple[OwnerChange, ...]
    approvers: tuple[str, ...]
    left_out: tuple[OwnerChange, ...] = ()


def approved_changes(
    plan: Plan, decisions: Sequence[Decision], *, policy: ApprovalPolicy, created_by: str
) -> Approved:
    """Return what may be written.

    Args:
        plan: The plan.
        decisions: In the order in which they were added; those on other hashes do not count.
        policy: Who may approve.
        created_by: Who made the plan.

    Raises:
        NotApprovedError: Nothing of a plan with changes is approved, or one of its checks failed.
    """
    failed = [f"{check.name}: {check.detail}" for check in plan.checks if not check.passed]
    if failed:
        raise NotApprovedError(
            f"plan {plan.short_hash} did not pass its checks:\n" + "\n".join(failed),
            remedy="change the rules or the limits, then run `sfterritory plan` again",
        )
    standing = standing_decisions(plan, decisions, policy=policy, created_by=created_by)
    if plan.changes and not standing.changes:
        raise NotApprovedError(
            _why_not(plan, decisions, policy=policy, created_by=created_by),
            remedy=f"show it with `sfterritory show {plan.short_hash}`, "
            f"then approve it with `sfterritory approve {plan.short_hash}`",
        )
    return standing


def standing_decisions(
    plan: Plan, decisions: Sequence[Decision], *, policy: ApprovalPolicy, created_by: str
) -> Approved:
    """Sort the lines of a plan by the word that stands on each.

    The latest word on a line stands, whether it named the line or the whole plan, with one
    exception: approving the whole plan does not lift a rejection that named the line, since
    reviewers strike single lines first and approve the rest after. Only naming the line lifts it.
    Decisions of one instant count in the order given.
    """
    counted = sorted(
        (one for one in decisions if _counts(one, plan, policy=policy, created_by=created_by)),
        key=lambda one: one.decided_at,
    )
    whole = _Word.last([one for one in enumerate(counted) if not one[1].records])
    named: dict[str, _Word] = {}
    for position, decision in enumerate(counted):
        for key in decision.records:
            named[key] = _Word(position, decision)
    lines: dict[Verdict | None, list[OwnerChange]] = {
        Verdict.APPROVE: [],
        Verdict.REJECT: [],
        None: [],
    }
    approvers = set()
    for change in plan.changes:
        word = _standing(named.get(change.key), whole)
        lines[word.decision.verdict if word else None].append(change)
        if word and word.decision.verdict is Verdict.APPROVE:
            approvers.add(word.decision.decided_by)
    return Approved(
        plan_hash=plan.hash,
        changes=tuple(lines[Verdict.APPROVE]),
        rejected=tuple(lines[Verdict.REJECT]),
        undecided=tuple(lines[None]),
        approvers=tuple(sorted(approvers)),
    )


def only_records(approved: Approved, keys: Collection[str]) -> Approved:
    """Narrow a run to some lines; the others stay approved and are not written."""
    return replace(
        approved,
        changes=tuple(change for change in approved.changes if change.key in keys),
        left_out=tuple(change for change in approved.changes if change.key not in keys),
    )


def decide(
    plan: Plan,
    verdict: Verdict,
    *,
    decided_by: str,
    decided_at: datetime,
    records: Sequence[str] = (),
    reason: str = "",
) -> Decision:
    """Return a decision on the whole plan, or on the lines named by id or `Account:001...`.

    Raises:
        ConfigError: Lists every name that is no line of the plan.
    """
    return Decision(
        plan_hash=plan.hash,
        verdict=verdict,
        decided_by=decided_by,
        decided_at=decided_at,
        records=line_keys(plan, records),
        reason=reason,
        summary=summary_line(plan),
    )


def line_keys(plan: Plan, names: Sequence[str]) -> tuple[str, ...]:
    """Return the keys of the lines that a person named, by id or `Account:001...`.

    Raises:
        ConfigError: Lists every name that is no line of the plan.
    """
    by_id = {change.subject.record_id: change.key for change in plan.changes}
    keys = [_line_key(name, by_id) for name in names]
    unknown = [name for name, key in zip(names, keys, strict=True) if key is None]
    if unknown:
        raise ConfigError(
            f"plan {plan.short_hash} changes no record {', '.join(unknown)}",
            remedy=f"list its records with `sfterritory show {plan.short_hash}`",
        )
    return tuple(sorted({key for key in keys if key is not None}))


def _line_key(name: str, by_id: dict[str, str]) -> str | None:
    object_name, colon, record_id = name.rpartition(":")
    if not looks_like_id(record_id):
        return None
    try:
        key = by_id.get(to_18(record_id))
    except ValueError:  # a wrong checksum names no record
        return None
    if key is not None and colon and key.partition(":")[0] != object_name:
        return None
    return key


@dataclass(frozen=True, slots=True)
class _Word:
    """A decision and its place among those that count."""

    position: int
    decision: Decision

    @classmethod
    def last(cls, decisions: Sequence[tuple[int, Decision]]) -> _Word | None:
        return cls(*decisions[-1]) if decisions else None


def _standing(named: _Word | None, whole: _Word | None) -> _Word | None:
    if named is None or whole is None:
        return named or whole
    if named.position > whole.position:
        return named
    approves_all = whole.decision.verdict is Verdict.APPROVE
    return named if approves_all and named.decision.verdict is Verdict.REJECT else whole


def _counts(decision: Decision, plan: Plan, *, policy: ApprovalPolicy, created_by: str) -> bool:
    if decision.plan_hash != plan.hash:
        return False
    if decision.verdict is Verdict.REJECT or not policy.four_eyes:
        return True
    # An unknown maker could be anybody, the approver too.
    return bool(created_by.strip()) and not _same_person(decision.decided_by, created_by)


def _same_person(one: str, other: str) -> bool:
    return one.strip().casefold() == other.strip().casefold()


def _why_not(
    plan: Plan, decisions: Sequence[Decision], *, policy: ApprovalPolicy, created_by: str
) -> str:
    on_plan = [one for one in decisions if one.plan_hash == plan.hash]
    approvals = [one for one in on_plan if one.verdict is Verdict.APPROVE]
    own = [one for one in approvals if not _counts(one, plan, policy=policy, created_by=created_by)]
    if approvals and len(own) == len(approvals):
        return (
            f"plan {plan.short_hash} was approved only by {created_by or 'an unknown maker'}; "
            "approval.four_eyes asks for somebody else"
        )
    if on_plan:
        return f"no line of plan {plan.short_hash} is approved: each was rejected or is undecided"
    if decisions:
        others = sorted({one.plan_hash[: len(plan.short_hash)] for one in decisions})
        return (
            f"nobody approved plan {plan.short_hash}; "
            f"the decisions given are on {', '.join(others)}, and an edit voids them"
        )
    return f"nobody approved plan {plan.short_hash}"
