"""Exchanges of any two rows for reps that are still outside a band, however far apart they lie."""

from __future__ import annotations

import numpy as np

from sfterritory.optimize.engine.desk import Desk, broken, put
from sfterritory.optimize.engine.heap import NOTHING
from sfterritory.optimize.engine.kernel import Longs, compiled


@compiled
def mend(desk: Desk, reps: Longs) -> int:
    """Do the best exchange of each of some reps with anybody; return how many there were."""
    done = 0
    for one in reps:
        leaving, coming = _ways(desk, one)
        node, other = _best(desk, one, leaving, coming)
        if node != NOTHING:
            put(desk, node)
            put(desk, other)
            done += 1
    return done


@compiled
def _ways(desk: Desk, one: int) -> tuple[Longs, Longs]:
    """Return the arcs on which rows of a rep can leave, and those on which others can come."""
    leaving, coming = np.empty(len(desk.rep), np.int64), np.empty(len(desk.rep), np.int64)
    away, here = 0, 0
    for node in range(len(desk.rep)):
        sits = desk.at[desk.row[node]]
        if sits == node:
            continue
        if desk.rep[sits] == one:
            leaving[away] = node
            away += 1
        elif desk.rep[node] == one:
            coming[here] = node
            here += 1
    return leaving[:away].copy(), coming[:here].copy()


@compiled
def _best(desk: Desk, one: int, leaving: Longs, coming: Longs) -> tuple[int, int]:
    """Return the two arcs of the exchange that lowers cost and broken bands most."""
    rep, row_of, at, cost = desk.rep, desk.row, desk.at, desk.cost
    best, best_other, best_change = NOTHING, NOTHING, 0.0
    giver = np.empty(len(coming), np.int64)
    for turn in range(len(coming)):
        giver[turn] = rep[at[row_of[coming[turn]]]]
    by_giver = np.argsort(giver, kind="mergesort")
    coming, giver = coming[by_giver], giver[by_giver]
    for node in leaving:
        row, taker = row_of[node], rep[node]
        opened = cost[node] - cost[at[row]]
        first = np.searchsorted(giver, taker)
        for turn in range(first, len(coming)):
            if giver[turn] != taker:
                break
            other = coming[turn]
            other_row = row_of[other]
            change = opened + cost[other] - cost[at[other_row]]
            change += broken(desk.bands, desk.amounts, one, row, other_row)
            change += broken(desk.bands, desk.amounts, taker, other_row, row)
            if change < best_change:
                best, best_other, best_change = node, other, change
    return best, best_other
