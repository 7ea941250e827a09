"""The org's state: one SQLite file, one table an object, and the server's own tables (`_...`).

Readers have a connection each and see committed rows (WAL); writers take turns.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import string
import threading
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from importlib.resources import files
from typing import TYPE_CHECKING

from sfterritory.sandbox.clock import Clock, stored, system_clock
from sfterritory.sandbox.failure import SandboxError
from sfterritory.sandbox.ids import numbered
from sfterritory.sandbox.objects import EVERYTHING
from sfterritory.sandbox.switches import Switches, switches_from
from sfterritory.sandbox.usage import UsageMeter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from sfterritory.sandbox.org_schema import OrgSchema
    from sfterritory.sandbox.schema import ObjectDef

FORMAT = 1
CLIENT_ID = "3MVG9sandbox.territory.client"
_TOKEN_CHARACTERS = string.ascii_letters + string.digits + "_."
_INDEXED = ("SystemModstamp", "OwnerId", "AccountId", "Username", "QueueId", "GroupId")


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a connected app of the org is given."""

    org_id: str
    client_id: str
    client_secret: str
    run_as_user_id: str


class SandboxState:
    """An open state file.

    Attributes:
        clock: The server's time; tests pass their own.
        switches: The org's choices where the platform leaves one.
        usage: The API requests answered since the server started.
        schema: What the org has, seen by somebody who may see everything.
    """

    def __init__(
        self, path: Path, *, clock: Clock = system_clock, switches: Switches | None = None
    ) -> None:
        """Open an existing state file.

        Raises:
            SandboxError: There is none, or it is not of this version.
        """
        self.path = path
        self.clock = clock
        self.usage = UsageMeter()
        self._write_lock = threading.RLock()
        self._pool_lock = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._closed = False
        if not path.is_file():
            raise SandboxError(
                f"there is no sandbox state at {path}",
                remedy="run `sfterritory sandbox serve` or `reset` to make one",
            )
        found = check_is_state_file(path)
        if found != FORMAT:
            raise SandboxError(
                f"{path} has state format {found}, this version reads {FORMAT}",
                remedy="run `sfterritory sandbox reset`: a sandbox is easily remade",
            )
        self._writer = connect(path)
        self.switches = switches or stored_switches(self._writer)
        self.schema = EVERYTHING.with_features(self.switches.features)

    def schema_for(self, user_id: str) -> OrgSchema:  # noqa: ARG002 - every user sees everything yet
        """Return what a user sees of the org."""
        return self.schema

    def set_switches(self, switches: Switches) -> None:
        """Set the org's choices, for this server and for the next one on the same file."""
        with self.writing() as connection:
            write_meta(connection, {"switches": dump_json(asdict(switches))})
        self.switches = switches
        self.schema = EVERYTHING.with_features(switches.features)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection that sees one committed state until the block ends."""
        connection = self._borrow()
        try:
            connection.execute("BEGIN")
            yield connection
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            self._give_back(connection)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Lend the writing connection: commits at the end, rolls back on an exception."""
        with self._write_lock:
            if self._writer.in_transaction:  # a nested block belongs to the outer transaction
                yield self._writer
                return
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
            except BaseException:
                self._writer.execute("ROLLBACK")
                raise
            self._writer.execute("COMMIT")

    def _borrow(self) -> sqlite3.Connection:
        with self._pool_lock:
            if self._idle:
                return self._idle.pop()
        return connect(self.path)

    def _give_back(self, connection: sqlite3.Connection) -> None:
        with self._pool_lock:
            if not self._closed:
                self._idle.append(connection)
                return
        connection.close()

    def close(self) -> None:
        """Close every connection; the file stays."""
        with self._pool_lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()
        with self._write_lock:
            self._writer.close()

    def now(self) -> datetime:
        """Return the server's time."""
        return self.clock()

    def credentials(self) -> Credentials:
        """Return the org's id and its connected app."""
        with self.reading() as connection:
            return Credentials(
                org_id=read_meta(connection, "org_id"),
                client_id=read_meta(connection, "client_id"),
                client_secret=read_meta(connection, "client_secret"),
                run_as_user_id=read_meta(connection, "run_as_user_id"),
            )


