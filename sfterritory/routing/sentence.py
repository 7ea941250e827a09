"""Rules in plain language, made from the logic, so that the words cannot drift from it.

`describe` says what a condition asks; `describe_opposite` says exactly when it does not hold,
missing values included.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from sfterritory.routing.rules import Condition, Destination, Leaf, Operator, Rule, Value

MAX_LISTED_VALUES = 6

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z]|\b|_|\d)|[A-Z]?[a-z]+|\d+|[A-Z]+")


def describe_rule(rule: Rule) -> str:
    """Return the rule as one sentence: `Billing country is US -> owner of the territory`."""
    return f"{_capital(describe(rule.when))} -> {describe_destination(rule.to)}"


def describe(condition: Condition) -> str:
    """Return when the condition holds, without a capital or a full stop."""
    return _words(condition, holds=True)


def describe_opposite(condition: Condition) -> str:
    """Return when the condition does not hold."""
    return _words(condition, holds=False)


def describe_destination(destination: Destination) -> str:
    """Return where records go, in the words of the file."""
    if destination.user is not None:
        return f"user {destination.user}"
    if destination.queue is not None:
        return f"queue {destination.queue}"
    if destination.pool is not None:
        return f"pool {destination.pool}, in turn"
    return "owner of the territory" if destination.territory_owner else "today's owner"


def field_words(name: str) -> str:
    """Return a field as people say it: `BillingCountry` is `billing country`.

    Names in lower case are what this tool worked out: `country_code` is `located country code`.
    """
    if name.islower() and "__" not in name:
        return name if name == "territory" else f"located {name.replace('_', ' ')}"
    parts = _WORD.findall(name.removesuffix("__c"))
    return " ".join(part if len(part) > 1 and part.isupper() else part.lower() for part in parts)


def _words(condition: Condition, *, holds: bool) -> str:
    if condition.leaf is not None:
        return f"{_subject(condition.leaf)} {_claim(condition.leaf, holds=holds)}"
    if condition.always:
        return "every record" if holds else "no record"
    if condition.negated is not None:
        return _words(condition.negated, holds=not holds)
    # De Morgan: the opposite of "a and b" is "not a or not b".
    joiner = " and " if (condition.all_of is not None) == holds else " or "
    return joiner.join(_part(child, holds=holds) for child in condition.children)


def _part(child: Condition, *, holds: bool) -> str:
    words = _words(child, holds=holds)
    inner = child
    while inner.negated is not None:
        inner = inner.negated
    return f"({words})" if len(inner.children) > 1 else words


def _subject(leaf: Leaf) -> str:
    name = field_words(leaf.field)
    return name.removeprefix("is ") if _asks_for_flag(leaf) else name


def _claim(leaf: Leaf, *, holds: bool) -> str:
    if _asks_for_flag(leaf):
        return "is ticked" if leaf.operands[0] == holds else "is not ticked"
    if leaf.operator is Operator.IS_EMPTY:
        return "is empty" if leaf.operands[0] == holds else "is not empty"
    positive, negative = _CLAIMS[leaf.operator](leaf.operands)
    return positive if holds else f"{negative} (or is empty)"


def _asks_for_flag(leaf: Leaf) -> bool:
    return leaf.operator is Operator.IS and isinstance(leaf.operands[0], bool)


def _asks_one(operands: Sequence[Value]) -> tuple[str, str]:
    return f"is {_value(operands[0])}", f"is not {_value(operands[0])}"


def _asks_any(operands: Sequence[Value]) -> tuple[str, str]:
    if len(operands) == 1:
        return _asks_one(operands)
    return f"is {_listed(operands)}", f"is neither {_listed(operands, last='nor')}"


def _known_but(claims: tuple[str, str]) -> tuple[str, str]:
    positive, negative = claims
    return negative.replace("is ", "is known and ", 1), positive


# What holds, and what holds otherwise for a value that is not empty.
_CLAIMS: dict[Operator, Callable[[Sequence[Value]], tuple[str, str]]] = {
    Operator.IS: _asks_one,
    Operator.IS_NOT: lambda values: _known_but(_asks_one(values)),
    Operator.IN: _asks_any,
    Operator.NOT_IN: lambda values: _known_but(_asks_any(values)),
    Operator.IN_LIST: lambda values: (
        f"is on the list {values[0]}",
        f"is not on the list {values[0]}",
    ),
    Operator.STARTS_WITH: lambda values: (
        f"starts with {_listed(values)}",
        f"does not start with {_listed(values)}",
    ),
    Operator.CONTAINS: lambda values: (
        f"contains {_listed(values)}",
        f"does not contain {_listed(values)}",
    ),
    Operator.AT_LEAST: lambda values: (
        f"is at least {_value(values[0])}",
        f"is below {_value(values[0])}",
    ),
    Operator.ABOVE: lambda values: (
        f"is above {_value(values[0])}",
        f"is at most {_value(values[0])}",
    ),
    Operator.AT_MOST: lambda values: (
        f"is at most {_value(values[0])}",
        f"is above {_value(values[0])}",
    ),
    Operator.BELOW: lambda values: (
        f"is below {_value(values[0])}",
        f"is at least {_value(values[0])}",
    ),
    Operator.BETWEEN: lambda values: (
        f"is between {_value(values[0])} and {_value(values[1])}",
        f"is below {_value(values[0])} or above {_value(values[1])}",
    ),
    Operator.BEFORE: lambda values: (
        f"is before {_value(values[0])}",
        f"is {_value(values[0])} or later",
    ),
    Operator.SINCE: lambda values: (
        f"is {_value(values[0])} or later",
        f"is before {_value(values[0])}",
    ),
}


def _listed(values: Sequence[Value], *, last: str = "or") -> str:
    words = [_value(value) for value in values[:MAX_LISTED_VALUES]]
    if len(values) > MAX_LISTED_VALUES:
        words.append(f"{len(values) - MAX_LISTED_VALUES} more")
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def _value(value: Value) -> str:
    if isinstance(value, bool):
        return "ticked" if value else "not ticked"
    if isinstance(value, int | float):
        return f"{value:,.15g}"
    return value


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
