"""The bulk loader: SQL made once from a table and a header, then fed with rows as delivered.

Python touches no cell: blanks become NULL, `true` becomes 1 and date-times get their one text form
in the generated SQL. On SQLite that runs at about 0.8 of an `executemany` that only binds values.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Column, Connection, Index, MetaData, Table, false, func, select, update
from sqlalchemy.schema import CreateIndex, DropIndex

from sfterritory.errors import StoreError
from sfterritory.model.store.bulk import copy_rows, insert_rows
from sfterritory.model.store.column_type import SQLITE, Kind, Words, kind_of
from sfterritory.model.store.database import raw_connection
from sfterritory.model.store.mirror_registry import Mirror, mirror_of

Row = Sequence[str]
_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9_.]*\Z")
_KEY = "id"
_GLOB = "????-??-??T??:??:??.???"
_LIKE = _GLOB.replace("?", "_")
_BLANK = "''"  # stands for the cell of a field that the header does not name
_STAGE = "pull_stage"
_LIVE_ID = Table("live_id", MetaData(), Column(_KEY, Words), prefixes=["TEMPORARY"])


class CountedRows:
    """Rows passed through, counted."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows = rows
        self.count = 0

    def __iter__(self) -> Iterator[Row]:
        for row in self._rows:
            self.count += 1
            yield row


def upsert_page(
    connection: Connection, object_name: str, header: Sequence[str], rows: Iterable[Row]
) -> int:
    """Merge rows of text cells into an object's mirror; return how many rows changed there.

    A row is taken when its cursor field is not older than what is stored and any column differs:
    cursors have a resolution of one second, so an equal one can hide an edit. Fields of the mirror
    that the header does not name become NULL.

    Raises:
        StoreError: The header lacks `Id` or the cursor field, repeats a field, or holds something
            that is not a field name.
    """
    fields = tuple(header)
    if connection.dialect.name == SQLITE:
        statement = sqlite_upsert(object_name, fields)
        return int(raw_connection(connection).executemany(statement, rows).rowcount)
    stage, copy, merge = postgresql_merge(object_name, fields)
    connection.exec_driver_sql(stage)
    copy_rows(connection, copy, rows)
    changed = connection.exec_driver_sql(merge).rowcount
    connection.exec_driver_sql(f"DROP TABLE {_STAGE}")
    return changed


@lru_cache
def sqlite_upsert(object_name: str, header: tuple[str, ...]) -> str:
    """Return the statement that `executemany` feeds with the cells of one row each."""
    mirror = _checked(object_name, header)
    cells = {field: f"?{number}" for number, field in enumerate(header, start=1)}
    values = _values(mirror, cells, _sqlite_value, _sqlite_extra)
    columns = list(values)
    others = [name for name in columns if name != _KEY]
    cursor = mirror.columns[mirror.cursor].name
    table = mirror.table.name
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(values.values())}) "  # noqa: S608 - our own names, and field names of a checked shape
        f"ON CONFLICT ({_KEY}) DO UPDATE SET {', '.join(f'{n}=excluded.{n}' for n in others)} "
        f"WHERE ({table}.{cursor} IS NULL OR excluded.{cursor} >= {table}.{cursor}) "
        f"AND ({', '.join(f'excluded.{n}' for n in others)}) "
        f"IS NOT ({', '.join(f'{table}.{n}' for n in others)})"
    )


@lru_cache
def postgresql_merge(object_name: str, header: tuple[str, ...]) -> tuple[str, str, str]:
    """Return the statements that make the stage, copy into it, and merge it into the mirror.

    MERGE locks no row that it leaves alone, which ON CONFLICT does; it is not safe against a
    second inserter, but pulls hold the lease.
    """
    mirror = _checked(object_name, header)
    cells = {field: f"f{number}" for number, field in enumerate(header)}
    stage = ", ".join(f'{cell} text COLLATE "C"' for cell in cells.values())
    values = _values(mirror, cells, _postgresql_value, _postgresql_extra)
    columns = list(values)
    others = [name for name in columns if name != _KEY]
    cursor = mirror.columns[mirror.cursor].name
    picked = ", ".join(f"{value} AS {name}" for name, value in values.items())
    merge = (
        f"MERGE INTO {mirror.table.name} t USING ("  # noqa: S608 - our own names, and field names of a checked shape
        f"SELECT DISTINCT ON ({_KEY}) * FROM (SELECT {picked}, ctid AS place FROM {_STAGE}) p "
        f"ORDER BY {_KEY}, {cursor} DESC NULLS LAST, place DESC) s ON t.{_KEY} = s.{_KEY} "
        f"WHEN MATCHED AND (t.{cursor} IS NULL OR s.{cursor} >= t.{cursor}) "
        f"AND ({', '.join(f's.{n}' for n in others)}) IS DISTINCT FROM "
        f"({', '.join(f't.{n}' for n in others)}) "
        f"THEN UPDATE SET {', '.join(f'{n} = s.{n}' for n in others)} "
        f"WHEN NOT MATCHED THEN INSERT ({', '.join(columns)}) "
        f"VALUES ({', '.join(f's.{n}' for n in columns)})"
    )
    create = f"CREATE TEMPORARY TABLE {_STAGE} ({stage}) ON COMMIT DROP"
    return create, f"COPY {_STAGE} FROM STDIN", merge


