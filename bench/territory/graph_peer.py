"""Peers that cut a graph of neighbours, or count heads; made available by `make peers`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

import kahip
import numpy as np
import pymetis
from k_means_constrained import KMeansConstrained
from scipy.spatial import Delaunay

from sfterritory.model.columns import Floats, Ints
from sfterritory.optimize.engine.kernel import Longs
from sfterritory.optimize.engine.problem import Problem
from sfterritory.optimize.sphere import chord_km, lon_lat

_HOUR_UNIT = 1000
_EDGE_UNIT = 1000.0  # an edge of 1 km weighs half of it: long edges are cheap to cut
_IMBALANCE = 0.02
_HEADS_SLACK = 0.02
_HEADS_ITERATIONS = 5
_SEED = 1


def metis(problem: Problem) -> Ints:
    """Return METIS k-way on the Delaunay graph, 2 % over the mean at most."""
    start, to, weight, hours = _graph(problem)
    _, part = pymetis.part_graph(
        problem.n_reps,
        xadj=start.tolist(),
        adjncy=to.tolist(),
        vweights=hours.tolist(),
        eweights=weight.tolist(),
        recursive=False,
        options=pymetis.Options(ufactor=round(1000 * _IMBALANCE), seed=_SEED),
    )
    return np.asarray(part, dtype=np.int32)


def kaffpa(problem: Problem) -> Ints:
    """Return KaHIP (eco) on the Delaunay graph, 2 % over the mean at most."""
    start, to, weight, hours = _graph(problem)
    graph = [column.tolist() for column in (hours, start, weight, to)]
    _, part = kahip.kaffpa(*graph, problem.n_reps, _IMBALANCE, True, _SEED, kahip.ECO)
    return np.asarray(part, dtype=np.int32)


def equal_heads(problem: Problem) -> Ints:
    """Return k-means with equal numbers of accounts: it knows no workload."""
    n, k = len(problem.hours), problem.n_reps
    model = KMeansConstrained(
        n_clusters=k,
        size_min=int(np.floor(n / k * (1 - _HEADS_SLACK))),
        size_max=int(np.ceil(n / k * (1 + _HEADS_SLACK))),
        n_init=1,
        max_iter=_HEADS_ITERATIONS,
        random_state=_SEED,
    )
    return np.asarray(model.fit_predict(problem.vectors), dtype=np.int32)


GRAPH_PEERS: Mapping[str, Callable[[Problem], Ints]] = {
    "METIS": metis,
    "KaHIP": kaffpa,
    "k-means-constrained": equal_heads,
}


def _graph(problem: Problem) -> tuple[Longs, Longs, Longs, Longs]:
    """Return starts, neighbours, edge weights and hours in whole numbers."""
    lon, lat = lon_lat(problem.vectors)
    plane: Floats = np.column_stack((lon * np.cos(np.radians(lat.mean())), lat))
    start, to = cast("Any", Delaunay(plane)).vertex_neighbor_vertices
    start, to = start.astype(np.int64), to.astype(np.int64)
    here = np.repeat(np.arange(len(plane)), np.diff(start))
    gap = problem.vectors[here] - problem.vectors[to]
    km = chord_km(np.sqrt((gap * gap).sum(axis=1)))
    weight = np.maximum(1, np.rint(_EDGE_UNIT / (1.0 + km))).astype(np.int64)
    return start, to, weight, np.maximum(1, np.rint(problem.hours * _HOUR_UNIT)).astype(np.int64)
