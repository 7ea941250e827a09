"""The plan: a document, the only thing apply reads.

It holds no clock and nothing that depends on who made it or where, so the same snapshot, rules and
seed give the same bytes and the same hash on any machine. Who made it and when, when the org was
last seen so, and who approved it are kept beside it, bound to the hash.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from enum import StrEnum
from functools import cached_property

from pydantic import AwareDatetime, ConfigDict, Field
from pydantic.dataclasses import dataclass

from sfterritory.model.document import Document, Scalar, canonical_json
from sfterritory.model.ids import RecordId

FORMAT_VERSION = 1
SHORT_HASH_LENGTH = 8


# Of these a plan holds several for each change: as documents, those of 80,000 changes would take
# 600 MB, nearly all of it for what pydantic remembers of each.
_PART = ConfigDict(extra="forbid")


class Action(StrEnum):
    """What an owner change means to the record."""

    REASSIGN = "reassign"  # from one person to another
    ASSIGN = "assign"  # a first person: from nobody or a queue
    UNASSIGN = "unassign"  # from a person to a queue


class FieldRole(StrEnum):
    """Why a field is in the request beside `OwnerId`."""

    WRITE_ONCE = "write_once"  # filled only because it was empty
    ROLLED = "rolled"  # changes each time the owner changes
    RESTORED = "restored"  # a revert gives it back the value it had


class Fill(StrEnum):
    """A value that exists only at the moment of applying."""

    APPLIED_AT = "applied_at"
    PLAN_HASH = "plan_hash"


@dataclass(frozen=True, slots=True, kw_only=True, config=_PART)
class FieldWrite:
    """A field that changes in the same request as the owner.

    `after` is the value to send, unless `fill` names where the value comes from at apply.
    """

    field: str
    role: FieldRole
    before: Scalar
    after: Scalar = None
    fill: Fill | None = None


@dataclass(frozen=True, slots=True, kw_only=True, config=_PART)
class PreservedField:
    """A field that is never sent, and must still hold `value` when the record is read back."""

    field: str
    value: Scalar


@dataclass(frozen=True, slots=True, kw_only=True, config=_PART)
class RunnerUp:
    """Who would have owned the record next, and what kept them from it."""

    owner_id: RecordId
    owner_name: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True, config=_PART)
class Subject:
    """The record a line of the plan is about."""

    object_name: str
    record_id: RecordId
    name: str


class OwnerChange(Document):
    """One record's owner, before and after, with everything that goes in the same request."""

    subject: Subject
    action: Action
    before: RecordId | None
    before_name: str
    after: RecordId
    after_name: str
    reason: str
    rule: str
    territory: str | None = None
    runner_up: RunnerUp | None = None
    writes: tuple[FieldWrite, ...] = ()
    preserved: tuple[PreservedField, ...] = ()
    parent_id: RecordId | None = None
    last_modified_at: AwareDatetime
    value_usd: float = 0.0
    hours_per_year: float = 0.0

    @property
    def key(self) -> str:
        """Return `Account:001...`, how a person names this line."""
        return f"{self.subject.object_name}:{self.subject.record_id}"


class BlockedChange(Document):
    """A change that is wanted but may not be written; it stays listed with its cause."""

    subject: Subject
    before: RecordId | None
    before_name: str
    after: RecordId | None
    after_name: str
    rule: str
    cause: str


class OwnerTotals(Document):
    """One owner's book before and after: what the summary per rep shows.

    Attributes:
        territory: The owner's territory; None for whoever is not on the roster.
    """

    owner_id: RecordId
    name: str
    territory: str | None = None
    accounts_before: int
    accounts_after: int
    gained: int
    lost: int
    hours_before: float
    hours_after: float
    value_before_usd: float
    value_after_usd: float


class Check(Document):
    """A question asked of the whole plan, and its answer."""

    name: str
    passed: bool
    detail: str


