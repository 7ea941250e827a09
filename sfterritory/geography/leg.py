"""Straight legs over the globe as lines on the map, and which drawn lines they cross."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.affinity import translate

from sfterritory.model.columns import Floats, Ints
from sfterritory.model.sphere import EARTH_RADIUS_KM, haversine_km, unit_vectors
from sfterritory.model.travel import Points

Shapes = NDArray[np.object_]

_CHUNK_LEGS = 200_000  # bounds memory: a leg takes some hundred bytes
# Between two corners a great circle bends away from the straight line of the map by at most
# 0.4 km at 60 degrees north. Longer legs than 16 pieces bend by more, but nobody drives them.
_PIECE_KM = 100.0
_MOST_PIECES = 16
_SAME_PLACE_KM = 1e-9  # rounding parts one place on both sides of the antimeridian


def crossed_lines(lines: Shapes, origins: Points, destinations: Points) -> tuple[Ints, Ints]:
    """Return which legs cross which lines: rows of legs and of lines, ascending, no pair twice.

    A leg is the shortest way over the globe, also across the antimeridian; a line is straight
    between its positions on the map, as GeoJSON has it. To touch a line is to cross it. A leg
    from a place to itself crosses nothing.

    Args:
        lines: Lines within -180 to 180 degrees, shape (b,); an empty one is crossed by nobody.
        origins: Where legs begin, n of them.
        destinations: Where they end, as many.
    """
    parts, part_of = shapely.get_parts(lines, return_index=True)
    rows: list[NDArray[np.int64]] = []
    found: list[NDArray[np.int64]] = []
    if len(parts):
        for start in range(0, len(origins), _CHUNK_LEGS):
            chunk = np.arange(start, min(start + _CHUNK_LEGS, len(origins)))
            legs, leg_of = great_circles(origins.taken(chunk), destinations.taken(chunk))
            part, leg = shapely.STRtree(legs).query(parts, predicate="intersects")
            rows.append(start + leg_of[leg])
            found.append(part_of[part])
    if not rows:
        return np.empty(0, np.int32), np.empty(0, np.int32)
    pairs = np.unique(np.stack([np.concatenate(rows), np.concatenate(found)], axis=1), axis=0)
    return pairs[:, 0].astype(np.int32), pairs[:, 1].astype(np.int32)


def great_circles(origins: Points, destinations: Points) -> tuple[Shapes, Ints]:
    """Return legs as lines of the map, and the row that each belongs to.

    A leg over the antimeridian comes twice: as it leaves the map in the east and in the west.
    A leg of no length is left out.
    """
    km = haversine_km(
        origins.lon_deg,
        origins.lat_deg,
        to_lon_deg=destinations.lon_deg,
        to_lat_deg=destinations.lat_deg,
    )
    kept = np.flatnonzero(km > _SAME_PLACE_KM)
    pieces = np.clip(np.ceil(km[kept] / _PIECE_KM), 1, _MOST_PIECES).astype(np.int64)
    corners = _corners(origins.taken(kept), destinations.taken(kept), pieces)
    leg = np.repeat(np.arange(len(kept)), pieces + 1)
    lines = _lines(corners, leg)
    bounds = shapely.bounds(lines)
    over = np.flatnonzero((bounds[:, 0] < -180) | (bounds[:, 2] > 180))
    if not len(over):
        return lines, kept.astype(np.int32)
    back = np.where(bounds[over, 2] > 180, -360.0, 360.0)
    shift = np.zeros(len(kept))
    shift[over] = back
    chosen = np.isin(leg, over)
    again = np.searchsorted(over, leg[chosen])
    moved = corners[chosen] + np.stack([shift[leg[chosen]], np.zeros(chosen.sum())], axis=1)
    twins = _lines(moved, again)
    return np.concatenate([lines, twins]), np.concatenate([kept, kept[over]]).astype(np.int32)


def _lines(corners: Floats, leg: NDArray[np.int64]) -> Shapes:
    """Return one line for each number of `leg`, which is ascending."""
    if not len(leg):
        return np.empty(0, dtype=np.object_)
    return np.asarray(shapely.linestrings(corners, indices=leg), dtype=np.object_)


def _corners(origins: Points, destinations: Points, pieces: NDArray[np.int64]) -> Floats:
    """Return the corners of each leg one after the other, longitudes running on, shape (m, 2)."""
    leg = np.repeat(np.arange(len(pieces)), pieces + 1)
    first = np.concatenate([[0], np.cumsum(pieces + 1)[:-1]]) if len(pieces) else np.empty(0, int)
    step = np.arange(len(leg)) - first[leg]
    share = step / pieces[leg]
    start, end = (
        unit_vectors(origins.lon_deg, origins.lat_deg),
        unit_vectors(destinations.lon_deg, destinations.lat_deg),
    )
    angle = np.arctan2(
        np.linalg.norm(np.cross(start, end), axis=1), np.einsum("ij,ij->i", start, end)
    )[leg]
    whole = np.maximum(np.sin(angle), 1e-12)
    at = (
        start[leg] * (np.sin((1 - share) * angle) / whole)[:, None]
        + end[leg] * (np.sin(share * angle) / whole)[:, None]
    )
    lon = np.degrees(np.arctan2(at[:, 1], at[:, 0]))
    lat = np.degrees(np.arctan2(at[:, 2], np.hypot(at[:, 0], at[:, 1])))
    # The ends are the places themselves, free of the rounding of the way there.
    last = step == pieces[leg]
    lon[step == 0], lat[step == 0] = origins.lon_deg, origins.lat_deg
    lon[last], lat[last] = destinations.lon_deg, destinations.lat_deg
    jumps = np.diff(lon, prepend=lon[:1])
    jumps[step == 0] = 0
    turns = np.cumsum(np.where(np.abs(jumps) > 180, -np.sign(jumps), 0.0))
    turns -= turns[first][leg] if len(first) else 0
    return np.stack([lon + 360 * turns, lat], axis=1)


def discs(centres: Points, *, radius_km: Floats) -> Shapes:
    """Return circles on the globe as polygons of the map, 48 corners each.

    A circle over the antimeridian comes in two pieces. One that holds a pole has no shape on the
    map; it is drawn as everything from its lowest latitude to the pole.
    """
    bearings = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    angle = np.asarray(radius_km)[:, None] / EARTH_RADIUS_KM
    lat, lon = np.radians(centres.lat_deg)[:, None], np.radians(centres.lon_deg)[:, None]
    to_lat = np.arcsin(
        np.clip(np.sin(lat) * np.cos(angle) + np.cos(lat) * np.sin(angle) * np.cos(bearings), -1, 1)
    )
    to_lon = lon + np.arctan2(
        np.sin(bearings) * np.sin(angle) * np.cos(lat), np.cos(angle) - np.sin(lat) * np.sin(to_lat)
    )
    rings = np.stack([np.degrees(to_lon), np.degrees(to_lat)], axis=2)
    drawn = np.asarray(shapely.polygons(rings), dtype=np.object_)
    reach = np.degrees(angle[:, 0])
    south, north = centres.lat_deg - reach, centres.lat_deg + reach
    for row in np.flatnonzero((south <= -90) | (north >= 90)).tolist():
        drawn[row] = shapely.box(-180, max(-90, south[row]), 180, min(90, north[row]))
    world = shapely.box(-180, -90, 180, 90)
    for row in np.flatnonzero(np.abs(shapely.bounds(drawn))[:, [0, 2]].max(axis=1) > 180).tolist():
        turned = [translate(drawn[row], xoff=turn) for turn in (-360, 0, 360)]
        drawn[row] = shapely.union_all(shapely.intersection(turned, world))
    return drawn
