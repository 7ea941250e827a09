"""Why a record has its owner: the facts from pull, plan, review and journal, put together.

Nothing is looked up here and nothing is drawn: the answer is a document that the terminal, the
web page and `--json` show in their own way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pydantic import AwareDatetime

from sfterritory.model.document import Document, Scalar
from sfterritory.model.ids import RecordId
from sfterritory.model.plan import (
    SHORT_HASH_LENGTH,
    Applied,
    Outcome,
    OwnerChange,
    RunnerUp,
    Subject,
    Verdict,
)

_WRITTEN = frozenset({Outcome.DONE, Outcome.UNVERIFIED})


class OwnerEvent(Document):
    """One change of owner, from Salesforce's history or from our own journal.

    Attributes:
        changed_by: Name of the user who did it, '' where that is not known.
        run_id: The apply run that did it, None where it was done in Salesforce.
    """

    at: AwareDatetime
    before_name: str
    after: RecordId
    after_name: str
    changed_by: str = ""
    run_id: str | None = None


class Spoken(Document):
    """What a reviewer said of the line."""

    verdict: Verdict
    decided_by: str
    decided_at: AwareDatetime
    reason: str = ""


class Input(Document):
    """A value that the choice of owner was made on."""

    name: str
    value: Scalar


class Choice(Document):
    """The owner that today's rules and territories want, and why."""

    owner_id: RecordId
    owner_name: str
    rule: str
    reason: str
    territory: str | None = None
    inputs: tuple[Input, ...] = ()
    runner_up: RunnerUp | None = None


@dataclass(frozen=True, slots=True)
class PlanLine:
    """What one plan says of the record, and what came of it.

    Attributes:
        said: Decisions on this line or on its whole plan, in the order in which they were made.
        applied: None while the line was not applied.
        run_id: The apply run, None while there is none.
        inputs: What the choice was made on when the plan was made.
    """

    plan_hash: str
    change: OwnerChange
    made_at: datetime
    said: Sequence[Spoken] = ()
    applied: Applied | None = None
    applied_at: datetime | None = None
    run_id: str | None = None
    inputs: Sequence[Input] = ()


@dataclass(frozen=True, slots=True)
class RecordFacts:
    """Everything that is known of one record.

    Attributes:
        owner_id: Owner by the last pull; None where nobody owns it.
        created_at: None where it was not pulled.
        choice: What today's rules want; None where they were not run.
        lines: Lines of any plan about the record.
        timeline: Owner changes, in any order.
    """

    subject: Subject
    owner_id: str | None
    owner_name: str
    created_at: datetime | None = None
    choice: Choice | None = None
    lines: Sequence[PlanLine] = ()
    timeline: Sequence[OwnerEvent] = ()


class CauseKind(StrEnum):
    """Where an owner came from."""

    PLAN = "plan"  # an approved plan of ours
    SALESFORCE = "salesforce"  # a person or an automation in Salesforce
    CREATED = "created"  # it has had this owner from the start
    UNKNOWN = "unknown"  # Salesforce kept no history of it


class OwnerCause(Document):
    """What gave the record its owner."""

    kind: CauseKind
    plan_hash: str | None = None
    run_id: str | None = None
    approved_by: tuple[str, ...] = ()
    changed_by: str = ""
    rule: str = ""
    territory: str | None = None
    reason: str = ""


class PendingChange(Document):
    """A change that a plan asks for and that was not written."""

    plan_hash: str
    after_name: str
    rule: str
    reason: str
    state: str


class WhyAnswer(Document):
    """Why a record has, or had, its owner.

    Attributes:
        asked_for: The moment asked for; None is now.
        since: When the owner got it, None where that is not known.
        inputs: What the choice was made on at that time.
        to_change: What would have to be otherwise for another owner, one sentence each.
        pending: The newest planned change that was not written; only for now.
        timeline: Owner changes up to the moment asked for, newest first.
    """

    subject: Subject
    asked_for: AwareDatetime | None
    owner_id: RecordId | None
    owner_name: str
    since: AwareDatetime | None
    cause: OwnerCause
    sentence: str
    inputs: tuple[Input, ...] = ()
    runner_up: RunnerUp | None = None
    to_change: tuple[str, ...] = ()
    wanted: Choice | None = None
    pending: PendingChange | None = None
    timeline: tuple[OwnerEvent, ...] = ()


@dataclass(frozen=True, slots=True)
class _Holding:
    """Who owned the record at the moment asked for, and what gave it to them."""

    owner_id: str | None
    owner_name: str
    since: datetime | None
    event: OwnerEvent | None
    line: PlanLine | None


def explain(facts: RecordFacts, *, at: datetime | None = None) -> WhyAnswer:
    """Return why the record has its owner now, or had at a past moment.

    For a past moment before the first known change the owner is the one that change took it
    from, by name only. Today's rules and waiting plans speak of now alone.
    """
    timeline = sorted(facts.timeline, key=lambda event: event.at)
    past = [event for event in timeline if at is None or event.at <= at]
    holding = _now(facts, past) if at is None else _then(facts, timeline, past)
    cause = _cause(holding)
    runner_up = _runner_up(facts, holding, now=at is None)
    wanted = facts.choice if at is None else None
    return WhyAnswer(
        subject=facts.subject,
        asked_for=at,
        owner_id=holding.owner_id,
        owner_name=holding.owner_name,
        since=holding.since,
        cause=cause,
        sentence=_sentence(facts.subject, holding, cause),
        inputs=_inputs(holding, wanted),
        runner_up=runner_up,
        to_change=tuple(_to_change(holding, wanted, runner_up)),
        wanted=wanted,
        pending=_pending(facts, holding) if at is None else None,
        timeline=tuple(reversed(past)),
    )


