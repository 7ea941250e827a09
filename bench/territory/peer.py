"""What else divides accounts: each peer takes a problem with free centres and returns reps."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from ortools.graph.python import min_cost_flow
from scipy.spatial import cKDTree

from sfterritory.model.columns import Floats, Ints
from sfterritory.model.sphere import Vectors, chord_km, group_medians, lon_lat
from sfterritory.optimize.engine.kernel import Longs
from sfterritory.optimize.engine.problem import Problem
from sfterritory.optimize.engine.rows import space_order

_FLOW_UNIT = 1000  # flow and cost are whole numbers: milli-hours and metres
_FILL_FIRST = 10_000_000  # metres below any cost: a lower limit is filled before anything else


def bisection(problem: Problem) -> Ints:
    """Return recursive coordinate bisection to k parts."""
    order, start = space_order(problem.vectors, problem.hours, parts=problem.n_reps)
    return _labelled(order, start)


def hilbert(problem: Problem) -> Ints:
    """Return equal stretches of a Hilbert curve over longitude and latitude."""
    lon, lat = lon_lat(problem.vectors)
    side = 1 << 16
    x = ((lon - lon.min()) / max(np.ptp(lon), 1e-9) * (side - 1)).astype(np.int64)
    y = ((lat - lat.min()) / max(np.ptp(lat), 1e-9) * (side - 1)).astype(np.int64)
    order = np.argsort(_hilbert_key(x, y, side), kind="stable")
    running = np.cumsum(problem.hours[order])
    part = np.floor((running - 0.5 * problem.hours[order]) / running[-1] * problem.n_reps)
    territory = np.empty(len(order), dtype=np.int32)
    territory[order] = np.clip(part, 0, problem.n_reps - 1).astype(np.int32)
    return territory


def influence(problem: Problem, *, rounds: int = 25) -> Ints:
    """Return k-means whose clusters shrink as they overflow (after von Looz et al., 2018)."""
    centres = _bisected_centres(problem)
    k, mean = problem.n_reps, problem.hours.sum() / problem.n_reps
    weight = np.ones(k)
    for _ in range(rounds):
        near = min(12, k)
        chord, rep = _nearest(problem, centres, near)
        for _ in range(8):
            best = np.argmin(chord * weight[rep], axis=1)
            territory = rep[np.arange(len(rep)), best].astype(np.int32)
            load = np.bincount(territory, weights=problem.hours, minlength=k)
            weight *= np.clip((load / mean) ** 0.25, 0.8, 1.25)
        centres = _medians(problem, territory, centres)
    return np.asarray(territory, dtype=np.int32)


def flow(problem: Problem, *, rounds: int = 12, near: int = 12) -> Ints:
    """Return location-allocation by OR-tools' exact min-cost flow on the nearest centres."""
    centres = _bisected_centres(problem)
    for _ in range(rounds if problem.free_centre.any() else 1):
        territory = _flow_once(problem, centres, near=min(near, problem.n_reps))
        centres = _medians(problem, territory, centres)
    return territory


def short_flow(problem: Problem) -> Ints:
    """Return the same with less effort: 5 rounds on the 8 nearest centres."""
    return flow(problem, rounds=5, near=8)


def greedy(problem: Problem) -> Ints:
    """Return accounts in order of regret, each with the nearest centre that has room."""
    centres, k = _bisected_centres(problem), problem.n_reps
    chord, rep = _nearest(problem, centres, min(24, k))
    regret = (chord[:, -1] - chord[:, 0]) * problem.hours
    load, hi = np.zeros(k), problem.measures[0].hi
    territory = np.empty(len(rep), dtype=np.int32)
    for row in np.argsort(-regret, kind="stable"):
        fits = load[rep[row]] + problem.hours[row] <= hi[rep[row]]
        chosen = rep[row][np.argmax(fits)] if fits.any() else int(np.argmin(load - hi))
        territory[row] = chosen
        load[chosen] += problem.hours[row]
    return territory


PEERS: Mapping[str, Callable[[Problem], Ints]] = {
    "bisection": bisection,
    "hilbert": hilbert,
    "influence k-means": influence,
    "greedy by regret": greedy,
    "min-cost flow, 5 rounds": short_flow,
    "min-cost flow": flow,
}


def _flow_once(problem: Problem, centres: Vectors, *, near: int) -> Ints:
    n, k, hours = len(problem.hours), problem.n_reps, problem.hours
    chord, rep = _nearest(problem, centres, near)
    supply = np.maximum(1, np.rint(hours * _FLOW_UNIT)).astype(np.int64)
    measure = problem.measures[0]
    lo = np.floor(measure.lo * _FLOW_UNIT).astype(np.int64)
    hi = np.ceil(measure.hi * _FLOW_UNIT).astype(np.int64)
    network = min_cost_flow.SimpleMinCostFlow()
    rows = np.repeat(np.arange(n), near)
    metres = np.rint(chord_km(chord) * 1000).astype(np.int64).ravel()
    arcs = network.add_arcs_with_capacity_and_unit_cost(
        rows, n + rep.ravel(), np.repeat(supply, near), metres
    )
    sink = n + k
    reps = n + np.arange(k)
    network.add_arcs_with_capacity_and_unit_cost(
        reps, np.full(k, sink), lo, np.full(k, -_FILL_FIRST)
    )
    network.add_arcs_with_capacity_and_unit_cost(reps, np.full(k, sink), hi - lo, np.zeros(k, int))
    network.set_nodes_supplies(np.arange(n), supply)
    network.set_nodes_supplies(np.array([sink]), np.array([-supply.sum()]))
    if network.solve_max_flow_with_min_cost() != network.OPTIMAL:
        raise RuntimeError("the flow has no answer")
    sent = network.flows(arcs).reshape(n, near)
    territory: Ints = rep[np.arange(n), np.argmax(sent, axis=1)].astype(np.int32)
    return territory


def _nearest(problem: Problem, centres: Vectors, near: int) -> tuple[Floats, Longs]:
    """Return chords to the nearest centres, and which they are, both (n, near)."""
    chord, rep = cKDTree(centres).query(problem.vectors, k=list(range(1, near + 1)))
    return np.asarray(chord), np.asarray(rep, dtype=np.int64)


def _bisected_centres(problem: Problem) -> Vectors:
    fresh = group_medians(
        problem.vectors, problem.hours, groups=bisection(problem), n_groups=problem.n_reps
    )
    return np.where(problem.free_centre[:, None], fresh, problem.homes)


def _medians(problem: Problem, territory: Ints, centres: Vectors) -> Vectors:
    moved = group_medians(problem.vectors, problem.hours, groups=territory, n_groups=problem.n_reps)
    moved = np.where(np.isnan(moved), centres, moved)
    return np.where(problem.free_centre[:, None], moved, problem.homes)


def _labelled(order: Longs, start: Longs) -> Ints:
    territory = np.empty(len(order), dtype=np.int32)
    territory[order] = np.repeat(np.arange(len(start) - 1, dtype=np.int32), np.diff(start))
    return territory


def _hilbert_key(x: Longs, y: Longs, side: int) -> Longs:
    x, y, key = x.copy(), y.copy(), np.zeros(len(x), dtype=np.int64)
    step = side // 2
    while step:
        right, up = (x & step) > 0, (y & step) > 0
        key += step * step * ((3 * right) ^ up)
        flip = ~up & right
        x[flip], y[flip] = side - 1 - x[flip], side - 1 - y[flip]
        swap = ~up
        x[swap], y[swap] = y[swap].copy(), x[swap].copy()
        step //= 2
    return key
