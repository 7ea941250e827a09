"""Dealing records without an owner to the reps: plausible at the start, and unbalanced."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np

from sfterritory.sandbox.places import places_by_code

if TYPE_CHECKING:
    import sqlite3

    from numpy.typing import NDArray

DealWay = Literal["nearest", "blocks"]
_LEAST_SHARE, _MOST_SHARE = 0.4, 2.0  # of the mean block
_CHUNK_ROWS = 4096


@dataclass(frozen=True, slots=True)
class _Located:
    row: int
    country: str
    state: str
    postal_code: str
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

    Args:
        connection: In a transaction.
        object_name: Account or Lead.
        owner_ids: Users that may own, at least one.
        way: `blocks` cuts the records, sorted by place, into unequal runs; `nearest` takes the
            owner whose home is nearest, and blocks for what cannot be located.
        seed: Of the sizes of the blocks.
    """
    records = _unowned(connection, object_name)
    owners = _owners(connection, owner_ids)
    if way == "nearest":
        near, far = _nearest(records, owners)
    else:
        near, far = [], records
    dealt = near + _blocks(far, owners, seed=seed)
    connection.executemany(
        f'UPDATE "{object_name}" SET OwnerId = ? WHERE _row = ?',  # noqa: S608 - one of two names of our own
        dealt,
    )
    return len(dealt)


def _unowned(connection: sqlite3.Connection, object_name: str) -> list[_Located]:
    prefix = "Billing" if object_name == "Account" else ""
    parts = ("Country", "State", "PostalCode", "Longitude", "Latitude")
    columns = ", ".join(f'"{prefix}{part}"' for part in parts)
    found = connection.execute(
        f'SELECT _row, {columns} FROM "{object_name}" WHERE OwnerId IS NULL'  # noqa: S608 - names of our own schema
    )
    return sorted((_at_place(*row) for row in found), key=_by_place)


def _owners(connection: sqlite3.Connection, owner_ids: list[str]) -> list[tuple[str, _Located]]:
    """Return owners with their homes, in the order of the records: by place."""
    found = connection.execute(
        "SELECT Id, _row, Country, State, PostalCode, Longitude, Latitude "
        'FROM "User" WHERE Id IN (SELECT value FROM json_each(?))',
        (json.dumps(owner_ids),),
    )
    return sorted(
        ((row[0], _at_place(*row[1:])) for row in found), key=lambda one: _by_place(one[1])
    )


def _at_place(
    row: int,
    country: str | None,
    state: str | None,
    code: str | None,
    lon_deg: float | None,
    lat_deg: float | None,
) -> _Located:
    if lon_deg is None or lat_deg is None:
        place = places_by_code().get((code or "")[:5])
        lon_deg = place.lon_deg if place else float("nan")
        lat_deg = place.lat_deg if place else float("nan")
    return _Located(row, country or "", state or "", code or "", lon_deg, lat_deg)


def _by_place(one: _Located) -> tuple[str, str, str, int]:
    return one.country, one.state.upper(), one.postal_code, one.row


def _blocks(
    records: list[_Located], owners: list[tuple[str, _Located]], *, seed: int
) -> list[tuple[str, int]]:
    dice = random.Random(seed)  # noqa: S311 - sample data, no secret
    weights = [dice.uniform(_LEAST_SHARE, _MOST_SHARE) for _ in owners]
    total = sum(weights)
    edges = [0, *(round(len(records) * part / total) for part in accumulate(weights))]
    return [
        (owner_id, record.row)
        for (owner_id, _), (start, end) in zip(owners, pairwise(edges), strict=True)
        for record in records[start:end]
    ]


def _nearest(
    records: list[_Located], owners: list[tuple[str, _Located]]
) -> tuple[list[tuple[str, int]], list[_Located]]:
    homes = [(owner_id, home) for owner_id, home in owners if home.lon_deg == home.lon_deg]
    if not homes:
        return [], records
    located = [one for one in records if one.lon_deg == one.lon_deg]
    rest = [one for one in records if one.lon_deg != one.lon_deg]
    home_vectors = _vectors([home for _, home in homes])
    dealt: list[tuple[str, int]] = []
    for start in range(0, len(located), _CHUNK_ROWS):
        chunk = located[start : start + _CHUNK_ROWS]
        best = np.argmax(_vectors(chunk) @ home_vectors.T, axis=1)
        dealt += [(homes[at][0], one.row) for at, one in zip(best.tolist(), chunk, strict=True)]
    return dealt, rest


def _vectors(points: list[_Located]) -> NDArray[np.float64]:
    """Return points on the unit sphere: the greatest dot product is the nearest."""
    lon = np.radians([one.lon_deg for one in points])
    lat = np.radians([one.lat_deg for one in points])
    return np.column_stack((np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)))
