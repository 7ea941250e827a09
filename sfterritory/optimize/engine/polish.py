"""Whole accounts under hard bands: shifts, swaps, chains of two and rings of three.

A move is accepted when it lowers cost plus the price of what lies outside a band, in any measure.
Just outside, that price is the dual of the band and a little more, so that rows enter bands where
it is cheap; it then rises far above any distance. The best move of the first row in a fixed order
is taken: there are no dice.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sfterritory.model.columns import Floats, Ints
from sfterritory.optimize.engine.candidate import Arcs
from sfterritory.optimize.engine.heap import NOTHING, Pairs, make_pairs
from sfterritory.optimize.engine.kernel import compiled
from sfterritory.optimize.engine.rows import Longs

_FULL_PRICE = 50.0  # of the mean cost of an arc: no detour is worth a broken band
_FIRST_PRICE = 0.05
_LAST_PRICE = 1e8  # where bands are still broken here, no single move can mend them
_PRICE_STEP = 6.0
_LATE_STEP = 30.0
_BAND_SLACK = 1e-10  # of a limit: sums of the checker may round the other way
_BORDER_ROWS = 16
_CHAIN_ROWS = 5
_CHAIN_PAIRS = 6
_EPS_SHARE = 1e-13
_DONE_SHARE = 1e-6  # of the cost: a round that gains less is the last

LOAD, LO, HI, LO_PRICE, HI_PRICE = range(5)


class Desk(NamedTuple):
    """A plan under work.

    Attributes:
        rep: Who the arc goes to, shape (m,).
        row: Whose arc it is, shape (m,).
        cost: Of each arc, km hours, shape (m,).
        at: The arc of each row, shape (n,).
        amounts: Of each row in each measure, shape (n, measures).
        bands: Load, lo, hi and the prices of a unit below and above, shape (k, measures, 5).
    """

    rep: Ints
    row: Ints
    cost: Floats
    at: Longs
    amounts: Floats
    bands: Floats


def polish(  # noqa: PLR0913 - a plan, its bands and its prices
    arcs: Arcs,
    hours: Floats,
    *,
    amounts: Floats,
    band: tuple[Floats, Floats],
    at: Longs,
    psi: Floats,
    rounds: int,
) -> Longs:
    """Return the arc of each row after moving rows into the bands, and then to lower cost.

    `amounts` are (rows, measures), both limits of the band (reps, measures), hours the first.
    """
    desk = _desk(arcs, hours, amounts, band, at)
    pairs = make_pairs(arcs, len(psi))
    mean_km = float(np.abs(arcs.cost_km).mean())
    per_unit = hours.sum() / np.maximum(amounts.sum(axis=0), 1e-300)
    share = _FIRST_PRICE
    while share < _FULL_PRICE or (share < _LAST_PRICE and _is_broken(desk.bands)):
        _set_prices(desk, psi, share * mean_km * per_unit)
        _improve(desk, arcs, pairs, psi, 2)
        share *= _PRICE_STEP if share < _FULL_PRICE else _LATE_STEP
    _set_prices(desk, psi, share * mean_km * per_unit)
    _improve(desk, arcs, pairs, psi, rounds)
    return desk.at


def _is_broken(bands: Floats) -> bool:
    load = bands[:, :, LOAD]
    return bool(((load > bands[:, :, HI]) | (load < bands[:, :, LO])).any())


def _desk(
    arcs: Arcs, hours: Floats, amounts: Floats, band: tuple[Floats, Floats], at: Longs
) -> Desk:
    lo, hi = band
    bands = np.zeros((*lo.shape, 5))
    for m in range(lo.shape[1]):
        bands[:, m, LOAD] = np.bincount(arcs.rep[at], weights=amounts[:, m], minlength=len(lo))
    bands[:, :, LO] = lo * (1.0 + _BAND_SLACK)
    bands[:, :, HI] = np.maximum(hi * (1.0 - _BAND_SLACK), bands[:, :, LO])
    cost = hours[arcs.row] * arcs.cost_km
    return Desk(arcs.rep, arcs.row, cost, at.copy(), np.ascontiguousarray(amounts), bands)


def _set_prices(desk: Desk, psi: Floats, extra: Floats) -> None:
    desk.bands[:, :, LO_PRICE] = extra
    desk.bands[:, :, HI_PRICE] = extra
    desk.bands[:, 0, LO_PRICE] += np.maximum(psi, 0.0)
    desk.bands[:, 0, HI_PRICE] += np.maximum(-psi, 0.0)


def _improve(desk: Desk, arcs: Arcs, pairs: Pairs, psi: Floats, rounds: int) -> float:
    """Improve the plan in place until a round gains nothing to speak of."""
    total = 0.0
    cost = float(np.abs(desk.cost[desk.at]).sum())
    floor = _EPS_SHARE * cost
    for _ in range(rounds):
        border, near = _border(arcs, pairs, desk.at, psi)
        gained = _swaps(desk, pairs, border, floor)
        gained += _chains(desk, pairs, (border, near), floor)
        gained += _shifts(desk, arcs.start, floor)
        total += gained
        if gained <= _DONE_SHARE * cost:
            break
    return total


@compiled
def broken(bands: Floats, amounts: Floats, rep: int, row_out: int, row_in: int) -> float:
    """Return the change of what a rep lies outside, priced, when one row leaves and one comes."""
    change = 0.0
    for m in range(amounts.shape[1]):
        before = bands[rep, m, LOAD]
        after = before
        if row_out >= 0:
            after -= amounts[row_out, m]
        if row_in >= 0:
            after += amounts[row_in, m]
        lo, hi = bands[rep, m, LO], bands[rep, m, HI]
        if after > hi:
            change += (after - hi) * bands[rep, m, HI_PRICE]
        elif after < lo:
            change += (lo - after) * bands[rep, m, LO_PRICE]
        if before > hi:
            change -= (before - hi) * bands[rep, m, HI_PRICE]
        elif before < lo:
            change -= (lo - before) * bands[rep, m, LO_PRICE]
    return change


@compiled
def _put(desk: Desk, node: int) -> None:
    row = desk.row[node]
    giver, taker = desk.rep[desk.at[row]], desk.rep[node]
    for m in range(desk.amounts.shape[1]):
        desk.bands[giver, m, LOAD] -= desk.amounts[row, m]
        desk.bands[taker, m, LOAD] += desk.amounts[row, m]
    desk.at[row] = node


@compiled
def _shifts(desk: Desk, start: Longs, floor: float) -> float:
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
            _put(desk, best)
            gained -= best_change
    return gained


@compiled
def _border(arcs: Arcs, pairs: Pairs, sits: Longs, psi: Floats) -> tuple[Ints, Longs]:
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
    near = np.full((len(start) - 1, _CHAIN_PAIRS), NOTHING, dtype=np.int64)
    for rep in range(len(near)):
        order = np.argsort(keys[start[rep] : start[rep + 1], 0], kind="mergesort")
        for at in range(min(_CHAIN_PAIRS, len(order))):
            if nodes[start[rep] + order[at], 0] != NOTHING:
                near[rep, at] = start[rep] + order[at]
    return near


@compiled
def _swaps(desk: Desk, pairs: Pairs, border: Ints, floor: float) -> float:
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
                        _put(desk, node)
                        _put(desk, other)
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


@compiled
def _chains(desk: Desk, pairs: Pairs, borders: tuple[Ints, Longs], floor: float) -> float:
    gained = 0.0
    border, near = borders
    rep, row, at = desk.rep, desk.row, desk.at
    closing = np.empty(_CHAIN_PAIRS, dtype=np.int64)
    for giver in range(len(near)):
        for pair in near[giver]:
            if pair == NOTHING:
                break
            onward = near[pairs.to[pair]]
            for one in range(_CHAIN_PAIRS):
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
    _put(desk, node)
    _put(desk, best)
    if best_last != NOTHING:
        _put(desk, best_last)
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
