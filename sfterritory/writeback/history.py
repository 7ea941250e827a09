"""History fields: what is written, and what is kept, beside an owner that changes.

Write-once fields are filled only where they are empty. Rolled fields change with every owner
change, in the same request. Preserved fields are never sent and must survive it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from sfterritory.model.document import Document, Scalar
from sfterritory.model.plan import FieldRole, FieldWrite, Fill, PreservedField
from sfterritory.writeback.verify import salesforce_instant, same_value

_FIELD_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")
_CREATION = frozenset({"createddate", "createdbyid"})
_NEVER_WRITTEN = _CREATION | {
    "id", "isdeleted", "lastmodifiedbyid", "lastmodifieddate", "ownerid", "systemmodstamp",
}  # fmt: skip


class HistorySource(StrEnum):
    """Where the value of a history field comes from."""

    FIRST_OWNER = "first_owner"
    FIRST_ASSIGNED_AT = "first_assigned_at"
    BEFORE_OWNER = "before_owner"
    BEFORE_OWNER_NAME = "before_owner_name"
    AFTER_OWNER = "after_owner"
    APPLIED_AT = "applied_at"
    REASON = "reason"
    RULE = "rule"
    TERRITORY = "territory"
    PLAN_HASH = "plan_hash"

    @property
    def description(self) -> str:
        """Return what the source stands for, as the documentation says it."""
        return _DESCRIPTIONS[self]


_DESCRIPTIONS = {
    HistorySource.FIRST_OWNER: "id of the first person known to own the record: from its owner "
    "history, else today's owner if that is a person, else the new owner",
    HistorySource.FIRST_ASSIGNED_AT: "when a person first owned it: from its owner history, else "
    "its creation if a person owns it today, else the moment of applying",
    HistorySource.BEFORE_OWNER: "id of the owner before this change",
    HistorySource.BEFORE_OWNER_NAME: "name of the owner before this change",
    HistorySource.AFTER_OWNER: "id of the owner after this change",
    HistorySource.APPLIED_AT: "the moment of applying",
    HistorySource.REASON: "why the owner changes",
    HistorySource.RULE: "the routing rule that chose the owner",
    HistorySource.TERRITORY: "the territory that the record is in",
    HistorySource.PLAN_HASH: "the hash of the plan, 64 digits",
}
_INSTANTS = frozenset({HistorySource.FIRST_ASSIGNED_AT, HistorySource.APPLIED_AT})
_FILLS = {HistorySource.APPLIED_AT: Fill.APPLIED_AT, HistorySource.PLAN_HASH: Fill.PLAN_HASH}


class HistoryFields(Document):
    """The history fields of one object, by Salesforce field name."""

    write_once: dict[str, HistorySource] = Field(
        default_factory=dict, description="filled only where empty, never touched again"
    )
    rolled: dict[str, HistorySource] = Field(
        default_factory=dict, description="change whenever the owner changes"
    )
    preserved: tuple[str, ...] = Field(
        default=(), description="never sent; the read-back proves that they kept their value"
    )

    @property
    def names(self) -> tuple[str, ...]:
        """Return every field of the three kinds, in the order in which they stand."""
        return (*self.write_once, *self.rolled, *self.preserved)

    @model_validator(mode="after")
    def _fields_are_allowed(self) -> Self:
        problems = [*_bad_names(self), *_forbidden(self), *_repeated(self.names)]
        if problems:
            raise ValueError("; ".join(problems))
        return self


def _bad_names(history: HistoryFields) -> list[str]:
    return [
        f"{name!r} is not a Salesforce field name"
        for name in history.names
        if not _FIELD_NAME.match(name)
    ]


def _forbidden(history: HistoryFields) -> list[str]:
    written = [
        f"{name} cannot be a history field: only Salesforce or the owner change itself sets it"
        for name in (*history.write_once, *history.rolled)
        if name.lower() in _NEVER_WRITTEN
    ]
    kept = [
        f"{name} cannot be preserved: an owner change always alters it, or it never can change"
        for name in history.preserved
        if name.lower() in _NEVER_WRITTEN - _CREATION
    ]
    return written + kept


def _repeated(names: tuple[str, ...]) -> list[str]:
    # Salesforce field names know no case: First_Owner__c and first_owner__C are one field.
    folded = [name.lower() for name in names]
    return [
        f"{name} is listed twice: a field is write_once, rolled or preserved"
        for position, name in enumerate(names)
        if name.lower() in folded[:position]
    ]


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """What the org's describe says of a field; `length` is 0 where it has none."""

    type: str
    length: int = 0
    updateable: bool = True