class PlanSource(Document):
    """What the plan was made from; a difference in any of these makes another plan."""

    org_id: RecordId
    snapshot_id: str
    territory_version: str | None
    route_version: str | None
    rules_hash: str
    config_hash: str
    seed: int
    reverts_run: str | None = None


class PlanCounts(Document):
    """How many records each line of the summary speaks of."""

    reassign: int = 0
    assign: int = 0
    unassign: int = 0
    blocked: int = 0
    unchanged: int = 0

    @property
    def changes(self) -> int:
        """Return how many records would be written."""
        return self.reassign + self.assign + self.unassign


class Plan(Document):
    """Everything that apply may do, and nothing else.

    Attributes:
        expires_after_hours: How long it may be applied after Salesforce was last seen in the state
            that it was made from.
        complete: Every record was looked at; False where a target narrowed the plan.
        applyable: There is at least one change and no check failed.
    """

    format_version: int = FORMAT_VERSION
    source: PlanSource
    expires_after_hours: float = Field(gt=0)
    counts: PlanCounts
    changes: tuple[OwnerChange, ...]
    blocked: tuple[BlockedChange, ...]
    totals: tuple[OwnerTotals, ...]
    checks: tuple[Check, ...] = ()
    complete: bool = True
    applyable: bool

    @cached_property
    def hash(self) -> str:
        """Return the SHA-256 of the canonical JSON: the plan's name, and what approvals bind to."""
        digest = hashlib.sha256()
        for piece in self.canonical_pieces():
            digest.update(piece.encode())
        return digest.hexdigest()

    def canonical_pieces(self) -> Iterator[str]:
        """Yield the canonical JSON bit by bit: at once, that of 80,000 changes takes 450 MB."""
        rest = self.model_dump(mode="json", exclude={"changes"})
        for place, name in enumerate(sorted({*rest, "changes"})):
            yield f'{"," if place else "{"}"{name}":'
            if name != "changes":
                yield canonical_json(rest[name])
                continue
            for at, change in enumerate(self.changes):
                yield f"{',' if at else '['}{canonical_json(change.model_dump(mode='json'))}"
            yield "]" if self.changes else "[]"
        yield "}"

    @property
    def short_hash(self) -> str:
        """Return the first digits of the hash, as people type it."""
        return self.hash[:SHORT_HASH_LENGTH]


class Verdict(StrEnum):
    """What a reviewer said."""

    APPROVE = "approve"
    REJECT = "reject"


class Decision(Document):
    """One reviewer's word on a plan, or on the lines of it that `records` names.

    Decisions are only ever added. A later decision on a line outranks an earlier one.

    Attributes:
        records: `Account:001...` keys; empty means every line of the plan.
        summary: The summary line as it was shown to the reviewer.
    """

    plan_hash: str
    verdict: Verdict
    decided_by: str = Field(min_length=1)
    decided_at: AwareDatetime
    records: tuple[str, ...] = ()
    reason: str = ""
    summary: str = ""


class Outcome(StrEnum):
    """How one approved change ended."""

    DONE = "done"
    ALREADY_DONE = "already_done"  # it had the planned owner before we wrote
    DRIFTED = "drifted"  # someone else moved or edited it since the plan
    FAILED = "failed"  # Salesforce refused it
    UNVERIFIED = "unverified"  # written, but the read-back shows something else


class Applied(Document):
    """What became of one change, with what was seen and sent.

    Attributes:
        sent: Every field of the request with its value.
        found: The record's fields just before writing.
        read_back: The same fields after writing; empty where nothing was written.
    """

    object_name: str
    record_id: RecordId
    outcome: Outcome
    code: str = ""
    message: str = ""
    sent: dict[str, Scalar] = Field(default_factory=dict)
    found: dict[str, Scalar] = Field(default_factory=dict)
    read_back: dict[str, Scalar] = Field(default_factory=dict)

    @property
    def key(self) -> str:
        """Return `Account:001...`."""
        return f"{self.object_name}:{self.record_id}"
