"""Running compiled queries: row numbers first, then the values of a page of them.

The list of row numbers is what a locator or a bulk job keeps: pages stay the same whatever is
written meanwhile, and a page costs the same at the front and at the back.
"""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING, Any

import numpy as np

from sfterritory.sandbox.clock import rest_form

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from sfterritory.sandbox.org_schema import OrgSchema
    from sfterritory.sandbox.schema import FieldDef
    from sfterritory.sandbox.soql.compile import Compiled, Output

Record = dict[str, Any]
CHUNK_ROWS = 1000


def row_numbers(connection: sqlite3.Connection, compiled: Compiled) -> NDArray[np.int64]:
    """Return the row number of every record that the query selects, in its order."""
    found = connection.execute(compiled.row_numbers_sql, compiled.params)
    return np.fromiter((row[0] for row in found), dtype=np.int64)


def values(
    connection: sqlite3.Connection, sql: str, numbers: NDArray[np.int64]
) -> Iterator[list[Sequence[Any]]]:
    """Yield the rows behind row numbers, in their order, a chunk at a time.

    Each row begins with its number. Numbers whose row is gone are left out.
    """
    for start in range(0, len(numbers), CHUNK_ROWS):
        wanted = numbers[start : start + CHUNK_ROWS].tolist()
        found = connection.execute(sql, (json.dumps(wanted),)).fetchall()
        by_number = {row[0]: row for row in found}
        yield [by_number[number] for number in wanted if number in by_number]


class RecordReader:
    """Turns SQL rows of one query into the records of a JSON answer."""

    def __init__(self, compiled: Compiled, schema: OrgSchema, *, version: str) -> None:
        self._schema = schema
        self._url = f"/services/data/v{version}/sobjects/"
        self._outputs = compiled.outputs
        # Shorter paths first: a parent has its place before its own parents are hung onto it.
        self._nodes = [
            (path, compiled.parents[path].described.name, compiled.id_columns[path])
            for path in sorted(compiled.id_columns, key=len)
        ]

    def records(self, rows: Sequence[Sequence[Any]]) -> list[Record]:
        """Return the records of rows that `values` yielded."""
        return [self._record(row[1:]) for row in rows]

    def _record(self, row: Sequence[Any]) -> Record:
        nodes: dict[tuple[str, ...], Record | None] = {
            path: self._attributes(name, row[at]) for path, name, at in self._nodes
        }
        root: Record = nodes[()] or {}
        for output in self._outputs:
            *above, name = output.path
            if not above:
                root[name] = _value(output, row)
            else:
                _hang(nodes, output, row)
        return root

    def _attributes(self, name: str, record_id: str | None) -> Record | None:
        if record_id is None:
            return None
        target = self._schema.of_id(record_id) if name == "Name" else None
        shown = target.name if target else name
        return {"attributes": {"type": name, "url": f"{self._url}{shown}/{record_id}"}}


def _hang(nodes: dict[tuple[str, ...], Record | None], output: Output, row: Sequence[Any]) -> None:
    """Place a parent's value, and the parents on the way where they are not in place yet."""
    steps = output.path[:-1]
    for depth, step in enumerate(steps):
        child = nodes[steps[:depth]]
        if child is None:
            return
        child.setdefault(step, nodes[steps[: depth + 1]])
    node = nodes[steps]
    if node is not None:
        node[output.path[-1]] = _value(output, row)


def grouped_records(connection: sqlite3.Connection, compiled: Compiled) -> list[Record]:
    """Return the rows of a query with aggregates."""
    found = connection.execute(compiled.whole_sql, compiled.params)
    return [
        {
            "attributes": {"type": "AggregateResult"},
            **{output.path[-1]: _value(output, row) for output in compiled.outputs},
        }
        for row in found
    ]


def json_value(field: FieldDef | None, value: Any) -> Any:
    """Return a stored value as JSON answers write it."""
    if field is None or value is None:
        return value
    if field.type == "boolean":
        return bool(value)
    if field.type == "datetime":
        return rest_form(value)
    return value


def _value(output: Output, row: Sequence[Any]) -> Any:
    field = output.field
    if field is None or field.stored:
        return json_value(field, row[output.index])
    parts = {part: row[output.index + place] for place, (part, _) in enumerate(field.components)}
    return parts if any(value is not None for value in parts.values()) else None
