"""Leases: one run at a time, freed by the operating system or PostgreSQL when the holder dies."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy import Connection, select, text

from sfterritory.errors import LockHeldError, StoreError
from sfterritory.model.store.bulk import put
from sfterritory.model.store.database import Database
from sfterritory.model.store.failure import explained
from sfterritory.model.store.journal_table import LeaseRow
from sfterritory.model.store.tables import table_of

_LEASE = table_of(LeaseRow)
_NAME = re.compile(r"[a-z][a-z0-9-]*\Z")


@contextmanager
def leased(database: Database, name: str, *, holder: str) -> Iterator[None]:
    """Hold a lease for the block.

    Args:
        database: Of the store.
        name: `apply`: lower-case letters, digits and hyphens.
        holder: Shown to whoever finds the lease held: user, host, process.

    Raises:
        LockHeldError: Another holds it; at once, without waiting.
    """
    if not _NAME.match(name):
        raise ValueError(f"{name!r} is not a lease name: lower-case letters, digits and hyphens")
    hold = _advisory_lock(database, name) if database.path is None else _file_lock(database, name)
    with hold:
        with database.write() as connection:
            put(connection, _LEASE, {"name": name, "holder": holder})
        yield


@contextmanager
def _file_lock(database: Database, name: str) -> Iterator[None]:
    store = Path(str(database.path))
    # A soft lock would outlive a killed holder: a file system without real locks is an error.
    lock = FileLock(store.with_name(f"{store.name}.{name}.lock"), fallback_to_soft=False)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise _held(database, name) from error
    except (OSError, NotImplementedError) as error:
        raise StoreError(
            f"the lock file beside {store} cannot be used: {error}",
            remedy="keep the store on a disk with file locks, in a folder you can write to",
        ) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _advisory_lock(database: Database, name: str) -> Iterator[None]:
    """Hold PostgreSQL's lock by a connection of its own, which ends with the process."""
    key = {"key": _lock_key(name)}
    with explained(database.place):
        connection = database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    with connection:
        if not _ask(database, connection, "SELECT pg_try_advisory_lock(:key)", key=key):
            raise _held(database, name)
        try:
            yield
        finally:
            # The pool keeps the session open, and with it the lock.
            _ask(database, connection, "SELECT pg_advisory_unlock(:key)", key=key)


def _ask(
    database: Database, connection: Connection, question: str, *, key: Mapping[str, int]
) -> bool:
    with explained(database.place):
        return bool(connection.execute(text(question), dict(key)).scalar_one())


def _lock_key(name: str) -> int:
    digest = hashlib.sha256(f"sfterritory lease {name}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def _held(database: Database, name: str) -> LockHeldError:
    with database.read() as connection:
        query = select(_LEASE.c.holder).where(_LEASE.c.name == name)
        holder = connection.execute(query).scalar_one_or_none() or "another process"
    return LockHeldError(
        f"{holder} holds the lease {name!r} of the store {database.place}",
        remedy="wait until it has finished; the lease is freed by itself if that process dies",
    )
