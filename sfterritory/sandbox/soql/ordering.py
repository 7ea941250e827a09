"""ORDER BY, LIMIT and OFFSET as SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfterritory.sandbox.schema import TEXT_TYPES
from sfterritory.sandbox.soql.ability import can_sort
from sfterritory.sandbox.soql.function_sql import FOLD
from sfterritory.sandbox.soql.refusal import malformed

if TYPE_CHECKING:
    from sfterritory.sandbox.schema import FieldDef
    from sfterritory.sandbox.soql.scope import Column, Scope
    from sfterritory.sandbox.soql.tree import Ordering, Path, Query

MAX_ORDERINGS = 32


def orderings(query: Query) -> tuple[Ordering, ...]:
    """Return the items of ORDER BY.

    Raises:
        SoqlError: There are more than there may be.
    """
    if len(query.order_by) > MAX_ORDERINGS:
        at = query.order_by[MAX_ORDERINGS].operand.at
        raise malformed(f"ORDER BY can have at most {MAX_ORDERINGS} fields", at)
    return query.order_by


def sortable(scope: Scope, path: Path) -> Column:
    """Return a field that ORDER BY may name.

    Raises:
        SoqlError: It does not exist or cannot be sorted.
    """
    column = scope.column(path)
    if not can_sort(column.field):
        raise malformed(f"field '{path}' can not be sorted in a query call", path.at)
    return column


def order_sql(column: Column, ordering: Ordering) -> str:
    """Return one item of ORDER BY."""
    return f"{caseless(column.sql, column.field)}{direction_sql(ordering)}"


def direction_sql(ordering: Ordering) -> str:
    """Return which end comes first; nulls do unless the query says otherwise."""
    nulls = "LAST" if ordering.nulls_last else "FIRST"
    return f"{' DESC' if ordering.descending else ''} NULLS {nulls}"


def caseless(sql: str, field: FieldDef | None) -> str:
    """Return a value's SQL in the form in which texts sort and group without case."""
    return f"{FOLD}({sql})" if field is not None and field.type in TEXT_TYPES else sql


def window_sql(query: Query) -> str:
    """Return LIMIT and OFFSET, '' where the query has neither."""
    if query.limit is None and not query.offset:
        return ""
    return f" LIMIT {-1 if query.limit is None else query.limit} OFFSET {query.offset}"
