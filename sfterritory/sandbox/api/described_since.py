"""Since when describe answers as it does: the ETag and Last-Modified that all objects share."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from sfterritory.sandbox.api.conditional import Validators, coding_suffix
from sfterritory.sandbox.clock import stored

if TYPE_CHECKING:
    import sqlite3

    from sfterritory.sandbox.api.answer import Call
    from sfterritory.sandbox.org_schema import OrgSchema

_ONE_SECOND = timedelta(seconds=1)  # the resolution of Last-Modified


def described_since(call: Call) -> Validators:
    """Return the validators of every describe answer that this user gets.

    They change with whatever a describe shows: fields, objects, switches, permissions, record
    types. The moment is that of the first describe which saw the change.
    """
    with call.state.reading() as connection:
        fingerprint = _fingerprint(call, connection)
        modified = _known(connection, call.user_id, fingerprint)
    if modified is None:
        with call.state.writing() as connection:
            modified = _noted(connection, call, fingerprint)
    return Validators(modified, f'"{fingerprint[:8]}{coding_suffix(call)}"')


def _fingerprint(call: Call, connection: sqlite3.Connection) -> str:
    types = connection.execute(
        "SELECT Id, Name, DeveloperName, SobjectType, IsActive FROM RecordType ORDER BY Id"
    ).fetchall()
    seen = (_schema_fingerprint(call.schema), repr(call.state.switches), repr(types))
    return hashlib.sha256("\n".join(seen).encode()).hexdigest()


@lru_cache(maxsize=16)
def _schema_fingerprint(schema: OrgSchema) -> str:
    # An object's own repr leaves nothing out that describe shows; a schema is never changed.
    whole = repr([schema.objects[name] for name in sorted(schema.objects)])
    return hashlib.sha256(whole.encode()).hexdigest()


def _known(connection: sqlite3.Connection, user_id: str, fingerprint: str) -> datetime | None:
    row = connection.execute(
        "SELECT modified FROM _described WHERE user_id = ? AND fingerprint = ?",
        (user_id, fingerprint),
    ).fetchone()
    return None if row is None else datetime.fromisoformat(row[0]).astimezone(UTC)


def _noted(connection: sqlite3.Connection, call: Call, fingerprint: str) -> datetime:
    """Store that the user sees something else from now on.

    Users who see the same share the moment, as long as the user's own does not go back: a client
    that compares it would not learn of the change.
    """
    own = connection.execute(
        "SELECT modified FROM _described WHERE user_id = ?", (call.user_id,)
    ).fetchone()
    other = connection.execute(
        "SELECT min(modified) FROM _described WHERE fingerprint = ?", (fingerprint,)
    ).fetchone()[0]
    modified = datetime.fromisoformat(other) if other else call.state.now().replace(microsecond=0)
    if own is not None:
        modified = max(modified, datetime.fromisoformat(own[0]) + _ONE_SECOND)
    connection.execute(
        "INSERT OR REPLACE INTO _described VALUES (?, ?, ?)",
        (call.user_id, fingerprint, stored(modified)),
    )
    return modified.astimezone(UTC)
