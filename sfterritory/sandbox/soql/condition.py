"""Conditions as SQL: two-valued, as SOQL counts null, where SQL has a third value."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sfterritory.sandbox.schema import TEXT_TYPES
from sfterritory.sandbox.soql.ability import can_filter
from sfterritory.sandbox.soql.bind import SqlValue, bound, period_bounds
from sfterritory.sandbox.soql.function import Functions
from sfterritory.sandbox.soql.function_sql import FOLD, folded
from sfterritory.sandbox.soql.literal import like_pattern, meaning
from sfterritory.sandbox.soql.refusal import (
    SoqlError,
    invalid_field,
    malformed,
    too_complicated,
    unexpected,
    unknown_object,
)
from sfterritory.sandbox.soql.scope import Column, Scope
from sfterritory.sandbox.soql.tree import (
    All,
    AnyOf,
    Call,
    Compare,
    Condition,
    Includes,
    Leaf,
    Money,
    Not,
    Operand,
    Period,
    Text,
    Within,
    WithinQuery,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sfterritory.sandbox.soql.terms import Terms

MAX_DEPTH = 60
MAX_SEMI_JOINS = 2
_MOST_MARKS = 100  # in one list; SQLite takes 32,766 in a statement
_ID_TYPES = frozenset({"id", "reference"})


class ConditionWriter:
    """Writes one WHERE or HAVING clause.

    Attributes:
        params: The values for the marks in the SQL, in order.
    """

    def __init__(
        self,
        scope: Scope,
        terms: Terms,
        *,
        operand: Callable[[Operand], Column] | None = None,
        within_semi_join: bool = False,
    ) -> None:
        """Begin a clause.

        Args:
            scope: What names mean.
            terms: The circumstances of the query.
            operand: What an operand of HAVING means; in WHERE, fields and functions of a record.
            within_semi_join: Whether it is the WHERE of a sub-select.
        """
        self._scope = scope
        self._terms = terms
        self._functions = Functions(scope, terms)
        self._operand = operand or self._filtered
        self._in_where = operand is None
        self._within_semi_join = within_semi_join
        self._semi_joins = 0
        self.params: list[SqlValue] = []

    def write(self, condition: Condition) -> str:
        """Return the SQL of a condition.

        Raises:
            SoqlError: A name or a literal in it does not fit.
        """
        if isinstance(condition, All):
            return f"({balanced([self._top(one) for one in condition.conditions], ' AND ')})"
        return self._top(condition)

    def _top(self, condition: Condition) -> str:
        if isinstance(condition, WithinQuery):
            return self._within_query(condition)
        return self._write(condition, depth=0, under_not=False, under_or=False)

    def _write(self, condition: Condition, *, depth: int, under_not: bool, under_or: bool) -> str:
        if depth > MAX_DEPTH:
            raise too_complicated()
        if isinstance(condition, Not):
            inner = self._write(
                condition.condition, depth=depth + 1, under_not=True, under_or=under_or
            )
            return f"NOT ({inner})"
        if isinstance(condition, All | AnyOf):
            either = isinstance(condition, AnyOf)
            parts = [
                self._write(one, depth=depth + 1, under_not=under_not, under_or=under_or or either)
                for one in condition.conditions
            ]
            return f"({balanced(parts, ' OR ' if either else ' AND ')})"
        if isinstance(condition, WithinQuery):
            where = (
                "not allowed with the 'OR' operator"
                if under_or
                else "only allowed at the top level WHERE expressions and not in nested WHERE "
                "expressions."
            )
            raise malformed(f"Semi join sub-selects are {where}", condition.left.at)
        leaf = self._leaf(condition)
        # Outside NOT an unknown comparison drops the row just as a false one does, and the bare
        # form can use an index; below NOT it has to be false, or the row would be lost.
        return f"coalesce({leaf}, 0)" if under_not else leaf

    def _leaf(self, condition: Leaf) -> str:
        try:
            column = self._operand(condition.left)
            if isinstance(condition, Compare):
                return self._compare(column, condition)
            if isinstance(condition, Includes):
                return self._includes(column, condition)
            assert isinstance(condition, Within)  # noqa: S101 - sub-selects were written before
            return self._within(column, condition)
        except SoqlError as error:
            raise error.at_least(condition.left.at) from error

    def _filtered(self, operand: Operand) -> Column:
        if isinstance(operand, Call):
            return self._functions.filtered(operand)
        column = self._scope.column(operand)
        if not column.field.stored:
            raise invalid_field("Address fields can only be filtered using Distance expressions")
        if not can_filter(column.field):
            raise invalid_field(f"field '{column.field.name}' can not be filtered in a query call")
        return column

    def _compare(self, column: Column, condition: Compare) -> str:
        op, value = condition.op, condition.value
        if _is_distance(condition.left) and op not in {"<", ">"}:
            raise _wrong_operator("distance")
        if op == "LIKE":
            return self._like(column, condition)
        if isinstance(value, Period):
            return self._compare_period(column, op, value)
        if isinstance(value, Money):
            return self._compare_money(column, op, value)
        return self._compare_value(column, op, bound(column.field, value))

    def _compare_value(self, column: Column, op: str, value: SqlValue | None) -> str:
        kind = column.field.type
        if value is None:
            return _compare_null(column, op)
        if kind == "boolean" and op not in {"=", "!="}:
            raise _wrong_operator(kind)
        sql, value = _caseless(column, value)
        self.params.append(value)
        return f"{sql} {'IS NOT' if op == '!=' else op} ?"

    def _compare_money(self, column: Column, op: str, value: Money) -> str:
        """Compare amounts of whatever currency in the org's own."""
        sql = self._functions.in_corporate_currency(column) if self._in_where else None
        if column.field.type != "currency" or sql is None:
            raise unexpected(value.raw)
        self.params += [float(value.raw[3:]), value.raw[:3].upper()]
        rate = "(SELECT c.ConversionRate FROM CurrencyType AS c WHERE c.IsoCode = ?)"
        return f"{sql} {'IS NOT' if op == '!=' else op} ? / {rate}"

    def _like(self, column: Column, condition: Compare) -> str:
        if column.field.type not in TEXT_TYPES or column.field.type == "multipicklist":
            raise _wrong_operator(column.field.type)
        if not isinstance(condition.value, Text):
            bound(column.field, condition.value)  # says which literal the field wants
            return "0"  # LIKE null matches nothing
        sql, pattern = _caseless(column, like_pattern(condition.value.raw))
        self.params.append(pattern)
        return f"{sql} LIKE ? ESCAPE '\\'"

    def _compare_period(self, column: Column, op: str, period: Period) -> str:
        start, end = period_bounds(column.field, period, terms=self._terms)
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

    def _within(self, column: Column, condition: Within) -> str:
        if _is_distance(condition.left):
            raise _wrong_operator("distance")
        if any(isinstance(value, Period | Money) for value in condition.values):
            raise malformed("literals by name are not allowed in a list")
        values = [bound(column.field, value) for value in condition.values]
        known = [value for value in values if value is not None]
        plain = [value for value in known if _caseless(column, value)[1] is value]
        far = [folded(str(value)) for value in known if _caseless(column, value)[1] is not value]
        listed = self._listed(column.sql, plain)
        if far:
            listed = f"({listed} OR {self._listed(f'{FOLD}({column.sql})', far)})"
        has_null = len(known) < len(values)
        either = f"({column.sql} IS NULL OR {listed})" if has_null else f"coalesce({listed}, 0)"
        if condition.negated:
            return f"NOT {either}"
        return either if has_null else listed

    def _listed(self, sql: str, values: Sequence[SqlValue | None]) -> str:
        if len(values) > _MOST_MARKS:
            self.params.append(json.dumps(values))
            return f"{sql} IN (SELECT value FROM json_each(?))"  # noqa: S608 - a mark
        self.params += [value for value in values if value is not None]
        return f"{sql} IN ({', '.join('?' * len(values))})"

    def _includes(self, column: Column, condition: Includes) -> str:
        if column.field.type != "multipicklist":
            raise _wrong_operator(column.field.type)
        alternatives = []
        for value in condition.values:
            if not isinstance(value, Text):
                bound(column.field, value)  # says which literal the field wants
                alternatives.append(f"{column.sql} IS NULL")
                continue
            parts = [f";{folded(part)};" for part in meaning(value.raw).split(";")]
            self.params += parts
            within = f"instr({FOLD}(';' || {column.sql} || ';'), ?) > 0"
            alternatives.append(f"({' AND '.join([within] * len(parts))})")
        either = f"coalesce({balanced(alternatives, ' OR ')}, 0)"
        return f"NOT {either}" if condition.negated else either

    def _within_query(self, condition: WithinQuery) -> str:
        at = condition.left.at
        self._semi_joins += 1
        if self._within_semi_join:
            raise malformed("Nesting of semi join sub-selects is not supported", at)
        if not self._in_where:
            raise unexpected("IN", at)
        if self._semi_joins > MAX_SEMI_JOINS:
            raise SoqlError(
                "EXCEEDED_MAX_SEMIJOIN_SUBSELECTS",
                f"Maximum {MAX_SEMI_JOINS} semi join sub-selects are allowed.",
                at=at,
            )
        left = self._filtered(condition.left)
        inner = condition.query
        described = self._scope.schema.find(inner.object_name)
        if described is None:
            raise unknown_object(inner.object_name, inner.object_at)
        scope = Scope(
            described,
            schema=self._scope.schema,
            prefix=f"{self._scope.root.alias}s{self._semi_joins}_",
            alias=inner.alias,
        )
        field = scope.column(inner.selected)
        if {left.field.type, field.field.type} - _ID_TYPES:
            raise malformed("The inner and outer selects of a semi join must be of ID type", at)
        if described is self._scope.root.described and field.field.type == left.field.type == "id":
            raise malformed("The inner and outer selects should not be on the same object type", at)
        writer = ConditionWriter(scope, self._terms, within_semi_join=True)
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


def _caseless(column: Column, value: SqlValue) -> tuple[str, SqlValue]:
    """Return column and value so that they compare without case.

    The column's own collation knows A to Z, and can use an index; other letters need a function.
    """
    if column.field.type in TEXT_TYPES and isinstance(value, str) and not value.isascii():
        return f"{FOLD}({column.sql})", str(folded(value))
    return column.sql, value


def _is_distance(operand: Operand) -> bool:
    return isinstance(operand, Call) and operand.name.lower() == "distance"


def _wrong_operator(kind: str) -> SoqlError:
    return SoqlError("INVALID_QUERY_FILTER_OPERATOR", f"invalid operator on {kind} field")


def _compare_null(column: Column, op: str) -> str:
    if op == "=":
        return f"{column.sql} IS NULL"
    if op == "!=":
        return f"{column.sql} IS NOT NULL"
    return "0"
