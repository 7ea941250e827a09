"""Exchanges of any two rows for reps that are still outside a band, however far apart they lie."""

from __future__ import annotations

import numpy as np

from sfterritory.model.columns import Floats
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
    rep, row_of, at = desk.rep, desk.row, desk.at
    best, best_other, best_change = NOTHING, NOTHING, 0.0
    leaving, opened = _by_cost(desk, leaving)
    coming, closed = _by_cost(desk, coming)
    giver = np.empty(len(coming), np.int64)
    for turn in range(len(coming)):
        giver[turn] = rep[at[row_of[coming[turn]]]]
    by_giver = np.argsort(giver, kind="mergesort")
    coming, closed, giver = coming[by_giver], closed[by_giver], giver[by_giver]
    wrong = _priced(desk.bands, one)
    for away in range(len(leaving)):
        node = leaving[away]
        row, taker = row_of[node], rep[node]
        # no exchange gains more than all that is broken now: dearer ones need no closer look
        dear = best_change + wrong + _priced(desk.bands, taker) - opened[away]
        for turn in range(np.searchsorted(giver, taker), len(coming)):
            if giver[turn] != taker or closed[turn] >= dear:
                break
            other_row = row_of[coming[turn]]
            change = opened[away] + closed[turn]
            change += broken(desk.bands, desk.amounts, one, row, other_row)
            change += broken(desk.bands, desk.amounts, taker, other_row, row)
            if change < best_change:
                dear += change - best_change
                best, best_other, best_change = node, coming[turn], change
    return best, best_other


@compiled
def _by_cost(desk: Desk, nodes: Longs) -> tuple[Longs, Floats]:
    """Return arcs by what moving along them costs, the cheapest first, and that cost."""
    added = np.empty(len(nodes))
    for turn in range(len(nodes)):
        added[turn] = desk.cost[nodes[turn]] - desk.cost[desk.at[desk.row[nodes[turn]]]]
    order = np.argsort(added, kind="mergesort")
    return nodes[order], added[order]


@compiled
def _priced(bands: Floats, rep: int) -> float:
    """Return the price of all that a rep lies outside its bands."""
    price = 0.0
    for m in range(bands.shape[1]):
        load = bands[rep, m, LOAD]
        price += max(0.0, load - bands[rep, m, HI]) * bands[rep, m, HI_PRICE]
        price += max(0.0, bands[rep, m, LO] - load) * bands[rep, m, LO_PRICE]
    return price
