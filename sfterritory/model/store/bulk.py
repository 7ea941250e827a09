"""Many rows at once: `executemany` on SQLite, COPY on PostgreSQL; never a row through the ORM."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol, runtime_checkable

from sqlalchemy import Connection, Table, bindparam, text

from sfterritory.model.store.column_type import SQLITE
from sfterritory.model.store.database import raw_connection

Cell = str | int | float | bytes | bool | None


@runtime_checkable
class CsvRows(Protocol):
    """Rows of text cells that can also be had as the CSV they came in; read one or the other."""

    def __iter__(self) -> Iterator[Sequence[str]]:
        """Yield the rows; raise at the end where they are not as many as announced."""

    def csv_chunks(self) -> Iterator[bytes] | None:
        """Return the CSV, its header line first; None where only the rows can be had."""

    def confirm(self, rows: int) -> None:
        """Raise where the CSV held another number of rows than announced."""


def insert_rows(
    connection: Connection, table: Table, names: Sequence[str], rows: Iterable[Sequence[Cell]]
) -> None:
    """Append rows of values in the order of `names`; instants are text with an offset."""
    quote = connection.dialect.identifier_preparer.quote
    columns = ", ".join(quote(name) for name in names)
    if connection.dialect.name == SQLITE:
        places = ", ".join("?" * len(names))
        raw_connection(connection).executemany(
            f"INSERT INTO {quote(table.name)} ({columns}) VALUES ({places})",  # noqa: S608 - our own names
            rows,
        )
        return
    statement = f"COPY {quote(table.name)} ({columns}) FROM STDIN"
    copy_rows(connection, statement, rows)


def copy_rows(connection: Connection, statement: str, rows: Iterable[Sequence[Cell]]) -> None:
    """Feed rows to a COPY statement of PostgreSQL."""
    with raw_connection(connection).cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def copy_csv(connection: Connection, statement: str, chunks: Iterable[bytes]) -> int:
    """Feed CSV as it is to a COPY statement of PostgreSQL; return the number of its rows."""
    with raw_connection(connection).cursor() as cursor:
        with cursor.copy(statement) as copy:
            for chunk in chunks:
                copy.write(chunk)
        return int(cursor.rowcount)


def put(connection: Connection, table: Table, values: dict[str, Any]) -> None:
    """Insert one row, or update every named column of the row with the same primary key.

    Both databases write this alike; SQLAlchemy's own upserts would load both dialects, which
    costs every command a fifth of a second.
    """
    quote = connection.dialect.identifier_preparer.quote
    keys = [column.name for column in table.primary_key]
    others = [name for name in values if name not in keys]
    statement = (
        f"INSERT INTO {quote(table.name)} ({', '.join(map(quote, values))}) "  # noqa: S608 - our own names
        f"VALUES ({', '.join(f':{name}' for name in values)}) "
        f"ON CONFLICT ({', '.join(map(quote, keys))}) "
        f"DO UPDATE SET {', '.join(f'{quote(n)} = excluded.{quote(n)}' for n in others)}"
    )
    bound = [bindparam(name, value, type_=table.c[name].type) for name, value in values.items()]
    connection.execute(text(statement).bindparams(*bound))
