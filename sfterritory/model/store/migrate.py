"""Bring a store to the schema of this program: make it, migrate it, or refuse a newer one."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from sfterritory.errors import StoreError
from sfterritory.events import emit
from sfterritory.model.store.column_type import SQLITE
from sfterritory.model.store.database import Database, raw_connection
from sfterritory.model.store.tables import METADATA

MIGRATIONS = Path(__file__).parent / "migrations"
_VERSION_TABLE = "alembic_version"
_PREPARE_LOCK = 0x5F7E2217  # any number that no lease uses: two first runs on one PostgreSQL


def newest_revision(migrations: Path = MIGRATIONS) -> str:
    """Return the last revision there is a migration to: `0001`; revisions sort as text."""
    return max(path.stem.partition("_")[0] for path in (migrations / "versions").glob("[0-9]*.py"))


def prepare(database: Database, *, create: bool, migrations: Path = MIGRATIONS) -> None:
    """Make the schema in an empty database, or migrate an older one after a backup.

    Raises:
        StoreError: There is no store and `create` is False; the database belongs to something
            else; or the store was made by a newer version of this program.
    """
    if not create and database.path is not None and not database.path.exists():
        raise _no_store(database)
    newest = newest_revision(migrations)
    with database.read() as connection:
        found = _revision(connection, database)
    if found == newest:
        return
    if found is not None and found > newest:
        raise StoreError(
            f"the store {database.place} has schema {found}, made by a newer version; "
            f"this version knows schemas up to {newest}",
            remedy="upgrade sfterritory, or name another store",
        )
    if found is not None:
        _back_up(database, found)
    elif not create:
        raise _no_store(database)
    with database.write() as connection:
        _lock(connection, database)
        found = _revision(connection, database)  # another process may have been faster
        if found is None:
            _make(connection, newest)
        elif found != newest:
            _migrate(connection, migrations)
            emit("store.migrated", before=found, after=newest)


def _no_store(database: Database) -> StoreError:
    return StoreError(
        f"there is no store at {database.place}", remedy="run `sfterritory pull` first"
    )


def _revision(connection: Connection, database: Database) -> str | None:
    """Return the store's revision, None where the database is empty."""
    names = inspect(connection).get_table_names()
    if _VERSION_TABLE in names:
        revision = connection.execute(text(f"SELECT version_num FROM {_VERSION_TABLE}")).scalar()  # noqa: S608 - a constant
        return None if revision is None else str(revision)
    if names:
        raise StoreError(
            f"the database {database.place} holds other tables ({', '.join(sorted(names)[:5])})",
            remedy="name an empty database or a new file for the store",
        )
    return None


def _lock(connection: Connection, database: Database) -> None:
    if database.dialect != SQLITE:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _PREPARE_LOCK})


def _make(connection: Connection, newest: str) -> None:
    """Build the tables at once: importing alembic for it would cost a first run a second."""
    METADATA.create_all(connection)
    connection.execute(
        text(
            f"CREATE TABLE {_VERSION_TABLE} (version_num VARCHAR(32) NOT NULL, "
            f"CONSTRAINT {_VERSION_TABLE}_pkc PRIMARY KEY (version_num))"
        )
    )
    connection.execute(
        text(f"INSERT INTO {_VERSION_TABLE} VALUES (:revision)"),  # noqa: S608 - a constant
        {"revision": newest},
    )


def _migrate(connection: Connection, migrations: Path) -> None:
    from alembic import command  # noqa: PLC0415 - a second of import that few runs need
    from alembic.config import Config  # noqa: PLC0415 - as above

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    command.upgrade(config, "head")


def _back_up(database: Database, revision: str) -> None:
    """Copy a SQLite store to `NAME.backup-REV`; PostgreSQL rolls a failed migration back itself."""
    if database.path is None:
        return
    copy = database.path.with_name(f"{database.path.name}.backup-{revision}")
    with database.read() as connection, closing(sqlite3.connect(copy)) as target:
        raw_connection(connection).backup(target)
    emit("store.backed_up", revision=revision)
