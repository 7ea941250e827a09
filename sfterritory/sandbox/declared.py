"""The checks that an org's administrator declared, in the order in which the platform asks them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfterritory.sandbox.refusal import RefusedError
from sfterritory.sandbox.rule import (
    Approval,
    Condition,
    DuplicateRule,
    RowLock,
    TriggerFailure,
    ValidationRule,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sfterritory.sandbox.schema import ObjectDef
    from sfterritory.sandbox.transaction import Transaction

_MATCHES_SHOWN = 5
_NO_PARENTS = frozenset({"User", "Group", "Profile", "UserRole", "RecordType", "Organization"})


def check_unlocked(tx: Transaction, described: ObjectDef, row: Mapping[str, Any]) -> None:
    """Refuse a save while the record or a parent of it is locked.

    Raises:
        RefusedError: ENTITY_IS_LOCKED or UNABLE_TO_LOCK_ROW.
    """
    if not tx.rules.rules:
        return
    own = row.get("Id")
    if any(one.record_id == own for one in tx.rules.of(Approval)):
        raise RefusedError(
            "ENTITY_IS_LOCKED",
            "The record you are trying to edit is locked. If you need to edit this record, please "
            "contact your admin.",
        )
    touched = {own, *_parents(described, row)}
    for number, rule in tx.rules.rules:
        if isinstance(rule, RowLock) and rule.record_id in touched and _holds(tx, number, rule):
            tx.rules.refused_attempts[number] += 1
            raise RefusedError(
                "UNABLE_TO_LOCK_ROW",
                f"unable to obtain exclusive access to this record or 1 records: {rule.record_id}",
            )


def _holds(tx: Transaction, number: int, lock: RowLock) -> bool:
    if lock.until is not None and tx.now >= lock.until:
        return False
    return lock.attempts is None or tx.rules.refused_attempts[number] < lock.attempts


def _parents(described: ObjectDef, row: Mapping[str, Any]) -> list[str]:
    """Return the ids of the records that a save of this one locks."""
    return [
        row[one.column_name]
        for one in described.columns
        if one.type == "reference"
        and not _NO_PARENTS & set(one.reference_to)
        and row.get(one.column_name)
    ]


def check_declared(
    tx: Transaction,
    described: ObjectDef,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    *,
    allow_duplicates: bool,
) -> None:
    """Refuse what triggers, validation rules and duplicate rules refuse.

    Args:
        tx: Who writes.
        described: The record's object.
        before: The stored values; empty for a new record.
        after: The values to be.
        allow_duplicates: The client accepts duplicates of alert rules.

    Raises:
        RefusedError: With the rule's text.
    """
    for _, rule in tx.rules.rules:
        if not isinstance(rule, TriggerFailure | ValidationRule | DuplicateRule):
            continue
        if rule.object != described.name:
            continue
        if isinstance(rule, TriggerFailure):
            _check_trigger(rule, before, after)
        elif isinstance(rule, ValidationRule):
            _check_validation(rule, before, after)
        else:
            _check_duplicates(tx, rule, before, after, allowed=allow_duplicates)


def _check_trigger(
    rule: TriggerFailure, before: Mapping[str, Any], after: Mapping[str, Any]
) -> None:
    if all(_met(one, before, after) for one in rule.conditions):
        event = f"{rule.when}{'Update' if before else 'Insert'}"
        raise RefusedError(
            "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
            f"{rule.name}: execution of {event}\n\ncaused by: {rule.message}\n\n"
            f"Trigger.{rule.name}: line 1, column 1",
        )


def _check_validation(
    rule: ValidationRule, before: Mapping[str, Any], after: Mapping[str, Any]
) -> None:
    if all(_met(one, before, after) for one in rule.conditions):
        fields = (rule.error_field,) if rule.error_field else ()
        raise RefusedError("FIELD_CUSTOM_VALIDATION_EXCEPTION", rule.message, fields)


def _met(condition: Condition, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Tell whether a record meets a condition; a field it does not have is empty."""
    value, wanted = after.get(condition.field), condition.value
    meets: dict[str, Callable[[], bool]] = {
        "empty": lambda: value is None,
        "filled": lambda: value is not None,
        "changed": lambda: bool(before) and bool(value != before.get(condition.field)),
        "equals": lambda: bool(_folded(value) == _folded(wanted)),
        "not_equals": lambda: bool(_folded(value) != _folded(wanted)),
        "contains": lambda: str(wanted).casefold() in str(value or "").casefold(),
        "less": lambda: _compared(value, wanted) < 0,
        "greater": lambda: _compared(value, wanted) > 0,
    }
    return meets[condition.operator]()


def _folded(value: Any) -> Any:
    if isinstance(value, str):
        return value.casefold()
    return float(value) if isinstance(value, bool | int | float) else value


def _compared(value: Any, wanted: Any) -> int:
    """Return -1, 0 or 1 as numbers or texts compare; 0 where they are not of one kind."""
    left, right = _folded(value), _folded(wanted)
    if isinstance(left, str) and isinstance(right, str):
        return (left > right) - (left < right)
    if isinstance(left, float) and isinstance(right, float):
        return (left > right) - (left < right)
    return 0


def _check_duplicates(
    tx: Transaction,
    rule: DuplicateRule,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    *,
    allowed: bool,
) -> None:
    if before and not (
        rule.on_update and any(before.get(name) != after.get(name) for name in rule.fields)
    ):
        return
    if any(after.get(name) is None for name in rule.fields):
        return
    if rule.action == "alert" and allowed:
        return
    found = _duplicates(tx, rule, after)
    if found:
        raise RefusedError(
            "DUPLICATES_DETECTED",
            rule.message,
            more={tx.switches.duplicate_result_key: _result(rule, found)},
        )


def _duplicates(tx: Transaction, rule: DuplicateRule, after: Mapping[str, Any]) -> list[str]:
    compared = " AND ".join(f'"{name}" = ?' for name in rule.fields)
    rows = tx.connection.execute(
        f'SELECT Id FROM "{rule.object}" WHERE {compared} AND Id != ? AND IsDeleted = 0 '  # noqa: S608 - names of our own schema
        "ORDER BY Id LIMIT ?",
        (*(after[name] for name in rule.fields), after.get("Id") or "", _MATCHES_SHOWN),
    )
    return [row[0] for row in rows]


def _result(rule: DuplicateRule, found: list[str]) -> dict[str, Any]:
    """Return what the platform tells about the duplicates."""
    matches = [
        {
            "additionalInformation": [],
            "fieldDiffs": [],
            "matchConfidence": 100.0,
            "record": {
                "attributes": {
                    "type": rule.object,
                    "url": f"/services/data/v66.0/sobjects/{rule.object}/{record_id}",
                },
                "Id": record_id,
            },
        }
        for record_id in found
    ]
    return {
        "allowSave": rule.action == "alert",
        "duplicateRule": rule.name,
        "duplicateRuleEntityType": rule.object,
        "errorMessage": rule.message,
        "matchResults": [
            {
                "entityType": rule.object,
                "errors": [],
                "matchEngine": "ExactMatchEngine",
                "matchRecords": matches,
                "rule": f"{rule.name}_Matching",
                "size": len(matches),
                "success": True,
            }
        ],
    }


def allows_duplicates(header: str | None) -> bool:
    """Whether a `Sforce-Duplicate-Rule-Header` accepts the duplicates of alert rules."""
    parts = (part.partition("=") for part in (header or "").split(";"))
    return any(
        name.strip().lower() == "allowsave" and value.strip().lower() == "true"
        for name, _, value in parts
    )
