"""Finding the territory of 80,000 points: whole columns against a loop over an R-tree.

200 territories out of 20,000 points, drawn as the product draws them. The loop is the usual one:
candidates of the tree, then the polygon itself, point by point.
"""

from __future__ import annotations

import numpy as np
import rtree
import shapely
from scipy.spatial import cKDTree

from bench.figure import Figure, median_cpu_s
from sfterritory.geography.areas import draw_areas
from sfterritory.geography.territory_index import TerritoryIndex
from sfterritory.model.columns import Floats, Ints

TERRITORIES, DRAWN, ASKED = 200, 20_000, 80_000
LEAST_RATIO = 4.0


def figures() -> list[Figure]:
    """Return the speed of the bulk look-up and its ratio to the loop."""
    rng = np.random.default_rng(1)
    centres = np.column_stack(
        [rng.uniform(-120, -75, TERRITORIES), rng.uniform(30, 47, TERRITORIES)]
    )
    lon, lat = (rng.choice(centres, DRAWN) + rng.normal(0, 1, (DRAWN, 2))).T
    _, nearest = cKDTree(centres).query(np.column_stack([lon, lat]))
    areas = draw_areas(lon, lat, np.asarray(nearest, dtype=np.int32), TERRITORIES)
    asked_lon, asked_lat = (rng.choice(centres, ASKED) + rng.normal(0, 1, (ASKED, 2))).T

    index = TerritoryIndex(areas.polygons, max_gap_km=0.0)
    tree = rtree.index.Index()
    for number, area in enumerate(areas.polygons):
        tree.insert(number, area.bounds)
        shapely.prepare(area)
    assert np.array_equal(
        index.territories_at(asked_lon, asked_lat),
        _looped(tree, areas.polygons, asked_lon, asked_lat),
    )
    bulk_s = median_cpu_s(lambda: index.territories_at(asked_lon, asked_lat))
    loop_s = median_cpu_s(lambda: _looped(tree, areas.polygons, asked_lon, asked_lat), repeats=3)
    return [
        Figure("territory look-up", ASKED / bulk_s, "points/s"),
        Figure("look-up over an rtree loop", loop_s / bulk_s, "times", at_least=LEAST_RATIO),
    ]


def _looped(
    tree: rtree.index.Index,
    areas: tuple[shapely.Polygon | shapely.MultiPolygon, ...],
    lon: Floats,
    lat: Floats,
) -> Ints:
    found = []
    for x, y in zip(lon.tolist(), lat.tolist(), strict=True):
        inside = [
            number
            for number in tree.intersection((x, y, x, y))
            if shapely.intersects_xy(areas[number], x, y)
        ]
        found.append(min(inside, default=-1))
    return np.array(found, dtype=np.int32)
