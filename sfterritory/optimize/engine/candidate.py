"""Which reps a row may join: near ones, cheap ones, its own, and those that reach out for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.spatial import cKDTree

from sfterritory.model.columns import Floats, Ints
from sfterritory.optimize.engine.kernel import arc_km, compiled, travel_km
from sfterritory.optimize.engine.rows import Groups, Longs, Rows
from sfterritory.optimize.sphere import Vectors

_REACH_FACTOR = 2.5  # a centre in a dense city holds nothing at the start: it reaches for rows


class Arcs(NamedTuple):
    """Pairs (row, rep), sorted by row and then rep, none twice; every row has one.

    Attributes:
        start: First arc of each row, and the number of arcs at the end, shape (n + 1,).
        rep: Who may own the row, shape (m,).
        cost_km: Kilometres with churn and maximum travel priced in, for each hour, shape (m,).
        row: Whose arc it is, shape (m,).
    """

    start: Longs
    rep: Ints
    cost_km: Floats
    row: Ints

    def of_rows(self, chosen: Longs) -> Arcs:
        """Return the arcs of some rows, ascending, numbered from 0."""
        count = np.diff(self.start)[chosen]
        start = np.append(0, np.cumsum(count))
        row = np.repeat(np.arange(len(chosen), dtype=np.int32), count)
        kept = np.arange(start[-1]) - start[row] + self.start[chosen][row]
        return Arcs(start, self.rep[kept], self.cost_km[kept], row)


@dataclass(frozen=True, slots=True)
class Reach:
    """How far the search for candidates goes.

    Attributes:
        near: How many of the nearest centres each row gets.
        cheap: How many of the centres with the least distance less price.
        max_km: Longest distance that is not priced as prohibitive.
    """

    near: int = 8
    cheap: int = 8
    max_km: float = np.inf


def candidate_arcs(
    rows: Rows, groups: Groups, centres: Vectors, *, psi: Floats, reach: Reach
) -> Arcs:
    """Return the arcs worth having at prices `psi`, shape (k,), exact up to the numbers asked."""
    k = len(centres)
    near, cheap = min(reach.near, k), min(reach.cheap, k)
    best = _best(rows, groups, centres, psi, (near, cheap, reach.max_km))
    reached_start, reached = _reached(rows, groups, centres)
    start, rep, row = _merge(best, rows.rep, reached_start, reached)
    cost_km = _costs(rows, centres, start, rep, reach.max_km)
    return Arcs(start, rep, cost_km, row)


def _reached(rows: Rows, groups: Groups, centres: Vectors) -> tuple[Longs, Ints]:
    """Return, by row, the centres that have the row among their nearest 2.5 n / k."""
    n, k, g = len(rows.hours), len(centres), len(groups.radius_km)
    wanted = int(np.ceil(_REACH_FACTOR * n / k))
    count = min(g, int(np.ceil(wanted * g / n)) + 2)
    _, nearest = cKDTree(groups.middle).query(centres, k=np.arange(1, count + 1))
    return _by_row(n, groups.start, np.asarray(nearest, dtype=np.int64), wanted)


@compiled
def _by_row(n: int, group_start: Longs, nearest: Longs, wanted: int) -> tuple[Longs, Ints]:
    start = np.zeros(n + 1, dtype=np.int64)
    taken = np.zeros(len(nearest), dtype=np.int64)
    for rep in range(len(nearest)):
        rows_taken = 0
        while taken[rep] < nearest.shape[1] and rows_taken < wanted:
            group = nearest[rep, taken[rep]]
            for row in range(group_start[group], group_start[group + 1]):
                start[row + 1] += 1
                rows_taken += 1
            taken[rep] += 1
    start = np.cumsum(start)
    filled = start[:-1].copy()
    reached = np.empty(start[n], dtype=np.int32)
    for rep in range(len(nearest)):
        for at in range(taken[rep]):
            group = nearest[rep, at]
            for row in range(group_start[group], group_start[group + 1]):
                reached[filled[row]] = rep
                filled[row] += 1
    return start, reached


@compiled
def _best(
    rows: Rows, groups: Groups, centres: Vectors, psi: Floats, limits: tuple[int, int, float]
) -> Ints:
    """Return the nearest and the cheapest centres of each row, in any order and with repeats."""
    near, cheap, max_km = limits
    k = len(centres)
    chosen = np.empty((len(rows.hours), near + cheap), dtype=np.int32)
    km, price = np.empty(k), np.empty(k)
    near_key, near_rep = np.empty(near), np.empty(near, dtype=np.int32)
    cheap_key, cheap_rep = np.empty(cheap), np.empty(cheap, dtype=np.int32)
    for group in range(len(groups.radius_km)):
        pool = _pool(groups, group, centres, psi, (km, price), limits)
        for row in range(groups.start[group], groups.start[group + 1]):
            near_key[:], cheap_key[:] = np.inf, np.inf
            for rep in pool:
                one = arc_km(
                    rows.vectors[row, 0], rows.vectors[row, 1], rows.vectors[row, 2],
                    centres[rep, 0], centres[rep, 1], centres[rep, 2],
                )  # fmt: skip
                _keep_least(near_key, near_rep, one, rep)
                _keep_least(cheap_key, cheap_rep, travel_km(one, max_km) - psi[rep], rep)
            chosen[row, :near] = near_rep
            chosen[row, near:] = cheap_rep
    return chosen


@compiled
def _pool(
    groups: Groups,
    group: int,
    centres: Vectors,
    psi: Floats,
    scratch: tuple[Floats, Floats],
    limits: tuple[int, int, float],
) -> Longs:
    """Return the centres that can be among the best of some row of the group."""
    near, cheap, max_km = limits
    km, price = scratch
    radius = groups.radius_km[group]
    for rep in range(len(psi)):
        km[rep] = arc_km(
            groups.middle[group, 0], groups.middle[group, 1], groups.middle[group, 2],
            centres[rep, 0], centres[rep, 1], centres[rep, 2],
        )  # fmt: skip
        price[rep] = travel_km(km[rep] + radius, max_km) - psi[rep]
    most_km = np.partition(km, near - 1)[near - 1] + 2.0 * radius
    most_price = np.partition(price, cheap - 1)[cheap - 1]
    count = 0
    pool = np.empty(len(psi), dtype=np.int64)
    for rep in range(len(psi)):
        least_price = travel_km(max(0.0, km[rep] - radius), max_km) - psi[rep]
        if km[rep] <= most_km or least_price <= most_price:
            pool[count] = rep
            count += 1
    return pool[:count]


@compiled
def _keep_least(keys: Floats, reps: Ints, key: float, rep: int) -> None:
    """Insert into a short sorted list; of equal keys the lower rep came first and stays first."""
    at = len(keys) - 1
    if key >= keys[at]:
        return
    while at > 0 and keys[at - 1] > key:
        keys[at], reps[at] = keys[at - 1], reps[at - 1]
        at -= 1
    keys[at], reps[at] = key, rep


@compiled
def _merge(best: Ints, own: Ints, reached_start: Longs, reached: Ints) -> tuple[Longs, Ints, Ints]:
    """Return start, rep and row of the union of three kinds of candidates, without repeats."""
    n, width = best.shape
    most = int((reached_start[1:] - reached_start[:-1]).max()) + width + 1
    some = np.empty(most, dtype=np.int32)
    start = np.zeros(n + 1, dtype=np.int64)
    for row in range(n):
        start[row + 1] = start[row] + _union(best, own, reached_start, reached, (row, some))
    rep = np.empty(start[n], dtype=np.int32)
    row_of = np.empty(start[n], dtype=np.int32)
    for row in range(n):
        count = _union(best, own, reached_start, reached, (row, some))
        rep[start[row] : start[row + 1]] = some[:count]
        row_of[start[row] : start[row + 1]] = row
    return start, rep, row_of


@compiled
def _union(
    best: Ints, own: Ints, reached_start: Longs, reached: Ints, target: tuple[int, Ints]
) -> int:
    """Write the candidates of one row, sorted and none twice; return how many they are."""
    row, some = target
    count = 0
    for at in range(best.shape[1]):
        count = _insert(some, count, best[row, at])
    for at in range(reached_start[row], reached_start[row + 1]):
        count = _insert(some, count, reached[at])
    if own[row] >= 0:
        count = _insert(some, count, own[row])
    return count


@compiled
def _insert(some: Ints, count: int, rep: int) -> int:
    at = count
    while at > 0 and some[at - 1] > rep:
        at -= 1
    if at > 0 and some[at - 1] == rep:
        return count
    for back in range(count, at, -1):
        some[back] = some[back - 1]
    some[at] = rep
    return count + 1


@compiled
def _costs(rows: Rows, centres: Vectors, start: Longs, rep: Ints, max_km: float) -> Floats:
    cost_km = np.empty(len(rep))
    for row in range(len(rows.hours)):
        for arc in range(start[row], start[row + 1]):
            to = rep[arc]
            km = arc_km(
                rows.vectors[row, 0], rows.vectors[row, 1], rows.vectors[row, 2],
                centres[to, 0], centres[to, 1], centres[to, 2],
            )  # fmt: skip
            leaves = rows.rep[row] >= 0 and rows.rep[row] != to
            cost_km[arc] = travel_km(km, max_km) + (rows.churn_km[row] if leaves else 0.0)
    return cost_km
