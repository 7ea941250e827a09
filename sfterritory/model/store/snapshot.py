"""Snapshots: names for states of the mirror, made of their content alone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, Row, select

from sfterritory.errors import StoreError
from sfterritory.model.document import canonical_json
from sfterritory.model.store.bulk import put
from sfterritory.model.store.column_codec import readable
from sfterritory.model.store.column_type import Kind, kind_of
from sfterritory.model.store.database import Database
from sfterritory.model.store.loader import live, live_count
from sfterritory.model.store.mirror_registry import MIRRORS, PLANNING_OBJECTS, Mirror
from sfterritory.model.store.result_table import SnapshotRow
from sfterritory.model.store.tables import table_of

_SNAPSHOT = table_of(SnapshotRow)
_DIGESTED_ROWS = 2_000  # another number would give the same content another name


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A state of the mirror.

    Attributes:
        id: SHA-256 of the org and the live rows that planning reads, the same on either database.
        org_id: 18-character id of the org that the rows came from.
        taken_at: When this content was first seen.
        confirmed_at: When it was last seen.
        counts: Live records by object name.
    """

    id: str
    org_id: str
    taken_at: datetime
    confirmed_at: datetime
    counts: Mapping[str, int]


class SnapshotRoom:
    """The snapshots of one store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def take(self, now: datetime, *, org_id: str) -> Snapshot:
        """Name the mirror's present content; the same content keeps its id and its `taken_at`."""
        with self._database.write() as connection:
            name = _content_name(connection, org_id)
            old = connection.execute(select(_SNAPSHOT).where(_SNAPSHOT.c.id == name)).one_or_none()
            counts = {n: live_count(connection, MIRRORS[n]) for n in PLANNING_OBJECTS}
            snapshot = Snapshot(name, org_id, old.taken_at if old else now, now, counts)
            values: dict[str, Any] = {
                "id": name,
                "org_id": org_id,
                "taken_at": snapshot.taken_at,
                "confirmed_at": now,
                "counts": canonical_json(dict(counts)),
            }
            put(connection, _SNAPSHOT, values)
        return snapshot

    def latest(self) -> Snapshot | None:
        """Return the snapshot that was confirmed last, None before the first."""
        query = select(_SNAPSHOT).order_by(_SNAPSHOT.c.confirmed_at.desc(), _SNAPSHOT.c.id)
        with self._database.read() as connection:
            row = connection.execute(query.limit(1)).one_or_none()
        return None if row is None else _snapshot(row)

    def get(self, snapshot_id: str) -> Snapshot:
        """Return the snapshot with that id.

        Raises:
            StoreError: The store never held that content.
        """
        query = select(_SNAPSHOT).where(_SNAPSHOT.c.id == snapshot_id)
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            raise StoreError(
                f"the store has no snapshot {snapshot_id}",
                remedy="run `sfterritory pull`, then make the plan again",
            )
        return _snapshot(row)


def _snapshot(row: Row[Any]) -> Snapshot:
    counts = json.loads(row.counts)
    return Snapshot(row.id, row.org_id, row.taken_at, row.confirmed_at, counts)


def _content_name(connection: Connection, org_id: str) -> str:
    digest = hashlib.sha256(f"{org_id}\n".encode())
    for name in PLANNING_OBJECTS:
        digest.update(f"{name}\n".encode())
        _digest_rows(digest, connection, MIRRORS[name])
    return digest.hexdigest()


def _digest_rows(digest: Any, connection: Connection, mirror: Mirror) -> None:
    """Add an object's live rows to a hash, column by column in chunks of ascending id."""
    dialect = connection.dialect.name
    columns = sorted(mirror.table.columns, key=lambda column: column.name)
    kinds = [kind_of(column) for column in columns]
    query = (
        select(
            *(readable(c, kind, dialect=dialect) for c, kind in zip(columns, kinds, strict=True))
        )
        .where(*live(mirror))
        .order_by(mirror.table.c.id)
    )
    cursor = cast("Any", connection.execute(query)).cursor
    while rows := cursor.fetchmany(_DIGESTED_ROWS):
        for column, kind, cells in zip(columns, kinds, zip(*rows, strict=True), strict=True):
            text = json.dumps(_comparable(cells, kind), ensure_ascii=False, separators=(",", ":"))
            digest.update(f"{column.name}{text}\n".encode())


def _comparable(cells: Sequence[Any], kind: Kind) -> Sequence[Any]:
    """Return cells that are equal on both databases.

    Their text-to-number conversions may differ in the last bit, which 15 digits do not show.
    """
    if kind is Kind.NUMBER:
        return [None if cell is None else f"{cell:.15g}" for cell in cells]
    if kind is Kind.FLAG:
        return [None if cell is None else int(cell) for cell in cells]
    return cells
