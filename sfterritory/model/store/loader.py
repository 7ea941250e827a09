"""The bulk loader: `page_sql` makes the SQL once, and it is fed with rows as delivered.

Python touches no cell: blanks become NULL, `true` becomes 1 and date-times get their one text form
in the generated SQL. On SQLite that runs at about 0.8 of an `executemany` that only binds values.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Index,
    MetaData,
    Table,
    exists,
    false,
    func,
    select,
    update,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import CreateIndex, DropIndex

from sfterritory.model.store.bulk import CsvRows, copy_csv, copy_rows, insert_rows
from sfterritory.model.store.column_type import SQLITE, Words
from sfterritory.model.store.database import raw_connection
from sfterritory.model.store.mirror_registry import Mirror
from sfterritory.model.store.page_sql import KEY, STAGE, PageLoad, postgresql_load, sqlite_upsert

Row = Sequence[str]
_CAME_TWICE = frozenset({"21000", "23505"})  # cardinality_violation, unique_violation
_LIVE_ID = Table("live_id", MetaData(), Column(KEY, Words, index=True), prefixes=["TEMPORARY"])


class CountedRows:
    """Rows passed through, counted."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows = rows
        self.count = 0

    def __iter__(self) -> Iterator[Row]:
        for row in self._rows:
            self.count += 1
            yield row


@dataclass(frozen=True, slots=True)
class Merged:
    """What a page did to a mirror: its rows, and how many of them changed something."""

    rows: int
    changed: int


def upsert_page(
    connection: Connection,
    object_name: str,
    header: Sequence[str],
    rows: Iterable[Row],
    *,
    load: PageLoad | None = None,
) -> Merged:
    """Merge rows of text cells into an object's mirror.

    A row is taken when its cursor field is not older than what is stored and any column differs:
    cursors have a resolution of one second, so an equal one can hide an edit. Columns that the
    header does not name stay as they are; fields in `extra` stay where `load` names them.

    Raises:
        StoreError: The header lacks the key or the cursor field, repeats a field, or holds
            something that is not a field name.
    """
    load = load or PageLoad()
    fields = tuple(header)
    if connection.dialect.name == SQLITE:
        counted = CountedRows(rows)
        statement = sqlite_upsert(object_name, fields, load)
        changed = raw_connection(connection).executemany(statement, counted).rowcount
        return Merged(counted.count, int(changed))
    sql = postgresql_load(object_name, fields, load)
    connection.exec_driver_sql(sql.stage)
    count = _copy(connection, sql.copy, rows, width=len(fields))
    merge = sql.insert if load.first and not load.kept else sql.merge
    try:
        with connection.begin_nested():
            changed = connection.exec_driver_sql(merge).rowcount
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) not in _CAME_TWICE:
            raise
        connection.exec_driver_sql(sql.newest)
        changed = connection.exec_driver_sql(merge).rowcount
    connection.exec_driver_sql(f"DROP TABLE {STAGE}")
    return Merged(count, changed)


def _copy(connection: Connection, statement: str, rows: Iterable[Row], *, width: int) -> int:
    """Feed a stage: with the CSV as it came where there is one, which spares parsing it here."""
    chunks = rows.csv_chunks() if isinstance(rows, CsvRows) else None
    if chunks is None or not isinstance(rows, CsvRows):
        counted = CountedRows(rows)
        copy_rows(connection, statement, ([cell or None for cell in row] for row in counted))
        return counted.count
    cells = ", ".join(f"f{number}" for number in range(width))
    options = f"(FORMAT csv, HEADER true, FORCE_NULL ({cells}))"
    count = copy_csv(connection, f"{statement} WITH {options}", chunks)
    rows.confirm(count)
    return count


def mark_missing(connection: Connection, mirror: Mirror, live_ids: Iterable[str]) -> int:
    """Mark every record that is not among the ids as deleted; return how many that were."""
    _LIVE_ID.create(connection)
    insert_rows(connection, _LIVE_ID, (KEY,), ((key,) for key in live_ids))
    # NOT IN over more ids than fit into work_mem would have PostgreSQL read them once a record
    missing = ~exists().where(_LIVE_ID.c.id == mirror.table.c.id)
    statement = update(mirror.table).where(missing, *live(mirror)).values(is_deleted=True)
    count = connection.execute(statement).rowcount
    _LIVE_ID.drop(connection)
    return count


def is_empty(connection: Connection, mirror: Mirror) -> bool:
    """Tell whether a mirror's table holds no row."""
    return connection.execute(select(mirror.table.columns[KEY]).limit(1)).first() is None


def drop_secondary_indexes(connection: Connection, mirror: Mirror) -> None:
    """Drop the indexes for a first load: keeping them up costs a fifth of it."""
    for index in _secondary_indexes(mirror):
        connection.execute(DropIndex(index, if_exists=True))


def create_secondary_indexes(connection: Connection, mirror: Mirror) -> None:
    """Build the indexes that a first load left out; those that are there stay."""
    for index in _secondary_indexes(mirror):
        connection.execute(CreateIndex(index, if_not_exists=True))


def live_count(
    connection: Connection, mirror: Mirror, *, created_before: datetime | None = None
) -> int:
    """Return how many records are not deleted, or only those created before a time."""
    statement = select(func.count()).select_from(mirror.table).where(*live(mirror))
    if created_before is not None:
        statement = statement.where(mirror.columns["CreatedDate"] < created_before)
    return int(connection.execute(statement).scalar_one())


def live(mirror: Mirror) -> list[Any]:
    """Return the conditions that pick an object's records that are not deleted."""
    columns = mirror.table.columns
    return [
        columns["is_deleted"].is_(false()),
        *(columns[name] == value for name, value in mirror.constants.items()),
    ]


def _secondary_indexes(mirror: Mirror) -> list[Index]:
    return sorted(mirror.table.indexes, key=lambda index: str(index.name))
