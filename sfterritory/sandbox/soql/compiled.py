"""A query as SQL: what the compiler makes and the reader runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sfterritory.sandbox.schema import FieldDef, ObjectDef
    from sfterritory.sandbox.soql.bind import SqlValue
    from sfterritory.sandbox.soql.scope import Parent


@dataclass(frozen=True, slots=True)
class Output:
    """One selected value.

    Attributes:
        path: Its name in the answer: relationship names, then the field; an alias.
        field: Its field; None for a count.
        parent: The record that holds it; None in grouped answers.
        index: Its first column in the SQL row; an address takes one column a component.
    """

    path: tuple[str, ...]
    field: FieldDef | None
    parent: Parent | None
    index: int


@dataclass(frozen=True, slots=True)
class Node:
    """A record of the answer.

    Attributes:
        described: Its object; `Name` behind a polymorphic lookup.
        id_index: The column of the SQL row that holds its id; null where there is no record.
        entries: What it holds, by name, in the order of the answer: a value; a parent; the
            alternatives of TYPEOF, of which the first with an id is it; or the number of a
            child query. The compiler fills it.
    """

    described: ObjectDef
    id_index: int
    entries: dict[str, Output | Node | tuple[Node, ...] | int]


@dataclass(frozen=True, slots=True)
class ChildQuery:
    """A sub-query of the select list, by the name of its child relationship."""

    name: str
    compiled: Compiled


@dataclass(frozen=True, slots=True)
class Compiled:
    """A query ready to run.

    Attributes:
        described: The object that it selects from.
        outputs: Its values, in the order of the query.
        columns: SQL expressions of the select list.
        root: Its records' place in the answer; None where it has aggregates.
        link_sql: The parent's id, in a sub-query.
        grouped_sql: SQL that answers a query with aggregates at once; '' for records.
        count_only: It is `SELECT count()`.
        has_long_text: It selects a long text area.
        has_typeof: It has TYPEOF, which Bulk does not take.
        has_all_fields: It has FIELDS(ALL) or FIELDS(CUSTOM), which Bulk does not take.
    """

    described: ObjectDef
    outputs: tuple[Output, ...]
    columns: tuple[str, ...]
    root: Node | None
    from_sql: str
    where_sql: str
    order_sql: str
    window_sql: str
    params: tuple[SqlValue, ...]
    root_alias: str
    children: tuple[ChildQuery, ...] = ()
    link_sql: str = ""
    limit: int | None = None
    offset: int = 0
    grouped_sql: str = ""
    count_only: bool = False
    purposes: frozenset[str] = frozenset()
    has_long_text: bool = False
    has_typeof: bool = False
    has_all_fields: bool = False

    @property
    def grouped(self) -> bool:
        """Whether it has aggregates, so that its rows are no records."""
        return bool(self.grouped_sql)

    @property
    def has_offset(self) -> bool:
        """Whether it skips rows."""
        return self.offset > 0

    @property
    def row_numbers_sql(self) -> str:
        """SQL that answers the row number of every selected record, in order."""
        return (
            f"SELECT {self.root_alias}._row FROM {self.from_sql} WHERE {self.where_sql}"  # noqa: S608 - names of our own schema, values are marks
            f" ORDER BY {self.order_sql}{self.window_sql}"
        )

    @property
    def records_sql(self) -> str:
        """SQL that answers the values of the records in a JSON list of row numbers."""
        return self.values_sql(self.columns)

    def values_sql(self, columns: tuple[str, ...]) -> str:
        """Return SQL that answers row number and expressions for a JSON list of row numbers."""
        listed = ", ".join((f"{self.root_alias}._row", *columns))
        return (
            f"SELECT {listed} FROM {self.from_sql} "  # noqa: S608 - names of our own schema
            f"WHERE {self.root_alias}._row IN (SELECT value FROM json_each(?))"
        )

    @property
    def children_sql(self) -> str:
        """SQL that answers parent and row number of the children of a JSON list of parents.

        The marks are the list, then `params`; every parent's children are in order, and no more
        than the sub-query's limit.
        """
        last = "" if self.limit is None else f" AND place <= {self.offset + self.limit}"
        return (
            f"SELECT parent, number FROM (SELECT {self.link_sql} AS parent, "  # noqa: S608 - names of our own schema, values are marks
            f"{self.root_alias}._row AS number, "
            f"row_number() OVER (PARTITION BY {self.link_sql} ORDER BY {self.order_sql}) AS place "
            f"FROM {self.from_sql} WHERE {self.link_sql} IN (SELECT value FROM json_each(?)) "
            f"AND {self.where_sql}) WHERE place > {self.offset}{last} ORDER BY parent, place"
        )
