"""Conditions as SQL: two-valued, as SOQL counts null, where SQL has a third value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfterritory.sandbox.schema import TEXT_TYPES
from sfterritory.sandbox.soql.bind import SqlValue, bound, period_bounds
from sfterritory.sandbox.soql.literal import like_pattern
from sfterritory.sandbox.soql.refusal import SoqlError, malformed, unknown_object
from sfterritory.sandbox.soql.scope import Column, Scope
from sfterritory.sandbox.soql.tree import (
    All,
    AnyOf,
    Call,
    Compare,
    Condition,
    Not,
    Number,
    Operand,
    Period,
    Text,
    Within,
    WithinQuery,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

MAX_DEPTH = 60
MAX_SEMI_JOINS = 2


class ConditionWriter:
    """Writes one WHERE or HAVING clause.

    Attributes:
        params: The values for the marks in the SQL, in order.
    """

    def __init__(
        self,
        scope: Scope,
        text: str,
        *,
        now: datetime,
        aggregate: Callable[[Call], str] | None = None,
        within_semi_join: bool = False,
    ) -> None:
        self._scope = scope
        self._text = text
        self._now = now
        self._aggregate = aggregate
        self._within_semi_join = within_semi_join
        self._semi_joins = 0
        self.params: list[SqlValue] = []

    def write(self, condition: Condition) -> str:
        """Return the SQL of a condition.

        Raises:
            SoqlError: A name or a literal in it does not fit.
        """
        return self._write(condition, depth=0, under_not=False)

    def _write(self, condition: Condition, *, depth: int, under_not: bool) -> str:
        if depth > MAX_DEPTH:
            raise SoqlError(
                "QUERY_TOO_COMPLICATED",
                "Query is either selecting too many fields "
                "or the filter conditions are too complicated.",
            )
        if isinstance(condition, Not):
            inner = self._write(condition.condition, depth=depth + 1, under_not=True)
            return f"NOT ({inner})"
        if isinstance(condition, All | AnyOf):
            word = " AND " if isinstance(condition, All) else " OR "
            parts = [
                self._write(one, depth=depth + 1, under_not=under_not)
                for one in condition.conditions
            ]
            return f"({balanced(parts, word)})"
        leaf = self._leaf(condition)
        # Outside NOT an unknown comparison drops the row just as a false one does, and the bare
        # form can use an index; below NOT it has to be false, or the row would be lost.
        return f"coalesce({leaf}, 0)" if under_not else leaf

    def _leaf(self, condition: Compare | Within | WithinQuery) -> str:
        if isinstance(condition, Compare):
            return self._compare(condition)
        if isinstance(condition, Within):
            return self._within(condition)
        return self._within_query(condition)

    def _column(self, operand: Operand) -> Column:
        if isinstance(operand, Call):
            raise malformed(f"unexpected token: '{operand.name}'")
        column = self._scope.column(operand)
        if not column.field.filterable:
            raise SoqlError(
                "INVALID_FIELD",
                f"field '{column.field.name}' can not be filtered in a query call",
            )
        return column

    def _compare(self, condition: Compare) -> str:
        if isinstance(condition.left, Call):
            return self._compare_aggregate(condition.left, condition)
        column = self._column(condition.left)
        if condition.op == "LIKE":
            return self._like(column, condition)
        if isinstance(condition.value, Period):
            return self._compare_period(column, condition.op, condition.value)
        return self._compare_value(column, condition.op, bound(column.field, condition.value))

    def _compare_value(self, column: Column, op: str, value: SqlValue | None) -> str:
        if value is None:
            return _compare_null(column, op)
        if column.field.type == "boolean" and op not in {"=", "!="}:
            raise SoqlError("INVALID_QUERY_FILTER_OPERATOR", "invalid operator on boolean field")
        self.params.append(value)
        return f"{column.sql} {'IS NOT' if op == '!=' else op} ?"

    def _compare_aggregate(self, call: Call, condition: Compare) -> str:
        if self._aggregate is None or not isinstance(condition.value, Number):
            raise malformed(f"unexpected token: '{call.name}'")
        sql = self._aggregate(call)
        self.params.append(float(condition.value.raw))
        return f"{sql} {condition.op} ?"

    def _like(self, column: Column, condition: Compare) -> str:
        if column.field.type not in TEXT_TYPES:
            raise SoqlError(
                "INVALID_QUERY_FILTER_OPERATOR", f"invalid operator on {column.field.type} field"
            )
        if not isinstance(condition.value, Text):
            bound(column.field, condition.value)  # says which literal the field wants
            return "0"  # LIKE null matches nothing
        self.params.append(like_pattern(condition.value.raw))
        return f"{column.sql} LIKE ? ESCAPE '\\'"

    def _compare_period(self, column: Column, op: str, period: Period) -> str:
        start, end = period_bounds(column.field, period, now=self._now)
        if op == "=":
            self.params += [start, end]
            return f"({column.sql} >= ? AND {column.sql} < ?)"
        if op == "!=":
            self.params += [start, end]
            return f"coalesce({column.sql} < ? OR {column.sql} >= ?, 1)"
        edge, sign = {"<": (start, "<"), ">=": (start, ">="), ">": (end, ">="), "<=": (end, "<")}[
            op
        ]
        self.params.append(edge)
        return f"{column.sql} {sign} ?"

    def _within(self, condition: Within) -> str:
        column = self._column(condition.left)
        if any(isinstance(value, Period) for value in condition.values):
            raise malformed("date literals by name are not allowed in a list")
        values = [bound(column.field, value) for value in condition.values]
        has_null = None in values
        known = [value for value in values if value is not None]
        self.params += known
        listed = f"{column.sql} IN ({', '.join('?' * len(known))})"
        either = f"({column.sql} IS NULL OR {listed})" if has_null else f"coalesce({listed}, 0)"
        if condition.negated:
            return f"NOT {either}"
        return either if has_null else listed

    def _within_query(self, condition: WithinQuery) -> str:
        self._semi_joins += 1
        if self._within_semi_join:
            raise malformed("Nesting of semi join sub-selects is not supported")
        if self._semi_joins > MAX_SEMI_JOINS:
            raise SoqlError(
                "EXCEEDED_MAX_SEMIJOIN_SUBSELECTS",
                f"Maximum {MAX_SEMI_JOINS} semi join sub-selects are allowed",
            )
        left = self._column(condition.left)
        inner = condition.query
        described = self._scope.schema.find(inner.object_name)
        if described is None:
            raise unknown_object(self._text, inner.object_at, name=inner.object_name)
        scope = Scope(
            described,
            self._text,
            schema=self._scope.schema,
            prefix=f"s{self._semi_joins}_",
        )
        field = scope.column(inner.field)
        if {left.field.type, field.field.type} - {"id", "reference"}:
            raise malformed("The inner and outer selects of a semi join must be of ID type")
        writer = ConditionWriter(scope, self._text, now=self._now, within_semi_join=True)
        where = [f"{field.sql} IS NOT NULL"]
        if described.has("IsDeleted"):
            where.append(f"{scope.root.alias}.IsDeleted = 0")
        if inner.where is not None:
            where.append(writer.write(inner.where))
        self.params += writer.params
        sql = f"SELECT {field.sql} FROM {scope.from_sql} WHERE {' AND '.join(where)}"  # noqa: S608 - names of our own schema, values are marks
        if condition.negated:
            return f"coalesce({left.sql} NOT IN ({sql}), 1)"
        return f"{left.sql} IN ({sql})"


def balanced(parts: Sequence[str], word: str) -> str:
    """Join conditions as a balanced tree: SQLite refuses trees a thousand levels deep."""
    if len(parts) <= 8:
        return word.join(parts)
    half = len(parts) // 2
    return f"({balanced(parts[:half], word)}){word}({balanced(parts[half:], word)})"


def _compare_null(column: Column, op: str) -> str:
    if op == "=":
        return f"{column.sql} IS NULL"
    if op == "!=":
        return f"{column.sql} IS NOT NULL"
    return "0"
