"""One judge for every plan: it knows the problem and the reps, nothing of who made them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import ConvexHull

from sfterritory.model.columns import Ints
from sfterritory.model.sphere import group_medians, km_between
from sfterritory.optimize.engine.problem import Problem


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a plan is worth.

    Attributes:
        feasible: Every account has a rep, every lock and every band is kept.
        least: Lowest load over the middle of its band, first measure.
        most: Highest load over the middle of its band, first measure.
        mean_km: Workload-weighted distance to the home, or to the territory's own median.
        cost_km_hours: Hours x (km + churn).
    """

    feasible: bool
    least: float
    most: float
    mean_km: float
    cost_km_hours: float


def judge(problem: Problem, territory: Ints) -> Verdict:
    """Return the verdict on a plan."""
    k, hours = problem.n_reps, problem.hours
    whole = len(territory) == len(hours) and bool(((territory >= 0) & (territory < k)).all())
    locks = bool((territory[problem.lock >= 0] == problem.lock[problem.lock >= 0]).all())
    load = np.vstack(
        [np.bincount(territory, weights=one.amount, minlength=k) for one in problem.measures]
    )
    lo = np.vstack([one.lo for one in problem.measures])
    hi = np.vstack([one.hi for one in problem.measures])
    middle = group_medians(problem.vectors, hours, groups=territory, n_groups=k)
    centre = np.where(problem.free_centre[:, None], middle, problem.homes)
    km = km_between(problem.vectors, centre[territory])
    moved = (problem.rep >= 0) & (problem.rep != territory)
    share = load[0] / (0.5 * (lo[0] + hi[0]))
    return Verdict(
        feasible=whole and locks and bool(((load >= lo) & (load <= hi)).all()),
        least=float(share.min()),
        most=float(share.max()),
        mean_km=float((hours * km).sum() / hours.sum()),
        cost_km_hours=float((hours * (km + problem.churn_km * moved)).sum()),
    )


def extra_pieces(problem: Problem, territory: Ints) -> int:
    """Return how many pieces there are beyond one for each territory that has an account.

    Neighbours are those of the Delaunay triangulation on the sphere.
    """
    places, place = np.unique(problem.vectors, axis=0, return_inverse=True)
    corners = ConvexHull(places).simplices
    one, two = (corners[:, columns].ravel() for columns in ([0, 1, 2], [1, 2, 0]))
    # a node is what one territory has at one place: places with several accounts join no two
    k = problem.n_reps
    nodes, node = np.unique(place.astype(np.int64) * k + territory, return_inverse=True)
    rep_of = nodes % k
    first = np.searchsorted(nodes, np.arange(len(places)) * k)
    size = np.diff(np.append(first, len(nodes)))
    if (size > 1).any():
        raise ValueError("accounts of several reps on one place: not counted")
    joined = rep_of[first[one]] == rep_of[first[two]]
    n = len(nodes)
    edges = coo_array((np.ones(int(joined.sum())), (one[joined], two[joined])), shape=(n, n))
    return int(connected_components(edges, directed=False)[0]) - len(np.unique(rep_of[node]))
