"""Exchanges of any two rows for reps that are still outside a band, however far apart they lie."""

from __future__ import annotations

import numpy as np

from sfterritory.model.columns import Floats, Ints
from sfterritory.optimize.engine.desk import HI, HI_PRICE, LO, LO_PRICE, LOAD, Desk, broken, put
from sfterritory.optimize.engine.heap import NOTHING
from sfterritory.optimize.engine.kernel import Longs, compiled


@compiled
def mend(desk: Desk, reps: Longs) -> int:
    """Do the best exchange of each of some reps with anybody; return how many there were."""
    done = 0
    start, nodes = _ways(desk, reps)
    for turn in range(len(reps)):
        one = reps[turn]
        leaving = _still(desk, nodes[start[2 * turn] : start[2 * turn + 1]], one)
        coming = _still(desk, nodes[start[2 * turn + 1] : start[2 * turn + 2]], one)
        node, other = _best(desk, one, leaving, coming)
        if node != NOTHING:
            put(desk, node)
            put(desk, other)
            done += 1
    return done


@compiled
def _ways(desk: Desk, reps: Longs) -> tuple[Longs, Longs]:
    """Return the arcs on which rows of each rep could leave and those on which others could come.

    One list after the other, two for each rep, and where each starts, shape (2 reps + 1,).
    """
    turn_of = np.full(len(desk.bands), NOTHING, np.int64)
    for turn in range(len(reps)):
        turn_of[reps[turn]] = turn
    start = np.zeros(2 * len(reps) + 1, np.int64)
    nodes = np.empty(0, np.int64)
    filled = start[:-1].copy()
    for counting in (True, False):
        for node in range(len(desk.rep)):
            sits = desk.at[desk.row[node]]
            away, here = turn_of[desk.rep[sits]], turn_of[desk.rep[node]]
            for each in (2 * away, 2 * here + 1):
                if each < 0 or sits == node:
                    continue
                if counting:
                    start[each + 1] += 1
                else:
                    nodes[filled[each]] = node
                    filled[each] += 1
        if counting:
            start = np.cumsum(start)
            filled = start[:-1].copy()
            nodes = np.empty(start[-1], np.int64)
    return start, nodes


@compiled
def _still(desk: Desk, nodes: Longs, one: int) -> Longs:
    """Return the arcs on which rows still leave a rep or come: others have moved rows since."""
    kept, count = np.empty(len(nodes), np.int64), 0
    for node in nodes:
        if (desk.rep[node] == one) != (desk.rep[desk.at[desk.row[node]]] == one):
            kept[count] = node
            count += 1
    return kept[:count].copy()


@compiled
def _best(desk: Desk, one: int, leaving: Longs, coming: Longs) -> tuple[int, int]:
    """Return the two arcs of the exchange that lowers cost and broken bands most."""
    rep, row_of = desk.rep, desk.row
    best, best_other, best_change = NOTHING, NOTHING, 0.0
    leaving, opened = _by_cost(desk, leaving)
    coming, closed, giver = _by_giver(desk, coming)
    amount = desk.amounts[:, 0][row_of[coming]]
    wrong = _priced(desk.bands, one)
    for away in range(len(leaving)):
        node = leaving[away]
        row, taker = row_of[node], rep[node]
        first, end = np.searchsorted(giver, taker), np.searchsorted(giver, taker, side="right")
        if first == end:
            continue
        # no exchange gains more than all that is broken now: dearer ones need no closer look
        least = opened[away] + closed[first:end].min() - wrong - _priced(desk.bands, taker)
        if least >= best_change:
            continue
        fitting = desk.amounts[row, 0] + _fitting(desk.bands, one, taker)
        middle = first + np.searchsorted(amount[first:end], fitting)
        for way in (1, -1):
            turn = middle if way == 1 else middle - 1
            while first <= turn < end:
                more = amount[turn] - desk.amounts[row, 0]
                # amounts farther from the one that fits break the bands of the first measure more
                if least + _first_broken(desk.bands, one, more, taker) >= best_change:
                    break
                other_row = row_of[coming[turn]]
                change = opened[away] + closed[turn]
                change += broken(desk.bands, desk.amounts, one, row, other_row)
                change += broken(desk.bands, desk.amounts, taker, other_row, row)
                if change < best_change:
                    best, best_other, best_change = node, coming[turn], change
                turn += way
    return best, best_other


@compiled
def _fitting(bands: Floats, one: int, taker: int) -> float:
    """Return how much more should come to a rep than goes to the taker, by the first measure.

    What both lie outside then is a convex function with a kink at each limit, so least at one.
    """
    best, least = 0.0, np.inf
    for limit in (LO, HI):
        to_one = bands[one, 0, limit] - bands[one, 0, LOAD]
        for more in (to_one, bands[taker, 0, LOAD] - bands[taker, 0, limit]):
            price = _first_broken(bands, one, more, taker) if np.isfinite(more) else np.inf
            if price < least:
                best, least = more, price
    return best


@compiled
def _first_broken(bands: Floats, one: int, more: float, taker: int) -> float:
    """Return the price of what two reps lie outside, first measure, when one gets so much more."""
    return _outside(bands, one, 0, more) + _outside(bands, taker, 0, -more)


@compiled
def _by_cost(desk: Desk, nodes: Longs) -> tuple[Longs, Floats]:
    """Return arcs by what moving along them costs, the cheapest first, and that cost."""
    added = desk.cost[nodes] - desk.cost[desk.at[desk.row[nodes]]]
    order = np.argsort(added, kind="mergesort")
    return nodes[order], added[order]


@compiled
def _by_giver(desk: Desk, nodes: Longs) -> tuple[Longs, Floats, Ints]:
    """Return arcs by who has the row now and then by its amount, what moving costs, and who."""
    added = desk.cost[nodes] - desk.cost[desk.at[desk.row[nodes]]]
    order = np.argsort(desk.amounts[:, 0][desk.row[nodes]], kind="mergesort")
    giver = desk.rep[desk.at[desk.row[nodes[order]]]]
    by_giver = np.argsort(giver, kind="mergesort")
    order = order[by_giver]
    return nodes[order], added[order], giver[by_giver]


@compiled
def _priced(bands: Floats, rep: int) -> float:
    """Return the price of all that a rep lies outside its bands."""
    price = 0.0
    for m in range(bands.shape[1]):
        price += _outside(bands, rep, m, 0.0)
    return price


@compiled
def _outside(bands: Floats, rep: int, m: int, more: float) -> float:
    """Return the price of what a rep lies outside a band when so much more comes to it."""
    load = bands[rep, m, LOAD] + more
    price: float = max(0.0, load - bands[rep, m, HI]) * bands[rep, m, HI_PRICE]
    price += max(0.0, bands[rep, m, LO] - load) * bands[rep, m, LO_PRICE]
    return price
