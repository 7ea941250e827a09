"""What Sales Territories refuse to save."""

from __future__ import annotations

import re
import sqlite3
from typing import TYPE_CHECKING, Any

from sfterritory.sandbox.objects.territory import MANUAL
from sfterritory.sandbox.refusal import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sfterritory.sandbox.transaction import Transaction

    Check = Callable[[Transaction, Mapping[str, Any], Mapping[str, Any]], None]

_FILTER = re.compile(r"(?:\d+|AND|OR|NOT|[()]|\s+)+", re.IGNORECASE)
# A model's states that a client may set, by the state that the model is in.
_NEXT = {"Planning": {"Active"}, "Active": {"Archived"}, "Archived": set()}


def check_territory(
    tx: Transaction, object_name: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> None:
    """Refuse a save that breaks the rules of territories.

    Raises:
        RefusedError: With the platform's code.
    """
    check = _CHECKS.get(object_name)
    if check is not None:
        check(tx, before, after)


def check_deletion(tx: Transaction, object_name: str, row: Mapping[str, Any]) -> None:
    """Refuse to delete the active model, and conditions that a rule's filter logic names.

    Raises:
        RefusedError: With the platform's code.
    """
    if object_name == "Territory2Model" and row["State"] == "Active":
        raise RefusedError("DELETE_FAILED", "an active territory model cannot be deleted")
    if object_name == "ObjectTerritory2AssignmentRuleItem":
        _check_no_filter(tx, row["RuleId"])


def _check_model(tx: Transaction, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    old, new = before.get("State"), after["State"]
    if old == new:
        return
    if old is None and new != "Planning":
        raise _refusal("a territory model begins in state Planning", "State")
    if old is not None and new not in _NEXT.get(old, set()):
        raise _refusal(f"a territory model cannot go from {old} to {new}", "State")
    other = tx.connection.execute(
        "SELECT Name FROM Territory2Model WHERE State = 'Active' AND Id != ?", (after.get("Id"),)
    ).fetchone()
    if new == "Active" and other is not None:
        raise _refusal(f"another territory model is active: {other[0]}", "State")


def _check_territory2(tx: Transaction, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    if not before:
        _check_model_is_open(tx, after["Territory2ModelId"])
    parent = after["ParentTerritory2Id"]
    if parent is None:
        return
    (model,) = tx.connection.execute(
        "SELECT Territory2ModelId FROM Territory2 WHERE Id = ?", (parent,)
    ).fetchone()
    if model != after["Territory2ModelId"]:
        raise _refusal("the parent territory is of another model", "ParentTerritory2Id")


def _check_association(
    tx: Transaction, _before: Mapping[str, Any], after: Mapping[str, Any]
) -> None:
    if after["AssociationCause"] != MANUAL:
        raise _refusal(
            f"AssociationCause must be {MANUAL} for associations that a client makes",
            "AssociationCause",
        )
    (model,) = tx.connection.execute(
        "SELECT Territory2ModelId FROM Territory2 WHERE Id = ?", (after["Territory2Id"],)
    ).fetchone()
    _check_model_is_open(tx, model)


def _check_model_is_open(tx: Transaction, model_id: str) -> None:
    (state,) = tx.connection.execute(
        "SELECT State FROM Territory2Model WHERE Id = ?", (model_id,)
    ).fetchone()
    if state not in {"Planning", "Active"}:
        raise _refusal(f"the territory model is in state {state}", "Territory2Id")


def _check_rule(_tx: Transaction, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    logic = after["BooleanFilter"]
    if logic is not None and logic != before.get("BooleanFilter"):
        filter_holds(logic, {})


def _check_item(tx: Transaction, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    if not before:
        _check_no_filter(tx, after["RuleId"])


def _check_no_filter(tx: Transaction, rule_id: str) -> None:
    row = tx.connection.execute(
        "SELECT BooleanFilter FROM ObjectTerritory2AssignmentRule WHERE Id = ?", (rule_id,)
    ).fetchone()
    if row is not None and row[0] is not None:
        raise _refusal("conditions change only while the rule's BooleanFilter is null", "RuleId")


def _check_opportunity(
    tx: Transaction, before: Mapping[str, Any], after: Mapping[str, Any]
) -> None:
    territory = after["Territory2Id"]
    if territory is None or territory == before.get("Territory2Id"):
        return
    if not tx.switches.opportunity_territory_checked:
        return
    found = tx.connection.execute(
        "SELECT 1 FROM ObjectTerritory2Association a JOIN Territory2 t ON t.Id = a.Territory2Id "
        "JOIN Territory2Model m ON m.Id = t.Territory2ModelId "
        "WHERE a.ObjectId = ? AND a.Territory2Id = ? AND a.IsDeleted = 0 AND m.State = 'Active'",
        (after["AccountId"], territory),
    ).fetchone()
    if found is None:
        raise _refusal("the territory is none of the account's in the active model", "Territory2Id")


def filter_holds(logic: str, holding: Mapping[int, bool]) -> bool:
    """Evaluate filter logic such as `1 AND (2 OR 3)`; conditions that are not listed fail.

    Raises:
        RefusedError: It is no such expression.
    """
    if not _FILTER.fullmatch(logic):
        raise _refusal(f"invalid filter logic: {logic}", "BooleanFilter")
    expression = re.sub(r"\d+", lambda one: str(int(holding.get(int(one[0]), False))), logic)
    calculator = sqlite3.connect(":memory:")  # numbers, AND, OR, NOT and brackets: SQL reads them
    try:
        return bool(calculator.execute(f"SELECT {expression}").fetchone()[0])
    except sqlite3.OperationalError as error:
        raise _refusal(f"invalid filter logic: {logic}", "BooleanFilter") from error
    finally:
        calculator.close()


def _refusal(message: str, field: str) -> RefusedError:
    return RefusedError("FIELD_INTEGRITY_EXCEPTION", message, (field,))


_CHECKS: dict[str, Check] = {
    "Territory2Model": _check_model,
    "Territory2": _check_territory2,
    "ObjectTerritory2Association": _check_association,
    "ObjectTerritory2AssignmentRule": _check_rule,
    "ObjectTerritory2AssignmentRuleItem": _check_item,
    "Opportunity": _check_opportunity,
}
