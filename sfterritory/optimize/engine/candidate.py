"""Which reps a row may join: near ones, cheap ones, its own, and those that reach out for it.

Only reps that may have it (`terms`) are ever among them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.spatial import cKDTree

from sfterritory.model.columns import Floats, Ints
from sfterritory.model.sphere import Vectors
from sfterritory.optimize.engine.kernel import Longs, arc_km, compiled, travel_km
from sfterritory.optimize.engine.rows import Blocks, Rows, make_regions
from sfterritory.optimize.engine.terms import Terms, priced_km

_FEW_ROWS = 8  # half a block
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


def candidate_arcs(  # noqa: PLR0913 - where rows and centres lie, their terms, and how many
    rows: Rows,
    blocks: Blocks,
    centres: Vectors,
    *,
    terms: Terms,
    psi: Floats,
    near: int = 8,
    cheap: int = 8,
) -> Arcs:
    """Return the arcs worth having at prices `psi`, shape (k,), exact up to the numbers asked.

    Each row gets the nearest and the cheapest reps that may have it, today's among them, and those
    that have it among the nearest rows that they may have.
    """
    most = int(np.diff(terms.start).max())
    limits = (terms, min(near, most), min(cheap, most))
    best = _best(rows, (blocks, make_regions(blocks)), centres, psi, limits)
    reached_start, reached = _reached(rows, blocks, centres, terms)
    start, rep, row = _merge(best, _own(rows, terms), reached_start, reached)
    return Arcs(start, rep, _costs(rows, centres, terms, start, rep), row)


def recosted(arcs: Arcs, rows: Rows, centres: Vectors, terms: Terms) -> Arcs:
    """Return the same pairs at what they cost with other centres."""
    return arcs._replace(cost_km=_costs(rows, centres, terms, arcs.start, arcs.rep))


def _own(rows: Rows, terms: Terms) -> Ints:
    """Return today's rep of each row where he may keep it, else -1."""
    may = np.isfinite(terms.extra_km[rows.group, np.maximum(rows.rep, 0)]) & (rows.rep >= 0)
    own: Ints = np.where(may, rows.rep, -1).astype(np.int32)
    return own


def _reached(rows: Rows, blocks: Blocks, centres: Vectors, terms: Terms) -> tuple[Longs, Ints]:
    """Return, by row, the centres that have the row among their nearest 2.5 n / k.

    Each group by itself, n rows and the k reps that may have them: a rep with one small group gets
    as large a part of it as another gets of everything.
    """
    bounds = np.append(np.flatnonzero(np.diff(blocks.group, prepend=-1)), len(blocks.group))
    found = []
    for begin, end in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        reps = terms.reps_of(int(blocks.group[begin]))
        n = int(blocks.start[end] - blocks.start[begin])
        wanted = int(np.ceil(_REACH_FACTOR * n / len(reps)))
        if wanted <= _FEW_ROWS:
            found.append(_nearest_rows(rows, int(blocks.start[begin]), n, centres, reps, wanted))
            continue
        count = min(end - begin, int(np.ceil(wanted * (end - begin) / n)) + 2)
        tree = cKDTree(blocks.middle[begin:end])
        _, nearest = tree.query(centres[reps], k=np.arange(1, count + 1))
        nearest = np.asarray(nearest, dtype=np.int64) + begin
        found.append(_within_reach(blocks.start, nearest, reps, wanted))
    rep = np.concatenate([reps for reps, _, _ in found])
    first = np.concatenate([one for _, one, _ in found])
    end = np.concatenate([one for _, _, one in found])
    return _by_row(len(rows.hours), rep, first, end)


def _nearest_rows(
    rows: Rows, begin: int, n: int, centres: Vectors, reps: Ints, wanted: int
) -> tuple[Ints, Longs, Longs]:
    """Return what `_within_reach` does, row by row: a block would be many times what is wanted."""
    few = min(wanted, n)
    _, nearest = cKDTree(rows.vectors[begin : begin + n]).query(
        centres[reps], k=np.arange(1, few + 1)
    )
    row = np.asarray(nearest, dtype=np.int64).ravel() + begin
    return np.repeat(reps, few), row, row + 1


@compiled
def _within_reach(
    block_start: Longs, nearest: Longs, reps: Ints, wanted: int
) -> tuple[Ints, Longs, Longs]:
    """Return reps, first rows and ends: the nearest blocks of each until they hold enough rows."""
    rep, block = np.empty(nearest.size, dtype=np.int32), np.empty(nearest.size, dtype=np.int64)
    count = 0
    for one in range(len(reps)):
        rows_taken = 0
        for at in range(nearest.shape[1]):
            if rows_taken >= wanted:
                break
            taken = nearest[one, at]
            rep[count], block[count] = reps[one], taken
            rows_taken += block_start[taken + 1] - block_start[taken]
            count += 1
    kept = block[:count]
    return rep[:count], block_start[kept], block_start[kept + 1]


@compiled
def _by_row(n: int, rep: Ints, first: Longs, end: Longs) -> tuple[Longs, Ints]:
    start = np.zeros(n + 1, dtype=np.int64)
    for at in range(len(rep)):
        for row in range(first[at], end[at]):
            start[row + 1] += 1
    start = np.cumsum(start)
    filled = start[:-1].copy()
    reached = np.empty(start[n], dtype=np.int32)
    for at in range(len(rep)):
        for row in range(first[at], end[at]):
            reached[filled[row]] = rep[at]
            filled[row] += 1
    return start, reached


