"""The file that holds an org: SQLite, one table an object, and the server's own tables (`_...`)."""

from __future__ import annotations

import sqlite3
from importlib.resources import files
from typing import TYPE_CHECKING

from sfterritory.sandbox.failure import SandboxError
from sfterritory.sandbox.objects.everything import EVERYTHING
from sfterritory.sandbox.soql.function_sql import register

if TYPE_CHECKING:
    from pathlib import Path

    from sfterritory.sandbox.schema import ObjectDef

FORMAT = 3
_INDEXED = ("SystemModstamp", "OwnerId", "AccountId", "Username", "QueueId", "GroupId")


def check_is_state_file(path: Path) -> int:
    """Return the format of a state file.

    Raises:
        SandboxError: It is something else.
    """
    try:
        connection = connect(path)
        try:
            query = "SELECT value FROM _meta WHERE key = 'format'"
            return int(connection.execute(query).fetchone()[0])
        finally:
            connection.close()
    except (sqlite3.Error, TypeError, ValueError) as error:
        raise SandboxError(
            f"{path} is not a sandbox state file: {error}",
            remedy="name another file with --state, or remove this one yourself",
        ) from error


def connect(path: Path) -> sqlite3.Connection:
    """Open a connection whose transactions we begin and end ourselves."""
    connection = sqlite3.connect(
        path, timeout=30, isolation_level=None, check_same_thread=False, cached_statements=256
    )
    register(connection)
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA cache_size = -16000")
    return connection


def create_state_file(path: Path) -> None:
    """Make an empty org: the tables, no records.

    Raises:
        SandboxError: The folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = connect(path)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(_all_tables())
    except (OSError, sqlite3.Error) as error:
        raise SandboxError(
            f"the sandbox state {path} cannot be written: {error}",
            remedy="name a writable file with --state",
        ) from error
    connection.execute("INSERT INTO _meta VALUES ('format', ?)", (str(FORMAT),))
    connection.close()


def _all_tables() -> str:
    tables = (_table_sql(one) for one in EVERYTHING.objects.values())
    own = sorted(
        (one for one in files("sfterritory.sandbox.tables").iterdir() if one.name.endswith(".sql")),
        key=lambda one: one.name,
    )
    server = (one.read_text("utf-8") for one in own)
    return "\n".join(("BEGIN;", *tables, *server, "COMMIT;"))


def _table_sql(described: ObjectDef) -> str:
    columns = ", ".join(
        f'"{field.name}" {field.column_type}{" UNIQUE NOT NULL" if field.type == "id" else ""}'
        for field in described.columns
    )
    indexed = [name for name in (*_INDEXED, described.history_parent) if name]
    indexes = "".join(
        f'CREATE INDEX "{described.name}_{name}" ON "{described.name}" ("{name}");\n'
        for name in dict.fromkeys(indexed)
        if described.has(name)
    )
    return f'CREATE TABLE "{described.name}" (_row INTEGER PRIMARY KEY, {columns});\n{indexes}'
