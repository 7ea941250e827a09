"""Areas: polygons that cover what each territory owns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import MultiPolygon, Polygon

from sfterritory.geography.voronoi import reach_cells
from sfterritory.model.columns import Flags, Floats, Ints

# Points this close are one place: a tenth of a metre, far finer than any address, and far
# coarser than the rounding of the geometry.
COORDINATE_DECIMALS = 6
# A tenth of a millimetre. Neighbouring cells round a common edge differently; without a grid, a
# slit of no width would stay between them, and lengthen the outline.
_GRID_DEG = 1e-9

_UNOWNED = -1


@dataclass(frozen=True, slots=True)
class Areas:
    """The land of each territory.

    Attributes:
        polygons: One a territory, in order; empty where a territory owns no point.
        shared: Points that lie in another territory's area, because that territory owns more of
            the points at the very same place; shape (n,).
    """

    polygons: tuple[Polygon | MultiPolygon, ...]
    shared: Flags

    @property
    def shared_count(self) -> int:
        """Return how many points lie in another territory's area."""
        return int(np.count_nonzero(self.shared))


def draw_areas(
    lon_deg: Floats, lat_deg: Floats, territory: Ints, count: int, *, reach_km: float = 50.0
) -> Areas:
    """Draw the area of each territory: what is nearer to its points than to any other's.

    Guaranteed, with coordinates taken to `COORDINATE_DECIMALS` decimals: every polygon is valid;
    every point lies in the area of its territory, unless it is marked `shared`; areas overlap
    nowhere by more than rounding; no area reaches further than `reach_km` from a point of its
    own, so that oceans and empty land belong to nobody. Not guaranteed: that an area is of one
    piece, or that its outline follows streets or borders.

    Points at one place make one Voronoi cell; it goes to the territory that owns most of them,
    to the lowest of several. Distances are taken in the plane of longitude and latitude, so
    borders lean towards north and south at high latitudes, and at a pole an area ends at 90
    degrees: who lives across it is not seen as near. An area across the antimeridian is cut there
    into parts that both end at it.

    Args:
        lon_deg: Longitude, -180 to 180, shape (n,).
        lat_deg: Latitude, -90 to 90.
        territory: Owner of each point, 0 to count - 1, or -1 for a point without one, which is
            left out.
        count: Number of territories.
        reach_km: How far an area reaches beyond its outermost points.

    Raises:
        ValueError: A coordinate is no place on earth, or a territory is out of range.
    """
    _check(lon_deg, lat_deg, territory, count)
    owned = np.flatnonzero(territory != _UNOWNED)
    shared = np.zeros(len(territory), dtype=np.bool_)
    if not len(owned):
        return Areas((Polygon(),) * count, shared)
    points = np.round(np.stack([lon_deg[owned], lat_deg[owned]], axis=1), COORDINATE_DECIMALS)
    points[points[:, 0] == 180, 0] = -180  # one meridian
    sites, site_of_point = np.unique(points + 0.0, axis=0, return_inverse=True)
    site_of_point = site_of_point.reshape(-1)
    owner = _majority(site_of_point, territory[owned], len(sites), count=count)
    shared[owned] = owner[site_of_point] != territory[owned]
    cells = reach_cells(sites, reach_km=reach_km)
    polygons = tuple(_dissolved(cells[owner == number]) for number in range(count))
    return Areas(polygons, shared)


def _check(lon_deg: Floats, lat_deg: Floats, territory: Ints, count: int) -> None:
    wrong = np.flatnonzero(~((np.abs(lon_deg) <= 180) & (np.abs(lat_deg) <= 90)))
    if len(wrong):
        row = int(wrong[0])
        raise ValueError(
            f"{len(wrong)} points are no places on earth, the first in row {row}: "
            f"longitude {lon_deg[row]}, latitude {lat_deg[row]}"
        )
    strange = np.flatnonzero((territory < _UNOWNED) | (territory >= count))
    if len(strange):
        raise ValueError(
            f"territory {int(territory[strange[0]])} in row {int(strange[0])} is not below {count}"
        )


def _majority(
    site_of_point: NDArray[np.intp], territory: Ints, site_count: int, *, count: int
) -> Ints:
    """Return the territory that owns most points of each site, the lowest of several."""
    pairs, votes = np.unique(site_of_point.astype(np.int64) * count + territory, return_counts=True)
    sites, territories = np.divmod(pairs, count)
    order = np.lexsort((territories, -votes, sites))
    first = np.unique(sites[order], return_index=True)[1]
    owner = np.full(site_count, _UNOWNED, dtype=np.int32)
    owner[sites[order][first]] = territories[order][first]
    return owner


def _dissolved(cells: NDArray[np.object_]) -> Polygon | MultiPolygon:
    """Join cells; collapsed leftovers of the cutting are dropped."""
    joined = shapely.set_precision(shapely.union_all(cells), _GRID_DEG)
    if not joined.is_valid:
        joined = shapely.make_valid(joined, method="structure", keep_collapsed=False)
    parts = [part for part in shapely.get_parts(joined) if isinstance(part, Polygon)]
    whole: Sequence[Polygon] = [part for part in parts if not part.is_empty]
    if len(whole) == 1:
        return whole[0]
    return MultiPolygon(whole) if whole else Polygon()
