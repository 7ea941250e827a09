"""A query's syntax tree as SQL, and how its rows become records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfterritory.sandbox.soql.condition import ConditionWriter
from sfterritory.sandbox.soql.refusal import SoqlError, malformed, pointed, unknown_object
from sfterritory.sandbox.soql.scope import Column, Parent, Scope
from sfterritory.sandbox.soql.tree import Call, Operand, Path, Query

if TYPE_CHECKING:
    from datetime import datetime

    from sfterritory.sandbox.org_schema import OrgSchema
    from sfterritory.sandbox.schema import FieldDef, ObjectDef
    from sfterritory.sandbox.soql.bind import SqlValue

MAX_OFFSET = 2000
_AGGREGATES = {
    "count": "COUNT({})",
    "count_distinct": "COUNT(DISTINCT {})",
    "sum": "SUM({})",
    "avg": "AVG({})",
    "min": "MIN({})",
    "max": "MAX({})",
}


@dataclass(frozen=True, slots=True)
class Output:
    """One selected value.

    Attributes:
        path: Its name in the answer: relationship names, then the field; an aggregate's alias.
        field: Its field; None for a count.
        parent: The record that holds it; None in grouped answers.
        index: Its first column in the SQL row; an address takes one column a component.
    """

    path: tuple[str, ...]
    field: FieldDef | None
    parent: Parent | None
    index: int


@dataclass(frozen=True, slots=True)
class Compiled:
    """A query ready to run.

    Attributes:
        columns: SQL expressions of the select list.
        id_columns: For each record of the answer (the selected one, each parent): the column
            that holds its id, by path.
        grouped: It has aggregates, so that its rows are no records.
        count_only: It is `SELECT count()`.
    """

    described: ObjectDef
    outputs: tuple[Output, ...]
    columns: tuple[str, ...]
    id_columns: dict[tuple[str, ...], int]
    parents: dict[tuple[str, ...], Parent]
    from_sql: str
    where_sql: str
    tail_sql: str
    params: tuple[SqlValue, ...]
    grouped: bool
    count_only: bool
    has_offset: bool

    @property
    def row_numbers_sql(self) -> str:
        """SQL that answers the row number of every selected record, in order."""
        return f"SELECT t0._row FROM {self.from_sql}{self.where_sql}{self.tail_sql}"  # noqa: S608 - names of our own schema, values are marks

    @property
    def records_sql(self) -> str:
        """SQL that answers the values of the records in a JSON list of row numbers."""
        listed = ", ".join(("t0._row", *self.columns))
        return (
            f"SELECT {listed} FROM {self.from_sql} "  # noqa: S608 - names of our own schema
            "WHERE t0._row IN (SELECT value FROM json_each(?))"
        )

    @property
    def whole_sql(self) -> str:
        """SQL that answers a grouped query at once."""
        if self.count_only:
            inner = f"SELECT 1 FROM {self.from_sql}{self.where_sql}{self.tail_sql}"  # noqa: S608 - names of our own schema, values are marks
            return f"SELECT COUNT(*) FROM ({inner})"  # noqa: S608 - the same
        listed = ", ".join(self.columns)
        return f"SELECT {listed} FROM {self.from_sql}{self.where_sql}{self.tail_sql}"  # noqa: S608 - names of our own schema, values are marks


def compile_query(query: Query, schema: OrgSchema, *, now: datetime, deleted_too: bool) -> Compiled:
    """Return the SQL of a query over what the schema shows.

    Raises:
        SoqlError: A name in it does not exist, a literal does not fit, or clauses contradict.
    """
    described = schema.find(query.object_name)
    if described is None:
        raise unknown_object(query.text, query.object_at, name=query.object_name)
    return _Compiler(query, described, schema=schema, now=now).compiled(deleted_too=deleted_too)


class _Compiler:
    """Collects select list, joins and values of one query."""

    def __init__(
        self, query: Query, described: ObjectDef, *, schema: OrgSchema, now: datetime
    ) -> None:
        self._query = query
        self._described = described
        self._now = now
        self._scope = Scope(described, query.text, schema=schema, alias=query.alias)
        self._columns: list[str] = []
        self._outputs: list[Output] = []
        self._ids: dict[tuple[str, ...], int] = {}
        self._parents: dict[tuple[str, ...], Parent] = {}
        self._unnamed = 0

    def compiled(self, *, deleted_too: bool) -> Compiled:
        query = self._query
        calls = [item for item in query.items if isinstance(item, Call)]
        count_only = len(query.items) == 1 and len(calls) == 1 and calls[0].path is None
        grouped = bool(calls or query.group_by)
        if grouped:
            self._select_groups(count_only=count_only)
        else:
            self._select_records()
        where, params = self._where(deleted_too=deleted_too)
        group, group_params = self._group()
        order = self._order(grouped=grouped)
        return Compiled(
            described=self._described,
            outputs=tuple(self._outputs),
            columns=tuple(self._columns),
            id_columns=self._ids,
            parents=self._parents,
            from_sql=self._scope.from_sql,
            where_sql=where,
            tail_sql=f"{group}{order}{self._window()}",
            params=(*params, *group_params),
            grouped=grouped,
            count_only=count_only,
            has_offset=query.offset > 0,
        )

    def _select_records(self) -> None:
        self._remember_id(self._scope.root)
        seen: set[tuple[str, ...]] = set()
        for item in self._query.items:
            assert isinstance(item, Path)  # noqa: S101 - calls make the query a grouped one
            column = self._scope.column(item)
            path = (*column.parent.path, column.field.name)
            if path in seen:
                raise SoqlError(
                    "INVALID_FIELD",
                    pointed(self._query.text, item.at, f"duplicate field selected: {item}"),
                )
            seen.add(path)
            if column.parent.path:
                self._remember_id(column.parent)
            self._select(column, path)

    def _select(self, column: Column, path: tuple[str, ...]) -> None:
        self._outputs.append(Output(path, column.field, column.parent, len(self._columns)))
        if column.field.stored:
            self._columns.append(column.sql)
            return
        alias = column.parent.alias
        self._columns += [f'{alias}."{name}"' for _, name in column.field.components]

    def _remember_id(self, parent: Parent) -> None:
        """Select a record's id for its `attributes`, and those of the parents on the way."""
        if parent.path in self._ids:
            return
        self._ids[parent.path] = len(self._columns)
        self._parents[parent.path] = parent
        self._columns.append(f"{parent.alias}.Id")
        if len(parent.path) > 1:
            above = self._scope.column(Path((*parent.path[:-1], "Id"), 0))
            self._remember_id(above.parent)

    def _select_groups(self, *, count_only: bool) -> None:
        if count_only:
            if self._query.group_by:
                raise malformed("Grouped query cannot use count() without a field")
            return
        allowed = {self._operand_sql(one) for one in self._query.group_by}
        for item in self._query.items:
            sql = self._operand_sql(item)
            if isinstance(item, Call):
                name = item.alias or self._next_name()
                field = self._call_field(item)
            else:
                if sql not in allowed:
                    message = f"Field must be grouped or aggregated: {item}"
                    raise malformed(pointed(self._query.text, item.at, message))
                name = self._scope.column(item).field.name
                field = self._scope.column(item).field
            self._outputs.append(Output((name,), field, None, len(self._columns)))
            self._columns.append(sql)

    def _next_name(self) -> str:
        self._unnamed += 1
        return f"expr{self._unnamed - 1}"

    def _call_field(self, call: Call) -> FieldDef | None:
        if call.path is None or call.name.lower().startswith("count"):
            return None
        return self._scope.column(call.path).field

    def _operand_sql(self, operand: Operand) -> str:
        if isinstance(operand, Path):
            return self._sortable(operand).sql
        return self._aggregate(operand)

    def _sortable(self, path: Path) -> Column:
        column = self._scope.column(path)
        if not column.field.stored:
            message = f"field {path} can not be grouped, sorted or aggregated in a query call"
            raise SoqlError("INVALID_FIELD", pointed(self._query.text, path.at, message))
        return column

    def _aggregate(self, call: Call) -> str:
        template = _AGGREGATES.get(call.name.lower())
        if template is None:
            message = f"unexpected token: '{call.name}'"
            raise malformed(pointed(self._query.text, call.at, message))
        if call.path is None:
            raise malformed(pointed(self._query.text, call.at, "unexpected token: '()'"))
        column = self._sortable(call.path)
        if call.name.lower() in {"sum", "avg"} and column.field.type not in {
            "int",
            "double",
            "currency",
        }:
            raise malformed(f"field {call.path} does not support aggregate operator {call.name}")
        return template.format(column.sql)

    def _where(self, *, deleted_too: bool) -> tuple[str, list[SqlValue]]:
        writer = ConditionWriter(self._scope, self._query.text, now=self._now)
        parts = []
        if not deleted_too and self._described.has("IsDeleted"):
            parts.append("t0.IsDeleted = 0")
        if self._query.where is not None:
            parts.append(writer.write(self._query.where))
        return (f" WHERE {' AND '.join(parts)}" if parts else ""), writer.params

    def _group(self) -> tuple[str, list[SqlValue]]:
        query = self._query
        if query.having is not None and not query.group_by:
            raise malformed("unexpected token: 'HAVING'")
        if not query.group_by:
            return "", []
        for one in query.group_by:
            if isinstance(one, Call):
                raise malformed(f"unexpected token: '{one.name}'")
        sql = f" GROUP BY {', '.join(self._operand_sql(one) for one in query.group_by)}"
        if query.having is None:
            return sql, []
        writer = ConditionWriter(self._scope, query.text, now=self._now, aggregate=self._aggregate)
        return f"{sql} HAVING {writer.write(query.having)}", writer.params

    def _order(self, *, grouped: bool) -> str:
        for one in self._query.order_by:
            if isinstance(one.operand, Call) and not grouped:
                raise malformed(f"unexpected token: '{one.operand.name}'")
        parts = [
            f"{self._operand_sql(one.operand)}{' DESC' if one.descending else ''}"
            f" NULLS {'LAST' if one.nulls_last else 'FIRST'}"
            for one in self._query.order_by
        ]
        if not grouped:
            parts.append("t0._row")
        return f" ORDER BY {', '.join(parts)}" if parts else ""

    def _window(self) -> str:
        query = self._query
        if query.offset > MAX_OFFSET:
            raise SoqlError(
                "NUMBER_OUTSIDE_VALID_RANGE",
                f"Maximum SOQL offset allowed is {MAX_OFFSET}",
            )
        if query.limit is None and not query.offset:
            return ""
        return f" LIMIT {-1 if query.limit is None else query.limit} OFFSET {query.offset}"