def _checked(object_name: str, header: tuple[str, ...]) -> Mirror:
    mirror = mirror_of(object_name)
    problems = [f"{name!r} is not a field name" for name in header if not _FIELD.match(name)]
    problems += [f"{name} stands twice" for name in sorted(set(header)) if header.count(name) > 1]
    needed = {"Id"} | {f for f, c in mirror.columns.items() if not c.nullable and f != "IsDeleted"}
    problems += [f"{name} is missing" for name in sorted(needed - set(header))]
    if problems:
        raise StoreError(
            f"the header of {object_name} cannot be loaded: {'; '.join(problems)}",
            remedy="ask Salesforce for each field once, Id and the fields named above included",
        )
    return mirror


def _values(mirror: Mirror, cells: Mapping[str, str], value: Any, extra: Any) -> Mapping[str, str]:
    """Return the SQL expression of every column of the mirror, by column name."""
    values = {
        column.name: value(cells.get(field, _BLANK), column)
        for field, column in mirror.columns.items()
    }
    values |= {name: f"'{constant}'" for name, constant in mirror.constants.items()}
    others = {field: cells[field] for field in sorted(cells) if field not in mirror.columns}
    values["extra"] = extra(others) if others else "CAST(NULL AS text)"
    return values


def _sqlite_value(cell: str, column: Column[Any]) -> str:
    match kind_of(column):
        case Kind.FLAG:
            flag = f"CASE {cell} WHEN 'true' THEN 1 WHEN 'false' THEN 0 ELSE nullif({cell}, '') END"
            return flag if column.nullable else f"coalesce({flag}, 0)"
        case Kind.INSTANT:
            # Bulk delivers 2026-05-01T07:25:37.000Z, REST the same with +0000.
            return (
                f"CASE WHEN {cell} GLOB '{_GLOB}Z' THEN {cell} "
                f"WHEN {cell} GLOB '{_GLOB}+0000' THEN substr({cell}, 1, 23) || 'Z' "
                f"WHEN {cell} = '' THEN NULL ELSE any_instant_text({cell}) END"
            )
        case Kind.DAY:
            return (
                f"CASE WHEN {cell} = '' THEN NULL WHEN {cell} = date({cell}) THEN {cell} "
                f"ELSE any_day_text({cell}) END"
            )
        case _:
            return f"nullif({cell}, '')"


def _sqlite_extra(cells: Mapping[str, str]) -> str:
    pairs = ", ".join(f"'{field}', nullif({cell}, '')" for field, cell in cells.items())
    return f"json_object({pairs})"


_POSTGRESQL_CAST = {
    Kind.NUMBER: "nullif({cell}, '')::double precision",
    Kind.FLAG: "nullif({cell}, '')::boolean",
    # Without the checks PostgreSQL would take `yesterday`, and a time without an offset.
    Kind.INSTANT: (
        f"date_trunc('milliseconds', (CASE WHEN {{cell}} LIKE '{_LIKE}Z' "
        f"OR {{cell}} LIKE '{_LIKE}+0000' THEN {{cell}} WHEN {{cell}} = '' THEN NULL "
        f"WHEN {{cell}} ~ '^[0-9-]{{{{10}}}}T[0-9:.]+(Z|[+-][0-9:]{{{{4,5}}}})$' THEN {{cell}} "
        f"ELSE 'no date-time: ' || {{cell}} END)::timestamptz)"
    ),
    Kind.DAY: (
        "(CASE WHEN {cell} = '' THEN NULL WHEN {cell} LIKE '____-__-__' THEN {cell} "
        "ELSE 'no day: ' || {cell} END)::date"
    ),
    Kind.TEXT: "nullif({cell}, '')",
}


def _postgresql_value(cell: str, column: Column[Any]) -> str:
    kind = kind_of(column)
    value = _POSTGRESQL_CAST[kind].format(cell=cell)
    return f"coalesce({value}, false)" if kind is Kind.FLAG and not column.nullable else value


def _postgresql_extra(cells: Mapping[str, str]) -> str:
    """Write the object as SQLite's json_object does; PostgreSQL's own puts blanks in it."""
    pairs = " || ',' || ".join(
        f"'\"{field}\":' || coalesce(to_json(nullif({cell}, ''))::text, 'null')"
        for field, cell in cells.items()
    )
    return f"'{{' || {pairs} || '}}'"


def mark_missing(connection: Connection, mirror: Mirror, live_ids: Iterable[str]) -> int:
    """Mark every record that is not among the ids as deleted; return how many that were."""
    _LIVE_ID.create(connection)
    insert_rows(connection, _LIVE_ID, (_KEY,), ((key,) for key in live_ids))
    missing = mirror.table.c.id.not_in(select(_LIVE_ID.c.id))
    statement = update(mirror.table).where(missing, *live(mirror)).values(is_deleted=True)
    count = connection.execute(statement).rowcount
    _LIVE_ID.drop(connection)
    return count


def is_empty(connection: Connection, mirror: Mirror) -> bool:
    """Tell whether a mirror's table holds no row."""
    return connection.execute(select(mirror.table.columns[_KEY]).limit(1)).first() is None


def drop_secondary_indexes(connection: Connection, mirror: Mirror) -> None:
    """Drop the indexes for a first load: keeping them up costs a fifth of it."""
    for index in _secondary_indexes(mirror):
        connection.execute(DropIndex(index, if_exists=True))


def create_secondary_indexes(connection: Connection, mirror: Mirror) -> None:
    """Build the indexes that a first load left out; those that are there stay."""
    for index in _secondary_indexes(mirror):
        connection.execute(CreateIndex(index, if_not_exists=True))


def live_count(connection: Connection, mirror: Mirror) -> int:
    """Return how many records of the object are not deleted."""
    statement = select(func.count()).select_from(mirror.table).where(*live(mirror))
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
