"""Dealing records without an owner to the reps: plausible at the start, and unbalanced."""

from __future__ import annotations

import json
import math
import random
from dataclasses import dataclass
from itertools import accumulate, chain, pairwise, repeat
from typing import TYPE_CHECKING, Literal

import numpy as np

from sfterritory.sandbox.places import places_by_code

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from numpy.typing import NDArray

DealWay = Literal["nearest", "blocks"]
_LEAST_SHARE, _MOST_SHARE = 0.4, 2.0  # of the mean block
_CHUNK_ROWS = 4096


@dataclass(frozen=True, slots=True)
class _Owner:
    """Who records are dealt to, and where they live; NaN where nobody knows."""

    user_id: str
    place: tuple[str, str, str, int]
    lon_deg: float
    lat_deg: float


def deal_owners(
    connection: sqlite3.Connection,
    object_name: str,
    owner_ids: list[str],
    *,
    way: DealWay,
    seed: int,
) -> int:
    """Give every record without an owner one of the owners; return how many were dealt.

    Memory does not grow with the records: SQLite sorts them, and they are dealt chunk by chunk.

    Args:
        connection: In a transaction.
        object_name: Account or Lead.
        owner_ids: Users that may own, at least one.
        way: `blocks` cuts the records, sorted by place, into unequal runs; `nearest` takes the
            owner whose home is nearest, and blocks for what cannot be located.
        seed: Of the sizes of the blocks.
    """
    owners = _owners(connection, owner_ids)
    near = _deal_nearest(connection, object_name, owners) if way == "nearest" else 0
    return near + _deal_blocks(connection, object_name, owners, seed=seed)


def _owners(connection: sqlite3.Connection, owner_ids: list[str]) -> list[_Owner]:
    """Return owners in the order of the records: by place."""
    found = connection.execute(
        "SELECT Id, _row, Country, State, PostalCode, Longitude, Latitude "
        'FROM "User" WHERE Id IN (SELECT value FROM json_each(?))',
        (json.dumps(owner_ids),),
    )
    owners = [
        _Owner(
            user_id,
            (country or "", (state or "").upper(), code or "", row),
            *_position(code, lon_deg, lat_deg),
        )
        for user_id, row, country, state, code, lon_deg, lat_deg in found
    ]
    return sorted(owners, key=lambda one: one.place)


def _position(
    code: str | None, lon_deg: float | None, lat_deg: float | None
) -> tuple[float, float]:
    """Return coordinates, if need be those of the postal code, NaN where there are none."""
    if lon_deg is not None and lat_deg is not None:
        return lon_deg, lat_deg
    place = places_by_code().get((code or "")[:5])
    return (place.lon_deg, place.lat_deg) if place else (math.nan, math.nan)


def _deal_blocks(
    connection: sqlite3.Connection, object_name: str, owners: list[_Owner], *, seed: int
) -> int:
    """Cut the records without an owner, sorted by place, into runs; return how many there were."""
    (count,) = connection.execute(
        f'SELECT count(*) FROM "{object_name}" WHERE OwnerId IS NULL'  # noqa: S608 - one of two names of our own
    ).fetchone()
    dice = random.Random(seed)  # noqa: S311 - sample data, no secret
    weights = [dice.uniform(_LEAST_SHARE, _MOST_SHARE) for _ in owners]
    total = sum(weights)
    edges = [0, *(round(count * part / total) for part in accumulate(weights))]
    by_block = chain.from_iterable(
        repeat(owner.user_id, end - start)
        for owner, (start, end) in zip(owners, pairwise(edges), strict=True)
    )
    prefix = _prefix(object_name)
    # The sort is complete before the first row comes, so the table may be changed meanwhile.
    rows = connection.execute(
        f'SELECT _row FROM "{object_name}" WHERE OwnerId IS NULL '  # noqa: S608 - one of two names of our own
        f"ORDER BY ifnull({prefix}Country, '') COLLATE BINARY, upper(ifnull({prefix}State, '')) "
        f"COLLATE BINARY, ifnull({prefix}PostalCode, '') COLLATE BINARY, _row"
    )
    _store(connection, object_name, ((owner, row) for owner, (row,) in zip(by_block, rows)))  # noqa: B905 - counted before
    return int(count)


def _deal_nearest(connection: sqlite3.Connection, object_name: str, owners: list[_Owner]) -> int:
    """Give each record that can be located to the nearest home; return how many."""
    homes = [one for one in owners if not math.isnan(one.lon_deg)]
    if not homes:
        return 0
    vectors = _vectors([(one.lon_deg, one.lat_deg) for one in homes])
    prefix = _prefix(object_name)
    sql = (
        f"SELECT _row, {prefix}PostalCode, {prefix}Longitude, {prefix}Latitude "  # noqa: S608 - one of two names of our own
        f'FROM "{object_name}" WHERE OwnerId IS NULL AND _row > ? ORDER BY _row LIMIT ?'
    )
    last = dealt = 0
    while chunk := connection.execute(sql, (last, _CHUNK_ROWS)).fetchall():
        last = chunk[-1][0]
        points = [_position(code, lon_deg, lat_deg) for _, code, lon_deg, lat_deg in chunk]
        located = [at for at, (lon_deg, _) in enumerate(points) if not math.isnan(lon_deg)]
        if not located:
            continue
        best = np.argmax(_vectors([points[at] for at in located]) @ vectors.T, axis=1)
        pairs = zip(best.tolist(), located, strict=True)
        _store(connection, object_name, ((homes[one].user_id, chunk[at][0]) for one, at in pairs))
        dealt += len(located)
    return dealt


def _store(
    connection: sqlite3.Connection, object_name: str, owners: Iterable[tuple[str, int]]
) -> None:
    """Write owner ids by row number."""
    connection.executemany(
        f'UPDATE "{object_name}" SET OwnerId = ? WHERE _row = ?',  # noqa: S608 - one of two names of our own
        owners,
    )


def _prefix(object_name: str) -> str:
    return "Billing" if object_name == "Account" else ""


def _vectors(points: list[tuple[float, float]]) -> NDArray[np.float64]:
    """Return points (lon, lat) on the unit sphere: the greatest dot product is the nearest."""
    lon, lat = np.radians(points).T
    return np.column_stack((np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)))
