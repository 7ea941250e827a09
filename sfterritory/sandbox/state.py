"""The org's state: one SQLite file, one table an object, and the server's own tables (`_...`).

Readers have a connection each and see committed rows (WAL); writers take turns.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import string
import threading
from collections import Counter
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sfterritory.sandbox.clock import Clock, stored, system_clock
from sfterritory.sandbox.failure import SandboxError
from sfterritory.sandbox.faults.book import FaultBook
from sfterritory.sandbox.feature import settle_features
from sfterritory.sandbox.ids import numbered
from sfterritory.sandbox.objects.everything import EVERYTHING
from sfterritory.sandbox.profile import profile_of
from sfterritory.sandbox.rule_book import (
    NO_RULES,
    RuleBook,
    drop_rules,
    read_book,
    read_version,
    store_rule,
)
from sfterritory.sandbox.state_file import FORMAT, check_is_state_file, connect
from sfterritory.sandbox.switches import Switches, switches_from
from sfterritory.sandbox.usage import stored_usage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from sfterritory.sandbox.org_schema import OrgSchema
    from sfterritory.sandbox.rule import Rule
    from sfterritory.sandbox.schema import ObjectDef

CLIENT_ID = "3MVG9sandbox.territory.client"
DEFAULT_SCOPE = "api web"
_TOKEN_CHARACTERS = string.ascii_letters + string.digits + "_."


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
        usage: The API requests of the last 24 hours.
        schema: What the org has, seen by somebody who may see everything.
        faults: What is to go wrong; a server takes them from the state file.
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
        self._write_lock = threading.RLock()
        self._writing_thread: int | None = None
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
        self.usage = stored_usage(self._writer)
        self.switches = switches or stored_switches(self._writer)
        self.faults = FaultBook({})
        self._rules = NO_RULES
        self._lock_attempts: Counter[int] = Counter()
        self._views: dict[tuple[int, frozenset[str]], OrgSchema] = {}
        self.take_switches(self.switches)

    def schema_for(self, user_id: str) -> OrgSchema:
        """Return what a user sees of the org: what the profile hides is not there."""
        with self.reading() as connection:
            rules = self.rules(connection)
            if not rules.rules:
                return self.schema
            profile = profile_of(connection, user_id)
        key = (rules.version, profile)
        if key not in self._views:
            self._views[key] = rules.seen_by(self.schema, profile)
        return self._views[key]

    def rules(self, connection: sqlite3.Connection) -> RuleBook:
        """Return the declared rules as a transaction sees them, also those of another process."""
        known = self._rules
        if known.version != read_version(connection):
            known = self._rules = read_book(connection, self._lock_attempts)
        return known

    def add_rule(self, rule: Rule) -> int:
        """Declare a rule and return its number.

        Raises:
            SandboxError: It names objects, fields, profiles or records that do not exist.
        """
        with self.writing() as connection:
            return store_rule(connection, rule)

    def listed_rules(self) -> list[dict[str, Any]]:
        """Return the declared rules as documents, each with its number."""
        with self.reading() as connection:
            book = self.rules(connection)
        return [{"number": number, **one.model_dump(mode="json")} for number, one in book.rules]

    def drop_rules(self, number: int | None = None) -> int:
        """Take one rule back, or all of them; return how many.

        Raises:
            SandboxError: There is none of that number.
        """
        with self.writing() as connection:
            return drop_rules(connection, number)

    def set_switches(self, switches: Switches) -> None:
        """Set the org's choices, for this server and for the next one on the same file."""
        with self.writing() as connection:
            write_meta(connection, {"switches": dump_json(asdict(switches))})
        self.take_switches(switches)

    def take_switches(self, switches: Switches) -> None:
        """Use other choices from now on, in this server alone."""
        self.switches = switches
        with self.writing() as connection:
            settle_features(connection, switches, now=self.now())
        self.apply_drift()

    def apply_drift(self) -> None:
        """Make the schema anew: what the switches bring, and how faults have changed it since."""
        schema = EVERYTHING.with_features(self.switches.features)
        for drift in self.faults.drifts:
            schema = drift.applied(schema)
        self.schema = schema
        self._views = {}

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection that sees one committed state until the block ends.

        Inside a writing block it is the writer's: a transaction sees what it wrote.
        """
        if self._writing_thread == threading.get_ident():
            yield self._writer
            return
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
            self._writing_thread = threading.get_ident()
            try:
                yield self._writer
            except BaseException:
                self._writer.execute("ROLLBACK")
                raise
            finally:
                self._writing_thread = None
            self._writer.execute("COMMIT")

    def save_usage_if_free(self) -> None:
        """Store the counted requests if many wait and nobody writes; else a later one does."""
        if self.usage.due and self._write_lock.acquire(blocking=False):
            try:
                with self.writing() as connection:
                    self.usage.save(connection, now=self.now())
            finally:
                self._write_lock.release()

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
            if self.usage.unsaved:
                with self.writing() as connection:
                    self.usage.save(connection, now=self.now())
            self._writer.close()

    @property
    def closed(self) -> bool:
        """Whether the file was closed: nothing is written any more."""
        return self._closed

    def now(self) -> datetime:
        """Return the server's time."""
        return self.clock() + self.faults.clock_offset

    def credentials(self) -> Credentials:
        """Return the org's id and its connected app."""
        with self.reading() as connection:
            return Credentials(
                org_id=read_meta(connection, "org_id"),
                client_id=read_meta(connection, "client_id"),
                client_secret=read_meta(connection, "client_secret"),
                run_as_user_id=read_meta(connection, "run_as_user_id"),
            )


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


def store_token(
    state: SandboxState,
    user_id: str,
    *,
    client_id: str = CLIENT_ID,
    scope: str = DEFAULT_SCOPE,
    family: str = "",
) -> str:
    """Issue an access token that lives as long as it is used."""
    now = state.now()
    expires = now + timedelta(minutes=state.switches.session_minutes)
    with state.writing() as connection:
        token = new_token(read_meta(connection, "org_id"))
        connection.execute(
            "INSERT INTO _token (token, user_id, client_id, scope, family, issued, expires) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (token, user_id, client_id, scope, family, stored(now), stored(expires)),
        )
    return token


def row_of(
    connection: sqlite3.Connection, described: ObjectDef, record_id: str
) -> dict[str, object] | None:
    """Return a record's stored values by field name, deleted records too; None if there is none."""
    names = [field.name for field in described.columns]
    listed = ", ".join(f'"{field.column_name}"' for field in described.columns)
    found = connection.execute(
        f'SELECT {listed} FROM "{described.name}" WHERE Id = ?',  # noqa: S608 - names of our own schema
        (record_id,),
    ).fetchone()
    return None if found is None else dict(zip(names, found, strict=True))


def dump_json(value: object) -> str:
    """Return compact JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
