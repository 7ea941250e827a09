"""The room of territory versions: territories and which accounts belong to them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, Row, delete, select

from sfterritory.errors import StoreError
from sfterritory.model.columns import FlagColumn, Flags, Floats, Ids, NumberColumn, TextColumn
from sfterritory.model.document import Scalar, canonical_json
from sfterritory.model.store.bulk import insert_rows, put
from sfterritory.model.store.column_codec import fetch_columns, nothing_yet, number_cells, stored
from sfterritory.model.store.database import Database
from sfterritory.model.store.result_table import AlignmentRow, TerritoryRow, TerritoryVersionRow
from sfterritory.model.store.tables import table_of
from sfterritory.model.store.territory_choice import (
    TerritoryChoice,
    insert_choice,
    read_in_force,
    read_upcoming,
)

OVERLAYS = "overlays"
"""Key of a version's figures: the versions of its overlays by name."""

_VERSION = table_of(TerritoryVersionRow)
_TERRITORY = table_of(TerritoryRow)
_ALIGNMENT = table_of(AlignmentRow)
_DRAWN = (
    "version_id",
    "key",
    "name",
    "rep_id",
    "hours_per_year",
    "value_usd",
    "accounts",
    "lon_deg",
    "lat_deg",
    "area_wkb",
)
_ALIGNED = (
    "version_id",
    "account_id",
    "territory",
    "hours_per_year",
    "distance_km",
    "runner_up",
    "runner_up_km",
    "locked",
    "reason",
    "would_change",
)


@dataclass(frozen=True, slots=True)
class TerritoryVersion:
    """What one set of territories was made from and how it turned out; `id` names its content."""

    id: str
    snapshot_id: str
    params_hash: str
    seed: int
    status: str
    metrics: dict[str, Any]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Territory:
    """One territory; `area_wkb` is its outline, longitude first, as well-known binary."""

    key: str
    name: str
    rep_id: str | None
    hours_per_year: float
    value_usd: float
    accounts: int
    lon_deg: float | None
    lat_deg: float | None
    area_wkb: bytes


@dataclass(frozen=True, slots=True)
class Alignment:
    """Which territory each account belongs to, in ascending order of account id, shape (n,).

    Attributes:
        account_ids: 18-character ids.
        territory: Keys of territories.
        hours_per_year: Workload of the account.
        distance_km: From the account to its territory's centre or rep; NaN where unknown.
        runner_up: The key of the next best territory; missing where there is none.
        runner_up_km: Distance to that; NaN where there is none.
        locked: The account had to stay.
        reason: Why the account belongs there, as a sentence.
        would_change: What would have to be different for the runner-up to get it.
    """

    account_ids: Ids
    territory: TextColumn
    hours_per_year: Floats
    distance_km: Floats
    runner_up: TextColumn
    runner_up_km: Floats
    locked: Flags
    reason: TextColumn
    would_change: TextColumn

    def __len__(self) -> int:
        return len(self.account_ids)


@dataclass(frozen=True, slots=True)
class AlignedAccount:
    """One account's line of an alignment."""

    account_id: str
    territory: str | None
    hours_per_year: float | None
    distance_km: float | None
    runner_up: str | None
    runner_up_km: float | None
    locked: bool
    reason: str | None
    would_change: str | None


