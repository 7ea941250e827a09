"""Moves of one row and exchanges of two."""

from __future__ import annotations

import numpy as np

from sfterritory.model.columns import Floats, Ints
from sfterritory.optimize.engine.candidate import Arcs
from sfterritory.optimize.engine.desk import Desk, broken, put
from sfterritory.optimize.engine.heap import NOTHING, Pairs
from sfterritory.optimize.engine.kernel import Longs, compiled

_BORDER_ROWS = 16
CHAIN_PAIRS = 6


@compiled
def make_border(arcs: Arcs, pairs: Pairs, sits: Longs, psi: Floats) -> tuple[Ints, Longs]:
    """Return each pair's nodes nearest to changing hands, and the nearest pairs of each rep."""
    rep, cost_km, to = arcs.rep, arcs.cost_km, pairs.to
    nodes = np.full((len(to), _BORDER_ROWS), NOTHING, dtype=np.int32)
    keys = np.full((len(to), _BORDER_ROWS), np.inf)
    last = _BORDER_ROWS - 1
    for row in range(len(sits)):
        here = sits[row]
        giver = rep[here]
        here_km = cost_km[here] - psi[giver]
        pair = pairs.start[giver]
        for node in range(arcs.start[row], arcs.start[row + 1]):
            if node == here:
                continue
            taker = rep[node]
            while to[pair] != taker:
                pair += 1
            key = cost_km[node] - psi[taker] - here_km
            if key < keys[pair, last]:
                at = last
                while at > 0 and keys[pair, at - 1] > key:
                    keys[pair, at], nodes[pair, at] = keys[pair, at - 1], nodes[pair, at - 1]
                    at -= 1
                keys[pair, at], nodes[pair, at] = key, node
    return nodes, _nearest_pairs(pairs.start, nodes, keys)


@compiled
def _nearest_pairs(start: Longs, nodes: Ints, keys: Floats) -> Longs:
    near = np.full((len(start) - 1, CHAIN_PAIRS), NOTHING, dtype=np.int64)
    for rep in range(len(near)):
        order = np.argsort(keys[start[rep] : start[rep + 1], 0], kind="mergesort")
        for at in range(min(CHAIN_PAIRS, len(order))):
            if nodes[start[rep] + order[at], 0] != NOTHING:
                near[rep, at] = start[rep] + order[at]
    return near


@compiled
def shifts(desk: Desk, start: Longs, floor: float) -> float:
    """Move single rows wherever that gains; return how much."""
    gained = 0.0
    rep, cost, bands, amounts = desk.rep, desk.cost, desk.bands, desk.amounts
    for row in range(len(desk.at)):
        here = desk.at[row]
        leaving = broken(bands, amounts, rep[here], row, NOTHING)
        best, best_change = NOTHING, -floor
        for node in range(start[row], start[row + 1]):
            if node == here:
                continue
            change = cost[node] - cost[here] + leaving
            # bands that the row breaks less as it comes in can pay for the way
            change += broken(bands, amounts, rep[node], NOTHING, row)
            if change < best_change:
                best, best_change = node, change
        if best != NOTHING:
            put(desk, best)
            gained -= best_change
    return gained


@compiled
def swaps(desk: Desk, pairs: Pairs, border: Ints, floor: float) -> float:
    """Exchange two rows of neighbour reps wherever that gains; return how much."""
    gained = 0.0
    rep, row, at = desk.rep, desk.row, desk.at
    for giver in range(len(pairs.start) - 1):
        for pair in range(pairs.start[giver], pairs.start[giver + 1]):
            taker, back = pairs.to[pair], pairs.back[pair]
            if giver > taker or border[pair, 0] == NOTHING or border[back, 0] == NOTHING:
                continue
            for node in border[pair]:
                if node == NOTHING:
                    break
                if rep[at[row[node]]] == giver:
                    other, change = _swap(desk, border[back], (giver, taker, node), floor)
                    if other != NOTHING:
                        put(desk, node)
                        put(desk, other)
                        gained -= change
    return gained


@compiled
def _swap(desk: Desk, others: Ints, first: tuple[int, int, int], floor: float) -> tuple[int, float]:
    giver, taker, node = first
    rep, row_of, at, cost = desk.rep, desk.row, desk.at, desk.cost
    bands, amounts = desk.bands, desk.amounts
    row = row_of[node]
    added = cost[node] - cost[at[row]]
    best, best_change = NOTHING, -floor
    for other in others:
        if other == NOTHING:
            break
        other_row = row_of[other]
        if rep[at[other_row]] != taker:
            continue
        change = added + cost[other] - cost[at[other_row]]
        change += broken(bands, amounts, giver, row, other_row)
        change += broken(bands, amounts, taker, other_row, row)
        if change < best_change:
            best, best_change = other, change
    return best, best_change
