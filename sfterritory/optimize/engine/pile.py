"""Many accounts or homes on one point, set apart by metres, so that the search can tell them apart.

A search by nearness stalls where everything is as near as everything else. The plan is found on
places within a disc of ten metres, and costs, bound and centres are those of the true places.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sfterritory.model.sphere import EARTH_RADIUS_KM, Vectors, unit_length
from sfterritory.optimize.engine.problem import Problem

_RADIUS_KM = 0.01
_TURN = np.pi * (3.0 - np.sqrt(5.0))  # the golden angle: a sunflower fills its disc evenly
_FEW_ROWS, _FEW_HOMES = 16, 4


def without_piles(problem: Problem) -> Problem:
    """Return the problem with what is piled up on one point set apart; itself where nothing is."""
    rows = max(_FEW_ROWS, len(problem.vectors) // (2 * problem.n_reps))
    vectors = set_apart(problem.vectors, most=rows)
    homes = set_apart(problem.homes, most=_FEW_HOMES)
    if vectors is problem.vectors and homes is problem.homes:
        return problem
    return replace(problem, vectors=vectors, homes=homes)


def set_apart(vectors: Vectors, *, most: int) -> Vectors:
    """Return unit vectors with those on points that hold more than `most` in a disc round them.

    Rows of NaN stay. The order within a disc is that of the rows.
    """
    known = np.flatnonzero(~np.isnan(vectors[:, 0]))
    _, counts = np.unique(vectors[known, 0], return_counts=True)
    if counts.max(initial=0) <= most:
        return vectors
    x, y, z = vectors[known].T
    order = known[np.lexsort((z, y, x))]
    ordered = vectors[order]
    new = np.append(True, (ordered[1:] != ordered[:-1]).any(axis=1))
    first = np.flatnonzero(new)
    size = np.diff(np.append(first, len(order)))
    pile = np.cumsum(new) - 1
    rank = np.arange(len(order)) - first[pile]
    chosen = size[pile] > most
    if not chosen.any():
        return vectors
    middle, rank, size = ordered[chosen], rank[chosen], size[pile][chosen]
    axis = np.eye(3)[np.abs(middle).argmin(axis=1)]
    east = unit_length(np.cross(axis, middle))
    north = np.cross(middle, east)
    radius = _RADIUS_KM / EARTH_RADIUS_KM * np.sqrt((rank + 0.5) / size)
    across, along = radius * np.cos(rank * _TURN), radius * np.sin(rank * _TURN)
    apart = vectors.copy()
    apart[order[chosen]] = unit_length(middle + across[:, None] * east + along[:, None] * north)
    return apart
