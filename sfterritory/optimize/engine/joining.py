"""Territories in one piece: fragments join their neighbours, and borders move without tearing."""

from __future__ import annotations

import numpy as np

from sfterritory.model.columns import Flags, Floats, Ints
from sfterritory.optimize.engine.contiguity import Land, fragments
from sfterritory.optimize.engine.desk import HI, LO, LOAD, set_prices
from sfterritory.optimize.engine.guard import Book, guarded_shifts, guarded_swaps
from sfterritory.optimize.engine.kernel import Longs
from sfterritory.optimize.engine.problem import Problem
from sfterritory.optimize.sphere import Vectors, km_between

_REPAIRS = 30
_PRICES = (0.05, 0.2, 1.0, 5.0, 50.0, 1e4, 1e6)  # of the mean cost of an hour
_ROUNDS = 6
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
    for price in _PRICES:
        extra = price * mean_km * float(problem.hours.sum()) / totals
        set_prices(bands, psi, extra)
        for _ in range(_ROUNDS):
            moves = guarded_shifts(book, where, territory, bands, 1e-13 * scale)
            at_border = _borders(where, territory, problem.lock >= 0, problem.n_reps)
            moves += guarded_swaps(book, where, territory, bands, (at_border, 1e-13 * scale))
            if moves == 0:
                break
    return territory


def _without_fragments(problem: Problem, territory: Ints, centres: Vectors, where: Land) -> Ints:
    territory = territory.copy()
    for _ in range(_REPAIRS):
        number = fragments(where, territory, hours=problem.hours)
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
