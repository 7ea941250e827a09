"""What a field holds, and which questions fit it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from sfterritory.model.columns import Column, FlagColumn, NumberColumn, RecordColumns, TextColumn
from sfterritory.routing.conditions import ID_FIELD
from sfterritory.routing.leaf import Lists
from sfterritory.routing.problem import PathPart, Problem, did_you_mean
from sfterritory.routing.rules import Condition, Leaf, Operator, Value


class FieldKind(StrEnum):
    """What a field holds, as far as rules care."""

    TEXT = "text"
    NUMBER = "number"
    FLAG = "flag"
    TIME = "time"


Fields = Mapping[str, FieldKind]

_EQUALITY = (Operator.IS, Operator.IS_NOT, Operator.IN, Operator.NOT_IN)
_ALLOWED: Mapping[FieldKind, tuple[Operator, ...]] = {
    FieldKind.TEXT: (
        *_EQUALITY,
        Operator.IN_LIST,
        Operator.STARTS_WITH,
        Operator.CONTAINS,
        Operator.IS_EMPTY,
    ),
    FieldKind.NUMBER: (
        *_EQUALITY,
        Operator.AT_LEAST,
        Operator.ABOVE,
        Operator.AT_MOST,
        Operator.BELOW,
        Operator.BETWEEN,
        Operator.IS_EMPTY,
    ),
    FieldKind.FLAG: (Operator.IS, Operator.IS_NOT),
    FieldKind.TIME: (Operator.BEFORE, Operator.SINCE, Operator.IS_EMPTY),
}
_WANTED = {
    FieldKind.TEXT: "text: put it in quotes, so that leading zeros stay",
    FieldKind.NUMBER: "a number without quotes or thousands separators",
    FieldKind.FLAG: "true or false",
}


@dataclass(frozen=True, slots=True)
class _Known:
    object_name: str
    fields: Fields
    lists: Lists


def field_kinds(records: RecordColumns) -> dict[str, FieldKind]:
    """Return the kind of each column, for `check_rules`."""
    return {name: _kind_of(column) for name, column in records.fields.items()}


def _kind_of(column: Column) -> FieldKind:
    if isinstance(column, TextColumn):
        return FieldKind.TEXT
    if isinstance(column, NumberColumn):
        return FieldKind.NUMBER
    return FieldKind.FLAG if isinstance(column, FlagColumn) else FieldKind.TIME


def check_condition(
    condition: Condition, *, object_name: str, fields: Fields, lists: Lists
) -> tuple[Problem, ...]:
    """Return every mistake of a condition on one object's records; paths start below it."""
    return tuple(_mistakes(condition, _Known(object_name, fields, lists)))


def _mistakes(condition: Condition, known: _Known) -> Iterator[Problem]:
    leaf = condition.leaf
    if leaf is not None:
        yield from _check_leaf(leaf, known)
    elif condition.negated is not None:
        for problem in _mistakes(condition.negated, known):
            yield problem.under("not")
    else:
        key = "all" if condition.all_of is not None else "any"
        for at, child in enumerate(condition.children):
            for problem in _mistakes(child, known):
                yield problem.under(key, at)


def _check_leaf(leaf: Leaf, known: _Known) -> Iterator[Problem]:
    fields = {ID_FIELD: FieldKind.TEXT, **known.fields}
    kind = fields.get(leaf.field)
    if kind is None:
        remedy = did_you_mean(
            leaf.field,
            fields,
            otherwise="if the field is new in mappings/, pull first; else correct its name",
        )
        text = f"{known.object_name} has no field {leaf.field!r} here"
        yield Problem(("field",), text, remedy)
        return
    if leaf.operator not in _ALLOWED[kind]:
        yield Problem(
            (str(leaf.operator),),
            f"{leaf.field} is a {kind} field, which {leaf.operator} cannot be asked of",
            f"write one of {', '.join(_ALLOWED[kind])}",
        )
        return
    if leaf.operator is Operator.IN_LIST and leaf.operands[0] not in known.lists:
        name = str(leaf.operands[0])
        remedy = did_you_mean(name, known.lists, otherwise="put the file beside routing.yaml")
        yield Problem((str(leaf.operator),), f"there is no list {name!r}", remedy)
    if leaf.operator in _EQUALITY:
        yield from _check_values(leaf, kind)


def _check_values(leaf: Leaf, kind: FieldKind) -> Iterator[Problem]:
    for at, value in enumerate(leaf.operands):
        if _fits(value, kind):
            continue
        path: tuple[PathPart, ...] = (str(leaf.operator),)
        if leaf.operator in (Operator.IN, Operator.NOT_IN):
            path = (*path, at)
        text = f"{value!r} can never be found in {leaf.field}, a {kind} field"
        yield Problem(path, text, f"write {_WANTED[kind]}")


def _fits(value: Value, kind: FieldKind) -> bool:
    if kind is FieldKind.TEXT:
        return isinstance(value, str)
    if kind is FieldKind.FLAG:
        return isinstance(value, bool)
    return isinstance(value, int | float) and not isinstance(value, bool)
