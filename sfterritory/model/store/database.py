"""One connection pool to SQLite or PostgreSQL, and the three ways to use it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from sfterritory.errors import StoreError
from sfterritory.model.store.column_type import POSTGRESQL, SQLITE, any_day_text, any_instant_text
from sfterritory.model.store.failure import explained

BUSY_TIMEOUT_S = 30.0
CONNECT_TIMEOUT_S = 10
# Of SQLite's pages, for each connection: whole tables are read and appended to in order, and more
# than this only stays in memory.
CACHE_MB = 8
_BEGIN = "sfterritory_begin"


class Database:
    """A store's database.

    Attributes:
        dialect: `sqlite` or `postgresql`.
        path: The file of a SQLite store, None on PostgreSQL.
        place: The URL without its password, for messages.
    """

    def __init__(self, url: str) -> None:
        address = _address(url)
        self.dialect = address.get_backend_name()
        self.path = Path(str(address.database)) if self.dialect == SQLITE else None
        self.place = str(self.path or _shown(address.set(drivername=self.dialect)))
        timeout = (
            {"timeout": BUSY_TIMEOUT_S}
            if self.dialect == SQLITE
            else {"connect_timeout": CONNECT_TIMEOUT_S}
        )
        self.engine = create_engine(address, hide_parameters=True, connect_args=timeout)
        if self.dialect == SQLITE:
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a transaction that only reads.

        Raises:
            StoreError: The database failed, here or in the block.
        """
        with explained(self.place), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self, *, cache_mb: int = CACHE_MB) -> Iterator[Connection]:
        """Open a transaction that commits at the end of the block and rolls back on any error.

        Args:
            cache_mb: What SQLite may keep in memory until the end of the block.

        Raises:
            StoreError: The database failed, here or in the block.
        """
        with explained(self.place), self.engine.connect() as plain:
            # A SQLite transaction that starts by reading may not be able to write later.
            connection = plain.execution_options(**{_BEGIN: "BEGIN IMMEDIATE"})
            with self._cache(connection, cache_mb), connection.begin():
                yield connection

    @contextmanager
    def write_durably(self) -> Iterator[Connection]:
        """As `write`; what was committed also survives a loss of power.

        SQLite in WAL mode with `synchronous=NORMAL` may lose its last commits then, which a pull
        repeats but a journal of writes must not.

        Raises:
            StoreError: The database failed, here or in the block.
        """
        with explained(self.place), self.engine.connect() as plain:
            connection = plain.execution_options(**{_BEGIN: "BEGIN IMMEDIATE"})
            if self.dialect != SQLITE:
                with connection.begin():
                    yield connection
                return
            raw = raw_connection(connection)
            raw.execute("PRAGMA synchronous=FULL")
            try:
                with connection.begin():
                    yield connection
            finally:
                raw.execute("PRAGMA synchronous=NORMAL")

    @contextmanager
    def _cache(self, connection: Connection, megabytes: int) -> Iterator[None]:
        """Let SQLite keep more in memory during the block; it gives it back at the end."""
        if self.dialect != SQLITE or megabytes == CACHE_MB:
            yield
            return
        raw = raw_connection(connection)
        raw.execute(f"PRAGMA cache_size=-{megabytes << 10}")
        try:
            yield
        finally:
            raw.execute(f"PRAGMA cache_size=-{CACHE_MB << 10}")

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def raw_connection(connection: Connection) -> Any:
    """Return the sqlite3 or psycopg connection below, for the paths where each row counts."""
    return connection.connection.driver_connection


def _address(url: str) -> URL:
    remedy = "use sqlite:///path/to/store.db or postgresql://user@host/database"
    try:
        address = make_url(url)
    except ArgumentError as error:
        raise StoreError("the store's URL cannot be read", remedy=remedy) from error
    backend = address.get_backend_name()
    if backend == SQLITE and address.database and address.database != ":memory:":
        return address.set(drivername="sqlite+pysqlite")
    if backend == POSTGRESQL:
        return address.set(drivername="postgresql+psycopg")
    raise StoreError(
        f"the store's URL {_shown(address)} names no file and no server", remedy=remedy
    )


def _shown(address: URL) -> str:
    """Return an address without its password, which libpq also takes as a parameter."""
    without = address.difference_update_query(["password", "sslpassword"])
    return without.render_as_string(hide_password=True)


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # sqlite3 would begin transactions by itself, and only before some statements.
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        f"cache_size=-{CACHE_MB << 10}",
        "foreign_keys=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")
    connection.create_function("any_instant_text", 1, any_instant_text, deterministic=True)
    connection.create_function("any_day_text", 1, any_day_text, deterministic=True)


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get(_BEGIN, "BEGIN"))
