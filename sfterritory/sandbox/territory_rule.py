"""The active model's own rules: which territories an account is put into when it is saved.

They change associations, never the owner. Associations that people made stay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfterritory.sandbox.objects.everything import EVERYTHING
from sfterritory.sandbox.objects.territory import BY_RULE
from sfterritory.sandbox.row_store import insert_row, system_change
from sfterritory.sandbox.territory_check import filter_holds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sfterritory.sandbox.transaction import Transaction

_ASSOCIATION = EVERYTHING.objects["ObjectTerritory2Association"]


def run_territory_rules(tx: Transaction, account: Mapping[str, Any]) -> None:
    """Make an account's rule-made associations those of the rules that it meets now."""
    if account["IsExcludedFromRealign"]:
        return
    wanted = _territories(tx, account)
    present = tx.connection.execute(
        "SELECT Id, Territory2Id, AssociationCause FROM ObjectTerritory2Association "
        "WHERE ObjectId = ? AND IsDeleted = 0",
        (account["Id"],),
    ).fetchall()
    for record_id, territory_id, cause in present:
        if cause == BY_RULE and territory_id not in wanted:
            system_change(tx, _ASSOCIATION, record_id, {"IsDeleted": 1})
    for territory_id in sorted(wanted - {one[1] for one in present}):
        row = {
            "ObjectId": account["Id"],
            "Territory2Id": territory_id,
            "AssociationCause": BY_RULE,
            "SobjectType": "Account",
        }
        insert_row(tx, _ASSOCIATION, row)


def _territories(tx: Transaction, account: Mapping[str, Any]) -> set[str]:
    """Return the territories of every active rule that an account meets, without exclusions."""
    rules = tx.connection.execute(
        "SELECT r.Id, r.BooleanFilter FROM ObjectTerritory2AssignmentRule r "
        "JOIN Territory2Model m ON m.Id = r.Territory2ModelId "
        "WHERE r.IsActive = 1 AND r.ObjectType = 'Account' AND m.State = 'Active' ORDER BY r.Id"
    ).fetchall()
    met = [rule_id for rule_id, logic in rules if _meets(tx, rule_id, logic, account)]
    marks = ", ".join("?" * len(met))
    found = tx.connection.execute(
        f"SELECT Territory2Id FROM RuleTerritory2Association WHERE RuleId IN ({marks}) "  # noqa: S608 - question marks
        "EXCEPT SELECT Territory2Id FROM Territory2ObjectExclusion WHERE ObjectId = ?",
        (*met, account["Id"]),
    )
    return {row[0] for row in found}


def _meets(tx: Transaction, rule_id: str, logic: str | None, account: Mapping[str, Any]) -> bool:
    items = tx.connection.execute(
        "SELECT SortOrder, Field, Operation, Value FROM ObjectTerritory2AssignmentRuleItem "
        "WHERE RuleId = ? ORDER BY SortOrder, Id",
        (rule_id,),
    ).fetchall()
    if not items:
        return False
    holding = {
        order: _holds(account.get(field.rpartition(".")[2]), operation, value or "")
        for order, field, operation, value in items
    }
    return filter_holds(logic, holding) if logic else all(holding.values())


def _holds(value: Any, operation: str, listed: str) -> bool:
    """Tell whether a value stands in a relation to one of the values between commas."""
    alternatives = [one.strip().casefold() for one in listed.split(",")]
    text = "" if value is None else str(value).casefold()
    number, limit = _number(text), _number(alternatives[0])
    meets: dict[str, Callable[[], bool]] = {
        "equals": lambda: any(_equal(text, one) for one in alternatives),
        "notEqual": lambda: not any(_equal(text, one) for one in alternatives),
        "contains": lambda: any(one in text for one in alternatives),
        "notContain": lambda: not any(one in text for one in alternatives),
        "startsWith": lambda: any(text.startswith(one) for one in alternatives),
    }
    if operation in meets:
        return meets[operation]()
    if number is None or limit is None:
        return False
    return {
        "lessThan": number < limit,
        "lessOrEqual": number <= limit,
        "greaterThan": number > limit,
        "greaterOrEqual": number >= limit,
    }[operation]


def _equal(text: str, other: str) -> bool:
    number, limit = _number(text), _number(other)
    return text == other or (number is not None and number == limit)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
