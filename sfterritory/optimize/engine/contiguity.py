"""Which places are neighbours, and which pieces of a territory hang together.

Accounts on one point are one place. Places are neighbours where they share an edge of the Delaunay
triangulation of the sphere, and the edge is no longer than the widest gap that counts as land.
Parts that no edge joins are islands: a territory may have one piece on each.

Source: the spherical Delaunay triangulation is the convex hull of the unit vectors, Brown (1979).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import ConvexHull, QhullError, cKDTree

from sfterritory.model.columns import Floats, Ints
from sfterritory.model.sphere import Vectors, km_between
from sfterritory.optimize.engine.kernel import Longs


class Land(NamedTuple):
    """Places and their neighbours.

    Attributes:
        place: Of each account, shape (n,).
        row_start: First entry of each place in `rows`, and n, shape (p + 1,).
        rows: Accounts by place, shape (n,).
        start: First entry of each place in `to`, and the number of entries, shape (p + 1,).
        to: Neighbour places, ascending, shape (e,).
        island: Of each place, shape (p,).
    """

    place: Longs
    row_start: Longs
    rows: Longs
    start: Longs
    to: Longs
    island: Ints


def land(vectors: Vectors, *, gap_km: float = np.inf) -> Land:
    """Return the neighbours of accounts; edges longer than `gap_km` are cut."""
    places, place = np.unique(vectors, axis=0, return_inverse=True)
    place = place.ravel().astype(np.int64)
    one, two = _edges(places)
    near = km_between(places[one], places[two]) <= gap_km
    one, two = one[near], two[near]
    key = np.unique(np.concatenate((one * len(places) + two, two * len(places) + one)))
    one, two = key // len(places), key % len(places)
    _, island = connected_components(
        coo_array((np.ones(len(one), np.int8), (one, two)), shape=(len(places),) * 2).tocsr(),
        directed=False,
    )
    counts = np.bincount(place, minlength=len(places))
    return Land(
        place,
        np.append(0, np.cumsum(counts)),
        np.argsort(place, kind="stable"),
        np.append(0, np.cumsum(np.bincount(one, minlength=len(places)))),
        two,
        island.astype(np.int32),
    )


def fragments(where: Land, territory: Ints, *, hours: Floats) -> Ints:
    """Return, for each account, 0 in the main piece of its territory on its island, else 1 and up.

    The main piece has the most hours, of equals the lowest row. Numbers above 0 name fragments.
    """
    k = int(territory.max(initial=0)) + 1
    seat, seat_of = np.unique(where.place * k + territory, return_inverse=True)
    one, two = _seat_edges(where.start, where.to, seat, k)
    _, piece = connected_components(
        coo_array((np.ones(len(one), np.int8), (one, two)), shape=(len(seat),) * 2).tocsr(),
        directed=False,
    )
    of_row = piece[seat_of.ravel()]
    load = np.bincount(of_row, weights=hours) + 1e-12 * np.bincount(of_row)
    _, first = np.unique(of_row, return_index=True)
    group = where.island[where.place[first]].astype(np.int64) * k + territory[first]
    order = np.lexsort((first, -load, group))
    _, main = np.unique(group[order], return_index=True)
    number = np.zeros(len(load), dtype=np.int32)
    others = np.ones(len(load), dtype=np.bool_)
    others[order[main]] = False
    number[others] = np.arange(1, int(others.sum()) + 1)
    answer: Ints = number[of_row]
    return answer


def _edges(places: Vectors) -> tuple[Longs, Longs]:
    n = len(places)
    if n < 2:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    try:
        hull = ConvexHull(places, qhull_options="Qt")
    except (QhullError, ValueError):  # few places, or all on one circle
        corners = np.empty((0, 3), dtype=np.int64)
    else:
        # facets that the Earth's centre sees from outside close the hull under the places
        corners = hull.simplices[hull.equations[:, 3] < 0].astype(np.int64)
    one = np.concatenate((corners[:, 0], corners[:, 1], corners[:, 2]))
    two = np.concatenate((corners[:, 1], corners[:, 2], corners[:, 0]))
    alone = np.setdiff1d(np.arange(n), one)
    if len(alone):  # flat with their neighbours, or no hull at all: the nearest two
        _, near = cKDTree(places).query(places[alone], k=[2, min(3, n)])
        one = np.concatenate((one, np.repeat(alone, 2)))
        two = np.concatenate((two, np.asarray(near, dtype=np.int64).ravel()))
    return one, two


def _seat_edges(start: Longs, to: Longs, seat: Longs, k: int) -> tuple[Longs, Longs]:
    """Return pairs of seats (place, territory) of one territory on neighbour places."""
    at, who = seat // k, seat % k
    degree = np.diff(start)[at]
    one = np.repeat(np.arange(len(seat)), degree)
    offset = np.arange(len(one)) - np.repeat(np.cumsum(degree) - degree, degree)
    wanted = to[start[at][one] + offset] * k + who[one]
    two = np.minimum(np.searchsorted(seat, wanted), len(seat) - 1)
    there = seat[two] == wanted
    return one[there], two[there]