class TerritoryRoom:
    """The territory versions of one store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(
        self,
        version: TerritoryVersion,
        territories: Sequence[Territory],
        *,
        alignment: Alignment,
        choose: bool = True,
    ) -> None:
        """Store a version, unless it is stored already.

        Args:
            version: Its `created_at` is the moment from which it counts, where it is chosen.
            territories: Its territories.
            alignment: Which account belongs to which of them.
            choose: Let it be the one that routing and plans go by; else nobody sees it who does
                not ask for it by its id.
        """
        with self._database.write() as connection:
            if _find(connection, version.id) is None:
                _insert(connection, version, territories, alignment)
            if choose:
                at = version.created_at
                insert_choice(connection, TerritoryChoice(version.id, at, at, None))

    def choose(
        self, version_id: str, *, at: datetime, now: datetime, scenario: str | None = None
    ) -> None:
        """Let a stored version count from a moment on; what was chosen before stays for before.

        Raises:
            StoreError: There is no such version.
        """
        self.get(version_id)
        with self._database.write() as connection:
            insert_choice(connection, TerritoryChoice(version_id, at, now, scenario))

    def in_force(self, *, as_of: datetime | None = None) -> TerritoryChoice | None:
        """Return what counts at a moment, None before the first build; see `latest`."""
        with self._database.read() as connection:
            return read_in_force(connection, as_of=as_of)

    def upcoming(self, *, as_of: datetime) -> tuple[TerritoryChoice, ...]:
        """Return what counts after a moment, the nearest date first; one for each date."""
        with self._database.read() as connection:
            return read_upcoming(connection, as_of=as_of)

    def latest(self, *, as_of: datetime | None = None) -> TerritoryVersion | None:
        """Return the version that counts at a moment, None before the first build.

        Without a moment only those are looked at that counted as soon as they were chosen: a
        version dated ahead is found by those who know what time it is.
        """
        choice = self.in_force(as_of=as_of)
        return None if choice is None else self.get(choice.version_id)

    def get(self, version_id: str) -> TerritoryVersion:
        """Return one version.

        Raises:
            StoreError: There is no such version.
        """
        with self._database.read() as connection:
            row = _find(connection, version_id)
        if row is None:
            raise StoreError(
                f"the store has no territory version {version_id}",
                remedy="run `sfterritory build` to make one",
            )
        return _version(row)

    def territories(self, version_id: str) -> tuple[Territory, ...]:
        """Return the territories of a version in ascending order of key."""
        query = (
            select(_TERRITORY)
            .where(_TERRITORY.c.version_id == version_id)
            .order_by(_TERRITORY.c.key)
        )
        with self._database.read() as connection:
            return tuple(Territory(*row[1:]) for row in connection.execute(query))

    def alignment(self, version_id: str) -> Alignment:
        """Return which territory each account of a version belongs to."""
        wanted = [stored(_ALIGNMENT.c[n], dialect=self._database.dialect) for n in _ALIGNED[2:]]
        query = nothing_yet(_ALIGNMENT).where(_ALIGNMENT.c.version_id == version_id)
        with self._database.read() as connection:
            ids, found = fetch_columns(
                connection, query, key=_ALIGNMENT.c.account_id, wanted=wanted
            )
        columns = {
            n: c.values if isinstance(c, NumberColumn | FlagColumn) else c for n, c in found.items()
        }
        return Alignment(ids, **cast("dict[str, Any]", columns))

    def aligned(self, version_id: str, account_id: str) -> AlignedAccount | None:
        """Return one account's line of a version, None where it has none."""
        query = select(_ALIGNMENT).where(
            _ALIGNMENT.c.version_id == version_id, _ALIGNMENT.c.account_id == account_id
        )
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else AlignedAccount(*row[1:])


def overlay_versions(connection: Connection, version_id: str) -> frozenset[str]:
    """Return the versions of further teams that were built with one."""
    row = _find(connection, version_id)
    found = {} if row is None else json.loads(row.metrics).get(OVERLAYS, {})
    return frozenset(map(str, found.values()))


def is_overlay(connection: Connection, version_id: str) -> bool:
    """Tell whether some version has this one as that of a further team."""
    naming = select(_VERSION.c.id).where(_VERSION.c.metrics.contains(version_id, autoescape=True))
    return any(
        version_id in overlay_versions(connection, one)
        for one in connection.execute(naming).scalars().all()
    )


def drop_version(connection: Connection, version_id: str) -> None:
    """Remove a version, its territories and its alignment, in a transaction of the caller's."""
    connection.execute(delete(_VERSION).where(_VERSION.c.id == version_id))


def _insert(
    connection: Connection,
    version: TerritoryVersion,
    territories: Sequence[Territory],
    alignment: Alignment,
) -> None:
    put(connection, _VERSION, _version_values(version))
    insert_rows(
        connection,
        _TERRITORY,
        _DRAWN,
        (_territory_cells(version.id, territory) for territory in territories),
    )
    insert_rows(
        connection,
        _ALIGNMENT,
        _ALIGNED,
        zip(
            [version.id] * len(alignment),
            alignment.account_ids.tolist(),
            alignment.territory.values(),
            number_cells(alignment.hours_per_year),
            number_cells(alignment.distance_km),
            alignment.runner_up.values(),
            number_cells(alignment.runner_up_km),
            alignment.locked.tolist(),
            alignment.reason.values(),
            alignment.would_change.values(),
            strict=True,
        ),
    )


def _find(connection: Connection, version_id: str) -> Row[Any] | None:
    return connection.execute(select(_VERSION).where(_VERSION.c.id == version_id)).one_or_none()


def _version(row: Row[Any]) -> TerritoryVersion:
    return TerritoryVersion(
        row.id,
        row.snapshot_id,
        row.params_hash,
        row.seed,
        row.status,
        json.loads(row.metrics),
        row.created_at,
    )


def _version_values(version: TerritoryVersion) -> dict[str, Any]:
    return {
        "id": version.id,
        "snapshot_id": version.snapshot_id,
        "params_hash": version.params_hash,
        "seed": version.seed,
        "status": version.status,
        "metrics": canonical_json(version.metrics),
        "created_at": version.created_at,
    }


def _territory_cells(version_id: str, territory: Territory) -> tuple[Scalar | bytes, ...]:
    return (
        version_id,
        territory.key,
        territory.name,
        territory.rep_id,
        territory.hours_per_year,
        territory.value_usd,
        territory.accounts,
        territory.lon_deg,
        territory.lat_deg,
        territory.area_wkb,
    )