def _now(facts: RecordFacts, timeline: Sequence[OwnerEvent]) -> _Holding:
    last = timeline[-1] if timeline else None
    # The pull outranks the history: tracking may be off, or rows may have aged away.
    event = last if last is not None and last.after == facts.owner_id else None
    since = event.at if event else None
    if last is None:
        since = facts.created_at
    return _Holding(facts.owner_id, facts.owner_name, since, event, _line_of(facts, event))


def _then(
    facts: RecordFacts, timeline: Sequence[OwnerEvent], past: Sequence[OwnerEvent]
) -> _Holding:
    if past:
        event = past[-1]
        return _Holding(event.after, event.after_name, event.at, event, _line_of(facts, event))
    if timeline:
        return _Holding(None, timeline[0].before_name, facts.created_at, None, None)
    return _Holding(facts.owner_id, facts.owner_name, facts.created_at, None, None)


def _line_of(facts: RecordFacts, event: OwnerEvent | None) -> PlanLine | None:
    """Return the plan line behind an event: the one its run applied to this owner."""
    if event is None or event.run_id is None:
        return None
    for line in facts.lines:
        written = line.applied is not None and line.applied.outcome in _WRITTEN
        if line.run_id == event.run_id and written and line.change.after == event.after:
            return line
    return None


def _cause(holding: _Holding) -> OwnerCause:
    event, line = holding.event, holding.line
    if line is not None:
        return OwnerCause(
            kind=CauseKind.PLAN,
            plan_hash=line.plan_hash,
            run_id=line.run_id,
            approved_by=_approvers(line),
            changed_by=event.changed_by if event else "",
            rule=line.change.rule,
            territory=line.change.territory,
            reason=line.change.reason,
        )
    if event is not None:
        kind = CauseKind.SALESFORCE if event.run_id is None else CauseKind.PLAN
        return OwnerCause(kind=kind, changed_by=event.changed_by, run_id=event.run_id)
    return OwnerCause(kind=CauseKind.UNKNOWN if holding.since is None else CauseKind.CREATED)


def _approvers(line: PlanLine) -> tuple[str, ...]:
    return tuple(sorted({one.decided_by for one in line.said if one.verdict is Verdict.APPROVE}))


def _sentence(subject: Subject, holding: _Holding, cause: OwnerCause) -> str:
    if not holding.owner_name:
        return f"Nobody owns {subject.name}."
    since = f" since {holding.since:%Y-%m-%d}" if holding.since else ""
    opening = f"{holding.owner_name} owns {subject.name}{since}"
    match cause.kind:
        case CauseKind.PLAN if cause.plan_hash:
            approved = f", approved by {', '.join(cause.approved_by)}" if cause.approved_by else ""
            return (
                f"{opening}: plan {cause.plan_hash[:SHORT_HASH_LENGTH]}{approved}, "
                f"by the rule {cause.rule!r}. {cause.reason}".rstrip(" .")
                + "."
            )
        case CauseKind.PLAN:
            return f"{opening}: written by run {cause.run_id}, whose plan is not in this store."
        case CauseKind.SALESFORCE:
            return f"{opening}: set in Salesforce by {cause.changed_by or 'an unknown user'}."
        case CauseKind.CREATED:
            return f"{opening}: it has had this owner since it was created, as far as is known."
        case CauseKind.UNKNOWN:
            return f"{opening}; Salesforce kept no history of how that came about."


def _inputs(holding: _Holding, wanted: Choice | None) -> tuple[Input, ...]:
    if holding.line is not None:
        return tuple(holding.line.inputs)
    return wanted.inputs if wanted else ()


def _runner_up(facts: RecordFacts, holding: _Holding, *, now: bool) -> RunnerUp | None:
    if holding.line is not None:
        return holding.line.change.runner_up
    return facts.choice.runner_up if now and facts.choice else None


def _to_change(holding: _Holding, wanted: Choice | None, runner_up: RunnerUp | None) -> list[str]:
    sentences = []
    if wanted is not None and wanted.owner_id != holding.owner_id:
        sentences.append(
            f"Today's rules want {wanted.owner_name} ({wanted.rule}): the next plan asks for it."
        )
    if runner_up is not None:
        sentences.append(f"{runner_up.owner_name} came second: {runner_up.reason}".rstrip(": "))
    return sentences


def _pending(facts: RecordFacts, holding: _Holding) -> PendingChange | None:
    lines = sorted(facts.lines, key=lambda line: (line.made_at, line.plan_hash))
    if not lines:
        return None
    newest = lines[-1]
    ended = newest.applied is not None and newest.applied.outcome is not Outcome.FAILED
    if ended or newest is holding.line or newest.change.after == holding.owner_id:
        return None
    return PendingChange(
        plan_hash=newest.plan_hash,
        after_name=newest.change.after_name,
        rule=newest.change.rule,
        reason=newest.change.reason,
        state=_state(newest),
    )


def _state(line: PlanLine) -> str:
    if line.applied is not None:
        return f"refused by Salesforce ({line.applied.code}): {line.applied.message}"
    if not line.said:
        return "waits for approval"
    last = line.said[-1]
    spoken = "approved" if last.verdict is Verdict.APPROVE else "rejected"
    return f"{spoken} by {last.decided_by}, not applied"