def describe_problems(
    object_name: str, history: HistoryFields, *, fields: Mapping[str, FieldSpec]
) -> list[str]:
    """Return what keeps these history fields from working in this org, one line each."""
    problems = [
        f"{object_name}.{name} is not a field that this user can see"
        for name in history.names
        if name not in fields
    ]
    for name, source in {**history.write_once, **history.rolled}.items():
        spec = fields.get(name)
        if spec is None:
            continue
        if not spec.updateable:
            problems.append(f"{object_name}.{name} may not be edited by this user")
        if (source in _INSTANTS) != (spec.type == "datetime"):
            wanted = "a date/time field" if source in _INSTANTS else "a text or lookup field"
            problems.append(f"{object_name}.{name} is {spec.type!r}: {source} needs {wanted}")
        elif source is HistorySource.PLAN_HASH and 0 < spec.length < 64:
            problems.append(f"{object_name}.{name} holds {spec.length} characters: 64 are needed")
    return problems


@dataclass(frozen=True, slots=True)
class OwnershipFacts:
    """What is known of one owner change when its history fields are worked out.

    Attributes:
        first_owner: First person of the owner timeline, None where there is no timeline.
        first_assigned_at: When that person got it.
    """

    before: str | None
    before_name: str
    before_is_person: bool
    after: str
    after_is_person: bool
    reason: str
    rule: str
    territory: str | None
    created_at: datetime | None = None
    first_owner: str | None = None
    first_assigned_at: datetime | None = None


def history_writes(
    history: HistoryFields,
    *,
    facts: OwnershipFacts,
    current: Mapping[str, Scalar],
    text_lengths: Mapping[str, int],
) -> tuple[FieldWrite, ...]:
    """Return the fields that change in the same request as the owner.

    A write-once field that has a value is left out, and so is a field that keeps its value. Text
    is cut to the field's length, with `...` where it was cut.

    Args:
        history: The object's history fields.
        facts: The owner change.
        current: The record's values by field; every history field is there.
        text_lengths: Longest text by field; a field that is absent is not cut.
    """
    writes = []
    for role, sources in (
        (FieldRole.WRITE_ONCE, history.write_once),
        (FieldRole.ROLLED, history.rolled),
    ):
        for name, source in sources.items():
            before = current[name]
            if role is FieldRole.WRITE_ONCE and not same_value(None, before):
                continue
            value, fill = _value(source, facts)
            after = _cut(value, text_lengths.get(name))
            if fill is None and same_value(after, before):
                continue
            writes.append(FieldWrite(field=name, role=role, before=before, after=after, fill=fill))
    return tuple(writes)


def preserved_fields(
    history: HistoryFields, current: Mapping[str, Scalar]
) -> tuple[PreservedField, ...]:
    """Return the fields that must survive the change, with the value that they hold."""
    return tuple(PreservedField(field=name, value=current[name]) for name in history.preserved)


def _value(source: HistorySource, facts: OwnershipFacts) -> tuple[str | None, Fill | None]:
    if source is HistorySource.FIRST_ASSIGNED_AT:
        return _first_assigned_at(facts)
    if source in _FILLS:
        return None, _FILLS[source]
    values: dict[HistorySource, str | None] = {
        HistorySource.FIRST_OWNER: _first_owner(facts),
        HistorySource.BEFORE_OWNER: facts.before,
        HistorySource.BEFORE_OWNER_NAME: facts.before_name,
        HistorySource.AFTER_OWNER: facts.after,
        HistorySource.REASON: facts.reason,
        HistorySource.RULE: facts.rule,
        HistorySource.TERRITORY: facts.territory,
    }
    return values[source] or None, None


def _first_owner(facts: OwnershipFacts) -> str | None:
    if facts.first_owner is not None:
        return facts.first_owner
    if facts.before_is_person:
        return facts.before
    return facts.after if facts.after_is_person else None


def _first_assigned_at(facts: OwnershipFacts) -> tuple[str | None, Fill | None]:
    known = facts.first_assigned_at
    if known is None and facts.before_is_person:
        known = facts.created_at
    if known is not None:
        return salesforce_instant(known), None
    if facts.after_is_person and not facts.before_is_person:
        return None, Fill.APPLIED_AT
    return None, None


def _cut(text: str | None, length: int | None) -> str | None:
    if text is None or length is None or len(text) <= length:
        return text
    return text[: length - 3] + "..." if length > 3 else text[:length]
