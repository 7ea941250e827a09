"""Judge one record: what to send, and how it ended. Pure; `apply` does the talking.

Every judgement compares what Salesforce holds with what the plan expected and what was sent, so
that asking again after a crash gives the answer that would have been given without one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sfterritory.errors import ConnectorError
from sfterritory.model.document import Scalar
from sfterritory.model.plan import Applied, FieldRole, FieldWrite, Fill, Outcome, OwnerChange
from sfterritory.model.ports import Intent, Refusal, WriteResult
from sfterritory.writeback.verify import (
    LAST_MODIFIED,
    OWNER,
    Difference,
    differences,
    salesforce_instant,
    same_value,
)

GONE = "ENTITY_IS_DELETED"
OWNER_CHANGED = "OWNER_CHANGED"
OTHER_OWNER = "ENDED_WITH_OTHER_OWNER"
FIELD_CHANGED = "FIELD_CHANGED"
NOT_SENT = "NOT_SENT"

Fields = Mapping[str, Scalar]


@dataclass(frozen=True, slots=True)
class Moment:
    """What a plan leaves open until it is applied."""

    applied_at: datetime
    plan_hash: str

    def value(self, write: FieldWrite) -> Scalar:
        """Return the value to send for a field."""
        match write.fill:
            case Fill.APPLIED_AT:
                return salesforce_instant(self.applied_at)
            case Fill.PLAN_HASH:
                return self.plan_hash
            case None:
                return write.after


def fields_of(change: OwnerChange) -> tuple[str, ...]:
    """Return every field that has to be read to judge a change, sorted, each once."""
    history = {write.field for write in change.writes} | {one.field for one in change.preserved}
    return tuple(sorted({OWNER, LAST_MODIFIED, *history}))


def examine(
    change: OwnerChange, row: Fields | None, *, moment: Moment, names: Mapping[str, str]
) -> Intent | Applied:
    """Compare a record with what the plan expected: the request to send, or why none is sent.

    Args:
        change: One approved line.
        row: The record as Salesforce holds it now, None where it is gone.
        moment: Fills what the plan left open.
        names: Of owners by id, for messages.

    Raises:
        ConnectorError: Salesforce left out a field that was asked for.
    """
    if row is None:
        return _skipped(change, {}, GONE, "the record was deleted or merged since the plan")
    found = _picked(row, fields_of(change), key=change.key)
    owner = found[OWNER]
    if same_value(change.after, owner):
        return Applied(
            object_name=change.subject.object_name,
            record_id=change.subject.record_id,
            outcome=Outcome.ALREADY_DONE,
            message="it already has the planned owner; its history fields were left as they are",
            found=found,
        )
    if not same_value(change.before, owner):
        expected, now = _named(change.before, names), _named(owner, names)
        return _skipped(
            change, found, OWNER_CHANGED, f"the plan expected owner {expected}, found {now}"
        )
    edited = differences(
        {w.field: w.before for w in change.writes if w.role is not FieldRole.WRITE_ONCE}, found
    )
    if edited:
        return _skipped(change, found, FIELD_CHANGED, "; ".join(map(str, edited)))
    return Intent(
        object_name=change.subject.object_name,
        record_id=change.subject.record_id,
        sent=_payload(change, found, moment=moment),
        found=found,
    )


def settle(
    intent: Intent,
    row: Fields | None,
    *,
    answer: WriteResult | None,
    change: OwnerChange | None,
    names: Mapping[str, str],
) -> Applied | None:
    """Tell how a record ended that was sent, or was about to be.

    Args:
        intent: What was to be sent, and what was found before.
        row: The record as it is now, None where it is gone.
        answer: What Salesforce answered, None where no answer came.
        change: The line of the plan, None where it is no longer approved.
        names: Of owners by id, for messages; who is not in it is named by the id alone.

    Returns:
        None where no answer came and nothing was written: it may be sent (again).
    """
    refused = answer is not None and not answer.accepted
    conflict = refused and answer is not None and answer.refusal is Refusal.CONFLICT
    if row is None:
        message = "the record was deleted or merged meanwhile"
        gone = Outcome.DRIFTED if conflict else Outcome.FAILED
        return _ended(intent, {}, gone, answer, message, code=GONE)
    now = _picked(row, fields_to_read(intent), key=key_of(intent))
    arrived = same_value(intent.sent[OWNER], now[OWNER])
    if refused and not arrived:
        return _ended(intent, now, Outcome.DRIFTED if conflict else Outcome.FAILED, answer, "")
    if answer is None and not arrived:
        if same_value(intent.found[OWNER], now[OWNER]):
            return None
        message = f"{OWNER}: sent {intent.sent[OWNER]!r} without an answer, found {now[OWNER]!r}"
        return _ended(intent, now, Outcome.DRIFTED, answer, message, code=OWNER_CHANGED)
    if conflict or (answer is None and _not_ours(intent, now)):
        message = "somebody else gave it the planned owner; its history fields were left"
        return _ended(intent, now, Outcome.ALREADY_DONE, answer, message)
    wrong = differences(_expected(intent), now)
    notes = [_told(one, names) for one in wrong]
    if refused:
        notes.append("Salesforce refused the request, yet the record has the new owner")
    outcome = Outcome.UNVERIFIED if wrong else Outcome.DONE
    message = "; ".join([*notes, *_notes(intent, change)])
    return _ended(intent, now, outcome, answer, message, code="" if arrived else OTHER_OWNER)


def not_sent(intent: Intent, row: Fields, *, why: str) -> Applied:
    """Return the outcome of a record that was to be sent, was not written, and will not be."""
    now = _picked(row, fields_to_read(intent), key=key_of(intent))
    return _ended(intent, now, Outcome.FAILED, None, f"it was not written: {why}", code=NOT_SENT)


def key_of(intent: Intent) -> str:
    """Return `Account:001...`."""
    return f"{intent.object_name}:{intent.record_id}"


def fields_to_read(intent: Intent) -> tuple[str, ...]:
    """Return every field that has to be read to settle an intent, sorted."""
    return tuple(sorted({OWNER, *intent.sent, *intent.found}))


def _payload(change: OwnerChange, found: Fields, *, moment: Moment) -> dict[str, Scalar]:
    """Return the fields to send: the owner, and each write but write-once fields filled since."""
    return {OWNER: change.after} | {
        write.field: moment.value(write)
        for write in change.writes
        if write.role is not FieldRole.WRITE_ONCE or same_value(None, found[write.field])
    }


def _not_ours(intent: Intent, now: Fields) -> bool:
    """Tell whether the new owner came from elsewhere: nothing else of the request arrived.

    Salesforce writes all fields of a record or none.
    """
    beside = {
        name: value
        for name, value in intent.found.items()
        if name in intent.sent and name != OWNER and not same_value(intent.sent[name], value)
    }
    return bool(beside) and not differences(beside, now)


def _expected(intent: Intent) -> Fields:
    """Return what the record must hold now: what was sent, and everything else as it was."""
    kept = {name: value for name, value in intent.found.items() if name != LAST_MODIFIED}
    return {**kept, **intent.sent}


def _told(wrong: Difference, names: Mapping[str, str]) -> str:
    """Say what a field holds; of an owner, who it is and what that means."""
    if wrong.field != OWNER:
        return str(wrong)
    sent, found = (_named(owner, names) for owner in (wrong.expected, wrong.found))
    return (
        f"ended with other owner: {found} instead of {sent}; an assignment rule, a trigger, a flow "
        "or a person moved it right after the write"
    )


def _named(owner: Scalar, names: Mapping[str, str]) -> str:
    if owner is None:
        return "nobody"
    name = names.get(str(owner))
    return f"{name} ({owner})" if name else str(owner)


def _notes(intent: Intent, change: OwnerChange | None) -> list[str]:
    """Say where the record was edited since the plan without being in the way of the change."""
    if change is None:
        return []
    filled = [
        f"{write.field} got the value {intent.found.get(write.field)!r} since the plan and was kept"
        for write in change.writes
        if write.role is FieldRole.WRITE_ONCE and write.field not in intent.sent
    ]
    edited = [
        f"{kept.field} was edited since the plan, from {kept.value!r} "
        f"to {intent.found.get(kept.field)!r}, and was kept"
        for kept in change.preserved
        if not same_value(kept.value, intent.found.get(kept.field))
    ]
    return filled + edited


def _picked(row: Fields, names: tuple[str, ...], *, key: str) -> dict[str, Scalar]:
    missing = [name for name in names if name not in row]
    if missing:
        raise ConnectorError(
            f"Salesforce did not return {', '.join(missing)} of {key}",
            remedy="give the integration user read access to these fields",
        )
    return {name: row[name] for name in names}


def _skipped(change: OwnerChange, found: dict[str, Scalar], code: str, message: str) -> Applied:
    return Applied(
        object_name=change.subject.object_name,
        record_id=change.subject.record_id,
        outcome=Outcome.DRIFTED,
        code=code,
        message=message,
        found=found,
    )


def _ended(
    intent: Intent,
    now: dict[str, Scalar],
    outcome: Outcome,
    answer: WriteResult | None,
    message: str,
    *,
    code: str = "",
) -> Applied:
    refused = answer is not None and not answer.accepted
    theirs = (answer.code, answer.message) if answer and refused else ("", "")
    written = outcome not in {Outcome.FAILED, Outcome.DRIFTED}
    remedy = f"to do: {answer.remedy}" if answer and answer.remedy and not written else ""
    return Applied(
        object_name=intent.object_name,
        record_id=intent.record_id,
        outcome=outcome,
        code=theirs[0] or code,
        message="; ".join(part for part in (theirs[1], message, remedy) if part),
        sent=dict(intent.sent),
        found=dict(intent.found),
        read_back=now,
    )
