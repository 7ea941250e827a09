# ruff: noqa: S608 - SOQL, and for a sandbox of our own
"""SOQL syntax trees as text: what the parser has to read back."""

from __future__ import annotations

from sfterritory.sandbox.soql.tree import (
    All,
    AnyOf,
    Argument,
    Boolean,
    Call,
    Children,
    Compare,
    Condition,
    Includes,
    Item,
    Not,
    Null,
    Ordering,
    Path,
    Period,
    Query,
    Selected,
    Source,
    Text,
    TypeOf,
    Value,
    Within,
    WithinQuery,
)


def written(query: Query) -> str:
    """Return a query whose syntax tree is this one."""
    parts = [
        f"SELECT {', '.join(map(_item, query.items))}",
        f"FROM {', '.join(map(_source, query.sources))}",
    ]
    if query.scope:
        parts.append(f"USING SCOPE {query.scope}")
    if query.where:
        parts.append(f"WHERE {_condition(query.where)}")
    if query.access:
        parts.append(f"WITH {query.access}")
    if query.group_by:
        listed = ", ".join(map(_argument, query.group_by.operands))
        kind = query.group_by.kind.upper()
        parts.append(f"GROUP BY {listed if kind == 'PLAIN' else f'{kind}({listed})'}")
    if query.having:
        parts.append(f"HAVING {_condition(query.having)}")
    if query.order_by:
        parts.append(f"ORDER BY {', '.join(map(_ordering, query.order_by))}")
    if query.limit is not None:
        parts.append(f"LIMIT {query.limit}")
    if query.offset:
        parts.append(f"OFFSET {query.offset}")
    parts += [f"FOR {one}" for one in query.purposes]
    return " ".join(parts)


def _item(item: Item) -> str:
    if isinstance(item, Children):
        return f"({written(item.query)})"
    if isinstance(item, TypeOf):
        cases = " ".join(f"WHEN {name} THEN {_paths(paths)}" for name, paths in item.cases)
        otherwise = f" ELSE {_paths(item.otherwise)}" if item.otherwise else ""
        return f"TYPEOF {item.relationship} {cases}{otherwise} END"
    assert isinstance(item, Selected)
    return _argument(item.operand) + (f" {item.alias}" if item.alias else "")


def _source(source: Source) -> str:
    return f"{source.path} {source.alias}" if source.alias else str(source.path)


def _paths(paths: tuple[Path, ...]) -> str:
    return ", ".join(map(str, paths))


def _argument(argument: Argument) -> str:
    if isinstance(argument, Path):
        return str(argument)
    if isinstance(argument, Call):
        return f"{argument.name}({', '.join(map(_argument, argument.arguments))})"
    return _value(argument)


def _condition(condition: Condition) -> str:
    if isinstance(condition, All | AnyOf):
        word = " AND " if isinstance(condition, All) else " OR "
        return word.join(map(_factor, condition.conditions))
    return _factor(condition)


def _factor(condition: Condition) -> str:
    if isinstance(condition, All | AnyOf):
        return f"({_condition(condition)})"
    if isinstance(condition, Not):
        return f"NOT {_factor(condition.condition)}"
    left = _argument(condition.left)
    if isinstance(condition, Compare):
        return f"{left} {condition.op} {_value(condition.value)}"
    if isinstance(condition, WithinQuery):
        inner = condition.query
        alias = f" {inner.alias}" if inner.alias else ""
        where = f" WHERE {_condition(inner.where)}" if inner.where else ""
        listed = f"SELECT {inner.selected} FROM {inner.object_name}{alias}{where}"
    else:
        listed = ", ".join(map(_value, condition.values))
    if isinstance(condition, Includes):
        return f"{left} {'EXCLUDES' if condition.negated else 'INCLUDES'} ({listed})"
    assert isinstance(condition, Within | WithinQuery)
    return f"{left} {'NOT IN' if condition.negated else 'IN'} ({listed})"


def _ordering(one: Ordering) -> str:
    nulls = {None: "", True: " NULLS LAST", False: " NULLS FIRST"}[one.nulls_last]
    return f"{_argument(one.operand)}{' DESC' if one.descending else ''}{nulls}"


def _value(value: Value) -> str:
    if isinstance(value, Text):
        return f"'{value.raw}'"
    if isinstance(value, Null):
        return "null"
    if isinstance(value, Boolean):
        return str(value.value).lower()
    if isinstance(value, Period):
        return value.name if value.count is None else f"{value.name}:{value.count}"
    return value.raw
