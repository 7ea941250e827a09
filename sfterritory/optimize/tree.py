"""Shortest trees that join the places of each territory, and how far apart its farthest two lie."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import minimum_spanning_tree

from sfterritory.model.columns import Floats
from sfterritory.model.sphere import Vectors, km_between
from sfterritory.optimize.engine.contiguity import land
from sfterritory.optimize.engine.kernel import compiled

Longs = NDArray[np.int64]

# Up to here looking at every pair is faster than a triangulation, and exact without one.
_PAIRWISE = 3_000
_DIRECTIONS = 400


class Trees(NamedTuple):
    """Edges of the minimum spanning tree of each group.

    Attributes:
        one: Row at one end of each edge, shape (e,).
        two: Row at the other end.
        spread_km: Between the two rows of each group that lie farthest apart, 0 without rows, (g,).
    """

    one: Longs
    two: Longs
    spread_km: Floats


def spanning_trees(vectors: Vectors, groups: NDArray[np.integer], *, n_groups: int) -> Trees:
    """Return a tree for each group; rows of group -1 are left out.

    A group of more than 3,000 rows takes the edges of its own Delaunay triangulation, where edges
    of length 0 are left out, and its farthest two rows are found to within 1 % of their distance.

    Source: Prim (1957); a Euclidean minimum spanning tree is part of the triangulation, Shamos and
    Hoey (1975); edges in ascending order of length, Kruskal (1956).
    """
    order, start = _sorted(groups, n_groups)
    placed = np.ascontiguousarray(vectors[order])
    parent, far = _prim(placed, start, _PAIRWISE)
    child = np.flatnonzero(parent >= 0)
    ones, twos = [parent[child]], [child]
    for group in np.flatnonzero(np.diff(start) > _PAIRWISE).tolist():
        begin, end = int(start[group]), int(start[group + 1])
        one, two = _kruskal(placed[begin:end])
        ones.append(one + begin)
        twos.append(two + begin)
    spread = _spreads(placed, start, far)
    return Trees(order[np.concatenate(ones)], order[np.concatenate(twos)], spread)


def spreads_km(vectors: Vectors, groups: NDArray[np.integer], *, n_groups: int) -> Floats:
    """Return how far apart the farthest two rows of each group lie, (g,), as `spanning_trees`."""
    order, start = _sorted(groups, n_groups)
    placed = np.ascontiguousarray(vectors[order])
    _, far = _prim(placed, start, _PAIRWISE)
    return _spreads(placed, start, far)


def _sorted(groups: NDArray[np.integer], n_groups: int) -> tuple[Longs, Longs]:
    """Return rows by group, those of group -1 left out, and where each group starts."""
    order = np.argsort(groups, kind="stable").astype(np.int64)
    order = order[np.searchsorted(groups[order], 0) :]
    return order, np.searchsorted(groups[order], np.arange(n_groups + 1)).astype(np.int64)


def _spreads(placed: Vectors, start: Longs, far: Longs) -> Floats:
    spread = np.zeros(len(far))
    some = far[:, 0] >= 0
    spread[some] = km_between(placed[far[some, 0]], placed[far[some, 1]])
    for group in np.flatnonzero(np.diff(start) > _PAIRWISE).tolist():
        spread[group] = _farthest_km(placed[start[group] : start[group + 1]])
    return spread


@compiled
def _prim(vectors: Vectors, start: Longs, most: int) -> tuple[Longs, Longs]:
    """Return the parent of each row, -1 for the first of a group, and the farthest two of each."""
    parent = np.full(len(vectors), -1, dtype=np.int64)
    far = np.full((len(start) - 1, 2), -1, dtype=np.int64)
    for group in range(len(start) - 1):
        begin, m = start[group], start[group + 1] - start[group]
        if m == 0 or m > most:
            continue
        waiting = np.arange(begin, begin + m)
        away = np.full(m, np.inf)
        here, widest = begin, -1.0
        waiting[0] = waiting[m - 1]
        for left in range(m - 1, 0, -1):
            nearest = 0
            for at in range(left):
                row = waiting[at]
                dx = vectors[row, 0] - vectors[here, 0]
                dy = vectors[row, 1] - vectors[here, 1]
                dz = vectors[row, 2] - vectors[here, 2]
                apart = dx * dx + dy * dy + dz * dz
                if apart > widest:
                    widest, far[group, 0], far[group, 1] = apart, here, row
                if apart < away[at]:
                    away[at], parent[row] = apart, here
                if away[at] < away[nearest]:
                    nearest = at
            here = waiting[nearest]
            waiting[nearest], away[nearest] = waiting[left - 1], away[left - 1]
        if m == 1:
            far[group, 0], far[group, 1] = begin, begin
    return parent, far


def _kruskal(vectors: Vectors) -> tuple[Longs, Longs]:
    where = land(vectors)
    first = where.rows[where.row_start[:-1]]
    one = np.repeat(np.arange(len(first)), np.diff(where.start))
    upper = one < where.to
    one, two = one[upper], where.to[upper]
    km = km_between(vectors[first[one]], vectors[first[two]])
    tree = minimum_spanning_tree(coo_array((km, (one, two)), shape=(len(first),) * 2).tocsr())
    ends = tree.tocoo().coords
    return first[ends[0]], first[ends[1]]


def _farthest_km(vectors: Vectors) -> float:
    """Return the longest distance between rows that lie outermost in some direction."""
    turn = np.arange(_DIRECTIONS) * np.pi * (3.0 - np.sqrt(5.0))  # even over the sphere
    z = 1.0 - (2.0 * np.arange(_DIRECTIONS) + 1.0) / _DIRECTIONS
    round_it = np.sqrt(1.0 - z * z)
    outermost: set[int] = set()
    middle: Floats = vectors.mean(axis=0)
    offset = vectors - middle
    for x, y, up in zip(round_it * np.cos(turn), round_it * np.sin(turn), z, strict=True):
        outermost.add(int(np.argmax(offset[:, 0] * x + offset[:, 1] * y + offset[:, 2] * up)))
    rows = np.array(sorted(outermost), dtype=np.int64)
    return float(km_between(vectors[rows][:, None], vectors[rows][None, :]).max())
