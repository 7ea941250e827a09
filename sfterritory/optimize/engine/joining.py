"""Territories in one piece: fragments join their neighbours, and borders move without tearing."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from sfterritory.model.columns import Flags, Floats, Ints
from sfterritory.model.sphere import Vectors, km_between
from sfterritory.optimize.engine.contiguity import Land, fragments
from sfterritory.optimize.engine.desk import (
    HI,
    HI_PRICE,
    LO,
    LO_PRICE,
    LOAD,
    STRICT,
    outside,
    set_prices,
)
from sfterritory.optimize.engine.guard import Book, guarded_shifts, guarded_swaps
from sfterritory.optimize.engine.kernel import Longs
from sfterritory.optimize.engine.problem import Problem

_REPAIRS = 30
_PRICES = (0.05, 0.2, 1.0, 5.0, 50.0, 1e4, 1e6)  # of the mean cost of an hour
_ROUNDS = 6
_PASSES, _STALE_PASSES = 200, 20
_SPARE_SHARE, _SPARE_OF_WIDTH = 5e-4, 0.1  # few rows may move untorn, so loads end a little outside


def joined(
    problem: Problem,
    territory: Ints,
    centres: Vectors,
    *,
    psi: Floats,
    band: tuple[Floats, Floats],
    where: Land,
) -> Ints:
    """Return the plan with every piece that may move joined to a neighbour, bands kept if possible.

    `band` has the limits that are kept, lo and hi, each (k, measures). Being in one piece outranks
    them. A fragment that holds a locked account stays: the lock outranks it.
    """
    territory = _without_fragments(problem, territory, centres, where)
    book = Book(
        problem.vectors, problem.hours, problem.rep, problem.churn_km, problem.lock >= 0, centres,
        np.column_stack([one.amount for one in problem.measures]), problem.group, problem.terms,
        problem.held_together,
    )  # fmt: skip
    bands = np.zeros((problem.n_reps, len(problem.measures), 6))
    bands[:, :, LOAD] = problem.loads(territory).T
    lo, hi = band
    spare = np.where(
        np.isfinite(hi), np.minimum(_SPARE_SHARE * hi, _SPARE_OF_WIDTH * (hi - lo)), 0.0
    )
    bands[:, :, LO], bands[:, :, HI] = np.where(lo > 0, lo + spare, lo), hi - spare
    scale = float((problem.hours * km_between(problem.vectors, centres[territory])).sum())
    mean_km = max(scale / max(float(problem.hours.sum()), 1e-300), 1e-9)
    totals = np.maximum(book.amounts.sum(axis=0), 1e-300)
    a_unit = mean_km * float(problem.hours.sum()) / totals
    floor = 1e-13 * scale
    for price in _PRICES:
        set_prices(bands, psi, price * a_unit)
        for _ in range(_ROUNDS):
            if _moved(book, where, territory, bands, floor) == 0:
                break
    if not outside(bands).any():
        return territory
    territory = _passed_on(book, where, territory, bands, (psi, _PRICES[-1] * a_unit, floor))
    bands[:, :, LOAD] = problem.loads(territory).T
    bands[:, :, STRICT] = 1.0
    set_prices(bands, psi, _PRICES[-1] * a_unit)
    for _ in range(_ROUNDS):
        if _moved(book, where, territory, bands, floor) == 0:
            break
    return territory


def _moved(book: Book, where: Land, territory: Ints, bands: Floats, floor: float) -> int:
    """Move and exchange rows at the borders once, in place; return how often."""
    moves = guarded_shifts(book, where, territory, bands, floor)
    at_border = _borders(where, territory, book.locked, len(bands))
    return moves + guarded_swaps(book, where, territory, bands, (at_border, floor))


def _passed_on(
    book: Book,
    where: Land,
    territory: Ints,
    bands: Floats,
    how: tuple[Floats, Floats, float],
) -> Ints:
    """Return the plan with loads outside bands passed on, from neighbour to neighbour.

    Where all neighbours are full, no single move pays. So what is outside costs more the farther it
    is from a territory with room, and every step towards there pays.
    """
    psi, extra, floor = how
    best, least, stale = territory.copy(), float((outside(bands) * extra).sum()), 0
    for _ in range(_PASSES):
        if least == 0.0 or stale == _STALE_PASSES:
            break
        set_prices(bands, psi, extra)
        giving, taking = _steps_to_room(where, territory, bands)
        bands[:, :, LO_PRICE] *= 1.0 + giving
        bands[:, :, HI_PRICE] *= 1.0 + taking
        _moved(book, where, territory, bands, floor)
        off = float((outside(bands) * extra).sum())
        stale += 1
        if off < least:
            best, least, stale = territory.copy(), off, 0
    return best


def _steps_to_room(where: Land, territory: Ints, bands: Floats) -> tuple[Floats, Floats]:
    """Return how many borders lie between each rep and one who can give, and one who can take.

    Shape (k, measures), k where nobody can.
    """
    k = len(bands)
    nobody = np.zeros(len(territory), dtype=np.bool_)
    pairs, _, _ = _borders(where, territory, nobody, k)
    borders = coo_array((np.ones(len(pairs)), (pairs // k, pairs % k)), shape=(k, k)).tocsr()
    load, lo, hi = bands[:, :, LOAD], bands[:, :, LO], bands[:, :, HI]
    middle = np.where(np.isfinite(hi), 0.5 * (lo + hi), np.inf)
    found = []
    for has_room in (load > np.where(np.isfinite(hi), middle, lo), load < middle):
        steps = np.full(load.shape, float(k))
        for m in range(load.shape[1]):
            reps = np.flatnonzero(has_room[:, m])
            if len(reps):
                far = dijkstra(borders, indices=reps, unweighted=True, min_only=True)
                steps[:, m] = np.minimum(far, k)
        found.append(steps)
    return found[0], found[1]


def _without_fragments(problem: Problem, territory: Ints, centres: Vectors, where: Land) -> Ints:
    territory = territory.copy()
    for _ in range(_REPAIRS):
        number = fragments(where, territory, hours=problem.hours)
        number[~problem.held_together[territory]] = 0
        stays = np.unique(number[(problem.lock >= 0) & (number > 0)])
        loose = np.flatnonzero((number > 0) & ~np.isin(number, stays))
        if len(loose) == 0:
            break
        order = loose[np.argsort(number[loose], kind="stable")]
        bounds = np.flatnonzero(np.diff(number[order], prepend=-1, append=-1))
        changed = False
        for begin, end in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
            rows = order[begin:end]
            target = _best_neighbour(problem, territory, centres, where, (rows, number))
            if target >= 0:
                territory[rows] = target
                changed = True
        if not changed:
            break
    return territory


def _best_neighbour(
    problem: Problem,
    territory: Ints,
    centres: Vectors,
    where: Land,
    piece: tuple[Longs, Ints],
) -> int:
    """Return the territory next to a fragment that may have it at the least cost, -1 for none."""
    rows, number = piece
    own = int(territory[rows[0]])
    found = set()
    for place in np.unique(where.place[rows]).tolist():
        around = [place, *where.to[where.start[place] : where.start[place + 1]].tolist()]
        for other in around:
            there = where.rows[where.row_start[other] : where.row_start[other + 1]]
            found.update(territory[there[number[there] == 0]].tolist())
    found.discard(own)
    best, best_cost = -1, np.inf
    for rep in sorted(found):
        km = km_between(problem.vectors[rows], centres[rep])
        moved = (problem.rep[rows] >= 0) & (problem.rep[rows] != rep)
        extra = km + problem.extra_km[problem.group[rows], rep] + problem.churn_km[rows] * moved
        # a token for idle rows: none of them may go to a rep who may never have it
        cost = float((np.maximum(problem.hours[rows], 1e-12) * extra).sum())
        if cost < best_cost:
            best, best_cost = rep, cost
    return best


def _borders(where: Land, territory: Ints, locked: Flags, k: int) -> tuple[Longs, Longs, Longs]:
    """Return pairs giver x k + taker, ascending, where each starts, and its rows that may move."""
    degree = np.diff(where.start)[where.place]
    row = np.repeat(np.arange(len(territory)), degree)
    offset = np.arange(len(row)) - np.repeat(np.cumsum(degree) - degree, degree)
    there = where.to[where.start[where.place][row] + offset]
    # one account of each neighbour place is enough: places rarely hold more
    taker = territory[where.rows[where.row_start[there]]].astype(np.int64)
    pair = territory[row].astype(np.int64) * k + taker
    wanted = (territory[row] != taker) & ~locked[row]
    key = np.unique(pair[wanted] * len(territory) + row[wanted])
    pairs, start = np.unique(key // len(territory), return_index=True)
    return pairs, np.append(start, len(key)), key % len(territory)
