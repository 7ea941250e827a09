"""Territories in one piece: the neighbours of every place, fragments, and their repair.

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

from sfterritory.model.columns import Flags, Floats, Ints
from sfterritory.optimize.engine.kernel import arc_km, compiled, travel_km
from sfterritory.optimize.engine.polish import HI, HI_PRICE, LO, LO_PRICE, LOAD, broken
from sfterritory.optimize.engine.problem import Problem
from sfterritory.optimize.engine.rows import Longs
from sfterritory.optimize.sphere import Vectors, km_between

_REPAIRS = 30
_PRICES = (0.05, 0.2, 1.0, 5.0, 50.0, 1e4, 1e6)  # of the mean cost of an hour
_ROUNDS = 6


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


def joined(
    problem: Problem, territory: Ints, centres: Vectors, *, psi: Floats, where: Land
) -> Ints:
    """Return the plan with every piece that may move joined to a neighbour, bands kept if possible.

    A fragment that holds a locked account stays: the lock outranks it.
    """
    territory = _without_fragments(problem, territory, centres, where)
    churn = np.where(problem.rep >= 0, problem.churn_price_km, 0.0)
    book = _Book(
        problem.vectors, problem.hours, problem.rep, churn, problem.lock >= 0, centres,
        np.column_stack([one.amount for one in problem.measures]), problem.max_km,
    )  # fmt: skip
    bands = _bands(problem, territory)
    scale = float((problem.hours * km_between(problem.vectors, centres[territory])).sum())
    mean_km = max(scale / max(float(problem.hours.sum()), 1e-300), 1e-9)
    totals = np.maximum(book.amounts.sum(axis=0), 1e-300)
    for price in _PRICES:
        extra = price * mean_km * float(problem.hours.sum()) / totals
        bands[:, :, LO_PRICE] = extra
        bands[:, :, HI_PRICE] = extra
        bands[:, 0, LO_PRICE] += np.maximum(psi, 0.0)
        bands[:, 0, HI_PRICE] += np.maximum(-psi, 0.0)
        for _ in range(_ROUNDS):
            moves = _guarded_shifts(book, where, territory, bands, 1e-13 * scale)
            at_border = _borders(where, territory, problem.lock >= 0, problem.n_reps)
            moves += _guarded_swaps(book, where, territory, bands, (at_border, 1e-13 * scale))
            if moves == 0:
                break
    return territory


class _Book(NamedTuple):
    vectors: Vectors
    hours: Floats
    rep: Ints
    churn_km: Floats
    locked: Flags
    centres: Vectors
    amounts: Floats
    max_km: float


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


def _bands(problem: Problem, territory: Ints) -> Floats:
    bands = np.zeros((problem.n_reps, len(problem.measures), 5))
    bands[:, :, LOAD] = problem.loads(territory).T
    for m, measure in enumerate(problem.measures):
        bands[:, m, LO] = measure.lo * (1.0 + 1e-10)
        bands[:, m, HI] = np.maximum(measure.hi * (1.0 - 1e-10), bands[:, m, LO])
    return bands


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
    """Return the territory next to a fragment that takes it at the least cost, -1 for none."""
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
        cost = float((problem.hours[rows] * (km + problem.churn_price_km * moved)).sum())
        if cost < best_cost:
            best, best_cost = rep, cost
    return best


@compiled
def _cost(book: _Book, row: int, rep: int) -> float:
    km = arc_km(
        book.vectors[row, 0], book.vectors[row, 1], book.vectors[row, 2],
        book.centres[rep, 0], book.centres[rep, 1], book.centres[rep, 2],
    )  # fmt: skip
    leaves = book.rep[row] >= 0 and book.rep[row] != rep
    priced = travel_km(km, book.max_km) + (book.churn_km[row] if leaves else 0.0)
    return float(book.hours[row] * priced)


@compiled
def _holds(where: Land, territory: Ints, place: int, rep: int, but: int) -> bool:
    """Say whether a place has an account of the rep other than one row."""
    for at in range(where.row_start[place], where.row_start[place + 1]):
        row = where.rows[at]
        if row != but and territory[row] == rep:
            return True
    return False


@compiled
def _guarded_shifts(book: _Book, where: Land, territory: Ints, bands: Floats, floor: float) -> int:
    """Move rows to neighbour territories where that pays and tears nothing; return how many."""
    moves = 0
    seen = np.full(len(where.row_start) - 1, -1, dtype=np.int64)
    queue = np.empty(len(seen), dtype=np.int64)
    stamp = 0
    for row in range(len(territory)):
        if book.locked[row]:
            continue
        giver, place = territory[row], where.place[row]
        here = _cost(book, row, giver) - broken(bands, book.amounts, giver, row, -1)
        best, best_change = -1, -floor
        for at in range(where.start[place] - 1, where.start[place + 1]):
            other = place if at < where.start[place] else where.to[at]
            # the first and the last account of a place stand for it: places rarely hold more
            for end in (where.row_start[other], where.row_start[other + 1] - 1):
                taker = territory[where.rows[end]]
                if taker == giver or taker == best:  # noqa: PLR1714, SIM109 - `in` does not compile
                    continue
                change = _cost(book, row, taker) - here
                change += broken(bands, book.amounts, taker, -1, row)
                if change < best_change:
                    best, best_change = taker, change
        if best < 0:
            continue
        stamp += 1
        if _may_go(where, territory, row, (seen, queue, stamp)):
            for m in range(book.amounts.shape[1]):
                bands[giver, m, LOAD] -= book.amounts[row, m]
                bands[best, m, LOAD] += book.amounts[row, m]
            territory[row] = best
            moves += 1
    return moves


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


@compiled
def _guarded_swaps(
    book: _Book,
    where: Land,
    territory: Ints,
    bands: Floats,
    how: tuple[tuple[Longs, Longs, Longs], float],
) -> int:
    """Exchange rows of neighbour territories where that pays and tears nothing; return how many."""
    (pairs, start, rows), floor = how
    k, moves, stamp = len(bands), 0, 0
    seen = np.full(len(where.row_start) - 1, -1, dtype=np.int64)
    queue = np.empty(len(seen), dtype=np.int64)
    for pair in range(len(pairs)):
        one, two = pairs[pair] // k, pairs[pair] % k
        back = np.searchsorted(pairs, two * k + one)
        if one > two or back >= len(pairs) or pairs[back] != two * k + one:
            continue
        for at in range(start[pair], start[pair + 1]):
            row = rows[at]
            if territory[row] != one:
                continue
            added = _cost(book, row, two) - _cost(book, row, one)
            for other in rows[start[back] : start[back + 1]]:
                if territory[other] != two:
                    continue
                change = added + broken(bands, book.amounts, one, row, other)
                change += broken(bands, book.amounts, two, other, row)
                if change >= -floor:  # most pairs end here: the way back is dear to find
                    continue
                change += _cost(book, other, one) - _cost(book, other, two)
                stamp += 2
                if change < -floor and _exchanged(
                    where, territory, (row, other), (seen, queue, stamp)
                ):
                    for m in range(book.amounts.shape[1]):
                        more = book.amounts[row, m] - book.amounts[other, m]
                        bands[one, m, LOAD] -= more
                        bands[two, m, LOAD] += more
                    moves += 1
                    break
    return moves


@compiled
def _exchanged(
    where: Land, territory: Ints, rows: tuple[int, int], scratch: tuple[Longs, Longs, int]
) -> bool:
    """Exchange two rows; where that would tear a territory undo it and say no."""
    row, other = rows
    seen, queue, stamp = scratch
    one, two = territory[row], territory[other]
    if not _may_go(where, territory, row, scratch):
        return False
    territory[row] = two
    if _may_go(where, territory, other, (seen, queue, stamp + 1)):
        territory[other] = one
        if _touches(where, territory, row) and _touches(where, territory, other):
            return True
        territory[other] = two
    territory[row] = one
    return False


@compiled
def _touches(where: Land, territory: Ints, row: int) -> bool:
    place, rep = where.place[row], territory[row]
    if _holds(where, territory, place, rep, row):
        return True
    for at in range(where.start[place], where.start[place + 1]):
        if _holds(where, territory, where.to[at], rep, row):
            return True
    return False


@compiled
def _may_go(where: Land, territory: Ints, row: int, scratch: tuple[Longs, Longs, int]) -> bool:
    """Say whether the territory stays in one piece without the row."""
    seen, queue, stamp = scratch
    place, rep = where.place[row], territory[row]
    if _holds(where, territory, place, rep, row):
        return True
    waiting, first = 0, -1
    for at in range(where.start[place], where.start[place + 1]):
        if _holds(where, territory, where.to[at], rep, row):
            waiting += 1
            first = where.to[at]
    if waiting <= 1:
        return True
    seen[place], seen[first], queue[0] = stamp, stamp, first
    head, tail = 0, 1
    waiting -= 1
    while head < tail:
        here = queue[head]
        head += 1
        for at in range(where.start[here], where.start[here + 1]):
            there = where.to[at]
            if seen[there] == stamp or not _holds(where, territory, there, rep, row):
                continue
            seen[there] = stamp
            queue[tail] = there
            tail += 1
            if _adjacent(where, place, there):
                waiting -= 1
                if waiting == 0:
                    return True
    return False


@compiled
def _adjacent(where: Land, one: int, two: int) -> bool:
    for at in range(where.start[one], where.start[one + 1]):  # noqa: SIM110 - compiled
        if where.to[at] == two:
            return True
    return False
