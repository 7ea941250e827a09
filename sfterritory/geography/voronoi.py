"""Voronoi cells in the plane of longitude and latitude, each cut to a disc around its site."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import KDTree
from shapely import MultiPolygon, Polygon

from sfterritory.model.columns import Floats
from sfterritory.model.sphere import KM_PER_DEGREE

Cells = NDArray[np.object_]

Ring = list[tuple[float, float]]

_TURN_DEG = 360.0
_DISC_CORNERS = 48
_ANGLES = np.linspace(0, 2 * np.pi, _DISC_CORNERS, endpoint=False)
_CIRCLE = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], axis=1)


def reach_cells(sites: Floats, *, reach_km: float) -> Cells:
    """Return for each site the places within its reach that are nearer to it than to others.

    Sites near the antimeridian are seen from both sides of it, and a cell that crosses it comes
    back in two parts.

    A disc takes nothing from a neighbour, for it is cut with the site's own cell only. Cutting
    is done here, half-plane by half-plane in degrees from the site: `shapely.intersection` of a
    disc and a cell was seen to return the wrong side of an edge next to the disc's corner.

    Args:
        sites: Distinct longitudes and latitudes, shape (n, 2), n above 0; none at 180 degrees,
            which is -180.
        reach_km: Radius of the discs.
    """
    reach_deg = _reach_deg(sites, reach_km)
    mirrored = _mirrored(sites, reach_deg)
    everywhere = np.concatenate([sites, mirrored])
    cells = _cells(everywhere, _reach_deg(everywhere, reach_km))[: len(sites)]
    west, _, east, _ = shapely.bounds(cells).T
    for row in np.flatnonzero((west < -180) | (east > 180)).tolist():
        cells[row] = _parts_of_world(cells[row])
    return cells


def _reach_deg(sites: Floats, reach_km: float) -> Floats:
    """Return how far each site reaches to the east and to the north, shape (n, 2)."""
    reach_lat = reach_km / KM_PER_DEGREE
    # Near the poles a disc would go round the earth.
    reach_lon = np.minimum(reach_lat / np.cos(np.radians(np.minimum(np.abs(sites[:, 1]), 85))), 90)
    return np.stack([reach_lon, np.full(len(sites), reach_lat)], axis=1)


def _mirrored(sites: Floats, reach_deg: Floats) -> Floats:
    """Return the sites that those across the antimeridian have to see, one turn of the earth away.

    Two sites meet only if they are no further apart than both of their discs reach.
    """
    sees = reach_deg[:, 0] + reach_deg[:, 0].max(initial=0.0)
    turned = [
        sites[np.abs(sites[:, 0] - side) <= sees] - [np.copysign(_TURN_DEG, side), 0.0]
        for side in (-180.0, 180.0)
    ]
    return np.concatenate(turned)


def _cells(sites: Floats, reach_deg: Floats) -> Cells:
    cells = _diagram(sites, reach_deg)
    corners, cell_of_corner = shapely.get_coordinates(cells, return_index=True)
    away = np.hypot(*((corners - sites[cell_of_corner]) / reach_deg[cell_of_corner]).T)
    furthest = np.zeros(len(sites))
    np.maximum.at(furthest, cell_of_corner, away)
    for row in np.flatnonzero(furthest > 1).tolist():
        edges = _edges(shapely.get_coordinates(cells[row]) - sites[row])
        cells[row] = _cut_disc(sites[row], reach_deg[row], edges)
    return _mended(cells, sites, reach_deg)


def _parts_of_world(cell: Polygon) -> MultiPolygon:
    """Return a convex cell cut at the antimeridian, each part within -180 to 180 degrees."""
    ring = [(x, y) for x, y in shapely.get_coordinates(cell)[:-1].tolist()]
    parts = []
    for turn in (-_TURN_DEG, 0.0, _TURN_DEG):
        # Cut before it is turned: -180 and 180 are exact, and both parts share the same corners.
        inside = _cut(_cut(ring, 1, 0, 180 - turn), -1, 0, 180 + turn)
        if len(inside) > 2:
            parts.append(Polygon([(x + turn, y) for x, y in inside]))
    return MultiPolygon([part for part in parts if part.area > 0])


def _diagram(sites: Floats, reach_deg: Floats) -> Cells:
    """Return the Voronoi cells, in the order of the sites."""
    far = 4 * max(float(reach_deg.max()), 1.0)
    low, high = sites.min(axis=0) - far, sites.max(axis=0) + far
    # Four far corners bound every real cell, and make even a single site a Voronoi diagram.
    corners = np.array([[low[0], low[1]], [low[0], high[1]], [high[0], low[1]], [high[0], high[1]]])
    points = shapely.multipoints(np.concatenate([sites, corners]))
    return shapely.get_parts(shapely.voronoi_polygons(points, ordered=True))[: len(sites)]


def _mended(cells: Cells, sites: Floats, reach_deg: Floats) -> Cells:
    """Compute again, one by one, the cells that GEOS got wrong, and their neighbours.

    A site outside its own cell, or inside another's, shows a wrong cell. The triangulation may
    get one wrong where points a decimetre apart are far from all others.
    """
    tree = shapely.STRtree(cells)
    site, cell = tree.query(np.asarray(shapely.points(sites), dtype=np.object_), "intersects")
    strayed = site != cell
    homeless = np.setdiff1d(np.arange(len(sites)), site[~strayed])
    todo = {*homeless.tolist(), *site[strayed].tolist(), *cell[strayed].tolist()}
    if not todo:
        return cells
    neighbours = KDTree(sites)
    mended = cells.copy()
    done: set[int] = set()
    while todo - done:
        new = sorted(todo - done)
        for row in new:
            bisectors = _bisectors(row, sites, neighbours, 2 * float(reach_deg[row].max()))
            mended[row] = _cut_disc(sites[row], reach_deg[row], bisectors)
        done |= set(new)
        # Only what overlaps a new cell is doubtful: right neighbours merely touch it.
        one, other = tree.query(mended[new], "intersects")
        overlap = shapely.area(shapely.intersection(mended[new][one], mended[other]))
        smaller = np.minimum(shapely.area(mended[new][one]), shapely.area(mended[other]))
        todo |= set(other[overlap > 1e-9 * smaller].tolist())
    return mended


HalfPlane = tuple[float, float, float]
"""(a, b, c): the points (x, y), in degrees from the site, with a x + b y <= c."""


def _edges(ring: Floats) -> Iterator[HalfPlane]:
    """Yield the half-planes that bound a convex ring around the origin."""
    for (ax, ay), (bx, by) in pairwise(ring.tolist()):
        across, up = by - ay, ax - bx
        limit = across * ax + up * ay
        yield (across, up, limit) if limit >= 0 else (-across, -up, -limit)


def _bisectors(
    row: int, sites: Floats, neighbours: KDTree, radius_deg: float
) -> Iterator[HalfPlane]:
    """Yield the half-planes nearer to one site than to each other site within a radius."""
    for other in sorted(neighbours.query_ball_point(sites[row], radius_deg)):
        if other != row:
            x, y = (sites[other] - sites[row]).tolist()
            yield x, y, (x * x + y * y) / 2


def _cut_disc(site: Floats, reach_deg: Floats, half_planes: Iterable[HalfPlane]) -> Polygon:
    """Return what the half-planes leave of a site's disc within the map."""
    lon, lat = site.tolist()
    world = ((0, 1, 90 - lat), (0, -1, 90 + lat))
    ring: Ring = [(x, y) for x, y in (_CIRCLE * reach_deg).tolist()]
    for a, b, c in (*world, *half_planes):
        ring = _cut(ring, a, b, c)
    return Polygon([(lon + x, lat + y) for x, y in ring])


def _cut(ring: Ring, a: float, b: float, c: float) -> Ring:
    """Return the part of a convex ring with a x + b y <= c."""
    sides = [a * x + b * y - c for x, y in ring]
    if max(sides, default=0.0) <= 0:
        return ring
    kept: Ring = []
    ends = zip(ring, sides, strict=True)
    nexts = zip([*ring[1:], ring[0]], [*sides[1:], sides[0]], strict=True)
    for ((ax, ay), before), ((bx, by), after) in zip(ends, nexts, strict=True):
        if before <= 0:
            kept.append((ax, ay))
        if before * after < 0:
            share = before / (before - after)
            kept.append((ax + share * (bx - ax), ay + share * (by - ay)))
    return kept
