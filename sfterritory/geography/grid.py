"""A grid of cells of one size over the whole earth, for work that needs no borders of anybody.

The grid is HEALPix with any number of cells along the side of its twelve base squares. It is the
one known grid that has cells of exactly equal area, needs no table, and has no special case at
the poles or the antimeridian.

Source: Górski et al. (2005), "HEALPix: a framework for high-resolution discretization and fast
analysis of data distributed on the sphere", ApJ 622; the plane it is cut up in is that of
Calabretta and Roukema (2007), "Mapping on the HEALPix grid", MNRAS 381.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sfterritory.model.columns import Floats
from sfterritory.model.sphere import EARTH_RADIUS_KM

MIN_WIDTH_KM = 0.001  # below it, neighbouring cells are no longer apart in 64-bit degrees

Keys = NDArray[np.int64]


def cell_of(lon_deg: Floats, lat_deg: Floats, *, width_km: float) -> Keys:
    """Return the number of the cell that each point lies in, int64, shape (n,).

    Every cell has the same area: that of a square `cell_width_km(width_km)` wide. Longitudes are
    taken round the globe, so 180 and -180 are one meridian, and a pole is one point. Numbers of
    two widths have nothing to do with each other.

    Args:
        lon_deg: Longitude, any finite number, shape (n,).
        lat_deg: Latitude, -90 to 90.
        width_km: Width wanted; the nearest that divides the sphere evenly is used.

    Raises:
        ValueError: A point is no place on earth, or the width is below `MIN_WIDTH_KM`.
    """
    lon, lat = np.asarray(lon_deg, dtype=np.float64), np.asarray(lat_deg, dtype=np.float64)
    wrong = np.flatnonzero(~(np.isfinite(lon) & (np.abs(lat) <= 90)))
    if len(wrong):
        row = int(wrong[0])
        raise ValueError(
            f"row {row} is no place on earth: longitude {lon[row]}, latitude {lat[row]}"
        )
    side = _side(width_km)
    x, y, quarter = _plane(lon, lat)
    # The base squares stand on their tips in the plane; turned by 45 degrees they are a chequer.
    along = np.floor(side * (x + y + 0.5)).astype(np.int64)
    across = np.floor(side * (x - y + 0.5)).astype(np.int64)
    along, across = _within_base(along, across, quarter=quarter, y=y, side=side)
    rounds = along // (4 * side)
    along, across = along - 4 * side * rounds, across - 4 * side * rounds
    return along * (8 * side) + across + 2 * side


def cell_centres(keys: Keys, *, width_km: float) -> tuple[Floats, Floats]:
    """Return longitude and latitude of the middle of each cell that `cell_of` numbered."""
    side = _side(width_km)
    along, across = np.divmod(np.asarray(keys, dtype=np.int64), 8 * side)
    a = (along + 0.5) / side - 0.5
    b = (across - 2 * side + 0.5) / side - 0.5
    x, y = (a + b) / 2, (a - b) / 2
    polar = np.abs(y) > 0.5
    narrowing = np.where(polar, 2 - 2 * np.abs(y), 1.0)
    middle = np.floor(x) + 0.5
    quarter_turns = np.where(polar, middle + (x - middle) / narrowing, x)
    height = np.where(polar, np.sign(y) * (1 - narrowing**2 / 3), 4 * y / 3)
    lon_deg: Floats = (quarter_turns * 90 + 180) % 360 - 180
    lat_deg: Floats = np.degrees(np.arcsin(height))
    return lon_deg, lat_deg


def cell_width_km(width_km: float) -> float:
    """Return the width that cells really have: the root of their area."""
    return EARTH_RADIUS_KM * math.sqrt(math.pi / 3) / _side(width_km)


def _side(width_km: float) -> int:
    """Return how many cells stand along the side of a base square, of which there are twelve."""
    if not width_km >= MIN_WIDTH_KM or math.isinf(width_km):
        raise ValueError(f"a cell {width_km} km wide; the narrowest is {MIN_WIDTH_KM} km")
    return max(1, round(EARTH_RADIUS_KM * math.sqrt(math.pi / 3) / width_km))


def _plane(lon_deg: Floats, lat_deg: Floats) -> tuple[Floats, Floats, Keys]:
    """Return each point in the plane: x in quarter turns, y from -1 to 1, and its quarter."""
    x = np.where(np.abs(lat_deg) == 90, 0.0, lon_deg) % 360 / 90
    x[x >= 4] = 0.0  # a longitude just below 0 is rounded up to a full turn
    quarter = np.floor(x).astype(np.int64)
    height = np.sin(np.radians(lat_deg))
    polar = np.abs(height) > 2 / 3
    # sqrt(3 (1 - |sin lat|)) loses its digits towards the pole; this is the same without.
    towards_pole = np.radians((90 - np.abs(lat_deg)) / 2)
    narrowing = np.where(polar, np.sqrt(6) * np.sin(towards_pole), 1.0)
    middle = quarter + 0.5
    flat_y = np.sign(height) * (1 - narrowing / 2)
    return (
        np.where(polar, middle + (x - middle) * narrowing, x),
        np.where(polar, flat_y, 0.75 * height),
        quarter,
    )


def _within_base(
    along: Keys, across: Keys, *, quarter: Keys, y: Floats, side: int
) -> tuple[Keys, Keys]:
    """Keep points of the caps in the base square of their quarter, against rounding at its tip."""
    low, high = quarter * side, (quarter + 2) * side - 1
    north, south = y > 0.5, y < -0.5
    along = np.where(north, np.minimum(along, high), np.where(south, np.maximum(along, low), along))
    across = np.where(
        north, np.maximum(across, low), np.where(south, np.minimum(across, high), across)
    )
    return along, across
