"""Voronoi cells in the plane of longitude and latitude, each cut to a disc around its site."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import KDTree
from shapely import Polygon

from sfterritory.geography.distance import KM_PER_DEGREE
from sfterritory.model.columns import Floats

Cells = NDArray[np.object_]

_DISC_CORNERS = 48
_FIRST_NEIGHBOURS = 32


def reach_cells(sites: Floats, *, reach_km: float) -> Cells:
    """Return for each site the places within its reach that are nearer to it than to others.

    A disc takes nothing from a neighbour, for it is cut with the site's own cell only.

    Args:
        sites: Distinct longitudes and latitudes, shape (n, 2), n above 0.
        reach_km: Radius of the discs.
    """
    reach_lat = reach_km / KM_PER_DEGREE
    # Near the poles a disc would go round the earth.
    reach_lon = np.minimum(reach_lat / np.cos(np.radians(np.minimum(np.abs(sites[:, 1]), 85))), 90)
    reach_deg = np.stack([reach_lon, np.full(len(sites), reach_lat)], axis=1)
    cells = _mended(_diagram(sites, reach_deg), sites, reach_deg)
    corners, cell_of_corner = shapely.get_coordinates(cells, return_index=True)
    away = np.hypot(*((corners - sites[cell_of_corner]) / reach_deg[cell_of_corner]).T)
    furthest = np.zeros(len(sites))
    np.maximum.at(furthest, cell_of_corner, away)
    wide = np.flatnonzero(furthest > 1)
    angles = np.linspace(0, 2 * np.pi, _DISC_CORNERS, endpoint=False)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    discs = shapely.polygons(sites[wide, None, :] + circle[None, :, :] * reach_deg[wide, None, :])
    world = shapely.box(-180.0, -90.0, 180.0, 90.0)
    cells[wide] = shapely.intersection(shapely.intersection(cells[wide], discs), world)
    return cells


def _diagram(sites: Floats, reach_deg: Floats) -> Cells:
    """Return the Voronoi cells, in the order of the sites."""
    far = 4 * max(float(reach_deg.max()), 1.0)
    low, high = sites.min(axis=0) - far, sites.max(axis=0) + far
    # Four far corners bound every real cell, and make even a single site a Voronoi diagram.
    corners = np.array([[low[0], low[1]], [low[0], high[1]], [high[0], low[1]], [high[0], high[1]]])
    points = shapely.multipoints(np.concatenate([sites, corners]))
    return shapely.get_parts(shapely.voronoi_polygons(points, ordered=True))[: len(sites)]


def _mended(cells: Cells, sites: Floats, reach_deg: Floats) -> Cells:
    """Compute again, one by one, the cells that GEOS got wrong.

    Its triangulation loses sites that are a metre apart and thousands of kilometres from the
    next one: such a site then lies in its neighbour's cell. Cells next to a wrong one are
    computed again too.
    """
    tree = shapely.STRtree(cells)
    site, cell = tree.query(np.asarray(shapely.points(sites), dtype=np.object_), "intersects")
    own = np.zeros(len(sites), dtype=np.bool_)
    own[site[site == cell]] = True
    wrong = np.union1d(
        np.flatnonzero(~own), np.concatenate([site[site != cell], cell[site != cell]])
    )
    if not len(wrong):
        return cells
    neighbours = KDTree(sites)
    mended = cells.copy()
    todo, done = set(wrong.tolist()), set[int]()
    while todo - done:
        new = sorted(todo - done)
        for row in new:
            mended[row] = _cell(row, sites, reach_deg[row], neighbours)
        done |= set(new)
        # Only what overlaps a new cell is doubtful: right neighbours merely touch it.
        one, other = tree.query(mended[new], "intersects")
        overlap = shapely.area(shapely.intersection(mended[new][one], mended[other]))
        smaller = np.minimum(shapely.area(mended[new][one]), shapely.area(mended[other]))
        todo |= set(other[overlap > 1e-9 * smaller].tolist())
    return mended


def _cell(row: int, sites: Floats, reach_deg: Floats, neighbours: KDTree) -> Polygon:
    """Cut a box around one site by the bisectors towards its neighbours, the nearest first."""
    x, y = (reach_deg * 1.01).tolist()
    corners = [(-x, -y), (x, -y), (x, y), (-x, y)]
    count = 1
    while count < len(sites):
        known, count = count, min(max(2 * count, _FIRST_NEIGHBOURS), len(sites))
        distances, rows = neighbours.query(sites[row], k=count)
        for distance, other in zip(distances[known:].tolist(), rows[known:].tolist(), strict=True):
            # A bisector lies half way: beyond the furthest corner it cuts nothing off.
            if distance / 2 > max(np.hypot(*corner) for corner in corners):
                count = len(sites)
                break
            corners = _nearer(corners, (sites[other] - sites[row]).tolist())
    return Polygon([(sites[row, 0] + dx, sites[row, 1] + dy) for dx, dy in corners])


def _nearer(corners: list[tuple[float, float]], towards: list[float]) -> list[tuple[float, float]]:
    """Return the part of a convex ring that is nearer to the origin than to another point."""
    x, y = towards
    half = (x * x + y * y) / 2
    kept: list[tuple[float, float]] = []
    for (ax, ay), (bx, by) in pairwise([*corners, corners[0]]):
        before, after = ax * x + ay * y - half, bx * x + by * y - half
        if before <= 0:
            kept.append((ax, ay))
        if before * after < 0:
            share = before / (before - after)
            kept.append((ax + share * (bx - ax), ay + share * (by - ay)))
    return kept
