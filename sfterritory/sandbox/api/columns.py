"""`query?q=...&columns=true`: what a query would answer, without its rows.

Command lines and query tools ask for it to print their tables. No document describes it: the
shape is the one that such tools read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfterritory.sandbox.schema import NUMBER_TYPES, TEXT_TYPES
from sfterritory.sandbox.soql.compiled import Node, Output
from sfterritory.sandbox.soql.tree import Call as Function
from sfterritory.sandbox.soql.tree import Selected

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sfterritory.sandbox.schema import FieldDef
    from sfterritory.sandbox.soql.compiled import Compiled
    from sfterritory.sandbox.soql.tree import Query

_APEX_TYPES = {
    "id": "Id",
    "reference": "Id",
    "boolean": "Boolean",
    "int": "Integer",
    "double": "Double",
    "currency": "Decimal",
    "date": "Date",
    "datetime": "Datetime",
    "address": "Address",
}
Column = dict[str, Any]


def described_columns(query: Query, compiled: Compiled) -> dict[str, Any]:
    """Return the columns of a query.

    Args:
        query: As parsed: aggregates are shown as the client wrote them.
        compiled: The same, ready to run.
    """
    columns = _grouped(query, compiled) if compiled.grouped else _of_records(compiled)
    return {
        "columnMetadata": columns,
        "entityName": compiled.described.name,
        "groupBy": query.group_by is not None,
        "idSelected": any(one["columnName"] == "Id" for one in columns),
        "keyPrefix": compiled.described.key_prefix,
    }


def _of_records(compiled: Compiled) -> list[Column]:
    assert compiled.root is not None  # noqa: S101 - grouped queries have no records
    return _of_node(compiled.root, compiled)


def _of_node(node: Node, compiled: Compiled) -> list[Column]:
    columns: list[Column] = []
    for name, entry in node.entries.items():
        if isinstance(entry, Output):
            columns.append(_column(name, entry.field))
        elif isinstance(entry, Node):
            columns.append(_column(name, None, joined=_of_node(entry, compiled)))
        elif isinstance(entry, int):
            child = compiled.children[entry].compiled
            columns.append(_column(name, None, aggregate=True, joined=_of_records(child)))
        else:  # TYPEOF: whatever one of its cases may answer, each name once
            found = (one for case in entry for one in _of_node(case, compiled))
            joined = {one["columnName"]: one for one in found}
            columns.append(_column(name, None, joined=joined.values()))
    return columns


def _grouped(query: Query, compiled: Compiled) -> list[Column]:
    if compiled.count_only:
        return []
    operands = [one.operand for one in query.items if isinstance(one, Selected)]
    return [
        _column(
            output.path[-1],
            output.field,
            aggregate=isinstance(operand, Function),
            shown=str(operand),
        )
        for operand, output in zip(operands, compiled.outputs, strict=True)
    ]


def _column(
    name: str,
    field: FieldDef | None,
    *,
    aggregate: bool = False,
    shown: str = "",
    joined: Iterable[Column] = (),
) -> Column:
    kind = field.type if field else ""
    return {
        "aggregate": aggregate,
        "apexType": _APEX_TYPES.get(kind, "String") if field else None,
        "booleanType": kind == "boolean",
        "columnName": name,
        "custom": bool(field and field.custom),
        "displayName": shown or name,
        "foreignKeyName": None,
        "insertable": bool(field and field.createable and not aggregate),
        "joinColumns": list(joined),
        "numberType": kind in NUMBER_TYPES,
        "textType": kind in TEXT_TYPES,
        "updatable": bool(field and field.updateable and not aggregate),
    }
