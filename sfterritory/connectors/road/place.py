"""Places as engines and caches know them: five decimals, about a metre."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sfterritory.model.travel import Points

DECIMALS = 5
_UNITS = 10**DECIMALS
_LON_STEPS = 360 * _UNITS + 1

Keys = NDArray[np.int64]
Coordinate = tuple[float, float]


def place_keys(points: Points) -> Keys:
    """Return one whole number for each place; equal numbers are one place for every engine."""
    lon = np.rint((points.lon_deg + 180.0) * _UNITS).astype(np.int64)
    lat = np.rint((points.lat_deg + 90.0) * _UNITS).astype(np.int64)
    keys: Keys = lat * _LON_STEPS + lon
    return keys


def points_of(keys: Keys) -> Points:
    """Return the rounded places behind their numbers."""
    lat, lon = np.divmod(keys, _LON_STEPS)
    return Points(np.round(lon / _UNITS - 180.0, DECIMALS), np.round(lat / _UNITS - 90.0, DECIMALS))


def ends(origins: Points, destinations: Points) -> tuple[list[Coordinate], list[int], list[int]]:
    """Return each different place once, and which of them are origins and which destinations."""
    row_of: dict[Coordinate, int] = {}
    sources, targets = (
        [row_of.setdefault(place, len(row_of)) for place in _pairs(points)]
        for points in (origins, destinations)
    )
    return list(row_of), sources, targets


def wire_coordinates(coordinates: Sequence[Coordinate]) -> list[str]:
    """Return places as text, longitude first."""
    return [f"{lon:.{DECIMALS}f},{lat:.{DECIMALS}f}" for lon, lat in coordinates]


def _pairs(points: Points) -> list[Coordinate]:
    return list(zip(points.lon_deg.tolist(), points.lat_deg.tolist(), strict=True))
