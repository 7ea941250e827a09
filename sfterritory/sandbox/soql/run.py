"""Running compiled queries: row numbers first, then the values of a page of them.

The list of row numbers is what a locator or a bulk job keeps: pages stay the same whatever is
written meanwhile, and a page costs the same at the front and at the back.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from sfterritory.sandbox.clock import rest_form
from sfterritory.sandbox.soql.compiled import Node, Output

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from sfterritory.sandbox.org_schema import OrgSchema
    from sfterritory.sandbox.schema import FieldDef
    from sfterritory.sandbox.soql.compiled import Compiled

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


@dataclass(frozen=True, slots=True)
class Reading:
    """How records are answered.

    Attributes:
        connection: One committed state.
        schema: What the user sees.
        version: The API version of the request, for addresses.
        page_records: The most children of one record in one answer.
        no_children_null: Whether a record without children answers null for a sub-query.
        keep_children: Keeps the row numbers of children beyond the page, by the numbers of the
            sub-queries that lead to them, and returns where the rest is found.
    """

    connection: sqlite3.Connection
    schema: OrgSchema
    version: str
    page_records: int
    no_children_null: bool
    keep_children: Callable[[tuple[int, ...], NDArray[np.int64]], str]


def records(
    reading: Reading,
    compiled: Compiled,
    numbers: NDArray[np.int64],
    *,
    place: tuple[int, ...] = (),
) -> list[Record]:
    """Return the records behind row numbers.

    Args:
        reading: How they are answered.
        compiled: The query, or the sub-query that `place` leads to.
        numbers: Of a page.
        place: The numbers of the sub-queries from the whole query down to this one.
    """
    found: list[Record] = []
    for rows in values(reading.connection, compiled.records_sql, numbers):
        found += _RecordReader(reading, compiled, place).read(rows)
    return found


class _RecordReader:
    """Turns SQL rows of one query into the records of a JSON answer."""

    def __init__(self, reading: Reading, compiled: Compiled, place: tuple[int, ...]) -> None:
        assert compiled.root is not None  # noqa: S101 - grouped queries have no records
        self._reading = reading
        self._compiled = compiled
        self._root = compiled.root
        self._place = place
        self._url = f"/services/data/v{reading.version}/sobjects/"

    def read(self, rows: Sequence[Sequence[Any]]) -> list[Record]:
        """Return the records of rows that `values` yielded."""
        ids = [row[1 + self._root.id_index] for row in rows]
        children = [self._children(at, ids) for at in range(len(self._compiled.children))]
        return [self._record(self._root, row[1:], children) or {} for row in rows]

    def _record(
        self, node: Node, row: Sequence[Any], children: Sequence[Mapping[str, Record]]
    ) -> Record | None:
        record_id = row[node.id_index]
        if record_id is None:
            return None
        record: Record = {"attributes": self._attributes(node, record_id)}
        for name, entry in node.entries.items():
            if isinstance(entry, Output):
                record[name] = _value(entry, row)
            elif isinstance(entry, Node):
                record[name] = self._record(entry, row, children)
            elif isinstance(entry, int):
                record[name] = children[entry].get(record_id, self._no_children())
            else:
                found = (self._record(one, row, children) for one in entry)
                record[name] = next((one for one in found if one is not None), None)
        return record

    def _attributes(self, node: Node, record_id: str) -> Record:
        name = node.described.name
        target = self._reading.schema.of_id(record_id) if name == "Name" else None
        shown = target.name if target else name
        return {"type": name, "url": f"{self._url}{shown}/{record_id}"}

    def _no_children(self) -> Record | None:
        if self._reading.no_children_null:
            return None
        return {"totalSize": 0, "done": True, "records": []}

    def _children(self, at: int, parent_ids: Sequence[str]) -> dict[str, Record]:
        """Return the children of every parent that has some, by its id."""
        compiled = self._compiled.children[at].compiled
        place = (*self._place, at)
        found = self._reading.connection.execute(
            compiled.children_sql, (json.dumps(parent_ids), *compiled.params)
        ).fetchall()
        numbers = {
            parent: np.array([number for _, number in group], dtype=np.int64)
            for parent, group in groupby(found, key=itemgetter(0))
        }
        size = self._reading.page_records
        shown = [one[:size] for one in numbers.values()]
        listed = np.concatenate(shown) if shown else np.empty(0, dtype=np.int64)
        rest = iter(records(self._reading, compiled, listed, place=place))
        return {
            parent: self._page(all_numbers, [next(rest) for _ in all_numbers[:size]], place)
            for parent, all_numbers in numbers.items()
        }

    def _page(
        self, numbers: NDArray[np.int64], shown: list[Record], place: tuple[int, ...]
    ) -> Record:
        done = len(numbers) <= self._reading.page_records
        page: Record = {"totalSize": len(numbers), "done": done}
        if not done:
            page["nextRecordsUrl"] = self._reading.keep_children(place, numbers)
        page["records"] = shown
        return page


def grouped_records(
    connection: sqlite3.Connection, compiled: Compiled, *, most: int
) -> list[Record]:
    """Return the rows of a query with aggregates, at most so many."""
    found = connection.execute(compiled.grouped_sql, compiled.params).fetchmany(most)
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
