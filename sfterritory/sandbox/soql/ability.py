"""What a field can do in a query: describe shows it, the compiler holds queries to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfterritory.sandbox.schema import NUMBER_TYPES

if TYPE_CHECKING:
    from sfterritory.sandbox.schema import FieldDef

_LONGEST_SHORT_TEXT = 255
_UNGROUPABLE_TYPES = (NUMBER_TYPES - {"int"}) | {"datetime", "multipicklist"}


def is_long_text(field: FieldDef) -> bool:
    """Whether it is a long text area."""
    return field.type == "textarea" and field.length > _LONGEST_SHORT_TEXT


def can_filter(field: FieldDef) -> bool:
    """Whether WHERE may name it."""
    return field.filterable and field.stored and not is_long_text(field)


def can_sort(field: FieldDef) -> bool:
    """Whether ORDER BY may name it."""
    return field.stored and not is_long_text(field) and field.type != "multipicklist"


def can_group(field: FieldDef) -> bool:
    """Whether GROUP BY may name it."""
    return can_filter(field) and field.type not in _UNGROUPABLE_TYPES


def can_aggregate(field: FieldDef) -> bool:
    """Whether COUNT, MIN and MAX take it."""
    return can_sort(field) and field.type != "boolean"


def can_sum(field: FieldDef) -> bool:
    """Whether SUM and AVG take it."""
    return field.type in NUMBER_TYPES
