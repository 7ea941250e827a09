"""Barriers: rivers, mountains, borders and waters that a straight line does not see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from sfterritory.geography.leg import Shapes, crossed_lines, discs
from sfterritory.model.columns import Floats, Ints
from sfterritory.model.sphere import haversine_km
from sfterritory.model.travel import Points


@dataclass(frozen=True, slots=True)
class Bridges:
    """Places where barriers can be crossed.

    Attributes:
        points: Where they are, c of them.
        radius_km: Within this distance the barrier is not there, shape (c,).
        barrier: Row of the barrier that each leads over, -1 where it leads over any, shape (c,).
    """

    points: Points
    radius_km: Floats
    barrier: Ints


@dataclass(frozen=True, slots=True)
class Barriers:
    """What stands in the way.

    Attributes:
        names: Of each barrier, b of them.
        lines: What must not be crossed: lines, and the outlines of areas, open at bridges, (b,).
        bridges: Where they are open.
    """

    names: tuple[str, ...]
    lines: Shapes
    bridges: Bridges

    def __len__(self) -> int:
        return len(self.names)


@dataclass(frozen=True, slots=True)
class Crossings:
    """Legs that cross a barrier, in ascending order of leg and barrier, shape (m,).

    Attributes:
        leg: Row of the leg.
        barrier: Row of the barrier.
        straight_km: Length of the leg as the crow flies.
        bridge_km: Length by the nearest bridge of that barrier; NaN where it has none.
    """

    leg: Ints
    barrier: Ints
    straight_km: Floats
    bridge_km: Floats

    def __len__(self) -> int:
        return len(self.leg)


NO_BRIDGES = Bridges(Points(np.empty(0), np.empty(0)), np.empty(0), np.empty(0, np.int32))


def barriers_of(names: Sequence[str], shapes: Shapes, *, bridges: Bridges = NO_BRIDGES) -> Barriers:
    """Return barriers from what people drew: lines as they are, areas by their outlines.

    An area is crossed where a leg passes its outline, so two places within it are not apart.
    """
    lines = np.array(
        [one if shapely.get_dimensions(one) == 1 else shapely.boundary(one) for one in shapes],
        dtype=np.object_,
    )
    if len(bridges.points):
        gaps = discs(bridges.points, radius_km=bridges.radius_km)
        for row in range(len(lines)):
            mine = gaps[(bridges.barrier == row) | (bridges.barrier == -1)]
            if len(mine):
                lines[row] = shapely.difference(lines[row], shapely.union_all(mine))
    return Barriers(tuple(names), lines, bridges)


def crossings(origins: Points, destinations: Points, barriers: Barriers) -> Crossings:
    """Return which legs cross which barriers; legs as the crow flies, row by row."""
    leg, barrier = crossed_lines(barriers.lines, origins, destinations)
    start, end = origins.taken(leg), destinations.taken(leg)
    return Crossings(
        leg=leg,
        barrier=barrier,
        straight_km=haversine_km(
            start.lon_deg, start.lat_deg, to_lon_deg=end.lon_deg, to_lat_deg=end.lat_deg
        ),
        bridge_km=_by_bridge(start, end, barrier, bridges=barriers.bridges),
    )


def _by_bridge(start: Points, end: Points, barrier: Ints, *, bridges: Bridges) -> Floats:
    """Return the shortest way from start to end over a bridge of the barrier."""
    best = np.full(len(barrier), np.inf)
    for row in range(len(bridges.points)):
        bridge = bridges.points.taken(np.array([row]))
        over = np.flatnonzero((bridges.barrier[row] == -1) | (barrier == bridges.barrier[row]))
        way = sum(
            haversine_km(
                one.lon_deg[over],
                one.lat_deg[over],
                to_lon_deg=bridge.lon_deg,
                to_lat_deg=bridge.lat_deg,
            )
            for one in (start, end)
        )
        best[over] = np.minimum(best[over], way)
    return np.where(np.isinf(best), np.nan, best)
