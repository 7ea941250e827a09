"""Queries with aggregates: GROUP BY, ROLLUP, CUBE and HAVING as SQL."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import TYPE_CHECKING

from sfterritory.sandbox.schema import TEXT_TYPES, FieldDef
from sfterritory.sandbox.soql.ability import can_aggregate, can_group, can_sum
from sfterritory.sandbox.soql.compiled import Compiled, Output
from sfterritory.sandbox.soql.condition import ConditionWriter
from sfterritory.sandbox.soql.function import Functions, is_date_function, only_argument
from sfterritory.sandbox.soql.ordering import caseless, direction_sql, orderings, window_sql
from sfterritory.sandbox.soql.refusal import malformed, too_complicated, unexpected
from sfterritory.sandbox.soql.scope import Column, Scope, as_function
from sfterritory.sandbox.soql.tree import Call, Children, Item, Operand, Path, Query, Selected

if TYPE_CHECKING:
    from sfterritory.sandbox.soql.bind import SqlValue
    from sfterritory.sandbox.soql.terms import Terms

MAX_SUBTOTAL_FIELDS = 3
_MAX_EXPRESSIONS = 200
_AGGREGATES = {
    "count": "COUNT({})",
    "count_distinct": "COUNT(DISTINCT {})",
    "sum": "SUM({})",
    "avg": "AVG({})",
    "min": "MIN({})",
    "max": "MAX({})",
}
_COUNT = FieldDef("", "", "int")
_MEAN = FieldDef("", "", "double")


def is_aggregate(call: Call) -> bool:
    """Whether it makes a query one of groups."""
    if call.name.lower() == "format" and len(call.arguments) == 1:
        inner = call.arguments[0]
        return isinstance(inner, Call) and is_aggregate(inner)
    return call.name.lower() in {*_AGGREGATES, "grouping"}


@dataclass(slots=True)
class GroupCompiler:
    """Writes one query with aggregates.

    Attributes:
        keys: What it groups by, by SQL.
    """

    query: Query
    scope: Scope
    terms: Terms
    keys: dict[str, Column] = field(default_factory=dict)

    def compiled(self, where: str, params: tuple[SqlValue, ...]) -> Compiled:
        """Return the query.

        Args:
            where: The conditions on records.
            params: Their values.

        Raises:
            SoqlError: It selects or orders by what is neither grouped nor aggregated.
        """
        query = self.query
        if _is_count_only(query):
            self._check_count()
            inner = f"SELECT 1 FROM {self.scope.from_sql} WHERE {where}{window_sql(query)}"  # noqa: S608 - names of our own schema, values are marks
            return self._answer((), f"SELECT COUNT(*) FROM ({inner})", params, count_only=True)  # noqa: S608 - the same
        self._check_sizes()
        for operand in query.group_by.operands if query.group_by else ():
            key = self._key(operand)
            self.keys.setdefault(key.sql, key)
        outputs = self._outputs()
        selects, values = [], []
        for present in self._grouping_sets():
            select, more = self._select(present, where)
            selects.append(select)
            values += [*params, *more]
        order = ", ".join(
            f"o{place}{direction_sql(one)}" for place, one in enumerate(query.order_by)
        )
        names = ", ".join(f"c{place}" for place in range(len(outputs)))
        sql = f"SELECT {names} FROM ({' UNION ALL '.join(selects)})"  # noqa: S608 - names of our own schema, values are marks
        if order:
            sql += f" ORDER BY {order}"
        return self._answer(outputs, sql + window_sql(query), tuple(values))

    def _answer(
        self,
        outputs: tuple[Output, ...],
        sql: str,
        params: tuple[SqlValue, ...],
        *,
        count_only: bool = False,
    ) -> Compiled:
        return Compiled(
            described=self.scope.root.described,
            outputs=outputs,
            columns=(),
            root=None,
            from_sql=self.scope.from_sql,
            where_sql="1",
            order_sql="",
            window_sql="",
            params=params,
            root_alias=self.scope.root.alias,
            offset=self.query.offset,
            grouped_sql=sql,
            count_only=count_only,
        )

    def _check_count(self) -> None:
        query, at = self.query, _operand_of(self.query.items[0]).at
        if query.group_by:
            raise malformed("Grouped query cannot use count() without a field", at)
        if query.having or query.order_by:
            raise malformed("count() cannot be used with HAVING or ORDER BY", at)

    def _check_sizes(self) -> None:
        query, group = self.query, self.query.group_by
        if query.having is not None and group is None:
            raise unexpected("HAVING", query.object_path.at)
        if group is None and query.limit is not None:
            raise malformed(
                "Non-grouped query that uses overall aggregate functions cannot also use LIMIT",
                _operand_of(query.items[0]).at,
            )
        operands = group.operands if group else ()
        if group and group.kind != "plain" and len(operands) > MAX_SUBTOTAL_FIELDS:
            at = operands[MAX_SUBTOTAL_FIELDS].at
            raise malformed(f"{group.kind.upper()} takes at most {MAX_SUBTOTAL_FIELDS} fields", at)
        if len(operands) + len(query.items) > _MAX_EXPRESSIONS:
            raise too_complicated()

    def _key(self, operand: Operand) -> Column:
        """Return what GROUP BY names."""
        if isinstance(operand, Call):
            if not is_date_function(operand):
                raise unexpected(operand.name, operand.at)
            return Functions(self.scope, self.terms).date_part(operand)
        column = self.scope.column(operand)
        if not can_group(column.field):
            raise malformed(f"field '{operand}' can not be grouped in a query call", operand.at)
        return column

    def _grouping_sets(self) -> list[frozenset[str]]:
        """Return the keys that each part of the answer tells apart."""
        keys = list(self.keys)
        kind = self.query.group_by.kind if self.query.group_by else "plain"
        if kind == "rollup":
            return [frozenset(keys[:size]) for size in range(len(keys), -1, -1)]
        if kind == "cube":
            return [
                frozenset(chosen)
                for size in range(len(keys), -1, -1)
                for chosen in combinations(keys, size)
            ]
        return [frozenset(keys)]

    def _outputs(self) -> tuple[Output, ...]:
        outputs: list[Output] = []
        taken: set[str] = set()
        unnamed = 0
        for item in self.query.items:
            operand = _operand_of(item)
            alias = item.alias if isinstance(item, Selected) else None
            column = self._value(operand, frozenset(self.keys))
            if alias is None and isinstance(operand, Path):
                name = column.field.name
            elif alias is None:
                name, unnamed = f"expr{unnamed}", unnamed + 1
            else:
                name = alias
            if name.lower() in taken:
                raise malformed(f"duplicate alias: {name}", operand.at)
            taken.add(name.lower())
            outputs.append(Output((name,), column.field, None, len(outputs)))
        return tuple(outputs)

    def _select(self, present: frozenset[str], where: str) -> tuple[str, list[SqlValue]]:
        """Return one part of the answer: the groups that differ in the present keys."""
        query = self.query
        values = [self._value(_operand_of(item), present) for item in query.items]
        sorts = [self._value(one.operand, present) for one in orderings(query)]
        listed = ", ".join(
            [
                *(f"{one.sql} AS c{place}" for place, one in enumerate(values)),
                *(f"{caseless(one.sql, one.field)} AS o{place}" for place, one in enumerate(sorts)),
            ]
        )
        sql = f"SELECT {listed} FROM {self.scope.from_sql} WHERE {where}"  # noqa: S608 - names of our own schema, values are marks
        if not self.keys:
            return sql, []
        keys = [caseless(key, self.keys[key].field) for key in self.keys if key in present]
        sql += f" GROUP BY {', '.join(keys) or 'NULL'}"
        if query.having is None:
            return sql, []

        def operand(one: Operand) -> Column:
            column = self._value(one, present)
            text = column.field.type in TEXT_TYPES
            return replace(column, sql=f"{column.sql} COLLATE NOCASE") if text else column

        writer = ConditionWriter(self.scope, self.terms, operand=operand)
        return f"{sql} HAVING {writer.write(query.having)}", writer.params

    def _value(self, operand: Operand, present: frozenset[str]) -> Column:
        """Return a key or an aggregate of the groups that differ in the present keys."""
        if isinstance(operand, Path) or is_date_function(operand):
            return self._key_value(operand, present)
        name = operand.name.lower()
        if name == "grouping":
            key = self._grouped(only_argument(operand), operand)
            return as_function(key, str(int(key.sql not in present)), str(operand), kind=_COUNT)
        if name == "format":
            inner = only_argument(operand)
            if not isinstance(inner, Path | Call):
                raise unexpected(str(inner), operand.at)
            return Functions(self.scope, self.terms).formatted(operand, self._value(inner, present))
        if name == "tolabel":
            return self._key_value(self._path_in(operand), present)
        return self._aggregate(operand)

    def _path_in(self, call: Call) -> Path:
        argument = only_argument(call)
        if not isinstance(argument, Path):
            raise unexpected(str(argument), call.at)
        return argument

    def _key_value(self, operand: Operand, present: frozenset[str]) -> Column:
        key = self._grouped(operand, operand)
        if key.sql not in present:
            return replace(key, sql="NULL")
        # Texts that differ in case make one group, of which one spelling has to be chosen.
        return replace(key, sql=f"MIN({key.sql})") if key.field.type in TEXT_TYPES else key

    def _grouped(self, operand: object, near: Operand) -> Column:
        if isinstance(operand, Path):
            column = self.scope.column(operand)
        elif isinstance(operand, Call):
            column = self._key(operand)
        else:
            raise unexpected(str(operand), near.at)
        if column.sql not in self.keys:
            raise malformed(f"Field must be grouped or aggregated: {operand}", near.at)
        return column

    def _aggregate(self, call: Call) -> Column:
        template = _AGGREGATES.get(call.name.lower())
        if template is None:
            raise unexpected(call.name, call.at)
        if not call.arguments:
            raise unexpected("()", call.at)
        path = self._path_in(call)
        column = self.scope.column(path)
        if column.sql in self.keys:
            raise malformed(f"Grouped field should not be aggregated: {path}", call.at)
        fits = can_sum if call.name.lower() in {"sum", "avg"} else can_aggregate
        if not fits(column.field):
            raise malformed(
                f"field {path} does not support aggregate operator {call.name.upper()}", call.at
            )
        distinct = call.name.lower() == "count_distinct"
        inner = caseless(column.sql, column.field) if distinct else column.sql
        kind = {"count": _COUNT, "count_distinct": _COUNT, "avg": _MEAN}.get(call.name.lower())
        return as_function(column, template.format(inner), str(call), kind=kind)


def _is_count_only(query: Query) -> bool:
    item = query.items[0]
    return (
        len(query.items) == 1
        and isinstance(item, Selected)
        and isinstance(item.operand, Call)
        and item.operand.name.lower() == "count"
        and not item.operand.arguments
    )


def _operand_of(item: Item) -> Operand:
    if isinstance(item, Selected):
        return item.operand
    at = item.query.object_path.at if isinstance(item, Children) else item.relationship.at
    raise malformed("Sub-queries and TYPEOF are not allowed in a grouped query", at)
