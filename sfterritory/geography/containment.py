"""Which drawn areas places lie in, and how large areas are."""

from __future__ import annotations

import numpy as np
import shapely

from sfterritory.geography.leg import Shapes
from sfterritory.model.columns import Floats, Ints
from sfterritory.model.sphere import EARTH_RADIUS_KM
from sfterritory.model.travel import Points

NO_AREA = -1

# An edge of the map is bent where areas are true; pieces this long bend by less than 1 in 10,000.
_PIECE_DEG = 0.25


def areas_around(areas: Shapes, points: Points) -> tuple[Ints, Ints]:
    """Return which places lie in which areas: rows of places and of areas, ascending.

    A place on an outline lies in every area that it bounds.
    """
    parts, part_of = shapely.get_parts(areas, return_index=True)
    if not len(parts) or not len(points):
        return np.empty(0, np.int32), np.empty(0, np.int32)
    spots = np.asarray(shapely.points(points.lon_deg, points.lat_deg), dtype=np.object_)
    tree = shapely.STRtree(spots)
    part, row = tree.query(parts, predicate="intersects")
    pairs = np.unique(np.stack([row, part_of[part]], axis=1), axis=0)
    return pairs[:, 0].astype(np.int32), pairs[:, 1].astype(np.int32)


def first_area(areas: Shapes, points: Points) -> Ints:
    """Return the first area that each place lies in, -1 where it lies in none, shape (n,)."""
    found = np.full(len(points), NO_AREA, dtype=np.int32)
    row, area = areas_around(areas, points)
    found[row[::-1]] = area[::-1]
    return found


def area_km2(areas: Shapes) -> Floats:
    """Return the size of each area on the globe, edges straight on the map, shape (a,).

    Source: Lambert's cylindrical projection keeps areas: x = longitude, y = sin(latitude).
    """
    fine = shapely.segmentize(areas, _PIECE_DEG)
    flat = shapely.transform(
        fine, lambda xy: np.stack([np.radians(xy[:, 0]), np.sin(np.radians(xy[:, 1]))], axis=1)
    )
    sizes: Floats = np.asarray(shapely.area(flat)) * EARTH_RADIUS_KM**2
    return sizes


def overlaps(areas: Shapes, *, least_km2: float = 0.01) -> tuple[Ints, Ints, Floats]:
    """Return the pairs of areas that overlap, first row below second, and by how many km2.

    Areas that only touch do not overlap; nor do slivers below `least_km2`, which are left over
    where two outlines follow one border.
    """
    tree = shapely.STRtree(areas)
    first, second = tree.query(areas, predicate="intersects")
    once = first < second
    first, second = first[once], second[once]
    shared = shapely.intersection(areas[first], areas[second])
    sizes = area_km2(shared) if len(shared) else np.empty(0)
    large = sizes >= least_km2
    order = np.lexsort((second[large], first[large]))
    return (
        first[large][order].astype(np.int32),
        second[large][order].astype(np.int32),
        sizes[large][order],
    )
