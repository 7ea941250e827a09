"""Which territory a point lies in: an index of areas that can be edited in place."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import rtree
import shapely
from numpy.typing import NDArray
from shapely import MultiPolygon, Polygon

from sfterritory.model.columns import Flags, Floats, Ints
from sfterritory.model.sphere import KM_PER_DEGREE, haversine_km

NOWHERE = -1

_CHUNK_POINTS = 250_000  # bounds the memory of candidate pairs
# A tenth of a millimetre: rounding of the arithmetic does not decide a tie.
_DEGREE_DECIMALS = 9
_KM_DECIMALS = 7


class HitKind(StrEnum):
    """Whether a point lies in the area, or only near it."""

    INSIDE = "inside"
    NEAREST = "nearest"


@dataclass(frozen=True, slots=True)
class TerritoryHit:
    """The territory of a point.

    Attributes:
        territory: Number of the territory.
        kind: Inside its area, or outside every area and nearest to this one.
        distance_km: Great-circle distance to the area, 0 inside.
    """

    territory: int
    kind: HitKind
    distance_km: float


@dataclass(frozen=True, slots=True)
class _Part:
    """One piece of an area, with the bounds under which the tree holds it."""

    territory: int
    polygon: Polygon
    bounds: tuple[float, float, float, float]


class TerritoryIndex:
    """Areas in an R-tree: one point at a time, whole columns, and areas replaced in place.

    A point inside several areas, or on a border that they share, belongs to the lowest
    territory. A point outside every area belongs to the area whose outline is nearest in the
    plane of longitude and latitude, if the great-circle distance to it is at most `max_gap_km`;
    of several at the same distance, to the lowest. Nothing is near across the antimeridian.
    """

    def __init__(
        self, areas: Sequence[Polygon | MultiPolygon], *, max_gap_km: float = 50.0
    ) -> None:
        """Index areas; their positions are the numbers of the territories.

        Raises:
            ValueError: An area is not valid, or the gap is negative.
        """
        if not max_gap_km >= 0:
            raise ValueError(f"max_gap_km is {max_gap_km}, not 0 or more")
        self._max_gap_km = max_gap_km
        self._territory_count = len(areas)
        self._parts: dict[int, _Part] = {}
        self._next_number = 0
        self._tree = rtree.index.Index()
        self._bulk: _BulkIndex | None = None
        for territory, area in enumerate(areas):
            self._insert(territory, area)

    def __len__(self) -> int:
        return self._territory_count

    def replace(self, territory: int, area: Polygon | MultiPolygon) -> None:
        """Give a territory another area; every later answer knows it.

        Raises:
            ValueError: There is no such territory, or the area is not valid.
        """
        if not 0 <= territory < self._territory_count:
            raise ValueError(f"territory {territory} is not one of {self._territory_count}")
        _check_area(territory, area)
        for number in [n for n, part in self._parts.items() if part.territory == territory]:
            self._tree.delete(number, self._parts.pop(number).bounds)
        self._insert(territory, area)
        self._bulk = None

    def territory_at(self, lon_deg: float, lat_deg: float) -> TerritoryHit | None:
        """Return the territory of a point, None where it lies too far from every area.

        Raises:
            ValueError: The point is no place on earth.
        """
        _check_points(np.array([lon_deg]), np.array([lat_deg]))
        point = (lon_deg, lat_deg, lon_deg, lat_deg)
        inside = [
            part.territory
            for part in self._near(point)
            if bool(shapely.intersects_xy(part.polygon, lon_deg, lat_deg))
        ]
        if inside:
            return TerritoryHit(min(inside), HitKind.INSIDE, 0.0)
        return self._nearest(lon_deg, lat_deg)

    def territories_at(self, lon_deg: Floats, lat_deg: Floats) -> Ints:
        """Return the territory of each point, -1 for none: `territory_at` for whole columns.

        Raises:
            ValueError: A point is no place on earth.
        """
        _check_points(lon_deg, lat_deg)
        if self._bulk is None:
            numbers = sorted(self._parts)
            self._bulk = _BulkIndex([self._parts[number] for number in numbers])
        found = np.full(len(lon_deg), NOWHERE, dtype=np.int32)
        for start in range(0, len(lon_deg), _CHUNK_POINTS):
            chunk = slice(start, start + _CHUNK_POINTS)
            found[chunk] = self._bulk.find(
                lon_deg[chunk], lat_deg[chunk], max_gap_km=self._max_gap_km
            )
        return found

    def gaps_km(self, lon_deg: Floats, lat_deg: Floats, territory: Ints) -> Floats:
        """Return how far outside the area of its territory each point lies, 0 inside or for -1.

        Args:
            lon_deg: Longitudes, shape (n,).
            lat_deg: Latitudes.
            territory: The answers of `territories_at`.
        """
        gaps = np.zeros(len(lon_deg))
        for number in np.unique(territory[territory >= 0]).tolist():
            rows = np.flatnonzero(territory == number)
            parts = [part.polygon for part in self._parts.values() if part.territory == number]
            area = shapely.multipolygons(parts)
            outside = rows[~shapely.intersects_xy(area, lon_deg[rows], lat_deg[rows])]
            areas = np.full(len(outside), area, dtype=np.object_)
            gaps[outside] = _gaps(areas, lon_deg[outside], lat_deg[outside])[1]
        return gaps

    def _insert(self, territory: int, area: Polygon | MultiPolygon) -> None:
        _check_area(territory, area)
        for polygon in _pieces(area):
            bounds = polygon.bounds
            shapely.prepare(polygon)
            self._parts[self._next_number] = _Part(territory, polygon, bounds)
            self._tree.insert(self._next_number, bounds)
            self._next_number += 1

    def _near(self, bounds: tuple[float, float, float, float]) -> Iterator[_Part]:
        return (self._parts[number] for number in sorted(self._tree.intersection(bounds)))

    def _nearest(self, lon_deg: float, lat_deg: float) -> TerritoryHit | None:
        lon, lat = np.array([lon_deg]), np.array([lat_deg])
        reach = _gap_boxes(lon, lat, self._max_gap_km)[0].bounds
        parts = list(self._near(reach))
        if not parts:
            return None
        polygons = np.array([part.polygon for part in parts], dtype=np.object_)
        rows = np.zeros(len(parts), dtype=np.intp)
        gaps_deg, gaps_km = _gaps(polygons, lon[rows], lat[rows])
        ranked = sorted(
            (gap_deg, part.territory, gap_km)
            for part, gap_deg, gap_km in zip(
                parts, gaps_deg.tolist(), gaps_km.tolist(), strict=True
            )
            if gap_km <= self._max_gap_km
        )
        if not ranked:
            return None
        _, territory, gap_km = ranked[0]
        return TerritoryHit(territory, HitKind.NEAREST, gap_km)


class _BulkIndex:
    """The same areas for whole columns: candidates of a packed tree, tested area by area."""

    def __init__(self, parts: Sequence[_Part]) -> None:
        self._polygons = np.array([part.polygon for part in parts], dtype=np.object_)
        self._territory = np.array([part.territory for part in parts], dtype=np.int32)
        self._tree = shapely.STRtree(self._polygons)

    def find(self, lon: Floats, lat: Floats, *, max_gap_km: float) -> Ints:
        found = np.full(len(lon), np.iinfo(np.int32).max, dtype=np.int32)
        for part, rows in self._candidates(lon, lat):
            inside: Flags = shapely.intersects_xy(self._polygons[part], lon[rows], lat[rows])
            hits = rows[inside]
            found[hits] = np.minimum(found[hits], self._territory[part])
        outside = np.flatnonzero(found == np.iinfo(np.int32).max)
        found[outside] = self._nearest(lon[outside], lat[outside], max_gap_km=max_gap_km)
        return found

    def _nearest(self, lon: Floats, lat: Floats, *, max_gap_km: float) -> Ints:
        nearest = np.full(len(lon), NOWHERE, dtype=np.int32)
        rows, parts = self._tree.query(_gap_boxes(lon, lat, max_gap_km))
        gaps_deg, gaps_km = _gaps(self._polygons[parts], lon[rows], lat[rows])
        close = gaps_km <= max_gap_km
        rows, territories, gaps_deg = rows[close], self._territory[parts[close]], gaps_deg[close]
        order = np.lexsort((territories, gaps_deg, rows))
        chosen, first = np.unique(rows[order], return_index=True)
        nearest[chosen] = territories[order][first]
        return nearest

    def _candidates(self, lon: Floats, lat: Floats) -> Iterator[tuple[int, NDArray[np.intp]]]:
        """Yield each part with the rows of the points within its bounds.

        Part by part, since a prepared polygon answers thousands of points in one call.
        """
        rows, parts = self._tree.query(np.asarray(shapely.points(lon, lat), dtype=np.object_))
        order = np.argsort(parts, kind="stable")
        rows, parts = rows[order], parts[order]
        for group in np.split(np.arange(len(parts)), np.flatnonzero(np.diff(parts)) + 1):
            if len(group):
                yield int(parts[group[0]]), rows[group]


def _pieces(area: Polygon | MultiPolygon) -> list[Polygon]:
    pieces = shapely.get_parts(area)
    return [piece for piece in pieces if isinstance(piece, Polygon) and not piece.is_empty]


def _gap_boxes(lon: Floats, lat: Floats, gap_km: float) -> NDArray[np.object_]:
    """Return boxes that hold everything within the gap of each point."""
    # A little wider than the gap, so that rounding never hides an area at its very edge.
    high = gap_km / KM_PER_DEGREE * 1.001 + 1e-9
    widest_lat = np.minimum(np.abs(lat) + high, 89.9)
    # Meridians converge: the box is as wide as the sphere's cap of that radius at most is.
    ratio = math.sin(math.radians(min(high, 90.0))) / np.cos(np.radians(widest_lat))
    wide = np.where(np.abs(lat) + high >= 89.9, 360.0, np.degrees(np.arcsin(np.minimum(ratio, 1))))
    wide = np.where(ratio >= 1, 360.0, wide + 1e-9)
    boxes: NDArray[np.object_] = shapely.box(lon - wide, lat - high, lon + wide, lat + high)
    return boxes


def _gaps(polygons: NDArray[np.object_], lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Return the distances of points to polygons, pair by pair: in the plane, and in km.

    The distance in km is taken to the point of the polygon that is nearest in the plane.
    """
    lines = shapely.shortest_line(polygons, shapely.points(lon, lat))
    ends = shapely.get_coordinates(lines).reshape(-1, 2, 2)
    gaps_km = haversine_km(
        ends[:, 0, 0], ends[:, 0, 1], to_lon_deg=ends[:, 1, 0], to_lat_deg=ends[:, 1, 1]
    )
    gaps_deg: Floats = np.asarray(shapely.length(lines), dtype=np.float64)
    return gaps_deg.round(_DEGREE_DECIMALS), gaps_km.round(_KM_DECIMALS)


def _check_area(territory: int, area: Polygon | MultiPolygon) -> None:
    if not area.is_valid:
        raise ValueError(f"area of territory {territory} is no valid polygon: {_reason(area)}")


def _reason(area: Polygon | MultiPolygon) -> str:
    return str(shapely.is_valid_reason(area))


def _check_points(lon: Floats, lat: Floats) -> None:
    wrong = np.flatnonzero(~((np.abs(lon) <= 180) & (np.abs(lat) <= 90)))
    if len(wrong):
        row = int(wrong[0])
        raise ValueError(
            f"{len(wrong)} points are no places on earth, the first in row {row}: "
            f"longitude {lon[row]}, latitude {lat[row]}"
        )