def check_is_state_file(path: Path) -> int:
    """Return the format of a state file.

    Raises:
        SandboxError: It is something else.
    """
    try:
        connection = connect(path)
        try:
            return int(read_meta(connection, "format"))
        finally:
            connection.close()
    except (sqlite3.Error, KeyError, ValueError) as error:
        raise SandboxError(
            f"{path} is not a sandbox state file: {error}",
            remedy="name another file with --state, or remove this one yourself",
        ) from error


def connect(path: Path) -> sqlite3.Connection:
    """Open a connection whose transactions we begin and end ourselves."""
    connection = sqlite3.connect(
        path, timeout=30, isolation_level=None, check_same_thread=False, cached_statements=256
    )
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


def stored_switches(connection: sqlite3.Connection) -> Switches:
    """Return the choices that the state file keeps; the defaults where it keeps none."""
    row = connection.execute("SELECT value FROM _meta WHERE key = 'switches'").fetchone()
    return Switches() if row is None else switches_from(json.loads(row[0]))


def read_meta(connection: sqlite3.Connection, key: str) -> str:
    """Return a fact about the org.

    Raises:
        KeyError: The state has none of that name.
    """
    row = connection.execute("SELECT value FROM _meta WHERE key = ?", (key,)).fetchone()
    if row is None:
        raise KeyError(key)
    return str(row[0])


def write_meta(connection: sqlite3.Connection, facts: dict[str, str]) -> None:
    """Set facts about the org."""
    connection.executemany("INSERT OR REPLACE INTO _meta VALUES (?, ?)", sorted(facts.items()))


def take_ids(connection: sqlite3.Connection, prefix: str, count: int) -> list[str]:
    """Return the next ids of a kind, never given out before."""
    row = connection.execute(
        "INSERT INTO _sequence VALUES (?, 1 + ?) "
        "ON CONFLICT (prefix) DO UPDATE SET next = next + ? RETURNING next",
        (prefix, count, count),
    ).fetchone()
    last = int(row[0])
    return [numbered(prefix, number) for number in range(last - count, last)]


def insert_rows(
    connection: sqlite3.Connection,
    described: ObjectDef,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
) -> int:
    """Insert rows as they are, without the checks of a save; return how many."""
    names = ", ".join(f'"{name}"' for name in columns)
    marks = ", ".join("?" * len(columns))
    done = connection.executemany(
        f'INSERT INTO "{described.name}" ({names}) VALUES ({marks})',  # noqa: S608 - names of our own schema
        rows,
    )
    return done.rowcount


def new_token(org_id: str) -> str:
    """Return an access token of the platform's form: org id, `!`, and noise."""
    noise = "".join(secrets.choice(_TOKEN_CHARACTERS) for _ in range(96))
    return f"{org_id[:15]}!AQ{noise}"


def new_org_facts(run_as_user_id: str, *, seed: int) -> dict[str, str]:
    """Return the facts of a fresh org: id, connected app, API user."""
    return {
        "org_id": numbered("00D", seed),
        "client_id": CLIENT_ID,
        "client_secret": secrets.token_hex(32).upper(),
        "run_as_user_id": run_as_user_id,
    }


def store_token(state: SandboxState, user_id: str) -> str:
    """Issue an access token that lives as long as it is used."""
    now = state.now()
    expires = now + timedelta(minutes=state.switches.session_minutes)
    with state.writing() as connection:
        token = new_token(read_meta(connection, "org_id"))
        connection.execute(
            "INSERT INTO _token VALUES (?, ?, ?, ?)", (token, user_id, stored(now), stored(expires))
        )
    return token


def row_of(
    connection: sqlite3.Connection, described: ObjectDef, record_id: str
) -> dict[str, object] | None:
    """Return a record's stored values by field name, deleted records too; None if there is none."""
    names = [field.name for field in described.columns]
    listed = ", ".join(f'"{name}"' for name in names)
    found = connection.execute(
        f'SELECT {listed} FROM "{described.name}" WHERE Id = ?',  # noqa: S608 - names of our own schema
        (record_id,),
    ).fetchone()
    return None if found is None else dict(zip(names, found, strict=True))


def dump_json(value: object) -> str:
    """Return compact JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
