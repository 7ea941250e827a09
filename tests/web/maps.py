"""Points to draw: any number of owners on a plane, with a few records far away."""

from __future__ import annotations

import numpy as np
import shapely
from render.plans import user_id
from scipy.spatial import cKDTree

from sfterritory.model.columns import Floats, Ints
from sfterritory.web.map_drawing import MapPoints


def points_of(records: int, owners: int, *, seed: int = 3, far_away: int = 0) -> MapPoints:
    """Return clustered records; each belongs to the nearest of `owners` centres after the plan."""
    rng = np.random.default_rng(seed)
    cities = np.column_stack((rng.uniform(-122, -72, 60), rng.uniform(28, 47, 60)))
    place = cities[rng.integers(0, 60, records)] + rng.normal(0, 1.6, (records, 2))
    place[:far_away] = (-157.8, 21.3)
    seats = place[rng.choice(records, owners, replace=False)]
    centres = shapely.multipoints(seats)
    after = _nearest(place, seats)
    shifted = _nearest(place + rng.normal(0, 0.9, place.shape), seats)
    cells = shapely.get_parts(
        shapely.voronoi_polygons(centres, extend_to=shapely.box(-125, 25, -67, 49))
    )
    tree = shapely.STRtree(cells)
    hull = shapely.buffer(shapely.MultiPoint(place[far_away : far_away + 1_500]), 0.6)
    areas = tuple(
        shapely.intersection(cells[tree.query(shapely.Point(seat), "intersects")[0]], hull)
        for seat in seats
    )
    return MapPoints(
        lon_deg=place[:, 0],
        lat_deg=place[:, 1],
        before=shifted,
        after=after,
        owner_ids=tuple(user_id(i) for i in range(owners)),
        owner_names=tuple(f"Rep {i}" for i in range(owners)),
        areas=areas,
    )


def _nearest(place: Floats, seats: Floats) -> Ints:
    return np.asarray(cKDTree(seats).query(place)[1], dtype=np.int32)