@compiled
def _best(
    rows: Rows,
    places: tuple[Blocks, Blocks],
    centres: Vectors,
    psi: Floats,
    limits: tuple[Terms, int, int],
) -> Ints:
    """Return the nearest and the cheapest reps of each row, in any order, with repeats and -1.

    `places` are blocks and the regions of blocks: who is out of the question for a region is not
    looked at again.
    """
    blocks, regions = places
    terms, near, cheap = limits
    max_km = terms.max_km
    chosen = np.empty((len(rows.hours), near + cheap), dtype=np.int32)
    near_key, near_rep = np.empty(near), np.empty(near, dtype=np.int32)
    cheap_key, cheap_rep = np.empty(cheap), np.empty(cheap, dtype=np.int32)
    region, among = -1, terms.allowed
    for block in range(len(blocks.radius_km)):
        if block == regions.start[region + 1]:
            region += 1
            group = regions.group[region]
            among = terms.allowed[terms.start[group] : terms.start[group + 1]]
            among = _pool(regions, region, among, (centres, psi), limits)
        pool = _pool(blocks, block, among, (centres, psi), limits)
        added = terms.extra_km[blocks.group[block]] - psi
        for row in range(blocks.start[block], blocks.start[block + 1]):
            near_key[:], cheap_key[:] = np.inf, np.inf
            near_rep[:], cheap_rep[:] = -1, -1
            for rep in pool:
                one = arc_km(
                    rows.vectors[row, 0], rows.vectors[row, 1], rows.vectors[row, 2],
                    centres[rep, 0], centres[rep, 1], centres[rep, 2],
                )  # fmt: skip
                _keep_least(near_key, near_rep, one, rep)
                _keep_least(cheap_key, cheap_rep, travel_km(one, max_km[rep]) + added[rep], rep)
            chosen[row, :near] = near_rep
            chosen[row, near:] = cheap_rep
    return chosen


@compiled
def _pool(
    blocks: Blocks,
    block: int,
    among: Ints,
    prices: tuple[Vectors, Floats],
    limits: tuple[Terms, int, int],
) -> Ints:
    """Return those of some reps that can be among the best of a row of the block, ascending."""
    (centres, psi), (terms, near, cheap) = prices, limits
    radius, group = blocks.radius_km[block], blocks.group[block]
    km, price = np.empty(len(among)), np.empty(len(among))
    for at in range(len(among)):
        rep = among[at]
        km[at] = arc_km(
            blocks.middle[block, 0], blocks.middle[block, 1], blocks.middle[block, 2],
            centres[rep, 0], centres[rep, 1], centres[rep, 2],
        )  # fmt: skip
        price[at] = priced_km(terms, group, rep, km[at] + radius) - psi[rep]
    near, cheap = min(near, len(among)), min(cheap, len(among))
    most_km = np.partition(km, near - 1)[near - 1] + 2.0 * radius
    most_price = np.partition(price, cheap - 1)[cheap - 1]
    count = 0
    pool = np.empty(len(among), dtype=np.int32)
    for at in range(len(among)):
        rep = among[at]
        least_price = priced_km(terms, group, rep, max(0.0, km[at] - radius)) - psi[rep]
        if km[at] <= most_km or least_price <= most_price:
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
        if best[row, at] >= 0:
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
def merged(one: Arcs, two: Arcs) -> Arcs:
    """Return the arcs of both, of the same rows and costs."""
    n = len(one.start) - 1
    most = len(one.rep) + len(two.rep)
    rep, row_of = np.empty(most, dtype=np.int32), np.empty(most, dtype=np.int32)
    cost_km, start = np.empty(most), np.zeros(n + 1, dtype=np.int64)
    count = 0
    for row in range(n):
        at, end = one.start[row], one.start[row + 1]
        other, other_end = two.start[row], two.start[row + 1]
        while at < end or other < other_end:
            mine = at < end and (other >= other_end or one.rep[at] <= two.rep[other])
            both = mine and other < other_end and one.rep[at] == two.rep[other]
            rep[count] = one.rep[at] if mine else two.rep[other]
            cost_km[count] = one.cost_km[at] if mine else two.cost_km[other]
            row_of[count] = row
            count += 1
            at += 1 if mine else 0
            other += 1 if both or not mine else 0
        start[row + 1] = count
    return Arcs(start, rep[:count].copy(), cost_km[:count].copy(), row_of[:count].copy())


@compiled
def _costs(rows: Rows, centres: Vectors, terms: Terms, start: Longs, rep: Ints) -> Floats:
    cost_km = np.empty(len(rep))
    for row in range(len(rows.hours)):
        for arc in range(start[row], start[row + 1]):
            to = rep[arc]
            km = arc_km(
                rows.vectors[row, 0], rows.vectors[row, 1], rows.vectors[row, 2],
                centres[to, 0], centres[to, 1], centres[to, 2],
            )  # fmt: skip
            leaves = rows.rep[row] >= 0 and rows.rep[row] != to
            churn_km = rows.churn_km[row] if leaves else 0.0
            cost_km[arc] = priced_km(terms, rows.group[row], to, km) + churn_km
    return cost_km
