"""Chains: a row goes to the next rep, who passes one on; rings of three."""

from __future__ import annotations

import numpy as np

from sfterritory.model.columns import Ints
from sfterritory.optimize.engine.desk import Desk, broken, put
from sfterritory.optimize.engine.exchange import CHAIN_PAIRS
from sfterritory.optimize.engine.heap import NOTHING, Pairs
from sfterritory.optimize.engine.kernel import Longs, compiled

_CHAIN_ROWS = 5


@compiled
def chains(desk: Desk, pairs: Pairs, borders: tuple[Ints, Longs], floor: float) -> float:
    """Do chains of two rows and rings of three wherever that gains; return how much."""
    gained = 0.0
    border, near = borders
    rep, row, at = desk.rep, desk.row, desk.at
    closing = np.empty(CHAIN_PAIRS, dtype=np.int64)
    for giver in range(len(near)):
        for pair in near[giver]:
            if pair == NOTHING:
                break
            onward = near[pairs.to[pair]]
            for one in range(CHAIN_PAIRS):
                closing[one] = _closing(pairs, border, onward[one], giver)
            for turn in range(_CHAIN_ROWS):
                node = border[pair, turn]
                if node == NOTHING:
                    break
                if rep[at[row[node]]] == giver:
                    gained += _chain(desk, pairs.to, border, (onward, closing), (node, floor))
    return gained


@compiled
def _closing(pairs: Pairs, border: Ints, pair: int, giver: int) -> int:
    """Return the pair from the end of `pair` to the giver, or nothing where there is none."""
    if pair == NOTHING:
        return NOTHING
    end = pairs.to[pair]
    low, high = pairs.start[end], pairs.start[end + 1]
    while low < high:
        middle = (low + high) // 2
        if pairs.to[middle] < giver:
            low = middle + 1
        else:
            high = middle
    if low < pairs.start[end + 1] and pairs.to[low] == giver and border[low, 0] != NOTHING:
        return int(low)
    return NOTHING


@compiled
def _chain(  # noqa: C901 - the loop is hot, and calls that pass many arrays cost
    desk: Desk, to: Ints, border: Ints, ways: tuple[Longs, Longs], first: tuple[int, float]
) -> float:
    """Do the best chain that starts with a node: one row on, or round a ring of three."""
    onward, closing = ways
    node, floor = first
    rep, row_of, at, cost = desk.rep, desk.row, desk.at, desk.cost
    bands, amounts = desk.bands, desk.amounts
    row, middle = row_of[node], rep[node]
    giver = rep[at[row]]
    best, best_last, best_change = NOTHING, NOTHING, -floor
    opened = cost[node] - cost[at[row]]
    leaving = broken(bands, amounts, giver, row, NOTHING)
    for way in range(len(onward)):
        if onward[way] == NOTHING:
            break
        end = to[onward[way]]
        if end == giver:
            continue
        for turn in range(_CHAIN_ROWS):
            second = border[onward[way], turn]
            if second == NOTHING:
                break
            second_row = row_of[second]
            if rep[at[second_row]] != middle:
                continue
            change = opened + cost[second] - cost[at[second_row]]
            change += broken(bands, amounts, middle, second_row, row)
            path = change + leaving + broken(bands, amounts, end, NOTHING, second_row)
            if path < best_change:
                best, best_last, best_change = second, NOTHING, path
            if closing[way] != NOTHING:
                last, ring = _ring(desk, border[closing[way]], (end, giver), (row, second_row))
                if change + ring < best_change:
                    best, best_last, best_change = second, last, change + ring
    if best == NOTHING:
        return 0.0
    put(desk, node)
    put(desk, best)
    if best_last != NOTHING:
        put(desk, best_last)
    return -best_change


@compiled
def _ring(
    desk: Desk, lasts: Ints, reps: tuple[int, int], rows: tuple[int, int]
) -> tuple[int, float]:
    end, giver = reps
    row, second_row = rows
    rep, row_of, at, cost = desk.rep, desk.row, desk.at, desk.cost
    bands, amounts = desk.bands, desk.amounts
    best, best_change = NOTHING, np.inf
    for turn in range(_CHAIN_ROWS):
        last = lasts[turn]
        if last == NOTHING:
            break
        last_row = row_of[last]
        if rep[at[last_row]] != end:
            continue
        change = cost[last] - cost[at[last_row]]
        change += broken(bands, amounts, end, last_row, second_row)
        change += broken(bands, amounts, giver, row, last_row)
        if change < best_change:
            best, best_change = last, change
    return best, best_change
