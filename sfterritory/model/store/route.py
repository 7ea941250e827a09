"""The room of route versions: who should own each record, and whose turn it is in each pool."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from pydantic import JsonValue
from sqlalchemy import Connection, Row, delete, select, update

from sfterritory.errors import StoreError
from sfterritory.model.columns import Ids, TextColumn
from sfterritory.model.document import canonical_json
from sfterritory.model.store.bulk import insert_rows, put
from sfterritory.model.store.column_codec import Wanted, fetch_columns, nothing_yet
from sfterritory.model.store.column_type import Kind
from sfterritory.model.store.database import Database
from sfterritory.model.store.result_table import PoolRow, RouteDecisionRow, RouteVersionRow
from sfterritory.model.store.tables import table_of

_VERSION = table_of(RouteVersionRow)
_DECISION = table_of(RouteDecisionRow)
_POOL = table_of(PoolRow)
_TEXTS = ("owner_id", "rule", "destination", "reason", "runner_up", "cause")


@dataclass(frozen=True, slots=True)
class RouteVersion:
    """What one run of the rules was made from; `id` names its content.

    Attributes:
        pools_before: Pointer of each pool when the run began.
        pools_after: Pointer of each pool once the plan made from it is applied.
    """

    id: str
    snapshot_id: str
    rules_hash: str
    territory_version: str | None
    pools_before: Mapping[str, JsonValue]
    pools_after: Mapping[str, JsonValue]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class RouteDecisions:
    """One result for every record of an object, in ascending order of id; columns of length n.

    Attributes:
        object_name: `Lead`.
        ids: 18-character ids, shape (n,).
        owner_id: Who should own the record; missing where it is held.
        rule: The rule that decided.
        destination: What the rule pointed at (`pool:inbound`).
        reason: In words.
        runner_up: JSON of who would have been next; missing where there is none.
        cause: Why the record is held; missing where it is not.
    """

    object_name: str
    ids: Ids
    owner_id: TextColumn
    rule: TextColumn
    destination: TextColumn
    reason: TextColumn
    runner_up: TextColumn
    cause: TextColumn

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class RouteDecision:
    """One record's result."""

    object_name: str
    record_id: str
    owner_id: str | None
    rule: str | None
    destination: str | None
    reason: str | None
    runner_up: str | None
    cause: str | None


class RouteRoom:
    """The route versions and pool pointers of one store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, version: RouteVersion, decisions: Sequence[RouteDecisions]) -> None:
        """Store a version, unless it is stored already, and make it the latest."""
        with self._database.write() as connection:
            if _find(connection, version.id) is not None:
                chosen = update(_VERSION).where(_VERSION.c.id == version.id)
                connection.execute(chosen.values(chosen_at=version.created_at))
                return
            put(connection, _VERSION, _version_values(version))
            for columns in decisions:
                insert_rows(
                    connection,
                    _DECISION,
                    ("version_id", "object_name", "record_id", *_TEXTS),
                    _rows(version.id, columns),
                )

    def latest(self) -> RouteVersion | None:
        """Return the version that was saved last, None before the first."""
        query = select(_VERSION).order_by(_VERSION.c.chosen_at.desc(), _VERSION.c.id).limit(1)
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else _version(row)

    def get(self, version_id: str) -> RouteVersion:
        """Return one version.

        Raises:
            StoreError: There is no such version.
        """
        with self._database.read() as connection:
            row = _find(connection, version_id)
        if row is None:
            raise StoreError(
                f"the store has no route version {version_id}",
                remedy="run `sfterritory route` to make one",
            )
        return _version(row)

    def decisions(self, version_id: str, object_name: str) -> RouteDecisions:
        """Return the results of a version for one object."""
        wanted = [Wanted(name, _DECISION.c[name], Kind.TEXT) for name in _TEXTS]
        query = nothing_yet(_DECISION).where(
            _DECISION.c.version_id == version_id, _DECISION.c.object_name == object_name
        )
        with self._database.read() as connection:
            ids, found = fetch_columns(connection, query, key=_DECISION.c.record_id, wanted=wanted)
        return RouteDecisions(object_name, ids, **cast("dict[str, Any]", dict(found)))

    def decision(
        self, version_id: str, object_name: str, *, record_id: str
    ) -> RouteDecision | None:
        """Return one record's result, None where the version has none."""
        query = select(_DECISION).where(
            _DECISION.c.version_id == version_id,
            _DECISION.c.object_name == object_name,
            _DECISION.c.record_id == record_id,
        )
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else RouteDecision(*row[1:])

    def pools(self) -> Mapping[str, JsonValue]:
        """Return the pointer of each pool, by name in ascending order."""
        query = select(_POOL).order_by(_POOL.c.name)
        with self._database.read() as connection:
            return {row.name: json.loads(row.pointer) for row in connection.execute(query)}

    def set_pools(self, pointers: Mapping[str, JsonValue]) -> None:
        """Replace every pool's pointer, when the plan that moved them is applied."""
        with self._database.write_durably() as connection:
            connection.execute(delete(_POOL))
            for name, pointer in sorted(pointers.items()):
                put(connection, _POOL, {"name": name, "pointer": canonical_json(pointer)})


def _find(connection: Connection, version_id: str) -> Row[Any] | None:
    return connection.execute(select(_VERSION).where(_VERSION.c.id == version_id)).one_or_none()


def _version(row: Row[Any]) -> RouteVersion:
    return RouteVersion(
        row.id,
        row.snapshot_id,
        row.rules_hash,
        row.territory_version,
        json.loads(row.pools_before),
        json.loads(row.pools_after),
        row.created_at,
    )


def _version_values(version: RouteVersion) -> dict[str, Any]:
    return {
        "id": version.id,
        "snapshot_id": version.snapshot_id,
        "rules_hash": version.rules_hash,
        "territory_version": version.territory_version,
        "pools_before": canonical_json(dict(version.pools_before)),
        "pools_after": canonical_json(dict(version.pools_after)),
        "created_at": version.created_at,
        "chosen_at": version.created_at,
    }


def _rows(version_id: str, decisions: RouteDecisions) -> Iterable[tuple[str | None, ...]]:
    count = len(decisions)
    return zip(
        [version_id] * count,
        [decisions.object_name] * count,
        decisions.ids.tolist(),
        *(getattr(decisions, name).values() for name in _TEXTS),
        strict=True,
    )
